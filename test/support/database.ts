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
  dispose(): Promise<void>;
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
    async dispose() {
      await orm.close();
      await pool.end();
      await drop();
    },
  };
}

/** Only the database, without an ORM: for tests that start the whole program on it. */
export async function cloneTemplate(): Promise<{ url: string; drop: () => Promise<void> }> {
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
  return { url: withDatabase(server, name), drop: () => admin(`drop database if exists ${name} with (force)`) };
}
