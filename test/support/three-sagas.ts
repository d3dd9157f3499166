import * as a from "../../src/domain/application-request/application-request.messages.ts";
import * as e from "../../src/domain/course-enrollment/course-enrollment.messages.ts";
import * as s from "../../src/domain/mentoring-session/mentoring-session.messages.ts";
import { occur, type EventMessage } from "../../src/outbox/index.ts";
import { applicationRequest } from "../../src/sagas/application-request.ts";
import { courseEnrollment } from "../../src/sagas/course-enrollment.ts";
import type { AnySaga } from "../../src/sagas/engine/index.ts";
import { mentoringSession } from "../../src/sagas/mentoring-session.ts";

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const at = new Date("2026-03-01T10:00:00Z");
/** Some days after an instant that no test gets to. */
const farOff = (days: number): Date => new Date(Date.parse("2100-01-01T00:00:00Z") + days * 86_400_000);

/** A saga of the platform with everything that may be said to it: what its participants answer when all goes well, and events from outside. */
export interface Platform {
  readonly saga: AnySaga;
  readonly start: EventMessage;
  /** Of every command, undos included, the answer that leads on. */
  readonly answers: Readonly<Record<string, EventMessage>>;
  /** Answers and events that lead elsewhere, and events that are waited for, by a name of their own. */
  readonly events: Readonly<Record<string, EventMessage>>;
  /** Has everything undone. */
  readonly cancel: EventMessage;
}

const sessionId = id(1);
export const session: Platform = {
  saga: mentoringSession,
  start: occur(s.MentoringSessionCreatedEvent, {
    sessionId,
    learnerId: id(2),
    mentorId: id(3),
    scheduleId: id(4),
    courseId: id(5),
    startsAt: at,
    endsAt: new Date(at.getTime() + 3_600_000),
    occurredOn: new Date(at.getTime() - 86_400_000 * 3),
  }),
  answers: {
    ValidateScheduleCommand: occur(s.ScheduleValidatedEvent, { sessionId, verdict: "VALID" }),
    ReleaseScheduleSlotCommand: occur(s.SlotReleasedEvent, { sessionId }),
    SendSessionNotificationsCommand: occur(s.NotificationsSentEvent, { sessionId, deliveryIds: [id(6), id(7)] }),
    WithdrawSessionNotificationsCommand: occur(s.NotificationsWithdrawnEvent, { sessionId }),
    SendSessionReminderCommand: occur(s.SessionReminderSentEvent, { sessionId }),
  },
  events: {
    invalid: occur(s.ScheduleValidatedEvent, { sessionId, verdict: "MENTOR_WEEK_FULL", reason: "The mentor's week is full." }),
    completed: occur(s.MentoringSessionCompletedEvent, { sessionId, outcome: "HELD", completedAt: at }),
  },
  cancel: occur(s.MentoringSessionCancelledEvent, { sessionId, byUserId: id(2), by: "LEARNER" }),
};

const enrollmentId = id(11);
export const enrollment: Platform = {
  saga: courseEnrollment,
  start: occur(e.CourseEnrolledEvent, { enrollmentId, courseId: id(12), userId: id(13) }),
  answers: {
    CheckCourseCapacityCommand: occur(e.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: true, seatsLeft: 1 }),
    ReleaseSeatCommand: occur(e.SeatReleasedEvent, { enrollmentId }),
    ConfirmEnrollmentCommand: occur(e.EnrollmentConfirmedEvent, { enrollmentId, confirmedAt: at }),
    CancelEnrollmentCommand: occur(e.EnrollmentCancelledEvent, { enrollmentId }),
    SendWelcomeEmailCommand: occur(e.WelcomeEmailSentEvent, { enrollmentId, deliveryId: id(14) }),
    WithdrawWelcomeEmailCommand: occur(e.WelcomeEmailWithdrawnEvent, { enrollmentId }),
    GrantCourseAccessCommand: occur(e.CourseAccessGrantedEvent, { enrollmentId, grantId: id(15) }),
    RevokeCourseAccessCommand: occur(e.CourseAccessRevokedEvent, { enrollmentId }),
  },
  events: {
    full: occur(e.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: false, capacity: 30 }),
    accessRefused: occur(e.CourseAccessRefusedEvent, { enrollmentId, reason: "The course is archived." }),
  },
  cancel: occur(e.EnrollmentCancellationRequestedEvent, { enrollmentId, byUserId: id(13) }),
};

const requestId = id(21);
export const application: Platform = {
  saga: applicationRequest,
  start: occur(a.ApplicationRequestSubmittedEvent, { requestId, userId: id(22), submittedAt: at }),
  answers: {
    ValidateDocumentsCommand: occur(a.DocumentsValidatedEvent, { requestId, verdict: "valid", problems: [] }),
    RequestBackgroundCheckCommand: occur(a.BackgroundCheckCompletedEvent, { requestId, result: "clear", checkId: id(23) }),
    PollBackgroundCheckCommand: occur(a.BackgroundCheckPolledEvent, { requestId }),
    CancelBackgroundCheckCommand: occur(a.BackgroundCheckCancelledEvent, { requestId }),
    AssignReviewerCommand: occur(a.ReviewerAssignedEvent, { requestId, reviewerId: id(24), dueAt: farOff(14) }),
    UnassignReviewerCommand: occur(a.ReviewerUnassignedEvent, { requestId }),
    SendInfoRequestCommand: occur(a.InfoRequestSentEvent, { requestId }),
    SendReviewReminderCommand: occur(a.ReviewReminderSentEvent, { requestId }),
    SendApplicationNotificationCommand: occur(a.ApplicationNotificationSentEvent, { requestId, deliveryId: id(25) }),
  },
  events: {
    invalid: occur(a.DocumentsValidatedEvent, { requestId, verdict: "damaged", problems: ["cv.pdf is not what was sent in."] }),
    checkFailed: occur(a.BackgroundCheckCompletedEvent, { requestId, result: "failed", checkId: id(23) }),
    approved: occur(a.ApplicationApprovedEvent, { requestId, reviewerId: id(24), approvedAt: at }),
    rejected: occur(a.ApplicationRejectedEvent, { requestId, reviewerId: id(24), rejectedAt: at, reason: "Too early." }),
    infoRequested: occur(a.ApplicationInfoRequestedEvent, {
      requestId,
      reviewerId: id(24),
      note: "Which years?",
      dueAt: farOff(31),
    }),
    resubmitted: occur(a.ApplicationResubmittedEvent, { requestId, submittedAt: at }),
    reviewerChanged: occur(a.ApplicationReviewerChangedEvent, { requestId, reviewerId: id(26), dueAt: farOff(14) }),
    reviewerLeft: occur(a.ApplicationReviewerLeftEvent, { requestId, reviewerId: id(24) }),
  },
  cancel: occur(a.ApplicationWithdrawnEvent, { requestId, byUserId: id(22), because: "asked" }),
};

/** What a participant answers when all goes well. */
export function answerTo({ saga, answers }: Platform, commandName: string): EventMessage {
  const answer = answers[commandName];
  if (answer === undefined) throw new Error(`${saga.name} sends no ${commandName}`);
  return answer;
}

export function eventOf({ saga, events }: Platform, name: string): EventMessage {
  const event = events[name];
  if (event === undefined) throw new Error(`Nothing that happens to ${saga.name} is called ${name}`);
  return event;
}
