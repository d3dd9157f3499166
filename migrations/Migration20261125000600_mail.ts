import { Migration } from "@mikro-orm/migrations";

/** Record of the mails that a mail server has accepted. */
export class Migration20261125000600_mail extends Migration {
  override up(): void {
    this.addSql(`
      create table mail_message (
        id uuid not null constraint mail_message_pkey primary key,
        dedupe_key text not null,
        template text not null,
        recipient_id uuid not null constraint mail_message_recipient_id_foreign references app_user (id),
        about_id uuid not null,
        subject text not null,
        state text not null,
        message_id_header text not null,
        sent_at timestamptz not null,
        created_at timestamptz not null default now(),
        constraint mail_message_dedupe_key_unique unique (dedupe_key),
        constraint mail_message_state_check check (state in ('SENT', 'WITHDRAWN'))
      )`);
    this.addSql(`create index mail_message_recipient_id_index on mail_message (recipient_id)`);
    this.addSql(`create index mail_message_about_id_index on mail_message (about_id)`);
    this.addSql(`comment on table mail_message is 'Mails that a mail server has accepted, written in the transaction that settles the sending.'`);
    this.addSql(
      `comment on column mail_message.dedupe_key is 'Run of the step, template and recipient: a repeated attempt finds the mail that was sent before.'`,
    );
    this.addSql(`comment on column mail_message.about_id is 'What the mail is about, e.g. the enrollment.'`);
    this.addSql(`comment on column mail_message.state is 'SENT, or WITHDRAWN when a later mail took it back.'`);
    this.addSql(
      `comment on column mail_message.message_id_header is 'Derived from the run, so that a mail sent twice carries the same Message-ID and mailboxes may fold it.'`,
    );
  }

  override down(): void {
    this.addSql(`drop table mail_message`);
  }
}
