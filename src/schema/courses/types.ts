import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { Category } from "../../domain/courses/category.ts";
import type { Course, CourseLevel, CourseStatus } from "../../domain/courses/course.ts";
import type { HasParties } from "../authorization.ts";
import { connectionOf } from "../pagination.ts";
import { MutationPayload } from "../payload.ts";
import { DateTime } from "../scalars.ts";

export const CourseLevelEnum: { readonly [L in CourseLevel]: L } = { BEGINNER: "BEGINNER", INTERMEDIATE: "INTERMEDIATE", ADVANCED: "ADVANCED" };
registerEnumType(CourseLevelEnum, {
  name: "CourseLevel",
  description: "How much a course takes for granted.",
  valuesConfig: {
    BEGINNER: { description: "Nothing." },
    INTERMEDIATE: { description: "The basics." },
    ADVANCED: { description: "Practice." },
  },
});

export const CourseStatusEnum: { readonly [S in CourseStatus]: S } = { DRAFT: "DRAFT", PUBLISHED: "PUBLISHED", ARCHIVED: "ARCHIVED" };
registerEnumType(CourseStatusEnum, {
  name: "CourseStatus",
  description: "Who sees a course.",
  valuesConfig: {
    DRAFT: { description: "Only its mentor and administrators." },
    PUBLISHED: { description: "Everybody." },
    ARCHIVED: { description: "Over; only its mentor and administrators find it." },
  },
});

@ObjectType("Category", { description: "A shelf of the catalogue." })
export class CategoryType {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "Unique without regard to case." })
  readonly name: string;

  @Field(() => String, { description: "What belongs here." })
  readonly description: string;

  @Field(() => Boolean, { description: "Offered for new courses." })
  readonly active: boolean;

  constructor(category: Category) {
    this.id = category.id;
    this.name = category.name;
    this.description = category.description;
    this.active = category.active;
  }
}

@ObjectType("Course", { description: "A course of one mentor, with a number of seats or without limit." })
export class CourseType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "3..100 characters; unique among the mentor's courses that are not archived." })
  readonly title: string;

  @Field(() => String, { description: "What it is about." })
  readonly description: string;

  @Field(() => CourseLevelEnum, { description: "How much it takes for granted." })
  readonly level: CourseLevel;

  @Field(() => CourseStatusEnum, { description: "Who sees it." })
  readonly status: CourseStatus;

  @Field(() => Int, { nullable: true, description: "Null: no limit." })
  readonly capacity: number | null;

  @Field(() => Int, { description: "Seats held by enrollments; never above the capacity." })
  readonly seatsTaken: number;

  @Field(() => DateTime, { nullable: true, description: "No enrollment before this; null: open from the start." })
  readonly enrollmentOpensAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "No enrollment from this on; null: never closes." })
  readonly enrollmentClosesAt: Date | null;

  @Field(() => DateTime, { description: "When it was made." })
  readonly createdAt: Date;

  @Field(() => DateTime, { description: "When it was last changed." })
  readonly updatedAt: Date;

  readonly categoryId: string;
  readonly mentorId: string;

  constructor(course: Course) {
    this.id = course.id;
    this.title = course.title;
    this.description = course.description;
    this.level = course.level;
    this.status = course.status;
    this.capacity = course.capacity;
    this.seatsTaken = course.seatsTaken;
    this.enrollmentOpensAt = course.enrollmentOpensAt;
    this.enrollmentClosesAt = course.enrollmentClosesAt;
    this.createdAt = course.createdAt;
    this.updatedAt = course.updatedAt;
    this.categoryId = course.categoryId;
    this.mentorId = course.mentorId;
  }

  parties(): readonly string[] {
    return [this.mentorId];
  }
}

export const CourseConnection = connectionOf(CourseType, "Course");

@ObjectType({ implements: MutationPayload, description: "Answer to a mutation about a course." })
export class CoursePayload extends MutationPayload {
  @Field(() => CourseType, { nullable: true, description: "The course as it is now; null when the mutation was refused." })
  course?: CourseType | null;
}

@ObjectType({ implements: MutationPayload, description: "Answer to a mutation about a category." })
export class CategoryPayload extends MutationPayload {
  @Field(() => CategoryType, { nullable: true, description: "The category as it is now; null when the mutation was refused." })
  category?: CategoryType | null;
}
