/** Waits between retries of a loop, in milliseconds: doubling from `firstMs`, at most `maxMs`, each shortened by up to half at random. */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return full / 2 + (Math.random() * full) / 2;
}
