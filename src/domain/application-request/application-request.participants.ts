import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Permanent } from "../../kernel/errors.ts";
import { handleAll, leased, occur, query, toDate, type AnyParticipant, type Instant } from "../../outbox/index.ts";
import type { FileVault, Soundness } from "../files/file-vault.ts";
import { findFiles } from "../files/claim.ts";
import type { FileObject } from "../files/file-object.ts";
import type { Mailer } from "../mail/mailer.ts";
import { sendsOneMail } from "../mail/one-mail.ts";
import { notify } from "../notifications/notify.ts";
import {
  APPLICATION_DECIDED,
  APPLICATION_INFO_REQUESTED,
  decisionMail,
  infoRequestedMail,
  REVIEW_REMINDER,
  reviewReminderMail,
  type Ending,
} from "./application-request.mails.ts";
import * as m from "./application-request.messages.ts";
import { DAYS_TO_ANSWER } from "./application-request.service.ts";
import { APPLICATION_SAGA, type ApplicationStatus } from "./application-request.ts";
import { DAYS_TO_REVIEW, tellReviewer } from "./review.service.ts";

/**
 * What carries out the commands about applications, background checks aside. All may be given the same command twice, and every undo accepts
 * that there is nothing to undo.
 */
export const applicationRequestParticipants = ({ mailer, files }: { mailer: Mailer; files: Pick<FileVault, "inspect"> }): AnyParticipant[] => [
  validateDocuments(files),
  assignReviewer,
  unassignReviewer,
  sendInfoRequest(mailer),
  sendReviewReminder(mailer),
  sendApplicationNotification(mailer),
];

const problemOf = (fileName: string, soundness: Soundness): { code: string; message: string } | null => {
  if (soundness === "sound") return null;
  return soundness === "missing"
    ? { code: "DOCUMENT_MISSING", message: `${fileName} is not there any more.` }
    : { code: "FILE_DAMAGED", message: `${fileName} is not what was sent in.` };
};

/** Reads every document whole, since what was stored once may have been lost or changed. */
const validateDocuments = (files: Pick<FileVault, "inspect">): AnyParticipant =>
  leased(m.ValidateDocumentsCommand, {
    async loadAll(em, commands) {
      const rows = await query<{ id: string; request_id: string }>(
        em,
        "select id, request_id from application_document where request_id = any($1::uuid[]) order by id",
        [idsOf(commands)],
      );
      const found = await findFiles(
        em,
        rows.map(({ id }) => id),
      );
      return commands.map(({ payload }) => rows.filter((row) => row.request_id === payload.requestId).map(({ id }) => requireRow(found.get(id), id)));
    },
    perform: async (documents, _delivery, signal) => {
      const looked: { file: FileObject; soundness: Soundness }[] = [];
      for (const file of documents) {
        signal.throwIfAborted();
        looked.push({ file, soundness: await files.inspect(file) });
      }
      return looked;
    },
    async recordAll(em, done) {
      const verdicts = done.flatMap(({ output }) => output.map(({ file, soundness }) => ({ id: file.id, ...problemOf(file.fileName, soundness) })));
      await query(
        em,
        `update application_document d set verdict = case when v.code is null then 'ACCEPTED' else 'REFUSED' end, problem_code = v.code, problem_message = v.message,
           problem_at = case when v.code is not null then now() end
         from jsonb_to_recordset($1::jsonb) as v(id uuid, code text, message text) where d.id = v.id`,
        [JSON.stringify(verdicts)],
      );
      return done.map(({ delivery: { payload }, output }) => {
        const problems = output.flatMap(({ file, soundness }) => problemOf(file.fileName, soundness) ?? []);
        const verdict = problems.length === 0 ? "valid" : problems.some(({ code }) => code === "DOCUMENT_MISSING") ? "missing" : "damaged";
        return occur(m.DocumentsValidatedEvent, { requestId: payload.requestId, verdict, problems: problems.map(({ message }) => message) });
      });
    },
  });

/** One after the other, so that of two searches at once the second counts what the first has given out. */
const assignReviewer = handleAll(m.AssignReviewerCommand, async (em, commands) => {
  await query(em, "select pg_advisory_xact_lock(hashtextextended('assign_reviewer', 0))");
  const replies = [];
  for (const { payload } of commands) {
    const { requestId } = payload;
    const found = await chooseReviewer(em, payload);
    if (found === null) replies.push(occur(m.NoReviewerAvailableEvent, { requestId }));
    else {
      await query(em, "update application_request set reviewer_id = $2, updated_at = now() where id = $1", [requestId, found.reviewerId]);
      await tellReviewer(em, requestId, found.reviewerId);
      replies.push(occur(m.ReviewerAssignedEvent, { requestId, ...found }));
    }
  }
  return replies;
});

/** Whom an administrator has named, who knows it already, who has least to read, who was given something longest ago. */
async function chooseReviewer(
  em: EntityManager,
  { requestId, preferred = null, notTo }: { requestId: string; preferred?: string | undefined | null; notTo: readonly string[] },
): Promise<{ reviewerId: string; dueAt: Date } | null> {
  const [row] = await query<{ id: string; due_at: Instant }>(
    em,
    `select u.id, now() + make_interval(days => $4) as due_at from app_user u join application_request r on r.id = $1
     where u.active and u.roles @> '{REVIEWER}' and u.id <> r.applicant_id and u.id <> all($3::uuid[])
     order by (u.id = r.reviewer_id) is true desc, (u.id = $2) is true desc,
       (select count(*) from application_request o where o.reviewer_id = u.id and o.id <> r.id and o.status in ('PENDING', 'UNDER_REVIEW', 'INFO_REQUESTED')),
       (select max(o.updated_at) from application_request o where o.reviewer_id = u.id) nulls first, u.id
     limit 1 for share of u`,
    [requestId, preferred, notTo, DAYS_TO_REVIEW],
  );
  return row === undefined ? null : { reviewerId: row.id, dueAt: toDate(row.due_at) };
}

const unassignReviewer = handleAll(m.UnassignReviewerCommand, async (em, commands) => {
  await query(em, "update application_request set reviewer_id = null, updated_at = now() where id = any($1::uuid[]) and reviewer_id is not null", [
    idsOf(commands),
  ]);
  return commands.map(({ payload: { requestId } }) => occur(m.ReviewerUnassignedEvent, { requestId }));
});

const sendInfoRequest = (mailer: Mailer): AnyParticipant =>
  sendsOneMail(m.SendInfoRequestCommand, mailer, {
    async load(em, commands) {
      const facts = await loadFacts(em, idsOf(commands));
      return commands.map(({ payload: { requestId } }) => {
        const { applicant, note, asked } = requireRow(facts.get(requestId), requestId);
        if (!asked) return null;
        return {
          template: APPLICATION_INFO_REQUESTED,
          recipientId: applicant.id,
          to: applicant.email,
          content: infoRequestedMail(applicant.fullName, note ?? "", DAYS_TO_ANSWER),
          aboutId: requestId,
        };
      });
    },
    async record(em, commands, deliveryIds) {
      const facts = await loadFacts(em, idsOf(commands));
      const asked = commands.filter((_command, index) => deliveryIds[index] !== null);
      await notify(
        em,
        asked.map(({ runId, payload: { requestId, userId } }) => ({
          userId,
          title: "A question about your application",
          message: facts.get(requestId)?.note ?? "",
          about: { sagaType: APPLICATION_SAGA, subjectId: requestId },
          dedupeKey: `application:${requestId}:asked:${runId}`,
        })),
      );
      return commands.map(({ payload: { requestId } }) => occur(m.InfoRequestSentEvent, { requestId }));
    },
  });

const sendReviewReminder = (mailer: Mailer): AnyParticipant =>
  sendsOneMail(m.SendReviewReminderCommand, mailer, {
    async load(em, commands) {
      const facts = await loadFacts(em, idsOf(commands));
      return commands.map(({ payload: { requestId } }) => {
        const { applicant, reviewer, status } = requireRow(facts.get(requestId), requestId);
        // While the applicant is asked, nobody waits for the reviewer.
        if (reviewer === null || status !== "UNDER_REVIEW") return null;
        return {
          template: REVIEW_REMINDER,
          recipientId: reviewer.id,
          to: reviewer.email,
          content: reviewReminderMail(reviewer.fullName, applicant.fullName),
          aboutId: requestId,
        };
      });
    },
    record: (_em, commands) => Promise.resolve(commands.map(({ payload: { requestId } }) => occur(m.ReviewReminderSentEvent, { requestId }))),
  });

const titles: Record<Ending, string> = {
  approved: "You are a mentor now",
  rejected: "Your application was not accepted",
  ended: "Your application has ended",
};

const sendApplicationNotification = (mailer: Mailer): AnyParticipant =>
  sendsOneMail(m.SendApplicationNotificationCommand, mailer, {
    async load(em, commands) {
      const facts = await loadFacts(em, idsOf(commands));
      return commands.map(({ payload: { requestId, decision, reason = "" } }) => {
        const { applicant, decided } = requireRow(facts.get(requestId), requestId);
        // A yes makes a mentor, which only the person who decides can do; nobody says it in their place.
        if (decision === "approved" && !decided) throw new Permanent(`Nobody has approved application ${requestId}: its reviewer or an administrator decides`);
        return {
          template: APPLICATION_DECIDED,
          recipientId: applicant.id,
          to: applicant.email,
          content: decisionMail(applicant.fullName, decision, reason),
          aboutId: requestId,
        };
      });
    },
    async record(em, commands, deliveryIds) {
      await notify(
        em,
        commands.map(({ payload: { requestId, userId, decision, reason = "" } }) => ({
          userId,
          title: titles[decision],
          message:
            decision === "approved"
              ? "Say what you are good at, and publish the hours in which you can be booked."
              : `${reason} You may apply again at any time.`.trimStart(),
          about: { sagaType: APPLICATION_SAGA, subjectId: requestId },
          dedupeKey: `application:${requestId}:decided`,
        })),
      );
      return commands.map(({ payload: { requestId } }, index) =>
        occur(m.ApplicationNotificationSentEvent, { requestId, deliveryId: deliveryIds[index] ?? "" }),
      );
    },
  });

interface Person {
  readonly id: string;
  readonly email: string;
  readonly fullName: string;
}

interface Facts {
  readonly status: ApplicationStatus;
  readonly note: string | null;
  readonly applicant: Person;
  readonly reviewer: Person | null;
  /** The applicant is expected to answer. */
  readonly asked: boolean;
  /** Somebody has said yes or no. */
  readonly decided: boolean;
}

async function loadFacts(em: EntityManager, requestIds: readonly string[]): Promise<Map<string, Facts>> {
  const rows = await query<Facts & { id: string }>(
    em,
    `select r.id, r.status, r.note, r.status = 'INFO_REQUESTED' as asked, r.decided_by is not null as decided,
            jsonb_build_object('id', a.id, 'email', a.email, 'fullName', a.full_name) as applicant,
            case when v.id is not null then jsonb_build_object('id', v.id, 'email', v.email, 'fullName', v.full_name) end as reviewer
     from application_request r join app_user a on a.id = r.applicant_id left join app_user v on v.id = r.reviewer_id where r.id = any($1::uuid[])`,
    [requestIds],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

const idsOf = (commands: readonly { readonly payload: { readonly requestId: string } }[]): string[] => commands.map(({ payload }) => payload.requestId);

function requireRow<T>(row: T | undefined, id: string): T {
  if (row === undefined) throw new Defect(`There is no row for ${id}`);
  return row;
}
