import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { occur, query, type EventMessage, type Fate } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { recordAudit } from "../audit/audit.ts";
import { InputCheck } from "../input.ts";
import { grantMentorRole } from "../mentors/mentor-role.ts";
import { notify } from "../notifications/notify.ts";
import { APPLICATION_SAGA, ApplicationRequest, type ApplicationStatus } from "./application-request.ts";
import {
  ApplicationApprovedEvent,
  ApplicationInfoRequestedEvent,
  ApplicationRejectedEvent,
  ApplicationReviewerChangedEvent,
  ApplicationReviewerLeftEvent,
} from "./application-request.messages.ts";
import { databaseNow, DAYS_TO_ANSWER, lockRequest, noSuchApplication, tell, waitForOthers } from "./application-request.service.ts";

// What reviewers and administrators do; in the order of application-request.service.ts.

/** Days that a reviewer has for a decision. */
export const DAYS_TO_REVIEW = 14;

/**
 * Accepts an application: decision, role and profile of the new mentor commit together with the caller's transaction. The same again changes
 * nothing.
 *
 * @throws {Refusal} NOT_FOUND: the actor is neither its reviewer nor an administrator; OWN_APPLICATION; WRONG_STATE; INVALID: the note
 */
export async function approveApplicationRequest(em: EntityManager, given: { requestId: string; actor: Actor; note: string | null }): Promise<void> {
  const check = new InputCheck();
  const note = check.optionalText(given.note, ["note"], { what: "The note", max: 2_000 });
  check.done();
  await decide(em, given, "APPROVED", note, (requestId, reviewerId, at) => occur(ApplicationApprovedEvent, { requestId, reviewerId, approvedAt: at }));
}

/**
 * Refuses an application; the note is told to the applicant. The same again changes nothing.
 *
 * @throws {Refusal} as `approveApplicationRequest`; REQUIRED: the note
 */
export async function rejectApplicationRequest(em: EntityManager, given: { requestId: string; actor: Actor; note: string }): Promise<void> {
  const check = new InputCheck();
  const reason = check.text(given.note, ["note"], { what: "The note", min: 1, max: 2_000 });
  check.done();
  await decide(em, given, "REJECTED", reason, (requestId, reviewerId, at) =>
    occur(ApplicationRejectedEvent, { requestId, reviewerId, rejectedAt: at, reason }),
  );
}

async function decide(
  em: EntityManager,
  given: { requestId: string; actor: Actor },
  decision: "APPROVED" | "REJECTED",
  note: string | null,
  event: (requestId: string, reviewerId: string, at: Date) => EventMessage,
): Promise<void> {
  const { actor } = given;
  const request = await requireReview(em, given.requestId, actor);
  if (request.status === decision && request.decidedAt !== null) return;
  const { id: requestId, applicantId } = request;
  const now = await databaseNow(em);
  const fate = await tell(em, event(requestId, actor.id, now));
  await requireUnderReview(em, requestId, actor, fate, request.status);
  await query(
    em,
    `update application_request set status = $2, decided_by = $3, decided_at = $4, note = coalesce($5, note), info_requested_at = null,
       failure_code = $6, failure_message = $7, failure_at = $8, updated_at = now() where id = $1`,
    [requestId, decision, actor.id, now, note, ...(decision === "REJECTED" ? ["REJECTED_BY_REVIEWER", note, now] : [null, null, null])],
  );
  if (decision === "APPROVED") await grantMentorRole(em, applicantId);
}

/**
 * Asks the applicant for more, who is told, and has 30 days to answer. The same again changes nothing.
 *
 * @throws {Refusal} as `rejectApplicationRequest`; WRONG_STATE: something was asked already
 */
export async function requestApplicationInfo(em: EntityManager, given: { requestId: string; actor: Actor; note: string }): Promise<void> {
  const { actor } = given;
  const check = new InputCheck();
  const note = check.text(given.note, ["note"], { what: "The note", min: 1, max: 2_000 });
  check.done();
  const request = await requireReview(em, given.requestId, actor);
  if (request.status === "INFO_REQUESTED" && request.note === note) return;
  const { id: requestId } = request;
  if (request.status === "INFO_REQUESTED") throw new Refusal("WRONG_STATE", sentences.INFO_REQUESTED, ["id"]);
  const now = await databaseNow(em);
  // A day more than the applicant has, so that silence ends it as a withdrawal and not as a reviewer who is late.
  const dueAt = daysAfter(now, DAYS_TO_ANSWER + 1);
  const fate = await tell(em, occur(ApplicationInfoRequestedEvent, { requestId, reviewerId: actor.id, note, dueAt }));
  await requireUnderReview(em, requestId, actor, fate, request.status);
  await query(em, "update application_request set status = 'INFO_REQUESTED', note = $2, info_requested_at = $3, updated_at = now() where id = $1", [
    requestId,
    note,
    now,
  ]);
}

/**
 * An administrator says who reads an application; before a reviewer is looked for, or in place of who does. Audited.
 *
 * @throws {Refusal} NOT_FOUND, OWN_APPLICATION; INVALID: no active reviewer; WRONG_STATE: it is decided or withdrawn
 */
export async function assignReviewer(em: EntityManager, given: { requestId: string; reviewerId: string; actor: Actor }): Promise<void> {
  const { actor } = given;
  const request = await requireReview(em, given.requestId, actor, { forOwn: true });
  const { id: requestId, applicantId } = request;
  const reviewerId = given.reviewerId.toLowerCase();
  const [reviewer] = await query(em, "select from app_user where id = $1 and active and roles @> '{REVIEWER}' for share", [
    isId(reviewerId) ? reviewerId : null,
  ]);
  if (reviewer === undefined) throw new Refusal("INVALID", "There is no active reviewer with this id.", ["reviewerId"]);
  if (reviewerId === applicantId) throw new Refusal("OWN_APPLICATION", "Nobody reviews an own application.", ["reviewerId"]);
  if (request.reviewerId === reviewerId) return;
  const dueAt = daysAfter(await databaseNow(em), DAYS_TO_REVIEW);
  const fate = await tell(em, occur(ApplicationReviewerChangedEvent, { requestId, reviewerId, dueAt }));
  const { status } = await lockRequest(em, requestId);
  // Early, it waits in the process until there is a review, and the search for a reviewer finds who was named.
  if (fate !== "applied" && fate !== "parked") throw wrongState(status);
  await query(em, "update application_request set reviewer_id = $2, updated_at = now() where id = $1", [requestId, reviewerId]);
  await tellReviewer(em, requestId, reviewerId);
  await recordAudit(em, {
    actorId: actor.id,
    action: "assignReviewer",
    targetType: "ApplicationRequest",
    targetId: requestId,
    detail: { reviewer: [request.reviewerId, reviewerId] },
  });
}

/**
 * Gives what a person was to review to others, for the day that they review no more. Call it before the account's row is locked, since the
 * processes of the applications come first.
 */
export async function handOverReviews(em: EntityManager, reviewerId: string): Promise<void> {
  const open = await query<{ id: string; status: ApplicationStatus }>(
    em,
    "select id, status from application_request where reviewer_id = $1 and status in ('PENDING', 'UNDER_REVIEW', 'INFO_REQUESTED') order by id",
    [reviewerId],
  );
  for (const { id: requestId, status } of open) {
    await waitForOthers(em, requestId);
    // One that waits for its applicant gets another reviewer once they have answered.
    if (status === "UNDER_REVIEW") await tell(em, occur(ApplicationReviewerLeftEvent, { requestId, reviewerId }));
  }
  await query(em, "update application_request set reviewer_id = null, updated_at = now() where id = any($1::uuid[]) and reviewer_id = $2", [
    open.map(({ id }) => id),
    reviewerId,
  ]);
}

/** Tells a reviewer inside the platform that an application waits for them, once. */
export async function tellReviewer(em: EntityManager, requestId: string, reviewerId: string): Promise<void> {
  await notify(em, [
    {
      userId: reviewerId,
      title: "An application waits for you",
      message: `Please decide within ${DAYS_TO_REVIEW} days, or ask for what is missing.`,
      about: { sagaType: APPLICATION_SAGA, subjectId: requestId },
      dedupeKey: `application:${requestId}:assigned`,
    },
  ]);
}

/** The application, when nobody else is deciding about it; its process may still go on. */
async function requireReview(em: EntityManager, id: string, actor: Actor, { forOwn = false } = {}): Promise<ApplicationRequest> {
  const find = async (): Promise<ApplicationRequest | null> => (isId(id) ? em.findOne(ApplicationRequest, id, { refresh: true }) : null);
  const first = await find();
  if (first === null || !mayReview(first, actor)) throw noSuchApplication();
  await waitForOthers(em, first.id);
  const request = await find();
  if (request === null || !mayReview(request, actor)) throw noSuchApplication();
  if (!forOwn && request.applicantId === actor.id) throw new Refusal("OWN_APPLICATION", "Nobody decides about an own application.", ["id"]);
  return request;
}

const mayReview = ({ reviewerId }: Pick<ApplicationRequest, "reviewerId">, actor: Actor): boolean => reviewerId === actor.id || actor.roles.includes("ADMIN");

/** The reviewer may have been replaced, or the review have ended, while the process was waited for. */
async function requireUnderReview(em: EntityManager, requestId: string, actor: Actor, fate: Fate, status: ApplicationStatus): Promise<void> {
  const standing = await lockRequest(em, requestId);
  if (!mayReview(standing, actor)) throw noSuchApplication();
  if (fate !== "applied") throw wrongState(status === "UNDER_REVIEW" || status === "INFO_REQUESTED" ? standing.status : status);
}

const sentences: Readonly<Record<ApplicationStatus, string>> = {
  PENDING: "The application is still being checked.",
  UNDER_REVIEW: "The application is being withdrawn, or given to another reviewer.",
  INFO_REQUESTED: "The applicant was asked already, and has not answered yet.",
  APPROVED: "The application was approved.",
  REJECTED: "The application was rejected.",
  WITHDRAWN: "The application was withdrawn.",
};
const wrongState = (status: ApplicationStatus): Refusal => new Refusal("WRONG_STATE", sentences[status], ["id"]);

const daysAfter = (instant: Date, days: number): Date => new Date(instant.getTime() + days * 86_400_000);
