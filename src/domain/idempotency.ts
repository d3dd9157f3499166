import { createHash } from "node:crypto";
import type { EntityManager } from "@mikro-orm/postgresql";
import { InvalidRequest, Refusal, Transient } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { query, requireTransaction } from "../outbox/index.ts";

/** A call that may be repeated: who makes it, the mutation's name, the caller's key and all other arguments. */
export interface RepeatableCall {
  readonly actor: string;
  readonly operation: string;
  readonly key: string;
  readonly args: unknown;
}

/**
 * Does the work of a call once, however often the call is repeated with its key; must come first in the transaction.
 *
 * The key is written before the work and commits or rolls back with it, so a refused or failed call does not use it up.
 * A repetition that arrives while the first call runs waits for its commit. No answer is stored: the caller loads the
 * entity as it is today, with today's permissions.
 *
 * @param work returns the id of the entity that the call made or changed; one that it makes best gets the id that is given
 * @returns that id, of the first call when `repeated`
 * @throws {Refusal} INVALID: the key does not have 8 to 128 characters
 * @throws {InvalidRequest} IDEMPOTENCY_KEY_MISMATCH: the key was used with other arguments
 */
export async function once(em: EntityManager, call: RepeatableCall, work: (id: string) => Promise<string>): Promise<{ entityId: string; repeated: boolean }> {
  requireTransaction(em, "once");
  const { actor, operation, key } = call;
  requireKey(key);
  const fingerprint = fingerprintOf(call.args);

  const id = newId();
  const inserted = await query(
    em,
    "insert into idempotency_key (actor, operation, key, fingerprint, entity_id) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1",
    [actor, operation, key, fingerprint, id],
  );
  if (inserted.length > 0) {
    const entityId = await work(id);
    if (entityId !== id)
      await query(em, "update idempotency_key set entity_id = $4 where actor = $1 and operation = $2 and key = $3", [actor, operation, key, entityId]);
    return { entityId, repeated: false };
  }

  const [first] = await query<{ fingerprint: string; entity_id: string | null }>(
    em,
    "select fingerprint, entity_id from idempotency_key where actor = $1 and operation = $2 and key = $3",
    [actor, operation, key],
  );
  // The row can only be missing when it was swept, days old, between the two statements: the next try inserts it.
  if (first === undefined || first.entity_id === null) throw new Transient(`The idempotency key of ${operation} has just been given up`);
  if (first.fingerprint !== fingerprint)
    throw new InvalidRequest(
      "IDEMPOTENCY_KEY_MISMATCH",
      `This idempotency key was used for ${operation} with other arguments; use a new one for another call.`,
    );
  return { entityId: first.entity_id, repeated: true };
}

/** @throws {Refusal} INVALID: the key does not have 8 to 128 characters */
export function requireKey(key: string): void {
  const length = key.isWellFormed() ? [...key].length : 0;
  // Postgres takes no NUL in a text.
  if (length >= 8 && length <= 128 && !key.includes("\0")) return;
  throw new Refusal("INVALID", `An idempotency key has 8 to 128 characters and no NUL, this one has ${length}.`, ["idempotencyKey"]);
}

/** SHA-256 of the arguments as JSON with sorted keys, so that the order in which a client writes them does not matter. */
export const fingerprintOf = (args: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(args)) ?? "")
    .digest("hex");

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]));
}
