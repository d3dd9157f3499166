import { Migration } from "@mikro-orm/migrations";

/** The catalogue: categories, and courses with their number of seats. */
export class Migration20261125000400_courses extends Migration {
  override up(): void {
    this.addSql(`
      create table category (
        id uuid not null constraint category_pkey primary key,
        name citext not null,
        description text not null,
        active boolean not null default true,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint category_name_unique unique (name),
        constraint category_name_check check (char_length(name) between 1 and 50),
        constraint category_description_check check (char_length(description) <= 200)
      )`);
    this.addSql(`comment on table category is 'Shelves of the catalogue.'`);

    this.addSql(`
      create table course (
        id uuid not null constraint course_pkey primary key,
        mentor_id uuid not null constraint course_mentor_id_foreign references app_user (id),
        category_id uuid not null constraint course_category_id_foreign references category (id),
        title text not null,
        description text not null,
        level text not null,
        status text not null,
        capacity int null,
        seats_taken int not null default 0,
        enrollment_opens_at timestamptz null,
        enrollment_closes_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint course_title_check check (char_length(title) between 3 and 100),
        constraint course_description_check check (char_length(description) between 1 and 2000),
        constraint course_level_check check (level in ('BEGINNER', 'INTERMEDIATE', 'ADVANCED')),
        constraint course_status_check check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
        constraint course_capacity_check check (capacity between 1 and 100000),
        constraint course_seats_taken_check check (seats_taken >= 0 and (capacity is null or seats_taken <= capacity)),
        constraint course_enrollment_window_check check (enrollment_opens_at < enrollment_closes_at)
      )`);
    this.addSql(`create index course_mentor_id_index on course (mentor_id)`);
    this.addSql(`create index course_category_id_index on course (category_id)`);
    this.addSql(`create index course_created_at_id_index on course (created_at, id)`);
    this.addSql(`create unique index course_mentor_id_title_unique on course (mentor_id, lower(title)) where status <> 'ARCHIVED'`);
    this.addSql(`comment on table course is 'Courses of mentors.'`);
    this.addSql(`comment on column course.capacity is 'Number of seats; null: no limit.'`);
    this.addSql(
      `comment on column course.seats_taken is 'How many rows of course_enrollment hold a seat of this course. Written only together with their seat_held.'`,
    );
    this.addSql(`comment on column course.enrollment_opens_at is 'Null: open from the start.'`);
    this.addSql(`comment on column course.enrollment_closes_at is 'First instant at which nobody may enroll any more; null: never.'`);
  }

  override down(): void {
    this.addSql(`drop table course`);
    this.addSql(`drop table category`);
  }
}
