import { command, event, t } from "../../src/outbox/index.ts";
import { fail, finish, park, saga } from "../../src/sagas/engine/index.ts";

// The smallest saga that can go wrong: one step with an undo, a deadline, and an interrupt.

const ids = { holdId: t.id() };
export const HoldAskedEvent = event("HoldAskedEvent", ids);
export const HoldCancelledEvent = event("HoldCancelledEvent", ids);
const SeatHeldEvent = event("SeatHeldEvent", ids);
const SeatReleasedEvent = event("SeatReleasedEvent", ids);
export const HoldSeatCommand = command("HoldSeatCommand", ids, SeatHeldEvent);
export const ReleaseHeldSeatCommand = command("ReleaseHeldSeatCommand", ids, SeatReleasedEvent);

export const hold = saga("Hold", {
  version: 1,
  key: "holdId",
  data: ids,
  states: ["HoldAsked", "HoldingSeat"],
  finals: { Held: "succeeded", NotHeld: "failed" },
  reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." }, Cancelled: { code: "CANCELLED_BY_USER", message: "Cancelled.", cancels: true } },
})
  .startOn(HoldAskedEvent, { state: "HoldAsked", key: (e) => e.holdId, init: (e) => e })
  .step("HoldingSeat", {
    invoke: HoldSeatCommand,
    with: (d) => d,
    onReply: { SeatHeldEvent: finish("Held") },
    compensate: { invoke: ReleaseHeldSeatCommand, with: (d) => d },
    timeout: ["1m", fail("TooLate")],
    onExhausted: park,
  })
  .interrupt(HoldCancelledEvent, { during: "any", then: fail("Cancelled") })
  .onFailed({ final: "NotHeld" })
  .build();
