import { Migration } from "@mikro-orm/migrations";

/** Sagas, their append-only history, and the definitions that they run on. */
export class Migration20261125000200_saga extends Migration {
  override up(): void {
    this.addSql(`
      create table saga (
        id uuid not null constraint saga_pkey primary key,
        type text not null,
        definition_version int not null,
        subject_id uuid not null,
        participants uuid[] not null,
        state text not null,
        status text not null constraint saga_status_check
          check (status in ('RUNNING', 'RETRYING', 'WAITING', 'COMPENSATING', 'STUCK', 'COMPLETED', 'FAILED', 'CANCELLED')),
        sequence int not null,
        attempt int not null,
        max_attempts int not null,
        next_attempt_at timestamptz null,
        deadline_at timestamptz null,
        settled_at timestamptz null,
        data jsonb not null,
        runs jsonb not null,
        reason text null,
        reason_code text null,
        reason_message text null,
        reason_at timestamptz null,
        started_at timestamptz not null,
        updated_at timestamptz not null,
        finished_at timestamptz null,
        constraint saga_type_subject_id_unique unique (type, subject_id),
        constraint saga_deadline_at_check check (deadline_at is not null or status not in ('RUNNING', 'RETRYING', 'WAITING')),
        constraint saga_ended_deadline_at_check check (finished_at is null or deadline_at is null),
        constraint saga_finished_at_check check ((finished_at is not null) = (status in ('COMPLETED', 'FAILED', 'CANCELLED')))
      ) with (fillfactor = 80)`);
    this.addSql(`create index saga_deadline_at_index on saga (deadline_at) where deadline_at is not null`);
    this.addSql(`create index saga_updated_at_index on saga (updated_at, id)`);
    this.addSql(`create index saga_started_at_index on saga (started_at, id)`);
    this.addSql(`create index saga_status_index on saga (status) where finished_at is null`);
    this.addSql(`comment on table saga is 'One run of a saga definition. The row lock serialises everything that happens to it.'`);
    this.addSql(`comment on column saga.subject_id is 'The business key: the row that the process is about.'`);
    this.addSql(`comment on column saga.sequence is 'Number of the newest event: 1, 2, 3 without gaps.'`);
    this.addSql(`comment on column saga.runs is 'Runs of steps in the order of their start, each with its undo.'`);
    this.addSql(`comment on column saga.deadline_at is 'When the current step or wait runs out, by the clock of the database.'`);
    this.addSql(`
      create function saga_stays_ended() returns trigger language plpgsql as $$
      begin
        raise exception 'Saga % has ended as %; an ended saga does not change', old.id, old.state using errcode = 'integrity_constraint_violation';
      end $$`);
    this.addSql(`
      create trigger saga_stays_ended before update of state, status on saga for each row
      when (old.finished_at is not null and (old.state, old.status) is distinct from (new.state, new.status)) execute function saga_stays_ended()`);

    this.addSql(`
      create table saga_event (
        saga_id uuid not null,
        sequence int not null,
        xid xid8 not null default pg_current_xact_id(),
        position bigint generated always as identity,
        kind text not null constraint saga_event_kind_check
          check (kind in ('TRANSITION', 'ATTEMPT_FAILED', 'COMPENSATION', 'OPERATOR_ACTION', 'MESSAGE_IGNORED')),
        message text null,
        message_id uuid null,
        from_state text null,
        to_state text not null,
        status text not null,
        summary text not null,
        attempt int null,
        reason_code text null,
        reason_message text null,
        actor_id uuid null,
        data jsonb null,
        occurred_at timestamptz not null default clock_timestamp(),
        constraint saga_event_pkey primary key (saga_id, sequence)
      )`);
    this.addSql(`comment on table saga_event is 'Append-only history of every saga, and the feed that its watchers read.'`);
    this.addSql(
      `comment on column saga_event.xid is 'With position: an order over all sagas that a reader can follow without gaps, below the oldest transaction still open.'`,
    );
    this.addSql(`
      create function saga_event_is_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'The history of sagas is append-only' using errcode = 'integrity_constraint_violation';
      end $$`);
    this.addSql(`create trigger saga_event_is_append_only before update on saga_event for each row execute function saga_event_is_append_only()`);

    this.addSql(`
      create table saga_definition (
        name text not null,
        version int not null,
        shape_hash text not null,
        shape jsonb not null,
        created_at timestamptz not null default clock_timestamp(),
        constraint saga_definition_pkey primary key (name, version)
      )`);
    this.addSql(`comment on table saga_definition is 'Every definition that sagas have run on, so that a history can be read without the code of its day.'`);
  }

  override down(): void {
    this.addSql(`drop table saga_definition, saga_event, saga`);
    this.addSql(`drop function saga_event_is_append_only, saga_stays_ended`);
  }
}
