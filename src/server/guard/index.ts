export { addressOf, proxyList } from "./address.ts";
export { loadTrustedDocuments, TrustedDocuments } from "./documents.ts";
export { type Asker, Guard, refused } from "./guard.ts";
export type { Limits } from "./limits.ts";
export { balanceHeaders, type Receipt } from "./rates.ts";
