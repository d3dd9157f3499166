import type { EntityManager } from "@mikro-orm/postgresql";
import { query, toDate, toDateOrNull, type Instant } from "../../outbox/index.ts";
import type { Definition, Reflect } from "./compiled.ts";
import type { DeadLetterToWrite, HistoryRow } from "./decide.ts";
import type { Instance, Run } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import { Defect } from "../../kernel/errors.ts";

/** A saga's row as the database gives it. */
export interface SagaRow {
  readonly id: string;
  readonly type: string;
  readonly definition_version: number;
  readonly subject_id: string;
  readonly participants: string[];
  readonly state: string;
  readonly status: Instance["status"];
  readonly sequence: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly next_attempt_at: Instant | null;
  readonly deadline_at: Instant | null;
  readonly settled_at: Instant | null;
  readonly data: unknown;
  readonly runs: unknown;
  readonly reason: string | null;
  readonly reason_code: string | null;
  readonly reason_message: string | null;
  readonly reason_at: Instant | null;
  readonly started_at: Instant;
  readonly updated_at: Instant;
  readonly finished_at: Instant | null;
}

export const SAGA_COLUMNS = `id, type, definition_version, subject_id, participants, state, status, sequence, attempt, max_attempts, next_attempt_at, deadline_at,
  settled_at, data, runs, reason, reason_code, reason_message, reason_at, started_at, updated_at, finished_at`;

/** The rows that stay as they were born; everything else of a saga changes with every decision. */
const CHANGING = [
  ["state", "text"],
  ["status", "text"],
  ["sequence", "int"],
  ["attempt", "int"],
  ["max_attempts", "int"],
  ["next_attempt_at", "timestamptz"],
  ["deadline_at", "timestamptz"],
  ["settled_at", "timestamptz"],
  ["data", "jsonb"],
  ["runs", "jsonb"],
  ["reason", "text"],
  ["reason_code", "text"],
  ["reason_message", "text"],
  ["reason_at", "timestamptz"],
  ["updated_at", "timestamptz"],
  ["finished_at", "timestamptz"],
] as const;

/** Rows and the database's time at which they were locked. */
export interface Locked {
  readonly instances: Map<string, Instance>;
  /** Rows that this process cannot read, by id with the reason: their version is not loaded, or their data do not fit it. */
  readonly unreadable: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** Saga rows of these ids, locked in ascending order until the transaction ends. */
export async function lockById(em: EntityManager, registry: SagaRegistry, ids: readonly string[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where id = any($1::uuid[]) order by id for update`,
    [ids],
  );
  return locked(registry, rows);
}

/** Saga rows of these business keys, locked in ascending order of id until the transaction ends. */
export async function lockBySubject(em: EntityManager, registry: SagaRegistry, keys: readonly { type: string; subjectId: string }[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga
     where (type, subject_id) in (select type, subject_id from unnest($1::text[], $2::uuid[]) as k(type, subject_id)) order by id for update`,
    [keys.map((key) => key.type), keys.map((key) => key.subjectId)],
  );
  return locked(registry, rows);
}

/** Going forward, on a version that is loaded: everything else has no deadline, whatever its column says. */
const WAITS = "status in ('RUNNING', 'RETRYING', 'WAITING') and (type, definition_version) in (select * from unnest($1::text[], $2::int[]))";
const loaded = (registry: SagaRegistry): [string[], number[]] => [registry.definitions.map((one) => one.name), registry.definitions.map((one) => one.version)];

/** Saga rows of loaded versions whose deadline has passed by the database's clock, locked; those that somebody else works on are left out. */
export async function lockDue(em: EntityManager, registry: SagaRegistry, limit: number): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga
     where deadline_at <= clock_timestamp() and ${WAITS} order by deadline_at limit $3 for update skip locked`,
    [...loaded(registry), limit],
  );
  return locked(registry, rows);
}

/** Whether a deadline of a loaded version has passed, by the database's clock. */
export async function isAnyDue(em: EntityManager, registry: SagaRegistry): Promise<boolean> {
  const [row] = await query<{ due: boolean }>(
    em,
    `select exists (select from saga where deadline_at <= clock_timestamp() and ${WAITS}) as due`,
    loaded(registry),
  );
  return row?.due === true;
}

/** Saga rows of these ids as they are, without a lock. */
export async function readById(em: EntityManager, registry: SagaRegistry, ids: readonly string[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(em, `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where id = any($1::uuid[])`, [ids]);
  return locked(registry, rows);
}

export async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await query<{ now: Instant }>(em, "select clock_timestamp() as now");
  if (row === undefined) throw new Defect("The database did not tell its time");
  return toDate(row.now);
}

/** Inserts new sagas. @returns the ids of those that were new; the others' keys have a saga already */
export async function insertSagas(em: EntityManager, registry: SagaRegistry, instances: readonly Instance[]): Promise<ReadonlySet<string>> {
  const fixed = ["id uuid", "type text", "definition_version int", "subject_id uuid", "started_at timestamptz"];
  const names = [...fixed.map((column) => column.split(" ")[0]), ...CHANGING.map(([name]) => name)].join(", ");
  const types = [...fixed, "participants jsonb", ...CHANGING.map(([name, type]) => `${name} ${type}`)].join(", ");
  const rows = await query<{ id: string }>(
    em,
    `insert into saga (${names}, participants)
     select ${names}, array(select jsonb_array_elements_text(participants)::uuid) from jsonb_to_recordset($1::jsonb) as i(${types})
     on conflict (type, subject_id) do nothing returning id`,
    [JSON.stringify(instances.map((instance) => ({ ...changing(registry, instance), ...birth(instance) })))],
  );
  return new Set(rows.map((row) => row.id));
}

/** Saves changed sagas and appends their history and dead letters, in one statement. */
export async function saveSagas(
  em: EntityManager,
  registry: SagaRegistry,
  instances: readonly Instance[],
  history: readonly (HistoryRow & { readonly sagaId: string })[],
  deadLetters: readonly (DeadLetterToWrite & { readonly id: string; readonly sagaId: string; readonly queue: string })[],
): Promise<void> {
  const set = CHANGING.map(([name]) => `${name} = i.${name}`).join(", ");
  const types = CHANGING.map(([name, type]) => `${name} ${type}`).join(", ");
  await query(
    em,
    `with changed as (
       update saga s set ${set} from jsonb_to_recordset($1::jsonb) as i(id uuid, ${types}) where s.id = i.id
     ), buried as (
       insert into dead_letter (id, queue, message, saga_id, payload, attempts, reason_code, reason_message, detail)
       select id, queue, message, saga_id, payload, attempts, reason_code, reason_message, detail from jsonb_to_recordset($3::jsonb)
         as d(id uuid, queue text, message text, saga_id uuid, payload jsonb, attempts int, reason_code text, reason_message text, detail text)
     )
     insert into saga_event (saga_id, sequence, kind, message, message_id, from_state, to_state, status, summary, attempt, reason_code, reason_message)
     select saga_id, sequence, kind, message, message_id, from_state, to_state, status, summary, attempt, reason_code, reason_message from jsonb_to_recordset($2::jsonb)
       as h(saga_id uuid, sequence int, kind text, message text, message_id uuid, from_state text, to_state text, status text, summary text, attempt int, reason_code text, reason_message text)`,
    [
      JSON.stringify(instances.map((instance) => ({ id: instance.id, ...changing(registry, instance) }))),
      JSON.stringify(history.map(historyJson)),
      JSON.stringify(deadLetters.map(deadLetterJson)),
    ],
  );
}

export interface ReflectedRow {
  readonly subjectId: string;
  readonly status: string;
  readonly reason: { readonly code: string | null; readonly message: string | null; readonly at: Date | null } | null;
}

/** Writes business statuses. @returns the subjects whose row was there */
export async function reflectStatuses(em: EntityManager, reflect: Reflect, rows: readonly ReflectedRow[]): Promise<ReadonlySet<string>> {
  const prefix = reflect.reasonColumns;
  const reason = prefix === null ? "" : `, ${prefix}_code = i.code, ${prefix}_message = i.message, ${prefix}_at = i.at`;
  const changed = await query<{ id: string }>(
    em,
    `update ${reflect.table} r set ${reflect.statusColumn} = i.status, updated_at = clock_timestamp()${reason}
     from jsonb_to_recordset($1::jsonb) as i(id uuid, status text, code text, message text, at timestamptz) where r.id = i.id returning r.id`,
    [JSON.stringify(rows.map((row) => ({ id: row.subjectId, status: row.status, ...row.reason })))],
  );
  return new Set(changed.map((row) => row.id));
}

/**
 * Remembers the definitions that this program has run, in full, so that histories can be read without its code.
 * @throws {Defect} a version was stored with another shape: sagas under way would change under their feet
 */
export async function storeDefinitions(
  em: EntityManager,
  definitions: readonly { definition: Definition; shapeHash: string; shape: unknown }[],
): Promise<void> {
  for (const { definition, shapeHash, shape } of definitions) {
    const [stored] = await query<{ shape_hash: string }>(
      em,
      `with added as (insert into saga_definition (name, version, shape_hash, shape) values ($1, $2, $3, $4) on conflict (name, version) do nothing returning shape_hash)
       select shape_hash from added union all select shape_hash from saga_definition where name = $1 and version = $2`,
      [definition.name, definition.version, shapeHash, JSON.stringify(shape)],
    );
    if (stored !== undefined && stored.shape_hash !== shapeHash) {
      throw new Defect(
        `${definition.name} v${definition.version} has another shape (${shapeHash}) than the one sagas have been started with (${stored.shape_hash}). Give the changed definition the version ${definition.version + 1}.`,
      );
    }
  }
}

/** One row that cannot be read must not keep the others from being read. */
function locked(registry: SagaRegistry, rows: readonly (SagaRow & { now: Instant })[]): Locked {
  const instances = new Map<string, Instance>();
  const unreadable = new Map<string, string>();
  for (const row of rows) {
    try {
      instances.set(row.id, instanceOf(registry, row));
    } catch (error) {
      unreadable.set(row.id, error instanceof Error ? error.message : String(error));
    }
  }
  return { instances, unreadable, now: toDate(rows.at(-1)?.now ?? new Date(0)) };
}

export function instanceOf(registry: SagaRegistry, row: SagaRow): Instance {
  const definition = definitionOf(registry, row.type, row.definition_version);
  return {
    id: row.id,
    type: row.type,
    version: row.definition_version,
    subjectId: row.subject_id,
    participants: row.participants,
    state: row.state,
    status: row.status,
    sequence: row.sequence,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    nextAttemptAt: toDateOrNull(row.next_attempt_at),
    deadlineAt: toDateOrNull(row.deadline_at),
    settledAt: toDateOrNull(row.settled_at),
    data: definition.data.decode(row.data, `${row.type}.data`),
    runs: runsOf(row),
    reason: row.reason,
    reasonCode: row.reason_code,
    reasonMessage: row.reason_message,
    reasonAt: toDateOrNull(row.reason_at),
    startedAt: toDate(row.started_at),
    updatedAt: toDate(row.updated_at),
    finishedAt: toDateOrNull(row.finished_at),
  };
}

/** Runs are stored as JSON; their instants are text there. */
export const runsOf = (row: Pick<SagaRow, "runs">): Run[] =>
  (row.runs as (Omit<Run, "startedAt" | "endedAt"> & { startedAt: string; endedAt: string | null })[]).map((run) => ({
    ...run,
    startedAt: new Date(run.startedAt),
    endedAt: run.endedAt === null ? null : new Date(run.endedAt),
  }));

export function definitionOf(registry: SagaRegistry, type: string, version: number): Definition {
  const definition = registry.find(type, version);
  if (definition === undefined)
    throw new Defect(
      `${type} v${version} is not loaded by this process; loaded are ${registry.definitions.map((one) => `${one.name} v${one.version}`).join(", ")}`,
    );
  return definition;
}

const birth = (instance: Instance): object => ({
  id: instance.id,
  type: instance.type,
  definition_version: instance.version,
  subject_id: instance.subjectId,
  participants: instance.participants,
  started_at: instance.startedAt,
});

const changing = (registry: SagaRegistry, instance: Instance): object => ({
  state: instance.state,
  status: instance.status,
  sequence: instance.sequence,
  attempt: instance.attempt,
  max_attempts: instance.maxAttempts,
  next_attempt_at: instance.nextAttemptAt,
  deadline_at: instance.deadlineAt,
  settled_at: instance.settledAt,
  data: definitionOf(registry, instance.type, instance.version).data.encode(instance.data),
  runs: instance.runs,
  reason: instance.reason,
  reason_code: instance.reasonCode,
  reason_message: instance.reasonMessage,
  reason_at: instance.reasonAt,
  updated_at: instance.updatedAt,
  finished_at: instance.finishedAt,
});

const historyJson = (row: HistoryRow & { readonly sagaId: string }): object => ({
  saga_id: row.sagaId,
  sequence: row.sequence,
  kind: row.kind,
  message: row.message,
  message_id: row.messageId,
  from_state: row.fromState,
  to_state: row.toState,
  status: row.status,
  summary: row.summary,
  attempt: row.attempt,
  reason_code: row.reasonCode,
  reason_message: row.reasonMessage,
});

const deadLetterJson = (letter: DeadLetterToWrite & { readonly id: string; readonly sagaId: string; readonly queue: string }): object => ({
  id: letter.id,
  queue: letter.queue,
  message: letter.command.name,
  saga_id: letter.sagaId,
  payload: letter.command.schema.encode(letter.payload),
  attempts: letter.attempts,
  reason_code: letter.reasonCode,
  reason_message: letter.reasonMessage,
  detail: letter.detail,
});
