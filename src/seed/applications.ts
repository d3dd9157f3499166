import { createHash } from "node:crypto";
import * as m from "../domain/application-request/application-request.messages.ts";
import { occur, type EventMessage } from "../outbox/index.ts";
import { applicationRequest } from "../sagas/application-request.ts";
import { trouble, type SagaRegistry } from "../sagas/engine/index.ts";
import { Chance } from "./chance.ts";
import type { Row } from "./copy.ts";
import { Life } from "./life.ts";
import { onePagePdf } from "./pdf.ts";
import { DAY_MS, type Person } from "./people.ts";

/** Those whose applicants are mentors now, and how the others stand. */
const endings = [
  "reviewed",
  "rejected",
  "checkFailed",
  "asked",
  "checking",
  "damaged",
  "withdrawn",
  "silent",
  "refusedByProvider",
  "nobodyToReview",
  "missing",
  "reviewed",
] as const;
type Ending = "approved" | (typeof endings)[number];

interface PlannedApplication {
  readonly number: number;
  readonly applicant: Person;
  readonly reviewer: Person;
  readonly ending: Ending;
}

/** A third of them are those of mentors, from before they were; each other applicant has one. */
export function planApplications(count: number, people: Record<"learner" | "mentor" | "reviewer", readonly Person[]>): PlannedApplication[] {
  const approved = Math.min(Math.ceil(count / 3), people.mentor.length);
  return Array.from({ length: count }, (_, index): PlannedApplication | null => {
    const reviewer = people.reviewer[index % people.reviewer.length];
    const applicant = index < approved ? people.mentor[index] : people.learner[people.learner.length - 2 - (index - approved)];
    const turn = index - approved;
    // Of what stands and needs an operator, one of each is enough.
    const ending = index < approved ? "approved" : turn < endings.length ? endings[turn] : endings[turn % 8];
    return reviewer === undefined || applicant === undefined ? null : { number: index + 1, applicant, reviewer, ending: ending ?? "reviewed" };
  }).filter((planned) => planned !== null);
}

/** A document that a made-up applicant has sent in. */
export interface MadeFile {
  readonly storageKey: string;
  readonly bytes: Buffer;
}

/** An application with its documents, their files, its check and the saga that brought it where it is. */
export function liveApplication({ number, applicant, reviewer, ending }: PlannedApplication, registry: SagaRegistry, today: Date) {
  const chance = new Chance("application", number);
  const isLong = ending === "silent" || ending === "approved";
  const submittedAt = new Date(today.getTime() - (isLong ? 40 : 3) * DAY_MS - chance.below((isLong ? 40 : 3) * DAY_MS));
  const id = chance.id(submittedAt);
  const checkId = chance.id(submittedAt);
  const life = new Life(
    registry,
    applicationRequest,
    occur(m.ApplicationRequestSubmittedEvent, { requestId: id, userId: applicant.id, submittedAt }),
    submittedAt,
    chance,
  );
  const later = (days: number): Date => new Date(life.saga.now.getTime() + days * DAY_MS);
  const assigned = () => occur(m.ReviewerAssignedEvent, { requestId: id, reviewerId: reviewer.id, dueAt: later(14) });
  const told = () => occur(m.ApplicationNotificationSentEvent, { requestId: id, deliveryId: chance.id(life.saga.now) });
  const answerTo = (command: string): EventMessage => {
    if (command === "CancelBackgroundCheckCommand") return occur(m.BackgroundCheckCancelledEvent, { requestId: id });
    if (command === "UnassignReviewerCommand") return occur(m.ReviewerUnassignedEvent, { requestId: id });
    if (command === "SendInfoRequestCommand") return occur(m.InfoRequestSentEvent, { requestId: id });
    if (command === "SendReviewReminderCommand") return occur(m.ReviewReminderSentEvent, { requestId: id });
    if (command === "PollBackgroundCheckCommand") return occur(m.BackgroundCheckPolledEvent, { requestId: id });
    return told();
  };
  let [check, askedAt, decidedAt]: [string | null, Date | null, Date | null] = [null, null, null];
  live();
  const { instance, now } = life.saga;
  const reflected = applicationRequest.definition.reflect?.statusOf(instance.state, instance.reason);
  const failure = instance.finishedAt !== null && instance.reasonCode !== null;
  const isReviewed = instance.state === "UnderReview" || decidedAt !== null;
  const documents = (["CV", "COVER_LETTER"] as const).map((kind) => {
    const fileId = chance.id(submittedAt);
    const bytes = onePagePdf(`${kind === "CV" ? "CV" : "Cover letter"} of application ${number}, made up`);
    const isBad = kind === "CV" && (ending === "damaged" || ending === "missing");
    const fileName = kind === "CV" ? "cv.pdf" : "letter.pdf";
    return {
      made: { storageKey: `application_document/${fileId}`, bytes } satisfies MadeFile,
      file: {
        id: fileId,
        owner_id: applicant.id,
        purpose: "APPLICATION_DOCUMENT",
        file_name: fileName,
        content_type: "application/pdf",
        byte_size: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
        storage_key: `application_document/${fileId}`,
        state: "CLAIMED",
        stored_at: submittedAt,
        created_at: submittedAt,
        updated_at: submittedAt,
      } satisfies Row,
      document: {
        id: fileId,
        request_id: id,
        kind,
        verdict: isBad ? "REFUSED" : "ACCEPTED",
        ...(isBad && { problem_code: ending === "damaged" ? "FILE_DAMAGED" : "DOCUMENT_MISSING", problem_message: problem(fileName), problem_at: now }),
        created_at: submittedAt,
      } satisfies Row,
    };
  });
  const request: Row = {
    id,
    applicant_id: applicant.id,
    status: ending === "asked" ? "INFO_REQUESTED" : reflected,
    education: "A school of made-up studies, with honours.",
    work_experience: `Has worked on made-up things for ${3 + (number % 15)} years.`,
    description: number % 2 === 0 ? "Likes to explain." : "",
    certifications: number % 3 === 0 ? ["Certified maker-up"] : [],
    consent_at: submittedAt,
    reviewer_id: isReviewed ? reviewer.id : null,
    note: ending === "asked" || ending === "silent" ? "Which years were these?" : ending === "rejected" ? "Please come back with more experience." : null,
    info_requested_at: ending === "asked" || ending === "silent" ? askedAt : null,
    decided_by: decidedAt === null ? null : reviewer.id,
    decided_at: decidedAt,
    ...(failure && { failure_code: instance.reasonCode, failure_message: instance.reasonMessage, failure_at: instance.reasonAt }),
    submitted_at: submittedAt,
    created_at: submittedAt,
    updated_at: now,
  };
  const checks: Row[] =
    check === null
      ? []
      : [
          {
            id: checkId,
            request_id: id,
            round: 1,
            step_run_id: life.saga.instance.runs.find(({ state }) => state === "RequestingBackgroundCheck")?.id,
            provider: "embedded",
            reference: ending === "refusedByProvider" ? null : `chk_${id.slice(-12)}`,
            status: check,
            requested_at: submittedAt,
            completed_at: check === "REQUESTED" ? null : submittedAt,
            created_at: submittedAt,
            updated_at: submittedAt,
          },
        ];
  return { request, documents, checks, past: life.rows() };

  function problem(fileName: string): string {
    return ending === "damaged" ? `${fileName} is not what was sent in.` : `${fileName} is not there any more.`;
  }

  function live(): void {
    if (ending === "damaged" || ending === "missing")
      return void life.answer(occur(m.DocumentsValidatedEvent, { requestId: id, verdict: ending, problems: [problem("cv.pdf")] })).answer(told());
    life.answer(occur(m.DocumentsValidatedEvent, { requestId: id, verdict: "valid", problems: [] }));
    check = "REQUESTED";
    if (ending === "refusedByProvider")
      return void life
        .after(200)
        .saga.failed(
          trouble({ code: "DEPENDENCY_REJECTED", message: "Background-check provider answered 401 (key not accepted)", permanent: true, detail: "made up" }),
        );
    life.after(400).saga.answersLater();
    if (ending === "checking") return;
    check = ending === "checkFailed" ? "FAILED" : number % 5 === 0 ? "CONSIDER" : "CLEAR";
    const result = ending === "checkFailed" ? "failed" : number % 5 === 0 ? "consider" : "clear";
    life.after(3_600_000).saga.answered(m.BackgroundCheckCompletedEvent, { requestId: id, result, checkId }, life.saga.newest("RequestBackgroundCheckCommand"));
    if (ending === "checkFailed") return void life.answer(told());
    if (ending === "nobodyToReview") return void life.answer(occur(m.NoReviewerAvailableEvent, { requestId: id }));
    life.answer(assigned());
    review();
  }

  function review(): void {
    life.after(DAY_MS / 2);
    switch (ending) {
      case "approved":
        decidedAt = life.saga.now;
        return void life.happen(occur(m.ApplicationApprovedEvent, { requestId: id, reviewerId: reviewer.id, approvedAt: decidedAt })).answer(told());
      case "rejected":
        decidedAt = life.saga.now;
        return void life
          .happen(
            occur(m.ApplicationRejectedEvent, {
              requestId: id,
              reviewerId: reviewer.id,
              rejectedAt: decidedAt,
              reason: "Please come back with more experience.",
            }),
          )
          .answer(told());
      case "asked":
      case "silent":
        askedAt = life.saga.now;
        life
          .happen(occur(m.ApplicationInfoRequestedEvent, { requestId: id, reviewerId: reviewer.id, note: "Which years were these?", dueAt: later(31) }))
          .settleAsides(answerTo);
        if (ending === "asked") return;
        life.after(30 * DAY_MS);
        break;
      case "withdrawn":
        break;
      case "reviewed":
      case "checkFailed":
      case "checking":
      case "damaged":
      case "missing":
      case "refusedByProvider":
      case "nobodyToReview":
        return;
    }
    life
      .happen(occur(m.ApplicationWithdrawnEvent, { requestId: id, byUserId: applicant.id, because: ending === "silent" ? "silent" : "asked" }))
      .settle(answerTo);
  }
}
