import { Migration } from "@mikro-orm/migrations";

/** Accounts. `citext` compares addresses (and, later, names of categories) without regard to case. */
export class Migration20261125000300_users extends Migration {
  override up(): void {
    this.addSql(`create extension if not exists citext`);
    this.addSql(`
      create table app_user (
        id uuid not null constraint app_user_pkey primary key,
        email citext not null,
        password_hash text not null,
        full_name text not null,
        bio text null,
        time_zone text not null,
        roles text[] not null,
        active boolean not null default true,
        token_generation int not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint app_user_email_unique unique (email),
        constraint app_user_email_check check (char_length(email) <= 254),
        constraint app_user_full_name_check check (char_length(full_name) between 1 and 200),
        constraint app_user_bio_check check (char_length(bio) <= 2000),
        constraint app_user_roles_check check (roles @> '{LEARNER}' and roles <@ '{LEARNER,MENTOR,REVIEWER,OPERATOR,ADMIN}')
      )`);
    this.addSql(`comment on table app_user is 'Accounts of people. Everybody is a learner; further roles are added to that.'`);
    this.addSql(`comment on column app_user.password_hash is 'argon2id in PHC form, with the parameters it was made with.'`);
    this.addSql(`comment on column app_user.time_zone is 'IANA name.'`);
    this.addSql(`comment on column app_user.token_generation is 'Raised to end every sign-in of the account.'`);
  }

  override down(): void {
    this.addSql(`drop table app_user`);
  }
}
