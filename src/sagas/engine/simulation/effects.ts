import type { EventMessage } from "../../../outbox/index.ts";

/** What the command of one run of a step has done, as far as a simulation knows. */
export interface Effect {
  /** The run of the step; that of the saga's birth for what the starting transaction did. */
  readonly runId: string;
  readonly sagaId: string;
  readonly state: string;
  /** Null for what the starting transaction did. */
  readonly command: string | null;
  /** How often it stands: taken back, 0. */
  readonly count: number;
  /** Its undo was carried out, or a person took it back. */
  readonly isTakenBack: boolean;
  /** Of a participant outside the database: what it answers to this run from now on, since it keeps its word; null: nothing yet. */
  readonly answer: EventMessage | null;
}

/** What participants that are real functions do and take back, each by a name and a key. In the database, it is rolled back with their transaction. */
export class Effects {
  private counts: ReadonlyMap<string, number> = new Map();

  add(name: string, key: string): void {
    this.change(name, key, this.count(name, key) + 1);
  }

  /** Takes away every effect of this name and key; where there is none, nothing happens. */
  remove(name: string, key: string): void {
    this.change(name, key, 0);
  }

  has(name: string, key: string): boolean {
    return this.count(name, key) > 0;
  }

  /** How many there are of this name, or of this name and key. */
  count(name: string, key?: string): number {
    if (key !== undefined) return this.counts.get(`${name} ${key}`) ?? 0;
    let sum = 0;
    for (const [one, count] of this.counts) if (one.startsWith(`${name} `)) sum += count;
    return sum;
  }

  /** @returns how it is now, for `restore` */
  save(): ReadonlyMap<string, number> {
    return this.counts;
  }

  restore(counts: ReadonlyMap<string, number>): void {
    this.counts = counts;
  }

  private change(name: string, key: string, count: number): void {
    this.counts = new Map(this.counts).set(`${name} ${key}`, count);
  }
}
