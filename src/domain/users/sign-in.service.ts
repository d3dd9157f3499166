import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { query, toDate, type Instant } from "../../outbox/index.ts";
import { hashToken, newToken } from "./token.ts";
import { wrongCredentials } from "./user.service.ts";

/** A sign-in ends when it has not been used for so long. */
const UNUSED_FOR = "30 days";
/** How long after its use a spent token counts as the second of two calls at once, and not as stolen. */
const RACE = "10 seconds";

export interface RefreshToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** A person on one device: the family of tokens that began with a password. */
export interface SignIn {
  readonly userId: string;
  readonly signInId: string;
}

/**
 * Begins a sign-in for an account whose password has just been shown.
 *
 * @throws {Refusal} WRONG_CREDENTIALS: the account was switched off, or its password changed, since then
 */
export async function startSignIn(em: EntityManager, user: { id: string; tokenGeneration: number }): Promise<SignIn & { refreshToken: RefreshToken }> {
  // The lock lets no change of the password come between: it would end every sign-in but this one.
  const [same] = await query(em, "select 1 from app_user where id = $1 and active and token_generation = $2 for share", [user.id, user.tokenGeneration]);
  if (same === undefined) throw wrongCredentials();
  const signIn = { userId: user.id, signInId: newId() };
  return { ...signIn, refreshToken: await insertToken(em, signIn) };
}

/**
 * What a refresh token got. `rotated`: it is spent, and `refreshToken` comes next. `raced`: another call has just spent it and has what
 * comes next. `refused`: it is none, too old, or was spent before; in the last case its whole family is ended, so the transaction has to
 * commit.
 */
export type Refresh = (SignIn & { outcome: "rotated"; refreshToken: RefreshToken }) | (SignIn & { outcome: "raced" }) | { outcome: "refused" };

/**
 * Takes the next token of a sign-in for the one before. A spent token that comes again was copied: nobody can tell the thief from the
 * owner, so both are signed out.
 *
 * @param mayRace for tokens that several callers share, as the tabs of a browser share a cookie: within ten seconds the second caller of
 *   two is no thief. It gets no token of its own, only the sign-in, for one access token: so whoever copied a token and is that fast
 *   has fifteen minutes at most and no branch of the family that would go on unnoticed.
 */
export async function refreshSignIn(em: EntityManager, { token, mayRace }: { token: string; mayRace: boolean }): Promise<Refresh> {
  const hash = hashToken(token);
  // The account first, as everywhere where sign-ins end: two transactions that lock in another order wait for each other.
  const [account] = await query<{ id: string }>(
    em,
    "select id from app_user where id = (select user_id from refresh_token where token_hash = $1) and active for share",
    [hash],
  );
  const [row] = await query<{ family_id: string; used: boolean; just_used: boolean; expired: boolean }>(
    em,
    `select family_id, used_at is not null as used, used_at > clock_timestamp() - interval '${RACE}' as just_used, expires_at <= now() as expired
     from refresh_token where token_hash = $1 for update`,
    [hash],
  );
  if (account === undefined || row === undefined || row.expired) return { outcome: "refused" };
  const signIn = { userId: account.id, signInId: row.family_id };
  if (row.used) {
    if (mayRace && row.just_used) return { outcome: "raced", ...signIn };
    await endSignIns(em, [row.family_id]);
    return { outcome: "refused" };
  }
  await query(em, "update refresh_token set used_at = clock_timestamp() where token_hash = $1", [hash]);
  return { outcome: "rotated", ...signIn, refreshToken: await insertToken(em, signIn) };
}

/** Ends one sign-in, known by its id, by one of its tokens, or both; what is not the user's is left alone. */
export async function signOut(
  em: EntityManager,
  { userId, signInId, token }: { userId: string; signInId: string | null; token: string | null },
): Promise<void> {
  const hash = token === null ? null : hashToken(token);
  const rows = await query<{ family_id: string }>(em, "select family_id from refresh_token where user_id = $1 and (family_id = $2 or token_hash = $3)", [
    userId,
    signInId,
    hash,
  ]);
  await endSignIns(
    em,
    rows.map((row) => row.family_id),
  );
}

/** Ends every sign-in of an account, on all devices, and every access token there is of it. */
export async function signOutEverywhere(em: EntityManager, userId: string): Promise<void> {
  await query(em, "update app_user set token_generation = token_generation + 1, updated_at = now() where id = $1", [userId]);
  await query(em, "delete from refresh_token where user_id = $1", [userId]);
}

const endSignIns = (em: EntityManager, signInIds: readonly string[]): Promise<unknown> =>
  query(em, "delete from refresh_token where family_id = any($1::uuid[])", [signInIds]);

async function insertToken(em: EntityManager, { userId, signInId }: SignIn): Promise<RefreshToken> {
  const { token, hash } = newToken();
  const [row] = await query<{ expires_at: Instant }>(
    em,
    `insert into refresh_token (token_hash, family_id, user_id, expires_at) values ($1, $2, $3, now() + interval '${UNUSED_FOR}') returning expires_at`,
    [hash, signInId, userId],
  );
  if (row === undefined) throw new Defect("An inserted token has no row");
  return { token, expiresAt: toDate(row.expires_at) };
}
