import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

let running: ChildProcess | null = null;

/** The process of the Redis that this has started, or null. */
export const redisPid = (): number | null => running?.pid ?? null;

/**
 * A Redis of its own behind a socket, which writes to the disk before it answers, as the database does. Contenders find it by BENCH_REDIS.
 *
 * @returns its version, and how to end it
 * @throws {Error} it is not installed, with how to get it
 */
export async function startRedis(): Promise<{ version: string; stop(): Promise<void> }> {
  const said = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  if (said.status !== 0)
    throw new Error("Expected redis-server in PATH, found none: apt-get install redis-server (Debian, Ubuntu), or leave out bullmq by --contenders.");
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-bench-redis-"));
  const socket = join(directory, "socket");
  const child = spawn(
    "redis-server",
    ["--port", "0", "--unixsocket", socket, "--dir", directory, "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
    { stdio: "ignore" },
  );
  const exited = once(child, "exit");
  for (let tries = 0; !existsSync(socket); tries++) {
    if (child.exitCode !== null || tries > 100) throw new Error("Redis did not start");
    await delay(50);
  }
  running = child;
  process.env["BENCH_REDIS"] = socket;
  return {
    version: /v=([\d.]+)/.exec(said.stdout)?.[1] ?? "?",
    async stop() {
      running = null;
      child.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
