import type pg from "pg";

/** The name of the database a PostgreSQL URL points at. */
export const databaseName = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));

/** The same server and user, another database. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  return other.href;
}

/** Server and database without the password: for messages. */
export function describeAddress(url: string): string {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get("host") ?? (hostname || "localhost");
  return `${host}${host.startsWith("/") ? "" : `:${searchParams.get("port") ?? (port || "5432")}`}/${databaseName(url)}`;
}

export const statementTimeoutMs = 30_000;
export const idleInTransactionTimeoutMs = 10_000;

/**
 * How our own sessions connect. The two bounds are enforced by the server: a process that freezes inside a transaction loses
 * its locks after ten seconds, and no statement holds a snapshot for longer than thirty. Statements are short, so compiling them
 * (jit) never pays.
 */
export const sessionOptions = (url: string, applicationName: string): pg.ClientConfig => ({
  connectionString: url,
  application_name: applicationName,
  statement_timeout: statementTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
  options: "-c timezone=UTC -c jit=off",
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
});
