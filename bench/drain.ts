import { setTimeout as delay } from "node:timers/promises";
import { startContender, type ContenderProcess } from "./contender-processes.ts";
import { contenders, type ContenderName } from "./contenders.ts";
import { checkEffects, countRows } from "./population.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";
import { forgetStatements, statementsOf, type Statement } from "./statements.ts";
import { difference, serverUsage, type ServerUsage } from "./usage.ts";

/** What one saga cost, and how many there were in a second. */
export interface Result {
  readonly perSecond: number;
  readonly nodeMs: number;
  readonly serverMs: number;
  readonly transactions: number;
  readonly walKb: number;
}

/** With what each kind of statement has cost, dearest first; nothing unless the server counts. */
export interface Counted extends Result {
  readonly statements: readonly Statement[];
}

export interface DrainResult extends Counted {
  /** The same for the beginnings before it. */
  readonly beginning: Counted;
  /** Of the contender's process at the end, in MB. */
  readonly memoryMb: number;
  /** Rows left by a saga: the contender's, its history where it keeps that apart, the business's. */
  readonly rows: { readonly engine: number; readonly history: number; readonly business: number };
}

/** The most sagas that a process runs before it is measured: the compiler has then seen the code, and the planner the tables. */
export const warmUp = 300;
const patienceMs = 300_000;

export const perSaga = (count: number, ms: number, nodeMs: number, cost: ServerUsage): Result => ({
  perSecond: count / (ms / 1_000),
  nodeMs: nodeMs / count,
  serverMs: cost.cpuMs / count,
  transactions: cost.transactions / count,
  walKb: cost.walBytes / 1_024 / count,
});

/**
 * Commits `count` enrollments with the workers off, starts them, and measures until every saga has ended.
 *
 * @param prepare adds what is in the database beforehand
 */
export async function drain(
  server: Server,
  name: ContenderName,
  count: number,
  label: string,
  profile: string | null,
  prepare: (database: Database) => Promise<void> = () => Promise.resolve(),
): Promise<DrainResult> {
  const database = await server.fresh("drain");
  const contender = await startContender(name, database);
  const warm = await warmContender(contender, name, server);
  await contender.call("stopWorkers");
  await prepare(database);

  const rowsBefore = await countRows(database);
  const beginning = await beginAll(name, database, count, label);
  // After ten idle seconds at the latest, the contender's connections have reported what they did while it warmed up.
  progress(`${label}: waiting for the statistics of ${count} beginnings`);
  await delay(10_500);
  // As autovacuum would have, a minute later.
  await database.sql("vacuum analyze");
  await database.sql("checkpoint");

  if (profile !== null) await contender.call("startProfile");
  await forgetStatements(database);
  const before = await serverUsage(database);
  const cpuBefore = await contender.call("cpu");
  const endedBefore = (await contender.call("ended")).count;
  const { at } = await contender.call("startWorkers");
  const endedAt = await untilEnded(contender, count, endedBefore, label);
  const nodeMs = (await contender.call("cpu")) - cpuBefore;
  if (profile !== null) await contender.call("stopProfile", { directory: profile, label });
  const memoryMb = await contender.call("memoryMb");
  await contender.close();
  const cost = difference(before, await serverUsage(database));

  const statements = await statementsOf(database, count);

  await checkEffects(database, count + warm, name === "engine");
  const rowsAfter = await countRows(database);
  await database.drop();
  return {
    ...perSaga(count, endedAt - at, nodeMs, cost),
    beginning,
    statements,
    memoryMb,
    rows: {
      engine: (rowsAfter.engine - rowsBefore.engine) / count,
      history: (rowsAfter.history - rowsBefore.history) / count,
      business: (rowsAfter.business - rowsBefore.business) / count,
    },
  };
}

/** Runs a few sagas through the workers, which go on afterwards. Their learners are the last ones. @returns how many */
export async function warmContender(contender: ContenderProcess, name: ContenderName, server: Server): Promise<number> {
  const count = Math.ceil(warmUp * contenders[name].share);
  progress(`Warming up ${contenders[name].title}`);
  await contender.call("startWorkers");
  await contender.call("begin", { from: server.learners - warmUp, count, concurrency: 10 });
  await untilEnded(contender, count, 0, `Warming up ${contenders[name].title}`);
  return count;
}

/** Commits the enrollments, ten at a time, in a process that is gone before the workers start. */
export async function beginAll(name: ContenderName, database: Database, count: number, label: string): Promise<Counted> {
  const contender = await startContender(name, database);
  await forgetStatements(database);
  const before = await serverUsage(database);
  progress(`${label}: enrolling ${count}`);
  const { ms, cpuMs } = await contender.call("begin", { from: 0, count, concurrency: 10 });
  await contender.close();
  const cost = difference(before, await serverUsage(database));
  return { ...perSaga(count, ms, cpuMs, cost), statements: await statementsOf(database, count) };
}

/**
 * Waits until nothing is under way. The database is only asked when enough have ended or none for a second, so that asking costs
 * what is measured nothing. @returns when the last commit was
 */
export async function untilEnded(contender: ContenderProcess, count: number, endedBefore: number, label: string): Promise<number> {
  const until = performance.now() + patienceMs;
  let open = count;
  for (let last = -1, same = 0; performance.now() < until;) {
    await delay(100);
    const ended = await contender.call("ended");
    const done = ended.count - endedBefore;
    same = done === last ? same + 1 : 0;
    last = done;
    progress(`${label}: ${Math.round(done)} of ${count}`, done / count);
    if (done < count && same < 10) continue;
    open = await contender.call("countOpen");
    if (open === 0) return ended.lastAt;
  }
  throw new Error(`${label}: expected all ${count} to have ended within ${patienceMs / 1_000} s, but ${open} have not`);
}
