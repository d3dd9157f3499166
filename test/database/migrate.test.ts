import { migrationsList } from "../../migrations/index.ts";
import { withDatabase } from "../../src/database/address.ts";
import { migrate } from "../../src/database/migrate.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { cloneTemplate, createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.dispose());

test("three starts at once on an empty server apply every migration once", async () => {
  const { url: somewhere, drop } = await cloneTemplate();
  await drop();
  const results = await Promise.all([1, 2, 3].map(() => migrate({ url: somewhere, migrations: migrationsList, log: silentLog, createDatabase: true })));
  expect(results.flatMap((result) => result.applied).toSorted()).toEqual(migrationsList.map((migration) => migration.name).toSorted());
  await drop();
});

test("a schema newer than the program is refused", async () => {
  const failing = migrate({ url: database.url, migrations: migrationsList.slice(0, -1), log: silentLog });
  await expect(failing).rejects.toMatchObject({
    problems: [{ code: "SCHEMA_NEWER_THAN_PROGRAM", found: expect.stringContaining(migrationsList.at(-1)?.name ?? "") as string }],
  });
});

test("a newer queue schema is refused", async () => {
  await database.sql("update pgboss.version set version = version + 1");
  await expect(migrate({ url: database.url, migrations: migrationsList, log: silentLog })).rejects.toThrow(/pg-boss schema \d+ \(known: \d+\)/);
  await database.sql("update pgboss.version set version = version - 1");
});

test("a server that cannot be reached is named without its password", async () => {
  const failing = migrate({ url: "postgresql://mentor:hunter2@127.0.0.1:1/mentor", migrations: migrationsList, log: silentLog });
  await expect(failing).rejects.toThrow(/expected a PostgreSQL server at 127\.0\.0\.1:1\/mentor/);
  await expect(failing).rejects.not.toThrow(/hunter2/);
});

test("a database that does not exist is named", async () => {
  await expect(migrate({ url: withDatabase(database.url, "nowhere"), migrations: migrationsList, log: silentLog })).rejects.toThrow(/"nowhere" does not exist/);
});
