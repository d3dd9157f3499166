import type { EntityManager } from "@mikro-orm/postgresql";
import { deadLettersOfSagas, findDeadLetters } from "../../outbox/index.ts";
import { byId } from "../batch.ts";
import type { LoaderParts } from "../loaders.ts";

export const operationLoaders = (em: EntityManager, { explainer, registry }: LoaderParts) => ({
  explanation: byId((sagaIds) => explainer.explain(em, registry, sagaIds)),
  deadLetter: byId((ids) => findDeadLetters(em, ids)),
  deadLettersOfSaga: byId((sagaIds) => deadLettersOfSagas(em, sagaIds)),
});
