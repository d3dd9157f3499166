import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { withDatabase } from "../../src/database/address.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/database/embedded-postgres.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { waitFor } from "../support/wait.ts";

const root = mkdtempSync(join(tmpdir(), "mentorplatform-pg-"));
chmodSync(root, 0o711);
const directory = join(root, "postgres");
const pidFile = join(directory, "data", "postmaster.pid");
const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ directory, log: silentLog, durable: false, settings: { shared_buffers: "16MB" } });

async function ask(server: { url: string }, text: string): Promise<unknown> {
  const client = new pg.Client(withDatabase(server.url, "postgres"));
  client.on("error", () => undefined);
  await client.connect();
  try {
    return Object.values((await client.query<Record<string, unknown>>({ text })).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A program that starts the database and then does nothing. */
async function startElsewhere(): Promise<{ program: ChildProcess; postgres: number }> {
  const source = `import { startEmbeddedPostgres } from "./src/database/embedded-postgres.ts";
import { silentLog } from "./src/kernel/log.ts";
const server = await startEmbeddedPostgres({ directory: process.argv[1], log: silentLog, durable: false, settings: { shared_buffers: "16MB" } });
console.log(server.pid);
setInterval(() => undefined, 1_000);`;
  const program = spawn(process.execPath, ["--import", "./swc-hooks.mjs", "--input-type=module", "-e", source, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(program.stdout, "data")) as [Buffer];
  return { program, postgres: Number(said.toString()) };
}

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("keeps its data from one start to the next", async () => {
  const first = await start();
  await ask(first, "create table kept as select 42 as answer");
  await first.stop();
  const second = await start();
  expect(await ask(second, "select answer from kept")).toBe(42);
  expect(await ask(second, "select current_setting('data_checksums')")).toBe("on");
  expect(await ask(second, "select current_setting('listen_addresses')")).toBe("");
  await second.stop();
});

test("a second start on a live directory refuses and leaves the first one alone", async () => {
  const first = await start();
  await expect(start()).rejects.toMatchObject({ name: "StartupError", problems: [{ code: "EMBEDDED_POSTGRES_IN_USE" }] });
  expect(await ask(first, "select 1")).toBe(1);
  await first.stop();
});

test("a pid file whose number belongs to another process now is no obstacle", async () => {
  await (await start()).stop();
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  writeFileSync(pidFile, `${stranger.pid}\n${join(directory, "data")}\n0\n5432\n${join(directory, "socket")}\n\n`);
  const server = await start();
  expect(await ask(server, "select 1")).toBe(1);
  await server.stop();
  stranger.kill();
});

test("the server stops when its program is killed, and the next start waits for that", async () => {
  const { program, postgres } = await startElsewhere();
  program.kill("SIGKILL");
  const server = await start();
  expect(isAlive(postgres)).toBe(false);
  expect(await ask(server, "select answer from kept")).toBe(42);
  await server.stop();
});

test("Ctrl-C at the program's process group does not reach the server", async () => {
  const { program, postgres } = await startElsewhere();
  const groupOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[2] ?? "";
  if (process.platform === "linux") expect(groupOf(postgres)).not.toBe(groupOf(program.pid ?? 0));
  program.kill("SIGKILL");
  await waitFor(() => !isAlive(postgres), { describe: "the server to stop" });
});

test("starts again by itself when the server is killed", async () => {
  const server = await start();
  const before = server.pid;
  process.kill(before, "SIGKILL");
  await waitFor(async () => (await ask(server, "select 1")) === 1 && server.pid !== before, { describe: "a new server" });
  expect(await ask(server, "select answer from kept")).toBe(42);
  await server.stop();
});

test("a directory too deep for a socket gets its socket elsewhere", async () => {
  const deep = join(root, "d".repeat(60), "e".repeat(60));
  mkdirSync(deep, { recursive: true, mode: 0o711 });
  const server = await startEmbeddedPostgres({ directory: join(deep, "postgres"), log: silentLog, durable: false, settings: { shared_buffers: "16MB" } });
  const socket = new URL(server.url).searchParams.get("host") ?? "";
  expect(socket).toMatch(/^\/tmp\/mentorplatform-[0-9a-f]{12}$/);
  expect(await ask(server, "select 1")).toBe(1);
  await server.stop();
  rmSync(socket, { recursive: true });
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot("root's database moves to /var/tmp when nobody cannot reach the directory", async () => {
  const closed = join(root, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const server = await startEmbeddedPostgres({ directory: join(closed, "postgres"), log: silentLog, durable: false, settings: { shared_buffers: "16MB" } });
  expect(server.directory).toMatch(/^\/var\/tmp\/mentorplatform-[0-9a-f]{12}\/postgres$/);
  expect(await ask(server, "select 1")).toBe(1);
  await server.stop();
  rmSync(join(server.directory, ".."), { recursive: true });
});
