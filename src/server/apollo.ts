import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { OperationTypeNode } from "graphql";
import type { Server } from "node:http";
import type { Log } from "../kernel/log.ts";
import type { RequestContext } from "../schema/context.ts";
import { publicError } from "../schema/errors.ts";
import { balanceHeaders, type Guard, type Receipt, refused } from "./guard/index.ts";
import { currentRequestId } from "./request-id.ts";

/** Apollo Server as this API wants it: one document a request, nothing from a CDN, every error through one door. */
export function createApollo(parts: {
  readonly guard: Guard;
  readonly httpServer: Server;
  readonly log: Log;
  readonly development: boolean;
}): ApolloServer<RequestContext> {
  const { guard, httpServer, log, development } = parts;
  return new ApolloServer<RequestContext>({
    schema: guard.schema,
    csrfPrevention: true,
    // Whether it is on is a rule of the guard's, whose text does not tell what this is.
    introspection: true,
    validationRules: [...guard.validationRules],
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !development,
    stopOnTerminationSignals: false,
    parseOptions: guard.parseOptions,
    documentStore: {
      get: (hash) => Promise.resolve(guard.valid.get(hash)),
      set: (hash, document) => Promise.resolve(guard.valid.set(hash, document)),
      delete: () => Promise.resolve(),
    },
    logger: { debug: (text) => log.debug(text), info: (text) => log.info(text), warn: (text) => log.warn(text), error: (text) => log.error(text) },
    formatError: (formatted, error) => publicError(formatted, error, { requestId: currentRequestId(), log }),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: 10_000 }),
      guardPlugin(guard),
      statusPlugin,
    ],
  });
}

/** Apollo reads and checks the document itself; what a request may cost is the guard's. */
const guardPlugin = (guard: Guard): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    let receipt: Receipt | null = null;
    return {
      async didResolveOperation({ document, operation, request, contextValue }) {
        if (operation === undefined) return;
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) throw refused("BAD_REQUEST", "Subscriptions are served over WebSocket only.");
        receipt = await guard.pass(contextValue, { document, operation, variables: request.variables ?? {} });
      },
      async didEncounterErrors({ contextValue }) {
        receipt ??= await guard.fine(contextValue);
      },
      async willSendResponse({ response }) {
        if (receipt !== null) for (const [name, value] of balanceHeaders(receipt)) response.http.headers.set(name, value);
      },
    };
  },
});

const STATUS_OF_CODE = new Map<unknown, number>([
  ["UNAVAILABLE", 503],
  ["TIMEOUT", 504],
]);

/** "Not now" is told to proxies and load balancers too, when nothing of the request could be answered. */
const statusPlugin: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    async willSendResponse({ response }) {
      if (response.body.kind !== "single") return;
      const { data, errors } = response.body.singleResult;
      const isEmpty = data == null || Object.values(data).every((value) => value === null);
      const status = errors?.map((error) => STATUS_OF_CODE.get(error.extensions?.["code"])).find((one) => one !== undefined);
      if (isEmpty && status !== undefined) response.http.status = status;
    },
  }),
};
