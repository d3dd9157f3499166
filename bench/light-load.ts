import { setTimeout as delay } from "node:timers/promises";
import { untilEnded, warm, warmUp, type Result } from "./drain.ts";
import { startEngine } from "./engine.ts";
import { percentile } from "./figures.ts";
import { checkEffects } from "./population.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";
import { difference, serverUsage } from "./usage.ts";

export interface LightLoadResult extends Result {
  /** Milliseconds from the call of the mutation. */
  readonly mutation: Percentiles;
  readonly final: Percentiles;
  readonly samples: number;
  /** What the process and its server do when there is nothing to do. */
  readonly idle: { readonly cpuMsPerSecond: number; readonly transactionsPerSecond: number };
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const perSecond = 10;
const idleSeconds = 20;

/** Ten enrollments a second and nothing else, then nothing at all. */
export async function lightLoad(server: Server, seconds: number): Promise<LightLoadResult> {
  const database = await server.fresh("light");
  const engine = await startEngine(database);
  const count = seconds * perSecond;
  await warm(engine, database, count);
  // The connections have reported their warming up when this is over.
  progress(`Idle for ${idleSeconds + 10} s`);
  await delay(10_500);
  const idleBefore = await serverUsage(database);
  const idleCpuBefore = await engine.call("cpu");
  await delay(idleSeconds * 1_000);
  const before = await serverUsage(database);
  const cpuBefore = await engine.call("cpu");
  const idle = difference(idleBefore, before);

  const heardBefore = (await engine.call("heard")).count;
  progress(`${count} enrollments at ${perSecond}/s`);
  await engine.call("enrollSteadily", { from: 0, count, gapMs: 1_000 / perSecond });
  // One hint more a saga than when only its steps are heard: that of its birth.
  await untilEnded(engine, database, count, heardBefore + count, `${perSecond}/s`);
  const nodeMs = (await engine.call("cpu")) - cpuBefore;
  const latencies = await engine.call("latencies", { count });
  await engine.close();
  const cost = difference(before, await serverUsage(database));
  await checkEffects(database, count + warmUp, true);
  await database.drop();
  return {
    perSecond,
    nodeMs: nodeMs / count,
    postgresMs: cost.cpuMs / count,
    transactions: cost.transactions / count,
    walKb: cost.walBytes / 1_024 / count,
    mutation: percentiles(latencies.mutation),
    final: percentiles(latencies.final),
    samples: count,
    idle: { cpuMsPerSecond: (idle.cpuMs + cpuBefore - idleCpuBefore) / idleSeconds, transactionsPerSecond: idle.transactions / idleSeconds },
  };
}

const percentiles = (values: readonly number[]): Percentiles => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
});
