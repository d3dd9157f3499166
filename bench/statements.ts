import type { Database } from "./server.ts";

/** One kind of statement, its figures divided by the number of sagas. */
export interface Statement {
  readonly text: string;
  readonly ms: number;
  readonly calls: number;
  readonly rows: number;
}

const isCounted = async (database: Database): Promise<boolean> =>
  (await database.sql("select 1 from pg_extension where extname = 'pg_stat_statements'")).length > 0;

export async function forgetStatements(database: Database): Promise<void> {
  if (await isCounted(database)) await database.sql("select pg_stat_statements_reset()");
}

/** The dearest statements of this database since they were forgotten; none where the server does not count. */
export async function statementsOf(database: Database, count: number): Promise<Statement[]> {
  if (!(await isCounted(database))) return [];
  return database.sql<{ text: string; ms: number; calls: number; rows: number }>(
    `select left(regexp_replace(query, '\\s+', ' ', 'g'), 150) as text, total_exec_time / $1::int as ms, calls::float8 / $1::int as calls, rows::float8 / $1::int as rows
     from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time desc limit 25`,
    [count],
  );
}
