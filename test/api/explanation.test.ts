import { buildSchema, isRequiredArgument } from "graphql";
import { readFileSync } from "node:fs";
import pg from "pg";
import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { currentRequestId } from "../../src/server/request-id.ts";
import { waitFor } from "../support/wait.ts";
import { ExplainDocument, type ExplainQuery, RetrySagaDocument } from "./generated/graphql.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

type Explanation = NonNullable<NonNullable<ExplainQuery["saga"]>["explanation"]>;

let api: ApiTest;
let operator: Person;
let mentor: Person;

beforeAll(async () => {
  api = await ApiTest.open({ standingTtlMs: 600_000 });
  operator = await api.person("OPERATOR");
  mentor = await api.person("MENTOR");
  await api.engine.start();
});
afterEach(() => api.faults.clear());
afterAll(() => api.close());

async function enroll(): Promise<string> {
  return (await api.enroll(await api.person(), await api.course(mentor))).sagaId;
}

const mutations =
  buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"))
    .getMutationType()
    ?.getFields() ?? {};

/** Whatever is told to an operator can be called. */
function expectCallable({ mutation, arguments: given }: Explanation["remedies"][number]): void {
  const known = mutations[mutation]?.args ?? [];
  const required = known.filter(isRequiredArgument).map(({ name }) => name);
  expect({ mutation, unknown: Object.keys(given).filter((name) => !known.some((one) => one.name === name)) }).toEqual({ mutation, unknown: [] });
  expect({ mutation, missing: required.filter((name) => !(name in given)) }).toEqual({ mutation, missing: [] });
}

async function explain(sagaId: string): Promise<Explanation> {
  const { data } = await api.run(ExplainDocument, { id: sagaId }, operator);
  if (data.saga?.explanation == null) throw new Error(`Expected an explanation, found ${JSON.stringify(data)}`);
  data.saga.explanation.remedies.forEach(expectCallable);
  return data.saga.explanation;
}

const untilCause = (sagaId: string, cause: Explanation["cause"]) =>
  waitFor(
    async () => {
      const explanation = await explain(sagaId);
      return explanation.cause === cause ? explanation : null;
    },
    { timeoutMs: 20_000, describe: () => explain(sagaId) },
  );

test("a stuck saga is told with the error as it was, and its remedies can be called as they are told", async () => {
  api.faults.set("GrantCourseAccessCommand", new Permanent("The gate said E-4711"));
  const sagaId = await enroll();
  const { summary, since, remedies, next } = await untilCause(sagaId, "STEP_PARKED");
  expect(summary).toContain("The gate said E-4711");
  expect(Date.parse(since ?? "")).not.toBeNaN();
  expect(next.map(({ state }) => state)).toContain("EnrollmentCompleted");
  const retry = remedies.find(({ mutation }) => mutation === "retrySaga");
  api.faults.clear();
  const { data } = await api.run(RetrySagaDocument, { ...(retry?.arguments as { id: string }) }, operator);
  expect(data.acted?.userErrors).toEqual([]);
  expect(await untilCause(sagaId, "ENDED")).toMatchObject({ remedies: [], next: [], queue: null, worker: null });
});

test("a saga between two attempts tells when the next one is", async () => {
  api.faults.set("SendWelcomeEmailCommand", new Transient("The mail server is away"));
  const { until, queue } = await untilCause(await enroll(), "RETRY_SCHEDULED");
  expect(Date.parse(until ?? "")).not.toBeNaN();
  expect(queue).toBe("send-welcome-email");
});

test("a paused saga, and one whose queue is paused, are told with the mutation that frees them", async () => {
  await api.run(`mutation { pauseQueue(name: "grant-course-access", note: "Door is being painted") { userErrors { code } } }`, {}, operator);
  await waitFor(async () => (await api.engine.sql("select from queue_pause")).length === 1);
  const sagaId = await enroll();
  const { summary, queue, remedies } = await untilCause(sagaId, "QUEUE_PAUSED");
  expect(summary).toContain("Door is being painted");
  expect(queue).toBe("grant-course-access");
  expect(remedies.map(({ mutation }) => mutation)).toContain("resumeQueue");
  await api.run(`mutation ($id: ID!) { pauseSaga(id: $id, note: "Wait for me") { userErrors { code } } }`, { id: sagaId }, operator);
  expect((await untilCause(sagaId, "PAUSED")).remedies).toContainEqual(expect.objectContaining({ mutation: "resumeSaga" }));
  await api.run(`mutation { resumeQueue(name: "grant-course-access") { userErrors { code } } }`, {}, operator);
});

test("an ended saga with an open dead letter tells how to redrive it", async () => {
  api.faults.set("SendWelcomeEmailCommand", new Permanent("No such mailbox"));
  const { remedies } = await untilCause(await enroll(), "ENDED");
  expect(remedies.map(({ mutation }) => mutation)).toContain("redriveDeadLetters");
});

test("one saga or twenty are explained, with their dead letters, by the same number of statements", async () => {
  api.faults.set("CheckCourseCapacityCommand", new Permanent("No"));
  const ids = await Promise.all(Array.from({ length: 20 }, enroll));
  for (const id of ids) await untilCause(id, "STEP_PARKED");
  const statements = new Map<string, number>();
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
    const id = currentRequestId();
    statements.set(id, (statements.get(id) ?? 0) + 1);
    return Reflect.apply(original, this, given) as unknown;
  } as typeof original;
  try {
    const count = async (of: string[]): Promise<number> => {
      const requestId = `explained-${newId()}`;
      const query = "query ($filter: SagaFilter) { sagas(filter: $filter) { nodes { explanation { cause summary } deadLetters { id saga { id } } } } }";
      const { body } = await api.post({ query, variables: { filter: { ids: of } } }, { authorization: `Bearer ${operator?.token}`, "x-request-id": requestId });
      const { nodes } = (body as { data: { sagas: { nodes: { explanation: Explanation; deadLetters: unknown[] }[] } } }).data.sagas;
      expect(nodes.map(({ explanation, deadLetters }) => [explanation.cause, deadLetters.length])).toEqual(of.map(() => ["STEP_PARKED", 1]));
      return statements.get(requestId) ?? 0;
    };
    const one = await count(ids.slice(0, 1));
    expect(one).toBeGreaterThan(0);
    expect(await count(ids)).toBe(one);
  } finally {
    pg.Client.prototype.query = original;
  }
});

test("nobody but an operator is told, not even the learner", async () => {
  const learner = await api.person();
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const answer = await api.run(ExplainDocument, { id: sagaId }, learner);
  expect(answer.data.saga).toEqual({ explanation: null });
  expect(codesOf(answer)).toEqual(["FORBIDDEN"]);
});

test.each(["{}", "null", "[null]", '[{"state": "CheckingCapacity", "status": "done"}]'])(
  "a saga whose runs somebody has damaged, to %s, is shown without steps, and its explanation says so",
  async (runs) => {
    api.faults.set("GrantCourseAccessCommand", new Permanent("The gate is gone"));
    const sagaId = await enroll();
    await untilCause(sagaId, "STEP_PARKED");
    await api.engine.sql("update saga set runs = $2::jsonb where id = $1", [sagaId, runs]);
    const answer = await api.run("query ($id: ID!) { saga(id: $id) { id steps { state } remains { state } undoIncomplete } }", { id: sagaId }, operator);
    expect(answer).toMatchObject({ data: { saga: { id: sagaId, steps: [], remains: [], undoIncomplete: false } } });
    expect(await explain(sagaId)).toMatchObject({ cause: "DATA_UNREADABLE" });
  },
);
