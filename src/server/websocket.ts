import { type DocumentNode, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError, OperationTypeNode } from "graphql";
import { handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import type { IncomingMessage, Server } from "node:http";
import type { BlockList } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { newId } from "../kernel/ids.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { RequestContext, type SchemaParts } from "../schema/context.ts";
import { publicError } from "../schema/errors.ts";
import type { AccountStanding } from "../schema/standing.ts";
import { type Authenticated, authenticateToken, type TokenVerifier } from "./authentication.ts";
import { addressOf, type Asker, type Guard, refused } from "./guard/index.ts";

const PATH = "/graphql";
const PING_EVERY_MS = 12_000;
/** For sockets that do not answer the closing handshake. */
const CLOSE_GRACE_MS = 2_000;
/** How often it is looked whether the users of open sockets may still act. */
const REVIEW_EVERY_MS = 2_000;
/** Messages are counted over a while, so that a client that comes back may subscribe to everything at once. */
const MESSAGE_WINDOW_MS = 5_000;
const BAD_REQUEST = 4400;
const FORBIDDEN = 4403;
const TOO_MANY = 4429;

export interface WebSocketParts {
  readonly httpServer: Server;
  readonly guard: Guard;
  readonly proxies: BlockList;
  readonly api: SchemaParts;
  readonly identity: TokenVerifier;
  readonly standing: AccountStanding;
  readonly log: Log;
  /** Pages of these origins may open sockets, besides those that this server serves itself. */
  readonly origins: readonly string[];
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
  const { limits } = parts.guard;
  // Not written in place, since the package's types do not know of closeTimeout yet.
  const options = { noServer: true, maxPayload: limits.maxSocketPayloadBytes, closeTimeout: CLOSE_GRACE_MS, handleProtocols };
  const sockets = new WebSocketServer(options);
  const graphql = makeServer<Record<string, unknown>, Extra>(serverOptions(parts));
  const open = new Set<Extra>();

  parts.httpServer.on("upgrade", (request, stream, head) => {
    const refusal = findRefusal(request, parts.origins, sockets.clients.size >= limits.maxSockets);
    if (refusal !== null) return refuse(stream, refusal);
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit("connection", socket, request));
  });

  sockets.on("connection", (socket: WebSocket, request: IncomingMessage) => {
    const extra: Extra = { socket, caller: { viewer: null, expiresAt: null, requestId: newId(), address: addressOf(request, parts.proxies) } };
    open.add(extra);
    const takeMessage = countMessages(socket, limits.maxSocketMessagesPerSecond);
    socket.on("ping", takeMessage);
    const stopPinging = pingRegularly(socket);
    const closed = graphql.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          socket.on("message", (data: Buffer) => {
            if (!takeMessage()) return;
            handle(data.toString("utf8")).catch((error: unknown) => {
              parts.log.error({ err: error }, "handling a socket's message failed");
              socket.close(4500, "Internal server error");
            });
          });
        },
      },
      extra,
    );
    // Broken frames and too large messages: `ws` answers them with the right close code by itself.
    socket.on("error", (error) => parts.log.debug({ err: error }, "socket failed"));
    socket.once("close", (code, reason) => {
      open.delete(extra);
      stopPinging();
      void closed(code, String(reason));
    });
  });

  const stopReviewing = reviewRegularly(open, parts);
  return {
    close() {
      stopReviewing();
      return closeAll(sockets);
    },
  };
}

function serverOptions(parts: WebSocketParts): Parameters<typeof makeServer<Record<string, unknown>, Extra>>[0] {
  const { guard, api, identity, standing, log } = parts;
  const { maxSocketOperations, maxSocketsPerUser, maxSocketInitMs } = guard.limits;
  const socketCounts = new Map<string, number>();
  const toPublic = (errors: readonly (GraphQLError | GraphQLFormattedError)[], requestId: string): GraphQLFormattedError[] =>
    errors.map((error) => publicError(error instanceof GraphQLError ? error.toJSON() : error, error, { requestId, log }));
  return {
    connectionInitWaitTimeout: maxSocketInitMs,
    async onConnect({ connectionParams, extra }) {
      try {
        extra.caller = await authenticateToken(authorizationOf(connectionParams), extra.caller, identity, standing);
      } catch {
        return false;
      }
      if (!countSocket(socketCounts, extra, maxSocketsPerUser)) {
        extra.socket.close(TOO_MANY, `At most ${maxSocketsPerUser} sockets at once`);
        return false;
      }
      closeAtExpiry(extra);
      return true;
    },
    async onSubscribe(ctx, _id, payload) {
      if (Object.keys(ctx.subscriptions).length > maxSocketOperations)
        return [refused("RATE_LIMITED", `A socket carries at most ${maxSocketOperations} operations.`)];
      const context = new RequestContext(api, { ...ctx.extra.caller, requestId: newId() });
      const checked = await checkOperation(guard, context, payload);
      return Array.isArray(checked) ? checked : { ...checked, schema: guard.schema, contextValue: context };
    },
    onNext(_ctx, _id, _payload, args, { data = null, errors }): FormattedExecutionResult {
      return errors === undefined ? { data } : { data, errors: toPublic(errors, requestIdOf(args.contextValue)) };
    },
    onError: (_ctx, _id, _payload, errors) => toPublic(errors, newId()),
  };
}

type Checked = { document: DocumentNode; operationName: string | null | undefined; variableValues: Record<string, unknown> };

/** The guard's door, at which Apollo's plugins do not see sockets. A failure that is no refusal is masked like any other. */
async function checkOperation(guard: Guard, asker: Asker, payload: SubscribePayload): Promise<Checked | GraphQLError[]> {
  const { query, operationName, variables, ...rest } = guard.documents.resolve(payload);
  try {
    await guard.admit(asker, { query, ...rest });
    const read = guard.read(query, operationName);
    if (!("operation" in read)) throw read;
    if (read.operation.operation !== OperationTypeNode.SUBSCRIPTION)
      throw refused("BAD_REQUEST", "Sockets carry subscriptions only; send queries and mutations over HTTP.");
    await guard.pass(asker, { ...read, variables: variables ?? {} });
    return { document: read.document, operationName, variableValues: variables ?? {} };
  } catch (refusal) {
    await guard.fine(asker);
    return [refusal].flat().map((error) => (error instanceof GraphQLError ? error : new GraphQLError("Failed", { originalError: error as Error })));
  }
}

/** False when the user, or for nobody the address, has as many sockets as are allowed. */
function countSocket(counts: Map<string, number>, { caller, socket }: Extra, limit: number): boolean {
  // One that was closed while its token was looked at is never closed again.
  if (socket.readyState !== socket.OPEN) return true;
  const key = caller.viewer?.id ?? caller.address;
  const count = counts.get(key) ?? 0;
  if (count >= limit) return false;
  counts.set(key, count + 1);
  socket.once("close", () => {
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  });
  return true;
}

const requestIdOf = (context: unknown): string => (context instanceof RequestContext ? context.requestId : newId());

function authorizationOf(params: Record<string, unknown> | undefined): string | undefined {
  const { authorization, accessToken } = params ?? {};
  if (typeof authorization === "string") return authorization;
  return typeof accessToken === "string" ? `Bearer ${accessToken}` : undefined;
}

/** Closes sockets whose user was switched off or has signed out everywhere, which the feeds alone would notice at their next push only. */
function reviewRegularly(open: ReadonlySet<Extra>, { standing, log }: WebSocketParts): () => void {
  const review = async (): Promise<void> => {
    const users = new Set([...open].flatMap(({ caller }) => (caller.viewer === null ? [] : [caller.viewer.id])));
    if (users.size === 0) return;
    await standing.refresh([...users]);
    for (const { caller, socket } of open) {
      if (caller.viewer !== null && (await caller.renewViewer?.()) === null) socket.close(FORBIDDEN, "The account may not act any more");
    }
  };
  let reviewing: Promise<void> | null = null;
  const timer = setInterval(() => {
    // A database that is away says nothing about accounts.
    reviewing ??= review()
      .catch((error: unknown) => log.debug({ err: error }, "the users of open sockets could not be looked at"))
      .finally(() => (reviewing = null));
  }, REVIEW_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Closes a socket that talks too much; false for what it says after that. */
function countMessages(socket: WebSocket, perSecond: number): () => boolean {
  let [count, since] = [0, monotonicMs()];
  return () => {
    if (socket.readyState !== socket.OPEN) return false;
    const now = monotonicMs();
    if (now - since >= MESSAGE_WINDOW_MS) [count, since] = [0, now];
    count++;
    if (count <= (perSecond * MESSAGE_WINDOW_MS) / 1_000) return true;
    socket.close(BAD_REQUEST, `At most ${perSecond} messages a second`);
    return false;
  };
}

function closeAtExpiry({ caller, socket }: Extra): void {
  if (caller.expiresAt === null) return;
  const inMs = Math.max(0, caller.expiresAt.getTime() - processNow().getTime());
  const timer = setTimeout(() => socket.close(FORBIDDEN, "Token expired"), Math.min(inMs, 2 ** 31 - 1));
  socket.once("close", () => clearTimeout(timer));
}

/** The status to refuse an upgrade with, or null. */
function findRefusal(request: IncomingMessage, origins: readonly string[], isFull: boolean): string | null {
  if (URL.parse(request.url ?? "/", "http://host")?.pathname !== PATH) return "404 Not Found";
  if (!isKnownOrigin(request.headers.origin, request.headers.host, origins)) return "403 Forbidden";
  return isFull ? "503 Service Unavailable" : null;
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
