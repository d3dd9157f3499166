import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { CheckAddress, RunningApp } from "./app.ts";
import type { Config } from "./config.ts";

/** What the other process is told: its settings, and where this one's embedded systems are. */
export interface WorkerOrder {
  readonly config: Config;
  readonly checks: CheckAddress | null;
}

// Beside this file, as source or compiled.
const program = new URL(`./worker-main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** The worker of a program on a terminal, in a process of its own, so that it can be killed while the rest goes on. */
export class WorkerProcess {
  readonly #order: WorkerOrder;
  readonly #onDeath: (error: Error) => void;
  #child: ChildProcess | null = null;
  #isExpectedToEnd = false;

  /** @param onDeath it has ended, and nobody wanted it to */
  private constructor(order: WorkerOrder, onDeath: (error: Error) => void) {
    this.#order = order;
    this.#onDeath = onDeath;
  }

  /** Resolves when it works. @throws {Error} it has ended before */
  static async start(config: Config, app: RunningApp, onDeath: (error: Error) => void): Promise<WorkerProcess> {
    const own = {
      ...config,
      roles: new Set(["worker"] as const),
      databaseUrl: app.database.url,
      port: app.server?.port ?? config.port,
      ...(app.smtp === null ? {} : { mailMode: "smtp" as const, smtpUrl: app.smtp.url }),
      seed: "none" as const,
    };
    const worker = new WorkerProcess({ config: own, checks: app.checks }, onDeath);
    await worker.#start();
    return worker;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** SIGKILL, in the middle of whatever it does; resolves when another one works. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    await this.#start();
  }

  /** What it has in hand is finished first. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #start(): Promise<void> {
    this.#isExpectedToEnd = false;
    const child = fork(program, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child = child;
    const ended = once(child, "exit").then(([code, signal]) => new Error(`The worker, process ${child.pid}, has ended with ${String(code ?? signal)}`));
    child.send(this.#order);
    const failure = await Promise.race([once(child, "message").then(() => null), ended]);
    if (failure !== null) throw failure;
    void ended.then((error) => {
      if (this.#child === child && !this.#isExpectedToEnd) this.#onDeath(error);
    });
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    this.#isExpectedToEnd = true;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
