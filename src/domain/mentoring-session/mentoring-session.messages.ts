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

/** `reason` says, in a sentence for the learner, why the slot cannot be had after all. */
export const ScheduleValidatedEvent = event("ScheduleValidatedEvent", { sessionId: t.id(), isValid: t.bool(), reason: t.maybe(t.text()) });
export const SlotReleasedEvent = event("SlotReleasedEvent", { sessionId: t.id() });
export const NotificationsSentEvent = event("NotificationsSentEvent", { sessionId: t.id(), deliveryIds: t.list(t.id()) });
/** `deliveryIds` are those that went out all the same. */
export const NotificationsFailedEvent = event("NotificationsFailedEvent", { sessionId: t.id(), deliveryIds: t.list(t.id()), reason: t.text() });
export const NotificationsWithdrawnEvent = event("NotificationsWithdrawnEvent", { sessionId: t.id() });
export const SessionReminderSentEvent = event("SessionReminderSentEvent", { sessionId: t.id() });

/** The mentor or the learner wants out before the session is over. */
export const CancellationRequestedEvent = event("CancellationRequestedEvent", { sessionId: t.id(), byUserId: t.id(), reason: t.maybe(t.text()) });
/** The mentor says that the session took place. */
export const SessionCompletedEvent = event("SessionCompletedEvent", { sessionId: t.id(), completedAt: t.time() });

/** Checks what the booking could not: notice, mentor, the mentor's week, the learner's open sessions. Changes nothing. */
export const ValidateScheduleCommand = command(
  "ValidateScheduleCommand",
  { sessionId: t.id(), scheduleId: t.id(), mentorId: t.id(), learnerId: t.id() },
  ScheduleValidatedEvent,
);
/** Undoes the claim that the booking itself made. */
export const ReleaseScheduleSlotCommand = command("ReleaseScheduleSlotCommand", { sessionId: t.id(), scheduleId: t.id() }, SlotReleasedEvent);

/** Tells both what has become of the booking; undone by WithdrawSessionNotificationsCommand. */
export const SendSessionNotificationsCommand = command(
  "SendSessionNotificationsCommand",
  { sessionId: t.id(), kind: t.oneOf("scheduled", "cancelled"), userIds: t.list(t.id()), reason: t.maybe(t.text()) },
  NotificationsSentEvent,
  NotificationsFailedEvent,
);
export const WithdrawSessionNotificationsCommand = command(
  "WithdrawSessionNotificationsCommand",
  { sessionId: t.id(), deliveryIds: t.list(t.id()) },
  NotificationsWithdrawnEvent,
);

/** Reminds both of a session that is near. */
export const SendSessionReminderCommand = command("SendSessionReminderCommand", { sessionId: t.id(), userIds: t.list(t.id()) }, SessionReminderSentEvent);
