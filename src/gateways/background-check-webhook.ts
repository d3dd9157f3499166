import { isUtf8 } from "node:buffer";
import { raw, Router, type NextFunction, type Request, type Response } from "express";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { checkResults, type CheckReport, type CheckReports } from "../domain/background-check/background-checks.port.ts";
import type { Log } from "../kernel/log.ts";

export interface WebhookParts {
  /** Any of them makes a signature good, so that the provider's key can be changed: `whsec_` and base64, or base64 alone. */
  readonly secrets: readonly string[];
  readonly reports: CheckReports;
  readonly log: Log;
}

export const BACKGROUND_CHECK_WEBHOOK_PATH = "/webhooks/background-check";
const maxBytes = 64 * 1024;

const id = z
  .string()
  .min(1)
  .max(255)
  .refine((value) => value.isWellFormed() && !value.includes("\0"));
const announced = z.object({ type: z.literal("check.completed") });
const completed = z.object({ data: z.object({ reference: id, externalId: id.nullish(), result: z.enum(checkResults) }) });

/**
 * Takes the messages of the provider: POST /webhooks/background-check, signed as Standard Webhooks has it over the bytes as they came.
 *
 * 204 once the message is stored, also for one that came before and for one about something else, which nobody needs to send again; 401
 * without a word for what is not signed, or was signed more than five minutes from now by this process's clock; 413 beyond 64 KiB;
 * 400 for what is signed but no JSON, or a result that is none: its sender should hear of it, and send it again when we know better. Of the
 * content only reference, external id and result are kept.
 */
export function backgroundCheckWebhook({ secrets, reports, log }: WebhookParts): Router {
  const webhooks = secrets.map((secret) => new Webhook(secret));
  const router = Router();

  router.post(BACKGROUND_CHECK_WEBHOOK_PATH, raw({ type: () => true, limit: maxBytes, inflate: false }), (request, response, next) => {
    receive(request, response).catch(next);
  });
  router.use(BACKGROUND_CHECK_WEBHOOK_PATH, (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const { status } = error as { status?: unknown };
    if (typeof status !== "number" || status < 400 || status >= 500) return next(error);
    response.status(status).json({ error: status === 413 ? `The body is larger than ${maxBytes} bytes` : "The body cannot be read" });
  });
  return router;

  async function receive(request: Request, response: Response): Promise<void> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const messageId = request.get("webhook-id") ?? "";
    if (!isSigned(request, messageId, body)) {
      log.warn({ ip: request.ip }, "A message about a background check was refused: it is not signed, or not in time");
      return void response.status(401).end();
    }
    const report = readReport(body);
    if (report === undefined || !id.safeParse(messageId).success) {
      log.warn({ messageId: messageId.slice(0, 255) }, "A signed message about a background check cannot be understood");
      return void response.status(400).json({ error: "Expected a JSON object of a known form, and a webhook-id of 1 to 255 characters" });
    }
    await reports.receive(messageId, report);
    response.status(204).end();
  }

  function isSigned(request: Request, messageId: string, body: Buffer): boolean {
    const headers = {
      "webhook-id": messageId,
      "webhook-timestamp": request.get("webhook-timestamp") ?? "",
      "webhook-signature": request.get("webhook-signature") ?? "",
    };
    // The library reads bytes that are no UTF-8 as if they were, and several bodies would have one signature.
    if (!isUtf8(body)) return false;
    return webhooks.some((webhook) => {
      try {
        webhook.verify(body, headers, { jsonParse: false });
        return true;
      } catch {
        return false;
      }
    });
  }
}

/** Null: it is about something else. Undefined: it cannot be understood. */
function readReport(body: Buffer): CheckReport | null | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (!announced.safeParse(message).success) return null;
  const read = completed.safeParse(message);
  if (!read.success) return undefined;
  const { reference, externalId, result } = read.data.data;
  return { reference, externalId: externalId ?? null, result };
}
