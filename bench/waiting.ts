import { judge } from "./compare.ts";
import { drain, type DrainResult } from "./drain.ts";
import { formatTable, median, show } from "./figures.ts";
import { addWaiting } from "./population.ts";
import type { Server } from "./server.ts";
import { byTurns } from "./turns.ts";

const few = 1_000;

/** Drains beside many messages that wait, and beside few, by turns. */
export async function besideWaiting(server: Server, sagas: number, rounds: number, many: number): Promise<{ text: string; passed: boolean }> {
  const results = new Map<number, DrainResult[]>([
    [few, []],
    [many, []],
  ]);
  await byTurns(
    rounds,
    [...results].map(([waiting, found]) => async (round) => {
      found.push(await drain(server, "engine", sagas, `${round}, ${waiting} waiting`, null, (database) => addWaiting(database, waiting)));
    }),
  );
  const figures: [string, (result: DrainResult) => number][] = [
    ["sagas/s", (one) => one.perSecond],
    ["CPU ms Node", (one) => one.nodeMs],
    ["servers", (one) => one.serverMs],
    ["tx", (one) => one.transactions],
    ["WAL kB", (one) => one.walKb],
    ["memory MB", (one) => one.memoryMb],
  ];
  const of = (waiting: number, figure: (result: DrainResult) => number): number => median((results.get(waiting) ?? []).map(figure));
  const table = formatTable([
    ["waiting in the outbox", ...figures.map(([name]) => name), "sagas/s of each round"],
    ...[...results].map(([waiting, found]) => [
      show(waiting),
      ...figures.map(([, figure]) => show(of(waiting, figure))),
      found.map((one) => show(one.perSecond)).join(" "),
    ]),
  ]);
  const verdict = judge(`rate beside ${show(many)} against ${show(few)}`, of(many, (one) => one.perSecond) / of(few, (one) => one.perSecond), ">=", 0.8, 0.5);
  const note = "Nothing that waits is due for a day. A tenth as many jobs wait on the queue that the drain begins with.";
  return { text: [table, "", note, "", verdict.line].join("\n"), passed: verdict.passed };
}
