import { newId } from "../../src/kernel/ids.ts";
import { occur, publish } from "../../src/outbox/index.ts";
import { createTallies, TallyCancelledEvent, TallyStartedEvent, type Tallies } from "../support/tally.ts";
import { waitFor } from "../support/wait.ts";

let t: Tallies;
beforeAll(async () => {
  t = await createTallies();
});
afterAll(() => t.dispose());

test("an event that meets its saga's birth is never lost, whichever of the two commits first", async () => {
  const ids = Array.from({ length: 60 }, newId);
  const met = await Promise.all(
    ids.flatMap((tallyId) => [
      t.transaction(async (em) => (await publish(em, occur(TallyStartedEvent, { tallyId }))).fate),
      t.transaction(async (em) => (await publish(em, occur(TallyCancelledEvent, { tallyId }))).fate),
    ]),
  );
  expect(met.filter((fate) => fate === "started")).toHaveLength(60);
  // Those that found no saga are kept, and taken by the birth or, where the two missed each other, by whoever looks next.
  expect(met.filter((fate) => fate === "kept" || fate === "applied")).toHaveLength(60);
  await waitFor(async () => (await t.sql("select 1 from saga_mail")).length === 0, { describe: () => "every event to find its saga" });
  await t.start();
  await t.untilEnded(ids);
  expect(await t.sql("select state, count(*)::int from saga group by state")).toEqual([{ state: "Untallied", count: 60 }]);
  expect(await t.sql("select count(*)::int from saga_event where message = 'TallyCancelledEvent' and fate = 'applied'")).toEqual([{ count: 60 }]);
  expect(await t.sql("select * from dead_letter")).toEqual([]);
});
