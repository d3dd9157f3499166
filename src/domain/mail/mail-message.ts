import { defineEntity, p } from "@mikro-orm/core";
import { User } from "../users/user.ts";

export const mailStates = ["SENT", "WITHDRAWN"] as const;

const schema = defineEntity({
  name: "MailMessage",
  tableName: "mail_message",
  properties: {
    id: p.uuid().primary(),
    /** Run of the step, template and recipient. */
    dedupeKey: p.text().unique(),
    template: p.text(),
    recipientId: () => p.manyToOne(User).mapToPk().fieldName("recipient_id").index(),
    /** What the mail is about, e.g. the enrollment. */
    aboutId: p.uuid().index(),
    subject: p.text(),
    /** WITHDRAWN when a later mail took it back. */
    state: p.enum(mailStates),
    messageIdHeader: p.text(),
    sentAt: p.datetime(),
    createdAt: p.datetime().defaultRaw("now()"),
  },
});

/** A mail that a mail server has accepted. Written in the transaction that settles the sending, never before it. */
export class MailMessage extends schema.class {}
schema.setClass(MailMessage);
