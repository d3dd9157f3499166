import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { CourseEnrollment, type CourseEnrollmentStatus } from "./course-enrollment.ts";

/** One list of enrollments: those of one learner or those in one course. */
export interface EnrollmentListRequest extends PageRequest {
  /** The learner or the course, as the list function says. */
  readonly ownerId: string;
  /** Null or left out: any. */
  readonly status?: readonly CourseEnrollmentStatus[] | null;
}

/** The enrollments that exist, by id, whoever may see them. */
export async function findEnrollments(em: EntityManager, ids: readonly string[]): Promise<Map<string, CourseEnrollment>> {
  const enrollments = await em.find(CourseEnrollment, { id: { $in: ids.filter(isId) } });
  return new Map(enrollments.map((enrollment) => [enrollment.id, enrollment]));
}

/** The learner's newest enrollment in each of the courses, by course id; courses never asked for are left out. */
export async function findLatestEnrollments(em: EntityManager, learnerId: string, courseIds: readonly string[]): Promise<Map<string, CourseEnrollment>> {
  const rows = await query<object>(
    em,
    `select e.* from unnest($2::uuid[]) c(id)
     cross join lateral (select * from course_enrollment where course_id = c.id and learner_id = $1 order by id desc limit 1) e`,
    [learnerId, [...new Set(courseIds)]],
  );
  const enrollments = rows.map((row) => em.map(CourseEnrollment, row));
  return new Map(enrollments.map((enrollment) => [enrollment.courseId, enrollment]));
}

/** Enrollments of learners, newest first: one page per request, in their order, by one statement. @throws {InvalidRequest} CURSOR_INVALID */
export const listEnrollmentsOfLearners = (em: EntityManager, requests: readonly EnrollmentListRequest[]): Promise<readonly Page<CourseEnrollment>[]> =>
  listPages(em, "learner_id", requests);

/** Enrollments in courses, newest first: one page per request, in their order, by one statement. @throws {InvalidRequest} CURSOR_INVALID */
export const listEnrollmentsInCourses = (em: EntityManager, requests: readonly EnrollmentListRequest[]): Promise<readonly Page<CourseEnrollment>[]> =>
  listPages(em, "course_id", requests);

async function listPages(
  em: EntityManager,
  owner: "learner_id" | "course_id",
  requests: readonly EnrollmentListRequest[],
): Promise<readonly Page<CourseEnrollment>[]> {
  const wanted = requests.map(({ ownerId, status, first, after }, ord) => ({
    ord,
    owner_id: ownerId,
    status: status ?? null,
    size: first + 1,
    after: requireCursor(after),
  }));
  // Ids are v7, so their order is that of the asking; one index per owner serves filter and order.
  const rows = await query<{ ord: number }>(
    em,
    `select w.ord, e.* from jsonb_to_recordset($1::jsonb) as w(ord int, owner_id uuid, status text[], size int, after uuid)
     cross join lateral (
       select * from course_enrollment
       where ${owner} = w.owner_id and (w.status is null or status = any(w.status)) and (w.after is null or id < w.after)
       order by id desc limit w.size
     ) e order by w.ord, e.id desc`,
    [JSON.stringify(wanted)],
  );
  const perRequest: CourseEnrollment[][] = requests.map(() => []);
  for (const { ord, ...row } of rows) perRequest[ord]?.push(em.map(CourseEnrollment, row));
  return requests.map(({ first }, ord) => pageOf(perRequest[ord] ?? [], first));
}
