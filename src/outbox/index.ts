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
 *
 * Two things an operator can pause. Of a paused queue nobody takes anything from two seconds after the commit of `pauseQueue` until two
 * seconds after that of `resumeQueue` at the latest, hints or no hints; what was in hand is finished, and new messages wait, for years if
 * they have to. A command of a sender that the subscriber calls held is not started: it goes back to the outbox under the same id, without
 * a failed attempt, until `release`. An effect that has been begun is recorded as always. In either case each message is carried out
 * once, whatever moment the pause comes at.
 */
export { redacted, redactUnknown, t, type Infer, type Obj, type Schema, type Shape } from "./schema.ts";
export {
  command,
  event,
  occur,
  published,
  queueOf,
  type AnyCommand,
  type AnyEvent,
  type CommandContract,
  type Envelope,
  type EventContract,
  type EventMessage,
  type Published,
} from "./message.ts";
export {
  handle,
  handleAll,
  later,
  leased,
  type AnyParticipant,
  type Delivery,
  type Later,
  type LeasedParticipant,
  type ReplyOf,
  type TransactionalParticipant,
} from "./participant.ts";
export { canRead, fieldsOf, findLater, isOptional, versioned, versionOf, versionOfPayload } from "./versioned.ts";
export { afterCommit } from "./after-commit.ts";
export { announce, append, connectOutbox, publish, publishAll, reply, send, type Outgoing, type PublishOptions } from "./publish.ts";
export { release, reschedule } from "./delays.ts";
export { listQueues, pauseQueue, requireQueue, resumeQueue, type QueuePause, type QueueView } from "./queues.ts";
export { QueueDepths, type QueueDepthsParts } from "./queue-depths.ts";
export { readQueueHistory, type QueueHistoryRequest, type QueueSample } from "./queue-samples.ts";
export { listWorkers, type WorkerView } from "./worker.ts";
export {
  deadLettersOfResolution,
  deadLettersOfSagas,
  findDeadLetters,
  listDeadLetterGroups,
  listDeadLetters,
  listOldestOpen,
  lockOpen,
  resolveDeadLetters,
  type DeadLetterFilter,
  type DeadLetterGroup,
  type DeadLetterPage,
  type DeadLetterStatus,
  type DeadLetterView,
} from "./dead-letters.ts";
export { AHEAD, NoTransactionError, query, queryAhead, requireTransaction, toDate, toDateOrNull, type Instant } from "./sql.ts";
export type { AttemptFailure, Claim, Fate, InTransactionSubscriber, Receipt } from "./subscriber.ts";
export type { Hints, HintTopic } from "./hints.ts";
export { Outbox, type OutboxParts } from "./outbox.ts";
