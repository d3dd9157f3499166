import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../../domain/actor.ts";
import { findOpenSchedules, findSchedules, listSchedulesOfMentors, type ScheduleListRequest } from "../../domain/schedules/schedule.queries.ts";
import { byId, byRequest } from "../batch.ts";

export const scheduleLoaders = (em: EntityManager, viewer: Actor | null) => ({
  schedule: byId((ids) => findSchedules(em, ids)),
  /** Whether the viewer can book the slot now, by its id. */
  scheduleOpen: byRequest(async (ids: readonly string[]) => {
    const open = await findOpenSchedules(em, ids, viewer?.id ?? null);
    return ids.map((id) => open.has(id));
  }),
  schedulesOfMentor: byRequest((requests: readonly ScheduleListRequest[]) => listSchedulesOfMentors(em, requests, viewer?.id ?? null)),
});
