import type { EventContract } from "../../outbox/index.ts";
import type { AnySaga } from "./registry.ts";
import { defencesOf } from "./simulation/defences.ts";
import { Violation } from "./simulation/invariants.ts";
import { shrink, type Broken } from "./simulation/shrink.ts";
import { Simulation, type SimulationOptions, type View } from "./simulation/simulation.ts";

export { explore, ExplorationError, type Exploration, type ExploreOptions } from "./simulation/explore.ts";
export { Effects } from "./simulation/effects.ts";
export { faults, type Fault } from "./simulation/faults.ts";
export { Violation } from "./simulation/invariants.ts";
export type { SimulatedParticipant, SimulationOptions, View } from "./simulation/simulation.ts";

/** A rule was broken. The message tells the seed, how to run it again, and what happened, with as few faults and events as it takes. */
export class SimulationError extends Error {
  /** The rule, alike for all violations of it. */
  readonly rule: string;
  /** Name of the definition. */
  readonly saga: string;
  readonly seed: number;
  /** What can be left out, for `SimulationOptions.without`. */
  readonly without: readonly number[];
  readonly timeline: string;

  constructor(saga: string, options: SimulationOptions, { simulation, violation, without }: Broken) {
    const { seed, timeline } = simulation;
    const given = Object.entries({ seed, faults: options.faults, without: without.length === 0 ? undefined : without }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${JSON.stringify(value).replaceAll(",", ", ")}`],
    );
    const named = (["participants", "events"] as const).filter((name) => options[name] !== undefined);
    const again = `simulate(${saga.replace(/^./, (letter) => letter.toLowerCase())}, { ${[...given, ...named].join(", ")} }).until("rest")`;
    super(`${violation.message}\n\n${saga}, seed ${seed}: ${simulation.drawn}\nAgain: ${again}\n\n${timeline}`, { cause: violation });
    this.name = "SimulationError";
    this.rule = violation.rule;
    this.saga = saga;
    this.seed = seed;
    this.without = without;
    this.timeline = timeline;
  }
}

type Deed = (simulation: Simulation) => void;

/** One simulated run, for a test to drive. */
export class SimulatedRun {
  private readonly saga: AnySaga;
  private readonly options: SimulationOptions;
  private readonly simulation: Simulation;
  /** What the test has done, to be done again when a failure is made smaller. */
  private readonly deeds: Deed[] = [];

  constructor(saga: AnySaga, options: SimulationOptions) {
    this.saga = saga;
    this.options = options;
    this.simulation = new Simulation(saga, options, true);
  }

  /**
   * Publishes an event. Left out, the starting event is made up.
   * @throws {SimulationError} a rule is broken by it
   */
  send<P>(contract: EventContract<string, P>, payload: NoInfer<P>, messageId?: string): this {
    return this.do((simulation) => void simulation.send({ contract, payload }, messageId));
  }

  /**
   * Lets things happen: `final`, until the saga has ended; `rest`, until nothing is under way any more, which is later, and also there where
   * it stands and asks people; or until something of your own.
   * @throws {SimulationError} a rule is broken on the way, or it never gets there: it stands, or goes on for ever
   */
  until(what: "final" | "rest" | ((view: View) => boolean)): this {
    return this.do((simulation) => {
      if (what === "rest") return simulation.rest();
      if (!simulation.run(what === "final" ? ({ final }) => final !== null : what))
        throw new Violation("it gets there", `it came to rest as ${simulation.view.saga?.state} ${simulation.view.saga?.status}`);
    });
  }

  /**
   * A rule of your own, from now on checked after every step: broken where `holds` returns false or throws.
   * @throws {SimulationError} it does not hold now
   */
  always(rule: string, holds: (view: View) => unknown): this {
    return this.do((simulation) => simulation.always(rule, holds));
  }

  get view(): View {
    return this.simulation.view;
  }

  /** What has happened so far: virtual time, who did what, and the saga after it. */
  get timeline(): string {
    return this.simulation.timeline;
  }

  private do(deed: Deed): this {
    this.deeds.push(deed);
    const violation = violationOf(() => deed(this.simulation));
    if (violation !== null)
      throw reported(this.saga, this.options, this.deeds, { simulation: this.simulation, violation, without: this.options.without ?? [] });
    return this;
  }
}

/**
 * Runs one saga in memory with everybody around it, in virtual time: the engine's own rules, made-up participants, senders, operators,
 * and faults. What happens is drawn from the seed, and the same seed is the same run. After every step it is checked that no rule of the
 * engine is broken: see docs/testing-a-saga.md.
 */
export const simulate = (saga: AnySaga, options: SimulationOptions = {}): SimulatedRun => new SimulatedRun(saga, options);

export interface SwarmOptions extends Omit<SimulationOptions, "seed" | "without"> {
  /** How many. Default 1,000. */
  readonly seeds?: number;
  /** The first of them. Default 1. */
  readonly from?: number;
  /** Rules of your own, each by its name. */
  readonly always?: Readonly<Record<string, (view: View) => unknown>>;
}

export interface SwarmReport {
  readonly seeds: number;
  readonly steps: number;
  /** How often each defence of the engine has done something, by its name. */
  readonly fired: ReadonlyMap<string, number>;
  /** Defences that had nothing to do, though the definition gives them reason to: of a thousand seeds with all faults, it has to be empty. */
  readonly idle: readonly string[];
}

/**
 * Runs many seeds of a saga, each until nothing is under way any more and each with a mix of faults of its own.
 *
 * @returns what was met, so that a test can demand that it was tried hard enough: `idle` is to be empty
 * @throws {SimulationError} the first seed that breaks a rule, with as few faults and events as it takes
 */
export function swarm(saga: AnySaga, { seeds = 1_000, from = 1, always = {}, ...options }: SwarmOptions = {}): SwarmReport {
  const fired = new Map<string, number>();
  const deeds: Deed[] = [
    ...Object.entries(always).map(
      ([rule, holds]): Deed =>
        (simulation) =>
          simulation.always(rule, holds),
    ),
    (simulation) => simulation.rest(),
  ];
  let steps = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { simulation, violation } = play(saga, { ...options, seed }, deeds, false);
    if (violation !== null) throw reported(saga, { ...options, seed }, deeds, { simulation, violation, without: [] });
    steps += simulation.steps;
    for (const [defence, count] of simulation.fired) fired.set(defence, (fired.get(defence) ?? 0) + count);
  }
  const idle = defencesOf(saga.definition).filter((defence) => !fired.has(defence));
  return { seeds, steps, fired, idle };
}

function play(
  saga: AnySaga,
  options: SimulationOptions,
  deeds: readonly Deed[],
  isTraced: boolean,
): { readonly simulation: Simulation; readonly violation: Violation | null } {
  const simulation = new Simulation(saga, options, isTraced);
  return { simulation, violation: violationOf(() => deeds.forEach((deed) => deed(simulation))) };
}

/** What broke, made as small as it gets, and told. */
function reported(saga: AnySaga, options: SimulationOptions, deeds: readonly Deed[], broken: Broken): SimulationError {
  const again = (without: readonly number[], isTraced = false): Broken | null => {
    const { simulation, violation } = play(saga, { ...options, without }, deeds, isTraced);
    return violation === null ? null : { simulation, violation, without };
  };
  const { without } = shrink(broken, again);
  return new SimulationError(saga.name, options, again(without, true) ?? broken);
}

function violationOf(work: () => void): Violation | null {
  try {
    work();
    return null;
  } catch (error) {
    return Violation.of(error);
  }
}
