import { Migration } from "@mikro-orm/migrations";

/** What an account needs to be made, confirmed, kept signed in and watched over; and what its owner is told. */
export class Migration20261126000100_accounts extends Migration {
  override up(): void {
    this.addSql(`
      alter table app_user
        alter password_hash drop not null,
        add email_verified_at timestamptz null,
        add oidc_issuer text null,
        add oidc_subject text null,
        add avatar_file_id uuid null,
        add constraint app_user_oidc_unique unique (oidc_issuer, oidc_subject),
        add constraint app_user_oidc_check check ((oidc_issuer is null) = (oidc_subject is null))`);
    // Accounts that exist were made by whoever runs the platform, who knew their addresses.
    this.addSql(`update app_user set email_verified_at = created_at`);
    this.addSql(
      `comment on column app_user.password_hash is 'argon2id in PHC form, with the parameters it was made with; null for an account of an outside issuer.'`,
    );
    this.addSql(`comment on column app_user.email_verified_at is 'When a link sent to the address was followed; null: not yet.'`);
    this.addSql(`comment on column app_user.oidc_subject is 'Who the account is at its outside issuer; together with oidc_issuer.'`);

    this.addSql(`
      create table account_token (
        token_hash bytea not null constraint account_token_pkey primary key,
        user_id uuid not null constraint account_token_user_id_foreign references app_user (id),
        purpose text not null constraint account_token_purpose_check check (purpose in ('VERIFY_EMAIL', 'RESET_PASSWORD')),
        expires_at timestamptz not null,
        created_at timestamptz not null default now()
      )`);
    this.addSql(`create index account_token_user_id_index on account_token (user_id)`);
    this.addSql(`create index account_token_expires_at_index on account_token (expires_at)`);
    this.addSql(`comment on table account_token is 'Links sent by mail, each good once: the row goes with its use.'`);
    this.addSql(`comment on column account_token.token_hash is 'SHA-256; the token itself is only in the mail.'`);

    this.addSql(`
      create table refresh_token (
        token_hash bytea not null constraint refresh_token_pkey primary key,
        family_id uuid not null,
        user_id uuid not null constraint refresh_token_user_id_foreign references app_user (id),
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz null
      )`);
    this.addSql(`create index refresh_token_family_id_index on refresh_token (family_id)`);
    this.addSql(`create index refresh_token_user_id_index on refresh_token (user_id)`);
    this.addSql(`create index refresh_token_expires_at_index on refresh_token (expires_at)`);
    this.addSql(`comment on table refresh_token is 'Sign-ins: a family of tokens, each good once; a spent one that comes again ends its family.'`);
    this.addSql(`comment on column refresh_token.token_hash is 'SHA-256; the token itself is only at the client.'`);

    this.addSql(`
      create table notification (
        id uuid not null constraint notification_pkey primary key,
        user_id uuid not null constraint notification_user_id_foreign references app_user (id),
        title text not null,
        message text not null,
        saga_id uuid null,
        dedupe_key text not null,
        read_at timestamptz null,
        created_at timestamptz not null default now(),
        constraint notification_user_id_dedupe_key_unique unique (user_id, dedupe_key)
      )`);
    this.addSql(`create index notification_user_id_id_index on notification (user_id, id)`);
    this.addSql(`create index notification_unread_index on notification (user_id, id) where read_at is null`);
    this.addSql(`comment on table notification is 'What people are told inside the platform.'`);
    this.addSql(`comment on column notification.saga_id is 'The process it is about.'`);
    this.addSql(`comment on column notification.dedupe_key is 'Unique per person: the same thing is told once, however often it is tried.'`);

    this.addSql(`
      create table audit_entry (
        id uuid not null constraint audit_entry_pkey primary key,
        occurred_at timestamptz not null default clock_timestamp(),
        actor_id uuid not null,
        action text not null,
        target_type text not null,
        target_id uuid not null,
        detail jsonb not null default '{}'
      )`);
    this.addSql(`create index audit_entry_occurred_at_index on audit_entry (occurred_at)`);
    this.addSql(`create index audit_entry_target_id_index on audit_entry (target_id)`);
    this.addSql(
      `comment on table audit_entry is 'Who did what to whom: everything that administrators do. Append-only. What operators do is in operator_action and in the histories of sagas.'`,
    );
    this.addSql(`
      create function audit_entry_is_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'The audit is append-only' using errcode = 'integrity_constraint_violation';
      end $$`);
    this.addSql(`create trigger audit_entry_is_append_only before update or delete on audit_entry for each row execute function audit_entry_is_append_only()`);
  }

  override down(): void {
    this.addSql(`drop table audit_entry, notification, refresh_token, account_token`);
    this.addSql(`drop function audit_entry_is_append_only`);
    this.addSql(`alter table app_user drop email_verified_at, drop oidc_issuer, drop oidc_subject, drop avatar_file_id`);
  }
}
