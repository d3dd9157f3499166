import type { EntityManager } from "@mikro-orm/postgresql";
import { query, toDate, type Instant } from "../../outbox/index.ts";

/** Something that an operator did to a saga, a queue or dead letters. */
export interface OperatorActionView {
  readonly id: string;
  readonly occurredAt: Date;
  readonly actorId: string;
  /** What was done, e.g. `retry`, `pause-queue`. */
  readonly action: string;
  /** Null where it was no saga's. */
  readonly sagaId: string | null;
  /** A queue, or `dead letters`; null for a saga. */
  readonly target: string | null;
  readonly note: string | null;
  /** For people; null where nothing says more than the action. */
  readonly summary: string | null;
}

export interface OperatorActionPage {
  readonly nodes: OperatorActionView[];
  /** One a node, to go on behind it. Opaque. */
  readonly cursors: string[];
  readonly hasNextPage: boolean;
}

/** One page by keyset, the latest first. `after` is a cursor of an earlier page. */
export async function listOperatorActions(em: EntityManager, page: { readonly first: number; readonly after: string | null }): Promise<OperatorActionPage> {
  const [at, id] = page.after?.split(" ") ?? [];
  // Each half is read by its own index, from the place on and no further than a page, whatever the other half has.
  const rows = await query<Omit<OperatorActionView, "occurredAt"> & { occurredAt: Instant; cursor: string }>(
    em,
    `select id, occurred_at as "occurredAt", actor_id as "actorId", action, saga_id as "sagaId", target, note, summary,
            to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as cursor
     from (
       (select md5(saga_id::text || sequence)::uuid as id, occurred_at, actor_id, coalesce(data ->> 'action', 'unknown') as action, saga_id, null as target,
               data ->> 'note' as note, summary
        from saga_event where kind = 'OPERATOR_ACTION' and occurred_at <= coalesce($1::timestamptz, 'infinity')
        order by occurred_at desc limit $3 + (select count(*) from saga_event where kind = 'OPERATOR_ACTION' and occurred_at = $1::timestamptz))
       union all
       (select id, occurred_at, actor_id, action, null, target, note, null
        from operator_action where occurred_at <= coalesce($1::timestamptz, 'infinity')
        order by occurred_at desc limit $3 + (select count(*) from operator_action where occurred_at = $1::timestamptz))
     ) a
     where $1::timestamptz is null or (occurred_at, id) < ($1::timestamptz, $2::uuid)
     order by occurred_at desc, id desc limit $3`,
    [at ?? null, id ?? null, page.first + 1],
  );
  const nodes = rows.slice(0, page.first);
  return {
    nodes: nodes.map(({ cursor: _cursor, ...row }) => ({ ...row, occurredAt: toDate(row.occurredAt) })),
    cursors: nodes.map((row) => `${row.cursor} ${row.id}`),
    hasNextPage: rows.length > page.first,
  };
}
