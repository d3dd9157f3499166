import * as m from "../domain/course-enrollment/course-enrollment.messages.ts";
import { fail, finish, next, park, saga, skip, t } from "./engine/index.ts";
import { localRetry, mailRetry } from "./retries.ts";

/**
 * From "enroll me" to "you may open the course": a seat is claimed, the enrollment confirmed, the learner welcomed by mail,
 * and access granted. Whatever fails before the end, and a cancellation at any point, undoes what was done in reverse order.
 */
export const courseEnrollment = saga("CourseEnrollment", {
  version: 1,
  key: "enrollmentId",
  participants: ["userId"],
  data: {
    enrollmentId: t.id(),
    courseId: t.id(),
    userId: t.id(),
    capacity: t.maybe(t.int()),
    refusal: t.maybe(t.text()),
    confirmedAt: t.maybe(t.time()),
    welcomeDeliveryId: t.maybe(t.id()),
    grantId: t.maybe(t.id()),
  },
  states: ["EnrollmentInitiated", "CheckingCapacity", "ConfirmingEnrollment", "EnrollmentConfirmed", "SendingWelcomeEmail", "GrantingAccess"],
  finals: { EnrollmentCompleted: "succeeded", EnrollmentFailed: "failed" },
  reasons: {
    NoCapacity: {
      code: "COURSE_FULL",
      message: (d) => (d.capacity === undefined ? "The course has no seat left." : `All seats of the course are taken (capacity ${d.capacity}).`),
    },
    CapacityUnknown: { code: "TIMED_OUT", message: "Whether a seat is left could not be found out in time." },
    ConfirmationRefused: { code: "ENROLLMENT_CLOSED", message: (d) => d.refusal ?? "The enrollment could not be confirmed." },
    ConfirmationUnavailable: { code: "TIMED_OUT", message: "The enrollment could not be confirmed in time." },
    AccessRefused: { code: "ENROLLMENT_CLOSED", message: (d) => d.refusal ?? "Access to the course was refused." },
    AccessUnavailable: { code: "TIMED_OUT", message: "Access to the course could not be granted in time." },
    CancelledByUser: { code: "CANCELLED_BY_USER", message: "The enrollment was cancelled.", cancels: true },
  },
})
  .startOn(m.CourseEnrolledEvent, { state: "EnrollmentInitiated", key: (e) => e.enrollmentId, init: (e) => ({ ...e }) })
  .step("CheckingCapacity", {
    invoke: m.CheckCourseCapacityCommand,
    with: (d) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId }),
    onReply: {
      CourseCapacityCheckedEvent: { by: "hasCapacity", cases: { true: next, false: { save: (e) => ({ capacity: e.capacity }), then: fail("NoCapacity") } } },
    },
    compensate: { invoke: m.ReleaseSeatCommand, with: (d) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId }) },
    retry: localRetry,
    attemptTimeout: "5s",
    timeout: ["5m", fail("CapacityUnknown")],
    onExhausted: park,
  })
  .step("ConfirmingEnrollment", {
    invoke: m.ConfirmEnrollmentCommand,
    with: (d) => ({ enrollmentId: d.enrollmentId, userId: d.userId, courseId: d.courseId }),
    onReply: {
      EnrollmentConfirmedEvent: { save: (e) => ({ confirmedAt: e.confirmedAt }), then: next },
      EnrollmentRefusedEvent: { save: (e) => ({ refusal: e.reason }), then: fail("ConfirmationRefused") },
    },
    compensate: { invoke: m.CancelEnrollmentCommand, with: (d, x) => ({ enrollmentId: d.enrollmentId, reason: x.reason }) },
    retry: localRetry,
    attemptTimeout: "5s",
    timeout: ["45s", fail("ConfirmationUnavailable")],
    onExhausted: fail("ConfirmationUnavailable"),
  })
  .milestone("EnrollmentConfirmed", { goal: true })
  .step("SendingWelcomeEmail", {
    invoke: m.SendWelcomeEmailCommand,
    with: (d) => ({ enrollmentId: d.enrollmentId, userId: d.userId, courseId: d.courseId }),
    onReply: { WelcomeEmailSentEvent: { save: (e) => ({ welcomeDeliveryId: e.deliveryId }), then: next } },
    compensate: {
      invoke: m.WithdrawWelcomeEmailCommand,
      with: (d) => ({ enrollmentId: d.enrollmentId, userId: d.userId, deliveryId: d.welcomeDeliveryId }),
      ifExhausted: "continue",
    },
    retry: mailRetry,
    attemptTimeout: "20s",
    // A mail outage must not cost the learner the seat: whichever comes first, last attempt or deadline, the saga goes on.
    timeout: ["15m", skip],
    onExhausted: skip,
  })
  .step("GrantingAccess", {
    invoke: m.GrantCourseAccessCommand,
    with: (d) => ({ enrollmentId: d.enrollmentId, userId: d.userId, courseId: d.courseId }),
    onReply: {
      CourseAccessGrantedEvent: { save: (e) => ({ grantId: e.grantId }), then: finish("EnrollmentCompleted") },
      CourseAccessRefusedEvent: { save: (e) => ({ refusal: e.reason }), then: fail("AccessRefused") },
    },
    compensate: { invoke: m.RevokeCourseAccessCommand, with: (d) => ({ enrollmentId: d.enrollmentId, userId: d.userId, courseId: d.courseId }) },
    retry: localRetry,
    attemptTimeout: "10s",
    timeout: ["5m", fail("AccessUnavailable")],
    onExhausted: park,
  })
  .interrupt(m.EnrollmentCancellationRequestedEvent, { during: "any", then: fail("CancelledByUser"), whenFinal: "refuse" })
  .reflect(
    "course_enrollment",
    { status: "status", reason: "failure" },
    {
      EnrollmentInitiated: "PENDING",
      CheckingCapacity: "PENDING",
      ConfirmingEnrollment: "PENDING",
      EnrollmentConfirmed: "CONFIRMED",
      SendingWelcomeEmail: "CONFIRMED",
      GrantingAccess: "CONFIRMED",
      EnrollmentCompleted: "ACTIVE",
      EnrollmentFailed: { otherwise: "FAILED", CancelledByUser: "CANCELLED", CancelledByOperator: "CANCELLED" },
    },
  )
  .onFailed({ final: "EnrollmentFailed" })
  .build();
