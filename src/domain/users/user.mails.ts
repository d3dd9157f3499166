import { link, mailText, paragraph, type MailText } from "../mail/mail-text.ts";

export const accountTemplates = ["VERIFY_EMAIL", "ACCOUNT_EXISTS", "RESET_PASSWORD", "PASSWORD_CHANGED"] as const;
export type AccountTemplate = (typeof accountTemplates)[number];

export const isAccountTemplate = (text: string): text is AccountTemplate => (accountTemplates as readonly string[]).includes(text);

/** Where the links of mails lead. The token stands behind the #, which no browser sends to any server or tells the next page. */
export const verifyLink = (publicUrl: string, token: string): string => `${publicUrl}/account/verify-email#${token}`;
export const resetLink = (publicUrl: string, token: string): string => `${publicUrl}/account/reset-password#${token}`;

// Nobody is addressed by name: who registers with somebody else's address would write into that person's mailbox.
const hello = paragraph`Hello,`;

export function verifyEmailMail(url: string): MailText {
  return mailText("Confirm your address", [
    hello,
    paragraph`somebody, probably you, has registered with this address. Follow this link within a day to confirm it:`,
    link(url),
    paragraph`If it was not you, there is nothing to do: without the confirmation nobody can sign in.`,
  ]);
}

export function accountExistsMail(): MailText {
  return mailText("You have an account already", [
    hello,
    paragraph`somebody, probably you, wanted to register with this address, which has an account already. Sign in with its password.`,
    paragraph`If you have forgotten the password, ask for a new one where you sign in. If it was not you, there is nothing to do.`,
  ]);
}

/** Somebody registered before and never confirmed: whoever reads this mailbox decides about the password. */
export function confirmByPasswordMail(url: string): MailText {
  return mailText("Confirm your address", [
    hello,
    paragraph`somebody, probably you, has registered with this address more than once. Follow this link within 15 minutes to choose the password of the account and to confirm the address:`,
    link(url),
    paragraph`If it was not you, there is nothing to do: without the confirmation nobody can sign in.`,
  ]);
}

export function resetPasswordMail(url: string): MailText {
  return mailText("Choose a new password", [
    hello,
    paragraph`somebody, probably you, has asked for a new password for the account with this address. Follow this link within 15 minutes to choose one:`,
    link(url),
    paragraph`If it was not you, there is nothing to do: the password stays as it is.`,
  ]);
}

export function passwordChangedMail(): MailText {
  return mailText("Your password was changed", [
    hello,
    paragraph`the password of your account was changed, and everybody who was signed in has been signed out.`,
    paragraph`If it was not you, ask for a new password where you sign in, and see who else reads your mail.`,
  ]);
}
