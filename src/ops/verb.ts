import { type Command, InvalidArgumentError } from "commander";
import { createInterface } from "node:readline/promises";
import { setTimeout as delay } from "node:timers/promises";
import { readEnvironment } from "../config.ts";
import { exitCode } from "./exit-code.ts";
import { Output } from "./output.ts";
import { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";

/** Options that every verb has. */
interface Common {
  readonly url: string;
  readonly email?: string;
  readonly token?: string;
  readonly json?: true;
  readonly csv?: true;
}

/** What a verb works with. */
export interface Ops {
  readonly session: Session;
  readonly output: Output;
}

/** Each takes its own options and arguments, as it has declared them. */
type Work = (ops: Ops, options: never, ...given: never[]) => Promise<number>;

/** Makes what commander calls for a verb: `work` gets the tools, the options and the arguments, and answers with the exit code. */
export function verb(work: Work): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const options = command.optsWithGlobals<Common>();
    const environment = readEnvironment();
    const password = environment["OPS_PASSWORD"];
    const format = formatOf(options);
    const ops: Ops = {
      session: new Session({ ...options, environment, isForPeople: format !== "json", ...(password === undefined ? {} : { password }) }),
      output: new Output(format, process.stdout, process.stderr),
    };
    process.exitCode = await work(ops, options as never, ...(args.slice(0, -2) as never[]));
  };
}

function formatOf({ json, csv }: Common): Output["format"] {
  if (json === true && csv === true) throw new UsageError("Expected --json or --csv, found both.");
  return json === true ? "json" : csv === true ? "csv" : "table";
}

/**
 * Asks whether what was shown is to be done.
 *
 * @throws {UsageError} there is nobody to ask, and nobody has said yes beforehand
 */
export async function agree(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError("Nothing was done: there is no terminal to ask on. Say --yes to do it without being asked.");
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** Draws again and again until Ctrl-C. */
export async function watch({ output }: Ops, draw: () => Promise<void>): Promise<number> {
  if (!output.isTerminal || output.format !== "table") throw new UsageError("--watch: expected a terminal and no other format.");
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort());
  while (!stopped.signal.aborted) {
    await draw();
    await delay(watchMs, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
  return exitCode.done;
}

const watchMs = 2_000;
const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `10m`, `2h`, `1d`: milliseconds. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new InvalidArgumentError("Expected a number and s, m, h or d, for example 10m.");
  return Number(count) * unitMs[unit as keyof typeof unitMs];
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1.");
  return Number(text);
}

/** `3%`: 0.03. */
export function parseShare(text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent === undefined || Number(percent) > 100) throw new InvalidArgumentError("Expected a share from 0% to 100%, for example 3%.");
  return Number(percent) / 100;
}

/** Several words at once or one after the other, in any case, with - for _, or as the code has them: `stuck,retrying`, `course-enrollment`, `CourseEnrollment`. */
export const parseWords = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(",").map((word) =>
    word
      .trim()
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_")
      .toUpperCase()
      .replaceAll("-", "_"),
  ),
];
