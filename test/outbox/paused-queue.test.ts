import { newId } from "../../src/kernel/ids.ts";
import { listQueues, NoTransactionError, pauseQueue, resumeQueue, type QueuePause } from "../../src/outbox/index.ts";
import { waitFor } from "../support/wait.ts";
import { createDepot, DeliverCommand, PackCommand, type Depot, type ParcelCommand, type Post } from "./post.ts";

let depot: Depot;
beforeEach(async () => {
  depot = await createDepot();
});
afterEach(() => depot.dispose());

const operator = newId();
const pause = (post: Post, queue: string): Promise<QueuePause> =>
  post.transaction((em) => pauseQueue(em, { queue, by: operator, note: "The printer is broken." }));
const resume = (post: Post, queue: string): Promise<QueuePause> => post.transaction((em) => resumeQueue(em, queue));
/** Until so long after the pause everybody has to know of it. */
const untilKnown = (queue: string): Promise<unknown> =>
  waitFor(
    async () => (await depot.sql("select 1 from queue_pause where queue = $1 and paused_at < clock_timestamp() - interval '2 seconds'", [queue])).length === 1,
  );
const jobs = (queue: string): Promise<{ state: string }[]> =>
  depot.sql<{ state: string }>("select state::text as state from pgboss.job where name = $1", [queue]);

test.each([
  ["pack", "packed", PackCommand],
  ["deliver", "delivered", DeliverCommand],
] as [string, string, ParcelCommand][])(
  "two seconds after a pause no process takes from %s, whatever hints say, and two seconds after the resume it goes on",
  async (queue, done, contract) => {
    // Neither hears the other, and neither looks by itself in the time of this test, except for pauses.
    const here = await depot.open({ sweepIntervalMs: 600_000 });
    const there = await depot.open({ sweepIntervalMs: 600_000 });
    await here.start();
    await there.start();
    const others: ParcelCommand = contract === PackCommand ? DeliverCommand : PackCommand;
    await depot.happened(done, await depot.order(here, contract));

    await pause(here, queue);
    await untilKnown(queue);
    const waiting = await depot.order(here, contract, 10);
    await waitFor(async () => (await jobs(queue)).length === 10);
    for (let round = 0; round < 3; round++) {
      for (const post of [here, there]) {
        post.hints.send("queue", []);
        // What comes later on another queue is carried out meanwhile.
        await depot.happened(contract === PackCommand ? "delivered" : "packed", await depot.order(post, others));
      }
    }
    expect((await jobs(queue)).map((job) => job.state)).toEqual(Array.from({ length: 10 }, () => "created"));
    for (const id of waiting) expect(await depot.log(id)).toEqual([]);

    // The process that resumes is not the one whose queue goes on: the other finds it by itself.
    await here.stop();
    const resumer = await depot.open();
    await resume(resumer, queue);
    const [{ at: resumedAt } = { at: "" }] = await depot.sql<{ at: string }>("select clock_timestamp()::text as at");
    await depot.happened(done, waiting);
    const [first] = await depot.sql("select 1 from parcel_log where parcel_id = any($1) and at < $2::timestamptz + interval '2 seconds'", [waiting, resumedAt]);
    expect(first).toBeDefined();
  },
);

test("a pause and a resume are hinted at when they are committed, not before", async () => {
  const post = await depot.open({ sweepIntervalMs: 600_000 });
  await post.start();
  const heard: (readonly string[])[] = [];
  post.hints.listen("pause", (keys) => heard.push(keys));
  await post.transaction(async (em) => {
    await pauseQueue(em, { queue: "pack", by: null, note: "" });
    expect(heard).toEqual([]);
  });
  expect(heard).toEqual([["pack"]]);
  await resume(post, "pack");
  expect(heard).toEqual([["pack"], ["pack"]]);
});

test("a process that starts while a queue is paused takes nothing from it, and everything from the others", async () => {
  const post = await depot.open();
  await pause(post, "pack");
  const packs = await depot.order(post, PackCommand, 5);
  post.outbox.startRelay();
  await waitFor(async () => (await jobs("pack")).length === 5);
  await post.outbox.startConsumers();
  await depot.happened("delivered", await depot.order(post, DeliverCommand, 5));
  for (const id of packs) expect(await depot.log(id)).toEqual([]);
  await resume(post, "pack");
  await depot.happened("packed", packs);
});

test.each([
  ["pack", "packed", PackCommand],
  ["deliver", "delivered", DeliverCommand],
] as [string, string, ParcelCommand][])("what %s has in hand when it is paused is finished", async (queue, done, contract) => {
  const releases: (() => void)[] = [];
  depot.hooks.pack = depot.hooks.deliver = () => new Promise<void>((resolve) => void releases.push(resolve));
  const post = await depot.open();
  await post.start();
  const [inHand = ""] = await depot.order(post, contract);
  await waitFor(() => releases.length === 1);
  await pause(post, queue);
  await untilKnown(queue);
  const [next = ""] = await depot.order(post, contract);
  releases[0]?.();
  await depot.happened("answered", [inHand]);
  expect(await depot.log(inHand)).toEqual([done, "answered"]);
  await waitFor(async () => (await jobs(queue)).length === 1);
  expect(await depot.log(next)).toEqual([]);
});

test("a message may wait on its queue for years, also one that came when queues kept their jobs for three months", async () => {
  const post = await depot.open();
  await post.boss.updateQueue("pack", { retentionSeconds: 90 * 86_400 });
  await pause(post, "pack");
  post.outbox.startRelay();
  const [id = ""] = await depot.order(post, PackCommand);
  await waitFor(async () => (await jobs("pack")).length === 1);
  await post.outbox.createQueues();
  expect(await post.boss.getQueue("pack")).toMatchObject({ retentionSeconds: 1_576_800_000 });
  const [next = ""] = await depot.order(post, PackCommand);
  await waitFor(async () => (await jobs("pack")).length === 2);
  // Forty years later.
  await depot.sql(
    "update pgboss.job set start_after = start_after - interval '40 years', keep_until = keep_until - interval '40 years', created_on = created_on - interval '40 years'",
  );
  await post.boss.supervise("pack");
  await resume(post, "pack");
  await post.outbox.startConsumers();
  await depot.happened("packed", [id, next]);
});

test("pausing twice, resuming what is not paused, a queue that does not exist, and those of pg-boss itself are refused", async () => {
  const post = await depot.open();
  const paused = await pause(post, "pack");
  expect(paused).toEqual({ queue: "pack", pausedAt: expect.any(Date), pausedBy: operator, note: "The printer is broken." });
  await expect(pause(post, "pack")).rejects.toMatchObject({ code: "WRONG_STATE", field: ["queue"] });
  expect(await resume(post, "pack")).toEqual(paused);
  await expect(resume(post, "pack")).rejects.toMatchObject({ code: "WRONG_STATE", field: ["queue"] });
  await post.boss.createQueue("__pgboss__own");
  for (const queue of ["packing", "__pgboss__own"]) {
    const refusal = { code: "NOT_FOUND", message: `There is no queue ${queue}. There are: deliver, pack.`, field: ["queue"] };
    await expect(pause(post, queue)).rejects.toMatchObject(refusal);
    await expect(resume(post, queue)).rejects.toMatchObject(refusal);
  }
});

test("pausing and resuming need the caller's transaction", async () => {
  const post = await depot.open();
  await expect(pauseQueue(post.em(), { queue: "pack", by: null, note: "" })).rejects.toThrow(NoTransactionError);
  await expect(resumeQueue(post.em(), "pack")).rejects.toThrow(NoTransactionError);
});

test("the list of queues counts what is ready, deferred, in hand and dead, and knows who paused them", async () => {
  const post = await depot.open();
  await post.boss.createQueue("__pgboss__own");
  for (const seconds of [0, -60]) await post.boss.send("pack", {}, { startAfter: new Date(Date.now() + seconds * 1_000) });
  await post.boss.send("pack", {}, { startAfter: 3_600 });
  await depot.order(post, PackCommand, 2);
  await post.boss.send("deliver", {});
  await post.boss.fetch("deliver");
  for (const status of ["OPEN", "OPEN", "DISCARDED"])
    await depot.sql(
      "insert into dead_letter (id, queue, message, payload, attempts, reason_code, reason_message, detail, status) values ($1, 'deliver', 'DeliverCommand', '{}', 1, 'INTERNAL', '', '', $2)",
      [newId(), status],
    );
  const paused = await pause(post, "pack");
  const [deliver, pack, ...rest] = await listQueues(post.em());
  expect(rest).toEqual([]);
  expect(deliver).toEqual({
    name: "deliver",
    completedLastMinute: 0,
    ready: 0,
    deferred: 0,
    active: 1,
    deadLetters: 2,
    oldestReadyAt: null,
    pause: null,
    measuredAt: expect.any(Date),
  });
  expect(pack).toMatchObject({ name: "pack", ready: 2, deferred: 3, active: 0, deadLetters: 0, pause: paused });
  const ageMs = (pack?.measuredAt.getTime() ?? 0) - (pack?.oldestReadyAt?.getTime() ?? 0);
  expect(ageMs).toBeGreaterThan(50_000);
  expect(ageMs).toBeLessThan(120_000);
  expect((await listQueues(post.em(), ["pack", "nowhere"])).map((queue) => queue.name)).toEqual(["pack"]);
});
