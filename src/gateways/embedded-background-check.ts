import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import express, { json, type NextFunction, type Request, type Response } from "express";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { CheckResult } from "../domain/background-check/background-checks.port.ts";
import { backoffMs } from "../kernel/backoff.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { secretFile } from "./secret-file.ts";

/**
 * What the provider can play: 500, 401: answers so; time-out: does what it is asked and never answers; webhook-twice: sends each message
 * twice at once; webhook-first: is done at once, and sends the message before it answers; bad-signature, old-timestamp: messages that have
 * to be refused, sent again properly when the fault is over; never: messages get lost.
 */
export const checkFaults = ["500", "401", "time-out", "webhook-twice", "webhook-first", "bad-signature", "old-timestamp", "never"] as const;
export type CheckFault = (typeof checkFaults)[number];

export interface EmbeddedBackgroundCheckOptions {
  /** Where the checks are kept. */
  readonly directory: string;
  /** How long a check takes. */
  readonly delayMs: number;
  /** Signs the messages: `whsec_` and base64, or base64 alone. */
  readonly secret: string;
  readonly log: Log;
  /** Wait before a message is sent again, doubled each time up to a minute. Default 1,000. */
  readonly resendMs?: number;
}

/** One check, as it is kept. */
export interface StoredCheck {
  readonly id: string;
  readonly externalId: string;
  readonly idempotencyKey: string;
  /** Of the request that the key came with. */
  readonly fingerprint: string;
  /** What comes of it; null: never anything. */
  readonly outcome: CheckResult | null;
  /** When the result is there; null: never. */
  readonly dueAt: string | null;
  readonly cancelled: boolean;
  /** The message about it; `told`: it was taken, or is lost. */
  readonly webhook: { readonly id: string; readonly attempts: number; readonly told: boolean };
}

const loopback = "127.0.0.1";
const maxChecks = 5_000;
const maxResendMs = 60_000;
const maxResends = 100;
const slowFactor = 10;
const sendTimeoutMs = 10_000;

const requestInput = z.object({ externalId: z.string().min(1).max(255), applicant: z.object({ name: z.string(), email: z.string() }) });

/**
 * A real HTTP provider in this process, so that the protocol is always exercised. It looks at nobody: the tag in the applicant's address
 * decides, name+clear@…, +consider, +fail, +slow (ten times the delay), +never; without one it is clear.
 */
export class EmbeddedBackgroundCheck {
  readonly apiKey = randomBytes(24).toString("base64url");
  readonly #options: EmbeddedBackgroundCheckOptions;
  readonly #server: Server;
  readonly #checks = new Map<string, StoredCheck>();
  readonly #byKey = new Map<string, string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #sending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #target: string | null = null;
  #fault: { mode: CheckFault; until: number; timer: NodeJS.Timeout } | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedBackgroundCheckOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    for (const check of readChecks(options.directory)) this.#remember(check);
    this.#server = createServer(this.#app());
  }

  static async start(options: EmbeddedBackgroundCheckOptions): Promise<EmbeddedBackgroundCheck> {
    const provider = new EmbeddedBackgroundCheck(options);
    await once(provider.#server.listen(0, loopback), "listening");
    return provider;
  }

  get url(): string {
    return `http://${loopback}:${(this.#server.address() as AddressInfo).port}`;
  }

  get fault(): { readonly mode: CheckFault; readonly secondsLeft: number } | null {
    if (this.#fault === null) return null;
    return { mode: this.#fault.mode, secondsLeft: Math.max(0, Math.ceil((this.#fault.until - monotonicMs()) / 1_000)) };
  }

  /** Newest first. */
  list(): StoredCheck[] {
    return [...this.#checks.values()].toReversed();
  }

  /** Takes over a check that somebody says was asked for here, and never says anything about it. */
  async adopt(id: string, externalId: string): Promise<void> {
    if (this.#checks.has(id)) return;
    const webhook = { id, attempts: 0, told: true };
    const check = { id, externalId, idempotencyKey: id, fingerprint: id, outcome: null, dueAt: null, cancelled: false, webhook };
    this.#remember(check);
    await this.#keep(check);
  }

  /** Where messages go from now on. Until this is called they wait, also those about checks of an earlier start. */
  deliverTo(url: string): void {
    this.#target = url;
    for (const check of this.#checks.values()) this.#schedule(check);
  }

  /** Plays a fault for some seconds, in place of the one played now. */
  play(mode: CheckFault, seconds: number): void {
    this.clear();
    const timer = setTimeout(() => this.clear(), seconds * 1_000).unref();
    this.#fault = { mode, until: monotonicMs() + seconds * 1_000, timer };
  }

  /** Back to normal. */
  clear(): void {
    if (this.#fault !== null) clearTimeout(this.#fault.timer);
    this.#fault = null;
  }

  async stop(): Promise<void> {
    this.clear();
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await Promise.all([closed, ...this.#sending]);
    await this.#writing;
  }

  #app(): express.Express {
    const app = express().disable("x-powered-by").disable("etag");
    app.use((request, response, next) => {
      if (this.#plays("500")) return void response.status(500).json({ error: "The provider has failed" });
      if (this.#plays("401") || request.get("authorization") !== `Bearer ${this.apiKey}`)
        return void response.status(401).json({ error: "The key is not known" });
      next();
    });
    app.post("/checks", json({ limit: "64kb" }), (request, response, next) => {
      this.#create(request, response).catch(next);
    });
    app.get("/checks", (request, response) => {
      const checks = this.list().filter((check) => check.externalId === request.query["externalId"]);
      this.#answer(response, 200, { checks: checks.map(viewOf) });
    });
    app.get("/checks/:id", (request, response) => {
      const check = this.#checks.get(request.params.id);
      this.#answer(response, check === undefined ? 404 : 200, check === undefined ? { error: "There is no such check" } : viewOf(check));
    });
    app.post("/checks/:id/cancel", (request, response, next) => {
      this.#cancel(request.params.id, response).catch(next);
    });
    app.use((request, response) => this.#answer(response, 404, { error: `There is nothing at ${request.path}` }));
    app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
      const { status } = error as { status?: unknown };
      if (typeof status !== "number") this.#options.log.error({ err: error }, "The embedded background-check provider has failed");
      response.status(typeof status === "number" ? status : 500).json({ error: "The request cannot be answered" });
    });
    return app;
  }

  #answer(response: Response, status: number, body: object): void {
    if (this.#plays("time-out")) return;
    response.status(status).json(body);
  }

  async #create(request: Request, response: Response): Promise<void> {
    const input = requestInput.safeParse(request.body);
    const key = request.get("idempotency-key") ?? "";
    if (!input.success || key === "" || key.length > 255)
      return this.#answer(response, 400, { error: "Expected externalId, applicant with name and email, and an Idempotency-Key" });
    const fingerprint = createHash("sha256").update(JSON.stringify(input.data)).digest("hex");
    const known = this.#checks.get(this.#byKey.get(key) ?? "");
    if (known !== undefined && known.fingerprint !== fingerprint)
      return this.#answer(response, 422, { error: "This Idempotency-Key was used for another request" });
    if (known !== undefined) return this.#answer(response, 200, viewOf(known));

    const { outcome, delayMs } = planOf(input.data.applicant.email, this.#options.delayMs);
    const isFirst = this.#plays("webhook-first");
    const check: StoredCheck = {
      id: `chk_${randomBytes(12).toString("hex")}`,
      externalId: input.data.externalId,
      idempotencyKey: key,
      fingerprint,
      outcome,
      dueAt: outcome === null ? null : new Date(processNow().getTime() + (isFirst ? 0 : delayMs)).toISOString(),
      cancelled: false,
      webhook: { id: `msg_${randomBytes(12).toString("hex")}`, attempts: 0, told: false },
    };
    this.#remember(check);
    await this.#keep(check);
    if (isFirst && outcome !== null) await this.#send(check.id);
    else this.#schedule(check);
    this.#answer(response, 201, { ...viewOf(check), status: "pending", result: null });
  }

  async #cancel(id: string, response: Response): Promise<void> {
    const check = this.#checks.get(id);
    if (check === undefined) return this.#answer(response, 404, { error: "There is no such check" });
    if (viewOf(check).status === "complete") return this.#answer(response, 409, { error: "The check is done" });
    const cancelled = { ...check, cancelled: true };
    this.#remember(cancelled);
    clearTimeout(this.#timers.get(id));
    await this.#keep(cancelled);
    this.#answer(response, 200, viewOf(cancelled));
  }

  /** The message of a check is sent when its result is there. */
  #schedule(check: StoredCheck, notBeforeMs = 0): void {
    if (this.#target === null || this.#stopping.signal.aborted || check.dueAt === null || check.cancelled || check.webhook.told) return;
    const wait = Math.max(notBeforeMs, new Date(check.dueAt).getTime() - processNow().getTime());
    clearTimeout(this.#timers.get(check.id));
    this.#timers.set(check.id, setTimeout(() => void this.#send(check.id), wait).unref());
  }

  async #send(id: string): Promise<void> {
    const sending = this.#attempt(id).catch((error: unknown) => this.#options.log.error({ err: error }, "The embedded background-check provider cannot send"));
    this.#sending.add(sending);
    await sending;
    this.#sending.delete(sending);
  }

  async #attempt(id: string): Promise<void> {
    this.#timers.delete(id);
    const check = this.#checks.get(id);
    const target = this.#target;
    if (check === undefined || target === null || check.cancelled || check.webhook.told) return;
    const isLost = this.#plays("never");
    const told = isLost || (await this.#deliver(check, target));
    if (this.#stopping.signal.aborted) return;
    const attempts = check.webhook.attempts + 1;
    const latest = { ...(this.#checks.get(id) ?? check), webhook: { id: check.webhook.id, attempts, told: told || attempts > maxResends } };
    this.#remember(latest);
    await this.#keep(latest);
    this.#schedule(latest, backoffMs(attempts - 1, this.#options.resendMs ?? 1_000, maxResendMs));
  }

  /** @returns whether the receiver has taken it */
  async #deliver(check: StoredCheck, target: string): Promise<boolean> {
    const body = JSON.stringify({ type: "check.completed", data: { reference: check.id, externalId: check.externalId, result: check.outcome } });
    const sentAt = new Date(processNow().getTime() - (this.#plays("old-timestamp") ? 3_600_000 : 0));
    const secret = this.#plays("bad-signature") ? randomBytes(24).toString("base64") : this.#options.secret;
    const post = async (): Promise<boolean> => {
      const response = await fetch(target, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": check.webhook.id,
          "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
          "webhook-signature": new Webhook(secret).sign(check.webhook.id, sentAt, body),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(sendTimeoutMs)]),
      });
      await response.body?.cancel();
      return response.ok;
    };
    const posts = this.#plays("webhook-twice") ? [post(), post()] : [post()];
    const taken = await Promise.allSettled(posts);
    return taken.every((one) => one.status === "fulfilled" && one.value);
  }

  #plays(mode: CheckFault): boolean {
    return this.#fault?.mode === mode;
  }

  #remember(check: StoredCheck): void {
    this.#checks.set(check.id, check);
    this.#byKey.set(check.idempotencyKey, check.id);
  }

  /** One file after the other; the oldest are removed beyond 5,000. Resolves when the check is written. */
  #keep(check: StoredCheck): Promise<void> {
    const { directory } = this.#options;
    const path = join(directory, `${check.id}.json`);
    const [oldest] = this.#checks.values();
    const removed = this.#checks.size > maxChecks && oldest !== undefined ? oldest : null;
    if (removed !== null) {
      this.#checks.delete(removed.id);
      this.#byKey.delete(removed.idempotencyKey);
      clearTimeout(this.#timers.get(removed.id));
    }
    const written = this.#writing.then(async () => {
      await writeFile(`${path}.part`, JSON.stringify(check), { mode: 0o600 });
      await rename(`${path}.part`, path);
      if (removed !== null) await rm(join(directory, `${removed.id}.json`), { force: true });
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

/** As the API shows it. */
function viewOf(check: StoredCheck): { id: string; externalId: string; status: "pending" | "complete" | "cancelled"; result: CheckResult | null } {
  const isDone = check.dueAt !== null && new Date(check.dueAt) <= processNow();
  const status = check.cancelled ? "cancelled" : isDone ? "complete" : "pending";
  return { id: check.id, externalId: check.externalId, status, result: status === "complete" ? check.outcome : null };
}

function planOf(email: string, delayMs: number): { outcome: CheckResult | null; delayMs: number } {
  const tag = /\+(\w+)@/.exec(email)?.[1]?.toLowerCase();
  if (tag === "never") return { outcome: null, delayMs };
  if (tag === "slow") return { outcome: "clear", delayMs: delayMs * slowFactor };
  return { outcome: tag === "consider" ? "consider" : tag === "fail" ? "failed" : "clear", delayMs };
}

/** In the order in which they are due, which is about that of their making. */
function readChecks(directory: string): StoredCheck[] {
  const checks = readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(directory, name), "utf8")) as StoredCheck];
      } catch {
        // Half written when the process was killed; who asked has had no answer and asks again.
        return [];
      }
    });
  return checks.toSorted((a, b) => (a.dueAt ?? "").localeCompare(b.dueAt ?? ""));
}

/** The secret that the embedded provider signs with: made once in the data directory, readable by its owner only. */
export const loadWebhookSecret = (dataDir: string): string =>
  secretFile(join(dataDir, "background-check-webhook-secret"), () => `whsec_${randomBytes(32).toString("base64")}`);
