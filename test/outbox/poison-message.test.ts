import { newId } from "../../src/kernel/ids.ts";
import { Permanent } from "../../src/kernel/errors.ts";
import { createTallies, type Tallies } from "../support/tally.ts";

let t: Tallies;
beforeEach(async () => {
  t = await createTallies({ batchSize: 100 });
});
afterEach(() => t.dispose());

test("one message that makes its participant throw hurts none of the other ninety-nine in its batch", async () => {
  const ids = await t.begin(100);
  const poison = ids[41] ?? "";
  t.hooks.count = (id) => {
    if (id === poison) throw new Error("cannot count this one");
  };
  await t.start();
  await t.untilEnded(ids.filter((id) => id !== poison));
  expect(await t.until("Tally", poison, (saga) => saga.attempt >= 2, "the failure to be counted")).toMatchObject({
    reason: { code: "INTERNAL", message: "cannot count this one" },
  });
  for (const attempt of [3, 4]) {
    await t.skipWaits();
    await t.until("Tally", poison, (saga) => saga.attempt >= attempt, `attempt ${attempt}`);
  }
  await t.skipWaits();
  const stuck = await t.until("Tally", poison, (saga) => saga.status === "STUCK", "the saga to stand");
  expect(stuck).toMatchObject({ state: "Counting", deadlineAt: null, reason: { message: "cannot count this one" } });
  expect(await t.sql("select queue, attempts, reason_message, detail from dead_letter")).toEqual([
    { queue: "count", attempts: 4, reason_message: "cannot count this one", detail: expect.stringContaining("poison-message.test.ts") },
  ]);
  const [sum] = await t.sql<{ rows: number }>("select count(*)::int as rows from tally where what = 'count'");
  expect(sum?.rows).toBe(99);
});

test("an SQL error of one message is isolated as well", async () => {
  const ids = await t.begin(20);
  const poison = ids[7] ?? "";
  await t.sql(`alter table tally add constraint no_poison check (tally_id <> '${poison}')`);
  await t.start();
  await t.untilEnded(ids.filter((id) => id !== poison));
  expect(await t.until("Tally", poison, (saga) => saga.attempt >= 2, "the failure to be counted")).toMatchObject({
    reason: { message: expect.stringContaining("no_poison") },
  });
});

test("a payload that does not fit its contract stands at once, with the path of what is wrong", async () => {
  const [id = ""] = await t.begin();
  await t.sql("update outbox set payload = '{\"tallyId\": 7}'");
  await t.start();
  const stuck = await t.until("Tally", id, (saga) => saga.status === "STUCK", "the saga to stand");
  expect(stuck.reason?.message).toContain("does not have the shape of its contract");
  expect((await t.sql<{ detail: string }>("select detail from dead_letter"))[0]?.detail).toContain("CountCommand.tallyId: expected id, found number 7");
});

test("a leased effect that is refused for good stands at once, one that fails is tried again, and the others go on", async () => {
  const ids = await t.begin(30);
  const [refused = "", shaky = ""] = ids;
  t.hooks.ring = (id, _run, attempt) => {
    if (id === refused) throw new Permanent("no such bell");
    if (id === shaky && attempt === 1) throw new Error("bell is busy");
  };
  await t.start();
  await t.untilEnded(ids.slice(2));
  expect(await t.until("Tally", refused, (saga) => saga.status === "STUCK", "it to stand")).toMatchObject({ reason: { code: "DEPENDENCY_REJECTED" } });
  await t.until("Tally", shaky, (saga) => saga.attempt >= 2, "it to be tried again");
  await t.skipWaits();
  await t.ended(shaky);
  expect(await t.effects(shaky, "ring")).toEqual({ net: 1, rows: 1 });
});

test("a command for a saga that does not exist is dropped without effect", async () => {
  const [id = ""] = await t.begin();
  await t.sql("update outbox set correlation_id = $1", [newId()]);
  await t.start();
  const [next = ""] = await t.begin();
  await t.ended(next);
  expect(await t.effects(id)).toEqual({ net: 0, rows: 0 });
  expect(await t.sql("select 1 from pgboss.job where name = 'count'")).toEqual([]);
});
