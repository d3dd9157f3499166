export { startServer, type RunningServer, type ServerParts } from "./http.ts";
export { loadTrustedDocuments } from "./guard/index.ts";
export { consoleDirectory } from "./console-pages.ts";
export { currentOrigin } from "./request-id.ts";
