import { jest } from "@jest/globals";
import { later, occur, publish } from "../../../src/outbox/index.ts";
import { OPERATOR_ID } from "../../support/engine.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";
import { waitFor } from "../../support/wait.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const after = (from: Date, ms: number): Date => new Date(from.getTime() + ms);

describe("deadlines", () => {
  test("an answer that comes first lifts the deadline, and the timer then finds nothing to do", () => {
    const trip = m.fed();
    const { deadlineAt } = trip.instance;
    trip.answered(m.TicketPrintedEvent, m.its).happened(m.TravellerConfirmedEvent, m.its);
    expect(trip.instance.deadlineAt).toEqual(after(trip.now, 30 * day));
    expect(trip.clock(deadlineAt ?? undefined).last).toMatchObject({ fate: "superseded", history: [], commands: [] });
  });

  test("a deadline that comes first gives the run up and takes its outcome, and the answer is late", () => {
    const trip = m.requested();
    const command = trip.newest();
    expect(trip.timedOut().outcome).toBe("BookingTrain COMPENSATING > CancelTrainCommand");
    expect(trip.answered(m.TrainBookedEvent, { ...m.its, seat: "aisle" }, command).last.fate).toBe("late");
  });

  test("a deadline that is an instant of the business is that instant", () => {
    const trip = m.ready();
    expect(trip.instance.deadlineAt).toEqual(new Date("2026-02-01T00:00:00Z"));
    expect(trip.timedOut().instance.reason).toBe("TooSlow");
  });

  test("an operator may move a deadline until it is applied, earlier or later, and only to an instant to come", () => {
    const trip = m.travelling();
    const to = after(trip.now, day);
    expect(trip.operator({ kind: "move-timer", timer: "DEADLINE", to: trip.now }).last.denied).toBe("INVALID");
    // A pause would move it beyond what can be stored.
    expect(trip.operator({ kind: "move-timer", timer: "DEADLINE", to: new Date("9999-12-31T23:59:59Z") }).last.denied).toBe("INVALID");
    expect(trip.operator({ kind: "move-timer", timer: "DEADLINE", to }).instance.deadlineAt).toEqual(to);
    expect(trip.operator({ kind: "move-timer", timer: "DEADLINE", to: after(to, day) }).clock(to).last.fate).toBe("superseded");
    expect(trip.timedOut().outcome).toBe("Travelling STUCK");
    expect(trip.operator({ kind: "move-timer", timer: "DEADLINE", to: after(to, 5 * day) }).last.denied).toBe("WRONG_STATE");
  });

  test("of a timer that an operator has moved during a pause, the pause takes only what came after that", () => {
    const trip = m.booked();
    const { deadlineAt } = trip.instance;
    const pausedAt = trip.now;
    trip.operator({ kind: "pause" });
    trip.now = after(pausedAt, 2 * hour);
    const to = after(trip.now, 5 * hour);
    trip.operator({ kind: "move-timer", timer: "REMINDER", to });
    trip.now = after(trip.now, 3 * hour);
    expect(trip.operator({ kind: "resume" }).instance).toMatchObject({ remindAt: after(to, 3 * hour), deadlineAt: after(deadlineAt ?? pausedAt, 5 * hour) });
    trip.operator({ kind: "pause" });
    trip.now = after(trip.now, hour);
    trip.operator({ kind: "move-timer", timer: "DEADLINE", to: after(trip.now, day) });
    expect(trip.operator({ kind: "resume" }).instance.deadlineAt).toEqual(after(trip.now, day));
  });

  test("the next attempt is moved until it is due; of a saga that is paused, after that as well", () => {
    const trip = m.requested().failed();
    const due = trip.instance.nextAttemptAt ?? trip.now;
    const moved = () => trip.operator({ kind: "move-timer", timer: "NEXT_ATTEMPT", to: after(due, day) }).last;
    trip.at(due);
    expect(moved()).toMatchObject({
      denied: "WRONG_STATE",
      explanation: `The next attempt of BookingTrain is due since ${due.toISOString()}, and on its way.`,
    });
    trip.operator({ kind: "pause" });
    expect(moved().denied).toBeUndefined();
    expect(trip.operator({ kind: "resume" }).instance.nextAttemptAt).toEqual(after(due, day));
  });

  test("an operator may let a timer pass at once", () => {
    expect(m.travelling().operator({ kind: "fire-timer", timer: "DEADLINE" }).outcome).toBe("Travelling STUCK");
    expect(m.booked().operator({ kind: "fire-timer", timer: "REMINDER" }).outcome).toBe("CheckingVisa RUNNING > AskConsulateCommand");
  });

  test("a deadline and a reminder that are both due are one decision each, the deadline first", () => {
    const trip = m.booked().clock(new Date("2026-03-01T00:00:00Z"));
    expect(trip.outcome).toBe("CheckingVisa STUCK");
    expect(trip.sent.map(({ command }) => command.name)).not.toContain("AskConsulateCommand");
  });
});

describe("reminders", () => {
  test("a step reminds every so often while its answer is outstanding, counted from its entry", () => {
    const trip = m.booked();
    const start = trip.now;
    for (const count of [1, 2, 3]) {
      expect(trip.instance.remindAt).toEqual(after(start, count * day));
      expect(trip.clock().outcome).toBe("CheckingVisa RUNNING > AskConsulateCommand");
    }
  });

  test("a wait reminds at its instants, and never after the last", () => {
    const trip = m.ready();
    expect(trip.instance.remindAt).toEqual(new Date("2026-01-25T00:00:00Z"));
    expect(trip.clock().outcome).toBe("AwaitingConfirmation WAITING > RemindTravellerCommand");
    expect(trip.instance.remindAt).toEqual(new Date("2026-01-31T00:00:00Z"));
    expect(trip.clock().outcome).toBe("AwaitingConfirmation WAITING > RemindTravellerCommand");
    expect(trip.instance.remindAt).toBeNull();
  });

  test("an instant that has passed when the wait is entered is left out", () => {
    const trip = m.fed();
    trip.now = new Date("2026-01-28T00:00:00Z");
    expect(trip.answered(m.TicketPrintedEvent, m.its).instance.remindAt).toEqual(new Date("2026-01-31T00:00:00Z"));
  });

  test("nothing waits for a reminder: its answer is noted, and its failures lead to neither another state nor an operator", () => {
    const trip = m.ready().clock();
    const { runs, deadlineAt } = trip.instance;
    expect(trip.exhausted().outcome).toBe("AwaitingConfirmation WAITING");
    expect(trip.buried.map(({ command }) => command.name)).toEqual(["RemindTravellerCommand"]);
    expect(trip.clock().answered(m.TravellerRemindedEvent, m.its).outcome).toBe("AwaitingConfirmation WAITING");
    expect(trip.instance).toMatchObject({ runs, deadlineAt });
    expect(trip.history.at(-1)).toMatchObject({ kind: "NOTICE", message: "TravellerRemindedEvent", fate: "applied" });
  });

  test("nobody is reminded of a state that has been left: the clock is lifted, and a reminder under way is void", () => {
    const trip = m.ready().clock();
    const reminder = trip.newest();
    trip.happened(m.TravellerConfirmedEvent, m.its);
    expect(trip.instance.remindAt).toBeNull();
    expect(trip.failed(undefined, reminder).last).toMatchObject({ fate: "late", commands: [] });
  });
});

describe("on a database", () => {
  let trips: Trips;
  beforeEach(async () => {
    trips = await createTrips();
    await trips.start();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await trips.dispose();
  });

  const timers = async (tripId: string) => {
    const saga = await trips.saga("Trip", tripId);
    return { deadlineAt: saga?.deadlineAt, remindAt: saga?.remindAt };
  };
  /** A trip whose visa is being checked outside. */
  const checking = async () => {
    trips.hooks["CheckVisaCommand"] = () => later();
    const tripId = await trips.begin();
    const { id } = await trips.in(tripId, "CheckingVisa", "WAITING");
    return { tripId, id };
  };

  test("the answer, the next state and its deadline are one commit: a passed deadline of the step before has no effect", async () => {
    await trips.pause();
    const tripId = await trips.begin();
    await trips.start();
    await trips.in(tripId, "AwaitingConfirmation");
    const { deadlineAt } = await timers(tripId);
    expect(deadlineAt?.getTime()).toBeGreaterThan(Date.now() + 29 * day);
    expect(
      (await trips.history(tripId)).filter(({ fate, message }) => message?.endsWith("Event") === true && fate !== "applied" && fate !== "started"),
    ).toEqual([]);
  });

  test("an outside effect under way when its deadline passes is not recorded: the timer has won", async () => {
    let go: () => void = () => undefined;
    const printed = new Promise<undefined>((resolve) => (go = () => resolve(undefined)));
    trips.hooks["PrintTicketCommand"] = () => printed;
    const tripId = await trips.begin();
    await trips.in(tripId, "PrintingTicket");
    await waitFor(async () => (await trips.sql("select 1 from pgboss.job where name = 'print-ticket' and state = 'active'")).length === 1);
    await trips.passDeadline(tripId);
    await trips.in(tripId, "PrintingTicket", "STUCK");
    go();
    await trips.heard(tripId, ({ message, fate }) => message === "PrintTicketCommand" && fate === "late", "the print to be put aside");
    expect((await trips.effects(tripId)).map(({ name }) => name)).not.toContain("PrintTicketCommand");
  });

  test("a timer leaves a saga alone that somebody has locked, and then meets what that one has made of it", async () => {
    const [tripId, other] = [await trips.begin(), await trips.begin()];
    for (const one of [tripId, other]) await trips.in(one, "AwaitingConfirmation");
    await trips.engine.stop();
    const timersPassed = () => trips.transaction((em) => trips.engine.subscriber.timersPassed(em, 100));
    for (const one of [tripId, other]) await trips.passDeadline(one);
    await trips.transaction(async (em) => {
      await publish(em, occur(m.TravellerConfirmedEvent, { tripId }));
      // Only the other one's, without waiting for the lock.
      expect(await timersPassed()).toBe(1);
    });
    expect(await timersPassed()).toBe(0);
    await trips.ended(other);
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "Travelling", status: "WAITING" });
  });

  test("time is the database's: a process whose clock is years ahead neither gives anybody up nor dates anything wrongly", async () => {
    const now = Date.now();
    jest.useFakeTimers({
      now: new Date("2090-01-01T00:00:00Z"),
      doNotFake: [
        "setTimeout",
        "clearTimeout",
        "setInterval",
        "clearInterval",
        "setImmediate",
        "clearImmediate",
        "nextTick",
        "queueMicrotask",
        "performance",
        "hrtime",
      ],
    });
    const { tripId } = await checking();
    const { deadlineAt } = await timers(tripId);
    expect(Math.abs((deadlineAt?.getTime() ?? 0) - now - 10 * day)).toBeLessThan(10 * minute);
    const other = await trips.begin();
    await trips.in(other, "CheckingVisa", "WAITING");
    await trips.passDeadline(other);
    await trips.in(other, "CheckingVisa", "STUCK");
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "CheckingVisa", status: "WAITING" });
  });

  test("a deadline that an operator has moved passes at its new time", async () => {
    const tripId = await trips.begin();
    await trips.in(tripId, "AwaitingConfirmation");
    await trips.say(m.TravellerConfirmedEvent, { tripId });
    const { id } = await trips.in(tripId, "Travelling");
    const to = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 2 * day);
    await trips.act(id, { kind: "move-timer", timer: "DEADLINE", to }, { note: "The strike." });
    expect((await timers(tripId)).deadlineAt).toEqual(to);
    await trips.passDeadline(tripId);
    await trips.in(tripId, "Travelling", "STUCK");
    await expect(trips.act(id, { kind: "move-timer", timer: "DEADLINE", to })).rejects.toThrow("It has no deadline now");
  });

  test("a reminder is sent by the clock of the database, and the next one is due a day later", async () => {
    const { tripId, id } = await checking();
    await trips.sql("update saga set remind_at = clock_timestamp() where id = $1", [id]);
    await waitFor(async () => (await trips.effects(tripId)).some(({ name }) => name === "AskConsulateCommand"), { describe: () => trips.history(tripId) });
    const { remindAt } = await timers(tripId);
    expect(Math.abs((remindAt?.getTime() ?? 0) - Date.now() - day)).toBeLessThan(10 * minute);
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "CheckingVisa", status: "WAITING" });
  });

  test("while a saga is paused, messages are heard, its commands are held, and none of its timers fires", async () => {
    const { tripId, id } = await checking();
    const [check] = (await trips.effects(tripId)).filter(({ name }) => name === "CheckVisaCommand");
    await trips.act(id, { kind: "pause" });
    await trips.sql("update saga set deadline_at = clock_timestamp(), remind_at = clock_timestamp() where id = $1", [id]);
    expect(await trips.answer(check?.run_id ?? "", m.VisaGrantedEvent, { tripId })).toMatchObject({ fate: "applied" });
    await trips.in(tripId, "ReservingMeal");
    await waitFor(async () => (await trips.sql("select 1 from outbox where correlation_id = $1 and deliver_at = 'infinity'", [id])).length === 1);
    await trips.passDeadline(tripId);
    // Another saga's timer shows that the timers have been looked at since.
    const other = await checking();
    await trips.passDeadline(other.tripId);
    await trips.in(other.tripId, "CheckingVisa", "STUCK");
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "ReservingMeal", status: "RUNNING" });
    await trips.sql("update saga set deadline_at = clock_timestamp() + interval '1 minute' where id = $1", [id]);
    await trips.act(id, { kind: "resume" });
    await trips.in(tripId, "AwaitingConfirmation");
  });

  test("a pause does not count for what is counted from an entry; an instant of the business stays what it is", async () => {
    const first = await checking();
    const relative = await timers(first.tripId);
    trips.hooks["CheckVisaCommand"] = undefined;
    const second = await trips.begin();
    const { id } = await trips.in(second, "AwaitingConfirmation");
    const instants = await timers(second);
    for (const one of [first.id, id]) {
      await trips.act(one, { kind: "pause" });
      await trips.sql(
        `update saga set paused_at = paused_at - interval '1 hour',
           runs = (select jsonb_agg(jsonb_set(run, '{startedAt}', to_jsonb(to_char((run ->> 'startedAt')::timestamptz at time zone 'UTC' - interval '2 hours', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))) from jsonb_array_elements(runs) run)
         where id = $1`,
        [one],
      );
      await trips.act(one, { kind: "resume" });
    }
    const moved = await timers(first.tripId);
    for (const timer of ["deadlineAt", "remindAt"] as const) {
      const by = (moved[timer]?.getTime() ?? 0) - (relative[timer]?.getTime() ?? 0);
      expect([timer, by >= hour, by < hour + 10 * minute]).toEqual([timer, true, true]);
    }
    expect(await timers(second)).toEqual(instants);
  });

  test.each([
    ["the queue", "queue first", 3, 2],
    ["the queue", "saga first", 3, 2],
    ["the saga", "queue first", 2, 3],
    ["the saga", "saga first", 2, 3],
  ])("a pause of the saga and one of its queue that overlap, %s paused first, are counted once: resumed %s", async (_first, order, queueHours, sagaHours) => {
    const call = { queue: "reserve-meal", actorId: OPERATOR_ID, note: "The kitchen moves." };
    await trips.transaction((em) => trips.operations.pauseQueue(em, call));
    await trips.pause();
    await trips.start();
    const tripId = await trips.begin();
    const { id, deadlineAt } = await trips.in(tripId, "ReservingMeal");
    await trips.pause();
    await trips.act(id, { kind: "pause" });
    await trips.sql("update queue_pause set paused_at = clock_timestamp() - make_interval(hours => $1)", [queueHours]);
    await trips.sql(
      `update saga set paused_at = clock_timestamp() - make_interval(hours => $2),
              runs = (select jsonb_agg(run || '{"startedAt": "2020-01-01T00:00:00.000Z"}') from jsonb_array_elements(runs) run) where id = $1`,
      [id, sagaHours],
    );
    const resumeQueue = () => trips.transaction((em) => trips.operations.resumeQueue(em, call));
    if (order === "queue first") await resumeQueue();
    await trips.act(id, { kind: "resume" });
    if (order === "saga first") await resumeQueue();
    const by = ((await timers(tripId)).deadlineAt?.getTime() ?? 0) - (deadlineAt?.getTime() ?? 0);
    expect(by / hour).toBeCloseTo(3, 1);
  });

  test("of a deadline that an operator has moved while its queue is paused, the pause takes only what came after that", async () => {
    const call = { queue: "reserve-meal", actorId: OPERATOR_ID, note: "The kitchen moves." };
    await trips.transaction((em) => trips.operations.pauseQueue(em, call));
    await trips.pause();
    await trips.start();
    const tripId = await trips.begin();
    const { id } = await trips.in(tripId, "ReservingMeal");
    await trips.pause();
    await trips.sql("update queue_pause set paused_at = clock_timestamp() - interval '3 hours'");
    await trips.sql(
      `update saga set runs = (select jsonb_agg(run || '{"startedAt": "2020-01-01T00:00:00.000Z"}') from jsonb_array_elements(runs) run) where id = $1`,
      [id],
    );
    const to = new Date(Date.now() + day);
    await trips.act(id, { kind: "move-timer", timer: "DEADLINE", to });
    await trips.transaction((em) => trips.operations.resumeQueue(em, call));
    expect((((await timers(tripId)).deadlineAt?.getTime() ?? 0) - to.getTime()) / hour).toBeCloseTo(0, 1);
  });

  test("while a queue is paused, the deadlines of the steps that wait there stand still, and have as long as before when it is resumed", async () => {
    const call = { queue: "reserve-meal", actorId: OPERATOR_ID, note: "The kitchen moves." };
    await trips.transaction((em) => trips.operations.pauseQueue(em, call));
    await trips.pause();
    await trips.start();
    const tripId = await trips.begin();
    await trips.in(tripId, "ReservingMeal");
    const { tripId: other } = await checking();
    await trips.passDeadline(tripId);
    await trips.passDeadline(other);
    await trips.in(other, "CheckingVisa", "STUCK");
    expect(await trips.saga("Trip", tripId)).toMatchObject({ state: "ReservingMeal", status: "RUNNING" });
    // The deadline would have come ten seconds after the pause, an hour ago.
    await trips.sql("update queue_pause set paused_at = clock_timestamp() - interval '1 hour'");
    await trips.sql(
      `update saga set deadline_at = clock_timestamp() - interval '3590 seconds',
              runs = (select jsonb_agg(run || '{"startedAt": "2020-01-01T00:00:00.000Z"}') from jsonb_array_elements(runs) run) where subject_id = $1`,
      [tripId],
    );
    // What is heard meanwhile does not shorten it.
    expect((await trips.say(m.ArrivedEvent, { tripId })).fate).toBe("parked");
    await trips.pause();
    await trips.transaction((em) => trips.operations.resumeQueue(em, call));
    const { deadlineAt } = await timers(tripId);
    expect((deadlineAt?.getTime() ?? 0) - Date.now()).toBeLessThan(11_000);
    expect((deadlineAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(0);
    await trips.start();
    await trips.in(tripId, "AwaitingConfirmation");
    expect((await trips.effects(tripId)).map(({ name }) => name)).toContain("ReserveMealCommand");
  });
});
