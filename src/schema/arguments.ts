import { Defect, InvalidRequest } from "../kernel/errors.ts";
import { isId } from "../kernel/ids.ts";

/** @throws {InvalidRequest} BAD_USER_INPUT when one that is given is no id of this API */
export function requireIds(ids: Readonly<Record<string, string | readonly string[] | null | undefined>>): void {
  for (const [name, given] of Object.entries(ids)) {
    for (const id of [given ?? []].flat()) {
      if (!isId(id)) throw new InvalidRequest("BAD_USER_INPUT", `${name} is a UUID, not ${JSON.stringify(String(id).slice(0, 60))}`);
    }
  }
}

/** Loads what a foreign key names, so that it has to be there. */
export async function getById<T>(loader: { load(id: string): Promise<T | null> }, id: string, what: string): Promise<T> {
  const found = await loader.load(id);
  if (found === null) throw new Defect(`There is no ${what} ${id}, though another row names it`);
  return found;
}
