import type { MikroORM } from "@mikro-orm/postgresql";
import { randomBytes } from "node:crypto";
import pg from "pg";
import { domainEntities } from "../../src/domain/entities.ts";
import { withDatabase } from "../../src/database/address.ts";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction, type Transaction } from "../../src/database/transaction.ts";
import { createLog } from "../../src/kernel/log.ts";

export interface TestDatabase {
  /** For pg, pg-boss and psql. */
  readonly url: string;
  readonly orm: MikroORM;
  readonly transaction: Transaction;
  /** One statement on a connection outside every pool of the program. */
  sql<Row extends pg.QueryResultRow>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Fails where the rows contradict themselves. @throws {Error} `ops.invariant_violation` has rows */
  dispose(options?: Disposal): Promise<void>;
}

export interface Disposal {
  /** The test has damaged rows on purpose, in this way: contradictions among them are not looked for. */
  readonly damaged?: string;
}

/** A database of its own: a clone of the migrated template. Call `dispose` in `afterAll`. */
export async function createTestDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const { url, drop } = await cloneTemplate();
  const log = createLog("warn");
  const orm = await createOrm({ url, entities: domainEntities, log, poolSize: options.poolSize ?? 10 });
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => undefined);
  return {
    url,
    orm,
    transaction: createTransaction(orm, log),
    sql: async <Row extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = []) => (await pool.query<Row>(text, [...parameters])).rows,
    async dispose(options) {
      await orm.close();
      await pool.end();
      await drop(options);
    },
  };
}

/** Only the database, without an ORM: for tests that start the whole program on it. `drop` fails where its rows contradict themselves. */
export async function cloneTemplate(): Promise<{ url: string; drop: (options?: Disposal) => Promise<void> }> {
  const server = process.env["TEST_SERVER_URL"];
  const template = process.env["TEST_TEMPLATE"];
  if (server === undefined || template === undefined) throw new Error("Expected the global set-up to have started PostgreSQL; run the tests by npm test");
  const name = `test_${process.env["JEST_WORKER_ID"] ?? "0"}_${randomBytes(5).toString("hex")}`;
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client(withDatabase(server, "postgres"));
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await admin(`create database ${name} template ${template}`);
  const url = withDatabase(server, name);
  return {
    url,
    async drop({ damaged } = {}) {
      const violations = damaged === undefined ? await findViolations(url) : [];
      await admin(`drop database if exists ${name} with (force)`);
      if (violations.length > 0)
        throw new Error(`The test leaves rows that contradict themselves; if it means to, dispose({ damaged: "why" }). ${JSON.stringify(violations)}`);
    },
  };
}

/** What a process would put right that is at work: at the end of a test nobody is any more, and on a slow machine the grace may be over. */
const HEALING = ["a message is not relayed", "a timer has passed without effect", "an ended saga has work to come"];

/** Of a database that is gone, or has no such view yet, nothing. */
async function findViolations(url: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ there: boolean }>("select to_regclass('ops.invariant_violation') is not null as there");
    return rows[0]?.there ? (await client.query("select * from ops.invariant_violation where rule <> all($1) limit 20", [HEALING])).rows : [];
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "3D000") return [];
    throw error;
  } finally {
    await client.end();
  }
}
