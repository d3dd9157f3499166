import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import type { CourseEnrollment, CourseEnrollmentStatus } from "../../domain/course-enrollment/course-enrollment.ts";
import type { HasParties } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { connectionOf } from "../pagination.ts";
import { Reason, toReason } from "../payload.ts";
import { SagaMutationPayload } from "../sagas/types.ts";
import { DateTime } from "../scalars.ts";

/** The enrollment's saga, by the name of its definition. */
export const ENROLLMENT_SAGA = "CourseEnrollment";

export const CourseEnrollmentStatusEnum: { readonly [S in CourseEnrollmentStatus]: S } = {
  PENDING: "PENDING",
  CONFIRMED: "CONFIRMED",
  ACTIVE: "ACTIVE",
  FAILED: "FAILED",
  CANCELLED: "CANCELLED",
};
registerEnumType(CourseEnrollmentStatusEnum, {
  name: "CourseEnrollmentStatus",
  description: "How far an enrollment is.",
  valuesConfig: {
    PENDING: { description: "Asked for; whether a seat is left is being found out." },
    CONFIRMED: { description: "A seat is held; mail and access are still to come." },
    ACTIVE: { description: "Access to the course materials is granted." },
    FAILED: { description: "A rule said no; `failure` says which." },
    CANCELLED: { description: "Given up by a person; the seat is free again." },
  },
});

@ObjectType("CourseEnrollment", {
  description: "A learner's place in a course, from the asking to its end; a further try after an end is a further enrollment.",
})
export class CourseEnrollmentType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => CourseEnrollmentStatusEnum, { description: "How far it is." })
  readonly status: CourseEnrollmentStatus;

  @Field(() => Reason, { nullable: true, description: "Why it is FAILED or CANCELLED." })
  readonly failure: Reason | null;

  @Field(() => DateTime, { description: "When it was asked for." })
  readonly enrolledAt: Date;

  @Field(() => DateTime, { nullable: true, description: "When the course materials were opened; null while they are closed." })
  readonly accessGrantedAt: Date | null;

  readonly courseId: string;
  readonly learnerId: string;

  constructor(enrollment: CourseEnrollment) {
    this.id = enrollment.id;
    this.status = enrollment.status;
    const { failureCode, failureMessage, failureAt } = enrollment;
    this.failure = toReason(failureCode === null ? null : { code: failureCode, message: failureMessage ?? "", occurredAt: failureAt ?? enrollment.updatedAt });
    this.enrolledAt = enrollment.enrolledAt;
    this.accessGrantedAt = enrollment.accessGrantedAt;
    this.courseId = enrollment.courseId;
    this.learnerId = enrollment.learnerId;
  }

  async parties(context: RequestContext): Promise<readonly string[]> {
    const course = await context.loaders.course.load(this.courseId);
    return course === null ? [this.learnerId] : [this.learnerId, course.mentorId];
  }
}

export const CourseEnrollmentConnection = connectionOf(CourseEnrollmentType, "CourseEnrollment");

@ObjectType({ implements: SagaMutationPayload, description: "Answer to a mutation about an enrollment." })
export class CourseEnrollmentPayload extends SagaMutationPayload {
  @Field(() => CourseEnrollmentType, { nullable: true, description: "The enrollment as it is now; null when the mutation was refused." })
  courseEnrollment?: CourseEnrollmentType | null;
}
