import { json, Router, type NextFunction, type Request, type Response } from "express";
import { z } from "zod";
import { devGuard } from "./dev-guard.ts";
import { checkFaults, type EmbeddedBackgroundCheck } from "./embedded-background-check.ts";

const listLength = 200;
const faultInput = z.strictObject({ mode: z.enum([...checkFaults, "none"]), seconds: z.number().positive().max(3_600).optional() });

/**
 * The embedded provider of background checks from outside: GET /dev/background-checks lists the newest checks, and POST
 * /dev/background-checks/faults `{"mode": "401", "seconds": 40}` breaks it for a while.
 *
 * @param hosts names by which this server may be called, besides those of the loopback address
 */
export function backgroundCheckFaults(provider: EmbeddedBackgroundCheck, hosts: readonly string[] = []): Router {
  const router = Router();
  router.use("/dev/background-checks", devGuard(hosts));
  router.get("/dev/background-checks", (_request, response) => {
    const checks = provider.list();
    response.json({ count: checks.length, fault: provider.fault, checks: checks.slice(0, listLength) });
  });
  router.post("/dev/background-checks/faults", json({ limit: "4kb" }), (request, response) => {
    // Asking for this content type keeps forms of foreign pages out.
    if (request.is("application/json") === false) return void response.status(415).json({ error: "Expected Content-Type: application/json" });
    const input = faultInput.safeParse(request.body);
    if (!input.success) {
      const errors = input.error.issues.map((issue) => ({ field: issue.path.join(".") || null, message: issue.message }));
      return void response.status(400).json({ error: `Expected {"mode", "seconds"} with mode one of ${checkFaults.join(", ")}, none`, errors });
    }
    const { mode, seconds = 30 } = input.data;
    if (mode === "none") provider.clear();
    else provider.play(mode, seconds);
    response.json({ fault: provider.fault });
  });
  router.use("/dev/background-checks", (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const { status } = error as { status?: unknown };
    if (typeof status !== "number" || status >= 500) return next(error);
    response.status(status).json({ error: "Expected a small JSON object" });
  });
  return router;
}
