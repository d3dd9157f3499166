import type { Caller } from "../schema/context.ts";
import { tokenRefused } from "../schema/errors.ts";
import type { AccountStanding, TokenSubject } from "../schema/standing.ts";

/** Checks access tokens; implemented where identities are kept. */
export interface TokenVerifier {
  /** Null for a token that is not ours, edited, expired, or not a token at all. */
  verify(token: string): Promise<(TokenSubject & { readonly expiresAt: Date; readonly signInId: string | null }) | null>;
}

export interface Authenticated extends Caller {
  /** When the token runs out; null for nobody. */
  readonly expiresAt: Date | null;
}

/**
 * Who sends an `authorization` header or parameter. None at all is nobody, which is allowed; one that does not hold is an error, so
 * that a client notices that its token has run out.
 *
 * @throws {InvalidRequest} UNAUTHENTICATED
 */
export async function authenticateToken(
  header: string | undefined,
  request: Pick<Caller, "requestId" | "address">,
  identity: TokenVerifier,
  standing: AccountStanding,
): Promise<Authenticated> {
  if (header === undefined || header === "") return { ...request, viewer: null, expiresAt: null };
  const token = bearerOf(header);
  const subject = token === undefined ? null : await identity.verify(token);
  if (subject === null) throw tokenRefused();
  const renewViewer = () => standing.actorOf(subject);
  const viewer = await renewViewer();
  if (viewer === null) throw tokenRefused();
  return { ...request, viewer, expiresAt: subject.expiresAt, signInId: subject.signInId, renewViewer };
}

/** The token of a header `authorization`; undefined where it holds none. */
export const bearerOf = (header: string): string | undefined => /^Bearer +(\S+)$/i.exec(header)?.[1];
