import { waitFor } from "../support/wait.ts";
import { createTallies, type Tallies } from "../support/tally.ts";

let t: Tallies;
beforeEach(async () => {
  t = await createTallies();
});
afterEach(() => t.dispose());

const deadlineNow = (tallyId: string): Promise<unknown> => t.sql("update saga set deadline_at = clock_timestamp() where subject_id = $1", [tallyId]);

test("a command that was given up by its deadline before it ran never takes effect", async () => {
  const [id = ""] = await t.begin();
  await deadlineNow(id);
  await t.until("Tally", id, (saga) => saga.status === "COMPENSATING", "the deadline to be taken");
  await t.start();
  expect(await t.ended(id)).toMatchObject({ status: "FAILED", state: "Untallied", reason: { code: "TIMED_OUT", message: "Too late." } });
  expect(await t.effects(id)).toEqual({ net: 0, rows: 0 });
});

test("a reply that comes after its step was given up changes nothing, and what it did is undone", async () => {
  let release: () => void = () => undefined;
  t.hooks.ring = () => new Promise<void>((resolve) => (release = resolve));
  const [id = ""] = await t.begin();
  await t.start();
  await waitFor(
    async () =>
      (await t.saga("Tally", id))?.state === "Ringing" && (await t.sql("select 1 from pgboss.job where name = 'ring' and state = 'active'")).length === 1,
  );
  await deadlineNow(id);
  expect(await t.ended(id)).toMatchObject({ status: "FAILED" });
  release();
  await waitFor(async () => (await t.sql("select 1 from pgboss.job where name = 'ring'")).length === 0, { describe: "the late job to be settled" });
  expect(await t.effects(id, "ring")).toEqual({ net: 0, rows: 0 });
  expect(await t.effects(id)).toEqual({ net: 0, rows: 2 });
  expect(await t.saga("Tally", id)).toMatchObject({ status: "FAILED", state: "Untallied" });
});

test("a cancellation and a running participant meet on the saga's lock: the effect is kept and undone, or never made", async () => {
  let release: () => void = () => undefined;
  let isRunning = false;
  t.hooks.count = () => {
    isRunning = true;
    return new Promise<void>((resolve) => (release = resolve));
  };
  const [id = ""] = await t.begin();
  await t.start();
  await waitFor(() => isRunning);
  const cancelled = t.cancel(id);
  await waitFor(async () => (await t.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")).length > 0, {
    describe: "the cancellation to wait for the lock",
  });
  delete t.hooks.count;
  release();
  expect(await cancelled).toBe("applied");
  expect(await t.ended(id)).toMatchObject({ status: "CANCELLED" });
  expect(await t.effects(id)).toEqual({ net: 0, rows: 2 });
});

test("a participant that overruns its time is rolled back, counted as a failed attempt, and tried again", async () => {
  await t.dispose();
  t = await createTallies({ attemptTimeoutMs: 100 });
  let calls = 0;
  t.hooks.count = () => (++calls === 1 ? new Promise<void>(() => undefined) : undefined);
  const [id = ""] = await t.begin();
  await t.start();
  expect(await t.failures(id)).toEqual([expect.stringContaining("took longer than 100 ms")]);
  await t.skipWaits();
  expect(await t.ended(id)).toMatchObject({ state: "Tallied" });
  expect(await t.effects(id)).toEqual({ net: 1, rows: 1 });
});
