import type { EntityManager } from "@mikro-orm/postgresql";
import type { PgBoss } from "pg-boss";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";
import type { Hints } from "./hints.ts";
import { insertJobs } from "./jobs.ts";
import type { Envelope } from "./message.ts";
import { query } from "./sql.ts";

export interface RelayParts {
  readonly boss: PgBoss;
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly hints: Hints;
  readonly log: Log;
  /** The net below the hints: rows are looked for at least this often. Default 1,000. */
  readonly sweepIntervalMs?: number;
}

interface OutboxRow {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly payload: unknown;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly run_id: string | null;
  readonly attempt: number | null;
}

const BATCH = 500;

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
    const { queues, count, untilNextMs } = await this.parts.transaction(async (em) => {
      // A row that another relay has locked is being moved by it; one for a queue that does not exist (yet) waits without harm to others.
      const rows = await query<OutboxRow>(
        em,
        `with durability as (select set_config('synchronous_commit', 'off', true)), moved as (
           delete from outbox where id in (
             select id from outbox where deliver_at <= statement_timestamp() and queue in (select name from pgboss.queue) order by deliver_at, id limit ${BATCH} for update skip locked
           ) returning id, queue, name, payload, correlation_id, causation_id, run_id, attempt
         )
         select moved.* from moved, durability`,
      );
      const queues = await insertJobs(this.parts.boss, em, rows.map(envelopeOf));
      const [next] =
        rows.length === BATCH
          ? [{ ms: 0 }]
          : await query<{ ms: number | null }>(
              em,
              // What is held has no time; nor could it be subtracted from.
              "select ceil(extract(epoch from min(deliver_at) - clock_timestamp()) * 1000)::float8 as ms from outbox where deliver_at > statement_timestamp() and deliver_at < 'infinity'",
            );
      return { queues, count: rows.length, untilNextMs: next?.ms ?? sweepMs };
    });
    if (queues.length > 0) this.parts.hints.send("queue", queues);
    if (count === BATCH) return 0;
    return Math.min(sweepMs, Math.max(1, untilNextMs));
  }
}

const envelopeOf = (row: OutboxRow): Envelope => ({
  id: row.id,
  name: row.name,
  payload: row.payload,
  correlationId: row.correlation_id,
  causationId: row.causation_id,
  replyTo: row.run_id === null ? null : { runId: row.run_id, attempt: row.attempt ?? 1 },
  ...(row.run_id === null && row.attempt !== null && { failedAttempts: row.attempt }),
});
