import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { QueueSampler } from "../../src/outbox/queue-samples.ts";
import { screamingSnake } from "../../src/schema/sagas/enums.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
let [operator, mentor]: Person[] = [];
let course = "";

beforeAll(async () => {
  api = await ApiTest.open();
  operator = await api.person("OPERATOR");
  mentor = await api.person("MENTOR");
  course = await api.course(mentor);
  await api.engine.start();
});
afterEach(() => api.faults.clear());
afterAll(() => api.close());

const ask = async <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
  const answer = await api.run<Data>(query, variables, operator);
  expect(answer.errors).toBeUndefined();
  return answer.data;
};

const untilStatus = (sagaId: string, status: string) =>
  waitFor(async () => (await api.engine.reader.findById(api.engine.em(), [sagaId])).get(sagaId)?.status === status);

const enroll = async (): Promise<string> => (await api.enroll(await api.person(), course)).sagaId;

interface State {
  readonly state: string;
  readonly kind: string;
  readonly compensation: string | null;
  readonly row: number;
  readonly column: number;
}
interface Transition {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly reason: string | null;
}

test("a definition is told as it is drawn: the main path in a row, the undos in reverse, the final behind them", async () => {
  const { sagaDefinition } = await ask<{ sagaDefinition: { version: number; states: State[]; transitions: Transition[] } }>(
    `{ sagaDefinition(type: COURSE_ENROLLMENT) { version states { state kind compensation row column } transitions { from to kind reason } } }`,
  );
  expect(sagaDefinition.states).toMatchObject([
    { state: "EnrollmentInitiated", kind: "START", row: 0, column: 0 },
    { state: "CheckingCapacity", kind: "STEP", compensation: "ReleaseSeatCommand", row: 0, column: 1 },
    { state: "ConfirmingEnrollment", kind: "STEP", row: 0, column: 2 },
    { state: "EnrollmentConfirmed", kind: "MILESTONE", compensation: null, row: 0, column: 3 },
    { state: "SendingWelcomeEmail", kind: "STEP", row: 0, column: 4 },
    { state: "GrantingAccess", kind: "STEP", row: 0, column: 5 },
    { state: "EnrollmentCompleted", kind: "FINAL", row: 0, column: 6 },
    { state: "EnrollmentFailed", kind: "FINAL", row: 1, column: 0 },
  ]);
  const ways = (kind: string) => sagaDefinition.transitions.filter((one) => one.kind === kind).map(({ from, to }) => `${from} > ${to}`);
  expect(ways("UNDO")).toEqual([
    "CheckingCapacity > EnrollmentFailed",
    "ConfirmingEnrollment > CheckingCapacity",
    "SendingWelcomeEmail > ConfirmingEnrollment",
    "GrantingAccess > SendingWelcomeEmail",
  ]);
  expect(ways("NEXT")).toEqual([
    "EnrollmentInitiated > CheckingCapacity",
    "CheckingCapacity > ConfirmingEnrollment",
    "ConfirmingEnrollment > EnrollmentConfirmed",
    "EnrollmentConfirmed > SendingWelcomeEmail",
    "SendingWelcomeEmail > GrantingAccess",
    "GrantingAccess > EnrollmentCompleted",
  ]);
  expect(sagaDefinition.transitions).toContainEqual({ from: "CheckingCapacity", to: "EnrollmentFailed", kind: "FAIL", reason: "NoCapacity" });
});

test("a definition tells the outcomes of every state, its undo path, and its drawing as text", async () => {
  const { sagaDefinition } = await ask<{
    sagaDefinition: { states: { state: string; outcomes: object[] }[]; undoPath: { state: string; compensation: string }[]; mermaid: string };
  }>(
    `{ sagaDefinition(type: APPLICATION_REQUEST) { states { state outcomes { on kind to reason times interrupt } } undoPath { state compensation } mermaid } }`,
  );
  const none = { to: null, reason: null, times: null, interrupt: false };
  expect(sagaDefinition.states.find(({ state }) => state === "UnderReview")?.outcomes).toEqual([
    { ...none, on: "ApplicationInfoRequestedEvent", kind: "STAY" },
    { ...none, on: "ApplicationReviewerChangedEvent", kind: "STAY" },
    { ...none, on: "ApplicationReviewerLeftEvent", kind: "GO", to: "AssigningReviewer" },
    { ...none, on: "ApplicationResubmittedEvent", kind: "GO", to: "ValidatingDocuments" },
    { ...none, on: "ApplicationApprovedEvent", kind: "NEXT", to: "SendingNotification" },
    { ...none, on: "ApplicationRejectedEvent", kind: "NEXT", to: "SendingNotification" },
    { ...none, on: "deadline", kind: "LOOP", to: "AssigningReviewer", times: 2 },
    { ...none, on: "deadline after 2 loops", kind: "FAIL", to: "ApplicationRejected", reason: "ReviewTimedOut" },
    { ...none, on: "ApplicationWithdrawnEvent", kind: "FAIL", to: "ApplicationRejected", reason: "Withdrawn", interrupt: true },
  ]);
  expect(sagaDefinition.undoPath).toEqual([
    { state: "AssigningReviewer", compensation: "UnassignReviewerCommand" },
    { state: "RequestingBackgroundCheck", compensation: "CancelBackgroundCheckCommand" },
  ]);
  expect(sagaDefinition.mermaid).toMatch(/^flowchart TB\n/);
});

test("every definition is drawn without two states in one place, and every way leads from one of its states to another", async () => {
  const { sagaDefinitions } = await ask<{ sagaDefinitions: { type: string; states: State[]; transitions: Transition[] }[] }>(
    "{ sagaDefinitions { type states { state row column } transitions { from to } } }",
  );
  expect(sagaDefinitions.map(({ type }) => type)).toEqual(api.engine.registry.types().map(screamingSnake).toSorted());
  for (const { states, transitions } of sagaDefinitions) {
    expect(new Set(states.map(({ row, column }) => `${row} ${column}`)).size).toBe(states.length);
    const names = states.map(({ state }) => state);
    for (const { from, to } of transitions) expect([names.includes(from), names.includes(to)]).toEqual([true, true]);
  }
});

interface Attempt {
  readonly state: string;
  readonly isUndo: boolean;
  readonly number: number;
  readonly outcome: string;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly reason: { readonly code: string } | null;
}
const attemptsOf = async (id: string): Promise<Attempt[]> =>
  (
    await ask<{ saga: { attempts: Attempt[] } }>(
      "query ($id: ID!) { saga(id: $id) { attempts { state isUndo number outcome queuedAt startedAt finishedAt reason { code } } } }",
      { id },
    )
  ).saga.attempts;
const told = (attempts: readonly Attempt[]) => attempts.map(({ state, isUndo, number, outcome }) => `${isUndo ? "undo of " : ""}${state} ${number} ${outcome}`);

test("the attempts of a saga are told with their times, those of undos among them", async () => {
  api.faults.set("ConfirmEnrollmentCommand", new Transient("busy"));
  api.faults.set("GrantCourseAccessCommand", new Permanent("no such room"));
  const id = await enroll();
  await untilStatus(id, "RETRYING");
  api.faults.delete("ConfirmEnrollmentCommand");
  await untilStatus(id, "STUCK");
  const before = await attemptsOf(id);
  const [row] = await api.engine.sql<{ failed: number }>(
    `select count(*)::int - 1 as failed from saga_event where saga_id = '${id}' and kind = 'ATTEMPT_FAILED'`,
  );
  const failed = row?.failed ?? 0;
  expect(told(before)).toEqual([
    "CheckingCapacity 1 ANSWERED",
    ...Array.from({ length: failed }, (_, index) => `ConfirmingEnrollment ${index + 1} FAILED`),
    `ConfirmingEnrollment ${failed + 1} ANSWERED`,
    "SendingWelcomeEmail 1 ANSWERED",
    "GrantingAccess 1 FAILED",
  ]);
  await ask('mutation ($id: ID!) { cancelSaga(id: $id, note: "The room is gone") { userErrors { code } } }', { id });
  await untilStatus(id, "CANCELLED");
  const attempts = await attemptsOf(id);
  expect(told(attempts).slice(before.length)).toEqual([
    "undo of GrantingAccess 1 ANSWERED",
    "undo of SendingWelcomeEmail 1 ANSWERED",
    "undo of ConfirmingEnrollment 1 ANSWERED",
    "undo of CheckingCapacity 1 ANSWERED",
  ]);
  for (const { queuedAt, startedAt, finishedAt } of attempts) {
    expect(startedAt).not.toBeNull();
    expect(new Date(startedAt ?? 0).getTime()).toBeLessThanOrEqual(new Date(finishedAt ?? 0).getTime());
    expect(new Date(queuedAt).getTime()).toBeLessThanOrEqual(new Date(finishedAt ?? 0).getTime());
  }
  expect(attempts.filter(({ outcome }) => outcome === "FAILED").map(({ reason }) => reason === null)).toEqual(Array.from({ length: failed + 1 }, () => false));
});

test("an attempt that waits for its turn is open, and is due when the saga says", async () => {
  api.faults.set("SendWelcomeEmailCommand", new Transient("421 too many connections"));
  const id = await enroll();
  await untilStatus(id, "RETRYING");
  const [open] = (await attemptsOf(id)).slice(-1);
  const { saga } = await ask<{ saga: { nextAttemptAt: string; attempt: number } }>("query ($id: ID!) { saga(id: $id) { nextAttemptAt attempt } }", { id });
  expect(open).toMatchObject({ state: "SendingWelcomeEmail", number: saga.attempt, outcome: "OPEN", queuedAt: saga.nextAttemptAt, finishedAt: null });
});

test("what happened is counted stretch by stretch, of one process or all", async () => {
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const id = await enroll();
  await untilStatus(id, "COMPLETED");
  api.faults.set("CheckCourseCapacityCommand", new Permanent("broken"));
  const stuck = await enroll();
  await untilStatus(stuck, "STUCK");
  const counted = async (type: string | null) => {
    const { sagaMetrics } = await ask<{ sagaMetrics: Record<string, number | null>[] }>(
      `query ($from: DateTime!, $to: DateTime!, $type: SagaType) {
        sagaMetrics(from: $from, to: $to, everySeconds: 1200, type: $type) { started completed failed cancelled becameStuck failedAttempts firstAttempt settledP50Ms settledP95Ms }
      }`,
      { from, to: new Date(Date.now() + 60_000).toISOString(), type },
    );
    expect(sagaMetrics).toHaveLength(4);
    return sagaMetrics;
  };
  const [all, ofEnrollments, ofSessions] = await Promise.all([counted(null), counted("COURSE_ENROLLMENT"), counted("MENTORING_SESSION")]);
  expect(all).toEqual(ofEnrollments);
  const sum = (metrics: Record<string, number | null>[], field: string): number => metrics.reduce((total, one) => total + (one[field] ?? 0), 0);
  const [rows] = await api.engine.sql<Record<string, number>>(
    `select count(*)::int as started, count(*) filter (where status = 'COMPLETED')::int as completed, count(*) filter (where status = 'CANCELLED')::int as cancelled from saga`,
  );
  for (const field of ["started", "completed", "cancelled"]) expect(sum(all, field)).toBe(rows?.[field]);
  expect(sum(all, "becameStuck")).toBeGreaterThanOrEqual(1);
  expect(sum(all, "failedAttempts")).toBeGreaterThanOrEqual(1);
  expect(sum(all, "firstAttempt")).toBeGreaterThanOrEqual(1);
  expect(sum(all, "settledP50Ms")).toBeGreaterThan(0);
  expect(sum(ofSessions, "started")).toBe(0);
});

test.each([
  ["from that is not before to", { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z", every: 60 }, "from has to be before to"],
  ["too many stretches", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", every: 10 }, "everySeconds has to be 87 at least"],
  ["no length", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", every: 0 }, "everySeconds is 1 or more, not 0"],
])("metrics with %s are refused in words", async (_what, variables, words) => {
  const answer = await api.run(
    "query ($from: DateTime!, $to: DateTime!, $every: Int!) { sagaMetrics(from: $from, to: $to, everySeconds: $every) { started } }",
    variables,
    operator,
  );
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
  expect(answer.errors?.[0]?.message).toContain(words);
});

test("dead letters that say the same are one group, whatever ids and numbers they name, and a filter finds them by it", async () => {
  const bury = (reason: string, queue = "grouped") =>
    api.engine.sql(
      `insert into dead_letter (id, queue, message, saga_type, subject_id, payload, attempts, reason_code, reason_message, detail)
       values ('${newId()}', '${queue}', 'ProbeCommand', 'CourseEnrollment', '${newId()}', '{}', 3, 'INTERNAL', '${reason}', 'x')`,
    );
  for (let index = 0; index < 3; index++) await bury(`Room ${index} of ${newId()} is locked`);
  await bury("Something else");
  const { deadLetterGroups } = await ask<{ deadLetterGroups: { pattern: string; count: number; example: string; history: number[] }[] }>(
    '{ deadLetterGroups(filter: { queue: "grouped" }) { pattern count example history } }',
  );
  expect(deadLetterGroups.map(({ pattern, count }) => [pattern, count])).toEqual([
    ["Room # of # is locked", 3],
    ["Something else", 1],
  ]);
  expect(deadLetterGroups[0]?.example).toMatch(/^Room 2 of [0-9a-f-]{36} is locked$/);
  for (const { history, count } of deadLetterGroups) expect([history.length, history.reduce((sum, one) => sum + one, 0)]).toEqual([12, count]);
  const { deadLetters } = await ask<{ deadLetters: { nodes: unknown[] } }>(
    "query ($pattern: String!) { deadLetters(filter: { pattern: $pattern }) { nodes { id } } }",
    { pattern: "Room # of # is locked" },
  );
  expect(deadLetters.nodes).toHaveLength(3);
});

interface Sample {
  readonly at: string;
  readonly ready: number;
  readonly deferred: number;
  readonly active: number;
  readonly oldestReadySeconds: number;
}
const historyOf = async (queue: string, from: string, everySeconds: number): Promise<Sample[]> => {
  const { queues } = await ask<{ queues: { name: string; history: Sample[] }[] }>(
    `query ($from: DateTime!, $everySeconds: Int!) {
      queues { name history(from: $from, everySeconds: $everySeconds) { at ready deferred active oldestReadySeconds } }
    }`,
    { from, everySeconds },
  );
  return queues.find(({ name }) => name === queue)?.history ?? [];
};
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

test("the depths of the queues are written down as they are, once for each instant, however many processes there are", async () => {
  await ask('mutation { pauseQueue(name: "grant-course-access", note: "So that something waits") { userErrors { code } } }');
  await enroll();
  await waitFor(async () => (await api.engine.sql("select 1 from pgboss.job where name = 'grant-course-access'")).length === 1);
  const sampled = (): Promise<{ count: number; queues: number; instants: number }[]> =>
    api.engine.sql("select count(*)::int as count, count(distinct queue)::int as queues, count(distinct sampled_at)::int as instants from queue_sample");
  await api.engine.sql("truncate queue_sample");
  await api.engine.sql("insert into queue_sample values (now() - interval '25 hours', 'grant-course-access', 1, 1, 1, 1)");
  const [one, other] = [new QueueSampler({ em: api.engine.em, log: silentLog }), new QueueSampler({ em: api.engine.em, log: silentLog })];
  one.start();
  other.start();
  await waitFor(async () => ((await sampled())[0]?.count ?? 0) > 1);
  await Promise.all([one.stop(), other.stop()]);
  const [{ count, queues, instants } = { count: 0, queues: 0, instants: 0 }] = await sampled();
  expect(count).toBe(queues * instants);
  expect(
    await api.engine.sql("select 1 from queue_sample where extract(epoch from sampled_at)::int % 20 <> 0 or sampled_at < now() - interval '24 hours'"),
  ).toEqual([]);
  const [now] = await historyOf("grant-course-access", minutesAgo(5), 300);
  expect(now).toMatchObject({ ready: 1, deferred: 0, active: 0 });
  expect((await historyOf("release-seat", minutesAgo(5), 300))[0]).toMatchObject({ ready: 0, oldestReadySeconds: 0 });
  await ask('mutation { resumeQueue(name: "grant-course-access") { userErrors { code } } }');
});

test("a queue tells how deep it was, stretch by stretch; those without a sample are left out", async () => {
  const from = minutesAgo(30);
  const at = (seconds: number): string => new Date(new Date(from).getTime() + seconds * 1_000).toISOString();
  await api.engine.sql(
    `insert into queue_sample (queue, sampled_at, ready, deferred, active, oldest_ready_seconds) values
       ('release-seat', '${at(-1)}', 99, 99, 99, 99), ('release-seat', '${at(0)}', 1, 9, 0, 3), ('release-seat', '${at(59)}', 4, 2, 1, 0), ('release-seat', '${at(120)}', 0, 7, 0, 0)`,
  );
  expect((await historyOf("release-seat", from, 60)).slice(0, 2)).toEqual([
    { at: from, ready: 4, deferred: 9, active: 1, oldestReadySeconds: 3 },
    { at: at(120), ready: 0, deferred: 7, active: 0, oldestReadySeconds: 0 },
  ]);
});

test.each([
  [minutesAgo(60), 0, "everySeconds is 1 or more, not 0"],
  [minutesAgo(60 * 24), 60, "everySeconds has to be 87 at least"],
])("a history from %s in stretches of %d s is refused in words", async (from, every, words) => {
  const answer = await api.run(
    "query ($from: DateTime!, $every: Int!) { queues { history(from: $from, everySeconds: $every) { ready } } }",
    { from, every },
    operator,
  );
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
  expect(answer.errors?.[0]?.message).toContain(words);
});

test("processes that carry out commands are told with what they have loaded", async () => {
  const { workers } = await ask<{ workers: { pid: number; queues: string[]; loads: string[]; hands: { queue: string; count: number }[] }[] }>(
    "{ workers { pid queues loads hands { queue count takenAt } } }",
  );
  expect(workers).toMatchObject([{ pid: process.pid }]);
  expect(workers[0]?.queues).toContain("send-welcome-email");
  expect(workers[0]?.loads).toContain("CourseEnrollment v1");
  expect(workers[0]?.hands.map(({ queue }) => queue)).toContain("send-welcome-email");
});

test("a saga is found by its id, by the end of it, by its subject and by a message; a dead letter by its id; anything else finds nothing", async () => {
  const { sagaId, enrollmentId } = await api.enroll(await api.person(), course);
  await untilStatus(sagaId, "COMPLETED");
  const [event] = await api.engine.sql<{ message_id: string }>(
    `select message_id from saga_event where saga_id = '${sagaId}' and message_id is not null limit 1`,
  );
  const [letter] = await api.engine.sql<{ id: string }>("select id from dead_letter where status = 'OPEN' limit 1");
  const found = async (text: string) =>
    (await ask<{ find: unknown[] }>("query ($text: String!) { find(text: $text) { kind saga { id } deadLetter { id } } }", { text })).find;
  const saga = { id: sagaId };
  expect(await found(sagaId)).toEqual([{ kind: "SAGA", saga, deadLetter: null }]);
  expect(await found(` ${sagaId.slice(-8).toUpperCase()} `)).toEqual([{ kind: "SAGA", saga, deadLetter: null }]);
  expect(await found(enrollmentId)).toEqual([{ kind: "SUBJECT", saga, deadLetter: null }]);
  expect(await found(event?.message_id ?? "")).toEqual([{ kind: "MESSAGE", saga, deadLetter: null }]);
  expect(await found(letter?.id ?? "")).toMatchObject([{ kind: "DEAD_LETTER", deadLetter: { id: letter?.id } }]);
  for (const text of ["", "%", "nonsense", newId(), sagaId.slice(-7)]) expect(await found(text)).toEqual([]);
});

test("what operators did to sagas and queues is one list, page by page, the latest first", async () => {
  api.faults.set("CheckCourseCapacityCommand", new Permanent("broken"));
  const id = await enroll();
  await untilStatus(id, "STUCK");
  await ask('mutation ($id: ID!) { cancelSaga(id: $id, note: "Called off") { userErrors { code } } }', { id });
  await ask('mutation { pauseQueue(name: "release-seat", note: "Looking at it") { userErrors { code } } }');
  await ask('mutation { resumeQueue(name: "release-seat") { userErrors { code } } }');
  interface Action {
    readonly action: string;
    readonly target: string | null;
    readonly note: string | null;
    readonly saga: { readonly id: string } | null;
    readonly by: { readonly id: string };
  }
  const actions: Action[] = [];
  let after: string | null = null;
  for (;;) {
    type Page = { operatorActions: { nodes: Action[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } };
    const { operatorActions }: Page = await ask<Page>(
      "query ($after: String) { operatorActions(first: 2, after: $after) { nodes { action target note saga { id } by { id } } pageInfo { hasNextPage endCursor } } }",
      { after },
    );
    actions.push(...operatorActions.nodes);
    if (!operatorActions.pageInfo.hasNextPage) break;
    after = operatorActions.pageInfo.endCursor;
  }
  const by = { id: operator?.id };
  expect(actions.slice(0, 3)).toEqual([
    { action: "resume-queue", target: "release-seat", note: null, saga: null, by },
    { action: "pause-queue", target: "release-seat", note: "Looking at it", saga: null, by },
    { action: "cancel", target: null, note: "Called off", saga: { id }, by },
  ]);
  const [rows] = await api.engine.sql<{ count: number }>("select count(*)::int as count from ops.operator_action");
  expect(actions).toHaveLength(rows?.count ?? 0);
});
