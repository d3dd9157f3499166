import { jest } from "@jest/globals";
import { fork, execFile, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { newId } from "../../../src/kernel/ids.ts";
import type { Receipt } from "../../../src/outbox/index.ts";
import { SagaExplainer, SagaOperations, SagaRegistry } from "../../../src/sagas/engine/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { LocalHints, OPERATOR_ID } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";
import * as both from "./shop/both.ts";
import * as second from "./shop/second.ts";

// Two releases on one database, each in a process of its own, and the way from the one to the other that docs/versions.md walks.

type ReleaseName = "first" | "both" | "second";
const root = new URL("../../..", import.meta.url);
const walk = readFileSync(new URL("docs/versions.md", root), "utf8");

// Twelve processes start one after another, which takes a busy machine its time.
jest.setTimeout(240_000);

let database: TestDatabase;
let processes: Shop[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  await database.sql("create table done (repair_id uuid, command text, release text)");
});
afterEach(async () => {
  for (const one of processes) await one.stop();
  processes = [];
  await database.dispose();
});

/** A process with one release of the shop. */
class Shop {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
    processes.push(this);
  }

  static async open(release: ReleaseName): Promise<Shop> {
    const child = fork("test/sagas/versions/shop/process.ts", {
      cwd: root,
      execArgv: ["--import", "./swc-hooks.mjs"],
      env: { ...process.env, SHOP_DATABASE_URL: database.url, SHOP_RELEASE: release },
    });
    const shop = new Shop(child);
    const ended = once(child, "exit").then(() => {
      throw new Error("The shop has ended before it was open");
    });
    await Promise.race([once(child, "message"), ended]);
    ended.catch(() => undefined);
    return shop;
  }

  async say(event: string, repairId: string): Promise<Receipt> {
    const answer = once(this.child, "message") as Promise<[Receipt]>;
    this.child.send({ event, payload: { repairId, ...(event === "RepairAskedEvent" ? { ownerId: newId() } : {}) } });
    return (await answer)[0];
  }

  async asked(): Promise<string> {
    const repairId = newId();
    expect(await this.say("RepairAskedEvent", repairId)).toMatchObject({ fate: "started" });
    return repairId;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly status: string;
}

async function reaches(repairId: string, state: string): Promise<Row> {
  const read = () => database.sql<Row>("select id, state, definition_version as version, status from saga where subject_id = $1", [repairId]);
  return waitFor(async () => (await read()).find((row) => row.state === state), { timeoutMs: 60_000, describe: async () => ({ state, found: await read() }) });
}

const workOf = async (repairId: string): Promise<string[]> =>
  (await database.sql<{ what: string }>("select command || ' by ' || release as what from done where repair_id = $1", [repairId])).map(({ what }) => what);

interface Told {
  readonly code: number;
  readonly stdout: string;
}

const diff = (release: ReleaseName, ...options: readonly string[]): Promise<Told> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "./swc-hooks.mjs", "src/saga-diff.ts", "--definitions", `test/sagas/versions/shop/${release}.ts`, ...options],
      { cwd: root, env: { PATH: process.env["PATH"] ?? "", DATABASE_URL: database.url } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout: `${stdout}${stderr}` }),
    );
  });

test("two processes with different versions share one database: each advances only what it has loaded, and no message is lost between them", async () => {
  const [old, renewed] = await Promise.all([Shop.open("first"), Shop.open("second")]);
  const [one, two, closed] = [await old.asked(), await renewed.asked(), await renewed.asked()];
  for (const [repairId, version] of [
    [one, 1],
    [two, 2],
    [closed, 2],
  ] as const)
    expect(await reaches(repairId, "Bringing")).toMatchObject({ version });

  // Everything is said to the process that cannot read the saga.
  expect(await renewed.say("BikeBroughtEvent", one)).toMatchObject({ fate: "kept" });
  expect(await old.say("BikeBroughtEvent", two)).toMatchObject({ fate: "kept" });
  for (const repairId of [one, two]) await reaches(repairId, "Fetching");
  expect(await old.say("ShopClosedEvent", closed)).toMatchObject({ fate: "kept" });
  await reaches(closed, "Dropped");
  expect(await renewed.say("BikeFetchedEvent", one)).toMatchObject({ fate: "kept" });
  expect(await old.say("BikeFetchedEvent", two)).toMatchObject({ fate: "kept" });
  for (const repairId of [one, two]) await reaches(repairId, "Fetched");

  expect(await workOf(one)).toEqual(["ReserveStandCommand by first", "MendCommand by first", "BillCommand by first"]);
  expect(await workOf(two)).toEqual(["ReserveStandCommand by second", "WashCommand by second", "MendCommand by second"]);
  expect(await workOf(closed)).toEqual(["ReserveStandCommand by second", "FreeStandCommand by second"]);
  expect(await database.sql("select 1 from saga_mail")).toEqual([]);
});

test("the walk of docs/versions.md: both versions, the old one drained and moved, and gone", async () => {
  /** The page shows what the command says. */
  const shown = async (release: ReleaseName, code: 0 | 1): Promise<void> => {
    const told = await diff(release);
    expect(told).toEqual({ code, stdout: expect.any(String) });
    expect(walk).toContain(told.stdout.trimEnd());
  };
  const before = await Shop.open("first");
  const [early, late, ending] = [await before.asked(), await before.asked(), await before.asked()];
  for (const repairId of [early, late, ending]) await reaches(repairId, "Bringing");
  for (const repairId of [late, ending]) await before.say("BikeBroughtEvent", repairId);
  for (const repairId of [late, ending]) await reaches(repairId, "Fetching");

  await shown("second", 1);
  await shown("both", 0);

  // Both versions, in a process beside the old one: what it starts has the new one.
  const between = await Shop.open("both");
  const born = await between.asked();
  expect(await reaches(born, "Bringing")).toMatchObject({ version: 2 });
  await before.stop();
  await between.say("BikeFetchedEvent", ending);
  expect(await reaches(ending, "Fetched")).toMatchObject({ version: 1 });

  // Too early: nobody has the first version any more.
  await between.stop();
  const hasty = await Shop.open("second");
  const registry = new SagaRegistry(second.sagas);
  const { id } = await reaches(early, "Bringing");
  const explanation = (await new SagaExplainer().explain(database.orm.em.fork(), registry, [id])).get(id);
  expect(explanation).toMatchObject({ cause: "VERSION_NOT_LOADED", summary: expect.stringMatching(/loaded Repair v1 \(1 worker alive: \S+ has Repair v2\)/) });
  expect(await hasty.say("BikeBroughtEvent", early)).toMatchObject({ fate: "kept" });
  await hasty.stop();

  // Back to both. What was said meanwhile is heard, and who is left is moved.
  await Shop.open("both");
  await reaches(early, "Fetching");
  const operations = new SagaOperations({ registry: new SagaRegistry(both.sagas, both.migrations), hints: new LocalHints() });
  const call = { type: "Repair", fromVersion: 1, toVersion: 2, filter: {}, after: null, limit: 100, actorId: OPERATOR_ID, note: "washing" };
  for (const dryRun of [true, false])
    expect(await database.transaction((em) => operations.migrateMany(em, { ...call, dryRun }))).toEqual({ migrated: 2, refused: [], next: null });
  await shown("both", 0);
  // By the first version they would undo what it did.
  await shown("second", 1);
  for (const repairId of [early, late]) {
    await processes.at(-1)?.say("BikeFetchedEvent", repairId);
    expect(await reaches(repairId, "Fetched")).toMatchObject({ version: 2 });
  }
  await shown("both", 0);
  await shown("second", 0);
  const json = JSON.parse((await diff("second", "--json")).stdout) as { deployable: boolean; sagas: { saga: string }[] };
  expect(json).toMatchObject({ deployable: true, sagas: [{ saga: "Repair" }] });
});
