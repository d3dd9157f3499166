import type { EntityManager } from "@mikro-orm/postgresql";
import { query, toDate, toDateOrNull, type Instant } from "./sql.ts";

export type DeadLetterStatus = "OPEN" | "REDRIVEN" | "DISCARDED";

/** A message that nobody will carry out by itself any more, for an operator to decide about. */
export interface DeadLetterView {
  readonly id: string;
  readonly queue: string;
  /** Name of the command or event. */
  readonly message: string;
  /** Null for an event that found no saga. */
  readonly sagaId: string | null;
  /** The run of a step, or of its undo, whose attempts are used up. */
  readonly runId: string | null;
  /** The saga's, or that for which the event was meant. */
  readonly sagaType: string | null;
  readonly subjectId: string | null;
  readonly attempts: number;
  readonly failedAt: Date;
  readonly reason: { readonly code: string; readonly message: string };
  /** Of the last failure: message, stack and causes. */
  readonly detail: string;
  /** As it was sent; may hold personal data, see `redacted`. */
  readonly payload: unknown;
  readonly status: DeadLetterStatus;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  /** Of whoever resolved it. */
  readonly note: string | null;
}

export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly status?: readonly DeadLetterStatus[];
  readonly queue?: string;
  /** Name of the command or event. */
  readonly message?: string;
  readonly sagaType?: string;
  /** Reason codes. */
  readonly reason?: readonly string[];
  /** Of a group. */
  readonly pattern?: string;
  readonly failedAfter?: Date;
  readonly failedBefore?: Date;
}

export interface DeadLetterPage {
  readonly nodes: DeadLetterView[];
  /** One a node, to go on behind it. Opaque. */
  readonly cursors: string[];
  readonly hasNextPage: boolean;
}

/** Open or other letters that say the same. */
export interface DeadLetterGroup {
  readonly queue: string;
  readonly message: string;
  readonly reasonCode: string;
  /** The reason with ids and numbers taken out, by which letters are told to say the same. */
  readonly pattern: string;
  /** The reason of the latest one as it is. */
  readonly example: string;
  readonly count: number;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
  /** How many failed in each twelfth of the time between the first and the last. */
  readonly history: readonly number[];
}

interface Row {
  readonly id: string;
  readonly queue: string;
  readonly message: string;
  readonly saga_id: string | null;
  readonly run_id: string | null;
  readonly saga_type: string | null;
  readonly subject_id: string | null;
  readonly attempts: number;
  readonly failed_at: Instant;
  readonly reason_code: string;
  readonly reason_message: string;
  readonly detail: string;
  readonly payload: unknown;
  readonly status: DeadLetterStatus;
  readonly resolved_at: Instant | null;
  readonly resolved_by: string | null;
  readonly note: string | null;
}

const SELECT = `
  select d.id, d.queue, d.message, d.saga_id, d.run_id, coalesce(s.type, d.saga_type) as saga_type, coalesce(s.subject_id, d.subject_id) as subject_id,
         d.attempts, d.failed_at, d.reason_code, d.reason_message, d.detail, d.payload, d.status, d.resolved_at, d.resolved_by, d.note`;
const FROM = "from dead_letter d left join saga s on s.id = d.saga_id";

/** One page by keyset, newest first. `after` is a cursor of an earlier page. */
export async function listDeadLetters(
  em: EntityManager,
  filter: DeadLetterFilter,
  page: { readonly first: number; readonly after: string | null },
): Promise<DeadLetterPage> {
  const { where, parameters } = conditionsOf(filter);
  const [at, id] = page.after?.split(" ") ?? [];
  if (at !== undefined && id !== undefined) {
    parameters.push(at, id);
    where.push(`(d.failed_at, d.id) < ($${parameters.length - 1}::timestamptz, $${parameters.length}::uuid)`);
  }
  parameters.push(page.first + 1);
  // Microseconds count: a cursor cut to milliseconds would skip or repeat rows.
  const rows = await query<Row & { cursor: string }>(
    em,
    `${SELECT}, to_char(d.failed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as cursor ${FROM}
     where ${where.join(" and ")}
     order by d.failed_at desc, d.id desc limit $${parameters.length}`,
    parameters,
  );
  const nodes = rows.slice(0, page.first);
  return { nodes: nodes.map(view), cursors: nodes.map((row) => `${row.cursor} ${row.id}`), hasNextPage: rows.length > page.first };
}

/** The oldest open ones, and how many open ones there are in all. */
export async function listOldestOpen(
  em: EntityManager,
  filter: DeadLetterFilter,
  limit: number,
): Promise<{ readonly letters: DeadLetterView[]; readonly count: number }> {
  const { where, parameters } = conditionsOf(filter);
  parameters.push(limit);
  const rows = await query<Row & { count: number }>(
    em,
    `${SELECT}, count(*) over ()::int as count ${FROM} where d.status = 'OPEN' and ${where.join(" and ")} order by d.failed_at, d.id limit $${parameters.length}`,
    parameters,
  );
  return { letters: rows.map(view), count: rows[0]?.count ?? 0 };
}

/** Locks letters against being resolved by others until the transaction ends. @returns how many of them are open; whoever resolves one is waited for */
export async function lockOpen(em: EntityManager, letters: readonly { readonly id: string }[]): Promise<number> {
  const ids = letters.map(({ id }) => id);
  return (await query(em, "select 1 from dead_letter where id = any($1::uuid[]) and status = 'OPEN' order by id for update", [ids])).length;
}

/**
 * Closes open letters, in the transaction that does what closes them. @returns the ids of those that were open; fewer than asked
 * for means that somebody else was faster
 */
export async function resolveDeadLetters(
  em: EntityManager,
  ids: readonly string[],
  how: { readonly status: "REDRIVEN" | "DISCARDED"; readonly by: string; readonly note: string | null; readonly resolutionId: string | null },
): Promise<string[]> {
  const rows = await query<{ id: string }>(
    em,
    `update dead_letter set status = $2, resolved_at = clock_timestamp(), resolved_by = $3, note = $4, resolution_id = $5
     where id in (select id from dead_letter where id = any($1::uuid[]) and status = 'OPEN' order by id for update) and status = 'OPEN' returning id`,
    [ids, how.status, how.by, how.note, how.resolutionId],
  );
  return rows.map((row) => row.id);
}

/** Those that one redrive resolved, oldest first. */
export async function deadLettersOfResolution(em: EntityManager, resolutionId: string): Promise<DeadLetterView[]> {
  return (await query<Row>(em, `${SELECT} ${FROM} where d.resolution_id = $1 order by d.failed_at, d.id`, [resolutionId])).map(view);
}

/** The reason of a letter without what differs from one to the next. */
const PATTERN = String.raw`regexp_replace(regexp_replace(d.reason_message, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '#', 'gi'), '\d+', '#', 'g')`;
const GROUPS_AT_MOST = 200;
const TWELFTHS = 12;

/** Letters grouped by queue, message and what their reasons have in common; the largest groups first, 200 at most. */
export async function listDeadLetterGroups(em: EntityManager, filter: DeadLetterFilter): Promise<DeadLetterGroup[]> {
  const { where, parameters } = conditionsOf(filter);
  const rows = await query<Omit<DeadLetterGroup, "firstFailedAt" | "lastFailedAt"> & { firstFailedAt: Instant; lastFailedAt: Instant }>(
    em,
    `with letter as (
       select d.queue, d.message, d.reason_code, ${PATTERN} as pattern, d.reason_message, d.failed_at, d.id ${FROM} where ${where.join(" and ")}
     ), grouped as (
       select queue, message, reason_code, pattern, count(*)::int as count, min(failed_at) as first_at, max(failed_at) as last_at,
              (array_agg(reason_message order by failed_at desc, id desc))[1] as example
       from letter group by queue, message, reason_code, pattern order by count(*) desc, max(failed_at) desc limit ${GROUPS_AT_MOST}
     )
     select queue, message, reason_code as "reasonCode", pattern, example, count, first_at as "firstFailedAt", last_at as "lastFailedAt",
            (select array_agg(n order by twelfth) from (
               select t.twelfth, count(l.id)::int as n from generate_series(1, ${TWELFTHS}) as t(twelfth)
               left join letter l on (l.queue, l.message, l.reason_code, l.pattern) = (g.queue, g.message, g.reason_code, g.pattern)
                 and t.twelfth = case when first_at = last_at then ${TWELFTHS} else
                   least(${TWELFTHS}, 1 + floor(${TWELFTHS} * extract(epoch from l.failed_at - first_at) / extract(epoch from last_at - first_at)))::int end
               group by t.twelfth
             ) twelfths) as history
     from grouped g order by count desc, last_at desc, queue, pattern`,
    parameters,
  );
  return rows.map((row) => ({ ...row, firstFailedAt: toDate(row.firstFailedAt), lastFailedAt: toDate(row.lastFailedAt) }));
}

/** What a filter demands, as conditions with their parameters; none at all demands nothing. */
function conditionsOf(filter: DeadLetterFilter): { where: string[]; parameters: unknown[] } {
  const where: string[] = ["true"];
  const parameters: unknown[] = [];
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    if (value === undefined || value === null) return;
    parameters.push(value);
    where.push(condition(`$${parameters.length}`));
  };
  add((p) => `d.id = any(${p}::uuid[])`, filter.ids);
  add((p) => `d.status = any(${p}::text[])`, filter.status);
  add((p) => `d.queue = ${p}`, filter.queue);
  add((p) => `d.message = ${p}`, filter.message);
  add((p) => `coalesce(s.type, d.saga_type) = ${p}`, filter.sagaType);
  add((p) => `d.reason_code = any(${p}::text[])`, filter.reason);
  add((p) => `${PATTERN} = ${p}`, filter.pattern);
  add((p) => `d.failed_at > ${p}::timestamptz`, filter.failedAfter);
  add((p) => `d.failed_at < ${p}::timestamptz`, filter.failedBefore);
  return { where, parameters };
}

/** By id; one that does not exist is left out. */
export async function findDeadLetters(em: EntityManager, ids: readonly string[]): Promise<Map<string, DeadLetterView>> {
  const rows = await query<Row>(em, `${SELECT} ${FROM} where d.id = any($1::uuid[])`, [ids]);
  return new Map(rows.map((row) => [row.id, view(row)]));
}

/** Those of several sagas by one statement, newest first; a saga without any is left out. */
export async function deadLettersOfSagas(em: EntityManager, sagaIds: readonly string[]): Promise<Map<string, DeadLetterView[]>> {
  const rows = await query<Row & { saga_id: string }>(em, `${SELECT} ${FROM} where d.saga_id = any($1::uuid[]) order by d.failed_at desc, d.id desc`, [
    sagaIds,
  ]);
  return new Map([...Map.groupBy(rows, (row) => row.saga_id)].map(([sagaId, ofSaga]) => [sagaId, ofSaga.map(view)]));
}

const view = (row: Row): DeadLetterView => ({
  id: row.id,
  queue: row.queue,
  message: row.message,
  sagaId: row.saga_id,
  runId: row.run_id,
  sagaType: row.saga_type,
  subjectId: row.subject_id,
  attempts: row.attempts,
  failedAt: toDate(row.failed_at),
  reason: { code: row.reason_code, message: row.reason_message },
  detail: row.detail,
  payload: row.payload,
  status: row.status,
  resolvedAt: toDateOrNull(row.resolved_at),
  resolvedBy: row.resolved_by,
  note: row.note,
});
