import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process of this machine. */
export interface PortOwner {
  readonly pid: number;
  /** Its program, without a path. */
  readonly name: string;
}

/** Which process listens on a TCP port, as Linux tells it in /proc; null where that cannot be known, as of another account's processes. */
export function findPortOwner(port: number): PortOwner | null {
  try {
    const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port)));
    if (sockets.size === 0) return null;
    const pid = readdirSync("/proc").find((entry) => /^\d+$/.test(entry) && holds(entry, sockets));
    return pid === undefined ? null : { pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, "utf8").trim() };
  } catch {
    return null;
  }
}

/** As /proc/<pid>/fd names them. */
function listeners(table: string, port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(table, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  // Columns: number, local address, remote address, state (0A: listening), …, inode.
  return rows.filter(([, local, , state]) => local?.endsWith(end) === true && state === "0A").map((row) => `socket:[${row[9]}]`);
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`)));
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
    return false;
  }
}
