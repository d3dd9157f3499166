import { newId } from "../../src/kernel/ids.ts";
import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { waitFor } from "../support/wait.ts";
import {
  CancelSagaDocument,
  CompleteSagaStepDocument,
  FireSagaTimerDocument,
  MigrateSagaDocument,
  MoveSagaTimerDocument,
  PauseSagaDocument,
  ResumeSagaDocument,
  RetrySagaDocument,
  type RetrySagaMutation,
  SkipSagaStepDocument,
} from "./generated/graphql.ts";
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

const documents = {
  retrySaga: RetrySagaDocument,
  completeSagaStep: CompleteSagaStepDocument,
  skipSagaStep: SkipSagaStepDocument,
  cancelSaga: CancelSagaDocument,
  pauseSaga: PauseSagaDocument,
  resumeSaga: ResumeSagaDocument,
  moveSagaTimer: MoveSagaTimerDocument,
  fireSagaTimer: FireSagaTimerDocument,
  migrateSaga: MigrateSagaDocument,
} as const;
type Mutation = keyof typeof documents;
type Acted = NonNullable<RetrySagaMutation["acted"]>;

async function act(mutation: Mutation, id: string, variables: Record<string, unknown> = {}): Promise<Acted> {
  const answer = await api.run<RetrySagaMutation>(String(documents[mutation]), { id, note: "As agreed on the phone", ...variables }, operator);
  if (answer.data?.acted == null) throw new Error(`Expected an answer of ${mutation}, found ${JSON.stringify(answer)}`);
  return answer.data.acted;
}

const errorsOf = ({ userErrors }: Acted) => userErrors.map(({ code, field }) => `${code} ${field?.join(".") ?? ""}`.trim());

interface Standing {
  readonly sagaId: string;
  readonly enrollmentId: string;
  readonly learner: Person;
}

async function enroll(): Promise<Standing> {
  const learner = await api.person();
  return { learner, ...(await api.enroll(learner, course)) };
}

const untilStatus = (sagaId: string, ...statuses: string[]) =>
  waitFor(
    async () => {
      const saga = (await api.engine.reader.findById(api.engine.em(), [sagaId])).get(sagaId);
      return saga !== undefined && statuses.includes(saga.status) ? saga : null;
    },
    { timeoutMs: 20_000, describe: `${sagaId} to be ${statuses.join(" or ")}` },
  );

/** STUCK in its last step, with everything before it done. */
async function stuck(): Promise<Standing> {
  api.faults.set("GrantCourseAccessCommand", new Permanent("The gate is broken"));
  const standing = await enroll();
  await untilStatus(standing.sagaId, "STUCK");
  api.faults.clear();
  return standing;
}

const IN_A_WHILE = "2100-01-01T00:00:00.000Z";

/** RETRYING the welcome mail, far from its next attempt. */
async function retrying(): Promise<Standing> {
  api.faults.set("SendWelcomeEmailCommand", new Transient("The mail server is away"));
  const standing = await enroll();
  await waitFor(async () => (await act("moveSagaTimer", standing.sagaId, { timer: "NEXT_ATTEMPT", to: IN_A_WHILE })).userErrors.length === 0, {
    timeoutMs: 20_000,
  });
  api.faults.clear();
  return standing;
}

async function paused(): Promise<Standing> {
  const standing = await stuck();
  await act("pauseSaga", standing.sagaId);
  return standing;
}

/** STUCK in an undo: of the seat, which is the last one, or of another effect. */
async function stuckUndoing(command = "ReleaseSeatCommand"): Promise<Standing> {
  const standing = await stuck();
  api.faults.set(command, new Permanent("It is glued on"));
  expect(errorsOf(await act("cancelSaga", standing.sagaId))).toEqual([]);
  await untilStatus(standing.sagaId, "STUCK");
  api.faults.clear();
  return standing;
}

async function ended(): Promise<Standing> {
  const standing = await enroll();
  await untilStatus(standing.sagaId, "COMPLETED");
  return standing;
}

/** Everything that an action could change. */
const everythingOf = async (sagaId: string): Promise<unknown> =>
  Promise.all([
    api.engine.sql("select to_jsonb(s) as row from saga s where id = $1", [sagaId]),
    api.engine.sql("select to_jsonb(e) as row from saga_event e where saga_id = $1 order by sequence", [sagaId]),
    api.engine.sql("select to_jsonb(d) as row from dead_letter d where saga_id = $1 order by id", [sagaId]),
    api.engine.sql("select to_jsonb(o) as row from outbox o where correlation_id = $1 order by id", [sagaId]),
  ]);

interface Told {
  kind: string;
  summary: string;
  actor: { id: string } | null;
  data: { action?: string; note?: string | null } | null;
}

async function historyOf(sagaId: string): Promise<Told[]> {
  const { data } = await api.run<{ saga: { events: Told[] } }>(
    "query ($id: ID!) { saga(id: $id) { events(first: 200) { kind summary actor { id } data } } }",
    { id: sagaId },
    operator,
  );
  return data.saga.events;
}

const grant = () => ({ reply: "CourseAccessGrantedEvent", payload: { grantId: newId() } });

/** Each mutation with a saga that allows it and what it is called with. */
const table: readonly [mutation: Mutation, standing: () => Promise<Standing>, variables: () => Record<string, unknown>, action: string][] = [
  ["retrySaga", stuck, () => ({}), "retry"],
  ["completeSagaStep", stuck, grant, "complete"],
  ["skipSagaStep", retrying, () => ({}), "skip"],
  ["cancelSaga", stuck, () => ({}), "cancel"],
  ["pauseSaga", stuck, () => ({}), "pause"],
  ["resumeSaga", paused, () => ({}), "resume"],
  ["moveSagaTimer", retrying, () => ({ timer: "DEADLINE", to: "2101-01-01T00:00:00.000Z" }), "move-timer"],
  ["fireSagaTimer", retrying, () => ({ timer: "NEXT_ATTEMPT" }), "fire-timer"],
];

describe.each(table)("%s", (mutation, standing, variables, action) => {
  test("tells in a dry run what it would do, changes nothing by it, and then does just that, as the history says", async () => {
    const { sagaId } = await standing();
    const before = await everythingOf(sagaId);
    const given = variables();
    const dry = await act(mutation, sagaId, { ...given, dryRun: true });
    expect(dry.userErrors).toEqual([]);
    expect(await everythingOf(sagaId)).toEqual(before);

    const sequence = dry.saga?.sequence ?? 0;
    const real = await act(mutation, sagaId, { ...given, expectedSequence: sequence });
    expect(real.userErrors).toEqual([]);
    if (dry.plan == null) throw new Error("Expected a plan");
    const { deadlineAt: _a, nextAttemptAt: _b, remindAt: _c, ...told } = dry.plan;
    expect(told.events.map(({ kind }) => kind)).toContain("OPERATOR_ACTION");
    expect(real.plan).toMatchObject(told);
    // Consumers may have gone on since, but what was told is in the history, in this order.
    const events = (await historyOf(sagaId)).slice(sequence);
    expect(events.slice(0, told.events.length).map(({ kind, summary }) => ({ kind, summary }))).toEqual(told.events);
    const audit = events.find(({ kind }) => kind === "OPERATOR_ACTION");
    expect(audit).toMatchObject({ actor: { id: operator?.id }, data: { action, note: "As agreed on the phone" } });
  });

  test("is refused for an unknown saga, an ended one, one that has moved since, and a note that is blank, too long or cannot be stored", async () => {
    const given = variables();
    const refused = async (id: string, more: Record<string, unknown> = {}) => {
      const acted = await act(mutation, id, { ...given, ...more });
      expect(acted).toMatchObject({ saga: null, plan: null });
      return acted;
    };
    for (const id of [newId(), "nonsense"]) expect(errorsOf(await refused(id))).toEqual(["NOT_FOUND id"]);
    expect(errorsOf(await refused((await ended()).sagaId))).toEqual(["WRONG_STATE"]);

    const { sagaId } = await standing();
    const before = await everythingOf(sagaId);
    const { sequence } = await untilStatus(sagaId, "STUCK", "RETRYING");
    const moved = await refused(sagaId, { expectedSequence: sequence - 1 });
    expect(errorsOf(moved)).toEqual(["WRONG_STATE expectedSequence"]);
    expect(moved.userErrors[0]?.message).toMatch(new RegExp(`\\b${sequence}\\b.*\\b${sequence - 1}\\b`));
    expect(errorsOf(await refused(sagaId, { note: " \n" }))).toEqual(["REQUIRED note"]);
    expect(errorsOf(await refused(sagaId, { note: "é".repeat(501) }))).toEqual(["INVALID note"]);
    for (const note of ["a\0b", "half a \ud83d"]) expect(errorsOf(await refused(sagaId, { note }))).toEqual(["INVALID note"]);
    expect(await everythingOf(sagaId)).toEqual(before);
  });
});

test("a stuck saga is retried and goes on to its end; its dead letter is resolved, and an id in capitals is the same id", async () => {
  const { sagaId } = await stuck();
  const { saga, plan } = await act("retrySaga", sagaId.toUpperCase(), { note: null });
  expect(plan).toMatchObject({ state: "GrantingAccess", status: "RUNNING", sends: ["GrantCourseAccessCommand"], undoes: [], remains: [], endsIn: null });
  expect(saga?.id).toBe(sagaId);
  await untilStatus(sagaId, "COMPLETED");
  const letters = await api.engine.sql("select status, resolved_by from dead_letter where saga_id = $1", [sagaId]);
  expect(letters).toEqual([{ status: "REDRIVEN", resolved_by: operator?.id }]);
});

test("a retry takes changes of the saga's data, and refuses those that do not fit", async () => {
  const { sagaId } = await stuck();
  for (const changes of [{ capacity: "many" }, { unheardOf: 1 }, { enrollmentId: newId() }]) {
    expect(errorsOf(await act("retrySaga", sagaId, { changes }))).toEqual(["INVALID"]);
  }
  for (const changes of [{ refusal: "a\0b" }, { "a\0b": 1 }]) expect(errorsOf(await act("retrySaga", sagaId, { changes }))).toEqual(["INVALID changes"]);
  expect(errorsOf(await act("retrySaga", sagaId, { changes: { capacity: 7 } }))).toEqual([]);
  await untilStatus(sagaId, "COMPLETED");
  const [row] = await api.engine.sql<{ capacity: number }>("select (data->>'capacity')::int as capacity from saga where id = $1", [sagaId]);
  expect(row?.capacity).toBe(7);
});

test("an attempt that waits is made now", async () => {
  const { sagaId } = await retrying();
  expect(errorsOf(await act("retrySaga", sagaId))).toEqual([]);
  await untilStatus(sagaId, "COMPLETED");
});

test("a step is completed by hand with a reply that fits it, and with no other", async () => {
  const { sagaId, enrollmentId } = await stuck();
  const wrong: [Record<string, unknown>, string][] = [
    [{ reply: "SeatReleasedEvent", payload: {} }, "INVALID"],
    [{ reply: null, payload: null }, "INVALID"],
    [{ reply: "CourseAccessGrantedEvent", payload: { grantId: "nonsense" } }, "INVALID"],
    [{ ...grant(), payload: { grantId: newId(), enrollmentId: newId() } }, "INVALID"],
    [{ reply: "CourseAccessRefusedEvent", payload: { reason: "a\0b" } }, "INVALID payload"],
  ];
  for (const [variables, error] of wrong) expect(errorsOf(await act("completeSagaStep", sagaId, variables))).toEqual([error]);
  const { plan, saga } = await act("completeSagaStep", sagaId, grant());
  expect(plan).toMatchObject({ state: "EnrollmentCompleted", status: "COMPLETED", endsIn: "EnrollmentCompleted", sends: [] });
  expect(saga).toMatchObject({ status: "COMPLETED" });
  expect(await api.engine.sql("select status from course_enrollment where id = $1", [enrollmentId])).toEqual([{ status: "ACTIVE" }]);
});

test("a no by hand undoes what was done", async () => {
  const { sagaId } = await stuck();
  const { plan } = await act("completeSagaStep", sagaId, { reply: "CourseAccessRefusedEvent", payload: { reason: "The course is gone." } });
  expect(plan?.undoes.map(({ state }) => state)).toEqual(["SendingWelcomeEmail", "ConfirmingEnrollment", "CheckingCapacity"]);
  expect(plan?.endsIn).toBe("EnrollmentFailed");
  await untilStatus(sagaId, "FAILED");
});

test("a step is skipped, except the last one", async () => {
  const { sagaId } = await retrying();
  const { plan } = await act("skipSagaStep", sagaId);
  expect(plan).toMatchObject({ state: "GrantingAccess", sends: ["GrantCourseAccessCommand"] });
  await untilStatus(sagaId, "COMPLETED");
  expect(errorsOf(await act("skipSagaStep", (await stuck()).sagaId))).toEqual(["WRONG_STATE"]);
});

test("an undo that stands is done by hand, or begun again", async () => {
  const [byHand, again] = [await stuckUndoing(), await stuckUndoing()];
  await api.engine.sql(
    "with given_back as (update course_enrollment set seat_held = false where id = $1 returning course_id) update course set seats_taken = seats_taken - 1 where id in (select course_id from given_back)",
    [byHand.enrollmentId],
  );
  const { plan } = await act("completeSagaStep", byHand.sagaId, { reply: null, payload: null });
  expect(plan).toMatchObject({ status: "CANCELLED", endsIn: "EnrollmentFailed", remains: [] });
  expect((await act("retrySaga", again.sagaId)).plan).toMatchObject({ sends: ["ReleaseSeatCommand"] });
  for (const { sagaId } of [byHand, again]) {
    expect(await untilStatus(sagaId, "CANCELLED")).toMatchObject({ undoIncomplete: false, remains: [], reason: { code: "CANCELLED_BY_OPERATOR" } });
  }
});

test("an undo that is skipped leaves its effect, and the saga says so", async () => {
  const { sagaId } = await stuckUndoing("RevokeCourseAccessCommand");
  const remains = [{ state: "GrantingAccess", command: "GrantCourseAccessCommand", why: "UNDO_GAVE_UP", certain: false }];
  const { plan, saga } = await act("skipSagaStep", sagaId);
  expect(plan).toMatchObject({ status: "COMPENSATING", sends: ["WithdrawWelcomeEmailCommand"], endsIn: "EnrollmentFailed", remains });
  expect(saga).toMatchObject({ undoIncomplete: true, remains, reason: { code: "CANCELLED_BY_OPERATOR" } });
  expect(await untilStatus(sagaId, "CANCELLED")).toMatchObject({ undoIncomplete: true, remains });
});

test("what the subject's row does not allow is refused, in a dry run too, and says which rule it would break", async () => {
  // The seat is held, and an enrollment that has failed holds none.
  const { sagaId } = await stuckUndoing();
  for (const dryRun of [true, false]) {
    expect((await act("skipSagaStep", sagaId, { dryRun })).userErrors).toMatchObject([
      { code: "WRONG_STATE", message: "The subject's row does not allow it: it would break course_enrollment_seat_held_check." },
    ]);
  }
  await untilStatus(sagaId, "STUCK");
});

test("a cancellation names the undos to come, and is refused while they are under way", async () => {
  const { sagaId, enrollmentId } = await stuck();
  api.faults.set("ReleaseSeatCommand", new Permanent("It is glued on"));
  const { plan } = await act("cancelSaga", sagaId);
  expect(plan?.undoes).toEqual([
    { state: "GrantingAccess", command: "RevokeCourseAccessCommand" },
    { state: "SendingWelcomeEmail", command: "WithdrawWelcomeEmailCommand" },
    { state: "ConfirmingEnrollment", command: "CancelEnrollmentCommand" },
    { state: "CheckingCapacity", command: "ReleaseSeatCommand" },
  ]);
  expect(plan).toMatchObject({ status: "COMPENSATING", sends: ["RevokeCourseAccessCommand"], endsIn: "EnrollmentFailed" });
  await untilStatus(sagaId, "STUCK");
  api.faults.clear();
  expect(errorsOf(await act("cancelSaga", sagaId))).toEqual(["WRONG_STATE"]);
  await act("retrySaga", sagaId);
  await untilStatus(sagaId, "CANCELLED");
  expect(await api.engine.sql("select status, failure_code, seat_held from course_enrollment where id = $1", [enrollmentId])).toEqual([
    { status: "CANCELLED", failure_code: "CANCELLED_BY_OPERATOR", seat_held: false },
  ]);
});

test("a paused saga shows by whom and since when, its learner does not see why, and it goes on when it is resumed", async () => {
  const { sagaId, learner } = await retrying();
  expect(errorsOf(await act("resumeSaga", sagaId))).toEqual(["WRONG_STATE"]);
  const { saga } = await act("pauseSaga", sagaId);
  expect(saga?.pause).toEqual({ at: expect.any(String), note: "As agreed on the phone", by: { id: operator?.id } });
  expect(errorsOf(await act("pauseSaga", sagaId))).toEqual(["WRONG_STATE"]);

  const seen = await api.run<{ saga: { pause: unknown } }>("query ($id: ID!) { saga(id: $id) { pause { at note by { fullName } } } }", { id: sagaId }, learner);
  expect(seen.data.saga.pause).toEqual({ at: saga?.pause?.at, note: null, by: { fullName: "Fi Tavgor" } });
  expect(codesOf(seen)).toEqual(["FORBIDDEN"]);

  expect((await act("resumeSaga", sagaId)).saga?.pause).toBeNull();
  await act("retrySaga", sagaId);
  await untilStatus(sagaId, "COMPLETED");
});

test("a timer is moved to an instant to come, and only one that the saga has", async () => {
  const { sagaId } = await retrying();
  const { plan, saga } = await act("moveSagaTimer", sagaId, { timer: "DEADLINE", to: IN_A_WHILE });
  expect([plan?.deadlineAt, saga?.deadlineAt, saga?.nextAttemptAt]).toEqual([IN_A_WHILE, IN_A_WHILE, IN_A_WHILE]);
  expect(errorsOf(await act("moveSagaTimer", sagaId, { timer: "DEADLINE", to: "2020-01-01T00:00:00Z" }))).toEqual(["INVALID"]);
  expect(errorsOf(await act("moveSagaTimer", sagaId, { timer: "REMINDER", to: IN_A_WHILE }))).toEqual(["WRONG_STATE"]);
  expect(errorsOf(await act("fireSagaTimer", sagaId, { timer: "REMINDER" }))).toEqual(["WRONG_STATE"]);
});

test("a timer that is fired does what it would do at its time", async () => {
  const [attempt, deadline] = [await retrying(), await retrying()];
  await act("fireSagaTimer", attempt.sagaId, { timer: "NEXT_ATTEMPT" });
  expect((await act("fireSagaTimer", deadline.sagaId, { timer: "DEADLINE" })).plan).toMatchObject({ state: "GrantingAccess" });
  for (const { sagaId } of [attempt, deadline]) await untilStatus(sagaId, "COMPLETED");
  const skipped = await api.run<{ saga: { steps: { state: string; status: string }[] } }>(
    "query ($id: ID!) { saga(id: $id) { steps { state status } } }",
    { id: deadline.sagaId },
    operator,
  );
  expect(skipped.data.saga.steps).toContainEqual({ state: "SendingWelcomeEmail", status: "SKIPPED" });
});

test("two operators who have seen the same sequence do not both act", async () => {
  const { sagaId } = await stuck();
  const { sequence } = await untilStatus(sagaId, "STUCK");
  const answers = await Promise.all(
    ["cancelSaga", "completeSagaStep"].map((name) => act(name as Mutation, sagaId, { ...grant(), expectedSequence: sequence })),
  );
  expect(answers.map(errorsOf).filter((errors) => errors.length === 0)).toHaveLength(1);
});

test("a saga is moved only to a version that a declared migration leads to, and one that exists", async () => {
  const { sagaId } = await stuck();
  const before = await everythingOf(sagaId);
  for (const dryRun of [true, false]) expect(errorsOf(await act("migrateSaga", sagaId, { toVersion: 99, dryRun }))).toEqual(["INVALID toVersion"]);
  expect(errorsOf(await act("migrateSaga", newId(), { toVersion: 2 }))).toEqual(["NOT_FOUND id"]);
  expect(errorsOf(await act("migrateSaga", sagaId, { toVersion: 2, note: " " }))).toEqual(["REQUIRED note"]);
  expect(await everythingOf(sagaId)).toEqual(before);
});

test("history tells what became of each message", async () => {
  const { sagaId } = await ended();
  const { data } = await api.run<{ saga: { events: { message: string | null; fate: string | null }[] } }>(
    "query ($id: ID!) { saga(id: $id) { events { message fate } } }",
    { id: sagaId },
    operator,
  );
  const fates = data.saga.events.filter(({ fate }) => fate !== null).map(({ message, fate }) => `${message} ${fate}`);
  expect(fates).toEqual([
    "CourseEnrolledEvent STARTED",
    "CourseCapacityCheckedEvent APPLIED",
    "EnrollmentConfirmedEvent APPLIED",
    "WelcomeEmailSentEvent APPLIED",
    "CourseAccessGrantedEvent APPLIED",
  ]);
  await api.engine.sql(
    "with one as (update saga set sequence = sequence + 1 where id = $1 returning *) insert into saga_event (saga_id, sequence, kind, message, fate, from_state, to_state, status, summary) select id, sequence, 'MESSAGE_IGNORED', 'X', 'duplicate-start', state, state, status, 'X' from one",
    [sagaId],
  );
  const more = await api.run<typeof data>("query ($id: ID!) { saga(id: $id) { events(first: 200) { message fate } } }", { id: sagaId }, operator);
  expect(more.data.saga.events.at(-1)).toEqual({ message: "X", fate: "DUPLICATE_START" });
});

test("a saga is moved only to a version that a declared migration leads to", async () => {
  const { sagaId } = await stuck();
  const answer = await api.run<{ migrateSaga: Acted }>(
    'mutation ($id: ID!) { migrateSaga(id: $id, toVersion: 2, note: "n") { plan { state } userErrors { code message } } }',
    { id: sagaId },
    operator,
  );
  expect(answer.data.migrateSaga).toMatchObject({
    plan: null,
    userErrors: [{ code: "INVALID", message: "Nothing says how a CourseEnrollment gets from v1 to v2: declare a migration." }],
  });
});
