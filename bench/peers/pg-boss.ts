import type pg from "pg";
import { PgBoss, type Db, type WorkOptions } from "pg-boss";
import type { Contender } from "../contender.ts";
import { Endings } from "./endings.ts";
import { carryOut, enroll, inTransaction, openPool, steps } from "./enrollment.ts";

interface Data {
  readonly number: number;
}

/** A queue of its own for each step; in a schema of its own, since the database has the engine's. */
const queues = steps.map((_, index) => `step-${index}`);

const onClient = (client: pg.PoolClient): Db => ({ executeSql: (text: string, values?: unknown[]) => client.query(text, values) });

async function start(url: string, over: { max: number; useListenNotify?: boolean }): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: url, schema: "peer", schedule: false, ...over });
  boss.on("error", (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  for (const queue of queues) await boss.createQueue(queue, { notify: over.useListenNotify === true });
  return boss;
}

function contender(url: string, boss: PgBoss, pool: pg.Pool, endings: Endings, work: (index: number) => Promise<unknown>): Contender {
  return Object.assign(endings, {
    begin: (number: number) =>
      inTransaction(pool, async (client) => {
        await enroll(client, number);
        await boss.send("step-0", { number }, { db: onClient(client) });
      }),
    async startWorkers() {
      for (const index of queues.keys()) await work(index);
    },
    async stopWorkers() {
      for (const queue of queues) await boss.offWork(queue, { wait: true });
    },
    async countOpen() {
      const { rows } = await pool.query<{ count: number }>(
        "select count(*)::int as count from peer.job where name like 'step-%' and state in ('created', 'retry', 'active', 'failed')",
      );
      return rows[0]?.count ?? Number.NaN;
    },
    async close() {
      await boss.stop({ graceful: true, close: true });
      await pool.end();
    },
  });
}

/** As its documentation shows it, with the shortest interval of polling that it allows: a handler a queue, a job at a time. */
export async function openDocumented(url: string): Promise<Contender> {
  const boss = await start(url, { max: 10 });
  const pool = openPool(url, 10);
  const endings = new Endings();
  return contender(url, boss, pool, endings, (index) =>
    boss.work<Data>(`step-${index}`, { pollingIntervalSeconds: 0.5 }, async (jobs) => {
      for (const { data } of jobs) {
        await inTransaction(pool, async (client) => {
          await carryOut(client, index, data.number);
          if (index + 1 < steps.length) await boss.send(`step-${index + 1}`, data, { db: onClient(client) });
        });
        if (index + 1 === steps.length) endings.note(data.number);
      }
    }),
  );
}

/** Woken by NOTIFY, five workers a queue, up to ten jobs a time, whose effects, next jobs and completions are one transaction. */
export async function openTuned(url: string): Promise<Contender> {
  const boss = await start(url, { max: 30, useListenNotify: true });
  const pool = openPool(url, 10);
  const endings = new Endings();
  return contender(url, boss, pool, endings, (index) =>
    boss.work<Data, void, WorkOptions & { transactional: true }>(
      `step-${index}`,
      { pollingIntervalSeconds: 0.5, batchSize: 10, localConcurrency: 5, burstWhenBatchFull: true, transactional: true },
      async (jobs, db) => {
        for (const { data } of jobs) {
          await db.executeSql(steps[index]?.text ?? "", [data.number]);
          if (index + 1 < steps.length) await boss.send(`step-${index + 1}`, data, { db });
          else endings.note(data.number);
        }
      },
    ),
  );
}
