import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { recordAudit } from "../audit/audit.ts";
import { claimFiles, releaseFiles } from "../files/claim.ts";
import { InputCheck } from "../input.ts";
import { requireOwnCourse } from "./course.service.ts";
import { CourseResource } from "./course-resource.ts";

/** Materials of one course at most. */
export const MAX_RESOURCES = 200;
/** Where the upload is named. */
export const UPLOAD_FIELD = ["uploadId"];

/**
 * Adds an upload of the actor's to the materials of a course of theirs, or of any for an administrator, which is audited.
 *
 * @throws {Refusal} NOT_FOUND, UPLOAD_MISSING, REQUIRED, INVALID; WRONG_STATE: the course has as many as it may
 */
export async function addCourseResource(
  em: EntityManager,
  { courseId, uploadId, title, actor }: { courseId: string; uploadId: string; title: string; actor: Actor },
): Promise<void> {
  const course = await requireOwnCourse(em, courseId, actor, ["courseId"]);
  const check = new InputCheck();
  const checked = check.text(title, ["title"], { what: "The title", min: 3, max: 100 });
  if ((await em.count(CourseResource, { courseId: course.id })) >= MAX_RESOURCES)
    check.refuse("WRONG_STATE", `A course has at most ${MAX_RESOURCES} materials; remove one first.`, ["courseId"]);
  check.done();
  await claimFiles(em, { ownerId: actor.id, purpose: "COURSE_RESOURCE", uploads: [{ id: uploadId, field: UPLOAD_FIELD }] });
  const id = newId();
  await em.insert(CourseResource, { id, courseId: course.id, fileId: uploadId.toLowerCase(), title: checked });
  if (actor.id !== course.mentorId)
    await recordAudit(em, { actorId: actor.id, action: "addCourseResource", targetType: "CourseResource", targetId: id, detail: { courseId: course.id } });
}

/**
 * Takes materials away from a course of the actor's, or of any for an administrator, which is audited. Their file is purged soon.
 *
 * @throws {Refusal} NOT_FOUND
 */
export async function removeCourseResource(em: EntityManager, { resourceId, actor }: { resourceId: string; actor: Actor }): Promise<{ courseId: string }> {
  const notFound = new Refusal("NOT_FOUND", `You have no course with the material ${resourceId}.`, ["id"]);
  const resource = isId(resourceId) ? await em.findOne(CourseResource, resourceId) : null;
  if (resource === null) throw notFound;
  const course = await requireOwnCourse(em, resource.courseId, actor, ["id"]).catch((error: unknown) => {
    throw error instanceof Refusal ? notFound : error;
  });
  // Of two that remove it at once, one does.
  const removed = await query(em, "delete from course_resource where id = $1 returning 1", [resource.id]);
  if (removed.length === 0) throw notFound;
  await releaseFiles(em, [resource.fileId]);
  if (actor.id !== course.mentorId) {
    const detail = { courseId: course.id, title: resource.title };
    await recordAudit(em, { actorId: actor.id, action: "removeCourseResource", targetType: "CourseResource", targetId: resource.id, detail });
  }
  return { courseId: course.id };
}

/** The materials of these courses, oldest first, whoever may see them. */
export async function findCourseResources(em: EntityManager, courseIds: readonly string[]): Promise<Map<string, CourseResource[]>> {
  const resources = await em.find(CourseResource, { courseId: { $in: [...courseIds] } }, { orderBy: { id: "asc" } });
  return Map.groupBy(resources, ({ courseId }) => courseId);
}
