import type { EntityManager } from "@mikro-orm/postgresql";
import { UUID } from "../../kernel/ids.ts";
import { listWorkers, query, queueOf, toDate, toDateOrNull, type Instant, type WorkerView } from "../../outbox/index.ts";
import type { Definition } from "./compiled.ts";
import type { Instance } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import { findUnloaded, instanceOf, SAGA_COLUMNS, undoneSince, VERSIONS, withoutData, type SagaRow } from "./store.ts";

/** A saga as far as it can be explained, also by a process that cannot read its data. */
export type ExplainedSaga = Omit<Instance, "data">;

/** A connection to the database whose open transaction holds a row. */
export interface Holder {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** Begin of the transaction; null where this process may not see it. */
  readonly since: Date | null;
}

/** A holder that may itself wait for a lock: then `blockedBy` is who stands at the end of that queue. */
export interface RowHolder extends Holder {
  readonly blockedBy: Holder | null;
  /** Since when it waits. */
  readonly blockedSince: Date | null;
}

/** Everything outside a saga's row that its standing still may come from, as the database saw it at `now`. */
export interface SagaFacts {
  readonly now: Date;
  /** The processes that carry out commands and are alive. */
  readonly workers: readonly WorkerView[];
  /** Why the row cannot be read although its version is loaded. */
  readonly unreadable: string | null;
  /** Whose transaction holds the saga's row. */
  readonly heldBy: RowHolder | null;
  /** The saga's current command, while it waits for the relay. `deliverAt` is null where it is held until the saga is resumed. */
  readonly outbox: { readonly queue: string; readonly deliverAt: Date | null; readonly isQueueKnown: boolean; readonly heldBy: RowHolder | null } | null;
  /** The saga's current command, on its queue. */
  readonly job: {
    readonly queue: string;
    readonly isActive: boolean;
    readonly readyAt: Date;
    /** Of an active job: when its lease began and when it runs out. */
    readonly startedAt: Date | null;
    readonly expiresAt: Date | null;
    /** Jobs that are ready and are taken before it. */
    readonly ahead: number;
    readonly heldBy: RowHolder | null;
    /** Who last noted to have it in hand, living or not, the latest first. */
    readonly hands: readonly { readonly workerId: string; readonly takenAt: Date }[];
  } | null;
  readonly queuePauses: readonly { readonly queue: string; readonly at: Date; readonly by: string | null; readonly note: string }[];
  /** The newest failed attempt. */
  readonly lastFailure: { readonly code: string; readonly message: string } | null;
  /** When the saga last changed its state or status, and by which message. */
  readonly lastMove: { readonly at: Date; readonly message: string | null } | null;
  /** Sagas that have not ended and will report that to one of its runs, or of its undos: those that it has begun. */
  readonly subSagas: readonly { readonly runId: string; readonly id: string; readonly type: string; readonly state: string; readonly status: string }[];
  /** The saga whose effects the undo under way undoes, with the versions by which it did them; null: the undo is not that of a sub-saga. */
  readonly undoneSaga: { readonly id: string; readonly type: string; readonly versions: readonly number[] } | null;
  /** Dead letters with the report of such an end, by the run or undo that is to hear it. */
  readonly lostReports: readonly { readonly id: string; readonly runId: string | null }[];
  /** Open dead letters of the saga; of one whose effects were undone after its end, none: they must not happen any more. */
  readonly openLetters: readonly { readonly id: string; readonly runId: string | null }[];
  /** The table whose row the saga reflects its status in, where that row is gone. */
  readonly missingIn: string | null;
}

/** Sagas with what is known about them. Two statements, and a third where a saga stands that reflects its status. */
export async function readFacts(em: EntityManager, registry: SagaRegistry, sagaIds: readonly string[]): Promise<{ saga: ExplainedSaga; facts: SagaFacts }[]> {
  const queues = registry.definitions.flatMap(queuesOf);
  const rows = await query<FactRow>(em, FACTS, [
    sagaIds,
    queues.map((one) => one.type),
    queues.map((one) => one.version),
    queues.map((one) => one.state),
    queues.map((one) => one.isUndo),
    queues.map((one) => one.queue),
  ]);
  const workers = await listWorkers(em);
  const missing = await findMissing(em, registry, rows);
  return rows.map((row) => {
    const { saga, unreadable } = read(registry, row);
    return { saga, facts: { ...factsOf(row), workers, unreadable, missingIn: missing.get(row.id) ?? null } };
  });
}

/** A row that cannot be read still says where it stands. */
function read(registry: SagaRegistry, row: SagaRow): { saga: ExplainedSaga; unreadable: string | null } {
  try {
    const saga = withoutData(row);
    return { saga: isLoaded(registry, saga) ? instanceOf(registry, row) : saga, unreadable: null };
  } catch (error) {
    return { saga: withoutData({ ...row, runs: [] }), unreadable: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether this process has what moves a saga; of one that has ended, what reads it. */
export const isLoaded = (registry: SagaRegistry, { runs, ...saga }: ExplainedSaga): boolean =>
  findUnloaded(registry, { ...saga, runs: saga.finishedAt === null ? runs : [] }) === undefined;

interface CommandQueue {
  readonly type: string;
  readonly version: number;
  readonly state: string;
  readonly isUndo: boolean;
  readonly queue: string;
}

/** The queues of everything that a definition sends on its main path, by the state that sends or is undone. */
function queuesOf({ name, version, start, nodes }: Definition): CommandQueue[] {
  const queue = (state: string, isUndo: boolean, command: { readonly name: string } | undefined): CommandQueue[] =>
    command === undefined ? [] : [{ type: name, version, state, isUndo, queue: queueOf(command.name) }];
  return [
    ...(start === null ? [] : queue(start.state, true, start.undo?.command)),
    ...[...nodes.values()].flatMap((node) =>
      node.kind === "step" ? [...queue(node.state, false, node.command), ...queue(node.state, true, node.undo?.command)] : [],
    ),
  ];
}

/** Of the sagas that stand, those whose business row is gone: id and table. */
async function findMissing(em: EntityManager, registry: SagaRegistry, rows: readonly SagaRow[]): Promise<ReadonlyMap<string, string>> {
  const standing = rows.flatMap((row) => {
    const table = row.status === "STUCK" ? registry.find(row.type, row.definition_version)?.reflect?.table : undefined;
    return table === undefined ? [] : [{ id: row.id, subjectId: row.subject_id, table }];
  });
  const tables = [...Map.groupBy(standing, (one) => one.table)];
  if (tables.length === 0) return new Map();
  const missing = await query<{ id: string; table: string }>(
    em,
    tables
      .map(
        // The table's name is a plain identifier: the registry takes no other.
        ([table], index) =>
          `select i.id, '${table}' as table from unnest($${index * 2 + 1}::uuid[], $${index * 2 + 2}::uuid[]) as i(id, subject_id)
           where not exists (select from ${table} r where r.id = i.subject_id)`,
      )
      .join(" union all "),
    tables.flatMap(([, ofTable]) => [ofTable.map((one) => one.id), ofTable.map((one) => one.subjectId)]),
  );
  return new Map(missing.map(({ id, table }) => [id, table]));
}

interface HolderJson {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  readonly since: string | null;
}
type RowHolderJson = HolderJson & { readonly blocked_by: HolderJson | null; readonly blocked_since: string | null };

type FactRow = SagaRow & {
  readonly facts_now: Instant;
  readonly held_by: RowHolderJson | null;
  readonly waits_in_outbox: { queue: string; deliver_at: string | null; is_queue_known: boolean; held_by: RowHolderJson | null } | null;
  readonly job: {
    name: string;
    is_active: boolean;
    start_after: string;
    started_on: string | null;
    expires_at: string | null;
    ahead: number;
    held_by: RowHolderJson | null;
    hands: { worker_id: string; taken_at: string }[] | null;
  } | null;
  readonly queue_pauses: { queue: string; paused_at: string; paused_by: string | null; note: string }[] | null;
  readonly last_failure: { code: string; message: string | null } | null;
  readonly last_move: { at: string; message: string | null } | null;
  readonly sub_sagas: SagaFacts["subSagas"] | null;
  readonly undone_saga: SagaFacts["undoneSaga"];
  readonly lost_reports: SagaFacts["lostReports"] | null;
  readonly open_letters: SagaFacts["openLetters"] | null;
};

/**
 * One snapshot of each saga together with its current command, so that a command which is carried out meanwhile is never taken for
 * one that is missing. A row's holder is found by the transaction id that the row bears: whoever has the lock of that id is at it.
 * Each queue concerned is read once, however many sagas wait there.
 */
const FACTS = `
  with recursive mine as materialized (
    select s.*, s.xmax::text as held_xid, r.run_id, r.run_attempt, r.undone_run_id, q.queue as command_queue
    from saga s
    left join lateral (
      select run ->> 'state' as run_state, run #>> '{made,version}' as made_by, u.is_undo,
             case when u.is_undo then run -> 'undo' ->> 'runId' else run ->> 'id' end as run_id,
             case when u.is_undo and run ->> 'id' ~* '${UUID.source}' then (run ->> 'id')::uuid end as undone_run_id,
             case when u.is_undo then run -> 'undo' ->> 'attempts' else coalesce(run ->> 'attempts', '1') end as run_attempt
      from jsonb_path_query(s.runs, '$[*]') with ordinality as r(run, n)
      cross join lateral (select coalesce(run -> 'undo' ->> 'status' = 'active', false) as is_undo) u
      where u.is_undo or run ->> 'status' = 'active'
      order by u.is_undo desc, coalesce(case when u.is_undo then run -> 'undo' ->> 'later' else run ->> 'later' end, 'false'), n desc limit 1
    ) r on s.status in ('RUNNING', 'RETRYING', 'COMPENSATING')
    left join unnest($2::text[], $3::int[], $4::text[], $5::bool[], $6::text[]) as q(type, version, state, is_undo, queue)
      on (q.type, q.version::text, q.state, q.is_undo) = (s.type, coalesce(r.made_by, s.definition_version::text), r.run_state, r.is_undo)
    where s.id = any($1::uuid[])
  ), waiting as materialized (
    select distinct on (o.run_id) o.run_id::text as run_id, o.queue, o.deliver_at, o.xmax::text as held_xid
    from outbox o join mine m on m.run_id = o.run_id::text and m.run_attempt = o.attempt::text
    order by o.run_id, o.deliver_at
  ), sought as materialized (
    select run_id, run_attempt, command_queue from mine where run_id is not null and run_id not in (select run_id from waiting)
  ), found as materialized (
    select distinct on (j.run_id) j.*
    from (
      select q.name from pgboss.queue q
      where q.name in (select command_queue from sought) or exists (select from sought where command_queue is null)
    ) q cross join lateral (
      select id, name, state = 'active' as is_active, start_after, started_on, started_on + expire_seconds * interval '1s' as expires_at,
             xmax::text as held_xid, data -> 'replyTo' ->> 'runId' as run_id, data -> 'replyTo' ->> 'attempt' as run_attempt,
             count(*) filter (where state < 'active' and not blocked and start_after <= now())
               over (order by priority desc, created_on, id rows between unbounded preceding and 1 preceding) as ahead
      from pgboss.job where name = q.name and state <= 'active'
    ) j
    where (j.run_id, j.run_attempt) in (select run_id, run_attempt from sought)
    order by j.run_id, j.id
  ), locks as materialized (
    select pid, granted, mode, transactionid::text as xid, locktype, waitstart from pg_locks where pid <> pg_backend_pid() and (locktype = 'transactionid' or not granted)
  ), holding as materialized (
    select distinct xid, pid from locks
    where locktype = 'transactionid' and mode = 'ExclusiveLock' and granted
      and xid in (select held_xid from mine union select held_xid from waiting union select held_xid from found)
  ), chain as (
    select distinct pid as holder, pid, 0 as depth from holding
    union
    select c.holder, b.pid, c.depth + 1 from chain c cross join lateral unnest(pg_blocking_pids(c.pid)) as b(pid) where c.depth < 5 and b.pid <> c.holder
  ), who as materialized (
    select distinct on (h.xid) h.xid,
           jsonb_build_object('pid', h.pid, 'application', a.application_name, 'user', a.usename, 'since', a.xact_start,
             'blocked_since', (select min(waitstart) from locks where pid = h.pid and not granted),
             'blocked_by', case when c.depth > 0 then jsonb_build_object('pid', c.pid, 'application', b.application_name, 'user', b.usename, 'since', b.xact_start) end) as holder
    from holding h join chain c on c.holder = h.pid
    left join pg_stat_activity a on a.pid = h.pid left join pg_stat_activity b on b.pid = c.pid
    order by h.xid, c.depth desc
  )
  select ${SAGA_COLUMNS}, clock_timestamp() as facts_now,
    (select holder from who where xid = m.held_xid) as held_by,
    (select jsonb_build_object('queue', w.queue, 'deliver_at', nullif(w.deliver_at, 'infinity'), 'held_by', (select holder from who where xid = w.held_xid),
       'is_queue_known', exists (select from pgboss.queue q where q.name = w.queue))
     from waiting w where w.run_id = m.run_id) as waits_in_outbox,
    (select to_jsonb(f) || jsonb_build_object('held_by', (select holder from who where xid = f.held_xid),
       'hands', (select jsonb_agg(h order by h.taken_at desc) from worker_hand h where h.queue = f.name and f.id = any(h.message_ids)))
     from found f where f.run_id = m.run_id) as job,
    (select jsonb_agg(to_jsonb(p)) from queue_pause p) as queue_pauses,
    (select jsonb_build_object('code', e.reason_code, 'message', e.reason_message) from saga_event e
     where e.saga_id = m.id and e.kind = 'ATTEMPT_FAILED' order by e.sequence desc limit 1) as last_failure,
    (select jsonb_build_object('at', e.occurred_at, 'message', e.message) from saga_event e
     where e.saga_id = m.id and e.kind in ('TRANSITION', 'COMPENSATION') order by e.sequence desc limit 1) as last_move,
    (select jsonb_agg(jsonb_build_object('runId', c.report_to, 'id', c.id, 'type', c.type, 'state', c.state, 'status', c.status)) from saga c
     where c.parent_id = m.id and c.finished_at is null) as sub_sagas,
    (select jsonb_build_object('id', c.id, 'type', c.type, 'versions', ${VERSIONS}) from saga c
     where c.parent_run_id = m.undone_run_id order by c.run_number desc limit 1) as undone_saga,
    case when exists (select from saga c where c.parent_id = m.id)
      then (select jsonb_agg(jsonb_build_object('id', d.id, 'runId', d.payload ->> 'runId') order by d.failed_at, d.id) from dead_letter d
            where d.status = 'OPEN' and d.saga_id is null and d.payload ->> 'parentId' = m.id::text) end as lost_reports,
    (select jsonb_agg(jsonb_build_object('id', d.id, 'runId', d.run_id) order by d.failed_at, d.id) from dead_letter d
     where d.saga_id = m.id and d.status = 'OPEN' and not ${undoneSince("m")}) as open_letters
  from mine m`;

function factsOf(row: FactRow): Omit<SagaFacts, "workers" | "unreadable" | "missingIn"> {
  const { waits_in_outbox: waiting, job, queue_pauses: pauses, last_failure: failure, last_move: move } = row;
  return {
    now: toDate(row.facts_now),
    heldBy: rowHolder(row.held_by),
    outbox:
      waiting === null
        ? null
        : { queue: waiting.queue, deliverAt: toDateOrNull(waiting.deliver_at), isQueueKnown: waiting.is_queue_known, heldBy: rowHolder(waiting.held_by) },
    job:
      job === null
        ? null
        : {
            queue: job.name,
            isActive: job.is_active,
            readyAt: toDate(job.start_after),
            startedAt: job.is_active ? toDateOrNull(job.started_on) : null,
            expiresAt: job.is_active ? toDateOrNull(job.expires_at) : null,
            ahead: job.ahead,
            heldBy: rowHolder(job.held_by),
            hands: (job.hands ?? []).map((hand) => ({ workerId: hand.worker_id, takenAt: toDate(hand.taken_at) })),
          },
    queuePauses: (pauses ?? []).map((pause) => ({ queue: pause.queue, at: toDate(pause.paused_at), by: pause.paused_by, note: pause.note })),
    lastFailure: failure === null ? null : { code: failure.code, message: failure.message ?? "" },
    lastMove: move === null ? null : { at: toDate(move.at), message: move.message },
    subSagas: row.sub_sagas ?? [],
    undoneSaga: row.undone_saga,
    lostReports: row.lost_reports ?? [],
    openLetters: row.open_letters ?? [],
  };
}

const holder = (json: HolderJson): Holder => ({
  pid: json.pid,
  application: json.application ?? "",
  user: json.user ?? "",
  since: toDateOrNull(json.since),
});

const rowHolder = (json: RowHolderJson | null): RowHolder | null =>
  json === null
    ? null
    : { ...holder(json), blockedBy: json.blocked_by === null ? null : holder(json.blocked_by), blockedSince: toDateOrNull(json.blocked_since) };
