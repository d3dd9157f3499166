import type { AnyCommand, AnyEvent, Fate } from "../../outbox/index.ts";
import type { FailureReason } from "../../kernel/errors.ts";
import { isFinal, nodeOf, startOf, stateAfter, type CompiledBranch, type Data, type Definition, type StepNode, type Undo } from "./compiled.ts";
import { describeMs } from "./duration.ts";
import { isFinished, isUndoing, type Instance, type Run, type SagaStatus, type UndoRun } from "./instance.ts";
import type { AnyOutcome } from "./outcome.ts";
import { attemptsOf, type Retry } from "./retry.ts";

/** What decisions need from outside, given so that they stay pure: same input, same decision. */
export interface DecisionContext {
  /** The database's time. */
  readonly now: Date;
  readonly newId: () => string;
  /** 0 ≤ x < 1; for jitter. */
  readonly random: () => number;
}

interface EventInput {
  readonly messageId: string;
  readonly contract: AnyEvent;
  readonly payload: unknown;
}

export type Input =
  | ({ readonly kind: "event" } & EventInput)
  | ({ readonly kind: "reply"; readonly runId: string } & EventInput)
  | {
      readonly kind: "attempt-failed";
      readonly messageId: string;
      readonly runId: string;
      readonly attempt: number;
      readonly command: string;
      readonly failure: FailureReason;
    }
  | { readonly kind: "put-aside"; readonly messageId: string; readonly command: string; readonly fate: Fate }
  | { readonly kind: "deadline" };

export type HistoryKind = "TRANSITION" | "ATTEMPT_FAILED" | "COMPENSATION" | "OPERATOR_ACTION" | "MESSAGE_IGNORED";

/** One row of a saga's append-only history. */
export interface HistoryRow {
  readonly sequence: number;
  readonly kind: HistoryKind;
  readonly message: string | null;
  readonly messageId: string | null;
  readonly fromState: string;
  readonly toState: string;
  readonly status: SagaStatus;
  readonly summary: string;
  readonly attempt: number | null;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
}

export interface CommandToSend {
  readonly id: string;
  readonly command: AnyCommand;
  readonly payload: unknown;
  readonly runId: string;
  readonly attempt: number;
  readonly deliverAt: Date | null;
  readonly causationId: string | null;
}

/** A command whose attempts are used up, for an operator to look at. */
export interface DeadLetterToWrite {
  readonly command: AnyCommand;
  readonly payload: unknown;
  readonly attempts: number;
  readonly reasonCode: string;
  readonly reasonMessage: string;
  readonly detail: string;
}

export interface Decision {
  readonly instance: Instance;
  readonly history: readonly HistoryRow[];
  readonly commands: readonly CommandToSend[];
  readonly deadLetters: readonly DeadLetterToWrite[];
  readonly fate: Fate;
  /** Why the message was refused or put aside. */
  readonly explanation?: string;
}

/** A new saga: born by its starting event and moved on to its first stop. */
export function begin(definition: Definition, event: EventInput, context: DecisionContext): Decision {
  const start = startOf(definition);
  const data = start.init(event.payload);
  const { now } = context;
  const instance: Instance = {
    id: context.newId(),
    type: definition.name,
    version: definition.version,
    subjectId: start.key(event.payload),
    participants: definition.participants.map((field) => data[field]).filter((id): id is string => typeof id === "string"),
    state: start.state,
    status: "RUNNING",
    sequence: 0,
    attempt: 1,
    maxAttempts: 1,
    nextAttemptAt: null,
    deadlineAt: null,
    settledAt: null,
    data,
    runs: start.undo === null ? [] : [{ id: context.newId(), state: start.state, status: "done", attempts: 1, startedAt: now, endedAt: now, undo: null }],
    reason: null,
    reasonCode: null,
    reasonMessage: null,
    reasonAt: null,
    startedAt: now,
    updatedAt: now,
    finishedAt: null,
  };
  const turn = new Turn(definition, instance, context, event.contract.name, event.messageId);
  turn.goOn();
  return turn.decision("started");
}

/** What an input means for a saga: its new state, history, and what has to be sent. Touches nothing, throws only on a broken definition. */
export function decide(definition: Definition, instance: Instance, input: Input, context: DecisionContext): Decision {
  switch (input.kind) {
    case "reply":
      return onReply(definition, instance, input, context);
    case "event":
      return onEvent(definition, instance, input, context);
    case "attempt-failed":
      return onAttemptFailed(definition, instance, input, context);
    case "deadline":
      return onDeadline(definition, instance, context);
    case "put-aside": {
      const turn = new Turn(definition, instance, context, input.command, input.messageId);
      return turn.ignore(input.fate, `${input.command} was put aside: ${describeFate(input.fate)}.`);
    }
  }
}

/** Whether a command of this run and attempt still counts; what it is otherwise. */
export function fateOfCommand(instance: Instance, runId: string, attempt: number): "current" | "late" | "duplicate" | "superseded" {
  for (const run of instance.runs) {
    const undo = run.undo?.runId === runId ? run.undo : null;
    if (run.id !== runId && undo === null) continue;
    const isActive = undo === null ? run.status === "active" : undo.status === "active";
    const attempts = undo === null ? run.attempts : undo.attempts;
    if (isActive) return attempt === attempts ? "current" : "superseded";
    const wasAnswered = undo === null ? ["done", "none", "partly"].includes(run.status) : undo.status === "done";
    return wasAnswered ? "duplicate" : "late";
  }
  return "late";
}

function onReply(definition: Definition, instance: Instance, reply: Extract<Input, { kind: "reply" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, reply.contract.name, reply.messageId);
  const run = instance.runs.find((one) => one.id === reply.runId && one.status === "active");
  if (run !== undefined) {
    const node = nodeOf(definition, run.state) as StepNode;
    const branch = node.replies.get(reply.contract.name);
    if (branch === undefined)
      throw new Error(`${node.command.name} may not answer ${reply.contract.name}; declared are ${[...node.replies.keys()].join(", ")}`);
    turn.take(branch, reply.payload, "answered");
    return turn.decision("applied");
  }
  const undone = undoneBy(instance, reply.runId);
  if (undone?.undo.status === "active") {
    turn.undoEnded(undone, "done");
    return turn.decision("applied");
  }
  const fate = fateOfCommand(instance, reply.runId, 0) === "duplicate" ? "duplicate" : "late";
  return turn.ignore(fate, `${reply.contract.name} was put aside: ${describeFate(fate)}.`);
}

function onEvent(definition: Definition, instance: Instance, event: Extract<Input, { kind: "event" }>, context: DecisionContext): Decision {
  const name = event.contract.name;
  const turn = new Turn(definition, instance, context, name, event.messageId);
  const interrupt = definition.interrupts.find((one) => one.event.name === name);
  if (interrupt !== undefined) {
    if (isFinished(instance)) return turn.refuse(`It has ended already, as ${instance.state}.`, interrupt.whenFinal === "note" ? "noted" : "refused");
    if (isUndoing(instance)) return turn.ignore("already-undoing", `${name} changes nothing: the saga is being undone already.`);
    if (interrupt.during !== "any" && !interrupt.during.has(instance.state))
      return turn.refuse(`${name} is not possible any more in the state ${instance.state}.`);
    turn.save(interrupt.save?.(event.payload, instance.data));
    turn.apply(interrupt.then, "given-up");
    return turn.decision("applied");
  }
  if (startOf(definition).event.name === name) return turn.refuse("A saga of this kind and key exists already.", "duplicate");
  const node = isFinished(instance) ? undefined : definition.nodes.get(instance.state);
  if (node?.kind === "wait" && instance.status === "WAITING") {
    const branch = node.on.get(name);
    if (branch !== undefined) {
      turn.take(branch, event.payload, "answered");
      return turn.decision("applied");
    }
  }
  return turn.ignore("superseded", `${name} was put aside: nothing waits for it in the state ${instance.state}.`);
}

function onAttemptFailed(definition: Definition, instance: Instance, input: Extract<Input, { kind: "attempt-failed" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, input.command, input.messageId);
  const fate = fateOfCommand(instance, input.runId, input.attempt);
  if (fate !== "current") return turn.ignore(fate, `A failed attempt at ${input.command} was put aside: ${describeFate(fate)}.`);
  const undone = undoneBy(instance, input.runId);
  if (undone === undefined) turn.stepAttemptFailed(instance.runs.find((one) => one.id === input.runId) as Run, input.failure);
  else turn.undoAttemptFailed(undone, input.failure);
  return turn.decision("applied");
}

function onDeadline(definition: Definition, instance: Instance, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, null, null);
  if (instance.deadlineAt === null || instance.deadlineAt > context.now || isFinished(instance) || isUndoing(instance)) return turn.decision("superseded");
  turn.deadlineReached();
  return turn.decision("applied");
}

/** A run whose undo has been planned, at least. */
type UndoneRun = Run & { readonly undo: UndoRun };

const undoneBy = (instance: Instance, undoRunId: string): UndoneRun | undefined => instance.runs.find((run): run is UndoneRun => run.undo?.runId === undoRunId);

const describeFate = (fate: Fate): string =>
  ({
    started: "it started a saga",
    applied: "it was applied",
    duplicate: "it had been answered already",
    late: "its step had been given up",
    superseded: "a newer attempt had taken over",
    refused: "it is not possible any more",
    noted: "the saga has ended, which is no reason to refuse it",
    "already-undoing": "the saga is being undone already",
    orphan: "no saga has this key",
    "no-subscriber": "nobody listens to it",
  })[fate];

/** How the current run ends: by an answer, or given up without one, so that it may or may not have happened. */
type Ending = "answered" | "given-up";

/** One decision in the making: a draft of the instance and what it gives rise to. */
class Turn {
  private readonly definition: Definition;
  private readonly before: Instance;
  private readonly context: DecisionContext;
  private readonly message: string | null;
  private readonly messageId: string | null;
  private draft: Instance;
  private readonly history: HistoryRow[] = [];
  private readonly commands: CommandToSend[] = [];
  private readonly deadLetters: DeadLetterToWrite[] = [];
  /** Why the current run is given up; null while that is nobody's fault. */
  private failure: FailureReason | null = null;

  constructor(definition: Definition, instance: Instance, context: DecisionContext, message: string | null, messageId: string | null) {
    this.definition = definition;
    this.before = instance;
    this.draft = instance;
    this.context = context;
    this.message = message;
    this.messageId = messageId;
  }

  decision(fate: Fate, explanation?: string): Decision {
    const { history, commands, deadLetters } = this;
    return { instance: this.draft, history, commands, deadLetters, fate, ...(explanation === undefined ? {} : { explanation }) };
  }

  /** The message has no effect; while the saga lives, its history says so. */
  ignore(fate: Fate, summary: string): Decision {
    if (!isFinished(this.before)) this.record("MESSAGE_IGNORED", summary, { fromState: this.draft.state });
    return this.decision(fate, summary);
  }

  refuse(explanation: string, fate: Fate = "refused"): Decision {
    return this.decision(fate, explanation);
  }

  save(changes: Data | undefined): void {
    if (changes !== undefined) this.change({ data: { ...this.draft.data, ...changes } });
  }

  take(branch: CompiledBranch, payload: unknown, ending: Ending): void {
    const source = branch.by?.from === "event" ? (payload as Data) : this.draft.data;
    const value = branch.by === null ? "*" : String(source[branch.by.field]);
    const arm = branch.arms.get(value);
    if (arm === undefined) throw new Error(`${this.definition.name}: ${branch.by?.field} is ${value}; handled are ${[...branch.arms.keys()].join(", ")}`);
    this.save(arm.save?.(payload, this.draft.data));
    this.apply(arm.then, ending);
  }

  apply(outcome: AnyOutcome, ending: Ending): void {
    switch (outcome.go) {
      case "next":
        this.endRun(ending === "answered" ? "done" : "unknown");
        return this.goOn();
      case "skip":
        this.endRun("skipped");
        return this.goOn();
      case "state":
        return this.jump(outcome.to, outcome.atMost, outcome.orElse, ending);
      case "final":
        this.endRun(ending === "answered" ? "done" : "unknown");
        return this.enter(outcome.final);
      case "fail":
        this.endRun(ending === "given-up" ? "unknown" : outcome.partly ? "partly" : "none");
        this.giveReason(outcome.reason);
        this.planUndo();
        return this.undoNext();
      case "park":
        this.endRun("parked");
        this.change({ status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...this.trouble() });
        return this.record("TRANSITION", `${this.draft.state} stands and needs an operator.`, { fromState: this.draft.state });
      case "stay":
        return this.record("TRANSITION", `${this.draft.state} noted ${this.message}.`, { fromState: this.draft.state });
    }
  }

  /** On to the next state of the main path. */
  goOn(): void {
    const following = stateAfter(this.definition, this.draft.state);
    if (following === null) throw new Error(`${this.definition.name}: nothing follows ${this.draft.state}`);
    this.enter(following);
  }

  private jump(to: string, atMost: number | undefined, orElse: AnyOutcome | undefined, ending: Ending): void {
    const loops = this.draft.runs.filter((run) => run.state === to && run.viaLoop).length;
    if (atMost !== undefined && loops >= atMost) return this.apply(orElse ?? { go: "park" }, ending);
    this.endRun(ending === "answered" ? "done" : "unknown");
    this.enter(to, atMost !== undefined);
  }

  private enter(state: string, viaLoop = false): void {
    const fromState = this.draft.state;
    const { now } = this.context;
    // Whatever went wrong on the way here is over. A saga that fails does not come this way, and keeps its reason.
    this.change({ reasonCode: null, reasonMessage: null, reasonAt: null });
    if (isFinal(this.definition, state)) return this.end(state);
    const node = nodeOf(this.definition, state);
    const left = this.draft.runs.findLast((run) => run.state === fromState);
    const how = left?.status === "skipped" ? "was skipped" : left?.status === "unknown" ? "was given up" : "is done";
    const summary = `${fromState} ${how}; ${node.kind === "wait" ? "waiting in" : node.kind === "step" ? "now" : "reached"} ${state}.`;
    this.change({ state, attempt: 1, maxAttempts: 1, nextAttemptAt: null, deadlineAt: null, status: "RUNNING" });
    if (node.kind === "milestone") {
      if (node.goal && this.draft.settledAt === null) this.change({ settledAt: now });
      this.record("TRANSITION", summary, { fromState });
      return this.goOn();
    }
    const run: Run = {
      id: this.context.newId(),
      state,
      status: "active",
      attempts: 1,
      startedAt: now,
      endedAt: null,
      undo: null,
      ...(viaLoop ? { viaLoop } : {}),
    };
    this.change({ runs: [...this.draft.runs, run] });
    if (node.kind === "step") {
      this.change({ maxAttempts: attemptsOf(node.retry), deadlineAt: new Date(now.getTime() + node.timeoutMs) });
      this.sendStep(node, run, null);
    } else {
      const deadlineAt = typeof node.deadline === "function" ? node.deadline(this.draft.data) : new Date(now.getTime() + node.deadline.afterMs);
      this.change({ status: "WAITING", deadlineAt, settledAt: node.goal ? (this.draft.settledAt ?? now) : this.draft.settledAt });
    }
    this.record("TRANSITION", summary, { fromState });
  }

  private end(final: string): void {
    const fromState = this.draft.state;
    const { now } = this.context;
    const cancelled = this.draft.reason !== null && this.definition.reasons[this.draft.reason]?.cancels === true;
    const status: SagaStatus = this.definition.finals[final] === "succeeded" ? "COMPLETED" : cancelled ? "CANCELLED" : "FAILED";
    this.change({ state: final, status, deadlineAt: null, nextAttemptAt: null, finishedAt: now, settledAt: this.draft.settledAt ?? now });
    const stays = this.draft.runs.filter((run) => run.undo?.status === "gave-up").map((run) => run.state);
    const rest = stays.length === 0 ? "" : ` What could not be undone: ${stays.join(", ")}.`;
    this.record("TRANSITION", `${fromState} led to the end: ${final}.${this.draft.reasonMessage === null ? "" : ` ${this.draft.reasonMessage}`}${rest}`, {
      fromState,
    });
  }

  // ---- attempts

  stepAttemptFailed(run: Run, failure: FailureReason): void {
    const node = nodeOf(this.definition, run.state) as StepNode;
    const wait = this.nextWait(node.retry, run.attempts, failure);
    if (wait !== null) {
      const attempts = run.attempts + 1;
      const nextAttemptAt = new Date(this.context.now.getTime() + wait);
      this.changeRun(run.id, { attempts });
      this.change({
        status: "RETRYING",
        attempt: attempts,
        nextAttemptAt,
        reasonCode: failure.code,
        reasonMessage: failure.message,
        reasonAt: this.context.now,
      });
      this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} Next attempt in ${describeMs(wait)}.`);
      return this.sendStep(node, { ...run, attempts }, nextAttemptAt);
    }
    this.bury(node.command, this.payloadOf(node, run), run.attempts, failure);
    this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} No attempt is left.`);
    this.failure = failure;
    this.apply(node.onExhausted, "given-up");
  }

  undoAttemptFailed(run: UndoneRun, failure: FailureReason): void {
    const undo = this.getUndo(run);
    const { attempts } = run.undo;
    const wait = this.nextWait(undo.retry, attempts, failure);
    if (wait !== null) {
      const nextAttemptAt = new Date(this.context.now.getTime() + wait);
      this.changeRun(run.id, { undo: { ...run.undo, attempts: attempts + 1 } });
      this.change({ attempt: attempts + 1, nextAttemptAt });
      this.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} Next attempt in ${describeMs(wait)}.`);
      return this.sendUndo(undo, run, run.undo.runId as string, attempts + 1, nextAttemptAt);
    }
    this.bury(undo.command, undo.with(this.draft.data, this.meta(run.id, attempts)), attempts, failure);
    this.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} No attempt is left.`);
    if (undo.ifExhausted === "continue") return this.undoEnded(run, "gave-up");
    this.changeRun(run.id, { undo: { ...run.undo, status: "parked" } });
    this.change({ status: "STUCK", nextAttemptAt: null });
    this.record("COMPENSATION", `The undo of ${run.state} stands and needs an operator.`, { fromState: this.draft.state });
  }

  deadlineReached(): void {
    const { state } = this.draft;
    const node = nodeOf(this.definition, state);
    if (node.kind === "milestone") throw new Error(`${this.definition.name}: the milestone ${state} has no deadline`);
    const outcome = node.kind === "step" ? node.onTimeout : node.onDeadline;
    const failure: FailureReason = {
      code: "TIMED_OUT",
      message: `${state} did not end in time.`,
      permanent: true,
      detail: `Deadline ${this.draft.deadlineAt?.toISOString()}`,
    };
    const run = this.activeRun();
    if (node.kind === "step" && run !== undefined && (outcome.go === "skip" || outcome.go === "park"))
      this.bury(node.command, this.payloadOf(node, run), run.attempts, failure);
    this.change({ deadlineAt: null });
    this.failure = failure;
    this.apply(outcome, "given-up");
  }

  private nextWait(retry: Retry, attempts: number, failure: FailureReason): number | null {
    const wait = retry.waitsMs[attempts - 1];
    if (failure.permanent || wait === undefined) return null;
    return Math.round(wait * (1 + retry.jitter * (2 * this.context.random() - 1)));
  }

  private failedAttempt(failure: FailureReason, attempt: number, summary: string): void {
    this.record("ATTEMPT_FAILED", summary, { fromState: this.draft.state, attempt, reasonCode: failure.code, reasonMessage: failure.message });
  }

  /** A saga that stands shows the failure itself, if there was one; one that fails shows the declared reason; one that goes on shows none. */
  private trouble(): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    const { failure } = this;
    if (failure === null) return { reasonCode: null, reasonMessage: null, reasonAt: null };
    return { reasonCode: failure.code, reasonMessage: failure.message, reasonAt: this.context.now };
  }

  private bury(command: AnyCommand, payload: unknown, attempts: number, failure: FailureReason): void {
    this.deadLetters.push({ command, payload, attempts, reasonCode: failure.code, reasonMessage: failure.message, detail: failure.detail });
  }

  // ---- undo

  private giveReason(reason: string): void {
    const declared = this.definition.reasons[reason];
    if (declared === undefined) throw new Error(`${this.definition.name}: ${reason} is not a declared reason`);
    const reasonMessage = typeof declared.message === "string" ? declared.message : declared.message(this.draft.data);
    this.change({ reason, reasonCode: declared.code, reasonMessage, reasonAt: this.context.now, deadlineAt: null, nextAttemptAt: null });
  }

  /** Everything that was done or may have been done is to be undone. */
  private planUndo(): void {
    for (const run of this.draft.runs) {
      const mayHaveHappened = ["done", "partly", "unknown", "skipped"].includes(run.status);
      if (mayHaveHappened && this.undoOf(run) !== null) this.changeRun(run.id, { undo: { status: "pending", runId: null, attempts: 0 } });
    }
  }

  /** The undo of the latest run that still has one to come; without any, the end. One at a time, latest first. */
  private undoNext(): void {
    const run = this.draft.runs.findLast((one) => one.undo?.status === "pending");
    if (run === undefined) {
      if (this.definition.failedFinal === null) throw new Error(`${this.definition.name} fails without onFailed`);
      return this.end(this.definition.failedFinal);
    }
    const undo = this.getUndo(run);
    const runId = this.context.newId();
    this.changeRun(run.id, { undo: { status: "active", runId, attempts: 1 } });
    this.change({ status: "COMPENSATING", attempt: 1, maxAttempts: attemptsOf(undo.retry), nextAttemptAt: null, deadlineAt: null });
    this.sendUndo(undo, run, runId, 1, null);
    this.record("COMPENSATION", `Undoing ${run.state}. ${this.reason()}`.trimEnd(), { fromState: this.draft.state });
  }

  undoEnded(run: UndoneRun, status: "done" | "gave-up"): void {
    this.changeRun(run.id, { undo: { ...run.undo, status } });
    this.undoNext();
  }

  private getUndo(run: Run): Undo {
    const undo = this.undoOf(run);
    if (undo === null) throw new Error(`${this.definition.name}: ${run.state} has no undo`);
    return undo;
  }

  private undoOf(run: Run): Undo | null {
    const start = startOf(this.definition);
    if (run.state === start.state) return start.undo;
    const node = nodeOf(this.definition, run.state);
    return node.kind === "step" ? node.undo : null;
  }

  // ---- the draft

  private change(changes: Partial<Instance>): void {
    this.draft = { ...this.draft, ...changes, updatedAt: this.context.now };
  }

  private changeRun(id: string, changes: Partial<Run>): void {
    this.change({ runs: this.draft.runs.map((run) => (run.id === id ? { ...run, ...changes } : run)) });
  }

  private activeRun(): Run | undefined {
    return this.draft.runs.findLast((run) => run.status === "active" || run.status === "parked");
  }

  private endRun(status: Run["status"]): void {
    const run = this.activeRun();
    if (run !== undefined) this.changeRun(run.id, { status, endedAt: this.context.now });
  }

  /** Why the saga is being undone, as a sentence; empty while it goes forward. */
  private reason(): string {
    const { reason, reasonMessage } = this.draft;
    return reason === null || reasonMessage === null ? "" : reasonMessage;
  }

  private meta(stepRunId: string, attempt: number): { stepRunId: string; attempt: number; now: Date; reason: string } {
    return { stepRunId, attempt, now: this.context.now, reason: this.reason() };
  }

  private payloadOf(node: StepNode, run: Run): unknown {
    return node.with(this.draft.data, this.meta(run.id, run.attempts));
  }

  private sendStep(node: StepNode, run: Run, deliverAt: Date | null): void {
    this.send(node.command, this.payloadOf(node, run), run.id, run.attempts, deliverAt);
  }

  private sendUndo(undo: Undo, run: Run, undoRunId: string, attempt: number, deliverAt: Date | null): void {
    this.send(undo.command, undo.with(this.draft.data, this.meta(run.id, attempt)), undoRunId, attempt, deliverAt);
  }

  private send(command: AnyCommand, payload: unknown, runId: string, attempt: number, deliverAt: Date | null): void {
    this.commands.push({ id: this.context.newId(), command, payload, runId, attempt, deliverAt, causationId: this.messageId });
  }

  private record(
    kind: HistoryKind,
    summary: string,
    extra: { fromState: string } & Partial<Pick<HistoryRow, "attempt" | "reasonCode" | "reasonMessage">>,
  ): void {
    const sequence = this.draft.sequence + 1;
    this.change({ sequence });
    const { state: toState, status, reasonCode, reasonMessage } = this.draft;
    this.history.push({
      sequence,
      kind,
      message: this.message,
      messageId: this.messageId,
      toState,
      status,
      summary,
      attempt: null,
      reasonCode,
      reasonMessage,
      ...extra,
    });
  }
}

/** A sentence for everybody who may watch; what went wrong inside the program is for operators, in the reason and the dead letter. */
const describeFailure = (retry: Retry, attempt: number, { code, message }: FailureReason): string =>
  `Attempt ${attempt} of ${attemptsOf(retry)} failed: ${code === "INTERNAL" ? "an error inside the program." : message.replace(/\.?$/, ".")}`;
