import { pino, type Logger } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "child">;

/** Structured log on standard error, so that standard output stays the program's own. Fields that may hold secrets are removed. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      redact: { paths: ["password", "*.password", "authorization", "*.authorization", "token", "*.token"], remove: true },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLog: Log = pino({ level: "silent" });
