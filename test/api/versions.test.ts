import { migration, SagaOperations, SagaRegistry, type AnySaga } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { courseEnrollment } from "../../src/sagas/course-enrollment.ts";
import { LocalHints } from "../support/engine.ts";
import { CommandLine } from "../ops/support.ts";
import { ApiTest, type Person } from "./support.ts";

// Versions of definitions as operators meet them over the API.

const renewed = { ...courseEnrollment, version: 2, definition: { ...courseEnrollment.definition, version: 2 } } as typeof courseEnrollment;
const all: readonly AnySaga[] = [...sagas, renewed];
const how = migration(courseEnrollment, renewed, { states: {}, data: (data) => data });

let api: ApiTest;
let [operator, learner]: Person[] = [];
let course = "";
let enrolled: string[] = [];
beforeAll(async () => {
  api = await ApiTest.open({ operations: new SagaOperations({ registry: new SagaRegistry(all, [how]), hints: new LocalHints() }) });
  operator = await api.person("OPERATOR");
  learner = await api.person();
  course = await api.course(await api.person("MENTOR"));
  enrolled = await enroll(3);
});
afterAll(() => api.close({ damaged: "a saga is put into a state of another release" }));

async function enroll(count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await api.enroll(await api.person(), course)).sagaId);
  return ids;
}

interface Migrated {
  readonly migrated: number | null;
  readonly refused: readonly { readonly reason: string; readonly count: number; readonly example: string }[];
  readonly next: string | null;
  readonly userErrors: readonly { readonly code: string; readonly field: readonly string[] | null }[];
}

async function migrate(args: string, who = operator): Promise<Migrated> {
  const { data } = await api.run<{ act: Migrated }>(
    `mutation { act: migrateSagas(type: COURSE_ENROLLMENT, fromVersion: 1, ${args}) { migrated refused { reason count example } next userErrors { code field } } }`,
    {},
    who,
  );
  return data.act;
}

const versions = () => api.engine.sql("select definition_version as version, count(*)::int as count from saga group by 1 order by 1");

test("sagas of a version are moved in batches; a dry run changes nothing, and who has ended or been moved is not met again", async () => {
  const [first, second, third] = enrolled;
  const batch = `toVersion: 2, limit: 2, note: "v2 is here"`;
  expect(await migrate(`${batch}, dryRun: true`)).toEqual({ migrated: 2, refused: [], next: second, userErrors: [] });
  expect(await migrate(`${batch}, dryRun: true, filter: { ids: ["${first}"] }`)).toMatchObject({ migrated: 1, next: null });
  expect(await versions()).toEqual([{ version: 1, count: 3 }]);
  expect(await migrate(batch)).toMatchObject({ migrated: 2, next: second });
  expect(await migrate(`${batch}, after: "${second}"`)).toMatchObject({ migrated: 1, next: null });
  expect(await migrate(batch)).toMatchObject({ migrated: 0, next: null });
  expect(await versions()).toEqual([{ version: 2, count: 3 }]);
  const told = await api.engine.sql("select data, actor_id from saga_event where saga_id = $1 and kind = 'OPERATOR_ACTION'", [third]);
  expect(told).toEqual([{ data: { action: "migrate", note: "v2 is here", from: 1, to: 2 }, actor_id: operator?.id }]);
});

test("what cannot be moved as it is said is refused, with the argument", async () => {
  const errors = async (args: string) => (await migrate(args)).userErrors.map(({ code, field }) => `${code} ${field?.join(".")}`);
  expect(await errors('toVersion: 99, note: "n"')).toEqual(["INVALID toVersion"]);
  expect(await errors('toVersion: 2, note: " "')).toEqual(["REQUIRED note"]);
  expect(await errors('toVersion: 2, note: "n", limit: 0')).toEqual(["INVALID limit"]);
  expect(await errors('toVersion: 2, note: "n", after: "x"')).toEqual(["INVALID after"]);
  expect(await migrate('toVersion: 2, note: "n"', learner)).toBeNull();
});

test("a saga of a version that this process has not loaded, in a state that it does not know, is shown and explained", async () => {
  const [id] = enrolled;
  await api.engine.sql("update saga set definition_version = 3, state = 'AwaitingDeposit' where id = $1", [id]);
  const { data, errors } = await api.run<{ saga: unknown }>(
    "query ($id: ID!) { saga(id: $id) { type state definitionVersion explanation { cause summary } } }",
    { id },
    operator,
  );
  expect(errors).toBeUndefined();
  expect(data.saga).toMatchObject({
    type: "COURSE_ENROLLMENT",
    state: "AwaitingDeposit",
    definitionVersion: 3,
    explanation: { cause: "VERSION_NOT_LOADED", summary: expect.stringContaining("has loaded CourseEnrollment v3 (no worker is alive)") },
  });
});

test("the command line says what would move, asks, and moves batch after batch", async () => {
  const ids = await enroll(2);
  const ops = new CommandLine(api.server.url, { OPS_TOKEN: operator?.token ?? "" });
  const run = (...options: string[]) => ops.run("migrate", "CourseEnrollment", "--from", "1", "--note", "v2 is here", ...options);
  try {
    expect(await run("--to", "2", "--dry-run")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^2 would move from v1 to v2, 0 would stay\.\n/) });
    expect(await run("--to", "2")).toMatchObject({ code: 2, stderr: expect.stringContaining("Say --yes") });
    expect(await run("--to", "1")).toMatchObject({ code: 2, stderr: expect.stringContaining("Expected two versions, found 1 twice.") });
    expect(await run("--to", "9", "--yes")).toMatchObject({ code: 1, stderr: expect.stringContaining("declare a migration.  INVALID") });
    expect(await run("--to", "2", "--id", ids[0] ?? "", "--yes")).toMatchObject({ code: 0, stdout: expect.stringContaining("✔ 1 moved, 0 stay.") });
    expect(JSON.parse((await run("--to", "2", "--yes", "--json")).stdout)).toEqual({ migrated: 1, refused: [] });
    expect(await api.engine.sql("select definition_version as version from saga where id = any($1::uuid[])", [ids])).toEqual([{ version: 2 }, { version: 2 }]);
  } finally {
    ops.close();
  }
});
