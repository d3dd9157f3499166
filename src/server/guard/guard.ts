import {
  type DocumentNode,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  type ParseOptions,
  specifiedRules,
  validate,
  type ValidationRule,
} from "graphql";
import type { RequestContext } from "../../schema/context.ts";
import type { LimitedCalls } from "../../schema/limited.ts";
import { DocumentCache } from "./document-cache.ts";
import type { TrustedDocuments } from "./documents.ts";
import type { Limits } from "./limits.ts";
import { measureOperation, type RootField } from "./measure.ts";
import { type Call, type Payer, Rates, type Receipt } from "./rates.ts";

/** Whom a request comes from. */
export type Asker = Pick<RequestContext, "viewer" | "address">;

/** What a refusal costs: reading and checking a document is work too. */
const REFUSAL_COST = 10;

/**
 * Decides whether an operation is run: the one door for HTTP and for sockets. `admit` comes before the document is read, `pass` before it is
 * run, and `fine` after a refusal of any kind in between.
 */
export class Guard {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
  readonly parseOptions: ParseOptions;
  /** What documents have to keep besides the rules of GraphQL. */
  readonly validationRules: readonly ValidationRule[];
  readonly documents: TrustedDocuments;
  readonly #rates: Rates;
  readonly #suggestions: boolean;
  /** By their text here, by their hash for Apollo. */
  readonly valid = new DocumentCache();

  constructor(parts: {
    readonly schema: GraphQLSchema;
    readonly limits: Limits;
    readonly documents: TrustedDocuments;
    /** Whether the schema may be asked for. */
    readonly introspection: boolean;
    /** Whether a misspelt name is answered with those that are like it. */
    readonly suggestions: boolean;
  }) {
    this.schema = parts.schema;
    this.limits = parts.limits;
    this.documents = parts.documents;
    this.parseOptions = { maxTokens: parts.limits.maxTokens };
    this.validationRules = parts.introspection ? [] : [noIntrospection];
    this.#rates = new Rates(parts.limits);
    this.#suggestions = parts.suggestions;
  }

  /**
   * @param request as resolved by `documents`
   * @throws {GraphQLError} RATE_LIMITED, PERSISTED_QUERY_NOT_FOUND, DOCUMENT_NOT_TRUSTED
   */
  async admit(asker: Asker, request: object): Promise<void> {
    await this.#rates.requireCredit(payerOf(asker));
    this.documents.requireAllowed(request, asker.viewer);
  }

  /** Reads and checks a document as Apollo does for HTTP. */
  read(query: string, operationName: string | null | undefined): { document: DocumentNode; operation: OperationDefinitionNode } | readonly GraphQLError[] {
    let document = this.valid.get(query);
    if (document === undefined) {
      try {
        document = parse(query, this.parseOptions);
      } catch (error) {
        return [refused("GRAPHQL_PARSE_FAILED", error instanceof Error ? error.message : "The document cannot be parsed.")];
      }
      const errors = validate(this.schema, document, [...specifiedRules, ...this.validationRules]);
      if (errors.length > 0) return errors.map((error) => refused("GRAPHQL_VALIDATION_FAILED", this.#withoutSuggestion(error.message), [error]));
      this.valid.set(query, document);
    }
    const operation = getOperationAST(document, operationName);
    return operation == null ? [refused("OPERATION_RESOLUTION_FAILURE", "Which operation of the document is meant cannot be told.")] : { document, operation };
  }

  /**
   * Measures a valid operation, takes its cost, and counts the calls of fields that are `@Limited`.
   *
   * @throws {GraphQLError} BAD_USER_INPUT, QUERY_TOO_COMPLEX, RATE_LIMITED
   */
  async pass(
    asker: Asker,
    { document, operation, variables }: { document: DocumentNode; operation: OperationDefinitionNode; variables: Record<string, unknown> },
  ): Promise<Receipt> {
    const { coerced, errors } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables, { maxErrors: 20 });
    if (errors !== undefined) throw refused("BAD_USER_INPUT", errors.map(({ message }) => this.#withoutSuggestion(message)).join("\n"), errors);
    const { cost, fields } = measureOperation(this.schema, { document, operation, variables: coerced ?? {} }, this.limits);
    const payer = payerOf(asker);
    // Also one that asks for nothing but its own names.
    const price = Math.max(1, cost);
    const balance = await this.#rates.charge(payer, price);
    for (const field of fields) {
      const call = callOf(field, coerced ?? {});
      if (call !== null) await this.#rates.count(payer, call);
    }
    return { ...balance, cost: price };
  }

  /** Takes what a refusal costs. */
  async fine(asker: Asker): Promise<Receipt> {
    return { ...(await this.#rates.fine(payerOf(asker), REFUSAL_COST)), cost: REFUSAL_COST };
  }

  #withoutSuggestion(message: string): string {
    return this.#suggestions ? message : message.replace(/ ?Did you mean (.+?)\?$/, "");
  }
}

/** @param from what was found, for its places in the document */
export const refused = (code: string, message: string, from: readonly GraphQLError[] = []): GraphQLError =>
  new GraphQLError(message, { nodes: from.flatMap(({ nodes }) => nodes ?? []), extensions: { code, http: { status: 400 } } });

const payerOf = ({ viewer, address }: Asker): Payer => ({ userId: viewer?.id ?? null, address });

function callOf({ node, definition }: RootField, variables: Record<string, unknown>): Call | null {
  const calls = definition.extensions["limited"] as LimitedCalls | undefined;
  if (calls === undefined) return null;
  const args = getArgumentValues(definition, node, variables);
  const { email } = { ...(args["input"] as { email?: unknown } | undefined), ...args };
  const { idempotencyKey } = args;
  return {
    calls,
    field: definition.name,
    account: typeof email === "string" ? email.trim().toLowerCase() : null,
    idempotencyKey: typeof idempotencyKey === "string" ? idempotencyKey : null,
  };
}

/** The text names neither the program nor its settings. */
const noIntrospection: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value === "__schema" || node.name.value === "__type") context.reportError(new GraphQLError("The schema is not shown here.", { nodes: node }));
  },
});
