import { Migration } from "@mikro-orm/migrations";
import { Migration20261125000900_ops_views } from "./Migration20261125000900_ops_views.ts";

/** What operators query about pauses, fates, kept events and what operators did; columns are added at the end of views that exist. */
export class Migration20261125001100_ops_views extends Migration {
  override up(): void {
    this.addSql(`
      create or replace view ops.saga as
      select id, type, definition_version, subject_id, state, status, sequence, attempt, max_attempts, next_attempt_at, deadline_at,
             reason_code, reason_message, started_at, updated_at, finished_at, remind_at, paused_at, pause_note, run_number
      from saga`);

    this.addSql(`
      create or replace view ops.saga_timeline as
      select saga_id, sequence, occurred_at, kind, message, from_state, to_state, status, summary, attempt, reason_code, reason_message, actor_id, fate, message_id, data
      from saga_event`);

    this.addSql(`
      create or replace view ops.queue_depth as
      select q.name as queue,
             count(j.id) filter (where j.state < 'active' and j.start_after <= now())::int as ready,
             (count(j.id) filter (where j.state < 'active' and j.start_after > now()) + (select count(*) from outbox o where o.queue = q.name))::int as deferred,
             count(j.id) filter (where j.state = 'active')::int as active,
             (select count(*) from dead_letter d where d.queue = q.name and d.status = 'OPEN')::int as dead_letters,
             min(j.start_after) filter (where j.state < 'active' and j.start_after <= now()) as oldest_ready_at,
             (select paused_at from queue_pause p where p.queue = q.name) as paused_at
      from pgboss.queue q left join pgboss.job j on j.name = q.name
      where q.name not like '\\_\\_pgboss\\_\\_%'
      group by q.name`);

    this.addSql(`
      create or replace view ops.dead_letter as
      select id, queue, message, saga_id, attempts, failed_at, reason_code, reason_message, detail, status, resolved_at, note, saga_type, subject_id
      from dead_letter`);

    this.addSql(`
      create view ops.stuck_saga as
      select s.id, s.type, s.subject_id, s.state, s.reason_code, s.reason_message, s.updated_at as since,
             (select u ->> 'state' from jsonb_array_elements(s.runs) u where u -> 'undo' ->> 'status' = 'parked' limit 1) as undo_of,
             (select count(*) from dead_letter d where d.saga_id = s.id and d.status = 'OPEN')::int as dead_letters
      from saga s where s.status = 'STUCK'`);
    this.addSql(`comment on view ops.stuck_saga is 'Sagas that stand and need an operator; undo_of names the state whose undo stands.'`);

    this.addSql(`
      create view ops.saga_mail as
      select id, type, subject_id, name as message, received_at, keep_until from saga_mail`);
    this.addSql(`comment on view ops.saga_mail is 'Events whose saga does not exist yet, or runs on a version that the receiving process had not loaded.'`);

    this.addSql(`
      create view ops.operator_action as
      select occurred_at, actor_id, coalesce(data ->> 'action', 'unknown') as action, saga_id::text as target, data ->> 'note' as note from saga_event where kind = 'OPERATOR_ACTION'
      union all
      select occurred_at, actor_id, action, target, note from operator_action`);
    this.addSql(`comment on view ops.operator_action is 'Everything that operators did, to sagas, queues and dead letters.'`);

    this.addSql(`
      create or replace view ops.invariant_violation as
      select 'seats taken differ from seats held' as rule, c.id as subject_id,
             format('seats_taken is %s, held are %s', c.seats_taken, count(e.id)) as detail
      from course c left join course_enrollment e on e.course_id = c.id and e.seat_held
      group by c.id having c.seats_taken <> count(e.id)
      union all
      select 'seats taken exceed capacity', id, format('seats_taken is %s, capacity %s', seats_taken, capacity)
      from course where seats_taken < 0 or seats_taken > capacity
      union all
      select 'two open enrollments of one learner in one course', min(id::text)::uuid, format('%s enrollments', count(*))
      from course_enrollment where status in ('PENDING', 'CONFIRMED', 'ACTIVE') group by course_id, learner_id having count(*) > 1
      union all
      select 'an enrollment has no saga', e.id, format('status %s', e.status)
      from course_enrollment e where not exists (select 1 from saga s where s.type = 'CourseEnrollment' and s.subject_id = e.id)
      union all
      select 'an ended saga and its enrollment disagree', e.id, format('saga %s in %s, enrollment %s, seat held %s', s.status, s.state, e.status, e.seat_held)
      from saga s join course_enrollment e on e.id = s.subject_id
      where s.type = 'CourseEnrollment' and s.finished_at is not null and (
        (s.status = 'COMPLETED' and e.status not in ('ACTIVE', 'CANCELLED')) or (s.status = 'COMPLETED' and e.status = 'ACTIVE' and not e.seat_held)
        or (s.status in ('FAILED', 'CANCELLED') and (e.status not in ('FAILED', 'CANCELLED') or e.seat_held or e.access_granted_at is not null)))
      union all
      select 'a history has a gap or does not end at the saga''s sequence', s.id,
             format('sequence %s, events %s, from %s to %s', s.sequence, count(h.sequence), min(h.sequence), max(h.sequence))
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
        and not exists (select 1 from outbox o where o.correlation_id = s.id)
        and not exists (select 1 from pgboss.job j where j.data ->> 'correlationId' = s.id::text and j.state < 'completed')
      union all
      select 'a timer has passed without effect', id, format('deadline %s, reminder %s in %s', deadline_at, remind_at, state)
      from saga where least(deadline_at, remind_at) < now() - interval '60 seconds' and paused_at is null and not exists (select 1 from queue_pause)
      union all
      select 'an ended saga still has a timer', id, format('reminder %s in %s', remind_at, state) from saga where finished_at is not null and remind_at is not null
      union all
      select 'a message is not relayed', id, format('%s for %s, due since %s', name, queue, deliver_at) from outbox where deliver_at < now() - interval '60 seconds'
      union all
      select 'an ended saga has work to come', s.id, format('%s in the outbox', o.name)
      from saga s join outbox o on o.correlation_id = s.id where s.finished_at is not null and o.deliver_at < now() - interval '60 seconds'
      union all
      select 'a welcome mail was recorded twice', min(id::text)::uuid, format('%s rows for %s', count(*), dedupe_key)
      from mail_message group by dedupe_key having count(*) > 1`);
  }

  override down(): void {
    this.addSql(`drop schema ops cascade`);
    const before = new Migration20261125000900_ops_views(this.driver, this.config);
    before.up();
    for (const sql of before.getQueries()) this.addSql(sql);
  }
}
