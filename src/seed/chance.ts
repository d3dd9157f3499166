import { createHash } from "node:crypto";

/** Numbers and ids that depend on a path alone and come in one order: quick, the same on every machine, and no secret. */
export class Chance {
  readonly #state: Uint32Array;

  constructor(...path: readonly (string | number)[]) {
    const bytes = createHash("sha256")
      .update(["chance", ...path].join("/"))
      .digest();
    this.#state = new Uint32Array([0, 4, 8, 12].map((offset) => bytes.readUInt32LE(offset)));
  }

  /** 0 ≤ x < 2³²; xoshiro128**, by Blackman and Vigna. */
  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ (s[2] ?? 0);
    s[0] = a ^ (s[3] ?? 0);
    s[2] = (s[2] ?? 0) ^ (b << 9);
    const last = s[3] ?? 0;
    s[3] = (last << 11) | (last >>> 21);
    return result;
  }

  /** 0 ≤ x < 1. */
  number(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.number() * count);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** A UUID v8 that begins with the instant, so that ids sort by time as those of the program do. */
  id(at: Date): string {
    const time = at.getTime().toString(16).padStart(12, "0");
    const [a, b, c] = [this.#next(), this.#next(), this.#next()];
    const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(8, "0").slice(0, digits);
    return `${time.slice(0, 8)}-${time.slice(8)}-8${hex(a, 3)}-${(8 + (b % 4)).toString(16)}${hex(b >>> 2, 3)}-${hex(c, 8)}${hex(a ^ b, 4)}`;
  }
}

/** Shares of `total` by rank, after Zipf with s = 1.1; no share above `most`. They add up to the total where that is possible. */
export function zipfShares(total: number, ranks: number, most: (rank: number) => number): number[] {
  const weights = Array.from({ length: ranks }, (_, rank) => (rank + 1) ** -1.1);
  const shares = weights.map(() => 0);
  let left = total;
  while (left > 0) {
    const open = weights.flatMap((weight, rank) => ((shares[rank] ?? 0) < most(rank) ? [{ rank, weight }] : []));
    const sum = open.reduce((before, { weight }) => before + weight, 0);
    if (open.length === 0) break;
    const before = left;
    for (const { rank, weight } of open) {
      const share = Math.min(Math.max(1, Math.floor((before * weight) / sum)), most(rank) - (shares[rank] ?? 0), left);
      shares[rank] = (shares[rank] ?? 0) + share;
      left -= share;
      if (left === 0) break;
    }
  }
  return shares;
}
