import { hostname } from "node:os";
import { newId } from "../../src/kernel/ids.ts";
import { listWorkers } from "../../src/outbox/index.ts";
import { waitFor } from "../support/wait.ts";
import { createDepot, PackCommand, type Depot } from "./post.ts";

let depot: Depot;
beforeAll(async () => {
  depot = await createDepot();
});
afterAll(() => depot.dispose());

test("the processes at work are those whose lock is held in this database, with what they take from and what they have loaded", async () => {
  const other = await createDepot();
  try {
    const elsewhere = await other.open();
    await elsewhere.start();
    const [old, young] = [await depot.open({ loads: ["Parcel v1", "Parcel v2"] }), await depot.open()];
    await old.start();
    await young.start();
    // A process that has died, under a number that a process elsewhere holds; and a lock of somebody else.
    await depot.sql("insert into worker (id, host, pid, lock_key) overriding system value values ($1, 'gone', 1, 77)", [newId()]);
    await other.database.orm.em.getConnection().execute("select pg_advisory_lock(28016, 77)");
    await depot.database.orm.em.getConnection().execute("select pg_advisory_lock(1, 77), pg_advisory_lock(77)");
    const common = { id: expect.any(String), host: hostname(), pid: process.pid, startedAt: expect.any(Date), queues: ["pack", "deliver"], hands: [] };
    expect(await listWorkers(old.em())).toEqual([
      { ...common, loads: ["Parcel v1", "Parcel v2"] },
      { ...common, loads: [] },
    ]);
    await old.stop();
    expect(await listWorkers(young.em())).toEqual([{ ...common, loads: [] }]);
    await depot.sql(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 28016 and database = (select oid from pg_database where datname = current_database())",
    );
    await waitFor(async () => (await listWorkers(young.em())).length === 0);
    // It lives, so it comes back.
    await waitFor(async () => (await listWorkers(young.em())).length === 1);
    await young.stop();
  } finally {
    await other.dispose();
  }
});

test("when something is taken in hand is noted anew each time", async () => {
  const post = await depot.open();
  await post.start();
  const takenAt = async (): Promise<string | undefined> =>
    (await depot.sql<{ at: string }>("select taken_at::text as at from worker_hand where queue = 'pack'"))[0]?.at;
  await depot.happened("answered", await depot.order(post, PackCommand));
  const first = await takenAt();
  await depot.happened("answered", await depot.order(post, PackCommand));
  expect(first).toBeDefined();
  expect(await takenAt()).not.toBe(first);
});
