import { Logger, makeWorkerUtils, run, type Runner, type TaskList } from "graphile-worker";
import type { Contender } from "../contender.ts";
import { Endings } from "./endings.ts";
import { carryOut, enroll, inTransaction, openPool, steps } from "./enrollment.ts";

/**
 * A job a step. A task commits the step together with the next job, which is what its documentation offers for exactly one effect;
 * tuned by its page on performance: jobs are fetched and completed in batches, and no queue names are used.
 */
export async function open(url: string): Promise<Contender> {
  const concurrentJobs = 20;
  const pool = openPool(url, concurrentJobs + 10);
  pool.on("error", (error) => process.stderr.write(`graphile-worker: ${error.message}\n`));
  pool.on("connect", (client) => client.on("error", () => undefined));
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  const endings = new Endings();
  const taskList: TaskList = Object.fromEntries(
    steps.map((_, index) => [
      `step-${index}`,
      async (payload: unknown): Promise<void> => {
        const { number } = payload as { number: number };
        await inTransaction(pool, async (client) => {
          await carryOut(client, index, number);
          if (index + 1 < steps.length)
            await client.query({
              name: "add-job",
              text: "select graphile_worker.add_job($1, $2::json)",
              values: [`step-${index + 1}`, JSON.stringify({ number })],
            });
        });
        if (index + 1 === steps.length) endings.note(number);
      },
    ]),
  );
  let runner: Runner | null = null;
  return Object.assign(endings, {
    begin: (number: number) =>
      inTransaction(pool, async (client) => {
        await enroll(client, number);
        await client.query({ name: "add-job", text: "select graphile_worker.add_job($1, $2::json)", values: ["step-0", JSON.stringify({ number })] });
      }),
    async startWorkers() {
      runner = await run({
        pgPool: pool,
        taskList,
        noHandleSignals: true,
        // A line for each job would be counted as its work.
        logger: new Logger(() => () => undefined),
        preset: {
          worker: {
            concurrentJobs,
            maxPoolSize: concurrentJobs + 10,
            localQueue: { size: 4 * concurrentJobs },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      });
    },
    async stopWorkers() {
      await runner?.stop();
      runner = null;
    },
    async countOpen() {
      const { rows } = await pool.query<{ count: number }>("select count(*)::int as count from graphile_worker._private_jobs");
      return rows[0]?.count ?? Number.NaN;
    },
    async close() {
      await runner?.stop();
      await utils.release();
      await pool.end();
    },
  });
}
