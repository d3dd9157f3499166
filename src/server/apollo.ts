import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { GraphQLError, type GraphQLSchema, OperationTypeNode } from "graphql";
import type { Server } from "node:http";
import type { Log } from "../kernel/log.ts";
import type { RequestContext } from "../schema/context.ts";
import { publicError } from "../schema/errors.ts";
import { findExcess, MAX_TOKENS } from "./limits.ts";
import { currentRequestId } from "./request-id.ts";

/** Apollo Server as this API wants it: one document a request, nothing from a CDN, every error through one door. */
export function createApollo(parts: {
  readonly schema: GraphQLSchema;
  readonly httpServer: Server;
  readonly log: Log;
  readonly development: boolean;
}): ApolloServer<RequestContext> {
  const { schema, httpServer, log, development } = parts;
  return new ApolloServer<RequestContext>({
    schema,
    csrfPrevention: true,
    introspection: true,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !development,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    logger: { debug: (text) => log.debug(text), info: (text) => log.info(text), warn: (text) => log.warn(text), error: (text) => log.error(text) },
    formatError: (formatted, error) => publicError(formatted, error, { requestId: currentRequestId(), log }),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: 10_000 }),
      limitsPlugin(schema),
      statusPlugin,
    ],
  });
}

function limitsPlugin(schema: GraphQLSchema): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ document, operation, request }) {
        if (operation === undefined) return;
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
          throw new GraphQLError("Subscriptions are served over WebSocket only.", { extensions: { code: "BAD_REQUEST", http: { status: 400 } } });
        }
        const excess = findExcess(schema, document, operation, request.variables ?? {});
        if (excess !== null) throw excess;
      },
    }),
  };
}

/** "Not now" is told to proxies and load balancers too, when nothing of the request could be answered. */
const statusPlugin: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    async willSendResponse({ response }) {
      if (response.body.kind !== "single") return;
      const { data, errors } = response.body.singleResult;
      const isEmpty = data == null || Object.values(data).every((value) => value === null);
      if (isEmpty && errors?.some((error) => error.extensions?.["code"] === "UNAVAILABLE") === true) response.http.status = 503;
    },
  }),
};
