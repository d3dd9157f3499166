import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createIdentity, loadSigningKey } from "../src/gateways/identity.ts";
import { startProgram, type Program } from "../test/support/process.ts";
import { progress } from "./progress.ts";
import type { Database } from "./server.ts";

/** The whole program, in one or several processes on one database. */
export interface Running {
  /** Their GraphQL endpoints. */
  readonly urls: readonly string[];
  readonly pids: readonly number[];
  readonly dataDirectory: string;
  /** Of the largest of those that live, in MB. */
  memoryMb(): number;
  /** The most that one has had. */
  peakMemoryMb(): number;
  kill(index: number): Promise<void>;
  stop(): Promise<void>;
}

const allRunning = new Set<Running>();

/** Ends every program that is still there. */
export async function stopPrograms(): Promise<void> {
  await Promise.all([...allRunning].map((running) => running.stop()));
}

export async function startPrograms(database: Database, count: number, env: Record<string, string> = {}): Promise<Running> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "mentorplatform-bench-data-"));
  const live: Program[] = [];
  const stop = async (): Promise<void> => {
    allRunning.delete(running);
    await Promise.all(live.splice(0).map((program) => program.stop()));
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  const urls: string[] = [];
  const memory = (field: "VmRSS" | "VmHWM"): number => Math.max(...live.map(({ pid }) => memoryOf(pid, field)));
  const running: Running = {
    urls,
    get pids() {
      return live.map(({ pid }) => pid);
    },
    dataDirectory,
    memoryMb: () => memory("VmRSS"),
    peakMemoryMb: () => memory("VmHWM"),
    async kill(index) {
      const [program] = live.splice(index, 1);
      await program?.kill();
    },
    stop,
  };
  allRunning.add(running);
  const settings = { DATABASE_URL: database.url, DATA_DIR: dataDirectory, LOG_LEVEL: "warn", ACCESS_TOKEN_TTL_SECONDS: "3600", ...env };
  try {
    progress("Compiling the program");
    await promisify(execFile)("tsc", ["-p", "."]);
    for (let index = 0; index < count; index++) {
      const program = await startProgram(settings);
      live.push(program);
      void program.ended.then(() => {
        if (!live.includes(program)) return;
        process.stderr.write(`\nThe program has ended in the middle of the load:\n${program.stderr().slice(-2_000)}\n`);
        process.kill(process.pid, "SIGTERM");
      });
      urls.push(program.ready.urls?.graphql ?? "");
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return running;
}

/** As Linux counts it. */
function memoryOf(pid: number, field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${field}:`));
  return Number(line?.replaceAll(/\D/g, "") ?? Number.NaN) / 1_024;
}

/** Access tokens of learners, signed with the key of the programs. */
export async function tokensFor({ dataDirectory }: Running, userIds: readonly string[]): Promise<string[]> {
  const identity = await createIdentity({ privateKey: loadSigningKey(null, dataDirectory), ttlSeconds: 3_600 });
  return Promise.all(userIds.map(async (id) => (await identity.issue({ id, roles: ["LEARNER"], tokenGeneration: 1 })).accessToken));
}
