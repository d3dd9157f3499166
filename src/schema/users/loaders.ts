import type { EntityManager } from "@mikro-orm/postgresql";
import { findUsers } from "../../domain/users/user.queries.ts";
import { byId } from "../batch.ts";

export const userLoaders = (em: EntityManager) => ({
  user: byId((ids) => findUsers(em, ids)),
});
