import { outcomesOf } from "../check.ts";
import { isFinal, nodeOf, type Definition } from "../compiled.ts";
import type { Input } from "../decide.ts";
import { isFinished, isOpen, isUndoing, type Instance, type Run } from "../instance.ts";
import type { AnyOutcome } from "../outcome.ts";
import { mayHaveHappened } from "../remains.ts";
import type { Decision } from "../decision.ts";
import type { World, WorldState } from "./world.ts";

/** Something is that must never be. `rule` is the same for all violations of one kind. */
export class Violation extends Error {
  readonly rule: string;
  constructor(rule: string, detail: string, options?: ErrorOptions) {
    super(`${rule}: ${detail}`, options);
    this.name = "Violation";
    this.rule = rule;
  }

  /** An error of the definition or of the rules is a broken rule as well: a decision never throws on a definition that makes sense. */
  static of(error: unknown): Violation {
    return error instanceof Violation ? error : new Violation("nothing throws", String(error), { cause: error });
  }
}

function demand(rule: string, holds: boolean, detail: () => string): void {
  if (!holds) throw new Violation(rule, detail());
}

/** Fates of messages that have no effect. */
const IDLE = new Set(["duplicate", "duplicate-start", "late", "conflict", "superseded", "refused", "noted", "already-undoing"]);

/** What holds of a decision, whatever it is about. */
export function checkDecision(definition: Definition, before: Instance, input: Input, decision: Decision): void {
  const { instance: after, fate, commands } = decision;
  if (input.kind === "entity-missing") return;
  if (IDLE.has(fate) || decision.denied !== undefined) {
    const same = (
      ["state", "status", "data", "runs", "asides", "parked", "deadlineAt", "remindAt", "nextAttemptAt", "reason", "pausedAt", "finishedAt"] as const
    ).find((field) => before[field] !== after[field]);
    demand("what comes late, twice or in vain changes nothing", same === undefined, () => `${describe(input)} was ${fate} and changed ${same}`);
    demand(
      "what comes late, twice or in vain changes nothing",
      commands.length === 0,
      () => `${describe(input)} was ${fate} and sent ${commands[0]?.command.name}`,
    );
  }
  if (input.kind === "event") checkEvent(definition, before, input, fate);
  if (isUndoing(before))
    for (const run of before.runs) {
      const undo = after.runs.find(({ id }) => id === run.id)?.undo;
      const isOver = run.undo?.status === "done" || (run.undo?.status === "gave-up" && undo?.status !== "done");
      demand(
        "what was undone stays undone",
        !isOver || undo?.status === run.undo?.status,
        () => `the undo of ${run.state} was ${run.undo?.status} and is ${undo?.status}`,
      );
      demand("a plan of undos is made once", (run.undo === null) === (undo == null), () => `${run.state} has ${undo == null ? "lost its" : "got an"} undo`);
    }
}

/** An early event waits for its state; an interrupt during the undo changes nothing; a message is heard once. */
function checkEvent(definition: Definition, before: Instance, { contract, messageId }: Extract<Input, { kind: "event" }>, fate: string): void {
  const wasHeard = before.heard.some(({ id }) => id === messageId);
  demand("a message is heard once", !wasHeard || fate === "duplicate", () => `${contract.name} came twice and was ${fate}`);
  if (wasHeard || isFinished(before)) return;
  const isInterrupt = definition.interrupts.some(({ event }) => event.name === contract.name);
  if (isInterrupt)
    demand("an interrupt during the undo changes nothing", !isUndoing(before) || fate === "already-undoing", () => `${contract.name} was ${fate}`);
  const takes = [...definition.nodes.values()].filter((node) => node.kind === "wait" && node.on.has(contract.name));
  const isEarly = !isUndoing(before) && takes.length > 0 && !takes.some(({ state }) => before.runs.some((run) => run.state === state));
  demand("an early event waits for its state", !isEarly || fate === "parked", () => `${contract.name} came before ${takes[0]?.state} and was ${fate}`);
}

/** Only reasons that some outcome fails with are undone; a decided no, `finish` with a reason, undoes nothing. */
const undoneReasons = new WeakMap<Definition, ReadonlySet<string>>();

function reasonsToUndo(definition: Definition): ReadonlySet<string> {
  const known = undoneReasons.get(definition);
  if (known !== undefined) return known;
  const failing = new Set<string>(["CancelledByOperator"]);
  const finishing = new Set<string>();
  const note = (outcome: AnyOutcome): void => {
    if (outcome.go === "fail") failing.add(outcome.reason);
    if (outcome.go === "final" && outcome.reason !== undefined) finishing.add(outcome.reason);
    if (outcome.go === "state" && outcome.orElse !== undefined) note(outcome.orElse);
  };
  for (const node of definition.nodes.values()) {
    for (const outcome of outcomesOf(node)) note(outcome);
  }
  for (const { then } of definition.interrupts) note(then);
  const undone = new Set([...failing].filter((reason) => !finishing.has(reason)));
  undoneReasons.set(definition, undone);
  return undone;
}

/** What holds after every transaction; looks at sagas that it has changed, and at effects. */
export function checkStep(world: World, before: WorldState): void {
  const { state, definition } = world;
  for (const saga of state.sagas.values()) {
    const was = before.sagas.get(saga.id);
    const isSame =
      was === saga && before.history === state.history && before.effects === state.effects && before.outbox === state.outbox && before.jobs === state.jobs;
    if (isSame) continue;
    checkHistory(world, saga, was);
    if (was !== undefined && isFinished(was)) checkFinal(was, saga);
    checkRow(definition, saga);
    checkUndoOrder(saga);
    checkUnderWay(world, saga);
    checkEffects(world, saga);
  }
  if (before.sagas !== state.sagas) checkKeys(world);
}

function checkHistory({ state }: World, saga: Instance, was: Instance | undefined): void {
  const rows = state.history.get(saga.id) ?? [];
  demand("a history has no gap", rows.length === saga.sequence, () => `the saga is at ${saga.sequence}, its history has ${rows.length} rows`);
  for (let index = was?.sequence ?? 0; index < rows.length; index += 1)
    demand("a history has no gap", rows[index]?.sequence === index + 1, () => `row ${index + 1} has the number ${rows[index]?.sequence}`);
}

function checkFinal(was: Instance, saga: Instance): void {
  for (const field of ["state", "status", "data", "reason", "reasonCode", "finishedAt", "settledAt", "version"] as const)
    if (field !== "data" || !was.asides.some(({ kind, status }) => kind === "redrive" && status === "active"))
      demand("a final never changes", was[field] === saga[field], () => `${field} was ${JSON.stringify(was[field])} and is ${JSON.stringify(saga[field])}`);
  demand("a final never changes", was.runs.length === saga.runs.length, () => `it has ${saga.runs.length} runs instead of ${was.runs.length}`);
}

/** What holds between the fields of a saga's row. */
function checkRow(definition: Definition, { state, status, finishedAt, deadlineAt, remindAt, nextAttemptAt, runs, asides, parked, pausedAt }: Instance): void {
  const rule = "a saga's row makes sense";
  const timers = "timers are cleared";
  const open = runs.filter(isOpen);
  const active = open.filter((run) => run.status === "active");
  const undone = runs.filter(({ undo }) => undo !== null && isOpen(undo));
  const undoing = undone.filter(({ undo }) => undo?.status === "active");
  const isForward = ["RUNNING", "RETRYING", "WAITING"].includes(status);
  // Only the steps of a group run, stand and are undone at the same time.
  const isAlone = (some: readonly Run[]): boolean => some.length <= 1 || some.every(({ group }) => group !== undefined && group === some[0]?.group);
  demand(rule, (finishedAt !== null) === isFinal(definition, state), () => `${state} ${status} ended at ${String(finishedAt)}`);
  demand(rule, (finishedAt !== null) === ["COMPLETED", "FAILED", "CANCELLED"].includes(status), () => `${state} is ${status}`);
  demand(rule, active.length === 0 ? !isForward : isForward || status === "STUCK", () => `${status} with ${active.length} runs under way`);
  demand(
    rule,
    undoing.length === 0 ? status !== "COMPENSATING" : ["COMPENSATING", "STUCK"].includes(status),
    () => `${status} with ${undoing.length} undos under way`,
  );
  for (const [what, together] of [
    ["runs", open],
    ["undos", undone],
  ] as const)
    demand(rule, isAlone(together), () => `${what} that are open at a time are of one group: ${together.map((run) => run.state).join(", ")}`);
  demand(rule, !isForward || active.length === open.length, () => `${status} with ${open.length - active.length} runs that stand`);
  demand(
    rule,
    status !== "STUCK" || runs.some((run) => run.status === "parked" || run.undo?.status === "parked"),
    () => `${state} is STUCK and nothing stands`,
  );
  demand("nothing waits for ever", !isForward || deadlineAt !== null, () => `${state} is ${status} without a deadline`);
  demand(
    timers,
    isForward || (deadlineAt === null && remindAt === null),
    () => `${state} is ${status} with a ${deadlineAt === null ? "reminder" : "deadline"}`,
  );
  const node = definition.nodes.get(state);
  demand(
    timers,
    remindAt === null || ((node?.kind === "step" || node?.kind === "wait") && node.remind !== null),
    () => `${state} has a time to remind, but no reminder`,
  );
  demand(timers, status === "RETRYING" || status === "COMPENSATING" || nextAttemptAt === null, () => `${state} is ${status} and has a next attempt`);
  demand(timers, isForward || !asides.some((aside) => aside.kind === "remind" && aside.status === "active"), () => `${state} is ${status} and reminds`);
  demand(rule, finishedAt === null || (parked.length === 0 && pausedAt === null), () => `${state} has ended with ${parked.length} parked events`);
}

/** Latest start first, one at a time: what was begun before waits until what was begun after is undone, and only the steps of a group are undone together. */
function checkUndoOrder({ runs }: Instance): void {
  const order = "undo goes in reverse order, one at a time";
  const planned = runs.filter((run) => run.undo !== null);
  for (const [index, run] of planned.entries()) {
    demand("nothing is undone that cannot have happened", mayHaveHappened(run), () => `${run.state} is ${run.status} and its undo ${run.undo?.status}`);
    if (run.undo?.status === "pending") continue;
    const isTogether = (other: Run): boolean => run.group !== undefined && other.group === run.group && other.state !== run.state;
    const open = planned.slice(index + 1).find((other) => other.undo?.status !== "done" && other.undo?.status !== "gave-up" && !isTogether(other));
    demand(
      order,
      open === undefined,
      () => `the undo of ${run.state} is ${run.undo?.status}, that of ${open?.state}, which came after it, ${open?.undo?.status}`,
    );
  }
}

/** Whoever stands has a way on: a command under way, a deadline, an operator who is asked. */
function checkUnderWay({ state, definition }: World, saga: Instance): void {
  if (isFinished(saga)) return;
  const messages = [...state.outbox, ...state.jobs];
  for (const run of saga.runs) {
    const isSent = run.status === "active" && run.later !== true && nodeOf(definition, run.state).kind === "step";
    const awaited =
      run.undo?.status === "active" ? { runId: run.undo.runId, attempt: run.undo.attempts } : isSent ? { runId: run.id, attempt: run.attempts } : null;
    if (awaited === null) continue;
    const isThere = messages.some(({ envelope: { replyTo } }) => replyTo?.runId === awaited.runId && replyTo?.attempt === awaited.attempt);
    demand("nothing waits for ever", isThere, () => `attempt ${awaited.attempt} at ${isSent ? run.state : `the undo of ${run.state}`} is nowhere`);
  }
}

/** Effects against what the saga says about its runs. */
function checkEffects({ state, definition }: World, saga: Instance): void {
  for (const effect of state.effects.values()) {
    if (effect.sagaId !== saga.id) continue;
    demand("a run has its effect once", effect.count <= 1, () => `${effect.state} was done ${effect.count} times by one run`);
    const run = saga.runs.find(({ id }) => id === effect.runId);
    if (isFinished(saga) && run !== undefined && failedAndUndone(definition, saga)) {
      const mayStay = effect.count === 0 || stays(definition, run);
      demand(
        "at a failed end nothing stays but what it says",
        mayStay,
        () => `${effect.state} stays: its run is ${run.status}, its undo ${run.undo?.status ?? "not planned"}`,
      );
    }
  }
  if (!isFinished(saga) || definition.finals[saga.state] !== "succeeded") return;
  for (const run of saga.runs) {
    const node = definition.nodes.get(run.state);
    if (node?.kind !== "step" || run.status !== "done") continue;
    const count = state.effects.get(run.id)?.count ?? 0;
    demand("at a good end every step that is done has its effect once", count === 1, () => `${run.state} is done and its effect is there ${count} times`);
  }
}

const failedAndUndone = (definition: Definition, saga: Instance): boolean =>
  definition.finals[saga.state] === "failed" && saga.reason !== null && reasonsToUndo(definition).has(saga.reason);

/** Whether an effect may stay at a failed end: irreversible, none that counts, or its undo gave up. */
function stays(definition: Definition, run: Run): boolean {
  if (run.undo?.status === "gave-up") return true;
  if (run.state === definition.start?.state) return definition.start.undo === null;
  const node = nodeOf(definition, run.state);
  return node.kind !== "step" || node.effect === "none" || (node.effect === "irreversible" && mayHaveHappened(run));
}

function checkKeys({ sagas, definition }: World): void {
  const rule = "a key has one saga under way";
  const open = sagas.filter((saga) => !isFinished(saga));
  demand(rule, open.length <= 1, () => `${open.length} sagas of one key are under way`);
  demand(rule, sagas.length <= 1 || definition.start?.afterFinal === "again", () => "a second saga of its key was begun, though the definition refuses it");
  const effective = sagas.flatMap(({ heard }) => heard.filter(({ fate }) => fate === "started" || fate === "applied").map(({ id }) => id));
  demand("a message is heard once", new Set(effective).size === effective.length, () => "a message that one run of the key has heard was heard by another one");
}

/** What holds when nothing is under way any more. `isWaitingForPeople`: it stands and asks, or was paused. */
export function checkRest(world: World): void {
  for (const saga of world.sagas) {
    if (isFinished(saga) || saga.status === "STUCK" || saga.pausedAt !== null) continue;
    throw new Violation("nothing waits for ever", `${saga.state} is ${saga.status}, and nothing is under way`);
  }
  const kept = world.state.mail.find(() => world.sagas.length > 0);
  demand("a kept event is delivered", kept === undefined, () => `${kept?.mail.name} still waits for a saga that is there`);
}

function describe(input: Input): string {
  switch (input.kind) {
    case "event":
    case "reply":
      return input.contract.name;
    case "answers-later":
    case "attempt-failed":
    case "put-aside":
    case "redrive":
      return input.command;
    case "operator":
      return `an operator's ${input.action.kind}`;
    case "report-to":
    case "undo":
      return input.message;
    case "clock":
    case "entity-missing":
      return input.kind;
  }
}
