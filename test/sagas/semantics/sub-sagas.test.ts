import { newId } from "../../../src/kernel/ids.ts";
import { occur, publish, reply, type EventMessage } from "../../../src/outbox/index.ts";
import { SagaExplainer, SagaRegistry, type SagaView } from "../../../src/sagas/engine/index.ts";
import * as c from "../../support/conference.ts";
import { conference } from "../../support/conference.ts";
import { createTestEngine, type TestEngine } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";
import * as f from "../../support/festival.ts";
import { festival } from "../../support/festival.ts";
import * as tours from "../../support/tour.ts";

let engine: TestEngine;
const { participants, answers, asked } = f.festivalParticipants();

beforeAll(async () => {
  engine = await createTestEngine({ sagas: [festival, conference, tours.tour], participants });
  await f.prepare(engine.sql);
  await engine.start();
});
afterAll(() => engine.dispose());

interface Plan {
  readonly festivalId: string;
  readonly conferenceId: string;
}
async function plan(of: { festival?: Record<string, string>; conference?: Record<string, string> } = {}, conferenceId = newId()): Promise<Plan> {
  const festivalId = newId();
  for (const [name, answer] of Object.entries(of.festival ?? {})) answers.set(`${festivalId} ${name}`, answer);
  for (const [name, answer] of Object.entries(of.conference ?? {})) answers.set(`${conferenceId} ${name}`, answer);
  await engine.transaction((em) => publish(em, occur(f.FestivalPlannedEvent, { festivalId, conferenceId })));
  return { festivalId, conferenceId };
}
const say = (event: EventMessage) => engine.transaction((em) => publish(em, event));
const until = (type: string, key: string, is: (saga: SagaView) => boolean): Promise<SagaView> => engine.until(type, key, is, `${type} ${is.toString()}`);
const ended = (type: string, key: string): Promise<SagaView> => until(type, key, ({ finishedAt }) => finishedAt !== null);
const done = async ({ festivalId, conferenceId }: Plan): Promise<string[]> =>
  (await engine.sql<{ name: string }>("select name from done where key in ($1, $2) order by id", [festivalId, conferenceId])).map(({ name }) => name);
const runsOf = (conferenceId: string) =>
  engine.sql<{ run_number: number; state: string; status: string; reason: string | null }>(
    "select run_number, state, status, reason from saga where subject_id = $1 order by run_number",
    [conferenceId],
  );

test("a saga begins another one as a step, waits for its end, and goes on with its data", async () => {
  const both = await plan();
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalHeld", status: "COMPLETED" });
  const { id: parentId } = await ended("Festival", both.festivalId);
  const sub = await ended("Conference", both.conferenceId);
  expect(sub).toMatchObject({ state: "ConferenceAnnounced", parentId });
  expect(await engine.reader.findSubSagas(engine.em(), [parentId, sub.id])).toEqual(new Map([[parentId, [sub]]]));
  const [sold] = await engine.sql("select payload from done where key = $1 and name = 'SellTicketsCommand'", [both.festivalId]);
  expect(sold).toEqual({ payload: { festivalId: both.festivalId, menu: "mixed" } });
});

test("where the sub-saga fails, it has undone itself, and the saga undoes what came before it", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "SpeakersDeclinedEvent" } });
  expect(await ended("Festival", both.festivalId)).toMatchObject({
    state: "FestivalDropped",
    status: "FAILED",
    reason: { message: "There is no conference." },
  });
  expect((await done(both)).slice(-2)).toEqual(["ReleaseVenueCommand", "ReturnPermitCommand"]);
  expect(await runsOf(both.conferenceId)).toMatchObject([{ run_number: 1, state: "ConferenceDropped" }]);
});

test("one that had ended well is undone by a run of its own when the saga fails later, before what came before it; its end stays what it was", async () => {
  const both = await plan({ festival: { SellTicketsCommand: "NobodyCameEvent" } });
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalDropped", status: "FAILED", reason: { message: "Nobody came." } });
  expect(await runsOf(both.conferenceId)).toEqual([
    { run_number: 1, state: "ConferenceAnnounced", status: "COMPLETED", reason: null },
    { run_number: 2, state: "ConferenceDropped", status: "CANCELLED", reason: "UndoneWithParent" },
  ]);
  const names = await done(both);
  expect(names.slice(-4, -2).toSorted()).toEqual(["DismissCatererCommand", "UninviteSpeakersCommand"]);
  expect(names.slice(-2)).toEqual(["ReleaseVenueCommand", "ReturnPermitCommand"]);
  const second = await ended("Conference", both.conferenceId);
  expect(second).toMatchObject({
    remains: [
      { state: "PrintingBadges", why: "IRREVERSIBLE" },
      { state: "Announcing", why: "IRREVERSIBLE" },
    ],
  });
});

test("one that is under way is undone where it stands when the saga is interrupted, and the saga waits for that", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "later", ReleaseVenueCommand: "breaks" } });
  await until("Conference", both.conferenceId, ({ status }) => status === "WAITING");
  await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  expect(await say(occur(f.FestivalForbiddenEvent, { festivalId: both.festivalId }))).toMatchObject({ fate: "applied" });
  await until("Conference", both.conferenceId, ({ status, nextAttemptAt }) => status === "COMPENSATING" && nextAttemptAt !== null);
  const waiting = await until("Festival", both.festivalId, ({ status }) => status === "COMPENSATING");
  expect(await done(both)).not.toContain("ReturnPermitCommand");
  answers.delete(`${both.conferenceId} ReleaseVenueCommand`);
  await engine.skipWaits();
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalDropped", status: "CANCELLED", id: waiting.id });
  expect((await done(both)).slice(-2)).toEqual(["ReleaseVenueCommand", "ReturnPermitCommand"]);
  expect(await runsOf(both.conferenceId)).toEqual([{ run_number: 1, state: "ConferenceDropped", status: "CANCELLED", reason: "UndoneWithParent" }]);
});

test("one that cannot begin, because its key has a saga already, is refused, and the other saga is left alone", async () => {
  const conferenceId = newId();
  answers.set(`${conferenceId} InviteSpeakersCommand`, "later");
  await say(occur(c.ConferencePlannedEvent, { conferenceId }));
  const both = await plan({}, conferenceId);
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalDropped", reason: { message: "There is no conference." } });
  const other = await until("Conference", conferenceId, ({ status }) => status === "WAITING");
  const answer = occur(c.SpeakersInvitedEvent, { conferenceId, all: true });
  await engine.transaction((em) => reply(em, asked.get(`${conferenceId} InviteSpeakersCommand`) ?? "", answer, { messageId: "yes" }));
  expect(await ended("Conference", conferenceId)).toMatchObject({ id: other.id, status: "COMPLETED" });
});

test("while it waits, the explanation names the sub-saga and how that stands", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "later" } });
  const sub = await until("Conference", both.conferenceId, ({ status }) => status === "WAITING");
  const saga = await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  const explained = async () => (await new SagaExplainer().explain(engine.em(), engine.registry, [saga.id])).get(saga.id);
  expect(await explained()).toMatchObject({
    cause: "WAITING_FOR_EVENT",
    summary: expect.stringContaining(`waits for the Conference ${sub.id}, which is WAITING in PreparingConference,`),
  });
  answers.set(`${both.conferenceId} ReleaseVenueCommand`, "breaks");
  await say(occur(f.FestivalForbiddenEvent, { festivalId: both.festivalId }));
  await until("Conference", both.conferenceId, ({ status, nextAttemptAt }) => status === "COMPENSATING" && nextAttemptAt !== null);
  await until("Festival", both.festivalId, ({ status }) => status === "COMPENSATING");
  expect(await explained()).toMatchObject({
    cause: "WAITING_FOR_EVENT",
    summary: expect.stringContaining(`The undo of HostingConference waits for the Conference ${sub.id}, which is COMPENSATING`),
  });
});

test("of several sub-sagas at a time, the explanation names that of the step, or undo, that it tells about", async () => {
  const [tourId, firstId, secondId] = [newId(), newId(), newId()];
  for (const id of [firstId, secondId]) answers.set(`${id} InviteSpeakersCommand`, "later");
  await say(occur(tours.TourPlannedEvent, { tourId, firstId, secondId }));
  const first = await until("Conference", firstId, ({ status }) => status === "WAITING");
  const second = await until("Conference", secondId, ({ status }) => status === "WAITING");
  const { id } = await until("Tour", tourId, ({ status }) => status === "WAITING");
  const explained = async () => (await new SagaExplainer().explain(engine.em(), engine.registry, [id])).get(id);
  // Whichever was begun last.
  for (const latest of [first, second]) {
    await engine.sql("update saga set started_at = case id when $1 then now() else now() - interval '1 hour' end where parent_id = $2", [latest.id, id]);
    expect((await explained())?.summary).toMatch(new RegExp(`^HostingSecond waits for the Conference ${second.id}, which is WAITING`));
  }
  const lost = async (state: string, letter: string) =>
    engine.sql(
      `insert into dead_letter (id, queue, message, payload, attempts, reason_code, reason_message, detail)
       select $1, 'report-conference', 'ReportConferenceCommand', jsonb_build_object('parentId', id, 'runId', run ->> 'id'), 10, 'INTERNAL', 'No process had its version.', ''
       from saga, jsonb_array_elements(runs) run where id = $2 and run ->> 'state' = $3`,
      [letter, id, state],
    );
  const [ofFirst, ofSecond] = [newId(), newId()];
  await lost("HostingFirst", ofFirst);
  expect(await explained()).toMatchObject({ summary: expect.stringContaining(second.id), remedies: [] });
  await lost("HostingSecond", ofSecond);
  expect(await explained()).toMatchObject({
    summary: expect.stringContaining("HostingSecond waits for word of the end of its sub-saga, which could not be delivered"),
    remedies: [{ mutation: "redriveDeadLetters", arguments: { filter: { ids: [ofSecond] } } }],
  });
  for (const key of [firstId, secondId]) answers.set(`${key} ReleaseVenueCommand`, "breaks");
  await say(occur(tours.TourCalledOffEvent, { tourId }));
  for (const key of [firstId, secondId]) await until("Conference", key, ({ status, nextAttemptAt }) => status === "COMPENSATING" && nextAttemptAt !== null);
  await waitFor(async () => (await explained())?.cause === "WAITING_FOR_EVENT", { describe: "both undos to wait" });
  for (const latest of [first, second]) {
    await engine.sql("update saga set started_at = case id when $1 then now() else now() - interval '1 hour' end where parent_id = $2", [latest.id, id]);
    expect((await explained())?.summary).toMatch(new RegExp(`^The undo of HostingSecond waits for the Conference ${second.id}, which is COMPENSATING`));
  }
});

test("an operator who undid a sub-saga by hand says so, and what that reports later changes nothing", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "later", ReleaseVenueCommand: "breaks" } });
  await until("Conference", both.conferenceId, ({ status }) => status === "WAITING");
  const { id } = await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  await engine.act(id, { kind: "cancel" });
  await until("Conference", both.conferenceId, ({ nextAttemptAt }) => nextAttemptAt !== null);
  await until("Festival", both.festivalId, ({ status }) => status === "COMPENSATING");
  await engine.act(id, { kind: "complete", reply: null, payload: null }, { note: "The hall was burnt down." });
  await ended("Festival", both.festivalId);
  answers.delete(`${both.conferenceId} ReleaseVenueCommand`);
  await engine.skipWaits();
  await ended("Conference", both.conferenceId);
  const fates = () => engine.sql<{ fate: string }>("select fate from saga_event where saga_id = $1 and message = 'ConferenceEndedEvent'", [id]);
  await waitFor(async () => (await fates()).length > 0, { describe: "the report of the conference" });
  expect(await fates()).toEqual([{ fate: "late" }]);
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalDropped", status: "CANCELLED" });
});

test("a step that is begun again while its sub-saga is under way waits for that one", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "later" } });
  const sub = await until("Conference", both.conferenceId, ({ status }) => status === "WAITING");
  const { id } = await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  // As after a deadline that asks an operator.
  await engine.sql(
    "update saga set status = 'STUCK', deadline_at = null, runs = jsonb_set(runs, '{1,status}', '\"parked\"') where id = $1 and runs -> 1 ->> 'state' = 'HostingConference'",
    [id],
  );
  await engine.act(id, { kind: "retry" });
  await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  const answer = occur(c.SpeakersInvitedEvent, { conferenceId: both.conferenceId, all: true });
  await engine.transaction((em) => reply(em, asked.get(`${both.conferenceId} InviteSpeakersCommand`) ?? "", answer, { messageId: "again" }));
  expect(await ended("Festival", both.festivalId)).toMatchObject({ state: "FestivalHeld" });
  expect(await ended("Conference", both.conferenceId)).toMatchObject({ id: sub.id, status: "COMPLETED" });
});

test("a report that could not be delivered is told, with how to deliver it", async () => {
  const both = await plan({ conference: { InviteSpeakersCommand: "later" } });
  await until("Conference", both.conferenceId, ({ status }) => status === "WAITING");
  const { id } = await until("Festival", both.festivalId, ({ status }) => status === "WAITING");
  const letter = newId();
  await engine.sql(
    `insert into dead_letter (id, queue, message, payload, attempts, reason_code, reason_message, detail)
     select $1, 'report-conference', 'ReportConferenceCommand', jsonb_build_object('parentId', id, 'runId', runs -> 1 ->> 'id'), 10, 'INTERNAL', 'No process had its version.', ''
     from saga where id = $2 and runs -> 1 ->> 'state' = 'HostingConference'`,
    [letter, id],
  );
  expect((await new SagaExplainer().explain(engine.em(), engine.registry, [id])).get(id)).toMatchObject({
    cause: "WAITING_FOR_EVENT",
    summary: expect.stringContaining("which could not be delivered and is a dead letter"),
    remedies: [{ mutation: "redriveDeadLetters", arguments: { filter: { ids: [letter] } } }],
  });
});

describe("a definition is refused", () => {
  test("that begins a saga which is not registered", () => {
    expect(() => new SagaRegistry([festival])).toThrow("Festival v1: HostingConference begins Conference, which is not registered. Register it too.");
  });

  test("that does not say what an end of a newer version means", () => {
    const newer = {
      ...conference,
      definition: { ...conference.definition, version: 2, finals: { ...conference.definition.finals, ConferenceMoved: "failed" } },
    };
    expect(() => new SagaRegistry([festival, conference, newer as never])).toThrow(
      "Festival v1: HostingConference begins Conference, whose v2 may end as ConferenceMoved, and does not say what that means. Add it to onEnd.",
    );
  });

  test("that begins a saga by another event than it starts on", () => {
    const nodes = new Map(festival.definition.nodes);
    const node = nodes.get("HostingConference") as never as object;
    nodes.set("HostingConference", { ...node, begins: { saga: "Conference", start: "VenueBookedEvent", maps: [] } } as never);
    expect(() => new SagaRegistry([{ ...festival, definition: { ...festival.definition, nodes } }, conference])).toThrow(
      "begins Conference by VenueBookedEvent, but that starts on ConferencePlannedEvent. Name ConferencePlannedEvent.",
    );
  });
});
