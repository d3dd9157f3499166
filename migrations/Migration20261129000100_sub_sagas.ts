import { Migration } from "@mikro-orm/migrations";

export class Migration20261129000100_sub_sagas extends Migration {
  override up(): void {
    this.addSql(`
      alter table saga
        add column parent_id uuid,
        add column parent_run_id uuid,
        add column report_to uuid,
        add constraint saga_parent_check check ((parent_id is null) = (parent_run_id is null) and (parent_id is null) = (report_to is null))`);
    this.addSql(`comment on column saga.parent_id is 'The saga that began it, as a step; null: it began by itself.'`);
    this.addSql(`comment on column saga.parent_run_id is 'The run of the step that began it.'`);
    this.addSql(`comment on column saga.report_to is 'The run that is told how it ends: the step''s, or that of its undo.'`);
    this.addSql("alter table saga_event add column step text");
    this.addSql("comment on column saga_event.step is 'Of a state whose steps run at the same time: the step that the row tells about.'");
    this.addSql("create index saga_parent_run_id_index on saga (parent_run_id) where parent_run_id is not null");
    this.addSql("create index saga_parent_id_index on saga (parent_id) where parent_id is not null");
    this.addSql(`
      create or replace view ops.saga as
      select id, type, definition_version, subject_id, state, status, sequence, attempt, max_attempts, next_attempt_at, deadline_at,
             reason_code, reason_message, started_at, updated_at, finished_at, remind_at, paused_at, pause_note, run_number, parent_id
      from saga`);
  }

  override down(): void {
    this.addSql("drop view ops.saga");
    this.addSql(`
      create view ops.saga as
      select id, type, definition_version, subject_id, state, status, sequence, attempt, max_attempts, next_attempt_at, deadline_at,
             reason_code, reason_message, started_at, updated_at, finished_at, remind_at, paused_at, pause_note, run_number
      from saga`);
    this.addSql("comment on view ops.saga is 'One row a saga.'");
    this.addSql("alter table saga_event drop column step");
    this.addSql("alter table saga drop column parent_id, drop column parent_run_id, drop column report_to");
  }
}
