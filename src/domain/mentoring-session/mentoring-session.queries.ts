import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { MentoringSession, type MentoringSessionStatus } from "./mentoring-session.ts";

/** One list of a person's sessions, as learner or as mentor. */
export interface SessionListRequest extends PageRequest {
  readonly userId: string;
  readonly side: "LEARNER" | "MENTOR";
  /** Null: any. */
  readonly status: readonly MentoringSessionStatus[] | null;
}

/** The sessions that exist, by id, whoever may see them. */
export async function findSessions(em: EntityManager, ids: readonly string[]): Promise<Map<string, MentoringSession>> {
  const sessions = await em.find(MentoringSession, { id: { $in: ids.filter(isId) } });
  return new Map(sessions.map((session) => [session.id, session]));
}

/** By slot: the session that holds it, or took place in it. Slots that nobody has are left out. */
export async function findSessionsInSlots(em: EntityManager, scheduleIds: readonly string[]): Promise<Map<string, MentoringSession>> {
  const rows = await query<{ slot_id: string }>(
    em,
    `select d.id as slot_id, s.* from unnest($1::uuid[]) d(id) cross join lateral (
       select s.* from slot_claim k join mentoring_session s on s.id = k.session_id
       where k.schedule_id = d.id and (k.released_at is null or (s.status = 'COMPLETED' and s.schedule_id = d.id))
       order by k.released_at is null desc, k.id desc limit 1) s`,
    [[...new Set(scheduleIds)]],
  );
  return new Map(rows.map(({ slot_id, ...row }) => [slot_id, em.map(MentoringSession, row)]));
}

/** Sessions of people, newest first: one page per request, in their order, by one statement. @throws {InvalidRequest} CURSOR_INVALID */
export async function listSessions(em: EntityManager, requests: readonly SessionListRequest[]): Promise<readonly Page<MentoringSession>[]> {
  const wanted = requests.map(({ userId, side, status, first, after }, ord) => ({
    ord,
    user_id: userId,
    side,
    status,
    size: first + 1,
    after: requireCursor(after),
  }));
  const of = (side: string, column: string): string => `
    select w.ord, s.* from wanted w cross join lateral (
      select * from mentoring_session
      where ${column} = w.user_id and (w.status is null or status = any(w.status)) and (w.after is null or id < w.after)
      order by id desc limit w.size
    ) s where w.side = '${side}'`;
  // Ids are v7, so their order is that of the booking; one index per side serves filter and order.
  const rows = await query<{ ord: number }>(
    em,
    `with wanted as (select * from jsonb_to_recordset($1::jsonb) as w(ord int, user_id uuid, side text, status text[], size int, after uuid))
     select * from (${of("LEARNER", "learner_id")} union all ${of("MENTOR", "mentor_id")}) both_sides order by ord, id desc`,
    [JSON.stringify(wanted)],
  );
  const perRequest: MentoringSession[][] = requests.map(() => []);
  for (const { ord, ...row } of rows) perRequest[ord]?.push(em.map(MentoringSession, row));
  return requests.map(({ first }, ord) => pageOf(perRequest[ord] ?? [], first));
}
