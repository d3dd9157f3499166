import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

/** What an operator may have an id of. */
export type FoundKind = "SAGA" | "SUBJECT" | "MESSAGE" | "DEAD_LETTER";

export interface Found {
  /** What the text is to it. */
  readonly kind: FoundKind;
  readonly sagaId: string | null;
  readonly deadLetterId: string | null;
}

/** By the end of an id the newest so many sagas are looked through, and all dead letters that are open. */
const TAIL_LOOKS_AT = 50_000;
const AT_MOST = 20;

/**
 * Finds sagas and dead letters by an id: their own, that of what the saga is about, that of a message in a history; or by the last 8
 * characters or more of a saga's or dead letter's own. Anything else finds nothing.
 */
export async function find(em: EntityManager, text: string): Promise<Found[]> {
  const sought = text.trim().toLowerCase();
  if (isId(sought)) {
    return query<Found>(
      em,
      `select distinct on ("sagaId", "deadLetterId") kind, "sagaId", "deadLetterId" from (
         select 1 as rank, 'SAGA' as kind, id as "sagaId", null::uuid as "deadLetterId" from saga where id = $1
         union all select 2, 'SUBJECT', id, null from saga where (type, subject_id) in (select name, $1::uuid from saga_definition)
         union all select 3, 'DEAD_LETTER', saga_id, id from dead_letter where id = $1
         union all select 4, 'MESSAGE', saga_id, null from (select saga_id from saga_event where saga_id in (
           select id from saga order by updated_at desc limit ${TAIL_LOOKS_AT}) and message_id = $1 limit ${AT_MOST}) m
       ) f order by "sagaId", "deadLetterId", rank limit ${AT_MOST}`,
      [sought],
    );
  }
  if (!/^[0-9a-f-]{8,36}$/.test(sought)) return [];
  return query<Found>(
    em,
    `(select 'SAGA' as kind, id as "sagaId", null::uuid as "deadLetterId" from (select id from saga order by updated_at desc limit ${TAIL_LOOKS_AT}) s
      where id::text like '%' || $1 limit ${AT_MOST})
     union all
     (select 'DEAD_LETTER', saga_id, id from dead_letter where status = 'OPEN' and id::text like '%' || $1 limit ${AT_MOST})`,
    [sought],
  );
}
