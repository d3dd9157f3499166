import { Permanent } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { deadLettersOfSagas, occur, publish } from "../../../src/outbox/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

test("a goal is reached once: a saga that comes to it again keeps the moment of the first time", () => {
  const trip = m.ready();
  const { settledAt } = trip.instance;
  expect(settledAt).toEqual(trip.now);
  trip.now = new Date("2026-01-02T00:00:00Z");
  expect(m.ready(trip.happened(m.RouteChangedEvent, m.its)).instance.settledAt).toEqual(settledAt);
});

test("a saga may fail after its goal, and the history shows both", () => {
  const trip = m.cancel(m.ready());
  trip.answered(m.MealCancelledEvent, m.its).answered(m.TrainCancelledEvent, m.its).answered(m.RequestReopenedEvent, m.its);
  expect(trip.instance).toMatchObject({ state: "StayedAtHome", status: "CANCELLED" });
  expect(trip.instance.settledAt).not.toBeNull();
  expect(trip.history.map(({ toState, status }) => `${toState} ${status}`)).toEqual(
    expect.arrayContaining(["AwaitingConfirmation WAITING", "AwaitingConfirmation COMPENSATING", "StayedAtHome CANCELLED"]),
  );
});

test.each([
  ["an event", (trip: ReturnType<typeof m.travelled>) => trip.happened(m.TravellerConfirmedEvent, m.its)],
  ["an interrupt", (trip: ReturnType<typeof m.travelled>) => m.cancel(trip)],
  [
    "its starting event",
    (trip: ReturnType<typeof m.travelled>) => trip.happened(m.TripRequestedEvent, { ...m.its, travellerId: m.its.tripId, departsAt: trip.now }),
  ],
  ["a second answer", (trip: ReturnType<typeof m.travelled>) => trip.answered(m.TravellerThankedEvent, m.its)],
  ["a failed attempt", (trip: ReturnType<typeof m.travelled>) => trip.failed()],
  ["the clock", (trip: ReturnType<typeof m.travelled>) => trip.clock(new Date("2030-01-01T00:00:00Z"))],
  ["an operator", (trip: ReturnType<typeof m.travelled>) => trip.operator({ kind: "cancel" })],
])("nothing changes a saga that has ended: not %s", (_what, act) => {
  const trip = m.travelled();
  const { state, status, data, runs, finishedAt, settledAt, reason } = trip.instance;
  act(trip);
  expect(trip.instance).toMatchObject({ state, status, data, runs, finishedAt, settledAt, reason });
  expect(trip.last.commands).toEqual([]);
});

test("whom a failed saga tells is told at its end, and a saga that succeeds or only stands tells nobody", () => {
  const told = (trip: ReturnType<typeof m.travelled>): number => trip.sent.filter(({ command }) => command.name === "InformTravellerCommand").length;
  expect(told(m.travelled())).toBe(0);
  expect(told(m.booked().exhausted())).toBe(0);
  const failed = m.requested().answered(m.TrainFullEvent, m.its).answered(m.RequestReopenedEvent, m.its);
  expect(failed.outcome).toBe("StayedAtHome FAILED > InformTravellerCommand");
  expect(failed.newest().payload).toEqual({ ...m.its, reason: "No train has a seat." });
});

test("a notice that fails is tried again by its own policy after the end, and never opens the saga again", () => {
  const trip = m.requested().answered(m.TrainFullEvent, m.its).answered(m.RequestReopenedEvent, m.its);
  const { state, status, finishedAt, reasonMessage } = trip.instance;
  expect(trip.failed().outcome).toBe("StayedAtHome FAILED > InformTravellerCommand 2");
  expect(trip.newest().deliverAt).toEqual(new Date(trip.now.getTime() + 1_000));
  expect(trip.failed().outcome).toBe("StayedAtHome FAILED");
  expect(trip.buried.map(({ command }) => command.name)).toEqual(["InformTravellerCommand"]);
  expect(trip.instance).toMatchObject({ state, status, finishedAt, reasonMessage, nextAttemptAt: null });
});

describe("on a database", () => {
  let trips: Trips;
  beforeEach(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterEach(() => trips.dispose());

  const travel = async (): Promise<string> => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TravellerConfirmedEvent, { tripId });
    return tripId;
  };
  const missing = (tripId: string): string => `Its row ${tripId} in trip is gone.`;

  test("the business status is written in the commit of the saga, or not at all", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    expect(await trips.status(tripId)).toBe("READY");
    await expect(
      trips.transaction(async (em) => {
        await publish(em, occur(m.TravellerConfirmedEvent, { tripId }));
        const [row] = await em
          .getConnection()
          .execute<{ status: string }[]>("select status from trip where id = ?", [tripId], "all", em.getTransactionContext());
        expect(row?.status).toBe("UNDER_WAY");
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await trips.status(tripId)).toBe("READY");
    expect((await trips.saga("Trip", tripId))?.state).toBe("AwaitingConfirmation");
  });

  test("a saga whose business row is gone stands instead of going on, and says which row", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.sql("delete from trip where id = $1", [tripId]);
    expect(await trips.say(m.TravellerConfirmedEvent, { tripId })).toMatchObject({ fate: "refused", reason: missing(tripId) });
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "AwaitingConfirmation", status: "STUCK", reason: { message: missing(tripId) } });
  });

  test("a saga whose business row is gone is never silently final: it stands before its end, and an operator ends it once the row is back", async () => {
    const tripId = await travel();
    await trips.sql("delete from trip where id = $1", [tripId]);
    await trips.say(m.ArrivedEvent, { tripId });
    const { id, finishedAt } = await trips.in(tripId, "Thanking", "STUCK");
    expect(finishedAt).toBeNull();
    await trips.sql("insert into trip (id, status) values ($1, 'UNDER_WAY')", [tripId]);
    await trips.act(id, { kind: "retry" });
    expect(await trips.ended(tripId)).toMatchObject({ state: "Travelled", status: "COMPLETED" });
    expect(await trips.status(tripId)).toBe("DONE");
  });

  test("a saga whose business row is gone when its undo is complete stands in the undo", async () => {
    const tripId = await trips.begin();
    const { id } = await trips.in(tripId, "AwaitingConfirmation");
    await trips.sql("delete from trip where id = $1", [tripId]);
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    expect((await trips.in(tripId, "AwaitingConfirmation", "STUCK")).reason?.message).toBe(missing(tripId));
    await trips.sql("insert into trip (id, status) values ($1, 'READY')", [tripId]);
    await trips.act(id, { kind: "retry" });
    expect(await trips.ended(tripId)).toMatchObject({ status: "CANCELLED", reason: { message: "Cancelled: rain." } });
    expect(await trips.status(tripId)).toBe("CANCELLED");
  });

  test("the database itself refuses to change the state or status of a saga that has ended, and anything in a history", async () => {
    const tripId = await travel();
    await trips.say(m.ArrivedEvent, { tripId });
    await trips.ended(tripId);
    for (const change of ["state = 'Thanking'", "status = 'RUNNING'"])
      await expect(trips.sql(`update saga set ${change} where subject_id = $1`, [tripId])).rejects.toThrow("an ended saga does not change");
    await expect(trips.sql("update saga_event set summary = 'It was not like that.'")).rejects.toThrow("The history of sagas is append-only");
  });

  test("a notice whose attempts are used up is a dead letter, which can be redriven without opening the saga again", async () => {
    let isDown = true;
    trips.hooks["InformTravellerCommand"] = () => {
      if (isDown) throw new Permanent("no such address");
      return undefined;
    };
    trips.hooks["BookTrainCommand"] = ({ payload: { tripId } }) => ({ contract: m.TrainFullEvent, payload: { tripId } });
    const tripId = await trips.begin();
    const { id, finishedAt } = await trips.ended(tripId);
    const letter = await waitFor(async () => (await deadLettersOfSagas(trips.em(), [id])).get(id)?.[0]);
    expect(letter).toMatchObject({ message: "InformTravellerCommand", status: "OPEN" });
    isDown = false;
    const call = { filter: { ids: [letter.id] }, limit: 1, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false };
    await trips.transaction((em) => trips.operations.redrive(em, call));
    await trips.heard(tripId, ({ kind, message }) => kind === "NOTICE" && message === "TravellerInformedEvent", "the traveller to be informed");
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "StayedAtHome", status: "FAILED", finishedAt });
  });
});
