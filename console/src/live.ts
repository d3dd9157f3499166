import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { useEffect, useRef } from "react";
import { connection, lose, socket } from "./client.ts";
import { refresh } from "./session.ts";
import { store, useStore } from "./store.ts";

/** How many changes wait while an operator has a list stopped; null: none is. */
export const held = store<number | null>(null);

interface Refusal {
  readonly extensions?: { readonly code?: unknown };
}

/** Nobody has looked at the page for so long that it follows nothing any more. */
const away = store(false);
const AWAY_AFTER_MS = 60_000;
let leaving: ReturnType<typeof setTimeout> | undefined;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(() => away.set(true), AWAY_AFTER_MS);
  else away.set(false);
});

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
    lose(wait);
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

/** Calls at once and then at most every so often, however often it is asked to; the last time is never left out. */
export function useThrottled(work: () => void, everyMs: number): () => void {
  const latest = useRef(work);
  latest.current = work;
  const state = useRef<{ timer?: ReturnType<typeof setTimeout>; isAsked: boolean }>({ isAsked: false });
  useEffect(() => () => clearTimeout(state.current.timer), []);
  const run = (): void => {
    state.current.isAsked = false;
    latest.current();
    state.current.timer = setTimeout(() => {
      delete state.current.timer;
      if (state.current.isAsked) run();
    }, everyMs);
  };
  return () => {
    if (state.current.timer === undefined) run();
    else state.current.isAsked = true;
  };
}

/** `follow` while the component is there and looked at; begins anew when `key` changes, and is off while that is null. */
export function useStream<Data, Variables extends Record<string, unknown>>(
  key: string | null,
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  hear: (data: Data) => void,
): void {
  const latest = useRef({ variables, hear });
  latest.current = { variables, hear };
  const isAway = useStore(away);
  useEffect(() => {
    if (key === null || isAway) return;
    return follow(
      document,
      () => latest.current.variables(),
      (data) => latest.current.hear(data),
    );
  }, [key, isAway, document]);
}
