import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish, publishAll, query, reply } from "../../src/outbox/index.ts";
import * as c from "../support/conference.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../support/engine.ts";
import { festivalParticipants, prepare } from "../support/festival.ts";
import { tour, TourCalledOffEvent, TourPlannedEvent } from "../support/tour.ts";
import { waitFor } from "../support/wait.ts";

interface Tour {
  readonly tourId: string;
  readonly firstId: string;
  readonly secondId: string;
}
const TOURS = 60;
let database: TestDatabase;
/** Two processes on the same queues. */
let engines: readonly [TestEngine, TestEngine];
const { participants, answers, asked } = festivalParticipants();

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 20 });
  const options = { sagas: [tour, c.conference], participants, database, batchSize: TOURS };
  engines = [await createTestEngine(options), await createTestEngine(options)];
  await prepare(database.sql);
  for (const engine of engines) await engine.start();
});
afterAll(async () => {
  for (const engine of engines) await engine.dispose();
  await database.dispose();
});

/** Tours both of whose conferences wait for their announcement to be answered. */
async function tourMany(): Promise<readonly Tour[]> {
  const tours = Array.from({ length: TOURS }, () => ({ tourId: newId(), firstId: newId(), secondId: newId() }));
  for (const id of conferencesOf(tours)) answers.set(`${id} AnnounceCommand`, "later");
  const planned = tours.map((one) => occur(TourPlannedEvent, one));
  await database.transaction((em) => publishAll(em, planned));
  const waiting = "select count(*)::int as count from saga where type = 'Conference' and state = 'Announcing' and status = 'WAITING' and subject_id = any($1)";
  await waitUntilCount(waiting, [conferencesOf(tours)], 2 * TOURS);
  return tours;
}
const idsOf = (tours: readonly Tour[]): string[] => tours.map(({ tourId }) => tourId);
const conferencesOf = (tours: readonly Tour[]): string[] => tours.flatMap(({ firstId, secondId }) => [firstId, secondId]);

const waitUntilCount = (count: string, parameters: readonly unknown[], wanted: number) =>
  waitFor(async () => (await database.sql<{ count: number }>(count, parameters))[0]?.count === wanted, { timeoutMs: 30_000, describe: count });

/** What `work` sends to a queue stays there until `release`. */
async function held(queue: string, work: () => Promise<unknown>): Promise<{ release: () => Promise<void> }> {
  const call = { queue, actorId: OPERATOR_ID, note: "All at once" };
  await database.transaction((em) => engines[0].operations.pauseQueue(em, call));
  // Both look at what is paused when they start.
  for (const engine of engines) await engine.pause();
  for (const engine of engines) await engine.start();
  await work();
  await waitUntilCount("select count(*)::int as count from pgboss.job where name = $1 and state < 'active'", [queue], 2 * TOURS);
  return {
    async release() {
      await database.transaction((em) => engines[0].operations.resumeQueue(em, call));
      for (const { hints } of engines) hints.send("queue", [queue]);
    },
  };
}

const waitUntilTwoWait = () =>
  waitUntilCount("select least(count(*), 2)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", [], 2);

/** Of sagas in the order of their ids, one in the middle is locked until two transactions that `work` leads to wait for it, or for each other. */
const meetHalfway = (subjectIds: readonly string[], work: () => Promise<unknown>): Promise<void> =>
  database.transaction(async (em) => {
    const middle = Math.floor(subjectIds.length / 2);
    await query(em, "select from saga where id = (select id from saga where subject_id = any($1::uuid[]) order by id offset $2 limit 1) for update", [
      subjectIds,
      middle,
    ]);
    await work();
    await waitUntilTwoWait();
  });

/** A connection tells what it has met when it ends, at the latest. */
async function countDeadlocks(): Promise<number> {
  const others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
  const pids = (await database.sql<{ pid: number }>(`select pid, pg_terminate_backend(pid) ${others}`)).map(({ pid }) => pid);
  await waitUntilCount(`select count(*)::int as count ${others} and pid = any($1)`, [pids], 0);
  const [row] = await database.sql<{ deadlocks: number }>("select deadlocks::int from pg_stat_database where datname = current_database()");
  return row?.deadlocks ?? -1;
}

const states = async (tours: readonly Tour[]) =>
  (await database.sql<{ state: string }>("select distinct state from saga where subject_id = any($1)", [idsOf(tours)])).map(({ state }) => state);

test("sub-sagas that end in any order at the same time do not deadlock over the sagas that are told", async () => {
  const tours = await tourMany();
  const before = await countDeadlocks();
  const announced = (em: EntityManager, conferenceId: string) =>
    reply(em, asked.get(`${conferenceId} AnnounceCommand`) ?? "", occur(c.AnnouncedEvent, { conferenceId }));
  const reports = await held("report-conference", async () => {
    for (const { firstId } of tours) await database.transaction((em) => announced(em, firstId));
    for (const { secondId } of tours.toReversed()) await database.transaction((em) => announced(em, secondId));
  });
  await meetHalfway(idsOf(tours), reports.release);
  await engines[0].untilEnded(idsOf(tours));
  expect(await countDeadlocks()).toBe(before);
  expect(await states(tours)).toEqual(["TourHeld"]);
});

test("sub-sagas that are undone in any order do not deadlock with what else happens to them", async () => {
  const tours = await tourMany();
  const before = await countDeadlocks();
  const undos = await held("undo-conference", async () => {
    for (const { tourId } of tours.toReversed()) await database.transaction((em) => publish(em, occur(TourCalledOffEvent, { tourId })));
  });
  const calledOff = conferencesOf(tours).map((conferenceId) => occur(c.ConferenceCalledOffEvent, { conferenceId }));
  let calling: Promise<unknown> = Promise.resolve();
  await meetHalfway(conferencesOf(tours), async () => {
    calling = database.transaction((em) => publishAll(em, calledOff));
    await undos.release();
  });
  await calling;
  await engines[0].untilEnded(idsOf(tours));
  expect(await countDeadlocks()).toBe(before);
  expect(await states(tours)).toEqual(["TourDropped"]);
});

test("sagas of the same keys that are begun in any order at the same time do not deadlock", async () => {
  const planned = Array.from({ length: TOURS }, () => newId()).map((conferenceId) => occur(c.ConferencePlannedEvent, { conferenceId }));
  const before = await countDeadlocks();
  let begun: Promise<unknown> = Promise.resolve();
  await database.transaction(async (em) => {
    await publishAll(em, planned.slice(TOURS / 2, TOURS / 2 + 1));
    begun = Promise.all([planned, planned.toReversed()].map((events) => database.transaction((other) => publishAll(other, events))));
    await waitUntilTwoWait();
  });
  await begun;
  expect(await countDeadlocks()).toBe(before);
});
