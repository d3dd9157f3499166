import { command, event } from "../../../src/outbox/index.ts";
import { SagaRegistry, fail, finish, incremental, next, saga, stay, t } from "../../../src/sagas/engine/index.ts";
import { given, type SagaUnderTest } from "../../../src/sagas/engine/testing.ts";

// A wait that notes events: what it stands until moves with the data, and it may tell of each.

const ids = { visitId: t.id() };
const AgreedEvent = event("VisitAgreedEvent", { ...ids, at: t.time() });
const MovedEvent = event("VisitMovedEvent", { ...ids, at: t.time() });
const ConfirmedEvent = event("VisitConfirmedEvent", ids);
const MadeEvent = event("VisitMadeEvent", ids);
const ToldEvent = event("VisitToldEvent", ids);
const RemindedEvent = event("VisitRemindedEvent", ids);
const PaidEvent = event("VisitPaidEvent", ids);
const TellCommand = command("TellOfVisitCommand", { ...ids, at: t.time() }, ToldEvent);
const RemindCommand = command("RemindOfVisitCommand", ids, RemindedEvent);
const PayCommand = command("PayForVisitCommand", ids, PaidEvent);

const hourMs = 3_600_000;
const visit = saga("Visit", {
  version: 1,
  key: "visitId",
  data: { ...ids, at: t.time() },
  states: ["VisitAgreed", "AwaitingVisit", "PayingForVisit"],
  finals: { VisitPaid: "succeeded", VisitMissed: "failed" },
  reasons: { Missed: { code: "TIMED_OUT", message: "Nobody came." } },
})
  .startOn(AgreedEvent, { state: "VisitAgreed", key: (e) => e.visitId, init: (e) => e })
  .wait("AwaitingVisit", {
    for: [MovedEvent, ConfirmedEvent, MadeEvent],
    on: { VisitMovedEvent: { save: ({ at }) => ({ at }), then: stay }, VisitConfirmedEvent: stay, VisitMadeEvent: next },
    deadline: [(d) => d.at, fail("Missed")],
    remind: {
      at: [(d) => new Date(d.at.getTime() - 2 * hourMs), (d) => new Date(d.at.getTime() - hourMs)],
      invoke: RemindCommand,
      with: (d) => ({ visitId: d.visitId }),
    },
    tell: { invoke: TellCommand, with: (d) => ({ visitId: d.visitId, at: d.at }), retry: incremental({ first: "1s", step: "1s", times: 1 }) },
  })
  .step("PayingForVisit", {
    invoke: PayCommand,
    with: (d) => ({ visitId: d.visitId }),
    onReply: { VisitPaidEvent: finish("VisitPaid") },
    effect: "irreversible",
    timeout: ["1m", finish("VisitPaid")],
    onExhausted: finish("VisitPaid"),
  })
  .onFailed({ final: "VisitMissed" })
  .build();

const visitId = "00000000-0000-4000-8000-000000000001";
const at = new Date("2026-01-02T12:00:00Z");
const before = (instant: Date, hours: number): Date => new Date(instant.getTime() - hours * hourMs);
const agreed = (): SagaUnderTest => given(visit, AgreedEvent, { visitId, at });
const moved = (one: SagaUnderTest, to: Date): SagaUnderTest => one.happened(MovedEvent, { visitId, at: to });

test("deadline and reminders of a wait move with the data that an event changes, and a reminder under way is void", () => {
  const later = new Date("2026-01-05T12:00:00Z");
  const one = agreed().clock();
  const reminder = one.newest("RemindOfVisitCommand");
  expect(moved(one, later).instance).toMatchObject({ state: "AwaitingVisit", status: "WAITING", deadlineAt: later, remindAt: before(later, 2) });
  expect(one.failed(undefined, reminder).last).toMatchObject({ fate: "late", commands: [] });
  expect(one.timedOut().instance.reason).toBe("Missed");
  expect(moved(agreed(), new Date("2026-01-01T01:30:00Z")).instance.remindAt).toEqual(new Date("2026-01-01T00:30:00Z"));
  expect(moved(agreed(), new Date("2026-01-01T00:30:00Z")).instance.remindAt).toBeNull();
});

test("an event that changes nothing about them leaves the timers alone, one that an operator has moved too", () => {
  const to = new Date("2026-02-01T00:00:00Z");
  const one = agreed().operator({ kind: "move-timer", timer: "DEADLINE", to }).happened(ConfirmedEvent, { visitId });
  expect(one.instance).toMatchObject({ deadlineAt: to, remindAt: before(at, 2) });
  expect(moved(one, at).instance.deadlineAt).toEqual(to);
});

test("a wait tells of every event that it notes, beside the main path", () => {
  const later = new Date("2026-01-05T12:00:00Z");
  const one = moved(agreed(), later);
  expect(one.outcome).toBe("AwaitingVisit WAITING > TellOfVisitCommand");
  expect(one.newest().payload).toEqual({ visitId, at: later });
  expect(one.failed().outcome).toBe("AwaitingVisit WAITING > TellOfVisitCommand 2");
  expect(one.answered(ToldEvent, { visitId }).outcome).toBe("AwaitingVisit WAITING");
  expect(one.happened(ConfirmedEvent, { visitId }).outcome).toBe("AwaitingVisit WAITING > TellOfVisitCommand");
  expect(one.happened(MadeEvent, { visitId }).outcome).toBe("PayingForVisit RUNNING > PayForVisitCommand");
});

test("a notice that cannot be sent is a dead letter, moves nothing, and can be redriven from another state", () => {
  const one = agreed().happened(ConfirmedEvent, { visitId }).exhausted();
  expect(one.outcome).toBe("AwaitingVisit WAITING");
  expect(one.buried).toMatchObject([{ command: { name: "TellOfVisitCommand" }, attempts: 2 }]);
  one.happened(MadeEvent, { visitId });
  expect(one.redriven().outcome).toBe("PayingForVisit RUNNING > TellOfVisitCommand 3");
  expect(one.answered(ToldEvent, { visitId }).instance).toMatchObject({ state: "PayingForVisit", status: "RUNNING" });
  expect(one.redriven().last.denied).toBe("WRONG_STATE");
});

test("a wait whose notice could never be sent is refused at the start", () => {
  const silent = saga("Silent", { version: 1, key: "visitId", data: ids, states: ["Asked", "Waiting"], finals: { Done: "succeeded" }, reasons: {} })
    .startOn(ConfirmedEvent, { state: "Asked", key: (e) => e.visitId, init: (e) => e })
    .wait("Waiting", {
      for: [MadeEvent],
      on: { VisitMadeEvent: finish("Done") },
      deadline: ["1h", finish("Done")],
      tell: { invoke: RemindCommand, with: (d) => ({ visitId: d.visitId }) },
    })
    .build();
  expect(() => new SagaRegistry([silent])).toThrow("Waiting tells by RemindOfVisitCommand, but no event leads to stay");
});
