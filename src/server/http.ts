import { expressMiddleware } from "@as-integrations/express5";
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response, type Router } from "express";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GraphQLError } from "graphql";
import { InvalidRequest } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { startupError } from "../kernel/startup-error.ts";
import { buildApiSchema } from "../schema/build-schema.ts";
import { type RefreshCookie, RequestContext, type SchemaParts } from "../schema/context.ts";
import { isForNow, timedOut } from "../schema/errors.ts";
import { readFigures } from "../schema/operations/figures.ts";
import { AccountStanding } from "../schema/standing.ts";
import { accountPages } from "./account-pages.ts";
import { createApollo } from "./apollo.ts";
import { authenticateToken, type TokenVerifier } from "./authentication.ts";
import { addressOf, Guard, type Limits, proxyList, TrustedDocuments } from "./guard/index.ts";
import { consolePages, lostPage } from "./console-pages.ts";
import { errorBody } from "./error-body.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoute } from "./metrics.ts";
import { playgroundRoutes } from "./playground.ts";
import { findPortOwner } from "./port-owner.ts";
import { refreshCookie } from "./refresh-cookie.ts";
import { currentRequestId, requestIds } from "./request-id.ts";
import { serveWebSockets } from "./websocket.ts";

export interface ServerParts extends Omit<SchemaParts, "identity"> {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly identity: SchemaParts["identity"] & TokenVerifier;
  /** Answers when the database does. */
  readonly pingDatabase: () => Promise<unknown>;
  /** Tells callers what they may have meant by a misspelt field, which also tells them what there is. */
  readonly development: boolean;
  readonly limits: Limits;
  /** Whether callers may ask for the schema. Default: yes. */
  readonly introspection?: boolean;
  /** Documents that callers may name by their hash; with `only`, no others are run, except for operators. */
  readonly documents?: { readonly byHash: ReadonlyMap<string, string>; readonly only: boolean };
  /** Proxies whose `X-Forwarded-For` is believed: addresses, and ranges as address/prefix. Default: none. */
  readonly proxies?: readonly string[];
  /** Where people reach the server; cookies are sent over https only, unless this is not https and it is development. */
  readonly publicUrl?: string | null;
  /** Further pages, e.g. the mailbox of the embedded mail server. */
  readonly routers?: readonly Router[];
  /** Routes that take large bodies, and bound their size and time by themselves. */
  readonly uploads?: Router;
  /** Where the pages put and get files, besides this server itself. */
  readonly fileOrigin?: () => string;
  /** Origins, besides this server's own, whose pages may open sockets. */
  readonly origins?: readonly string[];
  /** What is asked for at /metrics, or null for nothing; left out: nothing is told there. */
  readonly metricsToken?: string | null;
  /** How long a look at an account's standing is good for; default 5,000. */
  readonly standingTtlMs?: number;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, closes sockets with 1001, finishes what is under way (10 s at most). */
  close(): Promise<void>;
}

/**
 * Serves the API: GraphQL over HTTP and WebSocket at /graphql, GraphiQL at /graphiql, the product site at /, the console at /console, the pages of account mails, /metrics, /healthz and /readyz.
 *
 * @throws {StartupError} the port is taken, or the address is none of this machine's
 */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { log, development, limits } = parts;
  const guard = new Guard({
    schema: buildApiSchema(parts.registry),
    limits,
    documents: new TrustedDocuments(parts.documents?.byHash ?? new Map(), parts.documents?.only ?? false),
    introspection: parts.introspection ?? true,
    suggestions: development,
  });
  const proxies = proxyList(parts.proxies ?? []);
  const standing = new AccountStanding(parts.em, parts.standingTtlMs);
  const isSecure = !development || parts.publicUrl?.startsWith("https:") === true;
  let isStopping = false;

  const app = express();
  const httpServer = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 5_000 }, app);
  const apollo = createApollo({ guard, httpServer, log, development });
  await apollo.start();

  app.disable("x-powered-by").disable("etag");
  const fileOrigin = parts.fileOrigin ?? (() => "");
  app.use(requestIds, fewHeaders(limits.maxHeaders));
  app.use(healthRoutes({ pingDatabase: parts.pingDatabase, isStopping: () => isStopping }));
  if (parts.uploads !== undefined) app.use(parts.uploads);
  app.use(bodyInTime(maxBodyMs));
  if (parts.metricsToken !== undefined) app.use(metricsRoute({ readFigures: () => readFigures(parts), token: parts.metricsToken }));
  app.get("/graphql", noPage);
  app.use(
    "/graphql",
    endInTime(limits.maxOperationMs),
    express.json({ limit: limits.maxBodyBytes }),
    withDocument(guard.documents),
    expressMiddleware(apollo, {
      async context({ req, res }) {
        const context = await contextOf(req, addressOf(req, proxies), signalOf(res), refreshCookie(req, res, isSecure), parts, standing);
        await guard.admit(context, req.method === "GET" ? req.query : (req.body as object));
        return context;
      },
    }),
  );
  app.use(playgroundRoutes());
  app.use(consolePages(fileOrigin));
  app.use(accountPages());
  for (const router of parts.routers ?? []) app.use(router);
  app.use(lostPage(fileOrigin));
  answerInJson(app, log, limits.maxBodyBytes);

  const sockets = serveWebSockets({ httpServer, guard, proxies, api: parts, identity: parts.identity, standing, log, origins: parts.origins ?? [] });
  const port = await listen(httpServer, parts.host, parts.port);
  return {
    url: `http://${parts.host.includes(":") ? `[${parts.host}]` : parts.host}:${port}`,
    port,
    async close() {
      isStopping = true;
      // First the sockets: the HTTP server is closed only when none of its connections is left.
      await sockets.close();
      await apollo.stop();
    },
  };
}

async function contextOf(
  request: IncomingMessage,
  address: string,
  signal: AbortSignal,
  refreshCookie: RefreshCookie,
  parts: ServerParts,
  standing: AccountStanding,
): Promise<RequestContext> {
  try {
    const caller = await authenticateToken(request.headers.authorization, { requestId: currentRequestId(), address }, parts.identity, standing);
    return new RequestContext(parts, { ...caller, signal, refreshCookie });
  } catch (cause) {
    // Nothing of the request was run, which is the one case in which the status says so.
    const status = cause instanceof InvalidRequest ? 401 : isForNow(cause) ? 503 : 500;
    throw new GraphQLError("The caller cannot be told", { originalError: cause as Error, extensions: { http: { status } } });
  }
}

/** A document may be named by its hash. A request without a JSON body has none that Apollo could look at, which it answers better than the parser does. */
const withDocument =
  (documents: TrustedDocuments): RequestHandler =>
  (request, _response, next) => {
    const body: unknown = request.body ?? {};
    request.body = typeof body === "object" && body !== null && !Array.isArray(body) ? documents.resolve(body) : body;
    next();
  };

/** A browser that looks what is here gets no page. */
const noPage: RequestHandler = (request, response, next) => {
  if (request.query["query"] !== undefined || request.accepts("json", "html") !== "html") return next();
  response.status(404).json(errorBody("NOT_FOUND", "There is no page here; send a document."));
};

/** Node leaves further headers out without a word. */
const fewHeaders =
  (maxHeaders: number): RequestHandler =>
  (request, response, next) => {
    if (request.rawHeaders.length <= maxHeaders * 2) return next();
    response.status(431).json(errorBody("BAD_REQUEST", `A request has at most ${maxHeaders} headers.`));
  };

/** Until the whole of a request is here. */
const maxBodyMs = 30_000;

const bodyInTime =
  (ms: number): RequestHandler =>
  (request, response, next) => {
    const timer = setTimeout(() => {
      if (request.complete) return;
      if (response.headersSent) request.destroy();
      else
        response
          .status(408)
          .set("Connection", "close")
          .json(errorBody("TIMEOUT", `The body did not come within ${ms / 1_000} seconds.`, true));
    }, ms);
    response.once("close", () => clearTimeout(timer));
    next();
  };

/**
 * Answers at the latest after `ms`. What the request has begun by then goes on until its statement ends, which has a limit of its own; what it
 * has not begun is not begun, and nobody waits for it.
 */
const endInTime =
  (ms: number): RequestHandler =>
  (_request, response, next) => {
    const control = new AbortController();
    response.locals["signal"] = control.signal;
    const timer = setTimeout(() => {
      control.abort();
      if (!response.headersSent) response.status(504).json(errorBody("TIMEOUT", timedOut().message, true));
    }, ms);
    response.once("close", () => clearTimeout(timer));
    next();
  };

const signalOf = (response: Response): AbortSignal => response.locals["signal"] as AbortSignal;

/** Nobody gets a page of HTML with a stack from here. */
function answerInJson(app: Express, log: Log, maxBodyBytes: number): void {
  app.use((request, response) => {
    response.status(404).json(errorBody("NOT_FOUND", `There is nothing at ${request.path}`));
  });
  const onError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    // Answered by `endInTime` meanwhile.
    if (response.writableEnded) return;
    if (response.headersSent) return next(error);
    const status = statusOf(error);
    if (status >= 500) log.error({ err: error, requestId: currentRequestId() }, "request failed");
    const message = status === 413 ? `The body is larger than ${maxBodyBytes} bytes.` : "The request cannot be understood.";
    response.status(status).json(status >= 500 ? errorBody("INTERNAL_SERVER_ERROR", "Something went wrong on our side.") : errorBody("BAD_REQUEST", message));
  };
  app.use(onError);
}

function statusOf(error: unknown): number {
  const { status } = error as { status?: unknown };
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

async function listen(httpServer: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  httpServer.once("error", reject).listen(port, host, resolve);
  try {
    await promise;
  } catch (cause) {
    throw startupError(problemOf(cause, host, port), cause);
  }
  httpServer.off("error", reject);
  return (httpServer.address() as AddressInfo).port;
}

function problemOf(cause: unknown, host: string, port: number) {
  if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE") {
    const owner = findPortOwner(port);
    return {
      found: `PORT: expected port ${port} on ${host} to be free, found it taken by ${owner === null ? "another program" : `process ${owner.pid} (${owner.name})`}`,
      why: "HTTP and WebSocket are served there.",
      remedy: `Stop ${owner === null ? "the other program" : "it"}, or set PORT, for example PORT=${port + 1}; PORT=0 takes a free one.`,
      code: "SERVER_PORT_TAKEN",
    };
  }
  return {
    found: `HOST: expected to be able to listen on ${host}:${port}, found: ${cause instanceof Error ? cause.message : String(cause)}`,
    why: "HTTP and WebSocket are served there.",
    remedy: "Set HOST to an address of this machine, for example HOST=127.0.0.1.",
    code: "SERVER_CANNOT_LISTEN",
  };
}
