import { findMaker, isFinal, stateAfter, stepOf, type CompiledBranch, type Definition, type GroupNode, type Undo } from "./compiled.ts";
import type { ExplainedSaga } from "./explain-facts.ts";
import type { Run, UndoRun } from "./instance.ts";
import type { AnyOutcome } from "./outcome.ts";

/** A state that a saga can come to next. */
export interface NextState {
  /**
   * What leads there: a reply or an event, with the field that decides where there are several ways; `deadline`; `attempts used up`;
   * an operator's mutation; `the last undo`.
   */
  readonly on: string;
  /** A declared state or final; the same state where the saga stays or stands; where it fails, the final behind the undos. */
  readonly state: string;
  /** When the clock does it. */
  readonly at: Date | null;
}

export type UndoneRun = Run & { readonly undo: UndoRun };

/** The undo that stands, or else the latest under way, one that is not waited for from outside before the others. */
export const undoUnderWay = ({ runs }: Pick<ExplainedSaga, "runs">): UndoneRun | undefined => {
  const undone = runs.filter((run): run is UndoneRun => run.undo !== null);
  const active = undone.filter(({ undo }) => undo.status === "active");
  return undone.findLast(({ undo }) => undo.status === "parked") ?? active.findLast(({ undo }) => undo.later !== true) ?? active.at(-1);
};

/** The step or wait that stands, or else the latest under way. */
export const runUnderWay = ({ runs }: Pick<ExplainedSaga, "runs">): Run | undefined => {
  const active = runs.filter(({ status }) => status === "active");
  return runs.findLast(({ status }) => status === "parked") ?? active.findLast(({ later }) => later !== true) ?? active.at(-1);
};

/** The undo of a run, by the version that made it; undefined where that has none, or is not known. */
export function undoFor(definition: Definition, run: Run): Undo | undefined {
  const maker = findMaker(definition, run);
  if (maker?.start?.state === run.state) return maker.start.undo ?? undefined;
  const node = maker?.nodes.get(run.state);
  return (node?.kind === "step" ? node.undo : null) ?? undefined;
}

/** Where a saga can go from here, by its definition. Empty for an ended one. */
export function nextStates(definition: Definition, saga: ExplainedSaga): NextState[] {
  if (saga.finishedAt !== null) return [];
  const undone = undoUnderWay(saga);
  const states = undone === undefined ? forward(definition, saga) : backward(definition, saga, undone);
  const distinct = new Map(states.map((one) => [`${one.on} > ${one.state}`, one]));
  return [...distinct.values()].filter(({ state }) => definition.nodes.has(state) || isFinal(definition, state));
}

function forward(definition: Definition, saga: ExplainedSaga): NextState[] {
  const { state } = saga;
  const node = definition.nodes.get(state);
  const to = (on: string, outcome: AnyOutcome, at: Date | null = null, runs = saga.runs): NextState[] =>
    statesAfter(definition, { state, runs }, outcome).map((next) => ({ on, state: next, at }));
  const of = (branches: ReadonlyMap<string, CompiledBranch>): NextState[] =>
    [...branches].flatMap(([name, branch]) => arms(name, branch).flatMap(([on, outcome]) => to(on, outcome)));
  const interrupts = definition.interrupts.filter(({ during }) => during === "any" || during.has(state)).flatMap(({ event, then }) => to(event.name, then));
  if (node === undefined || node.kind === "milestone") return interrupts;
  const open =
    node.kind === "group" ? saga.runs.filter(({ status }) => status === "active" || status === "parked").map((run) => stepOf(definition, run.state)) : [];
  const answers = node.kind === "group" ? open.flatMap((step) => of(step.replies)) : of(node.kind === "step" ? node.replies : node.on);
  if (saga.status === "STUCK") {
    return [
      { on: "retrySaga", state, at: null },
      ...answers.map((next) => ({ ...next, on: `completeSagaStep: ${next.on}` })),
      ...to("skipSagaStep", { go: "skip" }),
      ...(definition.failedFinal === null ? [] : [{ on: "cancelSaga", state: definition.failedFinal, at: null }]),
      ...interrupts,
    ];
  }
  // While a saga is paused, its clock stands still.
  const at = saga.pausedAt === null ? saga.deadlineAt : null;
  if (node.kind === "wait") return [...answers, ...to("deadline", node.onDeadline, at), ...interrupts];
  const tried = node.kind === "group" ? open : [node];
  const exhausted = saga.status === "WAITING" ? [] : tried.flatMap(({ onExhausted }) => to("attempts used up", onExhausted));
  // The deadline of a group ends all its steps.
  return [...answers, ...to("deadline", node.onTimeout, at, []), ...exhausted, ...interrupts];
}

function backward(definition: Definition, saga: ExplainedSaga, undone: UndoneRun): NextState[] {
  const undo = undoFor(definition, undone);
  const { failedFinal } = definition;
  const pending = saga.runs.filter((run) => run.undo?.status === "pending").map((run) => run.state);
  const following = pending.at(-1) ?? failedFinal;
  const go = (on: string, state: string | null): NextState[] => (state === null ? [] : [{ on, state, at: null }]);
  const end = pending.length === 0 ? [] : go("the last undo", failedFinal);
  if (undone.undo.status === "parked")
    return [...go("retrySaga", undone.state), ...go("completeSagaStep", following), ...go("skipSagaStep", following), ...end];
  const answers = (undo?.command.replies ?? []).flatMap(({ name }) => {
    const branch = undo?.replies?.get(name);
    if (branch === undefined) return go(name, following);
    return arms(name, branch).flatMap(([on, outcome]) => go(on, outcome.go === "park" ? saga.state : following));
  });
  return [...answers, ...go("attempts used up", undo?.ifExhausted === "continue" ? following : saga.state), ...end];
}

/** The ways of one answer, each with what decides for it. */
const arms = (name: string, { by, arms }: CompiledBranch): [string, AnyOutcome][] =>
  [...arms].map(([value, arm]) => [by === null ? name : `${name}, ${by.field}: ${value}`, arm.then]);

function statesAfter(definition: Definition, saga: Pick<ExplainedSaga, "state" | "runs">, outcome: AnyOutcome): string[] {
  const { state } = saga;
  switch (outcome.go) {
    case "next":
    case "skip": {
      const node = definition.nodes.get(state);
      return node?.kind === "group" ? statesAfterGroup(definition, saga, node) : [stateAfter(definition, state)].filter((one) => one !== null);
    }
    case "state": {
      const { to, orElse } = outcome;
      return [to, ...(orElse === undefined ? [] : statesAfter(definition, saga, orElse))];
    }
    case "final":
      return [outcome.final];
    case "fail":
      return [definition.failedFinal].filter((one) => one !== null);
    case "park":
    case "stay":
      return [state];
  }
}

/** Where a group leads that goes on without a step, or has ended with it. */
function statesAfterGroup(definition: Definition, { state, runs }: Pick<ExplainedSaga, "state" | "runs">, { then }: GroupNode): string[] {
  if (runs.filter(({ status }) => status === "active" || status === "parked").length > 1) return [state];
  return [...then.arms.values()].flatMap(({ then: { go, ...rest } }) => {
    if (go === "next") return [stateAfter(definition, state)].filter((one) => one !== null);
    return statesAfter(definition, { state, runs }, { go, ...rest } as AnyOutcome);
  });
}
