import { command, event, t, type AnyEvent, type CommandContract, type EventContract } from "../../outbox/index.ts";
import { startOf, type CompiledBranch, type Data, type Definition, type StepNode } from "./compiled.ts";
import type { AnyOutcome } from "./outcome.ts";
import { incremental, undoRetry } from "./retry.ts";

/** The messages by which a saga and one that it has begun, its sub-saga, work together. Their names are made of that of the sub-saga. */
export interface SubSagaContracts {
  /** Begins it, by its starting event; a step of the saga that begins it. */
  readonly begin: CommandContract<string, { readonly start: unknown }, readonly [AnyEvent, AnyEvent]>;
  /** It has ended; the answer to `begin`, or to `undo`. */
  readonly ended: EventContract<string, { readonly final: string; readonly data: Data }>;
  /** It cannot begin: its key has a saga already. */
  readonly refused: EventContract<string, { readonly why: string }>;
  /** Undoes what it has done, wherever it stands. */
  readonly undo: CommandContract<string, { readonly stepRunId: string }, readonly [AnyEvent, AnyEvent]>;
  /** There is nothing of it to undo. */
  readonly undone: AnyEvent;
  /** Tells the saga that began it how it has ended. Sent by the sub-saga at its end, on its own account, so that its row and that of the other are never locked together. */
  readonly report: CommandContract<
    string,
    { readonly parentId: string; readonly runId: string; readonly final: string; readonly data: Data },
    readonly [AnyEvent]
  >;
  readonly reported: AnyEvent;
  /** How the undo is asked for; heard by the sub-saga. */
  readonly undoAsked: AnyEvent;
}

const known = new WeakMap<Definition, SubSagaContracts>();

export function subSagaContracts(definition: Definition): SubSagaContracts {
  const contracts = known.get(definition) ?? contractsOf(definition);
  known.set(definition, contracts);
  return contracts;
}

function contractsOf(definition: Definition): SubSagaContracts {
  const { name, data, finals } = definition;
  const start = startOf(definition).event.schema;
  const end = { final: t.oneOf(...Object.keys(finals)), data };
  const ended = event(`${name}EndedEvent`, end);
  const refused = event(`${name}RefusedEvent`, { why: t.text() });
  const undone = event(`${name}UndoneEvent`, {});
  const reported = event(`${name}ReportedEvent`, {});
  return {
    begin: command(`Begin${name}Command`, { start }, ended, refused) as SubSagaContracts["begin"],
    ended: ended,
    refused,
    undo: command(`Undo${name}Command`, { stepRunId: t.id() }, ended, undone) as SubSagaContracts["undo"],
    undone,
    report: command(`Report${name}Command`, { parentId: t.id(), runId: t.id(), ...end }, reported),
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
    return [final, { save: save === undefined ? null : (payload, data) => save((payload as { readonly data: unknown }).data, data), then }];
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
