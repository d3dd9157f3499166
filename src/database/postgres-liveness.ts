import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";

/** What a server at the address says: ready, still starting or already stopping, or there is none. */
export async function ask(url: string): Promise<"ready" | "starting" | "stopping" | "nobody"> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return "ready";
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "57P03") return code === "53300" ? "ready" : "nobody";
    return message.includes("shutting down") ? "stopping" : "starting";
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The process id in the cluster's pid file; null without one. */
export function pidOf(cluster: string): number | null {
  try {
    const pid = Number(readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n", 1)[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Process ids come round again, so being alive is not enough. */
export function isServerOn(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false;
  const command = commandOf(pid);
  // When nothing can be learnt, the careful answer is yes.
  return command === null || (command.includes("postgres") && command.includes(cluster));
}

/** The command line of a process; null where the system does not tell. */
function commandOf(pid: number): string | null {
  if (process.platform !== "linux") {
    const shown = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return shown.error === undefined ? shown.stdout : null;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "" : null;
  }
}

/**
 * PostgreSQL itself clears a pid file whose process is gone, but not one whose number now belongs to another process of the same
 * account, as happens when a container starts again. Only one start at a time may do so, else the second could remove the file
 * that the first one's server has just written; an abstract socket is a lock that cannot be left behind. It exists on Linux only.
 */
export async function removeStalePidFile(cluster: string, pid: number): Promise<void> {
  if (process.platform !== "linux" || !isAlive(pid)) return;
  const guard = createServer();
  try {
    guard.listen(`\0mentorplatform-${createHash("sha256").update(cluster).digest("hex")}`);
    await once(guard, "listening");
    if (pidOf(cluster) === pid && !isServerOn(pid, cluster)) rmSync(join(cluster, "postmaster.pid"), { force: true });
  } catch {
    // Another start is at it.
  } finally {
    guard.close();
  }
}
