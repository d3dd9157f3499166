import type { EntityManager } from "@mikro-orm/postgresql";
import { monotonicMs } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { Watch } from "../kernel/watch.ts";
import { listQueues, type QueueView } from "./queues.ts";

export interface QueueDepthsParts {
  /** A fresh fork; one is made per look. */
  readonly em: () => EntityManager;
  readonly log: Log;
  /** How old a count may be that several watchers share. Default 1,000. */
  readonly maxAgeMs?: number;
}

/** Depths of all queues, counted for all watchers of this process together. */
export class QueueDepths {
  readonly #parts: QueueDepthsParts;
  #counted: Promise<readonly QueueView[]> | null = null;
  #countedAt = Number.NEGATIVE_INFINITY;
  readonly #closes = new Set<() => void>();

  constructor(parts: QueueDepthsParts) {
    this.#parts = parts;
  }

  /** Watchers that are open now. */
  get watcherCount(): number {
    return this.#closes.size;
  }

  /** All queues by name, counted at most `maxAgeMs` ago. */
  count(): Promise<readonly QueueView[]> {
    const now = monotonicMs();
    if (this.#counted === null || now - this.#countedAt > (this.#parts.maxAgeMs ?? 1_000)) {
      const counted = listQueues(this.#parts.em());
      this.#counted = counted;
      this.#countedAt = now;
      counted.catch(() => {
        if (this.#counted === counted) this.#counted = null;
      });
    }
    return this.#counted;
  }

  /** Depths at once and then every so often, until `return()`. A reader who is slower gets fewer of them. */
  watch(everyMs: number): AsyncGenerator<readonly QueueView[], void, undefined> {
    let nextAt = monotonicMs();
    let end: () => void = () => undefined;
    let isClosed = false;
    const close = (): void => {
      isClosed = true;
      this.#closes.delete(close);
      end();
    };
    const until = (at: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, Math.ceil(at - monotonicMs())));
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const pull = async (): Promise<readonly QueueView[] | null> => {
      for (let failures = 0; ; failures += 1) {
        await until(nextAt);
        if (isClosed) return null;
        nextAt = monotonicMs() + everyMs;
        try {
          return await this.count();
        } catch (error) {
          this.#parts.log.warn({ err: error, failures }, "queues could not be counted; it is tried again");
        }
      }
    };
    return new Watch({ open: () => void this.#closes.add(close), pull, close }, undefined);
  }

  /** Ends every watch. */
  close(): void {
    for (const close of this.#closes) close();
  }
}
