import { Field, ID, InputType, Int } from "type-graphql";
import type { CourseLevel, CourseStatus } from "../../domain/courses/course.ts";
import { DateTime } from "../scalars.ts";
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

@InputType("CourseInput", { description: "All that a mentor says about a course." })
export class CourseInputType {
  @Field(() => String, { description: "3..100 characters; unique among the mentor's courses that are not archived, without regard to case." })
  title!: string;

  @Field(() => String, { description: "1..2,000 characters." })
  description!: string;

  @Field(() => CourseLevelEnum, { description: "How much it takes for granted." })
  level!: CourseLevel;

  @Field(() => CourseStatusEnum, { description: "Who sees it." })
  status!: CourseStatus;

  @Field(() => ID, { description: "The shelf it stands on; one that is not active only when it stands there already." })
  categoryId!: string;

  @Field(() => Int, { nullable: true, description: "Null: no limit; otherwise 1..100,000 and not below the seats taken." })
  capacity?: number | null;

  @Field(() => DateTime, { nullable: true, description: "No enrollment before this; null: open from the start." })
  enrollmentOpensAt?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "No enrollment from this on, and later than it opens; null: never closes." })
  enrollmentClosesAt?: Date | null;
}
