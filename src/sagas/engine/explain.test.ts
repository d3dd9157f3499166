import fc from "fast-check";
import * as m from "../../../test/support/orders.ts";
import { festival, FestivalForbiddenEvent, FestivalPlannedEvent, PermitGrantedEvent } from "../../../test/support/festival.ts";
import { orderSaga } from "../../../test/support/orders.ts";
import { property } from "../../../test/support/property.ts";
import type { WorkerView } from "../../outbox/index.ts";
import { explain, SagaCause, type ExplainedSaga, type RowHolder, type SagaExplanation, type SagaFacts } from "./explain.ts";
import type { Instance, Run } from "./instance.ts";
import { given, OPERATOR, trouble, type SagaUnderTest } from "./testing.ts";

const orderId = "00000000-0000-4000-8000-000000000001";
const buyerId = "00000000-0000-4000-8000-000000000002";
const { definition } = orderSaga;

const reserving = (): SagaUnderTest => given(orderSaga, m.OrderPlacedEvent, { orderId, buyerId, kind: "bought" });
const wrapping = (): SagaUnderTest => reserving().answered(m.StockReservedEvent, { orderId, from: "shelf" });
const awaiting = (): SagaUnderTest => wrapping().answered(m.WrappedEvent, { orderId, at: new Date("2026-01-01T12:00:00Z") });
/** Undoes the reservation first, then the basket. */
const undoing = (): SagaUnderTest => wrapping().happened(m.OrderCancelledEvent, { orderId, why: "too late" });

const now = new Date("2026-01-01T00:01:00Z");
const before = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);
const after = (seconds: number): Date => before(-seconds);

const worker: WorkerView = {
  id: "00000000-0000-4000-8000-00000000000a",
  host: "oak",
  pid: 4711,
  startedAt: before(3_600),
  queues: ["reserve-stock", "release-stock", "wrap", "reopen-basket"],
  loads: ["Order v1"],
  hands: [],
};
const holder = (changes: Partial<RowHolder> = {}): RowHolder => ({
  pid: 99,
  application: "psql",
  user: "ann",
  since: before(60),
  blockedBy: null,
  blockedSince: null,
  ...changes,
});
const factsWith = (changes: Partial<SagaFacts> = {}): SagaFacts => ({
  now,
  workers: [worker],
  unreadable: null,
  heldBy: null,
  outbox: null,
  job: null,
  queuePauses: [],
  lastFailure: null,
  lastMove: { at: before(30), message: null },
  subSagas: [],
  undoneSaga: null,
  lostReports: [],
  openLetters: [],
  missingIn: null,
  ...changes,
});
const jobWith = (changes: Partial<NonNullable<SagaFacts["job"]>> = {}): NonNullable<SagaFacts["job"]> => ({
  queue: "reserve-stock",
  isActive: false,
  readyAt: before(10),
  startedAt: null,
  expiresAt: null,
  ahead: 0,
  heldBy: null,
  hands: [],
  ...changes,
});
const rowWith = (changes: Partial<NonNullable<SagaFacts["outbox"]>> = {}): NonNullable<SagaFacts["outbox"]> => ({
  queue: "reserve-stock",
  deliverAt: before(5),
  isQueueKnown: true,
  heldBy: null,
  ...changes,
});
const inHand = (changes: Partial<NonNullable<SagaFacts["job"]>> = {}): NonNullable<SagaFacts["job"]> =>
  jobWith({ heldBy: holder({ pid: 7, application: "mentorplatform" }), hands: [{ workerId: worker.id, takenAt: before(2) }], ...changes });
const queuePause = { queue: "reserve-stock", at: before(20), by: OPERATOR, note: "Stock system is being moved" };

const explained = (saga: SagaUnderTest, changes: Partial<SagaFacts> = {}, instance: Partial<Instance> = {}): SagaExplanation =>
  explain(definition, { ...saga.instance, ...instance }, factsWith(changes));
const paused = (saga: SagaUnderTest): SagaUnderTest => saga.operator({ kind: "pause" }, "Let me look");
const ways = ({ next }: SagaExplanation): string[] => next.map(({ on, state, at }) => `${on} > ${state}${at === null ? "" : ` at ${at.toISOString()}`}`);
const remedies = ({ remedies }: SagaExplanation): string[] =>
  remedies.map(({ mutation, arguments: { reply, timer } }) => [mutation, ...[reply, timer].filter((one) => typeof one === "string")].join(" "));

describe("each cause is told with its facts", () => {
  test("ENDED, with the letters that can still be redriven", () => {
    const ended = awaiting().happened(m.PickedUpEvent, { orderId }).exhausted().answered(m.ThankedEvent, { orderId });
    expect(ended.instance.state).toBe("Delivered");
    const [letter] = ended.buried;
    const told = explained(ended, { openLetters: [{ id: "letter", runId: letter?.runId ?? null }] });
    expect(told).toMatchObject({ cause: "ENDED", since: ended.instance.finishedAt, next: [] });
    expect(told.summary).toBe("It ended as Delivered (COMPLETED) at 2026-01-01T00:00:00.000Z.");
    expect(told.remedies).toMatchObject([{ mutation: "redriveDeadLetters", arguments: { filter: { ids: ["letter"] }, limit: 1 } }]);
  });

  test("ENDED: a notice that gave up can be sent again, a reminder cannot", () => {
    const ended = awaiting().happened(m.PickedUpEvent, { orderId }).exhausted().answered(m.ThankedEvent, { orderId });
    const offered = (kind: "tell" | "remind") =>
      explained(
        ended,
        { openLetters: [{ id: "letter", runId: "aside" }] },
        { asides: [{ id: "aside", kind, state: "Delivered", status: "gave-up", attempts: 1, firstAttempt: 1 }] },
      ).remedies.length;
    expect([offered("tell"), offered("remind")]).toEqual([1, 0]);
  });

  test("ENDED after an undo: what must not happen any more is not offered", () => {
    const ended = undoing().answered(m.StockReleasedEvent, { orderId }).answered(m.BasketReopenedEvent, { orderId });
    expect(explained(ended, { openLetters: [{ id: "letter", runId: "of a step" }] })).toMatchObject({ cause: "ENDED", remedies: [] });
  });

  test("DATA_UNREADABLE, with what does not fit", () => {
    const told = explained(reserving(), { unreadable: "Order.data.orderId: expected id, found number 5" });
    expect(told).toMatchObject({ cause: "DATA_UNREADABLE", remedies: [] });
    expect(told.summary).toContain("do not fit Order v1: Order.data.orderId: expected id, found number 5.");
  });

  test("RUNNING, with the worker", () => {
    const told = explained(reserving(), { job: inHand() });
    expect(told).toMatchObject({
      cause: "RUNNING",
      queue: "reserve-stock",
      worker: { id: worker.id, host: "oak", pid: 4711 },
      since: before(2),
      remedies: [],
    });
    expect(told.summary).toBe("ReserveStockCommand, attempt 1 of 3, has been in hand of worker oak:4711 since 2026-01-01T00:00:58.000Z.");
  });

  test("RUNNING under a lease, until it runs out; one of a dead process is about to be given up", () => {
    const leased = { isActive: true, heldBy: null, startedAt: before(3), expiresAt: after(7) };
    expect(explained(reserving(), { job: inHand(leased) })).toMatchObject({ cause: "RUNNING", until: after(7), worker: { pid: 4711 } });
    const orphaned = explained(reserving(), { job: inHand({ ...leased, hands: [{ workerId: "dead", takenAt: before(3) }] }) });
    expect(orphaned).toMatchObject({ cause: "RUNNING", worker: null });
    expect(orphaned.summary).toContain("a process that has died");
    expect(explained(reserving(), { job: inHand(leased), workers: [] })).toMatchObject({ cause: "NO_WORKER" });
  });

  test("LOCK_HELD, by whoever holds the row", () => {
    const told = explained(reserving(), { job: jobWith(), heldBy: holder() });
    expect(told).toMatchObject({ cause: "LOCK_HELD", since: before(60), remedies: [] });
    expect(told.summary).toContain("The transaction of backend 99 (psql, user ann), open since 2026-01-01T00:00:00.000Z, holds the lock.");
  });

  test("LOCK_HELD, by whoever stands at the end of the queue", () => {
    const heldBy = holder({ pid: 5, blockedBy: { pid: 6, application: "", user: "bob", since: null }, blockedSince: before(30) });
    expect(explained(awaiting(), { heldBy }).summary).toContain("backend 6 (no application name, user bob) holds");
  });

  test("LOCK_HELD, where the command itself is held by somebody who does not carry it out", () => {
    expect(explained(reserving(), { job: jobWith({ heldBy: holder() }) }).cause).toBe("LOCK_HELD");
    expect(explained(reserving(), { outbox: rowWith({ heldBy: holder() }) }).cause).toBe("LOCK_HELD");
  });

  test("PAUSED, by whom, since when and why, and what comes then", () => {
    const saga = paused(reserving());
    const told = explained(saga, { job: jobWith({ ahead: 3 }) });
    expect(told).toMatchObject({ cause: "PAUSED", since: saga.instance.pausedAt });
    expect(told.summary).toBe(
      `${OPERATOR} has paused it since 2026-01-01T00:00:00.000Z: Let me look. Apart from that: ReserveStockCommand is ready on the queue reserve-stock since 2026-01-01T00:00:50.000Z, behind 3 ready jobs; 1 process takes from it. Nothing is wrong: its turn comes.`,
    );
    expect(told.remedies).toMatchObject([
      { mutation: "resumeSaga", arguments: { id: saga.instance.id, note: "<why>", expectedSequence: saga.instance.sequence } },
    ]);
    expect(explained(saga, { outbox: rowWith({ deliverAt: null }) }).summary).toContain("is held and is sent at once");
  });

  test("VERSION_NOT_LOADED, with what is loaded instead", () => {
    const told = explain(null, reserving().instance, factsWith({ workers: [{ ...worker, loads: ["Order v2", "Parcel v1"] }], job: jobWith() }));
    expect(told).toMatchObject({ cause: "VERSION_NOT_LOADED", queue: "reserve-stock", remedies: [], next: [] });
    expect(told.summary).toContain("has loaded Order v1 (1 worker alive: oak:4711 has Order v2)");
    expect(explain(null, awaiting().instance, factsWith({ workers: [] })).cause).toBe("VERSION_NOT_LOADED");
    // Loaded here alone does not help a command, which only workers carry out.
    expect(explained(reserving(), { workers: [{ ...worker, loads: [] }], job: jobWith() }).cause).toBe("VERSION_NOT_LOADED");
  });

  test("VERSION_NOT_LOADED, where the report of a sub-saga waits for a worker that has it", () => {
    const festivalId = orderId;
    const hosting = given(festival, FestivalPlannedEvent, { festivalId, conferenceId: buyerId }).answered(PermitGrantedEvent, { festivalId }).answersLater();
    const causeWith = (changes: Partial<SagaFacts>) => explain(festival.definition, hosting.instance, factsWith(changes)).cause;
    const runId = hosting.newest().runId;
    const under = { runId, id: buyerId, type: "Conference", state: "BookingVenue", status: "RUNNING" };
    expect(causeWith({})).toBe("VERSION_NOT_LOADED");
    expect(causeWith({ workers: [{ ...worker, loads: ["Festival v1"] }] })).toBe("WAITING_FOR_EVENT");
    expect(causeWith({ subSagas: [under] })).toBe("WAITING_FOR_EVENT");
    expect(causeWith({ lostReports: [{ id: "letter", runId }] })).toBe("WAITING_FOR_EVENT");
  });

  test("QUEUE_PAUSED, where the report of a sub-saga waits there", () => {
    const festivalId = orderId;
    const hosting = given(festival, FestivalPlannedEvent, { festivalId, conferenceId: buyerId }).answered(PermitGrantedEvent, { festivalId }).answersLater();
    const pause = { ...queuePause, queue: "report-conference" };
    const told = (changes: Partial<SagaFacts>) =>
      explain(festival.definition, hosting.instance, factsWith({ workers: [{ ...worker, loads: ["Festival v1"] }], queuePauses: [pause], ...changes }));
    expect(told({})).toMatchObject({
      cause: "QUEUE_PAUSED",
      summary: `The report of its sub-saga's end is on the queue report-conference, which ${OPERATOR} has paused since 2026-01-01T00:00:40.000Z: Stock system is being moved.`,
      remedies: [{ mutation: "resumeQueue", arguments: { name: "report-conference" } }],
    });
    const under = { runId: hosting.newest().runId, id: buyerId, type: "Conference", state: "BookingVenue", status: "RUNNING" };
    expect(told({ subSagas: [under] }).cause).toBe("WAITING_FOR_EVENT");
    expect(told({ queuePauses: [queuePause] }).cause).toBe("WAITING_FOR_EVENT");

    const undone = hosting.happened(FestivalForbiddenEvent, { festivalId }).answersLater();
    expect(explain(festival.definition, undone.instance, factsWith({ workers: [{ ...worker, loads: ["Festival v1"] }], queuePauses: [pause] })).cause).toBe(
      "QUEUE_PAUSED",
    );
  });

  test("ENTITY_MISSING, with the row", () => {
    const saga = reserving().take({ kind: "entity-missing", what: "gone", message: null, messageId: null });
    const told = explained(saga, { missingIn: "orders" });
    expect(told).toMatchObject({ cause: "ENTITY_MISSING", since: before(30) });
    expect(told.summary).toContain(`its row ${orderId} in orders is gone`);
    expect(remedies(told)).toEqual(["retrySaga"]);
    expect(explained(saga).cause).toBe("STEP_PARKED");
  });

  test("UNDO_PARKED, with the error and the ways around it", () => {
    const saga = undoing().exhausted(trouble({ message: "The shelf is on fire" }));
    const undo = saga.instance.runs.find((run) => run.undo?.status === "parked")?.undo;
    const told = explained(saga, { openLetters: [{ id: "letter", runId: undo?.runId ?? null }] });
    expect(told.cause).toBe("UNDO_PARKED");
    expect(told.summary).toBe("The undo of Reserving stands since 2026-01-01T00:00:30.000Z, after 2 attempts. DEPENDENCY_UNAVAILABLE: The shelf is on fire.");
    expect(remedies(told)).toEqual(["retrySaga", "redriveDeadLetters", "completeSagaStep", "skipSagaStep"]);
    expect(told.remedies[2]?.arguments).toMatchObject({ reply: null, payload: null });
    expect(ways(told)).toEqual(["retrySaga > Reserving", "completeSagaStep > Placed", "skipSagaStep > Placed", "the last undo > Abandoned"]);
  });

  test("STEP_PARKED, with the error and the ways around it", () => {
    const saga = wrapping().exhausted(trouble({ code: "INTERNAL", message: "paper is undefined" }));
    const told = explained(saga, { openLetters: [{ id: "letter", runId: saga.buried[0]?.runId ?? null }] });
    expect(told).toMatchObject({ cause: "STEP_PARKED", since: before(30), events: [] });
    expect(told.summary).toBe("Wrapping stands since 2026-01-01T00:00:30.000Z, after 1 attempt. INTERNAL: paper is undefined.");
    expect(remedies(told)).toEqual([
      "retrySaga",
      "redriveDeadLetters",
      "completeSagaStep WrappedEvent",
      "completeSagaStep PaperMissingEvent",
      "skipSagaStep",
      "cancelSaga",
    ]);
    expect(ways(told)).toEqual([
      "retrySaga > Wrapping",
      "completeSagaStep: WrappedEvent > Wrapped",
      "completeSagaStep: PaperMissingEvent > Wrapping",
      "skipSagaStep > Wrapped",
      "cancelSaga > Abandoned",
      "OrderCancelledEvent > Abandoned",
      "OrderHeldEvent > Wrapping",
    ]);
  });

  test("STEP_PARKED by an answer, which is named", () => {
    const saga = wrapping().answered(m.PaperMissingEvent, { orderId });
    expect(explained(saga, { lastMove: { at: before(1), message: "PaperMissingEvent" } }).summary).toContain("PaperMissingEvent asks for an operator.");
  });

  test("STEP_PARKED while an answer was promised: it is still taken", () => {
    const saga = wrapping().answersLater().timedOut();
    expect(explained(saga)).toMatchObject({ cause: "STEP_PARKED", events: ["WrappedEvent", "PaperMissingEvent"] });
  });

  test("WAITING_FOR_EVENT, which is nobody's fault", () => {
    const told = explained(awaiting());
    expect(told).toMatchObject({
      cause: "WAITING_FOR_EVENT",
      events: ["PickedUpEvent", "PickupPostponedEvent", "ParcelDamagedEvent"],
      until: awaiting().instance.deadlineAt,
      remedies: [],
    });
    expect(told.summary).toBe(
      "AwaitingPickup waits for PickedUpEvent or PickupPostponedEvent or ParcelDamagedEvent since 2026-01-01T00:00:00.000Z, until 2026-01-08T00:00:00.000Z. Nothing is wrong: somebody outside has to act, or time has to pass.",
    );
    expect(ways(told)).toEqual([
      "PickedUpEvent > Delivering",
      "PickupPostponedEvent > AwaitingPickup",
      "ParcelDamagedEvent > Reserving",
      "ParcelDamagedEvent > Abandoned",
      "deadline > Reserving at 2026-01-08T00:00:00.000Z",
      "deadline > AwaitingPickup at 2026-01-08T00:00:00.000Z",
      "OrderCancelledEvent > Abandoned",
      "OrderHeldEvent > AwaitingPickup",
    ]);
    expect(ways(explained(paused(awaiting())))).toContain("deadline > Reserving");
  });

  test("WAITING_FOR_EVENT of a step whose answer comes from outside", () => {
    const told = explained(wrapping().answersLater());
    expect(told).toMatchObject({ cause: "WAITING_FOR_EVENT", since: before(30), events: ["WrappedEvent", "PaperMissingEvent"] });
    expect(told.summary).toContain("WrapCommand was carried out, and its answer comes from outside");
    expect(told.next.map(({ on }) => on)).not.toContain("attempts used up");
  });

  test("WAITING_FOR_EVENT of a version that only a worker has loaded", () => {
    const told = explain(null, awaiting().instance, factsWith());
    expect(told).toMatchObject({ cause: "WAITING_FOR_EVENT", events: [] });
    expect(told.summary).toContain("this process does not know");
  });

  test("a deadline that has passed: nobody is there to take it, or nobody who could, or somebody who does not", () => {
    const late = { deadlineAt: before(10) };
    expect(explained(awaiting(), { workers: [] }, late)).toMatchObject({ cause: "NO_WORKER", since: before(10) });
    expect(explained(awaiting(), { workers: [{ ...worker, loads: ["Order v2"] }] }, late)).toMatchObject({ cause: "VERSION_NOT_LOADED" });
    const told = explained(awaiting(), {}, late);
    expect(told).toMatchObject({ cause: "WAITING_FOR_EVENT", until: null });
    expect(told.summary).toContain("Workers are alive and have not taken it");
    expect(remedies(told)).toEqual(["fireSagaTimer DEADLINE"]);
  });

  test("RETRY_SCHEDULED, with attempt, time and error", () => {
    const saga = reserving().failed(trouble({ message: "Nobody answers" }));
    const told = explained(saga, { outbox: rowWith({ deliverAt: after(90) }) });
    expect(told).toMatchObject({ cause: "RETRY_SCHEDULED", until: after(90), queue: "reserve-stock", since: saga.instance.reasonAt });
    expect(told.summary).toBe("Attempt 2 of 3 of ReserveStockCommand is due at 2026-01-01T00:02:30.000Z, after DEPENDENCY_UNAVAILABLE: Nobody answers.");
    expect(told.remedies).toMatchObject([
      { mutation: "retrySaga" },
      { mutation: "moveSagaTimer", arguments: { timer: "NEXT_ATTEMPT", to: "2026-01-01T01:02:30.000Z" } },
    ]);
  });

  test("RETRY_SCHEDULED of an undo, with the undo's error and not the reason of the failure", () => {
    const saga = undoing().failed();
    const told = explained(saga, {
      outbox: rowWith({ queue: "release-stock", deliverAt: after(1) }),
      lastFailure: { code: "INTERNAL", message: "The shelf is on fire" },
    });
    expect(told.summary).toBe("Attempt 2 of 2 of ReleaseStockCommand is due at 2026-01-01T00:01:01.000Z, after INTERNAL: The shelf is on fire.");
  });

  test("RELAY_BEHIND, since when; where the queue does not exist, that", () => {
    const told = explained(reserving(), { outbox: rowWith() });
    expect(told).toMatchObject({ cause: "RELAY_BEHIND", since: before(5), remedies: [] });
    expect(told.summary).toContain("is due since 2026-01-01T00:00:55.000Z and no relay has put it onto its queue");
    expect(explained(reserving(), { outbox: rowWith({ isQueueKnown: false }) }).summary).toContain("the queue reserve-stock does not exist");
    expect(remedies(explained(reserving(), { outbox: rowWith({ deliverAt: null }) }))).toEqual(["pauseSaga", "resumeSaga"]);
  });

  test("QUEUE_PAUSED, by whom, since when and why", () => {
    const told = explained(reserving(), { job: jobWith(), queuePauses: [queuePause] });
    expect(told).toMatchObject({ cause: "QUEUE_PAUSED", since: before(20), queue: "reserve-stock" });
    expect(told.summary).toContain(`the queue reserve-stock, which ${OPERATOR} has paused since 2026-01-01T00:00:40.000Z: Stock system is being moved.`);
    expect(told.remedies).toMatchObject([{ mutation: "resumeQueue", arguments: { name: "reserve-stock" } }]);
  });

  test("NO_WORKER, with the queue", () => {
    const told = explained(reserving(), { job: jobWith(), workers: [{ ...worker, queues: ["wrap"] }] });
    expect(told).toMatchObject({ cause: "NO_WORKER", queue: "reserve-stock", since: before(10), remedies: [] });
    expect(told.summary).toContain("no process that is alive takes from it. Start one with the role worker");
  });

  test("QUEUED, behind how many", () => {
    const told = explained(reserving(), { job: jobWith({ ahead: 12 }) });
    expect(told).toMatchObject({ cause: "QUEUED", since: before(10), until: null, remedies: [] });
    expect(told.summary).toContain("behind 12 ready jobs; 1 process takes from it. Nothing is wrong");
    const putBack = explained(reserving(), { job: jobWith({ readyAt: after(4) }) });
    expect(putBack).toMatchObject({ cause: "QUEUED", until: after(4) });
    expect(putBack.summary).toContain("was put back");
  });

  test("COMMAND_MISSING, and who moves it on then", () => {
    const told = explained(reserving());
    expect(told).toMatchObject({ cause: "COMMAND_MISSING", queue: "reserve-stock", until: new Date("2026-01-01T00:01:00Z") });
    expect(told.summary).toContain("neither in the outbox nor on the queue reserve-stock");
    expect(remedies(told)).toEqual([
      "fireSagaTimer DEADLINE",
      "completeSagaStep StockReservedEvent",
      "completeSagaStep StockMissingEvent",
      "completeSagaStep StockBrokenEvent",
      "skipSagaStep",
      "cancelSaga",
    ]);
    const undo = explained(undoing());
    expect(undo).toMatchObject({ cause: "COMMAND_MISSING", queue: "release-stock", until: null });
    expect(undo.summary).toContain("Only an operator moves it on");
    expect(remedies(undo)).toEqual(["completeSagaStep", "skipSagaStep"]);
  });
});

describe("of several causes the one that matters first is told", () => {
  test("an end before all, then data that cannot be read", () => {
    const ended = undoing().answered(m.StockReleasedEvent, { orderId }).answered(m.BasketReopenedEvent, { orderId });
    expect(explained(ended, { unreadable: "broken" }).cause).toBe("ENDED");
    expect(explained(paused(reserving()), { unreadable: "broken", job: inHand() }).cause).toBe("DATA_UNREADABLE");
  });

  test("work in hand before a pause, whether of the saga or of the queue", () => {
    const told = explained(paused(reserving()), { job: inHand(), queuePauses: [queuePause] });
    expect(told.cause).toBe("RUNNING");
    expect(told.summary).toContain(`${OPERATOR} has paused it`);
  });

  test("whoever blocks the work before the work; the worker's own lock is the work", () => {
    const blockedBy = { pid: 99, application: "psql", user: "ann", since: before(60) };
    const work = holder({ pid: 7, blockedBy, blockedSince: before(5) });
    const told = explained(paused(reserving()), { job: inHand({ heldBy: work }) });
    expect(told).toMatchObject({ cause: "LOCK_HELD", worker: { pid: 4711 } });
    expect(told.summary).toContain("backend 99 (psql, user ann)");
    expect(explained(reserving(), { job: inHand({ heldBy: { ...work, blockedSince: before(0.1) } }) }).cause).toBe("RUNNING");
    expect(explained(reserving(), { job: inHand(), heldBy: holder({ pid: 7 }) }).cause).toBe("RUNNING");
    expect(explained(reserving(), { job: inHand(), heldBy: holder() }).cause).toBe("LOCK_HELD");
  });

  test("a pause before a version that is not loaded, a stand, a lock and a wait", () => {
    expect(explain(null, paused(reserving()).instance, factsWith({ workers: [] })).cause).toBe("PAUSED");
    expect(explained(paused(wrapping().exhausted())).cause).toBe("PAUSED");
    expect(explained(paused(awaiting()), { heldBy: holder() }).cause).toBe("PAUSED");
  });

  test("a version that is not loaded before a stand", () => {
    expect(explain(null, wrapping().exhausted().instance, factsWith({ workers: [] })).cause).toBe("VERSION_NOT_LOADED");
    expect(explain(null, wrapping().exhausted().instance, factsWith()).cause).toBe("STEP_PARKED");
  });

  test("a wait before any command, and the outbox before the queue", () => {
    expect(explained(awaiting(), { outbox: rowWith(), job: jobWith() }).cause).toBe("WAITING_FOR_EVENT");
    expect(explained(reserving(), { outbox: rowWith(), job: jobWith() }).cause).toBe("RELAY_BEHIND");
  });

  test("a version that is not loaded before a lock and the command; not before a wait or stand that is loaded here", () => {
    const workers = [{ ...worker, loads: [] }];
    expect(explained(reserving(), { workers, heldBy: holder(), outbox: rowWith() }).cause).toBe("VERSION_NOT_LOADED");
    expect(explained(awaiting(), { workers }).cause).toBe("WAITING_FOR_EVENT");
    expect(explained(wrapping().exhausted(), { workers }).cause).toBe("STEP_PARKED");
  });

  test("a stand before a lock", () => {
    expect(explained(wrapping().exhausted(), { heldBy: holder() }).cause).toBe("STEP_PARKED");
  });

  test("a lock before a wait and the command, if it is held for a second or nothing else is there", () => {
    const young = holder({ since: before(0.5) });
    expect(explained(awaiting(), { heldBy: holder() }).cause).toBe("LOCK_HELD");
    expect(explained(awaiting(), { heldBy: young }).cause).toBe("WAITING_FOR_EVENT");
    expect(explained(reserving(), { heldBy: young, job: jobWith() }).cause).toBe("QUEUED");
    expect(explained(reserving(), { heldBy: young }).cause).toBe("LOCK_HELD");
    expect(explained(reserving(), { job: jobWith({ heldBy: young }) }).cause).toBe("QUEUED");
  });

  test("a paused queue before the worker that it lacks, and that before the turn", () => {
    expect(explained(reserving(), { job: jobWith(), queuePauses: [queuePause], workers: [] }).cause).toBe("QUEUE_PAUSED");
    expect(explained(reserving(), { job: jobWith({ readyAt: after(4), ahead: 5 }), workers: [] }).cause).toBe("NO_WORKER");
  });
});

describe("what can come next", () => {
  test("of a step: its replies with what decides, the deadline, the end of its attempts, the interrupts", () => {
    expect(ways(explained(reserving()))).toEqual([
      "StockReservedEvent, from: shelf > Wrapping",
      "StockReservedEvent, from: supplier > Delivering",
      "StockMissingEvent > Abandoned",
      "StockBrokenEvent > Abandoned",
      "deadline > Abandoned at 2026-01-01T00:01:00.000Z",
      "attempts used up > Abandoned",
      "OrderCancelledEvent > Abandoned",
      "OrderHeldEvent > Reserving",
    ]);
  });

  test("of an undo: the next undo, then the failed final", () => {
    const first = undoing();
    expect(ways(explained(first))).toEqual(["StockReleasedEvent > Placed", "attempts used up > Wrapping", "the last undo > Abandoned"]);
    const delivering = reserving().answered(m.StockReservedEvent, { orderId, from: "supplier" });
    expect(ways(explained(delivering.happened(m.OrderCancelledEvent, { orderId, why: "too late" })))).toEqual([
      "DeliveryRecalledEvent > Reserving",
      "attempts used up > Reserving",
      "the last undo > Abandoned",
    ]);
    expect(ways(explained(first.answered(m.StockReleasedEvent, { orderId })))).toEqual(["BasketReopenedEvent > Abandoned", "attempts used up > Wrapping"]);
  });
});

const anyDate = fc.date({ min: new Date("2025-12-31T23:00:00Z"), max: new Date("2026-01-01T01:00:00Z"), noInvalidDate: true });
const maybe = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });
const anyText = fc.string({ unit: fc.constantFrom("a", "B", " ", ".", "\n", "!") });
const anyState = fc.constantFrom(...definition.nodes.keys(), "Delivered", "Nowhere");
const anyHolder = fc.record({ pid: fc.nat(), application: anyText, user: anyText, since: maybe(anyDate) });
const anyRowHolder = fc
  .tuple(anyHolder, maybe(anyHolder), maybe(anyDate))
  .map(([held, blockedBy, blockedSince]): RowHolder => ({ ...held, blockedBy, blockedSince }));
const anyRun = fc.record({
  id: fc.constantFrom("a", "b"),
  state: anyState,
  status: fc.constantFrom("active", "done", "none", "partly", "unknown", "skipped", "parked"),
  attempts: fc.nat(5),
  startedAt: anyDate,
  endedAt: maybe(anyDate),
  undo: maybe(
    fc.record({ status: fc.constantFrom("pending", "active", "parked", "done", "gave-up"), runId: maybe(fc.constantFrom("c", "d")), attempts: fc.nat(5) }),
  ),
}) as fc.Arbitrary<Run>;
const anySaga: fc.Arbitrary<ExplainedSaga> = fc
  .record({
    state: anyState,
    status: fc.constantFrom("RUNNING", "RETRYING", "WAITING", "COMPENSATING", "STUCK"),
    runs: fc.array(anyRun, { maxLength: 4 }),
    attempt: fc.nat(5),
    nextAttemptAt: maybe(anyDate),
    deadlineAt: maybe(anyDate),
    pausedAt: maybe(anyDate),
    pausedBy: maybe(fc.constant(OPERATOR)),
    pauseNote: maybe(anyText),
    reason: maybe(anyText),
    reasonCode: maybe(anyText),
    reasonMessage: maybe(anyText),
  })
  .map((changes) => ({ ...reserving().instance, ...changes }));
const anyQueue = fc.constantFrom("reserve-stock", "release-stock", "nowhere");
const anyFacts: fc.Arbitrary<SagaFacts> = fc.record({
  now: anyDate,
  workers: fc.array(fc.constantFrom(worker, { ...worker, id: "other", queues: [] as string[] }, { ...worker, id: "old", loads: ["Order v0"] }), {
    maxLength: 2,
  }),
  unreadable: maybe(anyText),
  lostReports: fc.array(fc.record({ id: fc.constant("letter"), runId: maybe(fc.constant("run")) }), { maxLength: 2 }),
  subSagas: fc.array(fc.constant({ runId: "run", id: "sub", type: "Order", state: "Reserving", status: "RUNNING" }), { maxLength: 2 }),
  undoneSaga: maybe(
    fc.record({ id: fc.constant("sub"), type: fc.constant("Order"), versions: fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 2 }) }),
  ),
  heldBy: maybe(anyRowHolder),
  outbox: maybe(fc.record({ queue: anyQueue, deliverAt: maybe(anyDate), isQueueKnown: fc.boolean(), heldBy: maybe(anyRowHolder) })),
  job: maybe(
    fc.record({
      queue: anyQueue,
      isActive: fc.boolean(),
      readyAt: anyDate,
      startedAt: maybe(anyDate),
      expiresAt: maybe(anyDate),
      ahead: fc.nat(),
      heldBy: maybe(anyRowHolder),
      hands: fc.array(fc.record({ workerId: fc.constantFrom(worker.id, "dead"), takenAt: anyDate }), { maxLength: 2 }),
    }),
  ),
  queuePauses: fc.array(fc.record({ queue: anyQueue, at: anyDate, by: maybe(anyText), note: anyText }), { maxLength: 2 }),
  lastFailure: maybe(fc.record({ code: anyText, message: anyText })),
  lastMove: maybe(fc.record({ at: anyDate, message: maybe(anyText) })),
  openLetters: fc.array(fc.record({ id: anyText, runId: maybe(fc.constantFrom("a", "c")) }), { maxLength: 2 }),
  missingIn: maybe(fc.constant("orders")),
});

const declared = new Set([...definition.nodes.keys(), ...Object.keys(definition.finals)]);

property("whatever the row and the facts are, an unfinished saga has a cause in a sentence, and what comes next is declared", () =>
  fc.property(fc.constantFrom(definition, null), anySaga, anyFacts, (definition, saga, facts) => {
    const told = explain(definition, saga, facts);
    expect(Object.keys(SagaCause)).toContain(told.cause);
    expect(told.cause).not.toBe("ENDED");
    expect(told.summary).toMatch(/^\S.*[.!?]$/su);
    expect(told.summary).not.toMatch(/undefined|\bnull\b|NaN/u);
    expect(told.next.map(({ state }) => state).filter((state) => !declared.has(state))).toEqual([]);
  }),
);
