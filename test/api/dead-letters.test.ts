import { Permanent } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { DeadLettersDocument, DiscardDocument, PauseQueueDocument, QueuesDocument, RedriveDocument, ResumeQueueDocument } from "./generated/graphql.ts";
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

/** A saga that stands with a dead letter, or, for what can be skipped, one that went on and left it behind. */
async function lettered(command = "GrantCourseAccessCommand"): Promise<{ sagaId: string; letterId: string }> {
  api.faults.set(command, new Permanent("The gate said E-4711"));
  const { sagaId } = await api.enroll(await api.person(), course);
  const letterId = await waitFor(async () => (await api.engine.sql<{ id: string }>("select id from dead_letter where saga_id = $1", [sagaId]))[0]?.id, {
    timeoutMs: 20_000,
  });
  api.faults.clear();
  return { sagaId, letterId };
}

const untilEnded = (sagaId: string) =>
  waitFor(async () => (await api.engine.sql("select from saga where id = $1 and status = 'COMPLETED'", [sagaId])).length === 1, { timeoutMs: 20_000 });

async function list(filter: Record<string, unknown>, page: { first?: number; after?: string | null } = {}) {
  const { data } = await api.run(DeadLettersDocument, { filter, first: page.first ?? 20, after: page.after ?? null }, operator);
  if (data.deadLetters == null) throw new Error(`Expected a list, found ${JSON.stringify(data)}`);
  return data.deadLetters;
}

const NOTE = "The gate is repaired";

async function redrive(filter: Record<string, unknown>, over: { limit?: number; note?: string; key?: string; dryRun?: boolean } = {}) {
  const answer = await api.run(RedriveDocument, { filter, limit: 100, note: NOTE, key: newId(), dryRun: false, ...over }, operator);
  if (answer.data.redriveDeadLetters == null) throw new Error(codesOf(answer).join());
  return answer.data.redriveDeadLetters;
}

async function discard(ids: string[], over: { note?: string; dryRun?: boolean } = {}) {
  const { data } = await api.run(DiscardDocument, { ids, note: NOTE, dryRun: false, ...over }, operator);
  if (data.discardDeadLetters == null) throw new Error("Expected an answer");
  return data.discardDeadLetters;
}

const errorsOf = ({ userErrors }: { userErrors: readonly { code: string; field: readonly string[] | null }[] }) =>
  userErrors.map(({ code, field }) => `${code} ${field?.join(".") ?? ""}`.trim());
const idsOf = (letters: readonly { id: string }[] | null) => letters?.map(({ id }) => id);
/** Everything that an action on dead letters could change. */
const everything = () =>
  Promise.all(
    ["dead_letter", "saga", "saga_event", "outbox", "operator_action", "idempotency_key"].map((table) =>
      api.engine.sql(`select md5(coalesce(string_agg(to_jsonb(t)::text, ' ' order by to_jsonb(t)::text), '')) as all from ${table} t`),
    ),
  );
const audits = (action: string) => api.engine.sql("select actor_id, target, note, data from operator_action where action = $1 order by id", [action]);

test("a dead letter shows the error as it was, its saga and its body; the saga lists it too", async () => {
  const { sagaId, letterId } = await lettered();
  const [letter] = (await list({ ids: [letterId] })).nodes;
  expect(letter).toMatchObject({
    id: letterId,
    queue: "grant-course-access",
    message: "GrantCourseAccessCommand",
    attempts: 1,
    reason: { code: "DEPENDENCY_REJECTED", message: "The gate said E-4711" },
    payload: { courseId: course, enrollmentId: expect.any(String), userId: expect.any(String) },
    status: "OPEN",
    resolvedAt: null,
    resolvedBy: null,
    note: null,
    saga: { id: sagaId },
  });
  expect(letter?.detail).toMatch(/Permanent: The gate said E-4711\n\s+at /);
  const { data } = await api.run("query ($id: ID!) { saga(id: $id) { deadLetters { id } } }", { id: sagaId }, operator);
  expect(data).toEqual({ saga: { deadLetters: [{ id: letterId }] } });
  expect((await api.run("{ sagas { nodes { status deadLetters { id } } } }", {}, operator)).errors).toBeUndefined();
});

test("texts of a body are shown by their length: by the contract, and also where none fits", async () => {
  const { letterId } = await lettered();
  const show = async (message: string, payload: unknown) => {
    await api.engine.sql("update dead_letter set message = $2, payload = $3 where id = $1", [letterId, message, JSON.stringify(payload)]);
    return (await list({ ids: [letterId] })).nodes[0]?.payload;
  };
  const enrollmentId = newId();
  expect(await show("CancelEnrollmentCommand", { enrollmentId, reason: "Fi is ill", undeclared: "Fi" })).toEqual({
    enrollmentId,
    reason: "[text, 9 characters]",
  });
  expect(await show("ForgottenCommand", { enrollmentId, name: "Fi Tavgor", at: "2026-11-25T01:02:03Z", count: 3 })).toEqual({
    enrollmentId,
    name: "[text, 9 characters]",
    at: "2026-11-25T01:02:03Z",
    count: 3,
  });
  expect(JSON.stringify(await show("CancelEnrollmentCommand", { enrollmentId: "Fi Tavgor", reason: null }))).not.toContain("Fi");
  await discard([letterId]);
});

test("an error inside the program is told to operators as it was", async () => {
  const { letterId } = await lettered();
  await api.engine.sql("update dead_letter set reason_code = 'INTERNAL', reason_message = 'x is not a function' where id = $1", [letterId]);
  expect((await list({ ids: [letterId] })).nodes[0]?.reason).toEqual({ code: "INTERNAL", message: "x is not a function" });
});

test("dead letters are found by every filter, page by page, the latest failure first", async () => {
  const letters = [await lettered("SendWelcomeEmailCommand"), await lettered("SendWelcomeEmailCommand"), await lettered("SendWelcomeEmailCommand")];
  const ids = letters.map(({ letterId }) => letterId);
  const all = {
    ids,
    status: ["OPEN"],
    queue: "send-welcome-email",
    message: "SendWelcomeEmailCommand",
    sagaType: "COURSE_ENROLLMENT",
    reason: ["DEPENDENCY_REJECTED"],
    failedAfter: "2020-01-01T00:00:00Z",
    failedBefore: "2999-01-01T00:00:00Z",
  };
  const first = await list(all, { first: 2 });
  const second = await list(all, { first: 2, after: first.pageInfo.endCursor });
  expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(ids.toReversed());
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
  const none: Record<string, unknown>[] = [
    { ids: [newId()] },
    { status: ["DISCARDED"] },
    { queue: "grant-course-access" },
    { message: "GrantCourseAccessCommand" },
    { reason: ["INTERNAL"] },
    { failedAfter: "2999-01-01T00:00:00Z" },
    { failedBefore: "2020-01-01T00:00:00Z" },
  ];
  for (const one of none) expect((await list({ ...all, ...one })).nodes).toEqual([]);
  for (const filter of [{ ids: ["nonsense"] }, { queue: "a\0b" }]) {
    expect(codesOf(await api.run(DeadLettersDocument, { filter, first: 20 }, operator))).toEqual(["BAD_USER_INPUT"]);
  }
  await discard(ids);
});

test("a redrive moves standing sagas on, says in a dry run which, and is carried out once for a key", async () => {
  const [one, two, three] = [await lettered(), await lettered(), await lettered()];
  const ids = [one.letterId, two.letterId, three.letterId];
  const key = newId();
  const before = await everything();
  const dry = await redrive({ ids }, { limit: 2, key, dryRun: true });
  expect(dry).toMatchObject({ remaining: 1, refused: [], userErrors: [] });
  expect(idsOf(dry.deadLetters)).toEqual(ids.slice(0, 2));
  expect(dry.deadLetters?.map(({ status }) => status)).toEqual(["OPEN", "OPEN"]);
  expect(await everything()).toEqual(before);

  const real = await redrive({ ids }, { limit: 2, key });
  expect(real).toMatchObject({ remaining: 1, refused: [], userErrors: [] });
  expect(idsOf(real.deadLetters)).toEqual(ids.slice(0, 2));
  for (const letter of real.deadLetters ?? []) {
    expect(letter).toMatchObject({ status: "REDRIVEN", note: NOTE, resolvedBy: { id: operator?.id }, resolvedAt: expect.any(String) });
  }
  for (const { sagaId } of [one, two]) await untilEnded(sagaId);

  const again = await redrive({ ids: ids.toReversed().toReversed(), queue: null }, { limit: 2, key });
  expect(idsOf(again.deadLetters)).toEqual(ids.slice(0, 2));
  expect(again).toMatchObject({ remaining: 1, refused: [] });
  expect((await list({ ids: [three.letterId] })).nodes[0]?.status).toBe("OPEN");
  for (const other of [{ limit: 3 }, { note: "Another one" }])
    await expect(redrive({ ids }, { limit: 2, key, ...other })).rejects.toThrow("IDEMPOTENCY_KEY_MISMATCH");
  await expect(redrive({ ids: ids.slice(1) }, { limit: 2, key })).rejects.toThrow("IDEMPOTENCY_KEY_MISMATCH");
  expect(await audits("redrive")).toEqual([expect.objectContaining({ actor_id: operator?.id, note: NOTE })]);

  const events = await api.engine.sql<{ actor_id: string; data: unknown }>(
    "select actor_id, data from saga_event where saga_id = $1 and kind = 'OPERATOR_ACTION'",
    [one.sagaId],
  );
  expect(events).toEqual([{ actor_id: operator?.id, data: expect.objectContaining({ action: "redrive", note: NOTE }) }]);
});

test("ten calls at once with one key redrive once", async () => {
  const { letterId, sagaId } = await lettered();
  const key = newId();
  const answers = await Promise.all(Array.from({ length: 10 }, () => redrive({ ids: [letterId] }, { key })));
  expect(answers.map(({ deadLetters }) => idsOf(deadLetters))).toEqual(answers.map(() => [letterId]));
  const [row] = await api.engine.sql("select count(*)::int as count from saga_event where saga_id = $1 and kind = 'OPERATOR_ACTION'", [sagaId]);
  expect(row).toEqual({ count: 1 });
});

test("a letter whose effect must not happen any more stays open, and the answer says why", async () => {
  const { letterId, sagaId } = await lettered("SendWelcomeEmailCommand");
  await untilEnded(sagaId);
  expect(await redrive({ ids: [letterId] })).toMatchObject({ refused: [] });
  await waitFor(
    async () => (await api.engine.sql("select from mail_message m join saga s on s.subject_id = m.about_id where s.id = $1", [sagaId])).length === 1,
    { timeoutMs: 20_000 },
  );
  // The mail is out; somebody opens its letter once more.
  await api.engine.sql("update dead_letter set status = 'OPEN', resolved_at = null, resolved_by = null, note = null, resolution_id = null where id = $1", [
    letterId,
  ]);
  for (const dryRun of [true, false]) {
    const second = await redrive({ ids: [letterId] }, { dryRun });
    expect(second).toMatchObject({
      deadLetters: [],
      remaining: 0,
      refused: [{ deadLetter: { id: letterId, status: "OPEN" }, reason: expect.stringContaining("SendWelcomeEmailCommand") }],
      userErrors: [],
    });
  }
  await discard([letterId]);
});

test("a redrive is refused for what is wrong with its arguments, and changes nothing", async () => {
  const { letterId } = await lettered();
  const before = await everything();
  for (const limit of [0, 1_001]) expect(errorsOf(await redrive({}, { limit }))).toEqual(["INVALID limit"]);
  expect(errorsOf(await redrive({}, { note: "  " }))).toEqual(["REQUIRED note"]);
  expect(errorsOf(await redrive({}, { note: "x".repeat(501) }))).toEqual(["INVALID note"]);
  expect(errorsOf(await redrive({}, { key: "short" }))).toEqual(["INVALID idempotencyKey"]);
  expect(errorsOf(await redrive({ ids: [letterId, "nonsense"] }))).toEqual(["INVALID filter.ids.1"]);
  const refused = await redrive({ queue: "a\0b" });
  expect(errorsOf(refused)).toEqual(["INVALID filter"]);
  expect(refused).toMatchObject({ deadLetters: null, remaining: null, refused: [] });
  expect(await everything()).toEqual(before);
  await discard([letterId]);
});

test("letters are discarded without touching their sagas; again changes nothing, and one that was redriven stays redriven", async () => {
  const [one, two] = [await lettered(), await lettered()];
  const before = await everything();
  const dry = await discard([one.letterId], { dryRun: true });
  expect(dry).toMatchObject({ deadLetters: [{ id: one.letterId, status: "OPEN" }], refused: [], userErrors: [] });
  expect(await everything()).toEqual(before);
  const sagaOf = () => api.engine.sql("select to_jsonb(s) as row from saga s where id = $1", [one.sagaId]);
  const saga = await sagaOf();

  await redrive({ ids: [two.letterId] });
  const real = await discard([one.letterId.toUpperCase(), one.letterId, two.letterId]);
  expect(real).toMatchObject({
    deadLetters: [{ id: one.letterId, status: "DISCARDED", note: NOTE, resolvedBy: { id: operator?.id } }],
    remaining: 0,
    refused: [{ deadLetter: { id: two.letterId, status: "REDRIVEN" } }],
    userErrors: [],
  });
  expect(await sagaOf()).toEqual(saga);
  expect(await audits("discard")).toContainEqual(expect.objectContaining({ actor_id: operator?.id, note: NOTE, data: { ids: [one.letterId] } }));

  const settled = await api.engine.sql("select to_jsonb(d) as row from dead_letter d where id = $1", [one.letterId]);
  expect(await discard([one.letterId], { note: "Once more" })).toMatchObject({ deadLetters: [{ id: one.letterId, note: NOTE }], userErrors: [] });
  expect(await api.engine.sql("select to_jsonb(d) as row from dead_letter d where id = $1", [one.letterId])).toEqual(settled);
});

test("a discard is refused as a whole for what is wrong with its arguments", async () => {
  const { letterId } = await lettered();
  for (const id of [newId(), "nonsense"]) expect(errorsOf(await discard([letterId, id]))).toEqual(["NOT_FOUND ids.1"]);
  for (const ids of [[], Array.from({ length: 1_001 }, () => letterId)]) expect(errorsOf(await discard(ids))).toEqual(["INVALID ids"]);
  expect(errorsOf(await discard([letterId], { note: "" }))).toEqual(["REQUIRED note"]);
  expect(errorsOf(await discard([letterId], { note: "x".repeat(501) }))).toEqual(["INVALID note"]);
  expect((await list({ ids: [letterId] })).nodes[0]?.status).toBe("OPEN");
  await discard([letterId]);
});

describe("queues", () => {
  const QUEUE = "confirm-enrollment";
  const queue = async (name = QUEUE) => (await api.run(QueuesDocument, {}, operator)).data.queues?.find((one) => one.name === name);
  const pause = async (over: { name?: string; note?: string; dryRun?: boolean } = {}) =>
    (await api.run(PauseQueueDocument, { name: QUEUE, note: "Repair", dryRun: false, ...over }, operator)).data.pauseQueue;
  const resume = async (over: { name?: string; note?: string | null; dryRun?: boolean } = {}) =>
    (await api.run(ResumeQueueDocument, { name: QUEUE, dryRun: false, ...over }, operator)).data.resumeQueue;
  const errors = (payload: Parameters<typeof errorsOf>[0] | null | undefined) => (payload == null ? [] : errorsOf(payload));

  test("all queues are listed with their depths", async () => {
    const { data } = await api.run(QueuesDocument, {}, operator);
    const names = data.queues?.map(({ name }) => name) ?? [];
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining([QUEUE, "grant-course-access"]));
    expect(await queue()).toEqual({
      name: QUEUE,
      ready: 0,
      deferred: 0,
      active: 0,
      deadLetters: 0,
      oldestReadyAt: null,
      measuredAt: expect.any(String),
      pause: null,
    });
    const { letterId } = await lettered();
    const [open] = await api.engine.sql<{ count: number }>(
      "select count(*)::int as count from dead_letter where queue = 'grant-course-access' and status = 'OPEN'",
    );
    expect((await queue("grant-course-access"))?.deadLetters).toBe(open?.count);
    await discard([letterId]);
  });

  test("a paused queue keeps what comes, a dry run counts it, and it is carried out when the queue is resumed", async () => {
    expect(await pause({ dryRun: true })).toMatchObject({ queue: { name: QUEUE, pause: null }, userErrors: [] });
    expect((await queue())?.pause).toBeNull();
    expect((await pause())?.queue).toMatchObject({ pause: { note: "Repair", by: { id: operator?.id }, at: expect.any(String) } });

    const { sagaId } = await api.enroll(await api.person(), course);
    await waitFor(async () => (await queue())?.ready === 1, { timeoutMs: 20_000 });
    expect((await queue())?.oldestReadyAt).not.toBeNull();
    expect(errors(await pause())).toEqual(["WRONG_STATE name"]);
    expect(errors(await pause({ dryRun: true }))).toEqual(["WRONG_STATE name"]);
    expect(await resume({ dryRun: true })).toMatchObject({ queue: { ready: 1, pause: { note: "Repair" } }, userErrors: [] });
    expect((await queue())?.pause).not.toBeNull();

    expect(await resume({ note: "Repaired" })).toMatchObject({ queue: { pause: null }, userErrors: [] });
    await untilEnded(sagaId);
    for (const dryRun of [true, false]) expect(errors(await resume({ dryRun }))).toEqual(["WRONG_STATE name"]);
    expect(await audits("pause-queue")).toEqual([{ actor_id: operator?.id, target: QUEUE, note: "Repair", data: null }]);
    expect(await audits("resume-queue")).toEqual([expect.objectContaining({ actor_id: operator?.id, target: QUEUE, note: "Repaired" })]);
  });

  test.each(["nowhere", "", "a\0b", "__pgboss__maintenance"])("the queue %j does not exist", async (name) => {
    for (const dryRun of [true, false]) {
      const [paused, resumed] = [await pause({ name, dryRun }), await resume({ name, dryRun })];
      expect([errors(paused), errors(resumed)]).toEqual([["NOT_FOUND name"], ["NOT_FOUND name"]]);
      expect(paused?.userErrors[0]?.message).toContain(QUEUE);
      expect(paused?.queue).toBeNull();
    }
  });

  test("a note says why", async () => {
    expect(errors(await pause({ note: " " }))).toEqual(["REQUIRED note"]);
    expect(errors(await pause({ note: "x".repeat(501) }))).toEqual(["INVALID note"]);
    expect(errors(await resume({ note: "x".repeat(501) }))).toEqual(["INVALID note"]);
    expect((await queue())?.pause).toBeNull();
  });
});

test("a redrive is refused alike when it is rehearsed and when it is meant: a key that is too short, a queue that does not exist", async () => {
  for (const dryRun of [true, false]) {
    expect((await redrive({}, { key: "k1", dryRun })).userErrors).toMatchObject([{ code: "INVALID", field: ["idempotencyKey"] }]);
    const { userErrors } = await redrive({ queue: "send-welcome-mail" }, { dryRun });
    expect(userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    expect(userErrors[0]?.message).toContain("send-welcome-email");
  }
});
