import { newId } from "../../../src/kernel/ids.ts";
import { occur, publish, reply } from "../../../src/outbox/index.ts";
import { compareRelease, isDeployable, readPresent, SagaExplainer, SagaRegistry, type AnySaga, type SagaMigration } from "../../../src/sagas/engine/index.ts";
import { conference, SpeakersInvitedEvent } from "../../support/conference.ts";
import { createTestDatabase } from "../../support/database.ts";
import { createTestEngine, createTestProcess, type TestEngine } from "../../support/engine.ts";
import { festival, FestivalForbiddenEvent, FestivalPlannedEvent, festivalParticipants, prepare, TicketsSoldEvent } from "../../support/festival.ts";
import { waitFor } from "../../support/wait.ts";

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

test("what a saga did before it was moved, and has ended since, is undone by a process that has loaded the version that did it", async () => {
  const shared = await createTestDatabase();
  await prepare(shared.sql);
  const toNewer = { name: "Conference", fromVersion: 1, toVersion: 2, states: {}, data: (data: unknown) => data };
  let process = await createTestProcess({ sagas: [festival, conference], participants, database: shared });
  try {
    const follow = async (sagas: readonly AnySaga[], migrations: readonly SagaMigration[] = []): Promise<void> => {
      await process.dispose();
      process = await createTestProcess({ sagas, migrations, participants, database: shared });
      await process.start();
    };
    const reach = (type: string, subjectId: string, place: string) =>
      process.until(type, subjectId, ({ state, status }) => `${state} ${status}` === place, `the ${type} to be ${place}`);
    const [festivalId, conferenceId] = [newId(), newId()];
    answers.set(`${conferenceId} InviteSpeakersCommand`, "later").set(`${festivalId} SellTicketsCommand`, "later");
    await process.start();
    await process.transaction((em) => publish(em, occur(FestivalPlannedEvent, { festivalId, conferenceId })));
    const invited = () => Promise.resolve(asked.has(`${conferenceId} InviteSpeakersCommand`));
    await waitFor(invited, { describe: () => "the speakers to be invited" });
    const { id } = await reach("Conference", conferenceId, "PreparingConference WAITING");

    await follow([festival, conference, newer], [toNewer]);
    await process.act(id, { kind: "migrate", toVersion: 2 });
    const run = asked.get(`${conferenceId} InviteSpeakersCommand`) ?? "";
    await process.transaction((em) => reply(em, run, occur(SpeakersInvitedEvent, { conferenceId, all: true }), { messageId: newId() }));
    await reach("Festival", festivalId, "SellingTickets WAITING");
    expect(await process.saga("Conference", conferenceId)).toMatchObject({ status: "COMPLETED", definitionVersion: 2 });

    await follow([festival, newer]);
    await process.transaction((em) => publish(em, occur(FestivalForbiddenEvent, { festivalId })));
    const { id: festivalSaga } = await reach("Festival", festivalId, "SellingTickets COMPENSATING");
    const told = async () => (await new SagaExplainer().explain(process.em(), process.registry, [festivalSaga])).get(festivalSaga);
    await waitFor(
      async () => (await told())?.cause === "VERSION_NOT_LOADED" && (await shared.sql("select from pgboss.job where name = 'undo-conference'")).length > 0,
      {
        describe: told,
      },
    );
    expect((await told())?.summary).toContain(
      `undoes what the Conference ${id} did by Conference v2 and Conference v1, and no process that is alive has loaded these (1 worker alive: `,
    );

    await follow([festival, conference, newer]);
    await reach("Festival", festivalId, "FestivalDropped CANCELLED");
    expect(await shared.sql("select summary from saga_event where kind = 'ATTEMPT_FAILED'")).toEqual([]);
    const undone = await shared.sql<{ name: string }>("select name from done where key = any($1) and name ~ '^(Release|Dismiss|Uninvite|Return)' order by id", [
      [festivalId, conferenceId],
    ]);
    expect(undone.map(({ name }) => name)).toEqual(["UninviteSpeakersCommand", "DismissCatererCommand", "ReleaseVenueCommand", "ReturnPermitCommand"]);
  } finally {
    await process.dispose();
    await shared.dispose();
  }
});
