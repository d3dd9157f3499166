import { Transient } from "../../src/kernel/errors.ts";
import { tally, tallyParticipants, createTallies, type Tallies, type TallyHooks } from "../support/tally.ts";
import { createTestEngine } from "../support/engine.ts";
import { waitFor } from "../support/wait.ts";

let t: Tallies;
beforeEach(async () => {
  t = await createTallies();
});
afterEach(() => t.dispose());

const untilHeld = (): Promise<unknown> => waitFor(async () => (await t.sql("select 1 from outbox where deliver_at = 'infinity'")).length === 1);
const idOf = async (tallyId: string): Promise<string> => (await t.saga("Tally", tallyId))?.id ?? "";

test("an attempt that an operator has moved while it was held is made at its new time, not with the end of the pause", async () => {
  t.hooks.count = () => {
    throw new Transient("Not now");
  };
  await t.start();
  const [tallyId = ""] = await t.begin();
  const { id } = await t.until("Tally", tallyId, (saga) => saga.status === "RETRYING", "the tally to be tried again");
  await t.act(id, { kind: "pause" });
  await untilHeld();
  const to = new Date(Date.now() + 3_600_000);
  await t.act(id, { kind: "move-timer", timer: "NEXT_ATTEMPT", to });
  expect((await t.act(id, { kind: "resume" })).nextAttemptAt).toEqual(to);
  expect(await t.sql("select deliver_at from outbox")).toEqual([{ deliver_at: to }]);
});

test("what a process has held and another one carries out now is not given up when the first one dies", async () => {
  let counting = false;
  let count = (): void => undefined;
  t.hooks.count = () => {
    counting = true;
    return new Promise<void>((resolve) => (count = resolve));
  };
  const hooks: Partial<TallyHooks> = {};
  const other = await createTestEngine({ sagas: [tally], participants: tallyParticipants(hooks), database: t.database });
  try {
    let rung = 0;
    let ring = (): void => undefined;
    hooks.ring = () => {
      rung++;
      return new Promise<void>((resolve) => (ring = resolve));
    };
    await t.start();
    const [tallyId = ""] = await t.begin();
    await waitFor(() => counting);
    const pausing = t.act(await idOf(tallyId), { kind: "pause" });
    await waitFor(async () => (await t.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).length > 0);
    count();
    await pausing;
    await untilHeld();
    await other.start();
    // The first one hears of nothing, so that the other one takes it.
    t.hints.mute = true;
    await other.act(await idOf(tallyId), { kind: "resume" });
    await waitFor(() => rung === 1);
    await t.sql(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid::bigint = (select lock_key from worker order by started_at limit 1) and database = (select oid from pg_database where datname = current_database())",
    );
    await waitFor(async () => (await t.sql("select 1 from worker where ended_at is not null")).length === 1);
    ring();
    await t.ended(tallyId);
    expect(rung).toBe(1);
    expect(await t.kinds(tallyId)).not.toContain("ATTEMPT_FAILED RingCommand");
    expect(await t.effects(tallyId, "ring")).toEqual({ net: 1, rows: 1 });
  } finally {
    await other.dispose();
  }
});
