import type { AnyEvent } from "../../outbox/index.ts";
import { checkDefinition } from "./check.ts";
import type { Definition, Interrupt } from "./compiled.ts";
import type { Saga } from "./definition.ts";

// A list of sagas holds definitions with every kind of data.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnySaga = Saga<string, any, string, string>;

/** Thrown at start: a definition compiles but makes no sense. Every problem says what to change. */
export class DefinitionError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`${problems.length === 1 ? "A saga definition makes" : "Saga definitions make"} no sense:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "DefinitionError";
    this.problems = problems;
  }
}

/** The definitions a process has loaded, by name and version, and who listens to which event. */
export class SagaRegistry {
  readonly definitions: readonly Definition[];
  private readonly byVersion = new Map<string, Definition>();
  private readonly starting = new Map<string, Definition>();
  private readonly advancing = new Map<string, Definition[]>();

  /** @throws {DefinitionError} with every problem of every definition */
  constructor(sagas: readonly AnySaga[]) {
    this.definitions = sagas.map((one) => one.definition);
    const problems = this.definitions.flatMap((definition) => checkDefinition(definition));
    for (const definition of this.definitions) {
      const id = `${definition.name} v${definition.version}`;
      if (this.byVersion.has(id)) problems.push(`${id} is registered twice; give the newer one another version.`);
      this.byVersion.set(id, definition);
    }
    for (const definition of this.newest()) {
      if (definition.start === null) continue;
      const { name } = definition.start.event;
      const other = this.starting.get(name);
      if (other !== undefined)
        problems.push(`${name} starts both ${other.name} and ${definition.name}, and only one would hear it. Give each an event of its own.`);
      this.starting.set(name, definition);
    }
    if (problems.length > 0) throw new DefinitionError(problems);
    // Sagas of an older version go on hearing what only that version listens to.
    for (const definition of [...this.newest(), ...this.definitions]) {
      const waits = [...definition.nodes.values()].flatMap((node) => (node.kind === "wait" ? node.events : []));
      const events: AnyEvent[] = [...definition.interrupts.map((interrupt: Interrupt) => interrupt.event), ...waits];
      for (const name of new Set(events.map((event) => event.name))) {
        const others = this.advancing.get(name) ?? [];
        if (!others.some((other) => other.name === definition.name)) this.advancing.set(name, [...others, definition]);
      }
    }
  }

  /** @returns undefined when this process has not loaded the version */
  find(name: string, version: number): Definition | undefined {
    return this.byVersion.get(`${name} v${version}`);
  }

  startedBy(eventName: string): Definition | undefined {
    return this.starting.get(eventName);
  }

  advancedBy(eventName: string): readonly Definition[] {
    return this.advancing.get(eventName) ?? [];
  }

  /** Names of the sagas, in the order of their registration. */
  types(): string[] {
    return [...new Set(this.definitions.map((definition) => definition.name))];
  }

  /** All states and finals of all definitions, in the order of their definition, each once. */
  states(): string[] {
    return [...new Set(this.definitions.flatMap((definition) => [...definition.nodes.keys(), ...Object.keys(definition.finals)]))];
  }

  /** Commands that the definitions send, with the longest time that one attempt may take. */
  commands(): ReadonlyMap<string, { readonly attemptTimeoutMs: number }> {
    const commands = new Map<string, { attemptTimeoutMs: number }>();
    const add = (name: string, attemptTimeoutMs: number): void => {
      commands.set(name, { attemptTimeoutMs: Math.max(attemptTimeoutMs, commands.get(name)?.attemptTimeoutMs ?? 0) });
    };
    for (const definition of this.definitions) {
      if (definition.start?.undo) add(definition.start.undo.command.name, definition.start.undo.attemptTimeoutMs);
      for (const node of definition.nodes.values()) {
        if (node.kind !== "step") continue;
        add(node.command.name, node.attemptTimeoutMs);
        if (node.undo !== null) add(node.undo.command.name, node.undo.attemptTimeoutMs);
      }
    }
    return commands;
  }

  private newest(): Definition[] {
    return this.types().map((name) =>
      this.definitions.filter((one) => one.name === name).reduce((newest, one) => (one.version > newest.version ? one : newest)),
    );
  }
}
