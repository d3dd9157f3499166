import { command, event, t, type AnyCommand, type AnyEvent, type Schema } from "../../../src/outbox/index.ts";
import { exponential, fail, finish, next, park, saga, type AnySaga } from "../../../src/sagas/engine/index.ts";

// The repair of a bicycle, as parts that an edit of the catalogue can change before they are built. Their types are loose, since most
// edits are none that one builder could type.

type Field = Schema<never> | Schema<unknown>;
type Fields = Record<string, Field>;
// Definitions are put together out of data here, part by part, which the builder's types are made to refuse.
// oxlint-disable-next-line typescript/no-explicit-any
export type Part = Record<string, any>;

/** Messages by what they are called below, each with the fields of its payload. */
export interface Words {
  readonly commands: Record<string, { readonly fields: Fields; readonly replies: string[] }>;
  readonly events: Record<string, Fields>;
}

export interface Blueprint {
  version: number;
  key: string;
  participants: string[];
  data: Fields;
  finals: Record<string, "succeeded" | "failed">;
  reasons: Record<string, { code: string; message: string | (() => string); cancels?: true }>;
  start: Part;
  /** By state, in order; a milestone has nothing but `goal`, and a group has `steps` like these. */
  nodes: [string, Part][];
  interrupts: { event: string; during: "any" | string[]; then: unknown; save?: unknown }[];
  failed: Part;
  words: Words;
  /** Makes another contract of a built one, by its name. */
  contracts: Record<string, (contract: AnyCommand | AnyEvent) => AnyCommand | AnyEvent>;
}

/** The first version: Asked, Reserving, Bringing, Mending, Billing, Fetching. */
export const repair = (): Blueprint => ({
  version: 1,
  key: "repairId",
  participants: ["ownerId"],
  data: {
    repairId: t.id(),
    ownerId: t.id(),
    speed: t.oneOf("slow", "fast"),
    stand: t.maybe(t.text()),
    minutes: t.maybe(t.int()),
    bell: t.maybe(t.text()),
  },
  finals: { Fetched: "succeeded", Dropped: "failed" },
  reasons: {
    Full: { code: "SOLD_OUT", message: "No stand is free." },
    Slow: { code: "TIMED_OUT", message: "It took too long." },
    Cancelled: { code: "CANCELLED_BY_USER", message: "Cancelled.", cancels: true },
  },
  start: { event: "RepairAskedEvent", init: (e: Part) => ({ repairId: e["repairId"], ownerId: e["ownerId"], speed: "slow" }) },
  nodes: [
    ["Asked", { goal: undefined }],
    [
      "Reserving",
      {
        invoke: "ReserveStandCommand",
        with: (d: Part) => ({ repairId: d["repairId"], speed: d["speed"] }),
        onReply: { StandReservedEvent: { save: (e: Part) => ({ stand: e["stand"] }), then: next }, StandsFullEvent: fail("Full") },
        compensate: { invoke: "FreeStandCommand", with: (d: Part) => ({ repairId: d["repairId"], stand: d["stand"] ?? "?" }) },
        retry: exponential({ first: "1m", factor: 2, times: 3 }),
        timeout: ["1h", park],
        onExhausted: park,
      },
    ],
    ["Bringing", { for: ["BikeBroughtEvent"], on: { BikeBroughtEvent: next }, deadline: ["3d", fail("Slow")] }],
    [
      "Mending",
      {
        invoke: "MendCommand",
        with: (d: Part) => ({ repairId: d["repairId"], note: d["bell"] }),
        onReply: { MendedEvent: { save: (e: Part) => ({ minutes: e["minutes"] }), then: next } },
        compensate: { invoke: "UnmendCommand", with: (d: Part) => ({ repairId: d["repairId"] }), retry: exponential({ first: "1m", factor: 2, times: 2 }) },
        timeout: ["1d", fail("Slow")],
        onExhausted: park,
      },
    ],
    [
      "Billing",
      {
        invoke: "BillCommand",
        with: (d: Part) => ({ repairId: d["repairId"], minutes: d["minutes"] ?? 0 }),
        onReply: { BilledEvent: next },
        effect: "none",
        timeout: ["1h", park],
        onExhausted: park,
      },
    ],
    ["Fetching", { for: ["BikeFetchedEvent"], on: { BikeFetchedEvent: finish("Fetched") }, deadline: ["30d", park] }],
  ],
  interrupts: [{ event: "RepairCancelledEvent", during: "any", then: fail("Cancelled") }],
  failed: { final: "Dropped" },
  words: {
    commands: {
      ReserveStandCommand: { fields: { repairId: t.id(), speed: t.oneOf("slow", "fast") }, replies: ["StandReservedEvent", "StandsFullEvent"] },
      FreeStandCommand: { fields: { repairId: t.id(), stand: t.text() }, replies: ["StandFreedEvent"] },
      MendCommand: { fields: { repairId: t.id(), note: t.maybe(t.text()) }, replies: ["MendedEvent"] },
      UnmendCommand: { fields: { repairId: t.id() }, replies: ["UnmendedEvent"] },
      BillCommand: { fields: { repairId: t.id(), minutes: t.int() }, replies: ["BilledEvent"] },
    },
    events: {
      RepairAskedEvent: { repairId: t.id(), ownerId: t.id() },
      StandReservedEvent: { repairId: t.id(), stand: t.text() },
      StandsFullEvent: { repairId: t.id() },
      StandFreedEvent: { repairId: t.id() },
      BikeBroughtEvent: { repairId: t.id() },
      MendedEvent: { repairId: t.id(), minutes: t.int() },
      UnmendedEvent: { repairId: t.id() },
      BilledEvent: { repairId: t.id() },
      BikeFetchedEvent: { repairId: t.id() },
      RepairCancelledEvent: { repairId: t.id() },
    },
  },
  contracts: {},
});

/** The state's part, to be changed in place. */
export function node(blueprint: Blueprint, state: string): Part {
  const found = blueprint.nodes.find(([name]) => name === state);
  if (found === undefined) throw new Error(`There is no state ${state}; there are ${blueprint.nodes.map(([name]) => name).join(", ")}`);
  return found[1];
}

/** Puts a state behind another. */
export function insert(blueprint: Blueprint, after: string, state: string, part: Part): void {
  blueprint.nodes.splice(blueprint.nodes.findIndex(([name]) => name === after) + 1, 0, [state, part]);
}

/** A step whose command and answer carry the key alone, and that changes nothing. */
export function plainStep(blueprint: Blueprint, name: string): Part {
  blueprint.words.commands[`${name}Command`] = { fields: { [blueprint.key]: t.id() }, replies: [`${name}DoneEvent`] };
  blueprint.words.events[`${name}DoneEvent`] = { [blueprint.key]: t.id() };
  return {
    invoke: `${name}Command`,
    with: (d: Part) => ({ [blueprint.key]: d[blueprint.key] }),
    onReply: { [`${name}DoneEvent`]: next },
    effect: "none",
    timeout: ["1h", park],
    onExhausted: park,
  };
}

/** A step as one of several at a time, which have one deadline together. */
export function member(step: Part): Part {
  const { timeout: _, ...rest } = step;
  return rest;
}

/** Two steps at a time, which were one after the other. */
export function together(blueprint: Blueprint, state: string, one: string, other: string): void {
  const steps = [one, other].map((name) => [name, member(node(blueprint, name))]);
  const at = blueprint.nodes.findIndex(([name]) => name === one);
  blueprint.nodes = blueprint.nodes.filter(([name]) => name !== other);
  blueprint.nodes[at] = [state, { steps, timeout: ["1d", park] }];
}

export function build(blueprint: Blueprint): AnySaga {
  const { words, contracts, key } = blueprint;
  const changed = <C extends AnyCommand | AnyEvent>(contract: C): C => (contracts[contract.name]?.(contract) ?? contract) as C;
  const events = new Map(Object.entries(words.events).map(([name, fields]) => [name, changed(event(name, fields as Record<string, Schema<unknown>>))]));
  const heard = (name: string): AnyEvent => events.get(name) as AnyEvent;
  const sent = (name: string): AnyCommand => {
    const word = words.commands[name];
    if (word === undefined) throw new Error(`There is no ${name}`);
    return changed(command(name, word.fields as Record<string, Schema<unknown>>, ...word.replies.map(heard)));
  };
  const withCommands = (part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([name, value]) => [
        name,
        name === "invoke" ? sent(value as string) : ["compensate", "remind", "tell"].includes(name) ? withCommands(value as Part) : value,
      ]),
    );
  const builder = saga("Repair", {
    version: blueprint.version,
    key: key as never,
    participants: blueprint.participants,
    data: blueprint.data,
    states: blueprint.nodes.flatMap(([state, { steps = [] }]) => [state, ...(steps as Blueprint["nodes"]).map(([step]) => step)]),
    finals: blueprint.finals,
    reasons: blueprint.reasons,
    // The same: every state is defined, but no type knows which.
    // oxlint-disable-next-line typescript/no-explicit-any
  }) as any;
  const { event: starting, ...start } = withCommands(blueprint.start);
  builder.startOn(heard(starting as string), { state: blueprint.nodes[0]?.[0], key: (e: Part) => e[key] as string, ...start });
  for (const [state, part] of blueprint.nodes.slice(1)) {
    if ("invoke" in part) builder.step(state, withCommands(part));
    else if ("for" in part) builder.wait(state, withCommands({ ...part, for: (part["for"] as string[]).map(heard) }));
    else if ("steps" in part) {
      const { steps, ...group } = part as { steps: Blueprint["nodes"] };
      builder.parallel(state, (members: Part) => steps.reduce((so, [name, step]) => so["step"](name, withCommands(step)), members), group);
    } else builder.milestone(state, part["goal"] === true ? { goal: true } : {});
  }
  for (const { event: name, ...rest } of blueprint.interrupts) builder.interrupt(heard(name), rest);
  builder.onFailed(withCommands(blueprint.failed));
  return builder.build() as AnySaga;
}
