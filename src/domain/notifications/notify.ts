import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

export interface Notice {
  readonly userId: string;
  /** One line. */
  readonly title: string;
  readonly message: string;
  /** The process it is about, found by its type and subject; null where it is about none. */
  readonly about: { readonly sagaType: string; readonly subjectId: string } | null;
  /** Unique per person, e.g. the step run and the kind of notice. */
  readonly dedupeKey: string;
}

/**
 * Tells people something inside the platform, each notice once per person and key, in one statement of the caller's transaction.
 *
 * @returns the id of every notice's row, in order, whichever attempt wrote it
 */
export async function notify(em: EntityManager, notices: readonly Notice[]): Promise<readonly string[]> {
  const rows = notices.map(({ userId, title, message, about, dedupeKey }) => ({
    id: newId(),
    user_id: userId,
    title,
    message,
    saga_type: about?.sagaType ?? null,
    subject_id: about?.subjectId ?? null,
    dedupe_key: dedupeKey,
  }));
  const added = await query<{ id: string }>(
    em,
    `insert into notification (id, user_id, title, message, saga_id, dedupe_key)
     select n.id, n.user_id, n.title, n.message, s.id, n.dedupe_key
     from jsonb_to_recordset($1::jsonb) as n(id uuid, user_id uuid, title text, message text, saga_type text, subject_id uuid, dedupe_key text)
     left join saga s on s.type = n.saga_type and s.subject_id = n.subject_id
     on conflict (user_id, dedupe_key) do nothing returning id`,
    [JSON.stringify(rows)],
  );
  const isAdded = new Set(added.map(({ id }) => id));
  const others = rows.filter(({ id }) => !isAdded.has(id));
  if (others.length === 0) return rows.map(({ id }) => id);
  // A second statement, because a row that another transaction wrote meanwhile is not in the snapshot of the first.
  const stored = await query<{ id: string; user_id: string; dedupe_key: string }>(
    em,
    `select n.id, n.user_id, n.dedupe_key from jsonb_to_recordset($1::jsonb) as w(user_id uuid, dedupe_key text)
     cross join lateral (select id, user_id, dedupe_key from notification where user_id = w.user_id and dedupe_key = w.dedupe_key limit 1) n`,
    [JSON.stringify(others)],
  );
  const ids = new Map(stored.map((row) => [`${row.user_id} ${row.dedupe_key}`, row.id]));
  return rows.map((row) => ids.get(`${row.user_id} ${row.dedupe_key}`) ?? row.id);
}
