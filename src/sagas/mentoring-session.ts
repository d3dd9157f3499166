import * as m from "../domain/mentoring-session/mentoring-session.messages.ts";
import { fail, finish, next, park, saga, skip, stay, t } from "./engine/index.ts";
import { localRetry, mailRetry } from "./retries.ts";

const hourMs = 3_600_000;
const hoursFrom = (instant: Date, hours: number): Date => new Date(instant.getTime() + hours * hourMs);

const cancellers = { LEARNER: "the learner", MENTOR: "the mentor", ADMIN: "an administrator" } as const;

const refused = <const R extends string>(reason: R) => ({ save: (e: { reason?: string | undefined }) => ({ refusal: e.reason }), then: fail(reason) });

/**
 * From "book this slot" to the end of the session: the booking is checked, both are told, and the saga then stands until the
 * session has taken place, whatever other times are agreed on meanwhile. A booking that cannot be, and a cancellation at any
 * point, give the slot back.
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
    news: t.maybe(t.oneOf("proposed", "moved", "lapsed")),
    cancelledBy: t.maybe(t.oneOf("LEARNER", "MENTOR", "ADMIN")),
    cancellation: t.maybe(t.text()),
  },
  states: ["SessionCreated", "ValidatingSchedule", "SendingNotifications", "SessionScheduled"],
  finals: { SessionCompleted: "succeeded", SessionCancelled: "failed" },
  reasons: {
    SlotWithdrawn: { code: "SLOT_WITHDRAWN", message: (d) => d.refusal ?? "The mentor took the slot back." },
    NoticeTooShort: { code: "TOO_SHORT_NOTICE", message: (d) => d.refusal ?? "The session would begin too soon." },
    MentorUnavailable: { code: "MENTOR_UNAVAILABLE", message: (d) => d.refusal ?? "The mentor takes no sessions now." },
    MentorWeekFull: { code: "MENTOR_WEEK_FULL", message: (d) => d.refusal ?? "The mentor's week is full." },
    TooManyOpenSessions: { code: "OPEN_SESSION_LIMIT", message: (d) => d.refusal ?? "The learner has as many open sessions as are allowed." },
    ValidationUnavailable: { code: "TIMED_OUT", message: "The booking could not be checked in time." },
    RescheduleDeclined: { code: "RESCHEDULE_DECLINED", message: "The learner did not accept the other time.", cancels: true },
    CancelledByUser: {
      code: "CANCELLED_BY_USER",
      message: ({ cancelledBy, cancellation }) =>
        `The session was cancelled${cancelledBy === undefined ? "" : ` by ${cancellers[cancelledBy]}`}${cancellation === undefined ? "." : `: ${cancellation}`}`,
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
      ScheduleValidatedEvent: {
        by: "verdict",
        cases: {
          VALID: next,
          SLOT_WITHDRAWN: refused("SlotWithdrawn"),
          TOO_SHORT_NOTICE: refused("NoticeTooShort"),
          MENTOR_UNAVAILABLE: refused("MentorUnavailable"),
          MENTOR_WEEK_FULL: refused("MentorWeekFull"),
          OPEN_SESSION_LIMIT: refused("TooManyOpenSessions"),
        },
      },
    },
    // That a booking was found good counts only while it holds its slot.
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
      with: (d, x) => ({ sessionId: d.sessionId, deliveryIds: d.deliveryIds, reason: x.reason }),
      retry: mailRetry,
      attemptTimeout: "20s",
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
    for: [m.MentoringSessionCompletedEvent, m.MentoringSessionStatusChangedEvent],
    on: {
      MentoringSessionCompletedEvent: finish("SessionCompleted"),
      MentoringSessionStatusChangedEvent: {
        by: "change",
        cases: {
          PROPOSED: { save: () => ({ news: "proposed" as const }), then: stay },
          // Reminders and the end follow the new times.
          ACCEPTED: { save: (e) => ({ news: "moved" as const, scheduleId: e.scheduleId, startsAt: e.startsAt, endsAt: e.endsAt }), then: stay },
          DECLINED: fail("RescheduleDeclined"),
          LAPSED: { save: () => ({ news: "lapsed" as const }), then: stay },
        },
      },
    },
    tell: {
      invoke: m.SendSessionNotificationsCommand,
      with: (d) => ({ sessionId: d.sessionId, kind: d.news ?? "moved", userIds: [d.mentorId, d.learnerId] }),
      retry: mailRetry,
      attemptTimeout: "20s",
    },
    remind: {
      at: [(d) => hoursFrom(d.startsAt, -24), (d) => hoursFrom(d.startsAt, -1)],
      invoke: m.SendSessionReminderCommand,
      with: (d) => ({ sessionId: d.sessionId, userIds: [d.mentorId, d.learnerId] }),
      attemptTimeout: "20s",
    },
    // Nobody said that it did not take place.
    deadline: [(d) => hoursFrom(d.endsAt, 24), finish("SessionCompleted")],
  })
  .interrupt(m.MentoringSessionCancelledEvent, {
    during: "any",
    save: (e) => ({ cancelledBy: e.by, cancellation: e.reason }),
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
