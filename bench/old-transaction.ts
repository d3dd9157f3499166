import pg from "pg";
import { judge } from "./compare.ts";
import { drain, type DrainResult } from "./drain.ts";
import { formatTable, median, show } from "./figures.ts";
import type { Database, Server } from "./server.ts";
import { byTurns } from "./turns.ts";

const sagas = 5_000;
const rounds = 3;
/** What an hour of 50 sagas a second leaves behind in outbox and queue. */
const deadRows = 180_000;

/** Drains after an hour's work, with and without a transaction that has been open for as long, so that nothing of it could be cleaned up. */
export async function oldTransaction(server: Server): Promise<{ text: string; passed: boolean }> {
  const [without, beside]: [DrainResult[], DrainResult[]] = [[], []];
  await byTurns(rounds, [
    async (round) => void without.push(await drain(server, "engine", sagas, `${round}, no old transaction`, null, leaveAnHourBehind)),
    async (round) => {
      let old: pg.Client | undefined;
      const prepare = async (database: Database): Promise<void> => {
        old = new pg.Client({ connectionString: database.url });
        // It is ended by the database's end.
        old.on("error", () => undefined);
        await old.connect();
        await old.query("begin isolation level repeatable read");
        await old.query("select pg_current_xact_id()");
        await leaveAnHourBehind(database);
      };
      beside.push(await drain(server, "engine", sagas, `${round}, beside an old transaction`, null, prepare));
      await old?.end();
    },
  ]);
  const figures: [string, (one: DrainResult) => number][] = [
    ["sagas/s", (one) => one.perSecond],
    ["CPU ms Node", (one) => one.nodeMs],
    ["servers", (one) => one.serverMs],
    ["WAL kB", (one) => one.walKb],
  ];
  const of = (found: readonly DrainResult[], figure: (one: DrainResult) => number): number => median(found.map(figure));
  const row = (name: string, found: readonly DrainResult[]): string[] => [name, ...figures.map(([, figure]) => show(of(found, figure)))];
  const table = formatTable([["drain", ...figures.map(([name]) => name)], row("no old transaction", without), row("beside an hour-old one", beside)]);
  const verdict = judge("rate beside it against without", of(beside, (one) => one.perSecond) / of(without, (one) => one.perSecond), ">=", 0.8, 0.5);
  const note = `${show(deadRows)} messages have gone through outbox and queue before, and 40,000 changes through sagas; what they left is cleaned up before the drain, as far as it can be.`;
  return { text: [table, "", note, "", verdict.line].join("\n"), passed: verdict.passed };
}

async function leaveAnHourBehind({ sql }: Database): Promise<void> {
  await sql(
    `insert into outbox (id, queue, name, payload) select gen_random_uuid(), 'check-course-capacity', 'CheckCourseCapacityCommand', '{}' from generate_series(1, $1::int)`,
    [deadRows],
  );
  await sql("insert into pgboss.job (id, name, data) select id, queue, '{}' from outbox");
  await sql("delete from outbox");
  await sql("delete from pgboss.job where data = '{}'");
  for (let times = 0; times < 2; times++) await sql("update saga set updated_at = updated_at + interval '1 ms'");
}
