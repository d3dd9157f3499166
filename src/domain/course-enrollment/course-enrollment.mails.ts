import { mailText, paragraph, type MailText } from "../mail/mail-text.ts";

export interface EnrollmentMailFacts {
  readonly fullName: string;
  readonly courseTitle: string;
}

export const WELCOME = "COURSE_WELCOME";
export const WELCOME_WITHDRAWN = "COURSE_WELCOME_WITHDRAWN";

export function welcomeMail({ fullName, courseTitle }: EnrollmentMailFacts): MailText {
  return mailText(`Welcome to ${courseTitle}`, [
    paragraph`Hello ${fullName},`,
    paragraph`You have a place in the course “${courseTitle}”.`,
    paragraph`Its materials open for you in a moment; you find them on the page of the course.`,
  ]);
}

export function welcomeWithdrawnMail({ fullName, courseTitle }: EnrollmentMailFacts): MailText {
  return mailText(`Your enrollment in ${courseTitle} was cancelled`, [
    paragraph`Hello ${fullName},`,
    paragraph`Your enrollment in the course “${courseTitle}” was cancelled. The welcome that you got from us no longer holds.`,
    paragraph`You are free to enroll again while the course takes enrollments.`,
  ]);
}
