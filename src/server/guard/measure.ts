import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from "graphql";
import type { Limits } from "./limits.ts";

/** Items assumed in a list that has no `first`: those lists are short by their nature. */
const PLAIN_LIST_SIZE = 10;
const MAX_PAGE = 200;

interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly cost: number;
}

const NOTHING: Size = { depth: 0, aliases: 0, directives: 0, cost: 0 };

/** A root field as it will be run: what is written twice under one name is run once. */
export interface RootField {
  readonly node: FieldNode;
  readonly definition: GraphQLField<unknown, unknown>;
}

/** An operation that passed validation (fragments end, fields exist), with the variables that it will be run with. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Measures an operation before anything of it is run. Its cost is 1 for every object that the answer may hold, where lists count as long as
 * they may get, and what a field adds by its extension `cost`. Introspection is left to graphql-js, which bounds it by itself.
 *
 * @throws {GraphQLError} QUERY_TOO_COMPLEX
 */
export function measureOperation(schema: GraphQLSchema, { document, operation, variables }: Operation, limits: Limits): { cost: number; fields: RootField[] } {
  const root = schema.getRootType(operation.operation);
  if (root == null) return { cost: 0, fields: [] };
  const fragments = fragmentsOf(document);
  requireAtMost(limits.maxFragments, fragments.size, "number of fragments", "document");
  requireAtMost(limits.maxOperations, document.definitions.length - fragments.size, "number of operations", "document");
  const size = new Measure(schema, fragments, variables).measure(operation.selectionSet, root, null);
  requireAtMost(limits.maxDepth, size.depth, "depth");
  requireAtMost(limits.maxAliases, size.aliases, "number of aliases");
  requireAtMost(limits.maxDirectives, size.directives, "number of directives");
  requireAtMost(limits.maxCost, size.cost, "cost");
  const fields = rootFieldsOf(operation, root, fragments);
  requireAtMost(operation.operation === OperationTypeNode.MUTATION ? limits.maxMutationFields : limits.maxQueryFields, fields.length, "number of root fields");
  requireRepetitionsAllowed(fields);
  return { cost: size.cost, fields };
}

function requireAtMost(limit: number, found: number, what: string, of = "operation"): void {
  if (found > limit) throw tooComplex(`The ${of}'s ${what} is ${found}; at most ${limit} is allowed.`);
}

const tooComplex = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX", http: { status: 400 } } });

/** Aliases must not turn one request into many attempts: a field may say how often it may stand in one operation. */
function requireRepetitionsAllowed(fields: readonly RootField[]): void {
  const counts = new Map<GraphQLField<unknown, unknown>, number>();
  for (const { definition } of fields) {
    const count = (counts.get(definition) ?? 0) + 1;
    counts.set(definition, count);
    const most = definition.extensions["maxPerOperation"];
    if (typeof most === "number" && count > most) throw tooComplex(`${definition.name} may stand in an operation ${most} time only.`);
  }
}

function rootFieldsOf(operation: OperationDefinitionNode, root: GraphQLObjectType, fragments: Fragments): RootField[] {
  const byKey = new Map<string, RootField>();
  const definitions = root.getFields();
  const seen = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const definition = definitions[node.name.value];
        const key = (node.alias ?? node.name).value;
        if (definition !== undefined && !byKey.has(key)) byKey.set(key, { node, definition });
      } else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
      else if (!seen.has(node.name.value)) {
        seen.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return [...byKey.values()];
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const fragmentsOf = (document: DocumentNode): Fragments =>
  new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [])));

/** Measures selections for one object of their type; a fragment is measured once for each place it can stand in. */
class Measure {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #known = new Map<string, Size>();

  constructor(schema: GraphQLSchema, fragments: Fragments, variables: Readonly<Record<string, unknown>>) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#variables = variables;
  }

  /** @param pageSize set inside a connection: how many items its lists hold */
  measure(selections: SelectionSetNode, type: GraphQLNamedType, pageSize: number | null): Size {
    let [depth, aliases, directives, cost] = [0, 0, 0, 0];
    for (const selection of selections.selections) {
      const size = selection.kind === Kind.FIELD ? this.#field(selection, type, pageSize) : this.#fragment(selection, type, pageSize);
      depth = Math.max(depth, size.depth);
      aliases += size.aliases;
      directives += size.directives + (selection.directives?.length ?? 0);
      cost += size.cost;
    }
    return { depth, aliases, directives, cost };
  }

  #fragment(selection: Exclude<SelectionSetNode["selections"][number], FieldNode>, type: GraphQLNamedType, pageSize: number | null): Size {
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return this.measure(selection.selectionSet, this.#narrowed(selection.typeCondition?.name.value, type), pageSize);
    const fragment = this.#fragments.get(selection.name.value);
    if (fragment === undefined) return NOTHING;
    const key = `${fragment.name.value}:${pageSize ?? ""}`;
    const known = this.#known.get(key) ?? this.measure(fragment.selectionSet, this.#narrowed(fragment.typeCondition.name.value, type), pageSize);
    this.#known.set(key, known);
    return known;
  }

  #narrowed(condition: string | undefined, type: GraphQLNamedType): GraphQLNamedType {
    return condition === undefined ? type : (this.#schema.getType(condition) ?? type);
  }

  #field(node: FieldNode, parent: GraphQLNamedType, pageSize: number | null): Size {
    const aliases = node.alias === undefined ? 0 : 1;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    if (field === undefined) return { ...NOTHING, aliases };
    const type = getNamedType(field.type);
    const own = typeof field.extensions["cost"] === "number" ? field.extensions["cost"] : 0;
    if (node.selectionSet === undefined || !isCompositeType(type)) return { depth: 1, aliases, directives: 0, cost: own };
    const first = this.#firstOf(field, node.arguments ?? []);
    const isList = containsList(field.type);
    const inner = this.measure(node.selectionSet, type, isList || isAbstractType(type) ? null : first);
    const items = isList ? (first ?? pageSize ?? PLAIN_LIST_SIZE) : 1;
    return { depth: inner.depth + 1, aliases: inner.aliases + aliases, directives: inner.directives, cost: own + items * (1 + inner.cost) };
  }

  /** The page size asked for, or null when the field has no `first`. What is no number costs as much as anything can. */
  #firstOf(field: GraphQLField<unknown, unknown>, given: readonly ArgumentNode[]): number | null {
    const argument = field.args.find(({ name }) => name === "first");
    if (argument === undefined) return null;
    const value = given.find(({ name }) => name.value === "first")?.value;
    let first: unknown = argument.defaultValue;
    if (value?.kind === Kind.INT) first = Number(value.value);
    else if (value?.kind === Kind.VARIABLE) first = this.#variables[value.name.value] ?? argument.defaultValue;
    return typeof first === "number" && first >= 0 ? Math.min(first, MAX_PAGE) : MAX_PAGE;
  }
}

const containsList = (type: GraphQLOutputType): boolean => (isNonNullType(type) ? containsList(type.ofType) : isListType(type));
