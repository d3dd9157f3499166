import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";

const undone = (trip: ReturnType<typeof m.requested>): string[] => {
  const names: string[] = [];
  for (;;) {
    const [command] = trip.last.commands;
    if (trip.instance.finishedAt !== null || command === undefined) return names;
    names.push(command.command.name);
    const [reply] = command.command.replies;
    if (reply === undefined) throw new Error("An undo has no reply");
    trip.answered(reply, m.its);
  }
};

test("runs are undone in the reverse order of their start, down to what the starting transaction did", () => {
  expect(undone(m.cancel(m.ready()))).toEqual(["CancelMealCommand", "CancelTrainCommand", "ReopenRequestCommand"]);
});

test("one undo is under way at a time, and the next begins when its answer is applied", () => {
  const trip = m.cancel(m.ready());
  expect(trip.runs.filter((run) => run.includes("undo"))).toEqual([
    "Requested done, undo pending",
    "BookingTrain done, undo pending",
    "ReservingMeal done, undo active",
  ]);
  expect(trip.failed().last.commands.map(({ command }) => command.name)).toEqual(["CancelMealCommand"]);
  expect(trip.answered(m.MealCancelledEvent, m.its).outcome).toBe("AwaitingConfirmation COMPENSATING > CancelTrainCommand");
});

test("a step that ran twice in a loop has one undo per run, the later run first", () => {
  const trip = m.ready(m.ready().happened(m.RouteChangedEvent, m.its));
  const bookings = trip.sent.filter(({ command }) => command.name === "BookTrainCommand").map(({ runId }) => runId);
  expect(bookings).toHaveLength(2);
  expect(undone(m.cancel(trip))).toEqual(["CancelMealCommand", "CancelTrainCommand", "CancelMealCommand", "CancelTrainCommand", "ReopenRequestCommand"]);
  expect(trip.sent.filter(({ command }) => command.name === "CancelTrainCommand").map(({ payload }) => payload)).toMatchObject([
    { bookingRunId: bookings[1] },
    { bookingRunId: bookings[0] },
  ]);
});

test("a step without an effect is left out of the undo, and so is a run that did nothing", () => {
  const trip = m.refused();
  expect(trip.runs).toEqual(["Requested done, undo pending", "BookingTrain done, undo active", "CheckingVisa none"]);
  expect(undone(trip)).toEqual(["CancelTrainCommand", "ReopenRequestCommand"]);
});

test("an effect that cannot be undone is left out of the undo, and the end says that it stays", () => {
  const trip = m.cancel(m.ready());
  expect(undone(trip)).not.toContain("PrintTicketCommand");
  expect(trip.history.find(({ status }) => status === "CANCELLED")?.summary).toContain("What stays: PrintingTicket.");
});

describe("on a database", () => {
  let trips: Trips;
  beforeAll(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterAll(() => trips.dispose());

  test("undos take effect one after the other, and what stays is told with the saga", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    const saga = await trips.ended(tripId);
    const undos = ["CancelMealCommand", "CancelTrainCommand", "ReopenRequestCommand"];
    expect((await trips.effects(tripId)).map(({ name }) => name).filter((name) => undos.includes(name))).toEqual(undos);
    expect((await trips.history(tripId)).filter(({ kind }) => kind === "COMPENSATION").map(({ summary }) => summary)).toEqual([
      "Undoing ReservingMeal. Cancelled: rain.",
      "Undoing BookingTrain. Cancelled: rain.",
      "Undoing Requested. Cancelled: rain.",
    ]);
    expect(saga).toMatchObject({
      undoIncomplete: false,
      remains: [{ state: "PrintingTicket", command: "PrintTicketCommand", why: "IRREVERSIBLE", certain: true }],
    });
  });
});
