import { newId } from "../../src/kernel/ids.ts";
import { ApiTest, type Answer, codesOf, type Person } from "./support.ts";

type Who = "anonymous" | "learner" | "stranger" | "mentor" | "operator" | "admin";
/** ok: answered; empty: null without an error, as if it did not exist; otherwise the code of the error. */
type Word = "ok" | "empty" | "FORBIDDEN" | "UNAUTHENTICATED" | "NOT_FOUND";

let api: ApiTest;
const people = new Map<Who, Person>();
let [course, draft, enrollmentId, sagaId] = ["", "", "", ""];

beforeAll(async () => {
  api = await ApiTest.open();
  people.set("learner", await api.person());
  people.set("stranger", await api.person());
  people.set("mentor", await api.person("MENTOR"));
  people.set("operator", await api.person("OPERATOR"));
  people.set("admin", await api.person("ADMIN"));
  course = await api.course(of("mentor"));
  draft = await api.course(of("mentor"), { status: "DRAFT" });
  ({ enrollmentId, sagaId } = await api.enroll(of("learner"), course));
});
afterAll(() => api.close());

function of(who: Who): Person {
  const person = people.get(who);
  if (person === undefined) throw new Error(`${who} is nobody`);
  return person;
}

const run = (who: Who, query: string, variables: Record<string, unknown> = {}): Promise<Answer<Record<string, unknown>>> =>
  api.run(query, variables, people.get(who));

/** What became of the one field that the path leads to. */
function wordOf(answer: Answer<Record<string, unknown>>, path: readonly string[]): string {
  const [code] = codesOf(answer);
  if (code !== undefined) return code;
  let value: unknown = answer.data;
  for (const step of path) value = (value as Record<string, unknown> | null)?.[step];
  return value == null ? "empty" : "ok";
}

const everybody: readonly Who[] = ["anonymous", "learner", "stranger", "mentor", "operator", "admin"];
const words = (anonymous: Word, learner: Word, stranger: Word, mentor: Word, operator: Word, admin: Word): Record<Who, Word> => ({
  anonymous,
  learner,
  stranger,
  mentor,
  operator,
  admin,
});

const forOperators = words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN");
const forMentors = words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "FORBIDDEN");
const forAdmins = words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "ok");
const operations: readonly [mutation: string, given: string][] = [
  ["retrySaga", `id: "${newId()}"`],
  ["completeSagaStep", `id: "${newId()}", note: "n"`],
  ["skipSagaStep", `id: "${newId()}", note: "n"`],
  ["cancelSaga", `id: "${newId()}", note: "n"`],
  ["pauseSaga", `id: "${newId()}", note: "n"`],
  ["resumeSaga", `id: "${newId()}", note: "n"`],
  ["moveSagaTimer", `id: "${newId()}", timer: DEADLINE, to: "2100-01-01T00:00:00Z", note: "n"`],
  ["fireSagaTimer", `id: "${newId()}", timer: DEADLINE, note: "n"`],
  ["migrateSaga", `id: "${newId()}", toVersion: 2, note: "n"`],
  ["migrateSaga", `id: "${newId()}", toVersion: 2, note: "n"`],
  ["redriveDeadLetters", `filter: {}, note: "n", idempotencyKey: "12345678"`],
  ["discardDeadLetters", `ids: ["${newId()}"], note: "n"`],
  ["pauseQueue", `name: "nowhere", note: "n"`],
  ["resumeQueue", `name: "nowhere"`],
];

// The learner is enrolled in the mentor's course; everybody else has nothing to do with the two.
type Row = readonly [field: string, query: () => string, expected: Record<Who, Word>];
const table: readonly Row[] = [
  ["categories", () => "{ categories { id } }", words("ok", "ok", "ok", "ok", "ok", "ok")],
  ["courses", () => "{ courses { nodes { id } } }", words("ok", "ok", "ok", "ok", "ok", "ok")],
  ["course", () => `{ course(id: "${course}") { id } }`, words("ok", "ok", "ok", "ok", "ok", "ok")],
  ["course", () => `{ course(id: "${draft}") { id } }`, words("empty", "empty", "empty", "ok", "empty", "ok")],
  ["viewer", () => "{ viewer { id email active roles enrollments { nodes { id } } sagas { nodes { id } } } }", words("empty", "ok", "ok", "ok", "ok", "ok")],
  ["courseEnrollment", () => `{ courseEnrollment(id: "${enrollmentId}") { id } }`, words("UNAUTHENTICATED", "ok", "empty", "ok", "empty", "ok")],
  ["courseEnrollment", () => `{ courseEnrollment(id: "${newId()}") { id } }`, words("UNAUTHENTICATED", "empty", "empty", "empty", "empty", "empty")],
  ["courseEnrollment", () => `{ courseEnrollment(id: "nonsense") { id } }`, words("UNAUTHENTICATED", "empty", "empty", "empty", "empty", "empty")],
  ["saga", () => `{ saga(id: "${sagaId}") { id } }`, words("UNAUTHENTICATED", "ok", "empty", "empty", "ok", "empty")],
  ["saga", () => `{ saga(id: "${newId()}") { id } }`, words("UNAUTHENTICATED", "empty", "empty", "empty", "empty", "empty")],
  ["sagas", () => "{ sagas { nodes { id } } }", words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN")],
  [
    "course.enrollments",
    () => `{ course(id: "${course}") { enrollments { nodes { id } } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  [
    "course.mentor.email",
    () => `{ course(id: "${course}") { mentor { email } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  [
    "course.mentor.roles",
    () => `{ course(id: "${course}") { mentor { roles } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  [
    "course.mentor.active",
    () => `{ course(id: "${course}") { mentor { active } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  [
    "course.mentor.enrollments",
    () => `{ course(id: "${course}") { mentor { enrollments { nodes { id } } } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  [
    "course.mentor.sagas",
    () => `{ course(id: "${course}") { mentor { sagas { nodes { id } } } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "ok", "FORBIDDEN"),
  ],
  ["course.viewerEnrollment", () => `{ course(id: "${course}") { viewerEnrollment { id } } }`, words("empty", "ok", "empty", "empty", "empty", "empty")],
  ["saga.subject", () => `{ saga(id: "${sagaId}") { subject { __typename } } }`, words("UNAUTHENTICATED", "ok", "empty", "empty", "empty", "empty")],
  ["saga.deadLetters", () => `{ saga(id: "${sagaId}") { deadLetters { id } } }`, words("UNAUTHENTICATED", "FORBIDDEN", "empty", "empty", "ok", "empty")],
  ["saga.explanation", () => `{ saga(id: "${sagaId}") { explanation { cause } } }`, words("UNAUTHENTICATED", "FORBIDDEN", "empty", "empty", "ok", "empty")],
  [
    "saga.remains",
    () => `{ saga(id: "${sagaId}") { remains { state } undoIncomplete remindAt } }`,
    words("UNAUTHENTICATED", "ok", "empty", "empty", "ok", "empty"),
  ],
  ["mentors", () => "{ mentors { nodes { id mentorProfile { headline } } } }", words("ok", "ok", "ok", "ok", "ok", "ok")],
  ["expertises", () => "{ expertises { id } }", words("ok", "ok", "ok", "ok", "ok", "ok")],
  [
    "updateMentorProfile",
    () => "mutation { updateMentorProfile(input: { expertiseIds: [], maxSessionsPerWeek: 0, minNoticeHours: 0 }) { userErrors { code } } }",
    forMentors,
  ],
  [
    "publishSchedule",
    () => `mutation { publishSchedule(input: { timeZone: "UTC", blocks: [] }, idempotencyKey: "${newId()}") { userErrors { code } } }`,
    forMentors,
  ],
  ["withdrawSchedule", () => `mutation { withdrawSchedule(id: "${newId()}") { userErrors { code } } }`, words("UNAUTHENTICATED", "ok", "ok", "ok", "ok", "ok")],
  [
    "saveCourse",
    () =>
      `mutation { saveCourse(id: "${newId()}", input: { title: "", description: "", level: BEGINNER, status: DRAFT, categoryId: "x" }) { userErrors { code } } }`,
    words("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "ok", "FORBIDDEN", "ok"),
  ],
  ["saveCategory", () => 'mutation { saveCategory(name: "", description: "") { userErrors { code } } }', forAdmins],
  ["saveExpertise", () => 'mutation { saveExpertise(name: "") { userErrors { code } } }', forAdmins],
  ["deadLetters", () => "{ deadLetters { nodes { id } } }", forOperators],
  ["queues", () => "{ queues { name } }", forOperators],
  ...operations.map(([name, given]): Row => [name, () => `mutation { ${name}(${given}) { userErrors { code } } }`, forOperators]),
  ["saga.events", () => `{ saga(id: "${sagaId}") { events { summary } } }`, words("UNAUTHENTICATED", "ok", "empty", "empty", "ok", "empty")],
];

for (const [field, query, expected] of table) {
  for (const who of everybody) {
    test(`${field} answers ${who} with ${expected[who]}: ${query.toString().slice(6)}`, async () => {
      expect(wordOf(await run(who, query()), field.split("."))).toBe(expected[who]);
    });
  }
}

test("a refused field is null with an error at its path, and the rest of the answer stays", async () => {
  const answer = await run("stranger", `{ course(id: "${course}") { id mentor { fullName email } enrollments { nodes { id } } } }`);
  expect(answer.status).toBe(200);
  expect(answer.data).toMatchObject({ course: { id: course, mentor: { fullName: "Fi Tavgor", email: null }, enrollments: null } });
  expect(answer.errors?.map(({ path, extensions }) => [path?.join("."), extensions.code]).toSorted()).toEqual([
    ["course.enrollments", "FORBIDDEN"],
    ["course.mentor.email", "FORBIDDEN"],
  ]);
});

test("event data is for operators only", async () => {
  const query = `{ saga(id: "${sagaId}") { events { sequence data } } }`;
  expect(codesOf(await run("operator", query))).toEqual([]);
  expect(new Set(codesOf(await run("learner", query)))).toEqual(new Set(["FORBIDDEN"]));
});

test.each<[string, (id: string) => string]>([
  ["enrollInCourse", (id) => `mutation { enrollInCourse(courseId: "${id}", idempotencyKey: "12345678") { userErrors { code } } }`],
  ["cancelEnrollment", (id) => `mutation { cancelEnrollment(id: "${id}") { userErrors { code } } }`],
])("%s needs somebody who is signed in", async (field, mutation) => {
  const answer = await run("anonymous", mutation(newId()));
  expect(answer.data).toEqual({ [field]: null });
  expect(codesOf(answer)).toEqual(["UNAUTHENTICATED"]);
});

test("operators find a saga by every filter, without learning whom it is about", async () => {
  const filter = {
    ids: [sagaId],
    type: ["COURSE_ENROLLMENT"],
    state: ["CheckingCapacity"],
    status: ["RUNNING"],
    subjectId: enrollmentId,
    userId: of("learner").id,
    startedAfter: "2020-01-01T00:00:00Z",
    startedBefore: "2999-01-01T00:00:00+02:00",
  };
  const answer = await run(
    "operator",
    "query ($filter: SagaFilter) { sagas(filter: $filter, orderBy: STARTED_AT_DESC) { nodes { id type state subject { __typename } } } }",
    { filter },
  );
  expect(answer).toMatchObject({ data: { sagas: { nodes: [{ id: sagaId, type: "COURSE_ENROLLMENT", state: "CheckingCapacity", subject: null }] } } });
  const none = await run("operator", "query ($filter: SagaFilter) { sagas(filter: $filter) { nodes { id } } }", {
    filter: { ...filter, status: ["STUCK"], reason: ["COURSE_FULL"], quietForSeconds: 5 },
  });
  expect(none.data).toEqual({ sagas: { nodes: [] } });
});
