import type { EntityManager } from "@mikro-orm/postgresql";
import { findSchedules } from "../../domain/schedules/schedule.queries.ts";
import { byId } from "../batch.ts";

export const scheduleLoaders = (em: EntityManager) => ({
  schedule: byId((ids) => findSchedules(em, ids)),
});
