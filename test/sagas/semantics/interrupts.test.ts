import { occur, publish } from "../../../src/outbox/index.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

test("an interrupt while a step runs gives the run up as one that may have happened, and begins the undo at once with that step", () => {
  const trip = m.cancel(m.requested());
  expect(trip.last.fate).toBe("applied");
  expect(trip.runs).toEqual(["Requested done, undo pending", "BookingTrain unknown, undo active"]);
  expect(trip.outcome).toBe("BookingTrain COMPENSATING > CancelTrainCommand");
});

test("an interrupt while the saga waits leads straight to the undo", () => {
  expect(m.cancel(m.ready()).outcome).toBe("AwaitingConfirmation COMPENSATING > CancelMealCommand");
});

test("an interrupt before or after the answer leads to the same end", () => {
  const end = (trip: ReturnType<typeof m.requested>) =>
    trip.answered(m.TrainCancelledEvent, m.its, trip.newest("CancelTrainCommand")).answered(m.RequestReopenedEvent, m.its).instance;
  const before = end(m.cancel(m.requested()));
  const after = end(m.cancel(m.booked()));
  expect([before.state, before.status, before.reasonMessage]).toEqual([after.state, after.status, after.reasonMessage]);
  expect(before.runs.map(({ undo }) => undo?.status ?? "none").slice(0, 2)).toEqual(after.runs.map(({ undo }) => undo?.status ?? "none").slice(0, 2));
});

test("an interrupt during the undo is accepted and noted as already undoing, and changes nothing", () => {
  const trip = m.refused();
  const { runs, data, state, status, reason } = trip.instance;
  expect(m.cancel(trip).last).toMatchObject({ fate: "already-undoing", commands: [], instance: { runs, data, state, status, reason } });
});

test.each([
  ["an event that was waited for", (trip: ReturnType<typeof m.ready>) => trip.happened(m.TravellerConfirmedEvent, m.its)],
  ["an interrupt that would park it", (trip: ReturnType<typeof m.ready>) => trip.happened(m.TripHeldEvent, m.its)],
  ["the clock", (trip: ReturnType<typeof m.ready>) => trip.clock(new Date("2027-01-01T00:00:00Z"))],
  ["an operator who retries", (trip: ReturnType<typeof m.ready>) => trip.operator({ kind: "retry" })],
  ["an operator who skips the undo", (trip: ReturnType<typeof m.ready>) => trip.operator({ kind: "skip" })],
  ["an operator who cancels", (trip: ReturnType<typeof m.ready>) => trip.operator({ kind: "cancel" })],
])("an undo cannot be turned back into going forward, not by %s", (_what, act) => {
  const trip = act(m.cancel(m.ready()));
  expect(trip.instance).toMatchObject({ state: "AwaitingConfirmation", status: "COMPENSATING", reason: "Cancelled" });
});

test("an interrupt after the end is refused, with the name of the final", () => {
  const trip = m.cancel(m.travelled());
  expect(trip.last).toMatchObject({ fate: "refused", explanation: "It has ended already, as Travelled." });
  expect(trip.instance.state).toBe("Travelled");
});

test("an interrupt that only wants to be noted after the end is noted", () => {
  const trip = m.travelled().happened(m.TripHeldEvent, m.its);
  expect(trip.last).toMatchObject({ fate: "noted", commands: [], instance: { state: "Travelled", status: "COMPLETED" } });
});

test("an interrupt in a state that it does not name is refused with the reason, and changes nothing", () => {
  const trip = m.cancel(m.travelling());
  expect(trip.last).toMatchObject({
    fate: "refused",
    explanation: "TripCancelledEvent is not possible any more in the state Travelling.",
    commands: [],
    deadLetters: [],
  });
  expect(trip.outcome).toBe("Travelling WAITING");
});

test("of two interrupts the first that is applied wins, and the reason is the first one's", () => {
  const trip = m.cancel(m.cancel(m.ready(), "rain"), "snow");
  expect(trip.instance).toMatchObject({ reasonMessage: "Cancelled: rain.", data: { why: "rain" } });
});

describe("on a database", () => {
  let trips: Trips;
  beforeEach(async () => {
    trips = await createTrips({ stepsPerCommit: 1 });
    await trips.start();
  });
  afterEach(() => trips.dispose());

  /** A participant that stops in the middle of its work until it is let go. */
  const hold = (name: string) => {
    let go: () => void = () => undefined;
    const held = { isAtWork: false, go: () => go() };
    const until = new Promise<void>((resolve) => (go = resolve));
    trips.hooks[name] = async () => {
      held.isAtWork = true;
      await until;
      return undefined;
    };
    return held;
  };

  test("a participant that commits before the interrupt has its answer applied first, and the interrupt meets the next state", async () => {
    const booking = hold("BookTrainCommand");
    const tripId = await trips.begin();
    await waitFor(() => booking.isAtWork);
    const cancelled = trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.untilBlocked();
    booking.go();
    expect(await cancelled).toMatchObject({ fate: "applied" });
    await trips.ended(tripId);
    const rows = (await trips.history(tripId)).map(({ message, fate }) => `${message} ${fate}`);
    expect(rows.indexOf("TrainBookedEvent applied")).toBeLessThan(rows.indexOf("TripCancelledEvent applied"));
    expect((await trips.effects(tripId)).map(({ name }) => name).filter((name) => name.includes("Train"))).toEqual(["BookTrainCommand", "CancelTrainCommand"]);
  });

  test("an interrupt that commits before a participant starts leaves the command without effect", async () => {
    await trips.pause();
    const tripId = await trips.begin();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.start();
    await trips.ended(tripId);
    await trips.heard(tripId, ({ message, fate }) => message === "BookTrainCommand" && fate === "late", "the booking to be put aside");
    expect((await trips.effects(tripId)).map(({ name }) => name).filter((name) => name.includes("Train"))).toEqual(["CancelTrainCommand"]);
  });

  test("an interrupt that commits while an outside effect is under way leaves it without a record, and its run is undone as one that may have happened", async () => {
    const printing = hold("PrintTicketCommand");
    const tripId = await trips.begin();
    await waitFor(() => printing.isAtWork);
    const { id } = await trips.in(tripId, "PrintingTicket");
    await trips.act(id, { kind: "cancel" });
    printing.go();
    await trips.heard(tripId, ({ message, fate }) => message === "PrintTicketCommand" && fate === "late", "the print to be put aside");
    const saga = await trips.ended(tripId);
    expect((await trips.effects(tripId)).map(({ name }) => name)).not.toContain("PrintTicketCommand");
    expect(saga.remains).toEqual([
      { state: "PrintingTicket", command: "PrintTicketCommand", why: "IRREVERSIBLE", certain: false, sagaType: null, sagaId: null },
    ]);
  });

  test("whoever interrupts a saga that is being undone finds the running undo in the same transaction", async () => {
    const undo = hold("CancelTrainCommand");
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.pause();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    const seen = await trips.transaction(async (em) => {
      const { fate } = await publish(em, occur(m.TripCancelledEvent, { tripId, why: "snow" }));
      return { fate, saga: (await trips.reader.findBySubject(em, "Trip", [tripId])).get(tripId) };
    });
    expect(seen).toMatchObject({ fate: "already-undoing", saga: { status: "COMPENSATING", reason: { message: "Cancelled: rain." } } });
    undo.go();
  });

  test("an undo can be paused: its command is held until an operator resumes the saga", async () => {
    const tripId = await trips.begin();
    const { id } = await trips.in(tripId, "AwaitingConfirmation");
    await trips.pause();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.act(id, { kind: "pause" }, { note: "The kitchen asks us to wait." });
    await trips.start();
    await waitFor(async () => (await trips.sql("select 1 from outbox where correlation_id = $1 and deliver_at = 'infinity'", [id])).length === 1);
    expect((await trips.effects(tripId)).map(({ name }) => name)).not.toContain("CancelMealCommand");
    await trips.act(id, { kind: "resume" });
    await trips.ended(tripId);
    expect((await trips.effects(tripId)).map(({ name }) => name)).toContain("ReopenRequestCommand");
  });
});
