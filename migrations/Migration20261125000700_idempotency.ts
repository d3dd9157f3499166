import { Migration } from "@mikro-orm/migrations";

/** Keys of calls that may be repeated. */
export class Migration20261125000700_idempotency extends Migration {
  override up(): void {
    this.addSql(`
      create table idempotency_key (
        actor uuid not null,
        operation text not null,
        key text not null,
        fingerprint text not null,
        entity_id uuid null,
        created_at timestamptz not null default now(),
        constraint idempotency_key_pkey primary key (actor, operation, key)
      )`);
    this.addSql(`create index idempotency_key_created_at_index on idempotency_key (created_at)`);
    this.addSql(`comment on table idempotency_key is 'Calls that may be repeated, per account and mutation; written and rolled back with the work itself.'`);
    this.addSql(`comment on column idempotency_key.fingerprint is 'SHA-256 of all other arguments as JSON with sorted keys.'`);
    this.addSql(`comment on column idempotency_key.entity_id is 'What the first call made or changed; null only inside its transaction.'`);
    this.addSql(`comment on column idempotency_key.created_at is 'Keys are kept for at least 24 hours.'`);
  }

  override down(): void {
    this.addSql(`drop table idempotency_key`);
  }
}
