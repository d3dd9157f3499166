import { queueOf } from "../../outbox/index.ts";
import type { AnyOutcome } from "./outcome.ts";
import type { DefinitionShape } from "./shape.ts";

export type DiagramKind = "START" | "STEP" | "WAIT" | "MILESTONE" | "FINAL";
/** NEXT: along the main path. BRANCH: to another state of it, or to a final, by an answer. FAIL: the undo begins. UNDO: from one undo to that before it, and to the final behind them. */
export type TransitionKind = "NEXT" | "BRANCH" | "FAIL" | "UNDO";

export interface DiagramState {
  readonly state: string;
  readonly kind: DiagramKind;
  /** Sent when the state is entered; null where nothing is. */
  readonly command: string | null;
  readonly queue: string | null;
  /** Undoes what the state did; null where nothing does. */
  readonly compensation: string | null;
  /** The business outcome is known from here on. */
  readonly goal: boolean;
  /** Of a final: whether the business got what it wanted. */
  readonly succeeded: boolean | null;
  /** Place in a drawing: the main path is row 0, from left to right; below it the undos, and the final behind them at the left. */
  readonly row: number;
  readonly column: number;
}

export interface DiagramTransition {
  readonly from: string;
  readonly to: string;
  /** Replies, events and `deadline`, `attempts used up` that lead there, with the field that decides where there are several ways; `undone` for UNDO. */
  readonly on: readonly string[];
  readonly kind: TransitionKind;
  /** Name of the reason where one is given. */
  readonly reason: string | null;
}

/** A definition as it is drawn: its states with their places, and what leads from one to another. */
export interface Diagram {
  readonly type: string;
  readonly version: number;
  readonly states: readonly DiagramState[];
  readonly transitions: readonly DiagramTransition[];
}

interface Branch {
  readonly name: string;
  readonly by: { readonly from: string; readonly field: string } | null;
  readonly arms: readonly (readonly [string, AnyOutcome])[];
}

const kinds = { step: "STEP", wait: "WAIT", milestone: "MILESTONE" } as const;

/** A node of a stored shape; the first is the state that the saga starts in. */
interface ShapeNode {
  readonly kind: "step" | "wait" | "milestone";
  readonly state: string;
  readonly command?: string;
  readonly undo?: { readonly command: string } | null;
  readonly goal?: boolean;
  readonly branches?: readonly Branch[];
  readonly onTimeout?: AnyOutcome;
  readonly onExhausted?: AnyOutcome;
  readonly onDeadline?: AnyOutcome;
}

interface Shape {
  readonly name: string;
  readonly version: number;
  readonly start: { readonly event: string; readonly state: string; readonly undo: string | null } | null;
  readonly nodes: readonly ShapeNode[];
  readonly finals: Readonly<Record<string, "succeeded" | "failed">>;
  readonly interrupts: readonly { readonly event: string; readonly during: "any" | readonly string[]; readonly then: AnyOutcome }[];
  readonly failedFinal: string | null;
}

/** Draws a definition out of its stored shape, so also one whose code is gone. */
export function diagramOf(stored: DefinitionShape): Diagram {
  const shape = stored as unknown as Shape;
  return { type: shape.name, version: shape.version, states: placed(shape), transitions: [...forward(shape), ...undos(shape)] };
}

function placed(shape: Shape): DiagramState[] {
  const { start, nodes, failedFinal } = shape;
  // The final behind the undos stands at the left of their row, so that the undo of the start must not stand there.
  const offset = failedFinal !== null && start?.undo != null ? 1 : 0;
  const none = { command: null, queue: null, compensation: null, goal: false, succeeded: null };
  const path = nodes.map(({ state, kind, command, undo, goal }, index): DiagramState => ({
    state,
    kind: state === start?.state ? "START" : kinds[kind],
    command: command ?? null,
    queue: command === undefined ? null : queueOf(command),
    compensation: (state === start?.state ? start.undo : undo?.command) ?? null,
    goal: goal ?? false,
    succeeded: null,
    row: 0,
    column: offset + index,
  }));
  const behind = offset + nodes.length;
  // The main path leads to the finals of success; where there are several of a kind, they stand below each other.
  const finals = (outcome: "succeeded" | "failed", at: (index: number) => { row: number; column: number }): DiagramState[] =>
    Object.keys(shape.finals)
      .filter((state) => shape.finals[state] === outcome && state !== failedFinal)
      .map((state, index) => ({ ...none, state, kind: "FINAL", succeeded: outcome === "succeeded", ...at(index) }));
  const successes = finals("succeeded", (index) => ({ row: index, column: behind }));
  return [
    ...path,
    ...successes,
    ...finals("failed", (index) => ({ row: successes.length + index, column: behind })),
    ...(failedFinal === null ? [] : [{ ...none, state: failedFinal, kind: "FINAL" as const, succeeded: false, row: 1, column: 0 }]),
  ];
}

/** What leads where without an undo, or into one. Several ways from one state to another, for one reason, are one line. */
function forward(shape: Shape): DiagramTransition[] {
  const { nodes, start } = shape;
  const path = nodes.map(({ state }) => state);
  const found = new Map<string, DiagramTransition>();
  const add = (from: string, on: string, outcome: AnyOutcome): void => {
    for (const { to, kind, reason } of targets(shape, path, from, outcome)) {
      const key = `${from} ${to} ${kind} ${reason}`;
      const known = found.get(key)?.on ?? [];
      if (!known.includes(on)) found.set(key, { from, to, kind, reason, on: [...known, on] });
    }
  };
  for (const node of nodes) {
    if (node.kind === "milestone") add(node.state, node.state === start?.state ? start.event : "reached", { go: "next" });
    for (const { name, by, arms } of node.branches ?? [])
      for (const [value, outcome] of arms) add(node.state, by === null ? name : `${name}, ${by.field}: ${value}`, outcome);
    if (node.onDeadline !== undefined) add(node.state, "deadline", node.onDeadline);
    if (node.onTimeout !== undefined) add(node.state, "deadline", node.onTimeout);
    if (node.onExhausted !== undefined) add(node.state, "attempts used up", node.onExhausted);
  }
  for (const { event, during, then } of shape.interrupts)
    for (const { state, kind } of nodes) if (kind !== "milestone" && (during === "any" || during.includes(state))) add(state, event, then);
  return [...found.values()];
}

interface Target {
  readonly to: string;
  readonly kind: TransitionKind;
  readonly reason: string | null;
}

function targets({ failedFinal }: Pick<Shape, "failedFinal">, path: readonly string[], from: string, outcome: AnyOutcome): Target[] {
  const following = path[path.indexOf(from) + 1];
  switch (outcome.go) {
    case "next":
    case "skip":
      return following === undefined ? [] : [{ to: following, kind: "NEXT", reason: null }];
    case "state": {
      const { to, orElse } = outcome;
      const kind = to === following ? "NEXT" : "BRANCH";
      return [{ to, kind, reason: null }, ...(orElse === undefined ? [] : targets({ failedFinal }, path, from, orElse))];
    }
    case "final":
      // The end of the path is where it goes on to, like any other next state.
      return [{ to: outcome.final, kind: following === undefined ? "NEXT" : "BRANCH", reason: outcome.reason ?? null }];
    case "fail":
      return failedFinal === null ? [] : [{ to: failedFinal, kind: "FAIL", reason: outcome.reason }];
    case "park":
    case "stay":
      return [];
  }
}

/** From each undo to that before it, the last one to the final. */
function undos({ start, nodes, failedFinal }: Shape): DiagramTransition[] {
  if (failedFinal === null) return [];
  const undone = [...(start?.undo == null ? [] : [start.state]), ...nodes.flatMap(({ state, undo }) => (undo == null ? [] : [state]))];
  return undone.map((from, index): DiagramTransition => ({ from, to: undone[index - 1] ?? failedFinal, on: ["undone"], kind: "UNDO", reason: null }));
}
