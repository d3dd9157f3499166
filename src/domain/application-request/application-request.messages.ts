import { command, event, t } from "../../outbox/index.ts";

/** Somebody applied to become a mentor; the request's row exists and is PENDING. Starts the ApplicationRequest saga. */
export const ApplicationRequestSubmittedEvent = event("ApplicationRequestSubmittedEvent", { requestId: t.id(), userId: t.id(), submittedAt: t.time() });

/** `problems`: one sentence for each document that is not as it was announced. */
export const DocumentsValidatedEvent = event("DocumentsValidatedEvent", {
  requestId: t.id(),
  verdict: t.oneOf("valid", "missing", "damaged"),
  problems: t.list(t.text()),
});
/** `consider` is no refusal: it asks for the eye of a person. */
export const BackgroundCheckCompletedEvent = event("BackgroundCheckCompletedEvent", {
  requestId: t.id(),
  result: t.oneOf("clear", "consider", "failed"),
  checkId: t.id(),
});
export const BackgroundCheckPolledEvent = event("BackgroundCheckPolledEvent", { requestId: t.id() });
export const BackgroundCheckCancelledEvent = event("BackgroundCheckCancelledEvent", { requestId: t.id() });
/** The reviewer is expected to decide by `dueAt`. */
export const ReviewerAssignedEvent = event("ReviewerAssignedEvent", { requestId: t.id(), reviewerId: t.id(), dueAt: t.time() });
export const NoReviewerAvailableEvent = event("NoReviewerAvailableEvent", { requestId: t.id() });
export const ReviewerUnassignedEvent = event("ReviewerUnassignedEvent", { requestId: t.id() });
export const ReviewReminderSentEvent = event("ReviewReminderSentEvent", { requestId: t.id() });
export const InfoRequestSentEvent = event("InfoRequestSentEvent", { requestId: t.id() });
export const ApplicationNotificationSentEvent = event("ApplicationNotificationSentEvent", { requestId: t.id(), deliveryId: t.id() });

/** A reviewer decided, or wants to know more. What the decision changes is committed together with it. */
export const ApplicationApprovedEvent = event("ApplicationApprovedEvent", { requestId: t.id(), reviewerId: t.id(), approvedAt: t.time() });
export const ApplicationRejectedEvent = event("ApplicationRejectedEvent", { requestId: t.id(), reviewerId: t.id(), rejectedAt: t.time(), reason: t.text() });
/** Until `dueAt` nobody waits for the reviewer, but for the applicant. */
export const ApplicationInfoRequestedEvent = event("ApplicationInfoRequestedEvent", { requestId: t.id(), reviewerId: t.id(), note: t.text(), dueAt: t.time() });
/** The applicant sent what was missing. */
export const ApplicationResubmittedEvent = event("ApplicationResubmittedEvent", { requestId: t.id(), submittedAt: t.time() });
/** Somebody else is to read it, by the decision of an administrator. */
export const ApplicationReviewerChangedEvent = event("ApplicationReviewerChangedEvent", { requestId: t.id(), reviewerId: t.id(), dueAt: t.time() });
/** Who was to read it does not review any more. */
export const ApplicationReviewerLeftEvent = event("ApplicationReviewerLeftEvent", { requestId: t.id(), reviewerId: t.id() });
/** The applicant wants out before the decision, or has not answered for too long. */
export const ApplicationWithdrawnEvent = event("ApplicationWithdrawnEvent", { requestId: t.id(), byUserId: t.id(), because: t.oneOf("asked", "silent") });

/** Checks that every document is there and is what it was announced as. Changes nothing. */
export const ValidateDocumentsCommand = command("ValidateDocumentsCommand", { requestId: t.id(), userId: t.id() }, DocumentsValidatedEvent);

/** Asks the provider, whose answer may take days; undone by CancelBackgroundCheckCommand. */
export const RequestBackgroundCheckCommand = command("RequestBackgroundCheckCommand", { requestId: t.id(), userId: t.id() }, BackgroundCheckCompletedEvent);
/** Asks the provider whether the answer is there, in case its own message was lost. */
export const PollBackgroundCheckCommand = command("PollBackgroundCheckCommand", { requestId: t.id() }, BackgroundCheckPolledEvent);
export const CancelBackgroundCheckCommand = command("CancelBackgroundCheckCommand", { requestId: t.id() }, BackgroundCheckCancelledEvent);

/** Assigns a reviewer who is none of `notTo`: whom an administrator has named, else `preferred`, else who has least to do; undone by UnassignReviewerCommand. */
export const AssignReviewerCommand = command(
  "AssignReviewerCommand",
  { requestId: t.id(), preferred: t.maybe(t.id()), notTo: t.list(t.id()) },
  ReviewerAssignedEvent,
  NoReviewerAvailableEvent,
);
export const UnassignReviewerCommand = command("UnassignReviewerCommand", { requestId: t.id(), reviewerId: t.maybe(t.id()) }, ReviewerUnassignedEvent);
export const SendReviewReminderCommand = command("SendReviewReminderCommand", { requestId: t.id(), reviewerId: t.maybe(t.id()) }, ReviewReminderSentEvent);

/** Tells the applicant what the reviewer wants to know, if that is what the application waits for. */
export const SendInfoRequestCommand = command("SendInfoRequestCommand", { requestId: t.id(), userId: t.id() }, InfoRequestSentEvent);

/** Tells the applicant the decision, or how the application has ended without one. */
export const SendApplicationNotificationCommand = command(
  "SendApplicationNotificationCommand",
  { requestId: t.id(), userId: t.id(), decision: t.oneOf("approved", "rejected", "ended"), reason: t.maybe(t.text()) },
  ApplicationNotificationSentEvent,
);
