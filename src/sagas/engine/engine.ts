import { setTimeout as delay } from "node:timers/promises";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { connectOutbox, type Hints } from "../../outbox/index.ts";
import { Advance } from "./advance.ts";
import { eventsHeard, KNOWN_FOR_MS } from "./elsewhere.ts";
import { ChangedDefinitionError, type SagaRegistry } from "./registry.ts";
import { findProblem, isSameShape, storedShape } from "./shape.ts";
import { countUnloaded, findDue, readShapes, replaceDefinition, storeDefinitions } from "./store.ts";

export interface SagaEngineParts {
  readonly registry: SagaRegistry;
  /** A fresh EntityManager without a transaction. */
  readonly em: () => EntityManager;
  /** Runs the sweeper's work in a transaction of its own. */
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly hints: Hints;
  readonly log: Log;
  /** How often passed timers and kept messages are looked for. Default 500. */
  readonly sweepIntervalMs?: number;
}

const SWEEP_BATCH = 100;
/** Versions that were stored so close to each other were stored by one process. */
const TOGETHER_MS = 50;

/**
 * The saga engine of a process. Constructed, it hears every event published through its ORM, inside the publisher's
 * transaction; started, it also takes the outcome of timers that have passed, and delivers events that came before their saga.
 */
export class SagaEngine {
  private readonly parts: SagaEngineParts;
  private readonly advance: Advance;
  private readonly sweeper: Loop;

  constructor(parts: SagaEngineParts) {
    this.parts = parts;
    this.advance = new Advance(parts.registry, parts.hints);
    connectOutbox(parts.em(), this.advance, parts.hints);
    this.sweeper = new Loop({
      pass: async () => {
        const due = await findDue(parts.em(), parts.registry);
        const timers = due.timer ? await parts.transaction((em) => this.advance.timersPassed(em, SWEEP_BATCH)) : 0;
        const mail = due.mail ? await parts.transaction((em) => this.advance.deliverMail(em, SWEEP_BATCH)) : 0;
        return timers === SWEEP_BATCH || mail === SWEEP_BATCH ? 0 : (parts.sweepIntervalMs ?? 500);
      },
      onError: (error) => parts.log.warn({ err: error }, "Timers and kept messages could not be looked for; trying again"),
    });
  }

  /** The in-transaction subscriber, for the consumers of commands. */
  get subscriber(): Advance {
    return this.advance;
  }

  /**
   * Stores the definitions that this process has loaded, and waits until every other process knows who hears what: a second, where a
   * version has just been stored that hears what no other one does. Warns of every other version on which sagas live.
   *
   * @throws {ChangedDefinitionError} a stored version has another shape, or a message a payload that cannot be read as before: sagas under way would
   *   change under their feet
   */
  async storeDefinitions(): Promise<void> {
    const loaded = this.parts.registry.definitions.map((definition) => ({ ...storedShape(definition), name: definition.name, version: definition.version }));
    const isNews = await this.parts.transaction(async (em) => {
      const stored = await storeDefinitions(em, loaded);
      const problems: string[] = [];
      for (const now of loaded) {
        const before = stored.get(`${now.name} v${now.version}`);
        if (before === undefined || isSameShape(before.shape, now.shape)) continue;
        const problem = findProblem(before.shape, now.shape);
        if (problem === null) await replaceDefinition(em, now);
        else problems.push(`${now.name} v${now.version} ${problem}`);
      }
      if (problems.length > 0) throw new ChangedDefinitionError(problems);
      return this.hearsNews(await readShapes(em, this.parts.registry.types()));
    });
    if (isNews) await delay(KNOWN_FOR_MS);
    for (const one of await countUnloaded(this.parts.em(), this.parts.registry))
      this.parts.log.warn(
        one,
        "Sagas live on a version that this process has not loaded, or have to undo by it, and wait for one that has: VERSION_NOT_LOADED",
      );
  }

  /** Whether a version that is loaded here, and that others may not know yet, hears what no other version of its saga does. */
  private hearsNews(stored: Awaited<ReturnType<typeof readShapes>>): boolean {
    return stored.some(({ name, version, shape, ageMs }) => {
      if (ageMs > 2 * KNOWN_FOR_MS || this.parts.registry.find(name, version) === undefined) return false;
      const known = stored.filter((one) => one.name === name && one.ageMs > ageMs + TOGETHER_MS);
      return known.length > 0 && eventsHeard(shape).some((event) => !known.some((other) => eventsHeard(other.shape).includes(event)));
    });
  }

  /** Begins to look for passed timers and kept messages. */
  startSweeper(): void {
    this.sweeper.start();
  }

  /** Ends the sweeper after the pass it is in. */
  async stop(): Promise<void> {
    await this.sweeper.stop();
  }
}
