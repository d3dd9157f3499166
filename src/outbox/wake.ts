/** A loop's alarm: `wake` ends the current or the next `wait` at once; several wakes before a wait are one. */
export class Alarm {
  private isRung = false;
  private ring: (() => void) | null = null;

  wake(): void {
    this.isRung = true;
    this.ring?.();
  }

  /** Resolves when woken, when `ms` have passed, or when `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.isRung && !signal.aborted) {
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
    this.isRung = false;
  }
}
