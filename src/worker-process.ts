import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { CheckAddress, RunningApp } from "./app.ts";
import type { Config } from "./config.ts";

/** What the other process is told: its settings, and where this one's embedded systems are. */
export interface WorkerOrder {
  readonly config: Config;
  readonly checks: CheckAddress | null;
}

// Beside this file, as source or compiled.
const program = new URL(`./worker-main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

interface WorkerEvents {
  /** One has died, of whatever, and another one works in its place. */
  readonly onReplaced: (died: number, next: number) => void;
  /** No other one could be started. */
  readonly onLost: (error: Error) => void;
}

/** The worker of a program on a terminal, in a process of its own, so that it can be killed while the rest goes on. */
export class WorkerProcess {
  readonly #order: WorkerOrder;
  readonly #events: WorkerEvents;
  #child: ChildProcess | null = null;
  #works = false;
  #isStopping = false;

  private constructor(order: WorkerOrder, events: WorkerEvents) {
    this.#order = order;
    this.#events = events;
  }

  /** Resolves when it works. @throws {Error} it has ended before */
  static async start(config: Config, app: RunningApp, events: WorkerEvents): Promise<WorkerProcess> {
    const own = {
      ...config,
      roles: new Set(["worker"] as const),
      databaseUrl: app.database.url,
      port: app.server?.port ?? config.port,
      ...(app.smtp === null ? {} : { mailMode: "smtp" as const, smtpUrl: app.smtp.url }),
      seed: "none" as const,
    };
    const worker = new WorkerProcess({ config: own, checks: app.checks }, events);
    await worker.#start();
    return worker;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** SIGKILL, in the middle of whatever it does; nothing while another one is on its way. */
  kill(): void {
    if (this.#works) this.#child?.kill("SIGKILL");
  }

  /** What it has in hand is finished first. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }

  async #start(): Promise<void> {
    const child = fork(program, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child = child;
    const ended = once(child, "exit").then(([code, signal]) => new Error(`The worker, process ${child.pid}, has ended with ${String(code ?? signal)}`));
    child.send(this.#order);
    const failure = await Promise.race([once(child, "message").then(() => null), ended]);
    if (failure !== null) throw failure;
    this.#works = true;
    void ended.then(() => this.#replace(child.pid ?? 0));
  }

  async #replace(died: number): Promise<void> {
    this.#works = false;
    for (let waitMs = firstWaitMs; !this.#isStopping; waitMs *= 2) {
      try {
        await this.#start();
        return this.#events.onReplaced(died, this.pid);
      } catch (error) {
        if (this.#isStopping) return;
        if (waitMs > lastWaitMs) return this.#events.onLost(error as Error);
        await delay(waitMs);
      }
    }
  }
}

const [firstWaitMs, lastWaitMs] = [100, 3_200];
