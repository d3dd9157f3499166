import { DBOS } from "@dbos-inc/dbos-sdk";
import { migrateDataSourcePG, registerDataSource, runTransaction } from "@dbos-inc/dbos-sdk/datasource";
import type pg from "pg";
import type { Contender } from "../contender.ts";
import { Endings } from "./endings.ts";
import { carryOut, connectionOf, enroll, inTransaction, openPool, steps } from "./enrollment.ts";

const QUEUE = "enrollments";
const DATA_SOURCE = "bench";

/** Steps as they are: the effect commits before the record that it was done, so it happens at least once. */
export async function openPlain(url: string): Promise<Contender> {
  const pool = openPool(url, 20);
  const contender = await open(url, pool, (index, number) => DBOS.runStep(() => carryOut(pool, index, number), { name: `step-${index}` }));
  return { ...contender, close: () => contender.close().then(() => pool.end()) };
}

/**
 * Transactional steps: effect and record commit together. Of its adapters for databases none is published for this version, so its
 * interface for them is implemented here over pg, by as few statements as its documentation allows.
 */
export async function openTransactional(url: string): Promise<Contender> {
  const pool = openPool(url, 20);
  let client: pg.PoolClient | null = null;
  registerDataSource({
    name: DATA_SOURCE,
    initialize: () => inTransaction(pool, (migrating) => migrateDataSourcePG(async (sql) => (await migrating.query(sql)).rows)),
    destroy: () => Promise.resolve(),
    async invokeTransactionFunction(_config, target, func, ...args) {
      const place = [DBOS.workflowID, DBOS.stepID];
      const recorded = await pool.query({
        name: "recorded",
        text: "select output from dbos.transaction_completion where workflow_id = $1 and function_num = $2",
        values: place,
      });
      if (recorded.rows.length > 0) throw new Error("Expected no step to be carried out again");
      return inTransaction(pool, async (inside) => {
        client = inside;
        const result = await func.call(target, ...args);
        await inside.query({
          name: "record",
          text: "insert into dbos.transaction_completion (workflow_id, function_num, output) values ($1, $2, $3)",
          values: [...place, "null"],
        });
        return result;
      });
    },
  });
  const contender = await open(url, pool, (index, number) =>
    runTransaction(
      // The step takes its client before anything is awaited.
      () => carryOut(client as pg.PoolClient, index, number),
      `step-${index}`,
      { dsName: DATA_SOURCE },
    ),
  );
  return { ...contender, close: () => contender.close().then(() => pool.end()) };
}

/**
 * System tables in the same database. A backlog is put onto a queue; where somebody waits, the workflow is started at once, which is
 * faster. Nothing offers to commit the enrollment together with its workflow.
 */
async function open(url: string, pool: ReturnType<typeof openPool>, carryOutStep: (index: number, number: number) => Promise<void>): Promise<Contender> {
  const endings = new Endings();
  const workflow = DBOS.registerWorkflow(
    async (number: number): Promise<void> => {
      for (const index of steps.keys()) await carryOutStep(index, number);
      endings.note(number);
    },
    { name: "enrollment" },
  );
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: withHost(url), systemDatabasePoolSize: 20, logLevel: "error" });
  await DBOS.launch();
  const countOpen = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: number }>("select count(*)::int as count from dbos.workflow_status where status <> 'SUCCESS'");
    return rows[0]?.count ?? Number.NaN;
  };
  let isWorking = false;
  return {
    async begin(number) {
      await enroll(pool, number);
      await DBOS.startWorkflow(workflow, isWorking ? {} : { queueName: QUEUE })(number);
    },
    async startWorkers() {
      isWorking = true;
      // Executors take from every queue that is registered.
      if ((await countOpen()) > 0) await DBOS.registerQueue(QUEUE, { workerConcurrency: 100, minPollingIntervalMs: 100 });
    },
    stopWorkers: () => {
      isWorking = false;
      return Promise.resolve();
    },
    ended: () => endings.ended(),
    whenEnded: (number) => endings.whenEnded(number),
    endedAt: (numbers) => endings.endedAt(numbers),
    countOpen,
    close: () => DBOS.shutdown(),
  };
}

/** The same address with a host and a user in their places, which is the only form that is accepted. */
function withHost(url: string): string {
  const { host, port, database, username, password } = connectionOf(url);
  const account = `${encodeURIComponent(username)}${password === "" ? "" : `:${encodeURIComponent(password)}`}`;
  return `postgresql://${account}@${host.startsWith("/") ? "localhost" : host}:${port}/${database}${host.startsWith("/") ? `?host=${encodeURIComponent(host)}` : ""}`;
}
