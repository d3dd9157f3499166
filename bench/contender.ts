/** Something that carries enrollments through their five steps, in the process that is measured. */
export interface Contender {
  /** Commits the enrollment of learner `number` and asks for its steps, in the way its documentation recommends. */
  begin(number: number): Promise<void>;
  /** Commits the enrollments of several learners in one transaction. */
  beginTogether?(numbers: readonly number[]): Promise<void>;
  startWorkers(): Promise<void>;
  stopWorkers(): Promise<void>;
  /** How many have ended since the process started, at least about, and when the last did. Costs the database nothing. */
  ended(): { readonly count: number; readonly lastAt: number };
  /** How many are under way, by what is committed. */
  countOpen(): Promise<number>;
  /** Resolves when that enrollment has ended. */
  whenEnded(number: number): Promise<void>;
  /** When each has ended, in milliseconds of the wall clock; NaN: not that it is known. */
  endedAt(numbers: readonly number[]): Promise<number[]>;
  /** Ends everything in order; all connections have then reported what they did. */
  close(): Promise<void>;
}

export type OpenContender = (url: string) => Promise<Contender>;

/** Milliseconds of the wall clock, with fractions. */
export const now = (): number => performance.timeOrigin + performance.now();
