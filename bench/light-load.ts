import { setTimeout as delay } from "node:timers/promises";
import { startContender } from "./contender-processes.ts";
import type { ContenderName } from "./contenders.ts";
import { perSaga, untilEnded, warmContender, type Result } from "./drain.ts";
import { checkEffects } from "./population.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";
import { difference, serverUsage } from "./usage.ts";

export interface LightLoadResult extends Result {
  /** Milliseconds from the call that begins a saga to its commit, and to the commit that ends the saga. */
  readonly begin: readonly number[];
  readonly final: readonly number[];
}

export const perSecond = 10;

/** Ten enrollments a second and nothing else. */
export async function lightLoad(server: Server, name: ContenderName, seconds: number, label: string): Promise<LightLoadResult> {
  const database = await server.fresh("light");
  const contender = await startContender(name, database);
  const count = seconds * perSecond;
  const warm = await warmContender(contender, name, server);
  progress(`${label}: waiting for the statistics of the warming up`);
  await delay(10_500);
  const before = await serverUsage(database);
  const cpuBefore = await contender.call("cpu");

  const endedBefore = (await contender.call("ended")).count;
  progress(`${label}: ${count} at ${perSecond}/s`);
  await contender.call("beginSteadily", { from: 0, count, gapMs: 1_000 / perSecond });
  await untilEnded(contender, count, endedBefore, label);
  const nodeMs = (await contender.call("cpu")) - cpuBefore;
  const latencies = await contender.call("latencies", { count });
  await contender.close();
  const cost = difference(before, await serverUsage(database));
  await checkEffects(database, count + warm, name === "engine");
  await database.drop();
  return { ...perSaga(count, seconds * 1_000, nodeMs, cost), ...latencies };
}

/** What the engine's process and its server do when there is nothing to do. */
export async function idle(server: Server, seconds: number): Promise<{ readonly cpuMsPerSecond: number; readonly transactionsPerSecond: number }> {
  const database = await server.fresh("idle");
  const contender = await startContender("engine", database);
  await warmContender(contender, "engine", server);
  progress(`Idle for ${seconds + 10} s`);
  await delay(10_500);
  const before = await serverUsage(database);
  const cpuBefore = await contender.call("cpu");
  await delay(seconds * 1_000);
  const used = difference(before, await serverUsage(database));
  const cpuMs = used.cpuMs + (await contender.call("cpu")) - cpuBefore;
  await contender.close();
  await database.drop();
  return { cpuMsPerSecond: cpuMs / seconds, transactionsPerSecond: used.transactions / seconds };
}
