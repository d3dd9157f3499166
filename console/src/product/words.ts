import type { SagaState } from "../generated/graphql.ts";

export interface Words {
  readonly doing: string;
  readonly done: string;
  /** Why it is tried again, before "Trying again in 8 s." */
  readonly failing?: string;
}

/** What people read in the place of a state; of others, what their names say. */
export const words: Readonly<Partial<Record<SagaState, Words>>> = {
  SessionCreated: { doing: "Receiving your request", done: "Request received" },
  ValidatingSchedule: { doing: "Checking the time", done: "The time is yours" },
  SendingNotifications: { doing: "Telling both of you by email", done: "Both of you were told", failing: "The mail server does not answer." },
  SessionScheduled: { doing: "Booked", done: "Booked" },
  SessionCompleted: { doing: "Closing the session", done: "The session is over" },
  SessionCancelled: { doing: "Cancelling the session", done: "The session is cancelled" },
  EnrollmentInitiated: { doing: "Receiving your request", done: "Request received" },
  CheckingCapacity: { doing: "Checking for a seat", done: "You have a seat" },
  ConfirmingEnrollment: { doing: "Confirming your place", done: "Your place is confirmed" },
  EnrollmentConfirmed: { doing: "You are in", done: "You are in" },
  SendingWelcomeEmail: { doing: "Sending the welcome mail", done: "Welcome mail sent", failing: "The mail server does not answer." },
  GrantingAccess: { doing: "Unlocking the materials", done: "Materials unlocked" },
  EnrollmentCompleted: { doing: "Finishing", done: "All done" },
  EnrollmentFailed: { doing: "Giving the seat back", done: "You are not enrolled" },
  ApplicationSubmitted: { doing: "Receiving your application", done: "Application received" },
  ValidatingDocuments: { doing: "Checking your documents", done: "Documents checked" },
  RequestingBackgroundCheck: {
    doing: "Background check: asked, usually 2–3 days",
    done: "Background check is back",
    failing: "The provider of the background check does not answer.",
  },
  AssigningReviewer: { doing: "Finding a reviewer", done: "A reviewer has it" },
  UnderReview: { doing: "A reviewer is reading your application", done: "Reviewed" },
  SendingNotification: { doing: "Telling you the decision", done: "The decision was sent to you", failing: "The mail server does not answer." },
  ApplicationCompleted: { doing: "Finishing", done: "You are a mentor" },
  ApplicationRejected: { doing: "Closing the application", done: "The application was not accepted" },
};

/** A newer server may know states that this page does not: `SendingPostcard` is "Sending postcard", and then "Sending postcard: done". */
export function wordsFor(state: string): Words {
  const known = Object.hasOwn(words, state) ? words[state as SagaState] : undefined;
  if (known !== undefined) return known;
  const [first = "", ...others] = state.split(/(?<=[a-z0-9])(?=[A-Z])/);
  const doing = [first, ...others.map((word) => word.toLowerCase())].join(" ");
  return { doing, done: `${doing}: done` };
}
