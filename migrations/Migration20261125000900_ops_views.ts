import { Migration } from "@mikro-orm/migrations";

/** What operators query: read-only views over sagas, queues and dead letters, and the check that nothing contradicts itself. */
export class Migration20261125000900_ops_views extends Migration {
  override up(): void {
    this.addSql(`create schema ops`);
    this.addSql(`comment on schema ops is 'Views for operators. Part of the contract: columns are added, never removed.'`);

    this.addSql(`
      create view ops.saga as
      select id, type, definition_version, subject_id, state, status, sequence, attempt, max_attempts, next_attempt_at, deadline_at,
             reason_code, reason_message, started_at, updated_at, finished_at
      from saga`);
    this.addSql(`comment on view ops.saga is 'One row a saga.'`);

    this.addSql(`
      create view ops.saga_timeline as
      select saga_id, sequence, occurred_at, kind, message, from_state, to_state, status, summary, attempt, reason_code, reason_message, actor_id
      from saga_event`);
    this.addSql(`comment on view ops.saga_timeline is 'History of sagas; order by saga_id, sequence.'`);

    this.addSql(`
      create view ops.job as
      select id, name as queue, state::text as state, (data ->> 'correlationId')::uuid as saga_id, data ->> 'name' as message, (data -> 'replyTo' ->> 'attempt')::int as attempt,
             retry_count, start_after, created_on, started_on, completed_on, output
      from pgboss.job`);
    this.addSql(
      `comment on view ops.job is 'Jobs of the queues. A job whose work is committed is deleted in the same commit, so a row here is work to come or work in hand.'`,
    );

    this.addSql(`
      create view ops.queue_depth as
      select q.name as queue,
             count(j.id) filter (where j.state < 'active' and j.start_after <= now())::int as ready,
             (count(j.id) filter (where j.state < 'active' and j.start_after > now()) + (select count(*) from outbox o where o.queue = q.name))::int as deferred,
             count(j.id) filter (where j.state = 'active')::int as active,
             (select count(*) from dead_letter d where d.queue = q.name and d.status = 'OPEN')::int as dead_letters,
             min(j.start_after) filter (where j.state < 'active' and j.start_after <= now()) as oldest_ready_at
      from pgboss.queue q left join pgboss.job j on j.name = q.name
      where q.name not like '\\_\\_pgboss\\_\\_%'
      group by q.name`);
    this.addSql(`comment on view ops.queue_depth is 'Depth of every queue, counted now. Deferred includes what still waits in the outbox.'`);

    this.addSql(`
      create view ops.dead_letter as
      select id, queue, message, saga_id, attempts, failed_at, reason_code, reason_message, detail, status, resolved_at, note
      from dead_letter`);
    this.addSql(`comment on view ops.dead_letter is 'Commands whose attempts are used up.'`);

    this.addSql(`
      create view ops.invariant_violation as
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
      where s.finished_at is null and s.status <> 'STUCK' and s.deadline_at is null and s.updated_at < now() - interval '60 seconds'
        and not exists (select 1 from outbox o where o.correlation_id = s.id)
        and not exists (select 1 from pgboss.job j where j.data ->> 'correlationId' = s.id::text and j.state < 'completed')
      union all
      select 'a deadline has passed without effect', id, format('deadline %s in %s', deadline_at, state) from saga where deadline_at < now() - interval '60 seconds'
      union all
      select 'a message is not relayed', id, format('%s for %s, due since %s', name, queue, deliver_at) from outbox where deliver_at < now() - interval '60 seconds'
      union all
      select 'an ended saga has work to come', s.id, format('%s in the outbox', o.name)
      from saga s join outbox o on o.correlation_id = s.id where s.finished_at is not null and o.deliver_at < now() - interval '60 seconds'
      union all
      select 'a welcome mail was recorded twice', min(id::text)::uuid, format('%s rows for %s', count(*), dedupe_key)
      from mail_message group by dedupe_key having count(*) > 1`);
    this.addSql(`comment on view ops.invariant_violation is 'What must never be. Always empty; what heals by itself has 60 seconds of grace.'`);
  }

  override down(): void {
    this.addSql(`drop schema ops cascade`);
  }
}
