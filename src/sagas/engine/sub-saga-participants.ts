import type { EntityManager } from "@mikro-orm/postgresql";
import { Transient } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { announce, handleAll, later, occur, published, query, type AnyParticipant, type Published } from "../../outbox/index.ts";
import { startOf, type Definition } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { subSagaContracts, type SubSagaContracts } from "./sub-saga.ts";

/**
 * The participants that begin, undo and report the sagas that others begin: three for each such saga that is registered. They go with
 * those of the program. Each locks all the sagas of a batch at once, in the order of their ids; where it locks those that began the
 * others too, it locks them first. So none of them waits for one that waits for it.
 */
export const subSagaParticipants = (registry: SagaRegistry): AnyParticipant[] =>
  registry.subSagas().flatMap((definition) => {
    const contracts = subSagaContracts(definition);
    return [begin(definition, contracts), undo(contracts), report(contracts)];
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
const undo = ({ undo: contract, undone, undoAsked }: SubSagaContracts): AnyParticipant =>
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
    return commands.map(({ runId }) => {
      const { fate, reason } = ofRun.get(runId) ?? { fate: "noted" };
      if (fate === "orphan" || fate === "refused") throw new Transient(reason ?? `It was ${fate}.`);
      return fate === "noted" ? occur(undone, {}) : later();
    });
  });

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

const report = ({ report: contract, ended, reported }: SubSagaContracts): AnyParticipant =>
  handleAll(contract, async (em, commands) => {
    const events = commands.map(({ payload: { parentId, runId, final, data }, messageId }): Published => ({
      id: newId(),
      contract: ended,
      payload: { final, data },
      correlationId: parentId,
      causationId: messageId,
      replyTo: { runId, attempt: 0 },
    }));
    const receipts = await announce(em, events);
    const untold = events.flatMap(({ correlationId }, index) => (receipts[index]?.fate === "orphan" ? [correlationId] : []));
    const [parent] = untold.length === 0 ? [] : await query<{ id: string }>(em, "select id from saga where id = any($1::uuid[]) limit 1", [untold]);
    if (parent !== undefined) throw new Transient(`The saga ${parent.id}, which waits for it, runs on a version that this process has not loaded.`);
    return commands.map(() => occur(reported, {}));
  });
