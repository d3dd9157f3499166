import type { EntityManager } from "@mikro-orm/postgresql";
import { createHash } from "node:crypto";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { connectOutbox, type Hints } from "../../outbox/index.ts";
import { Advance } from "./advance.ts";
import type { Definition, Node } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { isAnyDue, storeDefinitions } from "./store.ts";

export interface SagaEngineParts {
  readonly registry: SagaRegistry;
  /** A fresh EntityManager without a transaction. */
  readonly em: () => EntityManager;
  /** Runs the sweeper's work in a transaction of its own. */
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly hints: Hints;
  readonly log: Log;
  /** How often deadlines are looked for. Default 500. */
  readonly sweepIntervalMs?: number;
}

const SWEEP_BATCH = 100;

/**
 * The saga engine of a process. Constructed, it hears every event published through its ORM, inside the publisher's
 * transaction; started, it also takes the outcome of deadlines that have passed.
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
        const found = (await isAnyDue(parts.em(), parts.registry)) ? await parts.transaction((em) => this.advance.deadlinesReached(em, SWEEP_BATCH)) : 0;
        return found === SWEEP_BATCH ? 0 : (parts.sweepIntervalMs ?? 500);
      },
      onError: (error) => parts.log.warn({ err: error }, "Deadlines could not be looked for; trying again"),
    });
  }

  /** The in-transaction subscriber, for the consumers of commands. */
  get subscriber(): Advance {
    return this.advance;
  }

  /**
   * Stores the definitions that this process has loaded.
   * @throws {Defect} a stored version has another shape
   */
  async storeDefinitions(): Promise<void> {
    const shapes = this.parts.registry.definitions.map((definition) => {
      const shape = shapeOf(definition);
      return { definition, shape, shapeHash: createHash("sha256").update(JSON.stringify(shape)).digest("hex").slice(0, 16) };
    });
    await storeDefinitions(this.parts.em(), shapes);
  }

  /** Begins to look for passed deadlines. */
  startSweeper(): void {
    this.sweeper.start();
  }

  /** Ends the sweeper after the pass it is in. */
  async stop(): Promise<void> {
    await this.sweeper.stop();
  }
}

/** A definition without its functions: what a history can be read and drawn with, and what must not change under one version. */
function shapeOf(definition: Definition): unknown {
  return {
    name: definition.name,
    version: definition.version,
    key: definition.key,
    data: definition.data.text,
    finals: definition.finals,
    reasons: Object.keys(definition.reasons),
    start:
      definition.start === null
        ? null
        : { event: definition.start.event.name, state: definition.start.state, undo: definition.start.undo?.command.name ?? null },
    nodes: [...definition.nodes.values()].map(nodeShape),
    interrupts: definition.interrupts.map((one) => ({ event: one.event.name, during: one.during === "any" ? "any" : [...one.during], then: one.then })),
    failedFinal: definition.failedFinal,
  };
}

function nodeShape(node: Node): unknown {
  const { state, kind } = node;
  if (node.kind === "milestone") return { kind, state, goal: node.goal };
  const branches = [...(node.kind === "step" ? node.replies : node.on)].map(([name, branch]) => ({
    name,
    by: branch.by,
    arms: [...branch.arms].map(([value, arm]) => [value, arm.then]),
  }));
  if (node.kind === "wait") return { kind, state, goal: node.goal, branches, onDeadline: node.onDeadline };
  return {
    kind,
    state,
    command: node.command.name,
    payload: node.command.schema.text,
    undo: node.undo === null ? null : { command: node.undo.command.name, ifExhausted: node.undo.ifExhausted },
    effect: node.effect,
    branches,
    onTimeout: node.onTimeout,
    onExhausted: node.onExhausted,
  };
}
