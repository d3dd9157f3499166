import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { query, toDate, toDateOrNull, type Fate, type Instant } from "../../outbox/index.ts";
import type { ActivityEvent, ActivityPage, ActivityPlace } from "./activity.ts";
import type { Definition } from "./compiled.ts";
import type { Run, SagaStatus } from "./instance.ts";
import { diagramOf, type Diagram } from "./diagram.ts";
import type { SagaRegistry } from "./registry.ts";
import type { DefinitionShape } from "./shape.ts";
import { remainsOf, type SagaRemainder } from "./remains.ts";
import { runsOf, SAGA_COLUMNS, type SagaRow } from "./store.ts";
import type { HistoryKind } from "./decision.ts";

export type { SagaStatus } from "./instance.ts";
export type SagaStepStatus = "PENDING" | "ACTIVE" | "DONE" | "SKIPPED" | "FAILED" | "COMPENSATED";

export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly occurredAt: Date;
}

/** One stop of a definition's main path. */
export interface SagaStepView {
  readonly state: string;
  readonly status: SagaStepStatus;
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** A saga as callers see it. */
export interface SagaView {
  readonly id: string;
  /** Name of the definition, e.g. `CourseEnrollment`. */
  readonly type: string;
  readonly definitionVersion: number;
  readonly subjectId: string;
  /** The saga that has begun it as a sub-saga, or the run that undoes what that one did. */
  readonly parentId: string | null;
  readonly participants: readonly string[];
  readonly state: string;
  readonly status: SagaStatus;
  /** The business outcome is known. */
  readonly settled: boolean;
  readonly sequence: number;
  readonly steps: readonly SagaStepView[];
  readonly reason: Reason | null;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: Date | null;
  readonly deadlineAt: Date | null;
  /** When the current step or wait reminds next. */
  readonly remindAt: Date | null;
  /** Set while an operator has it paused. */
  readonly pause: { readonly at: Date; readonly by: string | null; readonly note: string | null } | null;
  /** What stays of a saga that has failed. */
  readonly remains: readonly SagaRemainder[];
  /** The undo of some effect gave up. */
  readonly undoIncomplete: boolean;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export interface SagaEventView {
  readonly sagaId: string;
  readonly sequence: number;
  readonly occurredAt: Date;
  readonly kind: HistoryKind;
  readonly message: string | null;
  /** What became of the message; on the first event only, where it led to several. */
  readonly fate: Fate | null;
  readonly fromState: string | null;
  readonly toState: string;
  readonly status: SagaStatus;
  readonly summary: string;
  readonly attempt: number | null;
  readonly reason: Reason | null;
  readonly actorId: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** When the attempt was begun whose end the event tells; null where it tells of none. */
  readonly begunAt: Date | null;
  /** State whose undo begins, ends or stands with the event. */
  readonly undoneState: string | null;
  /** Of a group: the step that the event tells about. */
  readonly step: string | null;
}

export interface SagaFilter {
  readonly ids?: readonly string[];
  /** Names of definitions. */
  readonly type?: readonly string[];
  readonly state?: readonly string[];
  readonly status?: readonly string[];
  /** Reason codes. */
  readonly reason?: readonly string[];
  readonly subjectId?: string;
  /** A participant. */
  readonly userId?: string;
  /** Not ended, and no event for this many seconds. */
  readonly quietForSeconds?: number;
  readonly startedAfter?: Date;
  readonly startedBefore?: Date;
}

/** What sagas must fulfil, as conditions on the columns of saga with their parameters from $1 on. */
export function conditionsOf(filter: SagaFilter): { readonly where: string[]; readonly parameters: unknown[] } {
  const where: string[] = [];
  const parameters: unknown[] = [];
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    if (value === undefined || value === null) return;
    parameters.push(value);
    where.push(condition(`$${parameters.length}`));
  };
  add((p) => `id = any(${p}::uuid[])`, filter.ids);
  add((p) => `type = any(${p}::text[])`, filter.type);
  add((p) => `state = any(${p}::text[])`, filter.state);
  add((p) => `status = any(${p}::text[])`, filter.status);
  add((p) => `reason_code = any(${p}::text[])`, filter.reason);
  add((p) => `subject_id = ${p}::uuid`, filter.subjectId);
  add((p) => `participants @> array[${p}::uuid]`, filter.userId);
  add((p) => `finished_at is null and updated_at < statement_timestamp() - make_interval(secs => ${p})`, filter.quietForSeconds);
  add((p) => `started_at >= ${p}::timestamptz`, filter.startedAfter);
  add((p) => `started_at < ${p}::timestamptz`, filter.startedBefore);
  return { where, parameters };
}

/** Sagas of one type in one state and status. */
export interface SagaCount {
  readonly type: string;
  readonly state: string;
  readonly status: SagaStatus;
  readonly count: number;
  readonly oldestUpdatedAt: Date;
}

export type SagaOrder = "STARTED_AT_DESC" | "UPDATED_AT_DESC" | "UPDATED_AT_ASC";

export interface EventsRequest {
  readonly sagaId: string;
  readonly afterSequence: number;
  readonly first: number;
}

interface EventRow {
  readonly saga_id: string;
  readonly sequence: number;
  readonly occurred_at: Instant;
  readonly kind: HistoryKind;
  readonly message: string | null;
  readonly fate: Fate | null;
  readonly from_state: string | null;
  readonly to_state: string;
  readonly status: SagaStatus;
  readonly summary: string;
  readonly attempt: number | null;
  readonly reason_code: string | null;
  readonly reason_message: string | null;
  readonly actor_id: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly begun_at: Instant | null;
  readonly undone_state: string | null;
  readonly step: string | null;
}

type ActivityRow = EventRow & {
  readonly xid: string;
  readonly position: number;
  readonly type: string;
  readonly subject_id: string;
  readonly participants: string[];
  readonly started_at: Instant;
};

const EVENT_COLUMNS =
  "saga_id, sequence, occurred_at, kind, message, fate, from_state, to_state, status, summary, attempt, reason_code, reason_message, actor_id, data, begun_at, undone_state, step";

const ORDERS: Readonly<Record<SagaOrder, { readonly column: string; readonly direction: "asc" | "desc"; readonly beyond: "<" | ">" }>> = {
  STARTED_AT_DESC: { column: "started_at", direction: "desc", beyond: "<" },
  UPDATED_AT_DESC: { column: "updated_at", direction: "desc", beyond: "<" },
  UPDATED_AT_ASC: { column: "updated_at", direction: "asc", beyond: ">" },
};

/** Reads sagas and their history from the rows the engine writes; every method takes a set and costs one statement. */
export class SagaReader {
  private readonly registry: SagaRegistry;

  constructor(registry: SagaRegistry) {
    this.registry = registry;
  }

  async findById(em: EntityManager, ids: readonly string[]): Promise<Map<string, SagaView>> {
    const rows = await query<SagaRow>(em, `select ${SAGA_COLUMNS} from saga where id = any($1::uuid[])`, [ids]);
    return new Map(rows.map((row) => [row.id, this.view(row)]));
  }

  /** The saga of each business key; the latest one where a key has had several. */
  async findBySubject(em: EntityManager, type: string, subjectIds: readonly string[]): Promise<Map<string, SagaView>> {
    const rows = await query<SagaRow>(em, `select ${SAGA_COLUMNS} from saga where type = $1 and subject_id = any($2::uuid[]) order by run_number`, [
      type,
      subjectIds,
    ]);
    return new Map(rows.map((row) => [row.subject_id, this.view(row)]));
  }

  /** The sagas that each has begun, oldest first. */
  async findSubSagas(em: EntityManager, parentIds: readonly string[]): Promise<Map<string, SagaView[]>> {
    const rows = await query<SagaRow>(em, `select ${SAGA_COLUMNS} from saga where parent_id = any($1::uuid[]) order by started_at, id`, [parentIds]);
    return new Map([...Map.groupBy(rows, (row) => row.parent_id ?? "")].map(([id, ofParent]) => [id, ofParent.map((row) => this.view(row))]));
  }

  /** One page by keyset. `after` is a cursor of an earlier page in the same order; the cursors are opaque to callers. */
  async list(
    em: EntityManager,
    filter: SagaFilter,
    page: { readonly orderBy: SagaOrder; readonly first: number; readonly after: string | null },
  ): Promise<{ nodes: SagaView[]; cursors: string[]; hasNextPage: boolean }> {
    const order = ORDERS[page.orderBy];
    const { where, parameters } = conditionsOf(filter);
    const [at, id] = page.after?.split(" ") ?? [];
    if (at !== undefined && id !== undefined) {
      parameters.push(at, id);
      where.push(`(${order.column}, id) ${order.beyond} ($${parameters.length - 1}::timestamptz, $${parameters.length}::uuid)`);
    }
    parameters.push(page.first + 1);
    // Microseconds count: a cursor cut to milliseconds would skip or repeat rows.
    const rows = await query<SagaRow & { cursor: string }>(
      em,
      `select ${SAGA_COLUMNS}, to_char(${order.column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as cursor from saga
       ${where.length === 0 ? "" : `where ${where.join(" and ")}`}
       order by ${order.column} ${order.direction}, id ${order.direction} limit $${parameters.length}`,
      parameters,
    );
    const nodes = rows.slice(0, page.first);
    return { nodes: nodes.map((row) => this.view(row)), cursors: nodes.map((row) => `${row.cursor} ${row.id}`), hasNextPage: rows.length > page.first };
  }

  /** History of several sagas, oldest first, each after its own sequence number; one list per request, in order. */
  async events(em: EntityManager, requests: readonly EventsRequest[]): Promise<readonly SagaEventView[][]> {
    const rows = await query<EventRow & { request: number }>(
      em,
      `select r.ordinality::int as request, ${EVENT_COLUMNS}
       from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as r(id, after, first)
       cross join lateral (select * from saga_event where saga_id = r.id and sequence > r.after order by sequence limit r.first) e
       order by request, sequence`,
      [requests.map((one) => one.sagaId), requests.map((one) => one.afterSequence), requests.map((one) => one.first)],
    );
    const lists: SagaEventView[][] = requests.map(() => []);
    for (const row of rows) lists[row.request - 1]?.push(eventView(row));
    return lists;
  }

  /** Sagas together with what came after a sequence number, all from one snapshot; null for a saga that does not exist. */
  async progress(em: EntityManager, requests: readonly EventsRequest[]): Promise<readonly ({ saga: SagaView; events: SagaEventView[] } | null)[]> {
    const rows = await query<SagaRow & { request: number; events: EventRow[] | null }>(
      em,
      `select r.ordinality::int as request, ${SAGA_COLUMNS}, e.events
       from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as r(saga_id, after, first)
       join saga s on s.id = r.saga_id
       cross join lateral (
         select jsonb_agg(to_jsonb(x) order by x.sequence) as events
         from (select ${EVENT_COLUMNS} from saga_event where saga_id = r.saga_id and sequence > r.after order by sequence limit r.first) x
       ) e`,
      [requests.map((one) => one.sagaId), requests.map((one) => one.afterSequence), requests.map((one) => one.first)],
    );
    const byRequest = new Map(rows.map((row) => [row.request, row]));
    return requests.map((_, index) => {
      const row = byRequest.get(index + 1);
      return row === undefined ? null : { saga: this.view(row), events: (row.events ?? []).map(eventView) };
    });
  }

  /**
   * Events of all sagas after a place, in the order of transaction and position, up to the oldest transaction that is still open: what
   * is behind that may yet be joined by events before it. Without a place only where that end is now.
   */
  async activity(em: EntityManager, after: ActivityPlace | null, first: number): Promise<ActivityPage> {
    const [row] = await query<{ xmin: string; now: Instant; held_back: boolean; events: ActivityRow[] | null }>(
      em,
      `select pg_snapshot_xmin(pg_current_snapshot())::text as xmin, clock_timestamp() as now,
              exists (select from saga_event where xid >= pg_snapshot_xmin(pg_current_snapshot())) as held_back,
              (select jsonb_agg(to_jsonb(x) order by x.xid, x.position) from (
                 select ${EVENT_COLUMNS.split(", ")
                   .map((column) => `e.${column}`)
                   .join(", ")}, e.xid, e.position, s.type, s.subject_id, s.participants, s.started_at
                 from saga_event e join saga s on s.id = e.saga_id
                 where (e.xid, e.position) > ($1::xid8, $2::bigint) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
                 order by e.xid, e.position limit $3
               ) x) as events`,
      [String(after?.xid ?? 0), String(after?.position ?? 0), after === null ? 0 : first],
    );
    if (row === undefined) throw new Defect("The database did not tell where its events end");
    const events = (row.events ?? []).map(activityEvent);
    const end = { xid: BigInt(row.xmin), position: 0n, at: toDate(row.now) };
    const last = events.at(-1);
    const hasMore = after !== null && last !== undefined && events.length === first;
    return { events, cursor: hasMore ? { xid: last.xid, position: last.position, at: end.at } : end, hasMore, isHeldBack: row.held_back };
  }

  /** How many sagas there are of each type, state and status, and since when the longest unchanged one of them is so. */
  async counts(em: EntityManager): Promise<SagaCount[]> {
    const rows = await query<Omit<SagaCount, "oldestUpdatedAt"> & { oldest: Instant }>(
      em,
      `select type, state, status, count(*)::int as count, min(updated_at) as oldest from saga
       where type = any($1::text[]) and state = any($2::text[]) group by type, state, status order by type, state, status`,
      [this.registry.types(), this.registry.states()],
    );
    return rows.map(({ oldest, ...row }) => ({ ...row, oldestUpdatedAt: toDate(oldest) }));
  }

  /** The versions of the definitions that this process knows by name, the newest of each first, as they are drawn. */
  async definitions(em: EntityManager): Promise<Diagram[]> {
    const rows = await query<{ shape: DefinitionShape }>(em, "select shape from saga_definition where name = any($1::text[]) order by name, version desc", [
      this.registry.types(),
    ]);
    return rows.map(({ shape }) => diagramOf(shape));
  }

  private view(row: SagaRow): SagaView {
    const { steps, remains } = this.runs(row);
    return {
      id: row.id,
      type: row.type,
      definitionVersion: row.definition_version,
      subjectId: row.subject_id,
      parentId: row.parent_id,
      participants: row.participants,
      state: row.state,
      status: row.status,
      settled: row.settled_at !== null,
      sequence: row.sequence,
      steps,
      reason:
        row.reason_code === null ? null : { code: row.reason_code, message: row.reason_message ?? "", occurredAt: toDate(row.reason_at ?? row.updated_at) },
      attempt: row.attempt,
      maxAttempts: row.max_attempts,
      nextAttemptAt: toDateOrNull(row.next_attempt_at),
      deadlineAt: toDateOrNull(row.deadline_at),
      remindAt: toDateOrNull(row.remind_at),
      pause: row.paused_at === null ? null : { at: toDate(row.paused_at), by: row.paused_by, note: row.pause_note },
      remains,
      undoIncomplete: remains.some(({ why }) => why === "UNDO_GAVE_UP"),
      startedAt: toDate(row.started_at),
      updatedAt: toDate(row.updated_at),
      finishedAt: toDateOrNull(row.finished_at),
    };
  }

  /** A version that this process has not loaded, and runs that nobody can read, can still be looked at, without steps; an explanation says why. */
  private runs(row: SagaRow): Pick<SagaView, "steps" | "remains"> {
    const definition = this.registry.find(row.type, row.definition_version);
    if (definition === undefined) return { steps: [], remains: [] };
    try {
      const runs = runsOf(row);
      return { steps: stepViews(definition, row.state, runs), remains: this.shown(remainsOf(definition, { reason: row.reason, runs })) };
    } catch {
      return { steps: [], remains: [] };
    }
  }

  /** What a sub-saga left behind on a version that is gone has a state that this process does not know. */
  private shown(remains: readonly SagaRemainder[]): readonly SagaRemainder[] {
    const states = this.registry.states();
    return remains.filter(({ sagaId, state }) => sagaId === null || states.includes(state));
  }
}

/** The stops of the main path, each with its latest run; of the finals only the one that was reached is a stop. */
function stepViews(definition: Definition, state: string, runs: readonly Run[]): SagaStepView[] {
  const latest = new Map(runs.map((run) => [run.state, run]));
  const path = [...definition.nodes.values()];
  // A milestone has no run; it was passed when anything after it has one.
  const reached = Math.max(
    path.findIndex((node) => node.state === state),
    ...path.map((node, index) => (latest.has(node.state) ? index : -1)),
  );
  return path.map((node, index) => {
    const run = latest.get(node.state);
    if (run !== undefined) return stepView(run);
    const ofGroup = node.kind === "group" ? node.steps.flatMap((step) => latest.get(step) ?? []) : [];
    if (ofGroup.length > 0) return groupView(node.state, ofGroup.map(stepView));
    const wasPassed = node.kind === "milestone" && index <= reached;
    return { state: node.state, status: wasPassed ? "DONE" : "PENDING", attempts: 0, startedAt: null, finishedAt: null };
  });
}

const stepView = (run: Run): SagaStepView => ({
  state: run.state,
  status: stepStatus(run),
  attempts: run.attempts,
  startedAt: run.startedAt,
  finishedAt: run.endedAt,
});

/** A group is as its steps are: under way while one of them is, and otherwise as far as the least of them. */
function groupView(state: string, steps: readonly SagaStepView[]): SagaStepView {
  const order: readonly SagaStepStatus[] = ["ACTIVE", "FAILED", "COMPENSATED", "DONE", "SKIPPED"];
  const ends = steps.map(({ finishedAt }) => finishedAt);
  return {
    state,
    status: order.find((status) => steps.some((step) => step.status === status)) ?? "PENDING",
    attempts: Math.max(...steps.map(({ attempts }) => attempts)),
    startedAt: earliest(steps.map(({ startedAt }) => startedAt)),
    finishedAt: ends.includes(null) ? null : (ends.toSorted((a, b) => Number(a) - Number(b)).at(-1) ?? null),
  };
}

const earliest = (instants: readonly (Date | null)[]): Date | null => instants.toSorted((a, b) => Number(a) - Number(b))[0] ?? null;

function stepStatus(run: Run): SagaStepStatus {
  if (run.undo?.status === "done") return "COMPENSATED";
  if (run.status === "active") return "ACTIVE";
  if (run.status === "done") return "DONE";
  if (run.status === "skipped") return "SKIPPED";
  return "FAILED";
}

const activityEvent = (row: ActivityRow): ActivityEvent => ({
  xid: BigInt(row.xid),
  position: BigInt(row.position),
  event: eventView(row),
  type: row.type,
  subjectId: row.subject_id,
  participants: row.participants,
  startedAt: toDate(row.started_at),
});

function eventView(row: EventRow): SagaEventView {
  const occurredAt = toDate(row.occurred_at);
  return {
    sagaId: row.saga_id,
    sequence: row.sequence,
    occurredAt,
    kind: row.kind,
    message: row.message,
    fate: row.fate,
    fromState: row.from_state,
    toState: row.to_state,
    status: row.status,
    summary: row.summary,
    attempt: row.attempt,
    reason: row.reason_code === null ? null : { code: row.reason_code, message: row.reason_message ?? "", occurredAt },
    actorId: row.actor_id,
    data: row.data,
    begunAt: toDateOrNull(row.begun_at),
    undoneState: row.undone_state,
    step: row.step,
  };
}
