import type { EntityManager } from "@mikro-orm/postgresql";
import { findSessions, findSessionsInSlots, listSessions, type SessionListRequest } from "../../domain/mentoring-session/mentoring-session.queries.ts";
import { byId, byRequest } from "../batch.ts";

export const mentoringSessionLoaders = (em: EntityManager) => ({
  mentoringSession: byId((ids) => findSessions(em, ids)),
  /** The session that holds a slot, or took place in it, by slot id. */
  sessionInSlot: byId((ids) => findSessionsInSlots(em, ids)),
  mentoringSessions: byRequest((requests: readonly SessionListRequest[]) => listSessions(em, requests)),
});
