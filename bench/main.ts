import { cpus, loadavg, totalmem } from "node:os";
import { compare, report, tableOf, waysInTable } from "./compare.ts";
import { contenders } from "./contenders.ts";
import { warmUp } from "./drain.ts";
import { dueBesideWaiting } from "./due.ts";
import { killContenders } from "./contender-processes.ts";
import { loads } from "./loads.ts";
import { help, parseOptions, type Options } from "./options.ts";
import { findPgbench } from "./pgbench.ts";
import { stopPrograms } from "./programs.ts";
import { progress, progressDone } from "./progress.ts";
import { installPeers } from "./peers.ts";
import { recover } from "./recover.ts";
import { writeTables } from "./readme-table.ts";
import { startRedis } from "./redis.ts";
import { openServer, type Server } from "./server.ts";
import { besideWaiting } from "./waiting.ts";

let options: Options | "help";
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${help}`);
  process.exit(2);
}
if (options === "help") {
  process.stdout.write(help);
  process.exit(0);
}

/** More than fifty clients get through in the time that a round gives them. */
const learnersOfClosedLoop = 20_000;

let server: Server | null = null;
let redis: Awaited<ReturnType<typeof startRedis>> | null = null;
let cleaning: Promise<void> | null = null;

async function clean(): Promise<void> {
  await killContenders();
  await stopPrograms();
  await redis?.stop();
  await server?.close();
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    cleaning ??= clean();
    void cleaning.finally(() => process.exit(code));
  });
}

try {
  process.exitCode = await run(options);
} catch (error) {
  if (cleaning === null) {
    progressDone();
    process.stderr.write(`The benchmark has failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
} finally {
  cleaning ??= clean();
  await cleaning;
}

async function run(given: Options): Promise<number> {
  const pgbench = given.recover || given.load !== null || given.waiting !== null || given.due !== null ? null : findPgbench();
  if (pgbench !== null && given.contenders.some((name) => contenders[name].isPeer)) installPeers();
  if (pgbench !== null && given.contenders.includes("bullmq")) redis = await startRedis();
  progress("Starting PostgreSQL and making the database");
  server = await openServer(Math.max(given.sagas, learnersOfClosedLoop) + warmUp, given.statements);
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`;
  const heading = [
    `${machine}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}; Node ${process.version}`,
    server.description,
    ...(redis === null ? [] : [`Redis ${redis.version} (appendonly=yes, appendfsync=always)`]),
    ...(pgbench === null
      ? []
      : [
          `${pgbench.version}, -M prepared, 20 clients; the engine drains ${given.sagas} enrollments over 50 courses; medians of ${given.rounds} rounds, figures per saga`,
        ]),
    given.load === null
      ? "Mails go to the sink (MAIL_MODE=sink): accepted, recorded and thrown away."
      : "The load comes from this process; mails go to an embedded SMTP server.",
  ];
  let outcome: { text: string; passed: boolean };
  if (given.load !== null) outcome = await loads[given.load](server);
  else if (given.waiting !== null) outcome = await besideWaiting(server, given.sagas, given.rounds, given.waiting);
  else if (given.due !== null) outcome = await dueBesideWaiting(server, given.rounds, given.due);
  else if (pgbench === null) outcome = await recover(server, given.sagas);
  else {
    const comparison = await compare(server, pgbench.path, given);
    outcome = report(comparison);
    if (given.write)
      writeTables(
        [tableOf(comparison), waysInTable(comparison)],
        `${new Date().toISOString().slice(0, 10)}, ${machine}, ${server.description}; medians of ${given.rounds} rounds`,
      );
  }
  progressDone();
  process.stdout.write(`${heading.join("\n")}\n\n${outcome.text}\n`);
  return outcome.passed ? 0 : 1;
}
