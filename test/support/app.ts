import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startApp, type RunningApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/kernel/log.ts";
import { cloneTemplate } from "./database.ts";

export interface TestApp {
  readonly app: RunningApp;
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string;
  readonly databaseUrl: string;
  sql<Row extends pg.QueryResultRow>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** The whole program in this process, on a database, a port and a mail server of its own. `overrides` are settings. */
export async function startTestApp(overrides: Record<string, string> = {}): Promise<TestApp> {
  const { url: databaseUrl, drop } = await cloneTemplate();
  const dataDir = mkdtempSync(join(tmpdir(), "mentorplatform-app-"));
  const config = loadConfig({
    NODE_ENV: "test",
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    PORT: "0",
    SMTP_PORT: "0",
    SEED: "none",
    LOG_LEVEL: process.env["TEST_LOG_LEVEL"] ?? "error",
    ...overrides,
  });
  const app = await startApp(config, createLog(config.logLevel));
  const client = new pg.Client(databaseUrl);
  client.on("error", () => undefined);
  await client.connect();
  return {
    app,
    url: app.server?.url ?? "",
    databaseUrl,
    sql: async <Row extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = []) => (await client.query<Row>(text, [...parameters])).rows,
    async stop() {
      await app.stop();
      await client.end().catch(() => undefined);
      await drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
