import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { createTallies, type Tallies } from "../support/tally.ts";

let t: Tallies;
beforeAll(async () => {
  t = await createTallies();
});
afterAll(() => t.dispose());
afterEach(() => t.pause());

/** The outbox row of a command under way, as it can be sent again. */
const commandOf = async (tallyId: string): Promise<Record<string, unknown>> => {
  const [row] = await t.sql("select o.* from outbox o join saga s on s.id = o.correlation_id where s.subject_id = $1", [tallyId]);
  return row ?? {};
};
const deliverAgain = async (row: Record<string, unknown>, id: string): Promise<void> => {
  const columns = Object.keys(row);
  await t.sql(`insert into outbox (${columns.join(", ")}) values (${columns.map((_, index) => `$${index + 1}`).join(", ")})`, Object.values({ ...row, id }));
  t.hints.send("outbox", []);
};

test("a command delivered twice in one batch takes effect once", async () => {
  const [id = ""] = await t.begin();
  await deliverAgain(await commandOf(id), newId());
  await t.start();
  await t.ended(id);
  expect(await t.effects(id)).toEqual({ net: 1, rows: 1 });
});

test("a command delivered again after its step is done changes nothing, and the history says so", async () => {
  let release: () => void = () => undefined;
  t.hooks.ring = () => new Promise<void>((resolve) => (release = resolve));
  const [id = ""] = await t.begin();
  const row = await commandOf(id);
  await t.start();
  await t.until("Tally", id, (saga) => saga.state === "Ringing", "the saga to ring");
  await deliverAgain(row, newId());
  await waitFor(async () => (await t.kinds(id)).includes("MESSAGE_IGNORED CountCommand"), { describe: "the duplicate to be put aside" });
  expect(await t.effects(id)).toEqual({ net: 1, rows: 1 });
  delete t.hooks.ring;
  release();
  expect(await t.ended(id)).toMatchObject({ state: "Tallied" });
});

test("a starting event published twice starts one saga", async () => {
  const { publish, occur } = await import("../../src/outbox/index.ts");
  const { TallyStartedEvent } = await import("../support/tally.ts");
  const tallyId = newId();
  const start = (): Promise<string> => t.transaction(async (em) => (await publish(em, occur(TallyStartedEvent, { tallyId }))).fate);
  const fates = await Promise.all(Array.from({ length: 8 }, start));
  expect(fates.filter((fate) => fate === "started")).toHaveLength(1);
  expect(fates.filter((fate) => fate === "duplicate-start")).toHaveLength(7);
  await t.start();
  await t.ended(tallyId);
  expect(await t.effects(tallyId)).toEqual({ net: 1, rows: 1 });
});

test("two processes on the same queues carry every command out once", async () => {
  const other = await createTallies({ database: t.database });
  const ids = await t.begin(200);
  await Promise.all([t.start(), other.start()]);
  await t.untilEnded(ids);
  await other.dispose();
  const [row] = await t.sql<{ net: number; rows: number }>("select sum(sign)::int as net, count(*)::int as rows from tally where tally_id = any($1)", [ids]);
  expect(row).toEqual({ net: 600, rows: 600 });
});
