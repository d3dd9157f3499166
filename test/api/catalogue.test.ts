import pg from "pg";
import { newId } from "../../src/kernel/ids.ts";
import { currentRequestId } from "../../src/server/request-id.ts";
import { type Answer, ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
let admin: Person;

/** Statements by the id of the request that sent them. */
const statements = new Map<string, number>();
const original = pg.Client.prototype.query;

beforeAll(async () => {
  // The account's standing is looked up once and then known: it is not what is counted here.
  api = await ApiTest.open({ standingTtlMs: 600_000 });
  admin = await api.person("ADMIN");
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

interface UserError {
  code: string;
  field: string[] | null;
}
interface Course {
  id: string;
  title: string;
  status: string;
  capacity: number | null;
  mentor: { id: string };
  category: { id: string };
  enrollmentOpensAt: string | null;
}

const saveExpertise = (name: string, id: string | null = null, who: Person = admin) =>
  api.run<{ saveExpertise: { expertise: { id: string; name: string } | null; userErrors: UserError[] } | null }>(
    "mutation ($id: ID, $name: String!) { saveExpertise(id: $id, name: $name) { expertise { id name } userErrors { code field } } }",
    { id, name },
    who,
  );
const saveCategory = (variables: { id?: string; name: string; description?: string; active?: boolean }) =>
  api.run<{ saveCategory: { category: { id: string; name: string; active: boolean } | null; userErrors: UserError[] } }>(
    'mutation ($id: ID, $name: String!, $description: String! = "", $active: Boolean! = true) { saveCategory(id: $id, name: $name, description: $description, active: $active) { category { id name description active } userErrors { code field } } }',
    variables,
    admin,
  );
const saveCourse = (who: Person, input: Record<string, unknown>, id: string | null = null) =>
  api.run<{ saveCourse: { course: Course | null; userErrors: UserError[] } | null }>(
    "mutation ($id: ID, $input: CourseInput!) { saveCourse(id: $id, input: $input) { course { id title status capacity enrollmentOpensAt mentor { id } category { id } } userErrors { code field } } }",
    { id, input },
    who,
  );
const updateProfile = (who: Person, input: Record<string, unknown>) =>
  api.run<{ updateMentorProfile: { user: { mentorProfile: Record<string, unknown> } | null; userErrors: UserError[] } }>(
    "mutation ($input: MentorProfileInput!) { updateMentorProfile(input: $input) { user { id mentorProfile { headline experience maxSessionsPerWeek minNoticeHours expertises { name } } } userErrors { code field } } }",
    { input: { expertiseIds: [], maxSessionsPerWeek: 10, minNoticeHours: 12, ...input } },
    who,
  );

async function expertise(name: string = newId()): Promise<string> {
  return (await saveExpertise(name)).data.saveExpertise?.expertise?.id ?? "";
}
async function category(): Promise<string> {
  return (await saveCategory({ name: newId() })).data.saveCategory.category?.id ?? "";
}

const FIND_MENTOR = `query FindMentor($from: DateTime!, $to: DateTime!, $expertise: [ID!], $first: Int! = 10) {
  mentors(filter: { expertiseIds: $expertise, openFrom: $from, openTo: $to }, first: $first) {
    nodes {
      id fullName timeZone
      mentorProfile {
        headline expertises { name }
        courses(first: 5) { nodes { id title category { name } mentor { fullName } } }
        schedules(from: $from, to: $to) { id startTime endTime timeZone open mentor { fullName } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

interface Found {
  mentors: {
    nodes: {
      id: string;
      mentorProfile: { headline: string | null; expertises: { name: string }[]; courses: { nodes: { id: string }[] }; schedules: { open: boolean }[] };
    }[];
  };
}

async function mentorWithSlots(expertiseIds: string[]): Promise<Person> {
  const mentor = await api.person("MENTOR");
  await updateProfile(mentor, { headline: "Databases", expertiseIds });
  await api.course(mentor);
  await api.engine.sql(
    `insert into schedule (id, mentor_id, during, time_zone)
     select gen_random_uuid(), $1, tstzrange(now() + d * interval '1 day', now() + d * interval '1 day' + interval '1 hour'), 'Europe/Lisbon' from generate_series(1, 9) d`,
    [mentor.id],
  );
  return mentor;
}

test("a learner finds the mentors of an expertise with an open slot next week, with profile, courses and slots", async () => {
  const [databases, other] = [await expertise("Databases"), await expertise()];
  const [mentor] = [await mentorWithSlots([databases, other]), await mentorWithSlots([other])];
  await saveCourse(mentor, { title: "A draft", description: "x", level: "BEGINNER", status: "DRAFT", categoryId: await category() });
  const [busy] = [await api.person("MENTOR")];
  await updateProfile(busy, { expertiseIds: [databases] });
  const find = (who: Person | null) => api.run<Found>(FIND_MENTOR, { from: inDays(2.5), to: inDays(5.5), expertise: [databases] }, who);
  const { data } = await find(await api.person());
  expect(data.mentors.nodes).toMatchObject([{ id: mentor.id, fullName: "Fi Tavgor", mentorProfile: { headline: "Databases" } }]);
  const [{ mentorProfile }] = data.mentors.nodes as [Found["mentors"]["nodes"][number]];
  expect(mentorProfile.expertises.map(({ name }) => name)).toContain("Databases");
  expect(mentorProfile.courses.nodes).toHaveLength(1);
  expect(mentorProfile.schedules.map(({ open }) => open)).toEqual([true, true, true]);
  expect((await find(null)).data).toEqual(data);
  expect((await find(mentor)).data.mentors.nodes).toEqual([]);
});

test("one mentor or thirty, with profiles, expertises, courses and slots: the same number of statements", async () => {
  const expertiseIds = [await expertise(), await expertise(), await expertise()];
  for (let index = 0; index < 30; index++) await mentorWithSlots(expertiseIds);
  const count = async (first: number): Promise<{ statements: number; nodes: number }> => {
    const id = `counted-mentors-${first}`;
    const variables = { from: inDays(0), to: inDays(6), expertise: expertiseIds, first };
    const { body } = await api.post({ query: FIND_MENTOR, variables }, { authorization: `Bearer ${admin.token}`, "x-request-id": id });
    expect(body).not.toHaveProperty("errors");
    return { statements: statements.get(id) ?? 0, nodes: (body as { data: Found }).data.mentors.nodes.length };
  };
  await count(2);
  const [one, thirty] = [await count(1), await count(30)];
  expect([one.nodes, thirty.nodes]).toEqual([1, 30]);
  expect(thirty.statements).toBe(one.statements);
  expect(thirty.statements).toBeLessThanOrEqual(8);
});

test("a mentor's profile is replaced, and what is wrong with it told at once", async () => {
  const [mentor, learner] = [await api.person("MENTOR"), await api.person()];
  const graphs = await expertise();
  const { data } = await updateProfile(mentor, { headline: "Trees", expertiseIds: [graphs], maxSessionsPerWeek: 3 });
  expect(data.updateMentorProfile).toMatchObject({
    user: { id: mentor.id, mentorProfile: { headline: "Trees", experience: null, maxSessionsPerWeek: 3, minNoticeHours: 12, expertises: [{}] } },
    userErrors: [],
  });
  const refused = await updateProfile(mentor, { expertiseIds: [graphs, newId()], maxSessionsPerWeek: 0 });
  expect(refused.data.updateMentorProfile).toEqual({
    user: null,
    userErrors: [
      { code: "NOT_FOUND", field: ["input", "expertiseIds", "1"] },
      { code: "INVALID", field: ["input", "maxSessionsPerWeek"] },
    ],
  });
  expect(codesOf(await updateProfile(learner, {}))).toEqual(["FORBIDDEN"]);
  const viewer = await api.run<{ viewer: { mentorProfile: unknown } }>("{ viewer { mentorProfile { headline } } }", {}, learner);
  expect(viewer.data.viewer.mentorProfile).toBeNull();
});

test("expertises and categories are kept by administrators and listed by name", async () => {
  const name = `a ${newId()}`;
  const id = await expertise(name);
  expect((await saveExpertise(name.toUpperCase(), id)).data.saveExpertise).toMatchObject({ expertise: { id, name: name.toUpperCase() }, userErrors: [] });
  expect((await saveExpertise(name)).data.saveExpertise).toEqual({ expertise: null, userErrors: [{ code: "ALREADY_EXISTS", field: ["name"] }] });
  expect((await saveExpertise("x", "nonsense")).data.saveExpertise?.userErrors).toEqual([{ code: "NOT_FOUND", field: ["id"] }]);
  const made = (await saveCategory({ name: newId(), description: "Made up." })).data.saveCategory.category;
  expect(made).toMatchObject({ active: true });
  const closed = await saveCategory({ id: made?.id ?? "", name: newId(), active: false });
  expect(closed.data.saveCategory).toMatchObject({ category: { id: made?.id, active: false }, userErrors: [] });
  const { data } = await api.run<Record<"expertises" | "categories", { id: string; name: string }[]>>("{ expertises { id name } categories { id name } }");
  expect(data.expertises.map((one) => one.id)).toContain(id);
  expect(data.categories.map((one) => one.id)).toContain(made?.id);
  const names = data.expertises.map((one) => one.name.toLowerCase());
  expect(names).toEqual(names.toSorted());
});

test("a course is made by its mentor, changed by an administrator, and closed to everybody else", async () => {
  const [mentor, other] = [await api.person("MENTOR"), await api.person("MENTOR")];
  const input = { title: `Trees ${newId()}`, description: "Short.", level: "BEGINNER", status: "DRAFT", categoryId: await category(), capacity: 3 };
  const { data } = await saveCourse(mentor, { ...input, enrollmentOpensAt: "2027-01-01T00:00:00Z" });
  const course = data.saveCourse?.course;
  expect(course).toMatchObject({
    title: input.title,
    mentor: { id: mentor.id },
    category: { id: input.categoryId },
    enrollmentOpensAt: "2027-01-01T00:00:00.000Z",
  });
  for (const id of [course?.id ?? "", newId(), "nonsense"]) {
    expect((await saveCourse(other, input, id)).data.saveCourse).toEqual({ course: null, userErrors: [{ code: "NOT_FOUND", field: ["id"] }] });
  }
  const changed = await saveCourse(admin, { ...input, status: "PUBLISHED" }, course?.id ?? "");
  expect(changed.data.saveCourse?.course).toMatchObject({ status: "PUBLISHED", mentor: { id: mentor.id }, enrollmentOpensAt: null });
  const wrong = await saveCourse(mentor, { ...input, description: "", capacity: 0, categoryId: newId() });
  expect(wrong.data.saveCourse).toEqual({
    course: null,
    userErrors: [
      { code: "ALREADY_EXISTS", field: ["input", "title"] },
      { code: "REQUIRED", field: ["input", "description"] },
      { code: "NOT_FOUND", field: ["input", "categoryId"] },
      { code: "INVALID", field: ["input", "capacity"] },
    ],
  });
  expect((await saveCourse(admin, input)).data.saveCourse?.userErrors).toEqual([{ code: "REQUIRED", field: ["id"] }]);
});

interface Page {
  nodes: { status: string }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}
interface OwnCourses {
  mentors: { nodes: { mentorProfile: { courses: Page } }[] };
}

test("a mentor's courses show drafts to the mentor alone, page by page", async () => {
  const mentor = await api.person("MENTOR");
  for (const status of ["PUBLISHED", "DRAFT", "PUBLISHED", "ARCHIVED"]) await api.course(mentor, { status });
  const query = `query ($id: ID!, $after: String) { mentors(filter: { categoryId: $id }) { nodes { mentorProfile { courses(first: 1, after: $after) { nodes { status } pageInfo { hasNextPage endCursor } } } } } }`;
  const statuses = async (who: Person | null): Promise<string[]> => {
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const [row] = await api.engine.sql<{ id: string }>("select category_id as id from course where mentor_id = $1 and status = 'PUBLISHED'", [mentor.id]);
      const answer: Answer<OwnCourses> = await api.run<OwnCourses>(query, { id: row?.id, after }, who);
      const page: Page | undefined = answer.data.mentors.nodes[0]?.mentorProfile.courses;
      if (page === undefined) return seen;
      seen.push(...page.nodes.map(({ status }) => status));
      if (!page.pageInfo.hasNextPage) return seen;
      after = page.pageInfo.endCursor;
    }
  };
  expect(await statuses(null)).toEqual(["PUBLISHED", "PUBLISHED"]);
  expect(await statuses(await api.person("MENTOR"))).toEqual(["PUBLISHED", "PUBLISHED"]);
  expect(await statuses(mentor)).toEqual(["ARCHIVED", "PUBLISHED", "DRAFT", "PUBLISHED"]);
  expect(await statuses(admin)).toHaveLength(4);
});

test.each([
  '(filter: { expertiseIds: ["nonsense"] })',
  '(filter: { categoryId: "nonsense" })',
  '(filter: { openFrom: "2027-01-02T00:00:00Z", openTo: "2027-01-01T00:00:00Z" })',
  "(first: 101)",
])("mentors%s is a bad request", async (given) => {
  expect(codesOf(await api.run(`{ mentors${given} { nodes { id } } }`))).toEqual(["BAD_USER_INPUT"]);
});
