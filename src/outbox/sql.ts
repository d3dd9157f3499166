import { CompiledQuery } from "kysely";
import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../kernel/errors.ts";

/** Thrown where a message would be announced without the transaction that makes it true. */
export class NoTransactionError extends Defect {}

/**
 * Runs one statement with `$1`-style parameters on the connection of `em`: inside its transaction when it has one.
 * For statements over sets; entities go through the EntityManager itself.
 */
export async function query<Row>(em: EntityManager, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const result = await em.getKysely().executeQuery(CompiledQuery.raw(text, [...parameters]));
  return result.rows as Row[];
}

/** How a statement begins whose answer comes with that of the next one on its connection; any other client waits for it as usual. */
export const AHEAD = "/* ahead */ ";

/**
 * Runs a statement in the transaction of `em` without waiting for its end. It goes out together with the next one, or with the commit,
 * which fails in its place if it fails. For what is only written: several such statements and the commit are one round trip.
 *
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function queryAhead(em: EntityManager, text: string, parameters: readonly unknown[]): Promise<void> {
  requireTransaction(em, "queryAhead");
  await query(em, AHEAD + text, parameters);
}

/** @throws {NoTransactionError} when `em` has no open transaction */
export function requireTransaction(em: EntityManager, what: string): void {
  if (!em.isInTransaction()) {
    throw new NoTransactionError(
      `${what} needs an open transaction: without one a crash could announce what never happened. Call it inside em.transactional(…).`,
    );
  }
}

/** An instant as the driver gives it: MikroORM has it read `timestamptz` as text. */
export type Instant = string | Date;

export const toDate = (instant: Instant): Date => new Date(instant);
export const toDateOrNull = (instant: Instant | null): Date | null => (instant === null ? null : new Date(instant));
