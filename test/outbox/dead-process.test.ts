import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { createDepot, DeliverCommand, type Depot } from "./post.ts";

let depot: Depot;
beforeAll(async () => {
  depot = await createDepot();
});
afterAll(() => depot.dispose());

test("of a dead process' leases, one whose sender cannot be read is left to run out, and then counts; the others are given up at once", async () => {
  const post = await depot.open();
  const [foreign = "", other = ""] = await depot.order(post, DeliverCommand, 2);
  post.outbox.startRelay();
  await waitFor(async () => (await post.boss.findJobs("deliver")).length === 2);
  const jobs = await post.boss.fetch<{ correlationId: string }>("deliver", { batchSize: 2 });
  const dead = newId();
  await depot.sql("insert into worker (id, host, pid) values ($1, 'gone', 1)", [dead]);
  const inOrder = [foreign, other].map((id) => jobs.find((job) => job.data.correlationId === id)?.id);
  await depot.sql("insert into worker_hand (worker_id, queue, message_ids, alone) values ($1, 'deliver', $2, false)", [dead, inOrder]);
  depot.hooks.unreadable = [foreign];
  await post.outbox.startConsumers();
  await depot.happened("failed: The process that carried it out died doing so", [other]);
  expect(await depot.log(foreign)).toEqual([]);

  delete depot.hooks.unreadable;
  await depot.sql("update pgboss.job set started_on = started_on - interval '1 hour'");
  await post.boss.supervise("deliver");
  await waitFor(async () => (await depot.log(foreign)).length === 1);
  expect(await depot.log(foreign)).toEqual([expect.stringContaining("The lease ran out")]);
});
