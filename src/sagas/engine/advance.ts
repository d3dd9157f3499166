import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import {
  afterCommit,
  append,
  queueOf,
  type AttemptFailure,
  type Claim,
  type Envelope,
  type Hints,
  type InTransactionSubscriber,
  type Outgoing,
  type Published,
  type Receipt,
} from "../../outbox/index.ts";
import type { Definition } from "./compiled.ts";
import { begin, decide, fateOfCommand, type Decision, type DecisionContext, type Input } from "./decide.ts";
import type { Instance } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import {
  databaseNow,
  definitionOf,
  insertSagas,
  lockById,
  lockBySubject,
  lockDue,
  readById,
  reflectStatuses,
  saveSagas,
  type Locked,
  type ReflectedRow,
} from "./store.ts";

/** Sagas that a transaction has locked, and which of its commands still count. Decisions replace the instances. */
interface LockedClaim extends Claim {
  readonly locked: Locked;
}

/**
 * Moves sagas on: lock, decide, save, send. Everything happens in the caller's transaction and for a whole set at once, by a
 * constant number of statements. Only the row's lock orders what happens to one saga; whichever transaction has it first wins.
 */
export class Advance implements InTransactionSubscriber {
  private readonly registry: SagaRegistry;
  private readonly hints: Hints;

  constructor(registry: SagaRegistry, hints: Hints) {
    this.registry = registry;
    this.hints = hints;
  }

  async claim(em: EntityManager, commands: readonly Envelope[]): Promise<Claim> {
    const ids = sagaIdsOf(commands);
    const locked = ids.length === 0 ? nothingLocked() : await lockById(em, this.registry, ids);
    return { ...claimOf(commands, locked), locked } as LockedClaim;
  }

  async peek(em: EntityManager, commands: readonly Envelope[]): Promise<Claim> {
    return claimOf(commands, await readById(em, this.registry, sagaIdsOf(commands)));
  }

  async apply(em: EntityManager, events: readonly Published[], claim?: Claim): Promise<readonly Receipt[]> {
    const work = new Work(this.registry, claim as LockedClaim | undefined);
    await work.lockFor(em, events);
    const receipts = events.map((event) => work.hear(event));
    await this.save(em, work);
    return receipts.map((receipt) => work.final(receipt));
  }

  async putAside(em: EntityManager, commands: readonly Envelope[], claim: Claim): Promise<void> {
    const work = new Work(this.registry, claim as LockedClaim);
    for (const command of commands) work.putAside(command);
    await this.save(em, work);
  }

  async attemptsFailed(em: EntityManager, failures: readonly AttemptFailure[], claim: Claim): Promise<void> {
    const work = new Work(this.registry, claim as LockedClaim);
    for (const failure of failures) work.attemptFailed(failure);
    await this.save(em, work);
  }

  /** Takes the outcome of every deadline that has passed, at most `limit` sagas. @returns how many there were */
  async deadlinesReached(em: EntityManager, limit: number): Promise<number> {
    const locked = await lockDue(em, this.registry, limit);
    const work = new Work(this.registry, { ...claimOf([], locked), locked });
    for (const id of locked.instances.keys()) work.step(id, { kind: "deadline" });
    await this.save(em, work);
    return locked.instances.size;
  }

  /** Business statuses first, since a saga whose row is gone has to stand; then births, changes, history, commands. */
  private async save(em: EntityManager, work: Work): Promise<void> {
    if (work.isEmpty()) return;
    for (const [definition, rows] of work.reflections()) {
      if (definition.reflect === null) continue;
      const present = await reflectStatuses(em, definition.reflect, rows);
      for (const row of rows) if (!present.has(row.subjectId)) work.entityMissing(definition, row.subjectId);
    }
    const born = work.born();
    if (born.length > 0) {
      const added = await insertSagas(em, this.registry, born);
      for (const instance of born) if (!added.has(instance.id)) work.alreadyBorn(instance.id);
    }
    const { changed, history, deadLetters, commands } = work.results();
    if (history.length === 0 && changed.length === 0) return;
    await saveSagas(em, this.registry, changed, history, deadLetters);
    await append(em, commands);
    work.keep();
    const ids = [...new Set(history.map((row) => row.sagaId))];
    if (ids.length > 0) afterCommit(em, () => this.hints.send("saga", ids));
  }
}

const nothingLocked = (): Locked => ({ instances: new Map(), unreadable: new Map(), now: new Date(0) });

/** Whatever came by a queue is not to be trusted: an id that is none names no saga. */
const sagaIdsOf = (commands: readonly Envelope[]): string[] => [
  ...new Set(commands.flatMap((command) => (command.replyTo !== null && isId(command.correlationId) ? [command.correlationId] : []))),
];

/** Of two deliveries of one attempt in one batch, only the first counts. */
function claimOf(commands: readonly Envelope[], { instances, unreadable }: Locked): Claim {
  const attempts = new Set<string>();
  const isFirst = ({ id, replyTo }: Envelope): boolean => {
    const attempt = replyTo === null ? id : `${replyTo.runId} ${replyTo.attempt}`;
    return !attempts.has(attempt) && attempts.add(attempt).has(attempt);
  };
  const reasons = commands.flatMap((command) => {
    const reason = unreadable.get(command.correlationId ?? "");
    return reason === undefined ? [] : [[command.id, reason] as const];
  });
  return {
    current: new Set(commands.filter((command) => fateOf(command, instances) === "current" && isFirst(command)).map((command) => command.id)),
    unreadable: new Map(reasons),
  };
}

/** A command without a reply address belongs to no saga and always counts. */
function fateOf(command: Envelope, instances: ReadonlyMap<string, Instance>): ReturnType<typeof fateOfCommand> {
  if (command.replyTo === null) return "current";
  const instance = instances.get(command.correlationId ?? "");
  return instance === undefined ? "late" : fateOfCommand(instance, command.replyTo.runId, command.replyTo.attempt);
}

interface Step {
  readonly sagaId: string;
  readonly before: Instance | null;
  readonly decision: Decision;
}

/** The decisions of one transaction in the making. Several about one saga build on each other. */
class Work {
  private readonly registry: SagaRegistry;
  private readonly claim: LockedClaim | undefined;
  private readonly instances: Map<string, Instance>;
  private readonly bySubject = new Map<string, string>();
  private readonly steps: Step[] = [];
  private readonly bornIds = new Set<string>();
  private readonly notBorn = new Set<string>();
  private readonly startedBy = new Map<string, string>();
  private now: Date;

  constructor(registry: SagaRegistry, claim: LockedClaim | undefined) {
    this.registry = registry;
    this.claim = claim;
    this.instances = new Map(claim?.locked.instances);
    this.now = claim?.locked.now ?? new Date(0);
    for (const instance of this.instances.values()) this.bySubject.set(subjectKey(instance.type, instance.subjectId), instance.id);
  }

  /** Locks the sagas that the events are about, beyond those that the claim holds, in one statement per way of finding them. */
  async lockFor(em: EntityManager, events: readonly Published[]): Promise<void> {
    const ids = new Set<string>();
    const keys = new Map<string, { type: string; subjectId: string }>();
    for (const event of events) {
      if (event.replyTo !== null && event.correlationId !== null && !this.instances.has(event.correlationId)) ids.add(event.correlationId);
      for (const definition of this.registry.advancedBy(event.contract.name)) {
        const subjectId = keyOf(definition, event);
        if (!this.bySubject.has(subjectKey(definition.name, subjectId))) keys.set(subjectKey(definition.name, subjectId), { type: definition.name, subjectId });
      }
    }
    if (ids.size > 0) this.add(await lockById(em, this.registry, [...ids]));
    if (keys.size > 0) this.add(await lockBySubject(em, this.registry, [...keys.values()]));
    if (this.now.getTime() === 0) this.now = await databaseNow(em);
  }

  hear(event: Published): Receipt {
    const fates: Receipt[] = [];
    if (event.replyTo !== null && event.correlationId !== null) {
      const { runId } = event.replyTo;
      fates.push(this.step(event.correlationId, { kind: "reply", runId, messageId: event.id, contract: event.contract, payload: event.payload }));
    }
    const starting = this.registry.startedBy(event.contract.name);
    if (starting !== undefined) fates.push(this.start(starting, event));
    for (const definition of this.registry.advancedBy(event.contract.name)) {
      const id = this.bySubject.get(subjectKey(definition.name, keyOf(definition, event)));
      if (id === undefined) fates.push({ messageId: event.id, fate: "orphan", reason: `No ${definition.name} has the key ${keyOf(definition, event)}.` });
      else fates.push(this.step(id, { kind: "event", messageId: event.id, contract: event.contract, payload: event.payload }));
    }
    return fates[0] ?? { messageId: event.id, fate: "no-subscriber" };
  }

  putAside(command: Envelope): void {
    const fate = fateOf(command, this.instances);
    if (fate === "current" || !this.instances.has(command.correlationId ?? "")) return;
    this.step(command.correlationId ?? "", { kind: "put-aside", messageId: command.id, command: command.name, fate });
  }

  attemptFailed({ envelope, failure }: AttemptFailure): void {
    if (envelope.replyTo === null || !this.instances.has(envelope.correlationId ?? "")) return;
    const { runId, attempt } = envelope.replyTo;
    this.step(envelope.correlationId ?? "", { kind: "attempt-failed", messageId: envelope.id, runId, attempt, command: envelope.name, failure });
  }

  step(sagaId: string, input: Input): Receipt {
    const before = this.instances.get(sagaId);
    const messageId = input.kind === "deadline" ? "" : input.messageId;
    if (before === undefined) return { messageId, fate: "orphan", reason: `No saga has the id ${sagaId}.` };
    const decision = decide(definitionOf(this.registry, before.type, before.version), before, input, this.context());
    this.note({ sagaId, before, decision });
    return { messageId, fate: decision.fate, ...(decision.explanation === undefined ? {} : { reason: decision.explanation }) };
  }

  private start(definition: Definition, event: Published): Receipt {
    const decision = begin(definition, { messageId: event.id, contract: event.contract, payload: event.payload }, this.context());
    const { id, type, subjectId } = decision.instance;
    if (this.bySubject.has(subjectKey(type, subjectId))) return { messageId: event.id, fate: "duplicate" };
    this.bornIds.add(id);
    this.startedBy.set(event.id, id);
    this.bySubject.set(subjectKey(type, subjectId), id);
    this.note({ sagaId: id, before: null, decision });
    return { messageId: event.id, fate: "started" };
  }

  isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** Business statuses that change, by definition; a newly born saga's row has its first status from its author. */
  reflections(): Map<Definition, ReflectedRow[]> {
    const rows = new Map<Definition, Map<string, ReflectedRow>>();
    for (const { before, decision } of this.steps) {
      const { instance } = decision;
      const definition = definitionOf(this.registry, instance.type, instance.version);
      const { reflect } = definition;
      if (reflect === null || before === null || before.state === instance.state) continue;
      const status = reflect.statusOf(instance.state, instance.reason);
      if (status === null || status === reflect.statusOf(before.state, before.reason)) continue;
      const failed = definition.finals[instance.state] === "failed";
      const reason = failed ? { code: instance.reasonCode, message: instance.reasonMessage, at: instance.reasonAt } : null;
      const ofDefinition = rows.get(definition) ?? new Map<string, ReflectedRow>();
      ofDefinition.set(instance.subjectId, { subjectId: instance.subjectId, status, reason });
      rows.set(definition, ofDefinition);
    }
    return new Map([...rows].map(([definition, bySubject]) => [definition, [...bySubject.values()]]));
  }

  /** The row whose status a saga reflects is gone: instead of what was decided, the saga stands where it stood. */
  entityMissing(definition: Definition, subjectId: string): void {
    const id = this.bySubject.get(subjectKey(definition.name, subjectId)) ?? "";
    const first = this.steps.find((step) => step.sagaId === id);
    if (first?.before == null) throw new Defect(`${definition.reflect?.table} has no row ${subjectId}`);
    const reasonMessage = `Its row ${subjectId} in ${definition.reflect?.table} is gone.`;
    const { before } = first;
    const sequence = before.sequence + 1;
    const instance: Instance = {
      ...before,
      status: "STUCK",
      sequence,
      deadlineAt: null,
      nextAttemptAt: null,
      reasonCode: "INTERNAL",
      reasonMessage,
      reasonAt: this.now,
      updatedAt: this.now,
    };
    const row = {
      sequence,
      kind: "TRANSITION" as const,
      message: null,
      messageId: null,
      fromState: before.state,
      toState: before.state,
      status: instance.status,
      summary: reasonMessage,
      attempt: null,
      reasonCode: "INTERNAL",
      reasonMessage,
    };
    const kept = this.steps.filter((step) => step.sagaId !== id);
    this.steps.length = 0;
    this.steps.push(...kept, {
      sagaId: id,
      before,
      decision: { instance, history: [row], commands: [], deadLetters: [], fate: "refused", explanation: reasonMessage },
    });
    this.instances.set(id, instance);
  }

  born(): Instance[] {
    return [...this.bornIds].map((id) => this.instances.get(id)).filter((instance): instance is Instance => instance !== undefined);
  }

  /** Somebody else's transaction gave the key a saga first: what this one decided about its own is dropped. */
  alreadyBorn(id: string): void {
    this.notBorn.add(id);
  }

  final(receipt: Receipt): Receipt {
    const id = this.startedBy.get(receipt.messageId);
    return id !== undefined && this.notBorn.has(id)
      ? { messageId: receipt.messageId, fate: "duplicate", reason: "A saga of this kind and key exists already." }
      : receipt;
  }

  results(): {
    changed: Instance[];
    history: (Decision["history"][number] & { sagaId: string })[];
    deadLetters: (Decision["deadLetters"][number] & { id: string; sagaId: string; queue: string })[];
    commands: Outgoing[];
  } {
    const steps = this.steps.filter((step) => !this.notBorn.has(step.sagaId));
    const changedIds = new Set(steps.filter((step) => !this.bornIds.has(step.sagaId) && step.decision.history.length > 0).map((step) => step.sagaId));
    return {
      changed: [...changedIds].map((id) => this.instances.get(id)).filter((instance): instance is Instance => instance !== undefined),
      history: steps.flatMap(({ sagaId, decision }) => decision.history.map((row) => ({ ...row, sagaId }))),
      deadLetters: steps.flatMap(({ sagaId, decision }) =>
        decision.deadLetters.map((letter) => ({ ...letter, id: newId(), sagaId, queue: queueOf(letter.command.name) })),
      ),
      commands: steps.flatMap(({ sagaId, decision }) => decision.commands.map((command) => outgoing(sagaId, command))),
    };
  }

  /** What was saved is what a later call in the same transaction builds on. */
  keep(): void {
    for (const [id, instance] of this.instances) if (!this.notBorn.has(id)) this.claim?.locked.instances.set(id, instance);
  }

  private note(step: Step): void {
    this.steps.push(step);
    this.instances.set(step.sagaId, step.decision.instance);
  }

  private add(locked: Locked): void {
    // Events are heard in their sender's transaction, which cannot wait: better no commit than a fact that its saga never hears of.
    for (const [id, reason] of locked.unreadable) throw new Defect(`The saga ${id} cannot be advanced by this process: ${reason}`);
    if (locked.instances.size > 0) this.now = locked.now;
    for (const [id, instance] of locked.instances) {
      this.instances.set(id, instance);
      this.bySubject.set(subjectKey(instance.type, instance.subjectId), id);
    }
  }

  private context(): DecisionContext {
    return { now: this.now, newId, random: Math.random };
  }
}

const subjectKey = (type: string, subjectId: string): string => `${type} ${subjectId}`;

/** The business key of an event that a saga hears: the field that the definition's starting event calls its key too. */
function keyOf(definition: Definition, event: Published): string {
  const key = (event.payload as Readonly<Record<string, unknown>>)[definition.key];
  if (typeof key !== "string") throw new Defect(`${event.contract.name} carries no ${definition.key}, the key of ${definition.name}`);
  return key;
}

function outgoing(sagaId: string, command: Decision["commands"][number]): Outgoing {
  return {
    envelope: {
      id: command.id,
      name: command.command.name,
      payload: command.command.schema.encode(command.payload),
      correlationId: sagaId,
      causationId: command.causationId,
      replyTo: { runId: command.runId, attempt: command.attempt },
    },
    deliverAt: command.deliverAt,
  };
}
