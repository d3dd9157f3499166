import { answerTo, application, eventOf } from "../../test/support/three-sagas.ts";
import { payloadsOf, sagaProperties } from "../../test/support/saga-properties.ts";
import * as m from "../domain/application-request/application-request.messages.ts";
import type { EventMessage } from "../outbox/index.ts";
import { applicationRequest } from "./application-request.ts";
import { describeMs, SagaRegistry } from "./engine/index.ts";
import { SagaUnderTest } from "./engine/testing.ts";

const { start, answers, events, cancel } = application;
const { requestId, userId } = start.payload as { requestId: string; userId: string };
const reviewerId = "00000000-0000-4000-8000-000000000024";
const anotherId = "00000000-0000-4000-8000-000000000027";

/** An application that has come as far as `state`, by the answers that lead on. */
function at(state: string): SagaUnderTest {
  const saga = new SagaUnderTest(applicationRequest, start.contract, start.payload);
  for (let steps = 0; saga.instance.state !== state && steps < 6; steps += 1) {
    if (saga.instance.state === "UnderReview") say(saga, "approved");
    else answer(saga, answerTo(application, saga.newest().command.name));
  }
  expect(saga.instance.state).toBe(state);
  return saga;
}
const answer = (saga: SagaUnderTest, { contract, payload }: EventMessage): SagaUnderTest => saga.answered(contract, payload);
const say = (saga: SagaUnderTest, name: string): SagaUnderTest => {
  const { contract, payload } = name === "withdrawn" ? cancel : eventOf(application, name);
  return saga.happened(contract, payload);
};

test("it passes the start-up checks", () => {
  expect(() => new SagaRegistry([applicationRequest])).not.toThrow();
});

test("it is checked, assigned, reviewed and told, in this order", () => {
  const saga = at("SendingNotification");
  expect(saga.outcome).toBe("SendingNotification RUNNING > SendApplicationNotificationCommand");
  expect(saga.newest().payload).toMatchObject({ decision: "approved" });
  expect(answer(saga, answerTo(application, "SendApplicationNotificationCommand")).outcome).toBe("ApplicationCompleted COMPLETED");
  expect(saga.sent.map(({ command }) => command.name)).toEqual([
    "ValidateDocumentsCommand",
    "RequestBackgroundCheckCommand",
    "AssignReviewerCommand",
    "SendApplicationNotificationCommand",
  ]);
});

test.each([
  ["ValidatingDocuments", "invalid", "FILE_DAMAGED", "cv.pdf is not what was sent in."],
  ["RequestingBackgroundCheck", "checkFailed", "BACKGROUND_CHECK_FAILED", "The background check did not pass."],
])("a no in %s is told at once with its reason, and nothing is undone", (state, event, code, reason) => {
  const saga = answer(at(state), eventOf(application, event));
  expect(saga.outcome).toBe("SendingNotification RUNNING > SendApplicationNotificationCommand");
  expect(saga.newest().payload).toMatchObject({ decision: "rejected", reason });
  expect(answer(saga, answerTo(application, "SendApplicationNotificationCommand")).outcome).toBe("ApplicationRejected FAILED");
  expect(saga.instance).toMatchObject({ reasonCode: code, reasonMessage: reason });
});

test("a check that a person must look at goes on to the reviewer", () => {
  const saga = at("RequestingBackgroundCheck").answered(m.BackgroundCheckCompletedEvent, { requestId, result: "consider", checkId: reviewerId });
  expect(saga.instance.state).toBe("AssigningReviewer");
});

test("the provider's answer may take days: it is asked again every six hours, and after two weeks a person is", () => {
  const saga = at("RequestingBackgroundCheck").answersLater();
  expect(saga.outcome).toBe("RequestingBackgroundCheck WAITING");
  expect(saga.clock().outcome).toBe("RequestingBackgroundCheck WAITING > PollBackgroundCheckCommand");
  answer(saga, answerTo(application, "PollBackgroundCheckCommand"));
  expect(saga.instance.status).toBe("WAITING");
  expect(saga.timedOut().outcome).toBe("RequestingBackgroundCheck STUCK");
});

test("where nobody can review, an operator is asked, and the step begins again", () => {
  const saga = at("AssigningReviewer").answered(m.NoReviewerAvailableEvent, { requestId });
  expect(saga.outcome).toBe("AssigningReviewer STUCK");
  expect(saga.instance).toMatchObject({ reason: null, reasonCode: "NO_REVIEWER_AVAILABLE", reasonMessage: "No reviewer could be found in time." });
  expect(saga.operator({ kind: "retry" }).outcome).toBe("AssigningReviewer RUNNING > AssignReviewerCommand");
});

test("a reviewer who lets two weeks pass is replaced, twice, and is not asked again", () => {
  const saga = at("UnderReview");
  for (const round of [1, 2]) {
    expect(saga.timedOut().outcome).toBe("AssigningReviewer RUNNING > AssignReviewerCommand");
    expect(saga.newest().payload).toMatchObject({ notTo: [reviewerId, anotherId].slice(0, round) });
    saga.answered(m.ReviewerAssignedEvent, { requestId, reviewerId: anotherId, dueAt: saga.now });
  }
  expect(saga.timedOut().outcome).toBe("UnderReview COMPENSATING > UnassignReviewerCommand");
});

test("a reviewer is reminded every week", () => {
  const saga = at("UnderReview");
  expect(saga.clock().outcome).toBe("UnderReview WAITING > SendReviewReminderCommand");
});

test("a question is told to the applicant, who has longer to answer than a reviewer to decide", () => {
  const saga = at("UnderReview");
  const before = saga.instance.deadlineAt?.getTime() ?? 0;
  expect(say(saga, "infoRequested").outcome).toBe("UnderReview WAITING > SendInfoRequestCommand");
  expect(saga.newest().payload).toEqual({ requestId, userId });
  expect(((saga.instance.deadlineAt?.getTime() ?? 0) - before) / 86_400_000).toBe(17);
});

test("an administrator's choice of a reviewer begins the time anew, and who watches it changes", () => {
  const saga = at("UnderReview");
  expect(saga.instance.participants).toEqual([userId, reviewerId]);
  expect(say(saga, "reviewerChanged").outcome).toMatch(/^UnderReview WAITING/);
  expect(saga.instance.participants).toEqual([userId, "00000000-0000-4000-8000-000000000026"]);
});

test("when its reviewer leaves, another one is looked for", () => {
  expect(say(at("UnderReview"), "reviewerLeft").outcome).toBe("AssigningReviewer RUNNING > AssignReviewerCommand");
});

test("an application that is sent in again is checked again, and read by the same reviewer", () => {
  const saga = say(at("UnderReview"), "resubmitted");
  expect(saga.outcome).toBe("ValidatingDocuments RUNNING > ValidateDocumentsCommand");
  answer(saga, answerTo(application, "ValidateDocumentsCommand"));
  answer(saga, answerTo(application, "RequestBackgroundCheckCommand"));
  expect(saga.newest().payload).toMatchObject({ preferred: reviewerId, notTo: [] });
});

test.each(["ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview"])(
  "it can be withdrawn in %s, is undone, and the applicant told",
  (state) => {
    const saga = say(at(state), "withdrawn");
    while (saga.instance.status === "COMPENSATING") answer(saga, answerTo(application, saga.newest().command.name));
    expect(saga.outcome).toBe("ApplicationRejected CANCELLED > SendApplicationNotificationCommand");
    expect(saga.newest().payload).toEqual({ requestId, userId, decision: "ended", reason: "The applicant withdrew the application." });
    expect(answer(saga, answerTo(application, "SendApplicationNotificationCommand")).outcome).toBe("ApplicationRejected CANCELLED");
  },
);

test("once the decision is being told, it cannot be withdrawn, and a mail outage does not undo it", () => {
  const saga = say(at("SendingNotification"), "withdrawn");
  expect(saga.last.fate).toBe("refused");
  expect(saga.exhausted().outcome).toBe("SendingNotification STUCK");
});

const check = "CancelBackgroundCheckCommand";
const reviewer = "UnassignReviewerCommand";
const lateThrice = (saga: SagaUnderTest): SagaUnderTest => {
  for (let count = 0; count < 2; count += 1) answer(saga.timedOut(), answerTo(application, "AssignReviewerCommand"));
  return saga.timedOut();
};

test.each<[string, string, (saga: SagaUnderTest) => SagaUnderTest, string[], string, string]>([
  ["ValidatingDocuments", "its time is over", (saga) => saga.timedOut(), [], "DEPENDENCY_UNAVAILABLE", "The documents could not be checked."],
  ["ValidatingDocuments", "no attempt is left", (saga) => saga.exhausted(), [], "DEPENDENCY_UNAVAILABLE", "The documents could not be checked."],
  ["AssigningReviewer", "its time is over", (saga) => saga.timedOut(), [reviewer, check], "NO_REVIEWER_AVAILABLE", "No reviewer could be found in time."],
  ["UnderReview", "the third reviewer is late", lateThrice, [reviewer, reviewer, reviewer, check], "TIMED_OUT", "No reviewer decided in time."],
])("from %s it fails when %s, is undone, and the applicant told", (state, _what, verb, undone, code, message) => {
  const saga = verb(at(state));
  const undos: string[] = [];
  while (saga.instance.status === "COMPENSATING") {
    undos.push(saga.newest().command.name);
    answer(saga, answerTo(application, saga.newest().command.name));
  }
  expect(undos).toEqual(undone);
  expect(saga.outcome).toBe("ApplicationRejected FAILED > SendApplicationNotificationCommand");
  expect(saga.instance).toMatchObject({ reasonCode: code, reasonMessage: message });
  expect(saga.newest().payload).toEqual({ requestId, userId, decision: "ended", reason: message });
});

test.each<[string, string, (saga: SagaUnderTest) => SagaUnderTest]>([
  ["RequestingBackgroundCheck", "no attempt is left", (saga) => saga.exhausted()],
  ["RequestingBackgroundCheck", "two weeks are over", (saga) => saga.clock(saga.instance.deadlineAt ?? undefined)],
  ["AssigningReviewer", "no attempt is left", (saga) => saga.exhausted()],
  ["SendingNotification", "no attempt is left", (saga) => saga.exhausted()],
  ["SendingNotification", "its time is over", (saga) => saga.timedOut()],
])("in %s it stands when %s, and nothing is undone", (state, _what, verb) => {
  const saga = verb(at(state));
  expect(saga.outcome).toBe(`${state} STUCK`);
  expect(saga.instance.runs.filter(({ undo }) => undo !== null)).toEqual([]);
});

test("an undo that fails for a day stands", () => {
  expect(say(at("AssigningReviewer"), "withdrawn").exhausted().outcome).toBe("AssigningReviewer STUCK");
});

test("a reviewer's no is told with its reason, and is an end without undo", () => {
  const saga = say(at("UnderReview"), "rejected");
  expect(saga.newest().payload).toEqual({ requestId, userId, decision: "rejected", reason: "Too early." });
  answer(saga, answerTo(application, "SendApplicationNotificationCommand"));
  expect(saga.outcome).toBe("ApplicationRejected FAILED");
  expect(saga.instance).toMatchObject({ reason: "RejectedByReviewer", reasonCode: "REJECTED_BY_REVIEWER", reasonMessage: "Too early." });
});

test("a notification before any decision stands: it would tell what nobody has decided", () => {
  const saga = at("AssigningReviewer").operator({ kind: "skip" }).operator({ kind: "skip" });
  expect(saga.instance.state).toBe("SendingNotification");
  expect(answer(saga, answerTo(application, "SendApplicationNotificationCommand")).outcome).toBe("SendingNotification STUCK");
});

test("every command carries what its participant needs", () => {
  const saga = at("RequestingBackgroundCheck").answersLater();
  answer(saga.clock(), answerTo(application, "PollBackgroundCheckCommand"));
  const asking = saga.sent.find(({ command }) => command.name === "RequestBackgroundCheckCommand");
  if (asking === undefined) throw new Error("The provider was never asked");
  const { contract, payload: result } = answerTo(application, "RequestBackgroundCheckCommand");
  saga.answered(contract, result, asking);
  answer(saga, answerTo(application, "AssignReviewerCommand")).clock();
  say(saga, "withdrawn");
  while (saga.instance.status === "COMPENSATING") answer(saga, answerTo(application, saga.newest().command.name));
  expect(saga.sent.map(({ command, payload }) => [command.name, payload])).toEqual([
    ["ValidateDocumentsCommand", { requestId, userId }],
    ["RequestBackgroundCheckCommand", { requestId, userId }],
    ["PollBackgroundCheckCommand", { requestId }],
    ["AssignReviewerCommand", { requestId, notTo: [] }],
    ["SendReviewReminderCommand", { requestId, reviewerId }],
    [reviewer, { requestId, reviewerId }],
    [check, { requestId }],
    ["SendApplicationNotificationCommand", { requestId, userId, decision: "ended", reason: "The applicant withdrew the application." }],
  ]);
});

test("it remembers what it learns, and applicant and reviewer may watch it", () => {
  const { instance } = answer(at("SendingNotification"), answerTo(application, "SendApplicationNotificationCommand"));
  expect(instance.data).toMatchObject({ reviewerId, pastReviewerIds: [reviewerId], decision: "approved" });
  expect(instance.data["checkId"]).toBe("00000000-0000-4000-8000-000000000023");
  expect(instance.data["decidedAt"]).toBeInstanceOf(Date);
  expect(instance.participants).toEqual([userId, reviewerId]);
  expect(instance.subjectId).toBe(requestId);
});

test.each([
  ["ValidatingDocuments", "5 min", 4],
  ["RequestingBackgroundCheck", "336 h", 12],
  ["AssigningReviewer", "1 min", 4],
  ["SendingNotification", "24 h", 10],
])("%s takes %s at most, and %i attempts", (state, timeout, attempts) => {
  const saga = at(state);
  expect(describeMs((saga.instance.deadlineAt?.getTime() ?? 0) - saga.now.getTime())).toBe(timeout);
  const { runId } = saga.newest();
  saga.exhausted();
  expect(saga.sent.filter((one) => one.runId === runId)).toHaveLength(attempts);
});

test("the request's status follows the state, except while the decision is told: whoever decided has written it", () => {
  const { reflect, nodes, finals } = applicationRequest.definition;
  expect(reflect).toMatchObject({ table: "application_request", statusColumn: "status", reasonColumns: "failure" });
  expect([...nodes.keys(), ...Object.keys(finals)].map((state) => `${state} ${reflect?.statusOf(state, null)}`)).toEqual([
    "ApplicationSubmitted PENDING",
    "ValidatingDocuments PENDING",
    "RequestingBackgroundCheck PENDING",
    "AssigningReviewer PENDING",
    "UnderReview UNDER_REVIEW",
    "SendingNotification null",
    "ApplicationCompleted APPROVED",
    "ApplicationRejected REJECTED",
  ]);
  expect(reflect?.statusOf("ApplicationRejected", "ReviewTimedOut")).toBe("REJECTED");
  expect(reflect?.statusOf("ApplicationRejected", "Withdrawn")).toBe("WITHDRAWN");
});

sagaProperties({
  saga: applicationRequest,
  start: [start.contract, start.payload],
  cancellation: cancel.contract,
  payloads: [start, cancel, ...Object.values(answers), ...Object.values(events)]
    .reduce<{ contract: EventMessage["contract"]; payloads: unknown[] }[]>((found, { contract, payload }) => {
      const known = found.find((one) => one.contract === contract);
      if (known !== undefined) known.payloads.push(payload);
      return known === undefined ? [...found, { contract, payloads: [payload] }] : found;
    }, [])
    .concat({ contract: m.NoReviewerAvailableEvent, payloads: [{ requestId }] })
    .map(({ contract, payloads }) => payloadsOf(contract, ...payloads)),
  undoes: { RequestBackgroundCheckCommand: "CancelBackgroundCheckCommand", AssignReviewerCommand: "UnassignReviewerCommand" },
  didNothing: () => false,
  endsWith: ["DocumentsDamaged", "DocumentsMissing", "CheckFailed", "RejectedByReviewer"],
});
