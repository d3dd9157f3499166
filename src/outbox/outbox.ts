import type { EntityManager } from "@mikro-orm/postgresql";
import type { PgBoss } from "pg-boss";
import { failureReason, Transient } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";
import { Completions } from "./completions.ts";
import { TransactionalConsumer } from "./consumer.ts";
import type { Follower } from "./following.ts";
import type { Hints } from "./hints.ts";
import { deleteJobs, envelope, type JobData } from "./jobs.ts";
import { LeasedConsumer } from "./leased-consumer.ts";
import { queueOf } from "./message.ts";
import { countFailures } from "./own-retries.ts";
import type { AnyParticipant } from "./participant.ts";
import { QueueSampler } from "./queue-samples.ts";
import { Relay } from "./relay.ts";
import { query, toDate } from "./sql.ts";
import type { InTransactionSubscriber } from "./subscriber.ts";
import { Worker, type DeadHand, type HeldConnection } from "./worker.ts";

interface QueueState {
  readonly isPaused: boolean;
  readonly isReady: boolean;
}

type Transaction = <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;

export interface OutboxParts {
  readonly boss: PgBoss;
  readonly em: () => EntityManager;
  /** One per kind of work; the label names the crash points around its commits. */
  readonly transaction: (label: "relay" | "consumer" | "leased") => Transaction;
  /** A connection of its own, for the lock that proves this process alive. */
  readonly connect: () => Promise<HeldConnection>;
  readonly subscriber: InTransactionSubscriber;
  readonly participants: readonly AnyParticipant[];
  /** Longest time for one attempt, by command name. Default 30 s. */
  readonly attemptTimeouts: ReadonlyMap<string, { readonly attemptTimeoutMs: number }>;
  readonly hints: Hints;
  readonly log: Log;
  readonly batchSize?: number;
  /** How many commands of one saga are one commit at most, where all their effects are in the database. Default 10; 1: each its own. */
  readonly stepsPerCommit?: number;
  /** The net below the hints: outbox and queues are looked at at least this often. Default 1,000. */
  readonly sweepIntervalMs?: number;
  /** How often this process tells how many commands it has carried out. Default 5,000. */
  readonly completionsIntervalMs?: number;
  /** What this process has loaded that messages may need, announced to whoever asks who could carry one out. Default none. */
  readonly loads?: readonly string[];
}

const DEAD_LOOK_INTERVAL_MS = 500;
/** A pause is known to every process within so much, also where no hint arrives. */
const PAUSE_LOOK_INTERVAL_MS = 500;
/** How long jobs may wait on a queue that is paused: 50 years, which an int of 32 bits can still count. */
const RETENTION_SECONDS = 50 * 365 * 86_400;

/** The moving parts of the outbox in one process: the relay, and a consumer for every participant's queue. */
export class Outbox {
  private readonly parts: OutboxParts;
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(parts: OutboxParts) {
    this.parts = parts;
  }

  /** Creates the queue of every participant's command. Run once per start, before anything is relayed or consumed. */
  async createQueues(): Promise<void> {
    const existing = new Set((await this.parts.boss.getQueues()).map((queue) => queue.name));
    for (const participant of this.parts.participants) {
      const name = queueOf(participant.command.name);
      // A lease is a little longer than an attempt, so that the attempt's own end is what is recorded. Every expired lease is
      // handed out again; counting attempts is the sender's business. Jobs are deleted by the commit of their work, and as
      // good as never while they wait.
      const options = {
        expireInSeconds: Math.ceil(this.timeoutOf(participant) / 1_000) + 5,
        retryLimit: 1_000_000,
        retryDelay: 0,
        retentionSeconds: RETENTION_SECONDS,
      };
      // A table of its own keeps a queue's statistics apart: fetching by a name that the planner has not met costs 20 times more.
      if (existing.has(name)) await this.parts.boss.updateQueue(name, options);
      else await this.parts.boss.createQueue(name, { ...options, partition: true });
    }
    // Jobs keep the retention that their queue had when they came.
    await query(
      this.parts.em(),
      "update pgboss.job set keep_until = start_after + $2 * interval '1s' where name = any($1) and keep_until < start_after + $2 * interval '1s'",
      [this.queues(), RETENTION_SECONDS],
    );
  }

  startRelay(): void {
    const relay = new Relay({ ...this.parts, transaction: this.parts.transaction("relay") });
    relay.start();
    this.stops.push(() => relay.stop());
  }

  async startConsumers(): Promise<void> {
    const { parts } = this;
    const worker = new Worker({ ...parts, queues: this.queues(), loads: parts.loads ?? [] });
    const completions = new Completions({ em: parts.em, log: parts.log, intervalMs: parts.completionsIntervalMs });
    const followers = new Map<string, Follower>();
    const common = { ...parts, worker, completions, followers };
    const consumers = parts.participants.map((participant) =>
      participant.mode === "leased"
        ? new LeasedConsumer(participant, this.timeoutOf(participant), { ...common, transaction: parts.transaction("leased") })
        : new TransactionalConsumer(participant, this.timeoutOf(participant), { ...common, transaction: parts.transaction("consumer") }),
    );
    for (const consumer of consumers) if (consumer instanceof TransactionalConsumer) followers.set(consumer.participant.command.name, consumer);
    const look = async (): Promise<void> => {
      const queues = await this.lookAtQueues();
      for (const consumer of consumers) {
        const queue = queues.get(consumer.queue);
        consumer.isPaused = queue?.isPaused ?? false;
        if (queue?.isReady ?? false) consumer.wake();
      }
    };
    await look();
    await worker.start();
    for (const consumer of consumers) consumer.start();
    const leasedQueues = new Set(parts.participants.filter((one) => one.mode === "leased").map((one) => queueOf(one.command.name)));
    const undertaker = new Loop({
      pass: async () => {
        for (const hand of await worker.findDeadHands()) if (leasedQueues.has(hand.queue)) await this.giveUpLeases(hand);
        return DEAD_LOOK_INTERVAL_MS;
      },
      onError: (error) => parts.log.warn({ err: error }, "Leases of dead processes could not be looked for; trying again"),
    });
    const net = new Loop({
      pass: async () => {
        await look();
        return Math.min(parts.sweepIntervalMs ?? 1_000, PAUSE_LOOK_INTERVAL_MS);
      },
      onError: (error) => parts.log.warn({ err: error }, "Queues could not be looked at; trying again"),
    });
    const unlisten = parts.hints.listen("pause", () => net.wake());
    undertaker.start();
    net.start();
    completions.start();
    const sampler = new QueueSampler(parts);
    sampler.start();
    this.stops.push(async () => {
      unlisten();
      await Promise.all([undertaker.stop(), net.stop(), sampler.stop(), ...consumers.map((consumer) => consumer.stop())]);
      await completions.stop();
      await worker.stop();
    });
  }

  /** Takes nothing new and ends when everything in hand is settled. */
  async stop(): Promise<void> {
    for (const stop of this.stops.toReversed()) await stop();
  }

  private timeoutOf(participant: AnyParticipant): number {
    return this.parts.attemptTimeouts.get(participant.command.name)?.attemptTimeoutMs ?? 30_000;
  }

  private queues(): string[] {
    return this.parts.participants.map((participant) => queueOf(participant.command.name));
  }

  /** Which queues are paused, and which others have jobs that are due: one statement for all, instead of an empty fetch for each. */
  private async lookAtQueues(): Promise<ReadonlyMap<string, QueueState>> {
    const rows = await query<QueueState & { name: string }>(
      this.parts.em(),
      `select q.name, p.queue is not null as "isPaused", p.queue is null and exists (
         select from pgboss.job j where j.name = q.name and j.state < 'active' and not j.blocked and j.start_after <= now()
       ) as "isReady"
       from unnest($1::text[]) as q(name) left join queue_pause p on p.queue = q.name`,
      [this.queues()],
    );
    return new Map(rows.map((row) => [row.name, row]));
  }

  /** The leases of a process that has died are given up at once, instead of when they run out. */
  private async giveUpLeases({ queue, messageIds, takenAt }: DeadHand): Promise<void> {
    const { boss, subscriber } = this.parts;
    const failure = failureReason(new Transient("The process that carried it out died doing so"));
    for (const id of messageIds) {
      const [job] = await boss.findJobs<JobData>(queue, { id });
      if (job?.state !== "active" || job.startedOn > toDate(takenAt)) continue;
      const command = envelope(job);
      await this.parts.transaction("leased")(async (em) => {
        const claim = await subscriber.claim(em, [command]);
        // Its lease runs out, and a process that can read its sender counts it.
        if (claim.unreadable.has(id)) return;
        if ((await deleteJobs(boss, em, queue, [job])) === 1) await countFailures(em, subscriber, [{ envelope: command, failure }], claim);
      });
    }
  }
}
