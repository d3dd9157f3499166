import { createTallies } from "../support/tally.ts";
import { createTestDatabase } from "../support/database.ts";

test("consumers whose transactions hold all connections of the pool carry their commands out, and blame none of them", async () => {
  const database = await createTestDatabase({ poolSize: 1 });
  const tallies = await createTallies({ database });
  await tallies.start();
  const ids = await tallies.begin(20);
  await tallies.untilEnded(ids);
  expect(await tallies.sql("select state, count(*)::int as count from saga group by state")).toEqual([{ state: "Tallied", count: 20 }]);
  expect(await tallies.sql("select 1 from saga_event where kind = 'ATTEMPT_FAILED'")).toEqual([]);
  await tallies.dispose();
  await database.dispose();
});
