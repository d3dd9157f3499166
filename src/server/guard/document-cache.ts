import { type DocumentNode, type Token, TokenKind } from "graphql";
import { LRUCache } from "lru-cache";

/** Characters of all documents together: what is kept of them, strangers' too, is some dozen times as much at worst. */
const MAX_CHARACTERS = 500_000;

/** Documents that were read and are in order; the same few come again and again. */
export class DocumentCache {
  readonly #documents = new LRUCache<string, DocumentNode>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (document) => Math.max(1, document.loc?.source.body.length ?? 1),
  });

  get(key: string): DocumentNode | undefined {
    return this.#documents.get(key);
  }

  /** Keeps a document without its comments, of which there may be any number: they count among no limit. */
  set(key: string, document: DocumentNode): void {
    for (let token: Token | null | undefined = document.loc?.startToken; token != null; token = token.next) leaveOutComments(token);
    this.#documents.set(key, document);
  }
}

function leaveOutComments(token: Token): void {
  let { next } = token;
  while (next?.kind === TokenKind.COMMENT) ({ next } = next);
  if (next !== token.next) Object.assign(token, { next });
  if (next !== null) Object.assign(next, { prev: token });
}
