import { parseCookie, stringifySetCookie } from "cookie";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RefreshCookie } from "../schema/context.ts";

/**
 * The refresh token in a cookie that no script can read, that goes to the API alone and with no request that another site started.
 *
 * @param isSecure over https only; browsers then let nothing that came over http write it
 */
export function refreshCookie(request: IncomingMessage, response: ServerResponse, isSecure: boolean): RefreshCookie {
  const name = isSecure ? "__Secure-refresh_token" : "refresh_token";
  const set = (value: string, expires: Date): void => {
    response.appendHeader("set-cookie", stringifySetCookie({ name, value, expires, path: "/graphql", httpOnly: true, secure: isSecure, sameSite: "strict" }));
  };
  return {
    read: () => parseCookie(request.headers.cookie ?? "")[name] ?? null,
    write: set,
    clear: () => set("", new Date(0)),
  };
}
