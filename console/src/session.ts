import { print } from "graphql";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { RefreshTokensDocument, SignInDocument, SignOutDocument } from "./generated/graphql.ts";
import { claimDrafts, clearDrafts } from "./drafts.ts";
import { store } from "./store.ts";

/** Null: nobody is signed in. Undefined: not known yet. */
export const accessToken = store<string | null | undefined>(undefined);

/** GraphQL over HTTP without the cache. @throws {Error} the server cannot be reached, or answers with errors alone */
export async function send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const token = accessToken.get();
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", ...(token == null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const answer = (await response.json()) as { data?: Data | null; errors?: readonly { message: string }[] };
  if (answer.data == null) throw new Error(answer.errors?.map(({ message }) => message).join(" ") ?? `The server answered ${response.status}.`);
  return answer.data;
}

export async function signIn(email: string, password: string): Promise<readonly { message: string; field?: readonly string[] | null }[]> {
  const { signIn: payload } = await send(SignInDocument, { email, password });
  if (payload?.accessToken != null) {
    claimDrafts(email);
    accessToken.set(payload.accessToken);
  }
  return payload?.userErrors ?? [];
}

let refreshing: Promise<string | null> | null = null;

/** A new access token by the cookie, of which there is one request at a time. @returns null: nobody is signed in */
export function refresh(): Promise<string | null> {
  refreshing ??= send(RefreshTokensDocument, {})
    .then(({ refreshTokens }) => refreshTokens?.accessToken ?? null)
    .then((token) => {
      if (token === null && accessToken.get() != null) forget();
      accessToken.set(token);
      return token;
    })
    .finally(() => (refreshing = null));
  return refreshing;
}

export async function signOut(): Promise<void> {
  await send(SignOutDocument, {}).catch(() => undefined);
  clearDrafts();
  forget();
}

/** What one person was shown is gone before the next signs in: with the page, everything that it has in memory. */
const forget = (): void => location.reload();
