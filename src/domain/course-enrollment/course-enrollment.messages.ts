import { command, event, t } from "../../outbox/index.ts";

/** A learner asked for a place in a course; the enrollment row exists and is PENDING. Starts the CourseEnrollment saga. */
export const CourseEnrolledEvent = event("CourseEnrolledEvent", { enrollmentId: t.id(), courseId: t.id(), userId: t.id() });

/** Answer to the seat claim. `hasCapacity: true` means that a seat is now held; `capacity` is left out when there is no limit. */
export const CourseCapacityCheckedEvent = event("CourseCapacityCheckedEvent", {
  enrollmentId: t.id(),
  hasCapacity: t.bool(),
  seatsLeft: t.maybe(t.int()),
  capacity: t.maybe(t.int()),
});
export const SeatReleasedEvent = event("SeatReleasedEvent", { enrollmentId: t.id() });
export const EnrollmentConfirmedEvent = event("EnrollmentConfirmedEvent", { enrollmentId: t.id(), confirmedAt: t.time() });
export const EnrollmentRefusedEvent = event("EnrollmentRefusedEvent", { enrollmentId: t.id(), reason: t.text() });
export const EnrollmentCancelledEvent = event("EnrollmentCancelledEvent", { enrollmentId: t.id() });
export const WelcomeEmailSentEvent = event("WelcomeEmailSentEvent", { enrollmentId: t.id(), deliveryId: t.id() });
export const WelcomeEmailWithdrawnEvent = event("WelcomeEmailWithdrawnEvent", { enrollmentId: t.id() });
export const CourseAccessGrantedEvent = event("CourseAccessGrantedEvent", { enrollmentId: t.id(), grantId: t.id() });
export const CourseAccessRefusedEvent = event("CourseAccessRefusedEvent", { enrollmentId: t.id(), reason: t.text() });
export const CourseAccessRevokedEvent = event("CourseAccessRevokedEvent", { enrollmentId: t.id() });

/** The learner, or an administrator for them, wants out while the enrollment is still being worked on. */
export const EnrollmentCancellationRequestedEvent = event("EnrollmentCancellationRequestedEvent", { enrollmentId: t.id(), byUserId: t.id() });

/** Claims a seat; undone by ReleaseSeatCommand. */
export const CheckCourseCapacityCommand = command("CheckCourseCapacityCommand", { enrollmentId: t.id(), courseId: t.id() }, CourseCapacityCheckedEvent);
export const ReleaseSeatCommand = command("ReleaseSeatCommand", { enrollmentId: t.id(), courseId: t.id() }, SeatReleasedEvent);

/** Checks window, account and course once more and confirms; undone by CancelEnrollmentCommand. */
export const ConfirmEnrollmentCommand = command(
  "ConfirmEnrollmentCommand",
  { enrollmentId: t.id(), userId: t.id(), courseId: t.id() },
  EnrollmentConfirmedEvent,
  EnrollmentRefusedEvent,
);
export const CancelEnrollmentCommand = command("CancelEnrollmentCommand", { enrollmentId: t.id(), reason: t.text() }, EnrollmentCancelledEvent);

/** Sends the welcome mail; undone by WithdrawWelcomeEmailCommand, which tells the learner that the welcome no longer holds. */
export const SendWelcomeEmailCommand = command("SendWelcomeEmailCommand", { enrollmentId: t.id(), userId: t.id(), courseId: t.id() }, WelcomeEmailSentEvent);
export const WithdrawWelcomeEmailCommand = command(
  "WithdrawWelcomeEmailCommand",
  { enrollmentId: t.id(), userId: t.id(), deliveryId: t.maybe(t.id()) },
  WelcomeEmailWithdrawnEvent,
);

/** Opens the course's materials to the learner; undone by RevokeCourseAccessCommand. */
export const GrantCourseAccessCommand = command(
  "GrantCourseAccessCommand",
  { enrollmentId: t.id(), userId: t.id(), courseId: t.id() },
  CourseAccessGrantedEvent,
  CourseAccessRefusedEvent,
);
export const RevokeCourseAccessCommand = command(
  "RevokeCourseAccessCommand",
  { enrollmentId: t.id(), userId: t.id(), courseId: t.id() },
  CourseAccessRevokedEvent,
);
