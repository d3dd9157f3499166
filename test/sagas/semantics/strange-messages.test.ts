import { newId } from "../../../src/kernel/ids.ts";
import { later, listDeadLetters, occur, publish, type Fate } from "../../../src/outbox/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import * as m from "../../support/trip.ts";
import { createTrips, tripSaga, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

let trips: Trips;
beforeAll(async () => {
  trips = await createTrips();
  await trips.start();
});
afterEach(() => {
  trips.hooks["CheckVisaCommand"] = undefined;
});
afterAll(() => trips.dispose());

const request = (tripId: string) => ({ tripId, travellerId: newId(), departsAt: new Date("2100-01-01T00:00:00Z") });
const sagaRow = async (tripId: string) =>
  (
    await trips.sql<{ state: string; status: string; data: unknown; runs: unknown }>(
      "select state, status, data, runs from saga where subject_id = $1 order by run_number",
      [tripId],
    )
  )[0];
const fates = async (tripId: string, message: string): Promise<(string | null)[]> =>
  (await trips.history(tripId)).filter((line) => line.message === message).map((line) => line.fate);
/** The run of the visa's check, whose answer comes from outside. */
const checking = async (): Promise<{ tripId: string; runId: string }> => {
  trips.hooks["CheckVisaCommand"] = () => later();
  const tripId = await trips.begin();
  await trips.in(tripId, "CheckingVisa", "WAITING");
  const runId = (await trips.effects(tripId)).find(({ name }) => name === "CheckVisaCommand")?.run_id ?? "";
  return { tripId, runId };
};

describe("a message that was heard before", () => {
  test("an event that comes again under its sender's id is a duplicate, changes nothing, and its sender gets the first answer", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    expect(await trips.say(m.TravellerUndecidedEvent, { tripId }, { messageId: "call-17" })).toMatchObject({ fate: "applied" });
    const before = await sagaRow(tripId);
    expect(await trips.say(m.TravellerUndecidedEvent, { tripId }, { messageId: "call-17" })).toMatchObject({ fate: "duplicate", first: "applied" });
    expect(await sagaRow(tripId)).toEqual(before);
    expect(await fates(tripId, "TravellerUndecidedEvent")).toEqual(["applied", "duplicate"]);
  });

  test("whatever became of an event the first time is the answer to its second delivery, a refusal too", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TravellerConfirmedEvent, { tripId });
    expect(await trips.say(m.TripCancelledEvent, { tripId, why: "rain" }, { messageId: "click-1" })).toMatchObject({ fate: "refused" });
    expect(await trips.say(m.TripCancelledEvent, { tripId, why: "rain" }, { messageId: "click-1" })).toMatchObject({ fate: "duplicate", first: "refused" });
  });

  test("the starting event that comes again under its sender's id is a duplicate of the one that started the saga", async () => {
    const tripId = newId();
    const [first, second] = [
      await trips.say(m.TripRequestedEvent, request(tripId), { messageId: "form-3" }),
      await trips.say(m.TripRequestedEvent, request(tripId), { messageId: "form-3" }),
    ];
    expect([first, second]).toMatchObject([{ fate: "started" }, { fate: "duplicate", first: "started" }]);
  });

  test("an answer from outside that comes again under its sender's id is a duplicate, and its sender gets the first answer", async () => {
    const { tripId, runId } = await checking();
    expect(await trips.answer(runId, m.VisaGrantedEvent, { tripId }, { messageId: "hook-5" })).toMatchObject({ fate: "applied" });
    expect(await trips.answer(runId, m.VisaGrantedEvent, { tripId }, { messageId: "hook-5" })).toMatchObject({ fate: "duplicate", first: "applied" });
  });

  test("an event that comes again while it is kept for its saga is a duplicate, and is kept once", async () => {
    const tripId = newId();
    expect(await trips.say(m.TravellerConfirmedEvent, { tripId }, { messageId: "call-18" })).toMatchObject({ fate: "kept" });
    expect(await trips.say(m.TravellerConfirmedEvent, { tripId }, { messageId: "call-18" })).toMatchObject({ fate: "duplicate", first: "kept" });
    expect(await trips.sql("select 1 from saga_mail where subject_id = $1", [tripId])).toHaveLength(1);
  });
});

describe("a start", () => {
  test("a second start of a key whose saga lives changes nothing", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    const before = await sagaRow(tripId);
    expect(await trips.say(m.TripRequestedEvent, request(tripId))).toMatchObject({ fate: "duplicate-start" });
    expect(await sagaRow(tripId)).toEqual(before);
  });

  test("of two starts of one key at the same time, one is the saga's, and the other meets it", async () => {
    const tripId = newId();
    let other: Promise<{ fate: Fate }> = Promise.reject(new Error("not yet"));
    other.catch(() => undefined);
    const first = await trips.transaction(async (em) => {
      const receipt = await publish(em, occur(m.TripRequestedEvent, request(tripId)));
      other = trips.say(m.TripRequestedEvent, request(tripId));
      await trips.untilBlocked();
      return receipt;
    });
    expect(first.fate).toBe("started");
    expect((await other).fate).toBe("duplicate-start");
    expect(await trips.sql("select 1 from saga where subject_id = $1", [tripId])).toHaveLength(1);
    expect(await fates(tripId, "TripRequestedEvent")).toContain("duplicate-start");
  });

  test("a start after the end is refused, where nothing else is declared", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.ended(tripId);
    expect(await trips.say(m.TripRequestedEvent, request(tripId))).toMatchObject({ fate: "refused", reason: "Its saga has ended already, as StayedAtHome." });
  });

  test("a start after the end is another run of the same key, where that is declared", async () => {
    const again = await createTrips({ sagas: [tripSaga({ afterFinal: "again" })] });
    await again.start();
    const tripId = await again.begin();
    expect(await again.say(m.TripRequestedEvent, request(tripId))).toMatchObject({ fate: "duplicate-start" });
    await again.in(tripId, "AwaitingConfirmation");
    await again.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await again.ended(tripId);
    expect(await again.say(m.TripRequestedEvent, request(tripId))).toMatchObject({ fate: "started" });
    await again.in(tripId, "AwaitingConfirmation");
    expect(await again.sql("select run_number, state from saga where subject_id = $1 order by run_number", [tripId])).toEqual([
      { run_number: 1, state: "StayedAtHome" },
      { run_number: 2, state: "AwaitingConfirmation" },
    ]);
    // Everything that is said about the key from now on is about the latest run.
    expect(await again.say(m.TravellerConfirmedEvent, { tripId })).toMatchObject({ fate: "applied" });
    expect((await again.saga("Trip", tripId))?.state).toBe("Travelling");
    await again.dispose();
  });

  test("a message that an earlier run of its key has heard is a duplicate for later ones, too", async () => {
    const again = await createTrips({ sagas: [tripSaga({ afterFinal: "again" })] });
    await again.start();
    const tripId = await again.begin();
    const start = (messageId: string) => again.say(m.TripRequestedEvent, request(tripId), { messageId });
    const cancel = (messageId: string) => again.say(m.TripCancelledEvent, { tripId, why: "rain" }, { messageId });
    await again.in(tripId, "AwaitingConfirmation");
    await cancel("first-cancellation");
    await again.ended(tripId);
    expect(await start("second-start")).toMatchObject({ fate: "started" });
    expect(await cancel("first-cancellation")).toMatchObject({ fate: "duplicate", first: "applied" });
    await again.in(tripId, "AwaitingConfirmation");
    await cancel("second-cancellation");
    await again.ended(tripId);
    expect(await start("third-start")).toMatchObject({ fate: "started" });
    await again.in(tripId, "AwaitingConfirmation");
    await cancel("third-cancellation");
    await again.ended(tripId);
    expect(await start("second-start")).toMatchObject({ fate: "duplicate", first: "started" });
    expect(await again.sql("select count(*)::int as runs from saga where subject_id = $1", [tripId])).toEqual([{ runs: 3 }]);
    await again.dispose();
  });
});

describe("an event that comes early", () => {
  test("an event of a later wait is parked, and applied when that wait opens", async () => {
    const { tripId, runId } = await checking();
    expect(await trips.say(m.TravellerConfirmedEvent, { tripId })).toMatchObject({ fate: "parked" });
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "CheckingVisa", status: "WAITING" });
    await trips.answer(runId, m.VisaGrantedEvent, { tripId });
    await trips.in(tripId, "Travelling");
    expect(await fates(tripId, "TravellerConfirmedEvent")).toEqual(["parked", "applied"]);
  });

  test("a parked event whose wait never opens is unused when the saga ends, and the history says so", async () => {
    const { tripId } = await checking();
    await trips.say(m.ArrivedEvent, { tripId }, { messageId: "train-9" });
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.ended(tripId);
    expect(await fates(tripId, "ArrivedEvent")).toEqual(["parked", "unused"]);
    expect(await trips.say(m.ArrivedEvent, { tripId }, { messageId: "train-9" })).toMatchObject({ fate: "duplicate", first: "unused" });
  });

  test("of two parked events of one wait the first is applied and the second superseded", () => {
    const trip = m.booked().happened(m.TravellerConfirmedEvent, m.its).happened(m.TravellerDeclinedEvent, m.its);
    trip.answered(m.VisaGrantedEvent, m.its, trip.newest("CheckVisaCommand")).answered(m.MealReservedEvent, m.its).answered(m.TicketPrintedEvent, m.its);
    expect(trip.outcome).toBe("Travelling WAITING");
    trip.happened(m.ArrivedEvent, m.its).answered(m.TravellerThankedEvent, m.its);
    expect(trip.history.filter(({ message }) => message === "TravellerDeclinedEvent").map(({ fate }) => fate)).toEqual(["parked", "superseded"]);
  });

  test("a parked event that lost against another one does not come back when a loop opens the wait again", () => {
    const trip = m.booked().happened(m.RouteChangedEvent, m.its).happened(m.TravellerDeclinedEvent, m.its);
    trip.answered(m.VisaGrantedEvent, m.its, trip.newest("CheckVisaCommand")).answered(m.MealReservedEvent, m.its).answered(m.TicketPrintedEvent, m.its);
    expect(m.ready(trip).outcome).toBe("AwaitingConfirmation WAITING");
  });

  test("an event counts as early while the wait that takes it was never open; once it was, the event comes too late", () => {
    const trip = m.ready().happened(m.RouteChangedEvent, m.its);
    expect(trip.instance.state).toBe("BookingTrain");
    expect(trip.happened(m.TravellerConfirmedEvent, m.its).last.fate).toBe("superseded");
    expect(trip.happened(m.ArrivedEvent, m.its).last.fate).toBe("parked");
  });

  test("a wait that stands and asks an operator still takes its event", () => {
    const trip = m.travelling().timedOut();
    expect(trip.outcome).toBe("Travelling STUCK");
    expect(trip.happened(m.ArrivedEvent, m.its).outcome).toBe("Thanking RUNNING > ThankTravellerCommand");
  });
});

describe("an event whose key has no saga", () => {
  test("an event whose key has no saga is kept, and applied in the commit of the saga's birth", async () => {
    const tripId = newId();
    expect(await trips.say(m.TripCancelledEvent, { tripId, why: "rain" })).toMatchObject({ fate: "kept" });
    await trips.pause();
    await trips.transaction(async (em) => {
      expect(await publish(em, occur(m.TripRequestedEvent, request(tripId)))).toMatchObject({ fate: "started" });
      expect((await trips.reader.findBySubject(em, "Trip", [tripId])).get(tripId)).toMatchObject({
        status: "COMPENSATING",
        reason: { message: "Cancelled: rain." },
      });
    });
    await trips.start();
    expect(await trips.sql("select 1 from saga_mail where subject_id = $1", [tripId])).toEqual([]);
    expect(await fates(tripId, "TripCancelledEvent")).toEqual(["applied"]);
  });

  test("a kept event is not lost when the transaction of the birth rolls back", async () => {
    const tripId = newId();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await expect(
      trips.transaction(async (em) => {
        await publish(em, occur(m.TripRequestedEvent, request(tripId)));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await trips.sql("select 1 from saga_mail where subject_id = $1", [tripId])).toHaveLength(1);
  });

  test("an event is kept for 24 hours by the database's clock; then it is an orphan, which operators see among the dead letters", async () => {
    const tripId = newId();
    await trips.say(m.TravellerConfirmedEvent, { tripId });
    const [row] = await trips.sql<{ hours: number }>(
      "select round(extract(epoch from keep_until - received_at) / 3600)::int as hours from saga_mail where subject_id = $1",
      [tripId],
    );
    expect(row?.hours).toBe(24);
    await trips.sql("update saga_mail set keep_until = clock_timestamp() - interval '1 second' where subject_id = $1", [tripId]);
    const page = await waitFor(
      async () => {
        const { nodes } = await listDeadLetters(trips.em(), { message: "TravellerConfirmedEvent" }, { first: 10, after: null });
        return nodes.length === 0 ? null : nodes;
      },
      { describe: "the orphan to be buried" },
    );
    expect(page).toMatchObject([{ sagaId: null, sagaType: "Trip", subjectId: tripId, status: "OPEN", reason: { code: "NOT_FOUND" } }]);
    expect(await trips.sql("select 1 from saga_mail where subject_id = $1", [tripId])).toEqual([]);
  });

  test("an orphan is redriven once its saga is there, and refused while it is not", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    const orphan = async (subjectId: string): Promise<string> => {
      const id = newId();
      await trips.sql(
        `insert into dead_letter (id, queue, message, saga_type, subject_id, payload, attempts, reason_code, reason_message, detail)
         values ($1, 'saga-mail', 'TravellerConfirmedEvent', 'Trip', $2, $3, 0, 'NOT_FOUND', 'No Trip has the key.', '')`,
        [id, subjectId, JSON.stringify({ tripId: subjectId })],
      );
      return id;
    };
    const [mine, nobodys] = [await orphan(tripId), await orphan(newId())];
    const call = { filter: { ids: [mine, nobodys] }, limit: 10, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false };
    expect(await trips.transaction((em) => trips.operations.redrive(em, call))).toMatchObject({ redriven: [mine], refused: [{ id: nobodys }] });
    await trips.in(tripId, "Travelling");
  });
});

test("of two redrives of the same letters at the same time, the second waits and takes those that the first has left", async () => {
  const letters = await Promise.all(
    ["TravellerUndecidedEvent", "TravellerConfirmedEvent"].map(async (message) => {
      const tripId = await trips.begin();
      await trips.in(tripId, "AwaitingConfirmation");
      const id = newId();
      await trips.sql(
        `insert into dead_letter (id, queue, message, saga_type, subject_id, payload, attempts, reason_code, reason_message, detail)
         values ($1, 'saga-mail', $2, 'Trip', $3, $4, 0, 'NOT_FOUND', 'No Trip has the key.', '')`,
        [id, message, tripId, JSON.stringify({ tripId })],
      );
      return id;
    }),
  );
  const call = (limit: number) => ({ filter: { ids: letters }, limit, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false });
  let second: ReturnType<typeof trips.operations.redrive> = Promise.reject(new Error("not yet"));
  second.catch(() => undefined);
  const first = await trips.transaction(async (em) => {
    const redrive = await trips.operations.redrive(em, call(1));
    second = trips.transaction((other) => trips.operations.redrive(other, call(2)));
    await trips.untilBlocked();
    return redrive;
  });
  expect(first).toMatchObject({ redriven: [expect.any(String)], refused: [], remaining: 1 });
  expect(await second).toEqual({ redriven: letters.filter((id) => !first.redriven.includes(id)), refused: [], remaining: 0 });
});

describe("an answer", () => {
  test("an answer to a run that was given up is late and changes nothing: the undo covers it already", async () => {
    const { tripId, runId } = await checking();
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.ended(tripId);
    const before = await sagaRow(tripId);
    expect(await trips.answer(runId, m.VisaGrantedEvent, { tripId })).toMatchObject({ fate: "late" });
    expect(await sagaRow(tripId)).toEqual(before);
  });

  test("a second answer to a run that differs from the first is a conflict: it changes nothing, and the history flags it", async () => {
    const { tripId, runId } = await checking();
    await trips.answer(runId, m.VisaGrantedEvent, { tripId });
    await trips.in(tripId, "AwaitingConfirmation");
    const before = await sagaRow(tripId);
    expect(await trips.answer(runId, m.VisaRefusedEvent, { tripId })).toMatchObject({ fate: "conflict" });
    expect(await sagaRow(tripId)).toEqual(before);
    expect(await fates(tripId, "VisaRefusedEvent")).toEqual(["conflict"]);
  });

  test("an answer that the command did not declare is refused, and answers neither a step nor an undo nor a notice", () => {
    const wrong = (saga: ReturnType<typeof m.booked>, says: string) => expect(() => saga.answered(m.ArrivedEvent, m.its)).toThrow(says);
    wrong(m.booked(), "CheckVisaCommand may not answer ArrivedEvent; declared are VisaGrantedEvent, VisaRefusedEvent");
    wrong(m.refused(), "CancelTrainCommand may not answer ArrivedEvent; declared are TrainCancelledEvent, TrainNotRefundableEvent, StationClosedEvent");
    wrong(m.ready().clock(), "RemindTravellerCommand may not answer ArrivedEvent; declared are TravellerRemindedEvent");
    const told = m.refused().answered(m.TrainCancelledEvent, m.its).answered(m.RequestReopenedEvent, m.its);
    expect(told.outcome).toBe("StayedAtHome FAILED > InformTravellerCommand");
    wrong(told, "InformTravellerCommand may not answer ArrivedEvent; declared are TravellerInformedEvent");
  });

  test("an answer that the command did not declare and that came before its saga could be read is buried; other mail is delivered, and a redrive says why not", async () => {
    const { tripId, runId } = await checking();
    const { tripId: other, runId: othersRun } = await checking();
    const keep = (id: string, of: string, name: string, run: string) =>
      trips.sql(
        "insert into saga_mail (id, type, subject_id, name, payload, run_id, keep_until) values ($1, 'Trip', $2, $3, $4, $5, clock_timestamp() + interval '1 day')",
        [id, of, name, JSON.stringify({ tripId: of }), run],
      );
    const wrong = newId();
    await keep(wrong, tripId, "TravellerThankedEvent", runId);
    await keep(newId(), other, "VisaGrantedEvent", othersRun);
    await trips.in(other, "AwaitingConfirmation");
    const reason = "CheckVisaCommand may not answer TravellerThankedEvent; declared are VisaGrantedEvent, VisaRefusedEvent";
    const letters = await waitFor(
      async () => {
        const { nodes } = await listDeadLetters(trips.em(), { ids: [wrong] }, { first: 1, after: null });
        return nodes.length === 0 ? null : nodes;
      },
      { describe: "the wrong answer to be buried" },
    );
    expect(letters).toMatchObject([{ message: "TravellerThankedEvent", status: "OPEN", reason: { code: "INVALID", message: reason } }]);
    const call = { filter: { ids: [wrong] }, limit: 10, actorId: OPERATOR_ID, note: null, resolutionId: newId(), dryRun: false };
    expect(await trips.transaction((em) => trips.operations.redrive(em, call))).toMatchObject({ redriven: [], refused: [{ id: wrong, reason }] });
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "CheckingVisa", status: "WAITING" });
  });

  test("a second answer to a run that says the same is a duplicate", async () => {
    const { tripId, runId } = await checking();
    await trips.answer(runId, m.VisaGrantedEvent, { tripId });
    expect(await trips.answer(runId, m.VisaGrantedEvent, { tripId })).toMatchObject({ fate: "duplicate" });
  });
});

test("an event of a wait that was left is superseded and changes nothing", async () => {
  const tripId = await trips.begin();
  await trips.in(tripId, "AwaitingConfirmation");
  await trips.say(m.TravellerConfirmedEvent, { tripId });
  const before = await sagaRow(tripId);
  expect(await trips.say(m.TravellerConfirmedEvent, { tripId })).toMatchObject({ fate: "superseded" });
  expect(await sagaRow(tripId)).toEqual(before);
});

test("where two events exclude each other, the one that commits first wins and the other is superseded", async () => {
  const tripId = await trips.begin();
  await trips.in(tripId, "AwaitingConfirmation");
  const both = await Promise.all([trips.say(m.TravellerConfirmedEvent, { tripId }), trips.say(m.TravellerDeclinedEvent, { tripId })]);
  expect(both.map(({ fate }) => fate).toSorted()).toEqual(["applied", "superseded"]);
  const first = both.findIndex(({ fate }) => fate === "applied") === 0 ? "Travelling" : "StayedAtHome";
  await waitFor(async () => (await trips.saga("Trip", tripId))?.state === first, { describe: () => trips.saga("Trip", tripId) });
});

test("messages that do not exclude each other lead to the same state in every order of their arrival", () => {
  const say = {
    visa: (trip: ReturnType<typeof m.booked>) =>
      trip.answered(
        m.VisaGrantedEvent,
        m.its,
        trip.sent.find(({ command }) => command.name === "CheckVisaCommand"),
      ),
    confirmed: (trip: ReturnType<typeof m.booked>) => trip.happened(m.TravellerConfirmedEvent, m.its),
    arrived: (trip: ReturnType<typeof m.booked>) => trip.happened(m.ArrivedEvent, m.its),
  };
  const orders = [
    ["visa", "confirmed", "arrived"],
    ["visa", "arrived", "confirmed"],
    ["confirmed", "visa", "arrived"],
    ["confirmed", "arrived", "visa"],
    ["arrived", "visa", "confirmed"],
    ["arrived", "confirmed", "visa"],
  ] as const;
  for (const order of orders) {
    const trip = m.booked();
    for (const what of order) say[what](trip);
    trip.answered(m.MealReservedEvent, m.its, trip.newest("ReserveMealCommand")).answered(m.TicketPrintedEvent, m.its, trip.newest("PrintTicketCommand"));
    expect([order, trip.outcome]).toEqual([order, "Thanking RUNNING > ThankTravellerCommand"]);
  }
});

test("what became of a message is recorded after the end, too", async () => {
  const tripId = await trips.begin();
  await trips.in(tripId, "AwaitingConfirmation");
  await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
  const { sequence } = await trips.ended(tripId);
  await trips.say(m.ArrivedEvent, { tripId });
  await trips.say(m.TripHeldEvent, { tripId });
  const saga = await trips.saga("Trip", tripId);
  expect(saga?.sequence).toBeGreaterThan(sequence);
  expect(await fates(tripId, "ArrivedEvent")).toEqual(["superseded"]);
  expect(await fates(tripId, "TripHeldEvent")).toEqual(["noted"]);
});

test("a message that nobody hears has no subscriber, and nothing follows", async () => {
  expect(await trips.say(m.ConsulateAskedEvent, { tripId: newId() })).toMatchObject({ fate: "no-subscriber" });
});
