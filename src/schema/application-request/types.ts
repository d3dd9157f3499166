import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import {
  type ApplicationDocument,
  type ApplicationRequest,
  type ApplicationStatus,
  type DocumentKind,
  type DocumentVerdict,
} from "../../domain/application-request/application-request.ts";
import type { BackgroundCheck } from "../../domain/background-check/background-check.ts";
import { Auth, type HasParties } from "../authorization.ts";
import { connectionOf } from "../pagination.ts";
import { Reason, toReason } from "../payload.ts";
import { SagaMutationPayload } from "../sagas/types.ts";
import { DateTime } from "../scalars.ts";

export const ApplicationRequestStatusEnum: { readonly [S in ApplicationStatus]: S } = {
  PENDING: "PENDING",
  UNDER_REVIEW: "UNDER_REVIEW",
  INFO_REQUESTED: "INFO_REQUESTED",
  APPROVED: "APPROVED",
  REJECTED: "REJECTED",
  WITHDRAWN: "WITHDRAWN",
};
registerEnumType(ApplicationRequestStatusEnum, {
  name: "ApplicationRequestStatus",
  description: "How far an application is.",
  valuesConfig: {
    PENDING: { description: "Automatic checks are running." },
    UNDER_REVIEW: { description: "A reviewer is deciding." },
    INFO_REQUESTED: { description: "The reviewer asked the applicant for more." },
    APPROVED: { description: "The applicant is a mentor." },
    REJECTED: { description: "A person or a check said no; `failure` says which." },
    WITHDRAWN: { description: "Taken back by the applicant, or not answered in time." },
  },
});

export const DocumentKindEnum: { readonly [K in DocumentKind]: K } = {
  CV: "CV",
  COVER_LETTER: "COVER_LETTER",
  CERTIFICATE: "CERTIFICATE",
  IDENTITY: "IDENTITY",
  OTHER: "OTHER",
};
registerEnumType(DocumentKindEnum, {
  name: "DocumentKind",
  description: "What a document shows.",
  valuesConfig: {
    CV: { description: "A life so far; needed." },
    COVER_LETTER: { description: "Why somebody wants to be a mentor; needed." },
    CERTIFICATE: { description: "What somebody has learnt." },
    IDENTITY: { description: "Who somebody is." },
    OTHER: { description: "Anything else." },
  },
});

const DocumentVerdictEnum: { readonly [V in DocumentVerdict]: V } = { UNCHECKED: "UNCHECKED", ACCEPTED: "ACCEPTED", REFUSED: "REFUSED" };
registerEnumType(DocumentVerdictEnum, {
  name: "DocumentVerdict",
  description: "What came of the check of a document.",
  valuesConfig: {
    UNCHECKED: { description: "Not looked at yet." },
    ACCEPTED: { description: "There, and as it was sent in." },
    REFUSED: { description: "Missing or damaged; `problem` says which." },
  },
});

const BackgroundCheckStatusEnum = { REQUESTED: "REQUESTED", CLEAR: "CLEAR", CONSIDER: "CONSIDER", FAILED: "FAILED" } as const;
export type ShownCheckStatus = keyof typeof BackgroundCheckStatusEnum;
registerEnumType(BackgroundCheckStatusEnum, {
  name: "BackgroundCheckStatus",
  description: "What an outside provider says about an applicant.",
  valuesConfig: {
    REQUESTED: { description: "Asked; the answer takes days." },
    CLEAR: { description: "Nothing was found." },
    CONSIDER: { description: "The provider found something a person must judge; the saga goes on and the reviewer is told." },
    FAILED: { description: "The check did not pass." },
  },
});

@ObjectType("BackgroundCheck", { description: "The latest check of an applicant by an outside provider." })
export class BackgroundCheckType {
  @Field(() => BackgroundCheckStatusEnum, { description: "What came of it." })
  readonly status: ShownCheckStatus;

  @Field(() => DateTime, { description: "When the provider was asked." })
  readonly requestedAt: Date;

  @Field(() => DateTime, { nullable: true, description: "When the result came; null: not yet." })
  readonly completedAt: Date | null;

  @Field(() => String, { nullable: true, description: "The provider's id of the check; null until it has answered." })
  @Auth({ any: ["REVIEWER", "OPERATOR", "ADMIN"] })
  readonly reference: string | null;

  constructor(check: BackgroundCheck, status: ShownCheckStatus) {
    this.status = status;
    this.requestedAt = check.requestedAt;
    this.completedAt = check.completedAt;
    this.reference = check.reference;
  }
}

@ObjectType("ApplicationDocument", { description: "A document of an application." })
export class ApplicationDocumentType {
  @Field(() => ID, { description: "That of its upload; names it when the application is sent in again." })
  readonly id: string;

  @Field(() => DocumentKindEnum, { description: "What it shows." })
  readonly kind: DocumentKind;

  @Field(() => DocumentVerdictEnum, { description: "What came of its check." })
  readonly verdict: DocumentVerdict;

  @Field(() => Reason, { nullable: true, description: "Why it is REFUSED." })
  readonly problem: Reason | null;

  constructor(document: ApplicationDocument) {
    this.id = document.id;
    this.kind = document.kind;
    this.verdict = document.verdict;
    const { problemCode, problemMessage, problemAt } = document;
    this.problem = toReason(problemCode === null ? null : { code: problemCode, message: problemMessage ?? "", occurredAt: problemAt ?? document.createdAt });
  }
}

@ObjectType("ApplicationRequest", { description: "Somebody's application to become a mentor, from the sending to the decision." })
export class ApplicationRequestType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => ApplicationRequestStatusEnum, { description: "How far it is." })
  readonly status: ApplicationStatus;

  @Field(() => String, { description: "What the applicant has learnt." })
  readonly education: string;

  @Field(() => String, { description: "What the applicant has done." })
  readonly workExperience: string;

  @Field(() => String, { description: "What the applicant says besides; may be empty." })
  readonly description: string;

  @Field(() => [String], { description: "Names of certificates." })
  readonly certifications: string[];

  @Field(() => String, { nullable: true, description: "What the reviewer last wrote to the applicant." })
  readonly note: string | null;

  @Field(() => Reason, { nullable: true, description: "Why it is REJECTED or WITHDRAWN." })
  readonly failure: Reason | null;

  @Field(() => DateTime, { description: "When it was last sent in." })
  readonly submittedAt: Date;

  @Field(() => DateTime, { nullable: true, description: "When a person decided." })
  readonly decidedAt: Date | null;

  readonly applicantId: string;
  readonly reviewerId: string | null;

  constructor(request: ApplicationRequest) {
    this.id = request.id;
    this.status = request.status;
    this.education = request.education;
    this.workExperience = request.workExperience;
    this.description = request.description;
    this.certifications = request.certifications;
    this.note = request.note;
    const { failureCode, failureMessage, failureAt } = request;
    this.failure = toReason(failureCode === null ? null : { code: failureCode, message: failureMessage ?? "", occurredAt: failureAt ?? request.updatedAt });
    this.submittedAt = request.submittedAt;
    this.decidedAt = request.decidedAt;
    this.applicantId = request.applicantId;
    this.reviewerId = request.reviewerId;
  }

  parties(): readonly string[] {
    return this.reviewerId === null ? [this.applicantId] : [this.applicantId, this.reviewerId];
  }
}

export const ApplicationRequestConnection = connectionOf(ApplicationRequestType, "ApplicationRequest");

@ObjectType({ implements: [SagaMutationPayload], description: "Answer of a mutation about an application." })
export class ApplicationRequestPayload extends SagaMutationPayload {
  @Field(() => ApplicationRequestType, { nullable: true, description: "The application as it is now." })
  applicationRequest?: ApplicationRequestType | null;
}

@InputType({ description: "A document of an application." })
class ApplicationDocumentInput {
  @Field(() => ID, { description: "A fresh upload, or, when resubmitting, the id of a document this application already has." })
  uploadId!: string;

  @Field(() => DocumentKindEnum, { description: "What it shows." })
  kind!: DocumentKind;
}

@InputType({ description: "All that an applicant sends." })
export class ApplicationRequestInput {
  @Field(() => String, { description: "10..2,000 characters." })
  education!: string;

  @Field(() => String, { description: "10..2,000 characters." })
  workExperience!: string;

  @Field(() => String, { description: "At most 2,000 characters." })
  description!: string;

  @Field(() => [String], { defaultValue: [], description: "At most 20 of at most 200 characters." })
  certifications!: string[];

  @Field(() => [ApplicationDocumentInput], { description: "1..10; a CV and a COVER_LETTER are needed." })
  documents!: ApplicationDocumentInput[];

  @Field(() => Boolean, { description: "Whether an outside provider may be asked about the applicant; without it nothing is sent in." })
  consentToBackgroundCheck!: boolean;
}

@InputType("ApplicationRequestFilter", { description: "Which applications to list; everything given must hold." })
export class ApplicationRequestFilterInput {
  @Field(() => [ApplicationRequestStatusEnum], { nullable: true, description: "Only with one of these." })
  status?: ApplicationStatus[] | null;

  @Field(() => ID, { nullable: true, description: "Only those that this person reviews." })
  reviewerId?: string | null;

  @Field(() => String, { nullable: true, description: "Words in the applicant's name or in what they wrote." })
  text?: string | null;
}
