import { Migration } from "@mikro-orm/migrations";

/** Mentors and the slots they offer. That two slots of one mentor never overlap is kept by the exclusion constraint, not by code. */
export class Migration20261126000300_mentors extends Migration {
  override up(): void {
    this.addSql(`create extension if not exists btree_gist`);
    this.addSql(`
      create table mentor_profile (
        user_id uuid not null constraint mentor_profile_pkey primary key constraint mentor_profile_user_id_foreign references app_user (id),
        headline text null constraint mentor_profile_headline_check check (char_length(headline) <= 120),
        experience text null constraint mentor_profile_experience_check check (char_length(experience) <= 2000),
        max_sessions_per_week int not null default 10 constraint mentor_profile_max_sessions_per_week_check check (max_sessions_per_week between 1 and 60),
        min_notice_hours int not null default 12 constraint mentor_profile_min_notice_hours_check check (min_notice_hours between 0 and 336),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    this.addSql(`comment on table mentor_profile is 'What a mentor offers; exists exactly while the account has the role MENTOR.'`);
    this.addSql(`comment on column mentor_profile.max_sessions_per_week is 'Sessions at most per ISO week in the mentor''s zone.'`);
    this.addSql(`comment on column mentor_profile.min_notice_hours is 'How long before its start a slot can be booked at the latest.'`);
    this.addSql(`insert into mentor_profile (user_id) select id from app_user where 'MENTOR' = any(roles)`);

    this.addSql(`
      create table expertise (
        id uuid not null constraint expertise_pkey primary key,
        name citext not null constraint expertise_name_unique unique constraint expertise_name_check check (char_length(name) between 1 and 80),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    this.addSql(`comment on table expertise is 'What mentors may know.'`);
    this.addSql(`
      create table mentor_expertise (
        mentor_id uuid not null constraint mentor_expertise_mentor_id_foreign references mentor_profile (user_id) on delete cascade,
        expertise_id uuid not null constraint mentor_expertise_expertise_id_foreign references expertise (id),
        constraint mentor_expertise_pkey primary key (mentor_id, expertise_id)
      )`);
    this.addSql(`create index mentor_expertise_expertise_id_index on mentor_expertise (expertise_id)`);
    this.addSql(`comment on table mentor_expertise is 'What each mentor knows.'`);

    this.addSql(`
      create table schedule (
        id uuid not null constraint schedule_pkey primary key,
        mentor_id uuid not null constraint schedule_mentor_id_foreign references app_user (id),
        during tstzrange not null,
        time_zone text not null,
        withdrawn_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint schedule_during_check check (
          lower_inc(during) and not upper_inc(during) and upper(during) - lower(during) between interval '15 minutes' and interval '240 minutes'
        ),
        constraint schedule_during_exclude exclude using gist (mentor_id with =, during with &&) where (withdrawn_at is null)
      )`);
    this.addSql(`create index schedule_mentor_id_start_index on schedule (mentor_id, lower(during), id)`);
    this.addSql(`create index schedule_start_index on schedule (lower(during)) where withdrawn_at is null`);
    this.addSql(`comment on table schedule is 'Slots of mentors, half-open.'`);
    this.addSql(`comment on column schedule.time_zone is 'The zone in which the mentor published it.'`);
    this.addSql(`comment on column schedule.withdrawn_at is 'Not offered any more since; null: offered.'`);
  }

  override down(): void {
    this.addSql(`drop table schedule, mentor_expertise, expertise, mentor_profile`);
  }
}
