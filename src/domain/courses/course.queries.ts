import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { wordPatterns } from "../search.ts";
import { Category } from "./category.ts";
import { Course, type CourseLevel, type CourseStatus } from "./course.ts";

export interface CourseFilter {
  /** Words, each of which must occur in title or description. */
  readonly text?: string | null;
  readonly categoryId?: string | null;
  readonly level?: CourseLevel | null;
  readonly mentorId?: string | null;
  readonly status?: readonly CourseStatus[] | null;
  /** Published and inside its enrollment window now; a full course counts as open, since a seat may come back. */
  readonly openForEnrollment?: boolean | null;
}

/** The courses that exist, by id, whoever may see them: ask `Course.isVisibleTo` before showing one that was looked up by id. */
export async function findCourses(em: EntityManager, ids: readonly string[]): Promise<Map<string, Course>> {
  const courses = await em.find(Course, { id: { $in: ids.filter(isId) } });
  return new Map(courses.map((course) => [course.id, course]));
}

export async function findCategories(em: EntityManager, ids: readonly string[]): Promise<Map<string, Category>> {
  const categories = await em.find(Category, { id: { $in: ids.filter(isId) } });
  return new Map(categories.map((category) => [category.id, category]));
}

/** All categories by name; their number stays small enough for one list. */
export async function listCategories(em: EntityManager): Promise<Category[]> {
  return em.find(Category, {}, { orderBy: { name: "asc" } });
}

/**
 * The courses that the viewer may see, newest first.
 *
 * @throws {InvalidRequest} CURSOR_INVALID
 */
export async function listCourses(em: EntityManager, request: PageRequest & { filter?: CourseFilter | null; viewer: Actor | null }): Promise<Page<Course>> {
  const { filter, viewer, first } = request;
  const values: unknown[] = [];
  const $ = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];

  if (viewer?.roles.includes("ADMIN") !== true) conditions.push(isVisible($(viewer?.id ?? null)));
  if (filter?.categoryId != null) conditions.push(`category_id = ${$(idOrNull(filter.categoryId))}`);
  if (filter?.mentorId != null) conditions.push(`mentor_id = ${$(idOrNull(filter.mentorId))}`);
  if (filter?.level != null) conditions.push(`level = ${$(filter.level)}`);
  if (filter?.status != null) conditions.push(`status = any(${$(filter.status)}::text[])`);
  if (filter?.openForEnrollment != null) conditions.push(`(${isOpen}) = ${$(filter.openForEnrollment)}::boolean`);
  for (const word of wordPatterns(filter?.text)) {
    const pattern = $(word);
    conditions.push(`(title ilike ${pattern} or description ilike ${pattern})`);
  }
  const after = requireCursor(request.after);
  if (after !== null) conditions.push(`(created_at, id) < (select created_at, id from course where id = ${$(after)})`);

  const rows = await query<object>(
    em,
    `select * from course ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`} order by created_at desc, id desc limit ${$(first + 1)}`,
    values,
  );
  return pageOf(
    rows.map((row) => em.map(Course, row)),
    first,
  );
}

/** One mentor's courses. */
export interface CourseListRequest extends PageRequest {
  readonly mentorId: string;
}

/**
 * The courses of mentors that the viewer may see, newest first: one page per request, in their order, by one statement.
 *
 * @throws {InvalidRequest} CURSOR_INVALID
 */
export async function listCoursesOfMentors(em: EntityManager, requests: readonly CourseListRequest[], viewer: Actor | null): Promise<readonly Page<Course>[]> {
  const wanted = requests.map(({ mentorId, first, after }, ord) => ({ ord, mentor_id: mentorId, size: first + 1, after: requireCursor(after) }));
  const rows = await query<{ ord: number }>(
    em,
    `select w.ord, c.* from jsonb_to_recordset($1::jsonb) as w(ord int, mentor_id uuid, size int, after uuid)
     cross join lateral (
       select * from course
       where mentor_id = w.mentor_id and ($3::boolean or ${isVisible("$2")})
         and (w.after is null or (created_at, id) < (select created_at, id from course where id = w.after))
       order by created_at desc, id desc limit w.size
     ) c order by w.ord, c.created_at desc, c.id desc`,
    [JSON.stringify(wanted), viewer?.id ?? null, viewer?.roles.includes("ADMIN") === true],
  );
  const perRequest: Course[][] = requests.map(() => []);
  for (const { ord, ...row } of rows) perRequest[ord]?.push(em.map(Course, row));
  return requests.map(({ first }, ord) => pageOf(perRequest[ord] ?? [], first));
}

/** What `Course.isVisibleTo` says, for everybody but administrators. */
const isVisible = (viewerId: string): string => `(status = 'PUBLISHED' or mentor_id = ${viewerId}::uuid)`;

const isOpen = `status = 'PUBLISHED' and coalesce(enrollment_opens_at <= now(), true) and coalesce(enrollment_closes_at > now(), true)`;

/** What is no id equals no row, instead of being an error of the statement. */
const idOrNull = (id: string): string | null => (isId(id) ? id : null);
