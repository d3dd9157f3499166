import { ApiClient, ApiError, type Answered } from "../client/api-client.ts";
import type { TypedDocumentString } from "../client/generated/graphql.ts";
import { processNow } from "../kernel/clock.ts";
import { demoAccount } from "../seed/people.ts";
import { plainly } from "./plain.ts";
import { TokenCache } from "./token-cache.ts";
import { UsageError } from "./usage-error.ts";

export interface SessionOptions {
  readonly url: string;
  readonly email?: string;
  /** Never an option of the command line, which others can read. */
  readonly password?: string;
  readonly token?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What is answered goes to a terminal, which obeys what some texts say. */
  readonly isForPeople: boolean;
}

/** An operator at the API. Signs in when it has to, and once more when a kept token is not taken. */
export class Session {
  readonly client: ApiClient;
  readonly #isForPeople: boolean;
  readonly #signIn: () => Promise<string>;
  readonly #cache: TokenCache | null;
  #token: string | null;

  constructor({ url, environment, token, ...given }: SessionOptions) {
    this.client = new ApiClient(graphqlUrl(url));
    this.#isForPeople = given.isForPeople;
    const { email, password } = token === undefined ? credentials(this.client.url, given) : { email: "", password: "" };
    this.#cache = token === undefined ? new TokenCache(environment, this.client.url.href, email) : null;
    this.#token = token ?? this.#cache?.find(processNow()) ?? null;
    this.#signIn = async () => {
      const signedIn = await this.client.signIn(email, password);
      this.#cache?.keep(signedIn);
      return signedIn.accessToken;
    };
  }

  /** @throws {ApiError} */
  async run<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>): Promise<Answered<D>> {
    const isKept = this.#token !== null;
    this.#token ??= await this.#signIn();
    try {
      const answer = await this.client.run(document, variables, this.#token);
      return this.#isForPeople ? plainly(answer) : answer;
    } catch (error) {
      if (!isKept || this.#cache === null || !(error instanceof ApiError) || error.code !== "UNAUTHENTICATED") throw error;
      this.#cache.forget();
      this.#token = null;
      return this.run(document, variables);
    }
  }
}

function graphqlUrl(given: string): URL {
  const url = URL.parse(given);
  if (url === null || !["http:", "https:"].includes(url.protocol)) throw new UsageError(`--url: expected an http or https URL, found ${JSON.stringify(given)}`);
  return url.pathname.endsWith("/graphql") ? url : new URL("graphql", url.href.replace(/\/?$/, "/"));
}

export const isThisMachine = ({ hostname }: URL): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);

function credentials(url: URL, { email, password }: { readonly email?: string; readonly password?: string }): { email: string; password: string } {
  if (email !== undefined && password !== undefined) return { email, password };
  // A demo database on this machine has this operator; anywhere else a known password would be an attempt to break in.
  const demo = demoAccount("operator", 1);
  if (isThisMachine(url) && password === undefined && (email ?? demo.email) === demo.email) return demo;
  throw new UsageError(`Expected to know who asks ${url.origin}: set OPS_EMAIL and OPS_PASSWORD, or OPS_TOKEN to an access token.`);
}
