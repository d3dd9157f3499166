import pg from "pg";
import { currentRequestId } from "../../src/server/request-id.ts";
import { type Answer, ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
let admin: Person;
let mentor: Person;

/** Statements by the id of the request that sent them. */
const statements = new Map<string, number>();
const original = pg.Client.prototype.query;

beforeAll(async () => {
  // The account's standing is looked up once and then known: it is not what is counted here.
  api = await ApiTest.open({ standingTtlMs: 600_000 });
  admin = await api.person("ADMIN", "OPERATOR");
  mentor = await api.person("MENTOR");
  await api.run("{ viewer { id } }", {}, admin);
  pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
    const id = currentRequestId();
    statements.set(id, (statements.get(id) ?? 0) + 1);
    return Reflect.apply(original, this, given) as unknown;
  } as typeof original;
});
afterAll(async () => {
  pg.Client.prototype.query = original;
  await api.close();
});

interface Listed {
  page: { nodes: { id: string }[]; edges: { cursor: string }[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null } };
}

let requests = 0;

async function countStatements(query: string, variables: Record<string, unknown>): Promise<{ count: number; body: unknown }> {
  const id = `counted-request-${++requests}`;
  const { body } = await api.post({ query, variables }, { authorization: `Bearer ${admin.token}`, "x-request-id": id });
  expect(body).not.toHaveProperty("errors");
  return { count: statements.get(id) ?? 0, body };
}

async function enrollMany(course: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await api.enroll(await api.person(), course);
}

test("one enrollment or fifty, with course, learner, mentor, saga and its history: the same number of statements", async () => {
  const [small, large] = [await api.course(mentor), await api.course(mentor)];
  await enrollMany(small, 1);
  await enrollMany(large, 50);
  const query = `query ($id: ID!) {
    course(id: $id) {
      enrollments(first: 50) {
        nodes { id learner { fullName email } course { title mentor { fullName } viewerEnrollment { id } category { name } } saga { state steps { state } subject { __typename } events(first: 5) { sequence saga { id } } } }
      }
    }
  }`;
  const [one, fifty] = [await countStatements(query, { id: small }), await countStatements(query, { id: large })];
  expect((fifty.body as { data: { course: { enrollments: { nodes: unknown[] } } } }).data.course.enrollments.nodes).toHaveLength(50);
  expect(fifty.count).toBe(one.count);
  expect(fifty.count).toBeLessThanOrEqual(10);
});

test("one course or fifty, with everything around them: the same number of statements", async () => {
  for (let index = 0; index < 50; index++) await enrollMany(await api.course(mentor), 1);
  const query = `query ($first: Int!) {
    courses(first: $first) { nodes { id category { name } mentor { fullName enrollments(first: 1) { nodes { id } } } viewerEnrollment { id } enrollments(first: 2) { nodes { id saga { status } } } } }
  }`;
  const [one, fifty] = [await countStatements(query, { first: 1 }), await countStatements(query, { first: 50 })];
  expect(fifty.count).toBe(one.count);
});

test("fifty sagas of an operator's list: the same number of statements as for one", async () => {
  const query = `query ($first: Int!) { sagas(first: $first) { nodes { id state subject { ... on CourseEnrollment { learner { id } } } events(first: 3) { summary actor { id } } } } }`;
  const [one, fifty] = [await countStatements(query, { first: 1 }), await countStatements(query, { first: 50 })];
  expect(fifty.count).toBe(one.count);
});

test.each(["courses(first: 7", "sagas(orderBy: STARTED_AT_DESC, first: 7", "sagas(orderBy: UPDATED_AT_ASC, first: 7"])(
  "pages of %s) join without gaps and repetitions",
  async (list) => {
    const ids: string[] = [];
    let after: string | null = null;
    for (;;) {
      const answer: Answer<Listed> = await api.run<Listed>(
        `query ($after: String) { page: ${list}, after: $after) { nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        { after },
        admin,
      );
      const { nodes, edges, pageInfo } = answer.data.page;
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor);
      ids.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    const table = list.startsWith("courses") ? "course" : "saga";
    const [row] = await api.engine.sql<{ count: number }>(`select count(*)::int as count from ${table}`);
    expect(ids).toHaveLength(row?.count ?? 0);
    expect(new Set(ids).size).toBe(ids.length);
  },
);

test.each(["nonsense", "", Buffer.from("sagas.UPDATED_AT_DESC:x y").toString("base64url"), Buffer.from("courses:2026-01-01 x").toString("base64url")])(
  "the cursor %j is refused",
  async (after) => {
    for (const list of ["courses", "sagas"]) {
      expect(codesOf(await api.run(`query ($after: String) { ${list}(after: $after) { nodes { id } } }`, { after }, admin))).toEqual(["CURSOR_INVALID"]);
    }
  },
);

test.each([0, -1, 101])("a page of %d is refused", async (first) => {
  expect(codesOf(await api.run("query ($first: Int!) { courses(first: $first) { nodes { id } } }", { first }))).toEqual(["BAD_USER_INPUT"]);
});

test("courses are found by their filter", async () => {
  const id = await api.course(mentor);
  const { data } = await api.run<{ courses: { nodes: { id: string }[] } }>("query ($filter: CourseFilter) { courses(filter: $filter) { nodes { id } } }", {
    filter: { text: `course ${id}`, categoryId: id, level: "BEGINNER", mentorId: mentor.id, status: ["PUBLISHED"], openForEnrollment: true },
  });
  expect(data.courses.nodes).toEqual([{ id }]);
  expect(codesOf(await api.run('{ courses(filter: { mentorId: "nobody" }) { nodes { id } } }'))).toEqual(["BAD_USER_INPUT"]);
});
