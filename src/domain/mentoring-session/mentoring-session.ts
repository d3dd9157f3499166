import { defineEntity, p } from "@mikro-orm/core";
import type { InputCheck } from "../input.ts";
import type { Actor } from "../actor.ts";
import { Course, type CourseStatus } from "../courses/course.ts";
import { User } from "../users/user.ts";
import type { ScheduleVerdict } from "./mentoring-session.messages.ts";

/** The session's process, by the name of its definition. */
export const SESSION_SAGA = "MentoringSession";

export const sessionTypes = ["VIRTUAL", "IN_PERSON", "ONSITE"] as const;
export type SessionType = (typeof sessionTypes)[number];
export const mentoringSessionStatuses = ["PENDING", "SCHEDULED", "RESCHEDULING", "COMPLETED", "CANCELLED"] as const;
export type MentoringSessionStatus = (typeof mentoringSessionStatuses)[number];
export const sessionOutcomes = ["HELD", "LEARNER_NO_SHOW", "MENTOR_NO_SHOW"] as const;
export type SessionOutcome = (typeof sessionOutcomes)[number];

const schema = defineEntity({
  name: "MentoringSession",
  tableName: "mentoring_session",
  indexes: [
    { name: "mentoring_session_learner_id_id_index", properties: ["learnerId", "id"] },
    { name: "mentoring_session_mentor_id_id_index", properties: ["mentorId", "id"] },
  ],
  properties: {
    id: p.uuid().primary(),
    learnerId: () => p.manyToOne(User).mapToPk().fieldName("learner_id"),
    mentorId: () => p.manyToOne(User).mapToPk().fieldName("mentor_id"),
    courseId: () => p.manyToOne(Course).mapToPk().fieldName("course_id").index(),
    /** The slot it is booked for; which claims hold what is in `slot_claim`. */
    scheduleId: p.uuid().index(),
    /** The slot that the mentor proposes instead; set while RESCHEDULING. */
    proposedScheduleId: p.uuid().strictNullable().index(),
    proposalNote: p.text().strictNullable(),
    proposalExpiresAt: p.datetime().strictNullable(),
    type: p.enum(sessionTypes),
    /** Written by the session's process, except for RESCHEDULING and the way back from it. */
    status: p.enum(mentoringSessionStatuses),
    /** What the learner wants to talk about. */
    note: p.text().strictNullable(),
    meetingUrl: p.text().strictNullable(),
    /** Set while COMPLETED. */
    outcome: p.enum(sessionOutcomes).strictNullable(),
    failureCode: p.text().strictNullable(),
    failureMessage: p.text().strictNullable(),
    failureAt: p.datetime().strictNullable(),
    /** When the booking was found good. */
    validatedAt: p.datetime().strictNullable(),
    /** Counts what people are told about; also the SEQUENCE of invitations. */
    revision: p.integer().default(0),
    /** When the last proposal was accepted; null while there was none since. */
    rescheduledAt: p.datetime().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A learner's booking of a mentor's slot, from the asking to its end. */
export class MentoringSession extends schema.class {
  /** Others are told that the session does not exist, so that ids cannot be probed. */
  hasParty(actor: Actor): boolean {
    return actor.id === this.learnerId || actor.id === this.mentorId;
  }
}
schema.setClass(MentoringSession);

/** What decides whether a learner may book a slot. Instants were compared by the database's clock. */
export interface BookingFacts {
  readonly learnerId: string;
  readonly learnerActive: boolean;
  /** Null: there is no such slot. */
  readonly slot: {
    readonly mentorId: string;
    readonly withdrawn: boolean;
    /** The account is active and a mentor's. */
    readonly mentorAvailable: boolean;
    /** It begins late enough, and has not begun. */
    readonly keepsNotice: boolean;
    readonly noticeHours: number;
  } | null;
  readonly course: { readonly status: CourseStatus; readonly mentorId: string } | null;
}

/** Collects why the learner may not book the slot. Whether it is free is not asked here: only the claim itself can know. */
export function checkBooking(check: InputCheck, { learnerId, learnerActive, slot, course }: BookingFacts): void {
  const [scheduleField, courseField] = [
    ["input", "scheduleId"],
    ["input", "courseId"],
  ];
  if (!learnerActive) check.refuse("ACCOUNT_INACTIVE", "This account is switched off.", null);
  if (slot === null) check.refuse("NOT_FOUND", "There is no such slot.", scheduleField);
  else if (slot.mentorId === learnerId) check.refuse("INVALID", "Nobody books an own slot.", scheduleField);
  else if (slot.withdrawn) check.refuse("SLOT_WITHDRAWN", verdictSentences.SLOT_WITHDRAWN, scheduleField);
  else if (!slot.mentorAvailable) check.refuse("MENTOR_UNAVAILABLE", verdictSentences.MENTOR_UNAVAILABLE, scheduleField);
  else if (!slot.keepsNotice) check.refuse("TOO_SHORT_NOTICE", `The mentor wants to know ${hours(slot.noticeHours)} before the session begins.`, scheduleField);
  if (course === null || course.status !== "PUBLISHED") check.refuse("NOT_FOUND", "There is no such published course.", courseField);
  else if (slot !== null && course.mentorId !== slot.mentorId) check.refuse("COURSE_OF_ANOTHER_MENTOR", "The course is another mentor's.", courseField);
}

const hours = (count: number): string => (count === 1 ? "1 hour" : `${count} hours`);

/** Sessions that a learner may have before them at the same time. */
export const MAX_OPEN_SESSIONS = 5;

/** What decides whether a booking that holds its slot is good. */
export interface StandingFacts {
  readonly slotWithdrawn: boolean;
  readonly mentorAvailable: boolean;
  /** The learner asked in time, and the session has not begun. Who asked in time is not turned away because a queue was long. */
  readonly keepsNotice: boolean;
  /** Other sessions of the mentor in that ISO week of the mentor's zone that were found good. */
  readonly sessionsInWeek: number;
  readonly maxSessionsPerWeek: number;
  /** Other sessions before the learner that were found good. */
  readonly openSessions: number;
}

export function judgeBooking(facts: StandingFacts): ScheduleVerdict {
  if (facts.slotWithdrawn) return "SLOT_WITHDRAWN";
  if (!facts.mentorAvailable) return "MENTOR_UNAVAILABLE";
  if (!facts.keepsNotice) return "TOO_SHORT_NOTICE";
  if (facts.sessionsInWeek >= facts.maxSessionsPerWeek) return "MENTOR_WEEK_FULL";
  return facts.openSessions >= MAX_OPEN_SESSIONS ? "OPEN_SESSION_LIMIT" : "VALID";
}

/** For the learner. */
export const verdictSentences: Readonly<Record<Exclude<ScheduleVerdict, "VALID">, string>> = {
  SLOT_WITHDRAWN: "The mentor took the slot back.",
  TOO_SHORT_NOTICE: "The mentor wants to know earlier of a session.",
  MENTOR_UNAVAILABLE: "The mentor takes no sessions now.",
  MENTOR_WEEK_FULL: "The mentor takes no more sessions in that week.",
  OPEN_SESSION_LIMIT: `You have ${MAX_OPEN_SESSIONS} sessions before you; book another one after the next has taken place.`,
};
