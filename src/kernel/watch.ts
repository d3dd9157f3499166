/** Where the pushes of one watcher come from. */
export interface Watched<Push> {
  /** Before the first pull. */
  open(): void;
  /** Waits for the next push; null: there is none any more. */
  pull(): Promise<Push | null>;
  isLast?(push: Push): boolean;
  /** Ends a pull that waits, with null. */
  close(): void;
}

/**
 * Written out instead of `async function*`: a generator function queues `return()` behind the value it is waiting for, and a client
 * that goes away would then keep its watcher until the next push.
 */
export class Watch<Push> implements AsyncGenerator<Push, void, undefined> {
  readonly #feed: Watched<Push>;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => void this.return();
  #state: "new" | "open" | "ended" = "new";
  #last: Promise<unknown> = Promise.resolve();

  constructor(feed: Watched<Push>, signal: AbortSignal | undefined) {
    this.#feed = feed;
    this.#signal = signal;
  }

  /** Pulls wait for each other, as those of a generator do. */
  next(): Promise<IteratorResult<Push, void>> {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #next(): Promise<IteratorResult<Push, void>> {
    if (this.#state === "new") this.#start();
    if (this.#state === "ended") return { done: true, value: undefined };
    try {
      const push = await this.#feed.pull();
      if (push === null || this.#feed.isLast?.(push) === true) this.#end();
      return push === null ? { done: true, value: undefined } : { done: false, value: push };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #start(): void {
    if (this.#signal?.aborted === true) return this.#end();
    this.#state = "open";
    this.#signal?.addEventListener("abort", this.#abort, { once: true });
    this.#feed.open();
  }

  #end(): void {
    if (this.#state === "open") {
      this.#signal?.removeEventListener("abort", this.#abort);
      this.#feed.close();
    }
    this.#state = "ended";
  }

  async return(): Promise<IteratorResult<Push, void>> {
    this.#end();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Push, void>> {
    this.#end();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
