import { Migration } from "@mikro-orm/migrations";

/**
 * The role `mentor_readonly` reads the views of the schema ops, also those that come later, and nothing else. Roles belong to the whole
 * server: it may be there already, from another database or by hand. An account that may not make roles goes on without; the server's
 * log says so.
 */
export class Migration20261126001000_readonly_role extends Migration {
  override up(): void {
    this.addSql(`
      do $$
      begin
        if exists (select from pg_roles where rolname = 'mentor_readonly') then return; end if;
        create role mentor_readonly nologin;
        comment on role mentor_readonly is 'Reads the views of the schema ops, and nothing else.';
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise warning 'The role mentor_readonly cannot be created by %: whoever may, creates it and grants it the schema ops', current_user;
      end $$`);
    this.addSql(`
      do $$
      begin
        if not exists (select from pg_roles where rolname = 'mentor_readonly') then return; end if;
        grant usage on schema ops to mentor_readonly;
        grant select on all tables in schema ops to mentor_readonly;
        alter default privileges in schema ops grant select on tables to mentor_readonly;
      end $$`);
  }

  override down(): void {
    // Other databases of the server may use the role, so it stays.
    this.addSql(`
      do $$
      begin
        if not exists (select from pg_roles where rolname = 'mentor_readonly') then return; end if;
        alter default privileges in schema ops revoke select on tables from mentor_readonly;
        revoke select on all tables in schema ops from mentor_readonly;
        revoke usage on schema ops from mentor_readonly;
      end $$`);
  }
}
