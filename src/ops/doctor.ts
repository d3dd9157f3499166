import type { Command } from "commander";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import pg from "pg";
import { HealthDocument, type HealthQuery } from "../client/generated/graphql.ts";
import { readEnvironment } from "../config.ts";
import { processNow } from "../kernel/clock.ts";
import { version } from "../terminal.ts";
import { exitCode } from "./exit-code.ts";
import { duration, type Output } from "./output.ts";
import { verb, type Ops } from "./verb.ts";

export function addDoctor(program: Command): void {
  program.command("doctor").description("looks for what is wrong with the whole of it; also in the database, when DATABASE_URL is set").action(verb(examine));
}

/** `warning`: somebody should look; `wrong`: exit code 3. */
interface Finding {
  readonly about: string;
  readonly result: "ok" | "warning" | "wrong";
  readonly found: string;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Of the header Date, which counts whole seconds, and of the way there and back. */
const toleratedSkewMs = 3_000;

async function examine(ops: Ops): Promise<number> {
  const databaseUrl = readEnvironment()["DATABASE_URL"];
  const told = await overApi(ops);
  const findings: Finding[] = [
    finding("Here", `MentorPlatform ${version()}, Node.js ${process.version}`),
    ...told.findings,
    await readiness(ops),
    ...(databaseUrl ? await inDatabase(databaseUrl, told.loads) : [finding("Database", "not looked into, since DATABASE_URL is not set here", "warning")]),
  ];
  const { output } = ops;
  if (output.format === "table") for (const finding of findings) output.line(`${mark(output, finding)} ${finding.about.padEnd(14)} ${finding.found}`);
  else
    output.rows<Finding>(
      findings,
      (["about", "result", "found"] as const).map((title) => ({ title, value: (finding) => finding[title] })),
      "",
    );
  const isWrong = findings.some(({ result }) => result === "wrong");
  output.next(isWrong ? "docs/operations.md" : "npm run ops -- sagas --status stuck,retrying");
  return isWrong ? exitCode.stuck : exitCode.done;
}

const mark = (output: Output, { result }: Finding): string =>
  result === "ok" ? output.paint("green", "✔") : result === "warning" ? output.paint("yellow", "!") : output.paint("red", "✖");

const finding = (about: string, found: string, result: Finding["result"] = "ok"): Finding => ({ about, found, result });

async function readiness({ session }: Ops): Promise<Finding> {
  const url = new URL("readyz", session.client.url);
  const before = processNow().getTime();
  const response = await fetch(url);
  const here = (before + processNow().getTime()) / 2;
  const { status, database } = (await response.json()) as { status: string; database: string };
  const text = `${url.origin} is ${status}, its database ${database}`;
  const skewMs = Math.abs(new Date(response.headers.get("date") ?? here).getTime() + 500 - here);
  if (!response.ok) return finding("Server", text, "wrong");
  return skewMs > toleratedSkewMs ? finding("Server", `${text}; its clock and this one differ by ${duration(skewMs)}`, "warning") : finding("Server", text);
}

/** What the API tells, and each list of the versions that a worker has loaded. */
async function overApi({ session }: Ops): Promise<{ readonly findings: Finding[]; readonly loads: readonly (readonly string[])[] }> {
  const before = processNow().getTime();
  const health = await session.run(HealthDocument, {});
  const now = (before + processNow().getTime()) / 2;
  const findings = [
    finding("You", `${health.viewer.email ?? "somebody"}, ${health.viewer.roles?.join(", ") ?? "without a role"}`),
    clockOfDatabase(health.queues, now),
    workers(health),
    ...queues(health.queues, now),
    sagas(health),
  ];
  return { findings, loads: health.workers.map(({ loads }) => loads) };
}

type Health = { [K in keyof HealthQuery]: NonNullable<HealthQuery[K]> };

function clockOfDatabase([queue]: Health["queues"], now: number): Finding {
  if (queue === undefined) return finding("Queues", "there is none: no worker has ever run here", "wrong");
  const skewMs = Math.abs(new Date(queue.measuredAt).getTime() - now);
  return finding("Clocks", `the database's and this one differ by ${Math.round(skewMs)} ms`, skewMs > toleratedSkewMs ? "warning" : "ok");
}

function workers({ workers, sagaDefinitions }: Health): Finding {
  if (workers.length === 0) return finding("Workers", "none is alive, so nothing is carried out", "wrong");
  const text = workers.map(({ host, pid }) => `${host} ${pid}`).join(", ");
  const unlike = workers.filter(({ loads }) => loads.toSorted().join() !== workers[0]?.loads.toSorted().join());
  if (unlike.length > 0) return finding("Workers", `${text}; they have not all loaded the same definitions`, "warning");
  return finding("Workers", `${text}; ${new Set(sagaDefinitions.map(({ type }) => type)).size} processes`);
}

function queues(queues: Health["queues"], now: number): Finding[] {
  const forgotten = queues.filter(({ pause }) => pause != null && now - new Date(pause.at).getTime() > dayMs);
  const behind = queues.filter(({ pause, oldestReadyAt }) => pause == null && oldestReadyAt != null && now - new Date(oldestReadyAt).getTime() > minuteMs);
  const dead = queues.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
  const names = (some: typeof queues): string => some.map(({ name }) => name).join(", ");
  return [
    ...(forgotten.length === 0 ? [] : [finding("Queues", `paused for more than a day: ${names(forgotten)}`, "warning")]),
    ...(behind.length === 0 ? [] : [finding("Queues", `behind by more than a minute: ${names(behind)}`, "warning")]),
    ...(forgotten.length + behind.length > 0 ? [] : [finding("Queues", `${queues.length}, none is behind or forgotten`)]),
    finding("Dead letters", dead === 0 ? "none is open" : `${dead} open`, dead === 0 ? "ok" : "warning"),
  ];
}

function sagas({ sagaCounts }: Health): Finding {
  const stuck = sagaCounts.filter(({ status }) => status === "STUCK").reduce((sum, { count }) => sum + count, 0);
  return finding("Sagas", stuck === 0 ? "none is stuck" : `${stuck} stuck`, stuck === 0 ? "ok" : "warning");
}

/** What this version of the program brings the schema to. */
const newestQueueSchema = (createRequire(import.meta.url)("pg-boss/package.json") as { pgboss: { schema: number } }).pgboss.schema;
const knownMigrations = readdirSync(new URL("../../migrations/", import.meta.url)).flatMap((file) => /^(Migration\d+\w*)\.[tj]s$/.exec(file)?.[1] ?? []);

async function inDatabase(url: string, loads: readonly (readonly string[])[]): Promise<Finding[]> {
  const client = new pg.Client({ connectionString: url, application_name: "mentorplatform-ops", statement_timeout: minuteMs, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    return [finding("Database", `cannot be reached by DATABASE_URL: ${error instanceof Error ? error.message : String(error)}`, "wrong")];
  }
  try {
    return [...(await readDatabase(client)), await versions(client, loads)];
  } finally {
    await client.end();
  }
}

async function readDatabase(client: pg.Client): Promise<Finding[]> {
  const read = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => (await client.query<Row>(text)).rows;
  const [server] = await read<{ version: string }>("select current_setting('server_version') as version");
  const applied = new Set((await read<{ name: string }>("select name from schema_migration")).map(({ name }) => name));
  const missing = knownMigrations.filter((name) => !applied.has(name));
  const foreign = [...applied].filter((name) => !knownMigrations.includes(name));
  const [queue] = await read<{ version: number }>("select version from pgboss.version");
  const broken = await read<{ rule: string; count: number }>("select rule, count(*)::int from ops.invariant_violation group by rule order by rule");
  const [late] = await read<{ count: number }>("select count(*)::int from outbox where deliver_at < now() - interval '1 minute'");
  const [lost] = await read<{ count: number }>("select count(*)::int from ops.saga_mail where received_at < now() - interval '1 hour'");
  return [
    finding("PostgreSQL", server?.version ?? ""),
    missing.length + foreign.length === 0
      ? finding("Migrations", `${applied.size} applied, as this version has`)
      : finding("Migrations", `missing: ${missing.join(", ") || "none"}; of a newer version: ${foreign.join(", ") || "none"}`, "wrong"),
    finding("pg-boss", `schema ${queue?.version}, this version has ${newestQueueSchema}`, queue?.version === newestQueueSchema ? "ok" : "wrong"),
    broken.length === 0
      ? finding("Invariants", "nothing is as it must never be")
      : finding("Invariants", broken.map(({ rule, count }) => `${count} × ${rule}`).join(", "), "wrong"),
    finding("Outbox", `${late?.count ?? 0} not relayed for more than a minute`, (late?.count ?? 0) > 0 ? "wrong" : "ok"),
    finding("Events", `${lost?.count ?? 0} have found no saga for more than an hour`, (lost?.count ?? 0) > 0 ? "warning" : "ok"),
  ];
}

/** Whether every saga that has not ended can be moved by a worker, which needs its version and those that the saga was moved from. */
async function versions(client: pg.Client, loads: readonly (readonly string[])[]): Promise<Finding> {
  const { rows } = await client.query<{ versions: string[]; count: number }>(
    `select versions, count(*)::int from saga cross join lateral (
       select array_agg(type || ' v' || version order by version) as versions from (
         select definition_version::text as version union select made #>> '{}' from jsonb_path_query(runs, '$[*].made.version') as made) needed
     ) of_saga where finished_at is null group by 1 order by 1`,
  );
  const waiting = rows.filter(({ versions }) => !loads.some((loaded) => versions.every((one) => loaded.includes(one))));
  if (waiting.length === 0) return finding("Versions", "every saga that has not ended can be moved by a worker");
  const told = waiting.map(({ versions, count }) => `${count} ${count === 1 ? "needs" : "need"} ${versions.join(" and ")}`);
  return finding("Versions", `sagas wait for a worker that has loaded their version: ${told.join(", ")}`, "wrong");
}
