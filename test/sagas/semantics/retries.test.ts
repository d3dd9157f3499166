import { Permanent } from "../../../src/kernel/errors.ts";
import { deadLettersOfSagas } from "../../../src/outbox/index.ts";
import { DefinitionError, exponential, fail, finish, incremental, saga, SagaRegistry, t, type Retry } from "../../../src/sagas/engine/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { trouble } from "../../../src/sagas/engine/testing.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

const second = 1_000;

test("the waits before further attempts grow by addition: 1 s, 3 s, 5 s, so four attempts in all", () => {
  const trip = m.requested();
  const waits: number[] = [];
  while (trip.failed().instance.status === "RETRYING") waits.push((trip.instance.nextAttemptAt?.getTime() ?? 0) - trip.now.getTime());
  expect(waits).toEqual([1 * second, 3 * second, 5 * second]);
  expect(trip.sent.filter(({ command }) => command.name === "BookTrainCommand").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
});

test("waits that double are another policy, under its own name", () => {
  expect(incremental({ first: "1s", step: "2s", times: 3 }).waitsMs).toEqual([1_000, 3_000, 5_000]);
  expect(exponential({ first: "1s", factor: 2, times: 4, max: "5s" }).waitsMs).toEqual([1_000, 2_000, 4_000, 5_000]);
});

test("a failed attempt is followed by another of the same run, at the time of the database's clock plus the wait", () => {
  const trip = m.requested();
  const { runId } = trip.newest();
  expect(trip.failed().outcome).toBe("BookingTrain RETRYING > BookTrainCommand 2");
  expect(trip.newest()).toMatchObject({ runId, deliverAt: new Date(trip.now.getTime() + second) });
});

test("a failure that no attempt can better uses all of them up at once", () => {
  const trip = m.booked().failed(trouble({ permanent: true }));
  expect(trip.outcome).toBe("CheckingVisa STUCK");
});

test("a business no is an answer, not a failure: no attempt follows, and nothing is a dead letter", () => {
  const trip = m.requested().answered(m.TrainFullEvent, m.its);
  expect(trip.outcome).toBe("BookingTrain COMPENSATING > ReopenRequestCommand");
  expect(trip.buried).toEqual([]);
});

test("the time of a step runs from its command over all its attempts: a failed one does not lengthen it", () => {
  const trip = m.requested();
  const { deadlineAt } = trip.instance;
  expect(deadlineAt).toEqual(new Date(trip.now.getTime() + 45 * second));
  expect(trip.failed().failed().instance.deadlineAt).toEqual(deadlineAt);
  expect(trip.timedOut().runs).toEqual(["Requested done, undo pending", "BookingTrain unknown, undo active"]);
});

const stay = (timeout: "29s" | "28s", retry: Retry) =>
  saga("Stay", {
    version: 1,
    key: "tripId",
    data: { tripId: t.id() },
    states: ["Requested", "Thanking"],
    finals: { Done: "succeeded", Not: "failed" },
    reasons: { TooSlow: { code: "TIMED_OUT", message: "Too slow." } },
  })
    .startOn(m.TravellerConfirmedEvent, { state: "Requested", key: (e) => e.tripId, init: (e) => e })
    .step("Thanking", {
      invoke: m.ThankTravellerCommand,
      with: (d) => d,
      onReply: { TravellerThankedEvent: finish("Done") },
      effect: "none",
      retry,
      attemptTimeout: "5s",
      timeout: [timeout, fail("TooSlow")],
      onExhausted: fail("TooSlow"),
    })
    .onFailed({ final: "Not" })
    .build();

test("a definition whose step could need more than its time is refused at the start, with the sum shown", () => {
  const retry = incremental({ first: "1s", step: "2s", times: 3 });
  expect(() => new SagaRegistry([stay("29s", retry)])).not.toThrow();
  expect(() => new SagaRegistry([stay("28s", retry)])).toThrow(DefinitionError);
  expect(() => new SagaRegistry([stay("28s", retry)])).toThrow("4 x 5 s + 9 s of waits = 29 s");
});

describe("on a database", () => {
  let trips: Trips;
  beforeEach(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterEach(() => trips.dispose());

  const failed = (tripId: string, count = 1): Promise<unknown> =>
    waitFor(async () => (await trips.history(tripId)).filter(({ kind }) => kind === "ATTEMPT_FAILED").length >= count, {
      timeoutMs: 20_000,
      describe: () => trips.history(tripId),
    });
  const letters = async (tripId: string) => {
    const saga = await trips.saga("Trip", tripId);
    return (await deadLettersOfSagas(trips.em(), [saga?.id ?? ""])).get(saga?.id ?? "") ?? [];
  };
  const redrive = (ids: readonly string[]) =>
    trips.transaction((em) =>
      trips.operations.redrive(em, {
        filter: { ids },
        limit: 10,
        actorId: OPERATOR_ID,
        note: "The printer has paper again.",
        resolutionId: newId(),
        dryRun: false,
      }),
    );

  test("the schedule is the saga's own: a failed attempt ends its job, and the next one waits in the outbox for its instant", async () => {
    trips.hooks["BookTrainCommand"] = () => {
      throw new Error("the line is busy");
    };
    const tripId = await trips.begin();
    await failed(tripId);
    const [row] = await trips.sql<{ waits: boolean; attempt: number; message: string }>(
      `select o.deliver_at = s.next_attempt_at as waits, o.attempt, s.reason_message as message from saga s join outbox o on o.correlation_id = s.id where s.subject_id = $1`,
      [tripId],
    );
    expect(row).toEqual({ waits: true, attempt: 2, message: "the line is busy" });
    expect(await trips.sql("select 1 from pgboss.job where name = 'book-train'")).toEqual([]);
  });

  test("attempts are counted through a restart: whoever starts afterwards goes on with the next one", async () => {
    let isDown = true;
    trips.hooks["BookTrainCommand"] = () => {
      if (isDown) throw new Error("the line is busy");
      return undefined;
    };
    const tripId = await trips.begin();
    await failed(tripId);
    await trips.pause();
    isDown = false;
    await trips.start();
    await trips.skipWaits();
    await trips.in(tripId, "AwaitingConfirmation");
    expect((await trips.effects(tripId))[0]).toMatchObject({ name: "BookTrainCommand", attempt: 2 });
  });

  test("whatever a participant throws without a word is tried again; what it calls permanent is not", async () => {
    trips.hooks["BookTrainCommand"] = ({ attempt }) => {
      throw attempt === 1 ? new Error("who knows") : new Permanent("the line is closed");
    };
    const tripId = await trips.begin();
    await failed(tripId);
    await trips.skipWaits();
    await failed(tripId, 2);
    await trips.ended(tripId);
    expect((await trips.history(tripId)).filter(({ kind }) => kind === "ATTEMPT_FAILED").map(({ summary }) => summary)).toEqual([
      "Attempt 1 of 4 failed: an error inside the program. Next attempt in 1 s.",
      "Attempt 2 of 4 failed: the line is closed. No attempt is left.",
    ]);
  });

  test("one attempt has its own time: one that takes longer has failed, and its effects are rolled back", async () => {
    await trips.dispose();
    trips = await createTrips({ attemptTimeoutMs: 200 });
    trips.hooks["BookTrainCommand"] = ({ attempt }) => (attempt === 1 ? new Promise<undefined>(() => undefined) : undefined);
    await trips.start();
    const tripId = await trips.begin();
    await failed(tripId);
    await trips.skipWaits();
    await trips.in(tripId, "AwaitingConfirmation");
    expect((await trips.effects(tripId)).filter(({ name }) => name === "BookTrainCommand").map(({ attempt }) => attempt)).toEqual([2]);
  });

  test("a command whose attempts are used up is a dead letter with its saga, its run, the attempts and the error", async () => {
    trips.hooks["PrintTicketCommand"] = () => {
      throw new Permanent("out of paper");
    };
    const tripId = await trips.begin();
    const { id } = await trips.in(tripId, "PrintingTicket", "STUCK");
    const [row] = await trips.sql<{ runs: { id: string; state: string }[] }>("select runs from saga where id = $1", [id]);
    expect(await letters(tripId)).toMatchObject([
      {
        sagaId: id,
        runId: row?.runs.find(({ state }) => state === "PrintingTicket")?.id,
        message: "PrintTicketCommand",
        attempts: 1,
        reason: { code: "DEPENDENCY_REJECTED", message: "out of paper" },
        status: "OPEN",
      },
    ]);
  });

  test("redriving the dead letter of a step that stands begins the step again, inside its saga", async () => {
    let isEmpty = true;
    trips.hooks["PrintTicketCommand"] = () => {
      if (isEmpty) throw new Permanent("out of paper");
      return undefined;
    };
    const tripId = await trips.begin();
    await trips.in(tripId, "PrintingTicket", "STUCK");
    isEmpty = false;
    const [letter] = await letters(tripId);
    expect(await redrive([letter?.id ?? ""])).toMatchObject({ redriven: [letter?.id] });
    await trips.in(tripId, "AwaitingConfirmation");
    const [print] = (await trips.effects(tripId)).filter(({ name }) => name === "PrintTicketCommand");
    expect(print).toMatchObject({ attempt: 1 });
    expect(print?.run_id).not.toBe(letter?.runId);
    expect((await letters(tripId))[0]?.status).toBe("REDRIVEN");
  });

  test("a redriven command of a step that was skipped is sent under the same run beside the main path, and its undo still covers it", async () => {
    let isClosed = true;
    trips.hooks["ReserveMealCommand"] = () => {
      if (isClosed) throw new Permanent("the kitchen is closed");
      return undefined;
    };
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    isClosed = false;
    const [letter] = await letters(tripId);
    await redrive([letter?.id ?? ""]);
    await trips.heard(tripId, ({ kind, message }) => kind === "NOTICE" && message === "MealReservedEvent", "the meal to be reserved");
    expect((await trips.effects(tripId)).at(-1)).toMatchObject({ name: "ReserveMealCommand", run_id: letter?.runId, attempt: 2 });
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "AwaitingConfirmation", status: "WAITING" });
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.ended(tripId);
    expect((await trips.effects(tripId)).map(({ name }) => name)).toContain("CancelMealCommand");
  });

  test("a command whose saga has failed is not redriven: its effect must not happen any more", async () => {
    trips.hooks["ReserveMealCommand"] = () => {
      throw new Permanent("the kitchen is closed");
    };
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TripCancelledEvent, { tripId, why: "rain" });
    await trips.ended(tripId);
    const [letter] = await letters(tripId);
    expect(await redrive([letter?.id ?? ""])).toMatchObject({ redriven: [], refused: [{ id: letter?.id }] });
  });
});
