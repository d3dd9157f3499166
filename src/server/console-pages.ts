import express, { Router } from "express";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where `npm run build` puts the pages, seen from the compiled program and from its source. */
const directory = [new URL("../../console/", import.meta.url), new URL("../../dist/console/", import.meta.url)]
  .map((url) => fileURLToPath(url))
  .find((path) => existsSync(`${path}index.html`));

const headers = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    // Widths of bars and places of states are style attributes.
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * The console at /console and everything below; / leads there. Its files have their content's hash in their names, and so are good for ever.
 * Nothing of this is here where the console has not been built.
 */
export function consolePages(): Router {
  const router = Router();
  if (directory === undefined) return router;
  router.use(
    "/assets",
    express.static(`${directory}assets`, { immutable: true, maxAge: "365d", index: false, setHeaders: (response) => response.set(headers) }),
  );
  router.get("/theme.js", (_request, response) => response.set(headers).sendFile(`${directory}theme.js`));
  router.get("/", (_request, response) => response.redirect("/console"));
  router.get(["/console", "/console/*path"], (_request, response) =>
    response.set({ ...headers, "cache-control": "no-cache" }).sendFile(`${directory}index.html`),
  );
  return router;
}
