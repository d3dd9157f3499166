import { OpenWorkflow, type Worker } from "openworkflow";
import { BackendPostgres } from "openworkflow/postgres";
import type { Contender } from "../contender.ts";
import { Endings } from "./endings.ts";
import { carryOut, connectionOf, enroll, openPool, steps } from "./enrollment.ts";

/** A workflow of five steps. A step's effect commits before the record that it was done, so it happens at least once. */
export async function open(url: string): Promise<Contender> {
  const pool = openPool(url, 20);
  // Its client finds a socket only by these.
  const { host, username, port, password, database } = connectionOf(url);
  Object.assign(process.env, { PGHOST: host, PGPORT: `${port}`, PGUSER: username, PGPASSWORD: password });
  const backend = await BackendPostgres.connect(`postgresql:///${database}`);
  const engine = new OpenWorkflow({ backend });
  const endings = new Endings();
  const workflow = engine.defineWorkflow<{ number: number }, void>({ name: "enrollment" }, async ({ input, step }) => {
    for (const index of steps.keys()) await step.run({ name: `step-${index}` }, () => carryOut(pool, index, input.number));
    endings.note(input.number);
  });
  let worker: Worker | null = null;
  return Object.assign(endings, {
    async begin(number: number) {
      await enroll(pool, number);
      await workflow.run({ number });
    },
    async startWorkers() {
      worker = engine.newWorker({ concurrency: 50 });
      await worker.start();
    },
    async stopWorkers() {
      await worker?.stop();
      worker = null;
    },
    async countOpen() {
      const { rows } = await pool.query<{ count: number }>(
        "select count(*)::int as count from openworkflow.workflow_runs where status not in ('completed', 'succeeded')",
      );
      return rows[0]?.count ?? Number.NaN;
    },
    async close() {
      await worker?.stop();
      await backend.stop();
      await pool.end();
    },
  });
}
