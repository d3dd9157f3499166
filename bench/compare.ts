import { drain, type DrainResult, type Result } from "./drain.ts";
import { formatTable, median, show } from "./figures.ts";
import { lightLoad, type LightLoadResult } from "./light-load.ts";
import type { Options } from "./options.ts";
import { yardstick } from "./pgbench.ts";
import type { Server } from "./server.ts";

export const drainFloor = 0.4;
export const cpuFloorMs = 3.5;
export const transactionsFloor = 1;

export interface Comparison {
  readonly drains: readonly DrainResult[];
  readonly steps: readonly Result[];
  readonly sagas: readonly Result[];
  readonly light: LightLoadResult | null;
}

/** Engine and pgbench by turns on one server, every second round in reverse, then the engine under light load. */
export async function compare(server: Server, pgbench: string, options: Options): Promise<Comparison> {
  const drains: DrainResult[] = [];
  const steps: Result[] = [];
  const sagas: Result[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const label = (what: string): string => `Round ${round} of ${options.rounds}, ${what}`;
    const turns = [
      async () => void drains.push(await drain(server, options.sagas, label("drain"), options.profile)),
      async () => void steps.push(await yardstick(server, pgbench, "step", options.sagas, label("pgbench step"))),
      async () => void sagas.push(await yardstick(server, pgbench, "saga", options.sagas, label("pgbench saga"))),
    ];
    for (const turn of round % 2 === 0 ? turns.toReversed() : turns) await turn();
  }
  const light = options.lightSeconds === 0 ? null : await lightLoad(server, options.lightSeconds);
  return { drains, steps, sagas, light };
}

/** One table, what is worth knowing beside it, and the floors. */
export function report({ drains, steps, sagas, light }: Comparison): { text: string; passed: boolean } {
  const of = (results: readonly Result[], figure: (result: Result) => number): number => median(results.map(figure));
  const row = (name: string, results: readonly Result[], ratio: string): string[] => [
    name,
    show(of(results, (one) => one.perSecond)),
    results.length > 1 ? results.map((one) => show(one.perSecond)).join(" ") : "",
    ratio,
    show(of(results, (one) => one.nodeMs)),
    show(of(results, (one) => one.postgresMs)),
    show(of(results, (one) => one.nodeMs + one.postgresMs)),
    show(of(results, (one) => one.transactions)),
    show(of(results, (one) => one.walKb)),
  ];
  const [drainRate, sagaRate, stepRate] = [drains, sagas, steps].map((results) => of(results, (one) => one.perSecond)) as [number, number, number];
  const table = formatTable([
    ["", "sagas/s", "rounds", "x pgbench saga", "CPU ms Node", "Postgres", "sum", "tx", "WAL kB"],
    row("engine, drain", drains, show(drainRate / sagaRate)),
    row("pgbench saga", sagas, "1"),
    row("pgbench step", steps, show(stepRate / sagaRate)),
    row(
      "engine, mutations only",
      drains.map((one) => one.enrolling),
      "",
    ),
    ...(light === null ? [] : [row("engine, 10/s with mutations", [light], "")]),
  ]);
  const rows = (what: keyof DrainResult["rows"]): string => show(median(drains.map((one) => one.rows[what])));
  const notes = [`Rows left per saga: ${rows("engine")} of the engine; apart from that ${rows("history")} of history and ${rows("business")} of the business.`];
  if (light !== null) {
    const { final, mutation, samples, idle } = light;
    notes.push(
      `Latency at 10/s, ${samples} samples, ms from the call of the mutation: saga final p50 ${show(final.p50)}, p95 ${show(final.p95)}, p99 ${show(final.p99)}; mutation committed p50 ${show(mutation.p50)}, p95 ${show(mutation.p95)}.`,
      `Idle: ${show(idle.transactionsPerSecond)} transactions and ${show(idle.cpuMsPerSecond)} ms of CPU (Node + Postgres) a second; the row of 10/s contains them.`,
    );
  }
  const floors = [
    floor("drain against pgbench saga", drainRate / sagaRate, ">=", drainFloor),
    floor(
      "CPU ms per saga in the drain",
      of(drains, (one) => one.nodeMs + one.postgresMs),
      "<=",
      cpuFloorMs,
    ),
    floor(
      "transactions per saga in the drain",
      of(drains, (one) => one.transactions),
      "<=",
      transactionsFloor,
    ),
  ];
  return { text: [table, "", ...notes, "", ...floors.map((one) => one.line)].join("\n"), passed: floors.every((one) => one.passed) };
}

/** A figure that cannot be had does not pass. */
export function floor(name: string, found: number, is: ">=" | "<=", bound: number, unit = ""): { line: string; passed: boolean } {
  const passed = is === ">=" ? found >= bound : found <= bound;
  return { line: `${passed ? "pass" : "FAIL"}  ${name}: ${show(found)}${unit} (floor ${is} ${bound}${unit})`, passed };
}
