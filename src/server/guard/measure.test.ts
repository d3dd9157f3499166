import { buildSchema, getOperationAST, getVariableValues, GraphQLError, parse } from "graphql";
import { loadConfig } from "../../config.ts";
import { measureOperation } from "./measure.ts";

const limits = loadConfig({});
const schema = buildSchema(`
  type Query { item: Item items(first: Int! = 20): ItemConnection plain: [Item!]! }
  type Mutation { act: Item once: Item }
  type Item { id: ID! tags: [String!]! url: String item: Item items(first: Int = 20): ItemConnection plain: [Item!] }
  type ItemConnection { nodes: [Item!]! edges: [Edge!]! }
  type Edge { node: Item! }
`);
const extend = (type: "Mutation" | "Item", field: string, extensions: Record<string, unknown>) => {
  const named = schema.getType(type);
  if (named !== undefined && "getFields" in named) Object.assign(named.getFields()[field] ?? {}, { extensions });
};
extend("Mutation", "once", { maxPerOperation: 1 });
extend("Item", "url", { cost: 5 });

function measure(source: string, given: Record<string, unknown> = {}, own = limits) {
  const document = parse(source);
  const operation = getOperationAST(document, "Q") ?? getOperationAST(document);
  if (operation == null) throw new Error("Expected one operation");
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
  return measureOperation(schema, { document, operation, variables: coerced ?? {} }, own);
}

function excess(source: string, own = limits): string | undefined {
  try {
    measure(source, {}, own);
    return undefined;
  } catch (error) {
    if (error instanceof GraphQLError && error.extensions["code"] === "QUERY_TOO_COMPLEX") return error.message;
    throw error;
  }
}

const nested = (levels: number): string => `${"item { ".repeat(levels - 1)}id${" }".repeat(levels - 1)}`;
const times = (count: number, text: (index: number) => string): string => Array.from({ length: count }, (_, index) => text(index)).join(" ");

test("depth is allowed up to the limit, also through fragments", () => {
  expect(excess(`{ ${nested(limits.maxDepth)} }`)).toBeUndefined();
  expect(excess(`{ ${nested(limits.maxDepth + 1)} }`)).toMatch(/depth is 11; at most 10/);
  const through = (levels: number) => `{ item { ...A } } fragment A on Item { item { ... on Item { ...B } } } fragment B on Item { ${nested(levels)} }`;
  expect(excess(through(limits.maxDepth - 2))).toBeUndefined();
  expect(excess(through(limits.maxDepth - 1))).toMatch(/depth/);
});

test("aliases count wherever they stand, a fragment's as often as it is used", () => {
  expect(excess(`{ item { ${times(limits.maxAliases, (index) => `a${index}: id`)} } }`)).toBeUndefined();
  expect(excess(`{ item { ${times(limits.maxAliases + 1, (index) => `a${index}: id`)} } }`)).toMatch(/number of aliases is 21/);
  expect(excess(`{ item { ...A item { ...A } } } fragment A on Item { ${times(11, (index) => `a${index}: id`)} }`)).toMatch(/number of aliases is 22/);
});

test("directives count, also those on fragments", () => {
  expect(excess(`{ item { ${times(limits.maxDirectives, () => "id @skip(if: true)")} } }`)).toBeUndefined();
  expect(excess(`{ item { ... @include(if: true) { ${times(limits.maxDirectives, () => "id @skip(if: true)")} } } }`)).toMatch(/number of directives is 21/);
});

test.each([
  ["an object costs 1, its scalars nothing", "{ item { id tags } }", {}, 1],
  ["a connection costs 1, and each item 1 and what it holds", "{ items(first: 10) { nodes { id item { id } } } }", {}, 1 + 10 * 2],
  ["edges are items too", "{ items(first: 10) { edges { node { id } } } }", {}, 1 + 10 * 2],
  ["without first the default counts", "{ items { nodes { id } } }", {}, 21],
  ["a variable counts as its value", "query ($n: Int!) { items(first: $n) { nodes { id } } }", { n: 7 }, 8],
  ["a variable that was left out counts as its default", "query ($n: Int! = 9) { items(first: $n) { nodes { id } } }", {}, 10],
  ["a size beyond every page counts as the largest", "query ($n: Int!) { items(first: $n) { nodes { id } } }", { n: 1_000_000 }, 201],
  ["a field may cost more by itself, wherever it stands", "{ item { url } items(first: 10) { nodes { url } } }", {}, 1 + 5 + 1 + 10 * (1 + 5)],
  ["a plain list counts as ten", "{ plain { id } }", {}, 10],
  ["pages in pages multiply", "{ items(first: 10) { nodes { items(first: 5) { nodes { id } } } } }", {}, 1 + 10 * (1 + 1 + 5)],
  [
    "a fragment costs what its place makes of it",
    "{ items(first: 3) { ...P } item { items(first: 5) { ...P } } } fragment P on ItemConnection { nodes { id } }",
    {},
    1 + 3 + 1 + 1 + 5,
  ],
])("%s", (_name, source, variables, cost) => {
  expect(measure(source, variables).cost).toBe(cost);
});

test("the cost is allowed up to the limit, and named beyond it", () => {
  expect(excess("{ items(first: 49) { nodes { items(first: 100) { nodes { id } } } } }")).toBeUndefined();
  expect(excess("{ items(first: 50) { nodes { items(first: 100) { nodes { id } } } } }")).toBe("The operation's cost is 5101; at most 5000 is allowed.");
  const source = "{ items(first: 10) { nodes { id } } }";
  expect(excess(source, { ...limits, maxCost: 11 })).toBeUndefined();
  expect(excess(source, { ...limits, maxCost: 10 })).toMatch(/cost is 11/);
});

test("fragments within fragments do not take long", () => {
  const fragments = times(60, (index) => `fragment F${index} on Item { a: item { ...F${index + 1} } b: item { ...F${index + 1} } }`);
  const started = performance.now();
  expect(excess(`{ item { ...F0 } } ${fragments} fragment F60 on Item { id }`, { ...limits, maxFragments: 100 })).toMatch(/depth/);
  expect(performance.now() - started).toBeLessThan(200);
});

test("introspection is left to graphql-js", () => {
  expect(excess("{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } }")).toBeUndefined();
});

test("root fields are few, counted as they are run", () => {
  const root = (count: number) => times(count, (index) => `a${index}: item { id }`);
  expect(excess(`{ ${root(limits.maxQueryFields)} }`)).toBeUndefined();
  expect(excess(`{ ${root(limits.maxQueryFields)} ...More } fragment More on Query { more: item { id } }`)).toMatch(/number of root fields is 11; at most 10/);
  expect(excess(`{ ${"item { id } ".repeat(limits.maxQueryFields + 1)} }`)).toBeUndefined();
  expect(excess(`mutation { ${times(limits.maxMutationFields, (index) => `a${index}: act { id }`)} }`)).toBeUndefined();
  expect(excess(`mutation { ${times(limits.maxMutationFields + 1, (index) => `a${index}: act { id }`)} }`)).toMatch(/root fields is 6; at most 5/);
});

test("a field may allow itself only once, also behind aliases and fragments", () => {
  expect(excess("mutation { once { id } act { id } }")).toBeUndefined();
  expect(excess("mutation { once { id } ...M } fragment M on Mutation { again: once { id } }")).toMatch(/once may stand/);
  expect(excess("mutation { once { id } ... { ... on Mutation { again: once { id } } } }")).toMatch(/once may stand/);
});

test("a document has a bounded number of fragments and operations, used or not", () => {
  const fragments = (count: number) => times(count, (index) => `fragment F${index} on Item { id }`);
  expect(excess(`{ item { ...F0 } } ${fragments(limits.maxFragments)}`)).toBeUndefined();
  expect(excess(`{ item { ...F0 } } ${fragments(limits.maxFragments + 1)}`)).toMatch(/number of fragments is 21; at most 20/);
  const operations = (count: number) => `query Q { item { id } } ${times(count - 1, (index) => `query Q${index} { item { id } }`)}`;
  expect(excess(operations(limits.maxOperations))).toBeUndefined();
  expect(excess(operations(limits.maxOperations + 1))).toMatch(/number of operations is 6; at most 5/);
});
