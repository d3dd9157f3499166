import { startApp } from "./app.ts";
import { createLog } from "./kernel/log.ts";
import { startupError } from "./kernel/startup-error.ts";
import { printFailure } from "./terminal.ts";
import type { WorkerOrder } from "./worker-process.ts";

// A worker in a process of its own, made by the program on a terminal. It ends with the process that made it.

// Ctrl-C reaches both: the other process then says when this one is to stop.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
process.once("disconnect", () => process.exit(1));
process.once("message", (order: WorkerOrder) => void work(order));
if (!process.connected) {
  const problem = { found: "Expected to be started by the program, found no other process", why: "It says which database to work on.", code: "WORKER_ALONE" };
  printFailure(startupError({ ...problem, remedy: "Start the program; ROLES=worker makes it a worker." }), false, process.stderr);
  process.exit(1);
}

async function work({ config, checks }: WorkerOrder): Promise<void> {
  const log = createLog(config.logLevel);
  try {
    const app = await startApp(config, log, checks);
    process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
    void app.lost.then((error) => {
      log.error({ err: error }, "The worker cannot go on");
      process.exit(1);
    });
    process.send?.("ready");
  } catch (error) {
    printFailure(error, config.logLevel === "debug", process.stderr);
    process.exit(1);
  }
}
