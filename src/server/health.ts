import { Router } from "express";

/**
 * GET /healthz: the process lives. GET /readyz: it can work, that is, the database answers within two seconds and no shutdown has
 * begun; 503 otherwise, so that a load balancer sends nothing more here.
 */
export function healthRoutes(parts: { readonly pingDatabase: () => Promise<unknown>; readonly isStopping: () => boolean }): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const database = (await answersInTime(parts.pingDatabase)) ? "ok" : "unreachable";
    const isReady = database === "ok" && !parts.isStopping();
    response.status(isReady ? 200 : 503).json({ status: isReady ? "ready" : parts.isStopping() ? "stopping" : "not ready", database });
  });
  return router;
}

const PING_TIMEOUT_MS = 2_000;

async function answersInTime(ping: () => Promise<unknown>): Promise<boolean> {
  const tooLate = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => tooLate.resolve(false), PING_TIMEOUT_MS);
  const answered = ping().then(
    () => true,
    () => false,
  );
  const isInTime = await Promise.race([answered, tooLate.promise]);
  clearTimeout(timer);
  return isInTime;
}
