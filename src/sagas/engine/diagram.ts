import { queueOf } from "../../outbox/index.ts";
import type { AnyOutcome } from "./outcome.ts";
import type { DefinitionShape } from "./shape.ts";

export type DiagramKind = "START" | "STEP" | "GROUP" | "WAIT" | "MILESTONE" | "FINAL";
/** NEXT: along the main path. BRANCH: to another state of it, or to a final, by an answer. FAIL: the undo begins. UNDO: from one undo to that before it, and to the final behind them. */
export type TransitionKind = "NEXT" | "BRANCH" | "FAIL" | "UNDO";

/** What follows, by the words of the definition language. */
export type OutcomeKind = "NEXT" | "GO" | "LOOP" | "FINISH" | "FAIL" | "FAIL_PARTLY" | "SKIP" | "PARK" | "STAY";

export interface DiagramOutcome {
  /** Reply or event, with the field that decides where there are several ways; `deadline`, `attempts used up`, `reached`, `all steps ended`. */
  readonly on: string;
  readonly kind: OutcomeKind;
  /** State or final; of a failure, where it ends once everything is undone. Null where the saga stays. */
  readonly to: string | null;
  /** Name of the reason where one is given. */
  readonly reason: string | null;
  /** Of a loop: how often in a saga's life. */
  readonly times: number | null;
  /** By an event that is accepted in many states. */
  readonly interrupt: boolean;
}

export interface DiagramState {
  readonly state: string;
  readonly kind: DiagramKind;
  /** Sent when the state is entered; null where nothing is. */
  readonly command: string | null;
  readonly queue: string | null;
  /** Undoes what the state did; null where nothing does. */
  readonly compensation: string | null;
  /** The group whose step it is, which is the saga's state while it runs; null: a state of its own. */
  readonly group: string | null;
  /** Name of the saga that it begins; null: it begins none. */
  readonly subSaga: string | null;
  /** The business outcome is known from here on. */
  readonly goal: boolean;
  /** What can follow here; of a final, nothing. */
  readonly outcomes: readonly DiagramOutcome[];
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
  /** By an event that is accepted in many states. */
  readonly interrupt: boolean;
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

const kinds = { step: "STEP", group: "GROUP", wait: "WAIT", milestone: "MILESTONE" } as const;

/** A node of a stored shape; the first is the state that the saga starts in. */
interface ShapeNode {
  readonly kind: "step" | "group" | "wait" | "milestone";
  readonly state: string;
  readonly command?: string;
  readonly undo?: { readonly command: string } | null;
  readonly goal?: boolean;
  /** Of a step: its group, and the saga that it begins. */
  readonly group?: string;
  readonly begins?: string;
  /** Of a group: where it leads once all its steps have ended. */
  readonly then?: readonly Branch[];
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
  const states = placed(shape);
  return { type: shape.name, version: shape.version, states, transitions: [...forward(states), ...undos(shape)] };
}

function placed(shape: Shape): DiagramState[] {
  const { start, nodes, failedFinal } = shape;
  // The final behind the undos stands at the left of their row, so that the undo of the start must not stand there.
  const offset = failedFinal !== null && start?.undo != null ? 1 : 0;
  const none = { command: null, queue: null, compensation: null, goal: false, group: null, subSaga: null, outcomes: [] };
  const path = nodes.map((node, index): DiagramState => {
    const { state, kind, command, undo, goal, group, begins } = node;
    return {
      state,
      kind: state === start?.state ? "START" : kinds[kind],
      command: command ?? null,
      queue: command === undefined ? null : queueOf(command),
      compensation: (state === start?.state ? start.undo : undo?.command) ?? null,
      goal: goal ?? false,
      group: group ?? null,
      subSaga: begins ?? null,
      outcomes: outcomesOf(shape, node),
      succeeded: null,
      row: 0,
      column: offset + index,
    };
  });
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

/** What can follow in a state, interrupts last. */
function outcomesOf(shape: Shape, node: ShapeNode): DiagramOutcome[] {
  const { nodes, start, interrupts } = shape;
  // What follows a step of a group is for the group to say.
  const path = nodes.filter(({ group }) => group === undefined);
  const following = node.group === undefined ? (path[path.indexOf(node) + 1]?.state ?? null) : null;
  const branches = [...(node.branches ?? []), ...(node.then ?? []).map((branch) => ({ ...branch, name: "all steps ended" }))];
  const causes: [string, AnyOutcome][] = branches.flatMap(({ name, by, arms }) =>
    arms.map(([value, outcome]): [string, AnyOutcome] => [by === null ? name : `${name}, ${by.field}: ${value}`, outcome]),
  );
  if (node.kind === "milestone") causes.push([node.state === start?.state ? start.event : "reached", { go: "next" }]);
  if (node.onDeadline !== undefined) causes.push(["deadline", node.onDeadline]);
  if (node.onTimeout !== undefined && node.group === undefined) causes.push(["deadline", node.onTimeout]);
  if (node.onExhausted !== undefined) causes.push(["attempts used up", node.onExhausted]);
  const heard = interrupts.filter(({ during }) => node.kind !== "milestone" && node.group === undefined && (during === "any" || during.includes(node.state)));
  return [
    ...causes.flatMap(([on, outcome]) => flat(shape, following, { on, interrupt: false }, outcome)),
    ...heard.flatMap(({ event, then }) => flat(shape, following, { on: event, interrupt: true }, then)),
  ];
}

/** One, or two of a loop: while it goes round, and what it does instead. */
function flat(shape: Shape, following: string | null, cause: Pick<DiagramOutcome, "on" | "interrupt">, outcome: AnyOutcome): DiagramOutcome[] {
  const plain = { ...cause, to: null, reason: null, times: null };
  switch (outcome.go) {
    case "next":
      return [{ ...plain, kind: "NEXT", to: following }];
    case "skip":
      return [{ ...plain, kind: "SKIP", to: following }];
    case "state": {
      const { to, atMost, orElse } = outcome;
      if (atMost === undefined || orElse === undefined) return [{ ...plain, kind: "GO", to }];
      const loop = { ...plain, kind: "LOOP", to, times: atMost } as const;
      return [loop, ...flat(shape, following, { ...cause, on: `${cause.on} after ${atMost} loop${atMost === 1 ? "" : "s"}` }, orElse)];
    }
    case "final":
      return [{ ...plain, kind: "FINISH", to: outcome.final, reason: outcome.reason ?? null }];
    case "fail":
      return [{ ...plain, kind: outcome.partly === true ? "FAIL_PARTLY" : "FAIL", to: shape.failedFinal, reason: outcome.reason }];
    case "park":
      return [{ ...plain, kind: "PARK", reason: outcome.reason ?? null }];
    case "stay":
      return [{ ...plain, kind: "STAY" }];
  }
}

/** What leads where without an undo, or into one; interrupts last. Several ways from one state to another, for one reason, are one line. */
function forward(states: readonly DiagramState[]): DiagramTransition[] {
  const path = states.filter(({ kind, group }) => kind !== "FINAL" && group === null).map(({ state }) => state);
  const ways = states.flatMap(({ state, group, outcomes }) => {
    // The end of the path is where it goes on to, like any other next state.
    const following = path[path.indexOf(group ?? state) + 1] ?? null;
    return outcomes.flatMap(({ on, kind, to, reason, interrupt }): DiagramTransition[] =>
      to === null ? [] : [{ from: state, to, on: [on], kind: transitionKind(kind, to, following), reason, interrupt }],
    );
  });
  const found = new Map<string, DiagramTransition>();
  for (const way of [...ways.filter(({ interrupt }) => !interrupt), ...ways.filter(({ interrupt }) => interrupt)]) {
    const key = `${way.from} ${way.to} ${way.kind} ${way.reason} ${way.interrupt}`;
    found.set(key, { ...way, on: [...new Set([...(found.get(key)?.on ?? []), ...way.on])] });
  }
  return [...found.values()];
}

function transitionKind(kind: OutcomeKind, to: string, following: string | null): TransitionKind {
  if (kind === "FAIL" || kind === "FAIL_PARTLY") return "FAIL";
  return kind === "NEXT" || kind === "SKIP" || to === following || (kind === "FINISH" && following === null) ? "NEXT" : "BRANCH";
}

/** From each undo to that before it, the last one to the final. Those of a group run together. */
function undos({ start, nodes, failedFinal }: Shape): DiagramTransition[] {
  if (failedFinal === null) return [];
  const undone = [...(start?.undo == null ? [] : [{ state: start.state }]), ...nodes.filter(({ undo }) => undo != null)];
  const together = [...Map.groupBy(undone, ({ state, group }: { readonly state: string; readonly group?: string }) => group ?? state).values()];
  const plain = { on: ["undone"], kind: "UNDO", reason: null, interrupt: false } as const;
  return together.flatMap((some, index) =>
    some.flatMap(({ state: from }) => (together[index - 1] ?? [{ state: failedFinal }]).map(({ state: to }): DiagramTransition => ({ ...plain, from, to }))),
  );
}
