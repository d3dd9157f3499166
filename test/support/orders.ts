import { command, event, t } from "../../src/outbox/index.ts";
import { exponential, fail, failPartly, finish, go, incremental, loop, next, park, saga, skip, stay } from "../../src/sagas/engine/index.ts";

// A shop's order: what the tests of the engine and of its checks play with. It uses every word of the definition language.

export const OrderPlacedEvent = event("OrderPlacedEvent", { orderId: t.id(), buyerId: t.id(), kind: t.oneOf("bought", "gift") });
export const OrderCancelledEvent = event("OrderCancelledEvent", { orderId: t.id(), why: t.text() });
export const OrderHeldEvent = event("OrderHeldEvent", { orderId: t.id() });
export const BasketReopenedEvent = event("BasketReopenedEvent", { orderId: t.id() });
export const StockReservedEvent = event("StockReservedEvent", { orderId: t.id(), from: t.oneOf("shelf", "supplier") });
export const StockMissingEvent = event("StockMissingEvent", { orderId: t.id() });
export const StockBrokenEvent = event("StockBrokenEvent", { orderId: t.id(), what: t.text() });
export const StockReleasedEvent = event("StockReleasedEvent", { orderId: t.id() });
export const WrappedEvent = event("WrappedEvent", { orderId: t.id(), at: t.time() });
export const PaperMissingEvent = event("PaperMissingEvent", { orderId: t.id() });
export const PickedUpEvent = event("PickedUpEvent", { orderId: t.id() });
export const PickupPostponedEvent = event("PickupPostponedEvent", { orderId: t.id() });
export const ParcelDamagedEvent = event("ParcelDamagedEvent", { orderId: t.id() });
export const DeliveredEvent = event("DeliveredEvent", { orderId: t.id() });
export const DeliveryReturnedEvent = event("DeliveryReturnedEvent", { orderId: t.id() });
export const DeliveryRecalledEvent = event("DeliveryRecalledEvent", { orderId: t.id() });
export const ThankedEvent = event("ThankedEvent", { orderId: t.id() });

export const ReopenBasketCommand = command("ReopenBasketCommand", { orderId: t.id() }, BasketReopenedEvent);
export const ReserveStockCommand = command("ReserveStockCommand", { orderId: t.id() }, StockReservedEvent, StockMissingEvent, StockBrokenEvent);
export const ReleaseStockCommand = command("ReleaseStockCommand", { orderId: t.id(), reason: t.text() }, StockReleasedEvent);
export const WrapCommand = command("WrapCommand", { orderId: t.id() }, WrappedEvent, PaperMissingEvent);
export const DeliverCommand = command("DeliverCommand", { orderId: t.id(), buyerId: t.id() }, DeliveredEvent, DeliveryReturnedEvent);
export const RecallDeliveryCommand = command("RecallDeliveryCommand", { orderId: t.id() }, DeliveryRecalledEvent);
export const ThankCommand = command("ThankCommand", { orderId: t.id() }, ThankedEvent);

/** What every saga about an order declares first; `states` and the rest differ. */
export const order = {
  version: 1,
  key: "orderId",
  participants: ["buyerId", "courierId"],
  data: {
    orderId: t.id(),
    buyerId: t.id(),
    courierId: t.maybe(t.id()),
    kind: t.oneOf("bought", "gift"),
    from: t.maybe(t.oneOf("shelf", "supplier")),
    note: t.maybe(t.text()),
    wrappedAt: t.maybe(t.time()),
  },
  finals: { Delivered: "succeeded", Returned: "succeeded", Abandoned: "failed" },
} as const;

export const orderSaga = saga("Order", {
  ...order,
  states: ["Placed", "Reserving", "Wrapping", "Wrapped", "AwaitingPickup", "Delivering", "Thanking"],
  reasons: {
    OutOfStock: { code: "SOLD_OUT", message: (d) => `Nothing is left${d.note === undefined ? "" : `: ${d.note}`}.` },
    Slow: { code: "TIMED_OUT", message: "It took too long." },
    Damaged: { code: "DAMAGED", message: "The parcel was damaged." },
    Cancelled: { code: "CANCELLED_BY_USER", message: (d) => `Cancelled: ${d.note}.`, cancels: true },
  },
})
  .startOn(OrderPlacedEvent, {
    state: "Placed",
    key: (e) => e.orderId,
    init: (e) => ({ ...e }),
    compensate: { invoke: ReopenBasketCommand, with: (d) => ({ orderId: d.orderId }) },
  })
  .step("Reserving", {
    invoke: ReserveStockCommand,
    with: (d) => ({ orderId: d.orderId }),
    onReply: {
      StockReservedEvent: { by: "from", cases: { shelf: { save: (e) => ({ from: e.from }), then: next }, supplier: go("Delivering") } },
      StockMissingEvent: fail("OutOfStock"),
      StockBrokenEvent: { save: (e) => ({ note: e.what }), then: failPartly("OutOfStock") },
    },
    compensate: {
      invoke: ReleaseStockCommand,
      with: (d, m) => ({ orderId: d.orderId, reason: m.reason }),
      retry: incremental({ first: "1s", step: "1s", times: 1 }),
    },
    retry: incremental({ first: "1s", step: "2s", times: 2 }),
    attemptTimeout: "5s",
    timeout: ["1m", fail("Slow")],
    onExhausted: fail("Slow"),
  })
  .step("Wrapping", {
    invoke: WrapCommand,
    with: (d) => ({ orderId: d.orderId }),
    onReply: { WrappedEvent: { save: (e) => ({ wrappedAt: e.at }), then: next }, PaperMissingEvent: park },
    effect: "irreversible",
    timeout: ["1m", park],
    onExhausted: park,
  })
  .milestone("Wrapped", { goal: true })
  .wait("AwaitingPickup", {
    goal: true,
    for: [PickedUpEvent, PickupPostponedEvent, ParcelDamagedEvent],
    on: { PickedUpEvent: next, PickupPostponedEvent: stay, ParcelDamagedEvent: loop("Reserving", 1, fail("Damaged")) },
    deadline: ["7d", loop("Reserving", 1, park)],
  })
  .step("Delivering", {
    invoke: DeliverCommand,
    with: (d) => ({ orderId: d.orderId, buyerId: d.buyerId }),
    onReply: { DeliveredEvent: { byData: "kind", cases: { bought: finish("Delivered"), gift: next } }, DeliveryReturnedEvent: finish("Returned") },
    compensate: {
      invoke: RecallDeliveryCommand,
      with: (d) => ({ orderId: d.orderId }),
      retry: incremental({ first: "1s", step: "1s", times: 1 }),
      ifExhausted: "continue",
    },
    retry: exponential({ first: "10s", factor: 2, times: 2, jitter: 0.2 }),
    timeout: ["1h", skip],
    onExhausted: skip,
  })
  .step("Thanking", {
    invoke: ThankCommand,
    with: (d) => ({ orderId: d.orderId }),
    onReply: { ThankedEvent: finish("Delivered") },
    effect: "none",
    timeout: ["1h", finish("Delivered")],
    onExhausted: fail("Slow"),
  })
  .interrupt(OrderCancelledEvent, {
    during: ["Reserving", "Wrapping", "AwaitingPickup", "Delivering"],
    save: (e) => ({ note: e.why }),
    then: fail("Cancelled"),
  })
  .interrupt(OrderHeldEvent, { during: "any", then: park, whenFinal: "note" })
  .onFailed({ final: "Abandoned" })
  .build();
