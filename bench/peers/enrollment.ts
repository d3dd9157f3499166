import pg from "pg";
import { enrollInSql, stepsInSql } from "../steps.ts";

// What every peer does: the same rows, by prepared statements.

export const steps = stepsInSql("$1::int").map((text, index) => ({ name: `step-${index}`, text }));
const enrollment = { name: "enroll", text: enrollInSql("select $1::int") };

interface Queryable {
  query(config: { name: string; text: string; values: unknown[] }): Promise<unknown>;
}

/** Step `index` of learner `number`'s enrollment, in whatever transaction the client is in. */
export async function carryOut(client: Queryable, index: number, number: number): Promise<void> {
  const step = steps[index];
  if (step === undefined) throw new RangeError(`Expected a step from 0 to 4, found ${index}`);
  await client.query({ ...step, values: [number] });
}

export async function enroll(client: Queryable, number: number): Promise<void> {
  await client.query({ ...enrollment, values: [number] });
}

export const openPool = (url: string, max: number): pg.Pool => new pg.Pool({ connectionString: url, max });

export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** For clients that read addresses their own way. */
export function connectionOf(url: string): { host: string; port: number; database: string; username: string; password: string } {
  const { hostname, port, pathname, searchParams, username, password } = new URL(url);
  return {
    host: searchParams.get("host") ?? hostname,
    port: Number(searchParams.get("port") ?? (port || 5432)),
    database: pathname.slice(1),
    username: decodeURIComponent(username) || (searchParams.get("user") ?? ""),
    password: decodeURIComponent(password),
  };
}
