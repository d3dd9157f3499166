import * as m from "../../../test/support/orders.ts";
import { order, orderSaga } from "../../../test/support/orders.ts";
import { compileBranch, compileReflect, isFinal, nodeOf, stateAfter } from "./compiled.ts";
import { fail, finish, next, park, saga } from "./index.ts";
import { noRetry, undoRetry } from "./retry.ts";

const { definition } = orderSaga;

test("a definition keeps what was declared, under the names and in the order of its states", () => {
  expect(orderSaga).toMatchObject({ name: "Order", version: 1 });
  expect(definition).toMatchObject({
    name: "Order",
    version: 1,
    key: "orderId",
    participants: ["buyerId", "courierId"],
    failedFinal: "Abandoned",
    reflect: null,
  });
  expect([...definition.nodes.values()].map(({ state, kind }) => `${state} ${kind}`)).toEqual([
    "Placed milestone",
    "Reserving step",
    "Wrapping step",
    "Wrapped milestone",
    "AwaitingPickup wait",
    "Delivering step",
    "Thanking step",
  ]);
  expect(stateAfter(definition, "Placed")).toBe("Reserving");
  expect(stateAfter(definition, "Thanking")).toBeNull();
  expect(isFinal(definition, "Abandoned")).toBe(true);
  expect(isFinal(definition, "Placed")).toBe(false);
});

test("an interrupt knows during which states it counts, and refuses after the end unless it says otherwise", () => {
  expect(definition.interrupts).toMatchObject([
    { event: m.OrderCancelledEvent, during: new Set(["Reserving", "Wrapping", "AwaitingPickup", "Delivering"]), whenFinal: "refuse" },
    { event: m.OrderHeldEvent, during: "any", save: null },
  ]);
});

test("what a step, a wait and an undo leave unsaid has its default", () => {
  const plain = saga("Order", {
    version: 1,
    key: order.key,
    data: order.data,
    finals: { Delivered: "succeeded" },
    states: ["Placed", "Thanking", "Waiting"],
    reasons: {},
  })
    .startOn(m.OrderPlacedEvent, { state: "Placed", key: (e) => e.orderId, init: (e) => ({ ...e }) })
    .step("Thanking", {
      invoke: m.ThankCommand,
      with: (d) => ({ orderId: d.orderId }),
      onReply: { ThankedEvent: next },
      compensate: { invoke: m.RecallDeliveryCommand, with: (d) => ({ orderId: d.orderId }) },
      timeout: ["1m", park],
      onExhausted: park,
    })
    .wait("Waiting", { for: [m.PickedUpEvent], on: { PickedUpEvent: finish("Delivered") }, deadline: [(d) => d.wrappedAt ?? new Date(0), park] })
    .build().definition;
  expect(plain.participants).toEqual([]);
  expect(plain.start?.undo).toBeNull();
  expect(nodeOf(plain, "Thanking")).toMatchObject({
    retry: noRetry,
    attemptTimeoutMs: 30_000,
    timeoutMs: 60_000,
    effect: "undo",
    undo: { retry: undoRetry, attemptTimeoutMs: 30_000, ifExhausted: "park" },
  });
  expect(nodeOf(plain, "Waiting")).toMatchObject({ goal: false, deadline: expect.any(Function) });
  expect(nodeOf(plain, "Placed")).toEqual({ kind: "milestone", state: "Placed", goal: false });
});

test("a branch is one arm, or one for each value of a field of the event or of the data; every arm may save", () => {
  const save = () => ({ note: "n" });
  expect(compileBranch(next)).toEqual({ by: null, arms: new Map([["*", { save: null, then: next }]]) });
  expect(compileBranch({ then: next })).toEqual({ by: null, arms: new Map([["*", { save: null, then: next }]]) });
  expect(compileBranch({ save, then: next })).toEqual({ by: null, arms: new Map([["*", { save, then: next }]]) });
  expect(compileBranch({ by: "isFine", cases: { true: next, false: { save, then: fail("Slow") } } })).toEqual({
    by: { from: "event", field: "isFine" },
    arms: new Map<string, unknown>([
      ["true", { save: null, then: next }],
      ["false", { save, then: fail("Slow") }],
    ]),
  });
  expect(compileBranch({ byData: "kind", cases: { gift: next } })).toEqual({
    by: { from: "data", field: "kind" },
    arms: new Map([["gift", { save: null, then: next }]]),
  });
});

test("a business status follows the state, may be left alone, and may differ by the reason of a failed end", () => {
  const reflect = compileReflect("orders", { status: "status" }, { Placed: "NEW", Wrapped: null, Abandoned: { otherwise: "FAILED", Cancelled: "CANCELLED" } });
  expect(reflect).toMatchObject({ table: "orders", statusColumn: "status", reasonColumns: null, covered: ["Placed", "Wrapped", "Abandoned"] });
  expect(reflect.statusOf("Placed", "Cancelled")).toBe("NEW");
  expect(reflect.statusOf("Wrapped", null)).toBeNull();
  expect(reflect.statusOf("Abandoned", "Cancelled")).toBe("CANCELLED");
  expect(reflect.statusOf("Abandoned", "Slow")).toBe("FAILED");
  expect(reflect.statusOf("Abandoned", null)).toBe("FAILED");
});
