import type { EntityManager } from "@mikro-orm/postgresql";
import { deadLettersOfSagas, findDeadLetters, readQueueHistory, type QueueHistoryRequest } from "../../outbox/index.ts";
import { byId, byRequest } from "../batch.ts";
import type { LoaderParts } from "../loaders.ts";

export const operationLoaders = (em: EntityManager, { explainer, registry }: LoaderParts) => ({
  explanation: byId((sagaIds) => explainer.explain(em, registry, sagaIds)),
  deadLetter: byId((ids) => findDeadLetters(em, ids)),
  deadLettersOfSaga: byId((sagaIds) => deadLettersOfSagas(em, sagaIds)),
  queueHistory: byRequest((requests: readonly QueueHistoryRequest[]) => readQueueHistory(em, requests)),
});
