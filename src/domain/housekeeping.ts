import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../outbox/index.ts";

/** So many rows of a table go by one statement, so that no transaction is long. */
const BATCH = 1_000;

/** What is of no use any more: a table, its key, and when a row may go. All conditions are served by an index. */
const rules = [
  { table: "account_token", key: "token_hash", when: "expires_at < now()" },
  // Spent ones stay until then: that one of them comes again is how a theft is noticed.
  { table: "refresh_token", key: "token_hash", when: "expires_at < now()" },
  // Longer than any client repeats a call, and any queue is paused.
  { table: "idempotency_key", key: "(actor, operation, key)", when: "created_at < now() - interval '7 days'" },
];

/** Deletes what has run out, at most a thousand rows of each table; several processes may do so at once. @returns whether there may be more */
export async function sweepExpired(em: EntityManager): Promise<boolean> {
  let isMore = false;
  for (const { table, key, when } of rules) {
    const rows = await query(
      em,
      `delete from ${table} where ${key} in (select ${key.replaceAll(/[()]/g, "")} from ${table} where ${when} limit ${BATCH} for update skip locked) returning 1`,
    );
    isMore ||= rows.length === BATCH;
  }
  return isMore;
}
