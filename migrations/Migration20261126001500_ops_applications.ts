import { Migration } from "@mikro-orm/migrations";

/** What must never be of applications; part of `ops.invariant_violation`. */
export class Migration20261126001500_ops_applications extends Migration {
  override up(): void {
    this.addSql(`
      create view ops.violation_application_request as
      with request as (
        select r.*, g.id as saga_id, g.state, g.status as saga_status, g.finished_at, g.reason as saga_reason,
               u.roles @> '{MENTOR}' as is_mentor, exists (select from application_document d where d.request_id = r.id) as has_documents
        from application_request r join app_user u on u.id = r.applicant_id left join saga g on g.type = 'ApplicationRequest' and g.subject_id = r.id
      )
      select 'an application has no saga' as rule, id as subject_id, format('status %s', status) as detail from request where saga_id is null
      union all
      select 'an application was approved by nobody', id, format('saga in %s', state) from request where status = 'APPROVED' and decided_by is null
      union all
      select 'an ended saga and its application disagree', id, format('saga %s in %s, application %s', saga_status, state, status)
      from request where finished_at is not null and status <> case saga_status when 'COMPLETED' then 'APPROVED' when 'FAILED' then 'REJECTED'
        else case when saga_reason = 'Withdrawn' then 'WITHDRAWN' else 'REJECTED' end end
      union all
      select 'an application that was refused does not say why', id, format('status %s', status)
      from request where finished_at is not null and status in ('REJECTED', 'WITHDRAWN') and failure_code is null
      union all
      select 'an application is reviewed by nobody', id, format('saga in %s', state)
      from request where status = 'UNDER_REVIEW' and reviewer_id is null and state = 'UnderReview' and saga_status = 'WAITING'
      union all
      select 'an applicant is asked and nobody says since when', id, format('status %s', status) from request where status = 'INFO_REQUESTED' and info_requested_at is null
      union all
      select 'an application has no documents', id, format('status %s', status) from request where not has_documents
      union all
      select 'a mentor has no profile, or a profile no mentor', u.id, u.roles::text from app_user u
      where u.roles @> '{MENTOR}' <> exists (select from mentor_profile p where p.user_id = u.id)`);
    this.addSql(`comment on view ops.violation_application_request is 'Part of ops.invariant_violation: always empty.'`);
  }

  override down(): void {
    this.addSql(`drop view ops.violation_application_request`);
  }
}
