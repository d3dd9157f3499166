import { newId } from "../../src/kernel/ids.ts";
import { NoTransactionError, release, reschedule } from "../../src/outbox/index.ts";
import { waitFor } from "../support/wait.ts";
import { createDepot, PackCommand, type Depot, type Post } from "./post.ts";

let depot: Depot;
let post: Post;
beforeEach(async () => {
  depot = await createDepot();
  post = await depot.open({ sweepIntervalMs: 600_000 });
});
afterEach(() => depot.dispose());

const move = (parcelId: string, deliverAt: string): Promise<unknown> =>
  depot.sql("update outbox set deliver_at = $2::timestamptz where correlation_id = $1", [parcelId, deliverAt]);
const runOf = async (parcelId: string): Promise<string> =>
  (await depot.sql<{ run_id: string }>("select run_id from parcel where id = $1", [parcelId]))[0]?.run_id ?? "";
const waiting = (parcelId: string): Promise<{ at: string }[]> =>
  depot.sql<{ at: string }>(
    "select case when deliver_at < 'infinity' then to_char(deliver_at at time zone 'UTC', 'YYYY-MM-DD') else 'never' end as at from outbox where correlation_id = $1",
    [parcelId],
  );

test("rows without a time and rows due in a hundred years keep no other from being relayed", async () => {
  const [held = "", remote = "", ...others] = await depot.order(post, PackCommand, 5);
  await move(held, "infinity");
  await move(remote, "2126-01-01Z");
  await post.start();
  await depot.happened("answered", others);
  // A relay that cannot tell the next due instant rolls everything back.
  await depot.happened("answered", await depot.order(post, PackCommand));
  expect(await waiting(held)).toEqual([{ at: "never" }]);
  expect(await waiting(remote)).toEqual([{ at: "2126-01-01" }]);
});

test("a retry that is rescheduled to now is carried out at once, without any net", async () => {
  const [id = ""] = await depot.order(post, PackCommand);
  await move(id, "2126-01-01Z");
  await post.start();
  await depot.happened("answered", await depot.order(post, PackCommand));
  expect(await depot.log(id)).toEqual([]);
  expect(await post.transaction(async (em) => reschedule(em, await runOf(id), null))).toBe(1);
  await depot.happened("answered", [id]);
});

test("what is rescheduled to another instant waits for that, and nothing else is moved", async () => {
  const [id = "", other = ""] = await depot.order(post, PackCommand, 2);
  for (const one of [id, other]) await move(one, "2126-01-01Z");
  expect(await post.transaction(async (em) => reschedule(em, await runOf(id), new Date("2120-02-02T00:00:00Z")))).toBe(1);
  expect([await waiting(id), await waiting(other)]).toEqual([[{ at: "2120-02-02" }], [{ at: "2126-01-01" }]]);
  expect(await post.transaction((em) => reschedule(em, newId(), null))).toBe(0);
});

test("what is held is not rescheduled, and what is not held is not released", async () => {
  const [held = "", retry = ""] = await depot.order(post, PackCommand, 2);
  await move(held, "infinity");
  await move(retry, "2126-01-01Z");
  expect(await post.transaction(async (em) => reschedule(em, await runOf(held), null))).toBe(0);
  expect(await post.transaction((em) => release(em, retry))).toBe(0);
  expect([await waiting(held), await waiting(retry)]).toEqual([[{ at: "never" }], [{ at: "2126-01-01" }]]);
});

test("what is released in a transaction that rolls back stays held", async () => {
  const [held = ""] = await depot.order(post, PackCommand);
  await move(held, "infinity");
  await expect(
    post.transaction(async (em) => {
      expect(await release(em, held)).toBe(1);
      throw new Error("changed my mind");
    }),
  ).rejects.toThrow("changed my mind");
  expect(await waiting(held)).toEqual([{ at: "never" }]);
});

test("what has been relayed meanwhile is not called back", async () => {
  const [id = ""] = await depot.order(post, PackCommand);
  post.outbox.startRelay();
  await waitFor(async () => (await waiting(id)).length === 0);
  expect(await post.transaction(async (em) => reschedule(em, await runOf(id), new Date("2126-01-01T00:00:00Z")))).toBe(0);
  await post.outbox.startConsumers();
  await depot.happened("answered", [id]);
});

test("releasing and rescheduling need the caller's transaction", async () => {
  await expect(release(post.em(), newId())).rejects.toThrow(NoTransactionError);
  await expect(reschedule(post.em(), newId(), null)).rejects.toThrow(NoTransactionError);
});
