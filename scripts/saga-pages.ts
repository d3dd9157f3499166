import { sagas } from "../src/sagas/index.ts";
import type { Definition, Node, StepNode } from "../src/sagas/engine/compiled.ts";
import { diagramOf, type Diagram, type DiagramOutcome, type DiagramState } from "../src/sagas/engine/diagram.ts";
import { describeMs } from "../src/sagas/engine/duration.ts";
import type { AnySaga } from "../src/sagas/engine/index.ts";
import { mermaidOf } from "../src/sagas/engine/mermaid.ts";
import { storedShape } from "../src/sagas/engine/shape.ts";

// docs/sagas: a page for each saga, written from its definition by `npm run docs`.

const NOTICE = "<!-- Written by `npm run docs` from the definitions in src/sagas. -->";

/** The pages of the newest version of every saga, and their list, by the names of their files. */
export function sagaPages(all: readonly AnySaga[] = sagas): ReadonlyMap<string, string> {
  const newest = all.map(({ definition }) => definition).filter(({ name, version }) => !all.some((one) => one.name === name && one.version > version));
  return new Map([["README.md", listPage(newest)], ...newest.map((definition): [string, string] => [fileOf(definition), page(definition)])]);
}

const fileOf = ({ name }: Definition): string => `${kebab(name)}.md`;
const kebab = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();

const listPage = (definitions: readonly Definition[]): string => `# The sagas, drawn

${NOTICE}

${definitions.map((definition) => `- [${definition.name}](${fileOf(definition)}): ${[...definition.nodes.keys()].join(" → ")}`).join("\n")}

How to read the drawings:

- An arrow that is not dashed leads on, by the replies and events that are written on it. A *deadline* is the end of the time for a state;
  *attempts used up* means that the last one has failed.
- A dashed arrow from a state says why a saga fails there, and leads to the undo that comes first. From there the undos follow each other, latest
  first, to the failed end. Only what was done, or may have been done, is undone: a state whose reply was the no has done nothing.
- *Italics* are interrupts, events that are accepted in many states, and *settled*: from there on the business outcome is known.
- A box is a step, six corners are a wait, round corners are a milestone, round ends are the beginning and the ends: green is what was wanted.
- Not drawn is what leads nowhere: what is noted while a wait goes on, and where the saga stands as \`STUCK\` and asks an operator. The tables have it.
`;

function page(definition: Definition): string {
  const diagram = diagramOf(storedShape(definition).shape);
  return `# ${definition.name}

${NOTICE}

Version ${definition.version} of [its definition](../../src/sagas/${kebab(definition.name)}.ts), drawn; [how to read it](README.md). The API has the same in
\`sagaDefinition(type: ${kebab(definition.name).replaceAll("-", "_").toUpperCase()})\`.

\`\`\`mermaid
${mermaidOf(diagram)}\`\`\`

## States

${table(
  ["State", "Command, and its queue", "Attempts", "Time", "Undo", "Beside it"],
  diagram.states.filter(({ kind }) => kind !== "FINAL").map((state) => stateRow(state, definition)),
)}

## What can follow

${table(["In", "On", "Follows"], outcomeRows(diagram))}

## Reasons

${table(
  ["Reason", "Code", ""],
  Object.entries(definition.reasons).map(([name, { code, cancels }]) => [name, `\`${code}\``, cancels === true ? "cancels" : ""]),
)}
`;
}

function stateRow({ state, kind, command, queue, compensation, goal }: DiagramState, definition: Definition): string[] {
  const node = definition.nodes.get(state);
  const what = command === null ? `*${kind.toLowerCase()}*${goal ? ", settled" : ""}` : `\`${command}\`, ${queue}`;
  const undo = compensation === null ? (node?.kind === "step" ? (node.effect === "none" ? "nothing to undo" : "irreversible") : "") : `\`${compensation}\``;
  return [state, what, node?.kind === "step" ? attempts(node) : "", node === undefined ? "" : time(node), undo, node === undefined ? "" : beside(node)];
}

function attempts({ retry, attemptTimeoutMs }: StepNode): string {
  const each = `${describeMs(attemptTimeoutMs)} each`;
  return retry.waitsMs.length === 0 ? `1, ${each}` : `${retry.waitsMs.length + 1}, ${each}; after ${retry.waitsMs.map(describeMs).join(", ")}`;
}

function time(node: Node): string {
  if (node.kind === "milestone") return "";
  if (node.kind === "step" || node.kind === "group") return span(node.timeoutMs);
  return typeof node.deadline === "function" ? "to an instant of its data" : span(node.deadline.afterMs);
}

function beside(node: Node): string {
  if (node.kind === "milestone" || node.kind === "group") return "";
  const { remind } = node;
  const reminder =
    remind === null ? [] : [`\`${remind.command.name}\` ${"everyMs" in remind.when ? `every ${span(remind.when.everyMs)}` : `${remind.when.at.length} times`}`];
  const notice = node.kind === "wait" && node.tell !== null ? [`\`${node.tell.command.name}\` of what it notes`] : [];
  return [...reminder, ...notice].join("; ");
}

/** A row for each outcome, with everything that leads to it. */
function outcomeRows({ states }: Diagram): string[][] {
  return states.flatMap(({ state, outcomes }) => {
    const rows = new Map<string, string[]>();
    for (const one of outcomes) rows.set(follows(one), [...(rows.get(follows(one)) ?? []), one.interrupt ? `*${one.on}*` : one.on]);
    return [...rows].map(([what, on], index) => [index === 0 ? state : "", on.join("<br>"), what]);
  });
}

/** A step of a group leads nowhere by itself: it is done, or left out. */
function follows({ kind, to, reason, times }: DiagramOutcome): string {
  const because = reason === null ? "" : `: ${reason}`;
  switch (kind) {
    case "NEXT":
      return to ?? "is done";
    case "GO":
      return `${to}`;
    case "LOOP":
      return `${to}, ${times} times at most`;
    case "FINISH":
      return `ends in ${to}${because}`;
    case "FAIL":
      return `fails${because}`;
    case "FAIL_PARTLY":
      return `fails, and is undone itself${because}`;
    case "SKIP":
      return to === null ? "is left out" : `${to}, without it`;
    case "PARK":
      return `stands as \`STUCK\`${because}`;
    case "STAY":
      return "is noted";
  }
}

/** Whole days as such, from two on. */
const span = (ms: number): string => (ms >= 2 * dayMs && ms % dayMs === 0 ? `${ms / dayMs} days` : describeMs(ms));
const dayMs = 86_400_000;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`).join("\n");
