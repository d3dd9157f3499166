import { parseArgs } from "node:util";

export interface Options {
  readonly recover: boolean;
  /** Enrollments in one drain, and in each run of pgbench. */
  readonly sagas: number;
  readonly rounds: number;
  readonly lightSeconds: number;
  /** Where CPU profiles of the drains are written, for Chrome's or VS Code's viewer; null: not profiled. */
  readonly profile: string | null;
}

export const help = `npm run bench -- [options]
  --sagas <n>          enrollments in one drain (default 5000, a multiple of 100)
  --rounds <n>         rounds of drain and pgbench (default 3)
  --light-seconds <n>  seconds at 10 enrollments a second (default 30)
  --recover            instead: kill -9 in the middle of a drain, and start again
  --profile <dir>      write a CPU profile of every drain there
DATABASE_URL: a server on this machine and an account that may create databases. Unset: an embedded PostgreSQL.
`;

/** @throws {TypeError} an option that does not exist or is no number of the kind wanted */
export function parseOptions(argv: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      recover: { type: "boolean", default: false },
      sagas: { type: "string" },
      rounds: { type: "string", default: "3" },
      "light-seconds": { type: "string", default: "30" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const sagas = whole("--sagas", values.sagas ?? (values.recover ? "1000" : "5000"), 100, 100_000);
  if (sagas % 100 !== 0) throw new TypeError(`--sagas: expected a multiple of 100, found ${sagas}`);
  return {
    recover: values.recover,
    sagas,
    rounds: whole("--rounds", values.rounds, 1, 20),
    lightSeconds: whole("--light-seconds", values["light-seconds"], 0, 600),
    profile: values.profile ?? null,
  };
}

function whole(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < from || number > to) throw new TypeError(`${name}: expected a whole number from ${from} to ${to}, found ${text}`);
  return number;
}
