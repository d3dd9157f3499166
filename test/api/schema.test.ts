import {
  buildSchema,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  print,
  printSchema,
} from "graphql";
import { readFileSync } from "node:fs";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { buildApiSchema } from "../../src/schema/build-schema.ts";

const schema = buildApiSchema(new SagaRegistry(sagas));
const committed = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const ownTypes = (of: GraphQLSchema): GraphQLNamedType[] =>
  Object.values(of.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));

interface Place {
  readonly path: string;
  readonly field: GraphQLField<unknown, unknown>;
}

const fieldsOf = (of: GraphQLSchema): Place[] =>
  ownTypes(of).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()).map((field) => ({ path: `${type.name}.${field.name}`, field })) : [],
  );

const authOf = ({ field }: Place): string => (field.astNode?.directives ?? []).map(print).join(" ");
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

test("schema.graphql is the schema of the code", () => {
  expect(printSchema(lexicographicSortSchema(committed))).toBe(printSchema(lexicographicSortSchema(schema)));
  const auth = (of: GraphQLSchema) => Object.fromEntries(fieldsOf(of).map((place) => [place.path, authOf(place)]));
  expect(auth(committed)).toEqual(auth(schema));
});

test("everything is described", () => {
  const silent: string[] = [];
  const note = (path: string, { description }: { description?: string | null | undefined }) => {
    if (description == null || description === "") silent.push(path);
  };
  for (const type of ownTypes(schema)) {
    note(type.name, type);
    // Types and states of sagas are described by the sagas themselves.
    if (isEnumType(type) && !["SagaType", "SagaState"].includes(type.name)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, field);
  }
  for (const { path, field } of fieldsOf(schema)) {
    note(path, field);
    for (const argument of field.args) note(`${path}(${argument.name})`, argument);
  }
  expect(silent).toEqual([]);
});

test.each(mutations.map((field) => [field.name, field] as const))(
  "%s answers with a nullable payload of nullable entities, userErrors and what was left as it was",
  (_name, { type }) => {
    if (!isObjectType(type)) throw new Error(`Expected a nullable object, found ${String(type)}`);
    expect(type.name).toMatch(/Payload$/);
    expect(type.getInterfaces().map(({ name }) => name)).toContain("MutationPayload");
    for (const field of Object.values(type.getFields())) {
      if (field.name === "userErrors") expect(String(field.type)).toBe("[UserError!]!");
      else if (field.name === "refused") expect(String(field.type)).toMatch(/^\[\w+!\]!$/);
      else expect(isNonNullType(field.type)).toBe(false);
    }
  },
);

test("a payload has a saga exactly when it says so", () => {
  for (const { type } of mutations) {
    if (!isObjectType(type)) continue;
    expect("saga" in type.getFields()).toBe(type.getInterfaces().some(({ name }) => name === "SagaMutationPayload"));
  }
});

test("a field that may be refused may be null", () => {
  const places = fieldsOf(schema).filter((place) => authOf(place) !== "" && !place.path.startsWith("Subscription."));
  expect(places.length).toBeGreaterThan(10);
  expect(places.filter(({ field }) => isNonNullType(field.type)).map(({ path }) => path)).toEqual([]);
});

test("what operators do says why, may be rehearsed, and is closed to everybody else", () => {
  const isOperation = (name: string): boolean => /^(?!.*Enrollment).*(Saga|Queue|DeadLetters)/.test(name);
  const operations = mutations.filter(({ name }) => isOperation(name));
  expect(operations).toHaveLength(14);
  for (const field of operations) {
    expect(authOf({ path: field.name, field })).toBe("@auth(any: [OPERATOR])");
    const argument = (name: string) => field.args.find((one) => one.name === name);
    expect([String(argument("dryRun")?.type), argument("dryRun")?.defaultValue]).toEqual(["Boolean!", false]);
    // These two may be called without one.
    expect(String(argument("note")?.type)).toBe(["retrySaga", "resumeQueue"].includes(field.name) ? "String" : "String!");
  }
});

test("every connection has first, 20 by default, and after", () => {
  const connections = fieldsOf(schema).filter(({ field }) => /Connection!?$/.test(String(field.type)));
  expect(connections.length).toBeGreaterThan(3);
  for (const { field } of connections) {
    const [first, after] = ["first", "after"].map((name) => field.args.find((argument) => argument.name === name));
    expect([String(first?.type), first?.defaultValue, String(after?.type)]).toEqual(["Int!", 20, "String"]);
  }
});

test("a saga that joins the registry joins the API, and leaves it with the registry", () => {
  const names = (of: GraphQLSchema, name: string) => {
    const type = of.getType(name);
    return isEnumType(type) ? type.getValues().map((value) => [value.name, value.value as string]) : [];
  };
  const other = buildApiSchema({ types: () => ["HTTPLabel2Print", "CourseEnrollment"], states: () => ["Printed"] });
  expect(names(other, "SagaType")).toEqual([
    ["HTTPLABEL2_PRINT", "HTTPLabel2Print"],
    ["COURSE_ENROLLMENT", "CourseEnrollment"],
  ]);
  expect(names(other, "SagaState")).toEqual([["Printed", "Printed"]]);
  expect(names(buildApiSchema(new SagaRegistry(sagas)), "SagaType").map(([, type]) => type)).toEqual(sagas.map(({ name }) => name));
});
