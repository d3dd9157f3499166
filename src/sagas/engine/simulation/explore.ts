import { failureReason, Transient } from "../../../kernel/errors.ts";
import type { AnyEvent, Envelope, EventMessage } from "../../../outbox/index.ts";
import { startOf } from "../compiled.ts";
import { isFinished, type Instance } from "../instance.ts";
import type { AnySaga } from "../registry.ts";
import { Chance } from "./chance.ts";
import { checkDecision, checkRest, checkStep, Violation } from "./invariants.ts";
import { makeUpAll } from "./payloads.ts";
import { commandsOf, eventsOf, type SimulatedParticipant } from "./simulation.ts";
import { World, type Attempt, type Hand, type Job, type WorldState } from "./world.ts";

export interface ExploreOptions {
  /** How often every message arrives once more. Default 0. */
  readonly duplicates?: number;
  /** How often, in all, a process dies between two commits or a lease runs out. Default 0. */
  readonly crashes?: number;
  /** How many attempts fail, in all. Default 0. */
  readonly failures?: number;
  /** Events from outside, each of which comes once at any moment, or never. Default: every one that the saga waits for, and every interrupt. */
  readonly events?: readonly EventMessage[];
  /** By the name of the command; `fails` is not looked at. Default: effects in the database, and every reply that branches can tell apart. */
  readonly participants?: Readonly<Record<string, SimulatedParticipant>>;
  /** Beyond so many situations the saga is too large to be explored. Default 20,000, which take some ten seconds. */
  readonly atMost?: number;
}

/** What was met. */
export interface Exploration {
  /** Situations that differ. */
  readonly states: number;
  /** Ways from one to the next. */
  readonly moves: number;
  /** How it can end or stand, with the number of situations. */
  readonly ends: Readonly<Record<string, number>>;
}

/** A rule was broken; the message has the shortest way there. */
export class ExplorationError extends Error {
  readonly rule: string;
  /** What happened, from the birth on. */
  readonly path: readonly string[];
  constructor(saga: string, violation: Violation, path: readonly string[]) {
    super(`${violation.message}\n\n${saga}, ${path.length} steps:\n${path.map((step, index) => `${String(index + 1).padStart(4)}  ${step}`).join("\n")}`, {
      cause: violation,
    });
    this.name = "ExplorationError";
    this.rule = violation.rule;
    this.path = path;
  }
}

/** What is still to come, beside what the world holds. */
interface Left {
  readonly crashes: number;
  readonly failures: number;
  /** Deliveries of events that are outstanding, by their number. */
  readonly events: readonly number[];
}

interface Situation {
  readonly world: WorldState;
  readonly left: Left;
  readonly from: number;
  readonly how: string;
}

interface Move {
  readonly how: string;
  readonly left?: Partial<Left>;
  readonly act: () => void;
}

const BIRTH = new Date("2026-01-01T00:00:00Z");

/**
 * Tries every order in which everything can happen to a small saga: commands, answers and events in any order and as often as they are said to
 * arrive, every answer, every timer at any moment, and crashes between any two commits. The rules are those of `simulate`. Time is left
 * out: whatever waits for an instant may find it at any moment.
 *
 * @throws {ExplorationError} a rule can be broken
 * @throws {RangeError} it is too large
 */
export function explore(saga: AnySaga, options: ExploreOptions = {}): Exploration {
  return new Explorer(saga, options).explore();
}

class Explorer {
  private readonly saga: AnySaga;
  private readonly options: ExploreOptions;
  private readonly world: World;
  private readonly events: readonly EventMessage[];
  private readonly answers = new Map<string, readonly EventMessage[]>();
  private readonly situations: Situation[] = [];
  private readonly known = new Set<string>();
  private readonly ends: Record<string, number> = {};
  private moves = 0;

  constructor(saga: AnySaga, options: ExploreOptions) {
    this.saga = saga;
    this.options = options;
    const { definition } = saga;
    this.world = new World(
      {
        saga,
        isOutside: (name) => options.participants?.[name]?.effect === "outside",
        functionOf: (name) => options.participants?.[name]?.does,
        random: () => 0.5,
        fired: () => undefined,
        decided: (before, input, decision) => checkDecision(definition, before, input, decision),
      },
      BIRTH,
    );
    const subjectId = this.world.newId();
    const chance = new Chance(1);
    const all = (contract: AnyEvent): EventMessage[] =>
      makeUpAll(contract, chance, { given: { [definition.key]: subjectId }, now: BIRTH, newId: () => this.world.newId() }).map((payload) => ({
        contract,
        payload,
      }));
    for (const command of commandsOf(definition).values())
      this.answers.set(command.name, options.participants?.[command.name]?.answers ?? command.replies.flatMap((reply) => all(reply)));
    const start = startOf(definition).event;
    const heard = eventsOf(definition).filter((event) => event.name !== start.name);
    const given = options.events?.filter(({ contract }) => contract.name === start.name) ?? [];
    const others = options.events?.filter(({ contract }) => contract.name !== start.name) ?? heard.flatMap((event) => all(event));
    this.events = [...(given.length > 0 ? given : all(start).slice(0, 1)), ...others];
  }

  explore(): Exploration {
    const { crashes = 0, failures = 0, duplicates = 0, atMost = 20_000 } = this.options;
    const deliveries = this.events.flatMap((_event, number) => Array.from({ length: 1 + duplicates }, () => number));
    const began = performance.now();
    this.meet({ crashes, failures, events: deliveries }, -1, "nothing has happened");
    for (let at = 0; at < this.situations.length; at += 1) {
      if (this.situations.length > atMost)
        throw new RangeError(
          `${this.saga.name} has more than ${atMost.toLocaleString("en-US")} situations, which took ${((performance.now() - began) / 1_000).toFixed(1)} s. ` +
            "Explore it with fewer events, duplicates, failures or crashes, simulate it instead, or let it take longer by a greater atMost.",
        );
      this.goOn(at);
    }
    return { states: this.situations.length, moves: this.moves, ends: this.ends };
  }

  private goOn(at: number): void {
    const situation = this.situations[at] as Situation;
    this.world.state = situation.world;
    const moves = this.movesFrom(situation.left);
    if (moves.every(({ left }) => left?.events !== undefined)) this.come(at);
    for (const move of moves) {
      this.moves += 1;
      this.world.state = situation.world;
      try {
        move.act();
        checkStep(this.world, situation.world);
      } catch (error) {
        throw this.broken(error, [...this.pathTo(at), move.how]);
      }
      this.meet({ ...situation.left, ...move.left }, at, move.how);
    }
  }

  /** Nothing is under way any more. */
  private come(at: number): void {
    const { saga } = this.world;
    if (saga === undefined) return;
    try {
      checkRest(this.world);
    } catch (error) {
      throw this.broken(error, this.pathTo(at));
    }
    const end = `${saga.state} ${saga.status}`;
    this.ends[end] = (this.ends[end] ?? 0) + 1;
  }

  private broken(error: unknown, path: readonly string[]): Error {
    return new ExplorationError(this.saga.name, Violation.of(error), path);
  }

  private meet(left: Left, from: number, how: string): void {
    const key = keyOf(this.world.state, left);
    if (this.known.has(key)) return;
    this.known.add(key);
    this.situations.push({ world: this.world.state, left, from, how });
  }

  private pathTo(at: number): string[] {
    const path: string[] = [];
    for (let one = this.situations[at]; one !== undefined && one.from >= 0; one = this.situations[one.from]) path.push(one.how);
    return path.toReversed();
  }

  // ---- what can happen

  private movesFrom(left: Left): Move[] {
    const { world } = this;
    const { outbox, hands, answers } = world.state;
    const { duplicates = 0 } = this.options;
    const moves: Move[] = [];
    for (const row of outbox)
      if (Number.isFinite(row.deliverAt)) moves.push({ how: `${describe(row.envelope)} comes onto its queue`, act: () => world.relay(row, duplicates) });
    for (const job of world.readyJobs) moves.push(...(world.isOutside(job) ? [this.leasing(job)] : this.consuming(job, left)));
    for (const hand of hands) moves.push(...this.handling(hand, left));
    for (const [index, answer] of answers.entries()) {
      if (answers.findIndex(({ messageId }) => messageId === answer.messageId) !== index) continue;
      moves.push({
        how: `${answer.message.contract.name} is told from outside`,
        act: () => {
          world.change({ answers: answers.filter((one) => one !== answer) });
          world.reply(answer);
        },
      });
    }
    for (const number of new Set(left.events)) moves.push(this.telling(number, left));
    for (const saga of world.sagas) moves.push(...this.timing(saga));
    if (world.deliverableMail) moves.push({ how: "what was kept is delivered", act: () => world.deliverMail() });
    return moves;
  }

  private telling(number: number, left: Left): Move {
    const message = this.events[number] as EventMessage;
    const at = left.events.indexOf(number);
    return {
      how: `${message.contract.name} comes`,
      left: { events: left.events.toSpliced(at, 1) },
      act: () => void this.world.publish(message, `00000000-0000-4000-8000-${String(number + 1).padStart(12, "0")}`),
    };
  }

  private timing(saga: Instance): Move[] {
    const { world } = this;
    if (world.nextTimer(saga) === null) return [];
    const timers = [...new Set([saga.deadlineAt?.getTime(), saga.remindAt?.getTime()].filter((timer) => timer !== undefined))];
    return timers.map((timer) => ({
      how: timer === saga.deadlineAt?.getTime() ? `the deadline of ${saga.state} passes` : `${saga.state} reminds`,
      act: () => {
        world.change({ now: Math.max(world.state.now, timer) });
        world.sweepTimer(saga);
      },
    }));
  }

  private consuming(job: Job, left: Left): Move[] {
    const { world } = this;
    const what = describe(job.envelope);
    const moves = this.attempts(job.envelope, left).map(({ attempt, how, failures }): Move => ({
      how: `${what} ${how}`,
      left: { failures: left.failures - failures },
      // A message that fails alone is judged at once: nothing but a crash could come between.
      act: () => {
        const answers = world.state.answers;
        if (world.consume([job], () => attempt, 0) === "rolled back")
          world.consume(
            world.state.jobs.filter(({ id }) => id === job.id),
            () => attempt,
            0,
          );
        this.repeat(answers);
      },
    }));
    if (left.crashes > 0) moves.push({ how: `a process dies carrying out ${what}`, left: { crashes: left.crashes - 1 }, act: () => world.dieConsuming(job) });
    return moves;
  }

  private leasing(job: Job): Move {
    return { how: `${describe(job.envelope)} is leased`, act: () => void this.world.lease(job) };
  }

  private handling(hand: Hand, left: Left): Move[] {
    const { world } = this;
    const what = describe(hand.job.envelope);
    if (hand.isDead) return [{ how: `${what} of a dead process is given up`, act: () => world.giveUp(hand) }];
    const crashes: Move[] = [];
    if (left.crashes > 0) {
      crashes.push({ how: `the process that has ${what} in hand dies`, left: { crashes: left.crashes - 1 }, act: () => world.die() });
      const mine = world.state.jobs.find(({ id, retryCount, leasedUntil }) => id === hand.job.id && retryCount === hand.job.retryCount && leasedUntil !== null);
      if (mine !== undefined) crashes.push({ how: `the lease of ${what} runs out`, left: { crashes: left.crashes - 1 }, act: () => world.expire(mine) });
    }
    if (hand.result !== undefined) return [{ how: `${what} is recorded`, act: () => world.settle(hand, () => ({ does: "its work" }), 0) }, ...crashes];
    const performed = this.attempts(hand.job.envelope, left).map(({ attempt, how, failures }): Move => ({
      how: `${what} ${how}`,
      left: { failures: left.failures - failures },
      act: () => {
        const answers = world.state.answers;
        world.performInHand(hand, attempt);
        this.repeat(answers);
      },
    }));
    return [...performed, ...crashes];
  }

  /** Everything that may become of an attempt. */
  private attempts({ name, replyTo }: Envelope, left: Left): { readonly attempt: Attempt; readonly how: string; readonly failures: number }[] {
    const participant = this.options.participants?.[name];
    const answers = participant?.does === undefined ? (this.answers.get(name) ?? []) : [];
    const isStep = this.world.saga?.runs.some(({ id }) => id === replyTo?.runId) === true;
    const does = participant?.answersLater === true && isStep ? "later" : "answers";
    const attempts = answers.map((answer) => ({
      attempt: { does, answer } as const,
      how: does === "later" ? `is carried out, to be answered ${answer.contract.name} later` : `is answered ${describeAnswer(answer)}`,
      failures: 0,
    }));
    const work = participant?.does === undefined ? [] : [{ attempt: { does: "its work" } as const, how: "is carried out", failures: 0 }];
    if (left.failures === 0) return [...attempts, ...work];
    const failure = failureReason(new Transient(`${name} does not answer`));
    const afterwards =
      participant?.effect === "outside"
        ? answers.map((answer) => ({ attempt: { does: "fails", failure, afterwards: answer } as const, how: "fails, and has its effect", failures: 1 }))
        : [];
    return [...attempts, ...work, { attempt: { does: "fails", failure, afterwards: null }, how: "fails", failures: 1 }, ...afterwards];
  }

  /** An answer that comes later is a message as well, and arrives as often as any. */
  private repeat(before: readonly unknown[]): void {
    const { world } = this;
    const { duplicates = 0 } = this.options;
    if (world.state.answers === before) return;
    world.change({
      answers: world.state.answers.flatMap((answer) => (before.includes(answer) ? [answer] : Array.from({ length: 1 + duplicates }, () => ({ ...answer })))),
    });
  }
}

const describe = ({ name, replyTo }: Envelope): string => (replyTo === null || replyTo.attempt === 1 ? name : `${name}, attempt ${replyTo.attempt},`);

/** The answer with the words by which branches are chosen. */
function describeAnswer({ contract, payload }: EventMessage): string {
  const words = Object.values(contract.schema.encode(payload) as Readonly<Record<string, unknown>>).filter(
    (value) => typeof value === "boolean" || (typeof value === "string" && /^\w+$/.test(value)),
  );
  return words.length === 0 ? contract.name : `${contract.name} ${words.join(" ")}`;
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A situation as text: ids by the order in which they are met, what lies on queues in no order, and no instants. */
function keyOf(state: WorldState, left: Left): string {
  const ids = new Map<string, number>();
  const plain = (value: unknown): string => JSON.stringify(value).replaceAll(ID, (id) => `#${ids.get(id) ?? (ids.set(id, ids.size), ids.size - 1)}`);
  const known = (value: unknown): string => JSON.stringify(value).replaceAll(ID, (id) => (ids.has(id) ? `#${ids.get(id)}` : "#"));
  const sagas = plain([...state.sagas.values()].map((saga) => describeSaga(saga, state.now)));
  const message = ({ name, payload, correlationId, replyTo }: Envelope): unknown => [name, payload, correlationId, replyTo];
  const some = (of: readonly unknown[]): string => of.map(known).toSorted().join();
  return [
    sagas,
    some(state.outbox.map(({ envelope, deliverAt }) => [message(envelope), Number.isFinite(deliverAt)])),
    some(state.jobs.map(({ envelope, retryCount, leasedUntil, deaths, verdict }) => [message(envelope), retryCount, leasedUntil !== null, deaths, verdict])),
    some(
      state.hands.map(({ job, result, isBegun, isDead }) => [
        message(job.envelope),
        job.retryCount,
        isBegun,
        isDead,
        result === undefined,
        describeResult(result),
      ]),
    ),
    some(state.answers.map(({ runId, message: answer, messageId }) => [runId, answer.contract.name, answer.payload, messageId])),
    some(state.mail.map(({ mail }) => [mail.id, mail.name, mail.run_id])),
    some([...state.effects.values()].map(({ runId, count, isTakenBack, answer }) => [runId, count, isTakenBack, describeResult(answer)])),
    some([...state.counts]),
    JSON.stringify(left),
  ].join("\n");
}

function describeSaga(saga: Instance, now: number): unknown {
  const {
    startedAt: _s,
    updatedAt: _u,
    finishedAt: _f,
    settledAt,
    deadlineAt,
    remindAt,
    nextAttemptAt,
    reasonAt: _r,
    sequence: _q,
    runs,
    pausedAt,
    participants: _p,
    codeHash: _c,
    ...rest
  } = saga;
  const timer = (at: Date | null): string => (at === null ? "none" : at.getTime() <= now ? "due" : "to come");
  return [
    rest,
    runs.map(({ startedAt: _started, endedAt: _ended, ...run }) => run),
    [timer(deadlineAt), timer(remindAt), timer(nextAttemptAt), settledAt !== null, pausedAt !== null, isFinished(saga)],
    deadlineAt !== null && remindAt !== null && remindAt < deadlineAt,
  ];
}

const describeResult = (result: unknown): unknown => {
  const message = result as { readonly contract?: AnyEvent; readonly payload?: unknown } | null | undefined;
  return message?.contract === undefined ? result : [message.contract.name, message.payload];
};
