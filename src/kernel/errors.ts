/**
 * Failures by what the caller should do about them. Every class carries a stable code from the closed list of reasons that
 * the API also shows. A business "no" inside a participant is a reply, never one of these.
 */
export abstract class AppError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A rule said no and nothing is broken: becomes a `userErrors` entry. `field` is the path inside the arguments, or null. */
export class Refusal extends AppError {
  readonly field: readonly string[] | null;
  /** What else was wrong with the same input, in the order of the arguments. */
  readonly others: readonly Refusal[];
  constructor(code: string, message: string, field: readonly string[] | null = null, others: readonly Refusal[] = []) {
    super(code, message);
    this.field = field;
    this.others = others;
  }
}

/** The request cannot be understood or is not allowed; repeating it unchanged is pointless. */
export class InvalidRequest extends AppError {}

/** Something outside is unavailable for now: the same work may succeed later, so it is retried by policy. */
export class Transient extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super("DEPENDENCY_UNAVAILABLE", message, options);
  }
}

/** What a transaction has read has been changed by another one since: the whole of it is to begin again. */
export class OutOfDate extends Transient {}

/** Something outside refused for good: attempts are used up at once. */
export class Permanent extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super("DEPENDENCY_REJECTED", message, options);
  }
}

/** Our own bug: an invariant does not hold. Shown to nobody but the log. */
export class Defect extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super("INTERNAL", message, options);
  }
}

/** Why an attempt failed, in the words of the API. What is not understood counts as transient, under the code INTERNAL. */
export interface FailureReason {
  readonly code: string;
  readonly message: string;
  /** No further attempt can help. */
  readonly permanent: boolean;
  /** Message with stack and causes, cut at 4,000 characters; for operators. */
  readonly detail: string;
}

export function failureReason(error: unknown): FailureReason {
  const code = error instanceof AppError ? error.code : "INTERNAL";
  const message = error instanceof Error ? error.message : String(error);
  return {
    code,
    message: storable(message),
    permanent: error instanceof Permanent || error instanceof Defect,
    detail: storable(errorDetail(error)),
  };
}

/** No text in the database holds a NUL. */
const storable = (text: string): string => text.replaceAll("\0", "\u{FFFD}");

function errorDetail(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 4_000);
  const cause = error.cause === undefined ? "" : `\ncaused by ${errorDetail(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`.slice(0, 4_000);
}
