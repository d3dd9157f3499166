import { payloadsOf, sagaProperties } from "../../test/support/saga-properties.ts";
import * as m from "../domain/course-enrollment/course-enrollment.messages.ts";
import { courseEnrollment } from "./course-enrollment.ts";
import { describeMs, SagaRegistry } from "./engine/index.ts";
import { given, trouble, type SagaUnderTest } from "./engine/testing.ts";
import { sagas } from "./index.ts";

const enrollmentId = "00000000-0000-4000-8000-000000000001";
const courseId = "00000000-0000-4000-8000-000000000002";
const userId = "00000000-0000-4000-8000-000000000003";
const deliveryId = "00000000-0000-4000-8000-000000000004";
const grantId = "00000000-0000-4000-8000-000000000005";
const confirmedAt = new Date("2026-01-01T08:00:00Z");

const enrolled = { enrollmentId, courseId, userId };
type Verb = (saga: SagaUnderTest) => SagaUnderTest;
const seatTaken: Verb = (saga) => saga.answered(m.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: true, seatsLeft: 3, capacity: 30 });
const full: Verb = (saga) => saga.answered(m.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: false, seatsLeft: 0, capacity: 30 });
const confirmed: Verb = (saga) => saga.answered(m.EnrollmentConfirmedEvent, { enrollmentId, confirmedAt });
const refused: Verb = (saga) => saga.answered(m.EnrollmentRefusedEvent, { enrollmentId, reason: "The course is closed." });
const welcomed: Verb = (saga) => saga.answered(m.WelcomeEmailSentEvent, { enrollmentId, deliveryId });
const granted: Verb = (saga) => saga.answered(m.CourseAccessGrantedEvent, { enrollmentId, grantId });
const denied: Verb = (saga) => saga.answered(m.CourseAccessRefusedEvent, { enrollmentId, reason: "The course is archived." });
const cancelled: Verb = (saga) => saga.happened(m.EnrollmentCancellationRequestedEvent, { enrollmentId, byUserId: userId });
const timedOut: Verb = (saga) => saga.timedOut();
const exhausted: Verb = (saga) => saga.exhausted();
const rejected: Verb = (saga) => saga.failed(trouble({ permanent: true }));
const both =
  (first: Verb, second: Verb): Verb =>
  (saga) =>
    second(first(saga));

const path: Readonly<Record<string, Verb>> = {
  CheckingCapacity: seatTaken,
  ConfirmingEnrollment: confirmed,
  SendingWelcomeEmail: welcomed,
  GrantingAccess: granted,
};

/** An enrollment that has come as far as `state`. */
function at(state: string): SagaUnderTest {
  let saga = given(courseEnrollment, m.CourseEnrolledEvent, enrolled);
  while (saga.instance.state !== state) {
    const onwards = path[saga.instance.state];
    if (onwards === undefined) throw new Error(`Nothing leads from ${saga.instance.state} to ${state}`);
    saga = onwards(saga);
  }
  return saga;
}

/** Lets every undo succeed. @returns the undo commands in the order in which they were sent */
function undo(saga: SagaUnderTest): string[] {
  const undone: string[] = [];
  while (saga.instance.status === "COMPENSATING") {
    const { name, replies } = saga.newest().command;
    undone.push(name);
    for (const reply of replies.slice(0, 1)) saga.answered(reply, { enrollmentId });
  }
  return undone;
}

const seat = "ReleaseSeatCommand";
const confirmation = "CancelEnrollmentCommand";
const mail = "WithdrawWelcomeEmailCommand";
const access = "RevokeCourseAccessCommand";

test("every saga of the platform passes the start-up checks", () => {
  expect(new SagaRegistry(sagas).find("CourseEnrollment", courseEnrollment.version)).toBe(courseEnrollment.definition);
});

describe("goes on", () => {
  test.each<[string, string, Verb, string]>([
    ["CheckingCapacity", "a seat is taken", seatTaken, "ConfirmingEnrollment RUNNING > ConfirmEnrollmentCommand"],
    ["CheckingCapacity", "no attempt is left", exhausted, "CheckingCapacity STUCK"],
    ["CheckingCapacity", "the attempt is rejected for good", rejected, "CheckingCapacity STUCK"],
    ["ConfirmingEnrollment", "it is confirmed", confirmed, "SendingWelcomeEmail RUNNING > SendWelcomeEmailCommand"],
    ["SendingWelcomeEmail", "the mail is sent", welcomed, "GrantingAccess RUNNING > GrantCourseAccessCommand"],
    ["SendingWelcomeEmail", "its time is over", timedOut, "GrantingAccess RUNNING > GrantCourseAccessCommand"],
    ["SendingWelcomeEmail", "no attempt is left", exhausted, "GrantingAccess RUNNING > GrantCourseAccessCommand"],
    ["SendingWelcomeEmail", "the attempt is rejected for good", rejected, "GrantingAccess RUNNING > GrantCourseAccessCommand"],
    ["GrantingAccess", "access is granted", granted, "EnrollmentCompleted COMPLETED"],
    ["GrantingAccess", "no attempt is left", exhausted, "GrantingAccess STUCK"],
    ["GrantingAccess", "the attempt is rejected for good", rejected, "GrantingAccess STUCK"],
    ["EnrollmentCompleted", "somebody cancels", cancelled, "EnrollmentCompleted COMPLETED"],
  ])("from %s when %s", (state, _what, verb, outcome) => {
    expect(verb(at(state)).outcome).toBe(outcome);
  });
});

describe("fails", () => {
  test.each<[string, string, Verb, string[], string, string]>([
    ["CheckingCapacity", "the course is full", full, [], "FAILED COURSE_FULL", "All seats of the course are taken (capacity 30)."],
    ["CheckingCapacity", "its time is over", timedOut, [seat], "FAILED TIMED_OUT", "Whether a seat is left could not be found out in time."],
    ["CheckingCapacity", "somebody cancels", cancelled, [seat], "CANCELLED CANCELLED_BY_USER", "The enrollment was cancelled."],
    [
      "CheckingCapacity",
      "somebody cancels while it stands",
      both(exhausted, cancelled),
      [seat],
      "CANCELLED CANCELLED_BY_USER",
      "The enrollment was cancelled.",
    ],
    ["ConfirmingEnrollment", "it is refused", refused, [seat], "FAILED ENROLLMENT_CLOSED", "The course is closed."],
    ["ConfirmingEnrollment", "its time is over", timedOut, [confirmation, seat], "FAILED TIMED_OUT", "The enrollment could not be confirmed in time."],
    ["ConfirmingEnrollment", "no attempt is left", exhausted, [confirmation, seat], "FAILED TIMED_OUT", "The enrollment could not be confirmed in time."],
    [
      "ConfirmingEnrollment",
      "the attempt is rejected for good",
      rejected,
      [confirmation, seat],
      "FAILED TIMED_OUT",
      "The enrollment could not be confirmed in time.",
    ],
    ["ConfirmingEnrollment", "somebody cancels", cancelled, [confirmation, seat], "CANCELLED CANCELLED_BY_USER", "The enrollment was cancelled."],
    ["SendingWelcomeEmail", "somebody cancels", cancelled, [mail, confirmation, seat], "CANCELLED CANCELLED_BY_USER", "The enrollment was cancelled."],
    ["GrantingAccess", "access is refused", denied, [mail, confirmation, seat], "FAILED ENROLLMENT_CLOSED", "The course is archived."],
    [
      "GrantingAccess",
      "its time is over",
      timedOut,
      [access, mail, confirmation, seat],
      "FAILED TIMED_OUT",
      "Access to the course could not be granted in time.",
    ],
    ["GrantingAccess", "somebody cancels", cancelled, [access, mail, confirmation, seat], "CANCELLED CANCELLED_BY_USER", "The enrollment was cancelled."],
    [
      "GrantingAccess",
      "somebody cancels while it stands",
      both(exhausted, cancelled),
      [access, mail, confirmation, seat],
      "CANCELLED CANCELLED_BY_USER",
      "The enrollment was cancelled.",
    ],
  ])("from %s when %s, and undoes what may have happened, latest first", (state, _what, verb, undone, end, message) => {
    const saga = verb(at(state));
    expect(undo(saga)).toEqual(undone);
    expect(`${saga.instance.status} ${saga.instance.reasonCode}`).toBe(end);
    expect(saga.instance).toMatchObject({ state: "EnrollmentFailed", reasonMessage: message, finishedAt: saga.now });
  });

  test("with the number of seats left out when nobody told it", () => {
    expect(at("CheckingCapacity").answered(m.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: false }).instance.reasonMessage).toBe(
      "The course has no seat left.",
    );
  });

  test("with a welcome mail that was given up on withdrawn all the same: it may have gone out", () => {
    expect(undo(denied(exhausted(at("SendingWelcomeEmail"))))).toEqual([mail, confirmation, seat]);
  });

  test("with everything else undone when the mail cannot be withdrawn", () => {
    const saga = exhausted(cancelled(at("SendingWelcomeEmail")));
    expect(saga.outcome).toBe("SendingWelcomeEmail COMPENSATING > CancelEnrollmentCommand");
    expect(undo(saga)).toEqual([confirmation, seat]);
    expect(saga.history.at(-1)?.summary).toBe(
      "SendingWelcomeEmail led to the end: EnrollmentFailed. The enrollment was cancelled. What stays: SendingWelcomeEmail (if it happened).",
    );
  });

  test.each([
    ["a seat", "CheckingCapacity"],
    ["a confirmation", "ConfirmingEnrollment"],
    ["an access", "GrantingAccess"],
  ])("but stands when %s cannot be taken back, after a day of attempts", (_what, state) => {
    const saga = exhausted(cancelled(at(state)));
    expect(saga.outcome).toBe(`${state} STUCK`);
    expect(saga.last.deadLetters).toMatchObject([{ attempts: 30 }]);
  });
});

test("a cancellation is refused once the enrollment is complete, and changes nothing while it is being undone", () => {
  expect(cancelled(at("EnrollmentCompleted")).last).toMatchObject({
    fate: "refused",
    history: [{ kind: "MESSAGE_IGNORED", fate: "refused" }],
    explanation: "It has ended already, as EnrollmentCompleted.",
  });
  expect(cancelled(timedOut(at("GrantingAccess"))).last).toMatchObject({ fate: "already-undoing", commands: [] });
});

test("every command carries what its participant needs", () => {
  const saga = granted(at("GrantingAccess"));
  const failed = timedOut(at("GrantingAccess"));
  undo(failed);
  expect(Object.fromEntries([...saga.sent, ...failed.sent].map(({ command, payload }) => [command.name, payload]))).toEqual({
    CheckCourseCapacityCommand: { enrollmentId, courseId },
    ConfirmEnrollmentCommand: { enrollmentId, userId, courseId },
    SendWelcomeEmailCommand: { enrollmentId, userId, courseId },
    GrantCourseAccessCommand: { enrollmentId, userId, courseId },
    RevokeCourseAccessCommand: { enrollmentId, userId, courseId },
    WithdrawWelcomeEmailCommand: { enrollmentId, userId, deliveryId },
    CancelEnrollmentCommand: { enrollmentId, reason: "Access to the course could not be granted in time." },
    ReleaseSeatCommand: { enrollmentId, courseId },
  });
});

test("it remembers what it learns, and who may watch it", () => {
  const { instance } = at("EnrollmentCompleted");
  expect(instance.data).toEqual({ ...enrolled, confirmedAt, welcomeDeliveryId: deliveryId, grantId });
  expect(instance.participants).toEqual([userId]);
  expect(instance.subjectId).toBe(enrollmentId);
});

test("it is settled with the confirmation, for better or worse", () => {
  expect(at("ConfirmingEnrollment").instance.settledAt).toBeNull();
  expect(at("SendingWelcomeEmail").instance.settledAt).not.toBeNull();
  expect(full(at("CheckingCapacity")).instance.settledAt).not.toBeNull();
});

test.each([
  ["CheckingCapacity", "5 min", "1 s, 3 s, 5 s"],
  ["ConfirmingEnrollment", "45 s", "1 s, 3 s, 5 s"],
  ["SendingWelcomeEmail", "15 min", "2 s, 4 s, 8 s, 16 s, 32 s, 1 min, 2 min, 2 min, 2 min"],
  ["GrantingAccess", "5 min", "1 s, 3 s, 5 s"],
])("%s takes %s at most, and waits %s between its attempts", (state, timeout, waits) => {
  const saga = at(state);
  const now = saga.now.getTime();
  expect(describeMs((saga.instance.deadlineAt?.getTime() ?? 0) - now)).toBe(timeout);
  const { runId } = saga.newest();
  exhausted(saga);
  const between = saga.sent.flatMap((command) =>
    command.runId === runId && command.deliverAt !== null ? [describeMs(command.deliverAt.getTime() - now)] : [],
  );
  expect(between.join(", ")).toBe(waits);
});

test("the enrollment's status follows the state", () => {
  const { reflect, nodes, finals } = courseEnrollment.definition;
  expect(reflect).toMatchObject({ table: "course_enrollment", statusColumn: "status", reasonColumns: "failure" });
  expect([...nodes.keys(), ...Object.keys(finals)].map((state) => `${state} ${reflect?.statusOf(state, null)}`)).toEqual([
    "EnrollmentInitiated PENDING",
    "CheckingCapacity PENDING",
    "ConfirmingEnrollment PENDING",
    "EnrollmentConfirmed CONFIRMED",
    "SendingWelcomeEmail CONFIRMED",
    "GrantingAccess CONFIRMED",
    "EnrollmentCompleted ACTIVE",
    "EnrollmentFailed FAILED",
  ]);
  expect(reflect?.statusOf("EnrollmentFailed", "NoCapacity")).toBe("FAILED");
  expect(reflect?.statusOf("EnrollmentFailed", "CancelledByUser")).toBe("CANCELLED");
});

sagaProperties({
  saga: courseEnrollment,
  start: [m.CourseEnrolledEvent, enrolled],
  cancellation: m.EnrollmentCancellationRequestedEvent,
  payloads: [
    payloadsOf(m.CourseEnrolledEvent, enrolled),
    payloadsOf(
      m.CourseCapacityCheckedEvent,
      { enrollmentId, hasCapacity: true, seatsLeft: 3 },
      { enrollmentId, hasCapacity: true },
      { enrollmentId, hasCapacity: false, capacity: 30 },
    ),
    payloadsOf(m.SeatReleasedEvent, { enrollmentId }),
    payloadsOf(m.EnrollmentConfirmedEvent, { enrollmentId, confirmedAt }),
    payloadsOf(m.EnrollmentRefusedEvent, { enrollmentId, reason: "The course is closed." }),
    payloadsOf(m.EnrollmentCancelledEvent, { enrollmentId }),
    payloadsOf(m.WelcomeEmailSentEvent, { enrollmentId, deliveryId }),
    payloadsOf(m.WelcomeEmailWithdrawnEvent, { enrollmentId }),
    payloadsOf(m.CourseAccessGrantedEvent, { enrollmentId, grantId }),
    payloadsOf(m.CourseAccessRefusedEvent, { enrollmentId, reason: "The course is archived." }),
    payloadsOf(m.CourseAccessRevokedEvent, { enrollmentId }),
    payloadsOf(m.EnrollmentCancellationRequestedEvent, { enrollmentId, byUserId: userId }),
  ],
  undoes: { CheckCourseCapacityCommand: seat, ConfirmEnrollmentCommand: confirmation, SendWelcomeEmailCommand: mail, GrantCourseAccessCommand: access },
  didNothing: (event, payload) =>
    event === m.EnrollmentRefusedEvent ||
    event === m.CourseAccessRefusedEvent ||
    (event === m.CourseCapacityCheckedEvent && !(payload as typeof m.CourseCapacityCheckedEvent.payload).hasCapacity),
});
