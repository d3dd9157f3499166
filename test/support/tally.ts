import { newId } from "../../src/kernel/ids.ts";
import { command, event, handleAll, leased, occur, publish, query, t, type AnyParticipant } from "../../src/outbox/index.ts";
import { fail, finish, incremental, next, park, saga } from "../../src/sagas/engine/index.ts";
import { waitFor } from "./wait.ts";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "./engine.ts";

export const TallyStartedEvent = event("TallyStartedEvent", { tallyId: t.id() });
export const TallyCancelledEvent = event("TallyCancelledEvent", { tallyId: t.id() });
export const CountedEvent = event("CountedEvent", { tallyId: t.id() });
const UncountedEvent = event("UncountedEvent", { tallyId: t.id() });
const RungEvent = event("RungEvent", { tallyId: t.id() });
const TalliedEvent = event("TalliedEvent", { tallyId: t.id() });
export const CountCommand = command("CountCommand", { tallyId: t.id() }, CountedEvent);
export const UncountCommand = command("UncountCommand", { tallyId: t.id() }, UncountedEvent);
export const RingCommand = command("RingCommand", { tallyId: t.id() }, RungEvent);
export const SumCommand = command("SumCommand", { tallyId: t.id() }, TalliedEvent);

/**
 * A saga whose effects are not idempotent: each adds a row to `tally`, so whatever happens twice is seen. Counting is
 * transactional, ringing is leased, summing is transactional again.
 */
export const tally = saga("Tally", {
  version: 1,
  key: "tallyId",
  data: { tallyId: t.id() },
  states: ["Started", "Counting", "Ringing", "Summing"],
  finals: { Tallied: "succeeded", Untallied: "failed" },
  reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." }, Cancelled: { code: "CANCELLED_BY_USER", message: "Cancelled.", cancels: true } },
})
  .startOn(TallyStartedEvent, { state: "Started", key: (e) => e.tallyId, init: (e) => e })
  .step("Counting", {
    invoke: CountCommand,
    with: (d) => d,
    onReply: { CountedEvent: next },
    compensate: { invoke: UncountCommand, with: (d) => d },
    retry: incremental({ first: "1s", step: "2s", times: 3 }),
    attemptTimeout: "2s",
    timeout: ["1m", fail("TooLate")],
    onExhausted: park,
  })
  .step("Ringing", {
    invoke: RingCommand,
    with: (d) => d,
    onReply: { RungEvent: next },
    effect: "irreversible",
    retry: incremental({ first: "1s", step: "2s", times: 3 }),
    attemptTimeout: "2s",
    timeout: ["1m", fail("TooLate")],
    onExhausted: park,
  })
  .step("Summing", {
    invoke: SumCommand,
    with: (d) => d,
    onReply: { TalliedEvent: finish("Tallied") },
    effect: "none",
    attemptTimeout: "2s",
    timeout: ["1m", fail("TooLate")],
    onExhausted: park,
  })
  .interrupt(TallyCancelledEvent, { during: "any", then: fail("Cancelled") })
  .onFailed({ final: "Untallied" })
  .build();

export interface TallyHooks {
  /** Called for every command before its effect; what it throws is the participant's. */
  count: (tallyId: string) => void | Promise<void>;
  ring: (tallyId: string, runId: string, attempt: number, signal: AbortSignal) => void | Promise<void>;
  sum: (tallyId: string) => void | Promise<void>;
}

export function tallyParticipants(hooks: Partial<TallyHooks>): AnyParticipant[] {
  const write = (what: string, sign: number) => (em: Parameters<Parameters<typeof handleAll>[1]>[0], ids: readonly string[]) =>
    query(em, "insert into tally (what, tally_id, sign) select $1, id, $3 from unnest($2::uuid[]) as id", [what, ids, sign]);
  return [
    handleAll(CountCommand, async (em, commands) => {
      for (const { payload } of commands) await hooks.count?.(payload.tallyId);
      await write("count", 1)(
        em,
        commands.map((one) => one.payload.tallyId),
      );
      return commands.map(({ payload }) => occur(CountedEvent, payload));
    }),
    handleAll(UncountCommand, async (em, commands) => {
      await query(
        em,
        "insert into tally (what, tally_id, sign) select distinct 'count', tally_id, -1 from tally where tally_id = any($1::uuid[]) and what = 'count'",
        [commands.map((one) => one.payload.tallyId)],
      );
      return commands.map(({ payload }) => occur(UncountedEvent, payload));
    }),
    leased(RingCommand, {
      loadAll: async (_em, commands) => commands.map((one) => one.payload.tallyId),
      perform: async (tallyId, delivery, signal) => await hooks.ring?.(tallyId, delivery.runId, delivery.attempt, signal),
      recordAll: async (em, done) => {
        await write("ring", 1)(
          em,
          done.map((one) => one.delivery.payload.tallyId),
        );
        return done.map(({ delivery }) => occur(RungEvent, delivery.payload));
      },
    }),
    handleAll(SumCommand, async (em, commands) => {
      for (const { payload } of commands) await hooks.sum?.(payload.tallyId);
      await write("sum", 1)(
        em,
        commands.map((one) => one.payload.tallyId),
      );
      return commands.map(({ payload }) => occur(TalliedEvent, payload));
    }),
  ];
}

export interface Tallies extends TestEngine {
  /** What the participants do from now on. */
  readonly hooks: Partial<TallyHooks>;
  begin(count?: number): Promise<string[]>;
  cancel(tallyId: string): Promise<string>;
  /** Net effects of one kind, and how many rows they took. */
  effects(tallyId: string, what?: string): Promise<{ net: number; rows: number }>;
  ended(tallyId: string): Promise<Awaited<ReturnType<TestEngine["until"]>>>;
  kinds(tallyId: string): Promise<string[]>;
  /** Waits until so many attempts have failed, and returns why, in order. Read from the history, which a later attempt does not change. */
  failures(tallyId: string, count?: number): Promise<string[]>;
}

export const createTallyTable = "create table if not exists tally (what text not null, tally_id uuid not null, sign int not null)";

export async function createTallies(options: Partial<TestEngineOptions> = {}): Promise<Tallies> {
  const hooks: Partial<TallyHooks> = {};
  const engine = await createTestEngine({ sagas: [tally], participants: tallyParticipants(hooks), ...options });
  await engine.sql(createTallyTable);
  return {
    ...engine,
    hooks,
    async begin(count = 1) {
      const ids = Array.from({ length: count }, newId);
      await engine.transaction(async (em) => {
        for (const tallyId of ids) await publish(em, occur(TallyStartedEvent, { tallyId }));
      });
      return ids;
    },
    cancel: (tallyId) => engine.transaction(async (em) => (await publish(em, occur(TallyCancelledEvent, { tallyId }))).fate),
    async effects(tallyId, what = "count") {
      const [row] = await engine.sql<{ net: number; rows: number }>(
        "select coalesce(sum(sign), 0)::int as net, count(*)::int as rows from tally where tally_id = $1 and what = $2",
        [tallyId, what],
      );
      return row ?? { net: 0, rows: 0 };
    },
    ended: (tallyId) => engine.until("Tally", tallyId, (saga) => saga.finishedAt !== null, "the tally to end"),
    async failures(tallyId, count = 1) {
      const read = async (): Promise<string[]> => {
        const rows = await engine.sql<{ reason: string }>(
          "select e.reason_message as reason from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 and e.kind = 'ATTEMPT_FAILED' order by e.sequence",
          [tallyId],
        );
        return rows.map((row) => row.reason);
      };
      return waitFor(async () => ((await read()).length >= count ? read() : null), {
        timeoutMs: 20_000,
        describe: async () => `${count} failed attempts; there are ${JSON.stringify(await read())}`,
      });
    },
    async kinds(tallyId) {
      const rows = await engine.sql<{ line: string }>(
        "select e.kind || coalesce(' ' || e.message, '') as line from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 order by e.sequence",
        [tallyId],
      );
      return rows.map((row) => row.line);
    },
  };
}
