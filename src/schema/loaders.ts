import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../domain/actor.ts";
import type { SagaExplainer, SagaReader, SagaRegistry } from "../sagas/engine/index.ts";
import { applicationRequestLoaders } from "./application-request/loaders.ts";
import { courseEnrollmentLoaders } from "./course-enrollment/loaders.ts";
import { courseLoaders } from "./courses/loaders.ts";
import { fileLoaders } from "./files/loaders.ts";
import { notificationLoaders } from "./notifications/loaders.ts";
import { mentoringSessionLoaders } from "./mentoring-session/loaders.ts";
import { mentorLoaders } from "./mentors/loaders.ts";
import { operationLoaders } from "./operations/loaders.ts";
import { sagaLoaders } from "./sagas/loaders.ts";
import { scheduleLoaders } from "./schedules/loaders.ts";
import { userLoaders } from "./users/loaders.ts";

/** Where loaders look that need more than the database. */
export interface LoaderParts {
  readonly sagas: SagaReader;
  readonly explainer: SagaExplainer;
  readonly registry: SagaRegistry;
}

/** Everything that resolvers look up for one object at a time; each loader asks once for all objects of a list. */
export const createLoaders = (em: EntityManager, parts: LoaderParts, viewer: Actor | null) => ({
  ...userLoaders(em),
  ...courseLoaders(em),
  ...courseEnrollmentLoaders(em, viewer),
  ...fileLoaders(em),
  ...applicationRequestLoaders(em),
  ...notificationLoaders(em),
  ...mentoringSessionLoaders(em),
  ...mentorLoaders(em, viewer),
  ...scheduleLoaders(em, viewer),
  ...sagaLoaders(em, parts.sagas),
  ...operationLoaders(em, parts),
});

export type Loaders = ReturnType<typeof createLoaders>;
