/** Chance that is the same for the same seed, on every machine: what is drawn depends on nothing but the seed and what was drawn before. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed, 0x9e37_79b9) ^ 0x5bd1_e995) >>> 0;
    // Seeds that follow each other begin alike otherwise.
    for (let round = 0; round < 4; round += 1) this.next();
  }

  /** 0 ≤ x < 1, by mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  yes(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** @throws {RangeError} there is nothing to choose from */
  pick<T>(all: readonly T[]): T {
    if (all.length === 0) throw new RangeError("There is nothing to choose from");
    return all[this.below(all.length)] as T;
  }
}
