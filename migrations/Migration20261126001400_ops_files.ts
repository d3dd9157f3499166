import { Migration } from "@mikro-orm/migrations";

/** What must never be of files; part of `ops.invariant_violation`. */
export class Migration20261126001400_ops_files extends Migration {
  override up(): void {
    this.addSql(`
      create view ops.violation_file as
      with reference as (
        select avatar_file_id as file_id, 'AVATAR' as purpose, id as owner_id, id as subject_id from app_user where avatar_file_id is not null
        union all
        select r.file_id, 'COURSE_RESOURCE', null, r.id from course_resource r
        union all
        select d.id, 'APPLICATION_DOCUMENT', a.applicant_id, a.id from application_document d join application_request a on a.id = d.request_id
      )
      select 'a file in use is not kept' as rule, r.subject_id, format('file %s is %s', f.id, f.state) as detail
      from reference r join file_object f on f.id = r.file_id where f.state <> 'CLAIMED'
      union all
      select 'a file is used for something else', r.subject_id, format('file %s for %s', f.id, f.purpose)
      from reference r join file_object f on f.id = r.file_id where f.purpose <> r.purpose
      union all
      select 'a file in use is somebody else''s', r.subject_id, format('file %s of %s', f.id, f.owner_id)
      from reference r join file_object f on f.id = r.file_id where f.owner_id <> r.owner_id
      union all
      select 'a file is used twice', min(r.subject_id::text)::uuid, format('file %s, %s times', r.file_id, count(*)) from reference r group by r.file_id having count(*) > 1
      union all
      select 'nothing uses a file that is kept', f.id, f.purpose
      from file_object f where f.state = 'CLAIMED' and not exists (select from reference r where r.file_id = f.id)
      union all
      select 'an expired file has not been removed', f.id, format('expired at %s', f.expires_at) from file_object f where f.expires_at < now() - interval '1 hour'`);
    this.addSql(`comment on view ops.violation_file is 'Part of ops.invariant_violation: always empty; an expired file has an hour of grace.'`);
  }

  override down(): void {
    this.addSql(`drop view ops.violation_file`);
  }
}
