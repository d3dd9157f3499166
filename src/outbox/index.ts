/**
 * Reliable messages: what is said in a transaction is said exactly when it commits.
 *
 * `publish` and `send` write inside the caller's transaction. A relay moves committed rows into pg-boss queues in the same
 * database, so each arrives exactly once; consumers carry commands out in batches. The outbox knows neither sagas nor domain.
 *
 * What a crash leaves behind, by the moment it comes:
 * - before the sender's commit: nothing was said;
 * - before the relay's commit: the row is still in the outbox; after it, the job is on its queue, never both, never neither;
 * - while a transactional participant works: its job is free again when Postgres drops the connection, its effects are gone;
 * - while an outside effect is under way: the lease is given up as a failed attempt once the process is known to be dead.
 */
export { t, type Infer, type Obj, type Schema, type Shape } from "./schema.ts";
export {
  command,
  event,
  occur,
  queueOf,
  type AnyCommand,
  type AnyEvent,
  type CommandContract,
  type Envelope,
  type EventContract,
  type EventMessage,
  type Published,
} from "./message.ts";
export { handle, handleAll, leased, type AnyParticipant, type Delivery, type ReplyOf } from "./participant.ts";
export { afterCommit } from "./after-commit.ts";
export { append, connectOutbox, publish, publishAll, send, type Outgoing } from "./publish.ts";
export { NoTransactionError, query, requireTransaction, toDate, toDateOrNull, type Instant } from "./sql.ts";
export type { AttemptFailure, Claim, Fate, InTransactionSubscriber, Receipt } from "./subscriber.ts";
export type { Hints, HintTopic } from "./hints.ts";
export { Outbox, type OutboxParts } from "./outbox.ts";
