import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../domain/actor.ts";
import type { SagaReader } from "../sagas/engine/index.ts";
import { courseEnrollmentLoaders } from "./course-enrollment/loaders.ts";
import { courseLoaders } from "./courses/loaders.ts";
import { sagaLoaders } from "./sagas/loaders.ts";
import { userLoaders } from "./users/loaders.ts";

/** Everything that resolvers look up for one object at a time; each loader asks once for all objects of a list. */
export const createLoaders = (em: EntityManager, sagas: SagaReader, viewer: Actor | null) => ({
  ...userLoaders(em),
  ...courseLoaders(em),
  ...courseEnrollmentLoaders(em, viewer),
  ...sagaLoaders(em, sagas),
});

export type Loaders = ReturnType<typeof createLoaders>;
