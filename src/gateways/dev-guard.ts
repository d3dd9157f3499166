import type { RequestHandler } from "express";

/**
 * Lets callers to the pages about embedded systems only if they call this server by a name it is known by: a foreign page may have pointed
 * its own name at this machine.
 *
 * @param hosts names by which this server may be called, besides those of the loopback address
 */
export function devGuard(hosts: readonly string[]): RequestHandler {
  const known = new Set(["localhost", "127.0.0.1", "[::1]", ...hosts]);
  const anyHost = hosts.includes("0.0.0.0") || hosts.includes("::");
  return (request, response, next) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    response.set({
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    });
    if (anyHost || known.has(host)) next();
    else response.status(403).json({ error: `Expected to be called by one of ${[...known].join(", ")}, found ${JSON.stringify(host)}` });
  };
}
