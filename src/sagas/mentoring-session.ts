import * as m from "../domain/mentoring-session/mentoring-session.messages.ts";
import { fail, finish, next, park, saga, skip, t } from "./engine/index.ts";
import { localRetry, mailRetry } from "./retries.ts";

const hourMs = 3_600_000;
const hoursFrom = (instant: Date, hours: number): Date => new Date(instant.getTime() + hours * hourMs);

/**
 * From "book this slot" to the end of the session: the booking is checked, both are told, and the saga then stands until the
 * session has taken place. A booking that cannot be, and a cancellation at any point, give the slot back.
 */
export const mentoringSession = saga("MentoringSession", {
  version: 1,
  key: "sessionId",
  participants: ["learnerId", "mentorId"],
  data: {
    sessionId: t.id(),
    learnerId: t.id(),
    mentorId: t.id(),
    scheduleId: t.id(),
    courseId: t.id(),
    startsAt: t.time(),
    endsAt: t.time(),
    deliveryIds: t.list(t.id()),
    refusal: t.maybe(t.text()),
    cancellation: t.maybe(t.text()),
  },
  states: ["SessionCreated", "ValidatingSchedule", "SendingNotifications", "SessionScheduled"],
  finals: { SessionCompleted: "succeeded", SessionCancelled: "failed" },
  reasons: {
    ScheduleInvalid: { code: "MENTOR_UNAVAILABLE", message: (d) => d.refusal ?? "The slot cannot be booked any more." },
    ValidationUnavailable: { code: "TIMED_OUT", message: "The booking could not be checked in time." },
    CancelledByUser: {
      code: "CANCELLED_BY_USER",
      message: (d) => (d.cancellation === undefined ? "The session was cancelled." : `The session was cancelled: ${d.cancellation}`),
      cancels: true,
    },
  },
})
  .startOn(m.MentoringSessionCreatedEvent, {
    state: "SessionCreated",
    key: (e) => e.sessionId,
    init: (e) => ({
      sessionId: e.sessionId,
      learnerId: e.learnerId,
      mentorId: e.mentorId,
      scheduleId: e.scheduleId,
      courseId: e.courseId,
      startsAt: e.startsAt,
      endsAt: e.endsAt,
      deliveryIds: [],
    }),
    // The booking itself claimed the slot.
    compensate: { invoke: m.ReleaseScheduleSlotCommand, with: (d) => ({ sessionId: d.sessionId, scheduleId: d.scheduleId }) },
  })
  .step("ValidatingSchedule", {
    invoke: m.ValidateScheduleCommand,
    with: (d) => ({ sessionId: d.sessionId, scheduleId: d.scheduleId, mentorId: d.mentorId, learnerId: d.learnerId }),
    onReply: {
      ScheduleValidatedEvent: { by: "isValid", cases: { true: next, false: { save: (e) => ({ refusal: e.reason }), then: fail("ScheduleInvalid") } } },
    },
    effect: "none",
    retry: localRetry,
    attemptTimeout: "5s",
    timeout: ["2m", fail("ValidationUnavailable")],
    onExhausted: park,
  })
  .step("SendingNotifications", {
    invoke: m.SendSessionNotificationsCommand,
    with: (d) => ({ sessionId: d.sessionId, kind: "scheduled", userIds: [d.mentorId, d.learnerId] }),
    onReply: {
      NotificationsSentEvent: { save: (e) => ({ deliveryIds: e.deliveryIds }), then: next },
      NotificationsFailedEvent: { save: (e) => ({ deliveryIds: e.deliveryIds }), then: next },
    },
    compensate: {
      invoke: m.WithdrawSessionNotificationsCommand,
      with: (d) => ({ sessionId: d.sessionId, deliveryIds: d.deliveryIds }),
      ifExhausted: "continue",
    },
    retry: mailRetry,
    attemptTimeout: "20s",
    // A mail outage never decides about a booking.
    timeout: ["30m", skip],
    onExhausted: skip,
  })
  .wait("SessionScheduled", {
    goal: true,
    for: [m.SessionCompletedEvent],
    on: { SessionCompletedEvent: finish("SessionCompleted") },
    remind: {
      at: [(d) => hoursFrom(d.startsAt, -24), (d) => hoursFrom(d.startsAt, -1)],
      invoke: m.SendSessionReminderCommand,
      with: (d) => ({ sessionId: d.sessionId, userIds: [d.mentorId, d.learnerId] }),
    },
    // Nobody said that it did not take place.
    deadline: [(d) => hoursFrom(d.endsAt, 24), finish("SessionCompleted")],
  })
  .interrupt(m.CancellationRequestedEvent, {
    during: "any",
    save: (e) => ({ cancellation: e.reason }),
    then: fail("CancelledByUser"),
    whenFinal: "refuse",
  })
  .reflect(
    "mentoring_session",
    { status: "status", reason: "failure" },
    {
      SessionCreated: "PENDING",
      ValidatingSchedule: "PENDING",
      SendingNotifications: "PENDING",
      SessionScheduled: "SCHEDULED",
      SessionCompleted: "COMPLETED",
      SessionCancelled: "CANCELLED",
    },
  )
  .onFailed({
    final: "SessionCancelled",
    tell: {
      invoke: m.SendSessionNotificationsCommand,
      with: (d, x) => ({ sessionId: d.sessionId, kind: "cancelled", userIds: [d.mentorId, d.learnerId], reason: x.reason }),
      retry: mailRetry,
      attemptTimeout: "20s",
    },
  })
  .build();
