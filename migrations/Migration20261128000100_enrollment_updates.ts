import { Migration } from "@mikro-orm/migrations";

/**
 * An update that changes no indexed column and finds room on its page touches no index. The status is written by every second step, so
 * no index may ask for it: whether an enrollment is open changes once, at its end.
 */
export class Migration20261128000100_enrollment_updates extends Migration {
  override up(): void {
    this.addSql(`alter table course_enrollment add column is_open boolean generated always as (status in ('PENDING', 'CONFIRMED', 'ACTIVE')) stored not null`);
    this.addSql(`comment on column course_enrollment.is_open is 'PENDING, CONFIRMED or ACTIVE: of these a learner has one per course at most.'`);
    this.addSql(`drop index course_enrollment_course_id_learner_id_unique`);
    this.addSql(`create unique index course_enrollment_course_id_learner_id_unique on course_enrollment (course_id, learner_id) where is_open`);
    this.addSql(`alter table course_enrollment set (fillfactor = 70)`);
  }
}
