/** A page of a list of the API. */
interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
}

/** What the API gives at once. */
const mostOfPage = 100;

/** The first `limit` of a list, page by page. */
export async function readPages<Node>(limit: number, read: (page: { first: number; after: string | null }) => Promise<Connection<Node>>): Promise<Node[]> {
  const nodes: Node[] = [];
  let after: string | null = null;
  do {
    const page = await read({ first: Math.min(mostOfPage, limit - nodes.length), after });
    nodes.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
  } while (after !== null && nodes.length < limit);
  return nodes;
}
