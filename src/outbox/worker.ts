import { hostname } from "node:os";
import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../kernel/ids.ts";
import type { Log } from "../kernel/log.ts";
import { query, toDate, type Instant } from "./sql.ts";

/** A connection of its own, held for as long as the process lives. */
export interface HeldConnection {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  end(): Promise<void>;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
}

export interface WorkerParts {
  readonly em: () => EntityManager;
  readonly connect: () => Promise<HeldConnection>;
  readonly log: Log;
  /** What the process takes from. */
  readonly queues: readonly string[];
  /** What the process has loaded that messages may need. */
  readonly loads: readonly string[];
}

/** A process that carries out commands and is alive. */
export interface WorkerView {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
  /** What it takes from. */
  readonly queues: readonly string[];
  /** As it was given to its `Outbox`. */
  readonly loads: readonly string[];
  /** What it last took from each queue, the latest first; by now it may have been done. */
  readonly hands: readonly { readonly queue: string; readonly count: number; readonly takenAt: Date }[];
}

/** What a dead process had in hand. */
export interface DeadHand {
  readonly workerId: string;
  readonly queue: string;
  readonly messageIds: readonly string[];
  /** What was leased later is in the hands of somebody else by now. */
  readonly takenAt: Instant;
}

/** How a message fares that another process had in hand when it died. */
export type Suspicion = "in-a-batch" | "alone";

/**
 * This process among those that carry out commands. It holds an advisory lock on a connection of its own, so everybody can
 * tell the moment Postgres drops that connection that the process has died; and it notes what it takes in hand, so that a
 * message that kills its process is recognised instead of killing one process after the other.
 */
export class Worker {
  readonly id = newId();
  private readonly parts: WorkerParts;
  private connection: HeldConnection | null = null;
  /** The same, once the process has signed on by it. */
  private signedOn: HeldConnection | null = null;
  private lastNote: Promise<unknown> = Promise.resolve();
  private isStopping = false;
  private isWaitingToSignOn = false;

  constructor(parts: WorkerParts) {
    this.parts = parts;
  }

  async start(): Promise<void> {
    await this.signOn();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await query(this.parts.em(), "delete from worker where id = $1", [this.id]).catch((error: unknown) =>
      this.parts.log.warn({ err: error }, "The worker could not sign off"),
    );
    await this.connection?.end().catch(() => undefined);
  }

  /**
   * Notes what is taken in hand, before any of it is carried out. The transaction that notes it, or the note itself without
   * one, is committed without waiting for the disk: it has to outlive this process, not the server.
   * @param em null: without a transaction, on the connection of its own. Those of the pool may all belong to transactions that wait for their notes.
   * @returns which of the messages another, dead process had in hand
   */
  async takeInHand(em: EntityManager | null, queue: string, messageIds: readonly string[], alone: boolean): Promise<ReadonlyMap<string, Suspicion>> {
    const rows = await this.note<{ message_id: string; alone: boolean }>(
      em,
      `with durability as (select set_config('synchronous_commit', 'off', true)), noted as (
         insert into worker_hand (worker_id, queue, message_ids, alone) select $1, $2, $3::uuid[], $4 from durability
         on conflict (worker_id, queue) do update set message_ids = excluded.message_ids, alone = excluded.alone, taken_at = clock_timestamp()
       )
       select m as message_id, h.alone from worker_hand h, unnest(h.message_ids) m where h.worker_id <> $1 and h.queue = $2 and m = any($3::uuid[])`,
      [this.id, queue, messageIds, alone],
    );
    const suspects = new Map<string, Suspicion>();
    for (const row of rows) if (suspects.get(row.message_id) !== "alone") suspects.set(row.message_id, row.alone ? "alone" : "in-a-batch");
    return suspects;
  }

  private async note<Row>(em: EntityManager | null, text: string, parameters: unknown[]): Promise<Row[]> {
    const { signedOn } = this;
    if (em !== null || signedOn === null) return query<Row>(em ?? this.parts.em(), text, parameters);
    const note = this.lastNote.then(() => signedOn.query(text, parameters));
    this.lastNote = note.catch(() => undefined);
    return (await note).rows as Row[];
  }

  /** Hands of processes that have died since the last look, each reported to one caller only. Signs of long-dead ones are removed. */
  async findDeadHands(): Promise<DeadHand[]> {
    return query<DeadHand>(
      this.parts.em(),
      `with gone as (delete from worker where ended_at < statement_timestamp() - interval '1 hour'), dead as (
         update worker set ended_at = clock_timestamp()
         where id in (select id from worker where id <> $1 and ended_at is null and pg_try_advisory_xact_lock($2, lock_key::int) for update skip locked)
         returning id
       )
       select h.worker_id as "workerId", h.queue, h.message_ids as "messageIds", h.taken_at as "takenAt" from dead join worker_hand h on h.worker_id = dead.id`,
      [this.id, LOCK_CLASS],
    );
  }

  private async signOn(): Promise<void> {
    const connection = await this.parts.connect();
    this.connection = connection;
    const lost = (error?: Error): void => {
      if (this.isStopping || this.connection !== connection) return;
      this.connection = null;
      this.signedOn = null;
      this.parts.log.warn({ err: error }, "The connection that proves this process alive was lost; connecting again");
      this.signOnAgain();
    };
    connection.on("error", lost);
    connection.on("end", lost);
    // The row becomes visible with its lock held, so nobody can take a process that is signing on for dead.
    await connection.query("begin");
    await connection.query("insert into worker (id, host, pid, queues, loads) values ($1, $2, $3, $4, $5) on conflict (id) do update set ended_at = null", [
      this.id,
      hostname(),
      process.pid,
      this.parts.queues,
      this.parts.loads,
    ]);
    await connection.query("select pg_advisory_lock($1, lock_key::int) from worker where id = $2", [LOCK_CLASS, this.id]);
    await connection.query("commit");
    if (this.connection === connection) this.signedOn = connection;
  }

  private signOnAgain(): void {
    if (this.isWaitingToSignOn) return;
    this.isWaitingToSignOn = true;
    const timer = setTimeout(() => {
      this.isWaitingToSignOn = false;
      if (this.isStopping) return;
      this.signOn().catch((error: unknown) => {
        this.parts.log.debug({ err: error }, "Still no connection to prove this process alive");
        this.signOnAgain();
      });
    }, 1_000);
    timer.unref();
  }
}

/** First half of the two-part advisory lock keys; any fixed number that nobody else uses. */
const LOCK_CLASS = 0x6d70;

/** The processes that carry out commands and are alive, oldest first: those whose lock is held at this moment. */
export async function listWorkers(em: EntityManager): Promise<WorkerView[]> {
  const rows = await query<Omit<WorkerView, "startedAt" | "hands"> & { startedAt: Instant; hands: { queue: string; count: number; takenAt: string }[] }>(
    em,
    `select w.id, w.host, w.pid, w.started_at as "startedAt", w.queues, w.loads,
            (select coalesce(jsonb_agg(jsonb_build_object('queue', h.queue, 'count', cardinality(h.message_ids), 'takenAt', h.taken_at) order by h.taken_at desc), '[]')
             from worker_hand h where h.worker_id = w.id and cardinality(h.message_ids) > 0) as hands
     from worker w join pg_locks l on l.objid::bigint = w.lock_key
     where l.locktype = 'advisory' and l.classid = $1::bigint::oid and l.objsubid = 2 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
     order by w.started_at, w.id`,
    [LOCK_CLASS],
  );
  return rows.map((row) => ({
    ...row,
    startedAt: toDate(row.startedAt),
    hands: row.hands.map(({ queue, count, takenAt }) => ({ queue, count, takenAt: toDate(takenAt) })),
  }));
}
