import type { Diagram, DiagramState, DiagramTransition } from "./diagram.ts";

const SHAPES = { START: ["([", "])"], STEP: ["[", "]"], GROUP: ["[", "]"], WAIT: ["{{", "}}"], MILESTONE: ["(", ")"], FINAL: ["([", "])"] } as const;

/** Grey on both themes of the hosts that draw it; finals speak for themselves. */
const LOOKS = [
  "classDef succeeded fill:#1a7f37,stroke:#1a7f37,color:#ffffff",
  "classDef failed fill:#cf222e,stroke:#cf222e,color:#ffffff",
  "classDef undo stroke-dasharray:5 4",
];

/**
 * A diagram as the text of a Mermaid flowchart, for pages that draw such blocks. The main path leads down; an arrow that is not dashed says which
 * replies and events lead along it. Dashed arrows say why a saga fails there, and lead to the undo that comes first, from each undo to the one
 * before it, and to the failed final. What comes from outside in the middle (an interrupt) is in italics.
 */
export function mermaidOf({ states, transitions }: Diagram): string {
  const undone = states.filter(({ compensation }) => compensation !== null);
  const [first] = undone;
  const isForward = ({ kind }: DiagramTransition): boolean => kind === "NEXT" || kind === "BRANCH";
  const isFailure = (name: string): boolean => states.find(({ state }) => state === name)?.succeeded === false;
  const lines = [
    ...states.filter(({ group }) => group === null).flatMap((state) => (state.kind === "GROUP" ? frame(state, states) : [box(state)])),
    ...undone.map(undoBox),
    // Drawing programs put what is led to below what leads there, unless it closes a ring. These lines, which nobody sees, close it beforehand,
    // so that the undos stand beside what they undo and lead up. It has to come first for that.
    ...(first === undefined ? [] : [`${stateId(first.state)} ~~~ ${undoId(first.state)}`]),
    ...merged(transitions, (one) => one.kind === "FAIL").map((ways) => failure(ways, states)),
    ...undone.slice(1).map(({ state }, index) => `${undoId(undone[index]?.state ?? "")} ~~~ ${undoId(state)}`),
    // What leads to a failed end comes first: it stands at the side of the undos.
    ...merged(transitions, (one) => isForward(one) && isFailure(one.to)).map(forward),
    ...merged(transitions, (one) => isForward(one) && !isFailure(one.to)).map(forward),
    ...transitions
      .filter((one) => one.kind === "UNDO")
      .map(({ from, to }) => `${undoId(from)} -.-> ${undone.some(({ state }) => state === to) ? undoId(to) : stateId(to)}`),
    ...LOOKS,
  ];
  return ["flowchart TB", ...lines.map((line) => `  ${line}`), ""].join("\n");
}

/** A group is drawn around its steps. */
const frame = ({ state }: DiagramState, states: readonly DiagramState[]): string[] => [
  `subgraph ${stateId(state)} ["<b>${text(state)}</b>"]`,
  ...states.filter(({ group }) => group === state).map((step) => `  ${box(step)}`),
  "end",
];

function box({ state, kind, command, subSaga, goal, succeeded }: DiagramState): string {
  const [left, right] = subSaga === null ? SHAPES[kind] : ["[[", "]]"];
  const lines = [`<b>${text(state)}</b>`, ...(command === null ? [] : [text(subSaga ?? command)]), ...(goal ? ["<i>settled</i>"] : [])];
  const look = succeeded === null ? "" : succeeded ? ":::succeeded" : ":::failed";
  return `${stateId(state)}${left}"${lines.join("<br/>")}"${right}${look}`;
}

const undoBox = ({ state, compensation }: DiagramState): string => `${undoId(state)}["${text(compensation ?? "")}"]:::undo`;

type Ways = [DiagramTransition, ...DiagramTransition[]];

/** Transitions of some kinds, those from one state to another together: they are one arrow. */
function merged(transitions: readonly DiagramTransition[], isMeant: (one: DiagramTransition) => boolean): Ways[] {
  const found = new Map<string, Ways>();
  for (const one of transitions.filter(isMeant)) {
    const ways = found.get(`${one.from} ${one.to}`);
    if (ways === undefined) found.set(`${one.from} ${one.to}`, [one]);
    else ways.push(one);
  }
  return [...found.values()];
}

/** To the undo of the state that fails, or else of the one before it that has an undo, or else to the end. Those of a group come together. */
function failure(ways: Ways, states: readonly DiagramState[]): string {
  const [{ from, to }] = ways;
  const group = states.find(({ state }) => state === from)?.group ?? from;
  const last = states.findLastIndex((one) => one.state === from || one.group === group);
  const before = states.slice(0, last + 1).findLast(({ compensation }) => compensation !== null);
  const isFirst = (one: DiagramState): boolean => one === before || (one.group !== null && one.group === before?.group && one.compensation !== null);
  const first = states.filter(isFirst).map(({ state }) => undoId(state));
  return `${stateId(from)} -. "${why(ways)}" .-> ${first.length === 0 ? stateId(to) : first.join(" & ")}`;
}

function forward(ways: Ways): string {
  const [{ from, to }] = ways;
  const label = why(ways);
  return `${stateId(from)} ${label === "" ? "" : `-- "${label}" `}--> ${stateId(to)}`;
}

/** A line for each reason, or for each cause where no reason is given. */
const why = (ways: Ways): string =>
  ways
    .flatMap(({ reason, on, interrupt }) => (reason === null ? causes(on) : [reason]).map((line) => (interrupt ? `<i>${text(line)}</i>` : text(line))))
    .join("<br/>");

/** Several values of one field are one line: `BackgroundCheckCompletedEvent, result: clear or consider`. */
function causes(on: readonly string[]): string[] {
  const lines = new Map<string, string[]>();
  for (const one of on.filter((cause) => cause !== "reached")) {
    const [cause = "", value] = one.split(": ");
    lines.set(cause, [...(lines.get(cause) ?? []), ...(value === undefined ? [] : [value])]);
  }
  return [...lines].map(([cause, values]) => (values.length === 0 ? cause : `${cause}: ${values.join(" or ")}`));
}

/** Whatever Mermaid or HTML could take for something else is written by its number. */
const text = (label: string): string => label.replaceAll(/[^\w ,:]/gu, (character) => `#${character.codePointAt(0)};`);

// A prefix, since some words, such as `end`, are Mermaid's own.
const stateId = (state: string): string => `state_${identifier(state)}`;
const undoId = (state: string): string => `undo_${identifier(state)}`;
const identifier = (state: string): string => state.replaceAll(/\W/gu, (character) => `_${character.codePointAt(0)}_`);
