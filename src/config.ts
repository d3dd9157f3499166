import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { crashPoints } from "./kernel/crash-point.ts";
import { StartupError, type StartupProblem } from "./kernel/startup-error.ts";

/** One setting: a row of the table below, of `.env.example` and of docs/configuration.md. */
export interface Setting<T = unknown> {
  /** Name of the environment variable. */
  readonly name: string;
  readonly unit: string | null;
  /** As it would be written in the environment; null when leaving it out means something of its own, which `meaning` tells. */
  readonly fallback: string | null;
  readonly meaning: string;
  /** What is accepted, in words. */
  readonly expected: string;
  readonly example: string;
  /** The value may hold a password and is never shown. */
  readonly secret: boolean;
  readonly parser: z.ZodType<T, string>;
}

type Row<T> = Omit<Setting<T>, "unit" | "secret" | "example"> & Partial<Pick<Setting<T>, "unit" | "secret" | "example">>;

/** A setting that always has a value. */
const setting = <T>(row: Row<T> & { fallback: string }): Setting<T> & { readonly fallback: string } => ({
  unit: null,
  secret: false,
  example: row.fallback,
  ...row,
});
/** A setting that may be left out. */
const optional = <T>(row: Omit<Row<T>, "fallback"> & { example: string }): Setting<T | null> => ({ unit: null, secret: false, fallback: null, ...row });

const whole = (from: number, to: number): z.ZodType<number, string> => z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(from).max(to));
const oneOf = <const V extends readonly [string, ...string[]]>(...values: V): z.ZodType<V[number], string> => z.string().pipe(z.enum(values));
const flag = oneOf("0", "1").transform((value) => value === "1");
/** A bound on what callers may ask for; docs/limits.md says what is answered beyond it. */
const limit = (name: `MAX_${string}`, fallback: number, unit: string, meaning: string): Setting<number> & { readonly fallback: string } =>
  setting({ name, unit, fallback: String(fallback), expected: "a whole number, 1 to 1000000000", meaning, parser: whole(1, 1_000_000_000) });
const url = (...protocols: string[]): z.ZodType<string, string> => z.string().refine((value) => protocols.includes(URL.parse(value)?.protocol ?? ""));

/** Base64, with or without `whsec_` before it, of at least 24 bytes: what Standard Webhooks asks for. */
const isWebhookSecret = (value: string): boolean => {
  const encoded = value.replace(/^whsec_/, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) && encoded.length % 4 === 0 && Buffer.from(encoded, "base64").length >= 24;
};

const roles = ["api", "relay", "worker"] as const;
export type Role = (typeof roles)[number];

/** Every setting there is. `.env.example` and docs/configuration.md are written from this table by `npm run codegen`. */
export const settings = {
  port: setting({
    name: "PORT",
    fallback: "4000",
    expected: "a port number, 0 to 65535",
    meaning: "Port of HTTP and WebSocket; 0 takes a free one.",
    parser: whole(0, 65_535),
  }),
  host: setting({
    name: "HOST",
    fallback: "127.0.0.1",
    expected: "an address or a host name of this machine",
    meaning: "Address to listen on. The default can be reached from this machine only; 0.0.0.0 means every address.",
    parser: z.string().regex(/^[\w.:-]+$/),
  }),
  publicUrl: optional({
    name: "PUBLIC_URL",
    example: "https://mentoring.example",
    expected: "an http or https URL",
    meaning: "Where people reach the program, for links in mails. Unset: http://localhost with the port.",
    parser: url("http:", "https:"),
  }),
  roles: setting<ReadonlySet<Role>>({
    name: "ROLES",
    fallback: "api,relay,worker",
    expected: `a list with commas out of ${roles.join(", ")}`,
    meaning: "What this process does: api serves GraphQL, relay moves messages to their queues, worker carries them out.",
    parser: z
      .string()
      .transform((value) => value.split(",").map((role) => role.trim()))
      .pipe(z.array(z.enum(roles)).min(1))
      .transform((list) => new Set(list)),
  }),
  dataDir: setting({
    name: "DATA_DIR",
    fallback: "./.data",
    expected: "a directory",
    meaning: "Where the embedded PostgreSQL, the other embedded systems and the keys that are made here keep their files. Made if missing.",
    parser: z.string().transform((value) => resolve(value)),
  }),
  databaseUrl: optional({
    name: "DATABASE_URL",
    example: "postgresql://mentor:secret@db.internal:5432/mentor",
    secret: true,
    expected: "a URL that begins with postgresql:// or postgres:// and names a database",
    meaning: "PostgreSQL 15 to 18, by a direct connection (no transaction pooler). Unset: the program starts its own PostgreSQL in DATA_DIR.",
    parser: url("postgresql:", "postgres:").refine((value) => (URL.parse(value)?.pathname ?? "").length > 1),
  }),
  databasePoolSize: setting({
    name: "DATABASE_POOL_SIZE",
    unit: "connections",
    fallback: "10",
    expected: "a whole number, 2 to 200",
    meaning: "Connections at most for requests, and as many for message handling; the queue and the hints need six more.",
    parser: whole(2, 200),
  }),
  queuePoolSize: setting({
    name: "QUEUE_POOL_SIZE",
    unit: "connections",
    fallback: "4",
    expected: "a whole number, 2 to 200",
    meaning: "Connections at most for pg-boss' own upkeep.",
    parser: whole(2, 200),
  }),
  seed: optional({
    name: "SEED",
    example: "demo",
    expected: "demo, tiny or none",
    meaning:
      "Made-up accounts and courses to fill an empty database with; their passwords are known to everybody. Unset: demo with the embedded PostgreSQL outside production, else none.",
    parser: oneOf("demo", "tiny", "none"),
  }),
  demoTraffic: optional<number>({
    name: "DEMO_TRAFFIC",
    unit: "sagas a second",
    example: "5",
    expected: "a whole number, 0 to 20",
    meaning:
      "What made-up learners begin over the API, three in a hundred of it with a fault; it ends by itself after 5,000 sagas, which stay in the database. Unset: 2 in development on a terminal with the embedded PostgreSQL, else 0. Refused in production.",
    parser: whole(0, 20),
  }),
  logLevel: setting({
    name: "LOG_LEVEL",
    fallback: "warn",
    expected: "debug, info, warn, error or silent",
    meaning: "Least severe entries to write to standard error. debug also shows stacks of errors at start.",
    parser: oneOf("debug", "info", "warn", "error", "silent"),
  }),
  mailMode: setting({
    name: "MAIL_MODE",
    fallback: "embedded",
    expected: "embedded, smtp or sink",
    meaning:
      "embedded: a mail server in this process, whose mails are shown at /dev/mail. smtp: the server of SMTP_URL. sink: mails are accepted and thrown away.",
    parser: oneOf("embedded", "smtp", "sink"),
  }),
  smtpUrl: optional({
    name: "SMTP_URL",
    example: "smtp://user:secret@mail.internal:587",
    secret: true,
    expected: "a URL that begins with smtp:// or smtps://",
    meaning: "The mail server for MAIL_MODE=smtp.",
    parser: url("smtp:", "smtps:"),
  }),
  smtpPort: setting({
    name: "SMTP_PORT",
    fallback: "2525",
    expected: "a port number, 0 to 65535",
    meaning: "Port of the embedded mail server on the loopback address. Taken already, or 0: a free one.",
    parser: whole(0, 65_535),
  }),
  mailFrom: setting({
    name: "MAIL_FROM",
    fallback: "MentorPlatform <no-reply@mentorplatform.example>",
    expected: "an address, with or without a name before it",
    meaning: "Sender of all mails.",
    parser: z.string().regex(/^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/),
  }),
  backgroundCheckMode: setting({
    name: "BACKGROUND_CHECK_MODE",
    fallback: "embedded",
    expected: "embedded or http",
    meaning:
      "embedded: a provider of background checks in this process, which looks at nobody; a tag in the applicant's address decides (+clear, +consider, +fail, +slow, +never). http: the provider of BACKGROUND_CHECK_URL.",
    parser: oneOf("embedded", "http"),
  }),
  backgroundCheckUrl: optional({
    name: "BACKGROUND_CHECK_URL",
    example: "https://checks.example/v1",
    expected: "an http or https URL",
    meaning: "Where the paths of the provider begin, for BACKGROUND_CHECK_MODE=http; its messages are taken at /webhooks/background-check.",
    parser: url("http:", "https:"),
  }),
  backgroundCheckApiKey: optional({
    name: "BACKGROUND_CHECK_API_KEY",
    example: "key_live_secret",
    secret: true,
    expected: "printable characters without spaces",
    meaning: "Our key at the provider, for BACKGROUND_CHECK_MODE=http.",
    parser: z.string().regex(/^[\x21-\x7e]+$/),
  }),
  backgroundCheckWebhookSecret: optional<readonly string[]>({
    name: "BACKGROUND_CHECK_WEBHOOK_SECRET",
    example: "whsec_ZXhhbXBsZS1vZi1hLXNlY3JldC1ub3QtdG8tYmUtdXNlZA==",
    secret: true,
    expected: "secrets in base64 of at least 24 bytes each, with or without whsec_ before them, with commas between them",
    meaning:
      "What the provider signs its messages with. Several while it is being changed: each of them makes a signature good. Unset with the embedded provider: one is made in DATA_DIR.",
    parser: z
      .string()
      .transform((value) => value.split(",").map((secret) => secret.trim()))
      .pipe(z.array(z.string().refine(isWebhookSecret)).min(1)),
  }),
  backgroundCheckDelayMs: setting({
    name: "BACKGROUND_CHECK_DELAY_MS",
    unit: "ms",
    fallback: "5000",
    expected: "a whole number, 0 to 86400000",
    meaning: "How long a check of the embedded provider takes.",
    parser: whole(0, 86_400_000),
  }),
  filesDriver: setting({
    name: "FILES_DRIVER",
    fallback: "fs",
    expected: "fs or s3",
    meaning: "Where files are kept. fs: a directory of this machine, behind signed URLs of this program. s3: the bucket of S3_BUCKET, behind its own.",
    parser: oneOf("fs", "s3"),
  }),
  filesRoot: optional({
    name: "FILES_ROOT",
    example: "/srv/mentorplatform/files",
    expected: "a directory",
    meaning: "Where FILES_DRIVER=fs keeps files and the secret of its URLs; the same for all processes. Made if missing. Unset: files in DATA_DIR.",
    parser: z.string().transform((value) => resolve(value)),
  }),
  s3Endpoint: optional({
    name: "S3_ENDPOINT",
    example: "https://objects.example",
    expected: "an http or https URL",
    meaning: "Where the buckets are, for FILES_DRIVER=s3; browsers reach it too. Unset: Amazon's, of the region.",
    parser: url("http:", "https:"),
  }),
  s3Region: optional({
    name: "S3_REGION",
    example: "eu-west-1",
    expected: "the name of a region",
    meaning: "The region of the bucket, for FILES_DRIVER=s3.",
    parser: z.string().regex(/^[a-z0-9-]+$/),
  }),
  s3Bucket: optional({
    name: "S3_BUCKET",
    example: "mentorplatform-files",
    expected: "the name of a bucket",
    meaning: "The bucket, for FILES_DRIVER=s3. It has to allow PUT and GET from the origins of front ends.",
    parser: z.string().regex(/^[a-z0-9.-]{3,63}$/),
  }),
  s3AccessKeyId: optional({
    name: "S3_ACCESS_KEY_ID",
    example: "AKIAEXAMPLE",
    expected: "printable characters without spaces",
    meaning: "Our key for the bucket, for FILES_DRIVER=s3.",
    parser: z.string().regex(/^[\x21-\x7e]+$/),
  }),
  s3SecretAccessKey: optional({
    name: "S3_SECRET_ACCESS_KEY",
    example: "secret",
    secret: true,
    expected: "printable characters without spaces",
    meaning: "The secret of that key.",
    parser: z.string().regex(/^[\x21-\x7e]+$/),
  }),
  scanner: setting({
    name: "SCANNER",
    fallback: "builtin",
    expected: "builtin or clamd",
    meaning: "What looks for malicious content in uploads. builtin: finds the EICAR test text and nothing else. clamd: the one at CLAMD_ADDRESS.",
    parser: oneOf("builtin", "clamd"),
  }),
  clamdAddress: optional<{ host: string; port: number }>({
    name: "CLAMD_ADDRESS",
    example: "127.0.0.1:3310",
    expected: "a host and a port with a colon between them",
    meaning: "The clamd for SCANNER=clamd; its StreamMaxLength has to be as long as the longest file, 200 MiB.",
    parser: z
      .string()
      .regex(/^[\w.-]+:\d{1,5}$/)
      .transform((value) => ({ host: value.slice(0, value.lastIndexOf(":")), port: Number(value.slice(value.lastIndexOf(":") + 1)) }))
      .refine(({ port }) => port >= 1 && port <= 65_535),
  }),
  meetingUrlTemplate: setting({
    name: "MEETING_URL_TEMPLATE",
    fallback: "https://meet.example/{id}",
    expected: "an http or https URL with {id} in it",
    meaning: "Where a virtual mentoring session takes place; {id} is replaced by the session's id.",
    parser: url("http:", "https:").refine((value) => value.includes("{id}")),
  }),
  accessTokenTtlSeconds: setting({
    name: "ACCESS_TOKEN_TTL_SECONDS",
    unit: "seconds",
    fallback: "900",
    expected: "a whole number, 60 to 86400",
    meaning: "How long an access token is good for.",
    parser: whole(60, 86_400),
  }),
  jwtPrivateKeyFile: optional({
    name: "JWT_PRIVATE_KEY_FILE",
    example: "/run/secrets/jwt-ed25519.pem",
    expected: "a file",
    meaning: "Ed25519 key (PKCS #8, PEM) that signs access tokens; the same for all processes. Unset: one is made in DATA_DIR.",
    parser: z.string().transform((value) => resolve(value)),
  }),
  jwtAcceptedKeyFiles: setting<readonly string[]>({
    name: "JWT_ACCEPTED_KEY_FILES",
    fallback: "",
    example: "/run/secrets/jwt-before.pub.pem,/run/secrets/jwt-next.pub.pem",
    expected: "a list of files with commas",
    meaning:
      "Further Ed25519 keys (PEM) whose access tokens are accepted. To change the signing key: name the next one here in all processes, then sign with it and name the one before here, then drop it once its last tokens have run out.",
    parser: z.string().transform((value) => value.split(",").flatMap((path) => (path.trim() === "" ? [] : [resolve(path.trim())]))),
  }),
  authMode: setting({
    name: "AUTH_MODE",
    fallback: "local",
    expected: "local or oidc",
    meaning:
      "Who keeps the accounts. local: this program, with passwords and tokens of its own. oidc: the outside issuer of OIDC_ISSUER, whose access tokens are accepted; an account is made here at first sight.",
    parser: oneOf("local", "oidc"),
  }),
  oidcIssuer: optional({
    name: "OIDC_ISSUER",
    example: "https://login.example/realms/mentoring",
    expected: "an http or https URL",
    meaning: "The issuer for AUTH_MODE=oidc, to the letter as in its tokens; its discovery document is below it at /.well-known/openid-configuration.",
    parser: url("http:", "https:"),
  }),
  oidcAudience: optional({
    name: "OIDC_AUDIENCE",
    example: "https://mentoring.example/api",
    expected: "a text",
    meaning: "Whom access tokens must be for (`aud`) with AUTH_MODE=oidc: this API, as it is known to the issuer.",
    parser: z.string(),
  }),
  oidcRoleClaim: optional({
    name: "OIDC_ROLE_CLAIM",
    example: "realm_access.roles",
    expected: "a claim's name, or a path with dots",
    meaning:
      "Claim with a list of the person's roles; REVIEWER, OPERATOR and ADMIN are taken from it whenever a token shows others than before. Unset: administrators give roles here.",
    parser: z.string(),
  }),
  sweepIntervalMs: setting({
    name: "SWEEP_INTERVAL_MS",
    unit: "ms",
    fallback: "1000",
    expected: "a whole number, 10 to 60000",
    meaning: "How often outbox and queues are looked at without a hint. Bounds the delay when a hint is lost.",
    parser: whole(10, 60_000),
  }),
  consumerBatchSize: setting({
    name: "CONSUMER_BATCH_SIZE",
    unit: "messages",
    fallback: "100",
    expected: "a whole number, 1 to 500",
    meaning: "Messages at most that a worker handles in one transaction.",
    parser: whole(1, 500),
  }),
  stepsPerCommit: setting({
    name: "STEPS_PER_COMMIT",
    unit: "steps",
    fallback: "10",
    expected: "a whole number, 1 to 50",
    meaning: "Steps of a saga at most that a worker carries out in one transaction, where they follow each other and all their effects are in the database.",
    parser: whole(1, 50),
  }),
  subscriptionMinGapMs: setting({
    name: "SUBSCRIPTION_MIN_GAP_MS",
    unit: "ms",
    fallback: "50",
    expected: "a whole number, 0 to 10000",
    meaning:
      "Time between two pushes of one saga to one subscriber, on average: four may follow each other at once, and what happens in between arrives together.",
    parser: whole(0, 10_000),
  }),
  liveHints: setting({
    name: "LIVE_HINTS",
    fallback: "notify",
    expected: "notify or poll",
    meaning: "How processes learn of each other's changes: notify uses LISTEN/NOTIFY, poll only looks now and then.",
    parser: oneOf("notify", "poll"),
  }),
  production: setting<boolean>({
    name: "NODE_ENV",
    fallback: "development",
    expected: "development, test or production",
    meaning: "In production the embedded PostgreSQL, mail server, provider of background checks and directory for files are refused unless ALLOW_EMBEDDED=1.",
    parser: oneOf("development", "test", "production").transform((value) => value === "production"),
  }),
  introspection: optional({
    name: "INTROSPECTION",
    example: "off",
    expected: "on or off",
    meaning: "Whether callers may ask for the schema. Unset: on outside production.",
    parser: oneOf("on", "off").transform((value) => value === "on"),
  }),
  graphqlDocuments: setting({
    name: "GRAPHQL_DOCUMENTS",
    fallback: "open",
    expected: "open or trusted",
    meaning: "open: any document is run. trusted: only those of our own pages and command line, those of TRUSTED_DOCUMENTS_FILE, and what operators send.",
    parser: oneOf("open", "trusted"),
  }),
  trustedDocumentsFile: optional({
    name: "TRUSTED_DOCUMENTS_FILE",
    example: "./persisted-documents.json",
    expected: "a file",
    meaning: "Documents of further frontends by their SHA-256, as the client preset of graphql-codegen writes them; they can be sent by their hash alone.",
    parser: z.string().transform((value) => resolve(value)),
  }),
  metricsToken: optional({
    name: "METRICS_TOKEN",
    example: "a-long-random-text",
    secret: true,
    expected: "16 printable characters at least, without spaces",
    meaning: "What a scraper of /metrics has to send as Authorization: Bearer. Unset: nothing in development; in production there is no /metrics.",
    parser: z.string().regex(/^[\x21-\x7e]{16,}$/),
  }),
  trustProxy: optional({
    name: "TRUST_PROXY",
    example: "10.0.0.0/8,127.0.0.1",
    expected: "a list with commas of addresses, and of ranges as address/prefix",
    meaning: "Proxies whose X-Forwarded-For says where a request comes from. Unset: none, and the peer's own address counts.",
    parser: z
      .string()
      .transform((value) => value.split(",").map((entry) => entry.trim()))
      .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).min(1)),
  }),
  maxDepth: limit("MAX_DEPTH", 10, "levels", "Depth of an operation, its fragments put in."),
  maxAliases: limit("MAX_ALIASES", 20, "aliases", "Aliases of an operation, those of a fragment as often as it is used."),
  maxDirectives: limit("MAX_DIRECTIVES", 20, "directives", "Directives of an operation, those of a fragment as often as it is used."),
  maxTokens: limit("MAX_TOKENS", 2_000, "tokens", "Length of a document."),
  maxFragments: limit("MAX_FRAGMENTS", 20, "fragments", "Named fragments of a document."),
  maxOperations: limit("MAX_OPERATIONS", 5, "operations", "Operations of a document, of which one is run."),
  maxQueryFields: limit("MAX_QUERY_FIELDS", 10, "fields", "Root fields of a query."),
  maxMutationFields: limit("MAX_MUTATION_FIELDS", 5, "fields", "Root fields of a mutation."),
  maxCost: limit("MAX_COST", 5_000, "points", "Cost of an operation: about the number of objects in its largest possible answer."),
  maxOperationMs: limit("MAX_OPERATION_MS", 10_000, "ms", "Time until a query or mutation is answered, whatever has become of it."),
  maxStatementMs: limit("MAX_STATEMENT_MS", 5_000, "ms", "Time that one statement of a request may take in the database."),
  maxBodyBytes: limit("MAX_BODY_BYTES", 102_400, "bytes", "Size of a request's body."),
  maxHeaders: limit("MAX_HEADERS", 100, "headers", "Headers of a request."),
  maxSocketInitMs: limit("MAX_SOCKET_INIT_MS", 3_000, "ms", "Time until a new socket has sent connection_init."),
  maxSocketPayloadBytes: limit("MAX_SOCKET_PAYLOAD_BYTES", 65_536, "bytes", "Size of a message to a socket."),
  maxSocketOperations: limit("MAX_SOCKET_OPERATIONS", 50, "operations", "Subscriptions of a socket at once."),
  maxSocketMessagesPerSecond: limit("MAX_SOCKET_MESSAGES_PER_SECOND", 20, "messages", "Messages from a socket in a second, counted over five seconds."),
  maxSocketsPerUser: limit("MAX_SOCKETS_PER_USER", 5, "sockets", "Sockets of a user at once; without a user, of an address."),
  maxSockets: limit("MAX_SOCKETS", 10_000, "sockets", "Sockets of this process at once."),
  maxUserCostPerMinute: limit("MAX_USER_COST_PER_MINUTE", 30_000, "points", "Cost of all that a signed-in user asks for in a minute."),
  maxUserCostAtOnce: limit("MAX_USER_COST_AT_ONCE", 10_000, "points", "How much of it a signed-in user may ask for at once."),
  maxAnonymousCostPerMinute: limit("MAX_ANONYMOUS_COST_PER_MINUTE", 6_000, "points", "Cost of all that an address asks for in a minute without a user."),
  maxSignInsPerAccount: limit("MAX_SIGN_INS_PER_ACCOUNT", 5, "calls", "Sign-ins, registrations and password resets in a minute for one e-mail address."),
  maxSignInsPerAddress: limit("MAX_SIGN_INS_PER_ADDRESS", 30, "calls", "Sign-ins, registrations and password resets in a minute from one address."),
  maxStartsPerUser: limit("MAX_STARTS_PER_USER", 10, "calls", "Enrollments and bookings in a minute by one user; repeated ones are free."),
  allowEmbedded: setting<boolean>({
    name: "ALLOW_EMBEDDED",
    fallback: "0",
    expected: "0 or 1",
    meaning: "1 accepts the embedded PostgreSQL, mail server, provider of background checks and directory for files in production.",
    parser: flag,
  }),
  crashAt: optional<{ point: string; nth: number }>({
    name: "CRASH_AT",
    example: "relay:before-commit:1",
    expected: `one of ${crashPoints.join(", ")}, then a colon and a number from 1`,
    meaning: "For tests only: the process kills itself when it gets to that point for the nth time.",
    parser: z
      .string()
      .regex(new RegExp(`^(?:${crashPoints.join("|")}):[1-9]\\d{0,8}$`))
      .transform((value) => ({ point: value.slice(0, value.lastIndexOf(":")), nth: Number(value.slice(value.lastIndexOf(":") + 1)) })),
  }),
};

type Settings = typeof settings;
type Values = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };
/** The settings of this process, read once at the start. */
export type Config = Omit<Values, "seed"> & { readonly seed: NonNullable<Values["seed"]> };

/** The environment of the process, with what `.env` in the working directory adds to it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  if (existsSync(".env")) process.loadEnvFile(".env");
  return process.env;
}

/** Whether there is a page /metrics: in production somebody has to say what is asked for there. */
export const hasMetrics = ({ production, metricsToken }: Config): boolean => !production || metricsToken !== null;

/** @throws {StartupError} with every problem there is, not only the first */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const problems: StartupProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(settings) as [string, Setting][]) {
    // An empty value counts as unset: that is how many tools write "nothing".
    const given = env[row.name]?.trim() || row.fallback;
    const parsed = given === null ? null : row.parser.safeParse(given);
    if (parsed?.success === false) problems.push(invalid(row, given ?? ""));
    values[key] = parsed?.data ?? null;
  }
  const given = values as Values;
  // Accounts with known passwords must not appear in a database that somebody means to use.
  const config: Config = { ...given, seed: given.seed ?? (given.databaseUrl === null && !given.production ? "demo" : "none") };
  // What has been told of a setting is not told again as its absence.
  const named = new Set(problems.map(settingOf));
  problems.push(...contradictions(config).filter((problem) => !named.has(settingOf(problem))));
  if (problems.length > 0) throw new StartupError(problems);
  return config;
}

const settingOf = ({ found }: StartupProblem): string => found.slice(0, found.indexOf(":"));

const invalid = (row: Setting, given: string): StartupProblem => ({
  found: `${row.name}: expected ${row.expected}, found ${row.secret ? "something else (not shown, it may hold a password)" : JSON.stringify(given)}`,
  why: row.meaning,
  remedy: `Set ${row.name}, for example ${row.name}=${row.example}, or unset it${row.fallback === null ? "" : ` to use ${row.fallback}`}.`,
  code: "CONFIG_INVALID",
});

function contradictions(config: Config): StartupProblem[] {
  const problems: StartupProblem[] = [];
  if (config.mailMode === "smtp" && config.smtpUrl === null) {
    problems.push({
      found: "SMTP_URL: expected a URL because MAIL_MODE is smtp, found nothing",
      why: settings.smtpUrl.meaning,
      remedy: `Set SMTP_URL, for example SMTP_URL=${settings.smtpUrl.example}, or MAIL_MODE=sink.`,
      code: "CONFIG_SMTP_URL_MISSING",
    });
  }
  if (config.backgroundCheckMode === "http") {
    const needed = [
      [settings.backgroundCheckUrl, config.backgroundCheckUrl, "a URL"],
      [settings.backgroundCheckApiKey, config.backgroundCheckApiKey, "a key"],
      [settings.backgroundCheckWebhookSecret, config.backgroundCheckWebhookSecret, "a secret"],
    ] as const;
    for (const [{ name, meaning, example }, value, what] of needed) {
      if (value !== null) continue;
      problems.push({
        found: `${name}: expected ${what} because BACKGROUND_CHECK_MODE is http, found nothing`,
        why: meaning,
        remedy: `Set ${name}, for example ${name}=${example}, or BACKGROUND_CHECK_MODE=embedded.`,
        code: "CONFIG_BACKGROUND_CHECK_INCOMPLETE",
      });
    }
  }
  if (config.filesDriver === "s3") {
    const { s3Region, s3Bucket, s3AccessKeyId, s3SecretAccessKey } = config;
    for (const [key, value] of Object.entries({ s3Region, s3Bucket, s3AccessKeyId, s3SecretAccessKey })) {
      const { name, meaning, example } = settings[key as "s3Region"];
      if (value !== null) continue;
      problems.push({
        found: `${name}: expected a value because FILES_DRIVER is s3, found nothing`,
        why: meaning,
        remedy: `Set ${name}, for example ${name}=${example}, or FILES_DRIVER=fs.`,
        code: "CONFIG_S3_INCOMPLETE",
      });
    }
  }
  if (config.scanner === "clamd" && config.clamdAddress === null) {
    problems.push({
      found: "CLAMD_ADDRESS: expected an address because SCANNER is clamd, found nothing",
      why: settings.clamdAddress.meaning,
      remedy: `Set CLAMD_ADDRESS, for example CLAMD_ADDRESS=${settings.clamdAddress.example}, or SCANNER=builtin.`,
      code: "CONFIG_CLAMD_ADDRESS_MISSING",
    });
  }
  if (config.production && config.backgroundCheckWebhookSecret?.includes(settings.backgroundCheckWebhookSecret.example) === true) {
    problems.push({
      found: "BACKGROUND_CHECK_WEBHOOK_SECRET: expected a secret because NODE_ENV is production, found the one of the documentation",
      why: "Whoever knows the secret can sign results of background checks.",
      remedy: "Set BACKGROUND_CHECK_WEBHOOK_SECRET to what the provider has given you.",
      code: "CONFIG_KNOWN_SECRET",
    });
  }
  if (config.authMode === "oidc") {
    for (const row of [config.oidcIssuer === null ? settings.oidcIssuer : [], config.oidcAudience === null ? settings.oidcAudience : []].flat()) {
      problems.push({
        found: `${row.name}: expected a value because AUTH_MODE is oidc, found nothing`,
        why: row.meaning,
        remedy: `Set ${row.name}, for example ${row.name}=${row.example}, or AUTH_MODE=local.`,
        code: "CONFIG_OIDC_INCOMPLETE",
      });
    }
    if (config.production && config.oidcIssuer?.startsWith("http:") === true) {
      problems.push({
        found: "OIDC_ISSUER: expected an https URL because NODE_ENV is production, found http",
        why: "Whoever can change its answers on their way here can sign in as anybody.",
        remedy: "Set OIDC_ISSUER to the issuer's https URL.",
        code: "CONFIG_OIDC_NOT_HTTPS",
      });
    }
  }
  if (config.production && config.mailMode === "smtp" && config.publicUrl === null) {
    problems.push({
      found: "PUBLIC_URL: expected a URL because NODE_ENV is production and mails are sent, found nothing",
      why: "Links in mails would lead to localhost, where their readers have no such server.",
      remedy: `Set PUBLIC_URL, for example PUBLIC_URL=${settings.publicUrl.example}.`,
      code: "CONFIG_PUBLIC_URL_MISSING",
    });
  }
  if (config.production && (config.demoTraffic ?? 0) > 0) {
    problems.push({
      found: `DEMO_TRAFFIC: expected 0 because NODE_ENV is production, found ${config.demoTraffic}`,
      why: "What made-up people do would stand between what people do.",
      remedy: "Unset DEMO_TRAFFIC.",
      code: "CONFIG_DEMO_IN_PRODUCTION",
    });
  }
  if (!config.production || config.allowEmbedded) return problems;
  if (config.backgroundCheckMode === "embedded") {
    problems.push({
      found: "BACKGROUND_CHECK_MODE: expected http because NODE_ENV is production, found embedded",
      why: "The embedded provider of background checks looks at nobody and finds almost everybody clear.",
      remedy: "Set BACKGROUND_CHECK_MODE=http and BACKGROUND_CHECK_URL, or ALLOW_EMBEDDED=1 to accept that.",
      code: "CONFIG_EMBEDDED_IN_PRODUCTION",
    });
  }
  if (config.databaseUrl === null) {
    problems.push({
      found: "DATABASE_URL: expected a PostgreSQL server because NODE_ENV is production, found nothing",
      why: "The embedded PostgreSQL has no backups and no standby, and gets its security releases late.",
      remedy: "Set DATABASE_URL, or ALLOW_EMBEDDED=1 to accept that.",
      code: "CONFIG_EMBEDDED_IN_PRODUCTION",
    });
  }
  if (config.filesDriver === "fs") {
    problems.push({
      found: "FILES_DRIVER: expected s3 because NODE_ENV is production, found fs",
      why: "A directory of this machine has no second copy, and processes on other machines do not see it.",
      remedy: "Set FILES_DRIVER=s3 and S3_BUCKET, or ALLOW_EMBEDDED=1 to accept that.",
      code: "CONFIG_EMBEDDED_IN_PRODUCTION",
    });
  }
  if (config.mailMode === "embedded") {
    problems.push({
      found: "MAIL_MODE: expected smtp or sink because NODE_ENV is production, found embedded",
      why: "The embedded mail server shows its mails to whoever can reach this process and delivers them to nobody.",
      remedy: "Set MAIL_MODE=smtp and SMTP_URL, or ALLOW_EMBEDDED=1 to accept that.",
      code: "CONFIG_EMBEDDED_IN_PRODUCTION",
    });
  }
  if (config.seed !== "none") {
    problems.push({
      found: `SEED: expected none because NODE_ENV is production, found ${config.seed}`,
      why: "The passwords of made-up accounts, administrators among them, are known to everybody.",
      remedy: "Unset SEED, or set ALLOW_EMBEDDED=1 to accept that.",
      code: "CONFIG_DEMO_IN_PRODUCTION",
    });
  }
  return problems;
}
