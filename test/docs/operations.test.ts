import { readFileSync } from "node:fs";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

// docs/operations.md against the database.

const text = ["operations", "writing-a-saga"].map((page) => readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8")).join("\n");
const queries = [...text.matchAll(/^ *```sql\n([^]*?)```/gm), ...text.matchAll(/\| `(select [^`]+)`/g)].map(([, query = ""]) => query.trim());

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.dispose());

test.each(queries)("runs: %s", async (query) => {
  await expect(database.sql(query)).resolves.toBeDefined();
});

test("lists the views with their columns, in order", async () => {
  const listed = Object.fromEntries([...text.matchAll(/^\| `ops\.(\w+)` \| (.+) \|$/gm)].map(([, view = "", columns = ""]) => [view, columns.split(", ")]));
  const rows = await database.sql<{ view: string; columns: string[] }>(
    "select table_name as view, array_agg(column_name::text order by ordinal_position) as columns from information_schema.columns where table_schema = 'ops' and table_name not like 'violation\\_%' group by 1",
  );
  expect(listed).toEqual(Object.fromEntries(rows.map(({ view, columns }) => [view, columns])));
});
