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
const url = (...protocols: string[]): z.ZodType<string, string> => z.string().refine((value) => protocols.includes(URL.parse(value)?.protocol ?? ""));

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
    meaning: "Where the embedded PostgreSQL, the embedded mail server and the signing key keep their files. Made if missing.",
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
    meaning: "Connections at most for requests and message handling; the queue and the hints need six more.",
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
  subscriptionMinGapMs: setting({
    name: "SUBSCRIPTION_MIN_GAP_MS",
    unit: "ms",
    fallback: "50",
    expected: "a whole number, 0 to 10000",
    meaning: "Least time between two pushes of one saga to one subscriber; what happens in between arrives together.",
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
    meaning: "In production the embedded PostgreSQL and mail server are refused unless ALLOW_EMBEDDED=1.",
    parser: oneOf("development", "test", "production").transform((value) => value === "production"),
  }),
  allowEmbedded: setting<boolean>({
    name: "ALLOW_EMBEDDED",
    fallback: "0",
    expected: "0 or 1",
    meaning: "1 accepts the embedded PostgreSQL and mail server in production.",
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
  if (problems.length === 0) problems.push(...contradictions(config));
  if (problems.length > 0) throw new StartupError(problems);
  return config;
}

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
  if (!config.production || config.allowEmbedded) return problems;
  if (config.databaseUrl === null) {
    problems.push({
      found: "DATABASE_URL: expected a PostgreSQL server because NODE_ENV is production, found nothing",
      why: "The embedded PostgreSQL has no backups and no standby, and gets its security releases late.",
      remedy: "Set DATABASE_URL, or ALLOW_EMBEDDED=1 to accept that.",
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
