import type { EntityManager } from "@mikro-orm/postgresql";
import { afterCommit } from "./after-commit.ts";
import { carryOut } from "./carry-out.ts";
import type { Completions } from "./completions.ts";
import { queueOf } from "./message.ts";
import type { TransactionalParticipant } from "./participant.ts";
import { partition } from "./partition.ts";
import { putOnQueues, takeFollowing } from "./publish.ts";
import type { Claim, InTransactionSubscriber } from "./subscriber.ts";

/** A participant that a transaction may go on to, as it stands at this moment. */
export interface Follower {
  readonly participant: TransactionalParticipant;
  readonly attemptTimeoutMs: number;
  readonly isPaused: boolean;
}

export interface FollowingParts {
  readonly subscriber: InTransactionSubscriber;
  readonly completions: Completions;
  /** The participants that a transaction may go on to, by the name of their command. */
  readonly followers: ReadonlyMap<string, Follower>;
  /** How many commands of one saga are one commit at most; 1: each its own. Default 10, so that a saga that goes on and on lets others in between. */
  readonly stepsPerCommit?: number;
}

/**
 * Carries out the commands that follow from what the transaction has done, where their effects are in the same database too: a row
 * of such steps is then one commit instead of one each. Nothing is promised by it that a queue between them would not promise, and
 * nobody outside can tell the difference but by the clock. What may not be started now goes onto its queue.
 *
 * @param claim what the transaction has locked
 * @param goesOn told before the first of them is begun. A transaction that has gone on and fails, there or later, is to be begun again without:
 *   what follows is then judged by itself, and nobody is to blame for what came after.
 */
export async function carryOutFollowing(em: EntityManager, parts: FollowingParts, claim: Claim, goesOn: () => void): Promise<void> {
  for (let length = 1, commands = takeFollowing(em); commands.length > 0; commands = takeFollowing(em), length++) {
    for (const [name, ofName] of Map.groupBy(commands, (command) => command.name)) {
      const follower = parts.followers.get(name);
      const reclaimed = parts.subscriber.reclaim(claim, ofName);
      const mayStart = length < (parts.stepsPerCommit ?? 10) && follower !== undefined && !follower.isPaused;
      const [started, others] = partition(ofName, (command) => mayStart && reclaimed.current.has(command.id));
      await putOnQueues(em, others);
      if (follower === undefined || started.length === 0) continue;
      // What was read before is not what was written since, by statements over sets.
      em.clear();
      goesOn();
      await carryOut(em, follower, parts.subscriber, started, reclaimed);
      afterCommit(em, () => parts.completions.add(queueOf(name), started.length));
    }
  }
}
