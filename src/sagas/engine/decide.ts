import { Defect, type FailureReason } from "../../kernel/errors.ts";
import { queueOf, type AnyCommand, type AnyEvent, type Fate } from "../../outbox/index.ts";
import { asideAnswered, asideAnswersLater, asideAttemptFailed, commandOf, remind } from "./asides.ts";
import { answersOf, branchOf, hasWayOn, nodeOf, participantsOf, startOf, stepOf, toCarryOut, type Data, type Definition, type Node } from "./compiled.ts";
import type { Decision, DecisionContext } from "./decision.ts";
import { isFinished, isUndoing, soonest, type Instance, type Run, type UndoneRun } from "./instance.ts";
import { describeFate, digestOf, isToCome, visibleBody } from "./message.ts";
import type { OperatorAction, SagaTimer } from "./operator.ts";
import { mayHaveHappened } from "./remains.ts";
import { findEndProblem } from "./sub-saga.ts";
import { Turn } from "./turn.ts";
import { undoAnswered, undoAnswersLater, undoAttemptFailed, undoEnded } from "./undo.ts";

interface EventInput {
  readonly messageId: string;
  readonly contract: AnyEvent;
  readonly payload: unknown;
}

interface CommandInput {
  readonly messageId: string;
  readonly command: string;
}

interface ByOperator {
  readonly actorId: string;
  readonly note: string | null;
}

export type Input =
  | ({ readonly kind: "event" } & EventInput)
  /** `outside`: it came from outside, under its sender's id, and not with the commit of its command. */
  | ({ readonly kind: "reply"; readonly runId: string; readonly outside?: boolean; readonly begunAt?: Date } & EventInput)
  | ({ readonly kind: "answers-later"; readonly runId: string; readonly attempt: number } & CommandInput)
  | ({
      readonly kind: "attempt-failed";
      readonly runId: string;
      readonly attempt: number;
      readonly failure: FailureReason;
      readonly begunAt?: Date;
    } & CommandInput)
  | ({ readonly kind: "put-aside"; readonly fate: Fate } & CommandInput)
  /** The saga that began it as a sub-saga begins its step again: it is this one that the new run waits for. */
  | { readonly kind: "report-to"; readonly message: string; readonly messageId: string; readonly runId: string }
  /** The saga that began it as a sub-saga fails; `by` is that saga, or the run that undoes it, and `reportTo` its run that is told when this one is undone. */
  | { readonly kind: "undo"; readonly message: string; readonly messageId: string; readonly by: string; readonly reportTo: string }
  /** Somebody looked whether a timer is due. */
  | { readonly kind: "clock" }
  /** The row whose status the saga reflects is gone, so the message cannot do what it would. */
  | { readonly kind: "entity-missing"; readonly what: string; readonly message: string | null; readonly messageId: string | null }
  | ({
      readonly kind: "operator";
      readonly action: OperatorAction;
      /** For `resume`: since when queues are paused, by name. Left out: none is. */
      readonly queuePauses?: ReadonlyMap<string, Date>;
    } & ByOperator)
  /** The dead letter of a run, or of its undo, is sent round again. */
  | ({ readonly kind: "redrive"; readonly runId: string | null; readonly command: string } & ByOperator);

/** What every saga has when it is born. */
const blank = (now: Date) =>
  ({
    status: "RUNNING",
    sequence: 0,
    attempt: 1,
    maxAttempts: 1,
    nextAttemptAt: null,
    deadlineAt: null,
    remindAt: null,
    pausedAt: null,
    pausedBy: null,
    pauseNote: null,
    settledAt: null,
    asides: [],
    parked: [],
    reason: null,
    reasonCode: null,
    reasonMessage: null,
    reasonAt: null,
    startedAt: now,
    updatedAt: now,
    finishedAt: null,
  }) as const;

/** A new saga: born by its starting event and moved on to its first stop. */
export function begin(
  definition: Definition,
  event: EventInput,
  context: DecisionContext,
  { runNumber = 1, parent = null }: { readonly runNumber?: number; readonly parent?: { readonly sagaId: string; readonly runId: string } | null } = {},
): Decision {
  const start = startOf(definition);
  const data = start.init(event.payload);
  const { now } = context;
  const instance: Instance = {
    ...blank(now),
    id: context.newId(),
    type: definition.name,
    version: definition.version,
    subjectId: start.key(event.payload),
    runNumber,
    parent: parent === null ? null : { ...parent, reportTo: parent.runId },
    codeHash: definition.codeHash,
    participants: participantsOf(definition, data),
    state: start.state,
    data,
    runs: start.undo === null ? [] : [{ id: context.newId(), state: start.state, status: "done", attempts: 1, startedAt: now, endedAt: now, undo: null }],
    heard: [{ id: event.messageId, fate: "started" }],
  };
  const turn = new Turn(definition, instance, context, event.contract.name, event.messageId, visibleBody(event.contract, event.payload));
  turn.becomes("started").goOn();
  return turn.decision("started");
}

/**
 * The undo of a sub-saga that has ended, as a run of its own of the same key: an end stays what it was. It takes over the runs of the
 * one that ended, and the data.
 */
export function beginUndo(
  definition: Definition,
  ended: Instance,
  { message, messageId, by, reportTo }: Omit<Extract<Input, { kind: "undo" }>, "kind">,
  context: DecisionContext,
  runNumber: number,
): Decision {
  const last = definition.nodes.get(ended.runs.at(-1)?.state ?? "");
  const instance: Instance = {
    ...ended,
    ...blank(context.now),
    id: context.newId(),
    runNumber,
    parent: ended.parent === null ? null : { ...ended.parent, sagaId: by, reportTo },
    state: (last?.kind === "step" ? last.group : null) ?? last?.state ?? startOf(definition).state,
    heard: [],
  };
  const turn = new Turn(definition, instance, context, message, messageId);
  turn.becomes("started").undoWithParent();
  return turn.decision("started");
}

/** What an input means for a saga: its new state, history, and what has to be sent. Touches nothing, throws only on a broken definition. */
export function decide(definition: Definition, instance: Instance, input: Input, context: DecisionContext): Decision {
  switch (input.kind) {
    case "event":
      return onEvent(definition, instance, input, context);
    case "reply":
      return onReply(definition, instance, input, context);
    case "answers-later":
      return onAnswersLater(definition, instance, input, context);
    case "attempt-failed":
      return onAttemptFailed(definition, instance, input, context);
    case "put-aside": {
      const turn = new Turn(definition, instance, context, input.command, input.messageId);
      return turn.ignore(input.fate, `${input.command} was put aside: ${describeFate(input.fate)}.`);
    }
    case "report-to": {
      const turn = new Turn(definition, instance, context, input.message, input.messageId);
      if (instance.parent !== null) turn.change({ parent: { ...instance.parent, reportTo: input.runId } });
      turn.becomes("applied").record("NOTICE", "The saga that began it has begun its step again, and waits for this one.");
      return turn.decision("applied");
    }
    case "undo":
      return onUndo(definition, instance, input, context);
    case "clock":
      return onClock(definition, instance, context);
    case "entity-missing": {
      const turn = new Turn(definition, instance, context, input.message, input.messageId);
      if (input.messageId !== null) turn.becomes("refused");
      turn.entityMissing(input.what);
      return turn.decision("refused", input.what);
    }
    case "operator":
      return onOperator(definition, instance, input, context);
    case "redrive":
      return onRedrive(definition, instance, input, context);
  }
}

/** Whether a command of this run and attempt still counts; what it is otherwise. */
export function fateOfCommand(instance: Instance, runId: string, attempt: number): "current" | "late" | "duplicate" | "superseded" {
  const aside = instance.asides.find((one) => one.id === runId);
  if (aside?.status === "active") return attempt !== aside.attempts ? "superseded" : aside.later ? "duplicate" : "current";
  for (const run of instance.runs) {
    const undo = run.undo?.runId === runId ? run.undo : null;
    if (run.id !== runId && undo === null) continue;
    const isActive = undo === null ? run.status === "active" : undo.status === "active";
    const attempts = undo === null ? run.attempts : undo.attempts;
    if (isActive) return attempt !== attempts ? "superseded" : (undo === null ? run.later : undo.later) ? "duplicate" : "current";
    const wasAnswered = undo === null ? ["done", "none", "partly"].includes(run.status) : undo.status === "done";
    return wasAnswered ? "duplicate" : "late";
  }
  return aside?.status === "done" ? "duplicate" : "late";
}

/** The state of a run that is open: in a group its step's, elsewhere the saga's, which a migration may have renamed. */
const stateOf = (definition: Definition, { state }: Instance, run: Run): string => (nodeOf(definition, state).kind === "group" ? run.state : state);

const undoneBy = (instance: Instance, undoRunId: string): UndoneRun | undefined => instance.runs.find((run): run is UndoneRun => run.undo?.runId === undoRunId);

function onReply(definition: Definition, instance: Instance, reply: Extract<Input, { kind: "reply" }>, context: DecisionContext): Decision {
  const { contract, payload, runId, messageId } = reply;
  const turn = new Turn(definition, instance, context, contract.name, messageId, visibleBody(contract, payload));
  const first = instance.heard.find(({ id }) => id === messageId);
  if (first !== undefined) return { ...turn.ignore("duplicate", `${contract.name} was put aside: the same message came before.`), first: first.fate };
  turn.endsAttempt(reply.begunAt);
  // The reply of a participant comes once, with its job; only what comes from outside may come again.
  const remember = (fate: Fate): void => (reply.outside === true ? turn.remember(fate) : undefined);
  turn.becomes("applied");
  const aside = instance.asides.find((one) => one.id === runId && one.status === "active");
  if (aside !== undefined) {
    requireDeclared(commandOf(turn, aside), contract);
    remember("applied");
    asideAnswered(turn, aside, contract, payload);
    return turn.decision("applied");
  }
  const run = instance.runs.find((one) => one.id === runId);
  // A run that stands still takes the answer it was promised: what an operator is asked for has come by itself.
  if (run?.status === "active" || (run?.status === "parked" && run.later && run.answer === undefined && instance.status === "STUCK")) {
    const node = stepOf(definition, stateOf(definition, instance, run));
    requireDeclared(node.command, contract);
    const branch = node.replies.get(contract.name);
    if (branch === undefined) throw new Defect(`${definition.name}: ${node.state} does not say what ${contract.name} leads to`);
    remember("applied");
    const problem = findEndProblem(node, contract, payload);
    if (problem === null) turn.about(run).answered(branch, contract, payload);
    else turn.about(run).endedStrangely(contract, payload, problem);
    return turn.decision("applied");
  }
  const undone = undoneBy(instance, runId);
  if (undone?.undo.status === "active") {
    requireDeclared(turn.undoOf(undone).command, contract);
    remember("applied");
    undoAnswered(turn, undone, contract, payload);
    return turn.decision("applied");
  }
  const answer = run?.answer ?? undone?.undo.answer;
  const fate = answer === undefined ? "late" : answer === digestOf(contract, payload) ? "duplicate" : "conflict";
  remember(fate);
  return turn.ignore(fate, `${contract.name} was put aside: ${describeFate(fate)}.`);
}

/** @throws {Defect} a command is answered by one of its declared replies and by nothing else, whoever gives the answer */
function requireDeclared(command: AnyCommand, { name }: AnyEvent): void {
  const declared = command.replies.map((reply) => reply.name);
  if (!declared.includes(name)) throw new Defect(`${command.name} may not answer ${name}; declared are ${declared.join(", ")}`);
}

function onEvent(definition: Definition, instance: Instance, event: Extract<Input, { kind: "event" }>, context: DecisionContext): Decision {
  const { contract, payload } = event;
  const { name } = contract;
  const turn = new Turn(definition, instance, context, name, event.messageId, visibleBody(contract, payload));
  const first = instance.heard.find(({ id }) => id === event.messageId);
  if (first !== undefined) return { ...turn.ignore("duplicate", `${name} was put aside: the same message came before.`), first: first.fate };

  const put = (fate: Fate, summary: string): Decision => {
    turn.remember(fate);
    return turn.ignore(fate, summary);
  };
  const interrupt = definition.interrupts.find((one) => one.event.name === name);
  if (interrupt !== undefined) {
    if (isFinished(instance)) return put(interrupt.whenFinal === "note" ? "noted" : "refused", `It has ended already, as ${instance.state}.`);
    if (isUndoing(instance)) return put("already-undoing", `${name} changes nothing: the saga is being undone already.`);
    if (interrupt.during !== "any" && !interrupt.during.has(instance.state))
      return put("refused", `${name} is not possible any more in the state ${instance.state}.`);
    turn.remember("applied");
    turn.save(interrupt.save?.(payload, instance.data));
    turn.becomes("applied").apply(interrupt.then, "given-up");
    return turn.decision("applied");
  }
  if (startOf(definition).event.name === name) {
    return isFinished(instance)
      ? put("refused", `Its saga has ended already, as ${instance.state}.`)
      : put("duplicate-start", "A saga of this kind and key is under way already.");
  }
  const node = definition.nodes.get(instance.state);
  const branch = node?.kind === "wait" ? node.on.get(name) : undefined;
  if (!isFinished(instance) && !isUndoing(instance)) {
    if (branch !== undefined && turn.currentRuns().length > 0) {
      turn.remember("applied");
      turn.becomes("applied").answered(branch, contract, payload);
      return turn.decision("applied");
    }
    if (isToCome(definition, instance, name)) return turn.park(contract.schema.encode(payload));
  }
  return put("superseded", `${name} was put aside: nothing waits for it in the state ${instance.state}.`);
}

function onAnswersLater(definition: Definition, instance: Instance, input: Extract<Input, { kind: "answers-later" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, input.command, input.messageId);
  const fate = fateOfCommand(instance, input.runId, input.attempt);
  if (fate !== "current") return turn.ignore(fate, `${input.command} was put aside: ${describeFate(fate)}.`);
  turn.becomes("applied");
  const aside = instance.asides.find((one) => one.id === input.runId && one.status === "active");
  const run = instance.runs.find((one) => one.id === input.runId && one.status === "active");
  const undone = undoneBy(instance, input.runId);
  if (aside !== undefined) asideAnswersLater(turn, aside);
  else if (run !== undefined) turn.answersLater(run);
  else if (undone !== undefined && turn.isSubSaga(undone)) undoAnswersLater(turn, undone);
  else throw new Error(`${input.command} may not answer later: it undoes a step, and nothing bounds the time of an undo`);
  return turn.decision("applied");
}

function onAttemptFailed(definition: Definition, instance: Instance, input: Extract<Input, { kind: "attempt-failed" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, input.command, input.messageId);
  turn.endsAttempt(input.begunAt);
  const fate = fateOfCommand(instance, input.runId, input.attempt);
  if (fate !== "current") return turn.ignore(fate, `A failed attempt at ${input.command} was put aside: ${describeFate(fate)}.`);
  const aside = instance.asides.find((one) => one.id === input.runId && one.status === "active");
  const undone = undoneBy(instance, input.runId);
  if (aside !== undefined) asideAttemptFailed(turn, aside, input.failure);
  else if (undone !== undefined) undoAttemptFailed(turn, undone, input.failure);
  else turn.stepAttemptFailed(instance.runs.find((one) => one.id === input.runId) as Run, input.failure);
  return turn.decision("applied");
}

/** Of a saga that goes forward: like an interrupt. One that has ended stays as it is: `beginUndo` is for what it did. */
function onUndo(definition: Definition, instance: Instance, input: Extract<Input, { kind: "undo" }>, context: DecisionContext): Decision {
  const { message, messageId, by, reportTo } = input;
  const turn = new Turn(definition, instance, context, message, messageId);
  if (isFinished(instance)) return turn.ignore("noted", `It has ended already, as ${instance.state}, and nothing of it is left to undo.`);
  if (instance.parent !== null) turn.change({ parent: { ...instance.parent, sagaId: by, reportTo } });
  if (isUndoing(instance)) return turn.ignore("already-undoing", "It is being undone already; the saga that began it is told when that has ended.");
  turn.becomes("applied").undoWithParent();
  return turn.decision("applied");
}

/** A deadline that is due goes before a reminder. While a saga is paused, no timer fires. */
function onClock(definition: Definition, instance: Instance, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, null, null);
  const isDue = (timer: Date | null): boolean => timer !== null && timer <= context.now;
  if (isFinished(instance) || isUndoing(instance) || instance.pausedAt !== null) return turn.decision("superseded");
  if (isDue(instance.deadlineAt)) turn.deadlineReached();
  else if (isDue(instance.remindAt)) remind(turn);
  else return turn.decision("superseded");
  return turn.decision("applied");
}

// ---- operators

function onOperator(definition: Definition, instance: Instance, input: Extract<Input, { kind: "operator" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, null, null);
  const { action } = input;
  const audit = (summary: string, data: Data = {}): void => turn.audit(summary, input.actorId, { action: action.kind, note: input.note, ...data });
  if (isFinished(instance)) return turn.deny("WRONG_STATE", `It has ended already, as ${instance.state}.`);
  if ("step" in action && action.step !== undefined) {
    const open = isUndoing(instance) ? turn.openUndos() : turn.currentRuns();
    const meant = open.find(({ state }) => state === action.step);
    if (meant === undefined)
      return turn.deny("INVALID", `${action.step} is not what can be acted on; that is ${open.map(({ state }) => state).join(", ") || "nothing"}.`);
    turn.about(meant);
  }
  const undos = turn.currentUndos();
  const where = isUndoing(instance) ? `the undo of ${undos.map(({ state }) => state).join(", ") || instance.state}` : instance.state;

  switch (action.kind) {
    case "retry": {
      const waiting = turn.waitingForAttempt();
      // Of a group that stands, the step that is meant may be one that does not.
      const stands = instance.status === "STUCK" && turn.stands();
      if (!stands && waiting.length === 0) return turn.deny("WRONG_STATE", `There is nothing to retry: it is ${instance.status}, and no attempt is waiting.`);
      const patched = patch(definition, instance, action.changes ?? {});
      if (typeof patched === "string") return turn.deny("INVALID", patched);
      // The history is kept for ever, and read by people who need not know what the texts say.
      const changes = action.changes === undefined ? {} : { changes: definition.data.redact(action.changes) };
      if (stands) {
        audit(`An operator began ${where} again.`, changes);
        turn.change({ data: patched });
        turn.again();
      } else {
        // What waits was made with the data of its day, so changed data need a new command.
        if (action.changes !== undefined)
          return turn.deny("WRONG_STATE", "An attempt that waits is sent as it is; changes are taken when the saga stands STUCK.");
        audit(`An operator had ${where} tried again at once.`);
        turn.reschedule(waiting, null);
      }
      return turn.decision("applied");
    }
    case "complete":
      return complete(definition, instance, action, input.note, turn, audit);
    case "skip": {
      if (undos.length > 0) {
        audit(`An operator gave up ${where}.`);
        for (const undone of undos) undoEnded(turn, undone, "gave-up");
        return turn.decision("applied");
      }
      if (!hasWayOn(definition, instance.state)) return turn.deny("WRONG_STATE", `${instance.state} is the last state: without it there is no way to the end.`);
      audit(`An operator skipped ${instance.state}.`);
      turn.skip();
      return turn.decision("applied");
    }
    case "cancel":
      if (definition.failedFinal === null) return turn.deny("WRONG_STATE", `${definition.name} has no final for what fails, so it cannot be cancelled.`);
      if (isUndoing(instance)) return turn.deny("WRONG_STATE", "It is being undone already.");
      audit("An operator cancelled it.");
      turn.cancel();
      return turn.decision("applied");
    case "pause":
      if (instance.pausedAt !== null) return turn.deny("WRONG_STATE", `It is paused already, since ${instance.pausedAt.toISOString()}.`);
      turn.change({ pausedAt: context.now, pausedBy: input.actorId, pauseNote: input.note });
      audit("An operator paused it.");
      return turn.decision("applied");
    case "resume":
      if (instance.pausedAt === null) return turn.deny("WRONG_STATE", "It is not paused.");
      turn.change({
        pausedAt: null,
        pausedBy: null,
        pauseNote: null,
        ...timersAfterPause(definition, instance, instance.pausedAt, context.now, input.queuePauses),
      });
      audit("An operator resumed it.");
      // What was held is sent at once, but not before an attempt that was moved meanwhile.
      turn.keepAttempts();
      return turn.decision("applied");
    case "move-timer":
      return moveTimer(turn, action, context.now, audit);
    case "fire-timer":
      return fireTimer(turn, action, audit);
  }
}

type Audit = (summary: string, data?: Data) => void;

/** @returns the data with the changes, or why they do not fit */
function patch(definition: Definition, instance: Instance, changes: Data): Data | string {
  const fields = definition.data.fields ?? [];
  const unknown = Object.keys(changes).filter((field) => !fields.includes(field));
  if (unknown.length > 0) return `The saga has no ${unknown.join(", ")}; it has ${fields.join(", ")}.`;
  const stored = definition.data.encode(instance.data) as Data;
  if (definition.key in changes && changes[definition.key] !== stored[definition.key]) return `${definition.key} is the saga's key and cannot be changed.`;
  try {
    return definition.data.decode({ ...stored, ...changes }, "changes");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** An answer by hand: to the current step or wait, or word that the current undo was done. */
function complete(
  definition: Definition,
  instance: Instance,
  action: Extract<OperatorAction, { kind: "complete" }>,
  note: string | null,
  turn: Turn,
  audit: Audit,
): Decision {
  const undos = turn.currentUndos();
  if (undos.length > 0) {
    const states = undos.map(({ state }) => state).join(", ");
    if (undos.length > 1) return turn.deny("INVALID", `Several undos are open, of ${states}. Say by step which one was done by hand.`);
    if (note === null) return turn.deny("INVALID", `Whoever undid ${states} by hand has to say how, in the note.`);
    audit(`An operator undid ${states} by hand.`);
    for (const undone of undos) undoEnded(turn, undone, "done");
    return turn.decision("applied");
  }
  // In a group, what stands is asked for before what is still under way.
  const open = turn.currentRuns().toSorted((a, b) => Number(b.status === "parked") - Number(a.status === "parked"));
  const nodeFor = (one: Run): Node => nodeOf(definition, stateOf(definition, instance, one));
  const events = open.flatMap((one) => answersOf(nodeFor(one)));
  const run = open.find((one) => answersOf(nodeFor(one)).some((event) => event.name === action.reply));
  const node = run === undefined ? undefined : nodeFor(run);
  const contract = events.find((event) => event.name === action.reply);
  const branch = node === undefined || contract === undefined ? undefined : branchOf(node, contract);
  if (run === undefined || contract === undefined || branch === undefined) {
    const names = [...new Set(events.map((event) => event.name))].join(" or ");
    return turn.deny("INVALID", `${instance.state} is completed by ${names}, not by ${action.reply ?? "nothing"}.`);
  }
  let payload: unknown;
  try {
    payload = contract.schema.decode(
      contract.schema.fields?.includes(definition.key) === false ? action.payload : { [definition.key]: instance.subjectId, ...action.payload },
      "payload",
    );
  } catch (error) {
    return turn.deny("INVALID", error instanceof Error ? error.message : String(error));
  }
  if (definition.key in (payload as Data) && (payload as Data)[definition.key] !== instance.subjectId)
    return turn.deny("INVALID", `payload.${definition.key} is not this saga's ${definition.key}, ${instance.subjectId}.`);
  audit(`An operator completed ${run.state} with ${contract.name}.`, { reply: contract.name });
  turn.about(run).answered(branch, contract, payload);
  return turn.decision("applied");
}

/**
 * What counts from an entry does not count a pause; an instant of the business stays what it is. Of a step whose queue is paused too,
 * the deadline gets back the time since then when the queue is resumed, and not twice.
 */
function timersAfterPause(
  definition: Definition,
  instance: Instance,
  pausedAt: Date,
  now: Date,
  queuePauses: ReadonlyMap<string, Date> = new Map(),
): Pick<Instance, "deadlineAt" | "remindAt"> {
  const { deadlineAt, remindAt } = instance;
  const node = definition.nodes.get(instance.state);
  const run = instance.runs.findLast((one) => one.status === "active");
  const entered = run?.startedAt ?? pausedAt;
  const later = (timer: Date | null, setAt: Date | undefined, until: Date): Date | null => {
    const since = Math.max(pausedAt.getTime(), entered.getTime(), setAt?.getTime() ?? 0);
    return timer === null ? null : new Date(timer.getTime() + Math.max(0, until.getTime() - since));
  };
  const isInstant = node?.kind === "wait" && typeof node.deadline === "function";
  const isEvery = (node?.kind === "step" || node?.kind === "wait") && node.remind !== null && "everyMs" in node.remind.when;
  const paused = toCarryOut(definition, instance).flatMap(({ step }) => queuePauses.get(queueOf(step.command.name)) ?? []);
  const queuePausedAt = paused.toSorted((a, b) => a.getTime() - b.getTime())[0];
  return {
    deadlineAt: isInstant ? deadlineAt : later(deadlineAt, run?.deadlineSetAt, queuePausedAt ?? now),
    remindAt: isEvery ? later(remindAt, run?.reminderSetAt, now) : remindAt,
  };
}

/** A timer that a saga has, and what it is of. */
interface Timer {
  readonly at: Date;
  readonly of: string;
  /** Of a next attempt: whose it is. */
  readonly runs: readonly Run[];
}

/** The timer that an operator means: of the attempts that wait in a group, that of the step that is named, or else the soonest. @returns why there is none */
function timerOf(turn: Turn, { timer, step }: Pick<Extract<OperatorAction, { kind: "move-timer" }>, "timer" | "step">): Timer | Decision {
  const { instance } = turn;
  const none = (): Decision => turn.deny("WRONG_STATE", `${step ?? "It"} has no ${timerNames[timer]} now: it is ${instance.status} in ${instance.state}.`);
  if (timer !== "NEXT_ATTEMPT") {
    if (step !== undefined) return turn.deny("INVALID", `A ${timerNames[timer]} is that of ${instance.state} as a whole: name a step only with NEXT_ATTEMPT.`);
    const at = timer === "DEADLINE" ? instance.deadlineAt : instance.remindAt;
    return at === null ? none() : { at, of: instance.state, runs: [] };
  }
  const waiting = turn.waitingForAttempt();
  const run = soonest(waiting) ?? waiting[0];
  const at = run === undefined || (step === undefined && instance.nextAttemptAt === null) ? null : turn.nextAttemptOf(run);
  if (run === undefined || at === null) return none();
  return { at, of: run.group === undefined ? instance.state : run.state, runs: [run] };
}

/** What counts from an entry grows by every pause, and has to stay an instant that can be stored and told. */
const END_OF_TIME = new Date("9000-01-01T00:00:00Z");

const timerNames: Readonly<Record<SagaTimer, string>> = { DEADLINE: "deadline", REMINDER: "reminder", NEXT_ATTEMPT: "next attempt" };

function moveTimer(turn: Turn, action: Extract<OperatorAction, { kind: "move-timer" }>, now: Date, audit: Audit): Decision {
  const { timer, to } = action;
  const found = timerOf(turn, action);
  if ("fate" in found) return found;
  if (to <= now) return turn.deny("INVALID", `${to.toISOString()} has passed. Give an instant to come, or fire the timer.`);
  if (to >= END_OF_TIME) return turn.deny("INVALID", `${to.toISOString()} is too far ahead. Give an instant before ${END_OF_TIME.toISOString()}.`);
  const { at, of, runs } = found;
  // Of a saga that is paused it is held, whatever its time.
  if (timer === "NEXT_ATTEMPT" && at <= now && turn.instance.pausedAt === null)
    return turn.deny("WRONG_STATE", `The next attempt of ${of} is due since ${at.toISOString()}, and on its way.`);
  for (const run of runs) turn.about(run);
  audit(`An operator moved the ${timerNames[timer]} of ${of} to ${to.toISOString()}.`, { from: at.toISOString(), to: to.toISOString() });
  if (timer === "NEXT_ATTEMPT") turn.reschedule(runs, to);
  else turn.setTimer(timer, to);
  return turn.decision("applied");
}

function fireTimer(turn: Turn, action: Extract<OperatorAction, { kind: "fire-timer" }>, audit: Audit): Decision {
  const found = timerOf(turn, action);
  if ("fate" in found) return found;
  const { of, runs } = found;
  for (const run of runs) turn.about(run);
  audit(`An operator fired the ${timerNames[action.timer]} of ${of}.`);
  if (action.timer === "NEXT_ATTEMPT") turn.reschedule(runs, null);
  else if (action.timer === "DEADLINE") turn.deadlineReached();
  else remind(turn);
  return turn.decision("applied");
}

/**
 * A dead letter goes round again through the saga: the step or undo that stands begins anew; a command that the saga went on
 * without is sent beside the main path, under the same run, so that its undo still covers it.
 */
function onRedrive(definition: Definition, instance: Instance, input: Extract<Input, { kind: "redrive" }>, context: DecisionContext): Decision {
  const turn = new Turn(definition, instance, context, null, null);
  const { runId, command } = input;
  const audit = (): void => turn.audit(`An operator redrove ${command}.`, input.actorId, { action: "redrive", note: input.note, command });
  const node = definition.nodes.get(instance.state);
  const run = instance.runs.find((one) => one.id === runId);
  const undone = runId === null ? undefined : undoneBy(instance, runId);
  const aside = instance.asides.find((one) => one.id === runId);

  if (aside?.status === "active") return turn.deny("WRONG_STATE", `${command} is on its way already.`);
  if (aside?.status === "done") return turn.deny("WRONG_STATE", `${command} was redriven already, and done.`);
  const current = isUndoing(instance) ? undone : run;
  const isCurrent = [...turn.currentUndos(), ...turn.currentRuns()].some((one) => one.id === current?.id);
  // A letter from before runs were noted on it belongs to the step that stands, if it is that step's command.
  const isUnnamed = runId === null && !isUndoing(instance) && node?.kind === "step" && node.command.name === command;
  if (instance.status === "STUCK" && (isUnnamed || (isCurrent && (run ?? undone) !== undefined))) {
    audit();
    if (current?.group !== undefined) turn.about(current);
    turn.again();
    return turn.decision("applied");
  }
  if (undone?.undo.status === "gave-up" || (aside?.status === "gave-up" && aside.kind === "tell")) {
    audit();
    turn.redrive(runId as string, aside?.state ?? instance.state, (undone?.undo.attempts ?? aside?.attempts ?? 0) + 1);
    return turn.decision("applied");
  }
  if (instance.reason !== null) return turn.deny("WRONG_STATE", `Its saga has failed and undid its steps: what ${command} does must not happen any more.`);
  if (aside?.kind === "remind") return turn.deny("WRONG_STATE", "A reminder is not sent again: the next one is sent in its time.");
  if (run !== undefined && run.answer === undefined && mayHaveHappened(run)) {
    audit();
    turn.redrive(run.id, run.state, (aside?.attempts ?? run.attempts) + 1);
    return turn.decision("applied");
  }
  return turn.deny("WRONG_STATE", `${command} is not what the saga waits for: it is ${instance.status} in ${instance.state}.`);
}
