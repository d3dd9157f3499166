import type { EntityManager, EventSubscriber, TransactionEventArgs } from "@mikro-orm/postgresql";

/** What is waiting for a transaction to commit, by the transaction's own object. */
const waiting = new WeakMap<object, Set<() => void>>();
const watched = new WeakSet<object>();

/**
 * Calls `run` once the transaction of `em` has committed; never, if it rolls back. For hints only: a crash right after the
 * commit loses the call, so whatever depends on it must also look by itself. The same function is called once.
 */
export function afterCommit(em: EntityManager, run: () => void): void {
  const events = em.getEventManager();
  if (!watched.has(events)) {
    events.registerSubscriber(new Waiting());
    watched.add(events);
  }
  const transaction: object | undefined = em.getTransactionContext();
  if (transaction === undefined) return run();
  const set = waiting.get(transaction) ?? new Set();
  set.add(run);
  waiting.set(transaction, set);
}

class Waiting implements EventSubscriber {
  async afterTransactionCommit({ transaction }: TransactionEventArgs): Promise<void> {
    const calls = transaction === undefined ? undefined : waiting.get(transaction);
    if (transaction === undefined || calls === undefined) return;
    waiting.delete(transaction);
    for (const call of calls) call();
  }
}
