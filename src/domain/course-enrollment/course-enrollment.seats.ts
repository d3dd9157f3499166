import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";

export interface SeatClaim {
  readonly enrollmentId: string;
  /** The enrollment holds a seat now. */
  readonly hasSeat: boolean;
  /** Both null when the course has no limit. */
  readonly capacity: number | null;
  readonly seatsLeft: number | null;
}

/**
 * Claims seats for a set of enrollments in one statement: per course, the first in order get what is left. An enrollment that
 * holds a seat keeps it, one that is no longer PENDING gets none, one that does not exist is left out of the answer.
 *
 * Rows are locked enrollments first, then courses, each in order of id; a locking read returns the row as it is after the wait,
 * so the count is never an old one. `no key update` lets others insert enrollments for the same course meanwhile, whose foreign
 * keys only share the key. The course rows stay locked until the transaction ends, so this belongs near its end.
 */
export async function claimSeats(em: EntityManager, enrollmentIds: readonly string[]): Promise<Map<string, SeatClaim>> {
  const rows = await query<{ id: string; has_seat: boolean; capacity: number | null; seats_left: number | null }>(
    em,
    `with wanted as (
       select id, min(ord) as ord from unnest($1::uuid[]) with ordinality as w(id, ord) group by id
     ), mine as materialized (
       select id, course_id, seat_held, status from course_enrollment where id = any($1::uuid[]) order by id for update
     ), seats as materialized (
       select id, capacity, capacity - seats_taken as seats_left from course where id in (select course_id from mine) order by id for no key update
     ), asking as (
       select id, course_id, row_number() over (partition by course_id order by wanted.ord) as place
       from mine join wanted using (id) where not seat_held and status = 'PENDING'
     ), claimed as (
       update course_enrollment e set seat_held = true, updated_at = now()
       from asking a join seats s on s.id = a.course_id
       where e.id = a.id and (s.capacity is null or a.place <= s.seats_left)
       returning e.id, e.course_id
     ), counted as (
       update course c set seats_taken = c.seats_taken + n.seats
       from (select course_id, count(*)::int as seats from claimed group by course_id) n
       where c.id = n.course_id
     )
     select m.id, m.seat_held or k.id is not null as has_seat, s.capacity, greatest(s.seats_left - coalesce(a.place, 0), 0)::int as seats_left
     from mine m join seats s on s.id = m.course_id left join asking a on a.id = m.id left join claimed k on k.id = m.id`,
    [enrollmentIds],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      { enrollmentId: row.id, hasSeat: row.has_seat, capacity: row.capacity, seatsLeft: row.capacity === null ? null : row.seats_left },
    ]),
  );
}

/** Gives seats back in one statement; enrollments without a seat, or unknown ones, change nothing. Locks in the order of `claimSeats`. */
export async function releaseSeats(em: EntityManager, enrollmentIds: readonly string[]): Promise<void> {
  await query(
    em,
    `with mine as materialized (
       select id, course_id from course_enrollment where id = any($1::uuid[]) and seat_held order by id for update
     ), seats as materialized (
       select id from course where id in (select course_id from mine) order by id for no key update
     ), freed as (
       update course_enrollment e set seat_held = false, updated_at = now()
       from mine m join seats s on s.id = m.course_id where e.id = m.id
       returning e.course_id
     )
     update course c set seats_taken = c.seats_taken - n.seats
     from (select course_id, count(*)::int as seats from freed group by course_id) n
     where c.id = n.course_id`,
    [enrollmentIds],
  );
}
