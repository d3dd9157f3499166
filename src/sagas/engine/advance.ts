import type { EntityManager } from "@mikro-orm/postgresql";
import {
  afterCommit,
  append,
  release,
  reschedule,
  type AttemptFailure,
  type Claim,
  type Envelope,
  type Hints,
  type InTransactionSubscriber,
  type Published,
  type Receipt,
} from "../../outbox/index.ts";
import { Elsewhere } from "./elsewhere.ts";
import type { Instance } from "./instance.ts";
import type { SagaRegistry } from "./registry.ts";
import { buryMail, buryOrphans, findDeliverable, insertSagas, keepMail, lockDue, readById, reflectStatuses, saveSagas, takeMail } from "./store.ts";
import { claim, claimOf, sagaIdsOf, Unsaved, Work, type LockedClaim } from "./work.ts";

/**
 * Moves sagas on: lock, decide, save, send. Everything happens in the caller's transaction and for a whole set at once, by a
 * constant number of statements. Only the row's lock orders what happens to one saga; whichever transaction has it first wins.
 */
export class Advance implements InTransactionSubscriber {
  private readonly registry: SagaRegistry;
  private readonly hints: Hints;
  private readonly elsewhere: Elsewhere;
  /** By the EntityManager of a transaction that has claimed. */
  private readonly claims = new WeakMap<EntityManager, LockedClaim>();

  constructor(registry: SagaRegistry, hints: Hints) {
    this.registry = registry;
    this.hints = hints;
    this.elsewhere = new Elsewhere(registry);
  }

  async claim(em: EntityManager, commands: readonly Envelope[]): Promise<Claim> {
    const claimed = await claim(em, this.registry, commands);
    this.claims.set(em, claimed);
    return claimed;
  }

  reclaim(claimed: Claim, commands: readonly Envelope[]): Claim {
    const { locked, unsaved } = claimed as LockedClaim;
    return claimOf(commands, locked, unsaved, this.registry);
  }

  async peek(em: EntityManager, commands: readonly Envelope[]): Promise<Claim> {
    return claimOf(commands, await readById(em, this.registry, sagaIdsOf(commands)), undefined, this.registry);
  }

  async apply(em: EntityManager, events: readonly Published[], claimed?: Claim): Promise<readonly Receipt[]> {
    // A participant that publishes may look at what that led to, and may be the one whose saga hears it.
    const claim = (claimed as LockedClaim | undefined) ?? this.claims.get(em);
    if (claimed === undefined) await this.write(em, claim?.unsaved);
    await this.elsewhere.refresh(em);
    const work = new Work(this.registry, claim, undefined, this.elsewhere);
    await work.lockFor(em, events);
    const receipts = events.map((event) => work.hear(event));
    await this.finish(em, work, claim, claimed !== undefined);
    return receipts.map((receipt) => work.final(receipt));
  }

  async save(em: EntityManager, claimed: Claim): Promise<void> {
    await this.write(em, (claimed as LockedClaim).unsaved);
  }

  async putAside(em: EntityManager, commands: readonly Envelope[], claimed: Claim): Promise<void> {
    const work = new Work(this.registry, claimed as LockedClaim);
    for (const command of commands) work.putAside(command);
    await this.finish(em, work, claimed);
  }

  async answersLater(em: EntityManager, commands: readonly Envelope[], claimed: Claim): Promise<void> {
    const work = new Work(this.registry, claimed as LockedClaim);
    for (const command of commands) work.answersLater(command);
    await this.finish(em, work, claimed);
  }

  async attemptsFailed(em: EntityManager, failures: readonly AttemptFailure[], claimed: Claim): Promise<void> {
    const work = new Work(this.registry, claimed as LockedClaim);
    for (const failure of failures) work.attemptFailed(failure);
    await this.finish(em, work, claimed);
  }

  /** Takes the outcome of every timer that has passed, at most `limit` sagas. @returns how many there were */
  async timersPassed(em: EntityManager, limit: number): Promise<number> {
    const locked = await lockDue(em, this.registry, limit);
    const work = new Work(this.registry, claimOf([], locked));
    for (const id of locked.instances.keys()) work.step(id, { kind: "clock" });
    await this.finish(em, work);
    return locked.instances.size;
  }

  /** Gives kept events to sagas that exist by now and that this process can read; buries those whose time is over. */
  async deliverMail(em: EntityManager, limit: number): Promise<number> {
    const keys = await findDeliverable(em, this.registry, limit);
    if (keys.length > 0) {
      const work = new Work(this.registry, undefined);
      await work.lockKeys(em, keys);
      // Whoever had the lock before may have taken it. That of a saga whose data this process cannot read stays where it is.
      const { mail } = await takeMail(
        em,
        keys.filter((key) => work.isLocked(key)),
      );
      work.deliver(mail);
      await this.finish(em, work);
    }
    await buryOrphans(em);
    return keys.length;
  }

  /**
   * Births first, since a key may turn out to have a saga; then business statuses, since a saga whose row is gone has to stand; then the rest.
   *
   * @param mayWait whether what is in the claim and nobody asks for may be written by `save`
   */
  async finish(em: EntityManager, work: Work, claimed?: Claim, mayWait = false): Promise<void> {
    if (work.isEmpty()) return;
    const inserted = await this.insertBorn(em, work);
    for (const [definition, rows] of work.reflections()) {
      if (definition.reflect === null) continue;
      const present = await reflectStatuses(em, definition.reflect, rows);
      for (const row of rows) if (!present.has(row.subjectId)) work.entityMissing(definition, row.subjectId);
    }
    const results = work.results();
    const { history, commands, rescheduled, released } = results;
    if (work.kept.length > 0) work.keptAlready(await keepMail(em, work.kept));
    for (const { mail, problem } of work.buried) await buryMail(em, mail, problem);
    if (history.length === 0) return;
    const unsaved = (claimed as LockedClaim | undefined)?.unsaved ?? new Unsaved();
    unsaved.add({ ...results, changed: results.changed.filter((instance) => !inserted.has(instance)) });
    if (claimed === undefined || !mayWait || !unsaved.canWait) await this.write(em, unsaved);
    await append(em, commands);
    for (const id of released) await release(em, id);
    for (const { runId, at } of rescheduled) await reschedule(em, runId, at);
    work.rememberForLater();
    const ids = [...new Set(history.map((row) => row.sagaId))];
    afterCommit(em, () => this.hints.send("saga", ids));
  }

  private async write(em: EntityManager, unsaved: Unsaved | undefined): Promise<void> {
    if (unsaved === undefined || unsaved.history.length === 0) return;
    const { changed, history, deadLetters } = unsaved.take();
    await saveSagas(em, this.registry, changed, history, deadLetters);
  }

  /** A key that has a saga already is locked, and its starting event given to that saga. @returns the instances that were inserted */
  private async insertBorn(em: EntityManager, work: Work): Promise<ReadonlySet<Instance>> {
    const inserted = new Set<Instance>();
    const isInserted = new Set<string>();
    for (let born = work.born(); born.length > 0; born = work.born().filter(({ id }) => !isInserted.has(id))) {
      const added = await insertSagas(em, this.registry, born);
      for (const instance of born.filter(({ id }) => added.has(id))) inserted.add(instance);
      for (const id of added) isInserted.add(id);
      const lost = work.takeBack(born.flatMap(({ id }) => (added.has(id) ? [] : [id])));
      if (lost.length === 0) break;
      await work.lockKeys(em, lost);
      for (const birth of lost) work.hearAgain(birth);
    }
    return inserted;
  }
}
