export { addressOf, proxyList } from "./address.ts";
export { loadTrustedDocuments, TrustedDocuments } from "./documents.ts";
export { type Asker, Guard, type Receipt, refused } from "./guard.ts";
export type { Limits } from "./limits.ts";
