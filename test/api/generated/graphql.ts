/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How far an enrollment is. */
export type CourseEnrollmentStatus =
  /** Access to the course materials is granted. */
  | 'ACTIVE'
  /** Given up by a person; the seat is free again. */
  | 'CANCELLED'
  /** A seat is held; mail and access are still to come. */
  | 'CONFIRMED'
  /** A rule said no; `failure` says which. */
  | 'FAILED'
  /** Asked for; whether a seat is left is being found out. */
  | 'PENDING';

/** Which dead letters are meant; everything given must hold. */
export type DeadLetterFilter = {
  /** Failed after this instant. */
  failedAfter?: string | null | undefined;
  /** Failed before this instant. */
  failedBefore?: string | null | undefined;
  /** Any of these. */
  ids?: Array<string> | null | undefined;
  /** Name of the command or event. */
  message?: string | null | undefined;
  /** With this `DeadLetterGroup.pattern`. */
  pattern?: string | null | undefined;
  /** Name of the queue that they came from. */
  queue?: string | null | undefined;
  /** For any of these reasons. */
  reason?: Array<ReasonCode> | null | undefined;
  /** Only of this process. */
  sagaType?: SagaType | null | undefined;
  /** With any of these statuses. */
  status?: Array<DeadLetterStatus> | null | undefined;
};

/** What became of a dead letter. */
export type DeadLetterStatus =
  /** It is not needed. */
  | 'DISCARDED'
  /** Nobody has decided about it yet. */
  | 'OPEN'
  /** It was sent round again, or its step was begun again. */
  | 'REDRIVEN';

/** One vocabulary for user errors, business failures and stuck sagas; clients translate it once. */
export type ReasonCode =
  /** The account is switched off. */
  | 'ACCOUNT_INACTIVE'
  /** The learner is enrolled in this course, or about to be. */
  | 'ALREADY_ENROLLED'
  /** Another object has this name or address already. */
  | 'ALREADY_EXISTS'
  /** This person is a mentor. */
  | 'ALREADY_MENTOR'
  /** An application of this person is open. */
  | 'APPLICATION_ALREADY_OPEN'
  /** The background check did not pass. */
  | 'BACKGROUND_CHECK_FAILED'
  /** An operator cancelled. */
  | 'CANCELLED_BY_OPERATOR'
  /** A party to it cancelled. */
  | 'CANCELLED_BY_USER'
  /** More seats are taken than the new capacity allows. */
  | 'CAPACITY_BELOW_SEATS_TAKEN'
  /** The background check was not agreed to. */
  | 'CONSENT_MISSING'
  /** No seat is left. */
  | 'COURSE_FULL'
  /** The course is not the slot's mentor's. */
  | 'COURSE_OF_ANOTHER_MENTOR'
  /** An outside system refused the request; not retried. */
  | 'DEPENDENCY_REJECTED'
  /** An outside system did not answer or answered that it is down; retried. */
  | 'DEPENDENCY_UNAVAILABLE'
  /** A document that is needed is not there. */
  | 'DOCUMENT_MISSING'
  /** The address is not confirmed yet. */
  | 'EMAIL_NOT_VERIFIED'
  /** The course takes no enrollments now. */
  | 'ENROLLMENT_CLOSED'
  /** The file is not what was announced. */
  | 'FILE_DAMAGED'
  /** The file is larger than its purpose allows. */
  | 'FILE_TOO_LARGE'
  /** The file's type is not among those its purpose allows. */
  | 'FILE_TYPE_NOT_ALLOWED'
  /** The file was found to be harmful. */
  | 'FILE_UNSAFE'
  /** Something of ours is broken; operators see more. */
  | 'INTERNAL'
  /** A value does not keep its rule. */
  | 'INVALID'
  /** The learner has another session at this time. */
  | 'LEARNER_BUSY'
  /** The mentor takes no sessions now. */
  | 'MENTOR_UNAVAILABLE'
  /** The mentor's week is full. */
  | 'MENTOR_WEEK_FULL'
  /** There is no such object, or it is somebody else's. */
  | 'NOT_FOUND'
  /** Nobody is there to review. */
  | 'NO_REVIEWER_AVAILABLE'
  /** The learner has as many open sessions as are allowed. */
  | 'OPEN_SESSION_LIMIT'
  /** Nobody decides on their own application. */
  | 'OWN_APPLICATION'
  /** A reviewer said no. */
  | 'REJECTED_BY_REVIEWER'
  /** A value is missing. */
  | 'REQUIRED'
  /** The learner did not accept the other time. */
  | 'RESCHEDULE_DECLINED'
  /** The slot is booked. */
  | 'SCHEDULE_IN_USE'
  /** Another slot of the mentor covers this time. */
  | 'SCHEDULE_OVERLAP'
  /** Somebody else booked the slot. */
  | 'SLOT_TAKEN'
  /** The mentor took the slot back. */
  | 'SLOT_WITHDRAWN'
  /** The time for it ran out. */
  | 'TIMED_OUT'
  /** The time has passed already. */
  | 'TIME_IN_PAST'
  /** The wall-clock time does not exist on that day in that zone (daylight-saving gap). */
  | 'TIME_SKIPPED_BY_CLOCK_CHANGE'
  /** The token is wrong, spent or has run out. */
  | 'TOKEN_INVALID'
  /** It has begun already. */
  | 'TOO_LATE_TO_CANCEL'
  /** The mentor wants to know earlier. */
  | 'TOO_SHORT_NOTICE'
  /** The process that it was a part of was undone. */
  | 'UNDONE_WITH_PARENT'
  /** A part of the process has ended as its version does not know. */
  | 'UNKNOWN_END'
  /** The upload never arrived, expired, or belongs to somebody else. */
  | 'UPLOAD_MISSING'
  /** Address and password do not belong together. */
  | 'WRONG_CREDENTIALS'
  /** The object is not in a state that allows this. */
  | 'WRONG_STATE';

/** What a person may do; one person may hold several. */
export type Role =
  /** Administers people and the catalogue; not an operator. */
  | 'ADMIN'
  /** Everybody with an account. */
  | 'LEARNER'
  /** Gives courses. */
  | 'MENTOR'
  /** Runs the platform: sees every saga, but not whom it is about. */
  | 'OPERATOR'
  /** Decides on applications of mentors. */
  | 'REVIEWER';

/** Why a saga is where it is. One that has not ended always has exactly one cause. */
export type SagaCause =
  /** Its command is neither in the outbox nor on a queue: somebody has deleted it. */
  | 'COMMAND_MISSING'
  /** Its stored data do not fit the definition of its version, so nobody can move it. */
  | 'DATA_UNREADABLE'
  /** It has ended; nothing is to come. */
  | 'ENDED'
  /** The business row that it writes its status to is gone. */
  | 'ENTITY_MISSING'
  /** A database transaction holds its row, or a row that its command waits for. */
  | 'LOCK_HELD'
  /** No process that is alive takes from the queue of its command, or looks at its timer. */
  | 'NO_WORKER'
  /** An operator has paused it. */
  | 'PAUSED'
  /** Its command is on its queue and waits for its turn. */
  | 'QUEUED'
  /** An operator has paused the queue of its command. */
  | 'QUEUE_PAUSED'
  /** Its command is due and no relay has put it onto its queue yet. */
  | 'RELAY_BEHIND'
  /** An attempt has failed; the next one waits for its time. */
  | 'RETRY_SCHEDULED'
  /** A worker is carrying out its command at this moment. */
  | 'RUNNING'
  /** Its step, or wait, needs an operator. */
  | 'STEP_PARKED'
  /** The undo of a step needs an operator. */
  | 'UNDO_PARKED'
  /** No process that is alive and could move it has loaded its version. */
  | 'VERSION_NOT_LOADED'
  /** It waits for somebody outside, for a deadline, or for a saga that it has begun. */
  | 'WAITING_FOR_EVENT';

/** What sort of thing happened to a saga. */
export type SagaEventKind =
  /** An attempt of a step failed; `reason` says why. */
  | 'ATTEMPT_FAILED'
  /** An effect of an earlier step was undone, or is about to be. */
  | 'COMPENSATION'
  /** A duplicate or late message arrived and was put aside without effect. */
  | 'MESSAGE_IGNORED'
  /** Something beside the main path: a reminder, a notice, a redriven command, or a message that came early. */
  | 'NOTICE'
  /** An operator did something to it; `data` says what and why. */
  | 'OPERATOR_ACTION'
  /** State or status changed. */
  | 'TRANSITION';

/** Why an effect stays although its saga has failed. */
export type SagaRemainderWhy =
  /** What happened cannot be undone. */
  | 'IRREVERSIBLE'
  /** Its undo was given up. */
  | 'UNDO_GAVE_UP';

/** State names are the state machines' own and are spelled alike in the API, the tables, the logs and the metrics; this is why this one enum is not in capitals. */
export type SagaState =
  | 'ApplicationCompleted'
  | 'ApplicationRejected'
  | 'ApplicationSubmitted'
  | 'AssigningReviewer'
  | 'CheckingCapacity'
  | 'ConfirmingEnrollment'
  | 'EnrollmentCompleted'
  | 'EnrollmentConfirmed'
  | 'EnrollmentFailed'
  | 'EnrollmentInitiated'
  | 'GrantingAccess'
  | 'RequestingBackgroundCheck'
  | 'SendingNotification'
  | 'SendingNotifications'
  | 'SendingWelcomeEmail'
  | 'SessionCancelled'
  | 'SessionCompleted'
  | 'SessionCreated'
  | 'SessionScheduled'
  | 'UnderReview'
  | 'ValidatingDocuments'
  | 'ValidatingSchedule';

/** How a saga is doing. */
export type SagaStatus =
  /** Ended by a person. Terminal. */
  | 'CANCELLED'
  /** Effects of earlier steps are being undone. */
  | 'COMPENSATING'
  /** Ended as intended. Terminal. */
  | 'COMPLETED'
  /** Ended by a business rule; `reason` says which. Terminal. */
  | 'FAILED'
  /** The last attempt failed; the next one is at `nextAttemptAt`. */
  | 'RETRYING'
  /** A step is queued or being done. */
  | 'RUNNING'
  /** Attempts are used up or pointless; an operator must act. `reason` says why. */
  | 'STUCK'
  /** Nothing to do until a person, a provider or the clock acts. */
  | 'WAITING';

/** How one stop of the main path is doing. */
export type SagaStepStatus =
  /** Being done. */
  | 'ACTIVE'
  /** Was done and is undone. */
  | 'COMPENSATED'
  /** Done. */
  | 'DONE'
  /** Said no, or could not be done. */
  | 'FAILED'
  /** Not reached yet. */
  | 'PENDING'
  /** Given up or not needed; the saga went on. */
  | 'SKIPPED';

/** What a saga may be waiting for on the clock. */
export type SagaTimer =
  /** When the current step or wait runs out: `Saga.deadlineAt`. */
  | 'DEADLINE'
  /** When a failed attempt is made again: `Saga.nextAttemptAt`. */
  | 'NEXT_ATTEMPT'
  /** When it reminds next: `Saga.remindAt`. */
  | 'REMINDER';

/** The long-running processes of this platform. */
export type SagaType =
  | 'APPLICATION_REQUEST'
  | 'COURSE_ENROLLMENT'
  | 'MENTORING_SESSION';

export type SignInMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type SignInMutation = { signIn: { accessToken: string | null, accessTokenExpiresAt: string | null, user: { id: string, email: string | null, roles: Array<Role> | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type EnrollMutationVariables = Exact<{
  course: string;
  key: string;
}>;


export type EnrollMutation = { enrollInCourse: { courseEnrollment: { id: string, status: CourseEnrollmentStatus, failure: { code: ReasonCode } | null, course: { id: string }, learner: { id: string }, saga: { id: string } } | null, saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, subjectId: string, subject:
        | { id: string }
        | Record<PropertyKey, never>
       | null, steps: Array<{ state: SagaState, status: SagaStepStatus }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type CancelMutationVariables = Exact<{
  id: string;
  note?: string | null | undefined;
  key?: string | null | undefined;
}>;


export type CancelMutation = { cancelEnrollment: { courseEnrollment: { id: string, status: CourseEnrollmentStatus, failure: { code: ReasonCode } | null } | null, saga: { status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null }> } | null };

export type WatchSubscriptionVariables = Exact<{
  saga: string;
  after?: number | null | undefined;
}>;


export type WatchSubscription = { sagaProgress: { sequence: number, hasMore: boolean, final: boolean, saga: { id: string, sequence: number, state: SagaState, status: SagaStatus, steps: Array<{ state: SagaState, status: SagaStepStatus }>, subject:
        | { id: string, learner: { fullName: string } }
        | Record<PropertyKey, never>
       | null }, events: Array<{ id: string, sequence: number, kind: SagaEventKind, summary: string, toState: SagaState, status: SagaStatus, saga: { id: string } }> } };

export type ActedFragment = { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> };

export type RetrySagaMutationVariables = Exact<{
  id: string;
  changes?: Record<string, unknown> | null | undefined;
  note?: string | null | undefined;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type RetrySagaMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type CompleteSagaStepMutationVariables = Exact<{
  id: string;
  reply?: string | null | undefined;
  payload?: Record<string, unknown> | null | undefined;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type CompleteSagaStepMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type SkipSagaStepMutationVariables = Exact<{
  id: string;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type SkipSagaStepMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type CancelSagaMutationVariables = Exact<{
  id: string;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type CancelSagaMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type PauseSagaMutationVariables = Exact<{
  id: string;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type PauseSagaMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type ResumeSagaMutationVariables = Exact<{
  id: string;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type ResumeSagaMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type MoveSagaTimerMutationVariables = Exact<{
  id: string;
  timer: SagaTimer;
  to: string;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type MoveSagaTimerMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type FireSagaTimerMutationVariables = Exact<{
  id: string;
  timer: SagaTimer;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type FireSagaTimerMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type MigrateSagaMutationVariables = Exact<{
  id: string;
  toVersion: number;
  note: string;
  expectedSequence?: number | null | undefined;
  dryRun?: boolean;
}>;


export type MigrateSagaMutation = { acted: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number, deadlineAt: string | null, nextAttemptAt: string | null, undoIncomplete: boolean, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, pause: { at: string, note: string | null, by: { id: string } | null } | null, reason: { code: ReasonCode } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, remindAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, command: string | null, why: SagaRemainderWhy, certain: boolean }>, events: Array<{ kind: SagaEventKind, summary: string }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type LetterFragment = { id: string, queue: string, message: string, attempts: number, failedAt: string, detail: string, payload: Record<string, unknown>, status: DeadLetterStatus, resolvedAt: string | null, note: string | null, reason: { code: ReasonCode, message: string }, resolvedBy: { id: string } | null, saga: { id: string } | null };

export type DeadLettersQueryVariables = Exact<{
  filter?: DeadLetterFilter | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type DeadLettersQuery = { deadLetters: { nodes: Array<{ id: string, queue: string, message: string, attempts: number, failedAt: string, detail: string, payload: Record<string, unknown>, status: DeadLetterStatus, resolvedAt: string | null, note: string | null, reason: { code: ReasonCode, message: string }, resolvedBy: { id: string } | null, saga: { id: string } | null }>, edges: Array<{ cursor: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type HandledFragment = { remaining: number | null, deadLetters: Array<{ id: string, queue: string, message: string, attempts: number, failedAt: string, detail: string, payload: Record<string, unknown>, status: DeadLetterStatus, resolvedAt: string | null, note: string | null, reason: { code: ReasonCode, message: string }, resolvedBy: { id: string } | null, saga: { id: string } | null }> | null, refused: Array<{ reason: string, deadLetter: { id: string, status: DeadLetterStatus } }>, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> };

export type RedriveMutationVariables = Exact<{
  filter: DeadLetterFilter;
  limit?: number;
  note: string;
  key: string;
  dryRun?: boolean;
}>;


export type RedriveMutation = { redriveDeadLetters: { remaining: number | null, deadLetters: Array<{ id: string, queue: string, message: string, attempts: number, failedAt: string, detail: string, payload: Record<string, unknown>, status: DeadLetterStatus, resolvedAt: string | null, note: string | null, reason: { code: ReasonCode, message: string }, resolvedBy: { id: string } | null, saga: { id: string } | null }> | null, refused: Array<{ reason: string, deadLetter: { id: string, status: DeadLetterStatus } }>, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type DiscardMutationVariables = Exact<{
  ids: Array<string> | string;
  note: string;
  dryRun?: boolean;
}>;


export type DiscardMutation = { discardDeadLetters: { remaining: number | null, deadLetters: Array<{ id: string, queue: string, message: string, attempts: number, failedAt: string, detail: string, payload: Record<string, unknown>, status: DeadLetterStatus, resolvedAt: string | null, note: string | null, reason: { code: ReasonCode, message: string }, resolvedBy: { id: string } | null, saga: { id: string } | null }> | null, refused: Array<{ reason: string, deadLetter: { id: string, status: DeadLetterStatus } }>, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type DepthsFragment = { name: string, ready: number, deferred: number, active: number, deadLetters: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string, by: { id: string } | null } | null };

export type QueuesQueryVariables = Exact<{ [key: string]: never; }>;


export type QueuesQuery = { queues: Array<{ name: string, ready: number, deferred: number, active: number, deadLetters: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string, by: { id: string } | null } | null }> | null };

export type PauseQueueMutationVariables = Exact<{
  name: string;
  note: string;
  dryRun?: boolean;
}>;


export type PauseQueueMutation = { pauseQueue: { queue: { name: string, ready: number, deferred: number, active: number, deadLetters: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string, by: { id: string } | null } | null } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type ResumeQueueMutationVariables = Exact<{
  name: string;
  note?: string | null | undefined;
  dryRun?: boolean;
}>;


export type ResumeQueueMutation = { resumeQueue: { queue: { name: string, ready: number, deferred: number, active: number, deadLetters: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string, by: { id: string } | null } | null } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

export type ExplainQueryVariables = Exact<{
  id: string;
}>;


export type ExplainQuery = { saga: { explanation: { cause: SagaCause, summary: string, since: string | null, until: string | null, events: Array<string>, queue: string | null, worker: { id: string, host: string, pid: number } | null, remedies: Array<{ mutation: string, arguments: Record<string, unknown>, description: string }>, next: Array<{ on: string, state: SagaState, at: string | null }> } | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ActedFragmentDoc = new TypedDocumentString(`
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}
    `, {"fragmentName":"Acted"}) as unknown as TypedDocumentString<ActedFragment, unknown>;
export const LetterFragmentDoc = new TypedDocumentString(`
    fragment Letter on DeadLetter {
  id
  queue
  message
  attempts
  failedAt
  reason {
    code
    message
  }
  detail
  payload
  status
  resolvedAt
  note
  resolvedBy {
    id
  }
  saga {
    id
  }
}
    `, {"fragmentName":"Letter"}) as unknown as TypedDocumentString<LetterFragment, unknown>;
export const HandledFragmentDoc = new TypedDocumentString(`
    fragment Handled on DeadLettersPayload {
  deadLetters {
    ...Letter
  }
  remaining
  refused {
    reason
    deadLetter {
      id
      status
    }
  }
  userErrors {
    code
    field
    message
  }
}
    fragment Letter on DeadLetter {
  id
  queue
  message
  attempts
  failedAt
  reason {
    code
    message
  }
  detail
  payload
  status
  resolvedAt
  note
  resolvedBy {
    id
  }
  saga {
    id
  }
}`, {"fragmentName":"Handled"}) as unknown as TypedDocumentString<HandledFragment, unknown>;
export const DepthsFragmentDoc = new TypedDocumentString(`
    fragment Depths on Queue {
  name
  ready
  deferred
  active
  deadLetters
  oldestReadyAt
  measuredAt
  pause {
    at
    note
    by {
      id
    }
  }
}
    `, {"fragmentName":"Depths"}) as unknown as TypedDocumentString<DepthsFragment, unknown>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($email: EmailAddress!, $password: String!) {
  signIn(email: $email, password: $password) {
    accessToken
    accessTokenExpiresAt
    user {
      id
      email
      roles
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const EnrollDocument = new TypedDocumentString(`
    mutation Enroll($course: ID!, $key: String!) {
  enrollInCourse(courseId: $course, idempotencyKey: $key) {
    courseEnrollment {
      id
      status
      failure {
        code
      }
      course {
        id
      }
      learner {
        id
      }
      saga {
        id
      }
    }
    saga {
      id
      type
      state
      status
      sequence
      subjectId
      subject {
        ... on CourseEnrollment {
          id
        }
      }
      steps {
        state
        status
      }
    }
    userErrors {
      code
      field
      message
    }
  }
}
    `) as unknown as TypedDocumentString<EnrollMutation, EnrollMutationVariables>;
export const CancelDocument = new TypedDocumentString(`
    mutation Cancel($id: ID!, $note: String, $key: String) {
  cancelEnrollment(id: $id, note: $note, idempotencyKey: $key) {
    courseEnrollment {
      id
      status
      failure {
        code
      }
    }
    saga {
      status
    }
    userErrors {
      code
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CancelMutation, CancelMutationVariables>;
export const WatchDocument = new TypedDocumentString(`
    subscription Watch($saga: ID!, $after: Int) {
  sagaProgress(sagaId: $saga, afterSequence: $after) {
    sequence
    hasMore
    final
    saga {
      id
      sequence
      state
      status
      steps {
        state
        status
      }
      subject {
        ... on CourseEnrollment {
          id
          learner {
            fullName
          }
        }
      }
    }
    events {
      id
      sequence
      kind
      summary
      toState
      status
      saga {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchSubscription, WatchSubscriptionVariables>;
export const RetrySagaDocument = new TypedDocumentString(`
    mutation RetrySaga($id: ID!, $changes: JSONObject, $note: String, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: retrySaga(
    id: $id
    changes: $changes
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<RetrySagaMutation, RetrySagaMutationVariables>;
export const CompleteSagaStepDocument = new TypedDocumentString(`
    mutation CompleteSagaStep($id: ID!, $reply: String, $payload: JSONObject, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: completeSagaStep(
    id: $id
    reply: $reply
    payload: $payload
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<CompleteSagaStepMutation, CompleteSagaStepMutationVariables>;
export const SkipSagaStepDocument = new TypedDocumentString(`
    mutation SkipSagaStep($id: ID!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: skipSagaStep(
    id: $id
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<SkipSagaStepMutation, SkipSagaStepMutationVariables>;
export const CancelSagaDocument = new TypedDocumentString(`
    mutation CancelSaga($id: ID!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: cancelSaga(
    id: $id
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<CancelSagaMutation, CancelSagaMutationVariables>;
export const PauseSagaDocument = new TypedDocumentString(`
    mutation PauseSaga($id: ID!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: pauseSaga(
    id: $id
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<PauseSagaMutation, PauseSagaMutationVariables>;
export const ResumeSagaDocument = new TypedDocumentString(`
    mutation ResumeSaga($id: ID!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: resumeSaga(
    id: $id
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<ResumeSagaMutation, ResumeSagaMutationVariables>;
export const MoveSagaTimerDocument = new TypedDocumentString(`
    mutation MoveSagaTimer($id: ID!, $timer: SagaTimer!, $to: DateTime!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: moveSagaTimer(
    id: $id
    timer: $timer
    to: $to
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<MoveSagaTimerMutation, MoveSagaTimerMutationVariables>;
export const FireSagaTimerDocument = new TypedDocumentString(`
    mutation FireSagaTimer($id: ID!, $timer: SagaTimer!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: fireSagaTimer(
    id: $id
    timer: $timer
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<FireSagaTimerMutation, FireSagaTimerMutationVariables>;
export const MigrateSagaDocument = new TypedDocumentString(`
    mutation MigrateSaga($id: ID!, $toVersion: Int!, $note: String!, $expectedSequence: Int, $dryRun: Boolean! = false) {
  acted: migrateSaga(
    id: $id
    toVersion: $toVersion
    note: $note
    expectedSequence: $expectedSequence
    dryRun: $dryRun
  ) {
    ...Acted
  }
}
    fragment Acted on SagaPayload {
  saga {
    id
    state
    status
    sequence
    deadlineAt
    nextAttemptAt
    undoIncomplete
    remains {
      state
      command
      why
      certain
    }
    pause {
      at
      note
      by {
        id
      }
    }
    reason {
      code
    }
  }
  plan {
    state
    status
    sends
    undoes {
      state
      command
    }
    remains {
      state
      command
      why
      certain
    }
    endsIn
    deadlineAt
    remindAt
    nextAttemptAt
    events {
      kind
      summary
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<MigrateSagaMutation, MigrateSagaMutationVariables>;
export const DeadLettersDocument = new TypedDocumentString(`
    query DeadLetters($filter: DeadLetterFilter, $first: Int! = 20, $after: String) {
  deadLetters(filter: $filter, first: $first, after: $after) {
    nodes {
      ...Letter
    }
    edges {
      cursor
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Letter on DeadLetter {
  id
  queue
  message
  attempts
  failedAt
  reason {
    code
    message
  }
  detail
  payload
  status
  resolvedAt
  note
  resolvedBy {
    id
  }
  saga {
    id
  }
}`) as unknown as TypedDocumentString<DeadLettersQuery, DeadLettersQueryVariables>;
export const RedriveDocument = new TypedDocumentString(`
    mutation Redrive($filter: DeadLetterFilter!, $limit: Int! = 100, $note: String!, $key: String!, $dryRun: Boolean! = false) {
  redriveDeadLetters(
    filter: $filter
    limit: $limit
    note: $note
    idempotencyKey: $key
    dryRun: $dryRun
  ) {
    ...Handled
  }
}
    fragment Letter on DeadLetter {
  id
  queue
  message
  attempts
  failedAt
  reason {
    code
    message
  }
  detail
  payload
  status
  resolvedAt
  note
  resolvedBy {
    id
  }
  saga {
    id
  }
}
fragment Handled on DeadLettersPayload {
  deadLetters {
    ...Letter
  }
  remaining
  refused {
    reason
    deadLetter {
      id
      status
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<RedriveMutation, RedriveMutationVariables>;
export const DiscardDocument = new TypedDocumentString(`
    mutation Discard($ids: [ID!]!, $note: String!, $dryRun: Boolean! = false) {
  discardDeadLetters(ids: $ids, note: $note, dryRun: $dryRun) {
    ...Handled
  }
}
    fragment Letter on DeadLetter {
  id
  queue
  message
  attempts
  failedAt
  reason {
    code
    message
  }
  detail
  payload
  status
  resolvedAt
  note
  resolvedBy {
    id
  }
  saga {
    id
  }
}
fragment Handled on DeadLettersPayload {
  deadLetters {
    ...Letter
  }
  remaining
  refused {
    reason
    deadLetter {
      id
      status
    }
  }
  userErrors {
    code
    field
    message
  }
}`) as unknown as TypedDocumentString<DiscardMutation, DiscardMutationVariables>;
export const QueuesDocument = new TypedDocumentString(`
    query Queues {
  queues {
    ...Depths
  }
}
    fragment Depths on Queue {
  name
  ready
  deferred
  active
  deadLetters
  oldestReadyAt
  measuredAt
  pause {
    at
    note
    by {
      id
    }
  }
}`) as unknown as TypedDocumentString<QueuesQuery, QueuesQueryVariables>;
export const PauseQueueDocument = new TypedDocumentString(`
    mutation PauseQueue($name: String!, $note: String!, $dryRun: Boolean! = false) {
  pauseQueue(name: $name, note: $note, dryRun: $dryRun) {
    queue {
      ...Depths
    }
    userErrors {
      code
      field
      message
    }
  }
}
    fragment Depths on Queue {
  name
  ready
  deferred
  active
  deadLetters
  oldestReadyAt
  measuredAt
  pause {
    at
    note
    by {
      id
    }
  }
}`) as unknown as TypedDocumentString<PauseQueueMutation, PauseQueueMutationVariables>;
export const ResumeQueueDocument = new TypedDocumentString(`
    mutation ResumeQueue($name: String!, $note: String, $dryRun: Boolean! = false) {
  resumeQueue(name: $name, note: $note, dryRun: $dryRun) {
    queue {
      ...Depths
    }
    userErrors {
      code
      field
      message
    }
  }
}
    fragment Depths on Queue {
  name
  ready
  deferred
  active
  deadLetters
  oldestReadyAt
  measuredAt
  pause {
    at
    note
    by {
      id
    }
  }
}`) as unknown as TypedDocumentString<ResumeQueueMutation, ResumeQueueMutationVariables>;
export const ExplainDocument = new TypedDocumentString(`
    query Explain($id: ID!) {
  saga(id: $id) {
    explanation {
      cause
      summary
      since
      until
      events
      queue
      worker {
        id
        host
        pid
      }
      remedies {
        mutation
        arguments
        description
      }
      next {
        on
        state
        at
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ExplainQuery, ExplainQueryVariables>;