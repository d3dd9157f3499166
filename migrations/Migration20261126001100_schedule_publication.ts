import { Migration } from "@mikro-orm/migrations";

/** Which slots were published together, so that a repeated call can answer with all that the first one made; and mentors in the order of their list. */
export class Migration20261126001100_schedule_publication extends Migration {
  override up(): void {
    this.addSql(`alter table schedule add publication_id uuid null`);
    this.addSql(`create index mentor_profile_created_at_user_id_index on mentor_profile (created_at, user_id)`);
    this.addSql(`comment on column schedule.publication_id is 'Shared by the slots of one call; null: made otherwise.'`);
  }

  override down(): void {
    this.addSql(`drop index mentor_profile_created_at_user_id_index`);
    this.addSql(`alter table schedule drop publication_id`);
  }
}
