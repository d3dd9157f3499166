import type { EntityManager } from "@mikro-orm/postgresql";
import { OutOfDate, Refusal } from "../../kernel/errors.ts";
import {
  append,
  deadLettersOfSagas,
  listOldestOpen,
  lockOpen,
  pauseQueue,
  query,
  requireTransaction,
  resolveDeadLetters,
  resumeQueue,
  type DeadLetterFilter,
  type DeadLetterView,
  type Hints,
  type Outgoing,
} from "../../outbox/index.ts";
import { Advance } from "./advance.ts";
import { migrate, type SagaMigration } from "./migration.ts";
import type { Migrate, OperatorAction } from "./operator.ts";
import { planOf, type SagaPlan } from "./plan.ts";
import { endedRunIds, type Instance } from "./instance.ts";
import { conditionsOf, type SagaFilter } from "./reader.ts";
import type { SagaRegistry } from "./registry.ts";
import {
  definitionOf,
  extendDeadlines,
  lockById,
  readById,
  readOfVersion,
  readQueuePauses,
  readUndoneSince,
  recordOperatorAction,
  type Mail,
} from "./store.ts";
import type { Decision } from "./decision.ts";
import { claimOf, Work } from "./work.ts";

export interface OperatorCall {
  readonly sagaId: string;
  readonly actorId: string;
  readonly note: string | null;
  /** The saga's sequence as the operator has seen it; another one refuses the action. Null: whatever it is. */
  readonly expectedSequence: number | null;
  /** Tells what the action would do, and changes nothing. */
  readonly dryRun: boolean;
  readonly action: OperatorAction | Migrate;
}

export interface RedriveCall {
  readonly filter: DeadLetterFilter;
  /** At most so many, oldest first. */
  readonly limit: number;
  readonly actorId: string;
  readonly note: string | null;
  /** Marks the letters that this call has redriven. */
  readonly resolutionId: string;
  readonly dryRun: boolean;
}

export interface Redrive {
  /** Ids of the letters sent round again, oldest first. */
  readonly redriven: readonly string[];
  /** Letters that stay open, each with why. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Open letters that match and are beyond the limit. */
  readonly remaining: number;
}

export interface MigrateManyCall {
  readonly type: string;
  readonly fromVersion: number;
  readonly toVersion: number;
  /** Beside the type and the version. */
  readonly filter: SagaFilter;
  /** Goes on behind this saga. Null: from the first. */
  readonly after: string | null;
  /** Looks at so many at most, by id. */
  readonly limit: number;
  readonly actorId: string;
  readonly note: string | null;
  readonly dryRun: boolean;
}

export interface MigratedMany {
  readonly migrated: number;
  /** Those that stay where they are, by why. */
  readonly refused: readonly { readonly reason: string; readonly count: number; readonly example: string }[];
  /** Where to go on; null when all have been looked at. */
  readonly next: string | null;
}

/**
 * What operators do to sagas, dead letters and queues. Every action is a decision of the engine under the saga's row lock,
 * recorded in its history with who did it and why; a dry run is the same decision, not carried out.
 */
export class SagaOperations {
  private readonly registry: SagaRegistry;
  private readonly advance: Advance;

  constructor(parts: { readonly registry: SagaRegistry; readonly hints: Hints }) {
    this.registry = parts.registry;
    this.advance = new Advance(parts.registry, parts.hints);
  }

  /**
   * Acts on one saga, inside the caller's transaction.
   *
   * @throws {Refusal} NOT_FOUND: no such saga; WRONG_STATE: it is not in a state that allows the action, is not at the expected
   *   sequence, or runs on a version that this process has not loaded; INVALID: what was given does not fit the saga
   */
  async act(em: EntityManager, call: OperatorCall): Promise<SagaPlan> {
    requireTransaction(em, "act");
    const { sagaId, action, actorId, note, expectedSequence } = call;
    const locked = await lockById(em, this.registry, [sagaId]);
    const unreadable = locked.unreadable.get(sagaId);
    if (unreadable !== undefined) throw new Refusal("WRONG_STATE", `The saga cannot be moved by this process: ${unreadable}.`);
    const instance = locked.instances.get(sagaId);
    if (instance === undefined) throw new Refusal("NOT_FOUND", `There is no saga ${sagaId}.`, ["id"]);
    if (expectedSequence !== null && expectedSequence !== instance.sequence) {
      throw new Refusal("WRONG_STATE", `The saga is at sequence ${instance.sequence}, not at ${expectedSequence}: it has moved since. Look at it again.`, [
        "expectedSequence",
      ]);
    }
    const work = new Work(this.registry, claimOf([], locked));
    // Read under the saga's lock: whoever resumes a queue takes it after the pause is gone.
    const queuePauses = action.kind === "resume" ? { queuePauses: await readQueuePauses(em) } : {};
    const decision =
      action.kind === "migrate"
        ? this.migrate(work, instance, action.toVersion, { actorId, note })
        : work.decide(instance, { kind: "operator", action, actorId, note, ...queuePauses });
    if (decision.denied !== undefined) throw new Refusal(decision.denied, decision.explanation ?? "");
    work.take(instance, decision);
    await (call.dryRun ? rehearse : perform)(em, async () => {
      await this.advance.finish(em, work);
      await this.resolveLetters(em, instance, work.latest(sagaId)?.instance ?? instance, call);
    });
    const saved = work.latest(sagaId) ?? decision;
    return planOf(definitionOf(this.registry, instance.type, saved.instance.version), saved);
  }

  /**
   * Moves sagas of one version to another, those that stand at a safe point; the others are left as they are, each with why. Every one that
   * is moved has it in its history. Called again with `next`, it takes those behind.
   *
   * @throws {Refusal} INVALID: no migration leads from the one to the other; WRONG_STATE: what the tables do not allow, for the whole set
   */
  async migrateMany(em: EntityManager, call: MigrateManyCall): Promise<MigratedMany> {
    requireTransaction(em, "migrateMany");
    const { type, fromVersion: version, toVersion, after, limit, actorId, note, dryRun } = call;
    this.migrationOf(type, version, toVersion);
    const locked = await readOfVersion(em, this.registry, { type, version, filter: conditionsOf(call.filter), after, limit }, !dryRun);
    const work = new Work(this.registry, claimOf([], locked));
    const refused = new Map<string, { reason: string; count: number; example: string }>();
    let migrated = 0;
    for (const id of locked.ids) {
      const instance = locked.instances.get(id);
      const decision = instance === undefined ? null : this.migrate(work, instance, toVersion, { actorId, note });
      const reason = decision === null ? `It cannot be read by this process: ${locked.unreadable.get(id)}.` : decision.denied && (decision.explanation ?? "");
      if (instance !== undefined && decision !== null && reason === undefined) {
        migrated += 1;
        work.take(instance, decision);
      } else {
        const { count, example } = refused.get(reason ?? "") ?? { count: 0, example: id };
        refused.set(reason ?? "", { reason: reason ?? "", count: count + 1, example });
      }
    }
    if (!dryRun) await perform(em, () => this.advance.finish(em, work));
    return { migrated, refused: [...refused.values()], next: locked.ids.length < limit ? null : (locked.ids.at(-1) ?? null) };
  }

  /**
   * Sends open dead letters round again, oldest first, each through its saga: a step or undo that stands begins anew, a command that
   * the saga went on without is sent beside the main path, an event is heard. A command that belongs to no saga is simply sent again.
   * Letters whose effect must not happen any more stay open.
   *
   * @throws {OutOfDate} somebody else has just resolved some of them; begun again, it takes those that are left
   */
  async redrive(em: EntityManager, call: RedriveCall): Promise<Redrive> {
    requireTransaction(em, "redrive");
    const { letters, count } = await listOldestOpen(em, call.filter, call.limit);
    const locked = await (call.dryRun ? readById : lockById)(
      em,
      this.registry,
      letters.flatMap(({ sagaId }) => (sagaId === null ? [] : [sagaId])),
    );
    const work = new Work(this.registry, claimOf([], locked));
    const keys = letters.flatMap(({ sagaId, sagaType: type, subjectId }) =>
      sagaId === null && type !== null && subjectId !== null ? [{ type, subjectId }] : [],
    );
    if (keys.length > 0) await work.lockKeys(em, keys);
    if (!call.dryRun && (await lockOpen(em, letters)) < letters.length)
      throw new OutOfDate("Some of the dead letters have just been resolved by somebody else");

    const undone = await readUndoneSince(em, [...locked.instances.keys()]);
    const redriven: string[] = [];
    const refused: { id: string; reason: string }[] = [];
    for (const letter of letters) {
      if (isOwnCommand(letter)) {
        redriven.push(letter.id);
        continue;
      }
      const isUndone = letter.sagaId !== null && undone.has(letter.sagaId);
      const reason = isUndone
        ? "What its saga did has been undone since, with the saga that had begun it."
        : letter.sagaId === null
          ? redriveEvent(work, letter)
          : redriveCommand(work, letter, letter.sagaId, call, locked.unreadable.get(letter.sagaId));
      if (reason === null) redriven.push(letter.id);
      else refused.push({ id: letter.id, reason });
    }
    if (!call.dryRun && redriven.length > 0) {
      await this.advance.finish(em, work);
      await append(em, letters.filter(isOwnCommand).map(sentAgain));
      await resolveDeadLetters(em, redriven, { status: "REDRIVEN", by: call.actorId, note: call.note, resolutionId: call.resolutionId });
      const data = { filter: call.filter, redriven: redriven.length, refused: refused.length };
      await recordOperatorAction(em, { actorId: call.actorId, action: "redrive", target: "dead letters", note: call.note, data });
    }
    return { redriven, refused, remaining: count - letters.length };
  }

  /** Closes open dead letters as not needed; their sagas are not touched. @returns the ids of those that were open */
  async discard(em: EntityManager, call: { readonly ids: readonly string[]; readonly actorId: string; readonly note: string }): Promise<string[]> {
    requireTransaction(em, "discard");
    const { ids, actorId, note } = call;
    const discarded = await resolveDeadLetters(em, ids, { status: "DISCARDED", by: actorId, note, resolutionId: null });
    if (discarded.length > 0) await recordOperatorAction(em, { actorId, action: "discard", target: "dead letters", note, data: { ids: discarded } });
    return discarded;
  }

  /**
   * Lets no process take from a queue. What waits there waits however long it takes; the deadlines of the steps that wait stand still.
   * @throws {Refusal} NOT_FOUND: no such queue; WRONG_STATE: it is paused already
   */
  async pauseQueue(em: EntityManager, call: { readonly queue: string; readonly actorId: string; readonly note: string }): Promise<void> {
    await pauseQueue(em, { queue: call.queue, by: call.actorId, note: call.note });
    await recordOperatorAction(em, { actorId: call.actorId, action: "pause-queue", target: call.queue, note: call.note });
  }

  /**
   * Lets every process take from a queue again; the steps that waited have as long as they had before.
   * @throws {Refusal} NOT_FOUND: no such queue; WRONG_STATE: it is not paused
   */
  async resumeQueue(em: EntityManager, call: { readonly queue: string; readonly actorId: string; readonly note: string | null }): Promise<void> {
    const { pausedAt } = await resumeQueue(em, call.queue);
    const extended = await extendDeadlines(em, this.registry, call.queue, pausedAt);
    await recordOperatorAction(em, { actorId: call.actorId, action: "resume-queue", target: call.queue, note: call.note, data: { pausedAt, extended } });
  }

  private migrate(work: Work, instance: Instance, toVersion: number, by: { readonly actorId: string; readonly note: string | null }): Decision {
    const { type, version } = instance;
    const how = this.migrationOf(type, version, toVersion);
    const versions = { from: definitionOf(this.registry, type, version), to: definitionOf(this.registry, type, toVersion) };
    return migrate(how, versions, instance, by, work.context());
  }

  private migrationOf(type: string, version: number, toVersion: number): SagaMigration {
    const how = this.registry.findMigration(type, version, toVersion);
    if (how !== undefined) return how;
    throw new Refusal("INVALID", `Nothing says how a ${type} gets from v${version} to v${toVersion}: declare a migration.`, ["toVersion"]);
  }

  /** What an action does to a step or undo also answers its dead letter; a cancelled saga needs none of its own any more. */
  private async resolveLetters(em: EntityManager, before: Instance, after: Instance, { action, actorId, note }: OperatorCall): Promise<void> {
    if (!["retry", "complete", "skip", "cancel"].includes(action.kind)) return;
    const ended = endedRunIds(before, after);
    const letters = (await deadLettersOfSagas(em, [before.id])).get(before.id) ?? [];
    const answered = letters.filter(({ status, runId }) => status === "OPEN" && (action.kind === "cancel" || runId === null || ended.includes(runId)));
    if (answered.length === 0) return;
    const status = action.kind === "retry" ? "REDRIVEN" : "DISCARDED";
    await resolveDeadLetters(
      em,
      answered.map(({ id }) => id),
      { status, by: actorId, note, resolutionId: null },
    );
  }
}

/** What the tables do not allow is no error of the program, but an action that is not possible. */
async function perform(em: EntityManager, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const constraint = violatedCheck(error);
    if (constraint === null) throw error;
    throw new Refusal("WRONG_STATE", `The subject's row does not allow it: it would break ${constraint}.`);
  }
}

/** Does the work and takes it back, so that whatever stands in its way is met. */
async function rehearse(em: EntityManager, work: () => Promise<void>): Promise<void> {
  await query(em, "savepoint rehearsal");
  try {
    await perform(em, work);
  } finally {
    await query(em, "rollback to savepoint rehearsal");
  }
}

function violatedCheck(error: unknown): string | null {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const { code, constraint } = one as { readonly code?: unknown; readonly constraint?: unknown };
    if (code === "23514") return String(constraint);
  }
  return null;
}

/** Of a command that was sent by no saga: attempts are counted from 1, under the id that it has had. */
const isOwnCommand = ({ sagaId, sagaType }: DeadLetterView): boolean => sagaId === null && sagaType === null;

const sentAgain = ({ id, runId, message, payload }: DeadLetterView): Outgoing => ({
  envelope: { id: runId ?? id, name: message, payload, correlationId: null, causationId: null, replyTo: null },
  deliverAt: null,
});

/** @returns why not, or null */
function redriveCommand(work: Work, letter: DeadLetterView, sagaId: string, call: RedriveCall, unreadable: string | undefined): string | null {
  if (unreadable !== undefined) return `Its saga cannot be moved by this process: ${unreadable}.`;
  const instance = work.instance(sagaId);
  if (instance === undefined) return "Its saga is gone.";
  const decision = work.decide(instance, { kind: "redrive", runId: letter.runId, command: letter.message, actorId: call.actorId, note: call.note });
  if (decision.denied !== undefined) return decision.explanation ?? "";
  work.take(instance, decision);
  return null;
}

/** @returns why not, or null */
function redriveEvent(work: Work, letter: DeadLetterView): string | null {
  const { id, sagaType, subjectId, message, payload, runId } = letter;
  if (sagaType === null || subjectId === null) return "It names neither a saga nor a business key.";
  const mail: Mail = { id, type: sagaType, subject_id: subjectId, name: message, payload, run_id: runId, causation_id: null };
  const undelivered = work.deliverOne(mail);
  return undelivered === "no saga" ? `There is still no ${sagaType} with the key ${subjectId} that this process can move.` : (undelivered?.message ?? null);
}
