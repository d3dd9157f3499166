import { Permanent, Transient } from "../../../src/kernel/errors.ts";
import { pauseQueue, resumeQueue } from "../../../src/outbox/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import { createTrips, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

let trips: Trips;
beforeAll(async () => {
  trips = await createTrips();
  await trips.start();
});
beforeEach(() => {
  for (const name of Object.keys(trips.hooks)) delete trips.hooks[name];
});
afterAll(() => trips?.dispose());

/** The states that were reached by each commit, in order. */
async function commitsOf(of: Trips, tripId: string): Promise<string[]> {
  const rows = await of.sql<{ states: string }>(
    `select string_agg(to_state, ' ' order by sequence) as states from saga_event where saga_id in (select id from saga where subject_id = $1) group by xid order by min(sequence)`,
    [tripId],
  );
  return rows.map(({ states }) => states);
}

test("steps that follow each other and are done in the database are one commit", async () => {
  const tripId = await trips.begin();
  await trips.in(tripId, "AwaitingConfirmation");
  const [born, first] = await commitsOf(trips, tripId);
  expect(born).toBe("BookingTrain");
  expect(first).toBe("CheckingVisa ReservingMeal PrintingTicket");
});

test("with one step per commit, each is its own", async () => {
  const single = await createTrips({ stepsPerCommit: 1 });
  await single.start();
  const tripId = await single.begin();
  await single.in(tripId, "AwaitingConfirmation");
  expect((await commitsOf(single, tripId)).slice(0, 4)).toEqual(["BookingTrain", "CheckingVisa", "ReservingMeal", "PrintingTicket"]);
  await single.dispose();
});

test("a step that fails for good is judged by itself: what it followed is committed, and has been carried out with one attempt", async () => {
  trips.hooks["ReserveMealCommand"] = () => {
    throw new Permanent("the kitchen is closed");
  };
  const tripId = await trips.begin();
  await trips.in(tripId, "AwaitingConfirmation");
  const effects = await trips.effects(tripId);
  expect(effects.filter(({ name }) => name === "BookTrainCommand")).toMatchObject([{ attempt: 1 }]);
  expect(await trips.saga("Trip", tripId)).toMatchObject({
    steps: expect.arrayContaining([
      expect.objectContaining({ state: "BookingTrain", status: "DONE", attempts: 1 }),
      expect.objectContaining({ state: "ReservingMeal", status: "SKIPPED" }),
    ]),
  });
});

test("a step that fails now and then is tried again by itself", async () => {
  let failures = 0;
  trips.hooks["ReserveMealCommand"] = () => {
    if (failures++ < 2) throw new Transient("the cook is out");
    return undefined;
  };
  const tripId = await trips.begin();
  await waitFor(async () => {
    await trips.skipWaits();
    return (await trips.saga("Trip", tripId))?.state === "AwaitingConfirmation";
  });
  const effects = await trips.effects(tripId);
  expect(effects.filter(({ name }) => name === "BookTrainCommand")).toHaveLength(1);
  expect(effects.filter(({ name }) => name === "ReserveMealCommand")).toHaveLength(1);
});

test("nothing goes on to a queue that is paused", async () => {
  const mealless = await createTrips();
  await mealless.transaction((em) => pauseQueue(em, { queue: "reserve-meal", by: OPERATOR_ID, note: "the cook is out" }));
  await mealless.start();
  const tripId = await mealless.begin();
  await mealless.in(tripId, "ReservingMeal");
  expect(await mealless.sql("select 1 from pgboss.job where name = 'reserve-meal'")).toHaveLength(1);
  await mealless.transaction((em) => resumeQueue(em, "reserve-meal"));
  await mealless.in(tripId, "AwaitingConfirmation");
  await mealless.dispose();
});
