import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../kernel/backoff.ts";
import { monotonicMs } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { startupError } from "../kernel/startup-error.ts";
import { withDatabase } from "./address.ts";
import { ask, isAlive, isServerOn, pidOf, removeStalePidFile } from "./postgres-liveness.ts";
import { choosePlace, requireOwn, type ServerPlace } from "./postgres-binaries.ts";

export interface EmbeddedPostgresOptions {
  /** Where cluster, socket and log live; made if missing. */
  readonly directory: string;
  readonly log: Log;
  /** `false` gives up durability for speed: for tests only. Default true. */
  readonly durable?: boolean;
  /** Settings of the server, by name; they win over its own defaults and over what is set here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default 100. */
  readonly maxConnections?: number;
  /** Called when the server has died five times within ten minutes and is given up. */
  readonly onLost?: (error: Error) => void;
}

export interface EmbeddedPostgres {
  /** For pg, pg-boss, MikroORM and psql alike: superuser and database `mentor` over the unix socket. */
  readonly url: string;
  /** The process id of the server. */
  readonly pid: number;
  /** Where it really lives: another place than asked for when root's account for it could not get there. */
  readonly directory: string;
  /** Ends all sessions, writes a checkpoint and stops. Idempotent. */
  stop(): Promise<void>;
}

const role = "mentor";
const startRetries = 10;
const startRetryMs = 300;
/** Longest time a server that is just stopping is waited for. */
const stoppingPatienceMs = 60_000;

/**
 * Starts PostgreSQL as a child of this process, on a unix socket only.
 *
 * The server runs in a session of its own, so that Ctrl-C does not reach it before the program has drained, and hangs on a
 * pipe to this process, so that it stops when this process ends in whatever way. It is started again when it dies.
 *
 * @throws {StartupError} another program uses the directory, or the server does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = choosePlace(resolve(options.directory));
  const own = place.account?.uid ?? process.getuid?.() ?? -1;
  prepareDirectory(place.directory, place, own);
  const socketDirectory = prepareSocketDirectory(place, own);
  const cluster = join(place.directory, "data");
  await initialiseCluster(place, cluster, options.durable ?? true);
  requireReadable(cluster, own);

  const url = `postgresql:///mentor?host=${encodeURIComponent(socketDirectory)}&user=${role}`;
  const server = new Server(place, cluster, serverArguments(cluster, socketDirectory, options), withDatabase(url, "postgres"), options);
  await server.start();
  return {
    url,
    get pid() {
      return server.pid;
    },
    directory: place.directory,
    stop: () => server.stop(),
  };
}

function serverArguments(cluster: string, socketDirectory: string, options: EmbeddedPostgresOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: "",
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: "0700",
    max_connections: String(options.maxConnections ?? 100),
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_messages: "warning",
    log_line_prefix: "%m [%p] ",
    // Compiling the plans of our short statements costs more than it saves.
    jit: "off",
    ...((options.durable ?? true) ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...options.settings,
  };
  return ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

function prepareDirectory(directory: string, place: ServerPlace, own: number): void {
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (place.account !== undefined) chownSync(directory, place.account.uid, place.account.gid);
  }
  if (statSync(directory).uid === own) chmodSync(directory, 0o700);
}

/** A fixed name, so that a killed process leaves nothing behind. Socket paths end at 107 bytes, hence the short way out. */
function prepareSocketDirectory(place: ServerPlace, own: number): string {
  const inside = join(place.directory, "socket");
  const short = join("/tmp", `mentorplatform-${createHash("sha256").update(place.directory).digest("hex").slice(0, 12)}`);
  const directory = Buffer.byteLength(join(inside, ".s.PGSQL.5432")) <= 100 ? inside : short;
  prepareDirectory(directory, place, own);
  requireOwn(directory, own);
  return directory;
}

/** Made aside and renamed: a start that is killed meanwhile leaves no half cluster, and of two starts at once one wins. */
async function initialiseCluster(place: ServerPlace, cluster: string, durable: boolean): Promise<void> {
  for (const name of readdirSync(place.directory)) {
    const maker = /^data\.new-(\d+)$/.exec(name)?.[1];
    if (maker !== undefined && Number(maker) !== process.pid && !isAlive(Number(maker))) rmSync(join(place.directory, name), { recursive: true, force: true });
  }
  if (existsSync(cluster)) return;
  const fresh = `${cluster}.new-${process.pid}`;
  const child = spawn(
    join(place.native, "bin", "initdb"),
    ["-D", fresh, "-U", role, "--locale=C", "--encoding=UTF8", "--auth=trust", "--no-instructions", ...(durable ? [] : ["--no-sync"])],
    { ...place.account, cwd: "/", env: serverEnvironment, stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw startupError({
      found: `DATA_DIR: expected to make a database in ${place.directory}, found: ${lastLine(said) || `initdb ended with ${code}`}`,
      why: "initdb needs a writable directory, some 50 MB of disk, and an account that has an entry in the password file.",
      remedy: "Set DATA_DIR to another directory, or DATABASE_URL to a PostgreSQL 15 to 18.",
      code: "EMBEDDED_POSTGRES_INITDB",
    });
  }
  try {
    renameSync(fresh, cluster);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(cluster)) throw error;
  }
}

function requireReadable(cluster: string, own: number): void {
  const owner = statSync(cluster).uid;
  if (owner !== own) {
    throw startupError({
      found: `DATA_DIR: expected a database that belongs to uid ${own}, found one of uid ${owner} in ${cluster}`,
      why: "PostgreSQL opens a database only for the account that made it.",
      remedy: `Start as the account that made it, change the owner (chown -R), or set DATA_DIR to another directory.`,
      code: "EMBEDDED_POSTGRES_OWNER",
    });
  }
  const version = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim();
  if (version !== "18") {
    throw startupError({
      found: `DATA_DIR: expected a database of PostgreSQL 18, found one of PostgreSQL ${version} in ${cluster}`,
      why: "PostgreSQL does not open the files of another major version.",
      remedy: "Dump it with the old version and load it into a new one, or set DATA_DIR to an empty directory.",
      code: "EMBEDDED_POSTGRES_VERSION",
    });
  }
}

const serverEnvironment = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };

// `read` returns when the pipe from Node closes, by stop() or by Node's end. The server gets neither the pipe nor a terminal.
const lifeline =
  '"$0" "$@" 3<&- </dev/null >&2 & p=$!; echo "$p"; { read -r _ <&3; kill -INT "$p"; } >/dev/null 2>&1 & w=$!; wait "$p"; s=$?; kill "$w" 2>/dev/null; exit "$s"';

class Server {
  readonly #place: ServerPlace;
  readonly #cluster: string;
  readonly #arguments: string[];
  readonly #url: string;
  readonly #options: EmbeddedPostgresOptions;
  #child: ChildProcess | null = null;
  #pid = 0;
  #stopping: Promise<void> | null = null;
  #restarting: Promise<void> = Promise.resolve();
  #deaths: number[] = [];

  constructor(place: ServerPlace, cluster: string, args: string[], url: string, options: EmbeddedPostgresOptions) {
    this.#place = place;
    this.#cluster = cluster;
    this.#arguments = args;
    this.#url = url;
    this.#options = options;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Waits for a server that is just going, refuses when one stays, and never touches a live one. */
  async start(): Promise<void> {
    const since = monotonicMs();
    for (let attempt = 1; ;) {
      const holder = await this.#holder();
      if (holder === null && (await this.#launch())) return;
      if (holder?.stopping === true && monotonicMs() - since < stoppingPatienceMs) {
        await delay(50);
        continue;
      }
      if (attempt++ >= startRetries) throw holder === null ? this.#doesNotStart() : this.#inUse(holder.pid);
      await delay(startRetryMs);
    }
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#restarting.catch(() => undefined);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.stdin?.destroy();
    const timer = setTimeout(() => killQuietly(this.#pid, "SIGQUIT"), 30_000);
    await gone;
    clearTimeout(timer);
  }

  /** Who uses the cluster now. A pid file whose process is not a server on this cluster is left from a crash. */
  async #holder(): Promise<{ pid: number; stopping: boolean } | null> {
    const pid = pidOf(this.#cluster);
    if (pid === null) return null;
    const answer = await ask(this.#url);
    if (answer !== "nobody") return { pid, stopping: answer === "stopping" };
    if (isServerOn(pid, this.#cluster)) return { pid, stopping: false };
    await removeStalePidFile(this.#cluster, pid);
    return null;
  }

  async #launch(): Promise<boolean> {
    const log = this.#openLog();
    const child = spawn("/bin/sh", ["-c", `exec 3<&0; ${lifeline}`, join(this.#place.native, "bin", "postgres"), ...this.#arguments], {
      ...this.#place.account,
      cwd: "/",
      env: serverEnvironment,
      stdio: ["pipe", "pipe", log],
      detached: true,
    });
    closeSync(log);
    let ended = false;
    child.once("exit", () => (ended = true));
    // A pipe whose reader has died must not take the program down; the exit tells.
    child.stdin?.on("error", () => undefined);
    const [said] = (await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), once(child, "exit").then(() => [""])])) as [unknown];
    this.#pid = Number(String(said).trim());

    for (;;) {
      if (ended) return false;
      if (pidOf(this.#cluster) === this.#pid && (await ask(this.#url)) === "ready") break;
      await delay(10);
    }
    child.unref();
    (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    (child.stdout as unknown as { unref?: () => void } | null)?.unref?.();
    this.#child = child;
    if (ended) return false;
    child.once("exit", () => {
      if (this.#stopping === null) this.#restarting = this.#restart();
    });
    return true;
  }

  async #restart(): Promise<void> {
    const now = monotonicMs();
    this.#deaths = [...this.#deaths.filter((at) => now - at < 600_000), now];
    this.#options.log.error({ pid: this.#pid, deaths: this.#deaths.length }, `PostgreSQL has stopped by itself: ${this.#lastLogLine()}`);
    try {
      if (this.#deaths.length >= 5) throw new Error("PostgreSQL has stopped five times within ten minutes");
      await delay(backoffMs(this.#deaths.length, 100, 5_000));
      if (this.#stopping === null) await this.start();
      this.#options.log.warn({ pid: this.#pid }, "PostgreSQL runs again");
    } catch (error) {
      this.#options.onLost?.(error as Error);
    }
  }

  #openLog(): number {
    const path = join(this.#place.directory, "postgres.log");
    if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > 10_000_000) renameSync(path, `${path}.1`);
    return openSync(path, "a", 0o600);
  }

  #lastLogLine(): string {
    try {
      return lastLine(readFileSync(join(this.#place.directory, "postgres.log"), "utf8").slice(-4_000), /FATAL|PANIC|ERROR/);
    } catch {
      return "its log cannot be read";
    }
  }

  #doesNotStart(): Error {
    return startupError({
      found: `DATA_DIR: expected PostgreSQL to start in ${this.#place.directory}, found: ${this.#lastLogLine() || "nothing in its log"}`,
      why: "Without its database the program cannot do anything.",
      remedy: `Read ${join(this.#place.directory, "postgres.log")}, or set DATA_DIR to another directory.`,
      code: "EMBEDDED_POSTGRES_START",
    });
  }

  #inUse(pid: number): Error {
    return startupError({
      found: `DATA_DIR: expected a database that nobody uses, found PostgreSQL with process id ${pid} running in ${this.#place.directory}`,
      why: "Another start of this program uses the same directory, and two servers on one database would destroy it.",
      remedy: "Stop the other one, or set DATA_DIR to another directory (and PORT to another port).",
      code: "EMBEDDED_POSTGRES_IN_USE",
    });
  }
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}

function lastLine(text: string, matching = /\S/): string {
  return (
    text
      .trim()
      .split("\n")
      .findLast((line) => matching.test(line))
      ?.trim() ?? ""
  );
}
