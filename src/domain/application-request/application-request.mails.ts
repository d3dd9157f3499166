import { mailText, paragraph, type MailText } from "../mail/mail-text.ts";

export const APPLICATION_DECIDED = "APPLICATION_DECIDED";
export const APPLICATION_INFO_REQUESTED = "APPLICATION_INFO_REQUESTED";
export const REVIEW_REMINDER = "REVIEW_REMINDER";

export type Ending = "approved" | "rejected" | "ended";

/** @param reason why it is no yes, in one sentence */
export function decisionMail(fullName: string, decision: Ending, reason: string): MailText {
  if (decision === "approved") {
    return mailText("You are a mentor now", [
      paragraph`Hello ${fullName},`,
      paragraph`Your application was accepted. You are a mentor from now on.`,
      paragraph`Sign in again, say what you are good at, and publish the hours in which you can be booked.`,
    ]);
  }
  const what =
    decision === "rejected" ? paragraph`Your application to become a mentor was not accepted.` : paragraph`Your application to become a mentor has ended.`;
  return mailText(decision === "rejected" ? "Your application was not accepted" : "Your application has ended", [
    paragraph`Hello ${fullName},`,
    what,
    ...(reason === "" ? [] : [paragraph`${reason}`]),
    paragraph`You may apply again at any time.`,
  ]);
}

export function infoRequestedMail(fullName: string, note: string, days: number): MailText {
  return mailText("A question about your application", [
    paragraph`Hello ${fullName},`,
    paragraph`Whoever reads your application to become a mentor asks you:`,
    paragraph`${note}`,
    paragraph`Answer within ${String(days)} days by sending your application in again on its page; after that it counts as withdrawn.`,
  ]);
}

export function reviewReminderMail(fullName: string, applicantName: string): MailText {
  return mailText("An application waits for your decision", [
    paragraph`Hello ${fullName},`,
    paragraph`The application of ${applicantName} waits for you. Decide about it, or ask for what is missing; otherwise somebody else is asked.`,
  ]);
}
