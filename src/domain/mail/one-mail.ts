import type { EntityManager } from "@mikro-orm/postgresql";
import { leased, type AnyEvent, type AnyParticipant, type CommandContract, type Delivery, type ReplyOf } from "../../outbox/index.ts";
import { dedupeKeyOf, findSentKeys, messageIdOf, recordSent } from "./mail-record.ts";
import type { MailText } from "./mail-text.ts";
import type { Mailer } from "./mailer.ts";

/** A mail as it is to be sent for one command. */
export interface OneMail {
  readonly template: string;
  readonly recipientId: string;
  /** Bare address. */
  readonly to: string;
  readonly content: MailText;
  /** What it is about. */
  readonly aboutId: string;
}

interface OneMailParts<P, Reply> {
  /** What to send for each command, in their order; null: nothing, because it is not true any more. */
  load(em: EntityManager, deliveries: readonly Delivery<P>[]): Promise<readonly (OneMail | null)[]>;
  /** Writes what belongs to the sending, and answers each command. @param deliveryIds of each mail's record, in their order; null where none was sent */
  record(em: EntityManager, deliveries: readonly Delivery<P>[], deliveryIds: readonly (string | null)[]): Promise<readonly Reply[]>;
}

/** Carries out a command by one mail, sent at least once for each run of its step under one Message-ID, and recorded with the answer. */
export function sendsOneMail<N extends string, P, R extends readonly AnyEvent[]>(
  command: CommandContract<N, P, R>,
  mailer: Mailer,
  { load, record }: OneMailParts<P, ReplyOf<CommandContract<N, P, R>>>,
): AnyParticipant {
  return leased(command, {
    async loadAll(em, deliveries) {
      const mails = await load(em, deliveries);
      const keyed = mails.map((mail, index) => (mail === null ? null : { ...mail, runId: deliveries[index]?.runId ?? "" }));
      const sent = await findSentKeys(
        em,
        keyed.filter((mail) => mail !== null),
      );
      return keyed.map((mail) => mail && { mail, isSent: sent.has(dedupeKeyOf(mail)) });
    },
    async perform(input, _delivery, signal) {
      if (input === null || input.isSent) return;
      const { to, content } = input.mail;
      await mailer.send({ to, messageId: messageIdOf(input.mail), ...content }, signal);
    },
    async recordAll(em, done) {
      const mails = done.flatMap(({ input }) => (input === null ? [] : [{ ...input.mail, subject: input.mail.content.subject }]));
      const ids = mails.length === 0 ? [] : [...(await recordSent(em, mails))];
      const deliveryIds = done.map(({ input }) => (input === null ? null : (ids.shift() ?? null)));
      return record(
        em,
        done.map(({ delivery }) => delivery),
        deliveryIds,
      );
    },
  });
}
