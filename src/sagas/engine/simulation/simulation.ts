import { Defect, failureReason, Permanent, Transient, type FailureReason } from "../../../kernel/errors.ts";
import { queueOf, type AnyCommand, type AnyEvent, type Delivery, type Envelope, type EventMessage, type Later, type Receipt } from "../../../outbox/index.ts";
import { answersOf, nodeOf, startOf, type CompiledBranch, type Definition } from "../compiled.ts";
import type { Input } from "../decide.ts";
import { isFinished, isUndoing, type Instance } from "../instance.ts";
import type { OperatorAction, SagaTimer } from "../operator.ts";
import type { AnyOutcome } from "../outcome.ts";
import type { AnySaga } from "../registry.ts";
import { remainsOf } from "../remains.ts";
import type { Decision } from "../decision.ts";
import { Chance } from "./chance.ts";
import type { Effects } from "./effects.ts";
import { drawMix, faults, type Fault, type Mix } from "./faults.ts";
import { checkDecision, checkRest, checkStep, Violation } from "./invariants.ts";
import { makeUp } from "./payloads.ts";
import { World, type Answer, type Attempt, type Hand, type Job, type WorldState } from "./world.ts";

/** How the participant of one command behaves. */
export interface SimulatedParticipant {
  /**
   * How often an attempt fails: `never`; `sometimes` and `often` while there are faults; `always`. Default: as the seed has it, while
   * there are faults.
   */
  readonly fails?: "never" | "sometimes" | "often" | "always";
  /** Where its effect is. In the `database` it commits with its answer or not at all; `outside` it may happen without. Default: as the seed has it. */
  readonly effect?: "database" | "outside";
  /** Whether it answers later, from outside, where a step may be answered so. Default: as the seed has it; explored, it answers at once. */
  readonly answersLater?: boolean;
  /** What it may answer. Default: every declared reply, made up, those that lead on more often. */
  readonly answers?: readonly EventMessage[];
  /**
   * What it does, instead of an effect that is made up. It keeps its account in `effects`, and fails by throwing. Outside the database it
   * may be called again for a run it has done, as any participant is.
   */
  readonly does?: (delivery: Delivery<never>, effects: Effects) => EventMessage | Later;
}

export interface SimulationOptions {
  /** Which of all possible runs it is. Default 1. */
  readonly seed?: number;
  /** `all`: the seed draws its own mix of all faults (default); `none`; or those that it may draw from. */
  readonly faults?: "all" | "none" | readonly Fault[];
  /** By the name of the command. */
  readonly participants?: Readonly<Record<string, SimulatedParticipant>>;
  /** Payloads of events from outside, the starting one included, where those that are made up make no sense. */
  readonly events?: readonly EventMessage[];
  /** Numbers of faults and events that are left out, as a report names them. */
  readonly without?: readonly number[];
}

/** What may be looked at after every step. */
export interface View {
  /** By the database's clock. */
  readonly now: Date;
  /** The saga of the latest run of the key; undefined before the first is born. */
  readonly saga: Instance | undefined;
  /** Its final, or null while it is under way. */
  readonly final: string | null;
  /** What the made-up participant of a command has done. */
  readonly effects: { readonly of: (command: string) => { readonly standing: number; readonly allUndone: boolean } };
  /** What participants that are real functions have done. */
  readonly ledger: Pick<Effects, "has" | "count">;
  /** What a failed saga says that it leaves behind, by state. */
  readonly remains: readonly string[];
}

interface Line {
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly after: string;
}

const BIRTH = new Date("2026-01-01T00:00:00Z");
const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** While faults go on for ever, so many steps are enough. */
const SAFETY_STEPS = 400;
/** A healthy core that has not come to rest after so many steps never will. */
const LIVENESS_STEPS = 20_000;
/** As often people say something to a saga that waits for them. */
const PEOPLE_SAY_AT_MOST = 40;

/**
 * One run of one saga in virtual time, with everybody around it: participants, senders, relay, sweeper, operators and the clock. What
 * happens next is drawn from the seed, so the same seed is the same run, byte for byte. What is checked after every step is in
 * `invariants.ts`.
 */
export class Simulation {
  readonly world: World;
  readonly seed: number;
  readonly lines: Line[] = [];
  /** How often each defence has done something. */
  readonly fired = new Map<string, number>();
  steps = 0;
  /** How many faults and events were drawn, those left out included. */
  happenings = 0;
  private readonly definition: Definition;
  private readonly options: SimulationOptions;
  private readonly chance: Chance;
  private readonly mix: Mix;
  private readonly faultySteps: number;
  private readonly follows: number;
  private readonly without: ReadonlySet<number>;
  private readonly outside = new Map<string, boolean>();
  private readonly answersLater = new Map<string, boolean>();
  private readonly commands: ReadonlyMap<string, AnyCommand>;
  private readonly rules: { readonly rule: string; readonly holds: (view: View) => unknown }[] = [];
  private readonly sent: { readonly message: EventMessage; readonly messageId: string }[] = [];
  private readonly isTraced: boolean;
  /** How many rows of each history the timeline has told. */
  private readonly told = new Map<string, number>();
  /** The business key that everything is about: of the starting event, once it was sent. */
  private subjectId: string;
  private before: WorldState;
  /** Messages that had an effect when they were sent. */
  private readonly effective = new Set<string>();
  private saidByPeople = 0;
  private begunAgain = 0;
  private isSentAgain = false;
  private helped = 0;
  private isLeft = false;

  constructor(saga: AnySaga, options: SimulationOptions = {}, isTraced = false) {
    this.options = options;
    this.isTraced = isTraced;
    this.seed = options.seed ?? 1;
    this.chance = new Chance(this.seed);
    this.definition = saga.definition;
    this.commands = commandsOf(saga.definition);
    this.without = new Set(options.without);
    const wanted = options.faults ?? "all";
    this.mix = drawMix(this.chance, wanted === "all" ? faults : wanted === "none" ? [] : wanted);
    const faultySteps = this.chance.yes(0.2) ? Number.POSITIVE_INFINITY : this.chance.below(80);
    this.faultySteps = wanted === "none" ? 0 : faultySteps;
    this.follows = this.chance.yes(0.5) ? 9 : 0;
    this.world = new World(
      {
        saga,
        isOutside: (name) => this.isOutside(name),
        functionOf: (name) => options.participants?.[name]?.does,
        random: () => this.chance.next(),
        fired: (defence) => this.fire(defence),
        decided: (before, input, decision) => this.decided(before, input, decision),
      },
      BIRTH,
    );
    this.subjectId = this.world.newId();
    this.before = this.world.state;
  }

  get view(): View {
    const { world, definition } = this;
    const { saga } = world;
    return {
      now: world.now,
      saga,
      final: saga !== undefined && isFinished(saga) ? saga.state : null,
      effects: {
        of: (command) => {
          const standing = [...world.state.effects.values()].filter((one) => one.command === command && one.count > 0).length;
          return { standing, allUndone: standing === 0 };
        },
      },
      ledger: world.ledger,
      remains: saga === undefined ? [] : remainsOf(definition, saga).map(({ state }) => state),
    };
  }

  /** A rule of the user, checked now and after every step: it is broken where `holds` returns false or throws. */
  always(rule: string, holds: (view: View) => unknown): void {
    this.rules.push({ rule, holds });
    this.checkRule(rule, holds);
  }

  send(message: EventMessage, messageId = this.world.newId()): Receipt {
    this.sent.push({ message, messageId });
    this.adoptKey(message);
    const receipt = this.world.publish(message, messageId);
    this.log("sender", () => `${message.contract.name}: ${receipt.fate}`);
    this.receive(messageId, message, receipt);
    this.check();
    return receipt;
  }

  /** Goes on until `isThere`, or until nothing happens any more. @returns whether it is there */
  run(isThere: (view: View) => boolean): boolean {
    if (this.world.saga === undefined) this.begin();
    while (!isThere(this.view)) {
      if (!this.step()) return isThere(this.view);
    }
    return true;
  }

  /** Goes on until nothing happens any more, or what goes on for ever has gone on for long enough. */
  rest(): void {
    if (this.world.saga === undefined) this.begin();
    while (this.step());
    for (const saga of this.world.sagas) this.fireEnds(saga);
  }

  // ---- one step

  /** @returns false: nothing is under way any more */
  private step(): boolean {
    const isFaulty = this.isFaulty;
    if (isFaulty && this.faultySteps === Number.POSITIVE_INFINITY && this.steps > SAFETY_STEPS) return false;
    if (this.steps - (this.faultySteps === Number.POSITIVE_INFINITY ? 0 : this.faultySteps) > LIVENESS_STEPS)
      throw new Violation("it comes to rest", `after ${this.steps} steps it is still ${this.world.saga?.state} ${this.world.saga?.status}`);
    this.steps += 1;
    const isDone = (isFaulty && this.fault()) || this.work();
    if (isDone) {
      this.check();
      return true;
    }
    checkRest(this.world);
    return false;
  }

  private get isFaulty(): boolean {
    return this.steps < this.faultySteps;
  }

  /** Something that nobody planned. @returns whether there was something */
  private fault(): boolean {
    const { world } = this;
    if (this.happens("crashes")) return this.crash();
    if (this.happens("clock-jumps")) {
      const ms = this.chance.pick([-5 * minuteMs, minuteMs, hourMs, 24 * hourMs]);
      world.change({ now: Math.max(BIRTH.getTime(), world.state.now + ms) });
      this.log("clock", () => `jumps by ${describeSpan(ms)}`);
      return true;
    }
    if (this.happens("operators")) return this.operate();
    if (this.happens("interrupts")) {
      const event = this.pick(this.definition.interrupts)?.event;
      if (event !== undefined) return this.say(event);
    }
    if (this.happens("events")) return this.say(this.chance.pick(eventsOf(this.definition)));
    const again = this.pick(this.sent);
    if (again !== undefined && this.happens("duplicates", 0.2 * this.mix.duplicates)) {
      this.publish(again.message, again.messageId, "sends again");
      return true;
    }
    return false;
  }

  /** What somebody has to do, or, if nobody has, the clock. @returns false: nothing is under way, and nothing will be */
  private work(): boolean {
    const ready = this.ready();
    if (ready.length > 0) {
      if (this.isFaulty && this.happens("lost-wakeups")) return this.delay();
      const isReordered = this.isFaulty && this.chance.yes(this.mix.reordering);
      (isReordered ? this.chance.pick(ready) : (ready[0] as () => void))();
      return true;
    }
    if (this.peopleSay()) return true;
    const next = this.nextInstant();
    if (next !== null) {
      this.world.change({ now: Math.max(this.world.state.now, next) });
      return true;
    }
    return this.help();
  }

  /** Everything that somebody could do now, one transaction each. */
  private ready(): (() => void)[] {
    const { world } = this;
    const { now, hands, answers } = world.state;
    const ready: (() => void)[] = [];
    for (const row of world.dueRows) ready.push(() => this.relay(row));
    for (const job of world.readyJobs) ready.push(() => (world.isOutside(job) ? this.lease(job) : this.consume(job)));
    for (const hand of hands) {
      if (hand.isDead) ready.push(() => this.giveUp(hand));
      else if (hand.dueAt <= now) ready.push(() => (hand.result === undefined ? this.perform(hand) : this.settle(hand)));
    }
    for (const job of world.expiredLeases) {
      ready.push(() => {
        world.expire(job);
        this.log("queue", () => `the lease of ${describe(job.envelope)} runs out`);
      });
    }
    for (const answer of answers) {
      if (answer.dueAt > now) continue;
      ready.push(() => {
        world.change({ answers: world.state.answers.filter((one) => one !== answer) });
        const receipt = world.reply(answer);
        this.log("outside", () => `answers ${answer.message.contract.name}: ${receipt.fate}`);
      });
    }
    for (const saga of world.sagas) {
      if (!world.isDue(saga)) continue;
      ready.push(() => {
        world.sweepTimer(saga);
        this.log("sweeper", () => `a timer of ${saga.state} has passed`);
      });
    }
    if (world.deliverableMail)
      ready.push(() => {
        world.deliverMail();
        this.log("sweeper", () => "delivers what was kept");
      });
    if (world.orphans.length > 0)
      ready.push(() => {
        world.buryOrphans();
        this.log("sweeper", () => "buries what no saga came for");
      });
    return ready;
  }

  /** When somebody has something to do next; null: never. */
  private nextInstant(): number | null {
    const { world } = this;
    const { outbox, jobs, hands, answers, mail, sagas } = world.state;
    let next = Number.POSITIVE_INFINITY;
    for (const { deliverAt } of outbox) next = Math.min(next, deliverAt);
    for (const { leasedUntil } of jobs) if (leasedUntil !== null) next = Math.min(next, leasedUntil + 1);
    for (const { dueAt } of hands) next = Math.min(next, dueAt);
    for (const { dueAt } of answers) next = Math.min(next, dueAt);
    for (const { keepUntil } of mail) next = Math.min(next, keepUntil + 1);
    for (const saga of sagas.values()) next = Math.min(next, world.nextTimer(saga) ?? next);
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  private delay(): boolean {
    const next = this.nextInstant();
    const { now } = this.world.state;
    const ms = this.chance.pick([secondMs, 30 * secondMs, 10 * minuteMs, Math.max(0, (next ?? now) - now)]);
    this.world.change({ now: now + ms });
    this.log("clock", () => `${describeSpan(ms)} pass, and nobody wakes up`);
    return true;
  }

  // ---- processes

  private relay(row: World["state"]["outbox"][number]): void {
    const copies = this.isFaulty && this.happens("duplicates") ? 1 : 0;
    this.world.relay(row, copies);
    this.log("relay", () => `${describe(row.envelope)} onto its queue${copies > 0 ? ", twice" : ""}`);
  }

  private consume(job: Job): void {
    const { world } = this;
    if (this.isFaulty && this.happens("crashes")) {
      world.dieConsuming(job);
      return this.log("consumer", () => `dies carrying out ${describe(job.envelope)}`);
    }
    if (this.isFaulty && this.happens("lost-commits")) return this.log("consumer", () => `loses its connection before the commit of ${describe(job.envelope)}`);
    const others =
      job.deaths === 0 && job.verdict === null && this.chance.yes(0.3) ? world.readyJobs.filter(({ envelope }) => envelope.name === job.envelope.name) : [job];
    const answers = world.state.answers;
    const came = world.consume(others, (command) => this.attempt(command), this.follows);
    this.schedule(answers);
    this.log("consumer", () => `${others.map(({ envelope }) => describe(envelope)).join(", ")}: ${came}`);
  }

  private lease(job: Job): void {
    const hand = this.world.lease(job);
    this.log("consumer", () => `${hand === undefined ? "holds" : "leases"} ${describe(job.envelope)}`);
    if (hand === undefined || hand.result !== undefined) return;
    const timeoutMs = this.world.attemptTimeoutMs(job.envelope.name);
    // A process may be stopped for longer than a lease, and go on as if nothing had been.
    if (this.isFaulty && this.happens("hangs")) this.world.changeHand(hand, { dueAt: hand.dueAt + this.chance.pick([0.5, 1, 2]) * timeoutMs });
  }

  private perform(hand: Hand): void {
    const { world } = this;
    const { envelope } = hand.job;
    const tookMs = world.state.now - ((hand.job.leasedUntil ?? 0) - world.attemptTimeoutMs(envelope.name) - 5_000);
    const attempt = this.attempt(envelope);
    const overran = tookMs >= world.attemptTimeoutMs(envelope.name);
    const answers = world.state.answers;
    world.performInHand(
      hand,
      overran && attempt.does !== "fails"
        ? { does: "fails", failure: tooLong(envelope.name), afterwards: attempt.does !== "its work" && this.chance.yes(0.5) ? attempt.answer : null }
        : attempt,
    );
    this.schedule(answers);
    this.log("outside", () => `${describe(envelope)} is carried out${overran ? ", too late" : attempt.does === "fails" ? " and fails" : ""}`);
  }

  private settle(hand: Hand): void {
    const { world } = this;
    if (this.isFaulty && this.happens("lost-commits")) {
      world.changeHand(hand, { dueAt: world.state.now + 20 * secondMs });
      return this.log("consumer", () => `cannot record ${describe(hand.job.envelope)}`);
    }
    const answers = world.state.answers;
    world.settle(hand, (command) => this.attempt(command), this.follows);
    this.schedule(answers);
    this.log("consumer", () => `records ${describe(hand.job.envelope)}`);
  }

  private giveUp(hand: Hand): void {
    this.world.giveUp(hand);
    this.log("consumer", () => `gives up ${describe(hand.job.envelope)} of a dead process`);
  }

  private crash(): boolean {
    const { hands } = this.world.state;
    if (hands.every(({ isDead }) => isDead)) return false;
    this.world.die();
    this.log("consumer", () => `dies with ${hands.map(({ job }) => describe(job.envelope)).join(", ")} in hand`);
    return true;
  }

  // ---- participants

  private isOutside(name: string): boolean {
    const given = this.options.participants?.[name]?.effect;
    if (given !== undefined) return given === "outside";
    let drawn = this.outside.get(name);
    if (drawn === undefined) this.outside.set(name, (drawn = this.chance.yes(0.3)));
    return drawn;
  }

  private attempt(command: Envelope): Attempt {
    const participant = this.options.participants?.[command.name];
    const runId = command.replyTo?.runId;
    const { saga } = this.world;
    const isUndo = saga?.runs.some(({ undo }) => undo?.runId === runId) === true;
    const failure = this.failure(command.name, participant?.fails, isUndo ? "failing-undos" : "failures");
    if (failure !== null) {
      const afterwards = participant?.does === undefined && this.chance.yes(this.isFaulty ? this.mix["lost-commits"] : 0) ? this.answer(command.name) : null;
      return { does: "fails", failure, afterwards };
    }
    if (participant?.does !== undefined) return { does: "its work" };
    const answer = this.answer(command.name);
    const isStep = saga?.runs.some(({ id }) => id === runId) === true;
    return { does: isStep && this.mayAnswerLater(command.name) ? "later" : "answers", answer };
  }

  private failure(name: string, how: SimulatedParticipant["fails"], fault: "failures" | "failing-undos"): FailureReason | null {
    if (how === "always") return failureReason(new Transient(`${name} does not answer`));
    if (how === "never" || !this.isFaulty) return null;
    const rate = how === "sometimes" ? 0.3 : how === "often" ? 0.7 : this.mix[fault];
    if (!this.happens(fault, rate)) return null;
    return failureReason(this.chance.yes(0.15) ? new Permanent(`${name} is refused for good`) : new Transient(`${name} does not answer`));
  }

  private mayAnswerLater(name: string): boolean {
    const given = this.options.participants?.[name]?.answersLater;
    if (given !== undefined) return given;
    let drawn = this.answersLater.get(name);
    if (drawn === undefined) {
      const replies = this.commands.get(name)?.replies ?? [];
      drawn =
        this.options.participants?.[name]?.answers === undefined &&
        replies.every(({ schema }) => (schema.fields ?? []).includes(this.definition.key)) &&
        this.chance.yes(0.15);
      this.answersLater.set(name, drawn);
    }
    return drawn;
  }

  /** An answer of a command's participant; those that lead on come more often. */
  private answer(name: string): EventMessage {
    const given = this.options.participants?.[name]?.answers;
    if (given !== undefined) return this.chance.pick(given);
    const command = this.commands.get(name);
    if (command === undefined) throw new Defect(`${this.definition.name} sends no ${name}`);
    let answer = this.answerOf(command);
    for (let draws = 0; draws < 2 && this.leadsAway(answer); draws += 1) answer = this.answerOf(command);
    return answer;
  }

  private answerOf(command: AnyCommand): EventMessage {
    return this.madeUp(this.chance.yes(0.5) ? (command.replies[0] as AnyEvent) : this.chance.pick(command.replies));
  }

  private leadsAway({ contract, payload }: EventMessage): boolean {
    const go = this.outcomeOf(contract, payload)?.go;
    return go === "fail" || go === "park";
  }

  private madeUp(contract: AnyEvent): EventMessage {
    const given = this.options.events?.filter((one) => one.contract.name === contract.name) ?? [];
    if (given.length > 0) return this.adoptKey(this.chance.pick(given));
    const payload = makeUp(contract, this.chance, { given: { [this.definition.key]: this.subjectId }, now: this.world.now, newId: () => this.world.newId() });
    return { contract, payload };
  }

  /** What is made up is about the same as what is given. */
  private adoptKey(message: EventMessage): EventMessage {
    const key = (message.payload as Readonly<Record<string, unknown>>)[this.definition.key];
    if (typeof key === "string") this.subjectId = key;
    return message;
  }

  /** Answers that were promised since come some time, twice, or never. */
  private schedule(before: readonly unknown[]): void {
    const { world } = this;
    if (world.state.answers === before) return;
    const answers = world.state.answers.flatMap((answer) => {
      if (before.includes(answer)) return [answer];
      if (this.isFaulty && this.happens("silence")) return [];
      const late = { ...answer, dueAt: world.state.now + this.chance.pick(this.isFaulty ? [0, secondMs, minuteMs, hourMs, 24 * hourMs] : [0, secondMs]) };
      if (!this.isFaulty || !this.happens("duplicates")) return [late];
      return [late, this.again({ ...late, dueAt: late.dueAt + this.chance.pick([0, secondMs, hourMs]) })];
    });
    world.change({ answers });
  }

  /** The same message once more; or, by mistake of a participant, another one that says the same in other words. */
  private again(answer: Answer): Answer {
    const { contract, payload } = answer.message;
    const message = this.madeUp(contract);
    const isMeantAlike = this.outcomeOf(contract, payload) === this.outcomeOf(contract, message.payload);
    return isMeantAlike && this.chance.yes(0.5) ? { ...answer, messageId: this.world.newId(), message } : answer;
  }

  /** What an answer to a step leads to, as far as its own words say. */
  private outcomeOf({ name }: AnyEvent, payload: unknown): AnyOutcome | undefined {
    for (const node of this.definition.nodes.values()) {
      const branch = node.kind === "step" ? node.replies.get(name) : undefined;
      if (branch !== undefined) return branch.by?.from === "data" ? undefined : armOf(branch, payload);
    }
    return undefined;
  }

  // ---- people

  private begin(): void {
    // What is said before its saga is there.
    while (this.steps < this.faultySteps && this.chance.yes(0.2) && this.happens("events")) this.say(this.chance.pick(eventsOf(this.definition)));
    if (this.world.saga === undefined) this.publish(this.madeUp(startOf(this.definition).event), this.world.newId(), "says");
    this.check();
  }

  private say(contract: AnyEvent): boolean {
    this.publish(this.madeUp(contract), this.world.newId(), "says");
    return true;
  }

  private publish(message: EventMessage, messageId: string, how: string): void {
    const { world } = this;
    if (how !== "sends again") this.sent.push({ message, messageId });
    const isStart = message.contract.name === startOf(this.definition).event.name;
    const isUnseen = !isStart && world.sagas.length === 1 && this.isFaulty && this.happens("lost-commits");
    const receipt = isUnseen ? world.publishUnseen(message, messageId) : world.publish(message, messageId);
    this.log("sender", () => `${how} ${message.contract.name}: ${receipt.fate}${isUnseen ? ", having looked before the birth" : ""}`);
    this.receive(messageId, message, receipt);
  }

  /** Whoever sends a message again is told that it came before, if anything came of it. */
  private receive(messageId: string, { contract }: EventMessage, { fate }: Receipt): void {
    const isEffective = fate === "applied" || fate === "started" || fate === "parked";
    if (isEffective && this.effective.has(messageId)) throw new Violation("a message is heard once", `${contract.name} came again and was ${fate}`);
    if (isEffective) this.effective.add(messageId);
  }

  /** Somebody says what a saga waits for, some time before its deadline. @returns whether somebody did */
  private peopleSay(): boolean {
    const { saga } = this.world;
    const node = saga === undefined ? undefined : this.definition.nodes.get(saga.state);
    if (saga?.status !== "WAITING" || saga.pausedAt !== null || node?.kind !== "wait") return false;
    if (this.saidByPeople >= PEOPLE_SAY_AT_MOST || !this.chance.yes(0.6)) return false;
    this.saidByPeople += 1;
    const leftMs = (saga.deadlineAt?.getTime() ?? 0) - this.world.state.now;
    const next = this.nextInstant() ?? 0;
    this.world.change({ now: Math.min(next, this.world.state.now + Math.floor(Math.max(0, leftMs) * this.chance.next())) });
    return this.say(this.chance.pick(node.events));
  }

  /** An operator does something, whether it is possible or not. */
  private operate(): boolean {
    const { world } = this;
    const saga = this.pick(world.sagas);
    const letter = this.pick(world.state.letters.filter(({ status }) => status === "OPEN"));
    if (letter !== undefined && this.chance.yes(0.3)) {
      const denied = world.redrive(letter);
      this.log("operator", () => `redrives ${letter.message}${denied === null ? "" : `: ${denied}`}`);
      return true;
    }
    if (this.chance.yes(0.1)) {
      const queue = queueOf(this.chance.pick([...this.commands.keys()]));
      const isPaused = world.state.pausedQueues.has(queue);
      if (isPaused) world.resumeQueue(queue);
      else world.pauseQueue(queue);
      this.log("operator", () => `${isPaused ? "resumes" : "pauses"} the queue ${queue}`);
      return true;
    }
    if (saga === undefined) return false;
    this.act(saga, this.anyAction(saga));
    return true;
  }

  private act(saga: Instance, action: OperatorAction): boolean {
    const denied = this.world.operate(saga.id, action, "it had to be");
    this.log("operator", () => `${describeAction(action)}${denied === null ? "" : `: ${denied}`}`);
    return denied === null;
  }

  private anyAction(saga: Instance): OperatorAction {
    const timer = this.chance.pick<SagaTimer>(["DEADLINE", "REMINDER", "NEXT_ATTEMPT"]);
    const ms = this.chance.pick([-minuteMs, minuteMs, 24 * hourMs]);
    return this.chance.pick<OperatorAction>([
      { kind: "retry" },
      this.completion(saga),
      { kind: "skip" },
      { kind: "cancel" },
      { kind: "pause" },
      { kind: "resume" },
      { kind: "move-timer", timer, to: new Date(this.world.state.now + ms) },
      { kind: "fire-timer", timer },
    ]);
  }

  private completion(saga: Instance): OperatorAction {
    const open = isUndoing(saga) || isFinished(saga) ? [] : saga.runs.filter(({ status }) => status === "active" || status === "parked");
    const event = this.pick(open.flatMap((run) => answersOf(nodeOf(this.definition, run.state))));
    if (event === undefined) return { kind: "complete", reply: null, payload: null };
    return { kind: "complete", reply: event.name, payload: event.schema.encode(this.madeUp(event).payload) as Readonly<Record<string, unknown>> };
  }

  /** Nothing happens by itself any more: somebody who is responsible looks after what is paused and what stands, or leaves it. */
  private help(): boolean {
    const { world } = this;
    const [queue] = world.state.pausedQueues.keys();
    if (queue !== undefined) {
      world.resumeQueue(queue);
      this.log("operator", () => `resumes the queue ${queue}`);
      return true;
    }
    const paused = world.sagas.find(({ pausedAt }) => pausedAt !== null);
    if (paused !== undefined) return this.act(paused, { kind: "resume" });
    const stuck = world.sagas.find(({ status }) => status === "STUCK");
    if (stuck === undefined || this.isLeft) return this.goOnAfterwards();
    this.helped += 1;
    this.isLeft = this.chance.yes(0.1) || this.helped > 30;
    if (this.isLeft) return true;
    const action = this.chance.pick<OperatorAction>([{ kind: "retry" }, { kind: "retry" }, { kind: "skip" }, this.completion(stuck), { kind: "cancel" }]);
    this.act(stuck, action);
    return true;
  }

  /** When all is done, somebody may begin again, and whatever was said may come once more. @returns whether there was something */
  private goOnAfterwards(): boolean {
    const start = startOf(this.definition);
    const isOver = this.world.saga === undefined || isFinished(this.world.saga);
    if (isOver && start.afterFinal === "again" && this.begunAgain < 2 && this.mix.events > 0 && this.happens("events", 0.5)) {
      this.begunAgain += 1;
      return this.say(start.event);
    }
    if (this.isSentAgain || this.mix.duplicates === 0 || !this.happens("duplicates", 0.5)) return false;
    this.isSentAgain = true;
    for (const { message, messageId } of this.sent) {
      this.publish(message, messageId, "sends again");
      this.check();
    }
    return true;
  }

  // ---- what is noted

  /** Whether a fault comes now; each is numbered, and those that are to be left out do not come. */
  private happens(fault: Fault, rate = this.mix[fault]): boolean {
    if (!this.chance.yes(rate)) return false;
    this.happenings += 1;
    return !this.without.has(this.happenings);
  }

  private pick<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : this.chance.pick(all);
  }

  private check(): void {
    const { before } = this;
    this.before = this.world.state;
    if (before === this.world.state) return;
    checkStep(this.world, before);
    for (const { rule, holds } of this.rules) this.checkRule(rule, holds);
  }

  private checkRule(rule: string, holds: (view: View) => unknown): void {
    let problem = "it does not hold";
    try {
      if (holds(this.view) !== false) return;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    throw new Violation(rule, problem);
  }

  private decided(before: Instance, input: Input, decision: Decision): void {
    checkDecision(this.definition, before, input, decision);
    const what = {
      event: "an event is",
      reply: "an answer is",
      "put-aside": "a command is",
      "attempt-failed": "a failed attempt is",
      clock: "a timer is",
    } as const;
    if (input.kind in what) this.fire(`${what[input.kind as keyof typeof what]} ${decision.fate}`);
    if (decision.deadLetters.length > 0) this.fire("a command is a dead letter");
  }

  private fireEnds(saga: Instance): void {
    for (const run of saga.runs) {
      this.fire(`a run is ${run.status}`);
      if (run.undo !== null) this.fire(`an undo is ${run.undo.status}`);
    }
    this.fire(`it is ${saga.status}`);
  }

  private fire(defence: string): void {
    this.fired.set(defence, (this.fired.get(defence) ?? 0) + 1);
  }

  /** One line of the timeline, with what the histories say since the last one. */
  private log(who: string, what: () => string): void {
    if (!this.isTraced) return;
    const { state, saga } = this.world;
    const told: string[] = [];
    for (const [id, rows] of state.history) {
      told.push(...rows.slice(this.told.get(id) ?? 0).map(({ summary }) => summary));
      this.told.set(id, rows.length);
    }
    const undone = saga?.runs.find(({ undo }) => undo?.status === "active" || undo?.status === "parked");
    const after =
      saga === undefined
        ? ""
        : `${saga.state} ${saga.status}${undone === undefined ? "" : `, undoing ${undone.state}`}${saga.pausedAt === null ? "" : ", paused"}`;
    this.lines.push({ at: state.now - BIRTH.getTime(), who, what: [what(), ...told].join(" | "), after });
  }

  /** Virtual time, who did what and what the history says of it, and the state of the saga where it has changed. */
  get timeline(): string {
    let before = "";
    const lines = this.lines.map(({ at, who, what, after }) => {
      const isChanged = after !== before;
      before = after;
      return `${describeSpan(at).padStart(16)}  ${who.padEnd(8)}  ${what}${isChanged ? `  → ${after}` : ""}`;
    });
    return lines.join("\n");
  }

  /** The faults that this seed draws from. */
  get drawn(): string {
    const some = faults.filter((fault) => this.mix[fault] > 0);
    return some.length === 0 ? "no faults" : some.join(", ");
  }
}

const tooLong = (name: string): FailureReason => failureReason(new Transient(`${name} took longer than it may`));

const describe = ({ name, replyTo }: Envelope): string => (replyTo === null || replyTo.attempt === 1 ? name : `${name}, attempt ${replyTo.attempt}`);

const describeAction = (action: OperatorAction): string =>
  action.kind === "complete"
    ? `completes by hand${action.reply === null ? "" : ` with ${action.reply}`}`
    : "timer" in action
      ? `${action.kind} ${action.timer}`
      : action.kind;

/** `-5:00`, `3d 04:05:06.789` */
function describeSpan(ms: number): string {
  const [days, rest] = [Math.floor(Math.abs(ms) / (24 * hourMs)), Math.abs(ms) % (24 * hourMs)];
  const time = new Date(rest).toISOString().slice(11, 23);
  return `${ms < 0 ? "-" : ""}${days > 0 ? `${days}d ` : ""}${time}`;
}

const armOf = ({ by, arms }: CompiledBranch, payload: unknown): AnyOutcome | undefined =>
  arms.get(by === null ? "*" : String((payload as Readonly<Record<string, unknown>>)[by.field]))?.then;

/** Every command that a definition may send, by name. */
export function commandsOf(definition: Definition): ReadonlyMap<string, AnyCommand> {
  const sent = [...definition.nodes.keys()].flatMap((state) => {
    const node = nodeOf(definition, state);
    if (node.kind === "milestone" || node.kind === "group") return [];
    return node.kind === "wait" ? [node.remind, node.tell] : [node, node.undo, node.remind];
  });
  const all = [...sent, definition.start?.undo, definition.tell].flatMap((one) => (one == null ? [] : [one.command]));
  return new Map(all.map((command) => [command.name, command]));
}

/** Every event from outside that a definition hears: its beginning, what is waited for, and interrupts. */
export const eventsOf = (definition: Definition): AnyEvent[] => [
  ...(definition.start === null ? [] : [definition.start.event]),
  ...[...definition.nodes.values()].flatMap((node) => (node.kind === "wait" ? node.events : [])),
  ...definition.interrupts.map(({ event }) => event),
];
