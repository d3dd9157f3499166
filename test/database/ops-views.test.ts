import pg from "pg";
import { migrationsList } from "../../migrations/index.ts";
import { withDatabase } from "../../src/database/address.ts";
import { migrate } from "../../src/database/migrate.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { cloneTemplate, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
// Histories are missing here, and deadlines have passed, for the views to say so.
afterAll(() => database.dispose({ damaged: "sagas without history" }));

/** What somebody of a role gets: rows, or the code with which the server refuses. */
async function as(role: string, text: string): Promise<unknown> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query(`set role ${role}`);
    return (await client.query(text)).rows;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  } finally {
    await client.end();
  }
}

async function saga(over: { status: string; deadline?: string; runs?: string }): Promise<string> {
  const id = newId();
  await database.sql(
    `insert into saga (id, type, definition_version, subject_id, participants, state, status, sequence, attempt, max_attempts, deadline_at, data, runs, started_at, updated_at)
     values ($1, 'Tally', 1, $1, '{}', 'Counting', $2, 1, 1, 4, now() + $3::interval, '{}', $4, now(), now() - interval '1 minute')`,
    [id, over.status, over.deadline ?? null, over.runs ?? "[]"],
  );
  return id;
}
const stuck = async (id: string) =>
  (
    await database.sql<{ status: string; undo_of: string | null; late: number }>(
      "select status, undo_of, extract(epoch from now() - since)::int as late from ops.stuck_saga where id = $1",
      [id],
    )
  )[0];

describe("the role mentor_readonly", () => {
  test("reads every view of ops, and no table of the program or of its queues", async () => {
    const views = await database.sql<{ name: string }>("select 'ops.' || viewname as name from pg_views where schemaname = 'ops'");
    expect(views.length).toBeGreaterThanOrEqual(13);
    for (const { name } of views) expect([name, await as("mentor_readonly", `select * from ${name} limit 1`)]).toEqual([name, expect.any(Array)]);
    const tables = await database.sql<{ name: string }>(
      "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'pgboss')",
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) expect([name, await as("mentor_readonly", `select * from ${name} limit 1`)]).toEqual([name, "42501"]);
    expect(await as("mentor_readonly", "create table ops.mine (id int)")).toBe("42501");
    expect(await as("mentor_readonly", "update ops.saga set state = 'Mine'")).toBe("42501");
  });

  test("reads a view that a later migration adds", async () => {
    await database.sql("create view ops.later as select 1 as one");
    expect(await as("mentor_readonly", "select * from ops.later")).toEqual([{ one: 1 }]);
    await database.sql("drop view ops.later");
  });

  test("cannot sign in by itself", async () => {
    expect(await database.sql("select rolcanlogin, rolsuper from pg_roles where rolname = 'mentor_readonly'")).toEqual([
      { rolcanlogin: false, rolsuper: false },
    ]);
  });

  test("an account that may not create roles migrates all the same, also where the role exists already", async () => {
    const { url, drop } = await cloneTemplate();
    await drop();
    const owner = `owner_${newId().slice(-12)}`;
    const server = new pg.Client(withDatabase(url, "postgres"));
    await server.connect();
    const name = new URL(url).pathname.slice(1);
    await server.query(`create role ${owner} login password 'owner' nosuperuser nocreaterole`);
    await server.query(`create database ${name} owner ${owner}`);
    const ownersUrl = new URL(url);
    if (ownersUrl.searchParams.has("user")) ownersUrl.searchParams.set("user", owner);
    else Object.assign(ownersUrl, { username: owner, password: "owner" });
    const before = migrationsList.slice(
      0,
      migrationsList.findIndex((one) => one.name.endsWith("_readonly_role")),
    );
    await migrate({ url: ownersUrl.href, migrations: before, log: silentLog });
    // Roles belong to the whole server, and other tests use this one: for this account it is another one that is missing.
    const role = new pg.Client(ownersUrl.href);
    await role.connect();
    await expect(role.query("create role mentor_readonly_else")).rejects.toMatchObject({ code: "42501" });
    await migrate({ url: ownersUrl.href, migrations: migrationsList, log: silentLog });
    expect((await role.query("select has_table_privilege('mentor_readonly', 'ops.saga', 'select') as ok")).rows).toEqual([{ ok: true }]);
    await role.end();
    await drop();
    await server.query(`drop role ${owner}`);
    await server.end();
  });
});

test("without the role, an account that may not create it is told in the server's log, and nothing fails", async () => {
  const [block = ""] = statementsOf("Migration20261126001000_readonly_role", "up");
  const client = new pg.Client(database.url);
  const notices: string[] = [];
  client.on("notice", ({ message, severity }) => notices.push(`${severity}: ${message}`));
  await client.connect();
  await client.query("begin");
  await client.query("create role nobody_special nologin; set local role nobody_special");
  await client.query(block.replaceAll("mentor_readonly", "mentor_nowhere"));
  await client.query("rollback");
  await client.end();
  expect(notices).toEqual([expect.stringContaining("WARNING: The role mentor_nowhere cannot be created by nobody_special")]);
});

function statementsOf(name: string, direction: "up" | "down"): string[] {
  const Found = migrationsList.find((one) => one.name === name);
  if (Found === undefined) throw new Error(`There is no ${name}`);
  const migration = new Found(database.orm.em.getDriver(), database.orm.config);
  migration[direction]();
  return migration.getQueries().map((statement) => {
    if (typeof statement !== "string") throw new Error(`Expected ${name} to be SQL`);
    return statement;
  });
}

describe("ops.stuck_saga", () => {
  test("lists those that stand, since when, and those whose deadline has passed without effect, since then", async () => {
    const parked = '[{"state": "Counting", "status": "done", "undo": {"status": "parked"}}]';
    expect(await stuck(await saga({ status: "STUCK", runs: parked }))).toEqual({ status: "STUCK", undo_of: "Counting", late: 60 });
    expect(await stuck(await saga({ status: "WAITING", deadline: "-2 minutes" }))).toEqual({ status: "WAITING", undo_of: null, late: 120 });
    for (const over of [
      { status: "WAITING", deadline: "-5 seconds" },
      { status: "RUNNING", deadline: "1 hour" },
    ])
      expect(await stuck(await saga(over))).toBeUndefined();
    // Whatever somebody has put there, the view can be read.
    expect(await stuck(await saga({ status: "STUCK", runs: "{}" }))).toMatchObject({ undo_of: null });
  });

  test("leaves out whom an operator has paused, or whose queue may be", async () => {
    const paused = await saga({ status: "WAITING", deadline: "-2 minutes" });
    await database.sql("update saga set paused_at = now() where id = $1", [paused]);
    expect(await stuck(paused)).toBeUndefined();
    const running = await saga({ status: "RUNNING", deadline: "-2 minutes" });
    expect(await stuck(running)).toBeDefined();
    await database.sql("insert into queue_pause (queue, note) values ('count', 'x')");
    expect(await stuck(running)).toBeUndefined();
    await database.sql("delete from queue_pause");
  });
});

test("ops.invariant_violation has the rules of every view ops.violation_…, also of one that comes later", async () => {
  await database.sql("create view ops.violation_tally as select 'a rule of a tally' as rule, null::uuid as subject_id, 'x' as detail");
  const rules = await waitFor(async () => (await database.sql<{ rule: string }>("select distinct rule from ops.invariant_violation")).map(({ rule }) => rule));
  expect(rules).toEqual(expect.arrayContaining(["a rule of a tally", "a history has a gap or does not end at the saga's sequence"]));
  await database.sql("drop view ops.violation_tally");
});

test("a test that leaves contradictions behind fails, unless it says why", async () => {
  const { url, drop } = await cloneTemplate();
  const client = new pg.Client(url);
  await client.connect();
  await client.query("create view ops.violation_tally as select 'a rule' as rule, null::uuid as subject_id, 'x' as detail");
  await client.end();
  await expect(drop()).rejects.toThrow('The test leaves rows that contradict themselves; if it means to, dispose({ damaged: "why" }). [{"rule":"a rule"');
  await expect(drop()).resolves.toBeUndefined();
});

test("the newest views can be taken back, and put there again", async () => {
  const { url, drop } = await cloneTemplate();
  const client = new pg.Client(url);
  await client.connect();
  for (const direction of ["down", "up"] as const) {
    for (const statement of statementsOf("Migration20261126001100_ops_views", direction)) await client.query(statement);
  }
  expect((await client.query("select * from ops.invariant_violation")).rows).toEqual([]);
  await client.end();
  await drop();
});
