import { Router } from "express";
import type { Identity } from "./identity.ts";

/** GET /.well-known/jwks.json: the public keys by which anybody can check our access tokens. */
export function jwksPage(identity: Pick<Identity, "publicKeys">): Router {
  const router = Router();
  router.get("/.well-known/jwks.json", (_request, response) => {
    response.set({ "cache-control": "public, max-age=300", "access-control-allow-origin": "*" }).json(identity.publicKeys);
  });
  return router;
}
