import { Migration } from "@mikro-orm/migrations";

/** What must never be of mentoring sessions; part of `ops.invariant_violation`. */
export class Migration20261126001200_ops_sessions extends Migration {
  override up(): void {
    // A session that is being called off has given its slots back while its status still says what it was; its process tells.
    this.addSql(`
      create view ops.violation_mentoring_session as
      with session as (
        select s.*, g.id as saga_id, g.state, g.status as saga_status, g.finished_at, g.reason as saga_reason,
               (select count(*) from slot_claim k where k.session_id = s.id and k.released_at is null) as claims,
               exists (select from slot_claim k where k.session_id = s.id and k.schedule_id = s.schedule_id and k.released_at is null) as holds_slot,
               exists (select from slot_claim k where k.session_id = s.id and k.schedule_id = s.proposed_schedule_id and k.released_at is null) as holds_proposed
        from mentoring_session s left join saga g on g.type = 'MentoringSession' and g.subject_id = s.id
      ), open_session as (
        select * from session where status in ('PENDING', 'SCHEDULED', 'RESCHEDULING') and saga_reason is null and finished_at is null
      )
      select 'a session has no saga' as rule, id as subject_id, format('status %s', status) as detail from session where saga_id is null
      union all
      select 'an open session does not hold its slot', id, format('%s with %s claims', status, claims) from open_session where not holds_slot
      union all
      select 'a session holds more slots or fewer than its status says', id, format('%s with %s claims', status, claims)
      from open_session where claims <> case status when 'RESCHEDULING' then 2 else 1 end
      union all
      select 'a proposed slot is not held', id, format('slot %s', proposed_schedule_id) from open_session where status = 'RESCHEDULING' and not holds_proposed
      union all
      select 'an ended session still holds a slot', id, format('%s with %s claims', status, claims) from session where status in ('COMPLETED', 'CANCELLED') and claims > 0
      union all
      select 'an ended saga and its session disagree', id, format('saga %s in %s, session %s', saga_status, state, status)
      from session where finished_at is not null and status <> case saga_status when 'COMPLETED' then 'COMPLETED' else 'CANCELLED' end
      union all
      select 'a session has ended and its saga has not', id, format('session %s, saga %s in %s', status, saga_status, state)
      from session where finished_at is null and status in ('COMPLETED', 'CANCELLED')
      union all
      select 'somebody is in two sessions at once', a.session_id, format('claims %s and %s', a.id, b.id)
      from slot_claim a join slot_claim b on a.id < b.id and a.during && b.during
        and (a.mentor_id in (b.mentor_id, b.learner_id) or a.learner_id in (b.mentor_id, b.learner_id))
      where a.released_at is null and b.released_at is null
      union all
      select 'a claim is not what its slot says', k.session_id, format('claim %s of slot %s', k.id, d.id)
      from slot_claim k join schedule d on d.id = k.schedule_id
      where k.released_at is null and (k.mentor_id <> d.mentor_id or k.during <> d.during)
      union all
      select 'a proposal has not lapsed in time', id, format('expired at %s', proposal_expires_at)
      from open_session where proposal_expires_at < now() - interval '60 seconds'`);
    this.addSql(
      `comment on view ops.violation_mentoring_session is 'Part of ops.invariant_violation: always empty; what heals by itself has 60 seconds of grace.'`,
    );
  }

  override down(): void {
    this.addSql(`drop view ops.violation_mentoring_session`);
  }
}
