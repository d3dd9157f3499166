import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { Kind } from "graphql";
import { useState } from "react";
import { useClient } from "urql";
import type { RefusedFragment } from "./generated/graphql.ts";

interface Answer {
  readonly sent?: { readonly userErrors: readonly RefusedFragment[] } | null;
}
type Sent<Data extends Answer> = NonNullable<Data["sent"]>;

export interface Sending<Data extends Answer, Variables> {
  /** @returns null: refused, or never answered; the other members say which */
  readonly send: (variables: Omit<Variables, "key">) => Promise<Sent<Data> | null>;
  readonly isBusy: boolean;
  /** What the server said about a field: `at("input.note")`. */
  readonly at: (field: string) => string | undefined;
  /** What it said about none of these fields. */
  readonly besides: (...fields: readonly string[]) => readonly RefusedFragment[];
  readonly refused: readonly RefusedFragment[];
  readonly problem: Error | null;
}

/** Without `crypto.randomUUID`, which pages without TLS lack. */
export const newKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const asksForKey = ({ definitions }: TypedDocumentNode<never, never>): boolean =>
  definitions.some((one) => one.kind === Kind.OPERATION_DEFINITION && one.variableDefinitions?.some(({ variable }) => variable.name.value === "key"));

/** By the operation, since a page may come and go before there is an answer. */
const begun = new Map<object, { readonly input: string; readonly key: string }>();

const path = ({ field }: RefusedFragment): string => field?.join(".") ?? "";

/**
 * A form's mutation, called `sent` in the document. One that takes an idempotency key gets the same for the same input until it is answered,
 * so that a second click after a lost connection does nothing twice.
 */
export function useSend<Data extends Answer, Variables extends object>(document: TypedDocumentNode<Data, Variables>): Sending<Data, Variables> {
  const client = useClient();
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<readonly RefusedFragment[]>([]);
  const [problem, setProblem] = useState<Error | null>(null);
  const send = async (variables: Omit<Variables, "key">): Promise<Sent<Data> | null> => {
    const input = JSON.stringify(variables);
    const before = begun.get(document);
    const { key } = before?.input === input ? before : { key: newKey() };
    begun.set(document, { input, key });
    setBusy(true);
    setProblem(null);
    const keyed = asksForKey(document as never) ? { ...variables, key } : variables;
    const { data, error } = await client.mutation<Data>(document, keyed).toPromise();
    const sent = data?.sent ?? null;
    if (sent !== null) begun.delete(document);
    setBusy(false);
    setRefused(sent?.userErrors ?? []);
    if (sent === null) setProblem(error ?? new Error("The server gave no answer."));
    return sent === null || sent.userErrors.length > 0 ? null : sent;
  };
  const isAt = (one: RefusedFragment, field: string): boolean => path(one) === field || path(one).startsWith(`${field}.`);
  return {
    send,
    isBusy,
    refused,
    problem,
    at: (field) => refused.find((one) => isAt(one, field))?.message,
    besides: (...fields) => refused.filter((one) => !fields.some((field) => isAt(one, field))),
  };
}
