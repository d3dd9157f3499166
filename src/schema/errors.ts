import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { AppError, InvalidRequest, Refusal, Transient } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { toReasonCode } from "./enums.ts";
import type { UserError } from "./payload.ts";

/** Codes a caller may see. Everything else is INTERNAL_SERVER_ERROR, with nothing but the request's id. */
const PUBLIC_CODES = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "DOCUMENT_NOT_TRUSTED",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "NOT_SUPPORTED",
  "IDEMPOTENCY_KEY_MISMATCH",
  "SEQUENCE_AHEAD",
  "CURSOR_INVALID",
  "CURSOR_EXPIRED",
  "QUERY_TOO_COMPLEX",
  "RATE_LIMITED",
  "UNAVAILABLE",
  "TIMEOUT",
]);

/** The same request may succeed later. */
const RETRYABLE_CODES = new Set(["UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"]);

/** SQLSTATE classes and socket errors that mean "not now": lost connections, shut-down, no slot left, lost races. */
const UNAVAILABLE_CODES = /^(08...|57P0.|53...|40001|40P01|55P03|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/;
/** SQLSTATE of a statement that was cancelled, by its time limit. */
const CANCELLED_CODE = /^57014$/;
const UNAVAILABLE_MESSAGES = /timeout exceeded when trying to connect|Connection terminated|Cannot use a pool after|driver has already been destroyed/i;

/**
 * Answers a mutation: what `work` returns, or, when a rule said no, the same payload without an entity and with every refusal among
 * its user errors. By then the transaction is rolled back: a refused mutation has written nothing.
 */
export async function orUserErrors<P extends object>(work: () => Promise<P>): Promise<P | { userErrors: UserError[] }> {
  try {
    return { userErrors: [], ...(await work()) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { userErrors: [error, ...error.others].map(toUserError) };
  }
}

const toUserError = ({ code, message, field }: Refusal): UserError => ({ code: toReasonCode(code), message, field: field === null ? null : [...field] });

/**
 * What the caller sees of an error, over HTTP and over sockets alike. Messages of our own request errors pass; anything not
 * understood keeps its message for the log.
 */
export function publicError(
  formatted: GraphQLFormattedError,
  error: unknown,
  request: { readonly requestId: string; readonly log: Log },
): GraphQLFormattedError {
  const { requestId, log } = request;
  const { code, message } = classify(formatted, originalOf(error));
  const retryAfterMs = code === "RATE_LIMITED" ? formatted.extensions?.["retryAfterMs"] : undefined;
  if (code === "INTERNAL_SERVER_ERROR") log.error({ err: originalOf(error), requestId, path: formatted.path }, "request failed");
  if (code === "UNAVAILABLE" || code === "TIMEOUT") log.warn({ err: originalOf(error), requestId, path: formatted.path }, "request failed for now");
  return {
    message,
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
    extensions: { code, requestId, retryable: RETRYABLE_CODES.has(code), ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}) },
  };
}

function classify(formatted: GraphQLFormattedError, original: unknown): { code: string; message: string } {
  if (original instanceof Refusal) return { code: "BAD_USER_INPUT", message: original.message };
  if (original instanceof InvalidRequest && PUBLIC_CODES.has(original.code)) return { code: original.code, message: original.message };
  if (hasCode(original, CANCELLED_CODE)) return { code: "TIMEOUT", message: timedOut().message };
  if (isForNow(original)) return { code: "UNAVAILABLE", message: "The service cannot answer just now; try again in a moment." };
  const code = formatted.extensions?.["code"];
  const isOwn = original === null || original instanceof GraphQLError;
  if (isOwn && typeof code === "string" && PUBLIC_CODES.has(code)) return { code, message: formatted.message };
  return { code: "INTERNAL_SERVER_ERROR", message: "Something went wrong on our side; the request's id is in extensions.requestId." };
}

/** The error that was thrown first, under everything graphql-js wrapped around it. */
function originalOf(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError !== undefined) inner = inner.originalError;
  return inner;
}

/** Nothing is broken: the same request may be answered in a moment. */
export const isForNow = (error: unknown): boolean => error instanceof Transient || isUnavailable(error) || hasCode(error, CANCELLED_CODE);

const isUnavailable = (error: unknown): boolean => hasCode(error, UNAVAILABLE_CODES, UNAVAILABLE_MESSAGES);

/** The error, or one that caused it, has such a code or message. */
function hasCode(error: unknown, codes: RegExp, messages?: RegExp, depth = 0): boolean {
  if (!(error instanceof Error) || error instanceof AppError || depth > 5) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && codes.test(code)) return true;
  return messages?.test(error.message) === true || hasCode(error.cause, codes, messages, depth + 1);
}

export const unauthenticated = (): InvalidRequest =>
  new InvalidRequest("UNAUTHENTICATED", "Sign in first: send the header authorization: Bearer <access token>.");

/** A token was sent that does not hold. */
export const tokenRefused = (): InvalidRequest =>
  new InvalidRequest(
    "UNAUTHENTICATED",
    "The access token is not valid, or not any more: get a new one by refreshTokens or signIn, which are asked without the header authorization.",
  );
export const forbidden = (): InvalidRequest => new InvalidRequest("FORBIDDEN", "You may not see or do this.");
export const timedOut = (): InvalidRequest =>
  new InvalidRequest("TIMEOUT", "This took too long and was given up. Ask for less at once, or try again in a moment.");
