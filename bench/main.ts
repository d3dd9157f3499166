import { cpus, loadavg, totalmem } from "node:os";
import { compare, report } from "./compare.ts";
import { warmUp } from "./drain.ts";
import { killEngines } from "./engine.ts";
import { help, parseOptions, type Options } from "./options.ts";
import { findPgbench } from "./pgbench.ts";
import { progress, progressDone } from "./progress.ts";
import { recover } from "./recover.ts";
import { openServer, type Server } from "./server.ts";

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

let server: Server | null = null;
let cleaning: Promise<void> | null = null;

async function clean(): Promise<void> {
  await killEngines();
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
  const pgbench = given.recover ? null : findPgbench();
  progress("Starting PostgreSQL and making the database");
  server = await openServer(Math.max(given.sagas, given.lightSeconds * 10) + warmUp);
  const { text, passed } = pgbench === null ? await recover(server, given.sagas) : report(await compare(server, pgbench.path, given));
  progressDone();
  const heading = [
    `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}; Node ${process.version}`,
    server.description,
    ...(pgbench === null
      ? []
      : [`${pgbench.version}, -M prepared, 20 clients; ${given.sagas} enrollments over 50 courses, medians of ${given.rounds} rounds, figures per saga`]),
    "Mails go to the sink (MAIL_MODE=sink): accepted, recorded and thrown away.",
  ];
  process.stdout.write(`${heading.join("\n")}\n\n${text}\n`);
  return passed ? 0 : 1;
}
