import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { type Instant, query, toDate } from "../../outbox/index.ts";
import { Schedule } from "./schedule.ts";

/** One mentor's slots that start in a window. */
export interface ScheduleListRequest {
  readonly mentorId: string;
  /** The window's start; in it. */
  readonly from: Date;
  /** The window's end; not in it. */
  readonly to: Date;
  /** Only what the viewer can book now. */
  readonly onlyOpen: boolean;
}

/** The slots that exist, by id, withdrawn ones too. */
export async function findSchedules(em: EntityManager, ids: readonly string[]): Promise<Map<string, Schedule>> {
  const schedules = await em.find(Schedule, { id: { $in: ids.filter(isId) } });
  return new Map(schedules.map((schedule) => [schedule.id, schedule]));
}

/** What lists tell of a slot. Made by hand: a page of mentors shows thousands, and an entity each costs fifty times as much. */
export type ScheduleView = Pick<Schedule, "id" | "mentorId" | "during" | "timeZone">;

interface ScheduleRow {
  id: string;
  mentor_id: string;
  start_time: Instant;
  end_time: Instant;
  time_zone: string;
}
const columns = "s.id, s.mentor_id, lower(s.during) as start_time, upper(s.during) as end_time, s.time_zone";
const toView = ({ id, mentor_id, start_time, end_time, time_zone }: ScheduleRow): ScheduleView => ({
  id,
  mentorId: mentor_id,
  during: { start: toDate(start_time), end: toDate(end_time) },
  timeZone: time_zone,
});

/** The slots that one call of `publishSchedule` made, by start. */
export async function findPublished(em: EntityManager, mentorId: string, publicationId: string): Promise<ScheduleView[]> {
  const rows = await query<ScheduleRow>(em, `select ${columns} from schedule s where s.mentor_id = $1 and s.publication_id = $2 order by lower(s.during)`, [
    mentorId,
    publicationId,
  ]);
  return rows.map(toView);
}

/** Which of the slots the viewer can book now; nobody signed in is answered like a learner. */
export async function findOpenSchedules(em: EntityManager, ids: readonly string[], viewerId: string | null): Promise<Set<string>> {
  const rows = await query<{ id: string }>(
    em,
    `select s.id from schedule s join app_user u on u.id = s.mentor_id join mentor_profile p on p.user_id = s.mentor_id
     where s.id = any($1::uuid[]) and ${isOpen("$2")}`,
    [ids, viewerId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Offered slots of mentors by start: one list per request, in their order, by one statement. Withdrawn ones are left out. */
export async function listSchedulesOfMentors(
  em: EntityManager,
  requests: readonly ScheduleListRequest[],
  viewerId: string | null,
): Promise<readonly ScheduleView[][]> {
  const wanted = requests.map(({ mentorId, from, to, onlyOpen }, ord) => ({ ord, mentor_id: mentorId, from, to, only_open: onlyOpen }));
  const rows = await query<ScheduleRow & { ord: number }>(
    em,
    `select w.ord, ${columns} from jsonb_to_recordset($1::jsonb) as w(ord int, mentor_id uuid, "from" timestamptz, "to" timestamptz, only_open boolean)
     join app_user u on u.id = w.mentor_id join mentor_profile p on p.user_id = w.mentor_id
     join schedule s on s.mentor_id = w.mentor_id and lower(s.during) >= w."from" and lower(s.during) < w."to" and s.withdrawn_at is null
     where not w.only_open or (${isOpen("$2")})
     order by w.ord, lower(s.during)`,
    [JSON.stringify(wanted), viewerId],
  );
  const perRequest: ScheduleView[][] = requests.map(() => []);
  for (const row of rows) perRequest[row.ord]?.push(toView(row));
  return perRequest;
}

/**
 * The condition that slot `s` of account `u` with profile `p` can be booked now by the viewer whose id the parameter has: offered, by
 * somebody else who is active, held by no session, and further away than the notice that the mentor wants.
 */
export const isOpen = (viewer: string): string =>
  `s.withdrawn_at is null and u.active and s.mentor_id is distinct from ${viewer}::uuid
   and lower(s.during) > now() + make_interval(hours => p.min_notice_hours)
   and not exists (select from slot_claim c where c.mentor_id = s.mentor_id and c.released_at is null and c.during && s.during)`;
