import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { GraphQLError } from "graphql";
import { z } from "zod";
import { startupError } from "../../kernel/startup-error.ts";
import type { Viewer } from "../../schema/authorization.ts";

/** What a request says about its document, over HTTP and over sockets. */
interface DocumentRequest {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * The documents of the frontends, by their hash. With `only`, no others are run, except for operators. It is no cache that callers fill
 * (automatic persisted queries): it saves bytes as well, and is a boundary besides.
 */
export class TrustedDocuments {
  readonly #byHash: ReadonlyMap<string, string>;
  readonly #only: boolean;

  constructor(byHash: ReadonlyMap<string, string>, only: boolean) {
    this.#byHash = byHash;
    this.#only = only;
  }

  /** The request with its document in the place of the document's hash; as it is when it names none that is known. */
  resolve<R extends object>(request: R): R {
    const query = this.#byHash.get(hashOf(request) ?? "");
    if (query === undefined) return request;
    const { persistedQuery: _, ...extensions } = extensionsOf(request);
    return { ...request, query, extensions };
  }

  /** @throws {GraphQLError} PERSISTED_QUERY_NOT_FOUND or DOCUMENT_NOT_TRUSTED, for a request that has been resolved */
  requireAllowed(request: DocumentRequest, viewer: Viewer | null): void {
    const { query } = request;
    const text = typeof query === "string" ? query : "";
    if (text === "" && this.#byHash.size > 0 && hashOf(request) !== null)
      throw refused("PERSISTED_QUERY_NOT_FOUND", "There is no document with this hash.", 200);
    if (!this.#only || text === "" || this.#byHash.has(sha256(text)) || viewer?.roles.includes("OPERATOR") === true) return;
    throw refused("DOCUMENT_NOT_TRUSTED", "Only the documents of this API's own frontends are run here.", 400);
  }
}

const refused = (code: string, message: string, status: number): GraphQLError => new GraphQLError(message, { extensions: { code, http: { status } } });

const extensionsOf = ({ extensions }: DocumentRequest): { persistedQuery?: unknown } =>
  typeof extensions === "object" && extensions !== null ? extensions : {};

/** As persisted queries and GraphQL over HTTP write it: 64 hexadecimal digits, perhaps after `sha256:`. */
function hashOf(request: DocumentRequest): string | null {
  const { sha256Hash } = (extensionsOf(request).persistedQuery ?? {}) as { sha256Hash?: unknown };
  const given = request.documentId ?? sha256Hash;
  return typeof given === "string" ? given.replace(/^sha256:/, "").toLowerCase() : null;
}

/**
 * Reads a manifest as the client preset of graphql-codegen writes it (`persistedDocuments: { hashAlgorithm: "sha256" }`): hash to document.
 *
 * @throws {StartupError} there is no such file, or it is something else
 */
export function loadTrustedDocuments(file: string): ReadonlyMap<string, string> {
  try {
    const manifest = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, "utf8")));
    const documents = new Map(Object.entries(manifest).map(([hash, text]) => [hash.replace(/^sha256:/, ""), text]));
    for (const [hash, text] of documents) if (hash !== sha256(text)) throw new Error(`the hash ${hash} is not the SHA-256 of its document`);
    return documents;
  } catch (cause) {
    throw startupError(
      {
        found: `TRUSTED_DOCUMENTS_FILE: expected a JSON object from SHA-256 to document in ${file}, found: ${cause instanceof Error ? cause.message : String(cause)}`,
        why: "Only the documents in it are run when GRAPHQL_DOCUMENTS is trusted.",
        remedy: 'Write it with the client preset of graphql-codegen: persistedDocuments: { hashAlgorithm: "sha256" }.',
        code: "CONFIG_TRUSTED_DOCUMENTS",
      },
      cause,
    );
  }
}
