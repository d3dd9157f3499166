import type { AnyEvent, EventContract } from "../../outbox/index.ts";
import type { FailureReason } from "../../kernel/errors.ts";
import { begin, decide, type Input } from "./decide.ts";
import type { Data } from "./compiled.ts";
import type { Saga } from "./definition.ts";
import type { Instance } from "./instance.ts";
import type { OperatorAction } from "./operator.ts";
import { planOf, type SagaPlan } from "./plan.ts";
import type { AnySaga } from "./registry.ts";
import { subSagaContracts } from "./sub-saga.ts";
import type { CommandToSend, DeadLetterToWrite, Decision, DecisionContext, HistoryRow } from "./decision.ts";

/**
 * Starts a saga in memory, for tests of its definition. Time stands still until it is moved, ids are counted, and commands are
 * collected instead of sent, so every verb takes microseconds and the same test always sees the same saga.
 */
export function given<P>(saga: AnySaga, event: EventContract<string, P>, payload: NoInfer<P>, random?: () => number): SagaUnderTest {
  return new SagaUnderTest(saga, event, payload, random);
}

/** An attempt that failed for a passing reason; more of the same may succeed. */
export const trouble = (changes: Partial<FailureReason> = {}): FailureReason => ({
  code: "DEPENDENCY_UNAVAILABLE",
  message: "It does not answer",
  permanent: false,
  detail: "at test",
  ...changes,
});

/** Who acts where an operator does. */
export const OPERATOR = "00000000-0000-7000-8000-00000000000f";

/** One saga in memory and everything it has decided. Each verb is one input; `last` is what the saga made of it. */
export class SagaUnderTest {
  now: Date;
  last: Decision;
  /** All commands so far, oldest first. */
  readonly sent: CommandToSend[] = [];
  readonly history: HistoryRow[] = [];
  /** When each row of the history was written. */
  readonly times: Date[] = [];
  /** All dead letters so far, oldest first. */
  readonly buried: DeadLetterToWrite[] = [];
  readonly buriedAt: Date[] = [];
  private readonly saga: AnySaga;
  private readonly random: () => number;
  private readonly id: () => string;
  private readonly operatorId: string;

  /** @param life where it begins, where its ids come from, and who its operator is; counted ones from the beginning of 2026, and OPERATOR */
  constructor(saga: AnySaga, event: AnyEvent, payload: unknown, random: () => number = () => 0.5, messageId?: string, life: Life = {}) {
    this.saga = saga;
    this.random = random;
    this.now = life.now ?? new Date("2026-01-01T00:00:00Z");
    this.id = life.newId ?? countedIds();
    this.operatorId = life.operatorId ?? OPERATOR;
    this.last = begin(saga.definition, { messageId: messageId ?? this.id(), contract: event, payload }, this.context());
    this.note(this.last);
  }

  /** The newest command, or the one given, is answered. */
  answered<P>(reply: EventContract<string, P>, payload: NoInfer<P>, command: CommandToSend = this.newest()): this {
    return this.take({ kind: "reply", messageId: this.id(), runId: command.runId, contract: reply, payload });
  }

  /** A saga that this one has begun has ended, by itself or undone. */
  ended<D extends Data, Fi extends string>(sub: Saga<string, D, string, Fi>, final: NoInfer<Fi>, data: NoInfer<D>): this {
    const { begin, undo, ended } = subSagaContracts(sub.definition);
    const command = this.sent.findLast(({ command: { name } }) => name === begin.name || name === undo.name);
    if (command === undefined)
      throw new Error(`No ${begin.name} or ${undo.name} has been sent; sent are ${this.sent.map((one) => one.command.name).join(", ")}`);
    return this.answered(ended, { final, data }, command);
  }

  /** An attempt at the newest command, or at the one given, fails. */
  failed(failure: FailureReason = trouble(), command: CommandToSend = this.newest()): this {
    return this.take({ kind: "attempt-failed", messageId: this.id(), runId: command.runId, attempt: command.attempt, command: command.command.name, failure });
  }

  /** Attempts at the newest command fail until there is no other. */
  exhausted(failure: FailureReason = trouble()): this {
    const { runId } = this.newest();
    do this.failed(failure);
    while (this.last.commands.some((command) => command.runId === runId));
    return this;
  }

  /** The newest command, or the one given, was carried out, and its answer comes from outside. */
  answersLater(command: CommandToSend = this.newest()): this {
    return this.take({ kind: "answers-later", messageId: this.id(), runId: command.runId, attempt: command.attempt, command: command.command.name });
  }

  /** An event comes; `messageId` makes it the same message as another. */
  happened<P>(event: EventContract<string, P>, payload: NoInfer<P>, messageId = this.id()): this {
    return this.take({ kind: "event", messageId, contract: event, payload });
  }

  /** Time moves, and nobody looks. */
  at(instant: Date): this {
    this.now = instant;
    return this;
  }

  /** Time moves to the deadline, and somebody looks. */
  timedOut(): this {
    if (this.instance.deadlineAt === null) throw new Error(`${this.instance.state} has no deadline`);
    return this.clock(this.instance.deadlineAt);
  }

  /** Time moves to an instant, by default that of the next timer, and somebody looks. */
  clock(at?: Date): this {
    const timers = [this.instance.deadlineAt, this.instance.remindAt].filter((timer) => timer !== null);
    if (at === undefined && timers.length === 0) throw new Error(`${this.instance.state} has no timer`);
    this.now = at ?? new Date(Math.min(...timers.map((timer) => timer.getTime())));
    return this.take({ kind: "clock" });
  }

  /** An operator acts. */
  operator(action: OperatorAction, note: string | null = null): this {
    return this.take({ kind: "operator", action, actorId: this.operatorId, note });
  }

  /** An operator has a dead letter sent round again, by default the newest. */
  redriven(runId = this.buried.at(-1)?.runId ?? null, command = this.buried.at(-1)?.command.name ?? ""): this {
    return this.take({ kind: "redrive", runId, command, actorId: this.operatorId, note: null });
  }

  /** What an operator's action would do now. */
  plan(action: OperatorAction, note: string | null = null): SagaPlan {
    const decision = decide(this.saga.definition, this.instance, { kind: "operator", action, actorId: this.operatorId, note }, this.context());
    return planOf(this.saga.definition, decision);
  }

  take(input: Input): this {
    this.note((this.last = decide(this.saga.definition, this.instance, input, this.context())));
    return this;
  }

  get instance(): Instance {
    return this.last.instance;
  }

  /** State, status and the commands sent by the last input, e.g. `"Paying RUNNING > PayCommand"`. */
  get outcome(): string {
    const commands = this.last.commands.map(({ command, attempt }) => (attempt === 1 ? command.name : `${command.name} ${attempt}`));
    return [`${this.instance.state} ${this.instance.status}`, ...(commands.length === 0 ? [] : [commands.join(", ")])].join(" > ");
  }

  /** The runs so far, oldest first, each with its end and, once planned, its undo: `"Paying done, undo pending"`. */
  get runs(): string[] {
    return this.instance.runs.map(({ state, status, undo }) => `${state} ${status}${undo === null ? "" : `, undo ${undo.status}`}`);
  }

  newest(name?: string): CommandToSend {
    const command = this.sent.findLast((one) => name === undefined || one.command.name === name);
    if (command === undefined) throw new Error(`No ${name ?? "command"} has been sent; sent are ${this.sent.map((one) => one.command.name).join(", ")}`);
    return command;
  }

  context(): DecisionContext {
    return { now: this.now, newId: () => this.id(), random: this.random };
  }

  private note(decision: Decision): void {
    this.sent.push(...decision.commands);
    this.history.push(...decision.history);
    this.times.push(...decision.history.map(() => this.now));
    this.buried.push(...decision.deadLetters);
    this.buriedAt.push(...decision.deadLetters.map(() => this.now));
  }
}

interface Life {
  readonly now?: Date;
  readonly newId?: () => string;
  /** Default: OPERATOR. */
  readonly operatorId?: string;
}

const countedIds = (): (() => string) => {
  let ids = 0;
  return () => `00000000-0000-7000-8000-${String(++ids).padStart(12, "0")}`;
};
