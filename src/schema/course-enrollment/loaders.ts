import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../../domain/actor.ts";
import {
  findEnrollments,
  findLatestEnrollments,
  listEnrollmentsInCourses,
  listEnrollmentsOfLearners,
  type EnrollmentListRequest,
} from "../../domain/course-enrollment/course-enrollment.queries.ts";
import { byId, byRequest } from "../batch.ts";

export const courseEnrollmentLoaders = (em: EntityManager, viewer: Actor | null) => ({
  enrollment: byId((ids) => findEnrollments(em, ids)),
  /** The viewer's latest enrollment, by course id. */
  viewerEnrollment: byId(async (courseIds) => (viewer === null ? new Map() : findLatestEnrollments(em, viewer.id, courseIds))),
  enrollmentsOfLearner: byRequest((requests: readonly EnrollmentListRequest[]) => listEnrollmentsOfLearners(em, requests)),
  enrollmentsInCourse: byRequest((requests: readonly EnrollmentListRequest[]) => listEnrollmentsInCourses(em, requests)),
});
