import DataLoader from "dataloader";
import { isId } from "../kernel/ids.ts";

/** Loads by id; an id that does not exist, or is none, is null. Ids that are no UUIDs never get as far as the database. */
export function byId<T>(find: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>): DataLoader<string, T | null> {
  return new DataLoader(async (ids) => {
    const known = ids.filter(isId);
    const found = known.length === 0 ? new Map<string, T>() : await find(known);
    return ids.map((id) => found.get(id.toLowerCase()) ?? null);
  });
}

/** Answers many requests of one kind by one call; equal requests are asked once. */
export function byRequest<R, T>(answer: (requests: readonly R[]) => Promise<readonly T[]>): DataLoader<R, T, string> {
  return new DataLoader<R, T, string>(answer, { cacheKeyFn: (request) => JSON.stringify(request) });
}
