import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";
import { hashToken, newToken } from "./token.ts";

export type TokenPurpose = "VERIFY_EMAIL" | "RESET_PASSWORD";

/** How long a link in a mail is good for, from its sending. */
const LIFETIME = { VERIFY_EMAIL: "1 day", RESET_PASSWORD: "15 minutes" } as const;

/** Makes a token for each account, all by one statement; only their hashes are kept. */
export async function issueAccountTokens(em: EntityManager, wanted: readonly { readonly userId: string; readonly purpose: TokenPurpose }[]): Promise<string[]> {
  const tokens = wanted.map(newToken);
  if (tokens.length > 0) {
    await query(
      em,
      `insert into account_token (token_hash, user_id, purpose, expires_at)
       select hash, user_id, purpose, now() + lifetime::interval from unnest($1::bytea[], $2::uuid[], $3::text[], $4::text[]) as n(hash, user_id, purpose, lifetime)`,
      [
        tokens.map(({ hash }) => hash),
        wanted.map(({ userId }) => userId),
        wanted.map(({ purpose }) => purpose),
        wanted.map(({ purpose }) => LIFETIME[purpose]),
      ],
    );
  }
  return tokens.map(({ token }) => token);
}

/** Whose token it is, while it is good; null for one that is wrong, spent or too old. */
export async function findTokenOwner(em: EntityManager, token: string, purpose: TokenPurpose): Promise<string | null> {
  const [row] = await query<{ user_id: string }>(em, "select user_id from account_token where token_hash = $1 and purpose = $2 and expires_at > now()", [
    hashToken(token),
    purpose,
  ]);
  return row?.user_id ?? null;
}

/** Spends a token, and with it all others that the account has for the same purpose. @returns whose it was, or null */
export async function spendAccountToken(em: EntityManager, token: string, purpose: TokenPurpose): Promise<string | null> {
  const [row] = await query<{ user_id: string }>(
    em,
    "delete from account_token where token_hash = $1 and purpose = $2 and expires_at > now() returning user_id",
    [hashToken(token), purpose],
  );
  if (row === undefined) return null;
  await query(em, "delete from account_token where user_id = $1 and purpose = $2", [row.user_id, purpose]);
  return row.user_id;
}
