import { monotonicMs } from "../kernel/clock.ts";
import { crashPoint } from "../kernel/crash-point.ts";
import { failureReason, Transient, type FailureReason } from "../kernel/errors.ts";
import { Loop } from "../kernel/loop.ts";
import { afterCommit } from "./after-commit.ts";
import { delivery, inTime, publishReplies } from "./carry-out.ts";
import { isDatabaseTrouble, listenToQueue, postponeUnreadable, UNTIL_WOKEN_MS, type ConsumerParts } from "./consumer.ts";
import { hold } from "./delays.ts";
import { carryOutFollowing } from "./following.ts";
import { envelope, onConnectionOf, postpone, settle, TakenOver, type JobData, type Message } from "./jobs.ts";
import { queueOf, type Envelope } from "./message.ts";
import { countFailures } from "./own-retries.ts";
import type { Delivery, LeasedParticipant } from "./participant.ts";
import { deliverDirectly } from "./publish.ts";
import type { Claim } from "./subscriber.ts";

/** A message whose effect was performed, or was not. */
type Performed =
  | {
      readonly job: Message;
      readonly command: Envelope;
      readonly ok: true;
      readonly delivery: Delivery<unknown>;
      readonly input: unknown;
      readonly output: unknown;
    }
  | { readonly job: Message; readonly command: Envelope; readonly ok: false; readonly failure: FailureReason }
  /** Given up, or unreadable, before it was started. */
  | { readonly job: Message; readonly command: Envelope; readonly ok: null };

/**
 * Carries out the commands of one queue whose effect is outside the database. A job is leased, its effect performed under the
 * run's id as idempotency key, and then record, reply, saga, next command and job are one short transaction, fenced by the
 * lease's attempt: at least once outside, exactly once inside. A lease that ran out or whose process died counts as a failed attempt.
 */
export class LeasedConsumer {
  private readonly participant: LeasedParticipant;
  private readonly parts: ConsumerParts;
  private readonly attemptTimeoutMs: number;
  readonly queue: string;
  private readonly loop: Loop;
  private unlisten: () => void = () => undefined;
  /** Nothing is taken from a paused queue, whatever hints say; what is in hand is finished. */
  isPaused = false;
  private readonly inHand = new Map<string, Promise<void>>();
  private performed: Performed[] = [];
  /** Performed, and being settled now; until that has committed they are in hand. */
  private settling: readonly Performed[] = [];
  /** There may be jobs on the queue: it was hinted at, or not emptied. The ends of our own effects say nothing about it. */
  private mayHaveJobs = true;
  /** Leased, but not yet begun: kept when what comes before the beginning fails. */
  private leased: Message[] = [];

  constructor(participant: LeasedParticipant, attemptTimeoutMs: number, parts: ConsumerParts) {
    this.participant = participant;
    this.parts = parts;
    this.attemptTimeoutMs = attemptTimeoutMs;
    this.queue = queueOf(participant.command.name);
    this.loop = new Loop({
      pass: (signal) => this.pass(signal),
      onError: (error) => parts.log.warn({ err: error, queue: this.queue }, "Commands with outside effects could not be taken or settled; trying again"),
      isDone: () => this.inHand.size === 0 && this.performed.length === 0 && this.leased.length === 0,
    });
  }

  wake(): void {
    this.mayHaveJobs = true;
    this.loop.wake();
  }

  start(): void {
    this.unlisten = listenToQueue(this.parts.hints, this.queue, this);
    this.loop.start();
  }

  /** Takes nothing new, waits for the effects in hand and settles them. */
  async stop(): Promise<void> {
    this.unlisten();
    await this.loop.stop();
  }

  private async pass(signal: AbortSignal): Promise<number> {
    if (this.leased.length > 0) await this.beginLeased();
    this.settling = this.performed;
    this.performed = [];
    const free = signal.aborted || this.isPaused || !this.mayHaveJobs ? 0 : (this.parts.batchSize ?? 100) - this.inHand.size;
    // The next ones are begun while those before them are settled.
    const [settled, taken] = await Promise.allSettled([this.settleAll(), free > 0 ? this.take(free) : 0]);
    if (settled.status === "rejected") throw settled.reason;
    if (taken.status === "rejected") throw taken.reason;
    // Every effect that ends wakes the loop.
    const isMore = (taken.value === free && free > 0) || this.performed.length > 0;
    return isMore ? 0 : UNTIL_WOKEN_MS;
  }

  /** Leases up to `size` jobs and begins their effects. @returns how many were leased */
  private async take(size: number): Promise<number> {
    this.mayHaveJobs = false;
    const jobs = await this.lease(size).catch((error: unknown) => {
      this.mayHaveJobs = true;
      throw error;
    });
    this.mayHaveJobs ||= jobs.length === size;
    if (jobs.length === 0) return 0;
    crashPoint("leased:fetched");
    this.leased = jobs;
    await this.beginLeased();
    return jobs.length;
  }

  private async beginLeased(): Promise<void> {
    const { em, subscriber } = this.parts;
    if (this.leased.length === 0) return;
    const claim = await subscriber.peek(em(), this.leased.map(envelope));
    // An attempt whose lease ran out has failed, and counts, even where the next one is held.
    const toHold = this.leased.filter((job) => claim.held.has(job.id) && job.retryCount === 0);
    if (toHold.length > 0) {
      const held = await this.hold(toHold);
      this.leased = this.leased.filter((job) => !held.has(job.id));
      return this.beginLeased();
    }
    const toPerform: { job: Message; command: Envelope; delivery: Delivery<unknown> }[] = [];
    for (const job of this.leased) {
      const command = envelope(job);
      if (!counts(claim, job)) this.performed.push({ job, command, ok: null });
      else if (job.retryCount > 0) this.fail(job, command, new Transient("The lease ran out: its process died, or the attempt took too long"));
      else {
        try {
          toPerform.push({ job, command, delivery: delivery(this.participant, command) });
        } catch (error) {
          this.fail(job, command, error);
        }
      }
    }
    this.leased = [];
    if (toPerform.length > 0) await this.begin(toPerform);
  }

  /** Moves jobs aside whose senders are paused, as far as they still are under the lock. @returns which are not in hand any more */
  private async hold(jobs: readonly Message[]): Promise<ReadonlySet<string>> {
    const { subscriber, transaction } = this.parts;
    return transaction(async (em) => {
      const { held } = await subscriber.claim(em, jobs.map(envelope));
      const ofPaused = jobs.filter((job) => held.has(job.id));
      if (ofPaused.length > 0) await hold(em, this.queue, ofPaused);
      return held;
    });
  }

  /** Lease and note of it are one commit: of a process that dies, every lease is known. */
  private async lease(size: number): Promise<Message[]> {
    const { boss, transaction, worker } = this.parts;
    return transaction(async (em) => {
      const jobs = (await boss.fetch<JobData>(this.queue, { batchSize: size, ...onConnectionOf(em) })) as Message[];
      const held = [...this.inHand.keys(), ...[...this.settling, ...this.performed].map((one) => one.job.id)];
      if (jobs.length > 0) await worker.takeInHand(em, this.queue, [...held, ...jobs.map((job) => job.id)], false);
      return jobs;
    });
  }

  private async begin(batch: readonly { job: Message; command: Envelope; delivery: Delivery<unknown> }[]): Promise<void> {
    const deliveries = batch.map((one) => one.delivery);
    const inputs = await this.participant.loadAll(this.parts.em(), deliveries).catch((error: unknown) => {
      for (const { job, command } of batch) this.fail(job, command, error);
      return null;
    });
    if (inputs === null) return;
    for (const [index, one] of batch.entries()) this.inHand.set(one.job.id, this.perform(one, inputs[index]));
  }

  private async perform(one: { job: Message; command: Envelope; delivery: Delivery<unknown> }, input: unknown): Promise<void> {
    const timeout = AbortSignal.timeout(this.attemptTimeoutMs);
    const begunAt = monotonicMs();
    const timed = (): Envelope => ({ ...one.command, tookMs: Math.round(monotonicMs() - begunAt) });
    try {
      const output = await inTime(this.participant.perform(input, one.delivery, timeout), this.attemptTimeoutMs, one.command.name);
      crashPoint("leased:performed");
      this.performed.push({ ...one, command: timed(), ok: true, input, output });
    } catch (error) {
      this.fail(one.job, timed(), error);
    }
    this.inHand.delete(one.job.id);
    this.loop.wake();
  }

  private fail(job: Message, command: Envelope, error: unknown): void {
    this.performed.push({ job, command, ok: false, failure: failureReason(error) });
  }

  /** Settles what has been performed, together; if that fails, one at a time, so that one bad record hurts nobody else. */
  private async settleAll(): Promise<void> {
    const batch = this.settling;
    if (batch.length === 0) return;
    try {
      await this.settleTogether(batch);
    } catch (error) {
      if (isDatabaseTrouble(error) && !(error instanceof TakenOver)) {
        this.performed.push(...batch);
        throw error;
      }
      for (const [index, one] of batch.entries()) {
        await this.settleAlone(one, error).catch((trouble: unknown) => {
          this.performed.push(...batch.slice(index));
          throw trouble;
        });
      }
    } finally {
      this.settling = [];
    }
  }

  private async settleTogether(batch: readonly Performed[]): Promise<void> {
    let hasGoneOn = false;
    try {
      await this.settle(batch, () => (hasGoneOn = true));
    } catch (error) {
      if (!hasGoneOn || isDatabaseTrouble(error)) throw error;
      await this.settle(batch, null);
    }
  }

  /** @throws when nobody's message is to blame */
  private async settleAlone(one: Performed, batchError: unknown): Promise<void> {
    const { job, command } = one;
    try {
      await this.settle([one], null);
    } catch (error) {
      if (error instanceof TakenOver)
        return this.parts.log.warn({ queue: this.queue, job: job.id }, "A lease ran out before its effect was recorded; whoever has it now decides");
      if (isDatabaseTrouble(error)) throw error;
      await this.settle([{ job, command, ok: false, failure: failureReason(error ?? batchError) }], null).catch((cause: unknown) => {
        if (isDatabaseTrouble(cause)) throw cause;
        this.parts.log.error(
          { err: cause, queue: this.queue, job: job.id },
          "A message was carried out, but neither its effect nor a failure can be recorded; its lease runs out, and the attempt counts as failed",
        );
      });
    }
  }

  /** @param goesOn see `carryOutFollowing`; null: what follows goes onto its queue */
  private async settle(batch: readonly Performed[], goesOn: (() => void) | null): Promise<void> {
    const { boss, subscriber, transaction } = this.parts;
    await transaction(async (em) => {
      // After a failed attempt nothing is gone on to: should the process die of what follows, this command would be blamed once more.
      const isFirst = batch.every(({ command }) => (command.replyTo?.attempt ?? 1) === 1);
      deliverDirectly(em, { carriesOut: (name) => goesOn !== null && isFirst && this.parts.followers.has(name) });
      const claim = await subscriber.claim(
        em,
        batch.map((one) => one.command),
      );
      const current = batch.filter((one) => counts(claim, one.job));
      const done = current.filter((one) => one.ok === true);
      const failed = current.filter((one) => one.ok === false);
      const unbegun = current.filter((one) => one.ok === null);
      const unreadable = batch.filter((one) => claim.unreadable.has(one.job.id));
      const stale = batch.filter((one) => !counts(claim, one.job) && !claim.unreadable.has(one.job.id));
      if (done.length > 0) {
        const replies = await this.participant.recordAll(em, done);
        await publishReplies(
          em,
          subscriber,
          done.map((one) => one.command),
          replies,
          claim,
        );
        afterCommit(em, () => this.parts.completions.add(this.queue, done.length));
      }
      if (failed.length > 0) {
        await countFailures(
          em,
          subscriber,
          failed.map((one) => ({ envelope: one.command, failure: one.failure })),
          claim,
        );
      }
      if (stale.length > 0) {
        await subscriber.putAside(
          em,
          stale.map((one) => one.command),
          claim,
        );
      }
      await carryOutFollowing(em, this.parts, claim, goesOn ?? (() => undefined));
      await subscriber.save(em, claim);
      const jobsOf = (some: readonly Performed[]): Message[] => some.map((one) => one.job);
      const settled = [...done, ...failed, ...stale];
      if (unbegun.length > 0) await postpone(em, this.queue, jobsOf(unbegun), 0);
      if (unreadable.length > 0) await postponeUnreadable(em, this.queue, jobsOf(unreadable), claim, this.parts.log);
      if (settled.length > 0) await settle(boss, em, this.queue, jobsOf(settled));
    });
  }
}

/** Of commands whose effect has been begun, or may have been, those of paused senders count like all others. */
const counts = (claim: Claim, { id }: Message): boolean => claim.current.has(id) || claim.held.has(id);
