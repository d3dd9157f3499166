import { newId } from "../../../src/kernel/ids.ts";
import { occur, publish, reply } from "../../../src/outbox/index.ts";
import { compareRelease, isDeployable, readPresent, SagaRegistry, type AnySaga } from "../../../src/sagas/engine/index.ts";
import { conference } from "../../support/conference.ts";
import { createTestEngine, type TestEngine } from "../../support/engine.ts";
import { festival, FestivalPlannedEvent, festivalParticipants, prepare, TicketsSoldEvent } from "../../support/festival.ts";

// A conference has ended on its first version; the festival that began it may still fail, and has it undone then.

let engine: TestEngine;
const { participants, answers, asked } = festivalParticipants();
beforeAll(async () => {
  engine = await createTestEngine({ sagas: [festival, conference], participants });
  await prepare(engine.sql);
  await engine.start();
});
afterAll(() => engine.dispose());

const newer: AnySaga = { ...conference, version: 2, definition: { ...conference.definition, version: 2 } };
const release = async (...sagas: AnySaga[]) => {
  const diffs = compareRelease(new SagaRegistry(sagas), { ...(await readPresent(engine.em())), workers: [] });
  const fates = diffs.flatMap(({ saga, findings }) =>
    findings.filter(({ place }) => saga === "Conference" && place === "v1").map((one) => `${one.class}: ${one.what}, ${one.touched}. ${one.todo}`),
  );
  return { isDeployable: isDeployable(diffs), fates };
};

test("a version on which a saga has ended is needed for its undo until the saga that began it has ended too", async () => {
  const [festivalId, conferenceId] = [newId(), newId()];
  answers.set(`${festivalId} SellTicketsCommand`, "later");
  await engine.transaction((em) => publish(em, occur(FestivalPlannedEvent, { festivalId, conferenceId })));
  await engine.until("Festival", festivalId, ({ state, status }) => `${state} ${status}` === "SellingTickets WAITING", "the tickets to be sold");
  expect(await engine.saga("Conference", conferenceId)).toMatchObject({ status: "COMPLETED", definitionVersion: 1 });
  const until = "until they, and the sagas that began them, have ended.";
  expect(await release(festival, newer)).toEqual({
    isDeployable: false,
    fates: [`forbidden: is not loaded, and may have to undo what it did, 1. Load v1 too ${until}`],
  });
  expect(await release(festival, conference, newer)).toEqual({ isDeployable: true, fates: [`pin: may have to undo what it did, 1. Keep v1 loaded ${until}`] });

  const run = asked.get(`${festivalId} SellTicketsCommand`) ?? "";
  await engine.transaction((em) => reply(em, run, occur(TicketsSoldEvent, { festivalId }), { messageId: "sold" }));
  await engine.until("Festival", festivalId, ({ finishedAt }) => finishedAt !== null, "the festival to end");
  expect(await release(festival, newer)).toEqual({ isDeployable: true, fates: ["safe: is gone, and no saga lives on it, 0. Nothing."] });
});
