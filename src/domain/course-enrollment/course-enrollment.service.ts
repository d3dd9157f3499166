import { LockMode, UniqueConstraintViolationException } from "@mikro-orm/core";
import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { occur, publish, query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import type { CourseStatus } from "../courses/course.ts";
import { once } from "../idempotency.ts";
import { tellEnded } from "./course-enrollment.notices.ts";
import { CourseEnrolledEvent, EnrollmentCancellationRequestedEvent } from "./course-enrollment.messages.ts";
import { alreadyEnrolledRefusal, CourseEnrollment, enrollmentRefusal, type EnrollmentFacts } from "./course-enrollment.ts";

/**
 * Asks for a place in a course. The enrollment is PENDING when this returns; whether a seat is left is decided afterwards.
 * Row, event and whatever the event starts commit together with the caller's transaction.
 *
 * @throws {Refusal} NOT_FOUND, INVALID (own course), ALREADY_ENROLLED, ENROLLMENT_CLOSED, ACCOUNT_INACTIVE
 * @throws {InvalidRequest} IDEMPOTENCY_KEY_MISMATCH
 */
export async function enrollInCourse(
  em: EntityManager,
  request: { learnerId: string; courseId: string; idempotencyKey: string },
): Promise<{ enrollmentId: string }> {
  const { learnerId, courseId, idempotencyKey } = request;
  const { entityId } = await once(em, { actor: learnerId, operation: "enrollInCourse", key: idempotencyKey, args: { courseId } }, async (id) => {
    const refusal = enrollmentRefusal(await loadFacts(em, learnerId, courseId));
    if (refusal !== null) throw refusal;
    const enrollment = em.create(CourseEnrollment, { id, courseId, learnerId, status: "PENDING" });
    await saveUnlessEnrolled(em, enrollment);
    await publish(em, occur(CourseEnrolledEvent, { enrollmentId: enrollment.id, courseId, userId: learnerId }));
    return enrollment.id;
  });
  return { enrollmentId: entityId };
}

/**
 * Takes an enrollment back, whatever its state: one that is still being worked on is undone step by step after this commits,
 * an ACTIVE one gives back seat and access at once, an ended one is answered as it is.
 *
 * @throws {Refusal} NOT_FOUND: no such enrollment, or not the actor's; INVALID: the note is longer than 500 characters
 */
export async function cancelEnrollment(
  em: EntityManager,
  request: { enrollmentId: string; actor: Actor; note: string | null; idempotencyKey: string | null },
): Promise<{ enrollmentId: string }> {
  const { enrollmentId, actor, idempotencyKey } = request;
  const note = request.note?.replaceAll("\0", "").trim() ?? "";
  const cancel = async (): Promise<string> => {
    if ([...note].length > 500) throw new Refusal("INVALID", `A note has at most 500 characters, this one has ${[...note].length}.`, ["note"]);
    await requireOwn(em, enrollmentId, actor);
    // Locks the process of the enrollment first; what follows reads what that lock protects.
    const receipt = await publish(em, occur(EnrollmentCancellationRequestedEvent, { enrollmentId, byUserId: actor.id }));
    if (receipt.fate === "refused") await cancelEnded(em, enrollmentId, note);
    else if (receipt.fate !== "applied" && receipt.fate !== "already-undoing") {
      throw new Defect(`Cancelling enrollment ${enrollmentId} met no process of its own: ${receipt.fate}`);
    }
    return enrollmentId;
  };
  if (idempotencyKey === null) await cancel();
  else await once(em, { actor: actor.id, operation: "cancelEnrollment", key: idempotencyKey, args: { enrollmentId, note } }, cancel);
  return { enrollmentId };
}

async function loadFacts(em: EntityManager, learnerId: string, courseId: string): Promise<EnrollmentFacts> {
  const [row] = await query<{ active: boolean; status: CourseStatus | null; mentor_id: string; window_open: boolean; already_enrolled: boolean }>(
    em,
    `select u.active, c.status, c.mentor_id,
            coalesce(c.enrollment_opens_at <= now(), true) and coalesce(c.enrollment_closes_at > now(), true) as window_open,
            exists (select from course_enrollment where course_id = c.id and learner_id = u.id and is_open) as already_enrolled
     from app_user u left join course c on c.id = $2 where u.id = $1`,
    [learnerId, isId(courseId) ? courseId : null],
  );
  return {
    learnerId,
    learnerActive: row?.active === true,
    courseId,
    course: row === undefined || row.status === null ? null : { status: row.status, mentorId: row.mentor_id, windowOpen: row.window_open },
    alreadyEnrolled: row?.already_enrolled === true,
  };
}

/** Two calls of one learner may both have seen no enrollment; the index lets only the first of them in. */
async function saveUnlessEnrolled(em: EntityManager, enrollment: CourseEnrollment): Promise<void> {
  try {
    await em.persist(enrollment).flush();
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw alreadyEnrolledRefusal();
    throw error;
  }
}

async function requireOwn(em: EntityManager, enrollmentId: string, actor: Actor): Promise<void> {
  const enrollment = isId(enrollmentId) ? await em.findOne(CourseEnrollment, enrollmentId) : null;
  if (enrollment === null || !enrollment.mayBeCancelledBy(actor)) throw new Refusal("NOT_FOUND", `You have no enrollment with the id ${enrollmentId}.`, ["id"]);
}

/** The process has ended: a plain change for an ACTIVE enrollment, nothing to do for one that ended without success. */
async function cancelEnded(em: EntityManager, enrollmentId: string, note: string): Promise<void> {
  const enrollment = await em.findOneOrFail(CourseEnrollment, enrollmentId, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  if (enrollment.status === "FAILED" || enrollment.status === "CANCELLED") return;
  if (enrollment.status !== "ACTIVE") throw new Defect(`Enrollment ${enrollmentId} is ${enrollment.status}, but its process has ended`);
  await query(
    em,
    `with cancelled as (
       update course_enrollment
       set status = 'CANCELLED', seat_held = false, access_granted_at = null, access_grant_id = null, updated_at = now(),
           failure_code = 'CANCELLED_BY_USER', failure_message = $2, failure_at = now()
       where id = $1 returning course_id
     )
     update course set seats_taken = seats_taken - 1 from cancelled where course.id = cancelled.course_id`,
    [enrollmentId, note === "" ? "The enrollment was cancelled." : note],
  );
  await em.refresh(enrollment);
  await tellEnded(em, [enrollmentId], new Map([[enrollmentId, "The enrollment was cancelled."]]));
}
