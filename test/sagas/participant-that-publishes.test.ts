import { handleAll, occur, publish } from "../../src/outbox/index.ts";
import { CountCommand, CountedEvent, createTallies, TallyCancelledEvent, tallyParticipants } from "../support/tally.ts";

test("a participant may publish what its own saga hears: that comes before its reply, which is late then", async () => {
  const others = tallyParticipants({}).filter(({ command }) => command.name !== "CountCommand");
  const cancelling = handleAll(CountCommand, async (em, commands) => {
    for (const { payload } of commands) await publish(em, occur(TallyCancelledEvent, payload));
    return commands.map(({ payload }) => occur(CountedEvent, payload));
  });
  const tallies = await createTallies({ participants: [...others, cancelling] });
  await tallies.start();
  const [id = ""] = await tallies.begin();
  const ended = await tallies.ended(id);
  expect(ended.state).toBe("Untallied");
  const told = await tallies.sql(
    "select message, fate from saga_event e join saga s on s.id = e.saga_id where subject_id = $1 and fate is not null order by e.sequence",
    [id],
  );
  expect(told.slice(0, 3)).toEqual([
    { message: "TallyStartedEvent", fate: "started" },
    { message: "TallyCancelledEvent", fate: "applied" },
    { message: "CountedEvent", fate: "late" },
  ]);
  await tallies.dispose();
});
