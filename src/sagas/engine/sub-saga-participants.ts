import type { EntityManager } from "@mikro-orm/postgresql";
import { Transient } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { announce, handle, later, occur, published, query, type AnyParticipant, type Published, type Receipt } from "../../outbox/index.ts";
import { startOf, type Definition } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { subSagaContracts, type SubSagaContracts } from "./sub-saga.ts";

/**
 * The participants that begin, undo and report the sagas that others begin: three for each such saga that is registered. They go with
 * those of the program. Where both rows are locked by one transaction, that of the saga that began the other is locked first.
 */
export const subSagaParticipants = (registry: SagaRegistry): AnyParticipant[] =>
  registry.subSagas().flatMap((definition) => {
    const contracts = subSagaContracts(definition);
    return [begin(definition, contracts), undo(contracts), report(contracts)];
  });

const begin = (definition: Definition, { begin: contract, refused }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload, sagaId, runId }) => {
    const event = { contract: startOf(definition).event, payload: payload.start };
    const { fate, reason } = await say(em, { ...published(event), ...(sagaId === null ? {} : { begunBy: { sagaId, runId } }) });
    return fate === "started" ? later() : occur(refused, { why: reason ?? `It was ${fate}.` });
  });

/** What has ended with nothing left of it, or was never begun, is undone already. */
const undo = ({ undo: contract, undone, undoAsked }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload, sagaId, runId }) => {
    const [begun] = await query<{ sagaId: string; type: string; subjectId: string }>(
      em,
      `select id as "sagaId", type, subject_id as "subjectId" from saga where parent_run_id = $1 order by run_number desc limit 1`,
      [payload.stepRunId],
    );
    if (begun === undefined || sagaId === null) return occur(undone, {});
    const { fate, reason } = await say(em, { ...published({ contract: undoAsked, payload: {} }), undoes: { ...begun, by: sagaId, reportTo: runId } });
    if (fate === "noted") return occur(undone, {});
    if (fate === "orphan" || fate === "refused") throw new Transient(reason ?? `It was ${fate}.`);
    return later();
  });

const report = ({ report: contract, ended, reported }: SubSagaContracts): AnyParticipant =>
  handle(contract, async (em, { payload: { parentId, runId, final, data }, messageId }) => {
    const event: Published = {
      id: newId(),
      contract: ended,
      payload: { final, data },
      correlationId: parentId,
      causationId: messageId,
      replyTo: { runId, attempt: 0 },
    };
    const { fate } = await say(em, event);
    const [parent] = fate === "orphan" ? await query(em, "select from saga where id = $1", [parentId]) : [];
    if (parent !== undefined) throw new Transient(`The saga ${parentId}, which waits for it, runs on a version that this process has not loaded.`);
    return occur(reported, {});
  });

async function say(em: EntityManager, event: Published): Promise<Receipt> {
  const [receipt] = await announce(em, [event]);
  if (receipt === undefined) throw new Error(`${event.contract.name} got no receipt`);
  return receipt;
}
