import { payloadsOf, sagaProperties } from "../../test/support/saga-properties.ts";
import * as m from "../domain/mentoring-session/mentoring-session.messages.ts";
import { describeMs, SagaRegistry } from "./engine/index.ts";
import { remainsOf } from "./engine/remains.ts";
import { given, trouble, type SagaUnderTest } from "./engine/testing.ts";
import { mentoringSession } from "./mentoring-session.ts";

const sessionId = "00000000-0000-4000-8000-000000000001";
const learnerId = "00000000-0000-4000-8000-000000000002";
const mentorId = "00000000-0000-4000-8000-000000000003";
const scheduleId = "00000000-0000-4000-8000-000000000004";
const courseId = "00000000-0000-4000-8000-000000000005";
const deliveryIds = ["00000000-0000-4000-8000-000000000006", "00000000-0000-4000-8000-000000000007"];
const startsAt = new Date("2026-01-05T10:00:00Z");
const endsAt = new Date("2026-01-05T11:00:00Z");
const occurredOn = new Date("2026-01-01T00:00:00Z");

const booked = { sessionId, learnerId, mentorId, scheduleId, courseId, startsAt, endsAt };
type Verb = (saga: SagaUnderTest) => SagaUnderTest;
const valid: Verb = (saga) => saga.answered(m.ScheduleValidatedEvent, { sessionId, verdict: "VALID" });
const invalid: Verb = (saga) => saga.answered(m.ScheduleValidatedEvent, { sessionId, verdict: "MENTOR_WEEK_FULL", reason: "The mentor takes no more." });
const notified: Verb = (saga) => saga.answered(m.NotificationsSentEvent, { sessionId, deliveryIds });
const halfNotified: Verb = (saga) =>
  saga.answered(m.NotificationsFailedEvent, { sessionId, deliveryIds: deliveryIds.slice(0, 1), reason: "One address is unknown." });
const completed: Verb = (saga) => saga.happened(m.MentoringSessionCompletedEvent, { sessionId, outcome: "HELD", completedAt: endsAt });
const cancelled: Verb = (saga) => saga.happened(m.MentoringSessionCancelledEvent, { sessionId, byUserId: learnerId, by: "LEARNER", reason: "I am ill." });
const later = { scheduleId: "00000000-0000-4000-8000-000000000008", startsAt: new Date("2026-01-12T10:00:00Z"), endsAt: new Date("2026-01-12T11:00:00Z") };
const changed =
  (change: "PROPOSED" | "ACCEPTED" | "DECLINED" | "LAPSED"): Verb =>
  (saga) =>
    saga.happened(m.MentoringSessionStatusChangedEvent, { sessionId, change, ...later });
const timedOut: Verb = (saga) => saga.clock(saga.instance.deadlineAt ?? undefined);
const exhausted: Verb = (saga) => saga.exhausted();
const rejected: Verb = (saga) => saga.failed(trouble({ permanent: true }));
const both =
  (first: Verb, second: Verb): Verb =>
  (saga) =>
    second(first(saga));

const path: Readonly<Record<string, Verb>> = { ValidatingSchedule: valid, SendingNotifications: notified, SessionScheduled: completed };

const created = (changes: { startsAt?: Date; endsAt?: Date } = {}): SagaUnderTest =>
  given(mentoringSession, m.MentoringSessionCreatedEvent, { ...booked, occurredOn, ...changes });

/** A session that has come as far as `state`. */
function at(state: string, saga = created()): SagaUnderTest {
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
    for (const reply of replies.slice(0, 1)) saga.answered(reply, { sessionId });
  }
  return undone;
}

const slot = "ReleaseScheduleSlotCommand";
const notes = "WithdrawSessionNotificationsCommand";
const ill = "The session was cancelled by the learner: I am ill.";

test("it passes the start-up checks", () => {
  expect(new SagaRegistry([mentoringSession]).find("MentoringSession", 1)).toBe(mentoringSession.definition);
});

describe("goes on", () => {
  test.each<[string, string, Verb, string]>([
    ["ValidatingSchedule", "the slot is valid", valid, "SendingNotifications RUNNING > SendSessionNotificationsCommand"],
    ["ValidatingSchedule", "no attempt is left", exhausted, "ValidatingSchedule STUCK"],
    ["ValidatingSchedule", "the attempt is rejected for good", rejected, "ValidatingSchedule STUCK"],
    ["SendingNotifications", "both are told", notified, "SessionScheduled WAITING"],
    ["SendingNotifications", "one of them is told", halfNotified, "SessionScheduled WAITING"],
    ["SendingNotifications", "its time is over", timedOut, "SessionScheduled WAITING"],
    ["SendingNotifications", "no attempt is left", exhausted, "SessionScheduled WAITING"],
    ["SendingNotifications", "the attempt is rejected for good", rejected, "SessionScheduled WAITING"],
    ["SessionScheduled", "it took place", completed, "SessionCompleted COMPLETED"],
    ["SessionScheduled", "nobody says anything", timedOut, "SessionCompleted COMPLETED"],
    ["SessionScheduled", "the mentor proposes another time", changed("PROPOSED"), "SessionScheduled WAITING > SendSessionNotificationsCommand"],
    ["SessionScheduled", "the learner accepts it", changed("ACCEPTED"), "SessionScheduled WAITING > SendSessionNotificationsCommand"],
    ["SessionScheduled", "nobody answers it", changed("LAPSED"), "SessionScheduled WAITING > SendSessionNotificationsCommand"],
    ["SessionCompleted", "somebody cancels", cancelled, "SessionCompleted COMPLETED"],
  ])("from %s when %s", (state, _what, verb, outcome) => {
    expect(verb(at(state)).outcome).toBe(outcome);
  });
});

describe("fails", () => {
  test.each<[string, string, Verb, string[], string, string]>([
    ["ValidatingSchedule", "the slot is not valid", invalid, [slot], "FAILED MENTOR_WEEK_FULL", "The mentor takes no more."],
    ["ValidatingSchedule", "its time is over", timedOut, [slot], "FAILED TIMED_OUT", "The booking could not be checked in time."],
    ["ValidatingSchedule", "somebody cancels", cancelled, [slot], "CANCELLED CANCELLED_BY_USER", ill],
    ["ValidatingSchedule", "somebody cancels while it stands", both(exhausted, cancelled), [slot], "CANCELLED CANCELLED_BY_USER", ill],
    [
      "SessionScheduled",
      "the learner declines another time",
      changed("DECLINED"),
      [notes, slot],
      "CANCELLED RESCHEDULE_DECLINED",
      "The learner did not accept the other time.",
    ],
    ["SendingNotifications", "somebody cancels", cancelled, [notes, slot], "CANCELLED CANCELLED_BY_USER", ill],
    ["SessionScheduled", "somebody cancels", cancelled, [notes, slot], "CANCELLED CANCELLED_BY_USER", ill],
  ])("from %s when %s, gives the slot back and tells both", (state, _what, verb, undone, end, message) => {
    const saga = verb(at(state));
    expect(undo(saga)).toEqual(undone);
    expect(`${saga.instance.status} ${saga.instance.reasonCode}`).toBe(end);
    expect(saga.instance).toMatchObject({ state: "SessionCancelled", reasonMessage: message, finishedAt: saga.now });
    expect(saga.last.commands.map(({ command, payload }) => [command.name, payload])).toEqual([
      ["SendSessionNotificationsCommand", { sessionId, kind: "cancelled", userIds: [mentorId, learnerId], reason: message }],
    ]);
  });

  test.each([
    [
      "a slot that is refused",
      (saga: SagaUnderTest) => saga.answered(m.ScheduleValidatedEvent, { sessionId, verdict: "MENTOR_UNAVAILABLE" }),
      "The mentor takes no sessions now.",
    ],
    [
      "a cancellation",
      (saga: SagaUnderTest) => saga.happened(m.MentoringSessionCancelledEvent, { sessionId, byUserId: mentorId, by: "MENTOR" }),
      "The session was cancelled by the mentor.",
    ],
  ])("with a sentence for %s without a word", (_what, verb, message) => {
    expect(verb(created()).instance.reasonMessage).toBe(message);
  });

  test("with notes that were given up on withdrawn all the same: they may have gone out", () => {
    expect(undo(cancelled(exhausted(at("SendingNotifications"))))).toEqual([notes, slot]);
  });

  test("with the slot given back when the notes cannot be withdrawn, and says what stays", () => {
    const saga = exhausted(cancelled(at("SessionScheduled")));
    expect(saga.outcome).toBe("SessionScheduled COMPENSATING > ReleaseScheduleSlotCommand");
    expect(undo(saga)).toEqual([slot]);
    expect(remainsOf(mentoringSession.definition, saga.instance)).toEqual([
      { state: "SendingNotifications", command: "SendSessionNotificationsCommand", why: "UNDO_GAVE_UP", certain: true, sagaType: null, sagaId: null },
    ]);
  });

  test("but stands when the slot cannot be given back, after a day of attempts", () => {
    const saga = exhausted(cancelled(created()));
    expect(saga.outcome).toBe("ValidatingSchedule STUCK");
    expect(saga.last.deadLetters).toMatchObject([{ attempts: 30 }]);
  });

  test("once: a notice of the end that cannot be sent is a dead letter, and the end stays", () => {
    const saga = cancelled(created());
    undo(saga);
    const { instance: ended } = saga;
    exhausted(saga);
    expect(saga.buried).toMatchObject([{ command: { name: "SendSessionNotificationsCommand" }, attempts: 10 }]);
    expect([saga.instance.state, saga.instance.status, saga.instance.finishedAt]).toEqual([ended.state, ended.status, ended.finishedAt]);
    expect(cancelled(created()).instance.asides).toEqual([]);
  });
});

describe("reminds", () => {
  test("both of them a day and an hour before the session, and then no more", () => {
    const saga = at("SessionScheduled");
    const reminded: string[] = [];
    while (saga.instance.remindAt !== null) {
      saga.clock();
      reminded.push(`${saga.now.toISOString()} ${saga.outcome}`);
      expect(saga.newest().payload).toEqual({ sessionId, userIds: [mentorId, learnerId] });
      saga.answered(m.SessionReminderSentEvent, { sessionId });
    }
    expect(reminded).toEqual([
      "2026-01-04T10:00:00.000Z SessionScheduled WAITING > SendSessionReminderCommand",
      "2026-01-05T09:00:00.000Z SessionScheduled WAITING > SendSessionReminderCommand",
    ]);
    expect(completed(saga).outcome).toBe("SessionCompleted COMPLETED");
  });

  test("only of what is to come: a session in two hours has one reminder, one in half an hour none", () => {
    const inMinutes = (minutes: number): Date => new Date(occurredOn.getTime() + minutes * 60_000);
    expect(at("SessionScheduled", created({ startsAt: inMinutes(120), endsAt: inMinutes(180) })).instance.remindAt).toEqual(inMinutes(60));
    expect(at("SessionScheduled", created({ startsAt: inMinutes(30), endsAt: inMinutes(90) })).instance.remindAt).toBeNull();
  });

  test("nobody after a cancellation, and a reminder that cannot be sent stops nothing", () => {
    const saga = at("SessionScheduled").clock().exhausted();
    expect(saga.outcome).toBe("SessionScheduled WAITING");
    expect(saga.buried).toMatchObject([{ command: { name: "SendSessionReminderCommand" } }]);
    expect(cancelled(saga).instance.remindAt).toBeNull();
  });
});

test.each([
  ["SLOT_WITHDRAWN", "The mentor took the slot back."],
  ["TOO_SHORT_NOTICE", "The session would begin too soon."],
  ["MENTOR_UNAVAILABLE", "The mentor takes no sessions now."],
  ["MENTOR_WEEK_FULL", "The mentor's week is full."],
  ["OPEN_SESSION_LIMIT", "The learner has as many open sessions as are allowed."],
] as const)("a booking that is found to be %s fails with that code", (verdict, message) => {
  expect(created().answered(m.ScheduleValidatedEvent, { sessionId, verdict }).instance).toMatchObject({ reasonCode: verdict, reasonMessage: message });
});

test("reminders and the end follow another time once it is accepted, and not before", () => {
  const saga = changed("PROPOSED")(at("SessionScheduled"));
  expect(saga.newest().payload).toMatchObject({ kind: "proposed" });
  expect(saga.instance.deadlineAt).toEqual(new Date("2026-01-06T11:00:00Z"));
  changed("LAPSED")(saga);
  expect(saga.newest().payload).toMatchObject({ kind: "lapsed" });
  expect(saga.instance).toMatchObject({ deadlineAt: new Date("2026-01-06T11:00:00Z"), remindAt: new Date("2026-01-04T10:00:00Z") });
  changed("ACCEPTED")(changed("PROPOSED")(saga));
  expect(saga.newest().payload).toMatchObject({ kind: "moved" });
  expect(saga.instance).toMatchObject({ data: later, deadlineAt: new Date("2026-01-13T11:00:00Z"), remindAt: new Date("2026-01-11T10:00:00Z") });
});

test("a cancellation is refused once the session is completed, and changes nothing while it is being undone", () => {
  expect(cancelled(at("SessionCompleted")).last).toMatchObject({ fate: "refused", explanation: "It has ended already, as SessionCompleted." });
  expect(cancelled(timedOut(created())).last).toMatchObject({ fate: "already-undoing", commands: [] });
});

test("word that it took place may come before the saga is ready for it", () => {
  const saga = completed(created());
  expect(saga.last.fate).toBe("parked");
  expect(notified(valid(saga)).outcome).toBe("SessionCompleted COMPLETED");
});

test("every command carries what its participant needs", () => {
  const saga = cancelled(at("SessionScheduled").clock());
  undo(saga);
  expect(saga.sent.map(({ command, payload }) => [command.name, payload])).toEqual([
    ["ValidateScheduleCommand", { sessionId, scheduleId, mentorId, learnerId }],
    ["SendSessionNotificationsCommand", { sessionId, kind: "scheduled", userIds: [mentorId, learnerId] }],
    ["SendSessionReminderCommand", { sessionId, userIds: [mentorId, learnerId] }],
    [notes, { sessionId, deliveryIds, reason: ill }],
    [slot, { sessionId, scheduleId }],
    ["SendSessionNotificationsCommand", { sessionId, kind: "cancelled", userIds: [mentorId, learnerId], reason: ill }],
  ]);
});

test("it remembers what it learns, and both may watch it", () => {
  const { instance } = at("SessionCompleted");
  expect(instance.data).toEqual({ ...booked, deliveryIds });
  expect(instance.participants).toEqual([learnerId, mentorId]);
  expect(instance.subjectId).toBe(sessionId);
  expect(halfNotified(at("SendingNotifications")).instance.data["deliveryIds"]).toEqual(deliveryIds.slice(0, 1));
});

test("it is settled once the session is scheduled, for better or worse", () => {
  expect(at("SendingNotifications").instance.settledAt).toBeNull();
  expect(at("SessionScheduled").instance.settledAt).not.toBeNull();
  const failed = invalid(created());
  undo(failed);
  expect(failed.instance.settledAt).not.toBeNull();
});

test.each([
  ["ValidatingSchedule", "2 min", "1 s, 3 s, 5 s"],
  ["SendingNotifications", "30 min", "2 s, 4 s, 8 s, 16 s, 32 s, 1 min, 2 min, 2 min, 2 min"],
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

test("it waits until a day after the session's end", () => {
  expect(at("SessionScheduled").instance.deadlineAt).toEqual(new Date("2026-01-06T11:00:00Z"));
});

test("the session's status follows the state", () => {
  const { reflect, nodes, finals } = mentoringSession.definition;
  expect(reflect).toMatchObject({ table: "mentoring_session", statusColumn: "status", reasonColumns: "failure" });
  expect([...nodes.keys(), ...Object.keys(finals)].map((state) => `${state} ${reflect?.statusOf(state, null)}`)).toEqual([
    "SessionCreated PENDING",
    "ValidatingSchedule PENDING",
    "SendingNotifications PENDING",
    "SessionScheduled SCHEDULED",
    "SessionCompleted COMPLETED",
    "SessionCancelled CANCELLED",
  ]);
});

sagaProperties({
  saga: mentoringSession,
  start: [m.MentoringSessionCreatedEvent, { ...booked, occurredOn }],
  cancellation: m.MentoringSessionCancelledEvent,
  payloads: [
    payloadsOf(m.MentoringSessionCreatedEvent, { ...booked, occurredOn }),
    payloadsOf(
      m.ScheduleValidatedEvent,
      { sessionId, verdict: "VALID" },
      { sessionId, verdict: "VALID" },
      { sessionId, verdict: "TOO_SHORT_NOTICE", reason: "Too late." },
    ),
    payloadsOf(m.NotificationsSentEvent, { sessionId, deliveryIds }, { sessionId, deliveryIds: [] }),
    payloadsOf(m.NotificationsFailedEvent, { sessionId, deliveryIds: [], reason: "Nobody could be told." }),
    payloadsOf(m.SlotReleasedEvent, { sessionId }),
    payloadsOf(m.NotificationsWithdrawnEvent, { sessionId }),
    payloadsOf(m.SessionReminderSentEvent, { sessionId }),
    payloadsOf(m.MentoringSessionCompletedEvent, { sessionId, outcome: "HELD", completedAt: endsAt }),
    payloadsOf(
      m.MentoringSessionStatusChangedEvent,
      ...(["PROPOSED", "ACCEPTED", "DECLINED", "LAPSED"] as const).map((change) => ({ sessionId, change, ...later })),
    ),
    payloadsOf(
      m.MentoringSessionCancelledEvent,
      { sessionId, byUserId: learnerId, by: "LEARNER", reason: "I am ill." },
      { sessionId, byUserId: mentorId, by: "MENTOR" },
    ),
  ],
  undoes: { SendSessionNotificationsCommand: notes },
  undoesStart: slot,
  didNothing: () => false,
});
