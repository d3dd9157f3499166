import { Permanent } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { deadLettersOfSagas, occur } from "../../../src/outbox/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";

const [second, minute, hour] = [1_000, 60_000, 3_600_000];
/** The train's booking is being undone, and the request's is still to come. */
const cancelling = () => m.refused();
const stuck = () => cancelling().exhausted();

test("an undo is tried for a day: after 1 s, 3 s, 5 s, 1 min, 5 min, 30 min, then every hour", () => {
  const trip = cancelling();
  const waits: number[] = [];
  while (trip.failed().instance.status === "COMPENSATING") waits.push((trip.instance.nextAttemptAt?.getTime() ?? 0) - trip.now.getTime());
  expect(waits.slice(0, 7)).toEqual([second, 3 * second, 5 * second, minute, 5 * minute, 30 * minute, hour]);
  expect(new Set(waits.slice(6))).toEqual(new Set([hour]));
  const sum = waits.reduce((total, wait) => total + wait, 0);
  expect([sum <= 24 * hour, sum > 23 * hour]).toEqual([true, true]);
});

test("an undo may have a policy of its own", () => {
  const trip = m.cancel(m.ready());
  expect(trip.failed().instance.nextAttemptAt).toEqual(new Date(trip.now.getTime() + second));
  expect(trip.failed().outcome).toBe("AwaitingConfirmation COMPENSATING > CancelTrainCommand");
});

test("an undo whose attempts are used up stops the plan: the saga stands, and no other undo begins", () => {
  const trip = stuck();
  expect(trip.outcome).toBe("CheckingVisa STUCK");
  expect(trip.runs.slice(0, 2)).toEqual(["Requested done, undo pending", "BookingTrain done, undo parked"]);
  expect(trip.buried.map(({ command }) => command.name)).toEqual(["CancelTrainCommand"]);
});

test("an operator has an undo that stands tried again, with attempts counted from 1", () => {
  const trip = stuck().operator({ kind: "retry" });
  expect(trip.outcome).toBe("CheckingVisa COMPENSATING > CancelTrainCommand");
  expect(trip.answered(m.TrainCancelledEvent, m.its).outcome).toBe("CheckingVisa COMPENSATING > ReopenRequestCommand");
});

test("an operator edits the data of a saga whose undo stands, and the undo is tried again with them", () => {
  const trip = m.booked(m.requested());
  m.cancel(trip)
    .exhausted()
    .operator({ kind: "retry", changes: { why: "the storm" } }, "The first reason was no word.");
  expect(trip.newest().payload).toMatchObject({ reason: "Cancelled: the storm." });
  expect(trip.history.findLast(({ kind }) => kind === "OPERATOR_ACTION")?.data).toMatchObject({
    changes: { why: "[text, 9 characters]" },
    note: "The first reason was no word.",
  });
});

test("edited data that do not fit the saga are refused, and nothing changes", () => {
  const trip = stuck();
  const before = trip.instance;
  for (const changes of [{ seat: "roof" }, { tripId: "00000000-0000-4000-8000-000000000009" }, { colour: "red" }])
    expect(trip.operator({ kind: "retry", changes }).last).toMatchObject({ denied: "INVALID", instance: before, commands: [], history: [] });
});

test("a member that the saga's data do not have is refused even as nothing, with all that they may have", () => {
  const { last } = stuck().operator({ kind: "retry", changes: { diett: null } });
  expect(last).toMatchObject({ denied: "INVALID", explanation: "The saga has no diett; it has tripId, travellerId, departsAt, seat, diet, why." });
});

test("an operator who has undone it by hand says so, and the plan goes on", () => {
  const trip = stuck().operator({ kind: "complete", reply: null, payload: null }, "Cancelled at the counter.");
  expect(trip.outcome).toBe("CheckingVisa COMPENSATING > ReopenRequestCommand");
  expect(trip.runs[1]).toBe("BookingTrain done, undo done");
  expect(trip.history.findLast(({ kind }) => kind === "OPERATOR_ACTION")?.data).toMatchObject({ note: "Cancelled at the counter." });
});

test("whoever has undone it by hand has to say how: without a note it is refused", () => {
  expect(stuck().operator({ kind: "complete", reply: null, payload: null }).last.denied).toBe("INVALID");
});

test("an operator who skips an undo leaves its effect: the plan goes on, and the end says what stays", () => {
  const trip = stuck().operator({ kind: "skip" });
  expect(trip.outcome).toBe("CheckingVisa COMPENSATING > ReopenRequestCommand");
  expect(trip.runs[1]).toBe("BookingTrain done, undo gave-up");
  trip.answered(m.RequestReopenedEvent, m.its);
  expect(trip.history.find(({ status }) => status === "FAILED")?.summary).toContain("What stays: BookingTrain.");
});

test("an undo that may be given up is noted as given up, and the plan goes on", () => {
  const trip = m.cancel(m.ready()).exhausted();
  expect(trip.outcome).toBe("AwaitingConfirmation COMPENSATING > CancelTrainCommand");
  expect(trip.runs).toContain("ReservingMeal done, undo gave-up");
  expect(trip.history.some(({ kind, summary }) => kind === "COMPENSATION" && summary === "The undo of ReservingMeal gave up; its effect stays.")).toBe(true);
});

test("an undo gets the run that it undoes, the same over all its attempts", () => {
  const trip = m.requested();
  const { runId } = trip.newest();
  m.cancel(trip);
  for (const _ of [1, 2, 3]) expect(trip.failed().newest().payload).toMatchObject({ bookingRunId: runId });
});

test("an undo is sent for a step that may never have happened, so it has to accept that there is nothing to undo", () => {
  const trip = m.requested().exhausted();
  expect(trip.runs[1]).toBe("BookingTrain unknown, undo active");
  expect(trip.outcome).toBe("BookingTrain COMPENSATING > CancelTrainCommand");
});

test("any answer to an undo means undone, where nothing else is declared", () => {
  const trip = m.refused().answered(m.TrainCancelledEvent, m.its).answered(m.RequestReopenedEvent, m.its);
  expect(trip.runs[0]).toBe("Requested done, undo done");
  expect(trip.outcome).toBe("StayedAtHome FAILED > InformTravellerCommand");
});

test("an answer to an undo may be declared to leave the effect, and then it stays", () => {
  const trip = cancelling().answered(m.TrainNotRefundableEvent, m.its);
  expect(trip.runs[1]).toBe("BookingTrain done, undo gave-up");
  expect(trip.outcome).toBe("CheckingVisa COMPENSATING > ReopenRequestCommand");
});

test("an answer to an undo may be declared to ask an operator, and then the saga stands", () => {
  const trip = cancelling().answered(m.StationClosedEvent, m.its);
  expect(trip.outcome).toBe("CheckingVisa STUCK");
  expect(trip.operator({ kind: "retry" }).outcome).toBe("CheckingVisa COMPENSATING > CancelTrainCommand");
});

describe("on a database", () => {
  let trips: Trips;
  beforeEach(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterEach(() => trips.dispose());

  const cancelled = async (): Promise<string> => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    return tripId;
  };

  test("a saga whose undo gave up ends in its failed final, says that its undo is incomplete, and lists what stays", async () => {
    trips.hooks["CancelMealCommand"] = () => {
      throw new Permanent("the kitchen is closed");
    };
    const saga = await trips.ended(await cancelled());
    expect(saga).toMatchObject({ state: "StayedAtHome", status: "CANCELLED", undoIncomplete: true });
    expect(saga.remains).toEqual([
      { state: "ReservingMeal", command: "ReserveMealCommand", why: "UNDO_GAVE_UP", certain: true, sagaType: null, sagaId: null },
      { state: "PrintingTicket", command: "PrintTicketCommand", why: "IRREVERSIBLE", certain: true, sagaType: null, sagaId: null },
    ]);
  });

  test("an undo that gave up can be redriven after the end: it counts as done then, and the saga stays ended", async () => {
    let isClosed = true;
    trips.hooks["CancelMealCommand"] = () => {
      if (isClosed) throw new Permanent("the kitchen is closed");
      return undefined;
    };
    const tripId = await cancelled();
    const { id } = await trips.ended(tripId);
    const [letter] = (await deadLettersOfSagas(trips.em(), [id])).get(id) ?? [];
    isClosed = false;
    const call = { filter: { ids: [letter?.id ?? ""] }, limit: 1, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false };
    expect(await trips.transaction((em) => trips.operations.redrive(em, call))).toMatchObject({ redriven: [letter?.id] });
    await trips.heard(tripId, ({ kind, message }) => kind === "NOTICE" && message === "MealCancelledEvent", "the meal to be cancelled");
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "StayedAtHome", undoIncomplete: false, remains: [{ state: "PrintingTicket" }] });
  });

  test("an undo that is delivered twice takes effect once, and its answer counts once", async () => {
    await trips.pause();
    const tripId = await trips.begin();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    // The same command under another message id, as two processes could have relayed it.
    const copied = await trips.sql(
      `insert into outbox (id, queue, name, payload, correlation_id, causation_id, run_id, attempt, deliver_at)
       select gen_random_uuid(), queue, name, payload, correlation_id, causation_id, run_id, attempt, deliver_at from outbox where name = 'CancelTrainCommand' returning 1`,
    );
    expect(copied).toHaveLength(1);
    await trips.start();
    await trips.ended(tripId);
    await trips.heard(tripId, ({ message, fate }) => message === "CancelTrainCommand" && fate === "duplicate", "the second delivery to be put aside");
    expect((await trips.effects(tripId)).filter(({ name }) => name === "CancelTrainCommand")).toHaveLength(1);
  });

  test("an operator lets an undo that stands go on after its participant has been mended", async () => {
    let isDown = true;
    trips.hooks["CancelTrainCommand"] = () => {
      if (isDown) throw new Permanent("the line is closed");
      return occur(m.TrainCancelledEvent, { tripId });
    };
    const tripId = await cancelled();
    const { id, reason } = await trips.in(tripId, "AwaitingConfirmation", "STUCK");
    expect(reason).toMatchObject({ message: "the line is closed" });
    expect((await trips.effects(tripId)).map(({ name }) => name)).not.toContain("ReopenRequestCommand");
    isDown = false;
    await trips.act(id, { kind: "retry" });
    expect(await trips.ended(tripId)).toMatchObject({ status: "CANCELLED", reason: { message: "Cancelled: rain." } });
  });
});
