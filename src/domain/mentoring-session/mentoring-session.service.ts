import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, InvalidRequest, Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { occur, publish, query, toDate, type EventMessage, type Fate, type Instant } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import type { CourseStatus } from "../courses/course.ts";
import { once } from "../idempotency.ts";
import { InputCheck } from "../input.ts";
import { claimSlot, lockCalendars, releaseSlot, releaseSlots, type ClaimObstacle } from "./mentoring-session.claims.ts";
import {
  MentoringSessionCancelledEvent,
  MentoringSessionCompletedEvent,
  MentoringSessionCreatedEvent,
  MentoringSessionStatusChangedEvent,
} from "./mentoring-session.messages.ts";
import { checkBooking, MentoringSession, type BookingFacts, type MentoringSessionStatus, type SessionOutcome, type SessionType } from "./mentoring-session.ts";

// Everything but the booking first publishes what is to happen: that locks the session's process, which orders all that happens to the
// session. Only then is the session read, and a rule that says no takes the event back with the transaction. People come one after the
// other, so that the same call again meets what the first has made of it and changes nothing.

/**
 * Books a slot. It is claimed and the session PENDING when this returns; whether the booking is good is decided afterwards.
 * Session, claim, event and whatever the event starts commit together with the caller's transaction.
 *
 * @throws {Refusal} REQUIRED, INVALID (also for an own slot), NOT_FOUND, ACCOUNT_INACTIVE, SLOT_WITHDRAWN, MENTOR_UNAVAILABLE,
 *   TOO_SHORT_NOTICE, COURSE_OF_ANOTHER_MENTOR, and once all that is good SLOT_TAKEN or LEARNER_BUSY
 * @throws {InvalidRequest} IDEMPOTENCY_KEY_MISMATCH
 */
export async function bookMentoringSession(
  em: EntityManager,
  request: { learnerId: string; scheduleId: string; courseId: string; type: SessionType; note: string | null; idempotencyKey: string },
): Promise<{ sessionId: string }> {
  const { learnerId, idempotencyKey, ...input } = request;
  const { entityId } = await once(em, { actor: learnerId, operation: "bookMentoringSession", key: idempotencyKey, args: input }, async (id) => {
    const check = new InputCheck();
    const note = check.optionalText(input.note, ["input", "note"], { what: "The note", max: 500 });
    const { slot, ...facts } = await loadBookingFacts(em, learnerId, input);
    checkBooking(check, { ...facts, slot });
    check.done();
    if (slot === null) throw new Defect("A booking without a slot was found good");
    const { mentorId, scheduleId, startsAt, endsAt, now } = slot;
    const session = em.create(MentoringSession, {
      id,
      learnerId,
      mentorId,
      courseId: input.courseId,
      scheduleId,
      type: input.type,
      status: "PENDING",
      note,
    });
    await em.persist(session).flush();
    refuseIf(await claimSlot(em, { sessionId: session.id, scheduleId, learnerId }), learnerId, ["input", "scheduleId"], learnerId);
    const { id: sessionId, courseId } = session;
    await publish(em, occur(MentoringSessionCreatedEvent, { sessionId, learnerId, mentorId, scheduleId, courseId, startsAt, endsAt, occurredOn: now }));
    return sessionId;
  });
  return { sessionId: entityId };
}

/**
 * Calls a session off before it has begun. Its slots are free when this commits; the rest is undone step by step afterwards. A
 * cancelled session is answered as it is.
 *
 * @throws {Refusal} NOT_FOUND: no such session, or the actor is neither party nor administrator; TOO_LATE_TO_CANCEL; INVALID: the note
 */
export async function cancelMentoringSession(em: EntityManager, request: { sessionId: string; actor: Actor; note: string | null }): Promise<void> {
  const { actor } = request;
  const check = new InputCheck();
  const reason = check.optionalText(request.note, ["note"], { what: "The note", max: 500 }) ?? undefined;
  check.done();
  const session = await requireSession(em, request.sessionId, actor, true);
  if (session.status === "CANCELLED") return;
  const { id: sessionId } = session;
  const fate = await tell(em, cancellation(session, actor, reason));
  if (fate === "already-undoing") return;
  const standing = await lockSession(em, sessionId);
  if (standing.status === "CANCELLED") return;
  // A booking that could not be checked in time holds its slot for nothing.
  if (standing.status === "COMPLETED" || (standing.started && standing.status !== "PENDING"))
    throw new Refusal("TOO_LATE_TO_CANCEL", "The session has begun already, so it cannot be cancelled any more.", ["id"]);
  requireApplied(fate, sessionId);
  await releaseSlots(em, [sessionId]);
}

/**
 * Cancels every session of a person that has not begun, on either side; for the day that the account is switched off. Call it before
 * the account's row is locked, since the processes of the sessions come first.
 *
 * @param reason one sentence, told to both
 * @returns how many there were
 */
export async function cancelComingSessions(em: EntityManager, request: { userId: string; actor: Actor; reason: string }): Promise<number> {
  const { userId, actor, reason } = request;
  const coming = await query<{ id: string; learnerId: string; mentorId: string }>(
    em,
    `select s.id, s.learner_id as "learnerId", s.mentor_id as "mentorId" from mentoring_session s join schedule d on d.id = s.schedule_id
     where $1 in (s.learner_id, s.mentor_id) and (s.status = 'PENDING' or (s.status in ('SCHEDULED', 'RESCHEDULING') and lower(d.during) > now())) order by s.id`,
    [userId],
  );
  const cancelled: string[] = [];
  for (const session of coming) {
    await waitForOthers(em, session.id);
    // One that ends meanwhile stays as it has ended.
    if ((await tell(em, cancellation(session, actor, reason))) === "applied") cancelled.push(session.id);
  }
  await releaseSlots(em, cancelled);
  return cancelled.length;
}

/**
 * The mentor proposes another of their slots, which is held from now on together with the earlier one, until the learner answers or
 * the proposal lapses: after 48 hours, or two hours before the earlier of the two begins. Proposing the same again changes nothing.
 *
 * @throws {Refusal} NOT_FOUND, REQUIRED, INVALID, WRONG_STATE, SLOT_WITHDRAWN, TOO_SHORT_NOTICE, SLOT_TAKEN, LEARNER_BUSY
 * @throws {InvalidRequest} FORBIDDEN: the learner proposes
 */
export async function rescheduleMentoringSession(
  em: EntityManager,
  request: { sessionId: string; actor: Actor; scheduleId: string; note: string },
): Promise<void> {
  const { actor, scheduleId } = request;
  const check = new InputCheck();
  const note = check.text(request.note, ["note"], { what: "The note", min: 1, max: 500 });
  check.done();
  const session = await requireSession(em, request.sessionId, actor);
  const { id: sessionId, mentorId, learnerId } = session;
  requireSide(actor, mentorId, "Only the mentor proposes another slot.");
  if (session.status === "RESCHEDULING" && session.proposedScheduleId === scheduleId && session.proposalNote === note) return;
  const [slot] = await query<{ id: string; starts_at: Instant; ends_at: Instant; withdrawn: boolean }>(
    em,
    "select id, lower(during) as starts_at, upper(during) as ends_at, withdrawn_at is not null as withdrawn from schedule where id = $1 and mentor_id = $2",
    [isId(scheduleId) ? scheduleId : null, mentorId],
  );
  if (slot === undefined) throw new Refusal("NOT_FOUND", "You have no such slot.", ["scheduleId"]);
  const times = { scheduleId: slot.id, startsAt: toDate(slot.starts_at), endsAt: toDate(slot.ends_at) };
  const fate = await tell(em, occur(MentoringSessionStatusChangedEvent, { sessionId, change: "PROPOSED", ...times }));
  const standing = await lockSession(em, sessionId);
  requireStatus(standing.status, "SCHEDULED", fate);
  if (standing.scheduleId === slot.id) throw new Refusal("INVALID", "The session has this slot already.", ["scheduleId"]);
  await lockSlot(em, slot.id);
  const [proposal] = await query<{ withdrawn: boolean; expires_at: Instant; in_time: boolean }>(
    em,
    `select p.withdrawn_at is not null as withdrawn, e.expires_at, e.expires_at > now() as in_time
     from schedule p, schedule d, lateral (select least(now() + interval '48 hours', least(lower(d.during), lower(p.during)) - interval '2 hours') as expires_at) e
     where p.id = $1 and d.id = $2`,
    [slot.id, standing.scheduleId],
  );
  if (proposal === undefined) throw new Defect(`Slot ${slot.id} is gone`);
  if (proposal.withdrawn) throw new Refusal("SLOT_WITHDRAWN", "You took this slot back.", ["scheduleId"]);
  if (!proposal.in_time)
    throw new Refusal("TOO_SHORT_NOTICE", "The learner needs time to answer: both slots have to begin in more than two hours.", ["scheduleId"]);
  await lockCalendars(em, [mentorId, learnerId]);
  refuseIf(await claimSlot(em, { sessionId, scheduleId: slot.id, learnerId }), learnerId, ["scheduleId"], actor.id);
  await query(
    em,
    `update mentoring_session set status = 'RESCHEDULING', proposed_schedule_id = $2, proposal_note = $3, proposal_expires_at = $4,
       revision = revision + 1, rescheduled_at = null, updated_at = now() where id = $1`,
    [sessionId, slot.id, note, proposal.expires_at],
  );
}

/**
 * The learner answers a proposal. Accepted, the session has the other slot and the earlier one is free; declined, it is cancelled.
 * The same answer again changes nothing.
 *
 * @throws {Refusal} NOT_FOUND; WRONG_STATE: there is no proposal, or it has lapsed
 * @throws {InvalidRequest} FORBIDDEN: the mentor answers
 */
export async function answerReschedule(em: EntityManager, request: { sessionId: string; actor: Actor; accept: boolean }): Promise<void> {
  const { actor, accept } = request;
  const session = await requireSession(em, request.sessionId, actor);
  requireSide(actor, session.learnerId, "Only the learner answers a proposal.");
  if (wasAnswered(session, accept)) return;
  const { id: sessionId } = session;
  if (session.proposedScheduleId === null) throw noProposal();
  const proposed = await loadTimes(em, session.proposedScheduleId);
  const fate = await tell(em, occur(MentoringSessionStatusChangedEvent, { sessionId, change: accept ? "ACCEPTED" : "DECLINED", ...proposed }));
  const standing = await lockSession(em, sessionId);
  if (standing.status !== "RESCHEDULING" || standing.proposedScheduleId !== proposed.scheduleId || standing.lapsed) throw noProposal();
  requireApplied(fate, sessionId);
  if (!accept) {
    await releaseSlots(em, [sessionId]);
    // The process says so again at the end; until then, this is how the same answer is recognised.
    await query(em, "update mentoring_session set failure_code = 'RESCHEDULE_DECLINED' where id = $1", [sessionId]);
    return;
  }
  await releaseSlot(em, sessionId, standing.scheduleId);
  await query(
    em,
    `update mentoring_session set status = 'SCHEDULED', schedule_id = proposed_schedule_id, proposed_schedule_id = null, proposal_note = null,
       proposal_expires_at = null, revision = revision + 1, rescheduled_at = now(), updated_at = now() where id = $1`,
    [sessionId],
  );
}

/** Sessions whose proposal nobody has answered in time, longest first. */
export async function findLapsedProposals(em: EntityManager, limit: number): Promise<readonly string[]> {
  const rows = await query<{ id: string }>(
    em,
    "select id from mentoring_session where proposal_expires_at <= now() order by proposal_expires_at, id limit $1",
    [limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Lets a proposal lapse that nobody has answered: the slot that was proposed is free, and the session stays as it was.
 *
 * @throws {Refusal} WRONG_STATE: it was answered meanwhile, or its time has not come
 */
export async function lapseProposal(em: EntityManager, sessionId: string): Promise<void> {
  const session = await em.findOneOrFail(MentoringSession, sessionId);
  if (session.proposedScheduleId === null) throw noProposal();
  const proposed = await loadTimes(em, session.proposedScheduleId);
  await tell(em, occur(MentoringSessionStatusChangedEvent, { sessionId, change: "LAPSED", ...proposed }));
  const standing = await lockSession(em, sessionId);
  if (standing.status !== "RESCHEDULING" || standing.proposedScheduleId !== proposed.scheduleId || !standing.lapsed) throw noProposal();
  await releaseSlot(em, sessionId, proposed.scheduleId);
  await query(
    em,
    `update mentoring_session set status = 'SCHEDULED', proposed_schedule_id = null, proposal_note = null, proposal_expires_at = null,
       revision = revision + 1, updated_at = now() where id = $1`,
    [sessionId],
  );
}

/**
 * The mentor says what came of a session, from its start on. The same again changes nothing.
 *
 * @throws {Refusal} NOT_FOUND; WRONG_STATE: it has not begun, or has ended otherwise
 * @throws {InvalidRequest} FORBIDDEN: the learner says so
 */
export async function completeMentoringSession(em: EntityManager, request: { sessionId: string; actor: Actor; outcome: SessionOutcome }): Promise<void> {
  const { actor, outcome } = request;
  const session = await requireSession(em, request.sessionId, actor);
  requireSide(actor, session.mentorId, "Only the mentor says what came of a session.");
  if (session.status === "COMPLETED" && session.outcome === outcome) return;
  const { id: sessionId } = session;
  const completedAt = await databaseNow(em);
  const fate = await tell(em, occur(MentoringSessionCompletedEvent, { sessionId, outcome, completedAt }));
  const standing = await lockSession(em, sessionId);
  // The process has taken the event and written COMPLETED, unless something else ended the session before.
  requireStatus(standing.status, "COMPLETED", fate);
  if (!standing.started) throw new Refusal("WRONG_STATE", "The session has not begun yet.", ["id"]);
  await query(em, "update mentoring_session set outcome = $2 where id = $1", [sessionId, outcome]);
}

interface BookableSlot {
  readonly scheduleId: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly now: Date;
}

/** Locks slot and calendars first, so that what is read stays so. */
async function loadBookingFacts(
  em: EntityManager,
  learnerId: string,
  input: { scheduleId: string; courseId: string },
): Promise<BookingFacts & { readonly slot: (NonNullable<BookingFacts["slot"]> & BookableSlot) | null }> {
  const scheduleId = isId(input.scheduleId) ? input.scheduleId : null;
  const slotMentorId = scheduleId === null ? null : await lockSlot(em, scheduleId);
  await lockCalendars(em, slotMentorId === null ? [learnerId] : [learnerId, slotMentorId]);
  const [row] = await query<{
    learner_active: boolean;
    schedule_id: string | null;
    mentor_id: string;
    starts_at: Instant;
    ends_at: Instant;
    withdrawn: boolean;
    mentor_available: boolean;
    keeps_notice: boolean;
    notice_hours: number;
    course_status: CourseStatus | null;
    course_mentor_id: string;
    now: Instant;
  }>(
    em,
    `select l.active as learner_active, s.id as schedule_id, s.mentor_id, lower(s.during) as starts_at, upper(s.during) as ends_at,
            s.withdrawn_at is not null as withdrawn, m.active and p.user_id is not null as mentor_available,
            lower(s.during) > now() and lower(s.during) >= now() + make_interval(hours => p.min_notice_hours) as keeps_notice,
            p.min_notice_hours as notice_hours, c.status as course_status, c.mentor_id as course_mentor_id, now() as now
     from app_user l left join schedule s on s.id = $2 left join app_user m on m.id = s.mentor_id
     left join mentor_profile p on p.user_id = m.id left join course c on c.id = $3
     where l.id = $1`,
    [learnerId, scheduleId, isId(input.courseId) ? input.courseId : null],
  );
  if (row === undefined) return { learnerId, learnerActive: false, slot: null, course: null };
  return {
    learnerId,
    learnerActive: row.learner_active,
    slot:
      row.schedule_id === null
        ? null
        : {
            scheduleId: row.schedule_id,
            mentorId: row.mentor_id,
            startsAt: toDate(row.starts_at),
            endsAt: toDate(row.ends_at),
            withdrawn: row.withdrawn,
            mentorAvailable: row.mentor_available,
            keepsNotice: row.keeps_notice,
            noticeHours: row.notice_hours,
            now: toDate(row.now),
          },
    course: row.course_status === null ? null : { status: row.course_status, mentorId: row.course_mentor_id },
  };
}

/** Keeps a slot from being withdrawn until the transaction ends. @returns whose it is, or null when there is none */
async function lockSlot(em: EntityManager, scheduleId: string): Promise<string | null> {
  const [row] = await query<{ mentor_id: string }>(em, "select mentor_id from schedule where id = $1 for share", [scheduleId]);
  return row?.mentor_id ?? null;
}

async function loadTimes(em: EntityManager, scheduleId: string): Promise<{ scheduleId: string; startsAt: Date; endsAt: Date }> {
  const [row] = await query<{ starts_at: Instant; ends_at: Instant }>(
    em,
    "select lower(during) as starts_at, upper(during) as ends_at from schedule where id = $1",
    [scheduleId],
  );
  if (row === undefined) throw new Defect(`Slot ${scheduleId} is gone`);
  return { scheduleId, startsAt: toDate(row.starts_at), endsAt: toDate(row.ends_at) };
}

async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await query<{ now: Instant }>(em, "select now() as now");
  if (row === undefined) throw new Defect("The database did not tell its time");
  return toDate(row.now);
}

/** The session as it stands when nobody else is changing it; its process may still do so. */
async function requireSession(em: EntityManager, id: string, actor: Actor, orAdmin = false): Promise<MentoringSession> {
  const find = async (): Promise<MentoringSession | null> => (isId(id) ? em.findOne(MentoringSession, id, { refresh: true }) : null);
  let session = await find();
  if (session === null || !(session.hasParty(actor) || (orAdmin && actor.roles.includes("ADMIN"))))
    throw new Refusal("NOT_FOUND", "You have no such session.", ["id"]);
  await waitForOthers(em, session.id);
  session = await find();
  if (session === null) throw new Defect(`Session ${id} is gone`);
  return session;
}

/** Two people, or one who presses twice, come one after the other; a lock of its own, since that of the row comes after the process's. */
async function waitForOthers(em: EntityManager, sessionId: string): Promise<void> {
  await query(em, "select pg_advisory_xact_lock(hashtextextended($1, 0))", [`mentoring_session ${sessionId}`]);
}

function cancellation(session: Pick<MentoringSession, "id" | "learnerId" | "mentorId">, actor: Actor, reason: string | undefined): EventMessage {
  const by = actor.id === session.learnerId ? "LEARNER" : actor.id === session.mentorId ? "MENTOR" : "ADMIN";
  return occur(MentoringSessionCancelledEvent, { sessionId: session.id, byUserId: actor.id, by, ...(reason !== undefined && { reason }) });
}

function requireSide(actor: Actor, userId: string, sentence: string): void {
  if (actor.id !== userId) throw new InvalidRequest("FORBIDDEN", sentence);
}

interface Standing {
  readonly status: MentoringSessionStatus;
  readonly scheduleId: string;
  readonly proposedScheduleId: string | null;
  readonly started: boolean;
  readonly lapsed: boolean;
}

/** The session as it is under the lock of its process, compared by the database's clock. */
async function lockSession(em: EntityManager, sessionId: string): Promise<Standing> {
  const [row] = await query<Standing>(
    em,
    `select s.status, s.schedule_id as "scheduleId", s.proposed_schedule_id as "proposedScheduleId",
            lower(d.during) <= now() as started, coalesce(s.proposal_expires_at <= now(), false) as lapsed
     from mentoring_session s join schedule d on d.id = s.schedule_id where s.id = $1 for update of s`,
    [sessionId],
  );
  if (row === undefined) throw new Defect(`Session ${sessionId} is gone`);
  return row;
}

async function tell(em: EntityManager, event: EventMessage): Promise<Fate> {
  return (await publish(em, event)).fate;
}

function requireApplied(fate: Fate, sessionId: string): void {
  if (fate === "superseded" || fate === "already-undoing" || fate === "parked") throw wrongState();
  if (fate !== "applied") throw new Defect(`What happened to session ${sessionId} met no process of its own: ${fate}`);
}

function requireStatus(status: MentoringSessionStatus, wanted: MentoringSessionStatus, fate: Fate): void {
  if (status !== wanted || fate !== "applied") throw wrongState(status);
}

const sentences: Readonly<Record<MentoringSessionStatus, string>> = {
  PENDING: "The booking is still being checked.",
  SCHEDULED: "The session is being cancelled.",
  RESCHEDULING: "Another slot is proposed already; the learner has not answered yet.",
  COMPLETED: "The session has ended.",
  CANCELLED: "The session is cancelled.",
};
const wrongState = (status: MentoringSessionStatus = "SCHEDULED"): Refusal => new Refusal("WRONG_STATE", sentences[status], ["id"]);
const noProposal = (): Refusal => new Refusal("WRONG_STATE", "There is no proposal to answer: it was answered, or has lapsed.", ["id"]);

const wasAnswered = (session: MentoringSession, accept: boolean): boolean =>
  accept ? session.status === "SCHEDULED" && session.rescheduledAt !== null : session.failureCode === "RESCHEDULE_DECLINED";

function refuseIf(obstacle: ClaimObstacle | null, learnerId: string, field: readonly string[], readerId: string): void {
  if (obstacle === "SLOT_TAKEN") throw new Refusal("SLOT_TAKEN", "Somebody else booked this slot a moment ago.", field);
  if (obstacle !== "LEARNER_BUSY") return;
  throw new Refusal("LEARNER_BUSY", readerId === learnerId ? "You have another session at this time." : "The learner has another session at this time.", field);
}
