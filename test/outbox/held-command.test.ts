import { query, release } from "../../src/outbox/index.ts";
import { createTallies } from "../support/tally.ts";
import { waitFor } from "../support/wait.ts";
import { createDepot, DeliverCommand, PackCommand, type Depot, type ParcelCommand, type Post } from "./post.ts";

let depot: Depot;
let post: Post;
beforeEach(async () => {
  depot = await createDepot();
  post = await depot.open();
});
afterEach(() => depot.dispose());

const held = (): Promise<{ parcel: string; id: string }[]> =>
  depot.sql<{ parcel: string; id: string }>("select correlation_id as parcel, id from outbox where deliver_at = 'infinity' order by id");
const resume = (parcelIds: readonly string[]): Promise<number> =>
  post.transaction(async (em) => {
    let count = 0;
    await query(em, "update parcel set is_paused = false where id = any($1)", [parcelIds]);
    for (const id of parcelIds) count += await release(em, id);
    return count;
  });

const each = [
  ["pack", "packed", PackCommand],
  ["deliver", "delivered", DeliverCommand],
] as [string, string, ParcelCommand][];

test.each(each)(
  "a %s command of a paused sender is held, the others of its batch go on, and when it is released it is carried out once",
  async (queue, done, contract) => {
    const parcels = await depot.order(post, contract, 10);
    const [one = "", two = "", ...others] = parcels;
    const sent = await depot.sql<{ id: string; row: unknown }>(
      "select id, to_jsonb(o) - 'deliver_at' as row from outbox o where correlation_id = any($1) order by id",
      [[one, two]],
    );
    await depot.setPaused([one, two], true);
    await post.start();
    await depot.happened("answered", others);
    await waitFor(async () => (await held()).length === 2, { describe: held });
    // The row is the one that was sent, and nothing is left on the queue.
    expect(await depot.sql("select id, to_jsonb(o) - 'deliver_at' as row from outbox o order by id")).toEqual(sent);
    expect(await depot.sql("select 1 from pgboss.job where name = $1", [queue])).toEqual([]);

    expect(await resume([one])).toBe(1);
    await depot.happened("answered", [one]);
    expect(post.published.find((event) => event.correlationId === one)?.causationId).toBe(sent[0]?.id);
    expect(await held()).toEqual([{ parcel: two, id: sent[1]?.id }]);
    expect(await depot.log(two)).toEqual([]);
    expect(await resume([two])).toBe(1);
    await depot.happened("answered", [two]);
    for (const id of parcels) expect(await depot.log(id)).toEqual([done, "answered"]);
  },
);

test("an outside effect under way when its sender is paused is recorded, and its reply is heard", async () => {
  const releases: (() => void)[] = [];
  depot.hooks.deliver = () => new Promise<void>((resolve) => void releases.push(resolve));
  await post.start();
  const [id = ""] = await depot.order(post, DeliverCommand);
  await waitFor(() => releases.length === 1);
  await depot.setPaused([id], true);
  releases[0]?.();
  await depot.happened("answered", [id]);
  expect(await depot.log(id)).toEqual(["delivered", "answered"]);
  expect(await held()).toEqual([]);
});

test("an outside effect that fails while its sender is paused is a failed attempt", async () => {
  const failures: ((error: Error) => void)[] = [];
  depot.hooks.deliver = () => new Promise<void>((_, reject) => void failures.push(reject));
  await post.start();
  const [id = ""] = await depot.order(post, DeliverCommand);
  await waitFor(() => failures.length === 1);
  await depot.setPaused([id], true);
  failures[0]?.(new Error("nobody at home"));
  await depot.happened("failed: nobody at home", [id]);
  expect(await depot.log(id)).toEqual(["failed: nobody at home"]);
  expect(await held()).toEqual([]);
});

test("a lease that ran out counts as a failed attempt, also when its sender is paused: its effect may have been performed", async () => {
  const [id = ""] = await depot.order(post, DeliverCommand);
  post.outbox.startRelay();
  await waitFor(async () => (await depot.sql("update pgboss.job set retry_count = 1 returning id")).length === 1);
  await depot.setPaused([id], true);
  await post.outbox.startConsumers();
  await waitFor(async () => (await depot.log(id)).length === 1);
  expect(await depot.log(id)).toEqual([expect.stringContaining("The lease ran out")]);
  expect(await held()).toEqual([]);
});

test("a failure of a participant that could not be counted before the pause is counted", async () => {
  // The parcel is locked by the batch; so the pause comes right behind the attempt's rollback.
  depot.hooks.pack = (id) => {
    void depot.setPaused([id], true);
    throw new Error("no paper");
  };
  await post.start();
  const [id = ""] = await depot.order(post, PackCommand);
  await waitFor(async () => (await depot.log(id)).length === 1, { describe: held });
  expect(await depot.log(id)).toEqual(["failed: no paper"]);
});

test("a sender that is resumed between the look and the lock is not held", async () => {
  const [id = ""] = await depot.order(post, DeliverCommand);
  await depot.setPaused([id], true);
  let peeks = 0;
  depot.hooks.peeked = async () => (++peeks === 1 ? resume([id]) : undefined);
  await post.start();
  await depot.happened("answered", [id]);
  expect(peeks).toBe(2);
  expect(await depot.log(id)).toEqual(["delivered", "answered"]);
});

test("a sender that is closed between the look and the lock has its command put aside, and no effect outside", async () => {
  const [id = ""] = await depot.order(post, DeliverCommand);
  await depot.setPaused([id], true);
  depot.hooks.peeked = () => depot.sql("update parcel set is_paused = false, is_closed = true");
  let effects = 0;
  depot.hooks.deliver = () => effects++;
  await post.start();
  await waitFor(async () => (await depot.log(id)).length === 1);
  expect([await depot.log(id), effects]).toEqual([["put aside"], 0]);
});

test("a sender that is closed after the look, and opened and paused before the settling, has its command held", async () => {
  const [id = ""] = await depot.order(post, DeliverCommand);
  await depot.sql("update parcel set is_closed = true");
  depot.hooks.peeked = () => depot.sql("update parcel set is_closed = false, is_paused = true");
  await post.start();
  await waitFor(async () => (await held()).length === 1);
  expect(await depot.log(id)).toEqual([]);
  delete depot.hooks.peeked;
  await resume([id]);
  await depot.happened("answered", [id]);
  expect(await depot.log(id)).toEqual(["delivered", "answered"]);
});

test("whatever moments pauses and resumes come at, each command is carried out once", async () => {
  const other = await depot.open({ batchSize: 7 });
  const begun = new Map<string, number>();
  depot.hooks.pack = depot.hooks.deliver = (id) => new Promise((resolve) => setImmediate(resolve, begun.set(id, (begun.get(id) ?? 0) + 1)));
  await Promise.all([post.start(), other.start()]);
  const parcels = [...(await depot.order(post, PackCommand, 40)), ...(await depot.order(other, DeliverCommand, 40))];
  const some = (): string[] => parcels.filter(() => Math.random() < 0.4);
  for (let round = 0; round < 25; round++) {
    await depot.setPaused(some(), true);
    await resume(some());
  }
  await resume(parcels);
  await depot.happened("answered", parcels);
  for (const [index, id] of parcels.entries()) expect(await depot.log(id)).toEqual([index < 40 ? "packed" : "delivered", "answered"]);
  for (const id of parcels.slice(40)) expect(begun.get(id)).toBe(1);
  expect(await held()).toEqual([]);
});

test("commands of a paused saga are held, in the database as outside, and its reply is heard while it is paused", async () => {
  const t = await createTallies();
  try {
    const [id = "", other = ""] = await t.begin(2);
    const heldOf = (name: string): Promise<unknown[]> => t.sql("select 1 from outbox where name = $1 and deliver_at = 'infinity'", [name]);
    const pauseSaga = (isPaused: boolean): Promise<unknown> =>
      t.transaction(async (em) => {
        const [saga] = await query<{ id: string }>(em, "update saga set paused_at = case when $2 then now() end where subject_id = $1 returning id", [
          id,
          isPaused,
        ]);
        if (!isPaused) await release(em, saga?.id ?? "");
      });
    await pauseSaga(true);
    await t.start();
    await t.ended(other);
    await waitFor(async () => (await heldOf("CountCommand")).length === 1);
    expect(await t.effects(id)).toEqual({ net: 0, rows: 0 });

    // Paused again while the bell rings: what follows the ring is held.
    const rings: (() => void)[] = [];
    t.hooks.ring = () => new Promise<void>((resolve) => void rings.push(resolve));
    await pauseSaga(false);
    await waitFor(() => rings.length === 1, { timeoutMs: 20_000 });
    await pauseSaga(true);
    rings[0]?.();
    await waitFor(async () => (await heldOf("SumCommand")).length === 1);
    expect(await t.effects(id, "ring")).toEqual({ net: 1, rows: 1 });
    await pauseSaga(false);
    await t.ended(id);
    for (const what of ["count", "ring", "sum"]) expect(await t.effects(id, what)).toEqual({ net: 1, rows: 1 });
    expect((await t.kinds(id)).filter((kind) => kind.startsWith("ATTEMPT_FAILED"))).toEqual([]);
  } finally {
    await t.dispose();
  }
});
