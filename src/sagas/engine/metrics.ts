import type { EntityManager } from "@mikro-orm/postgresql";
import { InvalidRequest } from "../../kernel/errors.ts";
import { query } from "../../outbox/index.ts";

/** What happened to sagas in one stretch of time. */
export interface SagaMetrics {
  readonly from: Date;
  readonly to: Date;
  readonly started: number;
  /** Ended in the stretch, each as it ended. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** How often a saga came to need an operator. */
  readonly becameStuck: number;
  /** Attempts that failed. */
  readonly failedAttempts: number;
  /** Of those that ended: how many had no step that took more than one attempt. */
  readonly firstAttempt: number;
  /** From the start until the business outcome was known, of those for which it became known in the stretch; null: there were none. */
  readonly settledP50Ms: number | null;
  readonly settledP95Ms: number | null;
}

export interface MetricsRequest {
  readonly from: Date;
  readonly to: Date;
  /** Length of a stretch, 1 or more. Stretches begin at `from`; the last one may be shorter. */
  readonly everySeconds: number;
  /** Name of a definition; null: all. */
  readonly type: string | null;
}

const MAX_STRETCHES = 1_000;

/** The number of the stretch that an instant of a column lies in, from 0. */
const stretchOf = (column: string): string => `floor(extract(epoch from ${column} - $1::timestamptz) / $3)::int`;

/**
 * Counts what happened between two instants, stretch by stretch, by one statement. Every part reads an index from `from` on, so that it
 * costs what happened since then, however much there was before.
 *
 * @throws {InvalidRequest} BAD_USER_INPUT: `from` is not before `to`, a stretch is shorter than a second, or there would be more than 1,000 stretches
 */
export async function readMetrics(em: EntityManager, request: MetricsRequest): Promise<SagaMetrics[]> {
  const { from, to, everySeconds, type } = request;
  const seconds = (to.getTime() - from.getTime()) / 1_000;
  if (!(seconds > 0)) throw new InvalidRequest("BAD_USER_INPUT", `from has to be before to, but ${from.toISOString()} is not before ${to.toISOString()}`);
  if (everySeconds < 1) throw new InvalidRequest("BAD_USER_INPUT", `everySeconds is 1 or more, not ${everySeconds}`);
  const count = Math.ceil(seconds / everySeconds);
  if (count > MAX_STRETCHES)
    throw new InvalidRequest(
      "BAD_USER_INPUT",
      `That would be ${count} stretches of ${everySeconds} s, more than ${MAX_STRETCHES}; everySeconds has to be ${Math.ceil(seconds / MAX_STRETCHES)} at least`,
    );
  const rows = await query<Omit<SagaMetrics, "from" | "to"> & { n: number }>(
    em,
    `with started as (
       select ${stretchOf("started_at")} as n, count(*)::int as started from saga
       where started_at >= $1 and started_at < $2 and ($4::text is null or type = $4) group by 1
     ), ended as (
       select ${stretchOf("finished_at")} as n,
              count(*) filter (where status = 'COMPLETED')::int as completed,
              count(*) filter (where status = 'FAILED')::int as failed,
              count(*) filter (where status = 'CANCELLED')::int as cancelled,
              count(*) filter (where not jsonb_path_exists(runs, '$[*] ? (@.attempts > 1 || @.undo.attempts > 1)'))::int as "firstAttempt"
       from saga where updated_at >= $1 and finished_at >= $1 and finished_at < $2 and ($4::text is null or type = $4) group by 1
     ), settled as (
       select ${stretchOf("settled_at")} as n,
              percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from settled_at - started_at) * 1000) as ms
       from saga where updated_at >= $1 and settled_at >= $1 and settled_at < $2 and ($4::text is null or type = $4) group by 1
     ), trouble as (
       select ${stretchOf("occurred_at")} as n,
              count(*) filter (where status = 'STUCK' and kind in ('TRANSITION', 'COMPENSATION'))::int as "becameStuck",
              count(*) filter (where kind = 'ATTEMPT_FAILED')::int as "failedAttempts"
       from saga_event e where occurred_at >= $1 and occurred_at < $2 and (status = 'STUCK' or kind = 'ATTEMPT_FAILED')
         and ($4::text is null or exists (select from saga where id = e.saga_id and type = $4)) group by 1
     )
     select n, coalesce(started, 0) as started, coalesce(completed, 0) as completed, coalesce(failed, 0) as failed, coalesce(cancelled, 0) as cancelled,
            coalesce("becameStuck", 0) as "becameStuck", coalesce("failedAttempts", 0) as "failedAttempts", coalesce("firstAttempt", 0) as "firstAttempt",
            round(ms[1])::float8 as "settledP50Ms", round(ms[2])::float8 as "settledP95Ms"
     from generate_series(0, $5::int - 1) n left join started using (n) left join ended using (n) left join settled using (n) left join trouble using (n) order by n`,
    [from, to, everySeconds, type, count],
  );
  const at = (n: number): Date => new Date(Math.min(from.getTime() + n * everySeconds * 1_000, to.getTime()));
  return rows.map(({ n, ...counts }) => ({ from: at(n), to: at(n + 1), ...counts }));
}
