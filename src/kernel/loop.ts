import { backoffMs } from "./backoff.ts";

export interface LoopOptions {
  /**
   * Does what there is to do. @returns for how long there is nothing more, in milliseconds; 0: go on at once. What it throws is
   * reported, and it is tried again after a growing wait (50 ms to 2 s).
   */
  readonly pass: (signal: AbortSignal) => Promise<number>;
  readonly onError: (error: unknown) => void;
  /** While stopping: nothing is left that has to be finished. Default: always. */
  readonly isDone?: () => boolean;
}

/** Looks for work again and again: at once while there is some, otherwise when woken or after a while. */
export class Loop {
  private readonly options: Required<LoopOptions>;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private isWoken = false;
  private ring: (() => void) | null = null;

  constructor(options: LoopOptions) {
    this.options = { isDone: () => true, ...options };
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends the current or the next wait at once; several calls before a wait are one. */
  wake(): void {
    this.isWoken = true;
    this.ring?.();
  }

  /** Ends after the pass that is under way, and further ones as long as something has to be finished. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { pass, onError, isDone } = this.options;
    const { signal } = this.stopping;
    let failures = 0;
    while (!signal.aborted || !isDone()) {
      let waitMs: number;
      try {
        waitMs = await pass(signal);
        failures = 0;
      } catch (error) {
        onError(error);
        waitMs = backoffMs(failures++, 50, 2_000);
      }
      if (waitMs > 0) await this.wait(waitMs);
    }
  }

  private async wait(ms: number): Promise<void> {
    const { signal } = this.stopping;
    const isEnding = signal.aborted && this.options.isDone();
    if (!this.isWoken && !isEnding) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          this.ring = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener("abort", done, { once: true });
        this.ring = done;
      });
    }
    this.isWoken = false;
  }
}
