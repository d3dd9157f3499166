import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

/** Why a slot cannot be claimed: somebody else holds it, or the learner is elsewhere at that time. */
export type ClaimObstacle = "SLOT_TAKEN" | "LEARNER_BUSY";

/**
 * Orders everything that is decided about the calendars of these people until the transaction ends. What is read afterwards sees what
 * whoever was first has committed. By ascending id, so that two transactions never wait for each other; others may read, and refer to
 * the accounts, meanwhile.
 */
export async function lockCalendars(em: EntityManager, userIds: readonly string[]): Promise<void> {
  await query(em, "select 1 from app_user where id = any($1::uuid[]) order by id for no key update", [userIds]);
}

/**
 * Claims a slot for a session; the calendars of both have to be locked. The two exclusion constraints keep everybody out of two
 * sessions on the same side; that nobody is a mentor here and a learner there at one time is asked under that lock.
 *
 * @returns null when the slot is claimed now
 */
export async function claimSlot(em: EntityManager, claim: { sessionId: string; scheduleId: string; learnerId: string }): Promise<ClaimObstacle | null> {
  const { sessionId, scheduleId, learnerId } = claim;
  const claimed = await query(
    em,
    `insert into slot_claim (id, session_id, schedule_id, mentor_id, learner_id, during)
     select $1, $2, s.id, s.mentor_id, $4, s.during from schedule s
     where s.id = $3 and not exists (
       select from slot_claim o where o.released_at is null and o.during && s.during and (o.mentor_id = $4 or o.learner_id = s.mentor_id))
     on conflict do nothing returning id`,
    [newId(), sessionId, scheduleId, learnerId],
  );
  if (claimed.length > 0) return null;
  const [inTheWay] = await query<{ learner_busy: boolean | null }>(
    em,
    `select bool_or($2 in (o.learner_id, o.mentor_id)) as learner_busy from schedule s join slot_claim o on o.released_at is null and o.during && s.during
     where s.id = $1 and (o.mentor_id in (s.mentor_id, $2) or o.learner_id in (s.mentor_id, $2))`,
    [scheduleId, learnerId],
  );
  return inTheWay?.learner_busy === true ? "LEARNER_BUSY" : "SLOT_TAKEN";
}

/** Gives back every slot that these sessions hold; without any, nothing changes. A proposal that was open is over with its slot. */
export async function releaseSlots(em: EntityManager, sessionIds: readonly string[]): Promise<void> {
  await query(em, "update slot_claim set released_at = now() where session_id = any($1::uuid[]) and released_at is null", [sessionIds]);
  await query(
    em,
    `update mentoring_session
     set status = 'SCHEDULED', proposed_schedule_id = null, proposal_note = null, proposal_expires_at = null, revision = revision + 1, updated_at = now()
     where id = any($1::uuid[]) and status = 'RESCHEDULING'`,
    [sessionIds],
  );
}

/** Gives back one of the slots that a session holds. */
export async function releaseSlot(em: EntityManager, sessionId: string, scheduleId: string): Promise<void> {
  await query(em, "update slot_claim set released_at = now() where session_id = $1 and schedule_id = $2 and released_at is null", [sessionId, scheduleId]);
}
