import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../../domain/actor.ts";
import { type CourseListRequest, listCoursesOfMentors } from "../../domain/courses/course.queries.ts";
import { findExpertises, findMentorProfiles, listExpertisesOfMentors } from "../../domain/mentors/mentor.queries.ts";
import { byId, byRequest } from "../batch.ts";

export const mentorLoaders = (em: EntityManager, viewer: Actor | null) => ({
  mentorProfile: byId((ids) => findMentorProfiles(em, ids)),
  expertise: byId((ids) => findExpertises(em, ids)),
  expertisesOfMentor: byRequest((ids: readonly string[]) => listExpertisesOfMentors(em, ids)),
  coursesOfMentor: byRequest((requests: readonly CourseListRequest[]) => listCoursesOfMentors(em, requests, viewer)),
});
