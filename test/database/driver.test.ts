import { raw } from "@mikro-orm/postgresql";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql("create table thing (id int primary key, name text, at timestamptz, data jsonb, ok boolean)");
});
afterAll(() => database?.dispose());

test("values arrive as they are, whatever they look like", async () => {
  const at = new Date("2026-11-28T12:00:00.123Z");
  const name = "a 'quoted' \\ backslash, a ? and a \\?, $1 and ??";
  await database.transaction(async (em) => {
    await em.execute("insert into ?? (id, name, at, data, ok) values (?, ?, ?, ?, ?)", ["thing", 1, name, at, { list: [1, "?"] }, true]);
    await em.execute("insert into thing (id, name) values (?, ?)", [2, null]);
    const read = (text: string, values: unknown[]): Promise<unknown> => em.execute(text, values);
    expect(await read("select name, data, ok, at = ? as same from thing where id in (?) and id < ? order by id", [at, [1, 7], raw("? + 1", [1])])).toEqual([
      { name, data: { list: [1, "?"] }, ok: true, same: true },
    ]);
    expect(await read("select id from thing where name is not distinct from ?", [null])).toEqual([{ id: 2 }]);
    expect(await read("select id from thing where data \\? 'list' and id = ?", [1])).toEqual([{ id: 1 }]);
  });
});

test("statements of the object mapper are kept by the server", async () => {
  await database.transaction(async (em) => {
    for (let id = 10; id < 13; id++) await em.execute("insert into thing (id, name) values (?, ?)", [id, "x"]);
    expect(await em.execute("select statement from pg_prepared_statements where statement like 'insert into thing%'")).toEqual([
      { statement: "insert into thing (id, name) values ($1, $2)" },
    ]);
  });
});
