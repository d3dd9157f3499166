import {
  canRead,
  command,
  event,
  fieldsOf,
  redacted,
  redactUnknown,
  t,
  type AnyEvent,
  type CommandContract,
  type EventContract,
  type Schema,
} from "../../outbox/index.ts";
import { startOf, type CompiledBranch, type Data, type Definition, type Node, type StepNode } from "./compiled.ts";
import type { AnyOutcome } from "./outcome.ts";
import type { SagaRemainder } from "./remains.ts";
import { incremental, undoRetry } from "./retry.ts";

/** How a sub-saga has ended, as any version of it says it and any version of the other saga hears it. */
export interface SubSagaEnd {
  readonly final: string;
  /** JSON by the version that has ended. */
  readonly data: unknown;
  /** What stays of it, and of those that it has begun, after it has failed. Left out: nothing. */
  readonly remains?: readonly SagaRemainder[];
}

/** The messages by which a saga and one that it has begun, its sub-saga, work together. Their names are made of that of the sub-saga. */
export interface SubSagaContracts {
  /** Begins it, by its starting event; a step of the saga that begins it. */
  readonly begin: CommandContract<string, { readonly start: unknown }, readonly [AnyEvent, AnyEvent]>;
  /** It has ended; the answer to `begin`, or to `undo`. Of this version: what a step reads that names it, and what an operator says by hand. */
  readonly ended: EventContract<string, { readonly final: string; readonly data: Data }>;
  /** The same, of whatever version. */
  readonly anyEnd: EventContract<string, SubSagaEnd>;
  /** It cannot begin: its key has a saga already. */
  readonly refused: EventContract<string, { readonly why: string }>;
  /** Undoes what it has done, wherever it stands. */
  readonly undo: CommandContract<string, { readonly stepRunId: string }, readonly [AnyEvent, AnyEvent]>;
  /** There is nothing of it to undo, and it is told what stays. */
  readonly undone: EventContract<string, Pick<SubSagaEnd, "remains">>;
  /** Tells the saga that began it how it has ended. Sent by the sub-saga at its end, on its own account, so that its row and that of the other are never locked together. */
  readonly report: CommandContract<string, SubSagaEnd & { readonly parentId: string; readonly runId: string }, readonly [AnyEvent]>;
  readonly reported: AnyEvent;
  /** How the undo is asked for; heard by the sub-saga. */
  readonly undoAsked: AnyEvent;
}

/** A name that some version of a definition has: it says nothing about anybody, so it may be seen. */
const word: Schema<string> = { ...t.text(), redact: (json) => (typeof json === "string" && /^\w{1,100}$/.test(json) ? json : redactUnknown(json)) };

const remainder = t.obj({
  state: word,
  command: t.maybe(word),
  why: t.oneOf("IRREVERSIBLE", "UNDO_GAVE_UP"),
  certain: t.bool(),
  sagaType: word,
  sagaId: t.id(),
});
const ofRemainders = t.maybe(t.list(remainder));

/** What stays of a sub-saga, as the answer to its undo says it. */
export function remainsIn({ schema }: AnyEvent, payload: unknown): { readonly remains?: readonly SagaRemainder[] } {
  if (schema.fields?.includes("remains") !== true) return {};
  const { remains } = payload as { readonly remains?: readonly (Omit<SagaRemainder, "command"> & { readonly command?: string | null })[] };
  return remains === undefined ? {} : { remains: remains.map((one) => ({ ...one, command: one.command ?? null })) };
}

/** JSON, to be read by whoever knows its shape. */
const jsonLike = (known: Schema<Data>): Schema<unknown> => ({
  text: "json",
  decode: (json) => json,
  encode: (value) => value,
  redact: (json) => redacted(known, json),
});

const known = new WeakMap<Definition, SubSagaContracts>();

export function subSagaContracts(definition: Definition): SubSagaContracts {
  const contracts = known.get(definition) ?? contractsOf(definition);
  known.set(definition, contracts);
  return contracts;
}

/** Name of the command that reports the end of a saga to the one that has begun it. */
export const reportOf = (saga: string): string => `Report${saga}Command`;

function contractsOf(definition: Definition): SubSagaContracts {
  const { name, data, finals } = definition;
  const start = startOf(definition).event.schema;
  const ended = event(`${name}EndedEvent`, { final: t.oneOf(...Object.keys(finals)), data });
  const end = { final: word, data: jsonLike(data), remains: ofRemainders };
  const refused = event(`${name}RefusedEvent`, { why: t.text() });
  const undone = event(`${name}UndoneEvent`, { remains: ofRemainders }) as SubSagaContracts["undone"];
  const reported = event(`${name}ReportedEvent`, {});
  return {
    begin: command(`Begin${name}Command`, { start }, ended, refused) as SubSagaContracts["begin"],
    ended,
    anyEnd: event(ended.name, end) as SubSagaContracts["anyEnd"],
    refused,
    undo: command(`Undo${name}Command`, { stepRunId: t.id() }, ended, undone) as SubSagaContracts["undo"],
    undone,
    report: command(reportOf(name), { parentId: t.id(), runId: t.id(), ...end }, reported) as SubSagaContracts["report"],
    reported,
    undoAsked: event(`${name}UndoAskedEvent`, {}),
  };
}

type Save = (payload: unknown, data: Data) => Data;
type End = AnyOutcome | { readonly save?: Save; readonly then: AnyOutcome };

/** Whatever the end of a sub-saga means for the saga that began it, it may have done something: its undo finds out what is left of it. */
const asPartly = (outcome: AnyOutcome): AnyOutcome =>
  outcome.go === "fail"
    ? { ...outcome, partly: true }
    : outcome.go === "state" && outcome.orElse !== undefined
      ? { ...outcome, orElse: asPartly(outcome.orElse) as NonNullable<typeof outcome.orElse> }
      : outcome;

export type SubSagaNode = StepNode & { readonly begins: NonNullable<StepNode["begins"]> };

export const isSubSagaNode = (node: Node): node is SubSagaNode => node.kind === "step" && node.begins !== null;
export const subSagaNodesOf = ({ nodes }: Definition): SubSagaNode[] => [...nodes.values()].filter(isSubSagaNode);

const armsOf = ({ begins, replies }: SubSagaNode): CompiledBranch["arms"] => replies.get(`${begins.saga}EndedEvent`)?.arms ?? new Map();
export const finalsKnownTo = (node: SubSagaNode): string[] => [...armsOf(node).keys()];

/** The shapes of what a step begins its sub-saga with, and of the data of its end: those of the version that it names. */
export function shapesOf({ begins, command: { schema, replies } }: SubSagaNode): { readonly start: string; readonly data: string } {
  const ended = replies.find(({ name }) => name === `${begins.saga}EndedEvent`);
  return { start: fieldsOf(schema.text)?.get("start") ?? "", data: fieldsOf(ended?.schema.text ?? "")?.get("data") ?? "" };
}

/** What a step does not know of a version of its sub-saga: finals, and whether it takes of data that it cannot read. */
export function findUnknown(
  node: SubSagaNode,
  of: { readonly finals: readonly string[]; readonly data: string },
): { readonly finals: readonly string[]; readonly data: boolean } {
  const arms = armsOf(node);
  const takesData = [...arms.values()].some(({ save }) => save !== null);
  return { finals: of.finals.filter((final) => !arms.has(final)), data: takesData && !canRead(shapesOf(node).data, of.data) };
}

/** Why a step does not know what the end of its sub-saga means, as a sentence: that runs on another version than the one it names. Null: it does. */
export function findEndProblem({ state, begins, command: { replies: declared }, replies }: StepNode, { name }: AnyEvent, payload: unknown): string | null {
  const branch = replies.get(name);
  if (begins === null || branch?.by?.field !== "final") return null;
  const { final } = payload as SubSagaEnd;
  const arm = branch.arms.get(final);
  const ended = `The ${begins.saga} has ended as ${final}`;
  if (arm === undefined) return `${ended}, of which ${state} does not say what it means.`;
  try {
    if (arm.save !== null) declared.find((reply) => reply.name === name)?.schema.decode(payload, begins.saga);
    return null;
  } catch (error) {
    return `${ended}, with data that ${state} cannot read: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** A step that begins another saga, waits for its end, and is undone by undoing that. */
export function subSagaStep(
  state: string,
  {
    saga,
    start,
    with: mapping,
    onEnd,
    onRefused,
  }: {
    readonly saga: Definition;
    readonly start: AnyEvent;
    readonly with: StepNode["with"];
    readonly onEnd: Readonly<Record<string, End>>;
    readonly onRefused: AnyOutcome;
  },
): Omit<StepNode, "timeoutMs" | "onTimeout" | "group"> {
  const contracts = subSagaContracts(saga);
  const arms = Object.entries(onEnd).map(([final, end]): [string, { save: Save | null; then: AnyOutcome }] => {
    if (!("then" in end)) return [final, { save: null, then: asPartly(end) }];
    const { save } = end;
    const then = asPartly(end.then);
    return [final, { save: save === undefined ? null : (payload, data) => save(saga.data.decode((payload as SubSagaEnd).data, saga.name), data), then }];
  });
  const onRefusal: CompiledBranch = { by: null, arms: new Map([["*", { save: null, then: onRefused }]]) };
  return {
    kind: "step",
    state,
    command: contracts.begin,
    with: (data, meta) => ({ start: mapping(data, meta) }),
    replies: new Map([
      [contracts.ended.name, { by: { from: "event", field: "final" }, arms: new Map(arms) }],
      [contracts.refused.name, onRefusal],
    ]),
    undo: {
      command: contracts.undo,
      with: (_data, { stepRunId }) => ({ stepRunId }),
      retry: undoRetry,
      attemptTimeoutMs: 30_000,
      ifExhausted: "park",
      replies: null,
    },
    effect: "undo",
    retry: incremental({ first: "1s", step: "2s", times: 3 }),
    attemptTimeoutMs: 30_000,
    remind: null,
    onExhausted: { go: "park" },
    begins: { saga: saga.name, start: start.name, maps: [mapping, ...Object.values(onEnd).map((end) => ("then" in end ? end.save : undefined))] },
  };
}
