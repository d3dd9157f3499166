import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { cancelEnrollment, enrollInCourse } from "../../domain/course-enrollment/course-enrollment.service.ts";
import { getById } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseType } from "../courses/types.ts";
import { orUserErrors } from "../errors.ts";
import { Limited } from "../limited.ts";
import { getSagaOf } from "../sagas/subject.ts";
import { SagaType } from "../sagas/types.ts";
import { UserType } from "../users/types.ts";
import { CourseEnrollmentPayload, CourseEnrollmentType, ENROLLMENT_SAGA } from "./types.ts";

@Resolver(() => CourseEnrollmentType)
export class CourseEnrollmentResolver {
  @Query(() => CourseEnrollmentType, { nullable: true, description: "Null when there is no such enrollment for the caller." })
  @Auth({ any: ["ADMIN"], participant: true })
  async courseEnrollment(
    @Arg("id", () => ID, { description: "Id of the enrollment." }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<CourseEnrollmentType | null> {
    const enrollment = await context.loaders.enrollment.load(id);
    return enrollment === null ? null : new CourseEnrollmentType(enrollment);
  }

  @Mutation(() => CourseEnrollmentPayload, {
    nullable: true,
    description: "Starts the CourseEnrollment saga. Whether a seat is left is decided by the saga, not here.",
  })
  @Auth({ any: ["LEARNER"] })
  @Limited("start")
  async enrollInCourse(
    @Arg("courseId", () => ID, { description: "A published course of somebody else, inside its enrollment window." }) courseId: string,
    @Arg("idempotencyKey", () => String, { description: "8..128 characters; the same key and course answer with the first call's enrollment." })
    idempotencyKey: string,
    @Ctx() context: RequestContext,
  ) {
    const learnerId = requireViewer(context).id;
    return orUserErrors(async () => {
      const { enrollmentId } = await context.write((em) => enrollInCourse(em, { learnerId, courseId, idempotencyKey }));
      return { courseEnrollment: await this.#load(enrollmentId, context) };
    });
  }

  @Mutation(() => CourseEnrollmentPayload, {
    nullable: true,
    description: "Gives the seat back, whatever the saga's state. Cancelling what is cancelled changes nothing.",
  })
  @Auth({ any: ["ADMIN"], participant: true })
  async cancelEnrollment(
    @Arg("id", () => ID, { description: "Id of the enrollment." }) id: string,
    @Arg("note", () => String, { nullable: true, description: "Why; at most 500 characters." }) note: string | null | undefined,
    @Arg("idempotencyKey", () => String, { nullable: true, description: "8..128 characters; not needed, since cancelling can be repeated anyway." })
    idempotencyKey: string | null | undefined,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      await context.write((em) => cancelEnrollment(em, { enrollmentId: id, actor, note: note ?? null, idempotencyKey: idempotencyKey ?? null }));
      return { courseEnrollment: await this.#load(id, context) };
    });
  }

  @FieldResolver(() => UserType, { description: "Who learns." })
  async learner(@Root() enrollment: CourseEnrollmentType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, enrollment.learnerId, "user"));
  }

  @FieldResolver(() => CourseType, { description: "What is learnt." })
  async course(@Root() enrollment: CourseEnrollmentType, @Ctx() context: RequestContext): Promise<CourseType> {
    return new CourseType(await getById(context.loaders.course, enrollment.courseId, "course"));
  }

  @FieldResolver(() => SagaType, { description: "The process that carries it out." })
  async saga(@Root() enrollment: CourseEnrollmentType, @Ctx() context: RequestContext): Promise<SagaType> {
    return getSagaOf(ENROLLMENT_SAGA, enrollment.id, context);
  }

  async #load(id: string, context: RequestContext): Promise<CourseEnrollmentType> {
    return new CourseEnrollmentType(await getById(context.loaders.enrollment, id, "enrollment"));
  }
}

@Resolver(() => CourseEnrollmentPayload)
export class CourseEnrollmentPayloadResolver {
  @FieldResolver(() => SagaType, { nullable: true, description: "The saga that the mutation started or advanced." })
  async saga(@Root() payload: CourseEnrollmentPayload, @Ctx() context: RequestContext): Promise<SagaType | null> {
    return payload.courseEnrollment == null ? null : getSagaOf(ENROLLMENT_SAGA, payload.courseEnrollment.id, context);
  }
}
