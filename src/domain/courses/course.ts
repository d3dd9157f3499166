import { defineEntity, p } from "@mikro-orm/core";
import type { Actor } from "../actor.ts";
import { User } from "../users/user.ts";
import { Category } from "./category.ts";

export const courseLevels = ["BEGINNER", "INTERMEDIATE", "ADVANCED"] as const;
export type CourseLevel = (typeof courseLevels)[number];
export const courseStatuses = ["DRAFT", "PUBLISHED", "ARCHIVED"] as const;
export type CourseStatus = (typeof courseStatuses)[number];

const schema = defineEntity({
  name: "Course",
  tableName: "course",
  checks: [
    { name: "course_title_check", expression: "char_length(title) >= 3 and char_length(title) <= 100" },
    { name: "course_description_check", expression: "char_length(description) >= 1 and char_length(description) <= 2000" },
    { name: "course_capacity_check", expression: "capacity >= 1 and capacity <= 100000" },
    { name: "course_seats_taken_check", expression: "seats_taken >= 0 and (capacity is null or seats_taken <= capacity)" },
    { name: "course_enrollment_window_check", expression: "enrollment_opens_at < enrollment_closes_at" },
  ],
  indexes: [{ name: "course_created_at_id_index", properties: ["createdAt", "id"] }],
  uniques: [
    {
      name: "course_mentor_id_title_unique",
      expression: "create unique index course_mentor_id_title_unique on course (mentor_id, lower(title)) where status <> 'ARCHIVED'",
    },
  ],
  properties: {
    id: p.uuid().primary(),
    mentorId: () => p.manyToOne(User).mapToPk().fieldName("mentor_id").index(),
    categoryId: () => p.manyToOne(Category).mapToPk().fieldName("category_id").index(),
    /** Unique among the mentor's courses that are not archived, without regard to case. */
    title: p.text(),
    description: p.text(),
    level: p.enum(courseLevels),
    status: p.enum(courseStatuses),
    /** Null: no limit. */
    capacity: p.integer().strictNullable(),
    /** Seats held by enrollments of this course. Written only together with an enrollment's `seat_held`. */
    seatsTaken: p.integer().default(0),
    /** Null: open from the start. */
    enrollmentOpensAt: p.datetime().strictNullable(),
    /** Null: never closes. */
    enrollmentClosesAt: p.datetime().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A course of one mentor, with a number of seats or without limit. */
export class Course extends schema.class {
  /** Published courses are everybody's to see; drafts and archived ones the mentor's own and an administrator's. */
  isVisibleTo(viewer: Actor | null): boolean {
    return this.status === "PUBLISHED" || this.mentorId === viewer?.id || viewer?.roles.includes("ADMIN") === true;
  }
}
schema.setClass(Course);
