import { t, versioned } from "../../../src/outbox/index.ts";
import type { AnySaga, SagaMigration } from "../../../src/sagas/engine/index.ts";
import { build, insert, plainStep, repair, together, type Blueprint } from "./repair.ts";

// Releases that cannot be deployed onto a database where sagas of the first version, or of another one, are under way.

export interface ForbiddenRelease {
  readonly what: string;
  readonly sagas: readonly AnySaga[];
  /** The only version that sagas live on. Default: the first. */
  readonly liveOn?: AnySaga;
  /** They were moved there from the first version, whose work they may have to undo. */
  readonly undoing?: true;
  /** No saga is under way. */
  readonly isDrained?: true;
  /** What processes that are alive have loaded. */
  readonly loads?: readonly string[];
  /** What is found. */
  readonly finds: string;
}

const first = build(repair());
const second = changed((b) => insert(b, "Bringing", "Washing", plainStep(b, "Wash")));
const withoutBilling = changed((b) => void b.nodes.splice(4, 1));

function changed(edit: (blueprint: Blueprint) => void, version = 2): AnySaga {
  const blueprint = { ...repair(), version };
  edit(blueprint);
  return build(blueprint);
}

/** Everything names the order instead of the repair. */
const byOrder = changed((b) => {
  b.key = "orderId";
  const renamed = ({ repairId, ...rest }: Blueprint["data"]): Blueprint["data"] => ({ ...rest, orderId: repairId ?? t.id() });
  b.data = renamed(b.data);
  for (const [name, fields] of Object.entries(b.words.events)) b.words.events[name] = renamed(fields);
});

const working = changed((b) => together(b, "Working", "Mending", "Billing"));

const noWay = (state: string, why: string): string =>
  `A migration of Repair v1 to v2 can move no saga out of ${state}: ${why} Map ${state} to "stay", or to another state.`;

const later = changed((b) => void (b.contracts["MendCommand"] = (contract) => versioned(contract, (payload) => payload)), 1);
const to = (states: Readonly<Record<string, string>>): SagaMigration => ({ name: "Repair", fromVersion: 1, toVersion: 2, states, data: (data) => data });

export const forbiddenReleases: readonly ForbiddenRelease[] = [
  {
    what: "another shape under its old number",
    sagas: [changed((b) => insert(b, "Bringing", "Washing", plainStep(b, "Wash")), 1)],
    finds: "Washing is new, after Bringing",
  },
  {
    what: "another key",
    sagas: [first, byOrder],
    finds: "key was repairId and is orderId: events would find no saga under way, so it is a saga of another name",
  },
  {
    what: "a contract at a lower version",
    sagas: [first],
    liveOn: later,
    finds: "MendCommand is at version 1 of its contract, and messages under way are at version 2",
  },
  { what: "a version is left out on which sagas live", sagas: [second], finds: "v1 is not loaded, and sagas live on it" },
  { what: "a saga is left out that lives", sagas: [], finds: "v1 is not loaded, and sagas live on it" },
  { what: "the release before, after sagas were born on the newer version", sagas: [first], liveOn: second, finds: "v2 is not loaded, and sagas live on it" },
  {
    what: "a version is left out by which moved sagas undo",
    sagas: [second],
    liveOn: second,
    undoing: true,
    finds: "v1 is not loaded, and may have to undo what it did",
  },
  {
    what: "a version is left out on which a process still starts sagas",
    sagas: [second],
    isDrained: true,
    loads: ["Repair v1"],
    finds: "v1 is not loaded, and here 1 still starts sagas on it",
  },
];

/** What no process starts with, whatever the database holds. */
export const nonsense: readonly {
  readonly what: string;
  readonly sagas: readonly AnySaga[];
  readonly migrations?: readonly SagaMigration[];
  readonly finds: string;
}[] = [
  { what: "two definitions under one number", sagas: [first, second, second], finds: "Repair v2 is registered twice; give the newer one another version." },
  {
    what: "a migration to a version that is left out",
    sagas: [first],
    migrations: [to({})],
    finds: "A migration of Repair names v2, which is not registered. Register both versions.",
  },
  {
    what: "a migration forgets a state in which sagas stand",
    sagas: [first, withoutBilling],
    migrations: [to({})],
    finds: noWay("Billing", "v2 has no step or wait Billing, where Billing of v1 would lead."),
  },
  {
    what: "a migration leads to a milestone",
    sagas: [first, withoutBilling],
    migrations: [to({ Billing: "Asked" })],
    finds: noWay("Billing", "v2 has no step or wait Asked, where Billing of v1 would lead."),
  },
  {
    what: "a migration leaves a wait to a step of its name",
    sagas: [first, changed((b) => void (b.nodes[2] = ["Bringing", plainStep(b, "Collect")]))],
    migrations: [to({})],
    finds: noWay("Bringing", "Bringing is another kind of state in v2."),
  },
  {
    what: "a migration leaves a step to one of several at a time",
    sagas: [first, working],
    migrations: [to({ Billing: "stay" })],
    finds: noWay("Mending", "Mending of v2 is one of several steps in Working, and nothing by itself."),
  },
  {
    what: "a migration leads from a step to several at a time",
    sagas: [first, working],
    migrations: [to({ Mending: "Working", Billing: "stay" })],
    finds: noWay("Mending", "Working of v2 has other steps at a time than Mending of v1."),
  },
];
