import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
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

/** What one operation may cost before anything of it is run. Tokens are counted by the parser (`MAX_TOKENS`). */
export const limits = {
  depth: 10,
  aliases: 20,
  directives: 20,
  /** Root fields of one mutation. */
  mutations: 5,
  /** Objects that the answer may hold at most: lists count as long as they may get. */
  cost: 5_000,
} as const;

export const MAX_TOKENS = 2_000;

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

/**
 * Why the operation is too large to be run, or null. For HTTP and for sockets, after validation: fragments end, fields exist.
 * Introspection is left to graphql-js, which bounds it by itself.
 */
export function findExcess(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): GraphQLError | null {
  const root = schema.getRootType(operation.operation);
  if (root == null) return null;
  const size = new Measure(schema, document, operation, variables).measure(operation.selectionSet, root, null);
  for (const name of ["depth", "aliases", "directives", "cost"] as const) {
    if (size[name] > limits[name]) return excess(`The operation's ${name} is ${size[name]}; at most ${limits[name]} is allowed.`);
  }
  return operation.operation === OperationTypeNode.MUTATION ? findExcessiveMutations(schema, document, operation) : null;
}

const excess = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX", http: { status: 400 } } });

/** Aliases must not turn one request into many attempts: a field may say how often it may stand in one operation. */
function findExcessiveMutations(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): GraphQLError | null {
  const names = rootFieldsOf(operation.selectionSet, fragmentsOf(document));
  if (names.length > limits.mutations) return excess(`The operation has ${names.length} mutations; at most ${limits.mutations} are allowed.`);
  const fields = schema.getMutationType()?.getFields() ?? {};
  for (const name of new Set(names)) {
    const most = fields[name]?.extensions["maxPerOperation"];
    if (typeof most === "number" && names.filter((one) => one === name).length > most) return excess(`${name} may stand in an operation ${most} time only.`);
  }
  return null;
}

function rootFieldsOf(selections: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): string[] {
  const names: string[] = [];
  for (const selection of selections.selections) {
    // One more than allowed is enough to know; fragments within fragments could otherwise go on for long.
    if (names.length > limits.mutations) break;
    if (selection.kind === Kind.FIELD) names.push(selection.name.value);
    else {
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragments.get(selection.name.value)?.selectionSet;
      if (inner !== undefined) names.push(...rootFieldsOf(inner, fragments));
    }
  }
  return names;
}

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [])));

/** Measures selections for one object of their type; a fragment is measured once for each place it can stand in. */
class Measure {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #defaults: ReadonlyMap<string, number>;
  readonly #known = new Map<string, Size>();

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>) {
    this.#schema = schema;
    this.#fragments = fragmentsOf(document);
    this.#variables = variables;
    this.#defaults = new Map(
      (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
        defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)] as const] : [],
      ),
    );
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
    if (node.selectionSet === undefined || !isCompositeType(type)) return { depth: 1, aliases, directives: 0, cost: 0 };
    const first = this.#firstOf(field, node.arguments ?? []);
    const isList = containsList(field.type);
    const inner = this.measure(node.selectionSet, type, isList || isAbstractType(type) ? null : first);
    const items = isList ? (first ?? pageSize ?? PLAIN_LIST_SIZE) : 1;
    return { depth: inner.depth + 1, aliases: inner.aliases + aliases, directives: inner.directives, cost: items * (1 + inner.cost) };
  }

  /** The page size asked for, or null when the field has no `first`. What is no number costs as much as anything can. */
  #firstOf(field: GraphQLField<unknown, unknown>, given: readonly ArgumentNode[]): number | null {
    const argument = field.args.find(({ name }) => name === "first");
    if (argument === undefined) return null;
    const value = given.find(({ name }) => name.value === "first")?.value;
    let first: unknown = argument.defaultValue;
    if (value?.kind === Kind.INT) first = Number(value.value);
    else if (value?.kind === Kind.VARIABLE) first = this.#variables[value.name.value] ?? this.#defaults.get(value.name.value) ?? argument.defaultValue;
    return typeof first === "number" && first >= 0 ? Math.min(first, MAX_PAGE) : MAX_PAGE;
  }
}

const containsList = (type: GraphQLOutputType): boolean => (isNonNullType(type) ? containsList(type.ofType) : isListType(type));
