import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { occur, publish, query, toDate, type EventMessage, type Fate, type Instant } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { claimFiles, releaseFiles } from "../files/claim.ts";
import { once } from "../idempotency.ts";
import { InputCheck } from "../input.ts";
import {
  ApplicationDocument,
  ApplicationRequest,
  checkApplication,
  documentField,
  openStatuses,
  type ApplicationInput,
  type ApplicationTexts,
} from "./application-request.ts";
import { ApplicationRequestSubmittedEvent, ApplicationResubmittedEvent, ApplicationWithdrawnEvent } from "./application-request.messages.ts";

// What the applicant does. Everything but the submission first publishes what is to happen: that locks the application's process, which orders
// all that happens to the application. Only then is the application read, and a rule that says no takes the event back with the transaction.

/**
 * Sends an application in, with its documents. Application, event and whatever the event starts commit together with the caller's
 * transaction.
 *
 * @throws {Refusal} REQUIRED, INVALID, DOCUMENT_MISSING, CONSENT_MISSING, ACCOUNT_INACTIVE, ALREADY_MENTOR, APPLICATION_ALREADY_OPEN,
 *   UPLOAD_MISSING
 * @throws {InvalidRequest} IDEMPOTENCY_KEY_MISMATCH
 */
export async function submitApplicationRequest(
  em: EntityManager,
  { applicant, input, idempotencyKey }: { applicant: Actor; input: ApplicationInput; idempotencyKey: string },
): Promise<{ requestId: string }> {
  const call = { actor: applicant.id, operation: "submitApplicationRequest", key: idempotencyKey, args: input };
  const { entityId } = await once(em, call, async (requestId) => {
    const check = new InputCheck();
    const texts = checkApplication(check, input);
    checkApplicant(check, await lockApplicant(em, applicant.id));
    check.done();
    const [row] = await query<{ submitted_at: Instant }>(
      em,
      `insert into application_request (id, applicant_id, status, education, work_experience, description, certifications, consent_at)
       values ($1, $2, 'PENDING', $3, $4, $5, $6, now()) returning submitted_at`,
      [requestId, applicant.id, ...valuesOf(texts)],
    );
    await setDocuments(em, { requestId, applicantId: applicant.id, documents: input.documents, known: [] });
    await publish(em, occur(ApplicationRequestSubmittedEvent, { requestId, userId: applicant.id, submittedAt: toDate(row?.submitted_at ?? "") }));
    return requestId;
  });
  return { requestId: entityId };
}

/**
 * Answers what the reviewer asked: replaces texts and documents, and has everything checked again. The same again changes nothing.
 *
 * @throws {Refusal} NOT_FOUND; WRONG_STATE: nothing was asked; REQUIRED, INVALID, DOCUMENT_MISSING, CONSENT_MISSING, UPLOAD_MISSING
 */
export async function resubmitApplicationRequest(
  em: EntityManager,
  { requestId: id, actor, input }: { requestId: string; actor: Actor; input: ApplicationInput },
): Promise<void> {
  const check = new InputCheck();
  const texts = checkApplication(check, input);
  const { id: requestId } = await requireOwn(em, id, actor);
  check.done();
  await waitForOthers(em, requestId);
  const known = await em.find(ApplicationDocument, { requestId });
  if (await isTheSame(em, requestId, texts, input, known)) return;
  const fate = await tell(em, occur(ApplicationResubmittedEvent, { requestId, submittedAt: await databaseNow(em) }));
  const standing = await lockRequest(em, requestId);
  // The process has made it PENDING; that something was asked is what shows from where.
  if (fate !== "applied" || standing.infoRequestedAt === null)
    throw new Refusal("WRONG_STATE", "Nobody has asked for anything that this application lacks.", ["id"]);
  await query(
    em,
    `update application_request set education = $2, work_experience = $3, description = $4, certifications = $5, info_requested_at = null,
       submitted_at = now(), updated_at = now() where id = $1`,
    [requestId, ...valuesOf(texts)],
  );
  await setDocuments(em, { requestId, applicantId: actor.id, documents: input.documents, known });
}

/**
 * The applicant takes the application back before the decision; what is under way is undone. Withdrawing what is withdrawn changes nothing.
 *
 * @throws {Refusal} NOT_FOUND; WRONG_STATE: it was decided
 */
export async function withdrawApplicationRequest(em: EntityManager, { requestId: id, actor }: { requestId: string; actor: Actor }): Promise<void> {
  const { id: requestId } = await requireOwn(em, id, actor);
  await waitForOthers(em, requestId);
  const { status } = await lockRequest(em, requestId);
  if (status === "WITHDRAWN") return;
  const fate = await tell(em, occur(ApplicationWithdrawnEvent, { requestId, byUserId: actor.id, because: "asked" }));
  if (fate === "already-undoing") return;
  if (fate !== "applied") throw new Refusal("WRONG_STATE", "The application has been decided.", ["id"]);
}

/** Days that an applicant has to answer what the reviewer asked. */
export const DAYS_TO_ANSWER = 30;

/** Applications whose applicants have not answered in time, longest first. */
export async function findSilentApplications(em: EntityManager, limit: number): Promise<readonly string[]> {
  const rows = await query<{ id: string }>(
    em,
    `select id from application_request where status = 'INFO_REQUESTED' and info_requested_at <= now() - make_interval(days => $2)
     order by info_requested_at, id limit $1`,
    [limit, DAYS_TO_ANSWER],
  );
  return rows.map(({ id }) => id);
}

/**
 * Withdraws an application whose applicant has not answered in time.
 *
 * @throws {Refusal} WRONG_STATE: it was answered or decided meanwhile
 */
export async function withdrawSilent(em: EntityManager, requestId: string): Promise<void> {
  const request = await em.findOneOrFail(ApplicationRequest, requestId);
  const fate = await tell(em, occur(ApplicationWithdrawnEvent, { requestId, byUserId: request.applicantId, because: "silent" }));
  const standing = await lockRequest(em, requestId);
  if (fate !== "applied" || standing.infoRequestedAt === null) throw new Refusal("WRONG_STATE", "The application was answered or decided meanwhile.", ["id"]);
}

interface Applicant {
  readonly active: boolean;
  readonly isMentor: boolean;
  readonly hasOpen: boolean;
}

/** Locked, so that of two applications, or an application and a grant of the role, one sees the other. */
async function lockApplicant(em: EntityManager, userId: string): Promise<Applicant> {
  await query(em, "select from app_user where id = $1 for no key update", [userId]);
  const [row] = await query<Applicant>(
    em,
    `select active, roles @> '{MENTOR}' as "isMentor",
            exists (select from application_request where applicant_id = u.id and status = any($2::text[])) as "hasOpen" from app_user u where id = $1`,
    [userId, openStatuses],
  );
  return row ?? { active: false, isMentor: false, hasOpen: false };
}

function checkApplicant(check: InputCheck, { active, isMentor, hasOpen }: Applicant): void {
  if (!active) check.refuse("ACCOUNT_INACTIVE", "This account is switched off.", null);
  if (isMentor) check.refuse("ALREADY_MENTOR", "You are a mentor already.", null);
  if (hasOpen) check.refuse("APPLICATION_ALREADY_OPEN", "You have an application that is not decided yet.", null);
}

const valuesOf = ({ education, workExperience, description, certifications }: ApplicationTexts): unknown[] => [
  education,
  workExperience,
  description,
  certifications,
];

/** Documents that are named again stay, and are checked again; new ones are claimed, and those left out are given up. */
async function setDocuments(
  em: EntityManager,
  given: { requestId: string; applicantId: string; documents: ApplicationInput["documents"]; known: readonly ApplicationDocument[] },
): Promise<void> {
  const { requestId, applicantId, documents } = given;
  const known = new Set(given.known.map(({ id }) => id));
  const named = documents.map(({ uploadId, kind }, index) => ({ id: uploadId.toLowerCase(), kind, field: documentField(index) }));
  const isAgain = ({ id }: { id: string }, index: number): boolean => known.has(id) && named.findIndex((one) => one.id === id) === index;
  await claimFiles(em, { ownerId: applicantId, purpose: "APPLICATION_DOCUMENT", uploads: named.filter((one, index) => !isAgain(one, index)) });
  const gone = [...known].filter((id) => !named.some((one) => one.id === id));
  await query(em, "delete from application_document where id = any($1::uuid[])", [gone]);
  await releaseFiles(em, gone);
  await query(
    em,
    `insert into application_document (id, request_id, kind) select id, $1, kind from jsonb_to_recordset($2::jsonb) as d(id uuid, kind text)
     on conflict (id) do update set kind = excluded.kind, verdict = 'UNCHECKED', problem_code = null, problem_message = null, problem_at = null`,
    [requestId, JSON.stringify(named.map(({ id, kind }) => ({ id, kind })))],
  );
}

/** It was sent in before, exactly so, and nothing has been asked since. */
async function isTheSame(
  em: EntityManager,
  requestId: string,
  texts: ApplicationTexts,
  input: ApplicationInput,
  known: readonly ApplicationDocument[],
): Promise<boolean> {
  const request = await em.findOneOrFail(ApplicationRequest, requestId, { refresh: true });
  const textsOf = ({ education, workExperience, description, certifications }: ApplicationTexts) =>
    JSON.stringify([education, workExperience, description, certifications]);
  const documents = (list: readonly { id: string; kind: string }[]) => JSON.stringify(list.map(({ id, kind }) => `${id} ${kind}`).toSorted());
  return (
    request.infoRequestedAt === null &&
    request.submittedAt.getTime() !== request.createdAt.getTime() &&
    textsOf(request) === textsOf(texts) &&
    documents(known) === documents(input.documents.map(({ uploadId, kind }) => ({ id: uploadId.toLowerCase(), kind })))
  );
}

async function requireOwn(em: EntityManager, id: string, actor: Actor): Promise<ApplicationRequest> {
  const request = isId(id) ? await em.findOne(ApplicationRequest, { id, applicantId: actor.id }) : null;
  if (request === null) throw noSuchApplication();
  return request;
}

export const noSuchApplication = (): Refusal => new Refusal("NOT_FOUND", "You have no such application.", ["id"]);

/** Two people, or one who presses twice, come one after the other; a lock of its own, since that of the row comes after the process's. */
export async function waitForOthers(em: EntityManager, requestId: string): Promise<void> {
  await query(em, "select pg_advisory_xact_lock(hashtextextended($1, 0))", [`application_request ${requestId}`]);
}

/** The application as it is under the lock of its process. */
export async function lockRequest(em: EntityManager, requestId: string): Promise<Pick<ApplicationRequest, "status" | "reviewerId" | "infoRequestedAt">> {
  const [row] = await query<object>(em, "select * from application_request where id = $1 for update", [requestId]);
  if (row === undefined) throw new Defect(`Application ${requestId} is gone`);
  return em.map(ApplicationRequest, row);
}

export async function tell(em: EntityManager, event: EventMessage): Promise<Fate> {
  return (await publish(em, event)).fate;
}

export async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await query<{ now: Instant }>(em, "select now() as now");
  if (row === undefined) throw new Defect("The database did not tell its time");
  return toDate(row.now);
}
