import { newId } from "../../src/kernel/ids.ts";
import {
  command,
  event,
  handleAll,
  leased,
  occur,
  publish,
  query,
  reply,
  t,
  type AnyCommand,
  type AnyEvent,
  type AnyParticipant,
  type Delivery,
  type EventMessage,
  type Later,
  type PublishOptions,
  type Receipt,
} from "../../src/outbox/index.ts";
import { fail, failPartly, finish, incremental, loop, next, park, saga, skip, stay, type AnySaga, type SagaView } from "../../src/sagas/engine/index.ts";
import { given, type SagaUnderTest } from "../../src/sagas/engine/testing.ts";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "./engine.ts";
import { waitFor } from "./wait.ts";

// A journey, booked and taken: what the tests of the exact semantics play with. Every command only needs the trip's id, so that what a
// test changes is the order and the outcome of things, nothing else.

const key = { tripId: t.id() };

export const TripRequestedEvent = event("TripRequestedEvent", { tripId: t.id(), travellerId: t.id(), departsAt: t.time() });
export const TripCancelledEvent = event("TripCancelledEvent", { tripId: t.id(), why: t.text() });
export const TripHeldEvent = event("TripHeldEvent", key);
export const RequestReopenedEvent = event("RequestReopenedEvent", key);
export const TrainBookedEvent = event("TrainBookedEvent", { tripId: t.id(), seat: t.oneOf("window", "aisle", "none") });
export const TrainFullEvent = event("TrainFullEvent", key);
export const TrainCancelledEvent = event("TrainCancelledEvent", key);
export const TrainNotRefundableEvent = event("TrainNotRefundableEvent", key);
export const StationClosedEvent = event("StationClosedEvent", key);
export const VisaGrantedEvent = event("VisaGrantedEvent", key);
export const VisaRefusedEvent = event("VisaRefusedEvent", key);
export const ConsulateAskedEvent = event("ConsulateAskedEvent", key);
export const MealReservedEvent = event("MealReservedEvent", key);
export const MealCancelledEvent = event("MealCancelledEvent", key);
export const TicketPrintedEvent = event("TicketPrintedEvent", key);
export const TravellerConfirmedEvent = event("TravellerConfirmedEvent", key);
export const TravellerDeclinedEvent = event("TravellerDeclinedEvent", key);
export const TravellerUndecidedEvent = event("TravellerUndecidedEvent", key);
export const RouteChangedEvent = event("RouteChangedEvent", key);
export const TravellerRemindedEvent = event("TravellerRemindedEvent", key);
export const ArrivedEvent = event("ArrivedEvent", key);
export const TravellerThankedEvent = event("TravellerThankedEvent", key);
export const TravellerInformedEvent = event("TravellerInformedEvent", key);

export const ReopenRequestCommand = command("ReopenRequestCommand", key, RequestReopenedEvent);
export const BookTrainCommand = command("BookTrainCommand", key, TrainBookedEvent, TrainFullEvent);
export const CancelTrainCommand = command(
  "CancelTrainCommand",
  { tripId: t.id(), bookingRunId: t.id(), reason: t.text() },
  TrainCancelledEvent,
  TrainNotRefundableEvent,
  StationClosedEvent,
);
export const CheckVisaCommand = command("CheckVisaCommand", key, VisaGrantedEvent, VisaRefusedEvent);
export const AskConsulateCommand = command("AskConsulateCommand", key, ConsulateAskedEvent);
export const ReserveMealCommand = command("ReserveMealCommand", { tripId: t.id(), diet: t.maybe(t.text()) }, MealReservedEvent);
export const CancelMealCommand = command("CancelMealCommand", key, MealCancelledEvent);
export const PrintTicketCommand = command("PrintTicketCommand", key, TicketPrintedEvent);
export const RemindTravellerCommand = command("RemindTravellerCommand", key, TravellerRemindedEvent);
export const ThankTravellerCommand = command("ThankTravellerCommand", key, TravellerThankedEvent);
export const InformTravellerCommand = command("InformTravellerCommand", { tripId: t.id(), reason: t.text() }, TravellerInformedEvent);

const day = 86_400_000;

export const tripSaga = (options: { version?: number; afterFinal?: "refuse" | "again" } = {}) =>
  saga("Trip", {
    version: options.version ?? 1,
    key: "tripId",
    participants: ["travellerId"],
    data: {
      tripId: t.id(),
      travellerId: t.id(),
      departsAt: t.time(),
      seat: t.maybe(t.oneOf("window", "aisle", "none")),
      diet: t.maybe(t.text()),
      why: t.maybe(t.text()),
    },
    states: ["Requested", "BookingTrain", "CheckingVisa", "ReservingMeal", "PrintingTicket", "AwaitingConfirmation", "Travelling", "Thanking"],
    finals: { Travelled: "succeeded", StayedAtHome: "failed" },
    reasons: {
      NoTrain: { code: "SOLD_OUT", message: "No train has a seat." },
      NoVisa: { code: "DEPENDENCY_REJECTED", message: "There is no visa." },
      TooSlow: { code: "TIMED_OUT", message: "It took too long." },
      Cancelled: { code: "CANCELLED_BY_USER", message: (d) => `Cancelled: ${d.why}.`, cancels: true },
    },
  })
    .startOn(TripRequestedEvent, {
      state: "Requested",
      key: (e) => e.tripId,
      init: (e) => ({ ...e }),
      compensate: { invoke: ReopenRequestCommand, with: ({ tripId }) => ({ tripId }) },
      afterFinal: options.afterFinal ?? "refuse",
    })
    .step("BookingTrain", {
      invoke: BookTrainCommand,
      with: ({ tripId }) => ({ tripId }),
      onReply: {
        TrainBookedEvent: {
          by: "seat",
          cases: { window: { save: ({ seat }) => ({ seat }), then: next }, aisle: { save: ({ seat }) => ({ seat }), then: next }, none: failPartly("NoTrain") },
        },
        TrainFullEvent: fail("NoTrain"),
      },
      compensate: {
        invoke: CancelTrainCommand,
        with: ({ tripId }, { stepRunId, reason }) => ({ tripId, bookingRunId: stepRunId, reason }),
        onReply: { TrainCancelledEvent: next, TrainNotRefundableEvent: skip, StationClosedEvent: park },
      },
      retry: incremental({ first: "1s", step: "2s", times: 3 }),
      attemptTimeout: "5s",
      timeout: ["45s", fail("TooSlow")],
      onExhausted: fail("TooSlow"),
    })
    .step("CheckingVisa", {
      invoke: CheckVisaCommand,
      with: ({ tripId }) => ({ tripId }),
      onReply: { VisaGrantedEvent: next, VisaRefusedEvent: fail("NoVisa") },
      effect: "none",
      remind: { invoke: AskConsulateCommand, with: ({ tripId }) => ({ tripId }), every: "1d" },
      timeout: ["10d", park],
      onExhausted: park,
    })
    .step("ReservingMeal", {
      invoke: ReserveMealCommand,
      with: ({ tripId, diet }) => ({ tripId, diet }),
      onReply: { MealReservedEvent: next },
      compensate: {
        invoke: CancelMealCommand,
        with: ({ tripId }) => ({ tripId }),
        retry: incremental({ first: "1s", step: "1s", times: 1 }),
        ifExhausted: "continue",
      },
      retry: incremental({ first: "1s", step: "2s", times: 1 }),
      timeout: ["2m", skip],
      onExhausted: skip,
    })
    .step("PrintingTicket", {
      invoke: PrintTicketCommand,
      with: ({ tripId }) => ({ tripId }),
      onReply: { TicketPrintedEvent: next },
      effect: "irreversible",
      timeout: ["1m", park],
      onExhausted: park,
    })
    .wait("AwaitingConfirmation", {
      goal: true,
      for: [TravellerConfirmedEvent, TravellerDeclinedEvent, TravellerUndecidedEvent, RouteChangedEvent],
      on: {
        TravellerConfirmedEvent: next,
        TravellerDeclinedEvent: fail("NoVisa"),
        TravellerUndecidedEvent: stay,
        RouteChangedEvent: loop("BookingTrain", 1, fail("NoTrain")),
      },
      deadline: [(d) => d.departsAt, fail("TooSlow")],
      remind: {
        invoke: RemindTravellerCommand,
        with: ({ tripId }) => ({ tripId }),
        at: [(d) => new Date(d.departsAt.getTime() - 7 * day), (d) => new Date(d.departsAt.getTime() - day)],
      },
    })
    .wait("Travelling", { for: [ArrivedEvent], on: { ArrivedEvent: next }, deadline: ["30d", park] })
    .step("Thanking", {
      invoke: ThankTravellerCommand,
      with: ({ tripId }) => ({ tripId }),
      onReply: { TravellerThankedEvent: finish("Travelled") },
      effect: "none",
      timeout: ["1m", finish("Travelled")],
      onExhausted: finish("Travelled"),
    })
    .interrupt(TripCancelledEvent, {
      during: ["BookingTrain", "CheckingVisa", "ReservingMeal", "AwaitingConfirmation"],
      save: ({ why }) => ({ why }),
      then: fail("Cancelled"),
    })
    .interrupt(TripHeldEvent, { during: "any", then: park, whenFinal: "note" })
    .reflect(
      "trip",
      { status: "status" },
      {
        Requested: "PLANNED",
        BookingTrain: "PLANNED",
        CheckingVisa: "BOOKED",
        ReservingMeal: "BOOKED",
        PrintingTicket: "BOOKED",
        AwaitingConfirmation: "READY",
        Travelling: "UNDER_WAY",
        Thanking: "UNDER_WAY",
        Travelled: "DONE",
        StayedAtHome: "CANCELLED",
      },
    )
    .onFailed({
      final: "StayedAtHome",
      tell: {
        invoke: InformTravellerCommand,
        with: ({ tripId }, { reason }) => ({ tripId, reason }),
        retry: incremental({ first: "1s", step: "1s", times: 1 }),
      },
    })
    .build();

// ---- one trip in memory, brought to one of its states

const tripId = "00000000-0000-4000-8000-000000000001";
/** The payload of everything that says only which trip it is about. */
export const its = { tripId };
export const trip = tripSaga();

export const requested = (): SagaUnderTest =>
  given(trip, TripRequestedEvent, { tripId, travellerId: "00000000-0000-4000-8000-000000000002", departsAt: new Date("2026-02-01T00:00:00Z") });
export const booked = (saga = requested()): SagaUnderTest => saga.answered(TrainBookedEvent, { tripId, seat: "window" });
export const admitted = (saga?: SagaUnderTest): SagaUnderTest => booked(saga).answered(VisaGrantedEvent, its);
export const fed = (saga?: SagaUnderTest): SagaUnderTest => admitted(saga).answered(MealReservedEvent, its);
export const ready = (saga?: SagaUnderTest): SagaUnderTest => fed(saga).answered(TicketPrintedEvent, its);
export const travelling = (): SagaUnderTest => ready().happened(TravellerConfirmedEvent, its);
export const travelled = (): SagaUnderTest => travelling().happened(ArrivedEvent, its).answered(TravellerThankedEvent, its);
export const cancel = (saga: SagaUnderTest, why = "rain"): SagaUnderTest => saga.happened(TripCancelledEvent, { tripId, why });
export const refused = (): SagaUnderTest => booked().answered(VisaRefusedEvent, its);

// ---- trips on the real engine and database

type Answer = EventMessage | Later | undefined;
/** What a participant does from now on, by the name of its command; undefined or nothing: it succeeds. What it throws is its failure. */
export type TripHooks = Record<string, ((delivery: Delivery<{ tripId: string }>, signal?: AbortSignal) => Answer | Promise<Answer>) | undefined>;

const successes: readonly (readonly [AnyCommand, AnyEvent, object?])[] = [
  [ReopenRequestCommand, RequestReopenedEvent],
  [BookTrainCommand, TrainBookedEvent, { seat: "window" }],
  [CancelTrainCommand, TrainCancelledEvent],
  [CheckVisaCommand, VisaGrantedEvent],
  [AskConsulateCommand, ConsulateAskedEvent],
  [ReserveMealCommand, MealReservedEvent],
  [CancelMealCommand, MealCancelledEvent],
  [RemindTravellerCommand, TravellerRemindedEvent],
  [ThankTravellerCommand, TravellerThankedEvent],
  [InformTravellerCommand, TravellerInformedEvent],
];

const note = (em: Parameters<typeof query>[0], name: string, { payload, runId, attempt }: Delivery<{ tripId: string }>): Promise<unknown> =>
  query(em, "insert into trip_effect (name, trip_id, run_id, attempt) values ($1, $2, $3, $4)", [name, payload.tripId, runId, attempt]);

/** Each notes its effect, which is not idempotent: whatever happens twice is seen. Printing is leased, all others are transactional. */
export const tripParticipants = (hooks: TripHooks): AnyParticipant[] => [
  ...successes.map(([contract, success, extra]) =>
    handleAll(contract, async (em, deliveries) => {
      const answers: (EventMessage | Later)[] = [];
      for (const delivery of deliveries) {
        const answer = await hooks[contract.name]?.(delivery);
        await note(em, contract.name, delivery);
        answers.push(answer ?? occur(success, { tripId: delivery.payload.tripId, ...extra }));
      }
      return answers;
    }),
  ),
  leased(PrintTicketCommand, {
    loadAll: async (_em, deliveries) => deliveries,
    perform: async (_input, delivery, signal) => void (await hooks["PrintTicketCommand"]?.(delivery, signal)),
    recordAll: async (em, done) => {
      for (const { delivery } of done) await note(em, "PrintTicketCommand", delivery);
      return done.map(({ delivery }) => occur(TicketPrintedEvent, { tripId: delivery.payload.tripId }));
    },
  }),
];

export interface HistoryLine {
  readonly kind: string;
  readonly message: string | null;
  readonly fate: string | null;
  readonly state: string;
  readonly status: string;
  readonly summary: string;
}

export interface Trips extends TestEngine {
  readonly hooks: TripHooks;
  /** Requests a trip that departs in 30 days, as a mutation would: its row and the event in one transaction. */
  begin(): Promise<string>;
  /** Publishes an event about a trip in a transaction of its own. */
  say<P extends { tripId: string }>(contract: { name: string; payload: P } & AnyEvent, payload: P, options?: PublishOptions): Promise<Receipt>;
  /** The answer from outside to a run. */
  answer<P extends { tripId: string }>(
    runId: string,
    contract: { name: string; payload: P } & AnyEvent,
    payload: P,
    options?: PublishOptions,
  ): Promise<Receipt>;
  /** The effects of a trip's commands that have been committed, in order. */
  effects(tripId: string): Promise<{ name: string; run_id: string; attempt: number }[]>;
  history(tripId: string): Promise<HistoryLine[]>;
  /** Waits for a history row. */
  heard(tripId: string, is: (line: HistoryLine) => boolean, describe: string): Promise<HistoryLine>;
  in(tripId: string, state: string, status?: SagaView["status"]): Promise<SagaView>;
  ended(tripId: string): Promise<SagaView>;
  /** Lets the deadline of a trip have passed by the database's clock. */
  passDeadline(tripId: string): Promise<void>;
  status(tripId: string): Promise<string | undefined>;
  /** Waits until somebody waits for the lock of somebody else in this database. */
  untilBlocked(): Promise<void>;
}

export const createTripTables = async (sql: TestEngine["sql"]): Promise<void> => {
  await sql("create table if not exists trip (id uuid primary key, status text not null, updated_at timestamptz not null default now())");
  await sql("create table if not exists trip_effect (number serial, name text not null, trip_id uuid not null, run_id uuid not null, attempt int not null)");
};

export async function createTrips(options: Partial<TestEngineOptions> & { sagas?: readonly AnySaga[] } = {}): Promise<Trips> {
  const hooks: TripHooks = {};
  const engine = await createTestEngine({ sagas: [trip], participants: tripParticipants(hooks), ...options });
  const { sql, transaction, until } = engine;
  await createTripTables(sql);
  const history = (id: string): Promise<HistoryLine[]> =>
    sql<HistoryLine & Record<string, unknown>>(
      `select e.kind, e.message, e.fate, e.to_state as state, e.status, e.summary from saga_event e join saga s on s.id = e.saga_id
       where s.subject_id = $1 order by s.run_number, e.sequence`,
      [id],
    );
  return {
    ...engine,
    hooks,
    async begin() {
      const id = newId();
      await transaction(async (em) => {
        await query(em, "insert into trip (id, status) values ($1, 'PLANNED')", [id]);
        await publish(em, occur(TripRequestedEvent, { tripId: id, travellerId: newId(), departsAt: new Date(Date.now() + 30 * day) }));
      });
      return id;
    },
    say: (contract, payload, how) => transaction((em) => publish(em, { contract, payload }, how)),
    answer: (runId, contract, payload, how) => transaction((em) => reply(em, runId, { contract, payload }, how)),
    effects: (id) => sql("select name, run_id, attempt from trip_effect where trip_id = $1 order by number", [id]),
    history,
    heard: (id, is, describe) =>
      waitFor(async () => (await history(id)).find(is), {
        timeoutMs: 20_000,
        describe: async () => `${describe}; the history is ${JSON.stringify(await history(id))}`,
      }),
    in: (id, state, status) =>
      until("Trip", id, (one) => one.state === state && (status === undefined || one.status === status), `the trip to be ${state} ${status ?? ""}`),
    ended: (id) => until("Trip", id, (one) => one.finishedAt !== null, "the trip to end"),
    async passDeadline(id) {
      await sql("update saga set deadline_at = clock_timestamp() where subject_id = $1 and deadline_at is not null", [id]);
    },
    async untilBlocked() {
      await waitFor(async () => (await sql("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).length > 0, {
        describe: "somebody to wait for a lock",
      });
    },
    status: async (id) => (await sql<{ status: string }>("select status from trip where id = $1", [id]))[0]?.status,
  };
}
