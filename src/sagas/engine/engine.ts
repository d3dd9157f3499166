import type { EntityManager } from "@mikro-orm/postgresql";
import { createHash } from "node:crypto";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { connectOutbox, type Hints } from "../../outbox/index.ts";
import { Advance } from "./advance.ts";
import type { CompiledBranch, Definition, Node } from "./compiled.ts";
import type { SagaRegistry } from "./registry.ts";
import { findDue, storeDefinitions } from "./store.ts";

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

  /** Begins to look for passed timers and kept messages. */
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
        : {
            event: definition.start.event.name,
            state: definition.start.state,
            undo: definition.start.undo?.command.name ?? null,
            ...onlyIf(definition.start.undo?.replies, (replies) => ({ undoBranches: branchShapes(replies) })),
            ...onlyIf(definition.start.afterFinal === "again", () => ({ afterFinal: "again" })),
          },
    nodes: [...definition.nodes.values()].map(nodeShape),
    interrupts: definition.interrupts.map((one) => ({ event: one.event.name, during: one.during === "any" ? "any" : [...one.during], then: one.then })),
    failedFinal: definition.failedFinal,
    ...onlyIf(definition.tell, ({ command }) => ({ tell: command.name })),
  };
}

/** What a definition does not use leaves no trace in its shape, so that a new word of the language changes no hash of old definitions. */
const onlyIf = <T>(value: T, shape: (value: NonNullable<T>) => object): object => (value ? shape(value) : {});

const branchShapes = (branches: ReadonlyMap<string, CompiledBranch> = new Map()): unknown =>
  [...branches].map(([name, branch]) => ({ name, by: branch.by, arms: [...branch.arms].map(([value, arm]) => [value, arm.then]) }));

function nodeShape(node: Node): unknown {
  const { state, kind } = node;
  if (node.kind === "milestone") return { kind, state, goal: node.goal };
  const branches = branchShapes(node.kind === "step" ? node.replies : node.on);
  const remind = onlyIf(node.remind, ({ command }) => ({ remind: command.name }));
  if (node.kind === "wait") return { kind, state, goal: node.goal, branches, onDeadline: node.onDeadline, ...remind };
  return {
    kind,
    state,
    command: node.command.name,
    payload: node.command.schema.text,
    undo:
      node.undo === null
        ? null
        : {
            command: node.undo.command.name,
            ifExhausted: node.undo.ifExhausted,
            ...onlyIf(node.undo.replies, (replies) => ({ branches: branchShapes(replies) })),
          },
    effect: node.effect,
    branches,
    onTimeout: node.onTimeout,
    onExhausted: node.onExhausted,
    ...remind,
  };
}
