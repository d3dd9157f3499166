import { pino } from "pino";
import { command, event, handle, occur, publish, query, t, versioned, type AnyParticipant } from "../../../src/outbox/index.ts";
import {
  DefinitionError,
  exponential,
  fail,
  finish,
  migration,
  next,
  noRetry,
  park,
  saga,
  SagaEngine,
  SagaExplainer,
  SagaRegistry,
  stay,
  type AnySaga,
  type MigrateManyCall,
  type SagaMigration,
} from "../../../src/sagas/engine/index.ts";
import { findDue } from "../../../src/sagas/engine/store.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createTestEngine, createTestProcess, OPERATOR_ID, type TestEngine } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";

// A loan of a book. Version 2 knows where the book is fetched, asks nobody any more, and has another name for the reading.

const LoanAskedEvent = event("LoanAskedEvent", { loanId: t.id() });
const LoanAllowedEvent = event("LoanAllowedEvent", { loanId: t.id() });
const BookReturnedEvent = event("BookReturnedEvent", { loanId: t.id() });
const LoanGivenUpEvent = event("LoanGivenUpEvent", { loanId: t.id() });
const ShelfClearedEvent = event("ShelfClearedEvent", { loanId: t.id(), shelf: t.text() });
const ShelfFilledEvent = event("ShelfFilledEvent", { loanId: t.id() });
const NoticePrintedEvent = event("NoticePrintedEvent", { loanId: t.id() });
const ClearShelfCommand = command("ClearShelfCommand", { loanId: t.id() }, ShelfClearedEvent);
const FillShelfCommand = command("FillShelfCommand", { loanId: t.id(), shelf: t.text() }, ShelfFilledEvent);
const PrintNoticeCommand = command("PrintNoticeCommand", { loanId: t.id() }, NoticePrintedEvent);
const PrintNoticeOfTwoCommand = versioned(command("PrintNoticeCommand", { loanId: t.id(), room: t.text() }, NoticePrintedEvent), (payload) => ({
  ...payload,
  room: "?",
}));

const reasons = { GivenUp: { code: "CANCELLED_BY_USER", message: "Given up.", cancels: true } } as const;

const loanOne = saga("Loan", {
  version: 1,
  key: "loanId",
  data: { loanId: t.id(), shelf: t.maybe(t.text()) },
  states: ["Asked", "Clearing", "Allowing", "Printing", "Reading", "Mending"],
  finals: { Returned: "succeeded", GivenUp: "failed" },
  reasons,
})
  .startOn(LoanAskedEvent, { state: "Asked", key: (e) => e.loanId, init: (e) => ({ ...e }) })
  .step("Clearing", {
    invoke: ClearShelfCommand,
    with: (d) => ({ loanId: d.loanId }),
    onReply: { ShelfClearedEvent: { save: (e) => ({ shelf: e.shelf }), then: next } },
    compensate: { invoke: FillShelfCommand, with: (d) => ({ loanId: d.loanId, shelf: `old ${d.shelf}` }) },
    timeout: ["1h", park],
    onExhausted: park,
  })
  .wait("Allowing", { for: [LoanAllowedEvent], on: { LoanAllowedEvent: next }, deadline: ["30d", fail("GivenUp")] })
  .step("Printing", {
    invoke: PrintNoticeCommand,
    with: (d) => ({ loanId: d.loanId }),
    onReply: { NoticePrintedEvent: next },
    effect: "none",
    retry: exponential({ first: "1m", factor: 2, times: 2 }),
    timeout: ["1h", park],
    onExhausted: park,
  })
  .wait("Reading", { for: [BookReturnedEvent], on: { BookReturnedEvent: next }, deadline: ["30d", park] })
  .step("Mending", {
    invoke: PrintNoticeCommand,
    with: (d) => ({ loanId: d.loanId }),
    onReply: { NoticePrintedEvent: finish("Returned") },
    effect: "none",
    timeout: ["1h", park],
    onExhausted: park,
  })
  .interrupt(LoanGivenUpEvent, { during: "any", then: fail("GivenUp") })
  .onFailed({ final: "GivenUp" })
  .build();

const loanTwo = saga("Loan", {
  version: 2,
  key: "loanId",
  participants: ["loanId"],
  data: { loanId: t.id(), place: t.text(), room: t.text() },
  states: ["Asked", "Emptying", "Printing", "Borrowed", "Mending"],
  finals: { Returned: "succeeded", GivenUp: "failed" },
  reasons,
})
  .startOn(LoanAskedEvent, { state: "Asked", key: (e) => e.loanId, init: (e) => ({ ...e, place: "desk", room: "hall" }) })
  .step("Emptying", {
    invoke: ClearShelfCommand,
    with: (d) => ({ loanId: d.loanId }),
    onReply: { ShelfClearedEvent: { save: (e) => ({ place: e.shelf }), then: next } },
    compensate: { invoke: FillShelfCommand, with: (d) => ({ loanId: d.loanId, shelf: `new ${d.place}` }) },
    timeout: ["1h", park],
    onExhausted: park,
  })
  .step("Printing", {
    invoke: PrintNoticeOfTwoCommand,
    with: (d) => {
      if (d.place === "nowhere") throw new Error("there is no way to nowhere");
      return { loanId: d.loanId, room: d.place === "roof" ? (undefined as never) : d.room };
    },
    onReply: { NoticePrintedEvent: next },
    effect: "none",
    retry: noRetry,
    timeout: ["1h", park],
    onExhausted: park,
  })
  .wait("Borrowed", { for: [BookReturnedEvent], on: { BookReturnedEvent: finish("Returned") }, deadline: ["30d", next] })
  .step("Mending", {
    invoke: ClearShelfCommand,
    with: (d) => ({ loanId: d.loanId }),
    onReply: { ShelfClearedEvent: finish("Returned") },
    effect: "none",
    timeout: ["1h", park],
    onExhausted: park,
  })
  .interrupt(LoanGivenUpEvent, { during: "any", then: fail("GivenUp") })
  .onFailed({ final: "GivenUp" })
  .build();

const oneToTwo = migration(loanOne, loanTwo, {
  states: { Clearing: "Emptying", Allowing: "Printing", Reading: "Borrowed" },
  data: (d) => {
    if (d.shelf === "burnt") throw new Error("nobody knows where a burnt shelf was");
    const place = d.shelf === "lost" ? undefined : (d.shelf ?? "desk");
    return { loanId: d.loanId, place: place as string, room: "hall" };
  },
});

const twoToOne = migration(loanTwo, loanOne, {
  states: { Emptying: "Clearing", Borrowed: "Reading" },
  data: ({ loanId, place }) => ({ loanId, shelf: `${place} again` }),
});

let shelf = "A3";
let isPrinterOn = true;
const participants: AnyParticipant[] = [
  handle(ClearShelfCommand, async (_em, { payload }) => occur(ShelfClearedEvent, { ...payload, shelf })),
  handle(FillShelfCommand, async (em, { payload }) => {
    await query(em, "insert into filled (loan_id, shelf) values ($1, $2)", [payload.loanId, payload.shelf]);
    return occur(ShelfFilledEvent, { loanId: payload.loanId });
  }),
  handle(PrintNoticeOfTwoCommand, async (_em, { payload: { loanId } }) => {
    if (!isPrinterOn) throw new Error("The printer is off");
    return occur(NoticePrintedEvent, { loanId });
  }),
];

let database: TestDatabase;
let engine: TestEngine;
/** A process of the day when version 1 was the newest: that starts every saga. */
let former: TestEngine;
beforeAll(async () => {
  database = await newDatabase();
  former = await createTestProcess({ sagas: [loanOne], participants, database });
  engine = await createTestEngine({ sagas: [loanOne, loanTwo], participants, migrations: [oneToTwo], database });
  await engine.start();
});
afterAll(async () => {
  await engine.dispose();
  await former.dispose();
  await database.dispose();
});

async function newDatabase(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  await made.sql("create table filled (loan_id uuid, shelf text)");
  return made;
}

async function loan(until: string): Promise<{ loanId: string; sagaId: string }> {
  const loanId = newId();
  await former.transaction((em) => publish(em, occur(LoanAskedEvent, { loanId })));
  const { id } = await engine.until("Loan", loanId, ({ state }) => state === "Allowing", "the loan to wait for its permission");
  if (until !== "Allowing") {
    await say(LoanAllowedEvent, loanId);
    await engine.until("Loan", loanId, ({ state, status }) => `${state} ${status}`.startsWith(until), `the loan to be ${until}`);
  }
  return { loanId, sagaId: id };
}

const say = (what: typeof LoanAllowedEvent | typeof BookReturnedEvent | typeof LoanGivenUpEvent, loanId: string) =>
  engine.transaction((em) => publish(em, occur(what as typeof LoanAllowedEvent, { loanId })));
const migrateIt = (sagaId: string, options: Parameters<TestEngine["act"]>[2] = {}) => engine.act(sagaId, { kind: "migrate", toVersion: 2 }, options);
const view = async (loanId: string) => (await engine.saga("Loan", loanId)) ?? null;

test("a saga is moved to another version where no answer is outstanding, as an event in its history, and goes on there", async () => {
  const { loanId, sagaId } = await loan("Reading");
  const plan = await migrateIt(sagaId, { dryRun: true });
  expect(await view(loanId)).toMatchObject({ definitionVersion: 1, state: "Reading" });
  expect(await migrateIt(sagaId, { note: "v2 is here" })).toMatchObject({ state: plan.state, status: plan.status, sends: [], events: plan.events });
  expect(await view(loanId)).toMatchObject({ definitionVersion: 2, state: "Borrowed", status: "WAITING" });
  const history = await engine.sql("select kind, data, actor_id is not null as by_somebody from saga_event where saga_id = $1 and kind = 'OPERATOR_ACTION'", [
    sagaId,
  ]);
  expect(history).toEqual([{ kind: "OPERATOR_ACTION", data: { action: "migrate", note: "v2 is here", from: 1, to: 2 }, by_somebody: true }]);
  await say(BookReturnedEvent, loanId);
  expect(await engine.until("Loan", loanId, ({ finishedAt }) => finishedAt !== null, "the loan to end")).toMatchObject({ state: "Returned" });
});

test("a state that the newer version has lost leads where the migration says, and what follows there is done", async () => {
  const { loanId, sagaId } = await loan("Allowing");
  expect(await migrateIt(sagaId)).toMatchObject({ state: "Printing", sends: ["PrintNoticeCommand"] });
  await engine.until("Loan", loanId, ({ state }) => state === "Borrowed", "the notice to be printed");
});

test("what was done before a migration is undone by the version that did it, with the data of its day", async () => {
  shelf = "B7";
  const { loanId, sagaId } = await loan("Reading");
  await migrateIt(sagaId);
  await say(LoanGivenUpEvent, loanId);
  expect(await engine.until("Loan", loanId, ({ finishedAt }) => finishedAt !== null, "the loan to be undone")).toMatchObject({ status: "CANCELLED" });
  expect(await engine.sql("select shelf from filled where loan_id = $1", [loanId])).toEqual([{ shelf: "old B7" }]);
});

test("a saga that is moved back has each of its steps undone by the version that did it", async () => {
  const shared = await newDatabase();
  const early = await createTestProcess({ sagas: [loanOne], participants, database: shared });
  const late = await createTestProcess({ sagas: [loanOne, loanTwo], migrations: [oneToTwo, twoToOne], participants, database: shared });
  try {
    shelf = "D4";
    const loanId = newId();
    await early.transaction((em) => publish(em, occur(LoanAskedEvent, { loanId })));
    await late.start();
    const reach = (state: string) => late.until("Loan", loanId, (one) => one.state === state, `the loan to be ${state}`);
    const { id } = await reach("Allowing");
    await late.act(id, { kind: "migrate", toVersion: 2 });
    await reach("Borrowed");
    await late.act(id, { kind: "migrate", toVersion: 1 });
    expect(await late.saga("Loan", loanId)).toMatchObject({ definitionVersion: 1, state: "Reading", status: "WAITING" });
    await late.transaction((em) => publish(em, occur(LoanGivenUpEvent, { loanId })));
    await reach("GivenUp");
    expect(await shared.sql("select shelf from filled where loan_id = $1", [loanId])).toEqual([{ shelf: "old D4" }]);
  } finally {
    await late.dispose();
    await early.dispose();
    await shared.dispose();
  }
});

test("an undo is explained by the version that did what it undoes, where the newer one has another undo for it", async () => {
  const clearing = loanOne.definition.nodes.get("Clearing");
  if (clearing?.kind !== "step" || clearing.undo === null) throw new Error("Clearing has no undo");
  const otherwise = { ...clearing.undo, command: PrintNoticeCommand, ifExhausted: "continue" } as const;
  const nodes = new Map(loanOne.definition.nodes).set("Clearing", { ...clearing, undo: otherwise });
  const loanThree: AnySaga = { ...loanOne, version: 3, definition: { ...loanOne.definition, version: 3, nodes } };
  const oneToThree: SagaMigration = { name: "Loan", fromVersion: 1, toVersion: 3, states: {}, data: (data: unknown) => data };
  const shared = await newDatabase();
  const early = await createTestProcess({ sagas: [loanOne], participants, database: shared });
  const late = await createTestProcess({ sagas: [loanOne, loanThree], migrations: [oneToThree], participants, database: shared });
  try {
    const loanId = newId();
    await early.transaction((em) => publish(em, occur(LoanAskedEvent, { loanId })));
    await late.start();
    const { id } = await late.until("Loan", loanId, ({ state }) => state === "Allowing", "the loan to wait for its permission");
    await late.act(id, { kind: "migrate", toVersion: 3 });
    const call = { queue: "fill-shelf", actorId: OPERATOR_ID, note: "The shelf is painted." };
    await late.transaction((em) => late.operations.pauseQueue(em, call));
    await late.transaction((em) => publish(em, occur(LoanGivenUpEvent, { loanId })));
    const told = async () => (await new SagaExplainer().explain(late.em(), late.registry, [id])).get(id);
    const isOnQueue = async () => (await shared.sql("select from pgboss.job where name = 'fill-shelf'")).length > 0;
    await waitFor(isOnQueue, { describe: told });
    expect(await told()).toMatchObject({
      cause: "QUEUE_PAUSED",
      queue: "fill-shelf",
      summary: expect.stringMatching(/^FillShelfCommand is on the queue/),
      next: [
        { on: "ShelfFilledEvent", state: "GivenUp" },
        { on: "attempts used up", state: "Allowing" },
      ],
    });
    await late.transaction((em) => late.operations.resumeQueue(em, call));
    await late.until("Loan", loanId, ({ state }) => state === "GivenUp", "the loan to be given up");
  } finally {
    await late.dispose();
    await early.dispose();
    await shared.dispose();
  }
});

test("a process without the version that a saga was moved from leaves it alone and says so, and one that has it goes on", async () => {
  const shared = await newDatabase();
  let process = await createTestProcess({ sagas: [loanOne], participants, database: shared });
  try {
    const follow = async (sagas: readonly AnySaga[], migrations: readonly SagaMigration[] = []): Promise<void> => {
      await process.dispose();
      process = await createTestProcess({ sagas, migrations, participants, database: shared });
      await process.start();
    };
    const tell = (what: typeof LoanAskedEvent | typeof LoanAllowedEvent | typeof LoanGivenUpEvent, loanId: string) =>
      process.transaction((em) => publish(em, occur(what as typeof LoanAskedEvent, { loanId })));
    const reach = (loanId: string, state: string) => process.until("Loan", loanId, (one) => one.state === state, `the loan to be ${state}`);
    shelf = "C9";
    await process.start();
    const [cancelled, timed, own] = [newId(), newId(), newId()];
    for (const loanId of [cancelled, timed]) {
      await tell(LoanAskedEvent, loanId);
      await reach(loanId, "Allowing");
      await tell(LoanAllowedEvent, loanId);
      await reach(loanId, "Reading");
    }
    await follow([loanOne, loanTwo], [oneToTwo]);
    const [{ id }, other] = [await reach(cancelled, "Reading"), await reach(timed, "Reading")];
    for (const sagaId of [id, other.id]) await process.act(sagaId, { kind: "migrate", toVersion: 2 });

    await follow([loanTwo]);
    const refusal = { code: "WRONG_STATE", message: expect.stringContaining("Loan v1 is not loaded by this process; loaded are Loan v2.") };
    for (const kind of ["cancel", "pause"] as const) await expect(process.act(id, { kind }, { note: "why" })).rejects.toMatchObject(refusal);
    const explained = await new SagaExplainer().explain(process.em(), process.registry, [id]);
    expect(explained.get(id)).toMatchObject({
      cause: "VERSION_NOT_LOADED",
      summary: expect.stringContaining("has loaded Loan v2, and Loan v1, by which it may have to undo what it did (1 worker alive: "),
    });
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    await new SagaEngine({ ...process, log }).storeDefinitions();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ saga: "Loan", version: 1, count: 2 })]);

    expect(await tell(LoanGivenUpEvent, cancelled)).toMatchObject({ fate: "kept" });
    await shared.sql("update saga set deadline_at = clock_timestamp() - interval '1 hour' where id = $1", [other.id]);
    expect(await findDue(process.em(), process.registry)).toMatchObject({ timer: false });
    await tell(LoanAskedEvent, own);
    const { id: ownId } = await reach(own, "Borrowed");
    await shared.sql("update saga set deadline_at = clock_timestamp() where id = $1", [ownId]);
    await reach(own, "Returned");
    for (const loanId of [cancelled, timed]) expect(await process.saga("Loan", loanId)).toMatchObject({ state: "Borrowed", status: "WAITING" });

    // The version is enough, nothing needs the migration any more.
    await follow([loanOne, loanTwo]);
    await reach(timed, "Returned");
    await reach(cancelled, "GivenUp");
    expect(await shared.sql("select shelf from filled where loan_id = $1", [cancelled])).toEqual([{ shelf: "old C9" }]);
    // What has ended needs no version but its own.
    await follow([loanTwo]);
    expect(await tell(LoanGivenUpEvent, cancelled)).toMatchObject({ fate: "refused", reason: expect.not.stringContaining("not loaded") });
    expect(await process.saga("Loan", cancelled)).toMatchObject({ steps: expect.arrayContaining([expect.objectContaining({ state: "Borrowed" })]) });
  } finally {
    await process.dispose();
    await shared.dispose();
  }
});

test("where the contract of the answer under way is the same in both, or can be read, the step goes on in the newer version", async () => {
  isPrinterOn = false;
  const { loanId, sagaId } = await loan("Printing RETRYING");
  await migrateIt(sagaId);
  expect(await view(loanId)).toMatchObject({ definitionVersion: 2, state: "Printing", status: "RETRYING" });
  isPrinterOn = true;
  await engine.skipWaits();
  await engine.until("Loan", loanId, ({ state }) => state === "Borrowed", "the notice to be printed");
});

test("a saga that stands is moved standing, and begins again in the newer version", async () => {
  const { loanId, sagaId } = await loan("Reading");
  await engine.act(sagaId, { kind: "fire-timer", timer: "DEADLINE" });
  expect(await view(loanId)).toMatchObject({ state: "Reading", status: "STUCK" });
  await migrateIt(sagaId);
  expect(await view(loanId)).toMatchObject({ definitionVersion: 2, state: "Borrowed", status: "STUCK" });
  await engine.act(sagaId, { kind: "retry" });
  expect(await view(loanId)).toMatchObject({ state: "Borrowed", status: "WAITING" });
});

test("a saga that awaits what the newer version would not understand is not moved, and the answer says when it can be", async () => {
  const { loanId, sagaId } = await loan("Reading");
  await engine.pause();
  await say(BookReturnedEvent, loanId);
  await expect(migrateIt(sagaId)).rejects.toMatchObject({
    code: "WRONG_STATE",
    message: "Mending awaits an answer that v2 would not understand. Try again when it has moved on.",
  });
  expect(await view(loanId)).toMatchObject({ definitionVersion: 1, state: "Mending" });
  const early = newId();
  await former.transaction((em) => publish(em, occur(LoanAskedEvent, { loanId: early })));
  await expect(migrateIt((await view(early))?.id ?? "")).rejects.toMatchObject({
    code: "WRONG_STATE",
    message: "Clearing awaits an answer, which only a state of that name takes; v2 has Emptying. Try again when it has moved on.",
  });
  await engine.start();
});

test("a saga whose data do not come out in the newer version's shape stays, says why, and keeps no other one from being moved", async () => {
  const on = async (one: string): Promise<string> => {
    shelf = one;
    return (await loan("Reading")).sagaId;
  };
  const [lost, kept, burnt, other] = [await on("lost"), await on("A3"), await on("burnt"), await on("B7")];
  const sagaIds = [lost, kept, burnt, other];
  const why = [
    "The migration makes data of it that do not fit v2: data.place: expected text, found nothing.",
    "The migration to v2 fails on its data: nobody knows where a burnt shelf was.",
  ];
  for (const dryRun of [true, false]) {
    await expect(migrateIt(lost, { dryRun })).rejects.toMatchObject({ code: "WRONG_STATE", message: why[0] });
    await expect(migrateIt(burnt, { dryRun })).rejects.toMatchObject({ code: "WRONG_STATE", message: why[1] });
  }
  const call = { type: "Loan", fromVersion: 1, toVersion: 2, filter: { ids: sagaIds }, after: null, limit: 9, note: null, actorId: OPERATOR_ID };
  const told = {
    migrated: 2,
    refused: [
      { reason: why[0], count: 1, example: lost },
      { reason: why[1], count: 1, example: burnt },
    ],
    next: null,
  };
  for (const dryRun of [true, false]) expect(await engine.transaction((em) => engine.operations.migrateMany(em, { ...call, dryRun }))).toEqual(told);
  const versions = await engine.sql("select definition_version as version from saga where id = any($1::uuid[]) order by id", [sagaIds]);
  expect(versions).toEqual([1, 2, 1, 2].map((version) => ({ version })));
});

test("a saga of whose data the state that it would enter makes no command stays, says why, and keeps no other one from being moved", async () => {
  const at = async (one: string): Promise<string> => {
    shelf = one;
    return (await loan("Allowing")).sagaId;
  };
  const [nowhere, roof, other] = [await at("nowhere"), await at("roof"), await at("A3")];
  const entering = "Printing of v2 cannot be entered with the data that the migration makes: ";
  const call = { type: "Loan", fromVersion: 1, toVersion: 2, filter: { ids: [nowhere, roof, other] }, after: null, limit: 9, note: null, actorId: OPERATOR_ID };
  for (const dryRun of [true, false])
    expect(await engine.transaction((em) => engine.operations.migrateMany(em, { ...call, dryRun }))).toEqual({
      migrated: 1,
      refused: [
        { reason: `${entering}there is no way to nowhere.`, count: 1, example: nowhere },
        { reason: expect.stringContaining(`${entering}PrintNoticeCommand.room`), count: 1, example: roof },
      ],
      next: null,
    });
  await expect(migrateIt(nowhere)).rejects.toMatchObject({ code: "WRONG_STATE" });
});

test("who may watch is what the data of the newer version say", async () => {
  const { loanId, sagaId } = await loan("Reading");
  const { version, participants } =
    (
      await engine.sql<{ version: number; participants: string[] }>("select definition_version as version, participants from saga where id = $1", [sagaId])
    )[0] ?? {};
  expect({ version, participants }).toEqual({ version: 1, participants: [] });
  await migrateIt(sagaId);
  expect((await view(loanId))?.participants).toEqual([loanId]);
});

test("of what a state sends beside the main path, and the newer version does not, a reminder is lifted and a notice is waited for; the other way, the reminder is set", async () => {
  const notice = { invoke: PrintNoticeCommand, with: (d: { readonly loanId: string }) => ({ loanId: d.loanId }) };
  const loan = (version: number, beside: object) =>
    saga("Loan", {
      version,
      key: "loanId",
      data: { loanId: t.id() },
      states: ["Asked", "Allowing"],
      finals: { Returned: "succeeded", GivenUp: "failed" },
      reasons,
    })
      .startOn(LoanAskedEvent, { state: "Asked", key: (e) => e.loanId, init: (e) => ({ ...e }) })
      .wait("Allowing", {
        for: [LoanAllowedEvent, BookReturnedEvent],
        on: { LoanAllowedEvent: stay, BookReturnedEvent: finish("Returned") },
        deadline: ["30d", fail("GivenUp")],
        ...beside,
      })
      .onFailed({ final: "GivenUp" })
      .build();
  const [telling, silent] = [loan(1, { remind: { ...notice, every: "1d" }, tell: { ...notice, retry: noRetry } }), loan(2, {})];
  const shared = await newDatabase();
  const early = await createTestProcess({ sagas: [telling], participants, database: shared });
  const migrations = [migration(telling, silent, { states: {}, data: (d) => d }), migration(silent, telling, { states: {}, data: (d) => d })];
  const late = await createTestProcess({ sagas: [telling, silent], migrations, participants, database: shared });
  const queue = { queue: "print-notice", actorId: OPERATOR_ID, note: "There is no paper." };
  try {
    const loanId = newId();
    await early.transaction((em) => publish(em, occur(LoanAskedEvent, { loanId })));
    const { id } = await late.until("Loan", loanId, ({ state }) => state === "Allowing", "the loan to wait");
    await late.start();
    await late.transaction((em) => late.operations.pauseQueue(em, queue));
    await late.act(id, { kind: "fire-timer", timer: "REMINDER" });
    await late.transaction((em) => publish(em, occur(LoanAllowedEvent, { loanId })));
    await expect(late.act(id, { kind: "migrate", toVersion: 2 })).rejects.toThrow(
      "Allowing tells by PrintNoticeCommand, which v2 does not send there. Try again when it has been carried out.",
    );
    await late.transaction((em) => late.operations.resumeQueue(em, queue));
    const printed = "select from saga_event where saga_id = $1 and message = 'NoticePrintedEvent'";
    await waitFor(async () => (await shared.sql(printed, [id])).length === 2, { describe: () => "the notices to be printed" });
    await late.act(id, { kind: "migrate", toVersion: 2 });
    expect(await late.saga("Loan", loanId)).toMatchObject({ definitionVersion: 2, state: "Allowing", remindAt: null });
    await late.act(id, { kind: "migrate", toVersion: 1 });
    expect(await late.saga("Loan", loanId)).toMatchObject({ definitionVersion: 1, state: "Allowing", remindAt: expect.any(Date) });
  } finally {
    await late.dispose();
    await early.dispose();
    await shared.dispose();
  }
});

test("a saga that is being undone, or has ended, stays on its version", async () => {
  const { loanId, sagaId } = await loan("Allowing");
  await engine.pause();
  await say(LoanGivenUpEvent, loanId);
  await expect(migrateIt(sagaId)).rejects.toThrow("It is being undone, which is the business of v1: that did what is undone.");
  await engine.start();
  await engine.until("Loan", loanId, ({ finishedAt }) => finishedAt !== null, "the end");
  await expect(migrateIt(sagaId)).rejects.toThrow("It has ended already, as GivenUp.");
});

test("all sagas of a version, or those of a filter, are moved batch by batch; those that may not stay, by why, and every one that moved has it in its history", async () => {
  const standing = [await loan("Allowing"), await loan("Reading"), await loan("Reading"), await loan("Allowing")];
  const ids = standing.map(({ sagaId }) => sagaId);
  await engine.pause();
  for (const { loanId } of [standing[1], standing[2]].map((one) => one as { loanId: string })) await say(BookReturnedEvent, loanId);
  const call = { type: "Loan", fromVersion: 1, toVersion: 2, filter: { ids }, limit: 3, note: "v2 is here", actorId: OPERATOR_ID };
  const run = (rest: Partial<MigrateManyCall> & Pick<MigrateManyCall, "after" | "dryRun">) =>
    engine.transaction((em) => engine.operations.migrateMany(em, { ...call, ...rest }));
  const reason = "Mending awaits an answer that v2 would not understand. Try again when it has moved on.";
  const first = { migrated: 1, refused: [{ reason, count: 2, example: standing[1]?.sagaId }], next: standing[2]?.sagaId };
  const second = { migrated: 1, refused: [], next: null };
  const versions = () =>
    engine.sql(
      `select definition_version as version, count(*)::int as count,
              sum((select count(*) from saga_event where saga_id = saga.id and data ->> 'action' = 'migrate' and actor_id is not null))::int as told
       from saga where id = any($1::uuid[]) group by 1 order by 1`,
      [ids],
    );

  expect(await run({ after: null, dryRun: true })).toEqual(first);
  expect(await run({ after: first.next ?? null, dryRun: true })).toEqual(second);
  expect(await run({ after: null, dryRun: true, filter: { ids, state: ["Mending"] } })).toMatchObject({ migrated: 0, refused: [{ count: 2 }] });
  expect(await versions()).toEqual([{ version: 1, count: 4, told: 0 }]);

  expect(await run({ after: null, dryRun: false })).toEqual(first);
  expect(await run({ after: first.next ?? null, dryRun: false })).toEqual(second);
  expect(await versions()).toEqual([
    { version: 1, count: 2, told: 0 },
    { version: 2, count: 2, told: 2 },
  ]);
  await expect(run({ after: null, dryRun: true, toVersion: 3 })).rejects.toMatchObject({ code: "INVALID" });
  await engine.start();
});

test("a version to which no migration leads is refused, and so is a migration between versions that are not registered", async () => {
  const { sagaId } = await loan("Allowing");
  await expect(engine.act(sagaId, { kind: "migrate", toVersion: 3 })).rejects.toThrow("Nothing says how a Loan gets from v1 to v3: declare a migration.");
  expect(() => new SagaRegistry([loanTwo], [oneToTwo])).toThrow(DefinitionError);
});
