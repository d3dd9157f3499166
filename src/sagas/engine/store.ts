import type { EntityManager } from "@mikro-orm/postgresql";
import { query, queryAhead, queueOf, toDate, toDateOrNull, type Instant } from "../../outbox/index.ts";
import type { Data, Definition, Reflect } from "./compiled.ts";
import type { Instance, Run, UndoRun } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import type { DefinitionShape } from "./shape.ts";
import type { DeadLetterToWrite, HistoryRow } from "./decision.ts";
import { Defect } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";

/** A saga's row as the database gives it. */
export interface SagaRow {
  readonly id: string;
  readonly type: string;
  readonly definition_version: number;
  readonly subject_id: string;
  readonly run_number: number;
  readonly parent_id: string | null;
  readonly parent_run_id: string | null;
  readonly report_to: string | null;
  readonly participants: string[];
  readonly state: string;
  readonly status: Instance["status"];
  readonly sequence: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly next_attempt_at: Instant | null;
  readonly deadline_at: Instant | null;
  readonly remind_at: Instant | null;
  readonly paused_at: Instant | null;
  readonly paused_by: string | null;
  readonly pause_note: string | null;
  readonly settled_at: Instant | null;
  readonly data: unknown;
  readonly runs: unknown;
  readonly asides: Instance["asides"];
  readonly parked: Instance["parked"];
  readonly heard: Instance["heard"];
  readonly code_hash: string | null;
  readonly reason: string | null;
  readonly reason_code: string | null;
  readonly reason_message: string | null;
  readonly reason_at: Instant | null;
  readonly started_at: Instant;
  readonly updated_at: Instant;
  readonly finished_at: Instant | null;
}

export const SAGA_COLUMNS = `id, type, definition_version, subject_id, run_number, parent_id, parent_run_id, report_to, participants, state, status, sequence, attempt, max_attempts, next_attempt_at,
  deadline_at, remind_at, paused_at, paused_by, pause_note, settled_at, data, runs, asides, parked, heard, code_hash, reason, reason_code, reason_message, reason_at, started_at, updated_at, finished_at`;

/** The rows that stay as they were born; everything else of a saga changes with every decision. */
const CHANGING = [
  ["definition_version", "int"],
  ["state", "text"],
  ["status", "text"],
  ["sequence", "int"],
  ["attempt", "int"],
  ["max_attempts", "int"],
  ["next_attempt_at", "timestamptz"],
  ["deadline_at", "timestamptz"],
  ["remind_at", "timestamptz"],
  ["paused_at", "timestamptz"],
  ["paused_by", "uuid"],
  ["pause_note", "text"],
  ["settled_at", "timestamptz"],
  ["parent_id", "uuid"],
  ["report_to", "uuid"],
  ["participants", "uuid[]"],
  ["data", "jsonb"],
  ["runs", "jsonb"],
  ["asides", "jsonb"],
  ["parked", "jsonb"],
  ["heard", "jsonb"],
  ["code_hash", "text"],
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
  /** The business keys of the unreadable rows that have not ended, as `subjectKey` makes them. */
  readonly unreadableKeys: ReadonlySet<string>;
  /** Those of unreadable rows that have, with the last such run of each. */
  readonly ended?: ReadonlyMap<string, EndedRun>;
  now: Date;
}

/** What is known of a run that has ended without its definition. */
export type EndedRun = Pick<Instance, "runNumber" | "heard" | "state">;

export const subjectKey = (type: string, subjectId: string): string => `${type} ${subjectId}`;

/** Saga rows of these ids, locked in ascending order until the transaction ends. */
export async function lockById(em: EntityManager, registry: SagaRegistry, ids: readonly string[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where id = any($1::uuid[]) order by id for update`,
    [ids],
  );
  return locked(registry, rows);
}

/** Saga rows of these business keys, locked in ascending order of id until the transaction ends; of a key with several runs the latest comes last. */
export async function lockBySubject(em: EntityManager, registry: SagaRegistry, keys: readonly { type: string; subjectId: string }[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga
     where (type, subject_id) in (select type, subject_id from unnest($1::text[], $2::uuid[]) as k(type, subject_id)) order by id for update`,
    [keys.map((key) => key.type), keys.map((key) => key.subjectId)],
  );
  return locked(registry, rows);
}

/** Of `runs`, also where they are no list, those whose command is still to be carried out: in a group, where several are under way, that of the step named. */
const RUNS_OF_STEP = `jsonb_path_query(runs, '$[*]') as run
  where run ->> 'status' = 'active' and run -> 'later' is null and coalesce(of_step, run ->> 'state') = run ->> 'state'`;

/**
 * A timer of a saga going forward has passed by the database's clock, on a version that is loaded: every other saga has no timers,
 * whatever its columns say. The deadline of a step stands still while its command waits on a paused queue, and that of a group while that of any of its steps does.
 */
const TIMER_IS_DUE = `(deadline_at <= statement_timestamp() or remind_at <= statement_timestamp()) and paused_at is null and status in ('RUNNING', 'RETRYING', 'WAITING')
  and (type, definition_version) in (select * from unnest($1::text[], $2::int[]))
  and not exists (select from jsonb_path_query(runs, '$[*].made.version') as made where (type, made #>> '{}') not in (select * from unnest($1::text[], $2::text[])))
  and not exists (
    select from queue_pause p join unnest($3::text[], $4::text[], $5::int[], $6::text[], $7::text[]) as step(queue, of_type, of_version, of_state, of_step) on step.queue = p.queue
    where (of_type, of_version, of_state) = (type, definition_version, state) and exists (select from ${RUNS_OF_STEP}))`;

/** Versions that are loaded, and the queue of every step's command with the state that it is sent in. */
function timed(registry: SagaRegistry): unknown[] {
  const { definitions } = registry;
  const steps = stepsOf(registry);
  return [definitions.map((one) => one.name), definitions.map((one) => one.version), steps.map((step) => step.queue), ...columnsOf(steps)];
}

interface StepOfSaga {
  readonly queue: string;
  readonly type: string;
  readonly version: number;
  /** The saga's, while the step is under way. */
  readonly state: string;
  /** Its name, where that is another one: in a group. */
  readonly step: string | null;
}

const columnsOf = (steps: readonly StepOfSaga[]): unknown[] => [
  steps.map(({ type }) => type),
  steps.map(({ version }) => version),
  steps.map(({ state }) => state),
  steps.map(({ step }) => step),
];

const stepsOf = (registry: SagaRegistry): StepOfSaga[] =>
  registry.definitions.flatMap(({ name, version, nodes }) =>
    [...nodes.values()].flatMap((node) =>
      node.kind === "step"
        ? [{ queue: queueOf(node.command.name), type: name, version, state: node.group ?? node.state, step: node.group === null ? null : node.state }]
        : [],
    ),
  );

/** Saga rows of loaded versions of which a timer has passed, locked; those that somebody else works on are left out. */
export async function lockDue(em: EntityManager, registry: SagaRegistry, limit: number): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where ${TIMER_IS_DUE} order by least(deadline_at, remind_at) limit $8 for update skip locked`,
    [...timed(registry), limit],
  );
  return locked(registry, rows);
}

/** Whether a timer of a loaded version has passed, or mail has come for a saga of one, by the database's clock. */
export async function findDue(em: EntityManager, registry: SagaRegistry): Promise<{ readonly timer: boolean; readonly mail: boolean }> {
  const [row] = await query<{ timer: boolean; mail: boolean }>(
    em,
    `select exists (select from saga where ${TIMER_IS_DUE}) as timer, exists (select from saga_mail) as mail`,
    timed(registry),
  );
  return row ?? { timer: false, mail: false };
}

/**
 * The steps that waited on a queue have as long as before, once it is resumed. Of a saga that is paused too, the part that its own
 * pause has covered so far is given back when that one ends, and not twice. @returns how many sagas there were
 */
export async function extendDeadlines(em: EntityManager, registry: SagaRegistry, queue: string, pausedAt: Date): Promise<number> {
  const rows = await query(
    em,
    `update saga set deadline_at = deadline_at + (greatest(since, coalesce(paused_at, clock_timestamp())) - since)
     from (
       select s.id as saga_id, min(greatest($5::timestamptz, (run ->> 'startedAt')::timestamptz, (run ->> 'deadlineSetAt')::timestamptz)) as since
       from (select id, type, definition_version, state, runs from saga
             where deadline_at is not null and status in ('RUNNING', 'RETRYING')
               and (type, definition_version, state) in (select * from unnest($1::text[], $2::int[], $3::text[])) order by id for update) s
       join unnest($1::text[], $2::int[], $3::text[], $4::text[]) as step(of_type, of_version, of_state, of_step)
         on (of_type, of_version, of_state) = (type, definition_version, state)
       cross join lateral (select run from ${RUNS_OF_STEP}) waits
       group by s.id
     ) waited where id = saga_id
     returning 1`,
    [...columnsOf(stepsOf(registry).filter((step) => step.queue === queue)), pausedAt],
  );
  return rows.length;
}

/** Since when queues are paused, by name. */
export async function readQueuePauses(em: EntityManager): Promise<ReadonlyMap<string, Date>> {
  const rows = await query<{ queue: string; paused_at: Instant }>(em, "select queue, paused_at from queue_pause");
  return new Map(rows.map((row) => [row.queue, toDate(row.paused_at)]));
}

/** Saga rows of these ids as they are, without a lock. */
export async function readById(em: EntityManager, registry: SagaRegistry, ids: readonly string[]): Promise<Locked> {
  const rows = await query<SagaRow & { now: Instant }>(em, `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where id = any($1::uuid[])`, [ids]);
  return locked(registry, rows);
}

/** Saga rows of one version that have not ended and fulfil the conditions, by id after `after`; `lock`: until the transaction ends. */
export async function readOfVersion(
  em: EntityManager,
  registry: SagaRegistry,
  of: { readonly type: string; readonly version: number; readonly filter: Conditions; readonly after: string | null; readonly limit: number },
  lock: boolean,
): Promise<Locked & { readonly ids: readonly string[] }> {
  const { where, parameters } = of.filter;
  const given = [...parameters, of.type, of.version, of.after, of.limit];
  const [type, version, after, limit] = [4, 3, 2, 1].map((back) => `$${given.length - back + 1}`);
  const own = [`type = ${type}`, `definition_version = ${version}`, "finished_at is null", `(${after}::uuid is null or id > ${after}::uuid)`];
  const rows = await query<SagaRow & { now: Instant }>(
    em,
    `select ${SAGA_COLUMNS}, clock_timestamp() as now from saga where ${[...where, ...own].join(" and ")} order by id limit ${limit} ${lock ? "for update" : ""}`,
    given,
  );
  return { ...locked(registry, rows), ids: rows.map(({ id }) => id) };
}

/** Conditions on the columns of saga with their parameters from $1 on. */
interface Conditions {
  readonly where: readonly string[];
  readonly parameters: readonly unknown[];
}

/** In SQL: a row of saga has ended and a later run of its key has undone its effects, or is undoing them. */
export const undoneSince = (row: string): string => `(${row}.finished_at is not null and exists (
  select from saga later where later.parent_run_id = ${row}.parent_run_id and later.run_number > ${row}.run_number and later.reason = 'UndoneWithParent'))`;

/** Of these sagas, those that have ended and whose effects a later run of their key has undone, or is undoing. */
export async function readUndoneSince(em: EntityManager, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await query<{ id: string }>(em, `select s.id from saga s where s.id = any($1::uuid[]) and ${undoneSince("s")}`, [ids]);
  return new Set(rows.map(({ id }) => id));
}

export async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await query<{ now: Instant }>(em, "select clock_timestamp() as now");
  if (row === undefined) throw new Defect("The database did not tell its time");
  return toDate(row.now);
}

/** An event for a saga that does not exist yet, or that this process cannot read. */
export interface Mail {
  readonly id: string;
  readonly type: string;
  readonly subject_id: string;
  readonly name: string;
  /** JSON. */
  readonly payload: unknown;
  readonly run_id: string | null;
  readonly causation_id: string | null;
}

/** How long an event waits for its saga before it is an orphan. */
const KEEP_MAIL = "24 hours";

/** Keeps events by their business key. The same message is kept once. @returns the ids of those that are new */
export async function keepMail(em: EntityManager, mail: readonly Mail[]): Promise<ReadonlySet<string>> {
  const rows = await query<{ id: string }>(
    em,
    `insert into saga_mail (id, type, subject_id, name, payload, run_id, causation_id, keep_until)
     select id, type, subject_id, name, payload, run_id, causation_id, clock_timestamp() + interval '${KEEP_MAIL}' from jsonb_to_recordset($1::jsonb)
       as m(id uuid, type text, subject_id uuid, name text, payload jsonb, run_id uuid, causation_id uuid) on conflict (id) do nothing returning id`,
    [JSON.stringify(mail)],
  );
  return new Set(rows.map((row) => row.id));
}

/** Takes the mail of business keys, oldest first, and tells the database's time. */
export async function takeMail(
  em: EntityManager,
  keys: readonly { type: string; subjectId: string }[],
): Promise<{ readonly mail: Mail[]; readonly now: Date }> {
  const [row] = await query<{ now: Instant; mail: Mail[] | null }>(
    em,
    `with taken as (
       delete from saga_mail where (type, subject_id) in (select * from unnest($1::text[], $2::uuid[])) returning *
     )
     select clock_timestamp() as now, (select jsonb_agg(taken order by received_at, id) from taken) as mail`,
    [keys.map((key) => key.type), keys.map((key) => key.subjectId)],
  );
  if (row === undefined) throw new Defect("The database did not tell its time");
  return { mail: row.mail ?? [], now: toDate(row.now) };
}

/** Business keys with mail whose saga exists by now, on a version that is loaded. */
export async function findDeliverable(em: EntityManager, registry: SagaRegistry, limit: number): Promise<{ type: string; subjectId: string }[]> {
  return query(
    em,
    `select distinct m.type, m.subject_id as "subjectId" from saga_mail m join saga s on s.type = m.type and s.subject_id = m.subject_id
     where (s.type, s.definition_version) in (select * from unnest($1::text[], $2::int[])) limit $3`,
    [registry.definitions.map((one) => one.name), registry.definitions.map((one) => one.version), limit],
  );
}

/** Mail that no saga came for in time, or whose saga has ended on a version that nobody has loaded, becomes a dead letter: visible, and redrivable once its saga is there. */
export async function buryOrphans(em: EntityManager): Promise<void> {
  await query(
    em,
    `with orphan as (
       delete from saga_mail m where keep_until < statement_timestamp()
         and not exists (select from saga s where s.type = m.type and s.subject_id = m.subject_id and s.finished_at is null) returning *
     )
     insert into dead_letter (id, queue, message, run_id, saga_type, subject_id, payload, attempts, reason_code, reason_message, detail)
     select id, '${MAIL_QUEUE}', name, run_id, type, subject_id, payload, 0, 'NOT_FOUND', format('No %s has the key %s.', type, subject_id),
            format('Received at %s.', to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
     from orphan on conflict (id) do nothing`,
  );
}

/** Notes what an operator did to something else than a saga, whose history says it itself. */
export async function recordOperatorAction(
  em: EntityManager,
  action: { readonly actorId: string; readonly action: string; readonly target: string; readonly note: string | null; readonly data?: unknown },
): Promise<void> {
  await query(em, "insert into operator_action (id, actor_id, action, target, note, data) values ($1, $2, $3, $4, $5, $6)", [
    newId(),
    action.actorId,
    action.action,
    action.target,
    action.note,
    action.data === undefined ? null : JSON.stringify(action.data),
  ]);
}

/** An event that its saga cannot take, whose payload does not fit its contract or that answers what it may not, becomes a dead letter; its saga goes on. */
export async function buryMail(em: EntityManager, mail: Mail, problem: Error): Promise<void> {
  await query(
    em,
    `insert into dead_letter (id, queue, message, run_id, saga_type, subject_id, payload, attempts, reason_code, reason_message, detail)
     values ($1, '${MAIL_QUEUE}', $2, $3, $4, $5, $6, 0, 'INVALID', $7, $8) on conflict (id) do nothing`,
    [
      mail.id,
      mail.name,
      mail.run_id,
      mail.type,
      mail.subject_id,
      JSON.stringify(mail.payload),
      problem.message,
      (problem.stack ?? problem.message).slice(0, 4_000),
    ],
  );
}

/** What the dead letters of events name instead of a queue. */
export const MAIL_QUEUE = "saga-mail";

/** Inserts new sagas in the order of their keys, so that two who insert the same ones do not wait for each other. @returns the ids of those that were new; the others' keys have a saga of that run number already */
export async function insertSagas(em: EntityManager, registry: SagaRegistry, instances: readonly Instance[]): Promise<ReadonlySet<string>> {
  const fixed = ["id uuid", "type text", "subject_id uuid", "run_number int", "parent_run_id uuid", "started_at timestamptz"];
  const names = [...fixed.map((column) => column.split(" ")[0]), ...CHANGING.map(([name]) => name)].join(", ");
  const types = [...fixed, ...CHANGING.map(([name, type]) => `${name} ${type}`)].join(", ");
  const rows = await query<{ id: string }>(
    em,
    `insert into saga (${names})
     select ${[...fixed.map((column) => column.split(" ")[0]), ...CHANGING.map(([name]) => given(name))].join(", ")} from jsonb_to_recordset($1::jsonb) as i(${types})
     order by type, subject_id on conflict (type, subject_id, run_number) do nothing returning id`,
    [JSON.stringify(instances.map((instance) => ({ ...changing(registry, instance), ...birth(instance) })))],
  );
  return new Set(rows.map((row) => row.id));
}

const HISTORY_COLUMNS =
  "saga_id, sequence, kind, message, message_id, fate, from_state, to_state, status, summary, attempt, reason_code, reason_message, actor_id, data, begun_at, undone_state, step";

/** Saves changed sagas and appends their history and dead letters, in one statement. */
export async function saveSagas(
  em: EntityManager,
  registry: SagaRegistry,
  instances: readonly Instance[],
  history: readonly (HistoryRow & { readonly sagaId: string })[],
  deadLetters: readonly (DeadLetterToWrite & { readonly id: string; readonly sagaId: string; readonly queue: string })[],
): Promise<void> {
  const set = CHANGING.map(([name]) => `${name} = ${given(name)}`).join(", ");
  const types = CHANGING.map(([name, type]) => `${name} ${type}`).join(", ");
  await queryAhead(
    em,
    `with changed as (
       update saga s set ${set} from jsonb_to_recordset($1::jsonb) as i(id uuid, ${types}) where s.id = i.id
     ), buried as (
       insert into dead_letter (id, queue, message, saga_id, run_id, payload, attempts, reason_code, reason_message, detail)
       select id, queue, message, saga_id, run_id, payload, attempts, reason_code, reason_message, detail from jsonb_to_recordset($3::jsonb)
         as d(id uuid, queue text, message text, saga_id uuid, run_id uuid, payload jsonb, attempts int, reason_code text, reason_message text, detail text)
     )
     insert into saga_event (${HISTORY_COLUMNS}) select ${HISTORY_COLUMNS} from jsonb_to_recordset($2::jsonb)
       as h(saga_id uuid, sequence int, kind text, message text, message_id uuid, fate text, from_state text, to_state text, status text, summary text, attempt int,
            reason_code text, reason_message text, actor_id uuid, data jsonb, begun_at timestamptz, undone_state text, step text)`,
    [
      JSON.stringify(instances.map((instance) => ({ id: instance.id, ...changing(registry, instance) }))),
      JSON.stringify(history.map(eventRow)),
      JSON.stringify(deadLetters.map(deadLetterRow)),
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

/** A definition as it is stored: what it is made of without its functions, and the shapes of its commands. */
export interface StoredDefinition {
  readonly name: string;
  readonly version: number;
  readonly shapeHash: string;
  readonly shape: DefinitionShape;
}

/** Remembers definitions in full, so that histories can be read without their code. @returns what was stored before, by `name vN` */
export async function storeDefinitions(em: EntityManager, definitions: readonly StoredDefinition[]): Promise<Map<string, StoredDefinition>> {
  const rows = await query<StoredDefinition>(
    em,
    `with given as (
       select * from jsonb_to_recordset($1::jsonb) as g(name text, version int, "shapeHash" text, shape jsonb)
     ), added as (
       insert into saga_definition (name, version, shape_hash, shape) select name, version, "shapeHash", shape from given on conflict (name, version) do nothing
     )
     select d.name, d.version, d.shape_hash as "shapeHash", d.shape from saga_definition d join given g on g.name = d.name and g.version = d.version`,
    [JSON.stringify(definitions)],
  );
  return new Map(rows.map((row) => [`${row.name} v${row.version}`, row]));
}

/** Every stored version of these sagas, with how long ago it was stored first. */
export function readShapes(em: EntityManager, names: readonly string[]): Promise<(Omit<StoredDefinition, "shapeHash"> & { readonly ageMs: number })[]> {
  return query(
    em,
    `select name, version, shape, (extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as "ageMs" from saga_definition where name = any($1::text[])`,
    [names],
  );
}

/** Versions that are not loaded here with how many sagas live on each, or were moved from it and have not ended. */
export async function countUnloaded(em: EntityManager, { definitions }: SagaRegistry): Promise<{ saga: string; version: number; count: number }[]> {
  return query(
    em,
    `select type as saga, version, count(*)::int as count from saga cross join lateral (
       select definition_version as version union select made::int from jsonb_path_query(runs, ${MADE_BY}) as made
     ) needed where finished_at is null and (type, version) not in (select * from unnest($1::text[], $2::int[])) group by 1, 2 order by 1, 2`,
    [definitions.map(({ name }) => name), definitions.map(({ version }) => version)],
  );
}

/** Replaces what is stored of a definition by a shape that means the same to its sagas. */
export async function replaceDefinition(em: EntityManager, { name, version, shapeHash, shape }: StoredDefinition): Promise<void> {
  await query(em, "update saga_definition set shape_hash = $3, shape = $4 where name = $1 and version = $2", [name, version, shapeHash, JSON.stringify(shape)]);
}

/** One row that cannot be read must not keep the others from being read. */
function locked(registry: SagaRegistry, rows: readonly (SagaRow & { now: Instant })[]): Locked {
  const instances = new Map<string, Instance>();
  const unreadable = new Map<string, string>();
  const unreadableKeys = new Set<string>();
  const ended = new Map<string, EndedRun>();
  for (const row of rows) {
    try {
      instances.set(row.id, instanceOf(registry, row));
    } catch (error) {
      unreadable.set(row.id, error instanceof Error ? error.message : String(error));
      const key = subjectKey(row.type, row.subject_id);
      if (row.finished_at === null) unreadableKeys.add(key);
      else ended.set(key, { runNumber: row.run_number, heard: row.heard, state: row.state });
    }
  }
  return { instances, unreadable, unreadableKeys, ended, now: toDate(rows.at(-1)?.now ?? new Date(0)) };
}

export function instanceOf(registry: SagaRegistry, row: SagaRow): Instance {
  const definition = definitionOf(registry, row.type, row.definition_version);
  const saga = withoutData(row);
  const unloaded = saga.finishedAt === null ? findUnloaded(registry, saga) : undefined;
  if (unloaded !== undefined) definitionOf(registry, row.type, unloaded);
  const undeclared = undeclaredIn(definition, row.data as Data);
  return { ...saga, data: definition.data.decode(row.data, `${row.type}.data`), ...(Object.keys(undeclared).length > 0 && { undeclared }) };
}

/** What a process of a later release has stored under the same version, in optional fields that this one does not know. */
function undeclaredIn({ data: { fields = [] } }: Definition, stored: Data | null): Data {
  return Object.fromEntries(Object.entries(stored ?? {}).filter(([name]) => !fields.includes(name)));
}

/** Data as they are stored: what this process does not know stays as it was. */
function dataOf(definition: Definition, { data, undeclared }: Instance): unknown {
  const encoded = definition.data.encode(data) as Data;
  return undeclared === undefined ? encoded : { ...undeclaredIn(definition, undeclared), ...encoded };
}

/** What a row says without its definition. @throws {TypeError} its runs are no list of runs */
export const withoutData = (row: SagaRow): Omit<Instance, "data"> => ({
  id: row.id,
  type: row.type,
  version: row.definition_version,
  subjectId: row.subject_id,
  runNumber: row.run_number,
  parent:
    row.parent_id === null || row.parent_run_id === null
      ? null
      : { sagaId: row.parent_id, runId: row.parent_run_id, reportTo: row.report_to ?? row.parent_run_id },
  codeHash: row.code_hash,
  participants: row.participants,
  state: row.state,
  status: row.status,
  sequence: row.sequence,
  attempt: row.attempt,
  maxAttempts: row.max_attempts,
  nextAttemptAt: toDateOrNull(row.next_attempt_at),
  deadlineAt: toDateOrNull(row.deadline_at),
  remindAt: toDateOrNull(row.remind_at),
  pausedAt: toDateOrNull(row.paused_at),
  pausedBy: row.paused_by,
  pauseNote: row.pause_note,
  settledAt: toDateOrNull(row.settled_at),
  runs: runsOf(row),
  asides: row.asides,
  parked: row.parked,
  heard: row.heard,
  reason: row.reason,
  reasonCode: row.reason_code,
  reasonMessage: row.reason_message,
  reasonAt: toDateOrNull(row.reason_at),
  startedAt: toDate(row.started_at),
  updatedAt: toDate(row.updated_at),
  finishedAt: toDateOrNull(row.finished_at),
});

/** A run as it is stored; what most have the same of is left out. */
type StoredRun = Omit<Run, "startedAt" | "endedAt" | "nextAttemptAt" | "trouble" | "deadlineSetAt" | "reminderSetAt" | "attempts" | "undo"> & {
  readonly startedAt: string;
  readonly endedAt?: string | null;
  readonly attempts?: number;
  readonly undo?: UndoRun | null;
  readonly nextAttemptAt?: string | null;
  readonly trouble?: { readonly reasonCode?: string | null; readonly reasonMessage?: string | null; readonly reasonAt?: string | null };
  readonly deadlineSetAt?: string;
  readonly reminderSetAt?: string;
};

/** Runs are stored as JSON; their instants are text there. @throws {TypeError} they are no list of runs, e.g. after somebody changed them by hand */
export function runsOf({ runs }: Pick<SagaRow, "runs">): Run[] {
  if (!Array.isArray(runs)) throw new TypeError(`runs: expected a list, found ${JSON.stringify(runs)?.slice(0, 60)}`);
  return (runs as (StoredRun | null)[]).map((run, index) => {
    const startedAt = new Date(run?.startedAt ?? Number.NaN);
    const isMadeByVersion = run?.made === undefined || Number.isInteger(run.made?.version);
    const endedAt = run?.endedAt == null ? null : new Date(run.endedAt);
    if (
      typeof run?.id !== "string" ||
      typeof run.state !== "string" ||
      !isMadeByVersion ||
      Number.isNaN(startedAt.getTime()) ||
      Number.isNaN(endedAt?.getTime())
    )
      throw new TypeError(`runs[${index}]: expected a run, found ${JSON.stringify(run)?.slice(0, 60)}`);
    const { nextAttemptAt, deadlineSetAt, reminderSetAt, trouble, ...rest } = run;
    return {
      ...rest,
      attempts: rest.attempts ?? 1,
      undo: rest.undo ?? null,
      startedAt,
      endedAt,
      ...(nextAttemptAt == null ? {} : { nextAttemptAt: new Date(nextAttemptAt) }),
      ...(trouble === undefined ? {} : { trouble: { ...trouble, reasonAt: toDateOrNull(trouble.reasonAt ?? null) } }),
      ...(deadlineSetAt === undefined ? {} : { deadlineSetAt: new Date(deadlineSetAt) }),
      ...(reminderSetAt === undefined ? {} : { reminderSetAt: new Date(reminderSetAt) }),
    };
  });
}

const storedRun = ({ attempts, endedAt, undo, nextAttemptAt, ...rest }: Run): object => ({
  ...rest,
  ...(nextAttemptAt == null ? {} : { nextAttemptAt }),
  ...(attempts === 1 ? {} : { attempts }),
  ...(endedAt === null ? {} : { endedAt }),
  ...(undo === null ? {} : { undo }),
});

/** Of the version of a saga and those that it was moved from and may have to undo by, the first that this process has not loaded. */
export const findUnloaded = (registry: SagaRegistry, { type, version, runs }: Pick<Instance, "type" | "version" | "runs">): number | undefined =>
  [version, ...runs.flatMap(({ made }) => made?.version ?? [])].find((one) => registry.find(type, one) === undefined);

/** In SQL, of `runs`: the versions by which runs from before a migration were made; what is no number is none. */
export const MADE_BY = `'$[*].made.version ? (@.type() == "number")'`;

/** The same versions of a row of saga, as a JSON list, also where its runs are no list. */
export const VERSIONS = "to_jsonb(definition_version) || jsonb_path_query_array(runs, '$[*].made.version')";

export function definitionOf(registry: SagaRegistry, type: string, version: number): Definition {
  const definition = registry.find(type, version);
  if (definition === undefined)
    throw new Defect(
      `${type} v${version} is not loaded by this process; loaded are ${registry.definitions.map((one) => `${one.name} v${one.version}`).join(", ")}`,
    );
  return definition;
}

/** A row of saga, by column; what is left out is null, or an empty list. */
export const sagaRow = (registry: SagaRegistry, instance: Instance): Readonly<Record<string, unknown>> => ({
  ...birth(instance),
  ...changing(registry, instance),
});

const birth = (instance: Instance): object => ({
  id: instance.id,
  type: instance.type,
  subject_id: instance.subjectId,
  run_number: instance.runNumber,
  parent_run_id: instance.parent?.runId,
  started_at: instance.startedAt,
});

/** A column out of the JSON of a row, where most of the time most have nothing to say and are left out. */
const given = (column: string): string => (LISTS.includes(column) ? `coalesce(i.${column}, '[]')` : `i.${column}`);
const LISTS = ["asides", "parked", "heard"];
const orNothing = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);

const changing = (registry: SagaRegistry, instance: Instance): object => ({
  definition_version: instance.version,
  state: instance.state,
  status: instance.status,
  sequence: instance.sequence,
  attempt: instance.attempt,
  max_attempts: instance.maxAttempts,
  next_attempt_at: instance.nextAttemptAt ?? undefined,
  deadline_at: instance.deadlineAt ?? undefined,
  remind_at: instance.remindAt ?? undefined,
  paused_at: instance.pausedAt ?? undefined,
  paused_by: instance.pausedBy ?? undefined,
  pause_note: instance.pauseNote ?? undefined,
  settled_at: instance.settledAt ?? undefined,
  parent_id: instance.parent?.sagaId,
  report_to: instance.parent?.reportTo,
  participants: instance.participants,
  data: dataOf(definitionOf(registry, instance.type, instance.version), instance),
  runs: instance.runs.map(storedRun),
  asides: orNothing(instance.asides),
  parked: orNothing(instance.parked),
  heard: orNothing(instance.heard),
  code_hash: instance.codeHash ?? undefined,
  reason: instance.reason ?? undefined,
  reason_code: instance.reasonCode ?? undefined,
  reason_message: instance.reasonMessage ?? undefined,
  reason_at: instance.reasonAt ?? undefined,
  updated_at: instance.updatedAt,
  finished_at: instance.finishedAt ?? undefined,
});

/** A row of saga_event, by column; what is left out is null. */
export const eventRow = (row: HistoryRow & { readonly sagaId: string }): object => ({
  saga_id: row.sagaId,
  sequence: row.sequence,
  kind: row.kind,
  message: row.message ?? undefined,
  message_id: row.messageId ?? undefined,
  fate: row.fate ?? undefined,
  from_state: row.fromState,
  to_state: row.toState,
  status: row.status,
  summary: row.summary,
  attempt: row.attempt ?? undefined,
  reason_code: row.reasonCode ?? undefined,
  reason_message: row.reasonMessage ?? undefined,
  actor_id: row.actorId ?? undefined,
  data: row.data ?? undefined,
  begun_at: row.begunAt ?? undefined,
  undone_state: row.undoneState ?? undefined,
  step: row.step ?? undefined,
});

/** A row of dead_letter, by column. */
export const deadLetterRow = (letter: DeadLetterToWrite & { readonly id: string; readonly sagaId: string; readonly queue: string }): object => ({
  id: letter.id,
  queue: letter.queue,
  message: letter.command.name,
  saga_id: letter.sagaId,
  run_id: letter.runId,
  payload: letter.command.schema.encode(letter.payload),
  attempts: letter.attempts,
  reason_code: letter.reasonCode,
  reason_message: letter.reasonMessage,
  detail: letter.detail,
});
