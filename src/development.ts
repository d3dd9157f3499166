import type { RunningApp } from "./app.ts";
import type { Config } from "./config.ts";
import { readKeys } from "./keys.ts";
import type { Log } from "./kernel/log.ts";
import { printNotice, type Ready } from "./terminal.ts";
import { Traffic } from "./traffic/traffic.ts";
import { WorkerProcess } from "./worker-process.ts";

interface DevelopmentParts {
  readonly config: Config;
  readonly log: Log;
  readonly lose: (error: Error) => void;
  readonly quit: () => void;
}

const usualTraffic = 2;
const trafficLimit = 5_000;
const faultShare = 0.03;
const brokenMailSeconds = 40;

/**
 * What a start has beside the program itself: made-up people who use it, and on a terminal keys, and a worker in a process of its own, so
 * that a key can kill it. In production there is nothing of this.
 */
export class Development {
  readonly #parts: DevelopmentParts;
  readonly #isInteractive: boolean;
  readonly #hasOwnWorker: boolean;
  #app: RunningApp | null = null;
  #worker: WorkerProcess | null = null;
  #traffic: Traffic | null = null;
  #mended: NodeJS.Timeout | undefined;

  constructor(parts: DevelopmentParts) {
    this.#parts = parts;
    const { config } = parts;
    this.#isInteractive = process.stdin.isTTY && process.stdout.isTTY && !config.production;
    this.#hasOwnWorker = this.#isInteractive && config.roles.size > 1 && config.roles.has("worker");
  }

  /** Of this process, when another one has the worker. */
  get ownConfig(): Config {
    const { config } = this.#parts;
    return this.#hasOwnWorker ? { ...config, roles: new Set([...config.roles].filter((role) => role !== "worker")) } : config;
  }

  get hasStarted(): boolean {
    return this.#app !== null;
  }

  get summary(): Pick<Ready, "workerPid" | "traffic" | "keys"> {
    return {
      workerPid: this.#worker?.pid ?? null,
      traffic: { perSecond: this.#traffic === null ? 0 : this.#rate, limit: trafficLimit },
      keys: this.#isInteractive ? this.#keys : {},
    };
  }

  /** @throws {Error} the worker has ended before it could work */
  async start(app: RunningApp): Promise<void> {
    const { config, lose, quit } = this.#parts;
    const onReplaced = (died: number, next: number): void => this.#tell(`The worker, pid ${died}, has died; pid ${next} goes on.`);
    if (this.#hasOwnWorker) this.#worker = await WorkerProcess.start(config, app, { onReplaced, onLost: lose });
    this.#app = app;
    if (this.#wantsTraffic(app)) this.#startTraffic(app);
    if (!this.#isInteractive) return;
    const does: Record<string, () => void> = {
      t: () => void this.#switchTraffic(),
      m: () => void this.#breakMail(),
      k: () => this.#worker?.kill(),
      q: quit,
    };
    const told = Object.entries(does).filter(([key]) => key in this.#keys);
    readKeys(process.stdin, { ...Object.fromEntries(told), "\u0003": quit, "\u0004": quit });
  }

  async stop(): Promise<void> {
    const traffic = this.#traffic;
    this.#traffic = null;
    await traffic?.stop();
    await this.#worker?.stop();
  }

  get #keys(): Record<string, string> {
    return {
      ...(this.#app?.server == null ? {} : { t: "demo traffic on/off" }),
      ...(this.#app?.smtp == null ? {} : { m: `break the mail server for ${brokenMailSeconds} s` }),
      ...(this.#worker === null ? {} : { k: "kill the worker" }),
      q: "quit",
    };
  }

  get #rate(): number {
    return this.#parts.config.demoTraffic ?? usualTraffic;
  }

  #wantsTraffic(app: RunningApp): boolean {
    const { demoTraffic, authMode } = this.#parts.config;
    return demoTraffic === null ? this.#isInteractive && app.demo !== null && authMode === "local" : demoTraffic > 0;
  }

  #startTraffic({ server }: RunningApp): void {
    if (server === null) return;
    const { log } = this.#parts;
    const traffic = new Traffic({
      url: new URL("/graphql", server.url),
      perSecond: this.#rate || usualTraffic,
      faults: faultShare,
      limit: trafficLimit,
      onEnd: () => {
        this.#tell(`Demo traffic has ended after ${trafficLimit.toLocaleString("en")} sagas.`);
        void this.#stopTraffic();
      },
      onError: (error) => log.warn({ err: error }, "Made-up people cannot go on"),
    });
    this.#traffic = traffic;
    traffic.start();
  }

  async #stopTraffic(): Promise<void> {
    const traffic = this.#traffic;
    this.#traffic = null;
    await traffic?.stop();
  }

  async #switchTraffic(): Promise<void> {
    if (this.#app === null) return;
    if (this.#traffic === null) {
      this.#startTraffic(this.#app);
      this.#tell(`Demo traffic is on, for ${trafficLimit.toLocaleString("en")} sagas at most.`);
    } else {
      const { begun, withFault } = this.#traffic.count;
      await this.#stopTraffic();
      this.#tell(`Demo traffic is off after ${begun} sagas, ${withFault} of them with a fault.`);
    }
  }

  async #breakMail(): Promise<void> {
    await this.#app?.smtp?.play("refuse", brokenMailSeconds);
    this.#tell(`The mail server refuses connections for ${brokenMailSeconds} s.`);
    clearTimeout(this.#mended);
    this.#mended = setTimeout(() => this.#tell("The mail server answers again."), brokenMailSeconds * 1_000).unref();
  }

  #tell(text: string): void {
    printNotice(text, process.stdout);
  }
}
