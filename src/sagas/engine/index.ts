/**
 * The saga engine: long-running processes with undo, on nothing but Postgres. It knows no domain; it could be a package of its own.
 *
 * A definition (`saga(…)`) says which event starts a saga, which command each state sends, what every reply means and how
 * each effect is undone. The engine hears published events inside the publisher's transaction, so what a saga decides is
 * committed together with what it decided about: business rows, saga, history and next command are one commit.
 *
 * What a crash leaves behind, by the moment it comes:
 * - before a commit: nothing of that transaction; its job is free again as soon as Postgres drops the connection;
 * - after a commit, before anybody is told: rows in the outbox and jobs in the queues, which are looked for, not waited for;
 * - between an outside effect and its record: a lease, given up as a failed attempt; the effect may happen once more, under
 *   the same idempotency key.
 */
export { t } from "../../outbox/index.ts";
export { ActivityFeed, type ActivityCursor, type ActivityEvent, type ActivityFeedParts, type ActivityPush } from "./activity.ts";
export { attemptsOf, type AttemptOutcome, type SagaAttempt } from "./attempts.ts";
export { compareRelease, isDeployable, readPresent, type Finding, type Present, type SagaDiff } from "./deployment.ts";
export { saga, type Meta, type Saga } from "./definition.ts";
export type { Diagram, DiagramKind, DiagramOutcome, DiagramState, DiagramTransition, OutcomeKind, TransitionKind } from "./diagram.ts";
export { describeMs, type Duration } from "./duration.ts";
export { SagaEngine, type SagaEngineParts } from "./engine.ts";
export { SagaCause, SagaExplainer, type NextState, type SagaExplanation, type SagaRemedy } from "./explain.ts";
export { SagaFeed, type SagaFeedParts, type SagaPush } from "./feed.ts";
export { find, type Found, type FoundKind } from "./find.ts";
export { readMetrics, type MetricsRequest, type SagaMetrics } from "./metrics.ts";
export { mermaidOf } from "./mermaid.ts";
export { migration, type SagaMigration } from "./migration.ts";
export { MAIL_QUEUE } from "./store.ts";
export { SagaOperations, type MigrateManyCall, type MigratedMany, type OperatorCall, type Redrive, type RedriveCall } from "./operations.ts";
export { listOperatorActions, type OperatorActionView } from "./operator-actions.ts";
export type { Migrate, OperatorAction, SagaTimer } from "./operator.ts";
export { fail, failPartly, finish, go, loop, next, park, parkFor, skip, stay } from "./outcome.ts";
export type { SagaPlan } from "./plan.ts";
export {
  SagaReader,
  type Reason,
  type SagaCount,
  type SagaEventView,
  type SagaFilter,
  type SagaOrder,
  type SagaStatus,
  type SagaStepStatus,
  type SagaStepView,
  type SagaView,
} from "./reader.ts";
export { remainsOf, type SagaRemainder } from "./remains.ts";
export { ChangedDefinitionError, DefinitionError, SagaRegistry, type AnySaga } from "./registry.ts";
export { checkReflected } from "./reflected.ts";
export { exponential, incremental, noRetry, type Retry } from "./retry.ts";
export { subSagaParticipants } from "./sub-saga-participants.ts";
export { rowsOfPast, type PastRows } from "./past.ts";
export { SagaUnderTest, trouble } from "./testing.ts";
