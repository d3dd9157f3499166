import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { useEffect, useRef } from "react";
import { connection, socket } from "./client.ts";
import { refresh } from "./session.ts";

interface Refusal {
  readonly extensions?: { readonly code?: unknown };
}

const retryMs = [250, 500, 1_000, 2_000, 4_000] as const;

/**
 * Follows a stream for as long as it is wanted. When the connection is lost it subscribes again, with the variables of that moment, so that
 * they can say where it stood. @returns ends it
 */
export function follow<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  hear: (data: Data) => void,
): () => void {
  const query = print(document);
  let [failures, isOver] = [0, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leave = (): void => undefined;
  const again = (): void => {
    if (isOver) return;
    const wait = retryMs[Math.min(failures++, retryMs.length - 1)] ?? 4_000;
    connection.set({ state: "lost", retryAt: Date.now() + wait });
    timer = setTimeout(begin, wait);
  };
  /** The stream itself was refused: for want of a valid token there may be a new one, for anything else asking again is no use. */
  const refused = (errors: readonly Refusal[]): void => {
    if (errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED")) void refresh().then(again, again);
    else isOver = true;
  };
  const begin = (): void => {
    leave = socket.subscribe<Data>(
      { query, variables: variables() },
      {
        next({ data }) {
          failures = 0;
          connection.set({ state: "live" });
          if (data != null) hear(data);
        },
        error(error) {
          if (Array.isArray(error)) refused(error as readonly Refusal[]);
          else again();
        },
        complete: () => (isOver = true),
      },
    );
  };
  begin();
  return () => {
    isOver = true;
    clearTimeout(timer);
    leave();
  };
}

/** `follow` while the component is there; begins anew when `key` changes, and is off while that is null. */
export function useStream<Data, Variables extends Record<string, unknown>>(
  key: string | null,
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  hear: (data: Data) => void,
): void {
  const latest = useRef({ variables, hear });
  latest.current = { variables, hear };
  useEffect(() => {
    if (key === null) return;
    return follow(
      document,
      () => latest.current.variables(),
      (data) => latest.current.hear(data),
    );
  }, [key, document]);
}
