import type { FailureReason } from "../../kernel/errors.ts";
import { durationMs, type Duration } from "./duration.ts";

/** Waits before each further attempt, in milliseconds; one more attempt than waits. */
export interface Retry {
  readonly waitsMs: readonly number[];
  /** Share by which each wait may be longer or shorter at random, 0 to 1. */
  readonly jitter: number;
}

/** Waits that grow by addition: `first`, `first + step`, … (`times` waits, so `times + 1` attempts). */
export function incremental({ first, step, times }: { first: Duration; step: Duration; times: number }): Retry {
  return { waitsMs: Array.from({ length: times }, (_, index) => durationMs(first) + index * durationMs(step)), jitter: 0 };
}

/** Waits that grow by multiplication, at most `max`. */
export function exponential({
  first,
  factor,
  times,
  max,
  jitter = 0,
}: {
  first: Duration;
  factor: number;
  times: number;
  max?: Duration;
  jitter?: number;
}): Retry {
  const most = max === undefined ? Number.POSITIVE_INFINITY : durationMs(max);
  return { waitsMs: Array.from({ length: times }, (_, index) => Math.min(most, durationMs(first) * factor ** index)), jitter };
}

/** One attempt only. */
export const noRetry: Retry = { waitsMs: [], jitter: 0 };

const minute = 60_000;

/** An undo tries for a day before it asks an operator: 1 s, 3 s, 5 s, 1 min, 5 min, 30 min, then hourly. */
export const undoRetry: Retry = {
  waitsMs: [1_000, 3_000, 5_000, minute, 5 * minute, 30 * minute, ...Array.from({ length: 23 }, () => 60 * minute)],
  jitter: 0,
};

/** A reminder or a notice tries for half an hour and is then left to an operator; nothing waits for it. */
export const noticeRetry: Retry = { waitsMs: [1_000, 3_000, 5_000, minute, 5 * minute, 30 * minute], jitter: 0 };

export const attemptsOf = (retry: Retry): number => retry.waitsMs.length + 1;

/** A sentence for everybody who may watch; what went wrong inside the program is for operators, in the reason and the dead letter. */
export const describeFailure = (retry: Retry, attempt: number, { code, message }: FailureReason): string =>
  `Attempt ${attempt} of ${attemptsOf(retry)} failed: ${code === "INTERNAL" ? "an error inside the program." : message.replace(/\.?$/, ".")}`;
