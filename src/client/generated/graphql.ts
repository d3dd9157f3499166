/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A document of an application. */
export type ApplicationDocumentInput = {
  /** What it shows. */
  kind: DocumentKind;
  /** A fresh upload, or, when resubmitting, the id of a document this application already has. */
  uploadId: string;
};

/** All that an applicant sends. */
export type ApplicationRequestInput = {
  /** At most 20 of at most 200 characters. */
  certifications?: Array<string>;
  /** Whether an outside provider may be asked about the applicant; without it nothing is sent in. */
  consentToBackgroundCheck: boolean;
  /** At most 2,000 characters. */
  description: string;
  /** 1..10; a CV and a COVER_LETTER are needed. */
  documents: Array<ApplicationDocumentInput>;
  /** 10..2,000 characters. */
  education: string;
  /** 10..2,000 characters. */
  workExperience: string;
};

/** What a learner books. */
export type BookMentoringSessionInput = {
  /** A published course of the slot's mentor. */
  courseId: string;
  /** What the learner wants to talk about. At most 500 characters. */
  note?: string | null | undefined;
  /** A slot of somebody else that begins late enough for the mentor's notice. */
  scheduleId: string;
  /** How the two are to meet. */
  type: SessionType;
};

/** What a file will be; what arrives is compared with it. */
export type CreateUploadInput = {
  /** At most 10 MiB; avatars 5 MiB; course resources 200 MiB. */
  byteSize: number;
  /** One of those of the purpose, e.g. application/pdf. */
  contentType: string;
  /** 1..255 characters, without folders. */
  fileName: string;
  /** What it is for. */
  purpose: UploadPurpose;
  /** Lower-case hex; checked after the upload. */
  sha256: string;
};

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

/** What a document shows. */
export type DocumentKind =
  /** What somebody has learnt. */
  | 'CERTIFICATE'
  /** Why somebody wants to be a mentor; needed. */
  | 'COVER_LETTER'
  /** A life so far; needed. */
  | 'CV'
  /** Who somebody is. */
  | 'IDENTITY'
  /** Anything else. */
  | 'OTHER';

/** Hours that a mentor offers, and how they are cut into slots; at most 2,000 slots in all. */
export type PublishScheduleInput = {
  /** 1..50 blocks. */
  blocks: Array<TimeBlockInput>;
  /** 0..120, between two slots. */
  bufferMinutes?: number;
  /** 0..26 further weeks at the same wall-clock time. */
  repeatWeeks?: number;
  /** 15..240; a block is cut into slots of this length, counted in real minutes from its start. */
  slotMinutes?: number;
  /** Where the clock hangs that dates and times are read from. */
  timeZone: string;
};

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

/** What a saga does in a state. */
export type SagaDefinitionStateKind =
  /** It has ended. */
  | 'FINAL'
  /** Several steps run at the same time; it is left when the last of them has ended. */
  | 'GROUP'
  /** Something has been reached; it goes on at once. */
  | 'MILESTONE'
  /** It has just begun. */
  | 'START'
  /** A command is carried out. */
  | 'STEP'
  /** An event or the clock is waited for. */
  | 'WAIT';

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

/** Which sagas to list; everything given must hold. */
export type SagaFilter = {
  /** Any of these. */
  ids?: Array<string> | null | undefined;
  /** Not ended and without any event for this long: finds sagas nobody marked STUCK. */
  quietForSeconds?: number | null | undefined;
  /** For any of these reasons. */
  reason?: Array<ReasonCode> | null | undefined;
  /** Started at this instant or later. */
  startedAfter?: string | null | undefined;
  /** Started before this instant. */
  startedBefore?: string | null | undefined;
  /** In any of these states. */
  state?: Array<SagaState> | null | undefined;
  /** In any of these statuses. */
  status?: Array<SagaStatus> | null | undefined;
  /** About this. */
  subjectId?: string | null | undefined;
  /** Any of these processes. */
  type?: Array<SagaType> | null | undefined;
  /** This person is a party to the subject. */
  userId?: string | null | undefined;
};

/** What follows a reply, an event, a deadline or the last failed attempt. */
export type SagaOutcomeKind =
  /** Everything before is undone. */
  | 'FAIL'
  /** Everything before is undone, and this state too, which had done something before its no. */
  | 'FAIL_PARTLY'
  /** The end; nothing is undone. */
  | 'FINISH'
  /** On to that state. */
  | 'GO'
  /** Back to that state, so many times in a saga's life. */
  | 'LOOP'
  /** On to the state that is defined next. */
  | 'NEXT'
  /** It stands as STUCK until an operator acts. */
  | 'PARK'
  /** On without what the state was for. */
  | 'SKIP'
  /** It is noted, and the saga goes on waiting. */
  | 'STAY';

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

/** The long-running processes of this platform. */
export type SagaType =
  | 'APPLICATION_REQUEST'
  | 'COURSE_ENROLLMENT'
  | 'MENTORING_SESSION';

/** How the two meet. */
export type SessionType =
  /** Somewhere that the two agree on. */
  | 'IN_PERSON'
  /** Where the learner works. */
  | 'ONSITE'
  /** Over the net, at `meetingUrl`. */
  | 'VIRTUAL';

/** Hours of one day, as a clock on the wall shows them. */
export type TimeBlockInput = {
  /** Of the first week; at most 730 days ahead. */
  date: string;
  /** After start, at most 18 hours later, same day; the last slot ends then or earlier. */
  end: string;
  /** When the first slot begins. Of a time that the day has twice, the first is meant; one that it skips is refused. */
  start: string;
};

/** What a file is for, which decides its types and its size. */
export type UploadPurpose =
  /** A document of an application: pdf, docx, png, jpeg; at most 10 MiB. */
  | 'APPLICATION_DOCUMENT'
  /** A picture of oneself: png, jpeg, webp; at most 5 MiB. */
  | 'AVATAR'
  /** Materials of a course: pdf, docx, png, jpeg, mp4, mp3, zip; at most 200 MiB. For mentors. */
  | 'COURSE_RESOURCE';

export type DeadLettersQueryVariables = Exact<{
  filter?: DeadLetterFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type DeadLettersQuery = { deadLetters: { nodes: Array<{ id: string, queue: string, message: string, attempts: number, failedAt: string, status: DeadLetterStatus, reason: { code: ReasonCode, message: string }, saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type DeadLetterGroupsQueryVariables = Exact<{
  filter?: DeadLetterFilter | null | undefined;
}>;


export type DeadLetterGroupsQuery = { deadLetterGroups: Array<{ queue: string, message: string, reason: ReasonCode, pattern: string, example: string, count: number, firstFailedAt: string, lastFailedAt: string }> | null };

export type RedriveDeadLettersMutationVariables = Exact<{
  filter: DeadLetterFilter;
  limit: number;
  note: string;
  key: string;
  dryRun: boolean;
}>;


export type RedriveDeadLettersMutation = { act: { remaining: number | null, deadLetters: Array<{ id: string, saga: { id: string } | null }> | null, refused: Array<{ reason: string, deadLetter: { id: string } }>, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type DefinitionQueryVariables = Exact<{
  type: SagaType;
  version?: number | null | undefined;
}>;


export type DefinitionQuery = { sagaDefinition: { type: SagaType, version: number, mermaid: string, states: Array<{ state: string, kind: SagaDefinitionStateKind, command: string | null, queue: string | null, compensation: string | null, outcomes: Array<{ on: string, kind: SagaOutcomeKind, to: string | null, reason: string | null }> }>, undoPath: Array<{ state: string, group: string | null }> } | null };

export type DefinitionStateFragment = { state: string, kind: SagaDefinitionStateKind, command: string | null, queue: string | null, compensation: string | null, outcomes: Array<{ on: string, kind: SagaOutcomeKind, to: string | null, reason: string | null }> };

export type HealthQueryVariables = Exact<{ [key: string]: never; }>;


export type HealthQuery = { viewer: { email: string | null, roles: Array<Role> | null } | null, queues: Array<{ name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string } | null }> | null, workers: Array<{ id: string, host: string, pid: number, startedAt: string, loads: Array<string> }> | null, sagaCounts: Array<{ type: SagaType, status: SagaStatus, count: number }> | null, sagaDefinitions: Array<{ type: SagaType, version: number }> | null };

export type MigrateSagasMutationVariables = Exact<{
  type: SagaType;
  from: number;
  to: number;
  filter?: SagaFilter | null | undefined;
  limit: number;
  after?: string | null | undefined;
  note: string;
  dryRun: boolean;
}>;


export type MigrateSagasMutation = { act: { migrated: number | null, next: string | null, refused: Array<{ reason: string, count: number, example: string }>, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type QueueLineFragment = { name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string } | null };

export type QueuesQueryVariables = Exact<{ [key: string]: never; }>;


export type QueuesQuery = { queues: Array<{ name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string } | null }> | null };

export type PauseQueueMutationVariables = Exact<{
  name: string;
  note: string;
  dryRun: boolean;
}>;


export type PauseQueueMutation = { act: { queue: { name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string } | null } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type ResumeQueueMutationVariables = Exact<{
  name: string;
  note?: string | null | undefined;
  dryRun: boolean;
}>;


export type ResumeQueueMutation = { act: { queue: { name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, oldestReadyAt: string | null, measuredAt: string, pause: { at: string, note: string } | null } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type SagaLineFragment = { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null };

export type SagasQueryVariables = Exact<{
  filter?: SagaFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type SagasQuery = { sagas: { nodes: Array<{ id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type FindSagaQueryVariables = Exact<{
  text: string;
}>;


export type FindSagaQuery = { find: Array<{ saga: { id: string } | null }> | null };

export type SagaStatusQueryVariables = Exact<{
  id: string;
}>;


export type SagaStatusQuery = { saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null } | null };

export type DiagnosisFragment = { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, explanation: { cause: SagaCause, summary: string, since: string | null, until: string | null, queue: string | null, worker: { host: string, pid: number } | null, remedies: Array<{ mutation: string, arguments: Record<string, unknown>, description: string }>, next: Array<{ on: string, state: SagaState, at: string | null }> } | null, reason: { code: ReasonCode, message: string } | null };

export type WhyQueryVariables = Exact<{
  id: string;
}>;


export type WhyQuery = { saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, explanation: { cause: SagaCause, summary: string, since: string | null, until: string | null, queue: string | null, worker: { host: string, pid: number } | null, remedies: Array<{ mutation: string, arguments: Record<string, unknown>, description: string }>, next: Array<{ on: string, state: SagaState, at: string | null }> } | null, reason: { code: ReasonCode, message: string } | null } | null };

export type SagaCardQueryVariables = Exact<{
  id: string;
  events: number;
}>;


export type SagaCardQuery = { saga: { subjectId: string, definitionVersion: number, undoIncomplete: boolean, id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, remains: Array<{ state: SagaState, why: SagaRemainderWhy, sagaType: SagaType | null, sagaId: string | null }>, steps: Array<{ state: SagaState, status: SagaStepStatus, attempts: number, startedAt: string | null, finishedAt: string | null }>, deadLetters: Array<{ id: string, message: string, status: DeadLetterStatus, attempts: number }> | null, events: Array<{ sequence: number, occurredAt: string, kind: SagaEventKind, summary: string }>, explanation: { cause: SagaCause, summary: string, since: string | null, until: string | null, queue: string | null, worker: { host: string, pid: number } | null, remedies: Array<{ mutation: string, arguments: Record<string, unknown>, description: string }>, next: Array<{ on: string, state: SagaState, at: string | null }> } | null, reason: { code: ReasonCode, message: string } | null } | null };

export type PlannedLineFragment = { saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, why: SagaRemainderWhy, sagaType: SagaType | null, sagaId: string | null }> } | null, userErrors: Array<{ code: ReasonCode, message: string }> };

export type RetrySagaMutationVariables = Exact<{
  id: string;
  note?: string | null | undefined;
  sequence: number;
  dryRun: boolean;
}>;


export type RetrySagaMutation = { act: { saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, why: SagaRemainderWhy, sagaType: SagaType | null, sagaId: string | null }> } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type CancelSagaMutationVariables = Exact<{
  id: string;
  note: string;
  sequence: number;
  dryRun: boolean;
}>;


export type CancelSagaMutation = { act: { saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, deadlineAt: string | null, startedAt: string, updatedAt: string, finishedAt: string | null, reason: { code: ReasonCode, message: string } | null } | null, plan: { state: SagaState, status: SagaStatus, sends: Array<string>, endsIn: SagaState | null, deadlineAt: string | null, nextAttemptAt: string | null, undoes: Array<{ state: SagaState, command: string }>, remains: Array<{ state: SagaState, why: SagaRemainderWhy, sagaType: SagaType | null, sagaId: string | null }> } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type SignInMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type SignInMutation = { signIn: { accessToken: string | null, accessTokenExpiresAt: string | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type OpenCoursesQueryVariables = Exact<{ [key: string]: never; }>;


export type OpenCoursesQuery = { courses: { nodes: Array<{ id: string, capacity: number | null, seatsTaken: number }> } };

export type OpenSlotsQueryVariables = Exact<{
  from: string;
  to: string;
  after?: string | null | undefined;
}>;


export type OpenSlotsQuery = { mentors: { nodes: Array<{ id: string, mentorProfile: { courses: { nodes: Array<{ id: string }> }, schedules: Array<{ id: string }> } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type StandingQueryVariables = Exact<{ [key: string]: never; }>;


export type StandingQuery = { viewer: { enrollments: { nodes: Array<{ id: string, course: { id: string } }> } | null, mentoringSessions: { nodes: Array<{ id: string }> } | null } | null };

export type EnrollMutationVariables = Exact<{
  course: string;
  key: string;
}>;


export type EnrollMutation = { enrollInCourse: { courseEnrollment: { id: string } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type CancelEnrollmentMutationVariables = Exact<{
  id: string;
}>;


export type CancelEnrollmentMutation = { cancelEnrollment: { userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type BookMutationVariables = Exact<{
  input: BookMentoringSessionInput;
  key: string;
}>;


export type BookMutation = { bookMentoringSession: { mentoringSession: { id: string } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type CancelSessionMutationVariables = Exact<{
  id: string;
}>;


export type CancelSessionMutation = { cancelMentoringSession: { userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type PublishSlotsMutationVariables = Exact<{
  input: PublishScheduleInput;
  key: string;
}>;


export type PublishSlotsMutation = { publishSchedule: { schedules: Array<{ id: string }> | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type AnnounceMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type AnnounceMutation = { createUpload: { upload: { id: string, url: string, headers: Array<{ name: string, value: string }> } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type ApplyMutationVariables = Exact<{
  input: ApplicationRequestInput;
  key: string;
}>;


export type ApplyMutation = { submitApplicationRequest: { applicationRequest: { id: string } | null, userErrors: Array<{ code: ReasonCode, message: string }> } | null };

export type WithdrawMutationVariables = Exact<{
  id: string;
}>;


export type WithdrawMutation = { withdrawApplicationRequest: { userErrors: Array<{ code: ReasonCode, message: string }> } | null };

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
export const DefinitionStateFragmentDoc = new TypedDocumentString(`
    fragment DefinitionState on SagaDefinitionState {
  state
  kind
  command
  queue
  compensation
  outcomes {
    on
    kind
    to
    reason
  }
}
    `, {"fragmentName":"DefinitionState"}) as unknown as TypedDocumentString<DefinitionStateFragment, unknown>;
export const QueueLineFragmentDoc = new TypedDocumentString(`
    fragment QueueLine on Queue {
  name
  ready
  deferred
  active
  deadLetters
  completedLastMinute
  oldestReadyAt
  measuredAt
  pause {
    at
    note
  }
}
    `, {"fragmentName":"QueueLine"}) as unknown as TypedDocumentString<QueueLineFragment, unknown>;
export const SagaLineFragmentDoc = new TypedDocumentString(`
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}
    `, {"fragmentName":"SagaLine"}) as unknown as TypedDocumentString<SagaLineFragment, unknown>;
export const DiagnosisFragmentDoc = new TypedDocumentString(`
    fragment Diagnosis on Saga {
  ...SagaLine
  explanation {
    cause
    summary
    since
    until
    queue
    worker {
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
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}`, {"fragmentName":"Diagnosis"}) as unknown as TypedDocumentString<DiagnosisFragment, unknown>;
export const PlannedLineFragmentDoc = new TypedDocumentString(`
    fragment PlannedLine on SagaPayload {
  saga {
    ...SagaLine
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
      why
      sagaType
      sagaId
    }
    endsIn
    deadlineAt
    nextAttemptAt
  }
  userErrors {
    code
    message
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}`, {"fragmentName":"PlannedLine"}) as unknown as TypedDocumentString<PlannedLineFragment, unknown>;
export const DeadLettersDocument = new TypedDocumentString(`
    query DeadLetters($filter: DeadLetterFilter, $first: Int!, $after: String) {
  deadLetters(filter: $filter, first: $first, after: $after) {
    nodes {
      id
      queue
      message
      attempts
      failedAt
      status
      reason {
        code
        message
      }
      saga {
        id
        type
        state
        status
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<DeadLettersQuery, DeadLettersQueryVariables>;
export const DeadLetterGroupsDocument = new TypedDocumentString(`
    query DeadLetterGroups($filter: DeadLetterFilter) {
  deadLetterGroups(filter: $filter) {
    queue
    message
    reason
    pattern
    example
    count
    firstFailedAt
    lastFailedAt
  }
}
    `) as unknown as TypedDocumentString<DeadLetterGroupsQuery, DeadLetterGroupsQueryVariables>;
export const RedriveDeadLettersDocument = new TypedDocumentString(`
    mutation RedriveDeadLetters($filter: DeadLetterFilter!, $limit: Int!, $note: String!, $key: String!, $dryRun: Boolean!) {
  act: redriveDeadLetters(
    filter: $filter
    limit: $limit
    note: $note
    idempotencyKey: $key
    dryRun: $dryRun
  ) {
    deadLetters {
      id
      saga {
        id
      }
    }
    refused {
      deadLetter {
        id
      }
      reason
    }
    remaining
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RedriveDeadLettersMutation, RedriveDeadLettersMutationVariables>;
export const DefinitionDocument = new TypedDocumentString(`
    query Definition($type: SagaType!, $version: Int) {
  sagaDefinition(type: $type, version: $version) {
    type
    version
    states {
      ...DefinitionState
    }
    undoPath {
      state
      group
    }
    mermaid
  }
}
    fragment DefinitionState on SagaDefinitionState {
  state
  kind
  command
  queue
  compensation
  outcomes {
    on
    kind
    to
    reason
  }
}`) as unknown as TypedDocumentString<DefinitionQuery, DefinitionQueryVariables>;
export const HealthDocument = new TypedDocumentString(`
    query Health {
  viewer {
    email
    roles
  }
  queues {
    ...QueueLine
  }
  workers {
    id
    host
    pid
    startedAt
    loads
  }
  sagaCounts {
    type
    status
    count
  }
  sagaDefinitions {
    type
    version
  }
}
    fragment QueueLine on Queue {
  name
  ready
  deferred
  active
  deadLetters
  completedLastMinute
  oldestReadyAt
  measuredAt
  pause {
    at
    note
  }
}`) as unknown as TypedDocumentString<HealthQuery, HealthQueryVariables>;
export const MigrateSagasDocument = new TypedDocumentString(`
    mutation MigrateSagas($type: SagaType!, $from: Int!, $to: Int!, $filter: SagaFilter, $limit: Int!, $after: ID, $note: String!, $dryRun: Boolean!) {
  act: migrateSagas(
    type: $type
    fromVersion: $from
    toVersion: $to
    filter: $filter
    limit: $limit
    after: $after
    note: $note
    dryRun: $dryRun
  ) {
    migrated
    refused {
      reason
      count
      example
    }
    next
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MigrateSagasMutation, MigrateSagasMutationVariables>;
export const QueuesDocument = new TypedDocumentString(`
    query Queues {
  queues {
    ...QueueLine
  }
}
    fragment QueueLine on Queue {
  name
  ready
  deferred
  active
  deadLetters
  completedLastMinute
  oldestReadyAt
  measuredAt
  pause {
    at
    note
  }
}`) as unknown as TypedDocumentString<QueuesQuery, QueuesQueryVariables>;
export const PauseQueueDocument = new TypedDocumentString(`
    mutation PauseQueue($name: String!, $note: String!, $dryRun: Boolean!) {
  act: pauseQueue(name: $name, note: $note, dryRun: $dryRun) {
    queue {
      ...QueueLine
    }
    userErrors {
      code
      message
    }
  }
}
    fragment QueueLine on Queue {
  name
  ready
  deferred
  active
  deadLetters
  completedLastMinute
  oldestReadyAt
  measuredAt
  pause {
    at
    note
  }
}`) as unknown as TypedDocumentString<PauseQueueMutation, PauseQueueMutationVariables>;
export const ResumeQueueDocument = new TypedDocumentString(`
    mutation ResumeQueue($name: String!, $note: String, $dryRun: Boolean!) {
  act: resumeQueue(name: $name, note: $note, dryRun: $dryRun) {
    queue {
      ...QueueLine
    }
    userErrors {
      code
      message
    }
  }
}
    fragment QueueLine on Queue {
  name
  ready
  deferred
  active
  deadLetters
  completedLastMinute
  oldestReadyAt
  measuredAt
  pause {
    at
    note
  }
}`) as unknown as TypedDocumentString<ResumeQueueMutation, ResumeQueueMutationVariables>;
export const SagasDocument = new TypedDocumentString(`
    query Sagas($filter: SagaFilter, $first: Int!, $after: String) {
  sagas(filter: $filter, first: $first, after: $after) {
    nodes {
      ...SagaLine
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}`) as unknown as TypedDocumentString<SagasQuery, SagasQueryVariables>;
export const FindSagaDocument = new TypedDocumentString(`
    query FindSaga($text: String!) {
  find(text: $text) {
    saga {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<FindSagaQuery, FindSagaQueryVariables>;
export const SagaStatusDocument = new TypedDocumentString(`
    query SagaStatus($id: ID!) {
  saga(id: $id) {
    ...SagaLine
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}`) as unknown as TypedDocumentString<SagaStatusQuery, SagaStatusQueryVariables>;
export const WhyDocument = new TypedDocumentString(`
    query Why($id: ID!) {
  saga(id: $id) {
    ...Diagnosis
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}
fragment Diagnosis on Saga {
  ...SagaLine
  explanation {
    cause
    summary
    since
    until
    queue
    worker {
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
}`) as unknown as TypedDocumentString<WhyQuery, WhyQueryVariables>;
export const SagaCardDocument = new TypedDocumentString(`
    query SagaCard($id: ID!, $events: Int!) {
  saga(id: $id) {
    ...Diagnosis
    subjectId
    definitionVersion
    undoIncomplete
    remains {
      state
      why
      sagaType
      sagaId
    }
    steps {
      state
      status
      attempts
      startedAt
      finishedAt
    }
    deadLetters {
      id
      message
      status
      attempts
    }
    events(afterSequence: $events, first: 30) {
      sequence
      occurredAt
      kind
      summary
    }
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}
fragment Diagnosis on Saga {
  ...SagaLine
  explanation {
    cause
    summary
    since
    until
    queue
    worker {
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
}`) as unknown as TypedDocumentString<SagaCardQuery, SagaCardQueryVariables>;
export const RetrySagaDocument = new TypedDocumentString(`
    mutation RetrySaga($id: ID!, $note: String, $sequence: Int!, $dryRun: Boolean!) {
  act: retrySaga(
    id: $id
    note: $note
    expectedSequence: $sequence
    dryRun: $dryRun
  ) {
    ...PlannedLine
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}
fragment PlannedLine on SagaPayload {
  saga {
    ...SagaLine
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
      why
      sagaType
      sagaId
    }
    endsIn
    deadlineAt
    nextAttemptAt
  }
  userErrors {
    code
    message
  }
}`) as unknown as TypedDocumentString<RetrySagaMutation, RetrySagaMutationVariables>;
export const CancelSagaDocument = new TypedDocumentString(`
    mutation CancelSaga($id: ID!, $note: String!, $sequence: Int!, $dryRun: Boolean!) {
  act: cancelSaga(
    id: $id
    note: $note
    expectedSequence: $sequence
    dryRun: $dryRun
  ) {
    ...PlannedLine
  }
}
    fragment SagaLine on Saga {
  id
  type
  state
  status
  sequence
  settled
  attempt
  maxAttempts
  nextAttemptAt
  deadlineAt
  startedAt
  updatedAt
  finishedAt
  reason {
    code
    message
  }
}
fragment PlannedLine on SagaPayload {
  saga {
    ...SagaLine
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
      why
      sagaType
      sagaId
    }
    endsIn
    deadlineAt
    nextAttemptAt
  }
  userErrors {
    code
    message
  }
}`) as unknown as TypedDocumentString<CancelSagaMutation, CancelSagaMutationVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($email: EmailAddress!, $password: String!) {
  signIn(email: $email, password: $password, delivery: BODY) {
    accessToken
    accessTokenExpiresAt
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const OpenCoursesDocument = new TypedDocumentString(`
    query OpenCourses {
  courses(filter: {openForEnrollment: true}, first: 100) {
    nodes {
      id
      capacity
      seatsTaken
    }
  }
}
    `) as unknown as TypedDocumentString<OpenCoursesQuery, OpenCoursesQueryVariables>;
export const OpenSlotsDocument = new TypedDocumentString(`
    query OpenSlots($from: DateTime!, $to: DateTime!, $after: String) {
  mentors(filter: {openFrom: $from, openTo: $to}, first: 5, after: $after) {
    nodes {
      id
      mentorProfile {
        courses(first: 1) {
          nodes {
            id
          }
        }
        schedules(from: $from, to: $to) {
          id
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<OpenSlotsQuery, OpenSlotsQueryVariables>;
export const StandingDocument = new TypedDocumentString(`
    query Standing {
  viewer {
    enrollments(status: [PENDING, CONFIRMED, ACTIVE], first: 50) {
      nodes {
        id
        course {
          id
        }
      }
    }
    mentoringSessions(status: [PENDING, SCHEDULED], first: 20) {
      nodes {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StandingQuery, StandingQueryVariables>;
export const EnrollDocument = new TypedDocumentString(`
    mutation Enroll($course: ID!, $key: String!) {
  enrollInCourse(courseId: $course, idempotencyKey: $key) {
    courseEnrollment {
      id
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<EnrollMutation, EnrollMutationVariables>;
export const CancelEnrollmentDocument = new TypedDocumentString(`
    mutation CancelEnrollment($id: ID!) {
  cancelEnrollment(id: $id) {
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelEnrollmentMutation, CancelEnrollmentMutationVariables>;
export const BookDocument = new TypedDocumentString(`
    mutation Book($input: BookMentoringSessionInput!, $key: String!) {
  bookMentoringSession(input: $input, idempotencyKey: $key) {
    mentoringSession {
      id
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<BookMutation, BookMutationVariables>;
export const CancelSessionDocument = new TypedDocumentString(`
    mutation CancelSession($id: ID!) {
  cancelMentoringSession(id: $id) {
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelSessionMutation, CancelSessionMutationVariables>;
export const PublishSlotsDocument = new TypedDocumentString(`
    mutation PublishSlots($input: PublishScheduleInput!, $key: String!) {
  publishSchedule(input: $input, idempotencyKey: $key) {
    schedules {
      id
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<PublishSlotsMutation, PublishSlotsMutationVariables>;
export const AnnounceDocument = new TypedDocumentString(`
    mutation Announce($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload {
      id
      url
      headers {
        name
        value
      }
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<AnnounceMutation, AnnounceMutationVariables>;
export const ApplyDocument = new TypedDocumentString(`
    mutation Apply($input: ApplicationRequestInput!, $key: String!) {
  submitApplicationRequest(input: $input, idempotencyKey: $key) {
    applicationRequest {
      id
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ApplyMutation, ApplyMutationVariables>;
export const WithdrawDocument = new TypedDocumentString(`
    mutation Withdraw($id: ID!) {
  withdrawApplicationRequest(id: $id) {
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<WithdrawMutation, WithdrawMutationVariables>;