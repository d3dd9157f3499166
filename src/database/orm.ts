import { MikroORM, type EntityClass, type EntitySchema } from "@mikro-orm/postgresql";
import type pg from "pg";
import { Driver } from "./driver.ts";
import type { Log } from "../kernel/log.ts";
import { databaseName, sessionOptions } from "./address.ts";
import { ThriftyClient } from "./thrifty-client.ts";

export type EntityList = readonly (EntityClass | EntitySchema)[];

export interface OrmOptions {
  readonly url: string;
  readonly entities: EntityList;
  readonly log: Log;
  /** Connections at most. Default 10. */
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** How long a statement may take; default: as for all our sessions. */
  readonly statementTimeoutMs?: number;
}

/** The object mapper over a pool of our own sessions. Nothing is read or written through its global EntityManager: fork first. */
export async function createOrm(options: OrmOptions): Promise<MikroORM> {
  const orm: unknown = await MikroORM.init({
    driver: Driver,
    entities: [...options.entities],
    dbName: databaseName(options.url),
    driverOptions: {
      ...sessionOptions(options.url, options.applicationName ?? "mentorplatform"),
      ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
      Client: ThriftyClient,
      onPoolCreated: freeLostConnections,
    },
    pool: { min: 0, max: options.poolSize ?? 10 },
    forceUtcTimezone: true,
    // With batches, a flush of several versioned rows checks their versions before it updates, without a lock, and loses updates.
    useBatchUpdates: false,
    schemaGenerator: { ignoreSchema: ["pgboss", "ops"] },
    discovery: { warnWhenNoEntities: false },
    debug: false,
    colors: false,
    logger: (message) => options.log.warn(message),
  });
  // The driver has the same EntityManager, which its type does not say.
  return orm as MikroORM;
}

/**
 * Kysely never gives a connection back when BEGIN, COMMIT or ROLLBACK fails on it, as they do when the connection is lost inside a
 * transaction: a restart of the server under load would use up the pool for good. So a connection that ends while it is lent
 * is given back here; its borrower finds out by its next statement.
 */
function freeLostConnections(pool: pg.Pool): void {
  const lent = new Set<pg.PoolClient>();
  pool.on("acquire", (client) => lent.add(client));
  pool.on("release", (_error, client) => lent.delete(client));
  pool.on("connect", (client) => {
    client.once("end", () => {
      if (!lent.has(client)) return;
      const { release } = client;
      client.release = () => undefined;
      release.call(client, true);
    });
  });
}
