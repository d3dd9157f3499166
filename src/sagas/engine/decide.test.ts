import * as m from "../../../test/support/orders.ts";
import { orderSaga } from "../../../test/support/orders.ts";
import { payloadsOf, sagaProperties } from "../../../test/support/saga-properties.ts";
import { nodeOf, type Definition, type MilestoneNode, type Node, type StepNode, type Undo, type WaitNode } from "./compiled.ts";
import { begin, decide, fateOfCommand, type Input } from "./decide.ts";
import type { Instance, Run } from "./instance.ts";
import type { AnySaga } from "./registry.ts";
import { given, trouble, type SagaUnderTest } from "./testing.ts";

const orderId = "00000000-0000-4000-8000-000000000001";
const buyerId = "00000000-0000-4000-8000-000000000002";
const placed = { orderId, buyerId, kind: "bought" } as const;
const wrappedAt = new Date("2026-01-01T12:00:00Z");
const minute = 60_000;

const reserving = (kind: "bought" | "gift" = "bought", random?: () => number): SagaUnderTest =>
  given(orderSaga, m.OrderPlacedEvent, { ...placed, kind }, random);
const wrapping = (): SagaUnderTest => reserving().answered(m.StockReservedEvent, { orderId, from: "shelf" });
const awaiting = (): SagaUnderTest => wrapping().answered(m.WrappedEvent, { orderId, at: wrappedAt });
const delivering = (kind: "bought" | "gift" = "bought", random?: () => number): SagaUnderTest =>
  reserving(kind, random).answered(m.StockReservedEvent, { orderId, from: "supplier" });
const cancelled = (saga: SagaUnderTest): SagaUnderTest => saga.happened(m.OrderCancelledEvent, { orderId, why: "too late" });
const undone = (saga: SagaUnderTest): SagaUnderTest => {
  const [reply] = saga.newest().command.replies;
  if (reply === undefined) throw new Error(`${saga.newest().command.name} has no reply`);
  return saga.answered(reply, { orderId });
};
const last = (saga: SagaUnderTest) => saga.history.at(-1);

/** The order saga with one of its nodes changed. */
function withNode(state: string, changes: Partial<StepNode> | Partial<WaitNode> | Partial<MilestoneNode>, saga: AnySaga = orderSaga): AnySaga {
  const { definition } = saga;
  return { ...saga, definition: { ...definition, nodes: new Map(definition.nodes).set(state, { ...nodeOf(definition, state), ...changes } as Node) } };
}

describe("a saga's birth", () => {
  test("moves it on to its first stop, with that stop's command, in one decision", () => {
    const saga = reserving();
    expect(saga.last.fate).toBe("started");
    expect(saga.outcome).toBe("Reserving RUNNING > ReserveStockCommand");
    expect(saga.instance).toMatchObject({
      type: "Order",
      version: 1,
      subjectId: orderId,
      sequence: 1,
      attempt: 1,
      maxAttempts: 3,
      data: placed,
      settledAt: null,
      finishedAt: null,
    });
    expect(saga.newest()).toMatchObject({
      payload: { orderId },
      runId: saga.instance.runs[1]?.id,
      attempt: 1,
      deliverAt: null,
      causationId: last(saga)?.messageId,
    });
    expect(saga.history).toMatchObject([
      { sequence: 1, kind: "TRANSITION", message: "OrderPlacedEvent", fromState: "Placed", toState: "Reserving", status: "RUNNING" },
    ]);
  });

  test("names as participants those data fields that are there", () => {
    expect(reserving().instance.participants).toEqual([buyerId]);
  });

  test("notes what the starting transaction did as a run, when there is a way to undo it", () => {
    expect(reserving().runs).toEqual(["Placed done", "Reserving active"]);
  });

  test("counts the step's time from the database's", () => {
    const saga = reserving();
    expect(saga.instance.deadlineAt).toEqual(new Date(saga.now.getTime() + minute));
  });
});

describe("a reply", () => {
  test("leads to the next state, ends the run as done, and lifts the deadline of the step", () => {
    const saga = wrapping();
    expect(saga.last.fate).toBe("applied");
    expect(saga.outcome).toBe("Wrapping RUNNING > WrapCommand");
    expect(saga.runs).toEqual(["Placed done", "Reserving done", "Wrapping active"]);
    expect(saga.instance.runs[1]).toMatchObject({ endedAt: saga.now, attempts: 1 });
    expect(last(saga)).toMatchObject({
      sequence: 2,
      message: "StockReservedEvent",
      fromState: "Reserving",
      toState: "Wrapping",
      summary: "Reserving is done; now Wrapping.",
    });
  });

  test("saves what the arm says before anything is sent", () => {
    expect(wrapping().instance.data).toEqual({ ...placed, from: "shelf" });
  });

  test("is told apart by a field of its own", () => {
    expect(delivering().outcome).toBe("Delivering RUNNING > DeliverCommand");
    expect(delivering().instance.data).toEqual(placed);
  });

  test("is told apart by a field of the saga's data", () => {
    expect(delivering("bought").answered(m.DeliveredEvent, { orderId }).outcome).toBe("Delivered COMPLETED");
    expect(delivering("gift").answered(m.DeliveredEvent, { orderId }).outcome).toBe("Thanking RUNNING > ThankCommand");
  });

  test("passes milestones by, records them, and settles the saga at the first goal", () => {
    const saga = awaiting();
    expect(saga.outcome).toBe("AwaitingPickup WAITING");
    expect(saga.history.slice(-2)).toMatchObject([
      { fromState: "Wrapping", toState: "Wrapped", summary: "Wrapping is done; reached Wrapped." },
      { fromState: "Wrapped", toState: "AwaitingPickup", summary: "Wrapped is done; waiting in AwaitingPickup." },
    ]);
    expect(saga.instance.settledAt).toEqual(saga.now);
  });

  test("may end the saga, which settles it", () => {
    const saga = delivering().answered(m.DeliveryReturnedEvent, { orderId });
    expect(saga.outcome).toBe("Returned COMPLETED");
    expect(saga.instance).toMatchObject({ finishedAt: saga.now, settledAt: saga.now, deadlineAt: null, reasonCode: null });
    expect(last(saga)).toMatchObject({ toState: "Returned", status: "COMPLETED", summary: "Delivering led to the end: Returned." });
  });

  test("to a run that was answered before is a duplicate", () => {
    const saga = wrapping();
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }, saga.newest("ReserveStockCommand"));
    expect(saga.last).toMatchObject({ fate: "duplicate", commands: [], explanation: "StockReservedEvent was put aside: it had been answered already." });
    expect(last(saga)).toMatchObject({ kind: "MESSAGE_IGNORED", fromState: "Wrapping", toState: "Wrapping", status: "RUNNING" });
  });

  test("to a run that was given up comes too late", () => {
    const saga = cancelled(wrapping());
    saga.answered(m.WrappedEvent, { orderId, at: wrappedAt }, saga.newest("WrapCommand"));
    expect(saga.last).toMatchObject({ fate: "late", commands: [], explanation: "WrappedEvent was put aside: its step had been given up." });
    expect(saga.instance.data).not.toHaveProperty("wrappedAt");
  });

  test("to a saga that has ended changes nothing, and is noted", () => {
    const saga = delivering().answered(m.DeliveredEvent, { orderId });
    const { instance } = saga;
    saga.answered(m.DeliveredEvent, { orderId });
    expect(saga.last).toMatchObject({ fate: "duplicate", history: [{ kind: "MESSAGE_IGNORED", fate: "duplicate" }], commands: [] });
    expect(saga.instance).toEqual({ ...instance, sequence: instance.sequence + 1 });
  });

  test("that its command never declared is our own bug", () => {
    expect(() => reserving().answered(m.ThankedEvent, { orderId })).toThrow(
      "ReserveStockCommand may not answer ThankedEvent; declared are StockReservedEvent, StockMissingEvent, StockBrokenEvent",
    );
  });

  test("whose deciding field has no arm is our own bug", () => {
    expect(() => reserving().answered(m.StockReservedEvent, { orderId, from: "moon" as "shelf" })).toThrow("Order: from is moon; handled are shelf, supplier");
  });
});

describe("a no", () => {
  test("states that its step did nothing: the step is not undone, those before are", () => {
    const saga = reserving().answered(m.StockMissingEvent, { orderId });
    expect(saga.outcome).toBe("Reserving COMPENSATING > ReopenBasketCommand");
    expect(saga.runs).toEqual(["Placed done, undo active", "Reserving none"]);
    expect(saga.instance).toMatchObject({
      reason: "OutOfStock",
      reasonCode: "SOLD_OUT",
      reasonMessage: "Nothing is left.",
      reasonAt: saga.now,
      deadlineAt: null,
    });
  });

  test("of a step that did something first is undone with the rest, and its sentence knows what the answer said", () => {
    const saga = reserving().answered(m.StockBrokenEvent, { orderId, what: "rain" });
    expect(saga.outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
    expect(saga.runs).toEqual(["Placed done, undo pending", "Reserving partly, undo active"]);
    expect(saga.newest().payload).toEqual({ orderId, reason: "Nothing is left: rain." });
  });

  test("ends in the failed final once everything is undone, and keeps its reason", () => {
    const saga = undone(reserving().answered(m.StockMissingEvent, { orderId }));
    expect(saga.outcome).toBe("Abandoned FAILED");
    expect(saga.instance).toMatchObject({ finishedAt: saga.now, settledAt: saga.now, reasonCode: "SOLD_OUT" });
    expect(last(saga)?.summary).toBe("Reserving led to the end: Abandoned. Nothing is left.");
  });
});

describe("undoing", () => {
  test("goes one by one, latest first, down to what the starting transaction did", () => {
    const saga = awaiting().happened(m.ParcelDamagedEvent, { orderId }).answered(m.StockReservedEvent, { orderId, from: "supplier" });
    expect(saga.runs).toEqual(["Placed done", "Reserving done", "Wrapping done", "AwaitingPickup done", "Reserving done", "Delivering active"]);
    cancelled(saga);
    expect(saga.outcome).toBe("Delivering COMPENSATING > RecallDeliveryCommand");
    expect(undone(saga).outcome).toBe("Delivering COMPENSATING > ReleaseStockCommand");
    const second = saga.newest();
    expect(undone(saga).outcome).toBe("Delivering COMPENSATING > ReleaseStockCommand");
    expect(saga.newest().runId).not.toBe(second.runId);
    expect(undone(saga).outcome).toBe("Delivering COMPENSATING > ReopenBasketCommand");
    expect(undone(saga).outcome).toBe("Abandoned CANCELLED");
    expect(saga.runs).toEqual([
      "Placed done, undo done",
      "Reserving done, undo done",
      "Wrapping done",
      "AwaitingPickup done",
      "Reserving done, undo done",
      "Delivering unknown, undo done",
    ]);
  });

  test("is told in the history, with the reason", () => {
    expect(last(cancelled(wrapping()))).toMatchObject({
      kind: "COMPENSATION",
      summary: "Undoing Reserving. Cancelled: too late.",
      fromState: "Wrapping",
      toState: "Wrapping",
    });
  });

  test("hands the undo the run that it undoes, and the same over all attempts", () => {
    const { undo } = nodeOf(orderSaga.definition, "Reserving") as StepNode;
    const saga = given(withNode("Reserving", { undo: { ...(undo as Undo), with: (_d, meta) => meta } }), m.OrderPlacedEvent, placed);
    const { runId } = saga.newest();
    cancelled(saga).failed();
    expect(saga.sent.slice(-2).map(({ payload }) => payload)).toEqual([
      { stepRunId: runId, attempt: 1, now: saga.now, reason: "Cancelled: too late." },
      { stepRunId: runId, attempt: 2, now: saga.now, reason: "Cancelled: too late." },
    ]);
    expect(saga.newest().runId).not.toBe(runId);
  });

  test("that fails is tried again by its own policy, without leaving the undo", () => {
    const saga = cancelled(wrapping()).failed();
    expect(saga.outcome).toBe("Wrapping COMPENSATING > ReleaseStockCommand 2");
    expect(saga.newest().deliverAt).toEqual(new Date(saga.now.getTime() + 1_000));
    expect(saga.instance).toMatchObject({ attempt: 2, maxAttempts: 2, nextAttemptAt: saga.newest().deliverAt, reasonCode: "CANCELLED_BY_USER" });
    expect(last(saga)).toMatchObject({
      kind: "ATTEMPT_FAILED",
      attempt: 1,
      reasonCode: "DEPENDENCY_UNAVAILABLE",
      summary: "Undoing Reserving: Attempt 1 of 2 failed: It does not answer. Next attempt in 1 s.",
    });
    expect(undone(saga).instance).toMatchObject({ attempt: 1, nextAttemptAt: null });
  });

  test("whose attempts are used up stands and asks an operator; nothing after it is undone", () => {
    const saga = cancelled(wrapping()).exhausted();
    expect(saga.outcome).toBe("Wrapping STUCK");
    expect(saga.runs).toEqual(["Placed done, undo pending", "Reserving done, undo parked", "Wrapping unknown"]);
    expect(saga.instance).toMatchObject({ nextAttemptAt: null, finishedAt: null });
    expect(saga.last.deadLetters).toMatchObject([
      {
        command: m.ReleaseStockCommand,
        payload: { orderId, reason: "Cancelled: too late." },
        attempts: 2,
        reasonCode: "DEPENDENCY_UNAVAILABLE",
        detail: "at test",
      },
    ]);
    expect(saga.history.slice(-2)).toMatchObject([
      { kind: "ATTEMPT_FAILED", summary: "Undoing Reserving: Attempt 2 of 2 failed: It does not answer. No attempt is left." },
      { kind: "COMPENSATION", summary: "The undo of Reserving stands and needs an operator." },
    ]);
    undone(saga);
    expect(saga.last.fate).toBe("late");
  });

  test("that may be given up leaves its effect, goes on with the rest, and says at the end what stays", () => {
    const saga = cancelled(delivering()).exhausted();
    expect(saga.outcome).toBe("Delivering COMPENSATING > ReleaseStockCommand");
    expect(saga.runs.at(-1)).toBe("Delivering unknown, undo gave-up");
    expect(saga.last.deadLetters).toMatchObject([{ command: m.RecallDeliveryCommand, attempts: 2 }]);
    undone(undone(saga));
    expect(saga.outcome).toBe("Abandoned CANCELLED");
    expect(last(saga)?.summary).toBe("Delivering led to the end: Abandoned. Cancelled: too late. What stays: Delivering (if it happened).");
  });

  test("includes a step that was skipped: it may have happened", () => {
    const saga = delivering("gift").exhausted();
    expect(saga.outcome).toBe("Thanking RUNNING > ThankCommand");
    saga.failed();
    expect(saga.outcome).toBe("Thanking COMPENSATING > RecallDeliveryCommand");
    expect(saga.runs.slice(-2)).toEqual(["Delivering skipped, undo active", "Thanking unknown"]);
  });

  test("ends at once when there is nothing to undo", () => {
    const { definition } = orderSaga;
    const saga = given(
      { ...orderSaga, definition: { ...definition, start: { ...(definition.start as NonNullable<Definition["start"]>), undo: null } } },
      m.OrderPlacedEvent,
      placed,
    );
    expect(saga.answered(m.StockMissingEvent, { orderId }).outcome).toBe("Abandoned FAILED");
    expect(saga.runs).toEqual(["Reserving none"]);
  });

  test("answered twice is a duplicate", () => {
    const saga = cancelled(wrapping());
    const release = saga.newest();
    undone(saga).answered(m.StockReleasedEvent, { orderId }, release);
    expect(saga.last).toMatchObject({ fate: "duplicate", commands: [] });
  });
});

describe("a failed attempt", () => {
  test("is followed by another after the policy's wait, under the same run", () => {
    const saga = reserving();
    const first = saga.newest();
    saga.failed();
    expect(saga.outcome).toBe("Reserving RETRYING > ReserveStockCommand 2");
    expect(saga.newest()).toMatchObject({ runId: first.runId, attempt: 2, deliverAt: new Date(saga.now.getTime() + 1_000) });
    expect(saga.newest().id).not.toBe(first.id);
    expect(saga.instance).toMatchObject({
      attempt: 2,
      maxAttempts: 3,
      reasonCode: "DEPENDENCY_UNAVAILABLE",
      reasonMessage: "It does not answer",
      nextAttemptAt: saga.newest().deliverAt,
    });
    expect(saga.instance.deadlineAt).toEqual(new Date(saga.now.getTime() + minute));
    expect(last(saga)).toMatchObject({ kind: "ATTEMPT_FAILED", attempt: 1, summary: "Attempt 1 of 3 failed: It does not answer. Next attempt in 1 s." });
    saga.failed();
    expect(saga.newest()).toMatchObject({ attempt: 3, deliverAt: new Date(saga.now.getTime() + 3_000) });
  });

  test("shows the next attempt its run and number, and no reason: the saga goes forward", () => {
    const saga = given(withNode("Reserving", { with: (_d, meta) => meta }), m.OrderPlacedEvent, placed).failed();
    expect(saga.sent.map(({ payload }) => payload)).toEqual([1, 2].map((attempt) => ({ stepRunId: saga.newest().runId, attempt, now: saga.now, reason: "" })));
  });

  test("leaves no trouble behind once a later one is answered", () => {
    const saga = reserving().failed().answered(m.StockReservedEvent, { orderId, from: "shelf" });
    expect(saga.instance).toMatchObject({ status: "RUNNING", attempt: 1, nextAttemptAt: null, reasonCode: null, reasonMessage: null, reasonAt: null });
    expect(saga.instance.runs[1]).toMatchObject({ attempts: 2, status: "done" });
  });

  test("leaves no trouble behind in the end either", () => {
    const saga = delivering().failed().answered(m.DeliveredEvent, { orderId });
    expect(saga.instance).toMatchObject({ status: "COMPLETED", reasonCode: null, reasonMessage: null, reasonAt: null });
    expect(last(saga)).toMatchObject({ summary: "Delivering led to the end: Delivered.", reasonCode: null });
  });

  test("leaves no trouble behind where an answer makes the saga stand", () => {
    const saga = given(withNode("Wrapping", { retry: { waitsMs: [1_000], jitter: 0 } }), m.OrderPlacedEvent, placed).answered(m.StockReservedEvent, {
      orderId,
      from: "shelf",
    });
    expect(saga.failed().instance).toMatchObject({ status: "RETRYING", reasonCode: "DEPENDENCY_UNAVAILABLE" });
    expect(saga.answered(m.PaperMissingEvent, { orderId }).instance).toMatchObject({ status: "STUCK", reasonCode: null, reasonMessage: null, reasonAt: null });
  });

  test("that no other can better uses the attempts up at once", () => {
    const saga = delivering().failed(trouble({ permanent: true, message: "No such street." }));
    expect(saga.outcome).toBe("Thanking RUNNING > ThankCommand");
    expect(saga.last.deadLetters).toMatchObject([{ command: m.DeliverCommand, payload: { orderId, buyerId }, attempts: 1, reasonMessage: "No such street." }]);
    expect(saga.last.history[0]?.summary).toBe("Attempt 1 of 3 failed: No such street. No attempt is left.");
  });

  test("that was the last gives the step up: it may have happened, so it is undone too", () => {
    const saga = reserving().exhausted();
    expect(saga.outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
    expect(saga.instance).toMatchObject({ reason: "Slow", reasonCode: "TIMED_OUT", reasonMessage: "It took too long." });
    expect(saga.last.deadLetters).toMatchObject([{ command: m.ReserveStockCommand, attempts: 3 }]);
  });

  test("that was the last makes the saga stand where the step says so, under the failure's own words", () => {
    const saga = wrapping().failed();
    expect(saga.outcome).toBe("Wrapping STUCK");
    expect(saga.runs.at(-1)).toBe("Wrapping parked");
    expect(saga.instance).toMatchObject({
      reason: null,
      reasonCode: "DEPENDENCY_UNAVAILABLE",
      reasonMessage: "It does not answer",
      reasonAt: saga.now,
      deadlineAt: null,
      nextAttemptAt: null,
    });
    expect(last(saga)).toMatchObject({ kind: "TRANSITION", status: "STUCK", summary: "Wrapping stands and needs an operator." });
  });

  test("of an earlier attempt does not count once a newer one is under way", () => {
    const saga = reserving();
    const first = saga.newest();
    saga.failed().failed(trouble(), first);
    expect(saga.last).toMatchObject({ fate: "superseded", commands: [], deadLetters: [] });
    expect(saga.instance.attempt).toBe(2);
    expect(last(saga)).toMatchObject({
      kind: "MESSAGE_IGNORED",
      summary: "A failed attempt at ReserveStockCommand was put aside: the wait it was for had been left, or a newer attempt had taken over.",
    });
  });

  test("of a step that was given up comes too late", () => {
    const saga = wrapping();
    const wrap = saga.newest();
    cancelled(saga).failed(trouble(), wrap);
    expect(saga.last).toMatchObject({ fate: "late", commands: [] });
  });

  test.each([
    [0, 8_000],
    [0.5, 10_000],
    [0.999_999, 12_000],
  ])("is followed by a wait that jitter shortens or lengthens by its share at most (%d)", (random, wait) => {
    const saga = delivering("bought", () => random).failed();
    expect(saga.newest().deliverAt).toEqual(new Date(saga.now.getTime() + wait));
  });
});

describe("a deadline", () => {
  test("gives the step up, whose answer then comes too late", () => {
    const saga = reserving().timedOut();
    expect(saga.last.fate).toBe("applied");
    expect(saga.outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
    expect(saga.runs).toEqual(["Placed done, undo pending", "Reserving unknown, undo active"]);
    expect(saga.instance).toMatchObject({ reason: "Slow", deadlineAt: null });
    expect(saga.last.deadLetters).toEqual([]);
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }, saga.newest("ReserveStockCommand"));
    expect(saga.last.fate).toBe("late");
  });

  test("counts over all attempts: a retry does not move it", () => {
    const saga = reserving();
    const { deadlineAt } = saga.instance;
    saga.now = new Date(saga.now.getTime() + 30_000);
    expect(saga.failed().instance.deadlineAt).toEqual(deadlineAt);
    expect(saga.timedOut().outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
  });

  test("makes the saga stand where the step says so, and leaves a letter for the operator", () => {
    const saga = wrapping();
    const { deadlineAt } = saga.instance;
    saga.timedOut();
    expect(saga.outcome).toBe("Wrapping STUCK");
    expect(saga.instance).toMatchObject({ reasonCode: "TIMED_OUT", reasonMessage: "Wrapping did not end in time." });
    expect(saga.last.deadLetters).toMatchObject([
      { command: m.WrapCommand, attempts: 1, reasonCode: "TIMED_OUT", detail: `Deadline ${deadlineAt?.toISOString()}` },
    ]);
  });

  test("skips the step where it says so", () => {
    const saga = delivering().timedOut();
    expect(saga.outcome).toBe("Thanking RUNNING > ThankCommand");
    expect(saga.runs.at(-2)).toBe("Delivering skipped");
    expect(saga.last.deadLetters).toMatchObject([{ command: m.DeliverCommand, reasonCode: "TIMED_OUT" }]);
    expect(saga.instance.reasonCode).toBeNull();
  });

  test("may end the saga well; the run then counts as one that may have happened", () => {
    const saga = delivering().timedOut().timedOut();
    expect(saga.outcome).toBe("Delivered COMPLETED");
    expect(saga.runs.at(-1)).toBe("Thanking unknown");
  });

  test("that has not come yet, or has been lifted, or belongs to an ended saga, has no effect", () => {
    const early = reserving();
    expect(early.take({ kind: "clock" }).last).toMatchObject({ fate: "superseded", history: [], commands: [] });
    const stuck = wrapping().timedOut();
    expect(stuck.take({ kind: "clock" }).last).toMatchObject({ fate: "superseded", history: [] });
    const ended = delivering().answered(m.DeliveredEvent, { orderId });
    const late: Instance = { ...ended.instance, deadlineAt: ended.now };
    expect(decide(orderSaga.definition, late, { kind: "clock" }, ended.context()).fate).toBe("superseded");
  });

  test("of a wait takes the wait's outcome", () => {
    const saga = awaiting();
    expect(saga.instance.deadlineAt).toEqual(new Date(saga.now.getTime() + 7 * 24 * 60 * minute));
    expect(saga.timedOut().outcome).toBe("Reserving RUNNING > ReserveStockCommand");
    expect(saga.runs.at(-2)).toBe("AwaitingPickup unknown");
  });

  test("of a wait may be an instant out of the saga's data", () => {
    const saga = given(withNode("AwaitingPickup", { deadline: (d) => d["wrappedAt"] as Date }), m.OrderPlacedEvent, placed);
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }).answered(m.WrappedEvent, { orderId, at: wrappedAt });
    expect(saga.instance.deadlineAt).toEqual(wrappedAt);
  });

  test("of a milestone is our own bug: nobody stays there", () => {
    const saga = reserving();
    const broken: Instance = { ...saga.instance, state: "Wrapped", deadlineAt: saga.now };
    expect(() => decide(orderSaga.definition, broken, { kind: "clock" }, saga.context())).toThrow("Order: the milestone Wrapped has no deadline");
  });
});

describe("a wait", () => {
  test("goes on with one of its events", () => {
    const saga = awaiting().happened(m.PickedUpEvent, { orderId });
    expect(saga.outcome).toBe("Delivering RUNNING > DeliverCommand");
    expect(saga.runs.at(-2)).toBe("AwaitingPickup done");
  });

  test("may go on when its time is over", () => {
    const saga = given(withNode("AwaitingPickup", { onDeadline: { go: "next" } }), m.OrderPlacedEvent, placed);
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }).answered(m.WrappedEvent, { orderId, at: wrappedAt });
    expect(saga.timedOut().outcome).toBe("Delivering RUNNING > DeliverCommand");
    expect(saga.runs.at(-2)).toBe("AwaitingPickup unknown");
  });

  test("that is no goal leaves the saga unsettled", () => {
    const saga = given(withNode("AwaitingPickup", { goal: false }, withNode("Wrapped", { goal: false })), m.OrderPlacedEvent, placed);
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }).answered(m.WrappedEvent, { orderId, at: wrappedAt });
    expect(saga.outcome).toBe("AwaitingPickup WAITING");
    expect(saga.instance.settledAt).toBeNull();
  });

  test("may note an event and stay, with its deadline", () => {
    const saga = awaiting();
    const { deadlineAt } = saga.instance;
    saga.happened(m.PickupPostponedEvent, { orderId });
    expect(saga.outcome).toBe("AwaitingPickup WAITING");
    expect(saga.last.fate).toBe("applied");
    expect(saga.instance.deadlineAt).toEqual(deadlineAt);
    expect(last(saga)).toMatchObject({ kind: "TRANSITION", summary: "AwaitingPickup noted PickupPostponedEvent." });
  });

  test("keeps the moment of the first goal", () => {
    const saga = awaiting();
    const { settledAt } = saga.instance;
    saga.now = new Date(saga.now.getTime() + minute);
    saga
      .happened(m.ParcelDamagedEvent, { orderId })
      .answered(m.StockReservedEvent, { orderId, from: "shelf" })
      .answered(m.WrappedEvent, { orderId, at: wrappedAt });
    expect(saga.outcome).toBe("AwaitingPickup WAITING");
    expect(saga.instance.settledAt).toEqual(settledAt);
  });

  test("is settled by its own goal when no milestone was one before", () => {
    const saga = given(withNode("Wrapped", { goal: false }), m.OrderPlacedEvent, placed).answered(m.StockReservedEvent, { orderId, from: "shelf" });
    expect(saga.instance.settledAt).toBeNull();
    expect(saga.answered(m.WrappedEvent, { orderId, at: wrappedAt }).instance.settledAt).toEqual(saga.now);
  });

  test("goes back in a loop as often as the loop says, then takes its other way out", () => {
    const saga = awaiting().happened(m.ParcelDamagedEvent, { orderId });
    expect(saga.outcome).toBe("Reserving RUNNING > ReserveStockCommand");
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }).answered(m.WrappedEvent, { orderId, at: wrappedAt });
    saga.happened(m.ParcelDamagedEvent, { orderId });
    expect(saga.instance).toMatchObject({ status: "COMPENSATING", reasonCode: "DAMAGED" });
    expect(saga.runs.filter((run) => run.endsWith("undo pending") || run.endsWith("undo active"))).toEqual([
      "Placed done, undo pending",
      "Reserving done, undo pending",
      "Reserving done, undo active",
    ]);
  });

  test("that a used-up loop makes stand says why it stands", () => {
    const saga = awaiting()
      .timedOut()
      .answered(m.StockReservedEvent, { orderId, from: "shelf" })
      .answered(m.WrappedEvent, { orderId, at: wrappedAt })
      .timedOut();
    expect(saga.outcome).toBe("AwaitingPickup STUCK");
    expect(saga.instance).toMatchObject({ reasonCode: "TIMED_OUT", reasonMessage: "AwaitingPickup did not end in time." });
  });

  test("whose loop names no other way out stands and asks an operator", () => {
    const saga = given(withNode("AwaitingPickup", { onDeadline: { go: "state", to: "Reserving", atMost: 0 } }), m.OrderPlacedEvent, placed);
    saga.answered(m.StockReservedEvent, { orderId, from: "shelf" }).answered(m.WrappedEvent, { orderId, at: wrappedAt });
    expect(saga.timedOut().outcome).toBe("AwaitingPickup STUCK");
  });
});

describe("an event that nothing waits for", () => {
  test.each<[string, () => SagaUnderTest]>([
    ["a step after its wait", () => awaiting().happened(m.PickedUpEvent, { orderId })],
    ["a wait that it does not belong to", () => awaiting().happened(m.PickupPostponedEvent, { orderId })],
    ["a saga being undone", () => cancelled(awaiting())],
  ])("is put aside and noted by %s", (where, make) => {
    const saga = make();
    const { state, status } = saga.instance;
    const event = where.startsWith("a wait") ? m.ThankedEvent : m.PickedUpEvent;
    saga.happened(event, { orderId });
    expect(saga.last).toMatchObject({
      fate: "superseded",
      commands: [],
      explanation: `${event.name} was put aside: nothing waits for it in the state ${state}.`,
    });
    expect(saga.outcome).toBe(`${state} ${status}`);
    expect(last(saga)?.kind).toBe("MESSAGE_IGNORED");
  });

  test("is put aside and noted by a saga that has ended, with nothing else changed", () => {
    const saga = delivering().answered(m.DeliveredEvent, { orderId });
    const { sequence, heard: _, ...before } = saga.instance;
    expect(saga.happened(m.PickedUpEvent, { orderId }).last).toMatchObject({ fate: "superseded", history: [{ fate: "superseded" }] });
    expect(saga.instance).toMatchObject({ ...before, sequence: sequence + 1 });
  });

  test("but would start the saga starts no second one while the first is under way", () => {
    const saga = reserving();
    expect(saga.happened(m.OrderPlacedEvent, placed).last).toMatchObject({
      fate: "duplicate-start",
      history: [{ fate: "duplicate-start" }],
      explanation: "A saga of this kind and key is under way already.",
    });
  });
});

describe("an interrupt", () => {
  test("voids the run under way, which may have happened, and begins the undo at once, that step included", () => {
    const saga = cancelled(reserving());
    expect(saga.last.fate).toBe("applied");
    expect(saga.outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
    expect(saga.runs).toEqual(["Placed done, undo pending", "Reserving unknown, undo active"]);
    expect(fateOfCommand(saga.instance, saga.newest("ReserveStockCommand").runId, 1)).toBe("late");
  });

  test("saves what it brings and gives the saga its reason and status", () => {
    const saga = undone(undone(cancelled(reserving())));
    expect(saga.instance).toMatchObject({
      state: "Abandoned",
      status: "CANCELLED",
      reason: "Cancelled",
      reasonCode: "CANCELLED_BY_USER",
      data: { note: "too late" },
    });
  });

  test("ends a wait", () => {
    expect(cancelled(awaiting()).outcome).toBe("AwaitingPickup COMPENSATING > ReleaseStockCommand");
  });

  test("ends a saga that stands, whose parked step may have happened", () => {
    const saga = reserving().happened(m.OrderHeldEvent, { orderId });
    expect(saga.outcome).toBe("Reserving STUCK");
    expect(cancelled(saga).outcome).toBe("Reserving COMPENSATING > ReleaseStockCommand");
    expect(saga.runs.at(-1)).toBe("Reserving unknown, undo active");
  });

  test("ends a saga that has no run open", () => {
    const saga = reserving();
    const input: Input = { kind: "event", messageId: "m", contract: m.OrderCancelledEvent, payload: { orderId, why: "too late" } };
    expect(decide(orderSaga.definition, { ...saga.instance, runs: [] }, input, saga.context()).instance).toMatchObject({
      state: "Abandoned",
      status: "CANCELLED",
    });
  });

  test("that comes again while the saga is being undone changes nothing; the first one's reason stays", () => {
    const saga = cancelled(wrapping()).happened(m.OrderCancelledEvent, { orderId, why: "again" });
    expect(saga.last).toMatchObject({
      fate: "already-undoing",
      commands: [],
      explanation: "OrderCancelledEvent changes nothing: the saga is being undone already.",
    });
    expect(saga.instance).toMatchObject({ status: "COMPENSATING", reasonMessage: "Cancelled: too late.", data: { note: "too late" } });
    expect(last(saga)?.kind).toBe("MESSAGE_IGNORED");
  });

  test("is refused in a state that it does not name", () => {
    const saga = cancelled(delivering("gift").answered(m.DeliveredEvent, { orderId }));
    expect(saga.last).toMatchObject({
      fate: "refused",
      history: [{ kind: "MESSAGE_IGNORED", fate: "refused" }],
      commands: [],
      explanation: "OrderCancelledEvent is not possible any more in the state Thanking.",
    });
    expect(saga.instance.data).toEqual({ ...placed, kind: "gift" });
  });

  test("is refused by a saga that has ended", () => {
    const saga = delivering().answered(m.DeliveredEvent, { orderId });
    expect(cancelled(saga).last).toMatchObject({ fate: "refused", history: [{ fate: "refused" }], explanation: "It has ended already, as Delivered." });
  });

  test("that wants only to be noted after the end is not refused, and changes nothing", () => {
    const saga = delivering().answered(m.DeliveredEvent, { orderId });
    expect(saga.happened(m.OrderHeldEvent, { orderId }).last).toMatchObject({ fate: "noted", history: [{ fate: "noted" }], commands: [] });
    expect(saga.instance.status).toBe("COMPLETED");
  });

  test("for any state may make the saga stand, whatever it does", () => {
    for (const saga of [reserving(), wrapping(), awaiting(), delivering()]) expect(saga.happened(m.OrderHeldEvent, { orderId }).instance.status).toBe("STUCK");
    expect(reserving().failed().happened(m.OrderHeldEvent, { orderId }).instance).toMatchObject({ status: "STUCK", nextAttemptAt: null, deadlineAt: null });
  });
});

describe("whether a command still counts", () => {
  const instance = (run: Partial<Run>): Instance => ({
    ...reserving().instance,
    runs: [{ id: "run", state: "Reserving", status: "active", attempts: 2, startedAt: new Date(0), endedAt: null, undo: null, ...run }],
  });
  const undo = (status: NonNullable<Run["undo"]>["status"]): Partial<Run> => ({ status: "done", undo: { status, runId: "undo", attempts: 2 } });

  test.each<[string, Partial<Run>, string, number, ReturnType<typeof fateOfCommand>]>([
    ["its run is under way, in this attempt", {}, "run", 2, "current"],
    ["its run is under way, in a newer attempt", {}, "run", 1, "superseded"],
    ["its run was answered", { status: "done" }, "run", 2, "duplicate"],
    ["its run said no", { status: "none" }, "run", 2, "duplicate"],
    ["its run said no after it did something", { status: "partly" }, "run", 2, "duplicate"],
    ["its run was given up", { status: "unknown" }, "run", 2, "late"],
    ["its run was skipped", { status: "skipped" }, "run", 2, "late"],
    ["its run stands", { status: "parked" }, "run", 2, "late"],
    ["nobody knows its run", {}, "other", 1, "late"],
    ["its undo is under way, in this attempt", undo("active"), "undo", 2, "current"],
    ["its undo is under way, in a newer attempt", undo("active"), "undo", 1, "superseded"],
    ["its undo was answered", undo("done"), "undo", 2, "duplicate"],
    ["its undo stands", undo("parked"), "undo", 2, "late"],
    ["its undo was given up", undo("gave-up"), "undo", 2, "late"],
    ["its run is being undone", undo("active"), "run", 2, "duplicate"],
  ])("is known when %s", (_when, run, runId, attempt, fate) => {
    expect(fateOfCommand(instance(run), runId, attempt)).toBe(fate);
  });

  test("a command that does not is noted when it is put aside, with nothing else changed", () => {
    const saga = reserving();
    const { sequence: _s, updatedAt: _u, ...before } = saga.instance;
    saga.take({ kind: "put-aside", messageId: "m", command: "ReserveStockCommand", fate: "superseded" });
    expect(saga.last).toMatchObject({
      fate: "superseded",
      commands: [],
      explanation: "ReserveStockCommand was put aside: the wait it was for had been left, or a newer attempt had taken over.",
    });
    expect(saga.instance).toMatchObject(before);
    expect(last(saga)).toMatchObject({ kind: "MESSAGE_IGNORED", message: "ReserveStockCommand", messageId: "m" });
  });
});

describe("a definition that no start-up check has seen", () => {
  const definition: Definition = orderSaga.definition;
  const start = (broken: Definition) => given({ ...orderSaga, definition: broken }, m.OrderPlacedEvent, placed);

  test("fails loudly without a start", () => {
    expect(() => start({ ...definition, start: null })).toThrow("Order v1 has no startOn");
  });

  test("fails loudly when nothing follows the last state", () => {
    expect(() => start({ ...definition, nodes: new Map([...definition.nodes].slice(0, 1)) })).toThrow("Order: nothing follows Placed");
  });

  test("fails loudly when it jumps where nothing is", () => {
    const saga = start({ ...definition, nodes: new Map([...definition.nodes].filter(([state]) => state !== "Delivering")) });
    expect(() => saga.answered(m.StockReservedEvent, { orderId, from: "supplier" })).toThrow("Order v1 has no state Delivering");
  });

  test("fails loudly when it fails for a reason that is not declared", () => {
    expect(() => start({ ...definition, reasons: {} }).answered(m.StockMissingEvent, { orderId })).toThrow("Order: OutOfStock is not a declared reason");
  });

  test("fails loudly when nothing says where a failed saga ends", () => {
    const saga = start({ ...definition, failedFinal: null }).answered(m.StockMissingEvent, { orderId });
    expect(() => undone(saga)).toThrow("Order fails without onFailed");
  });

  test("fails loudly when an undo under way is no longer in it", () => {
    const saga = cancelled(wrapping());
    const input: Input = { kind: "attempt-failed", messageId: "m", runId: saga.newest().runId, attempt: 1, command: "ReleaseStockCommand", failure: trouble() };
    expect(() => decide(withNode("Reserving", { undo: null }).definition, saga.instance, input, saga.context())).toThrow("Order: Reserving has no undo");
  });
});

test("the history keeps of a message its ids, numbers and instants, and of its texts only the length", () => {
  expect(last(cancelled(wrapping()))).toMatchObject({ message: "OrderCancelledEvent", data: { orderId, why: "[text, 8 characters]" } });
  expect(last(wrapping())).toMatchObject({ message: "StockReservedEvent", data: { orderId, from: "shelf" } });
  const saga = wrapping().answered(m.WrappedEvent, { orderId, at: wrappedAt });
  expect(saga.last.history.map(({ message, data }) => [message, data])).toEqual([
    ["WrappedEvent", { orderId, at: wrappedAt.toISOString() }],
    ["WrappedEvent", null],
  ]);
  expect(last(saga.timedOut())?.data).toBeNull();
});

test("a decision is a function of what it is given: the same input gives the same decision", () => {
  const context = () => {
    let id = 0;
    return { now: new Date(0), newId: () => `id-${++id}`, random: () => 0.25 };
  };
  const event = { messageId: "m", contract: m.OrderPlacedEvent, payload: placed };
  const born = begin(orderSaga.definition, event, context());
  expect(begin(orderSaga.definition, event, context())).toEqual(born);
  const input: Input = {
    kind: "attempt-failed",
    messageId: "n",
    runId: born.commands[0]?.runId ?? "",
    attempt: 1,
    command: "ReserveStockCommand",
    failure: trouble(),
  };
  expect(decide(orderSaga.definition, born.instance, input, context())).toEqual(decide(orderSaga.definition, born.instance, input, context()));
});

sagaProperties({
  saga: orderSaga,
  start: [m.OrderPlacedEvent, { ...placed, kind: "gift" }],
  cancellation: m.OrderCancelledEvent,
  payloads: [
    payloadsOf(m.OrderPlacedEvent, placed),
    payloadsOf(m.OrderCancelledEvent, { orderId, why: "too late" }),
    payloadsOf(m.OrderHeldEvent, { orderId }),
    payloadsOf(m.BasketReopenedEvent, { orderId }),
    payloadsOf(m.StockReservedEvent, { orderId, from: "shelf" }, { orderId, from: "supplier" }),
    payloadsOf(m.StockMissingEvent, { orderId }),
    payloadsOf(m.StockBrokenEvent, { orderId, what: "rain" }),
    payloadsOf(m.StockReleasedEvent, { orderId }),
    payloadsOf(m.WrappedEvent, { orderId, at: wrappedAt }),
    payloadsOf(m.PaperMissingEvent, { orderId }),
    payloadsOf(m.PickedUpEvent, { orderId }),
    payloadsOf(m.PickupPostponedEvent, { orderId }),
    payloadsOf(m.ParcelDamagedEvent, { orderId }),
    payloadsOf(m.DeliveredEvent, { orderId }),
    payloadsOf(m.DeliveryReturnedEvent, { orderId }),
    payloadsOf(m.DeliveryRecalledEvent, { orderId }),
    payloadsOf(m.ThankedEvent, { orderId }),
  ],
  undoes: { ReserveStockCommand: "ReleaseStockCommand", DeliverCommand: "RecallDeliveryCommand" },
  undoesStart: "ReopenBasketCommand",
  didNothing: (event) => event === m.StockMissingEvent,
});
