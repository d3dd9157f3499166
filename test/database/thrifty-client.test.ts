import type { EntityManager } from "@mikro-orm/postgresql";
import { createOrm } from "../../src/database/orm.ts";
import { NOT_BEGUN, ThriftyClient } from "../../src/database/thrifty-client.ts";
import { createTransaction } from "../../src/database/transaction.ts";
import { createLog } from "../../src/kernel/log.ts";
import { afterCommit, query, queryAhead } from "../../src/outbox/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.dispose());

test("the server keeps a statement with parameters from its second time on, and no other", async () => {
  await database.transaction(async (em) => {
    await query(em, "select $1::int as mark", [1]);
    expect(await query(em, "select statement from pg_prepared_statements where statement like '%as mark%'")).toEqual([]);
    await query(em, "select $1::int as mark", [2]);
    await query(em, "select 3 as mark");
    await query(em, "select 3 as mark");
    expect(await query(em, "select statement from pg_prepared_statements where statement like '%as mark%'")).toEqual([{ statement: "select $1::int as mark" }]);
    expect(await query(em, "select $1::int as mark", [4])).toEqual([{ mark: 4 }]);
  });
});

test("a statement whose result has changed its shape is sent as it is from then on, and its transaction is tried again", async () => {
  await database.sql("create table shifting (a int)");
  await database.sql("insert into shifting values (1)");
  const read = (): Promise<unknown[]> => database.transaction((em) => query(em, "select * from shifting where a = $1", [1]));
  for (let times = 0; times < 3; times++) expect(await read()).toEqual([{ a: 1 }]);
  await database.sql("alter table shifting add column b int default 2");
  expect(await read()).toEqual([{ a: 1, b: 2 }]);
});

const start = "start transaction isolation level read committed";

test("a transaction that cannot begin says so with its first statement", async () => {
  const client = new ThriftyClient({ connectionString: database.url });
  client.on("error", () => undefined);
  await client.connect();
  expect(await client.query(start, [])).toMatchObject({ rows: [] });
  expect((await client.query("select $1::int as one", [1])).rows).toEqual([{ one: 1 }]);
  await client.query("rollback", []);
  const [backend] = (await client.query("select pg_backend_pid() as pid", [])).rows as { pid: number }[];
  await database.sql("select pg_terminate_backend($1)", [backend?.pid]);
  await client.query(start, []);
  await expect(client.query("select $1::int as one", [1])).rejects.toMatchObject({
    code: NOT_BEGUN,
    cause: { message: /terminat|closed|not queryable|EPIPE/ },
  });
});

test("a transaction whose connection from the pool is lost begins on another one", async () => {
  const lost: number[] = [];
  const orm = await createOrm({ url: database.url, entities: [], log: createLog("error"), poolSize: 1 });
  const transaction = createTransaction(orm, createLog("error"));
  for (let round = 0; round < 10; round++) {
    const [backend] = await transaction((em) => query<{ pid: number }>(em, "select pg_backend_pid() as pid"));
    lost.push(backend?.pid ?? 0);
    await database.sql("select pg_terminate_backend($1)", [backend?.pid]);
  }
  expect(new Set(lost).size).toBe(10);
  await orm.close();
});

test("a statement sent ahead fails the one that follows, or the commit, and nothing stays", async () => {
  await database.sql("create table mark (n int primary key)");
  await database.sql("insert into mark values (1)");
  const orm = await createOrm({ url: database.url, entities: [], log: createLog("error"), poolSize: 1 });
  const transaction = createTransaction(orm, createLog("error"));
  let committed = 0;
  const insert = (em: EntityManager, n: number): Promise<void> => queryAhead(em, "insert into mark values ($1)", [n]);
  for (let round = 0; round < 3; round++) {
    const failing = transaction(async (em) => {
      afterCommit(em, () => (committed += 1));
      await insert(em, 2);
      await insert(em, 1);
    });
    await expect(failing).rejects.toMatchObject({ code: "23505" });
    const failingLater = transaction(async (em) => {
      await insert(em, 1);
      await insert(em, 3);
      await query(em, "select $1::int", [1]);
    });
    await expect(failingLater).rejects.toMatchObject({ code: "23505" });
    const abandoned = transaction(async (em) => {
      await insert(em, 1);
      throw new Error("no");
    });
    await expect(abandoned).rejects.toThrow("no");
  }
  expect(committed).toBe(0);
  expect(await database.sql("select n from mark")).toEqual([{ n: 1 }]);
  await transaction((em) => insert(em, 4));
  expect(await database.sql("select n from mark order by n")).toEqual([{ n: 1 }, { n: 4 }]);
  await orm.close();
});

test("what is sent ahead is there for the statement that follows", async () => {
  await database.sql("create table step (n int)");
  const rows = await database.transaction(async (em) => {
    await queryAhead(em, "insert into step values ($1)", [1]);
    await queryAhead(em, "insert into step values ($1)", [2]);
    return query(em, "select n from step order by n");
  });
  expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  await expect(queryAhead(database.orm.em.fork(), "insert into step values ($1)", [3])).rejects.toThrow(/needs an open transaction/);
});
