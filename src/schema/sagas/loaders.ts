import DataLoader from "dataloader";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { SagaReader, SagaView } from "../../sagas/engine/index.ts";
import { byId, byRequest } from "../batch.ts";

interface Subject {
  /** The saga's type as it is stored. */
  readonly type: string;
  readonly id: string;
}

export const sagaLoaders = (em: EntityManager, sagas: SagaReader) => ({
  saga: byId((ids) => sagas.findById(em, ids)),
  sagaOfSubject: new DataLoader<Subject, SagaView | null, string>(
    async (subjects) => {
      const idsByType = Map.groupBy(subjects, (subject) => subject.type);
      const found = await Promise.all(
        [...idsByType].map(async ([type, ofType]) => {
          const bySubject = await sagas.findBySubject(
            em,
            type,
            ofType.map(({ id }) => id),
          );
          return [type, bySubject] as const;
        }),
      );
      const byType = new Map(found);
      return subjects.map(({ type, id }) => byType.get(type)?.get(id) ?? null);
    },
    { cacheKeyFn: ({ type, id }) => `${type}:${id}` },
  ),
  sagaEvents: byRequest((requests: readonly { readonly sagaId: string; readonly afterSequence: number; readonly first: number }[]) =>
    sagas.events(em, requests),
  ),
});
