import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { perSaga, type Result } from "./drain.ts";
import { checkEffects } from "./population.ts";
import { progress } from "./progress.ts";
import { enrollInSql, stepsInSql } from "./steps.ts";
import type { Server } from "./server.ts";
import { difference, serverUsage } from "./usage.ts";

export type Yardstick = "step" | "saga";

const clients = 20;

const steps = stepsInSql(":place::int").map((statement) => `${statement.replaceAll(/\s+/g, " ")};`);

/** Each client takes every twentieth enrollment, so that those of one moment are spread over the courses. */
const choose = [`\\set place :next * ${clients} + :client_id`, "\\set next :next + 1"];

const scripts: Record<Yardstick, string> = {
  step: [...choose, ...steps].join("\n"),
  saga: [...choose, "begin;", ...steps, "end;"].join("\n"),
};

/** `count` enrollments, committed before, are carried through their steps by pgbench. */
export async function yardstick(server: Server, pgbench: string, kind: Yardstick, count: number, label: string): Promise<Result> {
  const database = await server.fresh("pgbench");
  await database.sql(enrollInSql("select generate_series(0, $1::int - 1)"), [count]);
  await database.sql("checkpoint");
  const before = await serverUsage(database);
  progress(`${label}: ${count} enrollments by ${clients} clients`);
  const perSecond = await run(pgbench, database.url, scripts[kind], count / clients);
  const cost = difference(before, await serverUsage(database));
  await checkEffects(database, count, false);
  await database.drop();
  return { ...perSaga(count, (count / perSecond) * 1_000, 0, cost), perSecond };
}

async function run(pgbench: string, url: string, script: string, transactionsPerClient: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-pgbench-"));
  try {
    const file = join(directory, "script.sql");
    writeFileSync(file, `${script}\n`);
    // The password must not be seen in the list of processes.
    const address = new URL(url);
    const { password } = address;
    address.password = "";
    const args = ["-n", "-M", "prepared", "-c", String(clients), "-j", "1", "-t", String(transactionsPerClient), "-D", "next=0", "-f", file, address.href];
    const env = { ...process.env, ...(password === "" ? {} : { PGPASSWORD: decodeURIComponent(password) }) };
    const { stdout, stderr } = await promisify(execFile)(pgbench, args, { env, timeout: 300_000 });
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
    if (!(perSecond > 0)) throw new Error(`pgbench did not tell a rate:\n${stdout}${stderr}`);
    return perSecond;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @throws {Error} it is nowhere, with how to get it */
export function findPgbench(): { path: string; version: string } {
  const installed = "/usr/lib/postgresql";
  const versions = readdirOrNothing(installed).sort((a, b) => Number(b) - Number(a));
  for (const path of ["pgbench", ...versions.map((version) => join(installed, version, "bin", "pgbench"))]) {
    const said = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (said.status === 0) return { path, version: said.stdout.trim() };
  }
  throw new Error(
    "Expected pgbench in PATH or /usr/lib/postgresql/*/bin, found none. It comes with PostgreSQL: apt-get install postgresql (Debian, Ubuntu), brew install postgresql (macOS).",
  );
}

function readdirOrNothing(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
