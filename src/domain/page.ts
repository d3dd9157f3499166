import { InvalidRequest } from "../kernel/errors.ts";
import { isId } from "../kernel/ids.ts";

/** A forward page: at most `first` rows (1 or more) after the row that `after` names; null starts at the beginning. */
export interface PageRequest {
  readonly first: number;
  /** One of the `cursors` of an earlier page of the same list. */
  readonly after: string | null;
}

export interface Page<T> {
  readonly nodes: readonly T[];
  /** One per node, in the same order: the id of the row, from which the database finds the sort key again to the microsecond. */
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
}

/** Makes a page of rows that were asked for with `limit first + 1`: the extra row only tells that there is more. */
export function pageOf<T extends { readonly id: string }>(rows: readonly T[], first: number): Page<T> {
  const nodes = rows.slice(0, first);
  return { nodes, cursors: nodes.map((node) => node.id), hasNextPage: rows.length > first };
}

/** @throws {InvalidRequest} CURSOR_INVALID when `after` was not made by a list of this kind */
export function requireCursor(after: string | null): string | null {
  if (after !== null && !isId(after)) throw new InvalidRequest("CURSOR_INVALID", "The cursor after was not given out by this list; start again without it");
  return after;
}
