import { LockMode, type MikroORM, type EntityManager } from "@mikro-orm/postgresql";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction } from "../../src/database/transaction.ts";
import { Category } from "../../src/domain/courses/category.ts";
import { Transient } from "../../src/kernel/errors.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { query } from "../../src/outbox/sql.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql("create table counter (name text primary key, value int not null)");
});
beforeEach(async () => {
  await database.sql("truncate counter");
  await database.sql("insert into counter values ('a', 0), ('b', 0)");
});
afterAll(() => database.dispose());

const add = (em: EntityManager, name: string): Promise<unknown> => query(em, "update counter set value = value + 1 where name = $1", [name]);
const values = async (): Promise<number[]> => (await database.sql<{ value: number }>("select value from counter order by name")).map((row) => row.value);

/** A place where two transactions wait for each other, the first time each gets there. */
function meeting(): (first: boolean) => Promise<void> {
  let waiting: (() => void) | null = null;
  return (first) =>
    new Promise((resolve) => {
      if (!first) return resolve();
      if (waiting === null) return void (waiting = resolve);
      waiting();
      resolve();
    });
}

test("a deadlock is tried again on a fresh EntityManager and both changes happen once", async () => {
  const meet = meeting();
  const tries: EntityManager[][] = [[], []];
  const change = (index: number, one: string, other: string): Promise<void> =>
    database.transaction(async (em) => {
      tries[index]?.push(em);
      await add(em, one);
      await meet(tries[index]?.length === 1);
      await add(em, other);
    });
  await Promise.all([change(0, "a", "b"), change(1, "b", "a")]);
  expect(await values()).toEqual([2, 2]);
  expect(tries.flat()).toHaveLength(3);
  expect(new Set(tries.flat()).size).toBe(3);
});

test("a lock that is not available is tried again five times at most", async () => {
  let tries = 0;
  await database.transaction(async (holder) => {
    await add(holder, "a");
    const failing = database.transaction(async (em) => {
      tries += 1;
      await query(em, "select from counter where name = 'a' for update nowait");
    });
    await expect(failing).rejects.toMatchObject({ code: "55P03" });
  });
  expect(tries).toBe(6);
});

test("an error of the work rolls everything back and is not repeated", async () => {
  let tries = 0;
  const failing = database.transaction(async (em) => {
    tries += 1;
    await add(em, "a");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(tries).toBe(1);
  expect(await values()).toEqual([0, 0]);
});

test("a connection lost in the middle is reported, not repeated", async () => {
  let tries = 0;
  const failing = database.transaction(async (em) => {
    tries += 1;
    const [backend] = await query<{ pid: number }>(em, "select pg_backend_pid() as pid");
    await add(em, "a");
    await database.sql("select pg_terminate_backend($1)", [backend?.pid]);
    await add(em, "b");
  });
  await expect(failing).rejects.toThrow(/terminat|closed|not queryable|EPIPE/);
  expect(tries).toBe(1);
  expect(await values()).toEqual([0, 0]);
  await database.transaction((em) => add(em, "a"));
  expect(await values()).toEqual([1, 0]);
});

test("connections lost inside transactions do not use up the pool", async () => {
  const small = await createOrm({ url: database.url, entities: [], log: silentLog, poolSize: 2 });
  const transaction = createTransaction(small, silentLog);
  for (let round = 0; round < 6; round++) {
    const failing = transaction(async (em) => {
      const [backend] = await query<{ pid: number }>(em, "select pg_backend_pid() as pid");
      await database.sql("select pg_terminate_backend($1)", [backend?.pid]);
      await query(em, "select 1");
    });
    await expect(failing).rejects.toThrow(/terminat|closed|not queryable|EPIPE/);
  }
  expect(await transaction((em) => query(em, "select 1 as one"))).toEqual([{ one: 1 }]);
  await small.close();
});

test("no connection at all ends as Transient", async () => {
  const orm: MikroORM = await createOrm({ url: "postgresql://nobody@127.0.0.1:1/none", entities: [], log: silentLog });
  await expect(createTransaction(orm, silentLog)(() => Promise.resolve())).rejects.toBeInstanceOf(Transient);
  await orm.close();
});

test("sessions are bounded by the server and speak UTC", async () => {
  const [bounds] = await database.transaction((em) =>
    query(
      em,
      "select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle, current_setting('timezone') as zone, current_setting('transaction_isolation') as isolation",
    ),
  );
  expect(bounds).toEqual({ statement: "30s", idle: "10s", zone: "UTC", isolation: "read committed" });
});

// The object mapper's own batch updates would check the rows' versions without a lock before they update.
test("no change of a row is lost between writers that lock it", async () => {
  const [id, second] = ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"];
  await database.sql("insert into category (id, name, description, active) values ($1, '0-0', '', true), ($2, '0-1', '', true)", [id, second]);
  const write = (): Promise<void> =>
    database.transaction(async (em) => {
      const rows = await em.find(Category, { id: { $in: [id, second] } }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: "asc" } });
      for (const [index, row] of rows.entries()) row.name = `${Number(row.name.split("-")[0]) + 1}-${index}`;
    });
  await Promise.all(Array.from({ length: 30 }, write));
  expect((await database.sql<{ name: string }>("select name from category where id in ($1, $2) order by id", [id, second])).map((row) => row.name)).toEqual([
    "30-0",
    "30-1",
  ]);
});
