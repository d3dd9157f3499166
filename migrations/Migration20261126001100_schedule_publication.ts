import { Migration } from "@mikro-orm/migrations";

/** Which slots were published together, so that a repeated call can answer with all that the first one made. */
export class Migration20261126001100_schedule_publication extends Migration {
  override up(): void {
    this.addSql(`alter table schedule add publication_id uuid null`);
    this.addSql(`comment on column schedule.publication_id is 'Shared by the slots of one call; null: made otherwise.'`);
  }

  override down(): void {
    this.addSql(`alter table schedule drop publication_id`);
  }
}
