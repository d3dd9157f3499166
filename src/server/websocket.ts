import {
  type FormattedExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { newId } from "../kernel/ids.ts";
import { processNow } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { RequestContext, type SchemaParts } from "../schema/context.ts";
import { publicError } from "../schema/errors.ts";
import type { AccountStanding } from "../schema/standing.ts";
import { type Authenticated, authenticateToken, type TokenVerifier } from "./authentication.ts";
import { findExcess, MAX_TOKENS } from "./limits.ts";

const PATH = "/graphql";
const MAX_PAYLOAD_BYTES = 64 * 1024;
const MAX_OPERATIONS_PER_SOCKET = 50;
const MAX_SOCKETS = 10_000;
const PING_EVERY_MS = 12_000;
/** For sockets that do not answer the closing handshake. */
const CLOSE_GRACE_MS = 2_000;
const FORBIDDEN = 4403;

export interface WebSocketParts {
  readonly httpServer: Server;
  readonly schema: GraphQLSchema;
  readonly api: SchemaParts;
  readonly identity: TokenVerifier;
  readonly standing: AccountStanding;
  readonly log: Log;
  /** Pages of these origins may open sockets, besides those that this server serves itself. */
  readonly origins: readonly string[];
  readonly development: boolean;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly socket: WebSocket;
  caller: Authenticated;
}

/**
 * Subscriptions over `graphql-transport-ws`, on the HTTP server's port. The token comes in connectionParams, as `authorization` or
 * `accessToken`; when it runs out the socket is closed with 4403, which clients answer by connecting again.
 *
 * @returns how to close all sockets, with 1001
 */
export function serveWebSockets(parts: WebSocketParts): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES, handleProtocols });
  const graphql = makeServer<Record<string, unknown>, Extra>(serverOptions(parts));

  parts.httpServer.on("upgrade", (request, stream, head) => {
    const refusal = findRefusal(request, parts.origins, sockets.clients.size);
    if (refusal !== null) return refuse(stream, refusal);
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit("connection", socket, request));
  });

  sockets.on("connection", (socket: WebSocket) => {
    const stopPinging = pingRegularly(socket);
    const closed = graphql.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          socket.on("message", (data: Buffer) => {
            handle(data.toString("utf8")).catch((error: unknown) => {
              parts.log.error({ err: error }, "handling a socket's message failed");
              socket.close(4500, "Internal server error");
            });
          });
        },
      },
      { socket, caller: { viewer: null, expiresAt: null, requestId: newId() } },
    );
    // Broken frames and too large messages: `ws` answers them with the right close code by itself.
    socket.on("error", (error) => parts.log.debug({ err: error }, "socket failed"));
    socket.once("close", (code, reason) => {
      stopPinging();
      void closed(code, String(reason));
    });
  });

  return { close: () => closeAll(sockets) };
}

function serverOptions(parts: WebSocketParts): Parameters<typeof makeServer<Record<string, unknown>, Extra>>[0] {
  const { schema, api, identity, standing, log, development } = parts;
  const toPublic = (errors: readonly (GraphQLError | GraphQLFormattedError)[], requestId: string): GraphQLFormattedError[] =>
    errors.map((error) => publicError(error instanceof GraphQLError ? error.toJSON() : error, error, { requestId, log }));
  return {
    async onConnect({ connectionParams, extra }) {
      try {
        extra.caller = await authenticateToken(authorizationOf(connectionParams), newId(), identity, standing);
      } catch {
        return false;
      }
      closeAtExpiry(extra);
      return true;
    },
    onSubscribe(ctx, _id, payload) {
      if (Object.keys(ctx.subscriptions).length > MAX_OPERATIONS_PER_SOCKET)
        return [refused("RATE_LIMITED", `A socket carries at most ${MAX_OPERATIONS_PER_SOCKET} operations.`)];
      const checked = checkOperation(schema, payload, development);
      if (Array.isArray(checked)) return checked;
      return { ...checked, schema, contextValue: new RequestContext(api, { ...ctx.extra.caller, requestId: newId() }) };
    },
    onNext(_ctx, _id, _payload, args, { data = null, errors }): FormattedExecutionResult {
      return errors === undefined ? { data } : { data, errors: toPublic(errors, requestIdOf(args.contextValue)) };
    },
    onError: (_ctx, _id, _payload, errors) => toPublic(errors, newId()),
  };
}

type Checked = { document: ReturnType<typeof parse>; operationName: string | null | undefined; variableValues: Record<string, unknown> | null | undefined };

/** The checks that Apollo makes for HTTP; its plugins do not see sockets. */
function checkOperation(schema: GraphQLSchema, { query, operationName, variables }: SubscribePayload, development: boolean): Checked | GraphQLError[] {
  let document;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    return [refused("GRAPHQL_PARSE_FAILED", error instanceof Error ? error.message : "The document cannot be parsed.")];
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return errors.map((error) => refused("GRAPHQL_VALIDATION_FAILED", development ? error.message : withoutSuggestion(error.message)));
  const operation = getOperationAST(document, operationName);
  if (operation == null) return [refused("OPERATION_RESOLUTION_FAILURE", "Which operation of the document is meant cannot be told.")];
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION)
    return [refused("BAD_REQUEST", "Sockets carry subscriptions only; send queries and mutations over HTTP.")];
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 20 });
  if (coerced.errors !== undefined) return coerced.errors.map((error) => refused("BAD_USER_INPUT", error.message));
  const excess = findExcess(schema, document, operation, variables ?? {});
  return excess === null ? { document, operationName, variableValues: variables } : [excess];
}

const refused = (code: string, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } });
const withoutSuggestion = (message: string): string => message.replace(/ ?Did you mean (.+?)\?$/, "");
const requestIdOf = (context: unknown): string => (context instanceof RequestContext ? context.requestId : newId());

function authorizationOf(params: Record<string, unknown> | undefined): string | undefined {
  const { authorization, accessToken } = params ?? {};
  if (typeof authorization === "string") return authorization;
  return typeof accessToken === "string" ? `Bearer ${accessToken}` : undefined;
}

function closeAtExpiry({ caller, socket }: Extra): void {
  if (caller.expiresAt === null) return;
  const inMs = Math.max(0, caller.expiresAt.getTime() - processNow().getTime());
  const timer = setTimeout(() => socket.close(FORBIDDEN, "Token expired"), Math.min(inMs, 2 ** 31 - 1));
  socket.once("close", () => clearTimeout(timer));
}

/** The status to refuse an upgrade with, or null. */
function findRefusal(request: IncomingMessage, origins: readonly string[], socketCount: number): string | null {
  if (URL.parse(request.url ?? "/", "http://host")?.pathname !== PATH) return "404 Not Found";
  if (!isKnownOrigin(request.headers.origin, request.headers.host, origins)) return "403 Forbidden";
  return socketCount >= MAX_SOCKETS ? "503 Service Unavailable" : null;
}

/** Only browsers send an origin; theirs must be a page of this server or one that was allowed. */
function isKnownOrigin(origin: string | undefined, host: string | undefined, origins: readonly string[]): boolean {
  return origin === undefined || origins.includes(origin) || (host !== undefined && URL.parse(origin)?.host === host.toLowerCase());
}

function refuse(stream: Duplex, status: string): void {
  stream.on("error", () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Resolves when the socket has taken the message: a slow reader slows down what is read for it. */
const send = (socket: WebSocket, data: string): Promise<void> =>
  new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(data, (error) => (error == null || socket.readyState !== socket.OPEN ? resolve() : reject(error)));
  });

/** Ends sockets whose other side is gone without a word. */
function pingRegularly(socket: WebSocket): () => void {
  let isAlive = true;
  socket.on("pong", () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS);
  return () => clearInterval(timer);
}

async function closeAll(sockets: WebSocketServer): Promise<void> {
  const open = [...sockets.clients];
  const allClosed = Promise.all(open.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  for (const socket of open) socket.close(1001, "Going away");
  const timer = setTimeout(() => open.forEach((socket) => socket.terminate()), CLOSE_GRACE_MS);
  await allClosed;
  clearTimeout(timer);
  sockets.close();
}
