import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The line of JSON that the program writes when it can be used without a terminal. */
export interface ReadyLine {
  readonly event: "ready";
  readonly pid: number;
  readonly roles: readonly string[];
  readonly urls: {
    readonly product: string;
    readonly console: string;
    readonly graphql: string;
    readonly playground: string;
    readonly mailbox: string | null;
  } | null;
  readonly database: string;
  readonly ms: number;
}

export interface Program {
  readonly pid: number;
  readonly ready: ReadyLine;
  /** What it has written to standard error so far. */
  readonly stderr: () => string;
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGKILL, as a power failure; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code when it is gone. */
  stop(): Promise<number | null>;
}

/** What reaches a program of this process' environment. Node keeps what it has compiled for those that start later in the same run. */
export const ownEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  ["PATH", "NODE_COMPILE_CACHE"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
);

/** Tests ask for more than one caller does. */
const generousRates = Object.fromEntries(
  [
    "MAX_USER_COST_PER_MINUTE",
    "MAX_USER_COST_AT_ONCE",
    "MAX_ANONYMOUS_COST_PER_MINUTE",
    "MAX_SIGN_INS_PER_ACCOUNT",
    "MAX_SIGN_INS_PER_ADDRESS",
    "MAX_STARTS_PER_USER",
    "MAX_SOCKETS_PER_USER",
  ].map((name) => [name, "1000000"]),
);

/**
 * Starts the compiled program in a process of its own and waits until it can be used. `env` are settings; of this process'
 * environment nothing reaches it but `ownEnvironment`.
 *
 * @throws when the program ends before it is ready, with what it wrote to standard error
 */
export async function startProgram(env: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, ["dist/src/main.js"], {
    cwd: new URL("../..", import.meta.url),
    env: { ...ownEnvironment, NODE_ENV: "test", PORT: "0", SMTP_PORT: "0", SEED: "none", ...generousRates, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written += text));
  const ended = once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  const line = await Promise.race([once(createInterface(child.stdout), "line").then(([text]) => text as string), ended]);
  if (typeof line !== "string") throw new Error(`The program has ended with ${line.code ?? line.signal} before it was ready:\n${written}`);
  return {
    pid: child.pid ?? 0,
    ready: JSON.parse(line) as ReadyLine,
    stderr: () => written,
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      return (await ended).code;
    },
  };
}
