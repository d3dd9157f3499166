import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** What is waited for, for the failure's text; a function may look at the state at that moment. */
  readonly describe?: string | (() => unknown);
}

/**
 * Waits until `condition` gives something other than false, null and undefined, and returns that. Asked every 15 ms; an error
 * thrown by the condition counts as "not yet" and is shown when time runs out.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions = {}): Promise<Exclude<T, false | null | undefined>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const until = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value as Exclude<T, false | null | undefined>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > until) break;
    await delay(15);
  }
  const described = typeof options.describe === "function" ? await options.describe() : options.describe;
  const what = described === undefined ? condition.toString() : typeof described === "string" ? described : JSON.stringify(described);
  throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`, cause === undefined ? {} : { cause });
}
