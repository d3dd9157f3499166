import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrationsList } from "../../migrations/index.ts";
import { withDatabase } from "../../src/database/address.ts";
import { startEmbeddedPostgres } from "../../src/database/embedded-postgres.ts";
import { migrate } from "../../src/database/migrate.ts";
import { createLog } from "../../src/kernel/log.ts";

let undo: () => Promise<void> = () => Promise.resolve();

/**
 * Once per run: the compiled program, a directory for what several files share, one PostgreSQL (an embedded one that gives up durability for speed, or the server of TEST_DATABASE_URL or
 * DATABASE_URL) and a migrated database on it, of which every test file gets a clone.
 */
export async function setUp(): Promise<void> {
  const log = createLog("warn");
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-test-"));
  // The server's account has to get through when the tests run as root.
  chmodSync(directory, 0o711);
  process.env["TEST_RUN_DIRECTORY"] = directory;
  process.env["NODE_COMPILE_CACHE"] = join(directory, "compiled");
  undo = () => Promise.resolve(rmSync(directory, { recursive: true, force: true }));
  const compiled = compile();
  const external = process.env["TEST_DATABASE_URL"] ?? process.env["DATABASE_URL"];
  const template = `test_template_${process.pid}`;
  let server = external;
  if (server === undefined) {
    const postgres = await startEmbeddedPostgres({ directory: join(directory, "postgres"), log, durable: false, maxConnections: 200 });
    server = postgres.url;
    undo = async () => {
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    };
  } else {
    undo = async () => {
      await runOn(withDatabase(server as string, "postgres"), `drop database if exists ${template} with (force)`);
      rmSync(directory, { recursive: true, force: true });
    };
  }
  try {
    await migrate({ url: withDatabase(server, template), migrations: migrationsList, log, createDatabase: true });
    // Without statistics the planner guesses alike in every clone, but wrong.
    await runOn(withDatabase(server, template), "vacuum analyze");
  } catch (error) {
    await undo();
    throw error;
  }
  await compiled;
  process.env["TEST_SERVER_URL"] = server;
  process.env["TEST_TEMPLATE"] = template;
}

export async function tearDown(): Promise<void> {
  await undo();
}

async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const SOURCES = ["src/**", "migrations/**", "console/**", "tsconfig.json", "package-lock.json"];
const STAMP = "dist/compiled-from";

/**
 * The program and its console, as `npm run build` does; nothing where no source has changed since. Tests that start the program start what
 * `npm start` would: three times faster than compiling it in every process.
 */
async function compile(): Promise<void> {
  const files = globSync(SOURCES).toSorted();
  const stamp = files.map((file) => `${file} ${statSync(file).mtimeMs}`).join("\n");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) return;
  rmSync(STAMP, { force: true });
  await Promise.all([
    run("node_modules/typescript/bin/tsc", "-p", "."),
    run("node_modules/vite/bin/vite.js", "build", "--config", "console/vite.config.ts", "--logLevel", "error"),
  ]);
  writeFileSync(STAMP, stamp);
}

async function run(...command: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, command, { stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The program does not compile (${command.join(" ")} has ended with ${code})`);
}
