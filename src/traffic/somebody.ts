import { ApiError, requireAccepted, type Answered, type ApiClient, type Payload } from "../client/api-client.ts";
import type { TypedDocumentString } from "../client/generated/graphql.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import { demoAccount, type AccountKind } from "../seed/people.ts";

/** A made-up person who is signed in, or rests because too much was asked for. */
export class Somebody {
  readonly email: string;
  /** When the API lets them ask again, by `monotonicMs`. */
  restsUntil = 0;
  readonly #client: ApiClient;
  readonly #password: string;
  #token: { readonly value: string; readonly goodUntil: number } | null = null;

  constructor(client: ApiClient, kind: AccountKind, number: number) {
    ({ email: this.email, password: this.#password } = demoAccount(kind, number));
    this.#client = client;
  }

  get isSignedIn(): boolean {
    return this.#token !== null && this.#token.goodUntil > monotonicMs();
  }

  /** @throws {ApiError} */
  async signIn(): Promise<void> {
    const { accessToken, expiresAt } = await this.#client.signIn(this.email, this.#password);
    this.#token = { value: accessToken, goodUntil: monotonicMs() + (expiresAt.getTime() - processNow().getTime()) * 0.9 };
  }

  /** @throws {ApiError} what was refused, too */
  async run<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>): Promise<Answered<D>> {
    try {
      const answer = await this.#client.run(document, variables, this.#token?.value);
      for (const payload of Object.values<object>(answer)) if ("userErrors" in payload) requireAccepted(payload as Payload);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.code === "UNAUTHENTICATED") this.#token = null;
      if (error instanceof ApiError && error.retryAfterMs !== null) this.restsUntil = monotonicMs() + error.retryAfterMs;
      throw error;
    }
  }
}
