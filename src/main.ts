import { startApp, type RunningApp } from "./app.ts";
import { loadConfig, readEnvironment, type Config } from "./config.ts";
import { Development } from "./development.ts";
import { monotonicMs } from "./kernel/clock.ts";
import { createLog } from "./kernel/log.ts";
import { printFailure, printReady, printStopped, printStopping } from "./terminal.ts";

// One Ctrl-C can arrive twice: from the terminal, and once more from npm, which passes it on.
const sameSignalMs = 500;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

let app: RunningApp | null = null;
let development: Development | null = null;
let stoppingSince: number | null = null;
let debug = false;

for (const signal of Object.keys(exitCodes) as (keyof typeof exitCodes)[]) process.on(signal, () => onSignal(signal));

try {
  const config: Config = loadConfig(readEnvironment());
  debug = config.logLevel === "debug";
  const log = createLog(config.logLevel);
  const lose = (error: Error): void => {
    log.error({ err: error }, "The program cannot go on");
    void stop(1);
  };
  development = new Development({ config, log, lose, quit: () => onSignal("SIGINT") });
  app = await startApp(development.ownConfig, log);
  await development.start(app);
  if (stoppingSince === null) {
    printReady({ app, config, ms: Math.round(monotonicMs()), ...development.summary }, process.stdout);
    void app.lost.then(lose);
  } else {
    await stop(0);
  }
} catch (error) {
  printFailure(error, debug, process.stderr);
  await app?.stop();
  process.exit(1);
}

/** The first signal drains, a second one ends the process at once; embedded PostgreSQL then stops by itself. */
function onSignal(signal: keyof typeof exitCodes): void {
  const now = monotonicMs();
  if (stoppingSince !== null) {
    if (now - stoppingSince > sameSignalMs) process.exit(exitCodes[signal]);
    return;
  }
  stoppingSince = now;
  printStopping(process.stdout);
  // While the start is under way it is left to finish, and then undone.
  if (development?.hasStarted === true) void stop(0);
}

async function stop(exitCode: number): Promise<void> {
  const since = monotonicMs();
  await development?.stop();
  await app?.stop();
  printStopped(Math.round(monotonicMs() - since), process.stdout);
  process.exit(exitCode);
}
