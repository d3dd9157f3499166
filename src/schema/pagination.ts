import { type ClassType, Field, ObjectType } from "type-graphql";
import type { Page, PageRequest } from "../domain/page.ts";
import { InvalidRequest } from "../kernel/errors.ts";
import { isId } from "../kernel/ids.ts";

export const MAX_PAGE_SIZE = 100;

/**
 * Checks a connection's arguments and opens its cursor.
 *
 * @throws {InvalidRequest} BAD_USER_INPUT when `first` is not 1..100, CURSOR_INVALID when `after` did not come from this list
 */
export function pageRequest(list: string, first: number, after: string | null | undefined): PageRequest {
  return { first: checkedFirst(first, MAX_PAGE_SIZE), after: after == null ? null : openCursor(list, after) };
}

/** @throws {InvalidRequest} BAD_USER_INPUT when `first` is not 1..max */
export function checkedFirst(first: number, max: number): number {
  if (first < 1 || first > max) throw new InvalidRequest("BAD_USER_INPUT", `first is 1..${max}, not ${first}`);
  return first;
}

/** Cursors name their list, so that one of another list is refused instead of compared with the wrong columns. */
export const sealCursor = (list: string, keyset: string): string => Buffer.from(`${list}:${keyset}`, "utf8").toString("base64url");

export function openCursor(list: string, cursor: string): string {
  const text = cursor.length <= 500 ? Buffer.from(cursor, "base64url").toString("utf8") : "";
  const keyset = text.slice(list.length + 1);
  if (!text.startsWith(`${list}:`) || !isKeyset(keyset))
    throw new InvalidRequest("CURSOR_INVALID", `This is no cursor of the list ${list}; start again without one`);
  return keyset;
}

/** An id, or an instant and an id: anything else would get as far as the database and fail there. */
function isKeyset(text: string): boolean {
  const [id, instant, ...rest] = text.split(" ").toReversed();
  return rest.length === 0 && isId(id) && (instant === undefined || isInstant(instant));
}

/** As `to_char` writes it for cursors, and a day that exists. */
function isInstant(text: string): boolean {
  if (!/^[1-9]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(text)) return false;
  const time = new Date(`${text.slice(0, 23)}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text.slice(0, 19));
}

@ObjectType({ description: "Where a page lies in its list." })
export class PageInfo {
  @Field(() => Boolean, { description: "More follows after endCursor." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "Lists are read forwards; true when the page does not start at the beginning." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: "Cursor of the first edge; null on an empty page." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Pass as `after` for the next page; null on an empty page." })
  endCursor!: string | null;
}

interface Edge<N> {
  readonly cursor: string;
  readonly node: N;
}

export interface Connection<N> {
  readonly edges: readonly Edge<N>[];
  readonly nodes: readonly N[];
  readonly pageInfo: PageInfo;
}

/** Declares the types NConnection and NEdge for a node type. */
export function connectionOf<N extends object>(node: ClassType<N>, name: string): ClassType<Connection<N>> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a list, with its place.` })
  class NodeEdge implements Edge<N> {
    @Field(() => String, { description: "Opaque place in the list; pass as `after`." })
    cursor!: string;

    @Field(() => node, { description: "The item itself." })
    node!: N;
  }

  @ObjectType(`${name}Connection`, { description: `One page of a list of ${name}.` })
  class NodeConnection implements Connection<N> {
    @Field(() => [NodeEdge], { description: "Items with their cursors." })
    edges!: Edge<N>[];

    @Field(() => [node], { description: "The same items without cursors." })
    nodes!: N[];

    @Field(() => PageInfo, { description: "Where this page lies." })
    pageInfo!: PageInfo;
  }
  return NodeConnection;
}

/** A page of rows as a connection of GraphQL objects. */
export function toConnection<R, N>(list: string, request: PageRequest, page: Page<R>, toNode: (row: R) => N): Connection<N> {
  const edges = page.nodes.map((row, index) => ({ cursor: sealCursor(list, page.cursors[index] ?? ""), node: toNode(row) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: request.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
