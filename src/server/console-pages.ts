import express, { Router, type RequestHandler, type Response } from "express";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where `npm run build` puts the pages, seen from the compiled program and from its source; undefined: they have not been built. */
export const consoleDirectory = [new URL("../../console/", import.meta.url), new URL("../../dist/console/", import.meta.url)]
  .map((url) => fileURLToPath(url))
  // Beside the source there is an index.html too, of pages that are not built.
  .find((path) => existsSync(`${path}assets`));

const pages = [
  "/",
  "/mentors/*path",
  "/courses{/*path}",
  "/sessions/*path",
  "/me",
  "/become-a-mentor",
  "/mentor{/*path}",
  "/profile",
  "/desk{/*path}",
  "/register",
  "/sign-in",
];

const headersOf = (fileOrigin: string): Record<string, string> => ({
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    // Widths of bars and places of states are style attributes.
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    `img-src 'self' data: blob: ${fileOrigin}`,
    // Documents of an application are shown beside its texts, out of memory.
    "frame-src blob:",
    "object-src blob:",
    `connect-src 'self' ws: wss: ${fileOrigin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
});

/** The page of both; at an address that it does not know it says so. */
const page =
  (fileOrigin: () => string): RequestHandler =>
  (_request, response) => {
    response.set({ ...headersOf(fileOrigin()), "cache-control": "no-cache" }).sendFile(`${consoleDirectory}index.html`);
  };

/**
 * The product site at / and the console at /console, which are one program. Its files have their content's hash in their names, and so are
 * good for ever. Nothing of this is here where it has not been built.
 *
 * @param fileOrigin where people put and get files
 */
export function consolePages(fileOrigin: () => string): Router {
  const router = Router();
  if (consoleDirectory === undefined) return router;
  const setHeaders = (response: Response): unknown => response.set(headersOf(fileOrigin()));
  router.use("/assets", express.static(`${consoleDirectory}assets`, { immutable: true, maxAge: "365d", index: false, setHeaders }));
  router.get("/theme.js", (_request, response) => (setHeaders(response), response.sendFile(`${consoleDirectory}theme.js`)));
  router.get([...pages, "/console{/*path}"], page(fileOrigin));
  return router;
}

/** For people who have come to an address that nothing answers; programs are told by whoever comes next. */
export const lostPage =
  (fileOrigin: () => string): RequestHandler =>
  (request, response, next) => {
    if (consoleDirectory === undefined || request.method !== "GET" || request.accepts(["json", "html"]) !== "html") return next();
    page(fileOrigin)(request, response.status(404), next);
  };
