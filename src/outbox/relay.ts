import type { EntityManager } from "@mikro-orm/postgresql";
import type { PgBoss } from "pg-boss";
import { backoffMs } from "../kernel/backoff.ts";
import type { Log } from "../kernel/log.ts";
import type { Hints } from "./hints.ts";
import { jobData, onConnectionOf } from "./jobs.ts";
import type { Envelope } from "./message.ts";
import { query } from "./sql.ts";
import { Alarm } from "./wake.ts";

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
 * hints, it also looks by itself. Any number of processes may run one; rows that another has in hand are skipped.
 */
export class Relay {
  private readonly parts: RelayParts;
  private readonly alarm = new Alarm();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private unlisten: () => void = () => undefined;

  constructor(parts: RelayParts) {
    this.parts = parts;
  }

  start(): void {
    this.unlisten = this.parts.hints.listen("outbox", () => this.alarm.wake());
    this.running = this.run();
  }

  /** Ends after the pass it is in. */
  async stop(): Promise<void> {
    this.unlisten();
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        waitMs = await this.pass();
        failures = 0;
      } catch (error) {
        waitMs = backoffMs(failures++, 50, 2_000);
        this.parts.log.warn({ err: error }, "The relay could not move messages; trying again");
      }
      if (waitMs > 0) await this.alarm.wait(waitMs, signal);
    }
  }

  /** Moves one batch. @returns how long there is nothing to do, in milliseconds; 0: more is due now */
  private async pass(): Promise<number> {
    const sweepMs = this.parts.sweepIntervalMs ?? 1_000;
    const { queues, count, untilNextMs } = await this.parts.transaction(async (em) => {
      // A row that another relay has locked is being moved by it. Ids sort by time, so a queue gets its jobs in that order.
      const rows = await query<OutboxRow>(
        em,
        `delete from outbox where id in (
           select id from outbox where deliver_at <= clock_timestamp() order by deliver_at, id limit ${BATCH} for update skip locked
         ) returning id, queue, name, payload, correlation_id, causation_id, run_id, attempt`,
      );
      const byQueue = Map.groupBy(
        rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        (row) => row.queue,
      );
      for (const [queue, ofQueue] of byQueue) {
        await this.parts.boss.insert(queue, ofQueue.map((row) => ({ id: row.id, data: jobData(envelopeOf(row)) })), onConnectionOf(em));
      }
      const [next] = rows.length === BATCH ? [{ ms: 0 }] : await query<{ ms: number | null }>(em, "select ceil(extract(epoch from min(deliver_at) - clock_timestamp()) * 1000)::int as ms from outbox");
      return { queues: [...byQueue.keys()], count: rows.length, untilNextMs: next?.ms ?? sweepMs };
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
});
