import type { EntityManager } from "@mikro-orm/postgresql";
import type { Router } from "express";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { migrationsList } from "../migrations/index.ts";
import { settings, type Config, type Role } from "./config.ts";
import { describeAddress, sessionOptions } from "./database/address.ts";
import { startEmbeddedPostgres } from "./database/embedded-postgres.ts";
import { migrate, type MigrateResult } from "./database/migrate.ts";
import { Notifications } from "./database/notifications.ts";
import { createOrm } from "./database/orm.ts";
import { createTransaction } from "./database/transaction.ts";
import { courseEnrollmentParticipants } from "./domain/course-enrollment/course-enrollment.participants.ts";
import { domainEntities } from "./domain/entities.ts";
import type { Mailer } from "./domain/mail/mailer.ts";
import { seedDatabase } from "./domain/seed/seed.ts";
import { EmbeddedSmtp } from "./gateways/embedded-smtp.ts";
import { createIdentity, loadSigningKey } from "./gateways/identity.ts";
import { mailboxPage } from "./gateways/mailbox-page.ts";
import { sinkMailer, SmtpMailer } from "./gateways/smtp-mailer.ts";
import { monotonicMs, processNow } from "./kernel/clock.ts";
import { armCrashPoint } from "./kernel/crash-point.ts";
import type { Log } from "./kernel/log.ts";
import { startupError } from "./kernel/startup-error.ts";
import { Outbox, query, QueueDepths } from "./outbox/index.ts";
import { ActivityFeed, SagaEngine, SagaExplainer, SagaFeed, SagaOperations, SagaReader, SagaRegistry } from "./sagas/engine/index.ts";
import { migrations as sagaMigrations, sagas } from "./sagas/index.ts";
import { startServer, type RunningServer } from "./server/index.ts";

/** The program, running. */
export interface RunningApp {
  readonly roles: ReadonlySet<Role>;
  readonly database: {
    /** For pg and psql; holds the password of an external server. */
    readonly url: string;
    /** Without the password. */
    readonly address: string;
    readonly version: string;
    /** Where the embedded server keeps its files; null for an external one. */
    readonly directory: string | null;
  };
  readonly migrations: Pick<MigrateResult, "applied" | "total">;
  /** Null when the database has no made-up accounts. */
  readonly demo: { readonly accountCount: number; readonly courseCount: number } | null;
  /** The API; null without the role api. */
  readonly server: { readonly url: string; readonly port: number } | null;
  /** The embedded mail server; null for another MAIL_MODE. */
  readonly smtp: EmbeddedSmtp | null;
  /** Settles when the program cannot go on by itself. */
  readonly lost: Promise<Error>;
  /**
   * Takes nothing new, finishes what is in hand (25 s at most), then closes everything in the reverse order of its start,
   * PostgreSQL last. Idempotent.
   */
  stop(): Promise<void>;
}

const drainMs = 25_000;

/**
 * Builds and starts everything the roles need, in order; what has been started is stopped again when a later part fails.
 *
 * @throws {StartupError} something outside the program is not as it must be
 */
export async function startApp(config: Config, log: Log): Promise<RunningApp> {
  const lost = Promise.withResolvers<Error>();
  const closing = new Closing(log);
  try {
    const app = await build(config, log, closing, lost.resolve);
    return { ...app, lost: lost.promise, stop: () => closing.run() };
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function build(config: Config, log: Log, closing: Closing, lose: (error: Error) => void): Promise<Omit<RunningApp, "lost" | "stop">> {
  const { roles } = config;
  if (config.crashAt !== null) armCrashPoint(config.crashAt.point, config.crashAt.nth);
  prepareDataDirectory(config.dataDir);

  const database = await openDatabase(config, log, closing, lose);
  const migrations = await migrate({ url: database.url, migrations: migrationsList, log, createDatabase: database.directory !== null });

  const orm = await createOrm({ url: database.url, entities: domainEntities, log, poolSize: config.databasePoolSize });
  closing.add("connections", () => orm.close());
  const em = (): EntityManager => orm.em.fork();
  const transaction = createTransaction(orm, log);

  const hints = new Notifications({ url: database.url, log, mode: config.liveHints });
  closing.add("hints", () => hints.close());
  await hints.start();

  const registry = new SagaRegistry(sagas, sagaMigrations);
  const engine = new SagaEngine({ registry, em, transaction: createTransaction(orm, log, "sweeper"), hints, log });
  await engine.storeDefinitions();

  const { mailer, smtp } = await openMail(config, log, closing);
  const participants = [...courseEnrollmentParticipants(mailer)];

  if (roles.has("relay") || roles.has("worker")) {
    const boss = await startQueue(config, database.url, log);
    closing.add("queue", () => boss.stop({ graceful: false, close: true }));
    const outbox = new Outbox({
      boss,
      em,
      transaction: (label) => createTransaction(orm, log, label),
      connect: () => connectAlone(database.url),
      subscriber: engine.subscriber,
      loads: registry.loads(),
      participants,
      attemptTimeouts: registry.commands(),
      hints,
      log,
      batchSize: config.consumerBatchSize,
      sweepIntervalMs: config.sweepIntervalMs,
    });
    await outbox.createQueues();
    closing.add("outbox", () => outbox.stop());
    if (roles.has("relay")) outbox.startRelay();
    if (roles.has("worker")) {
      await outbox.startConsumers();
      engine.startSweeper();
      closing.add("deadlines", () => engine.stop());
    }
  }

  if (config.seed !== "none") await seedDatabase(em(), config.seed, processNow());
  const demo = await findDemo(em(), database.directory !== null);

  let server: RunningServer | null = null;
  if (roles.has("api")) {
    const reader = new SagaReader(registry);
    const feed = new SagaFeed({ reader, em, hints, log, minGapMs: config.subscriptionMinGapMs });
    closing.add("feed", () => Promise.resolve(feed.close()));
    const activity = new ActivityFeed({ reader, em, hints, log });
    closing.add("activity", () => Promise.resolve(activity.close()));
    const queueDepths = new QueueDepths({ em, log });
    closing.add("queue depths", () => Promise.resolve(queueDepths.close()));
    const identity = await createIdentity({ privateKey: loadSigningKey(config.jwtPrivateKeyFile, config.dataDir), ttlSeconds: config.accessTokenTtlSeconds });
    const routers: Router[] = smtp === null ? [] : [mailboxPage(smtp, hostsOf(config))];
    server = await startServer({
      host: config.host,
      port: config.port,
      development: !config.production,
      em,
      transaction,
      sagas: reader,
      registry,
      feed,
      activity,
      queueDepths,
      operations: new SagaOperations({ registry, hints }),
      explainer: new SagaExplainer(),
      identity,
      log,
      routers,
      origins: config.publicUrl === null ? [] : [new URL(config.publicUrl).origin],
      pingDatabase: () => query(em(), "select 1"),
    });
    const open = server;
    closing.add("server", () => open.close());
  }

  return {
    roles,
    database: { ...database, address: describeAddress(database.url), version: migrations.serverVersion },
    migrations,
    demo,
    server,
    smtp,
  };
}

async function openDatabase(config: Config, log: Log, closing: Closing, lose: (error: Error) => void): Promise<{ url: string; directory: string | null }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, directory: null };
  const postgres = await startEmbeddedPostgres({ directory: join(config.dataDir, "postgres"), log, onLost: lose });
  // Never given up: without a clean stop the next start has to recover.
  closing.add("PostgreSQL", () => postgres.stop(), true);
  return { url: postgres.url, directory: postgres.directory };
}

async function openMail(config: Config, log: Log, closing: Closing): Promise<{ mailer: Mailer; smtp: EmbeddedSmtp | null }> {
  if (config.mailMode === "sink") return { mailer: sinkMailer, smtp: null };
  let smtp: EmbeddedSmtp | null = null;
  if (config.mailMode === "embedded") {
    smtp = await EmbeddedSmtp.start({ directory: join(config.dataDir, "mail"), port: config.smtpPort, log });
    const open = smtp;
    closing.add("mail server", () => open.stop());
  }
  const url = smtp?.url ?? config.smtpUrl;
  if (url === null) throw new Error("Expected MAIL_MODE=smtp without SMTP_URL to have been refused by the configuration");
  const mailer = new SmtpMailer({ url, from: config.mailFrom });
  closing.add("mail connections", () => Promise.resolve(mailer.close()));
  return { mailer, smtp };
}

async function startQueue(config: Config, url: string, log: Log): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: url,
    application_name: "mentorplatform-queue",
    max: config.queuePoolSize,
    migrate: false,
    schedule: false,
    // Workers look after expired leases; one that supervises is enough, several do no harm.
    supervise: config.roles.has("worker"),
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  });
  boss.on("error", (error) => log.error({ err: error }, "The queue reports an error"));
  boss.on("warning", (warning) => log.info({ warning }, "The queue reports a warning"));
  await boss.start();
  return boss;
}

async function connectAlone(url: string): Promise<pg.Client> {
  const client = new pg.Client({ ...sessionOptions(url, "mentorplatform-worker"), statement_timeout: false });
  // One that is lost in the moment it is made has nobody yet who listens; its end is told to whoever has it then.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Level by level: on file systems that answer "not found" where nothing can be made, Node's recursive mkdir never ends. */
function makeDirectory(directory: string, mode: number): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory), mode);
  mkdirSync(directory, { mode });
}

/** Others may pass through on their way to the database's directory, which root starts under another account; nobody may look. */
function prepareDataDirectory(directory: string): void {
  try {
    makeDirectory(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw startupError(
      {
        found: `DATA_DIR: expected a directory that this account can write to, found: ${cause instanceof Error ? cause.message : String(cause)}`,
        why: settings.dataDir.meaning,
        remedy: "Set DATA_DIR to another directory, or start as the account it belongs to.",
        code: "CONFIG_DATA_DIR",
      },
      cause,
    );
  }
}

/** Counted only in the embedded database, which is small. */
async function findDemo(em: EntityManager, embedded: boolean): Promise<RunningApp["demo"]> {
  if (!embedded) return null;
  const [row] = await query<{ accountCount: number; courseCount: number }>(
    em,
    `select (select count(*)::int from app_user) as "accountCount", (select count(*)::int from course) as "courseCount" from app_user where email = 'learner-0001@demo.example'`,
  );
  return row ?? null;
}

const hostsOf = (config: Config): string[] => [config.host, ...(config.publicUrl === null ? [] : [new URL(config.publicUrl).hostname])];

/** What has to be closed, last opened first. One part that fails or hangs does not keep the others from being closed. */
class Closing {
  readonly #log: Log;
  readonly #parts: { name: string; close: () => Promise<unknown>; patient: boolean }[] = [];
  #running: Promise<void> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, close: () => Promise<unknown>, patient = false): void {
    this.#parts.push({ name, close, patient });
  }

  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    const until = monotonicMs() + drainMs;
    for (const { name, close, patient } of this.#parts.toReversed()) {
      const control = new AbortController();
      try {
        const closed = close();
        if (patient) await closed;
        // At least a second each, so that a part that used up the time leaves the others some.
        else await Promise.race([closed, tooLate(Math.max(1_000, until - monotonicMs()), control.signal)]);
      } catch (error) {
        this.#log.error({ err: error, part: name }, "A part of the program could not be closed");
      } finally {
        control.abort();
      }
    }
  }
}

async function tooLate(ms: number, signal: AbortSignal): Promise<never> {
  await delay(ms, undefined, { signal });
  throw new Error(`It was not done within ${Math.round(ms)} ms`);
}
