import express from "express";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import * as a from "../../src/domain/application-request/application-request.messages.ts";
import { backgroundCheckParticipants } from "../../src/domain/background-check/background-check.participants.ts";
import { findBackgroundChecks } from "../../src/domain/background-check/background-check.queries.ts";
import { CheckInbox, handleReport } from "../../src/domain/background-check/background-check.reports.ts";
import type { CheckResult } from "../../src/domain/background-check/background-checks.port.ts";
import { HttpBackgroundChecks } from "../../src/gateways/background-check-http.ts";
import { BACKGROUND_CHECK_WEBHOOK_PATH, backgroundCheckWebhook } from "../../src/gateways/background-check-webhook.ts";
import { EmbeddedBackgroundCheck, loadWebhookSecret, type StoredCheck } from "../../src/gateways/embedded-background-check.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { handle, occur, publish, type AnyCommand, type AnyParticipant, type EventMessage } from "../../src/outbox/index.ts";
import { applicationRequest } from "../../src/sagas/application-request.ts";
import { createTestEngine, type TestEngine } from "../support/engine.ts";
import { answerTo, application } from "../support/three-sagas.ts";
import { waitFor } from "../support/wait.ts";

// The application's saga with the real participants of its background check, a real provider and real messages from it; its other steps
// have simple participants. With +never in the address, the provider leaves the saying to the test.

const directory = mkdtempSync(join(tmpdir(), "mentorplatform-checks-"));
const secret = loadWebhookSecret(directory);
/** What the provider is about to change to. */
const nextSecret = `whsec_${Buffer.from("the next secret of the provider").toString("base64")}`;
const reviewerId = newId();
let engine: TestEngine;
let provider: EmbeddedBackgroundCheck;
let checks: HttpBackgroundChecks;
let inbox: CheckInbox;
let http: Server;
let url: string;
/** While set, no message can be handled, as after a crash of the process that took it. */
let isBroken = false;

/** Answers what leads on, and changes nothing but that somebody is named who reads the application. */
const simple = (command: AnyCommand): AnyParticipant =>
  handle(command, async (em, { payload }) => {
    const { contract, payload: example } = answerTo(application, command.name);
    if (command === a.AssignReviewerCommand)
      await em.execute("update application_request set reviewer_id = ? where id = ?", [reviewerId, (payload as { requestId: string }).requestId]);
    return { contract, payload: { ...(example as object), requestId: (payload as { requestId: string }).requestId } };
  });

beforeAll(async () => {
  provider = await EmbeddedBackgroundCheck.start({ directory: join(directory, "checks"), delayMs: 0, secret, log: silentLog, resendMs: 20 });
  checks = new HttpBackgroundChecks({ url: provider.url, apiKey: provider.apiKey, provider: "embedded", timeoutMs: 1_000 });
  const others = [
    a.ValidateDocumentsCommand,
    a.AssignReviewerCommand,
    a.UnassignReviewerCommand,
    a.SendInfoRequestCommand,
    a.SendReviewReminderCommand,
    a.SendApplicationNotificationCommand,
  ].map(simple);
  engine = await createTestEngine({
    sagas: [applicationRequest],
    participants: [...others, ...backgroundCheckParticipants(checks, { wakeAfterCommit: (em) => inbox.wakeAfterCommit(em) })],
  });
  inbox = new CheckInbox({
    provider: "embedded",
    em: engine.em,
    transaction: async (work) => {
      if (isBroken) throw new Error("The process has died");
      return engine.transaction(work);
    },
    log: silentLog,
    sweepIntervalMs: 50,
  });
  http = createServer(express().use(backgroundCheckWebhook({ secrets: [secret, nextSecret], reports: inbox, log: silentLog })));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}${BACKGROUND_CHECK_WEBHOOK_PATH}`;
  provider.deliverTo(url);
  inbox.start();
  await insertUser(reviewerId, "", "Wen Orsha", "{LEARNER,REVIEWER}");
  await engine.start();
});
afterEach(() => {
  provider.clear();
  isBroken = false;
});
afterAll(async () => {
  await provider.stop();
  http.close();
  http.closeAllConnections();
  await inbox.stop();
  await engine.dispose();
  rmSync(directory, { recursive: true });
});

const insertUser = (id: string, tag: string, fullName: string, roles = "{LEARNER}") =>
  engine.sql("insert into app_user (id, email, password_hash, full_name, time_zone, roles) values ($1, $2, 'none', $3, 'Asia/Kolkata', $4)", [
    id,
    `${id}${tag}@demo.example`,
    fullName,
    roles,
  ]);

/** Somebody applies, with a tag in the address. */
async function apply(tag: string, requestId = newId(), userId = newId()): Promise<string> {
  await insertUser(userId, tag, "Fi Tavgor");
  await engine.sql(
    `insert into application_request (id, applicant_id, status, education, work_experience, description, consent_at)
     values ($1, $2, 'PENDING', 'A school of weaving', 'Ten years at the loom', '', now())`,
    [requestId, userId],
  );
  await engine.sql(
    `with f as (insert into file_object (id, owner_id, purpose, file_name, content_type, byte_size, sha256, storage_key, state)
       values (gen_random_uuid(), $2, 'APPLICATION_DOCUMENT', 'cv.pdf', 'application/pdf', 1, repeat('0', 64), $1::text, 'CLAIMED') returning id)
     insert into application_document (id, request_id, kind) select id, $1::uuid, 'CV' from f`,
    [requestId, userId],
  );
  await say(occur(a.ApplicationRequestSubmittedEvent, { requestId, userId, submittedAt: new Date() }));
  return requestId;
}

const say = (message: EventMessage) => engine.transaction(async (em) => (await publish(em, message)).fate);
const until = (requestId: string, is: string) =>
  engine.until("ApplicationRequest", requestId, ({ state, status }) => `${state} ${status}` === is, `the application to be ${is}`);
const checkOf = async (requestId: string) => (await findBackgroundChecks(engine.em(), [requestId])).get(requestId);
const checksAtProvider = (requestId: string): StoredCheck[] => provider.list().filter(({ externalId }) => externalId === requestId);
const history = (requestId: string) =>
  engine.sql<{ kind: string; message: string | null; fate: string | null }>(
    "select e.kind, e.message, e.fate from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 order by e.sequence",
    [requestId],
  );
const fatesOfResults = async (requestId: string) =>
  (await history(requestId)).filter(({ message }) => message === "BackgroundCheckCompletedEvent").flatMap(({ fate }) => (fate === null ? [] : [fate]));

/** Applies, and waits until the provider has been asked and will not answer by itself. */
async function asked(): Promise<{ requestId: string; reference: string }> {
  const requestId = await apply("+never");
  await until(requestId, "RequestingBackgroundCheck WAITING");
  const check = await checkOf(requestId);
  expect(check).toMatchObject({ status: "REQUESTED", round: 1, provider: "embedded", completedAt: null, result: null });
  return { requestId, reference: check?.reference ?? "" };
}

interface Message {
  readonly id?: string;
  readonly secret?: string;
  readonly secondsAgo?: number;
  readonly body?: string | Buffer;
  /** In place of the right ones. */
  readonly headers?: Record<string, string>;
}

const result = (requestId: string, reference: string, value: CheckResult = "clear"): string =>
  JSON.stringify({ type: "check.completed", data: { reference, externalId: requestId, result: value } });

/** Sends a message as the provider would. */
async function tell({ id = `msg_${newId()}`, secret: key = secret, secondsAgo = 0, body = "{}", headers = {} }: Message): Promise<number> {
  const sentAt = new Date(Date.now() - secondsAgo * 1_000);
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
      "webhook-signature": new Webhook(key).sign(id, sentAt, body.toString()),
      ...headers,
    },
    body,
  });
  const text = await response.text();
  if (![400, 413].includes(response.status)) expect(text).toBe("");
  return response.status;
}

const receipts = (id: string) =>
  engine.sql<{ payload: object; handled: boolean }>("select payload, handled_at is not null as handled from webhook_receipt where webhook_id = $1", [id]);
const untilHandled = (id: string) => waitFor(async () => (await receipts(id))[0]?.handled, { describe: "the message to be handled" });

describe("an application", () => {
  test.each([
    ["+clear", "UnderReview WAITING", "CLEAR"],
    ["+consider", "UnderReview WAITING", "CONSIDER"],
    ["+fail", "ApplicationRejected FAILED", "FAILED"],
  ])("of %s is %s when the provider's message has come", async (tag, is, status) => {
    const requestId = await apply(tag);
    await until(requestId, is);
    const [stored] = checksAtProvider(requestId);
    expect(await checkOf(requestId)).toMatchObject({ status, round: 1, reference: stored?.id, completedAt: expect.any(Date) as Date });
    expect(await fatesOfResults(requestId)).toEqual(["applied"]);
  });

  test("goes on when the message overtakes the answer to our own asking", async () => {
    provider.play("webhook-first", 60);
    const requestId = await apply("+consider");
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ status: "CONSIDER", reference: checksAtProvider(requestId)[0]?.id });
    expect(await fatesOfResults(requestId)).toEqual(["applied"]);
  });

  test("goes on when the message comes before anything of the check is known here", async () => {
    const [requestId, userId, id] = [newId(), newId(), `msg_${newId()}`];
    const applicant = { name: "Fi Tavgor", email: `${userId}+never@demo.example` };
    const key = { requestId, round: 1, idempotencyKey: `${requestId}:1`, externalId: requestId };
    const { reference } = await checks.request({ ...key, applicant }, AbortSignal.timeout(5_000));
    expect(await tell({ id, body: result(requestId, reference, "consider") })).toBe(204);
    await inbox.handleAll();
    expect(await receipts(id)).toEqual([{ payload: { reference, externalId: requestId, result: "consider" }, handled: false }]);
    await apply("+never", requestId, userId);
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ status: "CONSIDER", reference });
    expect(await fatesOfResults(requestId)).toEqual(["applied"]);
  });

  test("is asked for again under the same key while the provider fails, and checked once", async () => {
    provider.play("time-out", 60);
    const requestId = await apply("+never");
    await engine.until("ApplicationRequest", requestId, ({ attempt }) => attempt >= 2, "a second attempt to be planned");
    expect(await engine.saga("ApplicationRequest", requestId)).toMatchObject({
      reason: { code: "DEPENDENCY_UNAVAILABLE", message: "Background-check provider did not answer in time" },
    });
    provider.clear();
    await engine.skipWaits();
    await until(requestId, "RequestingBackgroundCheck WAITING");
    const [only, ...others] = checksAtProvider(requestId);
    expect(others).toEqual([]);
    expect(await checkOf(requestId)).toMatchObject({ round: 1, reference: only?.id });
  });

  test("stands when our key is not accepted, and goes on with the same check when an operator retries", async () => {
    provider.play("401", 60);
    const requestId = await apply("+clear");
    const { id } = await until(requestId, "RequestingBackgroundCheck STUCK");
    expect(await engine.sql("select queue, attempts, reason_code, reason_message from ops.dead_letter where saga_id = $1", [id])).toEqual([
      {
        queue: "request-background-check",
        attempts: 1,
        reason_code: "DEPENDENCY_REJECTED",
        reason_message: "Background-check provider answered 401 (key not accepted)",
      },
    ]);
    provider.clear();
    await engine.act(id, { kind: "retry" });
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ status: "CLEAR", round: 1 });
  });

  test("whose result came when no run waited any more gets it from the next run, without another check", async () => {
    provider.play("401", 60);
    const requestId = await apply("+never");
    const { id } = await until(requestId, "RequestingBackgroundCheck STUCK");
    const messageId = `msg_${newId()}`;
    await tell({ id: messageId, body: result(requestId, `chk_${newId()}`, "failed") });
    await untilHandled(messageId);
    expect(await fatesOfResults(requestId)).toEqual(["late"]);
    await engine.act(id, { kind: "retry" });
    await until(requestId, "ApplicationRejected FAILED");
    expect(checksAtProvider(requestId)).toEqual([]);
  });

  test("whose message got lost is found again by asking", async () => {
    provider.play("never", 60);
    const requestId = await apply("+consider");
    await until(requestId, "RequestingBackgroundCheck WAITING");
    await waitFor(() => checksAtProvider(requestId)[0]?.webhook.told, { describe: "the message to be lost" });
    await engine.sql("update saga set remind_at = now() where subject_id = $1", [requestId]);
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ status: "CONSIDER", result: { result: "consider" } });
    expect(await fatesOfResults(requestId)).toEqual(["applied"]);
  });

  test("that is asked about before the result is there goes on waiting", async () => {
    const { requestId } = await asked();
    await engine.sql("update saga set remind_at = now() where subject_id = $1", [requestId]);
    await waitFor(async () => (await history(requestId)).some(({ message }) => message === "BackgroundCheckPolledEvent"), { describe: "the poll" });
    expect(await engine.saga("ApplicationRequest", requestId)).toMatchObject({ state: "RequestingBackgroundCheck", status: "WAITING" });
    expect(await checkOf(requestId)).toMatchObject({ status: "REQUESTED" });
  });

  test("that is withdrawn calls the check off, and a result that comes all the same has no effect", async () => {
    const { requestId, reference } = await asked();
    await say(occur(a.ApplicationWithdrawnEvent, { requestId, byUserId: newId(), because: "asked" }));
    await until(requestId, "ApplicationRejected CANCELLED");
    expect(checksAtProvider(requestId)).toMatchObject([{ id: reference, cancelled: true }]);
    const id = `msg_${newId()}`;
    expect(await tell({ id, body: result(requestId, reference, "failed") })).toBe(204);
    await untilHandled(id);
    expect(await checkOf(requestId)).toMatchObject({ status: "CANCELLED", result: null });
    expect(await fatesOfResults(requestId)).toEqual([]);
  });

  test("that is withdrawn while the answer to our asking is lost calls off what the provider has made", async () => {
    provider.play("time-out", 60);
    const requestId = await apply("+never");
    await engine.until("ApplicationRequest", requestId, ({ attempt }) => attempt >= 2, "a second attempt to be planned");
    provider.clear();
    await say(occur(a.ApplicationWithdrawnEvent, { requestId, byUserId: newId(), because: "asked" }));
    await until(requestId, "ApplicationRejected CANCELLED");
    expect(checksAtProvider(requestId)).toMatchObject([{ cancelled: true }]);
    expect(await checkOf(requestId)).toMatchObject({ status: "CANCELLED", reference: null });
  });

  const resubmit = async (requestId: string) => {
    await until(requestId, "UnderReview WAITING");
    await say(
      occur(a.ApplicationInfoRequestedEvent, { requestId, reviewerId: newId(), note: "Your second certificate?", dueAt: new Date(Date.now() + 86_400_000) }),
    );
    await say(occur(a.ApplicationResubmittedEvent, { requestId, submittedAt: new Date() }));
  };

  test("that is sent again after CONSIDER is checked again, as the second round", async () => {
    const requestId = await apply("+consider");
    await resubmit(requestId);
    await waitFor(async () => (await checkOf(requestId))?.round === 2, { describe: "the second round" });
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ round: 2, status: "CONSIDER" });
    expect(checksAtProvider(requestId).map((check) => check.idempotencyKey)).toEqual([`${requestId}:2`, `${requestId}:1`]);
    expect(await fatesOfResults(requestId)).toEqual(["applied", "applied"]);
  });

  test("that is sent again after CLEAR stays clear, and nobody is asked", async () => {
    const requestId = await apply("+clear");
    await resubmit(requestId);
    await waitFor(async () => (await fatesOfResults(requestId)).length === 2, { describe: "the second answer" });
    await until(requestId, "UnderReview WAITING");
    expect(await checkOf(requestId)).toMatchObject({ round: 1, status: "CLEAR" });
    expect(checksAtProvider(requestId)).toHaveLength(1);
  });
});

describe("a message", () => {
  const forged: [string, (right: { id: string; requestId: string; reference: string; body: string }) => Message][] = [
    ["signed by nobody", () => ({ headers: { "webhook-signature": "" } })],
    ["signed by a stranger", () => ({ secret: Buffer.from("a stranger's secret of 32 bytes!").toString("base64") })],
    [
      "with a signature that is cut short",
      ({ id, body }) => ({ headers: { "webhook-signature": new Webhook(secret).sign(id, new Date(), body).slice(0, -4) } }),
    ],
    [
      "with a signature of another version",
      ({ id, body }) => ({ headers: { "webhook-signature": new Webhook(secret).sign(id, new Date(), body).replace("v1,", "v2,") } }),
    ],
    ["signed under another id", ({ body }) => ({ headers: { "webhook-signature": new Webhook(secret).sign("msg_other", new Date(), body) } })],
    ["signed 301 seconds ago", () => ({ secondsAgo: 301 })],
    ["signed 302 seconds from now", () => ({ secondsAgo: -302 })],
    ["without an id", () => ({ headers: { "webhook-id": "" } })],
    ["without a time", () => ({ headers: { "webhook-timestamp": "" } })],
    ["whose time is no number", () => ({ headers: { "webhook-timestamp": "today" } })],
  ];

  test.each(forged)("%s gets 401 and nothing else, and is not stored", async (_what, change) => {
    const id = `msg_${newId()}`;
    const body = result(newId(), `chk_${newId()}`);
    expect(await tell({ id, body, ...change({ id, requestId: newId(), reference: "chk_1", body }) })).toBe(401);
    expect(await receipts(id)).toEqual([]);
  });

  test("whose body was written anew, or is no text, does not have the signature of the one that was signed", async () => {
    const signed = result(newId(), "chk_\uFFFD");
    const [id, now] = [`msg_${newId()}`, new Date()];
    const headers = { "webhook-signature": new Webhook(secret).sign(id, now, signed), "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)) };
    expect(await tell({ id, headers, body: JSON.stringify(JSON.parse(signed), null, 1) })).toBe(401);
    // Bytes that are no UTF-8 read like the sign that stands for them.
    const bytes = Buffer.concat(
      Buffer.from(signed)
        .toString("latin1")
        .split("\u00EF\u00BF\u00BD")
        .flatMap((part, index) => [...(index === 0 ? [] : [Buffer.from([0xff])]), Buffer.from(part, "latin1")]),
    );
    expect(bytes.toString()).toBe(signed);
    expect(await tell({ id, headers, body: bytes })).toBe(401);
    expect(await tell({ id, headers, body: signed })).toBe(204);
  });

  test.each([
    ["within five minutes", { secondsAgo: 290 }],
    ["by the next secret", { secret: nextSecret }],
    ["by several secrets, one of them ours", {}],
  ])("signed %s is taken", async (what, over: Message) => {
    const [id, body, now] = [`msg_${newId()}`, result(newId(), `chk_${newId()}`), new Date()];
    const several = ["c29tZWJvZHkgZWxzZSdzIHNlY3JldA==", secret].map((key) => new Webhook(key).sign(id, now, body)).join(" ");
    const headers = { "webhook-signature": several, "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)) };
    expect(await tell({ id, body, ...over, ...(what.includes("several") ? { headers } : {}) })).toBe(204);
    expect(await receipts(id)).toHaveLength(1);
  });

  test("of more than 64 KiB gets 413, a packed one 415; one of 64 KiB is read", async () => {
    const padded = (bytes: number) => `{"type":"x","pad":"${"a".repeat(bytes - 21)}"}`;
    expect(Buffer.byteLength(padded(65_536))).toBe(65_536);
    expect(await tell({ body: padded(65_536) })).toBe(204);
    expect(await tell({ body: padded(65_537) })).toBe(413);
    const response = await fetch(url, { method: "POST", headers: { "content-encoding": "gzip" }, body: "x" });
    expect(response.status).toBe(415);
  });

  test.each([
    ["is no JSON", "{"],
    ["is empty", ""],
    ["has a result that is none", '{"type":"check.completed","data":{"reference":"chk_1","result":"splendid"}}'],
    ["has no reference", '{"type":"check.completed","data":{"result":"clear"}}'],
    ["has a NUL", '{"type":"check.completed","data":{"reference":"chk\\u0000","result":"clear"}}'],
  ])("that is signed but %s gets 400 and is not stored", async (_what, body) => {
    const id = `msg_${newId()}`;
    expect(await tell({ id, body })).toBe(400);
    expect(await receipts(id)).toEqual([]);
  });

  test("whose id is longer than anybody's gets 400", async () => {
    expect(await tell({ id: "m".repeat(256), body: result(newId(), "chk_long") })).toBe(400);
  });

  test("about something else is taken and kept without its content", async () => {
    const id = `msg_${newId()}`;
    expect(await tell({ id, body: '{"type":"invoice.paid","data":{"name":"Fi Tavgor"}}' })).toBe(204);
    expect(await receipts(id)).toEqual([{ payload: {}, handled: true }]);
  });

  /** Handles stored messages as several processes would at once. */
  const handleAtOnce = (ids: readonly string[]) => Promise.all(ids.map((id) => engine.transaction((em) => handleReport(em, "embedded", id))));

  test("that comes 50 times at once, and is handled by several processes, has one effect", async () => {
    const { requestId, reference } = await asked();
    const message = { id: `msg_${newId()}`, body: result(requestId, reference) };
    isBroken = true;
    const statuses = await Promise.all(Array.from({ length: 50 }, () => tell(message)));
    expect(new Set(statuses)).toEqual(new Set([204]));
    await handleAtOnce(Array.from({ length: 8 }, () => message.id));
    await until(requestId, "UnderReview WAITING");
    isBroken = false;
    expect(await tell(message)).toBe(204);
    await handleAtOnce([message.id]);
    expect(await receipts(message.id)).toMatchObject([{ handled: true }]);
    expect(await fatesOfResults(requestId)).toEqual(["applied"]);
    expect(await checkOf(requestId)).toMatchObject({ result: { result: "clear" } });
  });

  test("that contradicts the first changes nothing but what the reviewer is told, whichever of several comes first", async () => {
    const { requestId, reference } = await asked();
    const ids = Array.from({ length: 8 }, newId);
    isBroken = true;
    await Promise.all(ids.map((id, index) => tell({ id, body: result(requestId, reference, index % 2 === 0 ? "failed" : "clear") })));
    await handleAtOnce(ids);
    isBroken = false;
    for (const id of ids) await untilHandled(id);
    const check = await checkOf(requestId);
    const first = check?.result?.result;
    const other = first === "clear" ? "failed" : "clear";
    expect(check?.status).toBe(first?.toUpperCase());
    expect(check?.result?.contradictedBy).toEqual(Array.from({ length: 4 }, () => ({ result: other, at: expect.any(String) as string })));
    await until(requestId, first === "clear" ? "UnderReview WAITING" : "ApplicationRejected FAILED");
    expect((await fatesOfResults(requestId)).filter((fate) => fate === "applied")).toHaveLength(1);
  });

  test("about a check that nobody knows is kept for a day, then given up, and forgotten after 30 days", async () => {
    const id = `msg_${newId()}`;
    expect(await tell({ id, body: result("an id that is none of ours", `chk_${newId()}`) })).toBe(204);
    await inbox.handleAll();
    expect(await receipts(id)).toMatchObject([{ handled: false }]);
    await engine.sql("update webhook_receipt set received_at = now() - interval '25 hours' where webhook_id = $1", [id]);
    await inbox.handleAll();
    expect(await receipts(id)).toMatchObject([{ handled: true }]);
    await engine.sql("update webhook_receipt set received_at = now() - interval '29 days' where webhook_id = $1", [id]);
    await inbox.handleAll();
    expect(await receipts(id)).toHaveLength(1);
    await engine.sql("update webhook_receipt set received_at = now() - interval '31 days' where webhook_id = $1", [id]);
    await inbox.handleAll();
    expect(await receipts(id)).toEqual([]);
  });

  test("whose handling failed after it was stored is handled by the next sweep", async () => {
    const { requestId, reference } = await asked();
    const id = `msg_${newId()}`;
    isBroken = true;
    expect(await tell({ id, body: result(requestId, reference) })).toBe(204);
    await inbox.handleAll();
    expect(await receipts(id)).toMatchObject([{ handled: false }]);
    isBroken = false;
    await until(requestId, "UnderReview WAITING");
  });

  test("that cannot be handled keeps no other waiting", async () => {
    const [broken, whole] = [await asked(), await asked()];
    await engine.sql("alter table background_check add constraint broken check (request_id <> '" + broken.requestId + "' or status = 'REQUESTED') not valid");
    const id = `msg_${newId()}`;
    await tell({ id, body: result(broken.requestId, broken.reference) });
    await tell({ body: result(whole.requestId, whole.reference) });
    await until(whole.requestId, "UnderReview WAITING");
    expect(await engine.saga("ApplicationRequest", broken.requestId)).toMatchObject({ status: "WAITING" });
    expect(await receipts(id)).toMatchObject([{ handled: false }]);
    await engine.sql("alter table background_check drop constraint broken");
    await until(broken.requestId, "UnderReview WAITING");
  });
});
