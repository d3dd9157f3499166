import { createHash } from "node:crypto";
import type { AnyCommand, AnyEvent, Schema } from "../../outbox/index.ts";
import type { Meta, ReasonDefinition } from "./definition.ts";
import type { Run } from "./instance.ts";
import type { AnyOutcome } from "./outcome.ts";
import type { Retry } from "./retry.ts";

/** A definition as the engine reads it: the type parameters are gone, the functions only map data. */
export type Data = Readonly<Record<string, unknown>>;
type Mapping = (data: Data, meta: Meta) => unknown;
type Save = (payload: unknown, data: Data) => Data;

export interface Undo {
  readonly command: AnyCommand;
  readonly with: Mapping;
  readonly retry: Retry;
  readonly attemptTimeoutMs: number;
  readonly ifExhausted: "park" | "continue";
  /** What its replies mean: `next` undone, `park` ask an operator, `skip` it stays. Null: any reply means undone. */
  readonly replies: ReadonlyMap<string, CompiledBranch> | null;
}

/** A command beside the main path: a reminder, or a notice that a wait sends of what it noted, or a failed saga at its end. */
export interface Notice {
  readonly command: AnyCommand;
  readonly with: Mapping;
  readonly retry: Retry;
  readonly attemptTimeoutMs: number;
}

export interface Reminder extends Notice {
  readonly when: { readonly everyMs: number } | { readonly at: readonly ((data: Data) => Date)[] };
}

export interface StepNode {
  readonly kind: "step";
  readonly state: string;
  readonly command: AnyCommand;
  readonly with: Mapping;
  readonly replies: ReadonlyMap<string, CompiledBranch>;
  readonly undo: Undo | null;
  readonly effect: "undo" | "none" | "irreversible";
  readonly retry: Retry;
  readonly attemptTimeoutMs: number;
  readonly remind: Reminder | null;
  /** Of a group's step: those of the group. */
  readonly timeoutMs: number;
  readonly onTimeout: AnyOutcome;
  readonly onExhausted: AnyOutcome;
  /** The group whose step it is, which is the state while it runs; null: a state of the main path. */
  readonly group: string | null;
  /**
   * The saga that the command begins and its starting event: its end is the answer, its undo the undo. `maps` are the definition's own functions,
   * which those of the node go by. Null: a participant carries it out.
   */
  readonly begins: { readonly saga: string; readonly start: string; readonly maps: readonly unknown[] } | null;
}

/** A state whose steps are all sent when it is entered, and which is left when the last of them has ended. */
export interface GroupNode {
  readonly kind: "group";
  readonly state: string;
  readonly steps: readonly string[];
  readonly timeoutMs: number;
  readonly onTimeout: AnyOutcome;
  /** Where the group leads once all its steps have ended. */
  readonly then: CompiledBranch;
}

export interface WaitNode {
  readonly kind: "wait";
  readonly state: string;
  readonly events: readonly AnyEvent[];
  readonly on: ReadonlyMap<string, CompiledBranch>;
  readonly deadline: { readonly afterMs: number } | ((data: Data) => Date);
  readonly onDeadline: AnyOutcome;
  readonly remind: Reminder | null;
  /** Sent whenever an event is noted with `stay`. */
  readonly tell: Notice | null;
  readonly goal: boolean;
}

export interface MilestoneNode {
  readonly kind: "milestone";
  readonly state: string;
  readonly goal: boolean;
}

export type Node = StepNode | GroupNode | WaitNode | MilestoneNode;

export interface Interrupt {
  readonly event: AnyEvent;
  readonly during: "any" | ReadonlySet<string>;
  readonly save: Save | null;
  readonly then: AnyOutcome;
  readonly whenFinal: "note" | "refuse";
}

export interface Start {
  readonly event: AnyEvent;
  readonly state: string;
  readonly key: (payload: unknown) => string;
  readonly init: (payload: unknown) => Data;
  readonly undo: Undo | null;
  /** What the event means when the key's saga has ended. */
  readonly afterFinal: "refuse" | "again";
}

export interface Reflect {
  readonly table: string;
  readonly statusColumn: string;
  /** Prefix of the three columns for the reason, or null. */
  readonly reasonColumns: string | null;
  /** The status for a state or final; null: the column is left alone. */
  readonly statusOf: (state: string, reason: string | null) => string | null;
  readonly covered: readonly string[];
}

export interface Definition {
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly data: Schema<Data>;
  readonly participants: readonly string[];
  readonly states: readonly string[];
  readonly finals: Readonly<Record<string, "succeeded" | "failed">>;
  readonly reasons: Readonly<Record<string, ReasonDefinition<Data>>>;
  readonly start: Start | null;
  /** In the order in which `next` walks them; the steps of a group come behind it and are no stops of their own. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly interrupts: readonly Interrupt[];
  readonly reflect: Reflect | null;
  readonly failedFinal: string | null;
  /** Sent at the failed final, best effort. */
  readonly tell: Notice | null;
  /** Of the functions of the definition, which only map data: another hash under the same shape is allowed, and noted. */
  readonly codeHash: string;
  /** Its other versions that are loaded, for the undo of what sagas did before they were moved to this one. */
  readonly versions: ReadonlyMap<number, Definition>;
}

/** Who may watch a saga with these data. */
export const participantsOf = (definition: Definition, data: Data): string[] =>
  definition.participants.map((field) => data[field]).filter((id): id is string => typeof id === "string");

/** The definition that a run was made by: another version, if its saga has been moved since; undefined where that one is not loaded. */
export const findMaker = (definition: Definition, { made }: Pick<Run, "made">): Definition | undefined =>
  made === undefined || made.version === definition.version ? definition : definition.versions.get(made.version);

/** The same where it has to be loaded: a saga that has not ended is read only by a process that has all of them. */
export function makerOf(definition: Definition, run: Pick<Run, "made">): Definition {
  const maker = findMaker(definition, run);
  if (maker === undefined) throw new Error(`${definition.name} v${definition.version} does not know v${run.made?.version}, which made a run of this saga`);
  return maker;
}

/** What a reply or event leads to: one arm, or one out of several by a literal field of the event or of the saga's data. */
export interface CompiledBranch {
  readonly by: { readonly from: "event" | "data"; readonly field: string } | null;
  /** By the field's value; the only arm of an undivided branch is under `*`. */
  readonly arms: ReadonlyMap<string, { readonly save: Save | null; readonly then: AnyOutcome }>;
}

interface RawArm {
  readonly save?: Save;
  readonly then: AnyOutcome;
}
type RawBranch = AnyOutcome | RawArm | { readonly by?: string; readonly byData?: string; readonly cases: Readonly<Record<string, AnyOutcome | RawArm>> };

const armOf = (raw: AnyOutcome | RawArm): { save: Save | null; then: AnyOutcome } =>
  "then" in raw ? { save: raw.save ?? null, then: raw.then } : { save: null, then: raw };

export function compileBranch(branch: unknown): CompiledBranch {
  const raw = branch as RawBranch;
  if (!("cases" in raw)) return { by: null, arms: new Map([["*", armOf(raw)]]) };
  return {
    by: raw.by === undefined ? { from: "data", field: raw.byData as string } : { from: "event", field: raw.by },
    arms: new Map(Object.entries(raw.cases).map(([value, arm]) => [value, armOf(arm)])),
  };
}

export function compileReflect(table: string, columns: { readonly status: string; readonly reason?: string }, as: Readonly<Record<string, unknown>>): Reflect {
  return {
    table,
    statusColumn: columns.status,
    reasonColumns: columns.reason ?? null,
    statusOf(state, reason) {
      const value = as[state] as string | null | Readonly<Record<string, string>>;
      if (value === null || typeof value === "string") return value;
      return (reason === null ? undefined : value[reason]) ?? (value["otherwise"] as string);
    },
    covered: Object.keys(as),
  };
}

export const isFinal = (definition: Definition, state: string): boolean => state in definition.finals;

export function nodeOf(definition: Definition, state: string): Node {
  const node = definition.nodes.get(state);
  if (node === undefined) throw new Error(`${definition.name} v${definition.version} has no state ${state}`);
  return node;
}

/** The states of the main path, in order; the steps of a group are within it. */
export function pathOf(definition: Definition): string[] {
  const path: string[] = [];
  for (const node of definition.nodes.values()) if (node.kind !== "step" || node.group === null) path.push(node.state);
  return path;
}

/** The state after `state` on the main path, or null after the last. */
export function stateAfter(definition: Definition, state: string): string | null {
  const path = pathOf(definition);
  const node = definition.nodes.get(state);
  return path[path.indexOf(node?.kind === "step" && node.group !== null ? node.group : state) + 1] ?? null;
}

/** The step with this name, by itself or in a group. */
export function stepOf(definition: Definition, state: string): StepNode {
  const node = nodeOf(definition, state);
  if (node.kind !== "step") throw new Error(`${definition.name} v${definition.version}: ${state} is no step`);
  return node;
}

/** Whether a saga can go on from a state without it. */
export const hasWayOn = (definition: Definition, state: string): boolean => {
  const node = nodeOf(definition, state);
  return stateAfter(definition, state) !== null || (node.kind === "group" && [...node.then.arms.values()].every(({ then }) => then.go !== "next"));
};

/** The steps whose commands are sent when a state is entered. */
export function stepsIn({ nodes }: Definition, state: string): StepNode[] {
  const node = nodes.get(state);
  const steps = node?.kind === "group" ? node.steps.map((step) => nodes.get(step)) : [node];
  return steps.filter((step) => step?.kind === "step");
}

/** Runs whose command is still to be carried out, each with its step: what a pause of the command's queue keeps waiting. */
export const toCarryOut = (
  definition: Definition,
  { state, runs }: { readonly state: string; readonly runs: readonly Run[] },
): { step: StepNode; run: Run }[] =>
  stepsIn(definition, state).flatMap((step) =>
    runs.filter((run) => run.status === "active" && run.later !== true && (step.group === null || run.state === step.state)).map((run) => ({ step, run })),
  );

/** The events that may end a run of a state. */
export const answersOf = (node: Node): readonly AnyEvent[] => (node.kind === "step" ? node.command.replies : node.kind === "wait" ? node.events : []);

/** What an answer means for a run of a state. */
export const branchOf = (node: Node, { name }: AnyEvent): CompiledBranch | undefined =>
  node.kind === "step" ? node.replies.get(name) : node.kind === "wait" ? node.on.get(name) : undefined;

export const startOf = (definition: Definition): Start => {
  if (definition.start === null) throw new Error(`${definition.name} v${definition.version} has no startOn`);
  return definition.start;
};

/** Digest of what all functions in a definition say. Contracts are left out: their shapes are part of the shape hash. */
export function codeHashOf(definition: Definition): string {
  const hash = createHash("sha256");
  const walk = (value: unknown): void => {
    if (typeof value === "function") hash.update(wordsOf(value.toString()));
    else if (value instanceof Map) for (const one of value.values()) walk(one);
    else if (Array.isArray(value)) for (const one of value) walk(one);
    else if (value !== null && typeof value === "object") {
      for (const [name, one] of Object.entries(value)) if (name !== "command" && name !== "event" && name !== "events") walk(one);
    }
  };
  walk([definition.start, definition.nodes, definition.interrupts, definition.reasons, definition.tell]);
  return hash.digest("hex").slice(0, 16);
}

/** A string, or what a compiler or formatter writes as it likes: comments, white space, and what only separates or groups. */
const STRING_OR_LAYOUT = /(["'`])((?:\\.|(?!\1)[^\\])*)\1|\/\/.*|\/\*[^]*?\*\/|[\s(),;]+/g;

/**
 * The source of a function without its layout: `tsc` and `swc` make the same of it. It is for a digest and no code any more; a change of
 * nothing but parentheses, or of the spaces in a template, goes unseen.
 */
export const wordsOf = (source: string): string =>
  source.replace(STRING_OR_LAYOUT, (_found, quote: string | undefined, text: string) =>
    quote === undefined ? "" : JSON.stringify(quote === "`" ? text.replace(/[\s(),;]+/g, "") : text),
  );
