import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

/** A mail of one step run to one recipient. */
export interface MailOfRun {
  readonly runId: string;
  readonly template: string;
  readonly recipientId: string;
}

export interface SentMail extends MailOfRun {
  readonly aboutId: string;
  readonly subject: string;
}

export const dedupeKeyOf = ({ runId, template, recipientId }: MailOfRun): string => `${runId}:${template}:${recipientId}`;

/** Derived from the run alone, so that a repeated attempt carries the same header and mailboxes may fold the two into one. */
export const messageIdOf = ({ runId, template }: MailOfRun): string => `<${runId}.${template.toLowerCase()}@mentorplatform.invalid>`;

/** Keys of those mails that are recorded as sent. */
export async function findSentKeys(em: EntityManager, mails: readonly MailOfRun[]): Promise<ReadonlySet<string>> {
  const rows = await query<{ dedupe_key: string }>(em, "select dedupe_key from mail_message where dedupe_key = any($1::text[])", [mails.map(dedupeKeyOf)]);
  return new Set(rows.map((row) => row.dedupe_key));
}

/** Records mails as sent, each key once; returns the id of every mail's row, in order, whoever wrote it. */
export async function recordSent(em: EntityManager, mails: readonly SentMail[]): Promise<readonly string[]> {
  const rows = mails.map((mail) => ({
    id: newId(),
    dedupe_key: dedupeKeyOf(mail),
    template: mail.template,
    recipient_id: mail.recipientId,
    about_id: mail.aboutId,
    subject: mail.subject,
    message_id_header: messageIdOf(mail),
  }));
  await query(
    em,
    `insert into mail_message (id, dedupe_key, template, recipient_id, about_id, subject, state, message_id_header, sent_at)
     select id, dedupe_key, template, recipient_id, about_id, subject, 'SENT', message_id_header, clock_timestamp()
     from jsonb_to_recordset($1::jsonb) as m(id uuid, dedupe_key text, template text, recipient_id uuid, about_id uuid, subject text, message_id_header text)
     on conflict (dedupe_key) do nothing`,
    [JSON.stringify(rows)],
  );
  // A second statement, because a row that another transaction wrote meanwhile is not in the snapshot of the first.
  const stored = await query<{ id: string; dedupe_key: string }>(em, "select id, dedupe_key from mail_message where dedupe_key = any($1::text[])", [
    rows.map((row) => row.dedupe_key),
  ]);
  const ids = new Map(stored.map((row) => [row.dedupe_key, row.id]));
  return rows.map((row) => ids.get(row.dedupe_key) ?? row.id);
}
