import { Migration } from "@mikro-orm/migrations";

/** How deep the queues have been, for those who look at one later than it mattered. */
export class Migration20261128000300_queue_samples extends Migration {
  override up(): void {
    this.addSql(`
      create table queue_sample (
        sampled_at timestamptz not null,
        queue text not null,
        ready int not null,
        deferred int not null,
        active int not null,
        oldest_ready_seconds int not null,
        constraint queue_sample_pkey primary key (sampled_at, queue)
      )`);
    this.addSql(
      `comment on table queue_sample is 'Depths of the queues every 20 seconds, for the last 24 hours: of each instant once, however many processes there are.'`,
    );
  }

  override down(): void {
    this.addSql(`drop table queue_sample`);
  }
}
