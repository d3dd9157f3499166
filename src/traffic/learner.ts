import { createHash } from "node:crypto";
import { ApiError } from "../client/api-client.ts";
import {
  AnnounceDocument,
  ApplyDocument,
  BookDocument,
  CancelEnrollmentDocument,
  CancelSessionDocument,
  EnrollDocument,
  StandingDocument,
  WithdrawDocument,
  type DocumentKind,
} from "../client/generated/graphql.ts";
import { newId } from "../kernel/ids.ts";
import { onePagePdf } from "../seed/pdf.ts";
import type { Slot } from "./offers.ts";
import { Somebody } from "./somebody.ts";

/** At once; what is beyond them is given back first, so that seats and slots never run out for good. */
const mostEnrollments = 3;
const mostSessions = 3;

/** A made-up learner who enrolls, books and applies, and takes back what was long enough. */
export class Learner extends Somebody {
  readonly #courses = new Set<string>();
  readonly #enrollments: { readonly id: string; readonly course: string }[] = [];
  readonly #sessions: string[] = [];
  #application: string | null = null;

  /** What others, or an earlier run, have begun in this learner's name. */
  async lookBack(): Promise<void> {
    const { viewer } = await this.run(StandingDocument, {});
    this.#courses.clear();
    for (const { course } of viewer.enrollments?.nodes ?? []) this.#courses.add(course.id);
    this.#sessions.splice(0, Infinity, ...(viewer.mentoringSessions?.nodes ?? []).map(({ id }) => id).toReversed());
  }

  /** Whether the course is one where the learner has no place. */
  lacks(course: string): boolean {
    return !this.#courses.has(course);
  }

  async enroll(course: string): Promise<void> {
    const [oldest] = this.#enrollments;
    if (oldest !== undefined && this.#enrollments.length >= mostEnrollments) {
      await this.run(CancelEnrollmentDocument, { id: oldest.id });
      this.#enrollments.shift();
      this.#courses.delete(oldest.course);
    }
    const { enrollInCourse } = await this.run(EnrollDocument, { course, key: newId() });
    if (enrollInCourse.courseEnrollment == null) return;
    this.#enrollments.push({ id: enrollInCourse.courseEnrollment.id, course });
    this.#courses.add(course);
  }

  async book({ courseId, scheduleId }: Slot): Promise<void> {
    const [oldest] = this.#sessions;
    if (oldest !== undefined && this.#sessions.length >= mostSessions) {
      // It may have failed, or begun, meanwhile.
      await this.run(CancelSessionDocument, { id: oldest }).catch(onlyRefusals);
      this.#sessions.shift();
    }
    const { bookMentoringSession } = await this.run(BookDocument, { input: { courseId, scheduleId, type: "VIRTUAL" }, key: newId() });
    if (bookMentoringSession.mentoringSession != null) this.#sessions.push(bookMentoringSession.mentoringSession.id);
  }

  get hasApplied(): boolean {
    return this.#application !== null;
  }

  async withdraw(): Promise<void> {
    const id = this.#application;
    this.#application = null;
    if (id !== null) await this.run(WithdrawDocument, { id }).catch(onlyRefusals);
  }

  async apply(): Promise<void> {
    const documents = [await this.#upload("CV"), await this.#upload("COVER_LETTER")];
    const input = {
      education: "Evening classes",
      workExperience: "Some years",
      description: "Likes to explain.",
      certifications: [],
      documents,
      consentToBackgroundCheck: true,
    };
    const { submitApplicationRequest } = await this.run(ApplyDocument, { input, key: newId() });
    this.#application = submitApplicationRequest.applicationRequest?.id ?? null;
  }

  async #upload(kind: DocumentKind): Promise<{ uploadId: string; kind: DocumentKind }> {
    const bytes = onePagePdf(newId());
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const input = {
      fileName: `${kind.toLowerCase()}.pdf`,
      contentType: "application/pdf",
      purpose: "APPLICATION_DOCUMENT",
      byteSize: bytes.length,
      sha256,
    } as const;
    const { upload } = (await this.run(AnnounceDocument, { input })).createUpload;
    const headers = Object.fromEntries((upload?.headers ?? []).map(({ name, value }) => [name, value]));
    const response = await fetch(upload?.url ?? "", { method: "PUT", body: bytes, headers });
    if (!response.ok) throw new ApiError("UPLOAD_FAILED", `An upload was answered with ${response.status}.`);
    return { uploadId: upload?.id ?? "", kind };
  }
}

const passing = new Set(["UNREACHABLE", "UNAUTHENTICATED", "RATE_LIMITED", "UNAVAILABLE", "TIMEOUT"]);

/** Somebody else has done it, or it cannot be done any more; what may be tried again is thrown. */
function onlyRefusals(error: unknown): void {
  if (!(error instanceof ApiError) || passing.has(error.code)) throw error;
}
