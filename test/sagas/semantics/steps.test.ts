import { later, occur, publish } from "../../../src/outbox/index.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";

test("a run begins with its command, in the same decision", () => {
  const saga = m.requested();
  expect(saga.runs).toEqual(["Requested done", "BookingTrain active"]);
  expect(saga.last.commands.map(({ command, runId }) => [command.name, runId])).toEqual([["BookTrainCommand", saga.instance.runs[1]?.id]]);
});

test("a run ends done when an answer leads forward", () => {
  expect(m.booked().runs).toEqual(["Requested done", "BookingTrain done", "CheckingVisa active"]);
});

test("a run ends as none when the answer is a no: the participant says that it changed nothing, so it is not undone", () => {
  const saga = m.requested().answered(m.TrainFullEvent, m.its);
  expect(saga.runs).toEqual(["Requested done, undo active", "BookingTrain none"]);
  expect(saga.outcome).toBe("BookingTrain COMPENSATING > ReopenRequestCommand");
});

test("a run ends as partly when the answer is a no of a step that did something, and is undone", () => {
  const saga = m.requested().answered(m.TrainBookedEvent, { ...m.its, seat: "none" });
  expect(saga.runs).toEqual(["Requested done, undo pending", "BookingTrain partly, undo active"]);
});

test.each([
  ["its time is over", (saga: ReturnType<typeof m.requested>) => saga.timedOut()],
  ["its attempts are used up", (saga: ReturnType<typeof m.requested>) => saga.exhausted()],
  ["the saga is interrupted", (saga: ReturnType<typeof m.requested>) => m.cancel(saga)],
  ["an operator cancels the saga", (saga: ReturnType<typeof m.requested>) => saga.operator({ kind: "cancel" })],
])("a run that is given up ends as unknown and is undone, since it may have happened: %s", (_why, giveUp) => {
  const saga = giveUp(m.requested());
  expect(saga.runs).toEqual(["Requested done, undo pending", "BookingTrain unknown, undo active"]);
  expect(saga.outcome).toBe("BookingTrain COMPENSATING > CancelTrainCommand");
});

test("a run that is given up is void: its answer changes nothing any more", () => {
  const saga = m.requested();
  const command = saga.newest();
  const voided = saga.timedOut().instance;
  const { instance, fate, commands } = saga.answered(m.TrainBookedEvent, { ...m.its, seat: "window" }, command).last;
  expect([fate, commands]).toEqual(["late", []]);
  expect({ ...instance, sequence: 0 }).toEqual({ ...voided, sequence: 0 });
});

test("a run that is skipped is undone like one that may have happened, should the saga fail later", () => {
  const saga = m.admitted().timedOut();
  expect(saga.runs.at(-2)).toBe("ReservingMeal skipped");
  expect(saga.outcome).toBe("PrintingTicket RUNNING > PrintTicketCommand");
  saga.answered(m.TicketPrintedEvent, m.its);
  expect(m.cancel(saga).outcome).toBe("AwaitingConfirmation COMPENSATING > CancelMealCommand");
});

test("a run that is parked stands without a timer, and without reminders", () => {
  const saga = m.booked().exhausted();
  expect(saga.outcome).toBe("CheckingVisa STUCK");
  expect(saga.runs.at(-1)).toBe("CheckingVisa parked");
  expect(saga.instance).toMatchObject({ deadlineAt: null, remindAt: null, nextAttemptAt: null });
});

test("a run that is parked is followed by a new one when an operator retries it, and is undone with it", () => {
  const saga = m.fed().exhausted();
  const parked = saga.instance.runs.at(-1);
  saga.operator({ kind: "retry" });
  expect(saga.outcome).toBe("PrintingTicket RUNNING > PrintTicketCommand");
  expect(saga.newest().runId).not.toBe(parked?.id);
  expect(saga.newest().attempt).toBe(1);
  expect(saga.runs.slice(-2)).toEqual(["PrintingTicket unknown", "PrintingTicket active"]);
});

test("a run that is parked is done with the answer that an operator gives by hand", () => {
  const saga = m.booked().exhausted();
  saga.operator({ kind: "complete", reply: "VisaGrantedEvent", payload: {} });
  expect(saga.outcome).toBe("ReservingMeal RUNNING > ReserveMealCommand");
  expect(saga.runs.at(-2)).toBe("CheckingVisa done");
});

test("a run whose command was carried out and whose answer comes from outside is not tried again, and only its deadline bounds it", () => {
  const saga = m.booked();
  const { deadlineAt } = saga.instance;
  const command = saga.newest();
  expect(saga.answersLater().outcome).toBe("CheckingVisa WAITING");
  expect(saga.instance).toMatchObject({ deadlineAt, nextAttemptAt: null });
  expect(saga.failed(undefined, command).last.fate).toBe("duplicate");
  expect(saga.timedOut().outcome).toBe("CheckingVisa STUCK");
});

test("a run that stands although its answer was promised from outside is still answered by it", () => {
  const saga = m.booked();
  const command = saga.newest();
  saga.answersLater().timedOut();
  expect(saga.answered(m.VisaGrantedEvent, m.its, command).outcome).toBe("ReservingMeal RUNNING > ReserveMealCommand");
});

test("a run that stands without such a promise is not: its answer comes late", () => {
  const saga = m.booked();
  const command = saga.newest();
  saga.timedOut();
  expect(saga.answered(m.VisaGrantedEvent, m.its, command).last.fate).toBe("late");
  expect(saga.outcome).toBe("CheckingVisa STUCK");
});

describe("on a database", () => {
  let trips: Trips;
  beforeAll(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterAll(() => trips.dispose());

  test("a command whose participant answers later is done at once, and the answer from outside finds the saga by its business key", async () => {
    trips.hooks["CheckVisaCommand"] = () => later();
    const tripId = await trips.begin();
    await trips.in(tripId, "CheckingVisa", "WAITING");
    expect(await trips.sql("select 1 from pgboss.job where name = 'check-visa'")).toEqual([]);
    const [check] = (await trips.effects(tripId)).filter(({ name }) => name === "CheckVisaCommand");
    expect(await trips.answer(check?.run_id ?? "", m.VisaGrantedEvent, { tripId })).toMatchObject({ fate: "applied" });
    await trips.in(tripId, "AwaitingConfirmation");
    expect((await trips.effects(tripId)).filter(({ name }) => name === "CheckVisaCommand")).toHaveLength(1);
  });

  test("only who has the lock of the saga's row decides: whoever comes second waits, and then meets what the first has made of it", async () => {
    trips.hooks["CheckVisaCommand"] = undefined;
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    let second: Promise<unknown> = Promise.resolve();
    const first = await trips.transaction(async (em) => {
      const receipt = await publish(em, occur(m.TravellerConfirmedEvent, { tripId }));
      second = trips.say(m.TravellerDeclinedEvent, { tripId });
      await trips.untilBlocked();
      return receipt;
    });
    expect(first).toMatchObject({ fate: "applied" });
    expect(await second).toMatchObject({ fate: "superseded" });
    await trips.in(tripId, "Travelling");
  });

  test("a participant whose connection is lost has done nothing: effect, answer and saga are rolled back together, and no attempt is counted", async () => {
    let calls = 0;
    trips.hooks["BookTrainCommand"] = async () => {
      calls += 1;
      const idle = "datname = current_database() and state = 'idle in transaction'";
      if (calls === 1) await trips.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${idle}`);
      return undefined;
    };
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    expect(calls).toBe(2);
    expect((await trips.effects(tripId)).filter(({ name }) => name === "BookTrainCommand")).toMatchObject([{ attempt: 1 }]);
    expect((await trips.history(tripId)).map(({ kind }) => kind)).not.toContain("ATTEMPT_FAILED");
  });
});
