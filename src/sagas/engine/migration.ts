import { canRead } from "../../outbox/index.ts";
import { besideIn, renewReminder } from "./asides.ts";
import { participantsOf, pathOf, stepsIn, type Data, type Definition, type Node, type StepNode } from "./compiled.ts";
import type { Saga } from "./definition.ts";
import { isFinished, isUndoing, type Aside, type Instance, type Run } from "./instance.ts";
import { finalsKnownTo, findUnknown, isSubSagaNode, shapesOf } from "./sub-saga.ts";
import type { Decision, DecisionContext } from "./decision.ts";
import { Turn } from "./turn.ts";

/** How sagas of one version go on under another: where vanished states lead and how the data changes. */
export interface SagaMigration {
  readonly name: string;
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly states: Readonly<Record<string, string>>;
  readonly data: (data: never) => unknown;
}

/** In one piece, so that the compiler names what is missing. */
type Flat<T> = { [K in keyof T]: T[K] };
type StatesOf<S1 extends string, S2> = Flat<{ readonly [S in Exclude<S1, S2>]: S2 | "stay" } & { readonly [S in Extract<S1, S2>]?: S2 | "stay" }>;

/**
 * Declares a migration between two versions of a saga. Every state that the newer version has lost must be mapped, or say
 * `"stay"` to let its sagas finish on the old version, and others may; the data must come out in the newer version's shape. A registry refuses
 * what can never be: a saga is moved from a step or wait to a step or wait, and from a group to one with the same steps.
 */
export function migration<N extends string, D1, S1 extends string, F1 extends string, const D2, S2 extends string, F2 extends string>(
  from: Saga<N, D1, S1, F1>,
  to: Saga<NoInfer<N>, D2, S2, F2>,
  how: { readonly states: NoInfer<StatesOf<S1, S2>>; readonly data: (data: D1) => NoInfer<D2> },
): SagaMigration {
  return { name: from.name, fromVersion: from.version, toVersion: to.version, states: how.states, data: how.data };
}

/**
 * Moves a saga to another version, if it stands at a safe point: no answer is outstanding, or it is that of a state which keeps its name, and
 * the contract is the same in both. A notice that only the older version sends has to be carried out first; the reminder of a state
 * that stays is set anew where it is another one.
 * What it did before keeps the version that did it, for its undo. Denied otherwise, with why; so it is where the data do not come out in
 * the newer version's shape, or its functions make no command of them.
 */
export function migrate(
  how: SagaMigration,
  { from, to }: { readonly from: Definition; readonly to: Definition },
  instance: Instance,
  by: { readonly actorId: string; readonly note: string | null },
  context: DecisionContext,
): Decision {
  const state = how.states[instance.state] ?? instance.state;
  const active = instance.runs.filter((run) => run.status === "active");
  const lost = instance.asides.filter((aside) => besideIn(from, aside) !== besideIn(to, aside));
  const problem = findObstacle(from, to, instance, state, active) ?? findNotice(from, to, lost);
  const data = problem === null ? dataOf(how, to, instance) : problem;
  const deny = (why: string): Decision => new Turn(from, instance, context, null, null).deny("WRONG_STATE", why);
  if (typeof data === "string") return deny(data);

  const made = { version: from.version, data: from.data.encode(instance.data) };
  const staysOpen = state === instance.state ? active.map(({ id }) => id) : [];
  const moved: Instance = {
    ...instance,
    asides: instance.asides.map((aside) => (lost.includes(aside) && aside.status !== "done" ? { ...aside, status: "void" } : aside)),
    version: to.version,
    codeHash: to.codeHash,
    data,
    participants: participantsOf(to, data),
    runs: instance.runs.map((run) => (staysOpen.includes(run.id) ? run : { ...run, made: run.made ?? made })),
  };
  const turn = new Turn(to, moved, context, null, null);
  turn.audit(`An operator moved it from v${from.version} to v${to.version}.`, by.actorId, {
    action: "migrate",
    note: by.note,
    from: from.version,
    to: to.version,
  });
  if (state === instance.state) {
    if (besideIn(from, { kind: "remind", state }) !== besideIn(to, { kind: "remind", state })) renewReminder(turn);
    return turn.decision("applied");
  }
  if (active.length === 0) turn.rename(state);
  else {
    try {
      turn.moveOn(state);
      for (const { command, payload } of turn.decision("applied").commands) command.schema.decode(command.schema.encode(payload), command.name);
    } catch (error) {
      return deny(`${state} of v${to.version} cannot be entered with the data that the migration makes: ${messageOf(error)}.`);
    }
  }
  return turn.decision("applied");
}

/** The data in the newer version's shape, or why they do not get there. */
function dataOf(how: SagaMigration, to: Definition, instance: Instance): Data | string {
  let made: unknown;
  try {
    made = how.data(instance.data as never);
  } catch (error) {
    return `The migration to v${to.version} fails on its data: ${messageOf(error)}.`;
  }
  try {
    return to.data.decode(made, "data");
  } catch (error) {
    return `The migration makes data of it that do not fit v${to.version}: ${messageOf(error)}.`;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function findObstacle(from: Definition, to: Definition, instance: Instance, state: string, active: readonly Run[]): string | null {
  const { state: before } = instance;
  if (isFinished(instance)) return `It has ended already, as ${before}.`;
  if (isUndoing(instance)) return `It is being undone, which is the business of v${from.version}: that did what is undone.`;
  if (state === "stay") return `Sagas in ${before} finish on v${from.version}.`;
  const misfit = findMisfit(from, to, before, state);
  if (misfit !== null) return misfit;
  if (active.length === 0 || from.nodes.get(before)?.kind === "wait") return null;
  if (state !== before)
    return `${before} awaits an answer, which only a state of that name takes; v${to.version} has ${state}. Try again when it has moved on.`;
  if (active.every((run) => isSameContract(from, to, run.state))) return null;
  return `${before} awaits an answer that v${to.version} would not understand. Try again when it has moved on.`;
}

/** A notice that is under way and that the newer version would not understand, as a sentence. */
function findNotice(from: Definition, to: Definition, lost: readonly Aside[]): string | null {
  const notice = lost.find(({ kind, status }) => kind === "tell" && status === "active");
  if (notice === undefined) return null;
  return `${notice.state} tells by ${besideIn(from, notice)}, which v${to.version} does not send there. Try again when it has been carried out.`;
}

/** Why a saga in one state can never go on in another one of the newer version, as a sentence; null if it can. */
function findMisfit(from: Definition, to: Definition, before: string, state: string): string | null {
  const [old, next] = [from.nodes.get(before), to.nodes.get(state)];
  if (next === undefined || next.kind === "milestone") return `v${to.version} has no step or wait ${state}, where ${before} of v${from.version} would lead.`;
  if (next.kind === "step" && next.group !== null) return `${state} of v${to.version} is one of several steps in ${next.group}, and nothing by itself.`;
  const steps = (node: Node | undefined): string => (node?.kind === "group" ? node.steps.toSorted().join(", ") : "none");
  if (steps(old) !== steps(next)) return `${state} of v${to.version} has other steps at a time than ${before} of v${from.version}.`;
  return state === before && old?.kind !== next.kind ? `${state} is another kind of state in v${to.version}.` : null;
}

/** What of a migration can never be, each with what to do. */
export const findMisfits = (how: SagaMigration, from: Definition, to: Definition): string[] =>
  pathOf(from).flatMap((before) => {
    const state = how.states[before] ?? before;
    const misfit = state === "stay" || from.nodes.get(before)?.kind === "milestone" ? null : findMisfit(from, to, before, state);
    return misfit === null
      ? []
      : [
          `A migration of ${how.name} v${from.version} to v${to.version} can move no saga out of ${before}: ${misfit} Map ${before} to "stay", or to another state.`,
        ];
  });

/** What a migration means for sagas that go forward in a state: they move; they do once they have moved on, or stand; or they stay. */
export function prospectOf(how: SagaMigration, from: Definition, to: Definition, before: string): "moves" | "moves later" | "stays" {
  const state = how.states[before] ?? before;
  if (state === "stay") return "stays";
  const steps = stepsIn(from, before);
  return steps.length === 0 || (state === before && steps.every((step) => isSameContract(from, to, step.state))) ? "moves" : "moves later";
}

/** The command of a step and its answers mean the same in both versions. */
function isSameContract(from: Definition, to: Definition, step: string): boolean {
  const [old, next] = [from.nodes.get(step), to.nodes.get(step)];
  if (old?.kind !== "step" || next?.kind !== "step") return false;
  const answers = ({ replies }: StepNode): string => [...replies.keys()].toSorted().join();
  if (old.command.name !== next.command.name || answers(old) !== answers(next)) return false;
  if (!isSubSagaNode(old) || !isSubSagaNode(next)) return canRead(next.command.schema.text, old.command.schema.text);
  const unknown = findUnknown(next, { finals: finalsKnownTo(old), data: shapesOf(old).data });
  return unknown.finals.length === 0 && !unknown.data;
}
