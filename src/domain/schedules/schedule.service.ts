import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Refusal } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { query, type Instant, toDate } from "../../outbox/index.ts";
import { once } from "../idempotency.ts";
import { InputCheck } from "../input.ts";
import { cutIntoSlots, type PlannedSlot, sayTime, type ScheduleInput } from "./slots.ts";

/**
 * Offers hours of a mentor as slots: all of them or none. `findPublished` finds them.
 *
 * @throws {Refusal} INVALID, TIME_IN_PAST, TIME_SKIPPED_BY_CLOCK_CHANGE; SCHEDULE_OVERLAP for each block that meets another slot of the
 * mentor or a block before it
 * @throws {InvalidRequest} IDEMPOTENCY_KEY_MISMATCH
 */
export async function publishSchedule(
  em: EntityManager,
  request: { mentorId: string; input: ScheduleInput; idempotencyKey: string },
): Promise<{ publicationId: string }> {
  const { mentorId, input, idempotencyKey } = request;
  const { entityId } = await once(em, { actor: mentorId, operation: "publishSchedule", key: idempotencyKey, args: input }, async () => {
    const check = new InputCheck();
    const slots = cutIntoSlots(input, await databaseNow(em), check);
    check.done();
    return insertSlots(em, mentorId, slots);
  });
  return { publicationId: entityId };
}

/**
 * Takes back an own slot that no session holds. Repeatable.
 *
 * @throws {Refusal} NOT_FOUND: no such slot, or somebody else's; SCHEDULE_IN_USE
 */
export async function withdrawSchedule(em: EntityManager, { scheduleId, mentorId }: { scheduleId: string; mentorId: string }): Promise<void> {
  // Keeps claims away until the commit: each shares the key of its slot.
  const [slot] = await query<{ withdrawn: boolean }>(
    em,
    "select withdrawn_at is not null as withdrawn from schedule where id = $1 and mentor_id = $2 for update",
    [isId(scheduleId) ? scheduleId : null, mentorId],
  );
  if (slot === undefined) throw new Refusal("NOT_FOUND", `You have no slot with the id ${scheduleId}.`, ["id"]);
  if (slot.withdrawn) return;
  const withdrawn = await query(
    em,
    `update schedule set withdrawn_at = now(), updated_at = now()
     where id = $1 and not exists (select from slot_claim where schedule_id = $1 and released_at is null) returning 1`,
    [scheduleId],
  );
  if (withdrawn.length === 0) throw new Refusal("SCHEDULE_IN_USE", "The slot is booked; cancel or move its session first.", ["id"]);
}

async function databaseNow(em: EntityManager): Promise<Temporal.Instant> {
  const [row] = await query<{ now: Instant }>(em, "select now()");
  if (row === undefined) throw new Defect("The database does not say what time it is");
  return Temporal.Instant.from(toDate(row.now).toISOString());
}

/**
 * The exclusion constraint says which slots are in the way of others, also of those that another call is publishing in this moment.
 * In order of their starts, so that two calls cannot each wait for the other: whoever is ahead in time waits for nobody behind.
 */
async function insertSlots(em: EntityManager, mentorId: string, slots: readonly PlannedSlot[]): Promise<string> {
  const publicationId = newId();
  const planned = slots.map((slot) => ({ ...slot, id: newId() }));
  const rows = planned.map(({ id, block, startTime, endTime }) => ({
    id,
    block,
    start: startTime.toInstant().toString(),
    end: endTime.toInstant().toString(),
    time_zone: startTime.timeZoneId,
  }));
  const inserted = await query<{ id: string }>(
    em,
    `insert into schedule (id, mentor_id, during, time_zone, publication_id)
     select id, $2, tstzrange(start, "end"), time_zone, $3
     from jsonb_to_recordset($1::jsonb) as s(id uuid, block int, start timestamptz, "end" timestamptz, time_zone text) order by start, block
     on conflict do nothing returning id`,
    [JSON.stringify(rows), mentorId, publicationId],
  );
  const made = new Set(inserted.map(({ id }) => id));
  const inTheWay = new Map<number, PlannedSlot>();
  for (const slot of planned) if (!made.has(slot.id) && !inTheWay.has(slot.block)) inTheWay.set(slot.block, slot);
  const check = new InputCheck();
  for (const [block, { startTime }] of inTheWay) {
    check.refuse("SCHEDULE_OVERLAP", `The slot at ${sayTime(startTime)} overlaps another of your slots.`, ["input", "blocks", String(block)]);
  }
  check.done();
  return publicationId;
}
