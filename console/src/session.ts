import { print } from "graphql";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { accessToken, subjectOf } from "./account.ts";
import { adoptDrafts, forgetDrafts } from "./drafts.ts";
import { RefreshTokensDocument, SignInDocument, SignOutDocument } from "./generated/graphql.ts";

/** Nobody knows whether the server did it, and asking again may help. */
export class Unanswered extends Error {}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly retryable?: boolean } }[];
}

/** GraphQL over HTTP without the cache. @throws {Unanswered} @throws {Error} the server answers with errors alone, which stay the same */
async function send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables, token: string | null = null): Promise<Data> {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: print(document), variables }),
  })
    .then(async (response) => (await response.json()) as Answer<Data>)
    .catch((cause: unknown) => {
      throw new Unanswered("The server cannot be reached.", { cause });
    });
  if (answer.data != null) return answer.data;
  const message = answer.errors?.map((error) => error.message).join(" ") ?? "The server gave no answer.";
  throw answer.errors?.some(({ extensions }) => extensions?.retryable === true) === false ? new Error(message) : new Unanswered(message);
}

/** What one person was shown is gone before the next signs in: with the page, everything that it has in memory. */
const forget = (): void => location.reload();

const KEY = "account";

/** All windows of a browser have one cookie, and so one account, of which they hear by what is stored. */
const tellWindows = (account: string | null): void => localStorage.setItem(KEY, account ?? "");
addEventListener("storage", ({ key, newValue }) => {
  const token = accessToken.get();
  if (key === KEY && token !== undefined && newValue !== (subjectOf(token) ?? "")) forget();
});

export async function signIn(email: string, password: string): Promise<readonly { message: string; field?: readonly string[] | null }[]> {
  const { signIn: payload } = await send(SignInDocument, { email, password });
  if (payload?.accessToken != null) {
    adoptDrafts(subjectOf(payload.accessToken));
    accessToken.set(payload.accessToken);
    tellWindows(subjectOf(payload.accessToken));
  }
  return payload?.userErrors ?? [];
}

let refreshing: Promise<string | null> | null = null;

/**
 * A new access token by the cookie, of which there is one request at a time. When the cookie is another account's by now, this page is not theirs:
 * it begins anew, and nobody who waits for a token hears of theirs.
 *
 * @returns null: nobody is signed in
 * @throws {Unanswered}
 */
export function refresh(): Promise<string | null> {
  refreshing ??= send(RefreshTokensDocument, {})
    .then(({ refreshTokens }) => {
      const token = refreshTokens?.accessToken ?? null;
      const before = accessToken.get();
      if (before == null || subjectOf(token) === subjectOf(before)) {
        accessToken.set(token);
        return token;
      }
      forget();
      return new Promise<never>(() => undefined);
    })
    .finally(() => (refreshing = null));
  return refreshing;
}

/** @throws {Error} the server did not do it, and whoever was signed in still is */
export async function signOut(): Promise<void> {
  // A token that is over cannot sign anybody out.
  const token = await refresh();
  await send(SignOutDocument, {}, token);
  forgetDrafts(subjectOf(token));
  tellWindows(null);
  forget();
}
