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

/** How far an application is. */
export type ApplicationRequestStatus =
  /** The applicant is a mentor. */
  | 'APPROVED'
  /** The reviewer asked the applicant for more. */
  | 'INFO_REQUESTED'
  /** Automatic checks are running. */
  | 'PENDING'
  /** A person or a check said no; `failure` says which. */
  | 'REJECTED'
  /** A reviewer is deciding. */
  | 'UNDER_REVIEW'
  /** Taken back by the applicant, or not answered in time. */
  | 'WITHDRAWN';

/** What an outside provider says about an applicant. */
export type BackgroundCheckStatus =
  /** Nothing was found. */
  | 'CLEAR'
  /** The provider found something a person must judge; the saga goes on and the reviewer is told. */
  | 'CONSIDER'
  /** The check did not pass. */
  | 'FAILED'
  /** Asked; the answer takes days. */
  | 'REQUESTED';

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

/** All that a mentor says about a course. */
export type CourseInput = {
  /** Null: no limit; otherwise 1..100,000 and not below the seats taken. */
  capacity?: number | null | undefined;
  /** The shelf it stands on; one that is not active only when it stands there already. */
  categoryId: string;
  /** 1..2,000 characters. */
  description: string;
  /** No enrollment from this on, and later than it opens; null: never closes. */
  enrollmentClosesAt?: string | null | undefined;
  /** No enrollment before this; null: open from the start. */
  enrollmentOpensAt?: string | null | undefined;
  /** How much it takes for granted. */
  level: CourseLevel;
  /** Who sees it. */
  status: CourseStatus;
  /** 3..100 characters; unique among the mentor's courses that are not archived, without regard to case. */
  title: string;
};

/** How much a course takes for granted. */
export type CourseLevel =
  /** Practice. */
  | 'ADVANCED'
  /** Nothing. */
  | 'BEGINNER'
  /** The basics. */
  | 'INTERMEDIATE';

/** Who sees a course. */
export type CourseStatus =
  /** Over; only its mentor and administrators find it. */
  | 'ARCHIVED'
  /** Only its mentor and administrators. */
  | 'DRAFT'
  /** Everybody. */
  | 'PUBLISHED';

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

/** What came of the check of a document. */
export type DocumentVerdict =
  /** There, and as it was sent in. */
  | 'ACCEPTED'
  /** Missing or damaged; `problem` says which. */
  | 'REFUSED'
  /** Not looked at yet. */
  | 'UNCHECKED';

/** What a mentor offers; replaces what was said before. */
export type MentorProfileInput = {
  /** At most 2,000 characters; null or blank: none. */
  experience?: string | null | undefined;
  /** What the mentor knows; an unknown one is refused. */
  expertiseIds: Array<string>;
  /** At most 120 characters; null or blank: none. */
  headline?: string | null | undefined;
  /** 1..60. */
  maxSessionsPerWeek: number;
  /** 0..336. */
  minNoticeHours: number;
};

/** How far a session is. */
export type MentoringSessionStatus =
  /** It does not take place; `failure` says why. */
  | 'CANCELLED'
  /** Its time is over; `outcome` says what came of it. */
  | 'COMPLETED'
  /** The slot is held; the saga is still working. */
  | 'PENDING'
  /** The mentor proposed another slot; both slots are held until the learner answers or the answer time runs out. */
  | 'RESCHEDULING'
  /** It takes place. */
  | 'SCHEDULED';

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

/** Somebody who wants an account. */
export type RegisterUserInput = {
  /** Address for sign-in and mail. */
  email: string;
  /** 1..200 characters. */
  fullName: string;
  /** 12..128 characters. */
  password: string;
  /** The person's own zone. */
  timeZone: string;
};

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

export type AnswerProposalMutationVariables = Exact<{
  id: string;
  accept: boolean;
}>;


export type AnswerProposalMutation = { answerReschedule: { mentoringSession: { id: string, status: MentoringSessionStatus } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ApplyMutationVariables = Exact<{
  input: ApplicationRequestInput;
  key: string;
}>;


export type ApplyMutation = { submitApplicationRequest: { applicationRequest: { id: string, status: ApplicationRequestStatus, documents: Array<{ fileName: string, kind: DocumentKind, verdict: DocumentVerdict, problem: { code: ReasonCode, message: string } | null }>, backgroundCheck: { status: BackgroundCheckStatus } | null } | null, saga: { id: string, state: SagaState, status: SagaStatus, deadlineAt: string | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ApproveApplicationMutationVariables = Exact<{
  id: string;
  note?: string | null | undefined;
}>;


export type ApproveApplicationMutation = { approveApplicationRequest: { applicationRequest: { id: string, status: ApplicationRequestStatus, decidedAt: string | null, applicant: { mentorProfile: { maxSessionsPerWeek: number } | null } } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type BookSessionMutationVariables = Exact<{
  input: BookMentoringSessionInput;
  key: string;
}>;


export type BookSessionMutation = { bookMentoringSession: { mentoringSession: { id: string, status: MentoringSessionStatus, schedule: { id: string, startTime: string, endTime: string }, mentor: { fullName: string } } | null, saga: { id: string, state: SagaState, status: SagaStatus, settled: boolean, sequence: number, steps: Array<{ state: SagaState, status: SagaStepStatus }> } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type CancelEnrollmentMutationVariables = Exact<{
  id: string;
  note?: string | null | undefined;
}>;


export type CancelEnrollmentMutation = { cancelEnrollment: { courseEnrollment: { id: string, status: CourseEnrollmentStatus } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type CancelSagaMutationVariables = Exact<{
  id: string;
  note: string;
  dryRun?: boolean;
}>;


export type CancelSagaMutation = { cancelSaga: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type CancelSessionMutationVariables = Exact<{
  id: string;
  note?: string | null | undefined;
}>;


export type CancelSessionMutation = { cancelMentoringSession: { mentoringSession: { id: string, status: MentoringSessionStatus } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type CategoriesQueryVariables = Exact<{ [key: string]: never; }>;


export type CategoriesQuery = { categories: Array<{ id: string, name: string, active: boolean }> };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { createUpload: { upload: { id: string, url: string, expiresAt: string, headers: Array<{ name: string, value: string }> } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type DeadLettersQueryVariables = Exact<{
  filter?: DeadLetterFilter | null | undefined;
}>;


export type DeadLettersQuery = { deadLetters: { nodes: Array<{ id: string, message: string, queue: string, attempts: number, status: DeadLetterStatus, reason: { code: ReasonCode, message: string }, saga: { id: string, state: SagaState, status: SagaStatus } | null }> } | null };

export type DeskQueryVariables = Exact<{ [key: string]: never; }>;


export type DeskQuery = { applicationRequests: { nodes: Array<{ id: string, submittedAt: string, education: string, workExperience: string, certifications: Array<string>, applicant: { fullName: string, email: string | null }, documents: Array<{ kind: DocumentKind, fileName: string, downloadUrl: string }>, backgroundCheck: { status: BackgroundCheckStatus, reference: string | null } | null, saga: { id: string, deadlineAt: string | null } }> } | null };

export type EnrollMutationVariables = Exact<{
  course: string;
  key: string;
}>;


export type EnrollMutation = { enrollInCourse: { courseEnrollment: { id: string, status: CourseEnrollmentStatus, failure: { code: ReasonCode, message: string } | null, course: { capacity: number | null, seatsTaken: number } } | null, saga: { id: string, state: SagaState, status: SagaStatus, sequence: number } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type FindMentorQueryVariables = Exact<{
  text?: string | null | undefined;
  from: string;
  to: string;
}>;


export type FindMentorQuery = { mentors: { nodes: Array<{ id: string, fullName: string, timeZone: string, mentorProfile: { headline: string | null, expertises: Array<{ name: string }>, courses: { nodes: Array<{ id: string, title: string }> }, schedules: Array<{ id: string, startTime: string, endTime: string, timeZone: string }> } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type FireTimerMutationVariables = Exact<{
  id: string;
  timer: SagaTimer;
  note: string;
}>;


export type FireTimerMutation = { fireSagaTimer: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type NotificationsQueryVariables = Exact<{ [key: string]: never; }>;


export type NotificationsQuery = { viewer: { notifications: { nodes: Array<{ id: string, title: string, message: string, readAt: string | null, saga: { id: string } | null }> } | null } | null };

export type PauseQueueMutationVariables = Exact<{
  name: string;
  note: string;
}>;


export type PauseQueueMutation = { pauseQueue: { queue: { name: string, ready: number, deferred: number, pause: { at: string, note: string, by: { id: string } | null } | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type PollSagaQueryVariables = Exact<{
  saga: string;
  after?: number;
}>;


export type PollSagaQuery = { saga: { state: SagaState, status: SagaStatus, settled: boolean, sequence: number, reason: { code: ReasonCode, message: string } | null, events: Array<{ sequence: number, kind: SagaEventKind, summary: string, toState: SagaState, status: SagaStatus }> } | null };

export type ProposeSlotMutationVariables = Exact<{
  id: string;
  scheduleId: string;
  note: string;
}>;


export type ProposeSlotMutation = { rescheduleMentoringSession: { mentoringSession: { id: string, status: MentoringSessionStatus, proposalNote: string | null, proposalExpiresAt: string | null, schedule: { startTime: string }, proposedSchedule: { startTime: string } | null } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type PublishSlotsMutationVariables = Exact<{
  input: PublishScheduleInput;
  key: string;
}>;


export type PublishSlotsMutation = { publishSchedule: { schedules: Array<{ id: string, startTime: string, endTime: string, timeZone: string }> | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type QueueDepthsSubscriptionVariables = Exact<{
  everySeconds?: number;
}>;


export type QueueDepthsSubscription = { queueDepths: Array<{ name: string, ready: number, deferred: number, active: number, deadLetters: number, completedLastMinute: number, pause: { at: string, note: string } | null }> };

export type RedriveMutationVariables = Exact<{
  filter: DeadLetterFilter;
  note: string;
  key: string;
  dryRun?: boolean;
}>;


export type RedriveMutation = { redriveDeadLetters: { remaining: number | null, deadLetters: Array<{ id: string, message: string, status: DeadLetterStatus, saga: { id: string, state: SagaState, status: SagaStatus } | null }> | null, refused: Array<{ reason: string, deadLetter: { id: string } }>, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type RegisterMutationVariables = Exact<{
  input: RegisterUserInput;
}>;


export type RegisterMutation = { registerUser: { userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type RejectApplicationMutationVariables = Exact<{
  id: string;
  note: string;
}>;


export type RejectApplicationMutation = { rejectApplicationRequest: { applicationRequest: { id: string, status: ApplicationRequestStatus, failure: { code: ReasonCode, message: string } | null } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type RequestInfoMutationVariables = Exact<{
  id: string;
  note: string;
}>;


export type RequestInfoMutation = { requestApplicationInfo: { applicationRequest: { id: string, status: ApplicationRequestStatus, note: string | null } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type RequestPasswordResetMutationVariables = Exact<{
  email: string;
}>;


export type RequestPasswordResetMutation = { requestPasswordReset: { userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ResetPasswordMutationVariables = Exact<{
  token: string;
  newPassword: string;
}>;


export type ResetPasswordMutation = { resetPassword: { userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ResubmitApplicationMutationVariables = Exact<{
  id: string;
  input: ApplicationRequestInput;
}>;


export type ResubmitApplicationMutation = { resubmitApplicationRequest: { applicationRequest: { id: string, status: ApplicationRequestStatus } | null, saga: { id: string, state: SagaState, status: SagaStatus } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ResumeQueueMutationVariables = Exact<{
  name: string;
  note?: string | null | undefined;
}>;


export type ResumeQueueMutation = { resumeQueue: { queue: { name: string, ready: number, deferred: number, pause: { at: string } | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type RetrySagaMutationVariables = Exact<{
  id: string;
  note: string;
  dryRun?: boolean;
}>;


export type RetrySagaMutation = { retrySaga: { saga: { id: string, state: SagaState, status: SagaStatus, sequence: number } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type SaveCourseMutationVariables = Exact<{
  id?: string | null | undefined;
  input: CourseInput;
}>;


export type SaveCourseMutation = { saveCourse: { course: { id: string, title: string, status: CourseStatus, capacity: number | null, seatsTaken: number } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type ShowApplicationQueryVariables = Exact<{
  id: string;
}>;


export type ShowApplicationQuery = { applicationRequest: { id: string, status: ApplicationRequestStatus, note: string | null, decidedAt: string | null, failure: { code: ReasonCode, message: string } | null, documents: Array<{ id: string, kind: DocumentKind, fileName: string, verdict: DocumentVerdict, problem: { code: ReasonCode, message: string } | null }>, backgroundCheck: { status: BackgroundCheckStatus } | null, reviewer: { id: string } | null, saga: { id: string, state: SagaState, status: SagaStatus, reason: { code: ReasonCode, message: string } | null } } | null };

export type ShowEnrollmentQueryVariables = Exact<{
  id: string;
}>;


export type ShowEnrollmentQuery = { courseEnrollment: { id: string, status: CourseEnrollmentStatus, accessGrantedAt: string | null, failure: { code: ReasonCode, message: string } | null, course: { capacity: number | null, seatsTaken: number }, saga: { id: string, state: SagaState, status: SagaStatus } } | null };

export type ShowSessionQueryVariables = Exact<{
  id: string;
}>;


export type ShowSessionQuery = { mentoringSession: { id: string, status: MentoringSessionStatus, type: SessionType, meetingUrl: string | null, proposalNote: string | null, failure: { code: ReasonCode, message: string } | null, schedule: { id: string, startTime: string, open: boolean }, proposedSchedule: { id: string, startTime: string } | null, saga: { id: string, state: SagaState, status: SagaStatus } } | null };

export type SignInMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type SignInMutation = { signIn: { accessToken: string | null, accessTokenExpiresAt: string | null, user: { id: string, fullName: string, roles: Array<Role> | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type UpdateMentorProfileMutationVariables = Exact<{
  input: MentorProfileInput;
}>;


export type UpdateMentorProfileMutation = { updateMentorProfile: { user: { id: string, mentorProfile: { headline: string | null, maxSessionsPerWeek: number, minNoticeHours: number } | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type UpdateUserMutationVariables = Exact<{
  id: string;
  roles?: Array<Role> | Role | null | undefined;
  active?: boolean | null | undefined;
}>;


export type UpdateUserMutation = { updateUser: { user: { id: string, roles: Array<Role> | null, active: boolean | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type VerifyEmailMutationVariables = Exact<{
  token: string;
}>;


export type VerifyEmailMutation = { verifyEmail: { user: { id: string, fullName: string } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type WatchActivitySubscriptionVariables = Exact<{
  filter?: SagaFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchActivitySubscription = { sagaActivity: { cursor: string, events: Array<{ sequence: number, occurredAt: string, kind: SagaEventKind, summary: string, status: SagaStatus, actor: { id: string } | null, saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus } }> } };

export type WatchSagaSubscriptionVariables = Exact<{
  saga: string;
  after?: number | null | undefined;
}>;


export type WatchSagaSubscription = { sagaProgress: { sequence: number, hasMore: boolean, final: boolean, saga: { id: string, state: SagaState, status: SagaStatus, settled: boolean, attempt: number, maxAttempts: number, nextAttemptAt: string | null, reason: { code: ReasonCode, message: string } | null, steps: Array<{ state: SagaState, status: SagaStepStatus, attempts: number }> }, events: Array<{ sequence: number, occurredAt: string, kind: SagaEventKind, summary: string, fromState: SagaState | null, toState: SagaState, status: SagaStatus, reason: { code: ReasonCode, message: string } | null }> } };

export type WhatIsWrongQueryVariables = Exact<{ [key: string]: never; }>;


export type WhatIsWrongQuery = { sagaCounts: Array<{ type: SagaType, state: SagaState, status: SagaStatus, count: number, oldestUpdatedAt: string }> | null, queues: Array<{ name: string, ready: number, active: number, deadLetters: number, oldestReadyAt: string | null, pause: { note: string } | null }> | null, sagas: { nodes: Array<{ id: string, type: SagaType, state: SagaState, status: SagaStatus, attempt: number, maxAttempts: number, reason: { code: ReasonCode, message: string, occurredAt: string } | null, explanation: { cause: SagaCause, summary: string, remedies: Array<{ mutation: string, description: string, arguments: Record<string, unknown> }> } | null, events: Array<{ sequence: number, occurredAt: string, kind: SagaEventKind, message: string | null, summary: string, data: Record<string, unknown> | null, reason: { code: ReasonCode, message: string } | null }>, deadLetters: Array<{ id: string, message: string, status: DeadLetterStatus, detail: string, payload: Record<string, unknown> }> | null }> } | null };

export type WithdrawSlotMutationVariables = Exact<{
  id: string;
}>;


export type WithdrawSlotMutation = { withdrawSchedule: { schedules: Array<{ id: string, open: boolean }> | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

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

export const AnswerProposalDocument = new TypedDocumentString(`
    mutation AnswerProposal($id: ID!, $accept: Boolean!) {
  answerReschedule(id: $id, accept: $accept) {
    mentoringSession {
      id
      status
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<AnswerProposalMutation, AnswerProposalMutationVariables>;
export const ApplyDocument = new TypedDocumentString(`
    mutation Apply($input: ApplicationRequestInput!, $key: String!) {
  submitApplicationRequest(input: $input, idempotencyKey: $key) {
    applicationRequest {
      id
      status
      documents {
        fileName
        kind
        verdict
        problem {
          code
          message
        }
      }
      backgroundCheck {
        status
      }
    }
    saga {
      id
      state
      status
      deadlineAt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ApplyMutation, ApplyMutationVariables>;
export const ApproveApplicationDocument = new TypedDocumentString(`
    mutation ApproveApplication($id: ID!, $note: String) {
  approveApplicationRequest(id: $id, note: $note) {
    applicationRequest {
      id
      status
      decidedAt
      applicant {
        mentorProfile {
          maxSessionsPerWeek
        }
      }
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ApproveApplicationMutation, ApproveApplicationMutationVariables>;
export const BookSessionDocument = new TypedDocumentString(`
    mutation BookSession($input: BookMentoringSessionInput!, $key: String!) {
  bookMentoringSession(input: $input, idempotencyKey: $key) {
    mentoringSession {
      id
      status
      schedule {
        id
        startTime
        endTime
      }
      mentor {
        fullName
      }
    }
    saga {
      id
      state
      status
      settled
      sequence
      steps {
        state
        status
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<BookSessionMutation, BookSessionMutationVariables>;
export const CancelEnrollmentDocument = new TypedDocumentString(`
    mutation CancelEnrollment($id: ID!, $note: String) {
  cancelEnrollment(id: $id, note: $note) {
    courseEnrollment {
      id
      status
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CancelEnrollmentMutation, CancelEnrollmentMutationVariables>;
export const CancelSagaDocument = new TypedDocumentString(`
    mutation CancelSaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {
  cancelSaga(id: $id, note: $note, dryRun: $dryRun) {
    saga {
      id
      state
      status
      sequence
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CancelSagaMutation, CancelSagaMutationVariables>;
export const CancelSessionDocument = new TypedDocumentString(`
    mutation CancelSession($id: ID!, $note: String) {
  cancelMentoringSession(id: $id, note: $note) {
    mentoringSession {
      id
      status
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CancelSessionMutation, CancelSessionMutationVariables>;
export const CategoriesDocument = new TypedDocumentString(`
    query Categories {
  categories {
    id
    name
    active
  }
}
    `) as unknown as TypedDocumentString<CategoriesQuery, CategoriesQueryVariables>;
export const CreateUploadDocument = new TypedDocumentString(`
    mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload {
      id
      url
      expiresAt
      headers {
        name
        value
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CreateUploadMutation, CreateUploadMutationVariables>;
export const DeadLettersDocument = new TypedDocumentString(`
    query DeadLetters($filter: DeadLetterFilter) {
  deadLetters(filter: $filter, first: 20) {
    nodes {
      id
      message
      queue
      attempts
      status
      reason {
        code
        message
      }
      saga {
        id
        state
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeadLettersQuery, DeadLettersQueryVariables>;
export const DeskDocument = new TypedDocumentString(`
    query Desk {
  applicationRequests(filter: {status: [UNDER_REVIEW]}, first: 20) {
    nodes {
      id
      submittedAt
      education
      workExperience
      certifications
      applicant {
        fullName
        email
      }
      documents {
        kind
        fileName
        downloadUrl
      }
      backgroundCheck {
        status
        reference
      }
      saga {
        id
        deadlineAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeskQuery, DeskQueryVariables>;
export const EnrollDocument = new TypedDocumentString(`
    mutation Enroll($course: ID!, $key: String!) {
  enrollInCourse(courseId: $course, idempotencyKey: $key) {
    courseEnrollment {
      id
      status
      failure {
        code
        message
      }
      course {
        capacity
        seatsTaken
      }
    }
    saga {
      id
      state
      status
      sequence
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<EnrollMutation, EnrollMutationVariables>;
export const FindMentorDocument = new TypedDocumentString(`
    query FindMentor($text: String, $from: DateTime!, $to: DateTime!) {
  mentors(filter: {text: $text, openFrom: $from, openTo: $to}, first: 10) {
    nodes {
      id
      fullName
      timeZone
      mentorProfile {
        headline
        expertises {
          name
        }
        courses(first: 5) {
          nodes {
            id
            title
          }
        }
        schedules(from: $from, to: $to) {
          id
          startTime
          endTime
          timeZone
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<FindMentorQuery, FindMentorQueryVariables>;
export const FireTimerDocument = new TypedDocumentString(`
    mutation FireTimer($id: ID!, $timer: SagaTimer!, $note: String!) {
  fireSagaTimer(id: $id, timer: $timer, note: $note) {
    saga {
      id
      state
      status
      sequence
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<FireTimerMutation, FireTimerMutationVariables>;
export const NotificationsDocument = new TypedDocumentString(`
    query Notifications {
  viewer {
    notifications(first: 20) {
      nodes {
        id
        title
        message
        readAt
        saga {
          id
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<NotificationsQuery, NotificationsQueryVariables>;
export const PauseQueueDocument = new TypedDocumentString(`
    mutation PauseQueue($name: String!, $note: String!) {
  pauseQueue(name: $name, note: $note) {
    queue {
      name
      ready
      deferred
      pause {
        at
        note
        by {
          id
        }
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<PauseQueueMutation, PauseQueueMutationVariables>;
export const PollSagaDocument = new TypedDocumentString(`
    query PollSaga($saga: ID!, $after: Int! = 0) {
  saga(id: $saga) {
    state
    status
    settled
    sequence
    reason {
      code
      message
    }
    events(afterSequence: $after, first: 200) {
      sequence
      kind
      summary
      toState
      status
    }
  }
}
    `) as unknown as TypedDocumentString<PollSagaQuery, PollSagaQueryVariables>;
export const ProposeSlotDocument = new TypedDocumentString(`
    mutation ProposeSlot($id: ID!, $scheduleId: ID!, $note: String!) {
  rescheduleMentoringSession(id: $id, scheduleId: $scheduleId, note: $note) {
    mentoringSession {
      id
      status
      schedule {
        startTime
      }
      proposedSchedule {
        startTime
      }
      proposalNote
      proposalExpiresAt
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ProposeSlotMutation, ProposeSlotMutationVariables>;
export const PublishSlotsDocument = new TypedDocumentString(`
    mutation PublishSlots($input: PublishScheduleInput!, $key: String!) {
  publishSchedule(input: $input, idempotencyKey: $key) {
    schedules {
      id
      startTime
      endTime
      timeZone
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<PublishSlotsMutation, PublishSlotsMutationVariables>;
export const QueueDepthsDocument = new TypedDocumentString(`
    subscription QueueDepths($everySeconds: Int! = 2) {
  queueDepths(everySeconds: $everySeconds) {
    name
    ready
    deferred
    active
    deadLetters
    completedLastMinute
    pause {
      at
      note
    }
  }
}
    `) as unknown as TypedDocumentString<QueueDepthsSubscription, QueueDepthsSubscriptionVariables>;
export const RedriveDocument = new TypedDocumentString(`
    mutation Redrive($filter: DeadLetterFilter!, $note: String!, $key: String!, $dryRun: Boolean! = false) {
  redriveDeadLetters(
    filter: $filter
    note: $note
    idempotencyKey: $key
    dryRun: $dryRun
  ) {
    deadLetters {
      id
      message
      status
      saga {
        id
        state
        status
      }
    }
    refused {
      reason
      deadLetter {
        id
      }
    }
    remaining
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RedriveMutation, RedriveMutationVariables>;
export const RegisterDocument = new TypedDocumentString(`
    mutation Register($input: RegisterUserInput!) {
  registerUser(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RegisterMutation, RegisterMutationVariables>;
export const RejectApplicationDocument = new TypedDocumentString(`
    mutation RejectApplication($id: ID!, $note: String!) {
  rejectApplicationRequest(id: $id, note: $note) {
    applicationRequest {
      id
      status
      failure {
        code
        message
      }
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RejectApplicationMutation, RejectApplicationMutationVariables>;
export const RequestInfoDocument = new TypedDocumentString(`
    mutation RequestInfo($id: ID!, $note: String!) {
  requestApplicationInfo(id: $id, note: $note) {
    applicationRequest {
      id
      status
      note
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RequestInfoMutation, RequestInfoMutationVariables>;
export const RequestPasswordResetDocument = new TypedDocumentString(`
    mutation RequestPasswordReset($email: EmailAddress!) {
  requestPasswordReset(email: $email) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const ResetPasswordDocument = new TypedDocumentString(`
    mutation ResetPassword($token: String!, $newPassword: String!) {
  resetPassword(token: $token, newPassword: $newPassword) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const ResubmitApplicationDocument = new TypedDocumentString(`
    mutation ResubmitApplication($id: ID!, $input: ApplicationRequestInput!) {
  resubmitApplicationRequest(id: $id, input: $input) {
    applicationRequest {
      id
      status
    }
    saga {
      id
      state
      status
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ResubmitApplicationMutation, ResubmitApplicationMutationVariables>;
export const ResumeQueueDocument = new TypedDocumentString(`
    mutation ResumeQueue($name: String!, $note: String) {
  resumeQueue(name: $name, note: $note) {
    queue {
      name
      ready
      deferred
      pause {
        at
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ResumeQueueMutation, ResumeQueueMutationVariables>;
export const RetrySagaDocument = new TypedDocumentString(`
    mutation RetrySaga($id: ID!, $note: String!, $dryRun: Boolean! = false) {
  retrySaga(id: $id, note: $note, dryRun: $dryRun) {
    saga {
      id
      state
      status
      sequence
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RetrySagaMutation, RetrySagaMutationVariables>;
export const SaveCourseDocument = new TypedDocumentString(`
    mutation SaveCourse($id: ID, $input: CourseInput!) {
  saveCourse(id: $id, input: $input) {
    course {
      id
      title
      status
      capacity
      seatsTaken
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SaveCourseMutation, SaveCourseMutationVariables>;
export const ShowApplicationDocument = new TypedDocumentString(`
    query ShowApplication($id: ID!) {
  applicationRequest(id: $id) {
    id
    status
    note
    decidedAt
    failure {
      code
      message
    }
    documents {
      id
      kind
      fileName
      verdict
      problem {
        code
        message
      }
    }
    backgroundCheck {
      status
    }
    reviewer {
      id
    }
    saga {
      id
      state
      status
      reason {
        code
        message
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ShowApplicationQuery, ShowApplicationQueryVariables>;
export const ShowEnrollmentDocument = new TypedDocumentString(`
    query ShowEnrollment($id: ID!) {
  courseEnrollment(id: $id) {
    id
    status
    failure {
      code
      message
    }
    accessGrantedAt
    course {
      capacity
      seatsTaken
    }
    saga {
      id
      state
      status
    }
  }
}
    `) as unknown as TypedDocumentString<ShowEnrollmentQuery, ShowEnrollmentQueryVariables>;
export const ShowSessionDocument = new TypedDocumentString(`
    query ShowSession($id: ID!) {
  mentoringSession(id: $id) {
    id
    status
    type
    meetingUrl
    failure {
      code
      message
    }
    proposalNote
    schedule {
      id
      startTime
      open
    }
    proposedSchedule {
      id
      startTime
    }
    saga {
      id
      state
      status
    }
  }
}
    `) as unknown as TypedDocumentString<ShowSessionQuery, ShowSessionQueryVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($email: EmailAddress!, $password: String!) {
  signIn(email: $email, password: $password) {
    accessToken
    accessTokenExpiresAt
    user {
      id
      fullName
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
export const UpdateMentorProfileDocument = new TypedDocumentString(`
    mutation UpdateMentorProfile($input: MentorProfileInput!) {
  updateMentorProfile(input: $input) {
    user {
      id
      mentorProfile {
        headline
        maxSessionsPerWeek
        minNoticeHours
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateMentorProfileMutation, UpdateMentorProfileMutationVariables>;
export const UpdateUserDocument = new TypedDocumentString(`
    mutation UpdateUser($id: ID!, $roles: [Role!], $active: Boolean) {
  updateUser(id: $id, roles: $roles, active: $active) {
    user {
      id
      roles
      active
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateUserMutation, UpdateUserMutationVariables>;
export const VerifyEmailDocument = new TypedDocumentString(`
    mutation VerifyEmail($token: String!) {
  verifyEmail(token: $token) {
    user {
      id
      fullName
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<VerifyEmailMutation, VerifyEmailMutationVariables>;
export const WatchActivityDocument = new TypedDocumentString(`
    subscription WatchActivity($filter: SagaFilter, $after: String) {
  sagaActivity(filter: $filter, after: $after) {
    cursor
    events {
      sequence
      occurredAt
      kind
      summary
      status
      actor {
        id
      }
      saga {
        id
        type
        state
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchActivitySubscription, WatchActivitySubscriptionVariables>;
export const WatchSagaDocument = new TypedDocumentString(`
    subscription WatchSaga($saga: ID!, $after: Int) {
  sagaProgress(sagaId: $saga, afterSequence: $after) {
    sequence
    hasMore
    final
    saga {
      id
      state
      status
      settled
      attempt
      maxAttempts
      nextAttemptAt
      reason {
        code
        message
      }
      steps {
        state
        status
        attempts
      }
    }
    events {
      sequence
      occurredAt
      kind
      summary
      fromState
      toState
      status
      reason {
        code
        message
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchSagaSubscription, WatchSagaSubscriptionVariables>;
export const WhatIsWrongDocument = new TypedDocumentString(`
    query WhatIsWrong {
  sagaCounts {
    type
    state
    status
    count
    oldestUpdatedAt
  }
  queues {
    name
    ready
    active
    deadLetters
    oldestReadyAt
    pause {
      note
    }
  }
  sagas(filter: {status: [STUCK]}, orderBy: UPDATED_AT_ASC, first: 20) {
    nodes {
      id
      type
      state
      status
      attempt
      maxAttempts
      reason {
        code
        message
        occurredAt
      }
      explanation {
        cause
        summary
        remedies {
          mutation
          description
          arguments
        }
      }
      events(first: 50) {
        sequence
        occurredAt
        kind
        message
        summary
        reason {
          code
          message
        }
        data
      }
      deadLetters {
        id
        message
        status
        detail
        payload
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WhatIsWrongQuery, WhatIsWrongQueryVariables>;
export const WithdrawSlotDocument = new TypedDocumentString(`
    mutation WithdrawSlot($id: ID!) {
  withdrawSchedule(id: $id) {
    schedules {
      id
      open
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<WithdrawSlotMutation, WithdrawSlotMutationVariables>;