import { derivedId } from "../../../src/kernel/ids.ts";
import type { AnyCommand, AnyEvent } from "../../../src/outbox/index.ts";
import { SagaRegistry, trouble, type AnySaga, type SagaMigration } from "../../../src/sagas/engine/index.ts";
import { makerOf, type Definition } from "../../../src/sagas/engine/compiled.ts";
import { begin, decide, fateOfCommand, type Input } from "../../../src/sagas/engine/decide.ts";
import { isUndoing, type Instance } from "../../../src/sagas/engine/instance.ts";
import { migrate } from "../../../src/sagas/engine/migration.ts";
import { Chance } from "../../../src/sagas/engine/simulation/chance.ts";
import { makeUp } from "../../../src/sagas/engine/simulation/payloads.ts";
import { definitionOf, instanceOf, sagaRow, type SagaRow } from "../../../src/sagas/engine/store.ts";
import type { Decision, DecisionContext } from "../../../src/sagas/engine/decision.ts";

/** The definitions and contracts of one release of the program. Of a message that several versions know, the newest has the contract. */
export class Release {
  readonly registry: SagaRegistry;
  private readonly contracts = new Map<string, AnyCommand | AnyEvent>();

  constructor(sagas: readonly AnySaga[], migrations: readonly SagaMigration[] = []) {
    this.registry = new SagaRegistry(sagas, migrations);
    for (const { definition } of sagas) for (const contract of contractsOf(definition)) this.contracts.set(contract.name, contract);
  }

  get newest(): Definition {
    return this.registry.definitions.reduce((newest, one) => (one.version > newest.version ? one : newest));
  }

  command(name: string): AnyCommand {
    return this.contracts.get(name) as AnyCommand;
  }

  event(name: string): AnyEvent {
    return this.contracts.get(name) as AnyEvent;
  }
}

/** Everything that a definition sends or hears, the replies of its commands included. */
function contractsOf(definition: Definition): (AnyCommand | AnyEvent)[] {
  const nodes = [...definition.nodes.values()];
  const sent = nodes
    .flatMap((one) =>
      one.kind === "step" ? [one.command, one.undo?.command, one.remind?.command] : one.kind === "wait" ? [one.remind?.command, one.tell?.command] : [],
    )
    .concat(definition.start?.undo?.command, definition.tell?.command)
    .filter((one) => one !== undefined);
  const heard = [
    ...nodes.flatMap((one) => (one.kind === "wait" ? one.events : [])),
    ...definition.interrupts.map(({ event }) => event),
    definition.start?.event,
  ];
  return [...sent, ...sent.flatMap(({ replies }) => replies), ...heard.filter((one) => one !== undefined)];
}

/** A command on its way, as it is stored. */
interface Letter {
  readonly name: string;
  readonly payload: unknown;
  readonly runId: string;
  readonly attempt: number;
}

const repairId = derivedId("a repair");
/** What commands do and undo in the world, by name. */
const effects: Readonly<Record<string, readonly [string, number]>> = {
  ReserveStandCommand: ["stand", 1],
  FreeStandCommand: ["stand", -1],
  ReturnStandCommand: ["stand", -1],
  MendCommand: ["bike", 1],
  OverhaulCommand: ["bike", 1],
  UnmendCommand: ["bike", -1],
};

/**
 * One saga as nothing but its row and its messages, all of them JSON: between two decisions nothing else is left of it. So any release can
 * take it over at any moment, as a process would that has just been started.
 */
export class SagaOnPaper {
  private row = "";
  private letters: Letter[] = [];
  private ids = 0;
  private readonly chance = new Chance(1);
  private now = new Date("2026-01-01T00:00:00Z");
  /** What stands in the world. */
  readonly standing = new Map<string, number>();
  /** Commands that were carried out, in order. */
  readonly done: string[] = [];

  constructor(release: Release) {
    const { newest } = release;
    const { event } = newest.start ?? {};
    if (event === undefined) throw new Error("Nothing starts it");
    this.note(release, begin(newest, { messageId: this.newId(), contract: event, payload: this.payloadOf(event) }, this.context()));
  }

  instance(release: Release): Instance {
    return instanceOf(release.registry, JSON.parse(this.row) as SagaRow);
  }

  get version(): number {
    return (JSON.parse(this.row) as SagaRow).definition_version;
  }

  /** Commands on their way, as the release reads them. @throws {TypeError} it cannot */
  read(release: Release): unknown[] {
    return this.letters.map(({ name, payload }) => release.command(name).schema.decode(payload, name));
  }

  /** The command on its way is carried out and answered, by default with its first reply. */
  answered(release: Release, reply?: string): this {
    const letter = this.letters.shift();
    if (letter === undefined) throw new Error("No command is on its way");
    const instance = this.instance(release);
    if (fateOfCommand(instance, letter.runId, letter.attempt) !== "current") return this;
    const command = release.command(letter.name);
    command.schema.decode(letter.payload, letter.name);
    const contract = reply === undefined ? command.replies[0] : command.replies.find(({ name }) => name === reply);
    if (contract === undefined) throw new Error(`${letter.name} has no answer`);
    this.done.push(letter.name);
    const [what, change] = effects[letter.name] ?? ["", 0];
    if (what !== "") this.standing.set(what, (this.standing.get(what) ?? 0) + change);
    return this.take(release, { kind: "reply", messageId: this.newId(), runId: letter.runId, contract, payload: this.payloadOf(contract) });
  }

  /** The attempt under way fails. */
  failed(release: Release): this {
    const letter = this.letters.shift();
    if (letter === undefined) throw new Error("No command is on its way");
    const { runId, attempt, name } = letter;
    return this.take(release, { kind: "attempt-failed", messageId: this.newId(), runId, attempt, command: name, failure: trouble() });
  }

  exhausted(release: Release): this {
    while (this.letters.length > 0) this.failed(release);
    return this;
  }

  happened(release: Release, name: string): this {
    const contract = release.event(name);
    return this.take(release, { kind: "event", messageId: this.newId(), contract, payload: this.payloadOf(contract) });
  }

  /** By the migration that the release has. @returns why not, or null */
  migrated(release: Release, how: SagaMigration): string | null {
    const instance = this.instance(release);
    const versions = { from: definitionOf(release.registry, "Repair", how.fromVersion), to: definitionOf(release.registry, "Repair", how.toVersion) };
    const decision = migrate(how, versions, instance, { actorId: repairId, note: null }, this.context());
    if (decision.denied !== undefined) return decision.explanation ?? "";
    this.note(release, decision);
    return null;
  }

  /**
   * To its end, as it comes: commands are carried out, events happen that lead on, and operators let what stands begin again. Of several
   * releases, each process of which works on it, one after the other has its turn.
   */
  carriedOn(...releases: readonly [Release, ...Release[]]): this {
    for (let steps = 0; steps < 100; steps += 1) {
      const release = releases[steps % releases.length] ?? releases[0];
      if (this.instance(release).finishedAt !== null) return this;
      this.stepOn(release);
    }
    throw new Error(`It goes on for ever: ${this.row}`);
  }

  /** The next that leads it on. */
  stepOn(release: Release): this {
    const instance = this.instance(release);
    if (instance.status === "STUCK") return this.take(release, { kind: "operator", action: { kind: "retry" }, actorId: repairId, note: null });
    return this.letters.length > 0 ? this.answered(release) : this.happened(release, this.awaited(release, instance));
  }

  private awaited(release: Release, { version, state }: Instance): string {
    const node = definitionOf(release.registry, "Repair", version).nodes.get(state);
    if (node?.kind !== "wait") throw new Error(`It is lost in ${state}: no command is on its way, and nothing is waited for`);
    const leadsOn = [...node.on].find(([, { arms }]) => [...arms.values()].every(({ then }) => then.go !== "stay" && then.go !== "fail"));
    return leadsOn?.[0] ?? "";
  }

  /** Runs that changed something and whose undo is not done, of a saga that has failed. */
  leftUndone(release: Release): string[] {
    const instance = this.instance(release);
    if (!isUndoing(instance)) return [];
    const definition = definitionOf(release.registry, "Repair", instance.version);
    return instance.runs
      .filter((run) => {
        const node = makerOf(definition, run).nodes.get(run.state);
        return run.status === "done" && node?.kind === "step" && node.undo !== null && run.undo?.status !== "done";
      })
      .map(({ state }) => state);
  }

  private take(release: Release, input: Input): this {
    const instance = this.instance(release);
    this.note(release, decide(definitionOf(release.registry, "Repair", instance.version), instance, input, this.context()));
    return this;
  }

  private note(release: Release, { instance, commands, denied, explanation }: Decision): void {
    if (denied !== undefined) throw new Error(explanation);
    this.row = JSON.stringify({ ...emptyRow, ...withoutUndefined(sagaRow(release.registry, instance)) });
    const sent = commands.map(({ command, payload, runId, attempt }) => ({ name: command.name, payload: command.schema.encode(payload), runId, attempt }));
    this.letters = JSON.parse(JSON.stringify([...this.letters.filter((letter) => !sent.some(({ runId }) => runId === letter.runId)), ...sent])) as Letter[];
  }

  private payloadOf(contract: AnyEvent): unknown {
    const given = { repairId, orderId: repairId };
    const payload = makeUp(contract, this.chance, { given, now: this.now, newId: () => this.newId() });
    // Through JSON, as it comes by a queue or out of the mail.
    return contract.schema.decode(JSON.parse(JSON.stringify(contract.schema.encode(payload))), contract.name);
  }

  private newId(): string {
    this.ids += 1;
    return derivedId(`a repair ${this.ids}`);
  }

  private context(): DecisionContext {
    this.now = new Date(this.now.getTime() + 1_000);
    return { now: this.now, newId: () => this.newId(), random: () => 0.5 };
  }
}

const withoutUndefined = (row: object): object => JSON.parse(JSON.stringify(row)) as object;

/** What a saga has nothing to say about. */
const emptyRow: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries({
    null: "next_attempt_at deadline_at remind_at paused_at paused_by pause_note settled_at code_hash reason reason_code reason_message reason_at finished_at",
    "[]": "asides parked heard",
  }).flatMap(([value, columns]) => columns.split(" ").map((column) => [column, JSON.parse(value) as unknown])),
);

const inLastWait = (old: Release): SagaOnPaper => awaitingLast(old).answered(old);
const awaitingLast = (old: Release): SagaOnPaper => inTheMiddle(old).answered(old);
const inTheMiddle = (old: Release): SagaOnPaper => new SagaOnPaper(old).answered(old).happened(old, "BikeBroughtEvent");
const undoing = (old: Release): SagaOnPaper => inLastWait(old).happened(old, "RepairCancelledEvent");

/** Where an old saga may stand when a release comes, by how it gets there. */
export const positions: ReadonlyMap<string, (release: Release) => SagaOnPaper> = new Map([
  ["awaits its first answer", (old) => new SagaOnPaper(old)],
  ["waits for another attempt", (old) => new SagaOnPaper(old).failed(old)],
  ["stands in a step", (old) => new SagaOnPaper(old).exhausted(old)],
  ["is in a wait", (old) => new SagaOnPaper(old).answered(old)],
  ["awaits an answer in the middle", inTheMiddle],
  ["has an early event", (old) => inTheMiddle(old).happened(old, "BikeFetchedEvent")],
  ["awaits the last answer", awaitingLast],
  ["stands in the last step", (old) => awaitingLast(old).exhausted(old)],
  ["is in the last wait", inLastWait],
  ["begins its undo", undoing],
  ["is half undone", (old) => undoing(old).answered(old)],
  ["stands in an undo", (old) => undoing(old).exhausted(old)],
  ["has ended", (old) => inLastWait(old).happened(old, "BikeFetchedEvent")],
]);

/** @throws {Error} there is no such position */
export function standing(position: string, release: Release): SagaOnPaper {
  const at = positions.get(position);
  if (at === undefined) throw new Error(`There is no position ${position}`);
  return at(release);
}
