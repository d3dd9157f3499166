import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { courseEnrollment } from "../src/sagas/course-enrollment.ts";
import { storedShape } from "../src/sagas/engine/shape.ts";
import { createTestDatabase } from "./support/database.ts";
import { startProgram as start, type Program } from "./support/process.ts";
import { waitFor } from "./support/wait.ts";

const dataDir = mkdtempSync(join(tmpdir(), "mentorplatform-program-"));
// The database's account has to get through when the tests run as root; else the database would move to /var/tmp.
chmodSync(dataDir, 0o711);
const settings = { DATA_DIR: dataDir, SEED: "tiny" };

async function ask(url: string, query: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });
  return await response.json();
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const running: Program[] = [];

async function startProgram(env: Record<string, string>): Promise<Program> {
  const program = await start(env);
  running.push(program);
  return program;
}

afterEach(() => Promise.all(running.splice(0).map((program) => program.kill())));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test("an empty directory becomes a running program with data, and SIGTERM ends it with 0", async () => {
  const program = await startProgram(settings);
  expect(program.ready).toMatchObject({ event: "ready", roles: ["api", "relay", "worker"], pid: program.pid });
  expect(await ask(program.ready.urls?.graphql ?? "", "{ __typename }")).toEqual({ data: { __typename: "Query" } });
  expect((await fetch(`${program.ready.urls?.mailbox ?? ""}.json`)).status).toBe(200);
  const client = await connect(program.ready.database);
  expect((await client.query("select count(*)::int as n from app_user")).rows).toEqual([{ n: 11 }]);
  await client.query("update app_user set bio = 'changed' where email = 'learner-0001@demo.example'");
  await client.end();
  expect(statSync(join(dataDir, "jwt-ed25519.pem")).mode & 0o777).toBe(0o600);
  expect(await program.stop()).toBe(0);
  expect(program.stderr()).toBe("");
});

test("a killed program leaves nothing that keeps the next one from starting, and its data is there", async () => {
  const first = await startProgram(settings);
  await first.kill();
  const second = await startProgram(settings);
  const client = await connect(second.ready.database);
  expect((await client.query("select bio from app_user where email = 'learner-0001@demo.example'")).rows).toEqual([{ bio: "changed" }]);
  await client.end();
  await second.stop();
});

test("the program goes on when its PostgreSQL is killed", async () => {
  const program = await startProgram(settings);
  const client = await connect(program.ready.database);
  const [server] = (await client.query<{ pid: number }>("select pid from pg_stat_activity where backend_type = 'checkpointer'")).rows;
  // Any server process killed hard makes PostgreSQL end all sessions and recover.
  process.kill(server?.pid ?? 0, "SIGKILL");
  const signIn = 'mutation { signIn(email: "learner-0001@demo.example", password: "demo-password-0001") { accessToken } }';
  const url = program.ready.urls?.graphql ?? "";
  await waitFor(async () => JSON.stringify(await ask(url, signIn)).includes('"accessToken":"ey'), {
    timeoutMs: 30_000,
    describe: async () => ["a sign-in to succeed", await ask(url, signIn)],
  });
  await client.end().catch(() => undefined);
  expect(await program.stop()).toBe(0);
});

test("a second program on the same directory refuses in three lines and leaves the first one alone", async () => {
  const first = await startProgram(settings);
  await expect(startProgram(settings)).rejects.toThrow(
    /ended with 1[^]*✖ DATA_DIR: expected a database that nobody uses[^\n]*\n  [^\n]*\n  [^\n]*EMBEDDED_POSTGRES_IN_USE\n$/,
  );
  expect(await ask(first.ready.urls?.graphql ?? "", "{ __typename }")).toEqual({ data: { __typename: "Query" } });
  await first.stop();
});

test("a taken port is named with who has it and the variable to change", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  try {
    await expect(startProgram({ ...settings, PORT: String(port) })).rejects.toThrow(
      new RegExp(
        `✖ PORT: expected port ${port} on 127\\.0\\.0\\.1 to be free, found it taken by ${process.platform === "linux" ? `process ${process.pid} \\(` : "another program"}[^]*PORT=${port + 1}; PORT=0 .* SERVER_PORT_TAKEN\n$`,
      ),
    );
  } finally {
    other.close();
  }
});

test("made-up people begin sagas where DEMO_TRAFFIC says so, also without a terminal", async () => {
  const program = await startProgram({ ...settings, DEMO_TRAFFIC: "5" });
  const client = await connect(program.ready.database);
  await waitFor(async () => (await client.query("select from saga where started_at > now() - interval '1 minute'")).rowCount !== 0, { timeoutMs: 20_000 });
  await client.end();
  expect(await program.stop()).toBe(0);
  expect(program.stderr()).toBe("");
});

test("a definition that has changed under its version is told in a line, and what to do about it", async () => {
  const database = await createTestDatabase();
  const { shape, shapeHash } = storedShape(courseEnrollment.definition);
  await database.sql("insert into saga_definition (name, version, shape_hash, shape) values ($1, $2, $3, $4)", [
    courseEnrollment.name,
    courseEnrollment.version,
    shapeHash,
    JSON.stringify({ ...shape, key: "courseId" }),
  ]);
  await expect(startProgram({ ...settings, SEED: "none", DATABASE_URL: database.url })).rejects.toThrow(
    /✖ Expected definitions that sagas under way can go on with, found:\n {2}- CourseEnrollment v\d+ has another shape [^\n]*\n {2}A process with them refuses to start\.\n {2}[^\n]*npm run saga:diff [^\n]*docs\/versions\.md [^\n]* DEFINITIONS_CHANGED\n$/,
  );
  await database.dispose();
});

test("every problem of the configuration is shown before anything is started", async () => {
  await expect(startProgram({ PORT: "many", SEED: "bench", MAIL_MODE: "smtp", DEMO_TRAFFIC: "100" })).rejects.toThrow(
    /✖ PORT:[^]*CONFIG_INVALID\n\n✖ SEED:[^]*CONFIG_INVALID\n\n✖ DEMO_TRAFFIC:[^]*CONFIG_INVALID\n\n✖ SMTP_URL:[^]*CONFIG_SMTP_URL_MISSING\n$/,
  );
});
