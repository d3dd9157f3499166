import type { CalendarEntry } from "../mail/mailer.ts";
import { mailText, oneLine, paragraph, type MailText } from "../mail/mail-text.ts";

export interface SessionPerson {
  readonly id: string;
  readonly email: string;
  readonly fullName: string;
  /** IANA name; times are told in it. */
  readonly timeZone: string;
}

/** What people are told of a session. */
export interface SessionMailFacts {
  readonly sessionId: string;
  readonly revision: number;
  readonly courseTitle: string;
  readonly learner: SessionPerson;
  readonly mentor: SessionPerson;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly note: string | null;
  readonly meetingUrl: string | null;
  /** Set while another slot is proposed. */
  readonly proposal: { readonly startsAt: Date; readonly expiresAt: Date; readonly note: string } | null;
}

export const SESSION_BOOKED = "SESSION_BOOKED";
export const SESSION_PROPOSED = "SESSION_PROPOSED";
export const SESSION_MOVED = "SESSION_MOVED";
export const SESSION_CANCELLED = "SESSION_CANCELLED";
export const SESSION_REMINDER = "SESSION_REMINDER";

/** Templates that put the session into a calendar. */
export const INVITATIONS: readonly string[] = [SESSION_BOOKED, SESSION_MOVED];

export interface SessionMail extends MailText {
  readonly calendar?: CalendarEntry;
}

const other = (facts: SessionMailFacts, to: SessionPerson): SessionPerson => (to.id === facts.learner.id ? facts.mentor : facts.learner);
const titleOf = (facts: SessionMailFacts, to: SessionPerson): string => `Mentoring session with ${other(facts, to).fullName}`;

/** An instant as the person's clock shows it, with the zone, so that nobody has to guess. */
export function localTime(instant: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
  });
  return `${format.format(instant)} (${timeZone})`;
}

const where = (facts: SessionMailFacts) => (facts.meetingUrl === null ? [] : [paragraph`You meet at ${facts.meetingUrl}`]);
const about = (facts: SessionMailFacts) => (facts.note === null ? [] : [paragraph`What it is to be about: ${facts.note}`]);

export function bookedMail(facts: SessionMailFacts, to: SessionPerson): SessionMail {
  return {
    ...mailText(titleOf(facts, to), [
      paragraph`Hello ${to.fullName},`,
      paragraph`Your mentoring session with ${other(facts, to).fullName} about “${facts.courseTitle}” takes place on ${localTime(facts.startsAt, to.timeZone)}.`,
      ...about(facts),
      ...where(facts),
    ]),
    calendar: calendarEntry(facts, to, "REQUEST"),
  };
}

export function movedMail(facts: SessionMailFacts, to: SessionPerson): SessionMail {
  return {
    ...mailText(`New time: ${titleOf(facts, to)}`, [
      paragraph`Hello ${to.fullName},`,
      paragraph`Your mentoring session with ${other(facts, to).fullName} about “${facts.courseTitle}” now takes place on ${localTime(facts.startsAt, to.timeZone)}.`,
      ...where(facts),
    ]),
    calendar: calendarEntry(facts, to, "REQUEST"),
  };
}

export function proposedMail(facts: SessionMailFacts, to: SessionPerson): SessionMail {
  const { proposal, mentor } = facts;
  const proposed = proposal === null ? "another time" : localTime(proposal.startsAt, to.timeZone);
  return mailText(`Another time proposed: ${titleOf(facts, to)}`, [
    paragraph`Hello ${to.fullName},`,
    paragraph`${mentor.fullName} proposes ${proposed} for your session of ${localTime(facts.startsAt, to.timeZone)}.`,
    ...(proposal === null ? [] : [paragraph`${mentor.fullName} writes: ${proposal.note}`]),
    paragraph`Accept or decline on the page of the session${proposal === null ? "" : ` until ${localTime(proposal.expiresAt, to.timeZone)}`}. If you decline, the session is cancelled; without an answer it stays as it is.`,
  ]);
}

/** @param invited the recipient has it in a calendar, from which it is to go */
export function cancelledMail(facts: SessionMailFacts, to: SessionPerson, reason: string, invited: boolean): SessionMail {
  return {
    ...mailText(`Cancelled: ${titleOf(facts, to)}`, [
      paragraph`Hello ${to.fullName},`,
      paragraph`Your mentoring session with ${other(facts, to).fullName} on ${localTime(facts.startsAt, to.timeZone)} does not take place.`,
      paragraph`${reason}`,
    ]),
    ...(invited && { calendar: calendarEntry({ ...facts, revision: facts.revision + 1 }, to, "CANCEL") }),
  };
}

export function reminderMail(facts: SessionMailFacts, to: SessionPerson): SessionMail {
  return mailText(`Soon: ${titleOf(facts, to)}`, [
    paragraph`Hello ${to.fullName},`,
    paragraph`Your mentoring session with ${other(facts, to).fullName} about “${facts.courseTitle}” begins on ${localTime(facts.startsAt, to.timeZone)}.`,
    ...where(facts),
  ]);
}

function calendarEntry(facts: SessionMailFacts, to: SessionPerson, method: CalendarEntry["method"]): CalendarEntry {
  return {
    method,
    uid: `${facts.sessionId}@mentorplatform.invalid`,
    sequence: facts.revision,
    startsAt: facts.startsAt,
    endsAt: facts.endsAt,
    summary: oneLine(titleOf(facts, to)),
    description: [oneLine(facts.courseTitle), ...(facts.note === null ? [] : [oneLine(facts.note)])].join("\n"),
    url: facts.meetingUrl,
    attendeeName: oneLine(to.fullName),
  };
}
