import type { EntityManager } from "@mikro-orm/postgresql";
import { query, toDate, toDateOrNull, type Instant } from "../../outbox/index.ts";
import { Schedule } from "./schedule.ts";

/** The slots that exist, by id. */
export async function findSchedules(em: EntityManager, ids: readonly string[]): Promise<Map<string, Schedule>> {
  const rows = await query<{ id: string; mentor_id: string; starts_at: Instant; ends_at: Instant; time_zone: string; withdrawn_at: Instant | null }>(
    em,
    "select id, mentor_id, lower(during) as starts_at, upper(during) as ends_at, time_zone, withdrawn_at from schedule where id = any($1::uuid[])",
    [ids],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      new Schedule({
        id: row.id,
        mentorId: row.mentor_id,
        startsAt: toDate(row.starts_at),
        endsAt: toDate(row.ends_at),
        timeZone: row.time_zone,
        withdrawnAt: toDateOrNull(row.withdrawn_at),
      }),
    ]),
  );
}
