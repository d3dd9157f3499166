import type { EntityManager } from "@mikro-orm/postgresql";
import { findFiles } from "../../domain/files/claim.ts";
import { findCourseResources } from "../../domain/courses/course-resource.service.ts";
import { byId } from "../batch.ts";

export const fileLoaders = (em: EntityManager) => ({
  file: byId((ids) => findFiles(em, ids)),
  /** By course id; oldest first. */
  courseResources: byId((courseIds) => findCourseResources(em, courseIds)),
});
