import { Extensions } from "type-graphql";

/**
 * What is counted, besides the cost of the operation, each time a root field is called:
 *
 * - `sign-in`: tries at somebody's credentials, per account (argument `email` or `input.email`, in whatever case) and per address. Such a
 *   field may stand in an operation once.
 * - `start`: processes started by a user. A call with an `idempotencyKey` that was counted before is free.
 */
export type LimitedCalls = "sign-in" | "start";

/** Counts the calls of a mutation; the server refuses those beyond the limit before anything of their operation is run. */
export const Limited = (calls: LimitedCalls): ReturnType<typeof Extensions> =>
  Extensions(calls === "sign-in" ? { limited: calls, maxPerOperation: 1 } : { limited: calls });
