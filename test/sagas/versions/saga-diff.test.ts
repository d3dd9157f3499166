import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnySaga } from "../../../src/sagas/engine/index.ts";
import { sagas } from "../../../src/sagas/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";

// `npm run saga:diff` as a pipeline meets it; what it says of a release is in two-processes.test.ts.

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL("../../..", import.meta.url);
let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.dispose());

const run = (url: string | undefined, ...options: readonly string[]): Promise<Told> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ["dist/src/saga-diff.js", ...options],
      { cwd: root, env: { PATH: process.env["PATH"] ?? "", ...(url === undefined ? {} : { DATABASE_URL: url }) } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

async function runWith(definitions: string): Promise<Told> {
  const directory = mkdtempSync(join(tmpdir(), "definitions-"));
  const module = join(directory, "definitions.mjs");
  writeFileSync(module, definitions);
  try {
    return await run(database.url, "--definitions", module);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("the program's own sagas on a database that has seen none are new there", async () => {
  const { code, stdout } = await run(database.url, "--json");
  const told = JSON.parse(stdout) as { deployable: boolean; sagas: { saga: string; findings: { class: string; what: string }[] }[] };
  expect({ code, ...told }).toMatchObject({ code: 0, deployable: true });
  expect(told.sagas.map(({ saga }) => saga)).toEqual(["CourseEnrollment", "MentoringSession", "ApplicationRequest"]);
  expect(told.sagas.flatMap(({ findings }) => findings.map(({ class: of, what }) => `${of} ${what}`))).toEqual(
    Array.from({ length: 3 }, () => "safe is new here"),
  );
});

test("the program as it is compiled for the start, and as it is loaded for development, have the same code", async () => {
  const compiled = (await import(new URL("dist/src/sagas/index.js", root).href)) as { readonly sagas: readonly AnySaga[] };
  const codeOf = ({ definition }: AnySaga) => [definition.name, definition.codeHash];
  expect(compiled.sagas.map(codeOf)).toEqual(sagas.map(codeOf));
});

test("a saga that lives and is gone from the program fails the pipeline", async () => {
  await database.sql("insert into saga_definition (name, version, shape_hash, shape) values ('Lottery', 2, 'x', '{\"nodes\": []}')");
  await database.sql(
    `insert into saga (id, type, definition_version, subject_id, run_number, state, status, sequence, attempt, max_attempts, participants, data, runs, started_at, updated_at)
     values (gen_random_uuid(), 'Lottery', 2, gen_random_uuid(), 1, 'Drawing', 'STUCK', 1, 1, 1, '{}', '{}', '[]', now(), now())`,
  );
  const { code, stdout } = await run(database.url);
  await database.sql("delete from saga where type = 'Lottery'");
  expect({ code, stdout }).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/forbidden {2}v2 +v2 is not loaded, and sagas live on it\n +1 saga \(Drawing 1\)\. Load v2 too/),
  });
});

test.each<[string, string, string]>([
  [
    "sagas",
    "export const sagas = [null];",
    "sagas[0]: expected what saga(…) … .build() makes, found null; modules that import each other in a circle may be why.",
  ],
  ["migrations", "export const sagas = [], migrations = [{ name: 'Lottery' }];", `migrations[0]: expected what migration(…) makes, found {"name":"Lottery"}.`],
])("a list of %s with something else in it fails the pipeline, and says where", async (_list, source, problem) => {
  const { code, stderr } = await runWith(source);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`  - ${problem}\n`) });
});

test("definitions that make no sense fail the pipeline, each problem in a line of its own", async () => {
  const compiled = new URL("dist/src/sagas/index.js", root).href;
  const { code, stderr } = await runWith(`import { sagas as own } from "${compiled}";\nexport const sagas = [...own, own[0], own[1]];\n`);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^✖ Expected definitions that make sense, found:\n {2}- CourseEnrollment v\d+ is registered twice[^\n]*\n {2}- MentoringSession v\d+ is registered twice[^]* DEFINITIONS\n$/,
  );
});

test.each<[string, string | undefined, string[], string]>([
  ["there is no address", undefined, [], "CONFIG_DATABASE_URL"],
  ["the address is that of another kind of database", "mysql://root@127.0.0.1:3306/shop", [], "CONFIG_DATABASE_URL"],
  ["the address names no database", "postgres://nobody@127.0.0.1:5432", [], "CONFIG_DATABASE_URL"],
  ["nobody is at the address", "postgres://nobody@127.0.0.1:1/none", [], "DATABASE_UNREADABLE"],
  ["an option is unknown", undefined, ["--fast"], "USAGE"],
  ["the module is none", undefined, ["--definitions", "package.json"], "USAGE"],
])("it ends with 2 and three lines when %s", async (_what, url, options, code) => {
  const told = await run(url, ...options);
  expect(told).toMatchObject({ code: 2, stdout: "" });
  expect(told.stderr.trimEnd().split("\n")).toHaveLength(3);
  expect(told.stderr).toMatch(new RegExp(`^✖ [^]+  ${code}\\n$`));
});
