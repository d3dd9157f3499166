import { command, event, t } from "../../outbox/index.ts";

/** A learner booked a slot: it is claimed, and the session's row exists and is PENDING. Starts the MentoringSession saga. */
export const MentoringSessionCreatedEvent = event("MentoringSessionCreatedEvent", {
  sessionId: t.id(),
  learnerId: t.id(),
  mentorId: t.id(),
  scheduleId: t.id(),
  courseId: t.id(),
  startsAt: t.time(),
  endsAt: t.time(),
  occurredOn: t.time(),
});

/** What the check of a booking found. VALID: it counts from now on; anything else is the code that the learner is told. */
export const scheduleVerdicts = ["VALID", "SLOT_WITHDRAWN", "TOO_SHORT_NOTICE", "MENTOR_UNAVAILABLE", "MENTOR_WEEK_FULL", "OPEN_SESSION_LIMIT"] as const;
export type ScheduleVerdict = (typeof scheduleVerdicts)[number];

/** `reason` says, in a sentence for the learner, why the slot cannot be had after all. */
export const ScheduleValidatedEvent = event("ScheduleValidatedEvent", {
  sessionId: t.id(),
  verdict: t.oneOf(...scheduleVerdicts),
  reason: t.maybe(t.text()),
});
export const SlotReleasedEvent = event("SlotReleasedEvent", { sessionId: t.id() });
export const NotificationsSentEvent = event("NotificationsSentEvent", { sessionId: t.id(), deliveryIds: t.list(t.id()) });
/** `deliveryIds` are those that went out all the same. */
export const NotificationsFailedEvent = event("NotificationsFailedEvent", { sessionId: t.id(), deliveryIds: t.list(t.id()), reason: t.text() });
export const NotificationsWithdrawnEvent = event("NotificationsWithdrawnEvent", { sessionId: t.id() });
export const SessionReminderSentEvent = event("SessionReminderSentEvent", { sessionId: t.id() });

/** A session is called off before it has begun; its slots are free again with the commit of this event. */
export const MentoringSessionCancelledEvent = event("MentoringSessionCancelledEvent", {
  sessionId: t.id(),
  byUserId: t.id(),
  by: t.oneOf("LEARNER", "MENTOR", "ADMIN"),
  reason: t.maybe(t.text()),
});
/** The mentor says what came of the session. */
export const MentoringSessionCompletedEvent = event("MentoringSessionCompletedEvent", {
  sessionId: t.id(),
  outcome: t.oneOf("HELD", "LEARNER_NO_SHOW", "MENTOR_NO_SHOW"),
  completedAt: t.time(),
});
/** A proposal of another slot was made, or what became of it. Slot and times are those of the proposal. */
export const MentoringSessionStatusChangedEvent = event("MentoringSessionStatusChangedEvent", {
  sessionId: t.id(),
  change: t.oneOf("PROPOSED", "ACCEPTED", "DECLINED", "LAPSED"),
  scheduleId: t.id(),
  startsAt: t.time(),
  endsAt: t.time(),
});

/** Checks what the booking could not: notice, mentor, the mentor's week, the learner's open sessions. Marks what is good, which ends with the claim. */
export const ValidateScheduleCommand = command(
  "ValidateScheduleCommand",
  { sessionId: t.id(), scheduleId: t.id(), mentorId: t.id(), learnerId: t.id() },
  ScheduleValidatedEvent,
);
/** Undoes the claim that the booking itself made, and that of a proposal. */
export const ReleaseScheduleSlotCommand = command("ReleaseScheduleSlotCommand", { sessionId: t.id(), scheduleId: t.id() }, SlotReleasedEvent);

/** Tells both what has become of the booking; undone by WithdrawSessionNotificationsCommand. */
export const SendSessionNotificationsCommand = command(
  "SendSessionNotificationsCommand",
  {
    sessionId: t.id(),
    kind: t.oneOf("scheduled", "proposed", "moved", "lapsed", "cancelled"),
    userIds: t.list(t.id()),
    reason: t.maybe(t.text()),
  },
  NotificationsSentEvent,
  NotificationsFailedEvent,
);
/** Takes the invitations of those back who have got one. */
export const WithdrawSessionNotificationsCommand = command(
  "WithdrawSessionNotificationsCommand",
  { sessionId: t.id(), deliveryIds: t.list(t.id()), reason: t.maybe(t.text()) },
  NotificationsWithdrawnEvent,
);

/** Reminds both of a session that is near. */
export const SendSessionReminderCommand = command("SendSessionReminderCommand", { sessionId: t.id(), userIds: t.list(t.id()) }, SessionReminderSentEvent);
