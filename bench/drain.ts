import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startEngine, type Engine } from "./engine.ts";
import { checkEffects, countRows } from "./population.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";
import { difference, serverUsage } from "./usage.ts";

/** What one saga cost, and how many there were in a second. */
export interface Result {
  readonly perSecond: number;
  readonly nodeMs: number;
  readonly postgresMs: number;
  readonly transactions: number;
  readonly walKb: number;
}

export interface DrainResult extends Result {
  /** The same for the mutations before it. */
  readonly enrolling: Result;
  /** Rows left by a saga: the engine's, its history, the business's. */
  readonly rows: { readonly engine: number; readonly history: number; readonly business: number };
}

/** Sagas that a process runs before it is measured: the compiler has then seen the code, and the planner the tables. */
export const warmUp = 300;
/** Hints of one saga after its start: one for each of its four commands. */
const hintsPerSaga = 4;
const patienceMs = 300_000;

/** Commits `count` enrollments with the workers off, starts relay and consumers, and measures until every saga has ended. */
export async function drain(server: Server, count: number, label: string, profile: string | null): Promise<DrainResult> {
  const database = await server.fresh("drain");
  const engine = await startEngine(database);
  await warm(engine, database, count);
  await engine.call("stopWorkers");

  const rowsBefore = await countRows(database);
  const enrolling = await enrollAll(database, count, label);
  // After ten idle seconds at the latest, the engine's connections have reported what they did while it warmed up.
  progress(`${label}: waiting for the statistics of ${count} mutations`);
  await delay(10_500);
  await database.sql("checkpoint");

  if (profile !== null) await engine.call("startProfile");
  const before = await serverUsage(database);
  const cpuBefore = await engine.call("cpu");
  const heardBefore = (await engine.call("heard")).count;
  const { at } = await engine.call("startWorkers");
  const endedAt = await untilEnded(engine, database, count, heardBefore, label);
  const nodeMs = (await engine.call("cpu")) - cpuBefore;
  if (profile !== null) await engine.call("stopProfile", { file: join(profile, `${label.replaceAll(/\W+/g, "-")}.cpuprofile`) });
  await engine.close();
  const cost = difference(before, await serverUsage(database));

  await checkEffects(database, count + warmUp, true);
  const rowsAfter = await countRows(database);
  await database.drop();
  return {
    perSecond: count / ((endedAt - at) / 1_000),
    nodeMs: nodeMs / count,
    postgresMs: cost.cpuMs / count,
    transactions: cost.transactions / count,
    walKb: cost.walBytes / 1_024 / count,
    enrolling,
    rows: {
      engine: (rowsAfter.engine - rowsBefore.engine) / count,
      history: (rowsAfter.history - rowsBefore.history) / count,
      business: (rowsAfter.business - rowsBefore.business) / count,
    },
  };
}

/** Runs a few sagas through relay and consumers, which go on afterwards. Their learners come after those of the measurement. */
export async function warm(engine: Engine, database: Database, count: number): Promise<void> {
  await engine.call("startWorkers");
  await engine.call("enroll", { from: count, count: warmUp, concurrency: 10 });
  // The hints of their births are none of their steps.
  await untilEnded(engine, database, warmUp, warmUp, "warming up");
}

/** Commits the mutations, ten at a time, in a process that is gone before the workers start. */
export async function enrollAll(database: Database, count: number, label: string): Promise<Result> {
  const engine = await startEngine(database);
  const before = await serverUsage(database);
  progress(`${label}: enrolling ${count}`);
  const { ms, cpuMs } = await engine.call("enroll", { from: 0, count, concurrency: 10 });
  await engine.close();
  const cost = difference(before, await serverUsage(database));
  return {
    perSecond: count / (ms / 1_000),
    nodeMs: cpuMs / count,
    postgresMs: cost.cpuMs / count,
    transactions: cost.transactions / count,
    walKb: cost.walBytes / 1_024 / count,
  };
}

/**
 * Waits until no saga is under way. The database is only asked when enough hints were heard or none for a second, so that asking
 * costs what is measured nothing. @returns when the last commit was
 */
export async function untilEnded(engine: Engine, database: Database, count: number, heardBefore: number, label: string): Promise<number> {
  const until = performance.now() + patienceMs;
  let open = count;
  for (let last = -1, same = 0; performance.now() < until;) {
    await delay(100);
    const heard = await engine.call("heard");
    const hints = heard.count - heardBefore;
    same = hints === last ? same + 1 : 0;
    last = hints;
    progress(`${label}: ${Math.round(hints / hintsPerSaga)} of ${count} sagas`, hints / hintsPerSaga / count);
    if (hints < count * hintsPerSaga && same < 10) continue;
    const [row] = await database.sql<{ open: number }>("select count(*)::int as open from saga where finished_at is null");
    open = row?.open ?? -1;
    if (open === 0) return heard.lastAt;
  }
  throw new Error(`${label}: expected all ${count} sagas to have ended within ${patienceMs / 1_000} s, but ${open} have not`);
}
