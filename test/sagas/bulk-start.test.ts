import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish, publishAll } from "../../src/outbox/index.ts";
import { createTallies, TallyStartedEvent, type Tallies } from "../support/tally.ts";

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
