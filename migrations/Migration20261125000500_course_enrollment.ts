import { Migration } from "@mikro-orm/migrations";

/** Places in courses. The two constraints at the end are what makes double enrollments and lost seats impossible. */
export class Migration20261125000500_course_enrollment extends Migration {
  override up(): void {
    this.addSql(`
      create table course_enrollment (
        id uuid not null constraint course_enrollment_pkey primary key,
        course_id uuid not null constraint course_enrollment_course_id_foreign references course (id),
        learner_id uuid not null constraint course_enrollment_learner_id_foreign references app_user (id),
        status text not null,
        seat_held boolean not null default false,
        failure_code text null,
        failure_message text null,
        failure_at timestamptz null,
        enrolled_at timestamptz not null default now(),
        confirmed_at timestamptz null,
        access_granted_at timestamptz null,
        access_grant_id uuid null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint course_enrollment_status_check check (status in ('PENDING', 'CONFIRMED', 'ACTIVE', 'FAILED', 'CANCELLED')),
        constraint course_enrollment_seat_held_check check (
          case status when 'CONFIRMED' then seat_held when 'ACTIVE' then seat_held when 'FAILED' then not seat_held when 'CANCELLED' then not seat_held else true end
        )
      )`);
    this.addSql(
      `create unique index course_enrollment_course_id_learner_id_unique on course_enrollment (course_id, learner_id) where status in ('PENDING', 'CONFIRMED', 'ACTIVE')`,
    );
    this.addSql(`create index course_enrollment_course_id_id_index on course_enrollment (course_id, id)`);
    this.addSql(`create index course_enrollment_learner_id_id_index on course_enrollment (learner_id, id)`);
    this.addSql(
      `comment on table course_enrollment is 'Places of learners in courses, from the asking to the end. A further try after an end is a further row.'`,
    );
    this.addSql(
      `comment on column course_enrollment.status is 'Written by the process that works on the enrollment; PENDING, CONFIRMED and ACTIVE are open, at most one per learner and course.'`,
    );
    this.addSql(
      `comment on column course_enrollment.seat_held is 'One of course.seats_taken is this row''s; makes taking a seat and giving it back repeatable.'`,
    );
    this.addSql(`comment on column course_enrollment.failure_code is 'Why it is FAILED or CANCELLED; a reason code of the API.'`);
    this.addSql(`comment on column course_enrollment.access_grant_id is 'Identifies this opening of the course''s materials; null while they are closed.'`);
  }

  override down(): void {
    this.addSql(`drop table course_enrollment`);
  }
}
