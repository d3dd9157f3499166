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

/** What sort of thing happened to a saga. */
export type SagaEventKind =
  /** An attempt of a step failed; `reason` says why. */
  | 'ATTEMPT_FAILED'
  /** An effect of an earlier step was undone, or is about to be. */
  | 'COMPENSATION'
  /** A duplicate or late message arrived and was put aside without effect. */
  | 'MESSAGE_IGNORED'
  /** An operator retried, cancelled or redrove. */
  | 'OPERATOR_ACTION'
  /** State or status changed. */
  | 'TRANSITION';

/** State names are the state machines' own and are spelled alike in the API, the tables, the logs and the metrics; this is why this one enum is not in capitals. */
export type SagaState =
  | 'CheckingCapacity'
  | 'ConfirmingEnrollment'
  | 'EnrollmentCompleted'
  | 'EnrollmentConfirmed'
  | 'EnrollmentFailed'
  | 'EnrollmentInitiated'
  | 'GrantingAccess'
  | 'SendingWelcomeEmail';

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
  | 'COURSE_ENROLLMENT';

export type SignInMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type SignInMutation = { signIn: { accessToken: string | null, accessTokenExpiresAt: string | null, user: { id: string, email: string | null, roles: Array<Role> | null } | null, userErrors: Array<{ code: ReasonCode, message: string, field: Array<string> | null }> } | null };

export type EnrollMutationVariables = Exact<{
  course: string;
  key: string;
}>;


export type EnrollMutation = { enrollInCourse: { courseEnrollment: { id: string, status: CourseEnrollmentStatus, failure: { code: ReasonCode } | null, course: { id: string }, learner: { id: string }, saga: { id: string } } | null, saga: { id: string, type: SagaType, state: SagaState, status: SagaStatus, sequence: number, subjectId: string, subject: { id: string } | null, steps: Array<{ state: SagaState, status: SagaStepStatus }> } | null, userErrors: Array<{ code: ReasonCode, field: Array<string> | null, message: string }> } | null };

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


export type WatchSubscription = { sagaProgress: { sequence: number, hasMore: boolean, final: boolean, saga: { id: string, sequence: number, state: SagaState, status: SagaStatus, steps: Array<{ state: SagaState, status: SagaStepStatus }>, subject: { id: string, learner: { fullName: string } } | null }, events: Array<{ id: string, sequence: number, kind: SagaEventKind, summary: string, toState: SagaState, status: SagaStatus, saga: { id: string } }> } };

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