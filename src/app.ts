import type { EntityManager } from "@mikro-orm/postgresql";
import type { Router } from "express";
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { migrationsList } from "../migrations/index.ts";
import { hasMetrics, settings, type Config, type Role } from "./config.ts";
import { describeAddress, sessionOptions } from "./database/address.ts";
import { startEmbeddedPostgres } from "./database/embedded-postgres.ts";
import { migrate, type MigrateResult } from "./database/migrate.ts";
import { Notifications } from "./database/notifications.ts";
import { createOrm } from "./database/orm.ts";
import { backgroundCheckParticipants } from "./domain/background-check/background-check.participants.ts";
import { CheckInbox } from "./domain/background-check/background-check.reports.ts";
import type { BackgroundChecks } from "./domain/background-check/background-checks.port.ts";
import { createTransaction, type Transaction } from "./database/transaction.ts";
import { courseEnrollmentParticipants } from "./domain/course-enrollment/course-enrollment.participants.ts";
import { foreseen } from "./definition-problems.ts";
import { domainEntities } from "./domain/entities.ts";
import type { FileStore, Scanner } from "./domain/files/file-store.port.ts";
import { FileVault } from "./domain/files/file-vault.ts";
import { toKnownAddresses } from "./domain/mail/known-addresses.ts";
import type { Mailer } from "./domain/mail/mailer.ts";
import { mentoringSessionParticipants } from "./domain/mentoring-session/mentoring-session.participants.ts";
import { lapsingProposals, silentApplications } from "./domain/chores.ts";
import { Sweeper } from "./domain/sweeper.ts";
import { applicationRequestParticipants } from "./domain/application-request/application-request.participants.ts";
import { backgroundCheckFaults } from "./gateways/background-check-faults.ts";
import { HttpBackgroundChecks } from "./gateways/background-check-http.ts";
import { BACKGROUND_CHECK_WEBHOOK_PATH, backgroundCheckWebhook } from "./gateways/background-check-webhook.ts";
import { EmbeddedBackgroundCheck, loadWebhookSecret } from "./gateways/embedded-background-check.ts";
import { fileRoutes } from "./gateways/file-routes.ts";
import { FsFileStore } from "./gateways/file-store-fs.ts";
import { S3FileStore } from "./gateways/file-store-s3.ts";
import { FileTokens } from "./gateways/file-tokens.ts";
import { builtinScanner, ClamdScanner } from "./gateways/scanners.ts";
import { secretFile } from "./gateways/secret-file.ts";
import { EmbeddedSmtp } from "./gateways/embedded-smtp.ts";
import { sweepExpired } from "./domain/housekeeping.ts";
import { adoptExternalAccount } from "./domain/users/external-account.service.ts";
import type { AdoptAccount } from "./domain/users/identity.port.ts";
import { accountParticipants } from "./domain/users/user.participants.ts";
import { createIdentity, loadAcceptedKeys, loadSigningKey } from "./gateways/identity.ts";
import { jwksPage } from "./gateways/jwks-page.ts";
import { createOidcIdentity } from "./gateways/oidc-identity.ts";
import { mailboxPage } from "./gateways/mailbox-page.ts";
import { sinkMailer, SmtpMailer } from "./gateways/smtp-mailer.ts";
import { monotonicMs, processNow } from "./kernel/clock.ts";
import { armCrashPoint } from "./kernel/crash-point.ts";
import type { Log } from "./kernel/log.ts";
import { startupError } from "./kernel/startup-error.ts";
import { connectOutbox, Outbox, query, QueueDepths } from "./outbox/index.ts";
import {
  ActivityFeed,
  checkReflected,
  SagaEngine,
  SagaExplainer,
  SagaFeed,
  SagaOperations,
  SagaReader,
  SagaRegistry,
  subSagaParticipants,
} from "./sagas/engine/index.ts";
import { migrations as sagaMigrations, sagas } from "./sagas/index.ts";
import { ownDocuments } from "./own-documents.ts";
import { Loop } from "./kernel/loop.ts";
import { fillDatabase } from "./seed/fill.ts";
import { currentOrigin, loadTrustedDocuments, startServer, type RunningServer, type ServerParts } from "./server/index.ts";

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
  /** The embedded provider of background checks; null for another BACKGROUND_CHECK_MODE. */
  readonly checks: CheckAddress | null;
  /** Settles when the program cannot go on by itself. */
  readonly lost: Promise<Error>;
  /**
   * Takes nothing new, finishes what is in hand (25 s at most), then closes everything in the reverse order of its start,
   * PostgreSQL last. Idempotent.
   */
  stop(): Promise<void>;
}

/** Where an embedded provider of background checks is, and the key that it takes. */
export interface CheckAddress {
  readonly url: string;
  readonly apiKey: string;
}

const drainMs = 25_000;

/**
 * Builds and starts everything the roles need, in order; what has been started is stopped again when a later part fails.
 *
 * @param checks the embedded provider of background checks of another process, to be used instead of one of this process
 * @throws {StartupError} something outside the program is not as it must be, or sagas could not go on with its definitions
 */
export async function startApp(config: Config, log: Log, checks: CheckAddress | null = null): Promise<RunningApp> {
  const lost = Promise.withResolvers<Error>();
  const closing = new Closing(log);
  try {
    const app = await build({ config, log, closing, checksElsewhere: checks, lose: lost.resolve });
    return { ...app, lost: lost.promise, stop: () => closing.run() };
  } catch (error) {
    await closing.run();
    throw foreseen(error);
  }
}

interface Site {
  readonly config: Config;
  readonly log: Log;
  readonly closing: Closing;
  readonly checksElsewhere: CheckAddress | null;
  readonly lose: (error: Error) => void;
}

async function build({ config, log, closing, checksElsewhere, lose }: Site): Promise<Omit<RunningApp, "lost" | "stop">> {
  const { roles } = config;
  if (config.crashAt !== null) armCrashPoint(config.crashAt.point, config.crashAt.nth);
  prepareDataDirectory(config.dataDir);

  const database = await openDatabase(config, log, closing, lose);
  const migrations = await migrate({ url: database.url, migrations: migrationsList, log, createDatabase: database.directory !== null });

  const orm = await createOrm({ url: database.url, entities: domainEntities, log, poolSize: config.databasePoolSize });
  closing.add("connections", () => orm.close());
  const em = (): EntityManager => orm.em.fork();

  const hints = new Notifications({ url: database.url, log, mode: config.liveHints });
  closing.add("hints", () => hints.close());
  await hints.start();

  const registry = new SagaRegistry(sagas, sagaMigrations);
  const engine = new SagaEngine({ registry, em, transaction: createTransaction(orm, log, "sweeper"), hints, log });

  const { mailer, smtp } = await openMail(config, log, closing);
  const { checks, checkProvider, webhookSecrets } = await openBackgroundChecks(config, log, closing, checksElsewhere);
  let server: RunningServer | null = null;
  const {
    store,
    scanner,
    routes,
    origin: fileOrigin,
  } = await openFiles(config, log, () => config.publicUrl ?? currentOrigin() ?? `http://localhost:${server?.port ?? config.port}`);
  const files = new FileVault({ store, scanner, em, log });
  const checkInbox = new CheckInbox({ provider: checks.provider, em, transaction: createTransaction(orm, log, "sweeper"), log });
  const participants = [
    ...courseEnrollmentParticipants(mailer),
    ...accountParticipants(mailer, { publicUrl: publicUrlOf(config) }),
    ...mentoringSessionParticipants({ mailer, meetingUrlTemplate: config.meetingUrlTemplate }),
    ...backgroundCheckParticipants(checks, checkInbox),
    ...applicationRequestParticipants({ mailer, files }),
    ...subSagaParticipants(registry),
  ];
  // Before definitions are stored: what is stored is final, and what cannot work is not meant so.
  registry.checkParticipants(participants);
  await checkReflected(em(), registry.definitions);
  await engine.storeDefinitions();

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
      stepsPerCommit: config.stepsPerCommit,
      sweepIntervalMs: config.sweepIntervalMs,
    });
    await outbox.createQueues();
    closing.add("outbox", () => outbox.stop());
    if (roles.has("relay")) outbox.startRelay();
    if (roles.has("worker")) {
      await outbox.startConsumers();
      engine.startSweeper();
      closing.add("deadlines", () => engine.stop());
      const housekeeping = keepHouse(em, log);
      closing.add("housekeeping", () => housekeeping.stop());
      closing.add("expired files", () => files.stop());
      files.startPurging();
      for (const chore of [lapsingProposals, silentApplications]) {
        const sweeper = new Sweeper(chore, { em, transaction: createTransaction(orm, log, "sweeper"), log });
        closing.add("what time asks for", () => sweeper.stop());
        sweeper.start();
      }
    }
  }

  if (roles.has("api") || roles.has("worker")) {
    checkInbox.start();
    closing.add("messages about background checks", () => checkInbox.stop());
  }

  if (config.seed !== "none") {
    const putFile = ({ storageKey, bytes }: { storageKey: string; bytes: Buffer }) => store.put(storageKey, bytes);
    const isFilled = await fillDatabase({ url: database.url, registry, profile: config.seed, day: processNow(), putFile });
    if (isFilled && checkProvider !== null) await adoptChecks(em(), checkProvider);
  }
  const demo = await findDemo(em(), database.directory !== null);

  if (roles.has("api")) {
    // Requests have connections of their own: their statements are short, and message handling cannot take all of them.
    const requests = await createOrm({
      url: database.url,
      entities: domainEntities,
      log,
      poolSize: config.databasePoolSize,
      applicationName: "mentorplatform-api",
      statementTimeoutMs: config.maxStatementMs,
    });
    closing.add("connections of requests", () => requests.close());
    const em = (): EntityManager => requests.em.fork();
    const transaction = createTransaction(requests, log);
    connectOutbox(em(), engine.subscriber, hints);
    const reader = new SagaReader(registry);
    const feed = new SagaFeed({ reader, em, hints, log, minGapMs: config.subscriptionMinGapMs });
    closing.add("feed", () => Promise.resolve(feed.close()));
    const activity = new ActivityFeed({ reader, em, hints, log });
    closing.add("activity", () => Promise.resolve(activity.close()));
    const queueDepths = new QueueDepths({ em, log });
    closing.add("queue depths", () => Promise.resolve(queueDepths.close()));
    const { identity, pages } = await openIdentity(config, transaction, log);
    const routers: Router[] = [...pages, ...(smtp === null ? [] : [mailboxPage(smtp, hostsOf(config))])];
    routers.push(backgroundCheckWebhook({ secrets: webhookSecrets, reports: checkInbox, log }));
    if (checkProvider !== null) routers.push(backgroundCheckFaults(checkProvider, hostsOf(config)));
    server = await startServer({
      host: config.host,
      port: config.port,
      development: !config.production,
      limits: config,
      introspection: config.introspection ?? !config.production,
      documents: documentsOf(config),
      proxies: config.trustProxy ?? [],
      em,
      transaction,
      sagas: reader,
      registry,
      feed,
      activity,
      queueDepths,
      operations: new SagaOperations({ registry, hints }),
      files,
      explainer: new SagaExplainer(),
      identity,
      log,
      routers,
      ...(routes === null ? {} : { uploads: routes(files) }),
      fileOrigin,
      publicUrl: config.publicUrl,
      ...(hasMetrics(config) ? { metricsToken: config.metricsToken } : {}),
      origins: config.publicUrl === null ? [] : [new URL(config.publicUrl).origin],
      pingDatabase: () => query(em(), "select 1"),
    });
    const open = server;
    closing.add("server", () => open.close());
  }
  checkProvider?.deliverTo(`http://${localHostOf(config)}:${server?.port ?? config.port}${BACKGROUND_CHECK_WEBHOOK_PATH}`);

  return {
    roles,
    database: { ...database, address: describeAddress(database.url), version: migrations.serverVersion },
    migrations,
    demo,
    server,
    smtp,
    checks: checkProvider === null ? null : { url: checkProvider.url, apiKey: checkProvider.apiKey },
  };
}

async function openDatabase(config: Config, log: Log, closing: Closing, lose: (error: Error) => void): Promise<{ url: string; directory: string | null }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, directory: null };
  const postgres = await startEmbeddedPostgres({ directory: join(config.dataDir, "postgres"), log, onLost: lose });
  // Never given up: without a clean stop the next start has to recover.
  closing.add("PostgreSQL", () => postgres.stop(), true);
  return { url: postgres.url, directory: postgres.directory };
}

async function openIdentity(config: Config, transaction: Transaction, log: Log): Promise<{ identity: ServerParts["identity"]; pages: Router[] }> {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcRoleClaim: roleClaim } = config;
  if (config.authMode === "oidc" && issuer !== null && audience !== null) {
    const adopt: AdoptAccount = (person) => transaction((em) => adoptExternalAccount(em, person));
    return { identity: createOidcIdentity({ issuer, audience, roleClaim, adopt, log }), pages: [] };
  }
  const identity = await createIdentity({
    privateKey: loadSigningKey(config.jwtPrivateKeyFile, config.dataDir),
    acceptedKeys: loadAcceptedKeys(config.jwtAcceptedKeyFiles),
    ttlSeconds: config.accessTokenTtlSeconds,
  });
  return { identity, pages: [jwksPage(identity)] };
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
  return { mailer: toKnownAddresses(mailer), smtp };
}

interface CheckParts {
  readonly checks: BackgroundChecks;
  /** Null for another BACKGROUND_CHECK_MODE. */
  readonly checkProvider: EmbeddedBackgroundCheck | null;
  readonly webhookSecrets: readonly string[];
}

async function openBackgroundChecks(config: Config, log: Log, closing: Closing, elsewhere: CheckAddress | null): Promise<CheckParts> {
  if (config.backgroundCheckMode === "http") {
    const { backgroundCheckUrl: url, backgroundCheckApiKey: apiKey, backgroundCheckWebhookSecret: webhookSecrets } = config;
    if (url === null || apiKey === null || webhookSecrets === null)
      throw new Error("Expected BACKGROUND_CHECK_MODE=http without its settings to have been refused by the configuration");
    return { checks: new HttpBackgroundChecks({ url, apiKey }), checkProvider: null, webhookSecrets };
  }
  const [secret = loadWebhookSecret(config.dataDir), ...others] = config.backgroundCheckWebhookSecret ?? [];
  const webhookSecrets = [secret, ...others];
  if (elsewhere !== null) return { checks: new HttpBackgroundChecks({ ...elsewhere, provider: "embedded" }), checkProvider: null, webhookSecrets };
  const provider = await EmbeddedBackgroundCheck.start({
    directory: join(config.dataDir, "background-checks"),
    delayMs: config.backgroundCheckDelayMs,
    secret,
    log,
  });
  closing.add("provider of background checks", () => provider.stop());
  const checks = new HttpBackgroundChecks({ url: provider.url, apiKey: provider.apiKey, provider: "embedded" });
  return { checks, checkProvider: provider, webhookSecrets };
}

interface FileParts {
  readonly store: FileStore;
  readonly scanner: Scanner;
  /** Serves our own URLs; null: the store has others. */
  readonly routes: ((files: FileVault) => Router) | null;
  /** Where browsers put and get files. */
  readonly origin: () => string;
}

/** @param baseUrl where people reach the program; asked for each URL */
export async function openFiles(config: Config, log: Log, baseUrl: () => string): Promise<FileParts> {
  const scanner = config.scanner === "clamd" && config.clamdAddress !== null ? new ClamdScanner(config.clamdAddress) : builtinScanner;
  if (config.filesDriver === "s3") {
    const { s3Region: region, s3Bucket: bucket, s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = config;
    if (region === null || bucket === null || accessKeyId === null || secretAccessKey === null)
      throw new Error("Expected FILES_DRIVER=s3 without its settings to have been refused by the configuration");
    const endpoint = config.s3Endpoint ?? `https://s3.${region}.amazonaws.com`;
    return {
      store: new S3FileStore({ endpoint, region, bucket, accessKeyId, secretAccessKey }),
      scanner,
      routes: null,
      origin: () => new URL(endpoint).origin,
    };
  }
  const root = config.filesRoot ?? join(config.dataDir, "files");
  const tokens = new FileTokens(secretFile(join(root, "url-secret"), () => randomBytes(32).toString("base64url")));
  const store = await FsFileStore.open({ root, tokens, baseUrl: () => baseUrl().replace(/\/+$/, "") });
  return { store, scanner, routes: (files) => fileRoutes({ store, tokens, files, log }), origin: () => new URL(baseUrl()).origin };
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

/** Where this machine reaches what listens at HOST. */
const localHostOf = ({ host }: Config): string => (host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host);
const housekeepingIntervalMs = 60_000;

function keepHouse(em: () => EntityManager, log: Log): Loop {
  const loop = new Loop({
    pass: async () => ((await sweepExpired(em())) ? 0 : housekeepingIntervalMs),
    onError: (error) => log.warn({ err: error }, "What has run out could not be deleted; trying again"),
  });
  loop.start();
  return loop;
}

/** Without a slash at its end. */
/** The made-up past has asked the embedded provider, which must not deny it when it is asked again. */
async function adoptChecks(em: EntityManager, provider: EmbeddedBackgroundCheck): Promise<void> {
  const asked = await query<{ reference: string; requestId: string }>(
    em,
    `select reference, request_id as "requestId" from background_check where status = 'REQUESTED' and reference is not null`,
  );
  for (const { reference, requestId } of asked) await provider.adopt(reference, requestId);
}

function documentsOf({ graphqlDocuments, trustedDocumentsFile: file }: Config): NonNullable<ServerParts["documents"]> {
  const others = file === null ? new Map<string, string>() : loadTrustedDocuments(file);
  const only = graphqlDocuments === "trusted";
  return { only, byHash: only ? new Map([...ownDocuments(), ...others]) : others };
}

const publicUrlOf = (config: Config): string => (config.publicUrl ?? `http://localhost:${config.port}`).replace(/\/+$/, "");

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
