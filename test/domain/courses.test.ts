import type { Actor } from "../../src/domain/actor.ts";
import { claimSeats } from "../../src/domain/course-enrollment/course-enrollment.seats.ts";
import { type CourseInput, saveCategory, saveCourse } from "../../src/domain/courses/course.service.ts";
import type { Refusal } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { DomainTest } from "./support.ts";

let t: DomainTest;
let mentor: Actor;
let admin: Actor;
let categoryId: string;
beforeAll(async () => {
  t = await DomainTest.open();
  mentor = { id: await t.user({ roles: ["LEARNER", "MENTOR"] }), roles: ["LEARNER", "MENTOR"] };
  admin = { id: await t.user({ roles: ["LEARNER", "ADMIN"] }), roles: ["LEARNER", "ADMIN"] };
  categoryId = await category();
});
afterAll(() => t.db.dispose({ damaged: "enrollments without sagas" }));

const category = async (input: { name?: string; active?: boolean } = {}, id: string | null = null): Promise<string> =>
  t.db.transaction(
    async (em) => (await saveCategory(em, { categoryId: id, input: { name: newId(), description: "", active: true, ...input }, actor: admin })).categoryId,
  );
const input = (over: Partial<CourseInput> = {}): CourseInput => ({
  title: `Course ${newId()}`,
  description: "Short lessons.",
  level: "BEGINNER",
  status: "PUBLISHED",
  categoryId,
  ...over,
});
const save = (actor: Actor, given: CourseInput, courseId: string | null = null): Promise<string> =>
  t.db.transaction(async (em) => (await saveCourse(em, { courseId, input: given, actor })).courseId);
const refusalsOf = async (saving: Promise<unknown>): Promise<[string, string | undefined][]> => {
  const refusal = await saving.then(
    () => null,
    (error: unknown) => error as Refusal,
  );
  return refusal === null ? [] : [refusal, ...refusal.others].map(({ code, field }) => [code, field?.join(".")]);
};
const row = async (id: string): Promise<Record<string, unknown> | undefined> => (await t.db.sql("select * from course where id = $1", [id]))[0];
const auditOf = (id: string) => t.db.sql("select actor_id, action, target_type, detail from audit_entry where target_id = $1 order by id", [id]);

test("a course is made, and every field of it replaced", async () => {
  const window = { enrollmentOpensAt: new Date("2027-01-01T00:00:00Z"), enrollmentClosesAt: new Date("2027-02-01T00:00:00Z") };
  const id = await save(mentor, input({ title: "  Trees  ", capacity: 5, ...window, level: "ADVANCED", status: "DRAFT" }));
  const made = await row(id);
  expect(made).toMatchObject({
    title: "Trees",
    mentor_id: mentor.id,
    capacity: 5,
    level: "ADVANCED",
    status: "DRAFT",
    seats_taken: 0,
    enrollment_opens_at: window.enrollmentOpensAt,
  });
  await save(mentor, input({ title: "Graphs" }), id);
  const changed = await row(id);
  expect(changed).toMatchObject({ title: "Graphs", mentor_id: mentor.id, capacity: null, level: "BEGINNER", status: "PUBLISHED", enrollment_opens_at: null });
  expect((changed?.["updated_at"] as Date) > (made?.["updated_at"] as Date)).toBe(true);
  expect(changed?.["created_at"]).toEqual(made?.["created_at"]);
  expect(await auditOf(id)).toEqual([]);
});

test("all that is wrong with a course is told at once, in the order of its fields", async () => {
  const title = (await row(await save(mentor, input())))?.["title"] as string;
  const at = new Date("2027-01-01T00:00:00Z");
  expect(
    await refusalsOf(save(mentor, input({ title: "ab", description: " ", capacity: 0, enrollmentOpensAt: at, enrollmentClosesAt: at, categoryId: newId() }))),
  ).toEqual([
    ["INVALID", "input.title"],
    ["REQUIRED", "input.description"],
    ["NOT_FOUND", "input.categoryId"],
    ["INVALID", "input.capacity"],
    ["INVALID", "input.enrollmentClosesAt"],
  ]);
  expect(await refusalsOf(save(mentor, input({ title: title.toUpperCase(), description: "x".repeat(2_001), categoryId: "no id", capacity: 100_001 })))).toEqual(
    [
      ["ALREADY_EXISTS", "input.title"],
      ["INVALID", "input.description"],
      ["NOT_FOUND", "input.categoryId"],
      ["INVALID", "input.capacity"],
    ],
  );
});

test.each(["a\0bc", "a\ud800bc"])("a title that is no text is refused (%j)", async (title) => {
  expect(await refusalsOf(save(mentor, input({ title })))).toEqual([["INVALID", "input.title"]]);
});

test("a title is taken by the mentor's other courses that are not archived, and by nobody else's", async () => {
  const other: Actor = { id: await t.user({ roles: ["LEARNER", "MENTOR"] }), roles: ["LEARNER", "MENTOR"] };
  const id = await save(mentor, input({ title: "Sorting" }));
  expect(await refusalsOf(save(mentor, input({ title: "sorting" })))).toEqual([["ALREADY_EXISTS", "input.title"]]);
  await save(other, input({ title: "Sorting" }));
  await save(mentor, input({ title: "SORTING" }), id);
  const archived = await save(mentor, input({ title: "Sorting", status: "ARCHIVED" }));
  await save(mentor, input({ title: "Sorting", status: "ARCHIVED" }), id);
  await save(mentor, input({ title: "Sorting" }), archived);
  expect(await refusalsOf(save(mentor, input({ title: "Sorting" }), id))).toEqual([["ALREADY_EXISTS", "input.title"]]);
});

test("of ten calls at once with one title one makes a course", async () => {
  const title = `Course ${newId()}`;
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => refusalsOf(save(mentor, input({ title })))));
  expect(outcomes.filter((refusals) => refusals.length === 0)).toHaveLength(1);
  expect(outcomes.filter(([first]) => first?.[0] === "ALREADY_EXISTS" && first[1] === "input.title")).toHaveLength(9);
});

test("a capacity below the seats taken is refused; at them it is not", async () => {
  const id = await save(mentor, input({ capacity: 3 }));
  const enrollments = await Promise.all((await t.users(2)).map((learner) => t.enroll(learner, id)));
  await t.db.transaction((em) => claimSeats(em, enrollments));
  expect(await refusalsOf(save(mentor, input({ capacity: 1 }), id))).toEqual([["CAPACITY_BELOW_SEATS_TAKEN", "input.capacity"]]);
  await save(mentor, input({ capacity: 2 }), id);
  await save(mentor, input({ capacity: null }), id);
  expect(await row(id)).toMatchObject({ capacity: null, seats_taken: 2 });
});

test("seats that are claimed while the capacity is lowered never exceed it", async () => {
  const learners = await t.users(6);
  for (let round = 0; round < 10; round++) {
    const id = await save(mentor, input({ capacity: 6 }));
    const enrollments = await Promise.all(learners.map((learner) => t.enroll(learner, id)));
    const lowering = refusalsOf(save(mentor, input({ capacity: 3 }), id));
    await Promise.all(enrollments.map((enrollment) => t.db.transaction((em) => claimSeats(em, [enrollment]))));
    const refusals = await lowering;
    const { taken, held } = await t.seats(id);
    expect(held).toBe(taken);
    if (refusals.length === 0) expect(taken).toBe(3);
    else {
      expect(refusals).toEqual([["CAPACITY_BELOW_SEATS_TAKEN", "input.capacity"]]);
      expect(taken).toBe(6);
    }
  }
});

test("a category that is not active takes no further course, and keeps those it has", async () => {
  const closing = await category();
  const id = await save(mentor, input({ categoryId: closing }));
  await category({ active: false }, closing);
  expect(await refusalsOf(save(mentor, input({ categoryId: closing })))).toEqual([["INVALID", "input.categoryId"]]);
  await save(mentor, input({ categoryId: closing }), id);
  await save(mentor, input(), id);
  expect(await refusalsOf(save(mentor, input({ categoryId: closing }), id))).toEqual([["INVALID", "input.categoryId"]]);
});

test("somebody else's course, one that does not exist and what is no id sound alike, and nobody takes a course over", async () => {
  const other: Actor = { id: await t.user(), roles: ["LEARNER", "MENTOR"] };
  const id = await save(mentor, input());
  for (const one of [id, newId(), "nonsense"]) {
    await expect(save(other, input(), one)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `You have no course with the id ${one}.`,
      field: ["id"],
      others: [],
    });
  }
  await save(admin, input(), id);
  expect(await row(id)).toMatchObject({ mentor_id: mentor.id });
});

test("what an administrator does to a course is audited, without the texts; an administrator who is no mentor makes none", async () => {
  const id = await save(mentor, input({ title: "Heaps", capacity: 3, enrollmentOpensAt: new Date("2027-01-01T00:00:00Z") }));
  await save(admin, input({ title: "Stacks", capacity: 4, enrollmentOpensAt: new Date("2027-01-01T00:00:00Z") }), id);
  expect(await auditOf(id)).toEqual([
    { actor_id: admin.id, action: "saveCourse", target_type: "Course", detail: { title: "changed", capacity: { from: 3, to: 4 } } },
  ]);
  expect(await refusalsOf(save(admin, input()))).toEqual([["REQUIRED", "id"]]);
});

test("a category is made, renamed and closed by administrators, and each time audited", async () => {
  const name = `Category ${newId()}`.slice(0, 50);
  const id = await category({ name });
  await category({ name: name.toUpperCase(), active: false }, id);
  expect(await t.db.sql("select name, active from category where id = $1", [id])).toEqual([{ name: name.toUpperCase(), active: false }]);
  expect((await auditOf(id)).map(({ detail }) => detail as unknown)).toEqual([{ created: true, active: true }, { active: { from: true, to: false } }]);
  expect(await refusalsOf(category({ name }))).toEqual([["ALREADY_EXISTS", "name"]]);
  expect(await refusalsOf(category({ name: " " }, newId()))).toEqual([
    ["NOT_FOUND", "id"],
    ["REQUIRED", "name"],
  ]);
  const long = { categoryId: null, input: { name: "x".repeat(51), description: "x".repeat(201), active: true }, actor: admin };
  expect(await refusalsOf(t.db.transaction((em) => saveCategory(em, long)))).toEqual([
    ["INVALID", "name"],
    ["INVALID", "description"],
  ]);
});
