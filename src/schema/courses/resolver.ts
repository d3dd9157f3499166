import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { getById, requireIds } from "../arguments.ts";
import type { CourseEnrollmentStatus } from "../../domain/course-enrollment/course-enrollment.ts";
import { listCategories, listCourses } from "../../domain/courses/course.queries.ts";
import { saveCategory, saveCourse } from "../../domain/courses/course.service.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseEnrollmentConnection, CourseEnrollmentStatusEnum, CourseEnrollmentType } from "../course-enrollment/types.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { UserType } from "../users/types.ts";
import { CourseFilterInput, CourseInputType } from "./inputs.ts";
import { CategoryPayload, CategoryType, CourseConnection, CoursePayload, CourseType } from "./types.ts";

@Resolver(() => CourseType)
export class CourseResolver {
  @Query(() => [CategoryType], { description: "All categories by name." })
  async categories(@Ctx() context: RequestContext): Promise<CategoryType[]> {
    const categories = await listCategories(context.em);
    return categories.map((category) => new CategoryType(category));
  }

  @Query(() => CourseConnection, { description: "Published courses, newest first; a mentor also sees their own drafts, an admin everything." })
  async courses(
    @Arg("filter", () => CourseFilterInput, { nullable: true, description: "Everything given must hold." }) filter: CourseFilterInput | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<CourseType>> {
    requireIds({ categoryId: filter?.categoryId, mentorId: filter?.mentorId });
    const request = pageRequest("courses", first, after);
    const page = await listCourses(context.em, { ...request, filter: filter ?? null, viewer: context.viewer });
    return toConnection("courses", request, page, (row) => new CourseType(row));
  }

  @Query(() => CourseType, { nullable: true, description: "Null when there is no such course for the caller." })
  async course(@Arg("id", () => ID, { description: "Id of the course." }) id: string, @Ctx() context: RequestContext): Promise<CourseType | null> {
    const course = await context.loaders.course.load(id);
    return course?.isVisibleTo(context.viewer) === true ? new CourseType(course) : null;
  }

  @Mutation(() => CoursePayload, {
    nullable: true,
    description: "Creates when id is null; otherwise replaces every field. A mentor's own courses; for an administrator any, recorded in the audit.",
  })
  @Auth({ any: ["MENTOR", "ADMIN"] })
  async saveCourse(
    @Arg("id", () => ID, { nullable: true, description: "Null: a new course of the caller, who is a mentor." }) id: string | null | undefined,
    @Arg("input", () => CourseInputType, { description: "All of it; what is left out is taken away." }) input: CourseInputType,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      const { courseId } = await context.write((em) => saveCourse(em, { courseId: id ?? null, input, actor }));
      return { course: new CourseType(await getById(context.loaders.course, courseId, "course")) };
    });
  }

  @Mutation(() => CategoryPayload, { nullable: true, description: "Creates when id is null; otherwise replaces every field. Recorded in the audit." })
  @Auth({ any: ["ADMIN"] })
  async saveCategory(
    @Arg("id", () => ID, { nullable: true, description: "Null: a new one." }) id: string | null | undefined,
    @Arg("name", () => String, { description: "1..50 characters; unique without regard to case." }) name: string,
    @Arg("description", () => String, { description: "What belongs here; at most 200 characters." }) description: string,
    @Arg("active", () => Boolean, { defaultValue: true, description: "Offered for new courses; those that stand there may stay." }) active: boolean,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      const { categoryId } = await context.write((em) => saveCategory(em, { categoryId: id ?? null, input: { name, description, active }, actor }));
      return { category: new CategoryType(await getById(context.loaders.category, categoryId, "category")) };
    });
  }

  @FieldResolver(() => CategoryType, { description: "The shelf it stands on." })
  async category(@Root() course: CourseType, @Ctx() context: RequestContext): Promise<CategoryType> {
    return new CategoryType(await getById(context.loaders.category, course.categoryId, "category"));
  }

  @FieldResolver(() => UserType, { description: "Who gives it." })
  async mentor(@Root() course: CourseType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, course.mentorId, "user"));
  }

  @FieldResolver(() => CourseEnrollmentType, { nullable: true, description: "The caller's latest enrollment in this course." })
  async viewerEnrollment(@Root() course: CourseType, @Ctx() context: RequestContext): Promise<CourseEnrollmentType | null> {
    const enrollment = await context.loaders.viewerEnrollment.load(course.id);
    return enrollment === null ? null : new CourseEnrollmentType(enrollment);
  }

  @FieldResolver(() => CourseEnrollmentConnection, { nullable: true, description: "Who is or was enrolled, newest first; for the course's mentor." })
  @Auth({ any: ["ADMIN"], participant: true })
  async enrollments(
    @Root() course: CourseType,
    @Arg("status", () => [CourseEnrollmentStatusEnum], { nullable: true, description: "Only with one of these." }) status: CourseEnrollmentStatus[] | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<CourseEnrollmentType>> {
    const request = pageRequest("enrollments", first, after);
    const page = await context.loaders.enrollmentsInCourse.load({ ...request, ownerId: course.id, status: status ?? null });
    return toConnection("enrollments", request, page, (row) => new CourseEnrollmentType(row));
  }
}
