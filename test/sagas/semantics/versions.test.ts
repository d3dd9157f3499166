import { pino } from "pino";
import { newId } from "../../../src/kernel/ids.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import { command, event, handleAll, occur, publish, t, versioned, type AnyParticipant, type Receipt } from "../../../src/outbox/index.ts";
import { fail, finish, next, saga, SagaEngine, SagaExplainer, SagaRegistry, type AnySaga } from "../../../src/sagas/engine/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createTestProcess, LocalHints, type TestEngine } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";

const OpenedEvent = event("OpenedEvent", { boxId: t.id() });
const PackedEvent = event("PackedEvent", { boxId: t.id() });
const ShakenEvent = event("ShakenEvent", { boxId: t.id() });
const ClosedEvent = event("ClosedEvent", { boxId: t.id() });

/** What a release may change about a saga. */
interface Release {
  readonly version?: number;
  /** The data have an optional field more, which the starting event fills. */
  readonly withWeight?: true;
  /** Another shape: the data have a field more that no saga under way has. */
  readonly withSerial?: true;
  /** A shaken box is lost. */
  readonly withShaking?: true;
  /** A box that has been closed may be opened again. */
  readonly opensAgain?: true;
  /** The same shape, other code. */
  readonly withLabel?: true;
  /** The command that packs calls the label a tag, and its contract has a version more. */
  readonly withTag?: true;
  /** The contracts have an optional field more. */
  readonly withColour?: true;
}

/** A box is packed, then waits to be closed. */
function release({ version = 1, withWeight, withSerial, withShaking, opensAgain, withLabel, withTag, withColour }: Release = {}): {
  box: AnySaga;
  packer: AnyParticipant;
  packed: unknown[];
} {
  const colour = withColour ? { colour: t.maybe(t.text()) } : {};
  const PackCommand = withTag
    ? (versioned(command("PackCommand", { boxId: t.id(), tag: t.text() }, PackedEvent), ({ label, ...rest }) => ({ ...rest, tag: label })) as never)
    : command("PackCommand", { boxId: t.id(), label: t.text(), ...colour }, PackedEvent);
  const packed: unknown[] = [];
  const whole = saga("Box", {
    version,
    key: "boxId",
    data: { boxId: t.id(), ...(withWeight ? { grams: t.maybe(t.int()) } : {}), ...(withSerial ? { serial: t.int() } : {}) },
    states: ["Opened", "Packing", "Open"],
    finals: { Closed: "succeeded", Lost: "failed" },
    reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." } },
  })
    .startOn(OpenedEvent, {
      state: "Opened",
      key: (e) => e.boxId,
      init: (e) => ({ ...e, ...(withWeight ? { grams: 12 } : {}), ...(withSerial ? { serial: 1 } : {}) }),
      afterFinal: opensAgain ? "again" : "refuse",
    })
    .step("Packing", {
      invoke: PackCommand,
      with: withTag
        ? (d): never => ({ boxId: d.boxId, tag: "" }) as never
        : withLabel
          ? (d) => ({ boxId: d.boxId, label: `box ${d.boxId}` })
          : (d) => ({ boxId: d.boxId, label: "" }),
      onReply: { PackedEvent: next },
      effect: "none",
      timeout: ["10m", fail("TooLate")],
      onExhausted: fail("TooLate"),
    })
    .wait("Open", { for: [event("ClosedEvent", { boxId: t.id(), ...colour })], on: { ClosedEvent: finish("Closed") }, deadline: ["1d", fail("TooLate")] })
    .onFailed({ final: "Lost" });
  const box = (withShaking ? whole.interrupt(ShakenEvent, { during: "any", then: fail("TooLate") }) : whole).build();
  const packer = handleAll(PackCommand, (_em, deliveries) => {
    packed.push(...deliveries.map(({ payload }) => payload));
    return Promise.resolve(deliveries.map(({ payload: { boxId } }) => occur(PackedEvent, { boxId })));
  });
  return { box, packer, packed };
}

let database: TestDatabase;
let closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => void (database = await createTestDatabase()));
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
  await database.dispose();
});

/** One process with what it has loaded, on a pool of its own. */
async function deploy(...releases: Release[]): Promise<TestEngine & { packed: unknown[]; stop(): Promise<void> }> {
  const built = releases.map(release);
  const newest = built.at(-1);
  if (newest === undefined) throw new Error("Nothing is released");
  const engine = await createTestProcess({ sagas: built.map(({ box }) => box), participants: [newest.packer], database });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await engine.dispose();
    isStopped = true;
  };
  closing.push(stop);
  return { ...engine, packed: newest.packed, stop };
}

type Process = Awaited<ReturnType<typeof deploy>>;
const open = async (process: Process): Promise<string> => {
  const boxId = newId();
  await process.transaction((em) => publish(em, occur(OpenedEvent, { boxId })));
  return boxId;
};
const close = (process: Process, boxId: string): Promise<Receipt> => process.transaction((em) => publish(em, occur(ClosedEvent, { boxId })));
const shake = (process: Process, boxId: string): Promise<Receipt> => process.transaction((em) => publish(em, occur(ShakenEvent, { boxId })));
const reaches = (process: Process, boxId: string, state: string) => process.until("Box", boxId, (one) => one.state === state, `the box to be ${state}`);
const history = (boxId: string) =>
  database.sql<{ kind: string; message: string | null; summary: string }>(
    "select e.kind, e.message, e.summary from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 order by e.sequence",
    [boxId],
  );

test("a saga stays on the version that it was born with; what is born later has the newest", async () => {
  const old = await deploy({ version: 1 });
  const first = await open(old);
  await old.stop();
  const both = await deploy({ version: 1 }, { version: 2, withWeight: true });
  await both.start();
  const second = await open(both);
  for (const boxId of [first, second]) {
    await reaches(both, boxId, "Open");
    expect(await close(both, boxId)).toMatchObject({ fate: "applied" });
  }
  expect(await database.sql("select definition_version as version, state from saga order by started_at")).toEqual([
    { version: 1, state: "Closed" },
    { version: 2, state: "Closed" },
  ]);
});

test("an event for a saga whose version a process has not loaded is kept there, and delivered by a process that has loaded it", async () => {
  const old = await deploy({ version: 1 });
  await old.start();
  const boxId = await open(old);
  await reaches(old, boxId, "Open");
  await old.stop();

  const renewed = await deploy({ version: 2, withWeight: true });
  await renewed.start();
  expect(await close(renewed, boxId)).toMatchObject({
    fate: "kept",
    reason: `The Box with the key ${boxId} runs on a version that this process has not loaded.`,
  });
  // The new process has looked at its mail since: one that it can deliver has been delivered.
  const own = newId();
  await close(renewed, own);
  await renewed.transaction((em) => publish(em, occur(OpenedEvent, { boxId: own })));
  await reaches(renewed, own, "Closed");
  expect((await renewed.saga("Box", boxId))?.state).toBe("Open");

  const again = await deploy({ version: 1 });
  await reaches(again, boxId, "Closed");
  expect(await database.sql("select 1 from saga_mail where subject_id = $1", [boxId])).toEqual([]);
});

test("a saga is advanced only by a process that has loaded its version: until one is there it waits, its command and its deadline too", async () => {
  const old = await deploy({ version: 1 });
  const boxId = await open(old);
  await old.stop();
  const renewed = await deploy({ version: 2, withWeight: true });
  await renewed.start();
  await database.sql("update saga set deadline_at = clock_timestamp() where subject_id = $1", [boxId]);
  const other = await open(renewed);
  await reaches(renewed, other, "Open");
  await waitFor(async () => (await database.sql("select 1 from pgboss.job where name = 'pack' and state = 'created' and start_after > now()")).length === 1, {
    describe: () => database.sql("select name, state, start_after from pgboss.job"),
  });
  expect(await renewed.saga("Box", boxId)).toMatchObject({ state: "Packing", status: "RUNNING" });

  const { id } = (await renewed.saga("Box", boxId)) ?? { id: "" };
  const explained = await new SagaExplainer().explain(renewed.em(), renewed.registry, [id]);
  expect(explained.get(id)?.cause).toBe("VERSION_NOT_LOADED");

  await database.sql("update saga set deadline_at = clock_timestamp() + interval '1 hour' where subject_id = $1", [boxId]);
  await renewed.stop();
  const again = await deploy({ version: 1 });
  await again.start();
  await again.skipWaits();
  await reaches(again, boxId, "Open");
});

test("a process whose definition has another shape under a stored version refuses to start, and says what to do", async () => {
  const parts = { em: () => database.orm.em.fork(), transaction: database.transaction, hints: new LocalHints(), log: silentLog };
  const start = (...releases: Release[]) =>
    new SagaEngine({ ...parts, registry: new SagaRegistry(releases.map((one) => release(one).box)) }).storeDefinitions();
  await start({ version: 1 });
  await expect(start({ version: 1, withSerial: true })).rejects.toThrow(
    "Box v1 has another shape than the one sagas have been started with: data has got serial, which sagas under way lack. Give the changed definition the version 2.",
  );
  await start({ version: 1 }, { version: 2, withSerial: true });
});

test("a process that starts without a version on which sagas live warns of it, with how many there are", async () => {
  const old = await deploy({ version: 1 });
  await open(old);
  await open(old);
  await old.stop();
  const [row] = await database.sql<{ count: number }>(
    "select count(*)::int as count from saga where type = 'Box' and definition_version = 1 and finished_at is null",
  );
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const parts = { em: () => database.orm.em.fork(), transaction: database.transaction, hints: new LocalHints(), log };
  const start = (...releases: Release[]) =>
    new SagaEngine({ ...parts, registry: new SagaRegistry(releases.map((one) => release(one).box)) }).storeDefinitions();
  await start({ version: 1 });
  expect(lines.filter((line) => line.includes('"version":1'))).toEqual([]);
  await start({ version: 2, withWeight: true });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ saga: "Box", version: 1, count: row?.count, msg: expect.stringContaining("VERSION_NOT_LOADED") }),
  );
});

test("other code under the same shape is allowed", async () => {
  await deploy({ version: 1 });
  const changed = await deploy({ version: 1, withLabel: true });
  await changed.start();
  const boxId = await open(changed);
  await reaches(changed, boxId, "Open");
  expect(changed.packed).toEqual([{ boxId, label: `box ${boxId}` }]);
});

test("a saga that goes on under other code of its version has that in its history, once, before what the new code did first", async () => {
  const before = await deploy({ version: 1 });
  await before.start();
  const boxId = await open(before);
  await reaches(before, boxId, "Open");
  await before.stop();
  const after = await deploy({ version: 1, withLabel: true });
  await close(after, boxId);
  await close(after, boxId);
  const rows = (await history(boxId)).slice(-3);
  expect(rows.map(({ kind }) => kind)).toEqual(["NOTICE", "TRANSITION", "MESSAGE_IGNORED"]);
  expect(rows[0]?.summary).toBe("The code of Box v1 changed under this saga; its shape did not.");
});

test("code of which nothing was noted when the saga was moved last, or that has not changed, leaves no trace in the history", async () => {
  const process = await deploy({ version: 1 });
  await process.start();
  const [known, unknown] = [await open(process), await open(process)];
  for (const boxId of [known, unknown]) await reaches(process, boxId, "Open");
  await database.sql("update saga set code_hash = null where subject_id = $1", [unknown]);
  for (const boxId of [known, unknown]) {
    await close(process, boxId);
    expect((await history(boxId)).map(({ kind }) => kind)).not.toContain("NOTICE");
  }
});

test("every version that has run is stored in full, so a history can be read without its code", async () => {
  const old = await deploy({ version: 1 });
  await old.start();
  const boxId = await open(old);
  await reaches(old, boxId, "Open");
  await close(old, boxId);
  await old.stop();
  const later = await deploy({ version: 2, withWeight: true });
  const [stored] = await database.sql<{ shape: unknown }>(
    "select d.shape from saga s join saga_definition d on d.name = s.type and d.version = s.definition_version where s.subject_id = $1",
    [boxId],
  );
  expect(stored?.shape).toMatchObject({
    name: "Box",
    version: 1,
    finals: { Closed: "succeeded", Lost: "failed" },
    nodes: [
      { kind: "milestone", state: "Opened" },
      { kind: "step", state: "Packing", command: "PackCommand" },
      { kind: "wait", state: "Open", branches: [{ name: "ClosedEvent" }] },
    ],
  });
  const { id } = (await later.saga("Box", boxId)) ?? { id: "" };
  const [events] = await later.reader.events(later.em(), [{ sagaId: id, afterSequence: 0, first: 10 }]);
  expect(events?.map(({ toState }) => toState)).toEqual(["Packing", "Open", "Closed"]);
});

test("an optional field that is added to a contract is harmless: what was sent before is read, and no version has to be raised", async () => {
  const old = await deploy({ version: 1 });
  const boxId = await open(old);
  await old.stop();
  const renewed = await deploy({ version: 1, withColour: true });
  await renewed.start();
  await reaches(renewed, boxId, "Open");
  expect(renewed.packed).toEqual([{ boxId, label: "" }]);
  await close(renewed, boxId);
  await reaches(renewed, boxId, "Closed");
});

test("an optional field that is added to the data needs no version: sagas under way lack it, and a process of the release before keeps it", async () => {
  const old = await deploy({ version: 1 });
  await old.start();
  const before = await open(old);
  await reaches(old, before, "Open");
  const renewed = await deploy({ version: 1, withWeight: true });
  const after = await open(renewed);
  // The old process is still there, and moves both.
  for (const boxId of [before, after]) await reaches(old, boxId, "Open");
  await close(renewed, before);
  await close(old, after);
  expect(await database.sql("select data ->> 'boxId' as box, data -> 'grams' as grams, state from saga order by started_at")).toEqual([
    { box: before, grams: null, state: "Closed" },
    { box: after, grams: 12, state: "Closed" },
  ]);
  // Neither keeps the other from starting again.
  await (await deploy({ version: 1 })).stop();
  await (await deploy({ version: 1, withWeight: true })).stop();
});

test("a process of the release before keeps an event that only a newer version hears, from the first saga of that version on", async () => {
  const old = await deploy({ version: 1 });
  await old.start();
  const before = await open(old);
  await reaches(old, before, "Open");
  expect(await shake(old, before)).toMatchObject({ fate: "no-subscriber" });
  const renewed = await deploy({ version: 1 }, { version: 2, withShaking: true });
  const boxId = await open(renewed);
  expect(await shake(old, boxId)).toMatchObject({ fate: "kept" });
  await reaches(renewed, boxId, "Lost");
  // A saga of the version that both have does not hear it, wherever it is published.
  expect(await shake(old, before)).toMatchObject({ fate: "no-subscriber" });
  expect((await old.saga("Box", before))?.state).toBe("Open");
});

test("a process that has only the newer version keeps what only the older one hears, for its sagas alone", async () => {
  const old = await deploy({ version: 1, withShaking: true });
  const boxId = await open(old);
  await old.stop();
  const renewed = await deploy({ version: 2 });
  expect(await shake(renewed, boxId)).toMatchObject({ fate: "kept" });
  expect(await shake(renewed, newId())).toMatchObject({ fate: "no-subscriber" });
  expect(await shake(renewed, await open(renewed))).toMatchObject({ fate: "no-subscriber" });
  await reaches(await deploy({ version: 1, withShaking: true }), boxId, "Lost");
});

test("a saga that ended on a version that is gone is known to have ended: it hears nothing more, and its key begins anew where that is allowed", async () => {
  const old = await deploy({ version: 1, opensAgain: true });
  await old.start();
  const [boxId, other] = [await open(old), await open(old)];
  for (const id of [boxId, other]) {
    await reaches(old, id, "Open");
    await close(old, id);
  }
  await old.stop();
  const renewed = await deploy({ version: 2, withSerial: true, opensAgain: true });
  await renewed.start();
  expect(await close(renewed, boxId)).toMatchObject({ fate: "refused", reason: "It has ended already, as Closed." });
  expect(await database.sql("select 1 from saga_mail")).toEqual([]);
  expect(await renewed.transaction((em) => publish(em, occur(OpenedEvent, { boxId })))).toMatchObject({ fate: "started" });
  await reaches(renewed, boxId, "Open");
  expect(await database.sql("select run_number as run, definition_version as version, state from saga where subject_id = $1 order by 1", [boxId])).toEqual([
    { run: 1, version: 1, state: "Closed" },
    { run: 2, version: 2, state: "Open" },
  ]);
  // Where it is not allowed, the start is put aside as ever.
  const strict = await deploy({ version: 3 });
  expect(await strict.transaction((em) => publish(em, occur(OpenedEvent, { boxId: other })))).toMatchObject({ fate: "duplicate-start" });
});

test("a command that was sent with a later version of its contract waits for a process that has that, and no attempt is counted", async () => {
  const old = await deploy({ version: 1 });
  await old.start();
  const renewed = await deploy({ version: 1, withTag: true });
  const boxId = await open(renewed);
  const isPutBack = async () => (await database.sql("select 1 from pgboss.job where name = 'pack' and state = 'created' and start_after > now()")).length === 1;
  await waitFor(isPutBack, { describe: () => database.sql("select name, state, start_after from pgboss.job") });
  expect(await renewed.saga("Box", boxId)).toMatchObject({ state: "Packing", status: "RUNNING", attempt: 1 });
  await old.stop();
  await renewed.start();
  await renewed.skipWaits();
  await reaches(renewed, boxId, "Open");
  expect(renewed.packed).toEqual([{ boxId, tag: "" }]);
});
