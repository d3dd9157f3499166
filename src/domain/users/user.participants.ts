import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { leased, occur, query, type AnyParticipant } from "../../outbox/index.ts";
import { dedupeKeyOf, findSentKeys, messageIdOf, recordSent, type MailOfRun } from "../mail/mail-record.ts";
import type { MailText } from "../mail/mail-text.ts";
import type { Mailer } from "../mail/mailer.ts";
import { issueAccountTokens, type TokenPurpose } from "./account-token.ts";
import {
  accountExistsMail,
  confirmByPasswordMail,
  isAccountTemplate,
  passwordChangedMail,
  resetLink,
  resetPasswordMail,
  verifyEmailMail,
  verifyLink,
  type AccountTemplate,
} from "./user.mails.ts";
import { AccountMailSentEvent, SendAccountMailCommand } from "./user.messages.ts";

/** What carries out the commands about accounts. `publicUrl`: where people reach the program, for the links in mails; no slash at its end. */
export const accountParticipants = (mailer: Mailer, { publicUrl }: { readonly publicUrl: string }): AnyParticipant[] => [sendAccountMail(mailer, publicUrl)];

/**
 * A mail's token is made here, for each attempt anew, and its hash committed before the mail leaves: a link that arrived works, however the
 * attempt ends, and no message, job or dead letter ever holds a token. Of several links of one account, the first use ends them all.
 */
const sendAccountMail = (mailer: Mailer, publicUrl: string): AnyParticipant =>
  leased(SendAccountMailCommand, {
    async loadAll(em, commands) {
      const mails = commands.map(({ runId, payload }): MailOfRun => ({ runId, template: payload.template, recipientId: payload.userId }));
      const sent = await findSentKeys(em, mails);
      const accounts = await findMailable(
        em,
        commands.map(({ payload }) => payload.userId),
      );
      const letters = mails.map((mail): Letter | null => {
        const account = accounts.get(mail.recipientId);
        if (account === undefined || sent.has(dedupeKeyOf(mail))) return null;
        const content = contentOf(mail.template, account);
        return content === null ? null : { ...content, mail, to: account.email };
      });
      const withToken = letters.flatMap((letter) => (letter?.purpose == null ? [] : [{ userId: letter.mail.recipientId, purpose: letter.purpose }]));
      const tokens = await issueAccountTokens(em, withToken);
      return letters.map(
        (letter) => letter && { ...letter, text: letter.write(letter.purpose === null ? "" : linkOf(publicUrl, letter.purpose, tokens.shift())) },
      );
    },
    async perform(letter, _delivery, signal) {
      if (letter === null) return;
      await mailer.send({ to: letter.to, messageId: messageIdOf(letter.mail), ...letter.text }, signal);
    },
    async recordAll(em, done) {
      const sent = done.flatMap(({ input }) => (input === null ? [] : [{ ...input.mail, aboutId: input.mail.recipientId, subject: input.text.subject }]));
      if (sent.length > 0) await recordSent(em, sent);
      return done.map(({ delivery }) => occur(AccountMailSentEvent, { userId: delivery.payload.userId }));
    },
  });

interface Content {
  /** Of the token that its link carries; null: it has none. */
  readonly purpose: TokenPurpose | null;
  readonly write: (url: string) => MailText;
}

interface Letter extends Content {
  readonly mail: MailOfRun;
  readonly to: string;
}

interface Account {
  readonly email: string;
  readonly verified: boolean;
}

const linkOf = (publicUrl: string, purpose: TokenPurpose, token = ""): string => (purpose === "VERIFY_EMAIL" ? verifyLink : resetLink)(publicUrl, token);

const contents: Record<AccountTemplate, (account: Account) => Content | null> = {
  VERIFY_EMAIL: ({ verified }) => (verified ? null : { purpose: "VERIFY_EMAIL", write: verifyEmailMail }),
  ACCOUNT_EXISTS: ({ verified }) => (verified ? { purpose: null, write: accountExistsMail } : { purpose: "RESET_PASSWORD", write: confirmByPasswordMail }),
  RESET_PASSWORD: () => ({ purpose: "RESET_PASSWORD", write: resetPasswordMail }),
  PASSWORD_CHANGED: () => ({ purpose: null, write: passwordChangedMail }),
};

/** Null: the account needs no such mail any more. */
function contentOf(template: string, account: Account): Content | null {
  if (!isAccountTemplate(template)) throw new Defect(`There is no mail ${template} about accounts`);
  return contents[template](account);
}

/** Accounts of our own that may be signed in to; those of an outside issuer get such mails from there. */
async function findMailable(em: EntityManager, ids: readonly string[]): Promise<Map<string, Account>> {
  const rows = await query<Account & { id: string }>(
    em,
    "select id, email, email_verified_at is not null as verified from app_user where id = any($1::uuid[]) and active and password_hash is not null",
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
