import { canRead, versionOf, type AnyCommand, type AnyEvent, type Schema } from "../../outbox/index.ts";
import { checkDefinition } from "./check.ts";
import type { Definition, Interrupt } from "./compiled.ts";
import type { Saga } from "./definition.ts";
import { findMisfits, type SagaMigration } from "./migration.ts";
import { findUnknown, shapesOf, subSagaNodesOf, type SubSagaNode } from "./sub-saga.ts";

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

/** Thrown at start: definitions under which sagas under way would change under their feet. Every problem names a version, and what to do. */
export class ChangedDefinitionError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ChangedDefinitionError";
    this.problems = problems;
  }
}

/** The definitions a process has loaded, by name and version, and who listens to which event. */
export class SagaRegistry {
  readonly definitions: readonly Definition[];
  private readonly byVersion = new Map<string, Definition>();
  private readonly starting = new Map<string, Definition>();
  private readonly advancing = new Map<string, Definition[]>();

  private readonly schemas = new Map<string, Schema<unknown> | null>();
  private readonly migrations = new Map<string, SagaMigration>();

  /**
   * @param isWhole whether the sagas that others begin have to be among them; the simulator plays one saga by itself
   * @throws {DefinitionError} with every problem of every definition and migration
   */
  constructor(sagas: readonly AnySaga[], migrations: readonly SagaMigration[] = [], { isWhole = true }: { readonly isWhole?: boolean } = {}) {
    const strange = [
      ...strangers("sagas", sagas, "what saga(…) … .build() makes", (one) => one.definition),
      ...strangers("migrations", migrations, "what migration(…) makes", (one) => one.states),
    ];
    if (strange.length > 0) throw new DefinitionError(strange);
    this.definitions = withVersions(sagas.map((one) => one.definition));
    const problems = this.definitions.flatMap((definition) => checkDefinition(definition));
    for (const how of migrations) {
      const versions = [how.fromVersion, how.toVersion];
      const [from, to] = versions.map((version) => this.definitions.find((one) => one.name === how.name && one.version === version));
      const missing = versions.filter((_, index) => [from, to][index] === undefined);
      if (from !== undefined && to !== undefined) problems.push(...findMisfits(how, from, to));
      else problems.push(`A migration of ${how.name} names v${missing.join(" and v")}, which is not registered. Register both versions.`);
      this.migrations.set(`${how.name} ${versions.join()}`, how);
    }
    for (const definition of this.definitions) {
      const id = `${definition.name} v${definition.version}`;
      if (this.byVersion.has(id)) problems.push(`${id} is registered twice; give the newer one another version.`);
      this.byVersion.set(id, definition);
    }
    if (isWhole) {
      const newest = this.newest();
      for (const { of, node } of this.begun()) problems.push(...findSubSagaProblems(of, node, newest));
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

  /** @returns undefined when nothing says how to get from one version to the other */
  findMigration(name: string, fromVersion: number, toVersion: number): SagaMigration | undefined {
    return this.migrations.get(`${name} ${fromVersion},${toVersion}`);
  }

  listMigrations(): SagaMigration[] {
    return [...this.migrations.values()];
  }

  startedBy(eventName: string): Definition | undefined {
    return this.starting.get(eventName);
  }

  advancedBy(eventName: string): readonly Definition[] {
    return this.advancing.get(eventName) ?? [];
  }

  /** Definitions of which a step, an undo, a reminder or a notice may be answered by this event: of each saga the newest version that knows it. */
  answeredBy(eventName: string): readonly Definition[] {
    const senders = [...this.newest(), ...this.definitions].filter((definition) =>
      sentBy(definition).some((one) => one.command.replies.some((reply) => reply.name === eventName)),
    );
    return senders.filter((definition, index) => senders.findIndex((other) => other.name === definition.name) === index);
  }

  /** The contract of an event that some version of a definition may hear. */
  eventOf(type: string, eventName: string): AnyEvent | undefined {
    const ofType = this.definitions.filter((one) => one.name === type);
    return newestOf(ofType.flatMap(contractsHeard).filter((one) => one.name === eventName));
  }

  /** The shape of the messages with this name, where a definition sends or may hear them. */
  schemaOf(messageName: string): Schema<unknown> | undefined {
    let schema = this.schemas.get(messageName);
    if (schema === undefined) {
      const contracts = this.definitions.flatMap((definition) => [...sentBy(definition).map((one) => one.command), ...contractsHeard(definition)]);
      schema = newestOf(contracts.filter((contract) => contract.name === messageName))?.schema ?? null;
      this.schemas.set(messageName, schema);
    }
    return schema ?? undefined;
  }

  /** Definitions that another one begins, in their newest version. */
  subSagas(): readonly Definition[] {
    const names = new Set(this.begun().map(({ node }) => node.begins.saga));
    return this.newest().filter(({ name }) => names.has(name));
  }

  private begun(): { readonly of: Definition; readonly node: SubSagaNode }[] {
    return this.definitions.flatMap((definition) => subSagaNodesOf(definition).map((node) => ({ of: definition, node })));
  }

  /** Names of the sagas, in the order of their registration. */
  types(): string[] {
    return [...new Set(this.definitions.map((definition) => definition.name))];
  }

  /** What this process can move, each as name and version: `CourseEnrollment v1`. */
  loads(): string[] {
    return [...this.byVersion.keys()];
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
      for (const one of sentBy(definition)) add(one.command.name, one.attemptTimeoutMs);
    }
    return commands;
  }

  /** @throws {DefinitionError} with every command that a definition sends, and that none of these carries out */
  checkParticipants(participants: readonly { readonly command: { readonly name: string } }[]): void {
    const carriedOut = new Set(participants.map(({ command }) => command.name));
    const problems = this.definitions.flatMap((definition) =>
      [...new Set(sentBy(definition).map((one) => one.command.name))]
        .filter((name) => !carriedOut.has(name))
        .map((name) => `${definition.name} v${definition.version} sends ${name}, which no participant carries out. Add one to the list of participants.`),
    );
    if (problems.length > 0) throw new DefinitionError(problems);
  }

  private newest(): Definition[] {
    return this.types().map((name) =>
      this.definitions.filter((one) => one.name === name).reduce((newest, one) => (one.version > newest.version ? one : newest)),
    );
  }
}

/** Every version knows the others of its saga, since sagas may be moved between them. */
function withVersions(definitions: readonly Definition[]): Definition[] {
  return definitions.map((one) => {
    const others = definitions.filter((other) => other.name === one.name && other !== one);
    return others.length === 0 ? one : { ...one, versions: new Map(others.map((other) => [other.version, other])) };
  });
}

/** What is in a list and should not be. Where modules import each other in a circle, one of them may find nothing. */
const strangers = <T>(list: string, members: readonly T[], expected: string, partOf: (member: T) => unknown): string[] =>
  members.flatMap((one: T | null | undefined, index) => {
    if (one != null && typeof partOf(one) === "object") return [];
    const found = one == null ? `${String(one)}; modules that import each other in a circle may be why` : JSON.stringify(one)?.slice(0, 60);
    return [`${list}[${index}]: expected ${expected}, found ${found}.`];
  });

/** A saga that another one begins is there, can be begun by what it is sent, and can be undone; and the newest version of the other knows its ends. */
function findSubSagaProblems(of: Definition, node: SubSagaNode, newest: readonly Definition[]): string[] {
  const { saga, start } = node.begins;
  const by = `${of.name} v${of.version}: ${node.state}`;
  const definition = newest.find(({ name }) => name === saga);
  if (definition === undefined) return [`${by} begins ${saga}, which is not registered. Register it too.`];
  const starting = definition.start?.event;
  const sent = shapesOf(node);
  const problems = [
    ...(starting?.name === start ? [] : [`${by} begins ${saga} by ${start}, but that starts on ${starting?.name}. Name ${starting?.name}.`]),
    ...(starting?.name !== start || canRead(starting.schema.text, sent.start)
      ? []
      : [
          `${by} begins ${saga} with ${sent.start}, which its v${definition.version} cannot read as ${starting.schema.text}. Give ${start} a new version: versioned(contract, upcaster).`,
        ]),
    ...(definition.failedFinal === null
      ? [`${by} begins ${saga} and may have to undo it, but nothing says where that ends then. Add .onFailed({ final }) to ${saga}.`]
      : []),
  ];
  // Sagas of an older version stand before an operator where they meet an end that is newer than they are.
  if (!newest.includes(of)) return problems;
  const unknown = findUnknown(node, { finals: Object.keys(definition.finals), data: definition.data.text });
  if (unknown.finals.length > 0)
    problems.push(
      `${by} begins ${saga}, whose v${definition.version} may end as ${unknown.finals.join(", ")}, and does not say what that means. Add it to onEnd.`,
    );
  if (unknown.data)
    problems.push(
      `${by} takes of the data of ${saga} as ${sent.data}, which cannot be read out of the ${definition.data.text} of its v${definition.version}. Name v${definition.version} in a new version of ${of.name}.`,
    );
  return problems;
}

/** Of several contracts of one message, the one that reads them all. */
const newestOf = <C extends AnyCommand | AnyEvent>(contracts: readonly C[]): C | undefined =>
  contracts.reduce<C | undefined>(
    (newest, one) => (newest === undefined || versionOf(one.schema.text) > versionOf(newest.schema.text) ? one : newest),
    undefined,
  );

/** Every message that a definition may send or hear with the shape of its payload, sorted by name. */
export const contractsOf = (definition: Definition): Record<string, string> =>
  Object.fromEntries(
    [...sentBy(definition).map(({ command }) => command), ...contractsHeard(definition)]
      .map(({ name, schema }) => [name, schema.text] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );

/** Everything that a definition may send. */
function sentBy(definition: Definition): { readonly command: AnyCommand; readonly attemptTimeoutMs: number }[] {
  const ofNodes = [...definition.nodes.values()].flatMap((node) => {
    if (node.kind === "milestone" || node.kind === "group") return [];
    return node.kind === "wait" ? [node.remind, node.tell] : [node, node.undo, node.remind];
  });
  return [definition.start?.undo, ...ofNodes, definition.tell].filter((one) => one != null);
}

/** Everything that a definition may hear: replies, events that are waited for, interrupts, and its beginning. */
const contractsHeard = (definition: Definition): AnyEvent[] => [
  ...sentBy(definition).flatMap((one) => one.command.replies),
  ...[...definition.nodes.values()].flatMap((node) => (node.kind === "wait" ? node.events : [])),
  ...definition.interrupts.map((interrupt) => interrupt.event),
  ...(definition.start === null ? [] : [definition.start.event]),
];
