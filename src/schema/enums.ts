import { registerEnumType } from "type-graphql";

/** Enums of the whole API: a value's internal form is the text the domain and the tables use. */

export const Role = { LEARNER: "LEARNER", MENTOR: "MENTOR", REVIEWER: "REVIEWER", OPERATOR: "OPERATOR", ADMIN: "ADMIN" } as const;
export type Role = keyof typeof Role;
registerEnumType(Role, {
  name: "Role",
  description: "What a person may do; one person may hold several.",
  valuesConfig: {
    LEARNER: { description: "Everybody with an account." },
    MENTOR: { description: "Gives courses." },
    REVIEWER: { description: "Decides on applications of mentors." },
    OPERATOR: { description: "Runs the platform: sees every saga, but not whom it is about." },
    ADMIN: { description: "Administers people and the catalogue; not an operator." },
  },
});

/** One vocabulary for user errors, business failures and stuck sagas, with what clients should know about each code. */
const reasonCodes = {
  REQUIRED: "A value is missing.",
  INVALID: "A value does not keep its rule.",
  NOT_FOUND: "There is no such object, or it is somebody else's.",
  ALREADY_EXISTS: "Another object has this name or address already.",
  WRONG_STATE: "The object is not in a state that allows this.",
  WRONG_CREDENTIALS: "Address and password do not belong together.",
  TOKEN_INVALID: "The token is wrong, spent or has run out.",
  EMAIL_NOT_VERIFIED: "The address is not confirmed yet.",
  ACCOUNT_INACTIVE: "The account is switched off.",
  UPLOAD_MISSING: "The upload never arrived, expired, or belongs to somebody else.",
  FILE_TOO_LARGE: "The file is larger than its purpose allows.",
  FILE_TYPE_NOT_ALLOWED: "The file's type is not among those its purpose allows.",
  FILE_DAMAGED: "The file is not what was announced.",
  FILE_UNSAFE: "The file was found to be harmful.",
  TIME_IN_PAST: "The time has passed already.",
  TIME_SKIPPED_BY_CLOCK_CHANGE: "The wall-clock time does not exist on that day in that zone (daylight-saving gap).",
  SCHEDULE_OVERLAP: "Another slot of the mentor covers this time.",
  SCHEDULE_IN_USE: "The slot is booked.",
  SLOT_TAKEN: "Somebody else booked the slot.",
  SLOT_WITHDRAWN: "The mentor took the slot back.",
  LEARNER_BUSY: "The learner has another session at this time.",
  TOO_SHORT_NOTICE: "The mentor wants to know earlier.",
  TOO_LATE_TO_CANCEL: "It has begun already.",
  MENTOR_UNAVAILABLE: "The mentor takes no sessions now.",
  MENTOR_WEEK_FULL: "The mentor's week is full.",
  OPEN_SESSION_LIMIT: "The learner has as many open sessions as are allowed.",
  COURSE_OF_ANOTHER_MENTOR: "The course is not the slot's mentor's.",
  RESCHEDULE_DECLINED: "The learner did not accept the other time.",
  ALREADY_ENROLLED: "The learner is enrolled in this course, or about to be.",
  ENROLLMENT_CLOSED: "The course takes no enrollments now.",
  COURSE_FULL: "No seat is left.",
  CAPACITY_BELOW_SEATS_TAKEN: "More seats are taken than the new capacity allows.",
  APPLICATION_ALREADY_OPEN: "An application of this person is open.",
  ALREADY_MENTOR: "This person is a mentor.",
  CONSENT_MISSING: "The background check was not agreed to.",
  DOCUMENT_MISSING: "A document that is needed is not there.",
  BACKGROUND_CHECK_FAILED: "The background check did not pass.",
  NO_REVIEWER_AVAILABLE: "Nobody is there to review.",
  OWN_APPLICATION: "Nobody decides on their own application.",
  REJECTED_BY_REVIEWER: "A reviewer said no.",
  CANCELLED_BY_USER: "A party to it cancelled.",
  CANCELLED_BY_OPERATOR: "An operator cancelled.",
  UNDONE_WITH_PARENT: "The process that it was a part of was undone.",
  UNKNOWN_END: "A part of the process has ended as its version does not know.",
  TIMED_OUT: "The time for it ran out.",
  DEPENDENCY_UNAVAILABLE: "An outside system did not answer or answered that it is down; retried.",
  DEPENDENCY_REJECTED: "An outside system refused the request; not retried.",
  INTERNAL: "Something of ours is broken; operators see more.",
} as const;
export type ReasonCode = keyof typeof reasonCodes;
export const ReasonCode = Object.fromEntries(Object.keys(reasonCodes).map((code) => [code, code])) as { readonly [C in ReasonCode]: C };
registerEnumType(ReasonCode, {
  name: "ReasonCode",
  description: "One vocabulary for user errors, business failures and stuck sagas; clients translate it once.",
  valuesConfig: Object.fromEntries(Object.entries(reasonCodes).map(([code, description]) => [code, { description }])),
});

/** A stored code as the API may show it: what is not in the vocabulary is nothing a client could act on. */
export const toReasonCode = (code: string): ReasonCode => (code in reasonCodes ? (code as ReasonCode) : "INTERNAL");
