import { Migration } from "@mikro-orm/migrations";

/** @param wakers what else wakes a saga than its messages and timers, as the end of a condition */
const violations = (wakers: string): string => `create or replace view ops.violation_saga as
      select 'a history has a gap or does not end at the saga''s sequence' as rule, s.id as subject_id,
             format('sequence %s, events %s, from %s to %s', s.sequence, count(h.sequence), min(h.sequence), max(h.sequence)) as detail
      from saga s left join saga_event h on h.saga_id = s.id
      group by s.id having count(h.sequence) <> s.sequence or coalesce(max(h.sequence), 0) <> s.sequence or min(h.sequence) is distinct from 1
      union all
      select 'the last event and the saga disagree', s.id, format('event %s %s, saga %s %s', h.to_state, h.status, s.state, s.status)
      from saga s join saga_event h on h.saga_id = s.id and h.sequence = s.sequence where (h.to_state, h.status) <> (s.state, s.status)
      union all
      select 'one message moved a saga in two transactions', saga_id, format('message %s', message_id)
      from saga_event where message_id is not null and kind in ('TRANSITION', 'COMPENSATION')
      group by saga_id, message_id having count(distinct xid) > 1
      union all
      select 'an unfinished saga that nothing will wake', s.id, format('%s in %s since %s', s.status, s.state, s.updated_at)
      from saga s
      where s.finished_at is null and s.status <> 'STUCK' and s.deadline_at is null and s.paused_at is null and s.updated_at < now() - interval '60 seconds'
        and not exists (select 1 from outbox o where o.correlation_id = s.id)${wakers}
        and not exists (select 1 from pgboss.job j where j.data ->> 'correlationId' = s.id::text and j.state < 'completed')
      union all
      select 'a timer has passed without effect', id, format('deadline %s, reminder %s in %s', deadline_at, remind_at, state)
      from saga where least(deadline_at, remind_at) < now() - interval '60 seconds' and paused_at is null
        and (status = 'WAITING' or not exists (select 1 from queue_pause))
      union all
      select 'an ended saga still has a timer', id, format('reminder %s in %s', remind_at, state) from saga where finished_at is not null and remind_at is not null
      union all
      select 'an ended saga has work to come', s.id, format('%s in the outbox', o.name)
      from saga s join outbox o on o.correlation_id = s.id where s.finished_at is not null and o.deliver_at < now() - interval '60 seconds'`;

export class Migration20261129000100_sub_sagas extends Migration {
  override up(): void {
    this.addSql(`
      alter table saga
        add column parent_id uuid,
        add column parent_run_id uuid,
        add column report_to uuid,
        add constraint saga_parent_check check ((parent_id is null) = (parent_run_id is null) and (parent_id is null) = (report_to is null))`);
    this.addSql(
      `comment on column saga.parent_id is 'The saga that is told how it ends: the one that began it as a step, or the run that undoes what that one did; null: it began by itself.'`,
    );
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
    // Who waits for one that it has begun is woken by that one.
    this.addSql(violations(" and not exists (select 1 from saga c where c.parent_id = s.id and c.finished_at is null)"));
  }

  override down(): void {
    this.addSql(violations(""));
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
