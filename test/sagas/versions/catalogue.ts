import { t, versioned } from "../../../src/outbox/index.ts";
import { fail, finish, go, incremental, next, park, skip } from "../../../src/sagas/engine/index.ts";
import { insert, node, plainStep, type Blueprint, type Part } from "./repair.ts";

// Edits of a definition, by what they ask for. Each is proven in catalogue.test.ts by sagas that were under way when it came.

export interface CatalogueEdit {
  readonly what: string;
  /** Changes the first version of the repair. */
  readonly edit: (blueprint: Blueprint) => void;
}

export interface SafeEdit extends CatalogueEdit {
  /** A contract gets a new version: a process of the release before does not start again. */
  readonly hasContract?: true;
  /** A process of the release before cannot read what one of this release has stored or sent. */
  readonly oneWay?: true;
}

export interface MapEdit extends CatalogueEdit {
  /** How sagas of the first version get to the second. */
  readonly states?: Readonly<Record<string, string>>;
  readonly data?: (data: Part) => Part;
}

const words = (blueprint: Blueprint, name: string): Part => blueprint.words.commands[name]?.fields ?? blueprint.words.events[name] ?? {};

export const safe: readonly SafeEdit[] = [
  { what: "the waits between attempts at a step", edit: (b) => void (node(b, "Reserving")["retry"] = incremental({ first: "5s", step: "5s", times: 9 })) },
  {
    what: "the number of attempts at an undo",
    edit: (b) => void (node(b, "Mending")["compensate"].retry = incremental({ first: "5s", step: "5s", times: 9 })),
  },
  { what: "the time that one attempt may take", edit: (b) => void (node(b, "Mending")["attemptTimeout"] = "2m") },
  { what: "how long a step may take", edit: (b) => void (node(b, "Mending")["timeout"][0] = "9d") },
  { what: "how long a wait stands", edit: (b) => void (node(b, "Bringing")["deadline"][0] = "9d") },
  {
    what: "the sentence of a reason",
    edit: (b) => void (b.reasons["Cancelled"] = { code: "CANCELLED_BY_USER", message: () => "It was called off.", cancels: true }),
  },
  { what: "the code of a reason", edit: (b) => void (b.reasons["Full"] = { code: "CAPACITY", message: "No stand is free." }) },
  {
    what: "what a command is told",
    edit: (b) => void (node(b, "Billing")["with"] = (d: Part) => ({ repairId: d["repairId"], minutes: 2 * (d["minutes"] ?? 0) })),
  },
  { what: "what is saved of an answer", edit: (b) => void (node(b, "Mending")["onReply"].MendedEvent = { save: () => ({ bell: "new" }), then: next }) },
  { what: "what a saga begins with", edit: (b) => void (b.start["init"] = (e: Part) => ({ repairId: e["repairId"], ownerId: e["ownerId"], speed: "fast" })) },
  { what: "who may watch", edit: (b) => void (b.participants = []) },
  {
    what: "the data get an optional field",
    edit: (b) => {
      b.data["colour"] = t.maybe(t.text());
      b.start["init"] = (e: Part) => ({ repairId: e["repairId"], ownerId: e["ownerId"], speed: "slow", colour: "red" });
    },
  },
  { what: "the data lose an optional field", edit: (b) => void delete b.data["bell"] },
  { what: "the fields of the data change places", edit: (b) => void (b.data = Object.fromEntries(Object.entries(b.data).toReversed())) },
  { what: "a command gets an optional field", edit: (b) => void (words(b, "MendCommand")["colour"] = t.maybe(t.text())) },
  { what: "a command loses an optional field", edit: (b) => void delete words(b, "MendCommand")["note"] },
  { what: "an undo's command gets an optional field", edit: (b) => void (words(b, "UnmendCommand")["why"] = t.maybe(t.text())) },
  { what: "an event gets an optional field", edit: (b) => void (words(b, "BikeFetchedEvent")["by"] = t.maybe(t.text())) },
  {
    what: "a field of a command is renamed, with a new version of the contract",
    oneWay: true,
    hasContract: true,
    edit: (b) => {
      words(b, "BillCommand")["duration"] = t.int();
      delete words(b, "BillCommand")["minutes"];
      node(b, "Billing")["with"] = (d: Part) => ({ repairId: d["repairId"], duration: d["minutes"] ?? 0 });
      b.contracts["BillCommand"] = (contract) => versioned(contract, ({ minutes, ...rest }) => ({ ...rest, duration: minutes }));
    },
  },
  {
    what: "an event gets a field that must be there, with a new version of the contract",
    hasContract: true,
    edit: (b) => {
      words(b, "BikeFetchedEvent")["by"] = t.text();
      b.contracts["BikeFetchedEvent"] = (contract) => versioned(contract, (payload) => ({ ...payload, by: "somebody" }));
    },
  },
];

export const pin: readonly CatalogueEdit[] = [
  { what: "a step is inserted", edit: (b) => insert(b, "Bringing", "Washing", plainStep(b, "Wash")) },
  { what: "a step is put at the beginning", edit: (b) => insert(b, "Asked", "Greeting", plainStep(b, "Greet")) },
  {
    what: "a step is put at the end",
    edit: (b) => {
      node(b, "Fetching")["on"].BikeFetchedEvent = next;
      insert(b, "Fetching", "Thanking", { ...plainStep(b, "Thank"), onReply: { ThankDoneEvent: finish("Fetched") } });
    },
  },
  {
    what: "a wait is inserted",
    edit: (b) => {
      b.words.events["PriceAgreedEvent"] = { repairId: t.id() };
      insert(b, "Bringing", "Agreeing", { for: ["PriceAgreedEvent"], on: { PriceAgreedEvent: next }, deadline: ["3d", fail("Slow")] });
    },
  },
  { what: "a milestone is inserted", edit: (b) => insert(b, "Mending", "Mended", { goal: undefined }) },
  {
    what: "two states change places",
    edit: (b) => {
      b.nodes.push(...b.nodes.splice(3, 1), ...b.nodes.splice(4, 1));
    },
  },
  {
    what: "an answer leads elsewhere",
    edit: (b) => {
      node(b, "Reserving")["onReply"].StandsFullEvent = go("Billing");
      delete b.reasons["Full"];
    },
  },
  {
    what: "an answer asks an operator that has failed the saga",
    edit: (b) => {
      node(b, "Reserving")["onReply"].StandsFullEvent = park;
      delete b.reasons["Full"];
    },
  },
  {
    what: "an answer is looked into",
    edit: (b) => {
      words(b, "BilledEvent")["paid"] = t.maybe(t.bool());
      b.words.events["BilledEvent"] = { repairId: t.id(), paid: t.bool() };
      b.contracts["BilledEvent"] = (contract) => versioned(contract, (payload) => ({ ...payload, paid: true }));
      node(b, "Billing")["onReply"].BilledEvent = { by: "paid", cases: { true: next, false: next } };
    },
  },
  {
    what: "a command gets another possible answer",
    edit: (b) => {
      b.words.events["MendingRefusedEvent"] = { repairId: t.id() };
      b.words.commands["MendCommand"]?.replies.push("MendingRefusedEvent");
      node(b, "Mending")["onReply"].MendingRefusedEvent = fail("Slow");
    },
  },
  {
    what: "a command loses a possible answer",
    edit: (b) => {
      b.words.commands["ReserveStandCommand"]?.replies.pop();
      delete node(b, "Reserving")["onReply"].StandsFullEvent;
      delete b.reasons["Full"];
    },
  },
  { what: "what follows when a step is out of time", edit: (b) => void (node(b, "Billing")["timeout"][1] = skip) },
  { what: "what follows the last attempt at a step", edit: (b) => void (node(b, "Reserving")["onExhausted"] = fail("Slow")) },
  { what: "what follows the deadline of a wait", edit: (b) => void (node(b, "Fetching")["deadline"][1] = fail("Slow")) },
  {
    what: "a wait takes another event too",
    edit: (b) => {
      b.words.events["BikeSentEvent"] = { repairId: t.id() };
      Object.assign(node(b, "Fetching"), {
        for: ["BikeFetchedEvent", "BikeSentEvent"],
        on: { BikeFetchedEvent: finish("Fetched"), BikeSentEvent: finish("Fetched") },
      });
    },
  },
  {
    what: "a step sends another command",
    edit: (b) => {
      b.words.commands["OverhaulCommand"] = { fields: { repairId: t.id() }, replies: ["MendedEvent"] };
      Object.assign(node(b, "Mending"), { invoke: "OverhaulCommand", with: (d: Part) => ({ repairId: d["repairId"] }) });
    },
  },
  {
    what: "a step is undone by another command",
    edit: (b) => {
      b.words.commands["ReturnStandCommand"] = { fields: { repairId: t.id() }, replies: ["StandFreedEvent"] };
      node(b, "Reserving")["compensate"] = { invoke: "ReturnStandCommand", with: (d: Part) => ({ repairId: d["repairId"] }) };
    },
  },
  {
    what: "a step is not undone any more",
    edit: (b) => {
      delete node(b, "Mending")["compensate"];
      node(b, "Mending")["effect"] = "irreversible";
    },
  },
  {
    what: "a step is undone that was not",
    edit: (b) => {
      b.words.commands["RefundCommand"] = { fields: { repairId: t.id() }, replies: ["BilledEvent"] };
      Object.assign(node(b, "Billing"), { effect: undefined, compensate: { invoke: "RefundCommand", with: (d: Part) => ({ repairId: d["repairId"] }) } });
    },
  },
  { what: "an undo is given up instead of asking an operator", edit: (b) => void (node(b, "Mending")["compensate"].ifExhausted = "continue") },
  { what: "an undo looks at its answer", edit: (b) => void (node(b, "Mending")["compensate"].onReply = { UnmendedEvent: next }) },
  {
    what: "what the start did is undone",
    edit: (b) => {
      b.words.commands["ForgetCommand"] = { fields: { repairId: t.id() }, replies: ["StandFreedEvent"] };
      b.start["compensate"] = { invoke: "ForgetCommand", with: (d: Part) => ({ repairId: d["repairId"] }) };
    },
  },
  {
    what: "another event starts it",
    edit: (b) => {
      b.words.events["RepairOrderedEvent"] = { repairId: t.id(), ownerId: t.id() };
      b.start["event"] = "RepairOrderedEvent";
    },
  },
  { what: "a key may begin again after the end", edit: (b) => void (b.start["afterFinal"] = "again") },
  {
    what: "an interrupt is added",
    edit: (b) => {
      b.words.events["ShopClosedEvent"] = { repairId: t.id() };
      b.interrupts.push({ event: "ShopClosedEvent", during: "any", then: fail("Slow") });
    },
  },
  {
    what: "an interrupt is removed",
    edit: (b) => {
      b.interrupts = [];
      delete b.reasons["Cancelled"];
    },
  },
  { what: "an interrupt counts in fewer states", edit: (b) => void Object.assign(b.interrupts[0] as object, { during: ["Reserving", "Bringing"] }) },
  {
    what: "an interrupt leads elsewhere",
    edit: (b) => {
      Object.assign(b.interrupts[0] as object, { then: fail("Slow") });
      delete b.reasons["Cancelled"];
    },
  },
  {
    what: "a wait reminds",
    edit: (b) => {
      b.words.commands["RemindCommand"] = { fields: { repairId: t.id() }, replies: ["StandFreedEvent"] };
      node(b, "Fetching")["remind"] = { invoke: "RemindCommand", with: (d: Part) => ({ repairId: d["repairId"] }), every: "1d" };
    },
  },
  {
    what: "somebody is told of a failure",
    edit: (b) => {
      b.words.commands["ApologiseCommand"] = { fields: { repairId: t.id() }, replies: ["StandFreedEvent"] };
      b.failed["tell"] = { invoke: "ApologiseCommand", with: (d: Part) => ({ repairId: d["repairId"] }) };
    },
  },
  { what: "the goal is reached elsewhere", edit: (b) => void (node(b, "Fetching")["goal"] = true) },
  {
    what: "a failed saga ends elsewhere",
    edit: (b) => {
      b.finals = { Fetched: "succeeded", Given: "failed" };
      b.failed["final"] = "Given";
    },
  },
  {
    what: "another end is possible",
    edit: (b) => {
      b.finals["Kept"] = "succeeded";
      b.words.events["BikeKeptEvent"] = { repairId: t.id() };
      Object.assign(node(b, "Fetching"), {
        for: ["BikeFetchedEvent", "BikeKeptEvent"],
        on: { BikeFetchedEvent: finish("Fetched"), BikeKeptEvent: finish("Kept") },
      });
    },
  },
  {
    what: "another reason to fail",
    edit: (b) => {
      b.reasons["Lost"] = { code: "NOT_FOUND", message: "The bicycle is gone." };
      node(b, "Mending")["onExhausted"] = fail("Lost");
    },
  },
  { what: "a field of the data may be missing from now on", edit: (b) => void (b.data["speed"] = t.maybe(t.oneOf("slow", "fast"))) },
  { what: "a choice in the data gets another value", edit: (b) => void (b.data["speed"] = t.oneOf("slow", "fast", "same day")) },
  {
    what: "a field leaves the data that had to be there",
    edit: (b) => {
      delete b.data["ownerId"];
      b.participants = [];
      b.start["init"] = (e: Part) => ({ repairId: e["repairId"], speed: "slow" });
    },
  },
];

export const map: readonly MapEdit[] = [
  { what: "a step is removed", edit: (b) => void b.nodes.splice(4, 1), states: { Billing: "Fetching" } },
  { what: "a wait is removed", edit: (b) => void b.nodes.splice(2, 1), states: { Bringing: "Mending" } },
  { what: "a wait is renamed", edit: (b) => void b.nodes.splice(2, 1, ["Awaiting", node(b, "Bringing")]), states: { Bringing: "Awaiting" } },
  { what: "a step is renamed", edit: (b) => void b.nodes.splice(4, 1, ["Invoicing", node(b, "Billing")]), states: { Billing: "Invoicing" } },
  {
    what: "two states become one",
    edit: (b) => {
      b.nodes.splice(4, 2, ["Returning", { ...node(b, "Fetching") }]);
    },
    states: { Billing: "Returning", Fetching: "Returning" },
  },
  { what: "a removed state's sagas finish where they are", edit: (b) => void b.nodes.splice(4, 1), states: { Billing: "stay" } },
  {
    what: "a wait becomes a step",
    edit: (b) => {
      const at = b.nodes.findIndex(([state]) => state === "Bringing");
      b.nodes[at] = ["Bringing", plainStep(b, "Collect")];
    },
    states: { Bringing: "Mending" },
  },
  { what: "the data get a field that must be there", edit: (b) => withStart(b, "price", t.int(), 0), data: (d) => ({ ...d, price: 40 }) },
  {
    what: "a field of the data is retyped",
    edit: (b) => {
      b.data["stand"] = t.maybe(t.int());
      node(b, "Reserving")["onReply"].StandReservedEvent.save = () => ({ stand: 1 });
      node(b, "Reserving")["compensate"].with = (d: Part) => ({ repairId: d["repairId"], stand: String(d["stand"]) });
    },
    data: (d) => ({ ...d, stand: 1 }),
  },
  {
    what: "a field of the data is renamed",
    edit: (b) => {
      delete b.data["speed"];
      withStart(b, "pace", t.oneOf("slow", "fast"), "slow");
      node(b, "Reserving")["with"] = (d: Part) => ({ repairId: d["repairId"], speed: d["pace"] });
    },
    data: ({ speed, ...d }) => ({ ...d, pace: speed }),
  },
  {
    what: "a field of the data must be there from now on",
    edit: (b) => withStart(b, "bell", t.text(), "none"),
    data: (d) => ({ ...d, bell: d["bell"] ?? "none" }),
  },
  { what: "a choice in the data loses a value", edit: (b) => withStart(b, "speed", t.oneOf("fast"), "fast"), data: (d) => ({ ...d, speed: "fast" }) },
];

/** A field that the starting event does not bring. */
function withStart(b: Blueprint, field: string, type: Blueprint["data"][string], value: unknown): void {
  const { init } = b.start as { init: (e: Part) => Part };
  b.data[field] = type;
  b.start["init"] = (e: Part) => Object.fromEntries(Object.entries({ ...init(e), [field]: value }).filter(([name]) => name in b.data));
}

/** Changed in place, without a new version of the contract. */
export const forbiddenContracts: readonly CatalogueEdit[] = [
  {
    what: "a choice in a command gets another value",
    edit: (b) => {
      words(b, "ReserveStandCommand")["speed"] = t.oneOf("slow", "fast", "same day");
      node(b, "Reserving")["with"] = (d: Part) => ({ repairId: d["repairId"], speed: "same day" });
    },
  },
  {
    what: "a field of a command may be missing from now on",
    edit: (b) => {
      words(b, "BillCommand")["minutes"] = t.maybe(t.int());
      node(b, "Billing")["with"] = (d: Part) => ({ repairId: d["repairId"] });
    },
  },
  { what: "a field of a command is retyped", edit: (b) => void (words(b, "BillCommand")["minutes"] = t.text()) },
  { what: "a command gets a field that must be there", edit: (b) => void (words(b, "MendCommand")["price"] = t.int()) },
  { what: "a field of a command must be there from now on", edit: (b) => void (words(b, "MendCommand")["note"] = t.text()) },
  { what: "a choice in a command loses a value", edit: (b) => void (words(b, "ReserveStandCommand")["speed"] = t.oneOf("fast")) },
  { what: "the command of an undo gets a field that must be there", edit: (b) => void (words(b, "UnmendCommand")["why"] = t.text()) },
  { what: "an event gets a field that must be there", edit: (b) => void (words(b, "BikeFetchedEvent")["by"] = t.text()) },
];
