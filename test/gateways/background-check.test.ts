import express from "express";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import type { CheckApplication, CheckReport } from "../../src/domain/background-check/background-checks.port.ts";
import { backgroundCheckFaults } from "../../src/gateways/background-check-faults.ts";
import { HttpBackgroundChecks } from "../../src/gateways/background-check-http.ts";
import { BACKGROUND_CHECK_WEBHOOK_PATH, backgroundCheckWebhook } from "../../src/gateways/background-check-webhook.ts";
import { EmbeddedBackgroundCheck, loadWebhookSecret } from "../../src/gateways/embedded-background-check.ts";
import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { waitFor } from "../support/wait.ts";

const directory = mkdtempSync(join(tmpdir(), "mentorplatform-checks-"));
const secret = loadWebhookSecret(directory);
const patient = new AbortController().signal;
/** What has come by webhook, in order, and whether the receiver takes it. */
const received: { id: string; report: CheckReport | null }[] = [];
let isDown = false;
let provider: EmbeddedBackgroundCheck;
let checks: HttpBackgroundChecks;
let http: Server;
let base: string;

const start = (delayMs = 0): Promise<EmbeddedBackgroundCheck> =>
  EmbeddedBackgroundCheck.start({ directory: join(directory, "checks"), delayMs, secret, log: silentLog, resendMs: 20 });
const clientOf = (one: EmbeddedBackgroundCheck, apiKey = one.apiKey) =>
  new HttpBackgroundChecks({ url: one.url, apiKey, provider: "embedded", timeoutMs: 2_000 });

const anApplication = (tag = ""): CheckApplication => {
  const requestId = newId();
  return { requestId, round: 1, applicant: { name: "Fi Tavgor", email: `fi${tag}@demo.example` }, idempotencyKey: `${requestId}:1`, externalId: requestId };
};
const messagesAbout = (reference: string) => received.filter(({ report }) => report?.reference === reference);
const untilTold = (reference: string) => waitFor(() => messagesAbout(reference).at(0)?.report, { describe: "the message of the provider" });

beforeAll(async () => {
  provider = await start();
  checks = clientOf(provider);
  const reports = {
    receive: async (id: string, report: CheckReport | null) => {
      if (isDown) throw new Error("The database is away");
      received.push({ id, report });
    },
  };
  const app = express()
    .use(backgroundCheckFaults(provider))
    .use(backgroundCheckWebhook({ secrets: [secret], reports, log: silentLog }));
  // What Express writes about an error it has nobody for.
  http = createServer(app.set("env", "test"));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  provider.deliverTo(base + BACKGROUND_CHECK_WEBHOOK_PATH);
});
afterEach(() => {
  provider.clear();
  isDown = false;
});
afterAll(async () => {
  http.close();
  http.closeAllConnections();
  await provider.stop();
  rmSync(directory, { recursive: true });
});

describe("the provider", () => {
  test("tells the result by a signed message, with our own id of the application", async () => {
    const application = anApplication();
    const asked = await checks.request(application, patient);
    expect(asked).toEqual({ reference: expect.stringMatching(/^chk_/) as string, result: null });
    expect(await untilTold(asked.reference)).toEqual({ reference: asked.reference, externalId: application.externalId, result: "clear" });
    expect(await checks.get(asked.reference, patient)).toEqual({ reference: asked.reference, result: "clear" });
    expect(await checks.find(application.externalId, patient)).toEqual([{ reference: asked.reference, result: "clear" }]);
  });

  test.each([
    ["+clear", "clear"],
    ["+consider", "consider"],
    ["+fail", "failed"],
  ])("finds what the tag %s says", async (tag, result) => {
    const { reference } = await checks.request(anApplication(tag), patient);
    expect(await untilTold(reference)).toMatchObject({ result });
  });

  test("makes one check of two requests with one key, and refuses another request under it", async () => {
    const application = anApplication("+never");
    const [first, second] = await Promise.all([checks.request(application, patient), checks.request(application, patient)]);
    expect(second).toEqual(first);
    const other = { ...application, applicant: { ...application.applicant, name: "Somebody else" } };
    await expect(checks.request(other, patient)).rejects.toMatchObject({ name: "Permanent", message: "Background-check provider answered 422" });
    const { reference } = await checks.request({ ...application, round: 2, idempotencyKey: `${application.requestId}:2` }, patient);
    expect(reference).not.toBe(first.reference);
  });

  test("never answers for +never, and takes ten times as long for +slow", async () => {
    const { reference } = await checks.request(anApplication("+never"), patient);
    expect(await checks.get(reference, patient)).toEqual({ reference, result: null });
    expect(provider.list().find((check) => check.id === reference)).toMatchObject({ dueAt: null });
    const patientProvider = await EmbeddedBackgroundCheck.start({ directory: join(directory, "slow"), delayMs: 60_000, secret, log: silentLog });
    const asked = await clientOf(patientProvider).request(anApplication("+slow"), patient);
    const [check] = patientProvider.list();
    expect(check?.id).toBe(asked.reference);
    expect(new Date(check?.dueAt ?? 0).getTime() - Date.now()).toBeGreaterThan(500_000);
    await patientProvider.stop();
  });

  test("calls a check off; one that is done or unknown needs no calling off", async () => {
    const { reference } = await checks.request(anApplication("+never"), patient);
    await checks.cancel(reference, patient);
    await checks.cancel(reference, patient);
    expect(provider.list().find((check) => check.id === reference)).toMatchObject({ cancelled: true });
    const done = await checks.request(anApplication(), patient);
    await untilTold(done.reference);
    await checks.cancel(done.reference, patient);
    await checks.cancel("chk_unknown", patient);
    expect(await checks.get(done.reference, patient)).toMatchObject({ result: "clear" });
  });

  test("keeps its checks over a restart, and tells then what it could not tell before", async () => {
    const [first, application] = [await start(), anApplication("+consider")];
    const { reference } = await clientOf(first).request(application, patient);
    await first.stop();
    expect(messagesAbout(reference)).toEqual([]);
    const second = await start();
    expect(await clientOf(second).request(application, patient)).toEqual({ reference, result: "consider" });
    second.deliverTo(base + BACKGROUND_CHECK_WEBHOOK_PATH);
    expect(await untilTold(reference)).toMatchObject({ result: "consider" });
    await second.stop();
    expect(readdirSync(join(directory, "checks")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("sends a message again until it is taken", async () => {
    isDown = true;
    const { reference } = await checks.request(anApplication(), patient);
    const attempts = () => provider.list().find((check) => check.id === reference)?.webhook.attempts ?? 0;
    await waitFor(() => attempts() >= 2, { describe: "a second attempt" });
    isDown = false;
    await untilTold(reference);
    await waitFor(() => provider.list().find((check) => check.id === reference)?.webhook.told, { describe: "the provider to know" });
    expect(messagesAbout(reference)).toHaveLength(1);
  });
});

describe("a fault", () => {
  test.each([
    ["500", Transient, "Background-check provider answered 500"],
    ["401", Permanent, "Background-check provider answered 401 (key not accepted)"],
  ] as const)("%s fails every call", async (mode, kind, message) => {
    const { reference } = await checks.request(anApplication("+never"), patient);
    provider.play(mode, 60);
    const calls = [
      () => checks.request(anApplication(), patient),
      () => checks.get(reference, patient),
      () => checks.find(reference, patient),
      () => checks.cancel(reference, patient),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ name: kind.name, message });
  });

  test("time-out: the check is made although nobody is told, so that asking again makes no second one", async () => {
    const [hasty, application] = [new HttpBackgroundChecks({ url: provider.url, apiKey: provider.apiKey, timeoutMs: 300 }), anApplication("+never")];
    provider.play("time-out", 60);
    await expect(hasty.request(application, patient)).rejects.toMatchObject({ name: "Transient", message: "Background-check provider did not answer in time" });
    provider.clear();
    const { reference } = await checks.request(application, patient);
    expect(provider.list().filter((check) => check.externalId === application.externalId)).toMatchObject([{ id: reference }]);
  });

  test("webhook-twice: the same message comes twice", async () => {
    provider.play("webhook-twice", 60);
    const { reference } = await checks.request(anApplication(), patient);
    await waitFor(() => messagesAbout(reference).length === 2, { describe: "two messages" });
    expect(new Set(messagesAbout(reference).map(({ id }) => id)).size).toBe(1);
  });

  test("webhook-first: the message is there before the answer", async () => {
    provider.play("webhook-first", 60);
    const { reference, result } = await checks.request(anApplication("+fail"), patient);
    expect(result).toBeNull();
    expect(messagesAbout(reference)).toMatchObject([{ report: { result: "failed" } }]);
  });

  test.each(["bad-signature", "old-timestamp"] as const)("%s: the message is refused, and comes properly when the fault is over", async (mode) => {
    provider.play(mode, 60);
    const { reference } = await checks.request(anApplication(), patient);
    await waitFor(() => (provider.list().find((check) => check.id === reference)?.webhook.attempts ?? 0) > 0, { describe: "an attempt" });
    expect(messagesAbout(reference)).toEqual([]);
    provider.clear();
    await untilTold(reference);
  });

  test("never: the message is lost, and asking tells the result", async () => {
    provider.play("never", 60);
    const { reference } = await checks.request(anApplication(), patient);
    await waitFor(() => provider.list().find((check) => check.id === reference)?.webhook.told, { describe: "the message to be lost" });
    expect(messagesAbout(reference)).toEqual([]);
    expect(await checks.get(reference, patient)).toEqual({ reference, result: "clear" });
  });

  test("ends by itself when its time is over", async () => {
    provider.play("500", 0.05);
    await waitFor(() => provider.fault === null, { describe: "the fault to end" });
    await checks.request(anApplication("+never"), patient);
  });
});

describe("the adapter", () => {
  const answering = async (
    status: number,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<{ checks: HttpBackgroundChecks; close: () => void }> => {
    const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { checks: new HttpBackgroundChecks({ url, apiKey: "k", timeoutMs: 2_000 }), close: () => server.close() };
  };

  test.each([
    [408, "Transient"],
    [425, "Transient"],
    [429, "Transient"],
    [503, "Transient"],
    [302, "Permanent"],
    [400, "Permanent"],
    [403, "Permanent"],
    [404, "Permanent"],
  ])("takes %d as %s", async (status, name) => {
    const server = await answering(status, "{}", { location: "http://attacker.example/" });
    await expect(server.checks.get("chk_1", patient)).rejects.toMatchObject({ name, message: expect.stringContaining(`answered ${status}`) as string });
    server.close();
  });

  test.each([
    ["no JSON", "<html>Sign in to the hotel's network</html>"],
    ["no check", '{"result":"clear"}'],
    ["an unknown result", '{"id":"chk_1","result":"splendid"}'],
    ["a NUL", '{"id":"chk\\u00001","result":"clear"}'],
    ["too much", " ".repeat(300_000)],
  ])("takes %s for a passing trouble", async (_what, body) => {
    const server = await answering(200, body);
    await expect(server.checks.get("chk_1", patient)).rejects.toBeInstanceOf(Transient);
    server.close();
  });

  test("does not wait for longer than it is wanted, and says when nobody is there", async () => {
    await expect(checks.get("chk_1", AbortSignal.abort())).rejects.toThrow("aborted");
    provider.play("time-out", 60);
    const control = new AbortController();
    const waiting = checks.request(anApplication("+never"), control.signal);
    control.abort();
    await expect(waiting).rejects.toMatchObject({ name: "Transient", message: "Background-check provider was not waited for any longer" });
    const server = await answering(200, "");
    server.close();
    await expect(server.checks.get("chk_1", patient)).rejects.toMatchObject({ name: "Transient", message: "Background-check provider refused the connection" });
    const nowhere = new HttpBackgroundChecks({ url: "http://checks.invalid", apiKey: "k" });
    await expect(nowhere.get("chk_1", patient)).rejects.toMatchObject({ name: "Transient", message: "Background-check provider cannot be found" });
  });

  test("cannot be used with another key", async () => {
    await expect(clientOf(provider, "another").request(anApplication(), patient)).rejects.toThrow("answered 401 (key not accepted)");
  });
});

describe("over HTTP", () => {
  test("faults are begun and ended, and what is wrong with an input is said", async () => {
    const post = async (body: string, type = "application/json"): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${base}/dev/background-checks/faults`, { method: "POST", headers: { "content-type": type }, body });
      return { status: response.status, body: await response.json() };
    };
    expect(await post('{"mode":"401","seconds":40}')).toEqual({ status: 200, body: { fault: { mode: "401", secondsLeft: 40 } } });
    expect(await (await fetch(`${base}/dev/background-checks`)).json()).toMatchObject({ fault: { mode: "401" }, checks: expect.any(Array) as unknown[] });
    expect(await post('{"mode":"none"}')).toEqual({ status: 200, body: { fault: null } });
    expect(await post('{"mode":"explode","seconds":-1}')).toMatchObject({ status: 400, body: { errors: [{ field: "mode" }, { field: "seconds" }] } });
    expect(await post("{")).toMatchObject({ status: 400, body: { error: "Expected a small JSON object" } });
    expect(await post("mode=401", "application/x-www-form-urlencoded")).toMatchObject({ status: 415 });
  });

  test("nobody who calls this server by a foreign name gets anything", async () => {
    const { port } = http.address() as AddressInfo;
    const status = await new Promise<number>((resolve, reject) => {
      const request = get({ host: "127.0.0.1", port, path: "/dev/background-checks", headers: { host: "attacker.example" } }, (response) => {
        resolve(response.resume().statusCode ?? 0);
      });
      request.on("error", reject);
    });
    expect(status).toBe(403);
  });
});

test("the secret of the embedded provider is made once, and is one of Standard Webhooks", () => {
  expect(loadWebhookSecret(directory)).toBe(secret);
  expect(() => new Webhook(secret)).not.toThrow();
});
