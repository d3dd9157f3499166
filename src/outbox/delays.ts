import type { EntityManager } from "@mikro-orm/postgresql";
import type { Message } from "./jobs.ts";
import { hintAfterCommit } from "./publish.ts";
import { query, requireTransaction } from "./sql.ts";

/**
 * Moves jobs in hand off their queue and back into the outbox, where they wait until `release`, under the same ids. The transaction
 * of `em` must hold the lock of what they belong to: whoever resumes that afterwards finds them here.
 * A job that belongs to another process by now is left to it.
 */
export async function hold(em: EntityManager, queue: string, jobs: readonly Message[]): Promise<void> {
  await query(
    em,
    `with held as (
       delete from pgboss.job j using unnest($2::uuid[], $3::int[]) as mine(id, retry_count)
       where j.name = $1 and j.id = mine.id and j.retry_count = mine.retry_count and j.state <= 'active'
       returning j.id, j.data
     )
     insert into outbox (id, queue, name, payload, correlation_id, causation_id, run_id, attempt, deliver_at)
     select id, $1, data ->> 'name', data -> 'payload', (data ->> 'correlationId')::uuid, (data ->> 'causationId')::uuid,
            (data -> 'replyTo' ->> 'runId')::uuid, (data -> 'replyTo' ->> 'attempt')::int, 'infinity'
     from held on conflict (id) do nothing`,
    [queue, jobs.map((job) => job.id), jobs.map((job) => job.retryCount)],
  );
}

/**
 * Makes the held messages of one business flow due. @returns how many there were
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function release(em: EntityManager, correlationId: string): Promise<number> {
  requireTransaction(em, "release");
  const rows = await query(em, "update outbox set deliver_at = clock_timestamp() where deliver_at = 'infinity' and correlation_id = $1 returning id", [
    correlationId,
  ]);
  if (rows.length > 0) hintAfterCommit(em, "outbox");
  return rows.length;
}

/**
 * Gives another time to what waits in the outbox for a run; what is held stays held, and what is on its queue is not called back.
 * @param deliverAt null: now
 * @returns how many messages there were
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function reschedule(em: EntityManager, runId: string, deliverAt: Date | null): Promise<number> {
  requireTransaction(em, "reschedule");
  const rows = await query(
    em,
    "update outbox set deliver_at = coalesce($2::timestamptz, clock_timestamp()) where run_id = $1 and deliver_at < 'infinity' returning id",
    [runId, deliverAt?.toISOString() ?? null],
  );
  if (rows.length > 0) hintAfterCommit(em, "outbox");
  return rows.length;
}
