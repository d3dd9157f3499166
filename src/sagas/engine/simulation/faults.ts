import type { Chance } from "./chance.ts";

/** What can go wrong, or come at a bad moment, in a simulation. */
export const faults = [
  /** Time passes although somebody has work to do. */
  "lost-wakeups",
  /** Commands, events and answers from outside arrive more than once. */
  "duplicates",
  /** What came later is done first. */
  "reordering",
  /** A process dies between two commits, or in the middle of a transaction. */
  "crashes",
  /** An attempt at a command fails, for a while or for good. */
  "failures",
  /** An attempt takes longer than it may, or longer than its lease. */
  "hangs",
  /** A transaction is rolled back although its work was done, and whoever sent a message sends it again. */
  "lost-commits",
  /** The clock of the database jumps, also backwards. */
  "clock-jumps",
  /** Attempts at undos fail, over and over. */
  "failing-undos",
  /** An operator does something, possible now or not. */
  "operators",
  /** An interrupt comes. */
  "interrupts",
  /** Any other event that the saga may hear comes: before its birth or its wait, after its end, or in between. */
  "events",
  /** An answer that was promised from outside never comes. */
  "silence",
] as const;

export type Fault = (typeof faults)[number];

/** How probable each fault is, wherever it may come. */
export type Mix = Readonly<Record<Fault, number>>;

/** How probable faults are that a seed has at all, from rare to always. */
const RATES: Readonly<Record<Fault, readonly number[]>> = {
  "lost-wakeups": [0.05, 0.3],
  duplicates: [0.1, 0.5],
  reordering: [0.3, 1],
  crashes: [0.02, 0.1, 0.3],
  failures: [0.1, 0.4, 0.9],
  hangs: [0.05, 0.3],
  "lost-commits": [0.05, 0.3],
  "clock-jumps": [0.02, 0.1],
  "failing-undos": [0.3, 0.9, 1],
  operators: [0.02, 0.1],
  interrupts: [0.01, 0.05, 0.2],
  events: [0.03, 0.15],
  silence: [0.3, 1],
};

/** Each seed has a mix of its own, in which half of the faults are left out: what hides behind one of them is found without it. */
export function drawMix(chance: Chance, wanted: readonly Fault[]): Mix {
  const mix = {} as Record<Fault, number>;
  for (const fault of faults) {
    const rate = chance.yes(0.5) ? chance.pick(RATES[fault]) : 0;
    mix[fault] = wanted.includes(fault) ? rate : 0;
  }
  return mix;
}
