import { buildSchema, getOperationAST, parse } from "graphql";
import { findExcess, limits } from "./limits.ts";

const schema = buildSchema(`
  type Query { item: Item items(first: Int! = 20): ItemConnection plain: [Item!]! }
  type Mutation { act: Item once: Item }
  type Item { id: ID! tags: [String!]! item: Item items(first: Int = 20): ItemConnection plain: [Item!] }
  type ItemConnection { nodes: [Item!]! edges: [Edge!]! }
  type Edge { node: Item! }
`);
const once = schema.getMutationType()?.getFields()["once"];
if (once !== undefined) once.extensions = { maxPerOperation: 1 };

function excess(source: string, variables: Record<string, unknown> = {}): string | undefined {
  const document = parse(source);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("Expected one operation");
  return findExcess(schema, document, operation, variables)?.message;
}

const nested = (levels: number): string => `${"item { ".repeat(levels - 1)}id${" }".repeat(levels - 1)}`;
const times = (count: number, text: (index: number) => string): string => Array.from({ length: count }, (_, index) => text(index)).join(" ");

test("depth is allowed up to the limit, also through fragments", () => {
  expect(excess(`{ ${nested(limits.depth)} }`)).toBeUndefined();
  expect(excess(`{ ${nested(limits.depth + 1)} }`)).toMatch(/depth is 11; at most 10/);
  const through = (levels: number) => `{ item { ...A } } fragment A on Item { item { ... on Item { ...B } } } fragment B on Item { ${nested(levels)} }`;
  expect(excess(through(limits.depth - 2))).toBeUndefined();
  expect(excess(through(limits.depth - 1))).toMatch(/depth/);
});

test("aliases count wherever they stand, a fragment's as often as it is used", () => {
  expect(excess(`{ item { ${times(limits.aliases, (index) => `a${index}: id`)} } }`)).toBeUndefined();
  expect(excess(`{ item { ${times(limits.aliases + 1, (index) => `a${index}: id`)} } }`)).toMatch(/aliases is 21/);
  expect(excess(`{ item { ...A item { ...A } } } fragment A on Item { ${times(11, (index) => `a${index}: id`)} }`)).toMatch(/aliases is 22/);
});

test("directives count, also those on fragments", () => {
  expect(excess(`{ item { ${times(limits.directives, () => "id @skip(if: true)")} } }`)).toBeUndefined();
  expect(excess(`{ item { ... @include(if: true) { ${times(limits.directives, () => "id @skip(if: true)")} } } }`)).toMatch(/directives is 21/);
});

test.each([
  ["an object costs 1, its scalars nothing", "{ item { id tags } }", {}, 1],
  ["a connection costs 1, and each item 1 and what it holds", "{ items(first: 10) { nodes { id item { id } } } }", {}, 1 + 10 * 2],
  ["edges are items too", "{ items(first: 10) { edges { node { id } } } }", {}, 1 + 10 * 2],
  ["without first the default counts", "{ items { nodes { id } } }", {}, 21],
  ["a variable counts as its value", "query ($n: Int!) { items(first: $n) { nodes { id } } }", { n: 7 }, 8],
  ["a variable that was left out counts as its default", "query ($n: Int! = 9) { items(first: $n) { nodes { id } } }", {}, 10],
  ["what is no size counts as the largest", "query ($n: Int!) { items(first: $n) { nodes { id } } }", { n: "many" }, 201],
  ["a plain list counts as ten", "{ plain { id } }", {}, 10],
  ["pages in pages multiply", "{ items(first: 10) { nodes { items(first: 5) { nodes { id } } } } }", {}, 1 + 10 * (1 + 1 + 5)],
  [
    "a fragment costs what its place makes of it",
    "{ items(first: 3) { ...P } item { items(first: 5) { ...P } } } fragment P on ItemConnection { nodes { id } }",
    {},
    1 + 3 + 1 + 1 + 5,
  ],
])("%s", (_name, source, variables, cost) => {
  // The cost itself shows only when it is too much: the same again in so many places that it is.
  const factor = Math.ceil((limits.cost + 1) / cost);
  const document = source.replace(
    /^(query \([^)]*\) )?\{(.*?)\}(?= fragment|$)/s,
    (_all, head: string | undefined, body: string) => `${head ?? ""}{${`${body} `.repeat(factor)}}`,
  );
  expect(excess(document, variables)).toMatch(new RegExp(`cost is ${cost * factor};`));
});

test("fragments within fragments do not take long", () => {
  const fragments = times(60, (index) => `fragment F${index} on Item { a: item { ...F${index + 1} } b: item { ...F${index + 1} } }`);
  const started = performance.now();
  expect(excess(`{ item { ...F0 } } ${fragments} fragment F60 on Item { id }`)).toBeDefined();
  expect(performance.now() - started).toBeLessThan(200);
});

test("introspection is left to graphql-js", () => {
  expect(excess("{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } }")).toBeUndefined();
});

test("mutations are few, and a field may allow itself only once, also behind fragments", () => {
  expect(excess(`mutation { ${times(limits.mutations, (index) => `a${index}: act { id }`)} }`)).toBeUndefined();
  expect(excess(`mutation { ${times(limits.mutations + 1, (index) => `a${index}: act { id }`)} }`)).toMatch(/at most 5/);
  expect(excess("mutation { once { id } act { id } }")).toBeUndefined();
  expect(excess("mutation { once { id } ...M } fragment M on Mutation { again: once { id } }")).toMatch(/once may stand/);
});
