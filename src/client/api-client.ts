import { SignInDocument, type TypedDocumentString } from "./generated/graphql.ts";

/** The API, or what is on the way to it, has said no. */
export class ApiError extends Error {
  /** Stable, as the API gives it; UNREACHABLE when there was no answer of an API. */
  readonly code: string;
  /** Known for RATE_LIMITED. */
  readonly retryAfterMs: number | null;

  constructor(code: string, message: string, retryAfterMs: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface SignedIn {
  readonly accessToken: string;
  readonly expiresAt: Date;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string; readonly retryAfterMs?: number } }[];
}

/** What an answer without errors holds: root fields are nullable only because they may be refused. */
export type Answered<D> = { [K in keyof D]: NonNullable<D[K]> };

/** Calls the API over HTTP as any client does. */
export class ApiClient {
  /** Of /graphql. */
  readonly url: URL;

  constructor(url: URL) {
    this.url = url;
  }

  /**
   * One operation. Refusals in its payload are the caller's to look at, see `requireAccepted`.
   *
   * @throws {ApiError}
   */
  async run<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>, accessToken?: string): Promise<Answered<D>> {
    const { data, errors } = await this.#post({ query: String(document), variables }, accessToken);
    const [error] = errors ?? [];
    if (error !== undefined) throw new ApiError(error.extensions?.code ?? "UNKNOWN", error.message, error.extensions?.retryAfterMs ?? null);
    return data as Answered<D>;
  }

  /** @throws {ApiError} WRONG_CREDENTIALS, RATE_LIMITED and others */
  async signIn(email: string, password: string): Promise<SignedIn> {
    const { signIn } = await this.run(SignInDocument, { email, password });
    const { accessToken, accessTokenExpiresAt } = requireAccepted(signIn);
    if (accessToken == null || accessTokenExpiresAt == null) throw new ApiError("UNKNOWN", "The API has answered a sign-in without a token.");
    return { accessToken, expiresAt: new Date(accessTokenExpiresAt) };
  }

  async #post(body: object, accessToken?: string): Promise<Answer> {
    let response: Response;
    try {
      response = await fetch(this.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return (await response.json()) as Answer;
    } catch (cause) {
      throw new ApiError("UNREACHABLE", `Expected the API at ${this.url.href}, found: ${messageOf(cause)}`, null, { cause });
    }
  }
}

const timeoutMs = 30_000;

function messageOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error
    ? messageOf(cause)
    : error instanceof Error
      ? error.message || (error as NodeJS.ErrnoException).code || error.name
      : String(error);
}

/** Of a mutation. */
export interface Payload {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

/** @throws {ApiError} the payload holds a refusal */
export function requireAccepted<P extends Payload>(payload: P): P {
  const [refusal] = payload.userErrors;
  if (refusal !== undefined) throw new ApiError(refusal.code, refusal.message);
  return payload;
}
