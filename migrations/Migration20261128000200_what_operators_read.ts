import { Migration } from "@mikro-orm/migrations";

/**
 * What operators look for in the history: how long an attempt took; and by time, trouble and what they did. The rows of a saga that goes
 * well are in no index for it.
 */
export class Migration20261128000200_what_operators_read extends Migration {
  override up(): void {
    this.addSql(`alter table saga_event add column begun_at timestamptz null, add column undone_state text null`);
    this.addSql(`comment on column saga_event.begun_at is 'When the attempt was begun whose end the row tells.'`);
    this.addSql(`comment on column saga_event.undone_state is 'State whose undo begins, ends or stands with the row.'`);
    this.addSql(`create index saga_event_trouble_index on saga_event (occurred_at) where status = 'STUCK' or kind = 'ATTEMPT_FAILED'`);
    this.addSql(`create index saga_event_operator_action_index on saga_event (occurred_at) where kind = 'OPERATOR_ACTION'`);
  }
}
