import { Field, ID, InputType } from "type-graphql";
import type { CourseLevel, CourseStatus } from "../../domain/courses/course.ts";
import { CourseLevelEnum, CourseStatusEnum } from "./types.ts";

@InputType("CourseFilter", { description: "Which courses to list; everything given must hold." })
export class CourseFilterInput {
  @Field(() => String, { nullable: true, description: "Words in title or description." })
  text?: string | null;

  @Field(() => ID, { nullable: true, description: "Only of this category." })
  categoryId?: string | null;

  @Field(() => CourseLevelEnum, { nullable: true, description: "Only of this level." })
  level?: CourseLevel | null;

  @Field(() => ID, { nullable: true, description: "Only of this mentor." })
  mentorId?: string | null;

  @Field(() => [CourseStatusEnum], { nullable: true, description: "Only with one of these; what the caller may not see stays out." })
  status?: CourseStatus[] | null;

  @Field(() => Boolean, { nullable: true, description: "Published and inside its enrollment window now; it may still be full." })
  openForEnrollment?: boolean | null;
}
