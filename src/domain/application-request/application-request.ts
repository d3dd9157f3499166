import { defineEntity, p } from "@mikro-orm/core";
import type { Actor } from "../actor.ts";
import { FileObject } from "../files/file-object.ts";
import type { InputCheck } from "../input.ts";
import { User } from "../users/user.ts";

/** The type of the saga that carries out an application; its subject is the application. */
export const APPLICATION_SAGA = "ApplicationRequest";

export const applicationStatuses = ["PENDING", "UNDER_REVIEW", "INFO_REQUESTED", "APPROVED", "REJECTED", "WITHDRAWN"] as const;
export type ApplicationStatus = (typeof applicationStatuses)[number];
export const documentKinds = ["CV", "COVER_LETTER", "CERTIFICATE", "IDENTITY", "OTHER"] as const;
export type DocumentKind = (typeof documentKinds)[number];
export const documentVerdicts = ["UNCHECKED", "ACCEPTED", "REFUSED"] as const;
export type DocumentVerdict = (typeof documentVerdicts)[number];

/** In these an applicant has an application, and may not send another one. */
export const openStatuses: readonly ApplicationStatus[] = ["PENDING", "UNDER_REVIEW", "INFO_REQUESTED"];

const requestSchema = defineEntity({
  name: "ApplicationRequest",
  tableName: "application_request",
  indexes: [
    { name: "application_request_applicant_id_id_index", properties: ["applicantId", "id"] },
    { name: "application_request_reviewer_id_id_index", properties: ["reviewerId", "id"] },
    { name: "application_request_status_id_index", properties: ["status", "id"] },
  ],
  uniques: [{ name: "application_request_applicant_id_unique", properties: ["applicantId"], where: { status: { $in: [...openStatuses] } } }],
  properties: {
    id: p.uuid().primary(),
    applicantId: () => p.manyToOne(User).mapToPk().fieldName("applicant_id"),
    status: p.enum(applicationStatuses),
    education: p.text(),
    workExperience: p.text(),
    description: p.text(),
    certifications: p.array().$type<string[]>(),
    /** When the applicant agreed to a background check. */
    consentAt: p.datetime(),
    reviewerId: () => p.manyToOne(User).mapToPk().fieldName("reviewer_id").strictNullable(),
    /** What the reviewer last wrote to the applicant. */
    note: p.text().strictNullable(),
    /** Since when the applicant is expected to answer; null: nothing was asked. */
    infoRequestedAt: p.datetime().strictNullable(),
    decidedBy: () => p.manyToOne(User).mapToPk().fieldName("decided_by").strictNullable().index(),
    decidedAt: p.datetime().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureMessage: p.text().strictNullable(),
    failureAt: p.datetime().strictNullable(),
    submittedAt: p.datetime().defaultRaw("now()"),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** Somebody's application to become a mentor, from the sending to the decision. */
export class ApplicationRequest extends requestSchema.class {
  /** Others are told that there is no such application, so that ids cannot be probed. */
  isFor(actor: Actor): boolean {
    return actor.id === this.applicantId || actor.id === this.reviewerId || actor.roles.includes("ADMIN");
  }
}
requestSchema.setClass(ApplicationRequest);

const documentSchema = defineEntity({
  name: "ApplicationDocument",
  tableName: "application_document",
  properties: {
    /** That of the file. */
    id: () => p.oneToOne(FileObject).mapToPk().fieldName("id").primary().owner(),
    requestId: () => p.manyToOne(ApplicationRequest).mapToPk().fieldName("request_id").index(),
    kind: p.enum(documentKinds),
    verdict: p.enum(documentVerdicts),
    problemCode: p.text().strictNullable(),
    problemMessage: p.text().strictNullable(),
    problemAt: p.datetime().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
  },
});

/** A document of an application. */
export class ApplicationDocument extends documentSchema.class {}
documentSchema.setClass(ApplicationDocument);

/** What an applicant sends. */
export interface ApplicationInput {
  readonly education: string;
  readonly workExperience: string;
  readonly description: string;
  readonly certifications: readonly string[];
  /** A fresh upload, or a document that the application has already. */
  readonly documents: readonly { readonly uploadId: string; readonly kind: DocumentKind }[];
  readonly consentToBackgroundCheck: boolean;
}

export interface ApplicationTexts {
  readonly education: string;
  readonly workExperience: string;
  readonly description: string;
  readonly certifications: readonly string[];
}

const NEEDED: readonly DocumentKind[] = ["CV", "COVER_LETTER"];
const MAX_DOCUMENTS = 10;

/** Collects what is wrong with an application, in the order of its fields. @returns its texts as they are stored */
export function checkApplication(check: InputCheck, input: ApplicationInput): ApplicationTexts {
  const field = (...path: string[]): string[] => ["input", ...path];
  const education = check.text(input.education, field("education"), { what: "The education", min: 10, max: 2_000 });
  const workExperience = check.text(input.workExperience, field("workExperience"), { what: "The work experience", min: 10, max: 2_000 });
  const description = check.text(input.description, field("description"), { what: "The description", max: 2_000 });
  if (input.certifications.length > 20)
    check.refuse("INVALID", `There are at most 20 certifications, not ${input.certifications.length}.`, field("certifications"));
  const certifications = input.certifications
    .slice(0, 20)
    .map((text, index) => check.text(text, field("certifications", String(index)), { what: "A certification", min: 1, max: 200 }));
  checkDocuments(check, input.documents, field("documents"));
  if (!input.consentToBackgroundCheck)
    check.refuse("CONSENT_MISSING", "An application needs the consent to a background check.", field("consentToBackgroundCheck"));
  return { education, workExperience, description, certifications };
}

function checkDocuments(check: InputCheck, documents: ApplicationInput["documents"], field: readonly string[]): void {
  if (documents.length > MAX_DOCUMENTS) check.refuse("INVALID", `There are at most ${MAX_DOCUMENTS} documents, not ${documents.length}.`, field);
  for (const kind of NEEDED) {
    if (!documents.some((document) => document.kind === kind))
      check.refuse("DOCUMENT_MISSING", `The ${kind === "CV" ? "CV" : "cover letter"} is missing.`, field);
  }
}

/** Where an upload is named. */
export const documentField = (index: number): readonly string[] => ["input", "documents", String(index), "uploadId"];
