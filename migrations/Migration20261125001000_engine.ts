import { Migration } from "@mikro-orm/migrations";

/** Reminders, pauses, early messages, message fates, redrive, and what the processes at work have loaded. */
export class Migration20261125001000_engine extends Migration {
  override up(): void {
    this.addSql(`
      alter table saga
        add column run_number int not null default 1,
        add column code_hash text null,
        add column remind_at timestamptz null,
        add column paused_at timestamptz null,
        add column paused_by uuid null,
        add column pause_note text null,
        add column asides jsonb not null default '[]',
        add column parked jsonb not null default '[]',
        add column heard jsonb not null default '[]',
        drop constraint saga_type_subject_id_unique,
        add constraint saga_type_subject_id_unique unique (type, subject_id, run_number),
        add constraint saga_remind_at_check check (remind_at is null or status in ('RUNNING', 'RETRYING', 'WAITING')),
        add constraint saga_paused_at_check check (paused_at is null or finished_at is null)`);
    this.addSql(`create index saga_remind_at_index on saga (remind_at) where remind_at is not null`);
    this.addSql(`comment on column saga.run_number is 'Counts the runs of one business key, where the definition allows another after the end.'`);
    this.addSql(`comment on column saga.code_hash is 'Of the code that last moved the saga; a change is noted in the history.'`);
    this.addSql(`comment on column saga.remind_at is 'When the current step or wait reminds next.'`);
    this.addSql(`comment on column saga.paused_at is 'While set, no command of the saga is carried out and none of its timers fires; messages are heard.'`);
    this.addSql(`comment on column saga.asides is 'Commands beside the main path: reminders, notices of the end, redriven commands.'`);
    this.addSql(`comment on column saga.parked is 'Events that came before the wait that takes them.'`);
    this.addSql(`comment on column saga.heard is 'Ids of the events heard, each with what became of it: how a second delivery is recognised.'`);

    this.addSql(`alter table saga_event add column fate text null, drop constraint saga_event_kind_check`);
    this.addSql(`
      alter table saga_event add constraint saga_event_kind_check
        check (kind in ('TRANSITION', 'ATTEMPT_FAILED', 'COMPENSATION', 'OPERATOR_ACTION', 'MESSAGE_IGNORED', 'NOTICE'))`);
    this.addSql(`comment on column saga_event.fate is 'What became of the message that the row is about.'`);

    this.addSql(`
      create table saga_mail (
        id uuid not null constraint saga_mail_pkey primary key,
        type text not null,
        subject_id uuid not null,
        name text not null,
        payload jsonb not null,
        run_id uuid null,
        causation_id uuid null,
        received_at timestamptz not null default clock_timestamp(),
        keep_until timestamptz not null
      )`);
    this.addSql(`create index saga_mail_type_subject_id_index on saga_mail (type, subject_id)`);
    this.addSql(`create index saga_mail_keep_until_index on saga_mail (keep_until)`);
    this.addSql(
      `comment on table saga_mail is 'Events for sagas that do not exist yet, or that only another process can read; delivered as soon as they can be.'`,
    );
    this.addSql(`comment on column saga_mail.run_id is 'The run of a step that the event answers.'`);
    this.addSql(`comment on column saga_mail.keep_until is 'Afterwards an event without a saga is an orphan and becomes a dead letter.'`);

    this.addSql(`
      alter table dead_letter
        add column run_id uuid null,
        add column saga_type text null,
        add column subject_id uuid null,
        add column resolution_id uuid null`);
    this.addSql(`create index dead_letter_resolution_id_index on dead_letter (resolution_id) where resolution_id is not null`);
    this.addSql(`comment on column dead_letter.run_id is 'The run of a step, or of its undo, whose attempts are used up.'`);
    this.addSql(`comment on column dead_letter.subject_id is 'For an event that found no saga: the business key it was for.'`);
    this.addSql(`comment on column dead_letter.resolution_id is 'The redrive that resolved it.'`);

    this.addSql(`
      create table queue_pause (
        queue text not null constraint queue_pause_pkey primary key,
        paused_at timestamptz not null default clock_timestamp(),
        paused_by uuid null,
        note text not null
      )`);
    this.addSql(
      `comment on table queue_pause is 'Queues that no process takes from until an operator resumes them. Deadlines of the steps that wait there stand still.'`,
    );

    this.addSql(`
      create table operator_action (
        id uuid not null constraint operator_action_pkey primary key,
        occurred_at timestamptz not null default clock_timestamp(),
        actor_id uuid not null,
        action text not null,
        target text not null,
        note text null,
        data jsonb null
      )`);
    this.addSql(`create index operator_action_occurred_at_index on operator_action (occurred_at)`);
    this.addSql(`comment on table operator_action is 'What operators did to queues and dead letters. What they did to a saga is in its history.'`);

    this.addSql(`alter table worker add column queues text[] not null default '{}', add column loads text[] not null default '{}'`);
    this.addSql(`alter table worker_hand add column taken_at timestamptz not null default clock_timestamp()`);
    this.addSql(`comment on column worker.queues is 'What the process takes from.'`);
    this.addSql(`comment on column worker.loads is 'Definitions that the process has loaded, each by name and version.'`);
  }

  override down(): void {
    this.addSql(`alter table worker_hand drop column taken_at`);
    this.addSql(`alter table worker drop column queues, drop column loads`);
    this.addSql(`drop table operator_action, queue_pause, saga_mail`);
    this.addSql(`alter table dead_letter drop column run_id, drop column saga_type, drop column subject_id, drop column resolution_id`);
    this.addSql(`delete from saga_event where kind = 'NOTICE'`);
    this.addSql(`alter table saga_event drop column fate, drop constraint saga_event_kind_check`);
    this.addSql(`
      alter table saga_event add constraint saga_event_kind_check
        check (kind in ('TRANSITION', 'ATTEMPT_FAILED', 'COMPENSATION', 'OPERATOR_ACTION', 'MESSAGE_IGNORED'))`);
    this.addSql(`
      alter table saga
        drop constraint saga_type_subject_id_unique,
        drop column run_number, drop column code_hash, drop column remind_at, drop column paused_at, drop column paused_by, drop column pause_note,
        drop column asides, drop column parked, drop column heard`);
    this.addSql(`alter table saga add constraint saga_type_subject_id_unique unique (type, subject_id)`);
  }
}
