import type { EntityManager } from "@mikro-orm/postgresql";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";
import type { Hints } from "./hints.ts";
import { insertingJobs } from "./jobs.ts";
import { query } from "./sql.ts";

export interface RelayParts {
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly hints: Hints;
  readonly log: Log;
  /** The net below the hints: rows are looked for at least this often. Default 1,000. */
  readonly sweepIntervalMs?: number;
}

const BATCH = 500;

interface Moved {
  readonly queues: string[] | null;
  readonly count: number;
  /** Until the next row is due; null: none is known. */
  readonly nextMs: number | null;
}

/**
 * A row that another relay has locked is being moved by it; one for a queue that does not exist (yet) waits without harm to others. The
 * data of a job are an `Envelope` without its id. What is held has no time, and could not be subtracted from.
 */
const MOVE = `
  with durability as (select set_config('synchronous_commit', 'off', true)), moved as (
    delete from outbox where id in (
      select id from outbox where deliver_at <= statement_timestamp() and queue in (select name from pgboss.queue) order by deliver_at, id limit ${BATCH} for update skip locked
    ) returning *
  ), inserted as (
    ${insertingJobs(`(
      select id, queue, jsonb_build_object('name', name, 'payload', payload, 'correlationId', correlation_id, 'causationId', causation_id) || case
        when run_id is not null then jsonb_build_object('replyTo', jsonb_build_object('runId', run_id, 'attempt', coalesce(attempt, 1)))
        when attempt is not null then jsonb_build_object('replyTo', null, 'failedAttempts', attempt)
        else '{"replyTo": null}' end as data
      from moved) m`)}
  )
  select (select array_agg(distinct queue) from moved) as queues, (select count(*)::int from moved) as count,
         (select ceil(extract(epoch from min(deliver_at) - clock_timestamp()) * 1000)::float8 from outbox
          where deliver_at > statement_timestamp() and deliver_at < 'infinity') as "nextMs"
  from durability`;

/**
 * Moves outbox rows that are due onto their queues: rows deleted and jobs inserted in one transaction, so exactly once. Woken by
 * hints, it also looks by itself. Its commits do not wait for the disk: when the server loses one, it has lost whatever was built on
 * it as well, and the rows are moved again. Any number of processes may run one; rows that another has in hand are skipped.
 */
export class Relay {
  private readonly parts: RelayParts;
  private readonly loop: Loop;
  private unlisten: () => void = () => undefined;

  constructor(parts: RelayParts) {
    this.parts = parts;
    this.loop = new Loop({ pass: () => this.pass(), onError: (error) => parts.log.warn({ err: error }, "The relay could not move messages; trying again") });
  }

  start(): void {
    this.unlisten = this.parts.hints.listen("outbox", () => this.loop.wake());
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.unlisten();
    await this.loop.stop();
  }

  /** Moves one batch. @returns how long there is nothing to do, in milliseconds; 0: more is due now */
  private async pass(): Promise<number> {
    const sweepMs = this.parts.sweepIntervalMs ?? 1_000;
    const [{ queues, count, nextMs } = { queues: null, count: 0, nextMs: null }] = await this.parts.transaction((em) => query<Moved>(em, MOVE));
    if (queues !== null) this.parts.hints.send("queue", queues);
    if (count === BATCH) return 0;
    return Math.min(sweepMs, Math.max(1, nextMs ?? sweepMs));
  }
}
