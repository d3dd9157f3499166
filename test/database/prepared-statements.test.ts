import { query } from "../../src/outbox/index.ts";
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
