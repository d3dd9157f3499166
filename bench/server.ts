import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrationsList } from "../migrations/index.ts";
import { withDatabase } from "../src/database/address.ts";
import { startEmbeddedPostgres } from "../src/database/embedded-postgres.ts";
import { migrate } from "../src/database/migrate.ts";
import { createLog } from "../src/kernel/log.ts";
import { populate } from "./population.ts";

export interface Server {
  /** What it runs with, in words. */
  readonly description: string;
  /** How many learners each database has. */
  readonly learners: number;
  /** A database of its own, migrated and populated; the one before is dropped. Ends with a checkpoint, so that nobody pays for another's pages. */
  fresh(name: string): Promise<Database>;
  close(): Promise<void>;
}

export interface Database {
  readonly url: string;
  sql<Row extends pg.QueryResultRow>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/**
 * The one server that everybody is measured on: an embedded one that is as durable as in production, or that of DATABASE_URL.
 * `withStatements` counts what each statement costs. `close` removes everything that was made.
 */
export async function openServer(learners: number, withStatements = false): Promise<Server> {
  const log = createLog("warn");
  const external = process.env["DATABASE_URL"];
  let stop = (): Promise<void> => Promise.resolve();
  let url = external ?? "";
  if (external === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "mentorplatform-bench-"));
    // The server's account has to get through when this runs as root.
    chmodSync(directory, 0o711);
    const remove = (): void => rmSync(directory, { recursive: true, force: true });
    const preloaded: Record<string, string> = withStatements ? { shared_preload_libraries: "pg_stat_statements" } : {};
    const postgres = await startEmbeddedPostgres({ directory: join(directory, "postgres"), log, settings: { shared_buffers: "512MB", ...preloaded } }).catch(
      (error: unknown) => {
        remove();
        throw error;
      },
    );
    url = postgres.url;
    stop = async () => {
      await postgres.stop();
      remove();
    };
  }
  const prefix = `mentorplatform_bench_${process.pid}`;
  const template = `${prefix}_template`;
  const admin = await connect(withDatabase(url, "postgres")).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const made = new Set([template]);
  const drop = async (name: string): Promise<void> => {
    await admin.query(`drop database if exists ${name} with (force)`);
    made.delete(name);
  };
  const close = async (): Promise<void> => {
    for (const name of made) await drop(name).catch(() => undefined);
    await admin.end().catch(() => undefined);
    await stop();
  };
  try {
    await migrate({ url: withDatabase(url, template), migrations: migrationsList, log, createDatabase: true });
    const client = await connect(withDatabase(url, template));
    await populate(client, learners);
    if (withStatements) await client.query("create extension pg_stat_statements");
    await client.end();
    return {
      description: await describe(admin, external === undefined),
      learners,
      async fresh(name) {
        const database = `${prefix}_${name}`;
        await drop(database);
        made.add(database);
        await admin.query(`create database ${database} template ${template}`);
        await admin.query("checkpoint");
        const connection = await connect(withDatabase(url, database));
        return {
          url: withDatabase(url, database),
          sql: async <Row extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = []) =>
            (await connection.query<Row>(text, [...parameters])).rows,
          async drop() {
            await connection.end();
            await drop(database);
          },
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "mentorplatform-bench" });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function describe(client: pg.Client, embedded: boolean): Promise<string> {
  const names = ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"];
  const { rows } = await client.query<{ name: string; value: string }>("select name, current_setting(name) as value from unnest($1::text[]) as name", [names]);
  const [version, ...settings] = rows;
  return `PostgreSQL ${version?.value ?? "?"} (${embedded ? "embedded" : "DATABASE_URL"}; ${settings.map(({ name, value }) => `${name}=${value}`).join(", ")})`;
}
