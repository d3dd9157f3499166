import { readdirSync, readFileSync } from "node:fs";
import { redisPid } from "./redis.ts";
import type { Database } from "./server.ts";

/** What the server has used up to a moment; the difference of two is what happened between them cost. */
export interface ServerUsage {
  /** CPU of all its processes, those that have ended among them, and of Redis where that runs; NaN where /proc does not tell. */
  readonly cpuMs: number;
  /** Committed in this database. A connection reports its own with a delay of up to ten seconds, or when it is closed. */
  readonly transactions: number;
  readonly walBytes: number;
}

export async function serverUsage(database: Database): Promise<ServerUsage> {
  const [row] = await database.sql<{ transactions: string; wal: string; pid: number }>(
    `select pg_stat_get_db_xact_commit(oid) as transactions, pg_current_wal_lsn() - '0/0'::pg_lsn as wal, pg_backend_pid() as pid
     from pg_database where datname = current_database()`,
  );
  if (row === undefined) throw new Error("The server did not tell what it has used");
  return { cpuMs: postgresCpuMs(row.pid) + redisCpuMs(), transactions: Number(row.transactions), walBytes: Number(row.wal) };
}

export const difference = (before: ServerUsage, after: ServerUsage): ServerUsage => ({
  cpuMs: after.cpuMs - before.cpuMs,
  transactions: after.transactions - before.transactions,
  walBytes: after.walBytes - before.walBytes,
});

/** Linux counts in ticks of 10 ms, whatever its clock is. */
const tickMs = 10;

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly own: number;
  readonly ofEndedChildren: number;
}

/** The postmaster is the parent of the backend that serves us; it has waited for all that ended. */
function postgresCpuMs(backendPid: number): number {
  const postmaster = timesOf(timesOf(backendPid)?.parent ?? 0);
  if (postmaster === null) return Number.NaN;
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (timesOf(Number(name)) ?? []) : []));
  const live = all.filter((one) => one.parent === postmaster.pid).reduce((sum, one) => sum + one.own, 0);
  return (postmaster.own + postmaster.ofEndedChildren + live) * tickMs;
}

/** User and system time of a process so far; NaN where /proc does not tell. */
export const processCpuMs = (pid: number): number => (timesOf(pid)?.own ?? Number.NaN) * tickMs;

function redisCpuMs(): number {
  const pid = redisPid();
  return pid === null ? 0 : processCpuMs(pid);
}

function timesOf(pid: number): ProcessTimes | null {
  try {
    // The second field is the program's name in parentheses and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ").map(Number) ?? [];
    const [, parent = 0] = fields;
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    return { pid, parent, own: utime + stime, ofEndedChildren: cutime + cstime };
  } catch {
    return null;
  }
}
