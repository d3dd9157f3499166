import * as m from "../../src/domain/course-enrollment/course-enrollment.messages.ts";
import { event, t } from "../../src/outbox/index.ts";
import { fail, finish, go, loop, migration, next, park, saga, skip, stay } from "../../src/sagas/engine/index.ts";
import { versionOne, versionTwo } from "./sagas.ts";

// What the compiler has to refuse in a definition. Nothing here is ever run. Each expectation names the code of the error that
// the next line must raise and a piece of its text, so that a case cannot go on failing for some other reason.

const ReminderSentEvent = event("ReminderSentEvent", { courseId: t.id() });

const begun = () =>
  saga("CourseEnrollment", {
    version: 1,
    key: "enrollmentId",
    participants: ["userId"],
    data: { enrollmentId: t.id(), courseId: t.id(), userId: t.id(), confirmedAt: t.maybe(t.time()), channel: t.oneOf("web", "phone") },
    states: ["Initiated", "CheckingCapacity", "Confirming", "Waiting"],
    finals: { Completed: "succeeded", Failed: "failed" },
    reasons: { NoCapacity: { code: "COURSE_FULL", message: "The course is full." } },
  });

type Ids = { readonly enrollmentId: string; readonly courseId: string; readonly userId: string };
const start = { state: "Initiated", key: (e: Ids) => e.enrollmentId, init: (e: Ids) => ({ ...e, channel: "web" as const }) } as const;
const started = () => begun().startOn(m.CourseEnrolledEvent, { state: "Initiated", key: (e) => e.enrollmentId, init: (e) => ({ ...e, channel: "web" }) });

const check = { invoke: m.CheckCourseCapacityCommand, with: (d: Ids) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId }) } as const;
const checked = { CourseCapacityCheckedEvent: { by: "hasCapacity", cases: { true: next, false: fail("NoCapacity") } } } as const;
const confirm = { invoke: m.ConfirmEnrollmentCommand, with: (d: Ids) => ({ enrollmentId: d.enrollmentId, userId: d.userId, courseId: d.courseId }) } as const;
const confirmed = { EnrollmentConfirmedEvent: next, EnrollmentRefusedEvent: fail("NoCapacity") } as const;
const release = { invoke: m.ReleaseSeatCommand, with: (d: Ids) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId }) } as const;
const time = { timeout: ["5m", park], onExhausted: park } as const;

// What the cases below change is right as it stands here.
export const complete = begun()
  .startOn(m.CourseEnrolledEvent, start)
  .step("CheckingCapacity", { ...check, onReply: checked, compensate: release, ...time })
  .step("Confirming", { ...confirm, onReply: confirmed, effect: "none", ...time })
  .wait("Waiting", {
    for: [m.CourseAccessGrantedEvent],
    on: { CourseAccessGrantedEvent: finish("Completed") },
    deadline: ["7d", loop("Confirming", 2, fail("NoCapacity"))],
  })
  .interrupt(m.EnrollmentCancellationRequestedEvent, { during: ["Waiting"], then: fail("NoCapacity") })
  .reflect(
    "course_enrollment",
    { status: "status" },
    {
      Initiated: "PENDING",
      CheckingCapacity: "PENDING",
      Confirming: "PENDING",
      Waiting: null,
      Completed: "ACTIVE",
      Failed: { otherwise: "FAILED", NoCapacity: "FULL" },
    },
  )
  .onFailed({ final: "Failed" })
  .build();

export const states = [
  // @ts-expect-error TS2741 StatesStillUndefined<"Waiting">: a declared state that is never defined
  () => started().milestone("CheckingCapacity").milestone("Confirming").build(),

  () =>
    started()
      .milestone("Waiting")
      // @ts-expect-error TS2345 '"Waiting"': a state that is defined twice
      .milestone("Waiting"),

  () =>
    started().step(
      // @ts-expect-error TS2345 '"Initiated"': a step in the state in which the saga starts
      "Initiated",
      { ...check, onReply: checked, effect: "none", ...time },
    ),

  () =>
    begun()
      .milestone("Initiated")
      // @ts-expect-error TS2322 '"Initiated"': a start in a state that is defined already
      .startOn(m.CourseEnrolledEvent, { ...start, state: "Initiated" }),

  // @ts-expect-error TS2345 '"Checking"': a state that is not declared
  () => started().milestone("Checking"),
];

export const outcomes = [
  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2322 '"Enrolling"': a jump to an unknown state
      onReply: { CourseCapacityCheckedEvent: go("Enrolling") },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2322 '"Completed"': a jump to a final; finish ends a saga
      onReply: { CourseCapacityCheckedEvent: go("Completed") },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      // @ts-expect-error TS2322 '"Enrolling"': a loop to an unknown state
      timeout: ["5m", loop("Enrolling", 1, park)],
      onExhausted: park,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      // @ts-expect-error TS2322 '"TooLate"': a loop whose way out is a reason that is not declared
      timeout: ["5m", loop("Confirming", 1, fail("TooLate"))],
      onExhausted: park,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      timeout: ["5m", park],
      // @ts-expect-error TS2322 '"TooLate"': a reason that is not declared
      onExhausted: fail("TooLate"),
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      // @ts-expect-error TS2322 '"Abandoned"': a final that is not declared
      timeout: ["5m", finish("Abandoned")],
      onExhausted: park,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      timeout: ["5m", park],
      // @ts-expect-error TS2322 'Stay': a step cannot stay, only a wait can
      onExhausted: stay,
    }),

  // @ts-expect-error TS2322 '"CheckingCapacity"': a failed end that is a state
  () => started().onFailed({ final: "CheckingCapacity" }),
];

export const replies = [
  () =>
    started().step("Confirming", {
      ...confirm,
      // @ts-expect-error TS2741 'EnrollmentRefusedEvent' is missing: a reply that nobody handles
      onReply: { EnrollmentConfirmedEvent: next },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2353 'SeatReleasedEvent' does not exist: a reply that the command never gives
      onReply: { ...checked, SeatReleasedEvent: next },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2741 'false' is missing: only one side of a flag
      onReply: { CourseCapacityCheckedEvent: { by: "hasCapacity", cases: { true: next } } },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2741 'phone' is missing: a choice by the saga's data that leaves a value out
      onReply: { CourseCapacityCheckedEvent: { byData: "channel", cases: { web: next } } },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      // @ts-expect-error TS2322 "seatsLeft": a choice by a field that has no closed list of values
      onReply: { CourseCapacityCheckedEvent: { by: "seatsLeft", cases: { true: next, false: next } } },
      effect: "none",
      ...time,
    }),

  () =>
    started().step("Confirming", {
      ...confirm,
      // @ts-expect-error TS2322 Type 'string' is not assignable to type 'Date': saved data of the wrong type
      onReply: { ...confirmed, EnrollmentConfirmedEvent: { save: (e) => ({ confirmedAt: e.enrollmentId }), then: next } },
      effect: "none",
      ...time,
    }),
];

export const effects = [
  // @ts-expect-error TS2345 'effect' is missing: neither an undo nor a word about effects
  () => started().step("CheckingCapacity", { ...check, onReply: checked, ...time }),

  // @ts-expect-error TS2345 Type '"none"' is not assignable to type 'undefined': an undo and a word about effects
  () => started().step("CheckingCapacity", { ...check, onReply: checked, compensate: release, effect: "none" as const, ...time }),

  // @ts-expect-error TS2345 'timeout' is missing: a step without an end in time
  () => started().step("CheckingCapacity", { ...check, onReply: checked, effect: "none", onExhausted: park }),

  // @ts-expect-error TS2345 'onExhausted' is missing: nothing said about the last attempt
  () => started().step("CheckingCapacity", { ...check, onReply: checked, effect: "none", timeout: ["5m", park] }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      effect: "none",
      // @ts-expect-error TS2322 '"5 minutes"': a duration without a unit that is known
      timeout: ["5 minutes", park],
      onExhausted: park,
    }),
];

export const payloads = [
  () =>
    started().step("CheckingCapacity", {
      invoke: m.CheckCourseCapacityCommand,
      // @ts-expect-error TS2322 Type 'number' is not assignable to type 'string': a payload of the wrong type
      with: (d) => ({ enrollmentId: d.enrollmentId, courseId: 7 }),
      onReply: checked,
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      invoke: m.CheckCourseCapacityCommand,
      // @ts-expect-error TS2741 'courseId' is missing: a payload that lacks a field
      with: (d) => ({ enrollmentId: d.enrollmentId }),
      onReply: checked,
      effect: "none",
      ...time,
    }),

  () =>
    started().step("CheckingCapacity", {
      ...check,
      onReply: checked,
      // @ts-expect-error TS2322 Type 'undefined' is not assignable to type 'string': an undo's payload that may lack what it needs
      compensate: { invoke: m.CancelEnrollmentCommand, with: (d) => ({ enrollmentId: d.enrollmentId, reason: d.confirmedAt?.toISOString() }) },
      ...time,
    }),

  // @ts-expect-error TS2741 'channel' is missing: a start that leaves data out
  () => begun().startOn(m.CourseEnrolledEvent, { state: "Initiated", key: (e) => e.enrollmentId, init: (e) => ({ ...e }) }),
];

export const waits = [
  // @ts-expect-error TS2741 'deadline' is missing: a wait without an end in time
  () => started().wait("Waiting", { for: [m.CourseAccessGrantedEvent], on: { CourseAccessGrantedEvent: next } }),

  // @ts-expect-error TS2322 'enrollmentId' is missing: a wait for an event without the saga's key
  () => started().wait("Waiting", { for: [ReminderSentEvent], on: { ReminderSentEvent: next }, deadline: ["7d", skip] }),

  // @ts-expect-error TS2345 'enrollmentId' is missing: an interrupt by an event without the saga's key
  () => started().interrupt(ReminderSentEvent, { during: "any", then: park }),

  () =>
    started().wait("Waiting", {
      for: [m.CourseAccessGrantedEvent, m.CourseAccessRefusedEvent],
      // @ts-expect-error TS2741 'CourseAccessRefusedEvent' is missing: an event that is waited for and not handled
      on: { CourseAccessGrantedEvent: next },
      deadline: ["7d", skip],
    }),

  // @ts-expect-error TS2322 '"Enrolling"': an interrupt during an unknown state
  () => started().interrupt(m.EnrollmentCancellationRequestedEvent, { during: ["Enrolling"], then: park }),
];

const head = { version: 1, key: "enrollmentId", data: { enrollmentId: t.id() }, states: [], finals: {}, reasons: {} } as const;

export const heads = [
  // @ts-expect-error TS2322 '"learnerId"': a key that is no field of the data
  () => saga("CourseEnrollment", { ...head, key: "learnerId" }),

  // @ts-expect-error TS2322 '"learnerId"': a participant that is no field of the data
  () => saga("CourseEnrollment", { ...head, participants: ["learnerId"] }),

  // @ts-expect-error TS2322 '"maybe"': a final that is neither a success nor a failure
  () => saga("CourseEnrollment", { ...head, finals: { Ended: "maybe" } }),

  () =>
    begun().reflect(
      "course_enrollment",
      { status: "status" },
      // @ts-expect-error TS2741 'Waiting' is missing: a business status that forgets a state
      { Initiated: "PENDING", CheckingCapacity: "PENDING", Confirming: "PENDING", Completed: "ACTIVE", Failed: "FAILED" },
    ),
];

const inGroup = { onExhausted: park } as const;
const grouped = (group: { readonly timeout: readonly ["5m", typeof park] }) =>
  started().parallel(
    "Waiting",
    (steps) =>
      steps
        .step("CheckingCapacity", { ...check, onReply: checked, compensate: release, ...inGroup })
        .step("Confirming", { ...confirm, onReply: confirmed, effect: "none", ...inGroup }),
    group,
  );

export const groups = [
  () => grouped({ timeout: ["5m", park] }).build(),

  () =>
    started().parallel(
      "Waiting",
      (steps) =>
        steps
          // @ts-expect-error TS2322 'Go<"Confirming", never>': a step of a group that leads to another state by itself
          .step("CheckingCapacity", { ...check, onReply: { CourseCapacityCheckedEvent: go("Confirming") }, compensate: release, ...inGroup }),
      { timeout: ["5m", park] },
    ),

  () =>
    started().parallel(
      "Waiting",
      // @ts-expect-error TS2345 '"CheckingCapacity"': a step that a group has twice
      (steps) => steps.step("CheckingCapacity", { ...check, onReply: checked, compensate: release, ...inGroup }).step("CheckingCapacity", {}),
      { timeout: ["5m", park] },
    ),

  () =>
    started().parallel("Waiting", (steps) => steps.step("CheckingCapacity", { ...check, onReply: checked, compensate: release, ...inGroup }), {
      timeout: ["5m", park],
      // @ts-expect-error TS2322 'Park<never>': a group that stands when all its steps have ended
      then: park,
    }),

  () =>
    grouped({ timeout: ["5m", park] }).reflect(
      "course_enrollment",
      { status: "status" },
      // @ts-expect-error TS2353 'Confirming' does not exist: a business status for a step of a group, which is no state of its own
      { Initiated: "PENDING", Waiting: "PENDING", Confirming: "PENDING", Completed: "ACTIVE", Failed: "FAILED" },
    ),
];

const subSaga = { saga: complete, start: m.CourseEnrolledEvent, with: (d: Ids) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId, userId: d.userId }) };

export const subSagas = [
  () =>
    started().subSaga("Waiting", {
      saga: complete,
      start: m.CourseEnrolledEvent,
      with: (d) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId, userId: d.userId }),
      // @ts-expect-error TS2741 'Failed' is missing: an end of the sub-saga that means nothing
      onEnd: { Completed: next },
      onRefused: fail("NoCapacity"),
      timeout: ["5m", park],
    }),

  () =>
    started().subSaga("Waiting", {
      saga: complete,
      start: m.CourseEnrolledEvent,
      // @ts-expect-error TS2741 'userId' is missing: a starting event that lacks a field
      with: (d) => ({ enrollmentId: d.enrollmentId, courseId: d.courseId }),
      onEnd: { Completed: next, Failed: fail("NoCapacity") },
      onRefused: fail("NoCapacity"),
      timeout: ["5m", park],
    }),

  () =>
    // @ts-expect-error TS2741 'onRefused' is missing: nothing said about a key that has a saga already
    started().subSaga("Waiting", {
      ...subSaga,
      onEnd: { Completed: { save: (d) => ({ confirmedAt: d.confirmedAt ?? new Date(0) }), then: next }, Failed: fail("NoCapacity") },
      timeout: ["5m", park],
    }),

  () =>
    // @ts-expect-error TS2741 'onEnd' is missing: nothing said about its ends
    started().subSaga("Waiting", { ...subSaga, onRefused: park, timeout: ["5m", park] }),

  () =>
    // @ts-expect-error TS2741 'timeout' is missing: a sub-saga without an end in time
    started().subSaga("Waiting", { ...subSaga, onEnd: { Completed: next, Failed: fail("NoCapacity") }, onRefused: park }),

  () =>
    started().parallel(
      "Waiting",
      (steps) =>
        // @ts-expect-error TS2741 'onRefused' is missing: the same in a group
        steps.subSaga("Confirming", { ...subSaga, onEnd: { Completed: next, Failed: fail("NoCapacity") } }),
      { timeout: ["5m", park] },
    ),
];

export const migrations = [
  // @ts-expect-error TS2741 'Freeing' is missing: a vanished state that leads nowhere
  () => migration(versionOne, versionTwo, { states: {}, data: (d) => ({ ...d, seat: "standard" }) }),

  // @ts-expect-error TS2322 '"Asking"': a vanished state that leads to an unknown one
  () => migration(versionOne, versionTwo, { states: { Freeing: "Asking" }, data: (d) => ({ ...d, seat: "standard" }) }),

  // @ts-expect-error TS2741 'seat' is missing: a new data field that nobody fills
  () => migration(versionOne, versionTwo, { states: { Freeing: "Releasing" }, data: (d) => ({ ...d }) }),

  () =>
    migration(
      versionOne,
      // @ts-expect-error TS2379 Type '"CourseEnrollment"' is not assignable to type '"Release"': a migration between two sagas
      complete,
      { states: { Freeing: "stay", Asked: "stay" }, data: (d) => ({ enrollmentId: d.sessionId, courseId: d.mentorId, userId: d.mentorId, channel: "web" }) },
    ),
];
