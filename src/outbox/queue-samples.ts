import type { EntityManager } from "@mikro-orm/postgresql";
import { processNow } from "../kernel/clock.ts";
import { InvalidRequest } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";
import { QUEUE_DEPTHS } from "./queues.ts";
import { query, toDate, type Instant } from "./sql.ts";

/** The deepest that a queue was in one stretch of time, which begins `at`. */
export interface QueueSample {
  readonly at: Date;
  readonly ready: number;
  /** Of its jobs; what waits in the outbox for its time is not counted three times a minute. */
  readonly deferred: number;
  readonly active: number;
  /** For how long the oldest of the ready ones had been due. */
  readonly oldestReadySeconds: number;
}

export interface QueueHistoryRequest {
  readonly queue: string;
  /** ISO 8601. */
  readonly from: string;
  /** Length of a stretch, 1 or more. Stretches begin at `from`. */
  readonly everySeconds: number;
}

const SAMPLE_SECONDS = 20;
const KEPT = "24 hours";
const MAX_STRETCHES = 1_000;

/**
 * Writes down how deep the queues are, at every full 20 seconds of the database's clock. Every process does so at the same instants, and
 * the first one alone counts: for the others there is a row already.
 */
export class QueueSampler {
  private readonly loop: Loop;

  constructor({ em, log }: { readonly em: () => EntityManager; readonly log: Log }) {
    this.loop = new Loop({
      pass: () => sample(em()),
      onError: (error) => log.warn({ err: error }, "The depths of the queues could not be written down; trying again"),
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }
}

/** @returns milliseconds until the next sample is due */
async function sample(em: EntityManager): Promise<number> {
  const [row] = await query<{ waitMs: number }>(
    em,
    `with slot as (
       select to_timestamp(round(extract(epoch from statement_timestamp()) / ${SAMPLE_SECONDS}) * ${SAMPLE_SECONDS}) as at
     ), old as (
       delete from queue_sample where sampled_at < statement_timestamp() - interval '${KEPT}'
     ), sampled as (
       insert into queue_sample (sampled_at, queue, ready, deferred, active, oldest_ready_seconds)
       select slot.at, q.name, q.ready, q.deferred, q.active, coalesce(extract(epoch from statement_timestamp() - q.oldest_ready_at), 0)
       from slot cross join ${QUEUE_DEPTHS} where not exists (select from queue_sample where sampled_at = (select at from slot))
       on conflict do nothing
     )
     select extract(epoch from at + interval '${SAMPLE_SECONDS} seconds' - clock_timestamp())::float8 * 1000 as "waitMs" from slot`,
  );
  return row?.waitMs ?? SAMPLE_SECONDS * 1_000;
}

/**
 * For each request the samples of its queue, stretch by stretch, the oldest first; a stretch without a sample is left out. Requests for
 * the same stretches are one statement, whatever the queues.
 *
 * @throws {InvalidRequest} BAD_USER_INPUT: a stretch is shorter than a second, or there would be more than 1,000 stretches until now
 */
export async function readQueueHistory(em: EntityManager, requests: readonly QueueHistoryRequest[]): Promise<readonly QueueSample[][]> {
  const keyOf = ({ queue, from, everySeconds }: QueueHistoryRequest): string => `${from} ${everySeconds} ${queue}`;
  const found = new Map<string, QueueSample[]>(requests.map((request) => [keyOf(request), []]));
  for (const alike of Map.groupBy(requests, ({ from, everySeconds }) => `${from} ${everySeconds}`).values()) {
    const [{ from, everySeconds }] = alike as [QueueHistoryRequest];
    requireFewStretches(from, everySeconds);
    const rows = await query<Omit<QueueSample, "at"> & { queue: string; at: Instant }>(
      em,
      `select s.queue, $1::timestamptz + s.n * $2::int * interval '1s' as at, max(s.ready) as ready, max(s.deferred) as deferred, max(s.active) as active,
              max(s.oldest_ready_seconds) as "oldestReadySeconds"
       from (
         select *, floor(extract(epoch from sampled_at - $1::timestamptz) / $2::int)::int as n from queue_sample where sampled_at >= $1 and queue = any($3)
       ) s group by s.queue, s.n order by s.n`,
      [from, everySeconds, alike.map(({ queue }) => queue)],
    );
    for (const { queue, ...row } of rows) found.get(keyOf({ queue, from, everySeconds }))?.push({ ...row, at: toDate(row.at) });
  }
  return requests.map((request) => found.get(keyOf(request)) ?? []);
}

function requireFewStretches(from: string, everySeconds: number): void {
  if (everySeconds < 1) throw new InvalidRequest("BAD_USER_INPUT", `everySeconds is 1 or more, not ${everySeconds}`);
  const seconds = (processNow().getTime() - new Date(from).getTime()) / 1_000;
  if (seconds / everySeconds > MAX_STRETCHES)
    throw new InvalidRequest(
      "BAD_USER_INPUT",
      `That would be more than ${MAX_STRETCHES} stretches until now; everySeconds has to be ${Math.ceil(seconds / MAX_STRETCHES)} at least`,
    );
}
