import type { FailureReason } from "../../../kernel/errors.ts";
import { failureReason, Transient } from "../../../kernel/errors.ts";
import {
  later as answersLater,
  queueOf,
  type AnyEvent,
  type Delivery,
  type Envelope,
  type EventMessage,
  type Later,
  type Outgoing,
  type Published,
  type Receipt,
} from "../../../outbox/index.ts";
import { nodeOf, startOf, toCarryOut, type Definition, type StepNode } from "../compiled.ts";
import { decide, type Input } from "../decide.ts";
import { endedRunIds, type Instance, type Run } from "../instance.ts";
import type { OperatorAction } from "../operator.ts";
import { SagaRegistry, type AnySaga } from "../registry.ts";
import { MAIL_QUEUE, type Locked, type Mail } from "../store.ts";
import { OPERATOR } from "../testing.ts";
import type { Decision, HistoryRow } from "../decision.ts";
import { claimOf, sagaIdsOf, Work, type Key, type LockedClaim } from "../work.ts";
import { Effects, type Effect } from "./effects.ts";

/** A row of the outbox. `deliverAt`: milliseconds; infinite: held until its saga is resumed. */
interface Waiting {
  readonly envelope: Envelope;
  readonly deliverAt: number;
}

/** A command on its queue. */
export interface Job {
  readonly id: string;
  readonly envelope: Envelope;
  readonly retryCount: number;
  /** While it is leased, until when. */
  readonly leasedUntil: number | null;
  /** How many processes have died carrying it out: the second one did so alone, on purpose. */
  readonly deaths: number;
  /** It was rolled back alone, and is yet to be counted as failed. */
  readonly verdict: FailureReason | null;
}

/** A leased command in the hands of a process. */
export interface Hand {
  readonly job: Job;
  /** Whether it was begun: one that had been given up before is only put aside. */
  readonly isBegun: boolean;
  /** What came of it; undefined while it is carried out. */
  readonly result: EventMessage | Later | FailureReason | null | undefined;
  readonly dueAt: number;
  /** The process has died. */
  readonly isDead: boolean;
}

interface Kept {
  readonly mail: Mail;
  readonly keepUntil: number;
}

export interface Letter {
  readonly id: string;
  readonly queue: string;
  readonly message: string;
  readonly sagaId: string | null;
  readonly runId: string | null;
  readonly mail: Mail | null;
  readonly status: "OPEN" | "REDRIVEN" | "DISCARDED";
}

/** An answer that is known outside, and has not been told yet. */
export interface Answer {
  readonly runId: string;
  readonly message: EventMessage;
  readonly messageId: string;
  readonly dueAt: number;
}

/** Everything that a database, its queues and the world around them hold. Nothing in it is changed in place, so an older one is a snapshot. */
export interface WorldState {
  readonly now: number;
  readonly ids: number;
  readonly sagas: ReadonlyMap<string, Instance>;
  readonly history: ReadonlyMap<string, readonly HistoryRow[]>;
  readonly outbox: readonly Waiting[];
  readonly jobs: readonly Job[];
  readonly hands: readonly Hand[];
  readonly mail: readonly Kept[];
  readonly letters: readonly Letter[];
  readonly answers: readonly Answer[];
  readonly effects: ReadonlyMap<string, Effect>;
  readonly counts: ReadonlyMap<string, number>;
  readonly pausedQueues: ReadonlyMap<string, number>;
}

/** What becomes of one attempt at a command. */
export type Attempt =
  | { readonly does: "answers" | "later"; readonly answer: EventMessage }
  /** `afterwards`: outside the database, its effect has happened all the same. */
  | { readonly does: "fails"; readonly failure: FailureReason; readonly afterwards: EventMessage | null }
  /** It is carried out by the participant's own function. */
  | { readonly does: "its work" };

export type ParticipantFunction = (delivery: Delivery<never>, effects: Effects) => EventMessage | Later;

export interface WorldParts {
  readonly saga: AnySaga;
  /** Names of commands whose effects are outside the database: they are leased, and answer a run always alike. */
  readonly isOutside: (command: string) => boolean;
  readonly functionOf: (command: string) => ParticipantFunction | undefined;
  readonly random: () => number;
  /** Hears of everything that a defence has done, by its name. */
  readonly fired: (defence: string) => void;
  /** Hears of every decision before anything follows from it. */
  readonly decided: (before: Instance, input: Input, decision: Decision) => void;
}

/** How long an event waits for its saga, as the store says it. */
const KEEP_MAIL_MS = 24 * 3_600_000;
/** A lease is a little longer than an attempt. */
const LEASE_EXTRA_MS = 5_000;

class Failed extends Error {
  readonly failure: FailureReason;
  constructor(failure: FailureReason) {
    super(failure.message);
    this.failure = failure;
  }
}

const died = failureReason(new Transient("The process that carried it out died doing so"));
const ranOut = failureReason(new Transient("The lease ran out: its process died, or the attempt took too long"));

/** The decisions of a simulated transaction: the engine's own, with somebody who looks on. */
class WatchedWork extends Work {
  private readonly watch: WorldParts["decided"];

  constructor(registry: SagaRegistry, claim: LockedClaim | undefined, source: { newId: () => string; random: () => number }, watch: WorldParts["decided"]) {
    super(registry, claim, source);
    this.watch = watch;
  }

  override decide(before: Instance, input: Input): Decision {
    const decision = super.decide(before, input);
    this.watch(before, input, decision);
    return decision;
  }
}

/**
 * A database with its queues, in memory, that runs the engine's own rules: what is decided, who hears what, which commands still
 * count. What PostgreSQL does for the engine is done here as its statements say: locks, unique keys, mail, held and due rows,
 * leases. Each method is one transaction, or what a process does between two; who does what when is the caller's choice.
 */
export class World {
  state: WorldState;
  readonly definition: Definition;
  readonly registry: SagaRegistry;
  private readonly parts: WorldParts;
  private readonly effects = new Effects();
  private readonly source: { newId: () => string; random: () => number };
  /** While a consumer's transaction is open: what it sends to itself. */
  private direct: { readonly carriesOut: (name: string) => boolean; readonly following: Envelope[] } | null = null;

  constructor(parts: WorldParts, now: Date) {
    this.parts = parts;
    this.registry = new SagaRegistry([parts.saga], [], { isWhole: false });
    this.definition = this.registry.definitions[0] as Definition;
    this.state = {
      now: now.getTime(),
      ids: 0,
      sagas: new Map(),
      history: new Map(),
      outbox: [],
      jobs: [],
      hands: [],
      mail: [],
      letters: [],
      answers: [],
      effects: new Map(),
      counts: new Map(),
      pausedQueues: new Map(),
    };
    this.source = { newId: () => this.newId(), random: parts.random };
  }

  get now(): Date {
    return new Date(this.state.now);
  }

  get sagas(): Instance[] {
    return [...this.state.sagas.values()];
  }

  /** The saga of the latest run of its key. */
  get saga(): Instance | undefined {
    return this.sagas.at(-1);
  }

  /** What real functions have done. */
  get ledger(): Effects {
    this.effects.restore(this.state.counts);
    return this.effects;
  }

  change(changes: Partial<WorldState>): void {
    this.state = { ...this.state, ...changes };
  }

  newId(): string {
    const ids = this.state.ids + 1;
    this.change({ ids });
    return `00000000-0000-7000-8000-${String(ids).padStart(12, "0")}`;
  }

  // ---- senders

  /** A transaction that publishes an event. */
  publish(message: EventMessage, messageId: string): Receipt {
    return this.hear([this.published(message, messageId)])[0] as Receipt;
  }

  /** A transaction that gives an answer from outside. */
  reply({ runId, message, messageId }: Pick<Answer, "runId" | "message" | "messageId">): Receipt {
    return this.hear([{ ...this.published(message, messageId), replyTo: { runId, attempt: 0 } }])[0] as Receipt;
  }

  /** A sender that looked before its saga was born, and commits after: what it says is kept, though somebody could hear it by now. */
  publishUnseen(message: EventMessage, messageId: string): Receipt {
    const { state } = this;
    this.change({ sagas: new Map() });
    const receipt = this.publish(message, messageId);
    this.change({ sagas: state.sagas });
    return receipt;
  }

  private published({ contract, payload }: EventMessage, id: string): Published {
    return { id, contract, payload, correlationId: null, causationId: null, replyTo: null };
  }

  // ---- the relay

  get dueRows(): readonly Waiting[] {
    return this.state.outbox.filter(({ deliverAt }) => deliverAt <= this.state.now);
  }

  /** Moves a row of the outbox onto its queue. `copies`: it arrives so often again, under other ids. */
  relay(row: Waiting, copies = 0): void {
    this.change({ outbox: this.state.outbox.filter((one) => one !== row) });
    this.enqueue([row.envelope, ...Array.from({ length: copies }, () => ({ ...row.envelope, id: this.newId() }))]);
  }

  private enqueue(envelopes: readonly Envelope[]): void {
    const jobs = envelopes.map((envelope): Job => ({ id: envelope.id, envelope, retryCount: 0, leasedUntil: null, deaths: 0, verdict: null }));
    this.change({ jobs: [...this.state.jobs, ...jobs] });
  }

  // ---- consumers

  isOutside(job: Pick<Job, "envelope">): boolean {
    return this.parts.isOutside(job.envelope.name);
  }

  /** Jobs that a consumer may take now. */
  get readyJobs(): readonly Job[] {
    const { jobs, pausedQueues } = this.state;
    return jobs.filter(({ leasedUntil, envelope }) => leasedUntil === null && !pausedQueues.has(queueOf(envelope.name)));
  }

  attemptTimeoutMs(command: string): number {
    return this.registry.commands().get(command)?.attemptTimeoutMs ?? 30_000;
  }

  /**
   * One transaction of a consumer whose effects are in the database, and that goes on to at most `follows` commands.
   * @returns what it came to: a batch that fails is rolled back, and a message that fails alone is counted as failed the next time
   */
  consume(jobs: readonly Job[], attempt: (command: Envelope) => Attempt, follows: number): "committed" | "rolled back" {
    const before = this.state;
    let hasGoneOn = false;
    try {
      this.batch(jobs, attempt, follows, () => (hasGoneOn = true));
      return "committed";
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      this.change({ ...before, ids: this.state.ids });
      this.direct = null;
      this.parts.fired("a transaction is rolled back");
      if (!hasGoneOn && jobs.length === 1) this.changeJob(jobs[0] as Job, { verdict: error.failure });
      return "rolled back";
    }
  }

  /** The process dies in the middle of a consumer's transaction. */
  dieConsuming(job: Job): void {
    this.changeJob(job, { deaths: job.deaths + 1 });
  }

  private batch(jobs: readonly Job[], attempt: (command: Envelope) => Attempt, follows: number, goesOn: () => void): void {
    const mayGoOn = follows > 0 && jobs.every(({ deaths, verdict, envelope }) => deaths === 0 && verdict === null && (envelope.replyTo?.attempt ?? 1) === 1);
    this.direct = { carriesOut: (name) => mayGoOn && !this.parts.isOutside(name), following: [] };
    const claim = this.claim(jobs);
    const failureOf = (job: Job): FailureReason | null => job.verdict ?? (job.deaths > 1 ? died : null);
    const {
      current = [],
      stale = [],
      failed = [],
      held = [],
    } = Object.groupBy(jobs, (job) => {
      if (!claim.current.has(job.id) && !claim.held.has(job.id)) return "stale";
      if (failureOf(job) !== null) return "failed";
      return claim.held.has(job.id) ? "held" : "current";
    });
    if (held.length > 0) this.hold(held);
    this.carryOut(
      current.map(({ envelope }) => envelope),
      claim,
      attempt,
    );
    this.putAside(stale, claim);
    for (const job of failed) this.attemptFailed(job.envelope, failureOf(job) as FailureReason, claim);
    this.removeJobs([...current, ...stale, ...failed]);
    this.follow(claim, attempt, follows, goesOn);
    this.direct = null;
  }

  private follow(claim: LockedClaim, attempt: (command: Envelope) => Attempt, follows: number, goesOn: () => void): void {
    for (let length = 0, commands = this.takeFollowing(); commands.length > 0; length += 1, commands = this.takeFollowing()) {
      const reclaimed = claimOf(commands, claim.locked, claim.unsaved);
      const started = commands.filter(({ id, name }) => length < follows && !this.state.pausedQueues.has(queueOf(name)) && reclaimed.current.has(id));
      this.enqueue(commands.filter((command) => !started.includes(command)));
      if (started.length === 0) continue;
      goesOn();
      this.carryOut(started, reclaimed, attempt);
      this.parts.fired("a step follows in the same commit");
    }
  }

  private takeFollowing(): Envelope[] {
    return this.direct?.following.splice(0) ?? [];
  }

  private carryOut(commands: readonly Envelope[], claim: LockedClaim, attempt: (command: Envelope) => Attempt): void {
    if (commands.length === 0) return;
    const replies = commands.map((command) => [command, this.perform(command, attempt(command), false)] as const);
    this.record(replies, claim);
  }

  private record(replies: readonly (readonly [Envelope, EventMessage | Later])[], claim: LockedClaim): void {
    const answered = replies.flatMap(([command, reply]) => (isLater(reply) ? [] : [{ command, reply }]));
    const unanswered = replies.filter(([, reply]) => isLater(reply));
    const events = answered.map(({ command, reply }): Published => ({
      id: this.newId(),
      contract: reply.contract,
      payload: reply.payload,
      correlationId: command.correlationId,
      causationId: command.id,
      replyTo: command.replyTo,
    }));
    if (events.length > 0) this.hear(events, claim);
    if (unanswered.length === 0) return;
    const work = this.work(claim);
    for (const [command] of unanswered) work.answersLater(command);
    this.finish(work);
  }

  // ---- effects outside the database

  /** Leases a job. @returns what is in hand now; undefined: it is held, and has gone back to the outbox */
  lease(job: Job): Hand | undefined {
    const timeoutMs = this.attemptTimeoutMs(job.envelope.name);
    const leased = this.changeJob(job, { leasedUntil: this.state.now + timeoutMs + LEASE_EXTRA_MS });
    const claim = this.claim([job]);
    if (claim.held.has(job.id) && job.retryCount === 0) {
      this.hold([leased]);
      return undefined;
    }
    const counts = claim.current.has(job.id) || claim.held.has(job.id);
    const hand: Hand = { job: leased, isBegun: counts, result: !counts ? null : job.retryCount > 0 ? ranOut : undefined, dueAt: this.state.now, isDead: false };
    if (counts && job.retryCount > 0) this.parts.fired("a lease runs out");
    this.change({ hands: [...this.state.hands, hand] });
    return hand;
  }

  /** What is in hand is carried out. */
  performInHand(hand: Hand, attempt: Attempt): void {
    this.changeHand(hand, { result: this.tryOutside(hand.job.envelope, attempt) });
  }

  private tryOutside(command: Envelope, attempt: Attempt): EventMessage | Later | FailureReason {
    try {
      return this.perform(command, attempt, true);
    } catch (error) {
      if (error instanceof Failed) return error.failure;
      throw error;
    }
  }

  changeHand(hand: Hand, changes: Partial<Hand>): void {
    this.change({ hands: this.state.hands.map((one) => (one === hand ? { ...hand, ...changes } : one)) });
  }

  /** What came of something in hand is recorded, in one transaction. */
  settle(hand: Hand, attempt: (command: Envelope) => Attempt, follows: number): void {
    const { job, result } = hand;
    const before = this.state;
    this.change({ hands: this.state.hands.filter((one) => one !== hand) });
    const mine = this.state.jobs.find(({ id, retryCount, leasedUntil }) => id === job.id && retryCount === job.retryCount && leasedUntil !== null);
    if (mine === undefined) return this.parts.fired("a job was taken over");
    try {
      this.settleMine(mine, result, attempt, follows);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      // What followed has failed, and is judged by itself.
      this.change({ ...before, ids: this.state.ids, hands: this.state.hands });
      this.settleMine(mine, result, attempt, 0);
    }
  }

  private settleMine(job: Job, result: Hand["result"], attempt: (command: Envelope) => Attempt, follows: number): void {
    const { envelope } = job;
    const isFirst = (envelope.replyTo?.attempt ?? 1) === 1;
    this.direct = { carriesOut: (name) => follows > 0 && isFirst && !this.parts.isOutside(name), following: [] };
    const claim = this.claim([job]);
    const counts = claim.current.has(job.id) || claim.held.has(job.id);
    if (counts && result === null) this.changeJob(job, { leasedUntil: null });
    else {
      if (!counts) this.putAside([job], claim);
      else if (result != null && "code" in result) this.attemptFailed(envelope, result, claim);
      else if (result != null) this.record([[envelope, result]], claim);
      this.removeJobs([job]);
    }
    this.follow(claim, attempt, follows, () => undefined);
    this.direct = null;
  }

  get expiredLeases(): readonly Job[] {
    return this.state.jobs.filter(({ leasedUntil }) => leasedUntil !== null && leasedUntil < this.state.now);
  }

  /** A lease has run out: the job is free for whoever comes; who had it may go on all the same. */
  expire(job: Job): void {
    this.changeJob(job, { leasedUntil: null, retryCount: job.retryCount + 1 });
  }

  /** The process that has things in hand dies. */
  die(): void {
    this.change({ hands: this.state.hands.map((hand) => ({ ...hand, isDead: true })) });
  }

  /** The lease of a process that is known to be dead is given up as a failed attempt. */
  giveUp(hand: Hand): void {
    this.change({ hands: this.state.hands.filter((one) => one !== hand) });
    const job = this.state.jobs.find(({ id, retryCount, leasedUntil }) => id === hand.job.id && retryCount === hand.job.retryCount && leasedUntil !== null);
    if (job === undefined) return;
    this.parts.fired("a dead process gives up a lease");
    const claim = this.claim([job]);
    this.removeJobs([job]);
    this.attemptFailed(job.envelope, died, claim);
  }

  // ---- the sweeper

  /** A timer has passed, and nothing keeps it from being taken. */
  isDue(instance: Instance): boolean {
    const at = this.nextTimer(instance);
    return at !== null && at <= this.state.now;
  }

  /** When the next timer of a saga passes, as it stands; null: none does. */
  nextTimer(instance: Instance): number | null {
    const { status, pausedAt, deadlineAt, remindAt } = instance;
    if (pausedAt !== null || !["RUNNING", "RETRYING", "WAITING"].includes(status)) return null;
    if (toCarryOut(this.definition, instance).some(({ step }) => this.state.pausedQueues.has(queueOf(step.command.name)))) return null;
    const timers = [deadlineAt, remindAt].filter((timer) => timer !== null).map((timer) => timer.getTime());
    return timers.length === 0 ? null : Math.min(...timers);
  }

  /** Takes the outcome of the timer of a saga that is due. */
  sweepTimer(instance: Instance): void {
    const work = this.work(claimOf([], this.locked([instance])));
    work.step(instance.id, { kind: "clock" });
    this.finish(work);
  }

  get deliverableMail(): boolean {
    return this.state.mail.some(({ mail }) => this.lockBySubject([keyOfMail(mail)]).instances.size > 0);
  }

  /** Gives kept events to sagas that exist by now. */
  deliverMail(): void {
    const keys = this.state.mail.map(({ mail }) => keyOfMail(mail));
    const work = this.work(undefined);
    work.add(this.lockBySubject(keys));
    work.deliver(this.takeMail(keys.filter((key) => work.isLocked(key))));
    this.finish(work);
  }

  get orphans(): readonly Mail[] {
    return this.state.mail
      .filter(({ mail, keepUntil }) => keepUntil < this.state.now && this.lockBySubject([keyOfMail(mail)]).instances.size === 0)
      .map(({ mail }) => mail);
  }

  buryOrphans(): void {
    const { orphans } = this;
    this.change({ mail: this.state.mail.filter(({ mail }) => !orphans.includes(mail)) });
    for (const mail of orphans) this.buryMail(mail);
    this.parts.fired("an orphan is buried");
  }

  // ---- operators

  /** An operator acts on a saga. @returns why not, or null */
  operate(sagaId: string, action: OperatorAction, note: string | null): string | null {
    const locked = this.lockById([sagaId]);
    const instance = locked.instances.get(sagaId);
    if (instance === undefined) return "There is no such saga.";
    const work = this.work(claimOf([], locked));
    const queuePauses = new Map([...this.state.pausedQueues].map(([queue, at]) => [queue, new Date(at)]));
    const decision = work.decide(instance, { kind: "operator", action, actorId: OPERATOR, note, ...(action.kind === "resume" ? { queuePauses } : {}) });
    if (decision.denied !== undefined) return decision.explanation ?? "";
    work.take(instance, decision);
    this.finish(work);
    this.resolveLetters(instance, action);
    this.byHand(instance, action);
    this.parts.fired(`operator: ${action.kind}`);
    return null;
  }

  /** An operator has a dead letter sent round again. @returns why not, or null */
  redrive(letter: Letter): string | null {
    const work = this.work(claimOf([], this.lockById(letter.sagaId === null ? [] : [letter.sagaId])));
    if (letter.mail !== null) work.add(this.lockBySubject([keyOfMail(letter.mail)]));
    const reason = letter.mail !== null ? deliverAgain(work, letter.mail) : this.redriveCommand(work, letter);
    if (reason !== null) return reason;
    this.finish(work);
    this.resolve([letter.id], "REDRIVEN");
    this.parts.fired("operator: redrive");
    return null;
  }

  /** Nobody takes from a queue until it is resumed. */
  pauseQueue(queue: string): void {
    this.change({ pausedQueues: new Map(this.state.pausedQueues).set(queue, this.state.now) });
  }

  /** The steps that waited on the queue have as long as they had before. */
  resumeQueue(queue: string): void {
    const pausedAt = this.state.pausedQueues.get(queue);
    if (pausedAt === undefined) return;
    const { now } = this.state;
    const sagas = new Map(this.state.sagas);
    for (const instance of sagas.values()) {
      if (instance.deadlineAt === null || !["RUNNING", "RETRYING"].includes(instance.status)) continue;
      const waited = toCarryOut(this.definition, instance).filter(({ step }) => queueOf(step.command.name) === queue);
      if (waited.length === 0) continue;
      const since = Math.min(...waited.map(({ run }) => Math.max(pausedAt, run.startedAt.getTime(), run.deadlineSetAt?.getTime() ?? 0)));
      const until = Math.max(since, instance.pausedAt?.getTime() ?? now);
      sagas.set(instance.id, { ...instance, deadlineAt: new Date(instance.deadlineAt.getTime() + until - since) });
    }
    const pausedQueues = new Map(this.state.pausedQueues);
    pausedQueues.delete(queue);
    this.change({ sagas, pausedQueues });
  }

  private redriveCommand(work: Work, letter: Letter): string | null {
    const instance = work.instance(letter.sagaId ?? "");
    if (instance === undefined) return "Its saga is gone.";
    const decision = work.decide(instance, { kind: "redrive", runId: letter.runId, command: letter.message, actorId: OPERATOR, note: null });
    if (decision.denied !== undefined) return decision.explanation ?? "";
    work.take(instance, decision);
    return null;
  }

  private resolveLetters(before: Instance, action: OperatorAction): void {
    if (!["retry", "complete", "skip", "cancel"].includes(action.kind)) return;
    const ended = endedRunIds(before, this.state.sagas.get(before.id) ?? before);
    const answered = this.state.letters.filter(
      ({ sagaId, status, runId }) => sagaId === before.id && status === "OPEN" && (action.kind === "cancel" || runId === null || ended.includes(runId)),
    );
    this.resolve(
      answered.map(({ id }) => id),
      action.kind === "retry" ? "REDRIVEN" : "DISCARDED",
    );
  }

  private resolve(ids: readonly string[], status: Letter["status"]): void {
    this.change({ letters: this.state.letters.map((letter) => (ids.includes(letter.id) ? { ...letter, status } : letter)) });
  }

  /** Whoever says that something was done, or undone, by hand has done so. */
  private byHand(before: Instance, action: OperatorAction): void {
    if (action.kind !== "complete") return;
    const saga = this.state.sagas.get(before.id) ?? before;
    const ended = endedRunIds(before, saga);
    for (const run of saga.runs) {
      const was = before.runs.find(({ id }) => id === run.id);
      if (was?.undo?.runId != null && ended.includes(was.undo.runId)) this.takeBack(before.id, run);
      if (!ended.includes(run.id)) continue;
      if (run.status === "none") this.takeBack(before.id, run);
      else if (run.status === "done" || run.status === "partly") this.doOnce(before, run, null);
    }
  }

  // ---- effects

  /** Carries a command out. @throws {Failed} it failed; inside the database, nothing of it stays */
  private perform(command: Envelope, attempt: Attempt, isOutside: boolean): EventMessage | Later {
    if (attempt.does === "fails") {
      if (isOutside && attempt.afterwards !== null) this.effect(command, attempt.afterwards, isOutside);
      throw new Failed(attempt.failure);
    }
    if (attempt.does === "its work") {
      const reply = this.runFunction(command);
      this.effect(command, isLater(reply) ? null : reply, isOutside);
      return reply;
    }
    const answer = this.effect(command, attempt.answer, isOutside) ?? attempt.answer;
    if (attempt.does === "answers") return answer;
    this.change({
      answers: [...this.state.answers, { runId: command.replyTo?.runId ?? "", message: answer, messageId: this.newId(), dueAt: this.state.now }],
    });
    return answersLater();
  }

  private runFunction(command: Envelope): EventMessage | Later {
    const does = this.parts.functionOf(command.name);
    if (does === undefined) throw new Error(`${command.name} has no participant of its own`);
    const contract = this.commandOf(command.name);
    const delivery: Delivery<never> = {
      payload: contract.schema.decode(command.payload, command.name) as never,
      messageId: command.id,
      runId: command.replyTo?.runId ?? command.id,
      attempt: command.replyTo?.attempt ?? 1,
      sagaId: command.correlationId,
    };
    const { ledger } = this;
    try {
      const reply = does(delivery, ledger);
      return reply;
    } catch (error) {
      throw new Failed(failureReason(error));
    } finally {
      this.change({ counts: ledger.save() });
    }
  }

  private commandOf(name: string): { readonly schema: { decode(json: unknown, path: string): unknown } } {
    const schema = this.registry.schemaOf(name);
    if (schema === undefined) throw new Error(`${this.definition.name} sends no ${name}`);
    return { schema };
  }

  /** What the command does, by the role that it has for its saga. @returns the answer that it gives; null: none yet */
  private effect(command: Envelope, answer: EventMessage | null, isOutside: boolean): EventMessage | null {
    const instance = this.state.sagas.get(command.correlationId ?? "");
    const runId = command.replyTo?.runId;
    if (instance === undefined || runId === undefined) return answer;
    const undone = instance.runs.find((one) => one.undo?.runId === runId);
    if (undone !== undefined) {
      this.takeBack(instance.id, undone);
      return answer;
    }
    const run = instance.runs.find(({ id }) => id === runId);
    if (run === undefined) return answer;
    const known = this.state.effects.get(run.id);
    const isRedriven = instance.asides.some(({ id }) => id === run.id);
    if (!isOutside && !isRedriven) {
      if (!this.saysNo(instance, run, answer)) this.do(instance, run, answer);
      return answer;
    }
    // Outside, a key means one effect and one answer, and nothing more once it was taken back.
    const given = known?.answer ?? answer;
    if (!this.saysNo(instance, run, given)) this.doOnce(instance, run, given);
    else if (known === undefined) this.note(instance, run, { count: 0, answer: given });
    return given;
  }

  private do(instance: Instance, run: Run, answer: EventMessage | null): void {
    this.note(instance, run, { count: (this.state.effects.get(run.id)?.count ?? 0) + 1, answer });
  }

  private doOnce(instance: Instance, run: Run, answer: EventMessage | null): void {
    const known = this.state.effects.get(run.id);
    if (known === undefined || (known.count === 0 && !known.isTakenBack)) this.note(instance, run, { count: 1, answer: answer ?? known?.answer ?? null });
  }

  private takeBack(sagaId: string, run: Run): void {
    const instance = this.state.sagas.get(sagaId);
    if (instance !== undefined) this.note(instance, run, { count: 0, isTakenBack: true });
  }

  private note(instance: Instance, run: Run, changes: Partial<Effect>): void {
    const node = this.definition.nodes.get(run.state);
    const before: Effect = this.state.effects.get(run.id) ?? {
      runId: run.id,
      sagaId: instance.id,
      state: run.state,
      command: node?.kind === "step" ? node.command.name : null,
      count: 0,
      isTakenBack: false,
      answer: null,
    };
    this.change({ effects: new Map(this.state.effects).set(run.id, { ...before, ...changes }) });
  }

  /** Whether the answer states that the step changed nothing: asked of the rules themselves, on trial. */
  private saysNo(instance: Instance, run: Run, answer: EventMessage | null): boolean {
    if (answer === null) return false;
    const { contract, payload } = answer;
    if (!canSayNo(nodeOf(this.definition, run.state) as StepNode, contract)) return false;
    const input: Input = { kind: "reply", messageId: "", runId: run.id, contract, payload };
    const trial = decide(this.definition, instance, input, { now: this.now, newId: () => "trial", random: () => 0.5 });
    return trial.instance.runs.find(({ id }) => id === run.id)?.status === "none";
  }

  // ---- transactions

  private work(claim: LockedClaim | undefined): WatchedWork {
    return new WatchedWork(this.registry, claim, this.source, this.parts.decided);
  }

  private claim(jobs: readonly Job[]): LockedClaim {
    const envelopes = jobs.map(({ envelope }) => envelope);
    return claimOf(envelopes, this.lockById(sagaIdsOf(envelopes)));
  }

  private hear(events: readonly Published[], claim?: LockedClaim): readonly Receipt[] {
    const work = this.work(claim);
    const { ids, keys, births } = work.wantedBy(events);
    work.add(this.lockById(ids));
    work.add(this.lockBySubject(keys));
    work.receive(this.takeMail(births), this.now);
    const receipts = events.map((event) => work.hear(event));
    this.finish(work);
    return receipts.map((receipt) => work.final(receipt));
  }

  private putAside(jobs: readonly Job[], claim: LockedClaim): void {
    if (jobs.length === 0) return;
    const work = this.work(claim);
    for (const { envelope } of jobs) work.putAside(envelope);
    this.finish(work);
  }

  private attemptFailed(envelope: Envelope, failure: FailureReason, claim: LockedClaim): void {
    const work = this.work(claim);
    work.attemptFailed({ envelope, failure });
    this.finish(work);
  }

  /** What `Advance.finish` does, in the same order: births, then what keeps and buries mail, then the rest. */
  private finish(work: WatchedWork): void {
    if (work.isEmpty()) return;
    const inserted = this.insertBorn(work);
    const results = work.results();
    if (work.kept.length > 0) work.keptAlready(this.keepMail(work.kept));
    for (const { mail } of work.buried) this.buryMail(mail);
    if (results.history.length === 0) return;
    const sagas = new Map(this.state.sagas);
    for (const instance of results.changed) if (!inserted.has(instance)) sagas.set(instance.id, instance);
    const history = new Map(this.state.history);
    for (const row of results.history) history.set(row.sagaId, [...(history.get(row.sagaId) ?? []), row]);
    const letters = results.deadLetters.map(({ id, queue, command, sagaId, runId }): Letter => ({
      id,
      queue,
      message: command.name,
      sagaId,
      runId,
      mail: null,
      status: "OPEN",
    }));
    this.change({ sagas, history, letters: [...this.state.letters, ...letters] });
    this.append(results.commands);
    for (const id of results.released) {
      const isOurs = ({ envelope, deliverAt }: Waiting): boolean => deliverAt === Number.POSITIVE_INFINITY && envelope.correlationId === id;
      this.change({ outbox: this.state.outbox.map((row) => (isOurs(row) ? { ...row, deliverAt: this.state.now } : row)) });
    }
    for (const { runId, at } of results.rescheduled) {
      const isOurs = ({ envelope, deliverAt }: Waiting): boolean => deliverAt < Number.POSITIVE_INFINITY && envelope.replyTo?.runId === runId;
      this.change({ outbox: this.state.outbox.map((row) => (isOurs(row) ? { ...row, deliverAt: at?.getTime() ?? this.state.now } : row)) });
    }
    work.rememberForLater();
  }

  private insertBorn(work: WatchedWork): ReadonlySet<Instance> {
    const inserted = new Set<Instance>();
    const isInserted = new Set<string>();
    for (let born = work.born(); born.length > 0; born = work.born().filter(({ id }) => !isInserted.has(id))) {
      const lost: string[] = [];
      for (const instance of born) {
        const { type, subjectId, runNumber } = instance;
        const isTaken = this.sagas.some((one) => one.type === type && one.subjectId === subjectId && one.runNumber === runNumber);
        if (isTaken) lost.push(instance.id);
        else {
          this.change({ sagas: new Map(this.state.sagas).set(instance.id, instance) });
          inserted.add(instance);
          isInserted.add(instance.id);
          const [first] = instance.runs;
          if (first !== undefined && startOf(this.definition).undo !== null) this.do(instance, first, null);
        }
      }
      const births = work.takeBack(lost);
      if (births.length === 0) break;
      work.add(this.lockBySubject(births));
      for (const birth of births) work.hearAgain(birth);
    }
    return inserted;
  }

  private append(commands: readonly Outgoing[]): void {
    const { direct } = this;
    for (const { envelope, deliverAt } of commands) {
      if (direct === null || deliverAt !== null)
        this.change({ outbox: [...this.state.outbox, { envelope, deliverAt: deliverAt?.getTime() ?? this.state.now }] });
      else if (direct.carriesOut(envelope.name)) direct.following.push(envelope);
      else this.enqueue([envelope]);
    }
  }

  private hold(jobs: readonly Job[]): void {
    this.parts.fired("a command is held");
    this.removeJobs(jobs);
    const rows = jobs.map(({ envelope }): Waiting => ({ envelope, deliverAt: Number.POSITIVE_INFINITY }));
    this.change({ outbox: [...this.state.outbox, ...rows.filter(({ envelope }) => !this.state.outbox.some((row) => row.envelope.id === envelope.id))] });
  }

  private changeJob(job: Job, changes: Partial<Job>): Job {
    const changed = { ...job, ...changes };
    this.change({ jobs: this.state.jobs.map((one) => (one.id === job.id ? changed : one)) });
    return changed;
  }

  private removeJobs(jobs: readonly Job[]): void {
    this.change({ jobs: this.state.jobs.filter(({ id }) => !jobs.some((job) => job.id === id)) });
  }

  private locked(instances: readonly Instance[]): Locked {
    return {
      instances: new Map(instances.map((one) => [one.id, one])),
      unreadable: new Map(),
      unreadableKeys: new Set(),
      now: instances.length === 0 ? new Date(0) : this.now,
    };
  }

  private lockById(ids: readonly string[]): Locked {
    return this.locked(this.sagas.filter(({ id }) => ids.includes(id)));
  }

  private lockBySubject(keys: readonly Key[]): Locked {
    return this.locked(this.sagas.filter((one) => keys.some(({ type, subjectId }) => one.type === type && one.subjectId === subjectId)));
  }

  private takeMail(keys: readonly Key[]): Mail[] {
    const isTaken = ({ mail }: Kept): boolean => keys.some(({ type, subjectId }) => mail.type === type && mail.subject_id === subjectId);
    const taken = this.state.mail.filter(isTaken);
    if (taken.length > 0) this.change({ mail: this.state.mail.filter((one) => !isTaken(one)) });
    return taken.map(({ mail }) => mail);
  }

  private keepMail(mail: readonly Mail[]): ReadonlySet<string> {
    const added = mail.filter(({ id }, index) => !this.state.mail.some((one) => one.mail.id === id) && mail.findIndex((one) => one.id === id) === index);
    const keepUntil = this.state.now + KEEP_MAIL_MS;
    this.change({ mail: [...this.state.mail, ...added.map((one) => ({ mail: one, keepUntil }))] });
    this.parts.fired("an event is kept for its saga");
    return new Set(added.map(({ id }) => id));
  }

  private buryMail(mail: Mail): void {
    if (this.state.letters.some(({ id }) => id === mail.id)) return;
    const letter: Letter = { id: mail.id, queue: MAIL_QUEUE, message: mail.name, sagaId: null, runId: mail.run_id, mail, status: "OPEN" };
    this.change({ letters: [...this.state.letters, letter] });
  }
}

const keyOfMail = ({ type, subject_id }: Mail): Key => ({ type, subjectId: subject_id });

const isLater = (reply: EventMessage | Later): reply is Later => "answers" in reply;

/** Whether some arm of the answer's branch may lead to a no. */
function canSayNo(node: StepNode, contract: AnyEvent): boolean {
  const arms = [...(node.replies.get(contract.name)?.arms.values() ?? [])];
  return arms.some(({ then }) => then.go === "fail" || (then.go === "state" && then.orElse !== undefined));
}

function deliverAgain(work: Work, mail: Mail): string | null {
  const undelivered = work.deliverOne(mail);
  return undelivered === "no saga" ? "There is still no saga with its key." : (undelivered?.message ?? null);
}
