import { now } from "../contender.ts";

/** The endings of a contender that learns of each right after its last commit. */
export class Endings {
  private readonly at = new Map<number, number>();
  private readonly waiting = new Map<number, () => void>();
  private lastAt = 0;

  /** Learner `number`'s enrollment has ended: its last step is committed. */
  note(number: number): void {
    this.lastAt = now();
    this.at.set(number, this.lastAt);
    this.waiting.get(number)?.();
    this.waiting.delete(number);
  }

  ended(): { count: number; lastAt: number } {
    return { count: this.at.size, lastAt: this.lastAt };
  }

  whenEnded(number: number): Promise<void> {
    if (this.at.has(number)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  endedAt(numbers: readonly number[]): Promise<number[]> {
    return Promise.resolve(numbers.map((number) => this.at.get(number) ?? Number.NaN));
  }
}
