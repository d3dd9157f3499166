import type { EntityManager } from "@mikro-orm/postgresql";
import { Transient } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { announce, handleAll, later, occur, published, query, type AnyParticipant, type Envelope, type Published } from "../../outbox/index.ts";
import { startOf, type Definition } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { effectsThatStay, toldRemains } from "./remains.ts";
import { definitionOf, readById, VERSIONS } from "./store.ts";
import { subSagaContracts, type SubSagaContracts, type SubSagaEnd } from "./sub-saga.ts";

/**
 * The participants that begin, undo and report the sagas that others begin: three for each such saga that is registered. They go with
 * those of the program. Each locks all the sagas of a batch at once, in the order of their ids; where it locks those that began the
 * others too, it locks them first. So none of them waits for one that waits for it.
 */
export const subSagaParticipants = (registry: SagaRegistry): AnyParticipant[] =>
  registry.subSagas().flatMap((definition) => {
    const contracts = subSagaContracts(definition);
    return [begin(definition, contracts), undo(registry, contracts), report(contracts)];
  });

const begin = (definition: Definition, { begin: contract, refused }: SubSagaContracts): AnyParticipant =>
  handleAll(contract, async (em, commands) => {
    const events = commands.map(({ payload, sagaId, runId }): Published => ({
      ...published({ contract: startOf(definition).event, payload: payload.start }),
      ...(sagaId === null ? {} : { begunBy: { sagaId, runId } }),
    }));
    const receipts = await announce(em, events);
    return receipts.map(({ fate, reason }) => (fate === "started" ? later() : occur(refused, { why: reason ?? `It was ${fate}.` })));
  });

/** What has ended with nothing left of it, or was never begun, is undone already. */
const undo = (registry: SagaRegistry, { undo: contract, undone, undoAsked }: SubSagaContracts): AnyParticipant =>
  handleAll(contract, async (em, commands) => {
    const begun = await findBegun(
      em,
      commands.map(({ payload }) => payload.stepRunId),
    );
    const asked = commands.flatMap(({ payload, sagaId, runId }): Published[] => {
      const saga = begun.get(payload.stepRunId);
      if (saga === undefined || sagaId === null) return [];
      return [{ ...published({ contract: undoAsked, payload: {} }), undoes: { ...saga, by: sagaId, reportTo: runId } }];
    });
    const receipts = await announce(em, asked);
    const ofRun = new Map(asked.map(({ undoes }, index) => [undoes?.reportTo, receipts[index]]));
    const idle = asked.flatMap(({ undoes }, index) => (undoes !== undefined && receipts[index]?.fate === "noted" ? [undoes.sagaId] : []));
    const remains = await readRemains(em, registry, idle);
    return commands.map(({ payload, runId }) => {
      const { fate, reason } = ofRun.get(runId) ?? { fate: "noted" };
      if (fate === "orphan" || fate === "refused") throw new Transient(reason ?? `It was ${fate}.`);
      return fate === "noted" ? occur(undone, remains.get(begun.get(payload.stepRunId)?.sagaId ?? "") ?? {}) : later();
    });
  });

/** What stays of sagas whose undo has nothing to do, locked by this transaction. */
async function readRemains(em: EntityManager, registry: SagaRegistry, ids: readonly string[]): Promise<ReadonlyMap<string, Pick<SubSagaEnd, "remains">>> {
  if (ids.length === 0) return new Map();
  const { instances } = await readById(em, registry, ids);
  return new Map(
    [...instances].map(([id, instance]) => [id, toldRemains(instance, effectsThatStay(definitionOf(registry, instance.type, instance.version), instance))]),
  );
}

/** The latest saga that each of these runs has begun, by the run. */
async function findBegun(em: EntityManager, runIds: readonly string[]): Promise<ReadonlyMap<string, { sagaId: string; type: string; subjectId: string }>> {
  const rows = await query<{ runId: string; sagaId: string; type: string; subjectId: string }>(
    em,
    `select distinct on (parent_run_id) parent_run_id as "runId", id as "sagaId", type, subject_id as "subjectId"
     from saga where parent_run_id = any($1::uuid[]) order by parent_run_id, run_number desc`,
    [runIds],
  );
  return new Map(rows.map(({ runId, ...saga }) => [runId, saga]));
}

/** Whoever has begun it may run on another version than this process knows, and hears of every end. */
const report = ({ report: contract, anyEnd, reported }: SubSagaContracts): AnyParticipant =>
  handleAll(contract, async (em, commands) => {
    const events = commands.map(({ payload: { parentId, runId, ...end }, messageId }): Published => ({
      id: newId(),
      contract: anyEnd,
      payload: end,
      correlationId: parentId,
      causationId: messageId,
      replyTo: { runId, attempt: 0 },
    }));
    const receipts = await announce(em, events);
    const untold = events.flatMap(({ correlationId }, index) => (receipts[index]?.fate === "orphan" ? [correlationId] : []));
    const [parent] =
      untold.length === 0 ? [] : await query<{ id: string }>(em, "select id from saga where id = any($1::uuid[]) and finished_at is null limit 1", [untold]);
    if (parent !== undefined) throw new Transient(`The saga ${parent.id}, which waits for it, runs on a version that this process has not loaded.`);
    return commands.map(() => occur(reported, {}));
  });

/**
 * Of these commands, those about sagas on versions that this process has not loaded, with why: the report of an end to whoever waits for it,
 * and the undo of what a sub-saga has done. They wait for a process that has them, without a failed attempt.
 */
export async function findElsewhere(em: EntityManager, registry: SagaRegistry, commands: readonly Envelope[]): Promise<ReadonlyMap<string, string>> {
  const contracts = registry.subSagas().map(subSagaContracts);
  const [reports, undos] = [new Set(contracts.map(({ report }) => report.name)), new Set(contracts.map(({ undo }) => undo.name))];
  const idIn = (payload: unknown, field: string): string[] => {
    const id = (payload as Readonly<Record<string, unknown>> | null)?.[field];
    return isId(id) ? [id] : [];
  };
  const parents = commands.flatMap(({ id, name, payload }) => (reports.has(name) ? idIn(payload, "parentId").map((parent) => ({ id, parent })) : []));
  const undone = commands.flatMap(({ id, name, payload }) => (undos.has(name) ? idIn(payload, "stepRunId").map((run) => ({ id, run })) : []));
  if (parents.length === 0 && undone.length === 0) return new Map();
  const rows = await query<{ id: string; type: string; versions: readonly number[]; role: string }>(
    em,
    `select c.id, s.type, ${VERSIONS} as versions, 'which is told of the end' as role
     from jsonb_to_recordset($1::jsonb) as c(id uuid, parent uuid) join saga s on s.id = c.parent where s.finished_at is null
     union all
     select c.id, s.type, ${VERSIONS}, 'by which it did what is undone' from jsonb_to_recordset($2::jsonb) as c(id uuid, run uuid)
     cross join lateral (select * from saga where parent_run_id = c.run order by run_number desc limit 1) s`,
    [JSON.stringify(parents), JSON.stringify(undone)],
  );
  return new Map(
    rows.flatMap(({ id, type, versions, role }) => {
      const version = versions.find((one) => registry.find(type, one) === undefined);
      return version === undefined ? [] : [[id, `${type} v${version}, ${role}, is not loaded`] as const];
    }),
  );
}
