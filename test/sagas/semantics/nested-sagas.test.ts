import { newId } from "../../../src/kernel/ids.ts";
import { command, event, handle, occur, publish, query, type AnyCommand } from "../../../src/outbox/index.ts";
import { fail, finish, loop, next, park, saga, SagaExplainer, skip, t } from "../../../src/sagas/engine/index.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";

// A tree of sagas: a root has a branch, which has a leaf. What one has done is undone with the others, however deep it is.

const leafId = { leafId: t.id() };
const LeafAskedEvent = event("LeafAskedEvent", leafId);
const LeafGrownEvent = event("LeafGrownEvent", leafId);
const LeafShedEvent = event("LeafShedEvent", leafId);
const LeafPaintedEvent = event("LeafPaintedEvent", leafId);
const GrowLeafCommand = command("GrowLeafCommand", leafId, LeafGrownEvent);
const ShedLeafCommand = command("ShedLeafCommand", leafId, LeafShedEvent);
const PaintLeafCommand = command("PaintLeafCommand", leafId, LeafPaintedEvent);
const leaf = saga("Leaf", {
  version: 1,
  key: "leafId",
  data: leafId,
  states: ["LeafAsked", "Growing", "GrowingLeaf", "PaintingLeaf"],
  finals: { LeafThere: "succeeded", LeafGone: "failed" },
  reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." } },
})
  .startOn(LeafAskedEvent, { state: "LeafAsked", key: (e) => e.leafId, init: (e) => ({ ...e }), afterFinal: "again" })
  .parallel(
    "Growing",
    (group) =>
      group
        .step("PaintingLeaf", {
          invoke: PaintLeafCommand,
          with: (d) => ({ leafId: d.leafId }),
          onReply: { LeafPaintedEvent: next },
          effect: "irreversible",
          onExhausted: skip,
        })
        .step("GrowingLeaf", {
          invoke: GrowLeafCommand,
          with: (d) => ({ leafId: d.leafId }),
          onReply: { LeafGrownEvent: next },
          compensate: { invoke: ShedLeafCommand, with: (d) => ({ leafId: d.leafId }) },
          onExhausted: park,
        }),
    { timeout: ["5m", fail("TooLate")], then: finish("LeafThere") },
  )
  .reflect("leaf", { status: "status" }, { LeafAsked: "ASKED", Growing: "ASKED", LeafThere: "THERE", LeafGone: "GONE" })
  .onFailed({ final: "LeafGone" })
  .build();

const branchId = { branchId: t.id(), leafId: t.id() };
const BranchAskedEvent = event("BranchAskedEvent", branchId);
const branch = saga("Branch", {
  version: 1,
  key: "branchId",
  data: branchId,
  states: ["BranchAsked", "HavingLeaf"],
  finals: { BranchThere: "succeeded", BranchGone: "failed" },
  reasons: { NoLeaf: { code: "DEPENDENCY_REJECTED", message: "No leaf." } },
})
  .startOn(BranchAskedEvent, { state: "BranchAsked", key: (e) => e.branchId, init: (e) => ({ ...e }) })
  .subSaga("HavingLeaf", {
    saga: leaf,
    start: LeafAskedEvent,
    with: (d) => ({ leafId: d.leafId }),
    onEnd: { LeafThere: finish("BranchThere"), LeafGone: fail("NoLeaf") },
    onRefused: fail("NoLeaf"),
    timeout: ["1d", fail("NoLeaf")],
  })
  .onFailed({ final: "BranchGone" })
  .build();

const rootId = { rootId: t.id(), branchId: t.id(), leafId: t.id() };
const RootAskedEvent = event("RootAskedEvent", rootId);
const RootDriedEvent = event("RootDriedEvent", { rootId: t.id() });
const WaterRootCommand = command("WaterRootCommand", { rootId: t.id() }, RootDriedEvent);
const root = saga("Root", {
  version: 1,
  key: "rootId",
  data: rootId,
  states: ["RootAsked", "HavingBranch", "WateringRoot"],
  finals: { RootThere: "succeeded", RootGone: "failed" },
  reasons: { Dry: { code: "DEPENDENCY_REJECTED", message: "It is dry." } },
})
  .startOn(RootAskedEvent, { state: "RootAsked", key: (e) => e.rootId, init: (e) => ({ ...e }) })
  .subSaga("HavingBranch", {
    saga: branch,
    start: BranchAskedEvent,
    with: (d) => ({ branchId: d.branchId, leafId: d.leafId }),
    onEnd: { BranchThere: next, BranchGone: fail("Dry") },
    onRefused: fail("Dry"),
    timeout: ["1d", finish("RootThere")],
  })
  .step("WateringRoot", {
    invoke: WaterRootCommand,
    with: (d) => ({ rootId: d.rootId }),
    onReply: { RootDriedEvent: fail("Dry") },
    effect: "none",
    timeout: ["5m", fail("Dry")],
    onExhausted: park,
  })
  .onFailed({ final: "RootGone" })
  .build();

/** Has the same leaf twice, one time after the other. */
const gardenId = { gardenId: t.id(), leafId: t.id() };
const GardenAskedEvent = event("GardenAskedEvent", gardenId);
const GardenDugEvent = event("GardenDugEvent", { gardenId: t.id() });
const DigGardenCommand = command("DigGardenCommand", { gardenId: t.id() }, GardenDugEvent);
const garden = saga("Garden", {
  version: 1,
  key: "gardenId",
  data: gardenId,
  states: ["GardenAsked", "LookingAtLeaf", "DiggingGarden"],
  finals: { GardenThere: "succeeded", GardenGone: "failed" },
  reasons: { Winter: { code: "TIMED_OUT", message: "It is winter." } },
})
  .startOn(GardenAskedEvent, { state: "GardenAsked", key: (e) => e.gardenId, init: (e) => ({ ...e }) })
  .subSaga("LookingAtLeaf", {
    saga: leaf,
    start: LeafAskedEvent,
    with: (d) => ({ leafId: d.leafId }),
    onEnd: { LeafThere: next, LeafGone: fail("Winter") },
    onRefused: fail("Winter"),
    timeout: ["1d", fail("Winter")],
  })
  .step("DiggingGarden", {
    invoke: DigGardenCommand,
    with: (d) => ({ gardenId: d.gardenId }),
    onReply: { GardenDugEvent: loop("LookingAtLeaf", 1, fail("Winter")) },
    effect: "none",
    timeout: ["5m", finish("GardenThere")],
    onExhausted: park,
  })
  .onFailed({ final: "GardenGone" })
  .build();

let engine: TestEngine;
const broken = new Set<string>();
const participants = ([GrowLeafCommand, ShedLeafCommand, PaintLeafCommand, WaterRootCommand, DigGardenCommand] as readonly AnyCommand[]).map((contract) =>
  handle(contract, async (em, { payload }) => {
    const [key = ""] = Object.values(payload as Record<string, string>);
    if (broken.has(`${key} ${contract.name}`)) throw new Error("It is broken");
    await query(em, "insert into done (key, name) values ($1, $2)", [key, contract.name]);
    const [reply] = contract.replies;
    if (reply === undefined) throw new Error(`${contract.name} has no reply`);
    return occur(reply, payload);
  }),
);

beforeAll(async () => {
  engine = await createTestEngine({ sagas: [root, branch, leaf, garden], participants });
  await engine.sql("create table done (id bigserial primary key, key uuid, name text)");
  await engine.sql("create table leaf (id uuid primary key, status text not null, updated_at timestamptz)");
  await engine.start();
});
afterAll(() => engine.dispose());

async function plant(): Promise<string> {
  const key = newId();
  await engine.sql("insert into leaf (id, status) values ($1, 'ASKED')", [key]);
  return key;
}
const ended = (type: string, key: string) => engine.until(type, key, ({ finishedAt }) => finishedAt !== null, `${type} to end`);
const runsOf = (key: string) => engine.sql("select run_number, status from saga where subject_id = $1 order by run_number", [key]);
const done = async (key: string): Promise<string[]> =>
  (await engine.sql<{ name: string }>("select name from done where key = $1 order by id", [key])).map(({ name }) => name);

async function failedRoot(): Promise<{ readonly branchId: string; readonly leafId: string }> {
  const ids = { rootId: newId(), branchId: newId(), leafId: await plant() };
  await engine.transaction((em) => publish(em, occur(RootAskedEvent, ids)));
  expect(await ended("Root", ids.rootId)).toMatchObject({ state: "RootGone", status: "FAILED" });
  return ids;
}

test("what a sub-saga of a sub-saga has done is undone with the saga that began the first, also where both had ended well", async () => {
  const ids = await failedRoot();
  const twice = [
    { run_number: 1, status: "COMPLETED" },
    { run_number: 2, status: "CANCELLED" },
  ];
  expect(await runsOf(ids.branchId)).toEqual(twice);
  expect(await runsOf(ids.leafId)).toEqual(twice);
  expect((await done(ids.leafId)).at(-1)).toBe("ShedLeafCommand");
});

test("the business status of a sub-saga that is undone after its end is that of its failed end, also where it ended in a group", async () => {
  const { leafId: id } = await failedRoot();
  expect(await engine.sql("select status from leaf where id = $1", [id])).toEqual([{ status: "GONE" }]);
});

test("a key that was begun twice by one saga is undone once for each time", async () => {
  const ids = { gardenId: newId(), leafId: await plant() };
  await engine.transaction((em) => publish(em, occur(GardenAskedEvent, ids)));
  expect(await ended("Garden", ids.gardenId)).toMatchObject({ state: "GardenGone", status: "FAILED" });
  expect((await runsOf(ids.leafId)).map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED", "CANCELLED", "CANCELLED"]);
  expect((await done(ids.leafId)).filter((name) => name === "ShedLeafCommand")).toHaveLength(2);
});

test("one whose key begins anew at the very time of its undo is undone when that has ended", async () => {
  const ids = { gardenId: newId(), leafId: await plant() };
  broken.add(`${ids.gardenId} DigGardenCommand`);
  await engine.transaction((em) => publish(em, occur(GardenAskedEvent, ids)));
  const { id } = await engine.until("Garden", ids.gardenId, ({ state }) => state === "DiggingGarden", "the leaf to be there");
  const isWaiting = async () =>
    (await engine.sql("select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()")).length > 0;
  await engine.transaction(async (em) => {
    await publish(em, occur(LeafAskedEvent, { leafId: ids.leafId }));
    await engine.act(id, { kind: "cancel" });
    await waitFor(isWaiting, { describe: () => "the undo to wait for the leaf" });
  });
  expect(await ended("Garden", ids.gardenId)).toMatchObject({ status: "CANCELLED" });
  expect((await runsOf(ids.leafId)).map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED", "CANCELLED"]);
});

test("one whose key has begun anew, on a version that is not loaded, is undone when that has ended", async () => {
  const ids = { gardenId: newId(), leafId: await plant() };
  broken.add(`${ids.gardenId} DigGardenCommand`);
  await engine.transaction((em) => publish(em, occur(GardenAskedEvent, ids)));
  const { id } = await engine.until("Garden", ids.gardenId, ({ state }) => state === "DiggingGarden", "the leaf to be there");
  broken.add(`${ids.leafId} GrowLeafCommand`);
  await engine.transaction((em) => publish(em, occur(LeafAskedEvent, { leafId: ids.leafId })));
  const inVersion = (version: number) => engine.sql("update saga set definition_version = $2 where subject_id = $1 and run_number = 2", [ids.leafId, version]);
  await inVersion(9);
  await engine.act(id, { kind: "cancel" });
  const refusal = "select from saga_event where saga_id = $1 and kind = 'ATTEMPT_FAILED' and reason_message ~ 'under way since'";
  await waitFor(async () => (await engine.sql(refusal, [id])).length > 0, { describe: () => "the undo to be refused" });
  await inVersion(1);
  broken.delete(`${ids.leafId} GrowLeafCommand`);
  const skipping = setInterval(() => void engine.skipWaits(), 200);
  try {
    expect(await ended("Garden", ids.gardenId)).toMatchObject({ status: "CANCELLED" });
  } finally {
    clearInterval(skipping);
  }
  expect((await runsOf(ids.leafId)).map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED", "CANCELLED"]);
});

test("a dead letter of a sub-saga that was undone after its end is not redriven: its effect must not happen any more", async () => {
  const ids = { rootId: newId(), branchId: newId(), leafId: await plant() };
  broken.add(`${ids.leafId} PaintLeafCommand`);
  await engine.transaction((em) => publish(em, occur(RootAskedEvent, ids)));
  await ended("Root", ids.rootId);
  const [letter] = await engine.sql<{ id: string; saga_id: string }>(
    "select id, saga_id from dead_letter where payload ->> 'leafId' = $1 and message = 'PaintLeafCommand'",
    [ids.leafId],
  );
  const call = { filter: { ids: [letter?.id ?? ""] }, limit: 1, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false };
  expect(await engine.transaction((em) => engine.operations.redrive(em, call))).toMatchObject({
    redriven: [],
    refused: [{ id: letter?.id, reason: "What its saga did has been undone since, with the saga that had begun it." }],
  });
  const sagaId = letter?.saga_id ?? "";
  const told = (await new SagaExplainer().explain(engine.em(), engine.registry, [sagaId])).get(sagaId);
  expect(told).toMatchObject({ cause: "ENDED", remedies: [] });
});

test("what is told of a saga after the report of its sub-saga has the database's time", async () => {
  const { branchId: id } = await failedRoot();
  const [row] = await engine.sql<{ is_recent: boolean }>(
    "select bool_and(updated_at > now() - interval '1 hour') as is_recent from saga where subject_id = $1",
    [id],
  );
  expect(row).toEqual({ is_recent: true });
});
