import { Migration } from "@mikro-orm/migrations";

/** Messages that wait for the relay, commands whose attempts are used up, and which processes are at work on what. */
export class Migration20261125000100_outbox extends Migration {
  override up(): void {
    this.addSql(`
      create table outbox (
        id uuid not null constraint outbox_pkey primary key,
        queue text not null,
        name text not null,
        payload jsonb not null,
        correlation_id uuid null,
        causation_id uuid null,
        run_id uuid null,
        attempt int null,
        deliver_at timestamptz not null default clock_timestamp()
      )`);
    this.addSql(`create index outbox_deliver_at_index on outbox (deliver_at, id)`);
    this.addSql(`comment on table outbox is 'Messages committed together with the change that caused them, until the relay has put them on their queues.'`);
    this.addSql(`comment on column outbox.id is 'Message id, a UUID v7; becomes the id of the job.'`);
    this.addSql(`comment on column outbox.correlation_id is 'The business flow; for what a saga sends, the saga.'`);
    this.addSql(`comment on column outbox.deliver_at is 'Not to be relayed before; retries wait here.'`);

    this.addSql(`
      create table dead_letter (
        id uuid not null constraint dead_letter_pkey primary key,
        queue text not null,
        message text not null,
        saga_id uuid null,
        payload jsonb not null,
        attempts int not null,
        reason_code text not null,
        reason_message text not null,
        detail text not null constraint dead_letter_detail_check check (char_length(detail) <= 4000),
        status text not null default 'OPEN' constraint dead_letter_status_check check (status in ('OPEN', 'REDRIVEN', 'DISCARDED')),
        failed_at timestamptz not null default clock_timestamp(),
        resolved_at timestamptz null,
        resolved_by uuid null,
        note text null
      )`);
    this.addSql(`create index dead_letter_status_failed_at_index on dead_letter (status, failed_at)`);
    this.addSql(`create index dead_letter_saga_id_index on dead_letter (saga_id)`);
    this.addSql(`comment on table dead_letter is 'Commands whose attempts are used up or pointless, for an operator to look at.'`);

    this.addSql(`
      create table worker (
        id uuid not null constraint worker_pkey primary key,
        lock_key bigint generated always as identity,
        host text not null,
        pid int not null,
        started_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz null
      )`);
    this.addSql(`comment on table worker is 'Processes that carry out commands. Each holds the advisory lock lock_key for as long as it lives.'`);
    this.addSql(`
      create table worker_hand (
        worker_id uuid not null constraint worker_hand_worker_id_foreign references worker (id) on delete cascade,
        queue text not null,
        message_ids uuid[] not null,
        alone boolean not null,
        constraint worker_hand_pkey primary key (worker_id, queue)
      )`);
    this.addSql(`comment on table worker_hand is 'What a process last took in hand, per queue: how a message that kills its process is recognised.'`);
  }

  override down(): void {
    this.addSql(`drop table worker_hand, worker, dead_letter, outbox`);
  }
}
