import { z } from "zod";
import { checkResults, type BackgroundChecks, type CheckApplication, type CheckState } from "../domain/background-check/background-checks.port.ts";
import { Permanent, Transient } from "../kernel/errors.ts";

export interface HttpBackgroundChecksOptions {
  /** Where the provider's paths begin: `<url>/checks`. */
  readonly url: string;
  readonly apiKey: string;
  /** Default: the URL's host. */
  readonly provider?: string;
  /** For one request, connecting included. Default 10,000. */
  readonly timeoutMs?: number;
}

const text = z
  .string()
  .min(1)
  .max(255)
  .refine((value) => value.isWellFormed() && !value.includes("\0"));
const checkAnswer = z.object({ id: text, result: z.enum(checkResults).nullish() });
const listAnswer = z.object({ checks: z.array(checkAnswer).max(1_000) });

const maxAnswerBytes = 256 * 1024;
/** Done already, or not known: nothing is left to call off. */
const needsNoCancelling = new Set([404, 409, 410]);

/**
 * A provider with a small HTTP API, Checkr-like: POST /checks with an Idempotency-Key, GET /checks/:id, GET /checks?externalId=…,
 * POST /checks/:id/cancel; a bearer key; JSON both ways. Results come by webhook.
 */
export class HttpBackgroundChecks implements BackgroundChecks {
  readonly provider: string;
  readonly #base: string;
  readonly #apiKey: string;
  readonly #timeoutMs: number;

  constructor(options: HttpBackgroundChecksOptions) {
    this.provider = options.provider ?? new URL(options.url).host;
    this.#base = options.url.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  async request({ applicant, idempotencyKey, externalId }: CheckApplication, signal: AbortSignal): Promise<CheckState> {
    const { body } = await this.#call("POST", "/checks", signal, { headers: { "idempotency-key": idempotencyKey }, body: { externalId, applicant } });
    return stateOf(parse(checkAnswer, body));
  }

  async get(reference: string, signal: AbortSignal): Promise<CheckState> {
    const { body } = await this.#call("GET", `/checks/${encodeURIComponent(reference)}`, signal);
    return stateOf(parse(checkAnswer, body));
  }

  async find(externalId: string, signal: AbortSignal): Promise<readonly CheckState[]> {
    const { body } = await this.#call("GET", `/checks?externalId=${encodeURIComponent(externalId)}`, signal);
    return parse(listAnswer, body).checks.map(stateOf);
  }

  async cancel(reference: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", `/checks/${encodeURIComponent(reference)}/cancel`, signal, { accepts: needsNoCancelling });
  }

  async #call(
    method: string,
    path: string,
    signal: AbortSignal,
    { headers = {}, body, accepts = new Set() }: { headers?: Record<string, string>; body?: object; accepts?: ReadonlySet<number> } = {},
  ): Promise<{ body: string }> {
    signal.throwIfAborted();
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    let response: Response;
    let answer: string;
    try {
      response = await fetch(this.#base + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#apiKey}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The key is for this address only.
        redirect: "manual",
        signal: AbortSignal.any([signal, timeout]),
      });
      answer = await readAtMost(response, maxAnswerBytes);
    } catch (cause) {
      throw new Transient(describeFailure(cause, timeout, signal), { cause });
    }
    const { status } = response;
    if (response.ok || accepts.has(status)) return { body: answer };
    const said = `Background-check provider answered ${status}${status === 401 || status === 403 ? " (key not accepted)" : ""}`;
    const asksToTryLater = status >= 500 || status === 408 || status === 425 || status === 429;
    throw asksToTryLater ? new Transient(said) : new Permanent(said);
  }
}

const stateOf = ({ id, result }: z.infer<typeof checkAnswer>): CheckState => ({ reference: id, result: result ?? null });

/** Something in between may answer in the provider's place; that does not last. */
function parse<T>(schema: z.ZodType<T>, body: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch (cause) {
    throw new Transient("Background-check provider answered something that is no check", { cause });
  }
}

async function readAtMost(response: Response, bytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > bytes) throw new Error(`The answer has more than ${bytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function describeFailure(error: unknown, timeout: AbortSignal, signal: AbortSignal): string {
  if (signal.aborted) return "Background-check provider was not waited for any longer";
  if (timeout.aborted) return "Background-check provider did not answer in time";
  const { code = "" } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
  if (code === "ECONNREFUSED") return "Background-check provider refused the connection";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Background-check provider cannot be found";
  return "Background-check provider broke the connection off";
}
