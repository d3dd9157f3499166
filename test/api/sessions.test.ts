import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
beforeAll(async () => {
  api = await ApiTest.open();
  await api.engine.start();
});
afterAll(async () => {
  expect(await api.engine.sql("select * from ops.violation_mentoring_session")).toEqual([]);
  await api.close();
});

const SESSION = `id status type note meetingUrl outcome failure { code message } learner { id } mentor { id fullName } course { id }
  schedule { id startTime endTime timeZone } proposedSchedule { id } proposalNote proposalExpiresAt saga { id }`;
const ANSWER = `{ mentoringSession { ${SESSION} } saga { id type state status settled sequence steps { state status } subject { ... on MentoringSession { id } } } userErrors { code message field } }`;
const BOOK = `mutation Book($input: BookMentoringSessionInput!, $key: String!) { result: bookMentoringSession(input: $input, idempotencyKey: $key) ${ANSWER} }`;
const CANCEL = `mutation ($id: ID!, $note: String) { result: cancelMentoringSession(id: $id, note: $note) ${ANSWER} }`;
const RESCHEDULE = `mutation ($id: ID!, $scheduleId: ID!, $note: String!) { result: rescheduleMentoringSession(id: $id, scheduleId: $scheduleId, note: $note) ${ANSWER} }`;
const REPLY = `mutation ($id: ID!, $accept: Boolean!) { result: answerReschedule(id: $id, accept: $accept) ${ANSWER} }`;
const COMPLETE = `mutation ($id: ID!, $outcome: SessionOutcome! = HELD) { result: completeMentoringSession(id: $id, outcome: $outcome) ${ANSWER} }`;
const SHOW = `query ($id: ID!) { mentoringSession(id: $id) { ${SESSION} } }`;

interface Session {
  readonly id: string;
  readonly status: string;
  readonly saga: { readonly id: string };
  readonly [field: string]: unknown;
}
interface Result {
  readonly mentoringSession: Session | null;
  readonly saga: { readonly id: string; readonly [field: string]: unknown } | null;
  readonly userErrors: readonly { code: string; message: string; field: string[] | null }[];
}

const mutate = (mutation: string, who: Person, variables: Record<string, unknown>) => api.run<{ result: Result | null }>(mutation, variables, who);
const book = async (who: Person, input: Record<string, unknown>, key: string = newId()) =>
  (await mutate(BOOK, who, { input: { type: "VIRTUAL", ...input }, key })).data.result as Result;
const show = async (who: Person, id: string) => (await api.run<{ mentoringSession: Session | null }>(SHOW, { id }, who)).data.mentoringSession;
const errors = (result: Result | null | undefined) => result?.userErrors.map(({ code, field }) => [code, field?.join(".")]);

async function slot(mentor: Person, hours: number): Promise<string> {
  const id = newId();
  await api.engine.sql(
    `insert into schedule (id, mentor_id, during, time_zone)
     select $1, $2, tstzrange(f, f + interval '1 hour'), 'Europe/Lisbon' from (select date_trunc('hour', now()) + make_interval(mins => ($3::numeric * 60)::int) as f) x`,
    [id, mentor.id, hours],
  );
  return id;
}
async function people(): Promise<{ mentor: Person; learner: Person; courseId: string }> {
  const mentor = await api.person("MENTOR");
  return { mentor, learner: await api.person(), courseId: await api.course(mentor) };
}
async function scheduled(hours = 72) {
  const all = await people();
  const scheduleId = await slot(all.mentor, hours);
  const { mentoringSession } = await book(all.learner, { scheduleId, courseId: all.courseId });
  const id = mentoringSession?.id ?? "";
  await until(id, "SessionScheduled");
  return { ...all, id, scheduleId };
}
const until = (id: string, state: string) =>
  waitFor(async () => (await api.engine.saga("MentoringSession", id))?.state === state, { describe: () => `${id} to be ${state}` });

test("J1: a learner books a session and watches it happen, over a socket and by polling", async () => {
  const { mentor, learner, courseId } = await people();
  const [scheduleId, key] = [await slot(mentor, 72), newId()];
  const { mentoringSession, saga, userErrors } = await book(learner, { scheduleId, courseId, note: "Indexes, please." }, key);
  expect(userErrors).toEqual([]);
  expect(mentoringSession).toMatchObject({
    status: "PENDING",
    type: "VIRTUAL",
    note: "Indexes, please.",
    learner: { id: learner.id },
    mentor: { id: mentor.id },
    course: { id: courseId },
    schedule: { id: scheduleId, timeZone: "Europe/Lisbon" },
    proposedSchedule: null,
    saga: { id: saga?.id },
  });
  expect(saga).toMatchObject({
    type: "MENTORING_SESSION",
    state: "ValidatingSchedule",
    status: "RUNNING",
    settled: false,
    subject: { id: mentoringSession?.id },
  });

  const watch =
    "subscription Watch($saga: ID!, $after: Int) { sagaProgress(sagaId: $saga, afterSequence: $after) { sequence final saga { state status settled } events { sequence fromState toState status } } }";
  const seen: { sequence: number; fromState: string; toState: string; status: string }[] = [];
  const stream = api.socket(mentor).iterate({ query: watch, variables: { saga: saga?.id, after: 0 } });
  for await (const { data } of stream) {
    const { saga: now, events } = (data as { sagaProgress: { saga: { settled: boolean }; events: typeof seen } }).sagaProgress;
    seen.push(...events);
    if (now.settled) break;
  }
  expect(seen.map(({ sequence, fromState, toState, status }) => `${sequence} ${fromState} ${toState} ${status}`)).toEqual([
    "1 SessionCreated ValidatingSchedule RUNNING",
    "2 ValidatingSchedule SendingNotifications RUNNING",
    "3 SendingNotifications SessionScheduled WAITING",
  ]);

  const poll =
    "query Poll($saga: ID!, $after: Int! = 0) { saga(id: $saga) { state status settled sequence events(afterSequence: $after, first: 200) { sequence summary toState status } } }";
  const polled = await api.run<{ saga: { events: { sequence: number }[] } }>(poll, { saga: saga?.id }, learner);
  expect(polled.data.saga).toMatchObject({ state: "SessionScheduled", status: "WAITING", settled: true, sequence: 3 });
  expect(polled.data.saga.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(await show(mentor, mentoringSession?.id ?? "")).toMatchObject({ status: "SCHEDULED", meetingUrl: `https://meet.example/${mentoringSession?.id}` });

  const again = await book(learner, { scheduleId, courseId, note: "Indexes, please." }, key);
  expect([again.mentoringSession?.id, again.saga?.id]).toEqual([mentoringSession?.id, saga?.id]);
  const mismatch = await mutate(BOOK, learner, { input: { scheduleId: await slot(mentor, 80), courseId, type: "VIRTUAL" }, key });
  expect(codesOf(mismatch)).toEqual(["IDEMPOTENCY_KEY_MISMATCH"]);
});

test("J2: of two learners who want one slot, the other is told so in the same round trip, and nothing of it stays", async () => {
  const { mentor, learner, courseId } = await people();
  const other = await api.person();
  const scheduleId = await slot(mentor, 72);
  const results = await Promise.all([learner, other].map((who) => book(who, { scheduleId, courseId, note: "Me." })));
  const [lost, ...others] = results.filter(({ userErrors }) => userErrors.length > 0);
  expect(others).toEqual([]);
  expect(lost).toEqual({
    mentoringSession: null,
    saga: null,
    userErrors: [{ code: "SLOT_TAKEN", message: "Somebody else booked this slot a moment ago.", field: ["input", "scheduleId"] }],
  });
  expect(await api.engine.sql("select 1 from mentoring_session where mentor_id = $1", [mentor.id])).toHaveLength(1);

  const elsewhere = await people();
  const winner = results[0] === lost ? other : learner;
  const sameHour = await slot(elsewhere.mentor, 72);
  expect(errors(await book(winner, { scheduleId: sameHour, courseId: elsewhere.courseId }))).toEqual([["LEARNER_BUSY", "input.scheduleId"]]);
  expect(errors(await book(winner, { scheduleId: await slot(elsewhere.mentor, 5), courseId }))).toEqual([
    ["TOO_SHORT_NOTICE", "input.scheduleId"],
    ["COURSE_OF_ANOTHER_MENTOR", "input.courseId"],
  ]);
});

test("what only the process finds out is the session's failure, and the slot is open again within a second", async () => {
  const { mentor, learner, courseId } = await people();
  await api.engine.sql("update mentor_profile set max_sessions_per_week = 1 where user_id = $1", [mentor.id]);
  // Two slots of one week of the mentor's.
  const [{ hours }] = (await api.engine.sql<{ hours: number }>(
    "select (extract(epoch from (date_trunc('week', now() at time zone 'Asia/Kolkata') + interval '15 days') at time zone 'Asia/Kolkata' - date_trunc('hour', now())) / 3600)::float as hours",
  )) as [{ hours: number }];
  const [first, second] = [await slot(mentor, hours), await slot(mentor, hours + 3)];
  const kept = await book(await api.person(), { scheduleId: first, courseId });
  await until(kept.mentoringSession?.id ?? "", "SessionScheduled");
  const { mentoringSession } = await book(learner, { scheduleId: second, courseId });
  const asked = Date.now();
  const free = () => api.engine.sql("select 1 from slot_claim where schedule_id = $1 and released_at is null", [second]);
  await waitFor(async () => (await free()).length === 0);
  expect(Date.now() - asked).toBeLessThan(1_000);
  await until(mentoringSession?.id ?? "", "SessionCancelled");
  expect(await show(learner, mentoringSession?.id ?? "")).toMatchObject({ status: "CANCELLED", failure: { code: "MENTOR_WEEK_FULL" } });
});

test("J7: the mentor proposes another slot, and the learner accepts; the next one is declined", async () => {
  const { mentor, learner, id, scheduleId } = await scheduled();
  const [second, third] = [await slot(mentor, 100), await slot(mentor, 120)];
  const proposed = (await mutate(RESCHEDULE, mentor, { id, scheduleId: second, note: "I travel." })).data.result;
  expect(proposed?.mentoringSession).toMatchObject({
    status: "RESCHEDULING",
    schedule: { id: scheduleId },
    proposedSchedule: { id: second },
    proposalNote: "I travel.",
    proposalExpiresAt: expect.any(String) as string,
  });
  expect(proposed?.saga).toMatchObject({ state: "SessionScheduled", status: "WAITING" });
  const accepted = (await mutate(REPLY, learner, { id, accept: true })).data.result;
  expect(accepted?.mentoringSession).toMatchObject({ status: "SCHEDULED", schedule: { id: second }, proposedSchedule: null, proposalNote: null });
  await mutate(RESCHEDULE, mentor, { id, scheduleId: third, note: "Again." });
  expect((await mutate(REPLY, learner, { id, accept: false })).data.result?.userErrors).toEqual([]);
  await until(id, "SessionCancelled");
  expect(await show(learner, id)).toMatchObject({ status: "CANCELLED", failure: { code: "RESCHEDULE_DECLINED" } });
});

test("who may not, may not: the other side is forbidden, everybody else knows of no such session", async () => {
  const { mentor, learner, id } = await scheduled();
  const [stranger, admin, operator] = [await api.person("MENTOR"), await api.person("ADMIN"), await api.person("OPERATOR")];
  const other = await slot(mentor, 100);
  expect(codesOf(await mutate(RESCHEDULE, learner, { id, scheduleId: other, note: "No." }))).toEqual(["FORBIDDEN"]);
  expect(codesOf(await mutate(REPLY, mentor, { id, accept: true }))).toEqual(["FORBIDDEN"]);
  expect(codesOf(await mutate(COMPLETE, learner, { id }))).toEqual(["FORBIDDEN"]);
  for (const [mutation, variables] of [
    [CANCEL, { id }],
    [RESCHEDULE, { id, scheduleId: other, note: "No." }],
    [REPLY, { id, accept: true }],
    [COMPLETE, { id }],
  ] as const)
    expect(errors((await mutate(mutation, stranger, variables)).data.result)).toEqual([["NOT_FOUND", "id"]]);
  for (const who of [stranger, operator]) expect(await show(who, id)).toBeNull();
  expect((await show(admin, id))?.id).toBe(id);
  expect(codesOf(await api.run(CANCEL, { id }, null))).toEqual(["UNAUTHENTICATED"]);
  expect((await mutate(CANCEL, admin, { id, note: "House rules." })).data.result?.userErrors).toEqual([]);
  await until(id, "SessionCancelled");
  expect(await show(learner, id)).toMatchObject({
    failure: { code: "CANCELLED_BY_USER", message: "The session was cancelled by an administrator: House rules." },
  });
});

test("a session that has begun is completed by its mentor and too late to cancel", async () => {
  const { mentor, learner, id, scheduleId } = await scheduled();
  expect(errors((await mutate(COMPLETE, mentor, { id })).data.result)).toEqual([["WRONG_STATE", "id"]]);
  await api.engine.sql("update schedule set during = tstzrange(now() - interval '10 minutes', now() + interval '50 minutes') where id = $1", [scheduleId]);
  await api.engine.sql("update slot_claim k set during = d.during from schedule d where d.id = k.schedule_id and d.id = $1", [scheduleId]);
  expect(errors((await mutate(CANCEL, learner, { id })).data.result)).toEqual([["TOO_LATE_TO_CANCEL", "id"]]);
  const done = (await mutate(COMPLETE, mentor, { id, outcome: "LEARNER_NO_SHOW" })).data.result;
  expect(done?.mentoringSession).toMatchObject({ status: "COMPLETED", outcome: "LEARNER_NO_SHOW" });
  expect(done?.saga).toMatchObject({ state: "SessionCompleted", status: "COMPLETED" });
});

test("a person's sessions are listed by side and status, page by page, for nobody else; a slot shows its session to its parties", async () => {
  const { mentor, learner, courseId } = await people();
  const ids: string[] = [];
  for (const hours of [60, 63, 66]) {
    const { mentoringSession } = await book(learner, { scheduleId: await slot(mentor, hours), courseId });
    ids.unshift(mentoringSession?.id ?? "");
  }
  for (const id of ids) await until(id, "SessionScheduled");
  await mutate(CANCEL, mentor, { id: ids[0] });
  await until(ids[0] ?? "", "SessionCancelled");
  const list = `query ($as: SessionSide! = LEARNER, $status: [MentoringSessionStatus!], $first: Int! = 20, $after: String) {
    viewer { mentoringSessions(as: $as, status: $status, first: $first, after: $after) { nodes { id schedule { session { id } } } pageInfo { hasNextPage endCursor } } } }`;
  interface List {
    viewer: {
      mentoringSessions: { nodes: { id: string; schedule: { session: { id: string } | null } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
  }
  const sessions = async (who: Person, variables: Record<string, unknown>) => (await api.run<List>(list, variables, who)).data.viewer.mentoringSessions;
  const page = await sessions(learner, { first: 2 });
  expect(page.nodes.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect(page.nodes.map(({ schedule }) => schedule.session?.id ?? null)).toEqual([null, ids[1]]);
  expect((await sessions(learner, { after: page.pageInfo.endCursor })).nodes.map(({ id }) => id)).toEqual(ids.slice(2));
  expect((await sessions(mentor, { as: "MENTOR", status: ["SCHEDULED"] })).nodes.map(({ id }) => id)).toEqual(ids.slice(1));
  expect((await sessions(mentor, {})).nodes).toEqual([]);
  const peek = await api.run(
    `query ($id: ID!) { mentoringSession(id: $id) { mentor { mentoringSessions(as: MENTOR) { nodes { id } } } } }`,
    { id: ids[1] },
    learner,
  );
  expect(codesOf(peek)).toEqual(["FORBIDDEN"]);
});
