import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import {
  findLater,
  queueOf,
  versionOf,
  versionOfPayload,
  type AttemptFailure,
  type Claim,
  type Envelope,
  type Outgoing,
  type Published,
  type Receipt,
} from "../../outbox/index.ts";
import { startOf, type Definition } from "./compiled.ts";
import { begin, beginUndo, decide, fateOfCommand, type Input } from "./decide.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { isFinished, isUndoing, type Instance } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import {
  databaseNow,
  definitionOf,
  findUnloaded,
  lockById,
  lockBySubject,
  subjectKey,
  takeMail,
  type EndedRun,
  type Locked,
  type Mail,
  type ReflectedRow,
} from "./store.ts";
import { findElsewhere } from "./sub-saga-participants.ts";
import { subSagaContracts } from "./sub-saga.ts";
import type { Decision, DecisionContext } from "./decision.ts";
import { hasSomethingToUndo } from "./remains.ts";

/** Sagas that a transaction has locked, and which of its commands still count. Decisions replace the instances. */
export interface LockedClaim extends Claim {
  readonly locked: Locked;
  /** Changes of its sagas that are not in the database yet. */
  readonly unsaved: Unsaved;
}

/** What is to be written of sagas: each once, as it is last, with all that has happened to it. */
export class Unsaved {
  readonly changed = new Map<string, Instance>();
  readonly history: (Decision["history"][number] & { readonly sagaId: string })[] = [];
  readonly deadLetters: (Decision["deadLetters"][number] & { readonly id: string; readonly sagaId: string; readonly queue: string })[] = [];

  add({ changed, history, deadLetters }: Pick<Results, "changed" | "history" | "deadLetters">): void {
    for (const instance of changed) this.changed.set(instance.id, instance);
    this.history.push(...history);
    this.deadLetters.push(...deadLetters);
  }

  /** Whether participants may go on without seeing it: a saga that goes forward shows nothing that they ask for. */
  get canWait(): boolean {
    return this.deadLetters.length === 0 && [...this.changed.values()].every(({ status, reason }) => status === "RUNNING" && reason === null);
  }

  take(): Pick<Results, "changed" | "history" | "deadLetters"> {
    const taken = { changed: [...this.changed.values()], history: [...this.history], deadLetters: [...this.deadLetters] };
    this.changed.clear();
    this.history.length = 0;
    this.deadLetters.length = 0;
    return taken;
  }
}

type Results = ReturnType<Work["results"]>;

/** Where decisions get ids and chance from. */
export type Source = Pick<DecisionContext, "newId" | "random">;
const ofProgram: Source = { newId, random: Math.random };

const nothingLocked = (): Locked => ({ instances: new Map(), unreadable: new Map(), unreadableKeys: new Set(), now: new Date(0) });

export async function claim(em: EntityManager, registry: SagaRegistry, commands: readonly Envelope[]): Promise<LockedClaim> {
  const ids = sagaIdsOf(commands);
  const claimed = claimOf(commands, ids.length === 0 ? nothingLocked() : await lockById(em, registry, ids), undefined, registry);
  const elsewhere = await findElsewhere(em, registry, commands);
  return elsewhere.size === 0 ? claimed : { ...claimed, unreadable: new Map([...claimed.unreadable, ...elsewhere]) };
}

/** Whatever came by a queue is not to be trusted: an id that is none names no saga. */
export const sagaIdsOf = (commands: readonly Envelope[]): string[] => [
  ...new Set(commands.flatMap((command) => (command.replyTo !== null && isId(command.correlationId) ? [command.correlationId] : []))),
];

/**
 * Of two deliveries of one attempt in one batch, only the first counts. One that was sent by a process of a later release, with a later
 * version of its contract than the registry has, is not readable here.
 */
export function claimOf(commands: readonly Envelope[], locked: Locked, unsaved = new Unsaved(), registry?: SagaRegistry): LockedClaim {
  const { instances, unreadable } = locked;
  const attempts = new Set<string>();
  const isFirst = ({ id, replyTo }: Envelope): boolean => {
    const attempt = replyTo === null ? id : `${replyTo.runId} ${replyTo.attempt}`;
    return !attempts.has(attempt) && attempts.add(attempt).has(attempt);
  };
  const isPaused = ({ replyTo, correlationId }: Envelope): boolean => replyTo !== null && instances.get(correlationId ?? "")?.pausedAt != null;
  const reasons = new Map(
    commands.flatMap((command) => {
      const reason = unreadable.get(command.correlationId ?? "") ?? (registry && laterContract(registry, command));
      return reason === undefined ? [] : [[command.id, reason] as const];
    }),
  );
  const counting = commands.filter((command) => !reasons.has(command.id) && fateOf(command, instances) === "current" && isFirst(command));
  return {
    current: new Set(counting.filter((command) => !isPaused(command)).map((command) => command.id)),
    held: new Set(counting.filter(isPaused).map((command) => command.id)),
    unreadable: reasons,
    locked,
    unsaved,
  };
}

/** @returns why this process cannot read it, if that is why */
function laterContract(registry: SagaRegistry, { name, payload }: Pick<Envelope, "name" | "payload">): string | undefined {
  const known = registry.schemaOf(name);
  const later = known === undefined ? null : findLater(known.text, payload, name);
  if (later === null) return undefined;
  return `${later.name} was sent with version ${later.made} of its contract, and this process has version ${later.known}`;
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

export interface Key {
  readonly type: string;
  readonly subjectId: string;
}

/** A birth in the making: undone when it turns out that its key has a saga already. */
interface Birth extends Key {
  readonly id: string;
  readonly event: Published;
  readonly mail: readonly Mail[];
  /** What it has heard since. */
  readonly later: Published[];
}

/** The decisions of one transaction in the making. Several about one saga build on each other. */
export class Work {
  private readonly registry: SagaRegistry;
  private readonly claim: LockedClaim | undefined;
  private readonly elsewhere: Elsewhere | null;
  private readonly source: Source;
  private readonly instances: Map<string, Instance>;
  /** The latest run of each key. */
  private readonly bySubject = new Map<string, string>();
  /** Runs of the same key before it, where there are any. */
  private readonly earlier = new Map<string, string[]>();
  private readonly unreadable = new Set<string>();
  /** Keys whose latest run has ended on a version that this process has not loaded. */
  private readonly ended = new Map<string, EndedRun>();
  private readonly mail = new Map<string, Mail[]>();
  private readonly steps: Step[] = [];
  private readonly births = new Map<string, Birth>();
  /** What became of messages after it was first told. */
  private readonly corrections = new Map<string, Receipt>();
  private now: Date;
  /** Events to be kept until their saga can hear them. */
  readonly kept: Mail[] = [];
  readonly buried: { readonly mail: Mail; readonly problem: Error }[] = [];

  /** @param elsewhere left out where no event is published */
  constructor(registry: SagaRegistry, claim: LockedClaim | undefined, source: Source = ofProgram, elsewhere: Elsewhere | null = null) {
    this.registry = registry;
    this.elsewhere = elsewhere;
    this.claim = claim;
    this.source = source;
    this.instances = new Map(claim?.locked.instances);
    this.now = claim?.locked.now ?? new Date(0);
    for (const instance of this.instances.values()) this.bySubject.set(subjectKey(instance.type, instance.subjectId), instance.id);
  }

  /** Locks the sagas that the events are about, beyond those that the claim holds, in one statement per way of finding them. */
  async lockFor(em: EntityManager, events: readonly Published[]): Promise<void> {
    const { ids, keys, births } = this.wantedBy(events);
    if (ids.length > 0) this.add(await lockById(em, this.registry, ids));
    if (keys.length > 0) await this.lockKeys(em, keys);
    if (births.length > 0) {
      const { mail, now } = await takeMail(em, births);
      this.receive(mail, now);
    }
    if (this.now.getTime() === 0) this.now = await databaseNow(em);
  }

  /** What has to be locked before the events can be heard: sagas by id, sagas by key, and keys of which a saga may be born and take its mail. */
  wantedBy(events: readonly Published[]): { readonly ids: readonly string[]; readonly keys: readonly Key[]; readonly births: readonly Key[] } {
    const ids = new Set<string>();
    const keys = new Map<string, Key>();
    const births: Key[] = [];
    for (const event of events) {
      if (event.replyTo !== null && event.correlationId !== null && !this.instances.has(event.correlationId)) ids.add(event.correlationId);
      for (const key of [...this.keysHeardBy(event), ...this.keysHeardElsewhere(event)])
        if (!this.bySubject.has(subjectKey(key.type, key.subjectId))) keys.set(subjectKey(key.type, key.subjectId), key);
      const starting = this.registry.startedBy(event.contract.name);
      if (starting !== undefined) births.push(keyOf(starting, event));
      const { undoes } = event;
      if (undoes !== undefined && !this.instances.has(undoes.sagaId)) keys.set(subjectKey(undoes.type, undoes.subjectId), undoes);
    }
    return { ids: [...ids], keys: [...keys.values()], births };
  }

  /** Mail of keys of which a saga may be born, and the database's time at which it was taken. */
  receive(mail: readonly Mail[], now: Date): void {
    this.now = now;
    for (const one of mail) this.mail.set(subjectKey(one.type, one.subject_id), [...(this.mail.get(subjectKey(one.type, one.subject_id)) ?? []), one]);
  }

  async lockKeys(em: EntityManager, keys: readonly Key[]): Promise<void> {
    this.add(await lockBySubject(em, this.registry, keys));
  }

  /** The sagas that an event is for beside the one that it starts: by its business key, since it carries no other address. */
  private keysHeardBy(event: Published): Key[] {
    const { name } = event.contract;
    if (event.replyTo !== null && event.correlationId === null) {
      const definitions = this.registry.answeredBy(name);
      if (definitions.length === 0 && this.keysHeardElsewhere(event).length === 0)
        throw new Defect(`${name} answers no command of any saga, so reply() has nobody to give it to`);
      return definitions.map((definition) => keyOf(definition, event));
    }
    return this.registry.advancedBy(name).map((definition) => keyOf(definition, event));
  }

  /** Sagas of versions that this process has not loaded, of which it has no version that hears the event. */
  private keysHeardElsewhere(event: Published): (Key & { readonly isNewer: boolean })[] {
    if (this.elsewhere === null) return [];
    const { name } = event.contract;
    const isReply = event.replyTo !== null && event.correlationId === null;
    const here = isReply ? this.registry.answeredBy(name) : this.registry.advancedBy(name);
    return this.elsewhere[isReply ? "answered" : "hearing"](name).flatMap(({ type, key, isNewer }) => {
      const subjectId = (event.payload as Readonly<Record<string, unknown>>)[key];
      return here.some((one) => one.name === type) || !isId(subjectId) ? [] : [{ type, subjectId, isNewer: isNewer && !isReply }];
    });
  }

  hear(event: Published): Receipt {
    const receipts: Receipt[] = [];
    if (event.undoes !== undefined) return this.undo(event, event.undoes);
    if (event.replyTo !== null && event.correlationId !== null) receipts.push(this.step(event.correlationId, inputOf(event, this.before(event.tookMs))));
    const starting = this.registry.startedBy(event.contract.name);
    if (starting !== undefined) receipts.push(this.start(starting, event));
    for (const { type, subjectId } of this.keysHeardBy(event)) {
      const id = this.hearerOf(subjectKey(type, subjectId), event.id);
      receipts.push(id === undefined ? this.keep(type, subjectId, event) : this.hearAt(id, event));
    }
    for (const key of this.keysHeardElsewhere(event)) {
      const { type, subjectId, isNewer } = key;
      const isItsOwn = this.unreadable.has(subjectKey(type, subjectId));
      if (isItsOwn || (isNewer && !this.isLocked(key) && !this.ended.has(subjectKey(type, subjectId)))) receipts.push(this.keep(type, subjectId, event));
    }
    return receipts[0] ?? { messageId: event.id, fate: "no-subscriber" };
  }

  /** Mail goes to the saga whose key it has, which is locked. What finds no saga is kept; what its saga cannot take is buried, so that it holds up no other. */
  deliver(mail: readonly Mail[]): void {
    for (const one of mail) {
      const undelivered = this.deliverOne(one);
      if (undelivered === "no saga") this.kept.push(one);
      else if (undelivered !== null) this.buried.push({ mail: one, problem: undelivered });
    }
  }

  /** @returns null, or why not: its saga is not among those locked, or what is wrong with it; a decision touches nothing, so no other mail is to blame */
  deliverOne(mail: Mail): "no saga" | Error | null {
    const id = this.hearerOf(subjectKey(mail.type, mail.subject_id), mail.id);
    const contract = this.registry.eventOf(mail.type, mail.name);
    // A process of a later release, which has published it, will read it.
    if (id === undefined || contract === undefined || versionOfPayload(mail.payload) > versionOf(contract.schema.text)) return "no saga";
    try {
      this.step(id, inputOf(unpack(mail, contract)));
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Defect(String(error));
    }
  }

  /** An instant by the database's clock, which has stood still since its rows were locked. */
  private before(ms = 0): Date {
    return new Date(this.now.getTime() - ms);
  }

  /** Who hears a message about a key: the run of it that has heard it before, so that it counts once for all of them, or else the latest. */
  private hearerOf(key: string, messageId: string): string | undefined {
    const heard = this.earlier.get(key)?.find((id) => this.instances.get(id)?.heard.some((one) => one.id === messageId));
    return heard ?? this.bySubject.get(key);
  }

  isLocked({ type, subjectId }: Key): boolean {
    return this.bySubject.has(subjectKey(type, subjectId));
  }

  putAside(command: Envelope): void {
    const fate = fateOf(command, this.instances);
    if (fate === "current" || !this.instances.has(command.correlationId ?? "")) return;
    this.step(command.correlationId ?? "", { kind: "put-aside", messageId: command.id, command: command.name, fate });
  }

  answersLater({ id, name, correlationId, replyTo }: Envelope): void {
    if (replyTo === null) return;
    this.step(correlationId ?? "", { kind: "answers-later", messageId: id, command: name, ...replyTo });
  }

  attemptFailed({ envelope, failure }: AttemptFailure): void {
    if (envelope.replyTo === null || !this.instances.has(envelope.correlationId ?? "")) return;
    const { runId, attempt } = envelope.replyTo;
    const begunAt = this.before(envelope.tookMs);
    this.step(envelope.correlationId ?? "", { kind: "attempt-failed", messageId: envelope.id, runId, attempt, command: envelope.name, failure, begunAt });
  }

  step(sagaId: string, input: Input): Receipt {
    const before = this.instances.get(sagaId);
    const messageId = "messageId" in input ? (input.messageId ?? "") : "";
    if (before === undefined) return { messageId, fate: "orphan", reason: `No saga has the id ${sagaId}.` };
    return receiptOf(messageId, this.take(before, this.decide(before, input)));
  }

  /** Makes a decision part of this work. */
  take(before: Instance, decision: Decision): Decision {
    this.note({ sagaId: before.id, before, decision });
    return decision;
  }

  /** What an input would lead to; nothing is noted. */
  decide(before: Instance, input: Input): Decision {
    return decide(definitionOf(this.registry, before.type, before.version), before, input, this.context());
  }

  /** The newest decision about a saga, as it is or will be saved. */
  latest(sagaId: string): Decision | undefined {
    return this.steps.findLast((step) => step.sagaId === sagaId)?.decision;
  }

  instance(sagaId: string): Instance | undefined {
    return this.instances.get(sagaId);
  }

  /** A sub-saga is undone where it stands; what one has done that has ended, by another run of its key. */
  private undo(event: Published, { sagaId, type, subjectId, by, reportTo }: NonNullable<Published["undoes"]>): Receipt {
    const before = this.instances.get(sagaId);
    if (before === undefined || findUnloaded(this.registry, before) !== undefined)
      return { messageId: event.id, fate: "orphan", reason: `This process cannot move the ${type} with the key ${subjectId}.` };
    const definition = definitionOf(this.registry, before.type, before.version);
    const input = { message: event.contract.name, messageId: event.id, by, reportTo };
    if (!isFinished(before) || isUndoing(before) || !hasSomethingToUndo(definition, before)) return this.step(sagaId, { kind: "undo", ...input });
    const key = subjectKey(type, subjectId);
    const latest = this.instances.get(this.bySubject.get(key) ?? "") ?? before;
    const refused = (reason: string): Receipt => ({ messageId: event.id, fate: "refused", reason });
    if (!isFinished(latest) || this.unreadable.has(key))
      return refused(`Another ${type} with the key ${subjectId} is under way since, and there is one at a time.`);
    // Its effect must not come after its undo.
    if (before.asides.some(({ kind, status }) => kind === "redrive" && status === "active"))
      return refused(`A command of the ${type} ${sagaId} has been redriven and is under way.`);
    const decision = beginUndo(definition, before, input, this.context(), Math.max(latest.runNumber, this.ended.get(key)?.runNumber ?? 0) + 1);
    const { id } = decision.instance;
    this.births.set(id, { id, type, subjectId, event, mail: [], later: [] });
    this.bySubject.set(key, id);
    this.note({ sagaId: id, before: null, decision });
    return { messageId: event.id, fate: "started" };
  }

  private start(definition: Definition, event: Published, runNumber = 1): Receipt {
    const of = { runNumber, parent: event.begunBy ?? null };
    const decision = begin(definition, { messageId: event.id, contract: event.contract, payload: event.payload }, this.context(), of);
    const { id, type, subjectId } = decision.instance;
    const key = subjectKey(type, subjectId);
    const other = this.bySubject.get(key);
    // Of two starts of one key in one transaction, the first is the saga's.
    if (other !== undefined && runNumber === 1) return this.hearAt(other, event);
    const mail = this.mail.get(key) ?? [];
    this.births.set(id, { id, type, subjectId, event, mail, later: [] });
    this.bySubject.set(key, id);
    this.note({ sagaId: id, before: null, decision });
    this.mail.delete(key);
    this.deliver(mail);
    return { messageId: event.id, fate: "started" };
  }

  /** No saga has the key yet, or none that this process can read: the event waits for it. */
  private keep(type: string, subjectId: string, event: Published): Receipt {
    const ended = this.ended.get(subjectKey(type, subjectId));
    const isUnreadable = this.unreadable.has(subjectKey(type, subjectId));
    if (ended !== undefined && !isUnreadable) return { messageId: event.id, fate: "refused", reason: `It has ended already, as ${ended.state}.` };
    this.kept.push({
      id: event.id,
      type,
      subject_id: subjectId,
      name: event.contract.name,
      payload: event.contract.schema.encode(event.payload),
      run_id: event.replyTo?.runId ?? null,
      causation_id: event.causationId,
    });
    const reason = isUnreadable
      ? `The ${type} with the key ${subjectId} runs on a version that this process has not loaded.`
      : `No ${type} has the key ${subjectId} yet.`;
    return { messageId: event.id, fate: "kept", reason };
  }

  isEmpty(): boolean {
    return this.steps.length === 0 && this.kept.length === 0 && this.buried.length === 0;
  }

  born(): Instance[] {
    return [...this.births.keys()].map((id) => this.instances.get(id)).filter((instance): instance is Instance => instance !== undefined);
  }

  /** Births whose key has a saga already are taken back. @returns their keys, to be locked */
  takeBack(ids: readonly string[]): Birth[] {
    const lost = ids.flatMap((id) => this.births.get(id) ?? []);
    for (const birth of lost) {
      this.births.delete(birth.id);
      this.instances.delete(birth.id);
      this.bySubject.delete(subjectKey(birth.type, birth.subjectId));
      this.drop(birth.id);
    }
    return lost;
  }

  /** An event by its key. A birth remembers it, since it may yet be another saga that has to hear it. */
  private hearAt(sagaId: string, event: Published): Receipt {
    this.births.get(sagaId)?.later.push(event);
    const isStart = this.registry.startedBy(event.contract.name) !== undefined;
    return this.step(sagaId, isStart ? { ...inputOf(event), kind: "event" } : inputOf(event));
  }

  /** The key of a birth has a saga: that one hears the starting event, and what the birth has heard since. An undo looks at it again. */
  hearAgain(birth: Birth): void {
    const { event } = birth;
    if (event.undoes !== undefined) this.corrections.set(event.id, this.undo(event, event.undoes));
    else this.startAgain(birth);
    for (const event of birth.later) {
      const { type, subjectId } = birth;
      const id = this.hearerOf(subjectKey(type, subjectId), event.id);
      this.corrections.set(event.id, id === undefined ? this.keepOrPutAside(type, subjectId, event) : this.hearAt(id, event));
    }
  }

  /** One that would start a saga is not kept for the one that there is. */
  private keepOrPutAside(type: string, subjectId: string, event: Published): Receipt {
    const isStart = this.registry.startedBy(event.contract.name)?.name === type;
    const key = subjectKey(type, subjectId);
    return isStart && (this.unreadable.has(key) || this.ended.has(key)) ? { messageId: event.id, fate: "duplicate-start" } : this.keep(type, subjectId, event);
  }

  /** The starting event of a key that has a saga: another run where the definition allows it after the end, otherwise put aside. */
  private startAgain({ event, mail, type, subjectId }: Birth): void {
    const key = subjectKey(type, subjectId);
    const id = this.hearerOf(key, event.id);
    const before = id === undefined ? undefined : this.instances.get(id);
    const definition = this.registry.startedBy(event.contract.name) as Definition;
    const ended = before === undefined && !this.unreadable.has(key) ? this.ended.get(key) : undefined;
    if (ended !== undefined && startOf(definition).afterFinal === "again" && !ended.heard.some((one) => one.id === event.id)) {
      this.mail.set(key, [...mail]);
      this.corrections.set(event.id, this.start(definition, event, ended.runNumber + 1));
      return;
    }
    if (before === undefined) {
      this.corrections.set(event.id, this.keepOrPutAside(type, subjectId, event));
      this.kept.push(...mail);
      return;
    }
    if (isFinished(before) && startOf(definition).afterFinal === "again" && !before.heard.some((one) => one.id === event.id)) {
      this.mail.set(key, [...mail]);
      this.corrections.set(event.id, this.start(definition, event, before.runNumber + 1));
      return;
    }
    const isOwn = event.begunBy !== undefined && before.parent?.sagaId === event.begunBy.sagaId && !isFinished(before) && !this.isAwaited(before);
    if (isOwn) this.step(before.id, { kind: "report-to", message: event.contract.name, messageId: event.id, runId: event.begunBy?.runId ?? "" });
    this.corrections.set(event.id, isOwn ? { messageId: event.id, fate: "started" } : this.hearAt(before.id, event));
    this.deliver(mail);
  }

  /** A run of the saga that began it still waits for its end. */
  private isAwaited({ parent }: Instance): boolean {
    const runs = this.instances.get(parent?.sagaId ?? "")?.runs ?? [];
    return runs.some(({ id, status }) => id === parent?.reportTo && (status === "active" || status === "parked"));
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
    const ofSaga = this.steps.filter((step) => step.sagaId === id);
    const before = ofSaga[0]?.before;
    if (before == null) throw new Defect(`${definition.reflect?.table} has no row ${subjectId}`);
    const what = `Its row ${subjectId} in ${definition.reflect?.table} is gone.`;
    for (const { decision } of ofSaga)
      for (const { messageId } of decision.history) if (messageId !== null) this.corrections.set(messageId, { messageId, fate: "refused", reason: what });
    const message = ofSaga[0]?.decision.history[0] ?? null;
    this.drop(id);
    this.instances.set(id, before);
    this.step(id, { kind: "entity-missing", what, message: message?.message ?? null, messageId: message?.messageId ?? null });
  }

  /** Of the kept events, those that are not new are duplicates. */
  keptAlready(added: ReadonlySet<string>): void {
    for (const { id } of this.kept) if (!added.has(id)) this.corrections.set(id, { messageId: id, fate: "duplicate", first: "kept" });
  }

  final(receipt: Receipt): Receipt {
    return this.corrections.get(receipt.messageId) ?? receipt;
  }

  results(): {
    changed: Instance[];
    history: (Decision["history"][number] & { sagaId: string })[];
    deadLetters: (Decision["deadLetters"][number] & { id: string; sagaId: string; queue: string })[];
    commands: Outgoing[];
    rescheduled: Decision["rescheduled"][number][];
    /** Sagas that were paused and are no more. */
    released: string[];
  } {
    const changedIds = new Set(this.steps.filter((step) => !this.births.has(step.sagaId) && step.decision.history.length > 0).map((step) => step.sagaId));
    return {
      changed: [...changedIds].map((id) => this.instances.get(id)).filter((instance): instance is Instance => instance !== undefined),
      history: this.steps.flatMap(({ sagaId, decision }) => decision.history.map((row) => ({ ...row, sagaId }))),
      deadLetters: this.steps.flatMap(({ sagaId, decision }) =>
        decision.deadLetters.map((letter) => ({ ...letter, id: this.source.newId(), sagaId, queue: queueOf(letter.command.name) })),
      ),
      commands: this.steps.flatMap(({ sagaId, decision }) => [
        ...decision.commands.map((command) => outgoing(sagaId, command)),
        ...(decision.report === undefined ? [] : [this.reportOf(decision, decision.report)]),
      ]),
      rescheduled: this.steps.flatMap(({ decision }) => [...decision.rescheduled]),
      released: this.steps.flatMap(({ sagaId, before, decision }) => (before?.pausedAt != null && decision.instance.pausedAt === null ? [sagaId] : [])),
    };
  }

  /** Goes through the outbox: in the transaction of the sub-saga, the row of the other must not be locked. */
  private reportOf({ instance }: Decision, report: NonNullable<Decision["report"]>): Outgoing {
    const { report: contract } = subSagaContracts(definitionOf(this.registry, instance.type, instance.version));
    const payload = contract.schema.encode(report);
    return { envelope: { id: this.source.newId(), name: contract.name, payload, correlationId: null, causationId: null, replyTo: null }, deliverAt: this.now };
  }

  /** What was saved is what a later call in the same transaction builds on. */
  rememberForLater(): void {
    if (this.claim === undefined) return;
    for (const [id, instance] of this.instances) this.claim.locked.instances.set(id, instance);
    // A claim of commands that belong to no saga has locked nothing, and has asked nobody for the time.
    if (this.claim.locked.now.getTime() === 0) this.claim.locked.now = this.now;
  }

  private drop(sagaId: string): void {
    const others = this.steps.filter((step) => step.sagaId !== sagaId);
    this.steps.length = 0;
    this.steps.push(...others);
  }

  private note(step: Step): void {
    this.steps.push(step);
    this.instances.set(step.sagaId, step.decision.instance);
  }

  add(locked: Locked): void {
    for (const key of locked.unreadableKeys) this.unreadable.add(key);
    for (const [key, run] of locked.ended ?? []) this.ended.set(key, run);
    if (locked.now.getTime() > 0) this.now = locked.now;
    for (const [id, instance] of locked.instances) {
      const key = subjectKey(instance.type, instance.subjectId);
      const before = this.bySubject.get(key);
      if (before !== undefined && before !== id) this.earlier.set(key, [...(this.earlier.get(key) ?? []), before]);
      this.instances.set(id, instance);
      this.bySubject.set(key, id);
    }
  }

  context(): DecisionContext {
    return { now: this.now, newId: this.source.newId, random: this.source.random };
  }
}

function receiptOf(messageId: string, { fate, explanation, first }: Decision): Receipt {
  return { messageId, fate, ...(explanation === undefined ? {} : { reason: explanation }), ...(first === undefined ? {} : { first }) };
}

/** A reply is for the run that it answers, every other event for whoever waits. */
function inputOf(event: Published, begunAt?: Date): Extract<Input, { kind: "event" | "reply" }> {
  const input = { messageId: event.id, contract: event.contract, payload: event.payload };
  return event.replyTo === null
    ? { kind: "event", ...input }
    : { kind: "reply", runId: event.replyTo.runId, outside: event.correlationId === null, ...(begunAt && { begunAt }), ...input };
}

const unpack = (mail: Mail, contract: Published["contract"]): Published => ({
  id: mail.id,
  contract,
  payload: contract.schema.decode(mail.payload, mail.name),
  correlationId: null,
  causationId: mail.causation_id,
  replyTo: mail.run_id === null ? null : { runId: mail.run_id, attempt: 0 },
});

/** The business key of an event that a saga hears: the field that the definition's starting event calls its key too. */
function keyOf(definition: Definition, event: Published): Key {
  const subjectId = (event.payload as Readonly<Record<string, unknown>>)[definition.key];
  if (typeof subjectId !== "string") throw new Defect(`${event.contract.name} carries no ${definition.key}, the key of ${definition.name}`);
  return { type: definition.name, subjectId };
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
