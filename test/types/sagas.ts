import { command, event, t } from "../../src/outbox/index.ts";
import { exponential, fail, finish, go, incremental, loop, migration, next, park, saga, skip, stay } from "../../src/sagas/engine/index.ts";

// Two sagas that use what the enrollment does not: waits, loops, choices by three values and by the saga's own data, an undo of
// the start, a deadline out of the data. They have to compile without a single type annotation, and to pass the start-up checks.

const session = { sessionId: t.id() };
const MentoringSessionCreatedEvent = event("MentoringSessionCreatedEvent", {
  ...session,
  learnerId: t.id(),
  mentorId: t.id(),
  scheduleId: t.id(),
  endsAt: t.time(),
  occurredOn: t.time(),
});
const ScheduleValidatedEvent = event("ScheduleValidatedEvent", { ...session, isValid: t.bool(), reason: t.maybe(t.text()) });
const NotificationsSentEvent = event("NotificationsSentEvent", { ...session, deliveryIds: t.list(t.id()) });
const NotificationsFailedEvent = event("NotificationsFailedEvent", { ...session, deliveryIds: t.list(t.id()), reason: t.text() });
const NotificationsWithdrawnEvent = event("NotificationsWithdrawnEvent", session);
const SlotReleasedEvent = event("SlotReleasedEvent", session);
const SessionCompletedEvent = event("SessionCompletedEvent", { ...session, completedAt: t.time() });
const CancellationRequestedEvent = event("CancellationRequestedEvent", { ...session, byUserId: t.id(), reason: t.maybe(t.text()) });
const ValidateScheduleCommand = command(
  "ValidateScheduleCommand",
  { ...session, scheduleId: t.id(), mentorId: t.id(), learnerId: t.id() },
  ScheduleValidatedEvent,
);
const SendSessionNotificationsCommand = command(
  "SendSessionNotificationsCommand",
  { ...session, kind: t.oneOf("scheduled", "cancelled"), userIds: t.list(t.id()), reason: t.maybe(t.text()) },
  NotificationsSentEvent,
  NotificationsFailedEvent,
);
const WithdrawSessionNotificationsCommand = command(
  "WithdrawSessionNotificationsCommand",
  { ...session, deliveryIds: t.list(t.id()) },
  NotificationsWithdrawnEvent,
);
const ReleaseScheduleSlotCommand = command("ReleaseScheduleSlotCommand", { ...session, scheduleId: t.id() }, SlotReleasedEvent);

const localRetry = incremental({ first: "1s", step: "2s", times: 3 });
const mailRetry = exponential({ first: "2s", factor: 2, times: 9, max: "2m", jitter: 0.2 });

export const mentoringSession = saga("MentoringSession", {
  version: 1,
  key: "sessionId",
  participants: ["learnerId", "mentorId"],
  data: { ...session, learnerId: t.id(), mentorId: t.id(), scheduleId: t.id(), endsAt: t.time(), deliveryIds: t.list(t.id()), cancelReason: t.maybe(t.text()) },
  states: ["SessionCreated", "ValidatingSchedule", "SendingNotifications", "SessionScheduled"],
  finals: { SessionCompleted: "succeeded", SessionCancelled: "failed" },
  reasons: {
    ScheduleInvalid: { code: "SLOT_TAKEN", message: (d) => d.cancelReason ?? "The slot is not free." },
    ValidationUnavailable: { code: "TIMED_OUT", message: "The slot could not be checked in time." },
    CancelledByUser: { code: "CANCELLED_BY_USER", message: (d) => `Cancelled: ${d.cancelReason}.`, cancels: true },
  },
})
  .startOn(MentoringSessionCreatedEvent, {
    state: "SessionCreated",
    key: (e) => e.sessionId,
    init: ({ sessionId, learnerId, mentorId, scheduleId, endsAt }) => ({ sessionId, learnerId, mentorId, scheduleId, endsAt, deliveryIds: [] }),
    compensate: { invoke: ReleaseScheduleSlotCommand, with: (d) => ({ sessionId: d.sessionId, scheduleId: d.scheduleId }) },
  })
  .step("ValidatingSchedule", {
    invoke: ValidateScheduleCommand,
    with: (d) => ({ sessionId: d.sessionId, scheduleId: d.scheduleId, mentorId: d.mentorId, learnerId: d.learnerId }),
    onReply: {
      ScheduleValidatedEvent: { by: "isValid", cases: { true: next, false: { save: (e) => ({ cancelReason: e.reason }), then: fail("ScheduleInvalid") } } },
    },
    effect: "none",
    retry: localRetry,
    attemptTimeout: "5s",
    timeout: ["2m", fail("ValidationUnavailable")],
    onExhausted: park,
  })
  .step("SendingNotifications", {
    invoke: SendSessionNotificationsCommand,
    with: (d) => ({ sessionId: d.sessionId, kind: "scheduled", userIds: [d.mentorId, d.learnerId] }),
    onReply: {
      NotificationsSentEvent: { save: (e) => ({ deliveryIds: e.deliveryIds }), then: next },
      NotificationsFailedEvent: { save: (e) => ({ deliveryIds: e.deliveryIds }), then: next },
    },
    compensate: { invoke: WithdrawSessionNotificationsCommand, with: (d) => ({ sessionId: d.sessionId, deliveryIds: d.deliveryIds }), ifExhausted: "continue" },
    retry: mailRetry,
    attemptTimeout: "20s",
    timeout: ["30m", skip],
    onExhausted: skip,
  })
  .wait("SessionScheduled", {
    goal: true,
    for: [SessionCompletedEvent],
    on: { SessionCompletedEvent: finish("SessionCompleted") },
    deadline: [(d) => new Date(d.endsAt.getTime() + 86_400_000), finish("SessionCompleted")],
  })
  .interrupt(CancellationRequestedEvent, {
    during: "any",
    save: (e) => ({ cancelReason: e.reason ?? "by a participant" }),
    then: fail("CancelledByUser"),
    whenFinal: "refuse",
  })
  .reflect(
    "mentoring_session",
    { status: "status" },
    {
      SessionCreated: "PENDING",
      ValidatingSchedule: "PENDING",
      SendingNotifications: "PENDING",
      SessionScheduled: "SCHEDULED",
      SessionCompleted: "COMPLETED",
      SessionCancelled: { otherwise: "FAILED", CancelledByUser: "CANCELLED" },
    },
  )
  .onFailed({ final: "SessionCancelled" })
  .build();

const request = { requestId: t.id() };
const ApplicationRequestSubmittedEvent = event("ApplicationRequestSubmittedEvent", { ...request, userId: t.id() });
const DocumentsValidatedEvent = event("DocumentsValidatedEvent", { ...request, isValid: t.bool(), missing: t.list(t.text()) });
const BackgroundCheckCompletedEvent = event("BackgroundCheckCompletedEvent", { ...request, result: t.oneOf("clear", "consider", "failed"), checkId: t.id() });
const BackgroundCheckCancelledEvent = event("BackgroundCheckCancelledEvent", request);
const ReviewerAssignedEvent = event("ReviewerAssignedEvent", { ...request, reviewerId: t.id() });
const NoReviewerAvailableEvent = event("NoReviewerAvailableEvent", request);
const ReviewerUnassignedEvent = event("ReviewerUnassignedEvent", request);
const ApplicationApprovedEvent = event("ApplicationApprovedEvent", { ...request, approvedAt: t.time() });
const ApplicationRejectedEvent = event("ApplicationRejectedEvent", { ...request, rejectedAt: t.time(), reason: t.text() });
const ApplicationInfoRequestedEvent = event("ApplicationInfoRequestedEvent", { ...request, note: t.text() });
const ApplicationResubmittedEvent = event("ApplicationResubmittedEvent", request);
const ApplicationWithdrawnEvent = event("ApplicationWithdrawnEvent", request);
const ApplicationNotificationSentEvent = event("ApplicationNotificationSentEvent", { ...request, deliveryId: t.id() });
const ValidateDocumentsCommand = command("ValidateDocumentsCommand", { ...request, userId: t.id() }, DocumentsValidatedEvent);
const RequestBackgroundCheckCommand = command("RequestBackgroundCheckCommand", { ...request, userId: t.id() }, BackgroundCheckCompletedEvent);
const CancelBackgroundCheckCommand = command("CancelBackgroundCheckCommand", request, BackgroundCheckCancelledEvent);
const AssignReviewerCommand = command("AssignReviewerCommand", { ...request, notTo: t.list(t.id()) }, ReviewerAssignedEvent, NoReviewerAvailableEvent);
const UnassignReviewerCommand = command("UnassignReviewerCommand", { ...request, reviewerId: t.maybe(t.id()) }, ReviewerUnassignedEvent);
const SendApplicationNotificationCommand = command(
  "SendApplicationNotificationCommand",
  { ...request, userId: t.id(), decision: t.oneOf("approved", "rejected"), reason: t.maybe(t.text()) },
  ApplicationNotificationSentEvent,
);

export const applicationRequest = saga("ApplicationRequest", {
  version: 1,
  key: "requestId",
  data: {
    ...request,
    userId: t.id(),
    checkId: t.maybe(t.id()),
    reviewerId: t.maybe(t.id()),
    pastReviewerIds: t.list(t.id()),
    decision: t.oneOf("pending", "approved", "rejected"),
    decidedAt: t.maybe(t.time()),
    decisionReason: t.maybe(t.text()),
  },
  states: ["ApplicationSubmitted", "ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview", "SendingNotification"],
  finals: { ApplicationCompleted: "succeeded", ApplicationRejected: "failed" },
  reasons: {
    DocumentsUnavailable: { code: "TIMED_OUT", message: "The documents could not be read in time." },
    NoReviewer: { code: "TIMED_OUT", message: "No reviewer could be found in time." },
    ReviewTimedOut: { code: "TIMED_OUT", message: (d) => `None of ${d.pastReviewerIds.length} reviewers answered in time.` },
    Withdrawn: { code: "CANCELLED_BY_USER", message: "The application was withdrawn.", cancels: true },
  },
})
  .startOn(ApplicationRequestSubmittedEvent, {
    state: "ApplicationSubmitted",
    key: (e) => e.requestId,
    init: (e) => ({ ...e, pastReviewerIds: [], decision: "pending" }),
  })
  .step("ValidatingDocuments", {
    invoke: ValidateDocumentsCommand,
    with: (d) => ({ requestId: d.requestId, userId: d.userId }),
    onReply: {
      DocumentsValidatedEvent: {
        by: "isValid",
        cases: {
          true: next,
          false: { save: (e) => ({ decision: "rejected", decisionReason: `documents: ${e.missing.join(", ")}` }), then: go("SendingNotification") },
        },
      },
    },
    effect: "none",
    retry: localRetry,
    timeout: ["5m", fail("DocumentsUnavailable")],
    onExhausted: fail("DocumentsUnavailable"),
  })
  .step("RequestingBackgroundCheck", {
    invoke: RequestBackgroundCheckCommand,
    with: (d) => ({ requestId: d.requestId, userId: d.userId }),
    onReply: {
      BackgroundCheckCompletedEvent: {
        by: "result",
        cases: {
          clear: { save: (e) => ({ checkId: e.checkId }), then: next },
          consider: { save: (e) => ({ checkId: e.checkId }), then: next },
          failed: { save: (e) => ({ checkId: e.checkId, decision: "rejected", decisionReason: "background check" }), then: go("SendingNotification") },
        },
      },
    },
    compensate: { invoke: CancelBackgroundCheckCommand, with: (d) => ({ requestId: d.requestId }) },
    retry: localRetry,
    timeout: ["14d", park],
    onExhausted: park,
  })
  .step("AssigningReviewer", {
    invoke: AssignReviewerCommand,
    with: (d) => ({ requestId: d.requestId, notTo: d.pastReviewerIds }),
    onReply: {
      ReviewerAssignedEvent: { save: (e, d) => ({ reviewerId: e.reviewerId, pastReviewerIds: [...d.pastReviewerIds, e.reviewerId] }), then: next },
      NoReviewerAvailableEvent: park,
    },
    compensate: { invoke: UnassignReviewerCommand, with: (d) => ({ requestId: d.requestId, reviewerId: d.reviewerId }) },
    retry: localRetry,
    attemptTimeout: "10s",
    timeout: ["1m", fail("NoReviewer")],
    onExhausted: park,
  })
  .wait("UnderReview", {
    for: [ApplicationApprovedEvent, ApplicationRejectedEvent, ApplicationInfoRequestedEvent, ApplicationResubmittedEvent],
    on: {
      ApplicationInfoRequestedEvent: stay,
      ApplicationResubmittedEvent: go("ValidatingDocuments"),
      ApplicationApprovedEvent: { save: (e) => ({ decision: "approved", decidedAt: e.approvedAt }), then: next },
      ApplicationRejectedEvent: { save: (e) => ({ decision: "rejected", decidedAt: e.rejectedAt, decisionReason: e.reason }), then: next },
    },
    deadline: ["7d", loop("AssigningReviewer", 2, fail("ReviewTimedOut"))],
  })
  .step("SendingNotification", {
    invoke: SendApplicationNotificationCommand,
    with: (d) => ({ requestId: d.requestId, userId: d.userId, decision: d.decision === "approved" ? "approved" : "rejected", reason: d.decisionReason }),
    onReply: {
      ApplicationNotificationSentEvent: {
        byData: "decision",
        cases: { approved: finish("ApplicationCompleted"), rejected: finish("ApplicationRejected"), pending: park },
      },
    },
    effect: "irreversible",
    retry: localRetry,
    attemptTimeout: "20s",
    timeout: ["1d", park],
    onExhausted: park,
  })
  .interrupt(ApplicationWithdrawnEvent, {
    during: ["ApplicationSubmitted", "ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview"],
    save: () => ({ decision: "rejected", decisionReason: "withdrawn by the applicant" }),
    then: fail("Withdrawn"),
  })
  .reflect(
    "application_request",
    { status: "status" },
    {
      ApplicationSubmitted: "PENDING",
      ValidatingDocuments: "PENDING",
      RequestingBackgroundCheck: "PENDING",
      AssigningReviewer: "PENDING",
      UnderReview: "UNDER_REVIEW",
      SendingNotification: null,
      ApplicationCompleted: "APPROVED",
      ApplicationRejected: "REJECTED",
    },
  )
  .onFailed({ final: "ApplicationRejected" })
  .build();

// ---- two versions of one saga

const data = { ...session, mentorId: t.id() };
const step = {
  invoke: ReleaseScheduleSlotCommand,
  onReply: { SlotReleasedEvent: finish("Done") },
  effect: "none",
  timeout: ["1m", park],
  onExhausted: park,
} as const;
const head = { key: "sessionId", finals: { Done: "succeeded" }, reasons: {} } as const;

export const versionOne = saga("Release", { ...head, version: 1, data, states: ["Asked", "Freeing"] })
  .startOn(MentoringSessionCreatedEvent, { state: "Asked", key: (e) => e.sessionId, init: (e) => ({ sessionId: e.sessionId, mentorId: e.mentorId }) })
  .step("Freeing", { ...step, with: (d) => ({ sessionId: d.sessionId, scheduleId: d.mentorId }) })
  .build();

export const versionTwo = saga("Release", { ...head, version: 2, data: { ...data, seat: t.oneOf("standard", "front") }, states: ["Asked", "Releasing"] })
  .startOn(MentoringSessionCreatedEvent, {
    state: "Asked",
    key: (e) => e.sessionId,
    init: (e) => ({ sessionId: e.sessionId, mentorId: e.mentorId, seat: "standard" }),
  })
  .step("Releasing", { ...step, with: (d) => ({ sessionId: d.sessionId, scheduleId: d.mentorId }) })
  .build();

export const oneToTwo = migration(versionOne, versionTwo, { states: { Freeing: "Releasing" }, data: (d) => ({ ...d, seat: "standard" }) });
export const oneFinishesFirst = migration(versionOne, versionTwo, { states: { Freeing: "stay" }, data: (d) => ({ ...d, seat: "front" }) });
