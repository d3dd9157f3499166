import { parseArgs } from "node:util";
import { contenders, type ContenderName } from "./contenders.ts";
import { loads, type LoadName } from "./loads.ts";

export interface Options {
  readonly recover: boolean;
  /** Messages that wait beside the drain; null: none, and the comparison instead. */
  readonly waiting: number | null;
  /** A load test instead of the comparison. */
  readonly load: LoadName | null;
  /** Sagas that wait while the deadlines of some pass; null: the comparison instead. */
  readonly due: number | null;
  /** Enrollments in one drain, and in each run of pgbench. */
  readonly sagas: number;
  readonly rounds: number;
  /** Seconds of a round at ten enrollments a second; 0: none. */
  readonly lightSeconds: number;
  /** Seconds of a round with fifty clients that wait; 0: none. */
  readonly closedSeconds: number;
  readonly contenders: readonly ContenderName[];
  /** Whether the server counts what each statement of a drain costs. */
  readonly statements: boolean;
  /** Whether the table is written into the README. */
  readonly write: boolean;
  /** Where CPU profiles are written, for Chrome's or VS Code's viewer; null: not profiled. */
  readonly profile: string | null;
}

const loadNames = Object.keys(loads) as LoadName[];
const names = Object.keys(contenders) as ContenderName[];

export const help = `npm run bench -- [options]
  --sagas <n>          enrollments in one drain of the engine (default 5000, a multiple of 100)
  --contenders <names> who takes part, with commas (default engine; all: ${names.join(", ")})
  --rounds <n>         rounds (default 3)
  --closed-seconds <n> seconds of a round with 50 clients, each waiting for its saga (default 8)
  --light-seconds <n>  seconds of a round at 10 enrollments a second (default 15)
  --write              write the table into README.md
  --statements         say what the engine's statements cost (they then cost a little more)
  --waiting <n>        instead: drain beside so many messages that wait, and beside 1,000
  --due <n>            instead: the deadlines of 900 sagas pass beside so many that wait, and beside 1,000
  --load <name>        instead: the whole program under load: ${loadNames.join(", ")}
  --recover            instead: kill -9 in the middle of a drain, and start again
  --profile <dir>      write a CPU profile of every drain and closed loop of the engine there
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
      "light-seconds": { type: "string", default: "15" },
      "closed-seconds": { type: "string", default: "8" },
      contenders: { type: "string", default: "engine" },
      write: { type: "boolean", default: false },
      statements: { type: "boolean", default: false },
      profile: { type: "string" },
      waiting: { type: "string" },
      due: { type: "string" },
      load: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const instead = (["recover", "waiting", "due", "load"] as const).filter((name) => values[name] !== undefined && values[name] !== false);
  if (instead.length > 1) throw new TypeError(`Expected one of --recover, --waiting, --due and --load, found ${instead.map((name) => `--${name}`).join(", ")}`);
  const sagas = Number(values.sagas ?? (values.recover ? "1000" : "5000"));
  if (!Number.isInteger(sagas / 100) || sagas < 100 || sagas > 100_000)
    throw new TypeError(`--sagas: expected a multiple of 100 from 100 to 100000, found ${values.sagas}`);
  return {
    recover: values.recover,
    due: values.due === undefined ? null : whole("--due", values.due, 1_000, 1_000_000),
    load: values.load === undefined ? null : loadName(values.load),
    waiting: values.waiting === undefined ? null : whole("--waiting", values.waiting, 1_000, 10_000_000),
    sagas,
    rounds: whole("--rounds", values.rounds, 1, 20),
    lightSeconds: whole("--light-seconds", values["light-seconds"], 0, 600),
    closedSeconds: whole("--closed-seconds", values["closed-seconds"], 0, 600),
    contenders: values.contenders === "all" ? names : values.contenders.split(",").map(contender),
    write: values.write,
    statements: values.statements,
    profile: values.profile ?? null,
  };
}

function loadName(text: string): LoadName {
  const name = loadNames.find((one) => one === text);
  if (name === undefined) throw new TypeError(`--load: expected one of ${loadNames.join(", ")}, found ${text}`);
  return name;
}

function contender(text: string): ContenderName {
  const name = names.find((one) => one === text.trim());
  if (name === undefined) throw new TypeError(`--contenders: expected some of ${names.join(", ")}, or all; found ${text}`);
  return name;
}

function whole(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < from || number > to) throw new TypeError(`${name}: expected a whole number from ${from} to ${to}, found ${text}`);
  return number;
}
