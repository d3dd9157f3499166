import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { readEnvironment } from "./config.ts";
import { foreseen } from "./definition-problems.ts";
import { describeAddress } from "./database/address.ts";
import { createOrm } from "./database/orm.ts";
import { silentLog } from "./kernel/log.ts";
import { startupError } from "./kernel/startup-error.ts";
import { Output } from "./ops/output.ts";
import * as own from "./sagas/index.ts";
import {
  compareRelease,
  DefinitionError,
  isDeployable,
  readPresent,
  SagaRegistry,
  type AnySaga,
  type SagaDiff,
  type SagaMigration,
} from "./sagas/engine/index.ts";
import { printFailure } from "./terminal.ts";

// `npm run saga:diff`: what deploying the definitions of this checkout would mean for the sagas of a database.

const HELP = `Compares the definitions of sagas with those that a database knows, and with the sagas that live there. Changes nothing.

  DATABASE_URL=postgres://… npm run saga:diff
  npm run saga:diff -- --json

  --json                  for pipelines: all of it, as one object
  --definitions <module>  another module that exports \`sagas\` and \`migrations\`. Default: src/sagas/index.ts

Exit code 0: it can be deployed. 1: it cannot; the rows with "forbidden" say why. 2: it could not be found out.
`;

interface Release {
  readonly sagas: readonly AnySaga[];
  readonly migrations?: readonly SagaMigration[];
}

const colours = { safe: "green", pin: "cyan", map: "yellow", forbidden: "red" } as const;
const environment = readEnvironment();
try {
  process.exitCode = await run();
} catch (error) {
  printFailure(foreseen(error), environment["LOG_LEVEL"] === "debug", process.stderr);
  process.exitCode = error instanceof DefinitionError ? 1 : 2;
}

async function run(): Promise<number> {
  const { json, definitions, help } = given();
  if (help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const { sagas, migrations } = definitions === undefined ? own : await load(definitions);
  const registry = new SagaRegistry(sagas, migrations);
  const diffs = await compare(registry, environment["DATABASE_URL"]);
  const deployable = isDeployable(diffs);
  const output = new Output(json === true ? "json" : "table", process.stdout, process.stderr);
  if (json === true) output.object({ deployable, sagas: diffs }, () => []);
  else for (const diff of diffs) tell(output, diff);
  output.line(deployable ? `${output.paint("green", "✔")} It can be deployed.` : `${output.paint("red", "✖")} It cannot be deployed as it is.`);
  return deployable ? 0 : 1;
}

function given() {
  try {
    return parseArgs({ options: { json: { type: "boolean" }, definitions: { type: "string" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw startupError(
      {
        found: `Expected --json, --definitions or --help. ${error instanceof Error ? error.message : String(error)}`,
        why: "What is to be compared has to be clear.",
        remedy: "npm run saga:diff -- --help says what there is.",
        code: "USAGE",
      },
      error,
    );
  }
}

async function load(path: string): Promise<Release> {
  const module = (await import(pathToFileURL(path).href).catch((error: unknown) => error)) as Partial<Release>;
  if (Array.isArray(module.sagas)) return module as Release;
  throw startupError({
    found: `--definitions: expected a module that exports sagas, found ${module instanceof Error ? module.message : path}`,
    why: "They are what is compared with the database.",
    remedy: "Name a module like src/sagas/index.ts.",
    code: "USAGE",
  });
}

async function compare(registry: SagaRegistry, url: string | undefined): Promise<SagaDiff[]> {
  const address = urlOf(url);
  const orm = await createOrm({ url: address, entities: [], log: silentLog, poolSize: 1, applicationName: "mentorplatform-saga-diff" });
  try {
    return compareRelease(registry, await readPresent(orm.em.fork()));
  } catch (error) {
    throw startupError(
      {
        found: `DATABASE_URL: expected a database of this program at ${describeAddress(address)}, found: ${innermost(error)}`,
        why: "The definitions are compared with what is stored there.",
        remedy: "Set it to a database that the program has run on. The embedded one runs only while the program does.",
        code: "DATABASE_UNREADABLE",
      },
      error,
    );
  } finally {
    await orm.close();
  }
}

function urlOf(url: string | undefined): string {
  const { protocol = "", pathname = "" } = URL.parse(url ?? "") ?? {};
  const isPostgres = ["postgres:", "postgresql:"].includes(protocol);
  if (url !== undefined && isPostgres && pathname.length > 1) return url;
  const found = url === undefined || url === "" ? "nothing" : isPostgres ? "one without a name" : protocol === "" ? "something else" : `${protocol}//…`;
  throw startupError({
    found: `DATABASE_URL: expected postgres://user@host:5432/name, found ${found}`,
    why: "The definitions are compared with what is stored there.",
    remedy: "Set it; of the embedded PostgreSQL, npm start prints it as Database.",
    code: "CONFIG_DATABASE_URL",
  });
}

function innermost(error: unknown): string {
  let one = error;
  while (one instanceof Error && one.cause instanceof Error) one = one.cause;
  return one instanceof Error ? one.message || one.name : String(one);
}

/** A row a finding, and below it what it touches and what to do. */
function tell(output: Output, { saga, versions, findings }: SagaDiff): void {
  const told = versions.map(({ version, stored, loaded, live }) => `v${version} ${stored ? (loaded ? "" : "not loaded, ") : "new, "}${live} live`);
  output.line(`${output.paint("bold", saga)}  ${told.join(" · ")}`);
  if (findings.length === 0) output.line("  Nothing has changed.");
  for (const { class: of, from, to, place, what, touched, states, todo } of findings) {
    const where = Object.entries(states).map(([state, count]) => `${state} ${count}`);
    const sagas = touched === 0 ? "" : `${touched} ${touched === 1 ? "saga" : "sagas"}${where.length === 0 ? "" : ` (${where.join(", ")})`}. `;
    output.line(`  ${output.paint(colours[of], of.padEnd(9))}  ${(from === to ? `v${to}` : `v${from} → v${to}`).padEnd(7)}  ${place} ${what}`);
    output.line(`${" ".repeat(22)}${sagas}${todo}`);
  }
  output.line();
}
