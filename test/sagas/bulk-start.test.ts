import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish, publishAll } from "../../src/outbox/index.ts";
import { createTallies, TallyCancelledEvent, TallyStartedEvent, type Tallies } from "../support/tally.ts";
import { waitFor } from "../support/wait.ts";

let t: Tallies;
beforeAll(async () => {
  t = await createTallies();
});
afterAll(() => t.dispose());

const starts = (ids: readonly string[]) => ids.map((tallyId) => occur(TallyStartedEvent, { tallyId }));

test("many sagas are begun by one transaction, those whose key has one already are told apart, and all run to their end", async () => {
  const ids = Array.from({ length: 300 }, newId);
  const [first = "", ...others] = ids;
  await t.transaction((em) => publish(em, occur(TallyStartedEvent, { tallyId: first })));
  const receipts = await t.transaction((em) => publishAll(em, starts(ids)));
  expect(receipts.map(({ fate }) => fate)).toEqual(["duplicate-start", ...others.map(() => "started")]);
  await t.start();
  await t.untilEnded(ids);
  expect(await t.sql("select count(*)::int, count(distinct subject_id)::int as keys from saga")).toEqual([{ count: 300, keys: 300 }]);
});

test("one saga or a hundred are begun by the same number of statements", async () => {
  const count = (ids: readonly string[]): Promise<number> =>
    t.transaction(async (em: EntityManager) => {
      const getKysely = em.getKysely.bind(em);
      let statements = 0;
      em.getKysely = ((...parameters: Parameters<typeof getKysely>) => (statements++, getKysely(...parameters))) as typeof em.getKysely;
      await publishAll(em, starts(ids));
      return statements;
    });
  const ofOne = await count([newId()]);
  expect(ofOne).toBeGreaterThan(0);
  expect(await count(Array.from({ length: 100 }, newId))).toBe(ofOne);
});

const historyOf = (tallyId: string) =>
  t.sql("select message, fate from saga_event e join saga s on s.id = e.saga_id where subject_id = $1 and fate is not null order by e.sequence", [tallyId]);

test("when another transaction was faster with a saga, it hears all that the set had for it", async () => {
  const tallyId = newId();
  const [isBegun, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = t.transaction(async (em) => {
    await publish(em, occur(TallyStartedEvent, { tallyId }));
    isBegun.resolve();
    await mayCommit.promise;
  });
  await isBegun.promise;
  const [start, cancel] = [occur(TallyStartedEvent, { tallyId }), occur(TallyCancelledEvent, { tallyId })];
  const second = t.transaction((em) => publishAll(em, [start, cancel, start]));
  await waitFor(async () => (await t.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).length > 0);
  mayCommit.resolve();
  await first;
  expect((await second).map(({ fate }) => fate)).toEqual(["duplicate-start", "applied", "duplicate-start"]);
  expect(await historyOf(tallyId)).toMatchObject([
    { message: "TallyStartedEvent", fate: "started" },
    { message: "TallyStartedEvent", fate: "duplicate-start" },
    { message: "TallyCancelledEvent", fate: "applied" },
    { message: "TallyStartedEvent", fate: "duplicate-start" },
  ]);
});

test("what a set has for a saga of a version that is not loaded is kept for whoever has it loaded", async () => {
  const tallyId = newId();
  await t.transaction((em) => publish(em, occur(TallyStartedEvent, { tallyId })));
  await t.sql("update saga set definition_version = 99 where subject_id = $1", [tallyId]);
  const receipts = await t.transaction((em) => publishAll(em, [occur(TallyStartedEvent, { tallyId }), occur(TallyCancelledEvent, { tallyId })]));
  expect(receipts.map(({ fate }) => fate)).toEqual(["duplicate-start", "kept"]);
  expect(await t.sql("select name from saga_mail where subject_id = $1", [tallyId])).toEqual([{ name: "TallyCancelledEvent" }]);
});
