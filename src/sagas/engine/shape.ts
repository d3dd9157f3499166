import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { canRead } from "../../outbox/index.ts";
import type { CompiledBranch, Definition, Node } from "./compiled.ts";

/** A definition without its functions, as JSON. */
export type DefinitionShape = Readonly<Record<string, unknown>> & { readonly nodes: readonly NodeShape[] };
type NodeShape = Readonly<Record<string, unknown>> & { readonly state: string; readonly payload?: string };

/** The shape of a definition with its hash, for the day that its code is gone or has changed. */
export function storedShape(definition: Definition): { readonly shape: DefinitionShape; readonly shapeHash: string } {
  const shape = shapeOf(definition);
  return { shape, shapeHash: createHash("sha256").update(JSON.stringify(shape)).digest("hex").slice(0, 16) };
}

/**
 * Why sagas that were started with one shape cannot go on with another, as the end of a sentence about the definition; null if they can.
 * Payloads of commands are contracts and versioned apart: what can still be read is no other shape.
 */
export function findProblem(before: DefinitionShape, now: DefinitionShape): string | null {
  const [was, is] = [withoutPayloads(before), withoutPayloads(now)];
  if (!isDeepStrictEqual(was, is)) {
    return `has another shape than the one sagas have been started with: ${firstDifference(was, is)}. Give the changed definition the version ${Number(now["version"]) + 1}.`;
  }
  for (const node of now.nodes) {
    const old = before.nodes.find(({ state }) => state === node.state)?.payload;
    if (node.payload === undefined || old === undefined || canRead(node.payload, old)) continue;
    return (
      `sends ${String(node["command"])} with the payload ${node.payload}, which cannot be read out of the ${old} of messages under way. ` +
      "Adding an optional field is safe; for anything else give the contract a new version, by versioned(contract, upcaster)."
    );
  }
  return null;
}

/** As it comes back from the database, so that the two can be compared. */
const withoutPayloads = (shape: DefinitionShape): DefinitionShape =>
  JSON.parse(JSON.stringify({ ...shape, nodes: shape.nodes.map((node) => ({ ...node, payload: undefined })) })) as DefinitionShape;

/** Names the state, or else the part, that differs first. */
function firstDifference(before: DefinitionShape, now: DefinitionShape): string {
  const states = (shape: DefinitionShape): string => shape.nodes.map(({ state }) => state).join(", ");
  if (states(before) !== states(now)) return `its states were ${states(before)} and are ${states(now)}`;
  const node = now.nodes.findIndex((one, index) => !isDeepStrictEqual(before.nodes[index], one));
  const parts = (shape: DefinitionShape): Readonly<Record<string, unknown>> => (node === -1 ? shape : (shape.nodes[node] ?? {}));
  const [was, is] = [parts(before), parts(now)];
  const part = Object.keys({ ...was, ...is }).find((key) => key !== "nodes" && !isDeepStrictEqual(was[key], is[key])) ?? "";
  return `${part}${node === -1 ? "" : ` of ${now.nodes[node]?.state}`} was ${JSON.stringify(was[part])} and is ${JSON.stringify(is[part])}`;
}

/** What a history can be read and drawn with, and what must not change under one version. */
function shapeOf(definition: Definition): DefinitionShape {
  return {
    name: definition.name,
    version: definition.version,
    key: definition.key,
    data: definition.data.text,
    finals: definition.finals,
    reasons: Object.keys(definition.reasons),
    start:
      definition.start === null
        ? null
        : {
            event: definition.start.event.name,
            state: definition.start.state,
            undo: definition.start.undo?.command.name ?? null,
            ...onlyIf(definition.start.undo?.replies, (replies) => ({ undoBranches: branchShapes(replies) })),
            ...onlyIf(definition.start.afterFinal === "again", () => ({ afterFinal: "again" })),
          },
    nodes: [...definition.nodes.values()].map(nodeShape),
    interrupts: definition.interrupts.map((one) => ({ event: one.event.name, during: one.during === "any" ? "any" : [...one.during], then: one.then })),
    failedFinal: definition.failedFinal,
    ...onlyIf(definition.tell, ({ command }) => ({ tell: command.name })),
  };
}

/** What a definition does not use leaves no trace in its shape, so that a new word of the language changes no hash of old definitions. */
const onlyIf = <T>(value: T, shape: (value: NonNullable<T>) => object): object => (value ? shape(value) : {});

const branchShapes = (branches: ReadonlyMap<string, CompiledBranch> = new Map()): unknown =>
  [...branches].map(([name, branch]) => ({ name, by: branch.by, arms: [...branch.arms].map(([value, arm]) => [value, arm.then]) }));

function nodeShape(node: Node): NodeShape {
  const { state, kind } = node;
  if (node.kind === "milestone") return { kind, state, goal: node.goal };
  if (node.kind === "group") return { kind, state, steps: node.steps, then: branchShapes(new Map([["then", node.then]])), onTimeout: node.onTimeout };
  const branches = branchShapes(node.kind === "step" ? node.replies : node.on);
  const remind = onlyIf(node.remind, ({ command }) => ({ remind: command.name }));
  if (node.kind === "wait")
    return { kind, state, goal: node.goal, branches, onDeadline: node.onDeadline, ...remind, ...onlyIf(node.tell, ({ command }) => ({ tell: command.name })) };
  return {
    kind,
    state,
    command: node.command.name,
    payload: node.command.schema.text,
    undo:
      node.undo === null
        ? null
        : {
            command: node.undo.command.name,
            ifExhausted: node.undo.ifExhausted,
            ...onlyIf(node.undo.replies, (replies) => ({ branches: branchShapes(replies) })),
          },
    effect: node.effect,
    branches,
    onTimeout: node.onTimeout,
    onExhausted: node.onExhausted,
    ...remind,
    ...onlyIf(node.group, (group) => ({ group })),
    ...onlyIf(node.begins, ({ saga }) => ({ begins: saga })),
  };
}
