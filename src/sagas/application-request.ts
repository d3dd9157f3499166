import * as m from "../domain/application-request/application-request.messages.ts";
import { fail, finish, go, loop, next, park, parkFor, saga, stay, t } from "./engine/index.ts";
import { localRetry, mailRetry, providerRetry } from "./retries.ts";

/**
 * From "I want to be a mentor" to the decision: documents and background are checked, a reviewer is found and decides, the
 * applicant is told. A no, of a person or of a check, is an end like a yes; only what could not be decided is undone.
 */
export const applicationRequest = saga("ApplicationRequest", {
  version: 1,
  key: "requestId",
  participants: ["userId", "reviewerId"],
  data: {
    requestId: t.id(),
    userId: t.id(),
    submittedAt: t.time(),
    checkId: t.maybe(t.id()),
    reviewerId: t.maybe(t.id()),
    pastReviewerIds: t.list(t.id()),
    /** Until when whoever is waited for in UnderReview has time. */
    dueAt: t.time(),
    decision: t.oneOf("pending", "approved", "rejected", "documentsMissing", "documentsDamaged", "checkFailed"),
    decidedAt: t.maybe(t.time()),
    decisionReason: t.maybe(t.text()),
    withdrawal: t.maybe(t.oneOf("asked", "silent")),
  },
  states: ["ApplicationSubmitted", "ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview", "SendingNotification"],
  finals: { ApplicationCompleted: "succeeded", ApplicationRejected: "failed" },
  reasons: {
    DocumentsUnavailable: { code: "DEPENDENCY_UNAVAILABLE", message: "The documents could not be checked." },
    NoReviewer: { code: "NO_REVIEWER_AVAILABLE", message: "No reviewer could be found in time." },
    ReviewTimedOut: { code: "TIMED_OUT", message: "No reviewer decided in time." },
    DocumentsMissing: { code: "DOCUMENT_MISSING", message: (d) => d.decisionReason ?? "A document is missing." },
    DocumentsDamaged: { code: "FILE_DAMAGED", message: (d) => d.decisionReason ?? "A document is damaged." },
    CheckFailed: { code: "BACKGROUND_CHECK_FAILED", message: "The background check did not pass." },
    RejectedByReviewer: { code: "REJECTED_BY_REVIEWER", message: (d) => d.decisionReason ?? "The reviewer refused the application." },
    Withdrawn: {
      code: "CANCELLED_BY_USER",
      message: (d) => (d.withdrawal === "silent" ? "The applicant did not answer in time." : "The applicant withdrew the application."),
      cancels: true,
    },
  },
})
  .startOn(m.ApplicationRequestSubmittedEvent, {
    state: "ApplicationSubmitted",
    key: (e) => e.requestId,
    init: (e) => ({ ...e, pastReviewerIds: [], dueAt: e.submittedAt, decision: "pending" }),
  })
  .step("ValidatingDocuments", {
    invoke: m.ValidateDocumentsCommand,
    with: (d) => ({ requestId: d.requestId, userId: d.userId }),
    onReply: {
      DocumentsValidatedEvent: {
        by: "verdict",
        cases: {
          valid: next,
          missing: { save: (e) => ({ decision: "documentsMissing", decisionReason: e.problems.join(" ") }), then: go("SendingNotification") },
          damaged: { save: (e) => ({ decision: "documentsDamaged", decisionReason: e.problems.join(" ") }), then: go("SendingNotification") },
        },
      },
    },
    effect: "none",
    retry: localRetry,
    attemptTimeout: "30s",
    timeout: ["5m", fail("DocumentsUnavailable")],
    onExhausted: fail("DocumentsUnavailable"),
  })
  .step("RequestingBackgroundCheck", {
    invoke: m.RequestBackgroundCheckCommand,
    with: (d) => ({ requestId: d.requestId, userId: d.userId }),
    onReply: {
      BackgroundCheckCompletedEvent: {
        by: "result",
        cases: {
          clear: { save: (e) => ({ checkId: e.checkId }), then: next },
          consider: { save: (e) => ({ checkId: e.checkId }), then: next },
          failed: {
            save: (e) => ({ checkId: e.checkId, decision: "checkFailed", decisionReason: "The background check did not pass." }),
            then: go("SendingNotification"),
          },
        },
      },
    },
    compensate: { invoke: m.CancelBackgroundCheckCommand, with: (d) => ({ requestId: d.requestId }) },
    retry: providerRetry,
    attemptTimeout: "30s",
    remind: { every: "6h", invoke: m.PollBackgroundCheckCommand, with: (d) => ({ requestId: d.requestId }) },
    timeout: ["14d", park],
    onExhausted: park,
  })
  .step("AssigningReviewer", {
    invoke: m.AssignReviewerCommand,
    with: (d) => ({ requestId: d.requestId, preferred: d.reviewerId, notTo: d.pastReviewerIds }),
    onReply: {
      ReviewerAssignedEvent: {
        save: (e, d) => ({
          reviewerId: e.reviewerId,
          dueAt: e.dueAt,
          pastReviewerIds: [...d.pastReviewerIds.filter((id) => id !== e.reviewerId), e.reviewerId],
        }),
        then: next,
      },
      NoReviewerAvailableEvent: parkFor("NoReviewer"),
    },
    compensate: { invoke: m.UnassignReviewerCommand, with: (d) => ({ requestId: d.requestId, reviewerId: d.reviewerId }) },
    retry: localRetry,
    attemptTimeout: "10s",
    timeout: ["1m", fail("NoReviewer")],
    onExhausted: park,
  })
  .wait("UnderReview", {
    for: [
      m.ApplicationApprovedEvent,
      m.ApplicationRejectedEvent,
      m.ApplicationInfoRequestedEvent,
      m.ApplicationResubmittedEvent,
      m.ApplicationReviewerChangedEvent,
      m.ApplicationReviewerLeftEvent,
    ],
    on: {
      // Nobody is late who waits for an answer.
      ApplicationInfoRequestedEvent: { save: (e) => ({ dueAt: e.dueAt }), then: stay },
      ApplicationReviewerChangedEvent: {
        save: (e, d) => ({
          reviewerId: e.reviewerId,
          dueAt: e.dueAt,
          pastReviewerIds: [...d.pastReviewerIds.filter((id) => id !== e.reviewerId), e.reviewerId],
        }),
        then: stay,
      },
      ApplicationReviewerLeftEvent: go("AssigningReviewer"),
      // Who asked for more reads it, too: only a reviewer who let the time pass is not asked again.
      ApplicationResubmittedEvent: {
        save: (_e, d) => ({ pastReviewerIds: d.pastReviewerIds.filter((id) => id !== d.reviewerId) }),
        then: go("ValidatingDocuments"),
      },
      ApplicationApprovedEvent: { save: (e) => ({ decision: "approved", decidedAt: e.approvedAt }), then: next },
      ApplicationRejectedEvent: { save: (e) => ({ decision: "rejected", decidedAt: e.rejectedAt, decisionReason: e.reason }), then: next },
    },
    tell: { invoke: m.SendInfoRequestCommand, with: (d) => ({ requestId: d.requestId, userId: d.userId }), retry: mailRetry, attemptTimeout: "20s" },
    remind: { every: "7d", invoke: m.SendReviewReminderCommand, with: (d) => ({ requestId: d.requestId, reviewerId: d.reviewerId }) },
    deadline: [(d) => d.dueAt, loop("AssigningReviewer", 2, fail("ReviewTimedOut"))],
  })
  .step("SendingNotification", {
    invoke: m.SendApplicationNotificationCommand,
    with: (d) => ({
      requestId: d.requestId,
      userId: d.userId,
      decision: d.decision === "approved" ? "approved" : "rejected",
      reason: d.decisionReason,
    }),
    onReply: {
      ApplicationNotificationSentEvent: {
        byData: "decision",
        cases: {
          approved: finish("ApplicationCompleted"),
          rejected: finish("ApplicationRejected", "RejectedByReviewer"),
          documentsMissing: finish("ApplicationRejected", "DocumentsMissing"),
          documentsDamaged: finish("ApplicationRejected", "DocumentsDamaged"),
          checkFailed: finish("ApplicationRejected", "CheckFailed"),
          pending: park,
        },
      },
    },
    effect: "irreversible",
    retry: mailRetry,
    attemptTimeout: "20s",
    // The decision stands: a mail outage never undoes it.
    timeout: ["1d", park],
    onExhausted: park,
  })
  .interrupt(m.ApplicationWithdrawnEvent, {
    during: ["ApplicationSubmitted", "ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview"],
    save: (e) => ({ withdrawal: e.because }),
    then: fail("Withdrawn"),
    whenFinal: "refuse",
  })
  .reflect(
    "application_request",
    { status: "status", reason: "failure" },
    {
      ApplicationSubmitted: "PENDING",
      ValidatingDocuments: "PENDING",
      RequestingBackgroundCheck: "PENDING",
      AssigningReviewer: "PENDING",
      UnderReview: "UNDER_REVIEW",
      // Left as the transaction that decided wrote it.
      SendingNotification: null,
      ApplicationCompleted: "APPROVED",
      ApplicationRejected: { otherwise: "REJECTED", Withdrawn: "WITHDRAWN" },
    },
  )
  .onFailed({
    final: "ApplicationRejected",
    tell: {
      invoke: m.SendApplicationNotificationCommand,
      with: (d, x) => ({ requestId: d.requestId, userId: d.userId, decision: "ended", reason: x.reason }),
      retry: mailRetry,
      attemptTimeout: "20s",
    },
  })
  .build();
