import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { styleText } from "node:util";
import type { RunningApp } from "./app.ts";
import { hasMetrics, type Config } from "./config.ts";
import { formatProblem, StartupError, type StartupProblem } from "./kernel/startup-error.ts";

type Output = NodeJS.WriteStream;

/** What is running, for whoever started it. */
export interface Ready {
  readonly app: RunningApp;
  readonly config: Config;
  /** A worker in a process of its own; null where it is in this one, or there is none. */
  readonly workerPid: number | null;
  /** Sagas a second that made-up people begin; 0: none. */
  readonly traffic: { readonly perSecond: number; readonly limit: number };
  /** What the keys do, in the order in which they are told; empty where none are read. */
  readonly keys: Readonly<Record<string, string>>;
  readonly ms: number;
}

/** What the program says when it can be used: a summary for people, one line of JSON for everything else. */
export function printReady(ready: Ready, output: Output): void {
  output.write(output.isTTY ? summary(ready, output) : `${JSON.stringify(readyEvent(ready))}\n`);
}

/** One line about what a key has done, or what people should know. */
export function printNotice(text: string, output: Output): void {
  output.write(output.isTTY ? `  ${text}\n` : `${JSON.stringify({ event: "notice", text })}\n`);
}

/** Three lines for every problem; a stack only when somebody wants to debug. */
export function printFailure(error: unknown, debug: boolean, output: Output): void {
  const problems = error instanceof StartupError ? error.problems : [unexpected(error)];
  output.write(`${problems.map((problem) => paint(output, "red", formatProblem(problem))).join("\n\n")}\n`);
  if (debug) output.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

export function printStopping(output: Output): void {
  if (output.isTTY) output.write("\n  Stopping: what is in hand is finished first. Ctrl-C again stops at once.\n");
}

export function printStopped(ms: number, output: Output): void {
  if (!output.isTTY) output.write(`${JSON.stringify({ event: "stopped", ms })}\n`);
}

const unexpected = (error: unknown): StartupProblem => ({
  found: `Expected to start, found: ${error instanceof Error ? error.message : String(error)}`,
  why: "The program has not foreseen this.",
  remedy: "Start again with LOG_LEVEL=debug to see where it comes from.",
  code: "START_FAILED",
});

interface Urls {
  readonly product: string;
  readonly console: string;
  readonly graphql: string;
  readonly playground: string;
  readonly mailbox: string | null;
  readonly metrics: string | null;
}

function urlsOf(app: RunningApp, config: Config): Urls | null {
  if (app.server === null) return null;
  const everywhere = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(config.host);
  const base = everywhere ? `http://localhost:${app.server.port}` : app.server.url;
  return {
    product: `${base}/`,
    console: `${base}/console`,
    graphql: `${base}/graphql`,
    playground: `${base}/graphiql`,
    mailbox: app.smtp === null ? null : `${base}/dev/mail`,
    metrics: hasMetrics(config) ? `${base}/metrics` : null,
  };
}

const readyEvent = ({ app, config, ms }: Ready): object => ({
  event: "ready",
  pid: process.pid,
  roles: [...app.roles],
  urls: urlsOf(app, config),
  // An external address may hold a password, and this line ends in log files.
  database: app.database.directory === null ? app.database.address : app.database.url,
  ms,
});

function summary({ app, config, workerPid, traffic, keys, ms }: Ready, output: Output): string {
  const done = (label: string, text: string): string => `${paint(output, "green", "✔")} ${label.padEnd(17)} ${text}`;
  const entry = (label: string, text: string, remark = ""): string =>
    `  ${paint(output, "bold", label.padEnd(11))} ${remark === "" ? text : `${text.padEnd(32)} ${paint(output, "dim", remark)}`}`;
  const { database, migrations, demo } = app;
  const urls = urlsOf(app, config);
  const own = `${[...app.roles].join(", ")} in one process, pid ${process.pid}`;
  const lines = [
    done(`PostgreSQL ${database.version}`, database.directory === null ? database.address : `${shortPath(database.directory)} (kept between runs)`),
    done("Migrations", `${migrations.applied.length} applied now, ${migrations.total} in all`),
    ...(demo === null ? [] : [done("Demo data", `${demo.accountCount} accounts, ${demo.courseCount} courses`)]),
    done(`Ready in ${(ms / 1_000).toFixed(1)} s`, workerPid === null ? own : `${own}; worker in another, pid ${workerPid}`),
    "",
    `  ${paint(output, "bold", `MentorPlatform ${version()}`)}  ${config.production ? "production" : "development"}`,
    "",
    ...(urls === null ? [] : [entry("Product", urls.product, demo === null ? "" : "learner-0001@demo.example")]),
    ...(urls === null ? [] : [entry("Console", urls.console, demo === null ? "" : "operator-0001@demo.example")]),
    ...(urls === null ? [] : [entry("GraphQL", urls.graphql, `playground: ${urls.playground}`)]),
    ...(urls === null || urls.mailbox === null ? [] : [entry("Mailbox", urls.mailbox, mails(app.smtp?.store.count ?? 0))]),
    ...(urls === null || urls.metrics === null ? [] : [entry("Metrics", urls.metrics)]),
    ...(database.directory === null ? [] : [entry("Database", `psql '${database.url}'`)]),
    ...(demo === null ? [] : [entry("Passwords", "demo-password-NNNN", "also mentor-0001, reviewer-0001, admin-0001")]),
    ...(traffic.perSecond === 0
      ? []
      : [entry("Traffic", `${traffic.perSecond} sagas a second`, `made up, and kept in the database; ends after ${traffic.limit.toLocaleString("en")}`)]),
    "",
    `  ${Object.entries({ ...keys, ...(Object.keys(keys).length === 0 ? { "Ctrl-C": "stops" } : {}) })
      .map(([key, what]) => `${paint(output, "bold", key)} ${paint(output, "dim", what)}`)
      .join(paint(output, "dim", " · "))}`,
  ];
  return `${lines.join("\n")}\n`;
}

const mails = (count: number): string => `${count} ${count === 1 ? "mail" : "mails"}`;

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** `styleText` looks at the stream and at NO_COLOR. */
const paint = (output: Output, style: "red" | "green" | "bold" | "dim", text: string): string => styleText(style, text, { stream: output });

/** Of the package this file is part of, as source or compiled. */
export function version(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, "package.json")) && dirname(directory) !== directory) directory = dirname(directory);
  return (JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string }).version;
}
