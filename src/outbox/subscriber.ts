import type { EntityManager } from "@mikro-orm/postgresql";
import type { FailureReason } from "../kernel/errors.ts";
import type { Envelope, Published } from "./message.ts";

/**
 * What became of a published message. parked: it came early and waits in its saga for the wait that takes it; unused: that wait
 * never opened. kept: no saga has its key yet; orphan: none came in time. conflict: a step was answered twice, differently.
 */
export type Fate =
  | "started"
  | "applied"
  | "parked"
  | "kept"
  | "duplicate"
  | "duplicate-start"
  | "late"
  | "conflict"
  | "superseded"
  | "refused"
  | "noted"
  | "already-undoing"
  | "unused"
  | "orphan"
  | "no-subscriber";

export interface Receipt {
  readonly messageId: string;
  readonly fate: Fate;
  /** Why it was refused or put aside, as a sentence. */
  readonly reason?: string;
  /** Of a duplicate: what became of the message the first time. */
  readonly first?: Fate;
}

/** An attempt at a command that ended without a reply. */
export interface AttemptFailure {
  readonly envelope: Envelope;
  readonly failure: FailureReason;
}

/**
 * Commands whose senders are locked until the transaction ends. Only those in `current` may take effect: the others were given up
 * by a timeout, a cancellation or a newer attempt, and nothing can give a current one up before this transaction ends.
 */
export interface Claim {
  readonly current: ReadonlySet<string>;
  /** Commands whose sender this process cannot read, by message id with the reason: not its version, or damaged. They have to wait. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Commands that still count, but whose sender an operator has paused: not to be started before it is resumed. */
  readonly held: ReadonlySet<string>;
}

/**
 * Hears every published event inside the sender's transaction and knows which commands still count. There is at most one:
 * the saga engine. Its writes commit or roll back with the sender's.
 */
export interface InTransactionSubscriber {
  /** Locks what the commands belong to, in ascending order of id, and tells which of them still count. */
  claim(em: EntityManager, commands: readonly Envelope[]): Promise<Claim>;
  /** Which commands count whose senders this transaction has locked, and has perhaps moved on, by an earlier claim. */
  reclaim(claim: Claim, commands: readonly Envelope[]): Claim;
  /** Tells without locking which commands still count; for deciding whether an outside effect is worth starting. */
  peek(em: EntityManager, commands: readonly Envelope[]): Promise<Claim>;
  /**
   * Applies events; one receipt each, in order. `claim` is what the same transaction has locked already; with it, saving what is
   * locked may be put off until `save`, which whoever claimed must call before the commit.
   */
  apply(em: EntityManager, events: readonly Published[], claim?: Claim): Promise<readonly Receipt[]>;
  /** Saves what was put off. */
  save(em: EntityManager, claim: Claim): Promise<void>;
  /** Records commands that came too late or twice, without effect. */
  putAside(em: EntityManager, commands: readonly Envelope[], claim: Claim): Promise<void>;
  /** Commands were carried out, and their answers come later, from outside. */
  answersLater(em: EntityManager, commands: readonly Envelope[], claim: Claim): Promise<void>;
  /** Counts failed attempts: schedules the next one or gives the step up. */
  attemptsFailed(em: EntityManager, failures: readonly AttemptFailure[], claim: Claim): Promise<void>;
}
