import type { RequestContext } from "./context.ts";

/**
 * A stream whose every push is checked before it is sent; a push that may not be seen ends it with the error. What was loaded for one push is
 * forgotten before the next is waited for.
 */
export class Guarded<Push> implements AsyncIterableIterator<Push> {
  readonly #context: RequestContext;
  readonly #pushes: AsyncGenerator<Push, void, undefined>;
  readonly #check: (push: Push) => Promise<Push>;
  #first: IteratorResult<Push, void> | null;

  private constructor(
    context: RequestContext,
    pushes: AsyncGenerator<Push, void, undefined>,
    first: IteratorResult<Push, void>,
    check: (push: Push) => Promise<Push>,
  ) {
    this.#context = context;
    this.#pushes = pushes;
    this.#first = first;
    this.#check = check;
  }

  /**
   * The first push is read before this returns, so that what a feed refuses is the answer to the subscription itself.
   *
   * @param check who may see the push as of now; returns what of it, or throws
   */
  static async open<Push>(
    context: RequestContext,
    pushes: AsyncGenerator<Push, void, undefined>,
    check: (push: Push) => Promise<Push>,
  ): Promise<Guarded<Push>> {
    return new Guarded(context, pushes, await pushes.next(), check);
  }

  async next(): Promise<IteratorResult<Push, void>> {
    this.#context.refresh();
    const result = this.#first ?? (await this.#pushes.next());
    this.#first = null;
    if (result.done === true) return result;
    try {
      return { done: false, value: await this.#check(result.value) };
    } catch (error) {
      await this.#pushes.return();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Push, void>> {
    this.#first = null;
    return this.#pushes.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
