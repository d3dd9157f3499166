import { isDeepStrictEqual } from "node:util";
import { canRead, fieldsOf, isOptional, versionOf } from "../../outbox/index.ts";
import type { AnyOutcome } from "./outcome.ts";
import type { DefinitionShape } from "./shape.ts";

/**
 * What an edit asks for. safe: nothing, sagas under way go on with it. pin: a new version number; sagas under way finish on the old
 * version, which stays loaded. map: the same, and who would move them has to say where they go or what their data become. forbidden: no
 * version number helps.
 */
export type EditClass = "safe" | "pin" | "map" | "forbidden";

export interface Edit {
  /** A state, a message, or a part of the whole: `key`, `data`, `states`, `finals`, `reasons`, `start`, `interrupts` and so on. */
  readonly place: string;
  /** What has happened there, as the end of a sentence about the place. */
  readonly what: string;
  readonly class: EditClass;
}

type Part = Readonly<Record<string, unknown>>;
type NodeShape = DefinitionShape["nodes"][number];

/**
 * Every difference between two shapes of one saga, in the order of the definition. Parts that are unknown here count as `pin`. What is
 * safe can be read both ways, since processes of both releases work beside each other, and whoever goes back starts the older one again;
 * but for a contract with a new version, whose messages the older one leaves to others.
 */
export function editsBetween(before: DefinitionShape, now: DefinitionShape): Edit[] {
  // As they come back from the database, so that the two can be compared.
  const [was, is] = [before, now].map((shape) => JSON.parse(JSON.stringify(shape)) as DefinitionShape) as [DefinitionShape, DefinitionShape];
  return [
    ...keyEdits(was, is),
    ...dataEdits(String(was["data"]), String(is["data"])),
    ...stateEdits(was.nodes, is.nodes),
    ...is.nodes.flatMap((node) =>
      nodeEdits(
        was.nodes.find(({ state }) => state === node.state),
        node,
      ),
    ),
    ...memberEdits("finals", entriesOf(was["finals"]), entriesOf(is["finals"])),
    ...memberEdits("reasons", new Set(listOf(was["reasons"])), new Set(listOf(is["reasons"]))),
    ...startEdits(was["start"] as Part | null, is["start"] as Part | null),
    ...interruptEdits(was["interrupts"], is["interrupts"]),
    ...otherEdits("the saga", was, is, ["name", "version", "key", "data", "nodes", "finals", "reasons", "start", "interrupts", "contracts"]),
    ...contractEdits(ownContractsIn(was), ownContractsIn(is)),
    ...subSagaEdits(is.nodes, contractsIn(was), contractsIn(is)),
  ];
}

const edit = (place: string, what: string, of: EditClass): Edit => ({ place, what, class: of });
const entriesOf = (value: unknown): ReadonlyMap<string, unknown> => new Map(Object.entries((value ?? {}) as Part));
const listOf = (value: unknown): readonly string[] => (value ?? []) as readonly string[];

/** Events find their sagas by the key of the newest version, whatever version these run on. */
const keyEdits = (was: DefinitionShape, is: DefinitionShape): Edit[] =>
  was["key"] === is["key"]
    ? []
    : [edit("key", `was ${String(was["key"])} and is ${String(is["key"])}: events would find no saga under way, so it is a saga of another name`, "forbidden")];

function dataEdits(was: string, is: string): Edit[] {
  const [older, newer] = [fieldsOf(was) ?? new Map<string, string>(), fieldsOf(is) ?? new Map<string, string>()];
  return [
    ...[...newer].flatMap(([name, type]) => {
      const old = older.get(name);
      if (old === type) return [];
      if (old !== undefined)
        return [edit("data", `had ${name} as ${old} and has it as ${type}`, !canRead(type, old) ? "map" : canRead(old, type) ? "safe" : "pin")];
      return [isOptional(type) ? edit("data", `has got the optional ${name}`, "safe") : edit("data", `has got ${name}, which sagas under way lack`, "map")];
    }),
    ...[...older].flatMap(([name, type]) => {
      if (newer.has(name)) return [];
      return [
        isOptional(type)
          ? edit("data", `has lost the optional ${name}; what is stored of it stays, unread`, "safe")
          : edit("data", `has lost ${name}, which a process of the release before cannot do without`, "pin"),
      ];
    }),
  ];
}

function stateEdits(was: readonly NodeShape[], is: readonly NodeShape[]): Edit[] {
  const [older, newer] = [was.map(({ state }) => state), is.map(({ state }) => state)];
  const added = newer.filter((state) => !older.includes(state));
  const removed = older.filter((state) => !newer.includes(state));
  const inOrder = (states: readonly string[], others: readonly string[]): string => states.filter((state) => others.includes(state)).join(", ");
  const [orderWas, orderIs] = [inOrder(older, newer), inOrder(newer, older)];
  return [
    ...added.map((state) => edit(state, `is new, ${newer[0] === state ? "at the beginning" : `after ${newer[newer.indexOf(state) - 1]}`}`, "pin")),
    ...removed.map((state) => edit(state, "is gone, or has another name", "map")),
    ...(orderWas === orderIs ? [] : [edit("states", `followed each other as ${orderWas} and do as ${orderIs}`, "pin")]),
  ];
}

function nodeEdits(was: NodeShape | undefined, is: NodeShape): Edit[] {
  const { state } = is;
  if (was === undefined) return [];
  if (was["kind"] !== is["kind"]) return [edit(state, `was a ${String(was["kind"])} and is a ${String(is["kind"])}`, "map")];
  return [
    ...(was["command"] === is["command"] ? [] : [edit(state, `sent ${String(was["command"])} and sends ${String(is["command"])}`, "pin")]),
    ...undoEdits(state, was["undo"], is["undo"]),
    ...branchEdits(state, "takes", was["branches"], is["branches"]),
    ...(["onTimeout", "onExhausted", "onDeadline"] as const).flatMap((end) =>
      isDeepStrictEqual(was[end], is[end]) ? [] : [edit(state, `${endIn[end]} led ${leads(was[end])} and leads ${leads(is[end])}`, "pin")],
    ),
    ...groupEdits(state, was, is),
    ...otherEdits(state, was, is, [
      "kind",
      "state",
      "command",
      "payload",
      "undo",
      "branches",
      "onTimeout",
      "onExhausted",
      "onDeadline",
      "group",
      "steps",
      "then",
    ]),
  ];
}

/** What runs at a time: where that has changed, a saga that is within it has no state to go on in. */
function groupEdits(state: string, was: NodeShape, is: NodeShape): Edit[] {
  const [before, now] = [was, is].map((node) => ({
    by: node["group"] === undefined ? "by itself" : `one of the steps in ${node["group"] as string}`,
    steps: listOf(node["steps"]).toSorted().join(", "),
    then: (node["then"] as readonly BranchShape[] | undefined)?.[0],
  })) as [GroupPart, GroupPart];
  return [
    ...(before.by === now.by ? [] : [edit(state, `was ${before.by} and is ${now.by}`, "map")]),
    ...(before.steps === now.steps ? [] : [edit(state, `had the steps ${before.steps} at a time and has ${now.steps}`, "map")]),
    ...(before.then === undefined || now.then === undefined || sameBranch(before.then, now.then)
      ? []
      : [edit(state, `at the end of its steps led ${ofBranch(before.then)} and leads ${ofBranch(now.then)}`, "pin")]),
  ];
}

interface GroupPart {
  readonly by: string;
  readonly steps: string;
  readonly then: BranchShape | undefined;
}

const endIn = { onTimeout: "out of time", onExhausted: "after its last attempt", onDeadline: "at its deadline" } as const;

function undoEdits(place: string, was: unknown, is: unknown): Edit[] {
  const [older, newer] = [was, is].map((undo) => (typeof undo === "string" ? { command: undo } : undo) as Part | null | undefined);
  if (older == null || newer == null) {
    if (older == null && newer == null) return [];
    return [
      edit(place, newer == null ? `is not undone any more, and was by ${String(older?.["command"])}` : `is undone, by ${String(newer["command"])}`, "pin"),
    ];
  }
  return [
    ...(older["command"] === newer["command"] ? [] : [edit(place, `was undone by ${String(older["command"])} and is by ${String(newer["command"])}`, "pin")]),
    ...branchEdits(place, "undone, takes", older["branches"], newer["branches"]),
    ...otherEdits(place, older, newer, ["command", "branches"]),
  ];
}

interface BranchShape {
  readonly name: string;
  readonly by: { readonly field: string } | null;
  readonly arms: readonly (readonly [string, unknown])[];
}

function branchEdits(place: string, verb: string, was: unknown, is: unknown): Edit[] {
  const [older, newer] = [was, is].map((branches) => new Map(((branches ?? []) as BranchShape[]).map((branch) => [branch.name, branch]))) as [
    Map<string, BranchShape>,
    Map<string, BranchShape>,
  ];
  return [
    ...[...newer].flatMap(([name, branch]) => {
      const old = older.get(name);
      if (old === undefined) return [edit(place, `${verb} ${name} too, which leads ${ofBranch(branch)}`, "pin")];
      if (sameBranch(old, branch)) return [];
      return [edit(place, `${verb} ${name}, which led ${ofBranch(old)} and leads ${ofBranch(branch)}`, "pin")];
    }),
    ...[...older.keys()].filter((name) => !newer.has(name)).map((name) => edit(place, `${verb} ${name} no more`, "pin")),
  ];
}

/** The cases of a branch have no order. */
const sameBranch = (was: BranchShape, is: BranchShape): boolean =>
  isDeepStrictEqual(was.by, is.by) && isDeepStrictEqual(Object.fromEntries(was.arms), Object.fromEntries(is.arms));

const ofBranch = ({ by, arms }: BranchShape): string =>
  arms.map(([value, then]) => `${leads(then)}${value === "*" ? "" : ` if ${by?.field} is ${value}`}`).join(", ");

/** Where an outcome leads, after `leads`. */
function leads(stored: unknown): string {
  const outcome = stored as AnyOutcome | undefined;
  if (outcome === undefined) return "nowhere";
  const why = "reason" in outcome && outcome.reason !== undefined ? ` for ${outcome.reason}` : "";
  switch (outcome.go) {
    case "next":
      return "on";
    case "state":
      return outcome.orElse === undefined ? `to ${outcome.to}` : `back to ${outcome.to}, ${outcome.atMost} times, then ${leads(outcome.orElse)}`;
    case "fail":
      return `to failing${why}${outcome.partly ? ", having done something" : ""}`;
    case "final":
      return `to the end ${outcome.final}${why}`;
    case "park":
      return `to an operator${why}`;
    case "stay":
      return "nowhere, it stays";
    case "skip":
      return "on without it";
    default:
      return JSON.stringify(outcome);
  }
}

function memberEdits(place: string, was: ReadonlyMap<string, unknown> | ReadonlySet<string>, is: ReadonlyMap<string, unknown> | ReadonlySet<string>): Edit[] {
  const valueIn = (members: typeof was, name: string): unknown => (members instanceof Map ? members.get(name) : null);
  return [
    ...[...is.keys()].filter((name) => !was.has(name)).map((name) => edit(place, `have got ${name}`, "pin")),
    ...[...was.keys()].filter((name) => !is.has(name)).map((name) => edit(place, `have lost ${name}`, "pin")),
    ...[...is.keys()]
      .filter((name) => was.has(name) && valueIn(was, name) !== valueIn(is, name))
      .map((name) => edit(place, `had ${name} as ${String(valueIn(was, name))} and have it as ${String(valueIn(is, name))}`, "pin")),
  ];
}

function startEdits(was: Part | null, is: Part | null): Edit[] {
  if (was === null || is === null) return isDeepStrictEqual(was, is) ? [] : [edit("start", "is there in one of the two only", "pin")];
  return [
    ...(was["event"] === is["event"] ? [] : [edit("start", `was ${String(was["event"])} and is ${String(is["event"])}`, "pin")]),
    ...undoEdits("start", was["undo"], is["undo"]),
    ...branchEdits("start", "undone, takes", was["undoBranches"], is["undoBranches"]),
    ...otherEdits("start", was, is, ["event", "undo", "undoBranches"]),
  ];
}

function interruptEdits(was: unknown, is: unknown): Edit[] {
  interface InterruptShape {
    readonly event: string;
    readonly during: unknown;
    readonly then: unknown;
  }
  const [older, newer] = [was, is].map((list) => new Map(((list ?? []) as InterruptShape[]).map((one) => [one.event, one]))) as [
    Map<string, InterruptShape>,
    Map<string, InterruptShape>,
  ];
  const during = (one: InterruptShape): string => (Array.isArray(one.during) ? one.during.join(", ") : String(one.during));
  return [
    ...[...newer].flatMap(([event, one]) => {
      const old = older.get(event);
      if (old === undefined) return [edit("interrupts", `have got ${event}, which leads ${leads(one.then)}`, "pin")];
      if (isDeepStrictEqual(old, one)) return [];
      const place = isDeepStrictEqual(old.then, one.then)
        ? `counted during ${during(old)} and counts during ${during(one)}`
        : `led ${leads(old.then)} and leads ${leads(one.then)}`;
      return [edit("interrupts", `have changed: ${event} ${place}`, "pin")];
    }),
    ...[...older.keys()].filter((event) => !newer.has(event)).map((event) => edit("interrupts", `have lost ${event}`, "pin")),
  ];
}

/** What needs no sentence of its own. */
function otherEdits(place: string, was: Part, is: Part, told: readonly string[]): Edit[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => !told.includes(key) && !isDeepStrictEqual(was[key], is[key]));
  const value = (part: unknown): string => (part === undefined ? "nothing" : typeof part === "string" ? part : JSON.stringify(part));
  return keys.map((key) => edit(place, `had as its ${key} ${value(was[key])} and has ${value(is[key])}`, "pin"));
}

/** The messages of a shape with their payloads; of one that was stored before these were noted, the commands of its steps. */
function contractsIn(shape: DefinitionShape): ReadonlyMap<string, string> {
  if (shape.contracts !== undefined) return new Map(Object.entries(shape.contracts));
  return new Map(shape.nodes.flatMap(({ command, payload }) => (payload === undefined ? [] : [[String(command), payload] as const])));
}

/**
 * The messages between a saga and one that it begins are made of the definition of that one, so they have no versions of their own. What
 * begins it is as its starting event is; the data of its end are read by the shape that the saga names, and whoever cannot read them stands.
 */
function subSagaEdits(nodes: readonly NodeShape[], was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): Edit[] {
  const partIn = (texts: typeof was, name: string, field: string, as = field): ReadonlyMap<string, string> => {
    const text = fieldsOf(texts.get(name) ?? "")?.get(field);
    return new Map(text === undefined ? [] : [[as, text]]);
  };
  return begunBy(nodes).flatMap(({ state, saga, begin, ended }) => {
    const starts = [was, is].map((texts) => partIn(texts, begin, "start", `the start of ${saga}`)) as [typeof was, typeof was];
    const [old, now] = [was, is].map((texts) => partIn(texts, ended, "data").get("data")) as [string | undefined, string | undefined];
    const what = `read the data of ${saga} as ${old} and reads them as ${now}`;
    return [
      ...contractEdits(...starts),
      ...(old === undefined || now === undefined || old === now ? [] : [edit(state, what, canRead(now, old) && canRead(old, now) ? "safe" : "pin")]),
    ];
  });
}

const begunBy = (nodes: readonly NodeShape[]) =>
  nodes.flatMap(({ state, begins }) =>
    typeof begins === "string" ? [{ state, saga: begins, begin: `Begin${begins}Command`, ended: `${begins}EndedEvent` }] : [],
  );

/** Without those that are made of the definition of a sub-saga. */
function ownContractsIn(shape: DefinitionShape): ReadonlyMap<string, string> {
  const made = new Set(begunBy(shape.nodes).flatMap(({ begin, ended }) => [begin, ended]));
  return new Map([...contractsIn(shape)].filter(([name]) => !made.has(name)));
}

function contractEdits(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): Edit[] {
  return [...is].flatMap(([name, text]) => {
    const old = was.get(name);
    if (old === undefined || old === text) return [];
    if (versionOf(text) > versionOf(old))
      return [edit(name, `is at version ${versionOf(text)} of its contract, which reads version ${versionOf(old)}`, "safe")];
    if (versionOf(text) < versionOf(old))
      return [edit(name, `is at version ${versionOf(text)} of its contract, and messages under way are at version ${versionOf(old)}`, "forbidden")];
    if (!canRead(text, old)) return [edit(name, `carries ${text}, which cannot be read out of the ${old} of messages under way`, "forbidden")];
    return [
      canRead(old, text)
        ? edit(name, `carried ${old} and carries ${text}; each reads the other`, "safe")
        : edit(name, `carries ${text}, which a process of the release before cannot read as its ${old}`, "forbidden"),
    ];
  });
}
