import { Migration } from "@mikro-orm/migrations";

/** What operators watch live: the order of all sagas' events, and how many commands have been carried out of late. */
export class Migration20261126000950_live_operations extends Migration {
  override up(): void {
    this.addSql(`create index saga_event_xid_position_index on saga_event (xid, position)`);
    // Unlogged: after a crash of the server nobody asks what was done in the minute before it.
    this.addSql(`
      create unlogged table queue_completion (
        queue text not null,
        completed int not null,
        counted_at timestamptz not null default clock_timestamp()
      )`);
    this.addSql(
      `comment on table queue_completion is 'How many commands each process has carried out since its last row for the queue, for the last few minutes only.'`,
    );
  }

  override down(): void {
    this.addSql(`drop table queue_completion`);
    this.addSql(`drop index saga_event_xid_position_index`);
  }
}
