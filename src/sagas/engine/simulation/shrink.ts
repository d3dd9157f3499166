import type { Violation } from "./invariants.ts";
import type { Simulation } from "./simulation.ts";

/** A run that broke a rule. */
export interface Broken {
  readonly simulation: Simulation;
  readonly violation: Violation;
  /** Numbers of faults and events that were left out of it. */
  readonly without: readonly number[];
}

const TRIES_AT_MOST = 600;

/**
 * Looks for a run of the same seed with fewer faults and events that breaks the same rule: halves of them are left out, then quarters,
 * down to single ones, as long as that helps. What is left out changes what is drawn after it, so a run need not become shorter by it;
 * only better ones are kept.
 *
 * @param play a run without these; null: it breaks nothing
 */
export function shrink(broken: Broken, play: (without: readonly number[]) => Broken | null): Broken {
  let best = broken;
  let tries = 0;
  const pass = (size: number): boolean => {
    const before = best;
    for (let from = 1; from <= best.simulation.happenings && tries < TRIES_AT_MOST; from += size) {
      const left = new Set(best.without);
      for (let number = from; number < from + size; number += 1) left.add(number);
      if (left.size === best.without.length) continue;
      tries += 1;
      const tried = play([...left].toSorted((a, b) => a - b));
      if (tried !== null && tried.violation.rule === best.violation.rule && isSmaller(tried, best)) best = tried;
    }
    return best !== before;
  };
  for (let size = Math.ceil(best.simulation.happenings / 2); size > 1; size = Math.ceil(size / 2)) pass(size);
  while (pass(1));
  // What would have come after the end was not met.
  return { ...best, without: best.without.filter((number) => number <= best.simulation.happenings) };
}

/** How many faults and events came. */
const comeIn = ({ simulation, without }: Broken): number => simulation.happenings - without.filter((number) => number <= simulation.happenings).length;

const isSmaller = (one: Broken, other: Broken): boolean =>
  comeIn(one) < comeIn(other) || (comeIn(one) === comeIn(other) && one.simulation.steps < other.simulation.steps);
