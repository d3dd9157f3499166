import type { EntityManager } from "@mikro-orm/postgresql";
import { findOpenReviewers, findUsers } from "../../domain/users/user.queries.ts";
import { byId } from "../batch.ts";

export const userLoaders = (em: EntityManager) => ({
  user: byId((ids) => findUsers(em, ids)),
  /** Of the applicant's open application. */
  openReviewer: byId((ids) => findOpenReviewers(em, ids)),
});
