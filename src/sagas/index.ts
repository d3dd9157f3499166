import type { SagaMigration } from "./engine/index.ts";
import { applicationRequest } from "./application-request.ts";
import { courseEnrollment } from "./course-enrollment.ts";
import { mentoringSession } from "./mentoring-session.ts";

/** Every saga of the platform. A new one is a definition, its test, and a line here. */
export const sagas = [courseEnrollment, mentoringSession, applicationRequest];

/** How sagas get from one version of their definition to the next, by `migration(from, to, …)`. */
export const migrations: readonly SagaMigration[] = [];
