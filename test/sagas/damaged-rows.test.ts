import { newId } from "../../src/kernel/ids.ts";
import { occur, publish } from "../../src/outbox/index.ts";
import { readPresent, SagaExplainer } from "../../src/sagas/engine/index.ts";
import { countUnloaded } from "../../src/sagas/engine/store.ts";
import { conference } from "../support/conference.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../support/engine.ts";
import { festival, FestivalForbiddenEvent, FestivalPlannedEvent, festivalParticipants, prepare } from "../support/festival.ts";

// Somebody has edited the row of one saga by hand. The others go on as if it were not there.

let engine: TestEngine;
const { participants, answers } = festivalParticipants();
beforeAll(async () => {
  engine = await createTestEngine({ sagas: [festival, conference], participants });
  await prepare(engine.sql);
  await engine.start();
});
afterAll(() => engine.dispose({ damaged: "rows of sagas are edited by hand" }));

async function waiting(): Promise<{ readonly festivalId: string; readonly id: string }> {
  const [festivalId, conferenceId] = [newId(), newId()];
  answers.set(`${festivalId} AskPermitCommand`, "later").set(`${festivalId} ReturnPermitCommand`, "breaks");
  await engine.transaction((em) => publish(em, occur(FestivalPlannedEvent, { festivalId, conferenceId })));
  const { id } = await engine.until("Festival", festivalId, ({ status }) => status === "WAITING", "the permit to be asked for");
  return { festivalId, id };
}

test.each([
  ["runs that are no list", `'{"a": 1}'`],
  ["runs that are a number", "'3'"],
  ["a run of a version that is none", `jsonb_set(runs, '{0,made}', '{"version": "one", "data": {}}')`],
  ["a run of a version that is a text", `jsonb_set(runs, '{0,made}', '{"version": "1", "data": {}}')`],
  ["a run with an id that is none", `jsonb_set(runs, '{0,id}', '"nonsense"')`],
])("%s", async (_what, runs) => {
  const [damaged, sound] = [await waiting(), await waiting()];
  await engine.transaction((em) => publish(em, occur(FestivalForbiddenEvent, { festivalId: damaged.festivalId })));
  await engine.until("Festival", damaged.festivalId, ({ status }) => status === "COMPENSATING", "the permit to be returned");
  const queue = { queue: "ask-permit", actorId: OPERATOR_ID, note: "The office moves." };
  await engine.transaction((em) => engine.operations.pauseQueue(em, queue));
  await engine.sql(`update saga set runs = ${runs} where id = $1`, [damaged.id]);
  const told = await new SagaExplainer().explain(engine.em(), engine.registry, [damaged.id, sound.id]);
  expect([told.has(damaged.id), told.get(sound.id)?.cause]).toEqual([true, "WAITING_FOR_EVENT"]);

  // It looks as if its timer had passed, on a queue that is paused.
  await engine.sql("update saga set status = 'RUNNING', deadline_at = clock_timestamp() - interval '1 hour' where id = $1", [damaged.id]);
  await engine.sql("update saga set deadline_at = clock_timestamp() where id = $1", [sound.id]);
  await engine.until("Festival", sound.festivalId, ({ status }) => status === "COMPENSATING", "its timer to pass");
  await engine.transaction((em) => engine.operations.resumeQueue(em, queue));
  expect(await countUnloaded(engine.em(), engine.registry)).toEqual([]);
  expect((await readPresent(engine.em())).undoing).toEqual([]);
  await engine.sql("update saga set deadline_at = null, status = 'STUCK' where id = $1", [damaged.id]);
});
