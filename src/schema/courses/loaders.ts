import type { EntityManager } from "@mikro-orm/postgresql";
import { findCategories, findCourses } from "../../domain/courses/course.queries.ts";
import { byId } from "../batch.ts";

export const courseLoaders = (em: EntityManager) => ({
  course: byId((ids) => findCourses(em, ids)),
  category: byId((ids) => findCategories(em, ids)),
});
