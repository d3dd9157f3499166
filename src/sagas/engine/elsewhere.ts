import type { EntityManager } from "@mikro-orm/postgresql";
import { monotonicMs } from "../../kernel/clock.ts";
import { query } from "../../outbox/index.ts";
import type { SagaRegistry } from "./registry.ts";
import type { DefinitionShape } from "./shape.ts";

/** Somebody of a version that this process has not loaded, who may hear an event. */
export interface Listener {
  readonly type: string;
  /** Field of the event that is the business key. */
  readonly key: string;
  /** Than all versions that are loaded here: it may be an event for a saga that is not born yet. */
  readonly isNewer: boolean;
}

interface Unloaded {
  readonly name: string;
  readonly version: number;
  readonly shape: DefinitionShape;
}

/**
 * What the versions that this process has not loaded listen to, as the database tells. While a release is being deployed, a process of the
 * one before may publish an event that only the newer version hears: it keeps it for that.
 *
 * What is known is never older than `KNOWN_FOR_MS`, and a process with a version that hears something new waits so long after it has
 * stored it and before it starts a saga: so nobody publishes an event for such a saga without knowing who hears it.
 */
export class Elsewhere {
  private readonly registry: SagaRegistry;
  private readAt = Number.NEGATIVE_INFINITY;
  private unloaded: readonly Unloaded[] = [];

  constructor(registry: SagaRegistry) {
    this.registry = registry;
  }

  /** Looks again if what is known may be too old, by one statement. */
  async refresh(em: EntityManager): Promise<void> {
    const now = monotonicMs();
    if (now - this.readAt < KNOWN_FOR_MS) return;
    const { definitions } = this.registry;
    this.unloaded = await query<Unloaded>(
      em,
      "select name, version, shape from saga_definition where (name, version) not in (select * from unnest($1::text[], $2::int[]))",
      [definitions.map(({ name }) => name), definitions.map(({ version }) => version)],
    );
    this.readAt = now;
  }

  /** Who waits for an event, or is interrupted by it. */
  hearing(eventName: string): Listener[] {
    return this.listeners(({ shape }) => eventsHeard(shape).includes(eventName));
  }

  /** Who may have sent a command that this event answers. */
  answered(eventName: string): Listener[] {
    return this.listeners(({ shape }) => eventName in (shape.contracts ?? {}));
  }

  private listeners(hears: (one: Unloaded) => boolean): Listener[] {
    const newest = (name: string): number => Math.max(...this.registry.definitions.flatMap((one) => (one.name === name ? [one.version] : [])));
    const byType = new Map<string, Listener>();
    for (const one of this.unloaded.filter(hears)) {
      const isNewer = one.version > newest(one.name) || byType.get(one.name)?.isNewer === true;
      byType.set(one.name, { type: one.name, key: String(one.shape["key"]), isNewer });
    }
    return [...byType.values()];
  }
}

/** How long a process relies on what it has read of the versions that others have loaded. */
export const KNOWN_FOR_MS = 1_000;

/** Names of the events that a definition waits for or is interrupted by. */
export function eventsHeard(shape: DefinitionShape): string[] {
  const interrupts = (shape["interrupts"] ?? []) as readonly { readonly event: string }[];
  const waits = shape.nodes.flatMap((node) => (node["kind"] === "wait" ? (node["branches"] as readonly { readonly name: string }[]) : []));
  return [...interrupts.map(({ event }) => event), ...waits.map(({ name }) => name)];
}
