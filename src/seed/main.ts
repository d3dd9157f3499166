import { join } from "node:path";
import { parseArgs } from "node:util";
import { migrationsList } from "../../migrations/index.ts";
import { openFiles } from "../app.ts";
import { loadConfig, readEnvironment, type Config } from "../config.ts";
import { foreseen } from "../definition-problems.ts";
import { describeAddress } from "../database/address.ts";
import { startEmbeddedPostgres } from "../database/embedded-postgres.ts";
import { migrate } from "../database/migrate.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import { createLog } from "../kernel/log.ts";
import { startupError } from "../kernel/startup-error.ts";
import { SagaRegistry } from "../sagas/engine/index.ts";
import { sagas } from "../sagas/index.ts";
import { printFailure } from "../terminal.ts";
import { fillDatabase } from "./fill.ts";
import { demoAccount } from "./people.ts";
import { profiles, type ProfileName } from "./profiles.ts";

const HELP = `Fills an empty database with made-up people and their past.

  npm run seed -- --profile demo [--day 2026-11-25]

  --profile   ${Object.keys(profiles).join(", ")}
  --day       what counts as today; the same day gives the same data. Default: today

The database is that of DATABASE_URL, or the embedded one in DATA_DIR; the program must not be running on the embedded one.
`;

const environment = readEnvironment();
try {
  await run();
} catch (error) {
  printFailure(foreseen(error), environment["LOG_LEVEL"] === "debug", process.stderr);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const given = readArguments();
  if (given === null) return void process.stdout.write(HELP);
  const config = loadConfig({ ...environment, SEED: "none" });
  const log = createLog(config.logLevel);
  const postgres =
    config.databaseUrl === null ? await startEmbeddedPostgres({ directory: join(config.dataDir, "postgres"), log, onLost: () => undefined }) : null;
  try {
    const url = config.databaseUrl ?? postgres?.url ?? "";
    await migrate({ url, migrations: migrationsList, log, createDatabase: postgres !== null });
    await fill(url, config, given);
  } finally {
    await postgres?.stop();
  }
}

async function fill(url: string, config: Config, { profile, day }: { profile: ProfileName; day: Date }): Promise<void> {
  const log = createLog(config.logLevel);
  const { store } = await openFiles(config, log, () => "");
  const began = monotonicMs();
  const totals: string[] = [];
  const isFilled = await fillDatabase({
    url,
    registry: new SagaRegistry(sagas),
    profile,
    day,
    putFile: ({ storageKey, bytes }) => store.put(storageKey, bytes),
    onProgress(part, done, total) {
      if (done === total) totals.push(`${total} ${part}`);
      showProgress(part, done, total);
    },
  });
  if (!isFilled)
    throw startupError({
      found: `Expected a database without accounts, found some in ${describeAddress(url)}`,
      why: "Made-up people are not mixed with others.",
      remedy: "Name another database by DATABASE_URL, or another directory by DATA_DIR.",
      code: "SEED_DATABASE_IN_USE",
    });
  const people = (["learner", "mentor", "reviewer", "operator", "admin"] as const).map(
    (kind) => `  ${demoAccount(kind, 1).email.padEnd(32)} ${demoAccount(kind, 1).password}`,
  );
  process.stdout.write(
    `Filled with accounts, courses, ${totals.join(", ")} in ${((monotonicMs() - began) / 1_000).toFixed(1)} s.\nThe first of each kind:\n${people.join("\n")}\n`,
  );
}

function readArguments(): { profile: ProfileName; day: Date } | null {
  const wrong = (found: string, remedy: string): never => {
    throw startupError({ found, why: "npm run seed says what is accepted with --help.", remedy, code: "SEED_ARGUMENTS" });
  };
  let values: { profile?: string; day?: string; help?: boolean };
  try {
    ({ values } = parseArgs({ options: { profile: { type: "string" }, day: { type: "string" }, help: { type: "boolean" } } }));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error), "Leave it out.");
  }
  if (values.help === true) return null;
  const profile = values.profile ?? "demo";
  if (!(profile in profiles)) wrong(`--profile: expected ${Object.keys(profiles).join(", ")}, found ${JSON.stringify(profile)}`, "For example: --profile demo");
  const day = values.day === undefined ? processNow() : new Date(`${values.day}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) wrong(`--day: expected a date as YYYY-MM-DD, found ${JSON.stringify(values.day)}`, "For example: --day 2026-11-25");
  return { profile: profile as ProfileName, day };
}

const WIDTH = 30;

function showProgress(part: string, done: number, total: number): void {
  const { stderr } = process;
  if (!stderr.isTTY) {
    if (done === total) stderr.write(`${part}: ${total}\n`);
    return;
  }
  const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
  stderr.write(`\r${part.padEnd(14)} ${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${String(done).padStart(7)} of ${total}${done === total ? "\n" : ""}`);
}
