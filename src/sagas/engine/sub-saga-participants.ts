import type { EntityManager } from "@mikro-orm/postgresql";
import { Transient } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { announce, handle, later, occur, published, query, type AnyParticipant, type Envelope, type Published, type Receipt } from "../../outbox/index.ts";
import { startOf, type Definition } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { effectsThatStay, toldRemains } from "./remains.ts";
import { definitionOf, readById } from "./store.ts";
import { subSagaContracts, type SubSagaContracts, type SubSagaEnd } from "./sub-saga.ts";

/**
 * The participants that begin, undo and report the sagas that others begin: three for each such saga that is registered. They go with
 * those of the program. Where both rows are locked by one transaction, that of the saga that began the other is locked first.
 */
export const subSagaParticipants = (registry: SagaRegistry): AnyParticipant[] =>
  registry.subSagas().flatMap((definition) => {
    const contracts = subSagaContracts(definition);
    return [begin(definition, contracts), undo(registry, contracts), report(contracts)];
  });

const begin = (definition: Definition, { begin: contract, refused }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload, sagaId, runId }) => {
    const event = { contract: startOf(definition).event, payload: payload.start };
    const { fate, reason } = await say(em, { ...published(event), ...(sagaId === null ? {} : { begunBy: { sagaId, runId } }) });
    return fate === "started" ? later() : occur(refused, { why: reason ?? `It was ${fate}.` });
  });

/** What has ended with nothing left of it, or was never begun, is undone already. */
const undo = (registry: SagaRegistry, { undo: contract, undone, undoAsked }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload, sagaId, runId }) => {
    const [begun] = await query<{ sagaId: string; type: string; subjectId: string }>(
      em,
      `select id as "sagaId", type, subject_id as "subjectId" from saga where parent_run_id = $1 order by run_number desc limit 1`,
      [payload.stepRunId],
    );
    if (begun === undefined || sagaId === null) return occur(undone, {});
    const { fate, reason } = await say(em, { ...published({ contract: undoAsked, payload: {} }), undoes: { ...begun, by: sagaId, reportTo: runId } });
    if (fate === "noted") return occur(undone, await readRemains(em, registry, begun.sagaId));
    if (fate === "orphan" || fate === "refused") throw new Transient(reason ?? `It was ${fate}.`);
    return later();
  });

/** What stays of a saga whose undo has nothing to do, locked by this transaction. */
async function readRemains(em: EntityManager, registry: SagaRegistry, id: string): Promise<Pick<SubSagaEnd, "remains">> {
  const instance = (await readById(em, registry, [id])).instances.get(id);
  return instance === undefined ? {} : toldRemains(instance, effectsThatStay(definitionOf(registry, instance.type, instance.version), instance));
}

/** Whoever has begun it may run on another version than this process knows, and hears of every end. */
const report = ({ report: contract, anyEnd, reported }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload: { parentId, runId, ...end }, messageId }) => {
    const event: Published = {
      id: newId(),
      contract: anyEnd,
      payload: end,
      correlationId: parentId,
      causationId: messageId,
      replyTo: { runId, attempt: 0 },
    };
    const { fate } = await say(em, event);
    const [parent] = fate === "orphan" ? await query(em, "select from saga where id = $1 and finished_at is null", [parentId]) : [];
    if (parent !== undefined) throw new Transient(`The saga ${parentId}, which waits for it, runs on a version that this process has not loaded.`);
    return occur(reported, {});
  });

/**
 * Of these commands, those that report an end to a saga on a version that this process has not loaded, with why: they wait for a process that
 * has it, without a failed attempt.
 */
export async function findReportsElsewhere(em: EntityManager, registry: SagaRegistry, commands: readonly Envelope[]): Promise<ReadonlyMap<string, string>> {
  const reports = new Set(registry.subSagas().map((definition) => subSagaContracts(definition).report.name));
  const parents = commands.flatMap(({ id, name, payload }) => {
    const parentId = reports.has(name) ? (payload as { readonly parentId?: unknown } | null)?.parentId : undefined;
    return isId(parentId) ? [{ id, parent: parentId }] : [];
  });
  if (parents.length === 0) return new Map();
  const rows = await query<{ id: string; type: string; version: number }>(
    em,
    `select c.id, s.type, s.definition_version as version from jsonb_to_recordset($1::jsonb) as c(id uuid, parent uuid) join saga s on s.id = c.parent
     where s.finished_at is null`,
    [JSON.stringify(parents)],
  );
  const elsewhere = rows.filter(({ type, version }) => registry.find(type, version) === undefined);
  return new Map(elsewhere.map(({ id, type, version }) => [id, `${type} v${version}, which is told of the end, is not loaded`]));
}

async function say(em: EntityManager, event: Published): Promise<Receipt> {
  const [receipt] = await announce(em, [event]);
  if (receipt === undefined) throw new Error(`${event.contract.name} got no receipt`);
  return receipt;
}
