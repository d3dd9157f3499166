import { explore, SimulationError, swarm } from "../../../src/sagas/engine/simulate.ts";
import { hold } from "../../support/hold.ts";
import { samples } from "./samples.ts";

const SEEDS_AT_MOST = 2_000;

/** What looking for a bug has found. */
export interface Found {
  /** How many seeds it took, one saga after the other; null: none of them found it. */
  readonly seeds: number | null;
  /** What it broke, and how that was told. */
  readonly rule: string | null;
  readonly report: string | null;
  /** What every interleaving of the smallest saga says; null: that nothing is wrong. */
  readonly explored: string | null;
}

/** Looks for a bug in the rules as they are loaded. */
export function hunt(): Found {
  return { ...byChance(), explored: byTryingAll() };
}

function byChance(): Omit<Found, "explored"> {
  for (let seed = 1; seed <= SEEDS_AT_MOST; seed += 1) {
    try {
      swarm(samples[seed % samples.length] ?? hold, { from: seed, seeds: 1 });
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      return { seeds: seed, rule: error.rule, report: error.message };
    }
  }
  return { seeds: null, rule: null, report: null };
}

function byTryingAll(): string | null {
  try {
    explore(hold, { duplicates: 1, participants: { HoldSeatCommand: { answersLater: true } } });
    explore(hold, { duplicates: 1 });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
