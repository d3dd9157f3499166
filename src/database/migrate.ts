import { Migrator, type Migration } from "@mikro-orm/migrations";
import { MikroORM } from "@mikro-orm/postgresql";
import { createRequire } from "node:module";
import pg from "pg";
import { PgBoss } from "pg-boss";
import type { Log } from "../kernel/log.ts";
import { startupError } from "../kernel/startup-error.ts";
import { databaseName, describeAddress, withDatabase } from "./address.ts";

export type MigrationList = readonly (new (...args: ConstructorParameters<typeof Migration>) => Migration)[];

export interface MigrateOptions {
  readonly url: string;
  readonly migrations: MigrationList;
  readonly log: Log;
  /** Makes the database when the server does not have it; for the embedded server. */
  readonly createDatabase?: boolean;
}

export interface MigrateResult {
  /** Names of the migrations applied now. */
  readonly applied: readonly string[];
  /** How many the schema has in all. */
  readonly total: number;
  /** As the server gives it, e.g. `18.4`. */
  readonly serverVersion: string;
}

const oldestServer = 15;
const newestServer = 18;
const newestQueueSchema = (createRequire(import.meta.url)("pg-boss/package.json") as { pgboss: { schema: number } }).pgboss.schema;
// "mentor" in ASCII; one number for every program that changes this schema.
const lockKey = 0x6d_65_6e_74_6f_72;

/**
 * Brings the schema to this program's version: pg-boss first, whose tables our views refer to, then our own migrations.
 * Several processes may start at once: the lock lets one work and the others find nothing left to do. It is a session lock
 * on a connection of its own, so it needs a direct connection, not a transaction pooler.
 *
 * @throws {StartupError} the server cannot be reached, its version is not supported, or the schema is newer than the program
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  if (options.createDatabase === true) await createDatabaseIfMissing(options.url);
  const client = await connect(options.url);
  try {
    const serverVersion = await requireSupportedServer(client, options.url);
    await client.query(`select pg_advisory_lock(${lockKey})`);
    await requireKnownSchema(client, options);
    await migrateQueue(options.url);
    const applied = await migrateOwn(options);
    return { applied, total: options.migrations.length, serverVersion };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "mentorplatform-migrate", connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw startupError(
      {
        found: `DATABASE_URL: expected a PostgreSQL server at ${describeAddress(url)}, found: ${cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause)}`,
        why: "Everything the program promises is kept in its database.",
        remedy: "Start that server, correct DATABASE_URL, or unset it to use the embedded one.",
        code: "CONFIG_DATABASE_UNREACHABLE",
      },
      cause,
    );
  }
  return client;
}

async function createDatabaseIfMissing(url: string): Promise<void> {
  const client = await connect(withDatabase(url, "postgres"));
  try {
    const name = databaseName(url);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    // 42P04, or 23505 on the catalogue's index: another start has made it meanwhile.
    if (!["42P04", "23505"].includes((error as { code?: string }).code ?? "")) throw error;
  } finally {
    await client.end();
  }
}

async function requireSupportedServer(client: pg.Client, url: string): Promise<string> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "select current_setting('server_version_num')::int as number, split_part(current_setting('server_version'), ' ', 1) as version",
  );
  const { number = 0, version = "nothing" } = rows[0] ?? {};
  const major = Math.floor(number / 10_000);
  if (major >= oldestServer && major <= newestServer) return version;
  const tooOld = major < oldestServer;
  throw startupError({
    found: `DATABASE_URL: expected a PostgreSQL ${oldestServer} to ${newestServer}, found ${version} at ${describeAddress(url)}`,
    why: tooOld ? "The schema uses forms of constraints that exist from 15 on." : "This version of the program has not been tested with it.",
    remedy: "Set DATABASE_URL to another server, or unset it to use the embedded one.",
    code: tooOld ? "CONFIG_DATABASE_TOO_OLD" : "CONFIG_DATABASE_TOO_NEW",
  });
}

/** A newer program may have given columns a new meaning, so an older one does not touch them. */
async function requireKnownSchema(client: pg.Client, options: MigrateOptions): Promise<void> {
  const known = new Set(options.migrations.map((migration) => migration.name));
  const foreign = (await readIfThere<{ name: string }>(client, "schema_migration", "select name from schema_migration order by id"))
    .map((row) => row.name)
    .filter((name) => !known.has(name));
  const [queue] = await readIfThere<{ version: number }>(client, "pgboss.version", "select version from pgboss.version");
  const newer = [
    ...foreign,
    ...(queue !== undefined && queue.version > newestQueueSchema ? [`pg-boss schema ${queue.version} (known: ${newestQueueSchema})`] : []),
  ];
  if (newer.length === 0) return;
  throw startupError({
    found: `${describeAddress(options.url)}: expected a schema that this version knows, found ${newer.join(", ")}`,
    why: "A newer version of the program has changed this database; the older one could misread what it finds.",
    remedy: "Start the newer version, or restore a backup from before the upgrade.",
    code: "SCHEMA_NEWER_THAN_PROGRAM",
  });
}

async function readIfThere<Row extends pg.QueryResultRow>(client: pg.Client, table: string, text: string): Promise<Row[]> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [table]);
  return rows[0]?.there === true ? (await client.query<Row>(text)).rows : [];
}

async function migrateQueue(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, max: 2, supervise: false, schedule: false, application_name: "mentorplatform-migrate" });
  // Failures of statements reach us as rejections; without a listener the event would end the process.
  boss.on("error", () => undefined);
  try {
    await boss.start();
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
}

async function migrateOwn(options: MigrateOptions): Promise<string[]> {
  const orm = await MikroORM.init({
    entities: [],
    discovery: { warnWhenNoEntities: false },
    dbName: databaseName(options.url),
    driverOptions: { connectionString: options.url, application_name: "mentorplatform-migrate" },
    pool: { min: 0, max: 2 },
    extensions: [Migrator],
    migrations: { tableName: "schema_migration", migrationsList: [...options.migrations], snapshot: false, disableForeignKeys: false, silent: true },
    logger: (message) => options.log.warn(message),
  });
  try {
    return (await orm.migrator.up()).map((migration) => migration.name);
  } finally {
    await orm.close();
  }
}
