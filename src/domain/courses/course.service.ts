import { sql, type EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { recordAudit } from "../audit/audit.ts";
import { InputCheck } from "../input.ts";
import { unlessTaken } from "../unique.ts";
import { Category } from "./category.ts";
import { Course, type CourseLevel, type CourseStatus } from "./course.ts";

export interface CourseInput {
  /** 3..100 characters. */
  readonly title: string;
  /** 1..2,000 characters. */
  readonly description: string;
  readonly level: CourseLevel;
  readonly status: CourseStatus;
  readonly categoryId: string;
  /** 1..100,000; null: no limit. */
  readonly capacity?: number | null;
  readonly enrollmentOpensAt?: Date | null;
  readonly enrollmentClosesAt?: Date | null;
}

/**
 * Makes a course of the actor when the id is null, otherwise replaces everything that a mentor says about it: an own one, or any
 * for an administrator, which is audited. A course keeps its mentor.
 *
 * @throws {Refusal} NOT_FOUND, ALREADY_EXISTS, CAPACITY_BELOW_SEATS_TAKEN, REQUIRED, INVALID; all that is wrong at once
 */
export async function saveCourse(
  em: EntityManager,
  { courseId, input, actor }: { courseId: string | null; input: CourseInput; actor: Actor },
): Promise<{ courseId: string }> {
  const course = courseId === null ? null : await requireOwnCourse(em, courseId, actor, ["id"]);
  if (course === null && !actor.roles.includes("MENTOR"))
    throw new Refusal("REQUIRED", "Courses are made by mentors; an administrator says which course to change.", ["id"]);
  const mentorId = course?.mentorId ?? actor.id;
  const values = checkInput(input, { course, ...(await loadSurroundings(em, input, { course, mentorId })) });

  const id = course?.id ?? newId();
  await unlessTaken(
    () => (course === null ? em.insert(Course, { id, mentorId, ...values }) : em.nativeUpdate(Course, id, { ...values, updatedAt: sql.now() })),
    titleTaken(values.title),
  );
  if (actor.id !== mentorId) {
    const detail = course === null ? {} : changesOf(course, values);
    await recordAudit(em, { actorId: actor.id, action: "saveCourse", targetType: "Course", targetId: id, detail });
  }
  return { courseId: id };
}

/**
 * Makes a shelf of the catalogue when the id is null, otherwise replaces it.
 *
 * @throws {Refusal} NOT_FOUND, ALREADY_EXISTS, REQUIRED, INVALID
 */
export async function saveCategory(
  em: EntityManager,
  { categoryId, input, actor }: { categoryId: string | null; input: { name: string; description: string; active: boolean }; actor: Actor },
): Promise<{ categoryId: string }> {
  const check = new InputCheck();
  const found = categoryId === null ? null : isId(categoryId) ? await em.findOne(Category, categoryId) : null;
  if (categoryId !== null && found === null) check.refuse("NOT_FOUND", `No category has the id ${categoryId}.`, ["id"]);
  const values = {
    name: check.text(input.name, ["name"], { what: "The name", min: 1, max: 50 }),
    description: check.text(input.description, ["description"], { what: "The description", max: 200 }),
    active: input.active,
  };
  check.done();

  const id = found?.id ?? newId();
  await unlessTaken(
    () => (found === null ? em.insert(Category, { id, ...values }) : em.nativeUpdate(Category, id, { ...values, updatedAt: sql.now() })),
    new Refusal("ALREADY_EXISTS", `There is a category ${values.name} already.`, ["name"]),
  );
  const detail = found === null ? { created: true, active: values.active } : { active: { from: found.active, to: values.active } };
  await recordAudit(em, { actorId: actor.id, action: "saveCategory", targetType: "Category", targetId: id, detail });
  return { categoryId: id };
}

/**
 * A course of the actor's, or any for an administrator. Locked, so that no seat is claimed between the look at the seats and the new capacity.
 *
 * @throws {Refusal} NOT_FOUND
 */
export async function requireOwnCourse(em: EntityManager, courseId: string, actor: Actor, field: readonly string[]): Promise<Course> {
  const [row] = await query<object>(em, "select * from course where id = $1 for no key update", [isId(courseId) ? courseId : null]);
  const course = row === undefined ? null : em.map(Course, row);
  if (course === null || (course.mentorId !== actor.id && !actor.roles.includes("ADMIN")))
    throw new Refusal("NOT_FOUND", `You have no course with the id ${courseId}.`, field);
  return course;
}

/** What a course is checked against. */
interface Surroundings {
  /** The course as it is; null: a new one. */
  readonly course: Course | null;
  /** Another course of the mentor that is not archived has the title. */
  readonly titleIsTaken: boolean;
  /** Null: there is no such category. */
  readonly categoryIsActive: boolean | null;
}

async function loadSurroundings(
  em: EntityManager,
  { title, categoryId }: CourseInput,
  { course, mentorId }: { course: Course | null; mentorId: string },
): Promise<Omit<Surroundings, "course">> {
  const [found] = await query<{ title_is_taken: boolean; category_is_active: boolean | null }>(
    em,
    `select exists (select from course where mentor_id = $1 and lower(title) = lower($2) and status <> 'ARCHIVED' and id is distinct from $3::uuid) as title_is_taken,
            (select active from category where id = $4) as category_is_active`,
    // A title that will be refused as no text must not break the statement.
    [mentorId, title.trim().toWellFormed().replaceAll("\0", ""), course?.id ?? null, isId(categoryId) ? categoryId : null],
  );
  return { titleIsTaken: found?.title_is_taken === true, categoryIsActive: found?.category_is_active ?? null };
}

type CourseValues = { readonly [K in keyof CourseInput]-?: Exclude<CourseInput[K], undefined> };

function checkInput(input: CourseInput, { course, titleIsTaken, categoryIsActive }: Surroundings): CourseValues {
  const { level, status, categoryId, capacity = null, enrollmentOpensAt = null, enrollmentClosesAt = null } = input;
  const check = new InputCheck();
  const title = check.text(input.title, ["input", "title"], { what: "The title", min: 3, max: 100 });
  if (titleIsTaken && status !== "ARCHIVED") {
    const { code, message, field } = titleTaken(title);
    check.refuse(code, message, field);
  }
  const description = check.text(input.description, ["input", "description"], { what: "The description", min: 1, max: 2_000 });
  if (categoryIsActive === null) check.refuse("NOT_FOUND", `No category has the id ${categoryId}.`, ["input", "categoryId"]);
  else if (!categoryIsActive && categoryId.toLowerCase() !== course?.categoryId)
    check.refuse("INVALID", "This category does not take further courses.", ["input", "categoryId"]);
  if (capacity !== null && capacity >= 1 && capacity < (course?.seatsTaken ?? 0))
    check.refuse("CAPACITY_BELOW_SEATS_TAKEN", `${course?.seatsTaken} seats are taken already.`, ["input", "capacity"]);
  else if (capacity !== null) check.whole(capacity, ["input", "capacity"], { what: "The number of seats", min: 1, max: 100_000 });
  if (enrollmentOpensAt !== null && enrollmentClosesAt !== null && enrollmentOpensAt >= enrollmentClosesAt)
    check.refuse("INVALID", "Enrollment closes after it opens.", ["input", "enrollmentClosesAt"]);
  check.done();
  return { title, description, level, status, categoryId, capacity, enrollmentOpensAt, enrollmentClosesAt };
}

const titleTaken = (title: string): Refusal =>
  new Refusal("ALREADY_EXISTS", `The mentor has a course ${title} already that is not archived.`, ["input", "title"]);

/** What an administrator changed, without texts. */
function changesOf(course: Course, values: CourseValues): Record<string, unknown> {
  const names = ["title", "description", "level", "status", "categoryId", "capacity", "enrollmentOpensAt", "enrollmentClosesAt"] as const;
  const changed = names.filter((name) => JSON.stringify(course[name]) !== JSON.stringify(values[name]));
  const said = changed.map((name) => [name, name === "title" || name === "description" ? "changed" : { from: course[name], to: values[name] }]);
  return Object.fromEntries(said) as Record<string, unknown>;
}
