import { defineEntity, p, type Opt } from "@mikro-orm/core";
import { Refusal } from "../../kernel/errors.ts";
import type { Actor } from "../actor.ts";
import { Course, type CourseStatus } from "../courses/course.ts";
import { User } from "../users/user.ts";

export const courseEnrollmentStatuses = ["PENDING", "CONFIRMED", "ACTIVE", "FAILED", "CANCELLED"] as const;
export type CourseEnrollmentStatus = (typeof courseEnrollmentStatuses)[number];

const schema = defineEntity({
  name: "CourseEnrollment",
  tableName: "course_enrollment",
  checks: [
    {
      name: "course_enrollment_seat_held_check",
      expression:
        "case status when 'CONFIRMED' then seat_held when 'ACTIVE' then seat_held when 'FAILED' then not seat_held when 'CANCELLED' then not seat_held else true end",
    },
  ],
  indexes: [
    { name: "course_enrollment_course_id_id_index", properties: ["courseId", "id"] },
    { name: "course_enrollment_learner_id_id_index", properties: ["learnerId", "id"] },
  ],
  uniques: [
    {
      name: "course_enrollment_course_id_learner_id_unique",
      properties: ["courseId", "learnerId"],
      where: { isOpen: true },
    },
  ],
  properties: {
    id: p.uuid().primary(),
    courseId: () => p.manyToOne(Course).mapToPk().fieldName("course_id"),
    learnerId: () => p.manyToOne(User).mapToPk().fieldName("learner_id"),
    status: p.enum(courseEnrollmentStatuses),
    /** At most one of a learner's enrollments in a course is open. */
    isOpen: p.boolean().generated("(status in ('PENDING', 'CONFIRMED', 'ACTIVE')) stored").$type<Opt<boolean>>(),
    /** One of the course's `seats_taken` is this enrollment's; makes taking and giving back repeatable. */
    seatHeld: p.boolean().default(false),
    failureCode: p.text().strictNullable(),
    failureMessage: p.text().strictNullable(),
    failureAt: p.datetime().strictNullable(),
    enrolledAt: p.datetime().defaultRaw("now()"),
    confirmedAt: p.datetime().strictNullable(),
    accessGrantedAt: p.datetime().strictNullable(),
    /** Identifies this opening of the course's materials; null while they are closed. */
    accessGrantId: p.uuid().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A learner's place in a course, from the asking to its end; a further try after an end is a further row. */
export class CourseEnrollment extends schema.class {
  /** Others are told that the enrollment does not exist, so that ids cannot be probed. */
  mayBeCancelledBy(actor: Actor): boolean {
    return actor.id === this.learnerId || actor.roles.includes("ADMIN");
  }
}
schema.setClass(CourseEnrollment);

/** What decides whether a learner may ask for a place. Instants were compared by the database's clock. */
export interface EnrollmentFacts {
  readonly learnerId: string;
  readonly learnerActive: boolean;
  readonly courseId: string;
  /** Null: there is no such course. */
  readonly course: { readonly status: CourseStatus; readonly mentorId: string; readonly windowOpen: boolean } | null;
  readonly alreadyEnrolled: boolean;
}

const field = ["courseId"];

/** Why the learner may not ask for a place, or null. Whether a seat is left is not asked here: only the claim itself can know. */
export function enrollmentRefusal({ learnerId, learnerActive, courseId, course, alreadyEnrolled }: EnrollmentFacts): Refusal | null {
  if (!learnerActive) return new Refusal("ACCOUNT_INACTIVE", "This account is switched off.");
  if (course === null || course.status !== "PUBLISHED") return new Refusal("NOT_FOUND", `No published course has the id ${courseId}.`, field);
  if (course.mentorId === learnerId) return new Refusal("INVALID", "Mentors cannot enroll in their own courses.", field);
  if (alreadyEnrolled) return alreadyEnrolledRefusal();
  if (!course.windowOpen) return new Refusal("ENROLLMENT_CLOSED", "The course does not take enrollments now.", field);
  return null;
}

export const alreadyEnrolledRefusal = (): Refusal =>
  new Refusal("ALREADY_ENROLLED", "You have a place in this course already, or one is being prepared.", field);

/** What decides whether a place that was asked for still stands when it is confirmed or opened. */
export interface StandingFacts {
  readonly learnerActive: boolean;
  readonly courseStatus: CourseStatus;
  /** The window ended before the learner asked. Who asked in time is not turned away because a queue was long. */
  readonly windowClosed: boolean;
}

/** Why an enrollment that holds a seat cannot be confirmed after all, as a sentence, or null. */
export function confirmationObstacle({ learnerActive, courseStatus, windowClosed }: StandingFacts): string | null {
  if (!learnerActive) return "The learner's account is switched off.";
  if (courseStatus !== "PUBLISHED") return "The course is no longer published.";
  if (windowClosed) return "The course had stopped taking enrollments.";
  return null;
}

/** Why the materials stay closed to a confirmed learner, as a sentence, or null. */
export function accessObstacle({ learnerActive, courseStatus }: StandingFacts): string | null {
  if (!learnerActive) return "The learner's account is switched off.";
  if (courseStatus === "ARCHIVED") return "The course is archived.";
  return null;
}
