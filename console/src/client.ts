import { authExchange } from "@urql/exchange-auth";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createClient as createSocketClient } from "graphql-ws";
import { Client, fetchExchange } from "urql";
import { accessToken } from "./account.ts";
import { refresh } from "./session.ts";
import { store } from "./store.ts";

/** Types without an id of their own live in whatever shows them. */
const embedded = [
  "Reason",
  "SagaStep",
  "SagaOutcome",
  "SagaPause",
  "SagaRemainder",
  "SagaExplanation",
  "SagaRemedy",
  "SagaNextState",
  "SagaAttempt",
  "SagaDefinition",
  "SagaDefinitionState",
  "SagaTransition",
  "SagaCount",
  "SagaMetrics",
  "SagaPlan",
  "SagaPlannedEvent",
  "SagaPlannedUndo",
  "QueuePause",
  "QueueSample",
  "DeadLetterGroup",
  "WorkerHand",
  "Found",
  "MentorProfile",
  "BackgroundCheck",
  "UploadHeader",
  "UserError",
  "PageInfo",
];

/** With a cache of its own: what one person was shown is not there for the next. */
export const newClient = (): Client =>
  new Client({
    url: "/graphql",
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    exchanges: [
      cacheExchange({ keys: { ...Object.fromEntries(embedded.map((name) => [name, () => null])), Queue: ({ name }) => name as string } }),
      authExchange(async (utils) => ({
        addAuthToOperation(operation) {
          const token = accessToken.get();
          return token == null ? operation : utils.appendHeaders(operation, { authorization: `Bearer ${token}` });
        },
        didAuthError: (error) => error.graphQLErrors.some(({ extensions }) => extensions["code"] === "UNAUTHENTICATED"),
        refreshAuth: async () => void (await refresh()),
      })),
      fetchExchange,
    ],
  });

export type Connection = { readonly state: "idle" | "live" } | { readonly state: "lost"; readonly since: number; readonly retryAt: number };
export const connection = store<Connection>({ state: "idle" });

/** It will be tried again in so long; since when it is lost stays the same until it is there again. */
export function lose(inMs: number): void {
  const before = connection.get();
  const now = Date.now();
  connection.set({ state: "lost", since: before.state === "lost" ? before.since : now, retryAt: now + inMs });
}

/** One socket for all subscriptions; whoever subscribes comes back by itself, since only it knows where it stood. */
export const socket = createSocketClient({
  url: () => `${location.origin.replace(/^http/, "ws")}/graphql`,
  connectionParams: async () => {
    const token = accessToken.get() ?? (await refresh().catch(() => null));
    return token === null ? {} : { authorization: `Bearer ${token}` };
  },
  retryAttempts: 0,
  keepAlive: 10_000,
  on: {
    connected: () => connection.set({ state: "live" }),
    closed: (event) => {
      if ((event as CloseEvent).code === 4403) void refresh().catch(() => undefined);
      else if ((event as CloseEvent).code === 1000) connection.set({ state: "idle" });
    },
  },
});
