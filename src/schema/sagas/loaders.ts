import DataLoader from "dataloader";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { Diagram, SagaReader, SagaView } from "../../sagas/engine/index.ts";
import { byId, byRequest } from "../batch.ts";

interface Subject {
  /** The saga's type as it is stored. */
  readonly type: string;
  readonly id: string;
}

interface Version {
  readonly type: string;
  readonly version: number;
}

export const sagaLoaders = (em: EntityManager, sagas: SagaReader) => ({
  saga: byId((ids) => sagas.findById(em, ids)),
  subSagas: byRequest(async (ids: readonly string[]) => {
    const found = await sagas.findSubSagas(em, ids);
    return ids.map((id) => found.get(id) ?? []);
  }),
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
  sagaDefinition: new DataLoader<Version, Diagram | null, string>(
    async (versions) => {
      const definitions = await sagas.definitions(em);
      return versions.map(({ type, version }) => definitions.find((one) => one.type === type && one.version === version) ?? null);
    },
    { cacheKeyFn: ({ type, version }) => `${type}:${version}` },
  ),
  sagaEvents: byRequest((requests: readonly { readonly sagaId: string; readonly afterSequence: number; readonly first: number }[]) =>
    sagas.events(em, requests),
  ),
});
