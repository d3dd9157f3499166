import { readFileSync } from "node:fs";
import { configurationPage, environmentExample } from "../scripts/configuration-pages.ts";
import { loadConfig, settings } from "./config.ts";
import { StartupError } from "./kernel/startup-error.ts";

function problemsOf(env: NodeJS.ProcessEnv): StartupError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof StartupError) return error;
    throw error;
  }
  throw new Error("Expected a StartupError");
}

/** Every outside system is one of its own. */
const withoutEmbedded = {
  DATABASE_URL: "postgresql://db/mentor",
  MAIL_MODE: "sink",
  BACKGROUND_CHECK_MODE: "http",
  BACKGROUND_CHECK_URL: "https://checks.internal",
  BACKGROUND_CHECK_API_KEY: "key",
  BACKGROUND_CHECK_WEBHOOK_SECRET: Buffer.alloc(32, 7).toString("base64"),
  FILES_DRIVER: "s3",
  S3_REGION: "eu-west-1",
  S3_BUCKET: "files",
  S3_ACCESS_KEY_ID: "key",
  S3_SECRET_ACCESS_KEY: "secret",
};

test("an empty environment gives every default", () => {
  const config = loadConfig({});
  expect(config).toMatchObject({
    port: 4_000,
    host: "127.0.0.1",
    databaseUrl: null,
    mailMode: "embedded",
    seed: "demo",
    liveHints: "notify",
    crashAt: null,
    production: false,
  });
  expect([...config.roles]).toEqual(["api", "relay", "worker"]);
  expect(config.dataDir.startsWith("/")).toBe(true);
});

test("reports every problem at once, in three lines each with the code last", () => {
  const { message, problems } = problemsOf({ PORT: "many", ROLES: "api,cook", SWEEP_INTERVAL_MS: "5", SEED: "bench" });
  expect(problems.map((problem) => problem.found)).toEqual([
    'PORT: expected a port number, 0 to 65535, found "many"',
    'ROLES: expected a list with commas out of api, relay, worker, found "api,cook"',
    'SEED: expected demo, tiny or none, found "bench"',
    'SWEEP_INTERVAL_MS: expected a whole number, 10 to 60000, found "5"',
  ]);
  const lines = message.split("\n");
  expect(lines).toHaveLength(12);
  expect(lines[2]).toBe("  Set PORT, for example PORT=4000, or unset it to use 4000.  CONFIG_INVALID");
});

test("never shows a value that may hold a password", () => {
  expect(problemsOf({ DATABASE_URL: "mysql://root:hunter2@db/x", SMTP_URL: "hunter2" }).message).not.toContain("hunter2");
});

test("an empty value counts as unset", () => {
  expect(loadConfig({ PORT: "", DATABASE_URL: " " })).toMatchObject({ port: 4_000, databaseUrl: null });
});

test("MAIL_MODE=smtp needs SMTP_URL", () => {
  expect(problemsOf({ MAIL_MODE: "smtp" }).problems).toMatchObject([{ code: "CONFIG_SMTP_URL_MISSING" }]);
  expect(loadConfig({ MAIL_MODE: "smtp", SMTP_URL: "smtp://mail.internal:25" }).smtpUrl).toBe("smtp://mail.internal:25");
});

test("mails of a production have links that lead somewhere", () => {
  const env = {
    ...withoutEmbedded,
    NODE_ENV: "production",
    DATABASE_URL: "postgresql://db.internal/mentor",
    MAIL_MODE: "smtp",
    SMTP_URL: "smtp://mail.internal:25",
  };
  expect(problemsOf(env).problems).toMatchObject([{ code: "CONFIG_PUBLIC_URL_MISSING" }]);
  expect(loadConfig({ ...env, PUBLIC_URL: "https://mentoring.example" }).publicUrl).toBe("https://mentoring.example");
});

test("AUTH_MODE=oidc needs its issuer and audience, and in production an issuer that cannot be impersonated", () => {
  expect(problemsOf({ AUTH_MODE: "oidc" }).problems.map(({ found, code }) => [found.split(":")[0], code])).toEqual([
    ["OIDC_ISSUER", "CONFIG_OIDC_INCOMPLETE"],
    ["OIDC_AUDIENCE", "CONFIG_OIDC_INCOMPLETE"],
  ]);
  const env = { AUTH_MODE: "oidc", OIDC_ISSUER: "http://login.internal/", OIDC_AUDIENCE: "api" };
  expect(loadConfig(env)).toMatchObject({ authMode: "oidc", oidcIssuer: "http://login.internal/", oidcRoleClaim: null });
  expect(problemsOf({ ...env, NODE_ENV: "production", ALLOW_EMBEDDED: "1" }).problems).toMatchObject([{ code: "CONFIG_OIDC_NOT_HTTPS" }]);
});

test("keys to accept are a list of files", () => {
  expect(loadConfig({}).jwtAcceptedKeyFiles).toEqual([]);
  expect(loadConfig({ JWT_ACCEPTED_KEY_FILES: " /a.pem, ,/b.pem" }).jwtAcceptedKeyFiles).toEqual(["/a.pem", "/b.pem"]);
});

test("production refuses embedded systems unless they are allowed", () => {
  const env = { NODE_ENV: "production" };
  expect(problemsOf(env).problems.map((problem) => `${problem.found.split(":")[0]} ${problem.code}`)).toEqual([
    "BACKGROUND_CHECK_MODE CONFIG_EMBEDDED_IN_PRODUCTION",
    "DATABASE_URL CONFIG_EMBEDDED_IN_PRODUCTION",
    "FILES_DRIVER CONFIG_EMBEDDED_IN_PRODUCTION",
    "MAIL_MODE CONFIG_EMBEDDED_IN_PRODUCTION",
  ]);
  expect(loadConfig({ ...env, ALLOW_EMBEDDED: "1" }).production).toBe(true);
  expect(loadConfig({ ...env, ...withoutEmbedded }).production).toBe(true);
});

test("made-up people are never at work in production", () => {
  const env = { NODE_ENV: "production", ALLOW_EMBEDDED: "1", SEED: "demo" };
  expect(problemsOf({ ...env, DEMO_TRAFFIC: "2" }).problems).toMatchObject([
    { found: expect.stringMatching(/^DEMO_TRAFFIC:/), code: "CONFIG_DEMO_IN_PRODUCTION" },
  ]);
  expect(loadConfig({ ...env, DEMO_TRAFFIC: "0" }).demoTraffic).toBe(0);
});

test("what is wrong with a setting is told once, beside what contradicts another", () => {
  expect(
    problemsOf({ MAIL_MODE: "smtp", SMTP_URL: "mail", AUTH_MODE: "oidc", OIDC_AUDIENCE: "api" }).problems.map(({ found, code }) => [found.split(":")[0], code]),
  ).toEqual([
    ["SMTP_URL", "CONFIG_INVALID"],
    ["OIDC_ISSUER", "CONFIG_OIDC_INCOMPLETE"],
  ]);
});

test("BACKGROUND_CHECK_MODE=http needs the provider's URL, our key there and its secret", () => {
  expect(problemsOf({ BACKGROUND_CHECK_MODE: "http" }).problems.map((problem) => `${problem.found.split(":")[0]} ${problem.code}`)).toEqual([
    "BACKGROUND_CHECK_URL CONFIG_BACKGROUND_CHECK_INCOMPLETE",
    "BACKGROUND_CHECK_API_KEY CONFIG_BACKGROUND_CHECK_INCOMPLETE",
    "BACKGROUND_CHECK_WEBHOOK_SECRET CONFIG_BACKGROUND_CHECK_INCOMPLETE",
  ]);
  expect(loadConfig(withoutEmbedded).backgroundCheckMode).toBe("http");
});

test("FILES_DRIVER=s3 needs the bucket and our key, SCANNER=clamd its address", () => {
  expect(problemsOf({ FILES_DRIVER: "s3", S3_BUCKET: "files" }).problems.map(({ found, code }) => [found.split(":")[0], code])).toEqual([
    ["S3_REGION", "CONFIG_S3_INCOMPLETE"],
    ["S3_ACCESS_KEY_ID", "CONFIG_S3_INCOMPLETE"],
    ["S3_SECRET_ACCESS_KEY", "CONFIG_S3_INCOMPLETE"],
  ]);
  expect(problemsOf({ SCANNER: "clamd" }).problems).toMatchObject([{ code: "CONFIG_CLAMD_ADDRESS_MISSING" }]);
  expect(loadConfig({ SCANNER: "clamd", CLAMD_ADDRESS: "clamd.internal:3310" }).clamdAddress).toEqual({ host: "clamd.internal", port: 3_310 });
  expect(problemsOf({ CLAMD_ADDRESS: "clamd.internal:99999" }).problems).toHaveLength(1);
});

test("secrets of webhooks are base64 of 24 bytes or more, several with commas", () => {
  const [first, second] = [Buffer.alloc(24, 1).toString("base64"), `whsec_${Buffer.alloc(32, 2).toString("base64")}`];
  expect(loadConfig({ BACKGROUND_CHECK_WEBHOOK_SECRET: `${first}, ${second}` }).backgroundCheckWebhookSecret).toEqual([first, second]);
  for (const bad of [Buffer.alloc(23, 1).toString("base64"), `${first},`, "whsec_", "not base64 but long enough for it", "c2hvcnQ"]) {
    const { message } = problemsOf({ BACKGROUND_CHECK_WEBHOOK_SECRET: bad });
    expect(message).toContain("CONFIG_INVALID");
    expect(message).not.toContain(`"${bad}"`);
  }
});

test("production refuses the webhook secret that is in the documentation", () => {
  const known = {
    ...withoutEmbedded,
    BACKGROUND_CHECK_WEBHOOK_SECRET: `${settings.backgroundCheckWebhookSecret.example},${withoutEmbedded.BACKGROUND_CHECK_WEBHOOK_SECRET}`,
  };
  expect(problemsOf({ ...known, NODE_ENV: "production" }).problems).toMatchObject([{ code: "CONFIG_KNOWN_SECRET" }]);
  expect(loadConfig(known).production).toBe(false);
});

test("made-up accounts appear by themselves in the embedded database only", () => {
  expect(loadConfig({ DATABASE_URL: "postgresql://db/mentor" }).seed).toBe("none");
  expect(loadConfig({ NODE_ENV: "production", ALLOW_EMBEDDED: "1" }).seed).toBe("none");
  expect(problemsOf({ ...withoutEmbedded, NODE_ENV: "production", SEED: "demo" }).problems).toMatchObject([{ code: "CONFIG_DEMO_IN_PRODUCTION" }]);
});

test("trusted proxies are addresses and ranges, and no names", () => {
  expect(loadConfig({ TRUST_PROXY: "10.0.0.0/8, ::1" }).trustProxy).toEqual(["10.0.0.0/8", "::1"]);
  for (const value of ["true", "proxy.internal", "10.0.0.0/99", "10.0.0.1,"]) expect(problemsOf({ TRUST_PROXY: value }).problems).toHaveLength(1);
});

test("a crash point is a name and a number", () => {
  expect(loadConfig({ CRASH_AT: "relay:before-commit:3" }).crashAt).toEqual({ point: "relay:before-commit", nth: 3 });
  expect(problemsOf({ CRASH_AT: "relay:sometime:1" }).problems).toHaveLength(1);
});

test("every default and every example is accepted", () => {
  for (const row of Object.values(settings)) {
    expect(row.parser.safeParse(row.example)).toMatchObject({ success: true });
    if (row.fallback !== null) expect(row.parser.safeParse(row.fallback)).toMatchObject({ success: true });
  }
});

test(".env.example and docs/configuration.md are up to date (npm run codegen writes them)", () => {
  expect(readFileSync(new URL("../.env.example", import.meta.url), "utf8")).toBe(environmentExample());
  expect(readFileSync(new URL("../docs/configuration.md", import.meta.url), "utf8")).toBe(configurationPage());
});
