import { registerEnumType } from "type-graphql";
import type { SagaEventView, SagaRemainder, SagaStatus, SagaStepStatus } from "../../sagas/engine/index.ts";

/** What the schema needs to know of the sagas of this program. */
export interface SagaCatalogue {
  types(): readonly string[];
  states(): readonly string[];
}

/** Names of the API to the names under which types are stored; filled from the registry before a schema is built. */
export const SagaTypeEnum: Record<string, string> = {};
registerEnumType(SagaTypeEnum, { name: "SagaType", description: "The long-running processes of this platform." });

export const SagaStateEnum: Record<string, string> = {};
registerEnumType(SagaStateEnum, {
  name: "SagaState",
  description:
    "State names are the state machines' own and are spelled alike in the API, the tables, the logs and the metrics; this is why this one enum is not in capitals.",
});

/** A saga that joins the registry joins the API: its type and its states need no edit here. */
export function fillSagaEnums(catalogue: SagaCatalogue): void {
  for (const name of Object.keys(SagaTypeEnum)) delete SagaTypeEnum[name];
  for (const type of catalogue.types()) SagaTypeEnum[screamingSnake(type)] = type;
  for (const name of Object.keys(SagaStateEnum)) delete SagaStateEnum[name];
  for (const state of catalogue.states()) SagaStateEnum[state] = state;
}

/** CourseEnrollment becomes COURSE_ENROLLMENT. */
export const screamingSnake = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();

export const SagaStatusEnum: { readonly [S in SagaStatus]: S } = {
  RUNNING: "RUNNING",
  RETRYING: "RETRYING",
  WAITING: "WAITING",
  COMPENSATING: "COMPENSATING",
  STUCK: "STUCK",
  COMPLETED: "COMPLETED",
  FAILED: "FAILED",
  CANCELLED: "CANCELLED",
};
registerEnumType(SagaStatusEnum, {
  name: "SagaStatus",
  description: "How a saga is doing.",
  valuesConfig: {
    RUNNING: { description: "A step is queued or being done." },
    RETRYING: { description: "The last attempt failed; the next one is at `nextAttemptAt`." },
    WAITING: { description: "Nothing to do until a person, a provider or the clock acts." },
    COMPENSATING: { description: "Effects of earlier steps are being undone." },
    STUCK: { description: "Attempts are used up or pointless; an operator must act. `reason` says why." },
    COMPLETED: { description: "Ended as intended. Terminal." },
    FAILED: { description: "Ended by a business rule; `reason` says which. Terminal." },
    CANCELLED: { description: "Ended by a person. Terminal." },
  },
});

export const ENDED_STATUSES: SagaStatus[] = ["COMPLETED", "FAILED", "CANCELLED"];
export const ACTIVE_STATUSES = Object.values(SagaStatusEnum).filter((status) => !ENDED_STATUSES.includes(status));

const SagaStepStatusEnum: { readonly [S in SagaStepStatus]: S } = {
  PENDING: "PENDING",
  ACTIVE: "ACTIVE",
  DONE: "DONE",
  SKIPPED: "SKIPPED",
  FAILED: "FAILED",
  COMPENSATED: "COMPENSATED",
};
registerEnumType(SagaStepStatusEnum, {
  name: "SagaStepStatus",
  description: "How one stop of the main path is doing.",
  valuesConfig: {
    PENDING: { description: "Not reached yet." },
    ACTIVE: { description: "Being done." },
    DONE: { description: "Done." },
    SKIPPED: { description: "Given up or not needed; the saga went on." },
    FAILED: { description: "Said no, or could not be done." },
    COMPENSATED: { description: "Was done and is undone." },
  },
});

type EventKind = SagaEventView["kind"];
const SagaEventKindEnum: { readonly [K in EventKind]: K } = {
  TRANSITION: "TRANSITION",
  ATTEMPT_FAILED: "ATTEMPT_FAILED",
  COMPENSATION: "COMPENSATION",
  OPERATOR_ACTION: "OPERATOR_ACTION",
  MESSAGE_IGNORED: "MESSAGE_IGNORED",
  NOTICE: "NOTICE",
};
registerEnumType(SagaEventKindEnum, {
  name: "SagaEventKind",
  description: "What sort of thing happened to a saga.",
  valuesConfig: {
    TRANSITION: { description: "State or status changed." },
    ATTEMPT_FAILED: { description: "An attempt of a step failed; `reason` says why." },
    COMPENSATION: { description: "An effect of an earlier step was undone, or is about to be." },
    OPERATOR_ACTION: { description: "An operator did something to it; `data` says what and why." },
    MESSAGE_IGNORED: { description: "A duplicate or late message arrived and was put aside without effect." },
    NOTICE: { description: "Something beside the main path: a reminder, a notice, a redriven command, or a message that came early." },
  },
});

type Fate = NonNullable<SagaEventView["fate"]>;
/** Stored in lower case with hyphens. */
const MessageFateEnum = {
  STARTED: "started",
  APPLIED: "applied",
  PARKED: "parked",
  KEPT: "kept",
  DUPLICATE: "duplicate",
  DUPLICATE_START: "duplicate-start",
  LATE: "late",
  CONFLICT: "conflict",
  SUPERSEDED: "superseded",
  REFUSED: "refused",
  NOTED: "noted",
  ALREADY_UNDOING: "already-undoing",
  UNUSED: "unused",
  ORPHAN: "orphan",
  NO_SUBSCRIBER: "no-subscriber",
} as const satisfies { readonly [F in Fate as Capitals<F>]: F };
type Capitals<F extends string> = F extends `${infer Head}-${infer Tail}` ? `${Uppercase<Head>}_${Capitals<Tail>}` : Uppercase<F>;
registerEnumType(MessageFateEnum, {
  name: "MessageFate",
  description: "What became of a message.",
  valuesConfig: {
    STARTED: { description: "It started the saga." },
    APPLIED: { description: "It was what the saga waited for, and took effect." },
    PARKED: { description: "It came early; the saga keeps it until it waits for it." },
    KEPT: { description: "No saga had its business key yet; it was kept for 24 hours." },
    DUPLICATE: { description: "The same message was heard before." },
    DUPLICATE_START: { description: "A saga with this business key exists already." },
    LATE: { description: "It answers something that had been given up." },
    CONFLICT: { description: "It answers what had been answered already, and otherwise." },
    SUPERSEDED: { description: "The wait it was for had been left, or a newer attempt had taken over." },
    REFUSED: { description: "It was not possible any more, and its sender was told." },
    NOTED: { description: "The saga had ended, which was no reason to refuse it." },
    ALREADY_UNDOING: { description: "The saga was being undone already." },
    UNUSED: { description: "It came early, and what would have taken it was never reached." },
    ORPHAN: { description: "No saga had its business key in time; it became a dead letter." },
    NO_SUBSCRIBER: { description: "Nobody listens to it." },
  },
});

const SagaRemainderWhyEnum: { readonly [W in SagaRemainder["why"]]: W } = { IRREVERSIBLE: "IRREVERSIBLE", UNDO_GAVE_UP: "UNDO_GAVE_UP" };
registerEnumType(SagaRemainderWhyEnum, {
  name: "SagaRemainderWhy",
  description: "Why an effect stays although its saga has failed.",
  valuesConfig: {
    IRREVERSIBLE: { description: "What happened cannot be undone." },
    UNDO_GAVE_UP: { description: "Its undo was given up." },
  },
});

export const SagaOrderEnum = { STARTED_AT_DESC: "STARTED_AT_DESC", UPDATED_AT_DESC: "UPDATED_AT_DESC", UPDATED_AT_ASC: "UPDATED_AT_ASC" } as const;
export type SagaOrder = keyof typeof SagaOrderEnum;
registerEnumType(SagaOrderEnum, {
  name: "SagaOrder",
  description: "Order of a list of sagas.",
  valuesConfig: {
    STARTED_AT_DESC: { description: "Newest first." },
    UPDATED_AT_DESC: { description: "Last changed first." },
    UPDATED_AT_ASC: { description: "Longest unchanged first." },
  },
});

export { MessageFateEnum, SagaEventKindEnum, SagaRemainderWhyEnum, SagaStepStatusEnum };
