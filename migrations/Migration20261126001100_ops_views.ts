import { Migration } from "@mikro-orm/migrations";
import { Migration20261125000900_ops_views } from "./Migration20261125000900_ops_views.ts";
import { Migration20261125001100_ops_views } from "./Migration20261125001100_ops_views.ts";
import { Migration20261126001000_readonly_role } from "./Migration20261126001000_readonly_role.ts";

/**
 * What must never be, in one small view for each part of the program: `ops.invariant_violation` reads every view of the schema that is
 * called `violation_…`, with the columns rule, subject_id and detail. A part adds its rules by a view of its own and changes no other.
 */
export class Migration20261126001100_ops_views extends Migration {
  override up(): void {
    this.addSql(`
      create view ops.violation_saga as
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
        and not exists (select 1 from outbox o where o.correlation_id = s.id)
        and not exists (select 1 from pgboss.job j where j.data ->> 'correlationId' = s.id::text and j.state < 'completed')
      union all
      select 'a timer has passed without effect', id, format('deadline %s, reminder %s in %s', deadline_at, remind_at, state)
      from saga where least(deadline_at, remind_at) < now() - interval '60 seconds' and paused_at is null
        and (status = 'WAITING' or not exists (select 1 from queue_pause))
      union all
      select 'an ended saga still has a timer', id, format('reminder %s in %s', remind_at, state) from saga where finished_at is not null and remind_at is not null
      union all
      select 'an ended saga has work to come', s.id, format('%s in the outbox', o.name)
      from saga s join outbox o on o.correlation_id = s.id where s.finished_at is not null and o.deliver_at < now() - interval '60 seconds'`);

    this.addSql(`
      create view ops.violation_outbox as
      select 'a message is not relayed' as rule, id as subject_id, format('%s for %s, due since %s', name, queue, deliver_at) as detail
      from outbox where deliver_at < now() - interval '60 seconds'`);

    this.addSql(`
      create view ops.violation_enrollment as
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
        or (s.status in ('FAILED', 'CANCELLED') and (e.status not in ('FAILED', 'CANCELLED') or e.seat_held or e.access_granted_at is not null)))`);

    this.addSql(`
      create view ops.violation_mail as
      select 'a welcome mail was recorded twice' as rule, min(id::text)::uuid as subject_id, format('%s rows for %s', count(*), dedupe_key) as detail
      from mail_message group by dedupe_key having count(*) > 1`);

    this.addSql(`
      create function ops.violations() returns table (rule text, subject_id uuid, detail text) language plpgsql stable as $$
      declare
        part regclass;
      begin
        for part in select c.oid::regclass from pg_class c
                    where c.relnamespace = 'ops'::regnamespace and c.relkind = 'v' and c.relname like 'violation\\_%' order by c.relname
        loop
          return query execute format('select rule, subject_id, detail from %s', part);
        end loop;
      end $$`);
    this.addSql(`comment on function ops.violations is 'The rows of all views ops.violation_…, for ops.invariant_violation.'`);
    this.addSql(`create or replace view ops.invariant_violation as select rule, subject_id, detail from ops.violations()`);

    this.addSql(`
      create or replace view ops.stuck_saga as
      select s.id, s.type, s.subject_id, s.state, s.reason_code, s.reason_message,
             case when s.status = 'STUCK' then s.updated_at else s.deadline_at end as since,
             (select u ->> 'state' from jsonb_path_query(s.runs, '$[*]') u where u -> 'undo' ->> 'status' = 'parked' limit 1) as undo_of,
             (select count(*) from dead_letter d where d.saga_id = s.id and d.status = 'OPEN')::int as dead_letters,
             s.status
      from saga s
      where s.status = 'STUCK' or (s.finished_at is null and s.deadline_at < now() - interval '60 seconds' and s.paused_at is null
                                   and (s.status = 'WAITING' or not exists (select from queue_pause)))`);
    this.addSql(
      `comment on view ops.stuck_saga is 'Sagas that need an operator: those that stand, and those whose deadline has passed without effect; undo_of names the state whose undo stands.'`,
    );

    this.addSql(`
      create or replace view ops.queue_depth as
      select q.name as queue,
             count(j.id) filter (where j.state < 'active' and j.start_after <= now())::int as ready,
             (count(j.id) filter (where j.state < 'active' and j.start_after > now()) + (select count(*) from outbox o where o.queue = q.name))::int as deferred,
             count(j.id) filter (where j.state = 'active')::int as active,
             (select count(*) from dead_letter d where d.queue = q.name and d.status = 'OPEN')::int as dead_letters,
             min(j.start_after) filter (where j.state < 'active' and j.start_after <= now()) as oldest_ready_at,
             (select paused_at from queue_pause p where p.queue = q.name) as paused_at,
             exists (select from queue_pause p where p.queue = q.name) as paused,
             (select coalesce(sum(c.completed), 0)::int from queue_completion c
              where c.queue = q.name and c.counted_at > clock_timestamp() - interval '60 seconds') as completed_last_minute
      from pgboss.queue q left join pgboss.job j on j.name = q.name
      where q.name not like '\\_\\_pgboss\\_\\_%'
      group by q.name`);
  }

  override down(): void {
    this.addSql(`drop schema ops cascade`);
    for (const Before of [Migration20261125000900_ops_views, Migration20261125001100_ops_views, Migration20261126001000_readonly_role]) {
      const before = new Before(this.driver, this.config);
      before.up();
      for (const sql of before.getQueries()) this.addSql(sql);
    }
  }
}
