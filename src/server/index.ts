export { startServer, type RunningServer, type ServerParts } from "./http.ts";
