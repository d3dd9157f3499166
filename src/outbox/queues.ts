import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../kernel/errors.ts";
import { hintAfterCommit } from "./publish.ts";
import { query, requireTransaction, toDate, toDateOrNull, type Instant } from "./sql.ts";

/** An operator's order that nothing be taken from a queue. */
export interface QueuePause {
  readonly queue: string;
  readonly pausedAt: Date;
  readonly pausedBy: string | null;
  readonly note: string;
}

/** A queue with its depth, counted at `measuredAt`. */
export interface QueueView {
  readonly name: string;
  /** Due and not taken. */
  readonly ready: number;
  /** Not due yet, held, or not relayed yet. */
  readonly deferred: number;
  /** In hand, as far as that can be seen from outside: what a transaction has taken looks ready until it commits. */
  readonly active: number;
  /** Open ones of commands for this queue. */
  readonly deadLetters: number;
  /** Since when the oldest of the ready ones is due. */
  readonly oldestReadyAt: Date | null;
  /** Carried out in the 60 seconds before, by all processes; each tells it every few seconds. */
  readonly completedLastMinute: number;
  readonly pause: QueuePause | null;
  readonly measuredAt: Date;
}

interface PauseRow {
  readonly queue: string;
  readonly paused_at: Instant;
  readonly paused_by: string | null;
  readonly note: string;
}

const PAUSE_COLUMNS = "queue, paused_at, paused_by, note";
/** Queues of pg-boss itself are nobody's business. */
const OWN_QUEUES = String.raw`select name from pgboss.queue where name not like '\_\_pgboss\_\_%'`;

/** SQL of `q`: the queues, each with its jobs; what the relay has not moved yet is not among them. */
export const QUEUE_DEPTHS = `(
  select q.name, j.ready, j.deferred, j.active, j.oldest_ready_at
  from (${OWN_QUEUES}) q
  cross join lateral (
    select count(*) filter (where state < 'active' and start_after <= now())::int as ready,
           count(*) filter (where state < 'active' and start_after > now())::int as deferred,
           count(*) filter (where state = 'active')::int as active,
           min(start_after) filter (where state < 'active' and start_after <= now()) as oldest_ready_at
    from pgboss.job where name = q.name
  ) j
) q`;

/**
 * Lets nobody take from a queue until it is resumed. Every process stops within two seconds of the commit; what is in hand by then is
 * finished, and new messages are accepted and wait, however long it takes.
 *
 * @throws {Refusal} NOT_FOUND: no such queue; WRONG_STATE: it is paused already
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function pauseQueue(
  em: EntityManager,
  { queue, by, note }: { readonly queue: string; readonly by: string | null; readonly note: string },
): Promise<QueuePause> {
  requireTransaction(em, "pauseQueue");
  await requireQueue(em, queue);
  const [row] = await query<PauseRow>(
    em,
    `insert into queue_pause (queue, paused_by, note) values ($1, $2, $3) on conflict (queue) do nothing returning ${PAUSE_COLUMNS}`,
    [queue, by, note],
  );
  if (row === undefined) throw new Refusal("WRONG_STATE", `The queue ${queue} is paused already.`, ["queue"]);
  hintAfterCommit(em, "pause", [queue]);
  return pauseOf(row);
}

/**
 * Lets every process take from a queue again, within two seconds of the commit. @returns the pause that has ended
 * @throws {Refusal} NOT_FOUND: no such queue; WRONG_STATE: it is not paused
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function resumeQueue(em: EntityManager, queue: string): Promise<QueuePause> {
  requireTransaction(em, "resumeQueue");
  await requireQueue(em, queue);
  const [row] = await query<PauseRow>(em, `delete from queue_pause where queue = $1 returning ${PAUSE_COLUMNS}`, [queue]);
  if (row === undefined) throw new Refusal("WRONG_STATE", `The queue ${queue} is not paused.`, ["queue"]);
  hintAfterCommit(em, "pause", [queue]);
  return pauseOf(row);
}

/** Queues by name, with their depth; without `names` all of them. One that does not exist is left out. */
export async function listQueues(em: EntityManager, names?: readonly string[]): Promise<QueueView[]> {
  const rows = await query<
    Omit<QueueView, "oldestReadyAt" | "measuredAt" | "pause"> & { oldestReadyAt: Instant | null; measuredAt: Instant; pause: PauseRow | null }
  >(
    em,
    `select q.name, q.ready, q.deferred + o.waiting as deferred, q.active, d.open as "deadLetters", q.oldest_ready_at as "oldestReadyAt",
            c.completed as "completedLastMinute", to_jsonb(p) as pause, clock_timestamp() as "measuredAt"
     from ${QUEUE_DEPTHS}
     cross join lateral (select count(*)::int as waiting from outbox where queue = q.name) o
     cross join lateral (select count(*)::int as open from dead_letter where queue = q.name and status = 'OPEN') d
     cross join lateral (
       select coalesce(sum(completed), 0)::int as completed from queue_completion where queue = q.name and counted_at > statement_timestamp() - interval '60 seconds'
     ) c
     left join queue_pause p on p.queue = q.name
     where $1::text[] is null or q.name = any($1)
     order by q.name`,
    [names ?? null],
  );
  return rows.map((row) => ({
    ...row,
    oldestReadyAt: toDateOrNull(row.oldestReadyAt),
    pause: row.pause === null ? null : pauseOf(row.pause),
    measuredAt: toDate(row.measuredAt),
  }));
}

/** @throws {Refusal} NOT_FOUND: no such queue; names those that there are */
export async function requireQueue(em: EntityManager, queue: string): Promise<void> {
  const names = (await query<{ name: string }>(em, `${OWN_QUEUES} order by name`)).map((row) => row.name);
  if (!names.includes(queue)) throw new Refusal("NOT_FOUND", `There is no queue ${queue}. There are: ${names.join(", ")}.`, ["queue"]);
}

const pauseOf = (row: PauseRow): QueuePause => ({ queue: row.queue, pausedAt: toDate(row.paused_at), pausedBy: row.paused_by, note: row.note });
