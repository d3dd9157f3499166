import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { CompiledBranch, Definition, Node } from "./compiled.ts";
import { editsBetween } from "./diff.ts";
import { contractsOf } from "./registry.ts";

/** A definition without its functions, as JSON. */
export type DefinitionShape = Readonly<Record<string, unknown>> & {
  readonly nodes: readonly NodeShape[];
  /** Payloads of all messages that are sent or heard, by name. Missing in what was stored before they were noted. */
  readonly contracts?: Readonly<Record<string, string>>;
};
type NodeShape = Readonly<Record<string, unknown>> & { readonly state: string; readonly payload?: string };

/**
 * The shape of a definition with its hash, for the day that its code is gone or has changed. The hash leaves the contracts out: they are
 * versioned apart, and noted beside it.
 */
export function storedShape(definition: Definition): { readonly shape: DefinitionShape; readonly shapeHash: string } {
  const shape = shapeOf(definition);
  const shapeHash = createHash("sha256").update(JSON.stringify(shape)).digest("hex").slice(0, 16);
  return { shape: { ...shape, contracts: contractsOf(definition) }, shapeHash };
}

/** Whether a stored shape is this one to the letter, its contracts included. */
export const isSameShape = (stored: DefinitionShape, now: DefinitionShape): boolean => isDeepStrictEqual(stored, JSON.parse(JSON.stringify(now)));

/**
 * Why sagas that were started with one shape cannot go on with another, as the end of a sentence about the definition; null if they can.
 * It lists every edit that is not safe.
 */
export function findProblem(before: DefinitionShape, now: DefinitionShape): string | null {
  const edits = editsBetween(before, now).filter((edit) => edit.class !== "safe");
  if (edits.length === 0) return null;
  const isForbidden = edits.some((edit) => edit.class === "forbidden");
  const needsVersion = edits.some((edit) => edit.class !== "forbidden");
  const remedies = [
    ...(needsVersion ? [`Give the changed definition the version ${Number(now["version"]) + 1}.`] : []),
    ...(isForbidden ? [FORBIDDEN_REMEDY] : []),
  ];
  const told = edits.map(({ place, what }) => `${place} ${what}`).join("; ");
  return `has another shape than the one sagas have been started with: ${told}. ${remedies.join(" ")}`;
}

/** What helps where no version number of the saga does. */
const FORBIDDEN_REMEDY =
  "A payload may get or lose an optional field; for anything else give its contract a new version, by versioned(contract, upcaster). With another key it is another saga.";

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
