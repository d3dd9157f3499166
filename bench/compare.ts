import { closedLoop } from "./closed-loop.ts";
import { contenders, type ContenderName } from "./contenders.ts";
import { drain, type Counted, type DrainResult, type Result } from "./drain.ts";
import { formatTable, median, percentile, show } from "./figures.ts";
import { idle, lightLoad, type LightLoadResult } from "./light-load.ts";
import type { Options } from "./options.ts";
import { yardstick } from "./pgbench.ts";
import type { Server } from "./server.ts";
import { byTurns } from "./turns.ts";
import { bulkStart, overHttp, type OverHttp } from "./ways-in.ts";

export interface Measured {
  readonly drains: DrainResult[];
  /** Sagas per second. */
  readonly closed: number[];
  readonly light: LightLoadResult[];
}

export interface Comparison {
  readonly of: ReadonlyMap<ContenderName, Measured>;
  readonly steps: readonly Result[];
  readonly sagas: readonly Result[];
  /** Other ways in than the call of the service that the engine's sagas begin with. */
  readonly bulk: readonly Result[];
  readonly http: readonly OverHttp[];
  readonly idle: { readonly cpuMsPerSecond: number; readonly transactionsPerSecond: number } | null;
}

/** Contenders and pgbench by turns on one server, every second round in reverse. */
export async function compare(server: Server, pgbench: string, options: Options): Promise<Comparison> {
  const of = new Map<ContenderName, Measured>(options.contenders.map((name) => [name, { drains: [], closed: [], light: [] }]));
  const steps: Result[] = [];
  const sagas: Result[] = [];
  const bulk: Result[] = [];
  const http: OverHttp[] = [];
  const waysIn = options.closedSeconds > 0 && options.lightSeconds > 0 && of.has("engine");
  await byTurns(options.rounds, [
    ...[...of].map(([name, { drains, closed, light }]) => async (round: string): Promise<void> => {
      const { title, share, isPeer } = contenders[name];
      const profile = isPeer ? null : options.profile;
      drains.push(await drain(server, name, Math.ceil(options.sagas * share), `${round}, ${title}, drain`, profile));
      if (options.closedSeconds > 0) closed.push(await closedLoop(server, name, options.closedSeconds, `${round}, ${title}, closed loop`, profile));
      if (options.lightSeconds > 0 && isUpToLightLoad(name)) light.push(await lightLoad(server, name, options.lightSeconds, `${round}, ${title}, light load`));
    }),
    ...(waysIn
      ? [
          async (round: string): Promise<void> => {
            bulk.push(await bulkStart(server, options.sagas, `${round}, bulk start`));
            http.push(await overHttp(server, options.closedSeconds, options.lightSeconds, `${round}, over HTTP`));
          },
        ]
      : []),
    async (round) => void steps.push(await yardstick(server, pgbench, "step", options.sagas, `${round}, pgbench step`)),
    async (round) => void sagas.push(await yardstick(server, pgbench, "saga", options.sagas, `${round}, pgbench saga`)),
  ]);
  return { of, steps, sagas, bulk, http, idle: options.lightSeconds > 0 && of.has("engine") ? await idle(server, 20) : null };
}

/** Whoever drains so few in a second is overloaded by ten. */
const isUpToLightLoad = (name: ContenderName): boolean => contenders[name].share >= 0.1;

const middle = <T>(results: readonly T[], figure: (result: T) => number): number => median(results.map(figure));
const rateOf = (results: readonly Result[]): number => middle(results, (one) => one.perSecond);
const latenciesOf = (light: readonly LightLoadResult[]): number[] => light.flatMap((one) => one.final);

/** The table as cells: first the names of its columns, then a row each of contenders and yardsticks. */
export function tableOf({ of, steps, sagas }: Comparison): string[][] {
  const engineRate = rateOf(of.get("engine")?.drains ?? []);
  const costs = (results: readonly Result[]): string[] =>
    [(one: Result) => one.nodeMs, (one: Result) => one.serverMs, (one: Result) => one.transactions].map((figure) => show(middle(results, figure)));
  const walOf = (results: readonly Result[]): string => show(middle(results, (one) => one.walKb));
  const row = (
    title: string,
    results: readonly Result[],
    rest: Partial<Record<"closed" | "p50" | "p95" | "p99" | "lightTx" | "rows", string>> = {},
  ): string[] => [
    title,
    show(rateOf(results)),
    show(engineRate / rateOf(results)),
    rest.closed ?? "",
    rest.p50 ?? "",
    rest.p95 ?? "",
    rest.p99 ?? "",
    ...costs(results),
    rest.lightTx ?? "",
    walOf(results),
    rest.rows ?? "",
  ];
  return [
    ["", "drain/s", "engine's is", "closed/s", "p50 ms", "p95", "p99", "CPU ms Node", "servers", "tx", "tx at 10/s", "WAL kB", "rows left"],
    ...[...of].map(([name, { drains, closed, light }]) => {
      const latencies = latenciesOf(light);
      const percent = (share: number): string => (latencies.length === 0 ? "" : show(percentile(latencies, share)));
      return row(contenders[name].title, drains, {
        closed: closed.length === 0 ? "" : show(median(closed)),
        p50: percent(0.5),
        p95: percent(0.95),
        p99: percent(0.99),
        lightTx: light.length === 0 ? "" : show(middle(light, (one) => one.transactions)),
        rows: show(middle(drains, (one) => one.rows.engine)),
      });
    }),
    row("pgbench, a transaction a saga", sagas),
    row("pgbench, a transaction a step", steps),
  ];
}

/** How the engine's sagas are begun, as cells; nothing where that was not measured. */
export function waysInTable({ of, bulk, http }: Comparison): string[][] {
  const engine = of.get("engine");
  if (engine === undefined || http.length === 0) return [];
  const costs = (results: readonly Result[]): string[] => [
    show(rateOf(results)),
    ...[(one: Result) => one.nodeMs, (one: Result) => one.serverMs, (one: Result) => one.walKb].map((figure) => show(middle(results, figure))),
  ];
  const percentiles = (ms: readonly number[]): string[] => [0.5, 0.95, 0.99].map((share) => show(percentile(ms, share)));
  return [
    ["", "a second", "CPU ms Node", "servers", "WAL kB", "p50 ms", "p95", "p99"],
    ["begun by the service, ten at once", ...costs(engine.drains.map((one) => one.beginning)), ...percentiles(engine.light.flatMap((one) => one.begin))],
    ["begun by the hundred", ...costs(bulk), "", "", ""],
    ["over HTTP, to the answer", "", "", "", "", ...percentiles(http.flatMap((one) => one.answered))],
    ["over HTTP, to the last push", ...costs(http.map((one) => one.closed)), ...percentiles(http.flatMap((one) => one.final))],
  ];
}

/** The tables, what is worth knowing beside them, and the goals. */
export function report(comparison: Comparison): { text: string; passed: boolean } {
  const { of, steps, sagas } = comparison;
  const rounds = [...of].map(([name, { drains }]): [string, readonly Result[]] => [contenders[name].title, drains]);
  const notes = [
    "Drained per second in each round:",
    ...[...rounds, ["pgbench saga", sagas] as const, ["pgbench step", steps] as const].map(
      ([title, results]) => `  ${title}: ${results.map((one) => show(one.perSecond)).join(" ")}`,
    ),
  ];
  const engine = of.get("engine");
  if (engine !== undefined) {
    const history = show(middle(engine.drains, (one) => one.rows.history));
    const begin = engine.drains.map((one) => one.beginning);
    notes.push(
      `The engine keeps ${history} rows of history a saga, apart from the rows left.`,
      `Its mutation alone, ten at a time: ${show(rateOf(begin))}/s, CPU ms ${show(middle(begin, (one) => one.nodeMs))} Node and ${show(middle(begin, (one) => one.serverMs))} Postgres, ${show(middle(begin, (one) => one.transactions))} tx.`,
    );
    if (engine.light.length > 0) {
      const begins = engine.light.flatMap((one) => one.begin);
      notes.push(`At 10/s its mutation is committed after p50 ${show(percentile(begins, 0.5))} ms, p95 ${show(percentile(begins, 0.95))} ms.`);
    }
  }
  if (comparison.idle !== null)
    notes.push(
      `Idle, it costs ${show(comparison.idle.cpuMsPerSecond)} ms of CPU (Node and Postgres) and ${show(comparison.idle.transactionsPerSecond)} transactions a second.`,
    );
  const [drained] = engine?.drains ?? [];
  notes.push(...statementsIn("the first drain", drained), ...statementsIn("the mutations before it", drained?.beginning));
  const goals = goalsOf(comparison);
  const waysIn = waysInTable(comparison);
  return {
    text: [formatTable(tableOf(comparison)), "", ...(waysIn.length === 0 ? [] : [formatTable(waysIn), ""]), ...notes, "", ...goals.map((one) => one.line)].join(
      "\n",
    ),
    passed: goals.every((one) => one.passed),
  };
}

function statementsIn(what: string, counted: Counted | undefined): string[] {
  const lines = (counted?.statements ?? []).map(
    (one) => `  ${show(one.ms).padStart(6)} ms ${show(one.calls).padStart(6)} calls ${show(one.rows).padStart(6)} rows  ${one.text}`,
  );
  return lines.length === 0 ? [] : ["", `Statements of ${what}; milliseconds, calls and rows a saga:`, ...lines];
}

function goalsOf({ of, sagas }: Comparison): Verdict[] {
  const engine = of.get("engine");
  if (engine === undefined) return [];
  const peer = (name: ContenderName): Measured => of.get(name) ?? { drains: [], closed: [], light: [] };
  const against = (title: string, names: readonly ContenderName[], goal: number, floor: number): Verdict[] => {
    const rates = names.map((name) => rateOf(peer(name).drains)).filter(Number.isFinite);
    return rates.length === 0 ? [] : [judge(`drain against ${title}`, rateOf(engine.drains) / Math.max(...rates), ">=", goal, floor)];
  };
  const cost = (figure: (result: Result) => number): number => middle(engine.drains, figure);
  const verdicts = [
    ...against("DBOS, better variant", ["dbos-plain", "dbos-transactional"], 10, 5),
    ...against("graphile-worker", ["graphile-worker"], 8, 4),
    ...against("openworkflow", ["openworkflow"], 10, 6),
    ...against("BullMQ", ["bullmq"], 2, 1),
    judge("drain against pgbench, a transaction a saga", rateOf(engine.drains) / rateOf(sagas), ">=", 1, 0.4),
    judge(
      "CPU ms per saga, Node and Postgres",
      cost((one) => one.nodeMs + one.serverMs),
      "<=",
      2,
      3.5,
    ),
    judge(
      "transactions per saga under backlog",
      cost((one) => one.transactions),
      "<=",
      0.3,
      1,
    ),
    judge(
      "WAL kB per saga",
      cost((one) => one.walKb),
      "<=",
      15,
      30,
    ),
    judge(
      "rows left per saga, history apart",
      middle(engine.drains, (one) => one.rows.engine),
      "<=",
      1,
      6,
    ),
  ];
  if (engine.light.length > 0) {
    const p50 = percentile(latenciesOf(engine.light), 0.5);
    const p50s = [...of]
      .filter(([name, { light }]) => name !== "engine" && light.length > 0)
      .map(([name, { light }]) => [name, percentile(latenciesOf(light), 0.5)] as const);
    const best = Math.min(...p50s.map(([, one]) => one));
    const graphile = new Map(p50s).get("graphile-worker") ?? best;
    if (p50s.length > 0) verdicts.push(judge("p50 ms at 10/s against the best peer's", p50 / best, "<=", 1, (2 * graphile) / best));
    verdicts.push(
      judge(
        "transactions per saga at 10/s",
        middle(engine.light, (one) => one.transactions),
        "<=",
        12,
        20,
      ),
    );
  }
  const graphileClosed = median(peer("graphile-worker").closed);
  if (Number.isFinite(graphileClosed)) verdicts.push(judge("closed loop against graphile-worker", median(engine.closed) / graphileClosed, ">=", 3, 1.5));
  return verdicts;
}

export interface Verdict {
  readonly line: string;
  readonly passed: boolean;
}

/** A figure that is worse than its goal is said to be; one that is worse than its floor, or cannot be had, does not pass. */
export function judge(name: string, found: number, is: ">=" | "<=", goal: number, floor: number, unit = ""): Verdict {
  const reaches = (bound: number): boolean => (is === ">=" ? found >= bound : found <= bound);
  const word = reaches(goal) ? "goal" : reaches(floor) ? "floor" : "FAIL";
  return { line: `${word.padEnd(5)}  ${name}: ${show(found)}${unit} (goal ${is} ${show(goal)}${unit}, floor ${show(floor)}${unit})`, passed: reaches(floor) };
}
