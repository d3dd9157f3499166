import { createUnionType } from "type-graphql";
import { APPLICATION_SAGA } from "../../domain/application-request/application-request.ts";
import { SESSION_SAGA } from "../../domain/mentoring-session/mentoring-session.ts";
import { Defect } from "../../kernel/errors.ts";
import { ApplicationRequestType } from "../application-request/types.ts";
import { holdsAny, isParty } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseEnrollmentType, ENROLLMENT_SAGA } from "../course-enrollment/types.ts";
import { MentoringSessionType } from "../mentoring-session/types.ts";
import { SagaType } from "./types.ts";

const types = [CourseEnrollmentType, MentoringSessionType, ApplicationRequestType] as const;
type Subject = InstanceType<(typeof types)[number]>;

export const SagaSubject = createUnionType({ name: "SagaSubject", description: "What a saga may be about.", types: () => types });

/** How the subject of each type of saga is loaded; one line for each type. */
const subjects: Record<string, (id: string, context: RequestContext) => Promise<Subject | null>> = {
  [ENROLLMENT_SAGA]: async (id, context) => {
    const enrollment = await context.loaders.enrollment.load(id);
    return enrollment === null ? null : new CourseEnrollmentType(enrollment);
  },
  [SESSION_SAGA]: async (id, context) => {
    const session = await context.loaders.mentoringSession.load(id);
    return session === null ? null : new MentoringSessionType(session);
  },
  [APPLICATION_SAGA]: async (id, context) => {
    const request = await context.loaders.application.load(id);
    return request === null ? null : new ApplicationRequestType(request);
  },
};

/** The subject, for its parties and administrators; operators see the process but not whom it is about. */
export async function findVisibleSubject(saga: SagaType, context: RequestContext): Promise<Subject | null> {
  const { viewer } = context;
  if (viewer === null) return null;
  const subject = (await subjects[saga.type]?.(saga.subjectId, context)) ?? null;
  if (subject === null) return null;
  return holdsAny(viewer, ["ADMIN"]) || (await isParty(viewer, subject, context)) ? subject : null;
}

/** The saga of a subject: both were written by one transaction, so that it has to be there. */
export async function getSagaOf(type: string, subjectId: string, context: RequestContext): Promise<SagaType> {
  const view = await context.loaders.sagaOfSubject.load({ type, id: subjectId });
  if (view === null) throw new Defect(`There is no ${type} saga for ${subjectId}`);
  return new SagaType(view);
}
