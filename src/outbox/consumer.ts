import type { EntityManager } from "@mikro-orm/postgresql";
import type { PgBoss } from "pg-boss";
import { crashPoint } from "../kernel/crash-point.ts";
import { failureReason, Transient, type FailureReason } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";
import { afterCommit } from "./after-commit.ts";
import { carryOut } from "./carry-out.ts";
import type { Hints } from "./hints.ts";
import { hold } from "./delays.ts";
import { carryOutFollowing, type FollowingParts } from "./following.ts";
import { envelope, postpone, remove, take, TakenOver, type Message } from "./jobs.ts";
import { queueOf } from "./message.ts";
import type { TransactionalParticipant } from "./participant.ts";
import { countFailures } from "./own-retries.ts";
import { partition } from "./partition.ts";
import { deliverDirectly } from "./publish.ts";
import type { Claim } from "./subscriber.ts";
import type { Worker } from "./worker.ts";

export interface ConsumerParts extends FollowingParts {
  readonly boss: PgBoss;
  readonly em: () => EntityManager;
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly worker: Worker;
  readonly hints: Hints;
  readonly log: Log;
  /** Most messages in one transaction. Default 100. */
  readonly batchSize?: number;
}

/** A consumer whose queue is empty waits for a hint, or for the outbox, which looks at all queues together. */
export const UNTIL_WOKEN_MS = 60_000;

/** Wakes a queue's consumer when the queue has got jobs, or when hints may have been lost. */
export const listenToQueue = (hints: Hints, queue: string, consumer: { wake(): void }): (() => void) =>
  hints.listen("queue", (queues) => {
    if (queues.length === 0 || queues.includes(queue)) consumer.wake();
  });

const UNREADABLE_SECONDS = 5;
const STUBBORN_SECONDS = 60;

/** A command whose sender this process cannot read waits for a process that can; whoever stands behind it goes on. */
export async function postponeUnreadable(em: EntityManager, queue: string, jobs: readonly Message[], claim: Claim, log: Log): Promise<void> {
  for (const { id } of jobs)
    log.warn({ queue, job: id, reason: claim.unreadable.get(id) }, "A command's saga cannot be read by this process; the command waits");
  await postpone(em, queue, jobs, UNREADABLE_SECONDS);
}

/** A batch that has to be carried out one message at a time, because one of them may have killed a process. */
class TakeApart extends Error {}

/**
 * Carries out the commands of one queue whose effects are all in the database. Taking the jobs is part of the transaction
 * of their effects, so nothing is leased: when the process dies, they are free as soon as Postgres drops the connection, and
 * effect, reply, saga, next command and job commit together or not at all.
 *
 * A batch that fails is rolled back and carried out again in halves, until the message that fails is alone; that one is
 * counted as a failed attempt, in a transaction of its own, and hurts nobody else.
 */
export class TransactionalConsumer {
  readonly participant: TransactionalParticipant;
  private readonly parts: ConsumerParts;
  readonly attemptTimeoutMs: number;
  readonly queue: string;
  private readonly loop: Loop;
  private unlisten: () => void = () => undefined;
  /** Nothing is taken from a paused queue, whatever hints say. */
  isPaused = false;
  /** Sizes of the next batches, last first, while a batch that failed is carried out again in parts; empty: as many as there are. */
  private parted: number[] = [];
  /** The batch has gone on to commands that follow from it. */
  private hasGoneOn = false;
  /** Failures of messages that were rolled back alone, until they have been counted. */
  private readonly verdicts = new Map<string, FailureReason>();
  /** Messages of which not even the failure could be counted. */
  private readonly stubborn = new Set<string>();

  constructor(participant: TransactionalParticipant, attemptTimeoutMs: number, parts: ConsumerParts) {
    this.participant = participant;
    this.parts = parts;
    this.attemptTimeoutMs = attemptTimeoutMs;
    this.queue = queueOf(participant.command.name);
    this.loop = new Loop({
      pass: () => this.pass(),
      onError: (error) => parts.log.warn({ err: error, queue: this.queue }, "A batch could not be carried out; trying again"),
    });
  }

  wake(): void {
    this.loop.wake();
  }

  start(): void {
    this.unlisten = listenToQueue(this.parts.hints, this.queue, this);
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.unlisten();
    await this.loop.stop();
  }

  private async pass(): Promise<number> {
    if (this.isPaused) return UNTIL_WOKEN_MS;
    const size = this.parted.at(-1) ?? this.parts.batchSize ?? 100;
    const taken: Message[] = [];
    try {
      const count = await this.parts.transaction((em) => this.batch(em, size, taken));
      this.parted.pop();
      for (const job of taken) this.verdicts.delete(job.id);
      if (count === size) return 0;
      this.parted = [];
      return UNTIL_WOKEN_MS;
    } catch (error) {
      if (isDatabaseTrouble(error)) throw error;
      if (this.hasGoneOn) this.parted.push(taken.length);
      else this.takeApart(taken, error);
      return 0;
    }
  }

  /** Plans how the messages of a failed batch are carried out again; one that was alone is judged. */
  private takeApart(taken: readonly Message[], error: unknown): void {
    this.parted.pop();
    const [first] = taken;
    if (taken.length > 1) {
      const half = Math.ceil(taken.length / 2);
      if (error instanceof TakeApart) this.parted.push(...taken.map(() => 1));
      else this.parted.push(taken.length - half, half);
    } else if (first !== undefined) {
      this.parted.push(1);
      // Even counting its failure has failed. It must not stand in the way of those behind it.
      if (this.verdicts.has(first.id)) {
        this.parts.log.error(
          { err: error, queue: this.queue, job: first.id },
          "A message can neither be carried out nor counted as failed; it is put back for a minute",
        );
        this.stubborn.add(first.id);
      }
      this.verdicts.set(first.id, failureReason(error));
    } else throw error;
  }

  /** Takes and carries out one batch in the transaction of `em`. @returns how many messages there were */
  private async batch(em: EntityManager, size: number, taken: Message[]): Promise<number> {
    const { subscriber } = this.parts;
    taken.length = 0;
    this.hasGoneOn = false;
    // Who is to blame must be found out message by message, and command by command.
    let mayGoOn = this.parted.length === 0;
    deliverDirectly(em, { carriesOut: (name) => mayGoOn && this.parts.followers.has(name) });
    const jobs = await take(em, this.queue, size);
    if (jobs.length === 0) return 0;
    taken.push(...jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    crashPoint("consumer:fetched");
    const [stubborn, tractable] = partition(taken, (job) => this.stubborn.delete(job.id));
    if (stubborn.length > 0) await postpone(em, this.queue, stubborn, STUBBORN_SECONDS);
    if (tractable.length === 0) return taken.length;
    const [{ failures, isSuspect }, claim] = await Promise.all([this.suspicions(tractable), subscriber.claim(em, tractable.map(envelope))]);
    mayGoOn &&= !isSuspect;
    const {
      current = [],
      stale = [],
      failed = [],
      held = [],
      unreadable = [],
    } = Object.groupBy(tractable, ({ id }) => {
      if (claim.unreadable.has(id)) return "unreadable";
      if (!claim.current.has(id) && !claim.held.has(id)) return "stale";
      // An attempt that has failed counts, even where the next one is held.
      if (failures.has(id)) return "failed";
      return claim.held.has(id) ? "held" : "current";
    });
    if (held.length > 0) await hold(em, this.queue, held);
    if (current.length > 0) {
      await carryOut(em, this, subscriber, current.map(envelope), claim);
      afterCommit(em, () => this.parts.completions.add(this.queue, current.length));
    }
    if (stale.length > 0) await subscriber.putAside(em, stale.map(envelope), claim);
    if (failed.length > 0) {
      await countFailures(
        em,
        subscriber,
        failed.map((job) => ({ envelope: envelope(job), failure: failures.get(job.id) as FailureReason })),
        claim,
      );
    }
    if (unreadable.length > 0) await postponeUnreadable(em, this.queue, unreadable, claim, this.parts.log);
    await carryOutFollowing(em, this.parts, claim, () => (this.hasGoneOn = true));
    await subscriber.save(em, claim);
    const settled = [...current, ...stale, ...failed];
    if (settled.length > 0) await remove(em, this.queue, settled);
    return taken.length;
  }

  /** Which of the messages count as failed without being run: those that failed alone here, or died alone with another process. */
  private async suspicions(jobs: readonly Message[]): Promise<{ failures: Map<string, FailureReason>; isSuspect: boolean }> {
    const { worker } = this.parts;
    const failures = new Map<string, FailureReason>();
    const ids = jobs.map((job) => job.id);
    const suspects = await worker.takeInHand(null, this.queue, ids, false);
    if (suspects.size > 0 && jobs.length > 1) throw new TakeApart();
    // Being the only one in hand by chance proves nothing; from now on it is alone on purpose.
    if (suspects.size > 0) await worker.takeInHand(null, this.queue, ids, true);
    for (const id of ids) {
      const verdict = this.verdicts.get(id);
      if (verdict !== undefined) failures.set(id, verdict);
      else if (suspects.get(id) === "alone") failures.set(id, failureReason(new Transient("The process that carried it out died doing so")));
    }
    return { failures, isSuspect: suspects.size > 0 };
  }
}

/** Connection lost, server stopping or out of resources, or a conflict that was tried often enough: nobody's message is to blame. */
export function isDatabaseTrouble(error: unknown): boolean {
  if (error instanceof TakenOver) return true;
  // Not `instanceof Error`: errors of Node's own modules come from another realm when tests run.
  for (let one = error as (Partial<Error> & { code?: unknown }) | undefined, depth = 0; one != null && depth < 5; one = one.cause as typeof one, depth++) {
    if (typeof one.code === "string" && /^(08|40|53|57|58|55P03|ECONN|EPIPE|ETIMEDOUT|ENOENT)/.test(one.code)) return true;
    if (/Connection terminated|connection error|Client has encountered|timeout (?:exceeded )?when trying to connect/.test(String(one.message))) return true;
  }
  return false;
}
