import type { Fate } from "../../outbox/index.ts";
import type { Data } from "./compiled.ts";
import type { SagaRemainder } from "./remains.ts";

export type SagaStatus = "RUNNING" | "RETRYING" | "WAITING" | "COMPENSATING" | "STUCK" | "COMPLETED" | "FAILED" | "CANCELLED";

/**
 * How a run of a step ended. done: a reply led forward. none: the participant said it changed nothing. partly: it said no but
 * did something. unknown: given up, it may or may not have happened. skipped: given up, and the saga went on. parked: an operator is asked.
 */
export type RunStatus = "active" | "done" | "none" | "partly" | "unknown" | "skipped" | "parked";

export interface UndoRun {
  readonly status: "pending" | "active" | "parked" | "done" | "gave-up";
  /** Where the undo's reply belongs; null until it has been sent. */
  readonly runId: string | null;
  readonly attempts: number;
  /** It was carried out; its answer comes with the end of a sub-saga. */
  readonly later?: true;
  /** Digest of the reply that ended it. */
  readonly answer?: string;
  /** What stays of the sub-saga that it has undone. Left out: nothing. */
  readonly remains?: readonly SagaRemainder[];
}

/** One visit of a state that sends a command or waits. */
export interface Run {
  readonly id: string;
  readonly state: string;
  readonly status: RunStatus;
  readonly attempts: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** When an operator last set its deadline, or its reminder, to an instant: a pause takes from them only what came after that. */
  readonly deadlineSetAt?: Date;
  readonly reminderSetAt?: Date;
  /** Of a step in a group: the same for all that were begun with it, which are undone together. */
  readonly group?: string;
  /** Of a step in a group: when it, or its undo, is attempted again; the saga shows the soonest. */
  readonly nextAttemptAt?: Date | null;
  /** Of a step in a group that stands, or whose undo does: why. The saga shows that of one of them. */
  readonly trouble?: Partial<Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt">>;
  /** Entered by `loop`, which is bounded by counting these. */
  readonly viaLoop?: true;
  /** The command was carried out; its answer comes from outside. */
  readonly later?: true;
  /** Digest of the reply that ended it: a second reply is a duplicate, or another one, a conflict. */
  readonly answer?: string;
  readonly undo: UndoRun | null;
  /** Of a run from before a migration: the version that made it and the data it had then, as JSON. Its undo keeps that contract. */
  readonly made?: { readonly version: number; readonly data: unknown };
}

/**
 * A command beside the main path, whose end changes neither state nor status: a reminder, a notice that a wait sends of what it has
 * noted or a failed saga at its end, or a command that an operator has redriven after the saga went on without it.
 */
export interface Aside {
  /** Where its replies belong; of a redriven command, the run that it was first sent for. */
  readonly id: string;
  readonly kind: "remind" | "tell" | "redrive";
  /** The state that reminds or whose command is redriven; of a notice, the wait or the final. */
  readonly state: string;
  readonly status: "active" | "done" | "void" | "gave-up";
  /** The attempt under way; goes on counting where the run's own attempts ended. */
  readonly attempts: number;
  readonly firstAttempt: number;
  /** It was carried out; its answer comes from outside. */
  readonly later?: true;
}

/** An event that came before the wait that takes it; the payload is JSON. */
export interface ParkedEvent {
  readonly messageId: string;
  readonly name: string;
  readonly payload: unknown;
}

/** What became of an event, for the day that it comes again. */
export interface HeardEvent {
  readonly id: string;
  readonly fate: Fate;
}

/** One run of a definition: what is in the saga's row. */
export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly subjectId: string;
  /** Counts the runs of one business key, from 1. */
  readonly runNumber: number;
  /** The run that has begun it as a sub-saga, and the saga and run that are to hear of its end: that one, or whoever undoes it; null: it began by itself. */
  readonly parent: { readonly sagaId: string; readonly runId: string; readonly reportTo: string } | null;
  /** Of the code that last moved it; null before that was noted. */
  readonly codeHash: string | null;
  readonly participants: readonly string[];
  readonly state: string;
  readonly status: SagaStatus;
  /** Number of the newest history row. */
  readonly sequence: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: Date | null;
  readonly deadlineAt: Date | null;
  readonly remindAt: Date | null;
  /** While set, no command of the saga is started and none of its timers fires. */
  readonly pausedAt: Date | null;
  readonly pausedBy: string | null;
  readonly pauseNote: string | null;
  readonly settledAt: Date | null;
  readonly data: Data;
  /** Fields of the stored data that this process does not know, as JSON: they stay as they are. Left out: none. */
  readonly undeclared?: Data;
  readonly runs: readonly Run[];
  readonly asides: readonly Aside[];
  readonly parked: readonly ParkedEvent[];
  readonly heard: readonly HeardEvent[];
  /** Why it fails or failed, in the definition's word, with the code and sentence for callers. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly reasonAt: Date | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** A run whose undo has been planned, at least. */
export type UndoneRun = Run & { readonly undo: UndoRun };

/** It, or its undo, awaits its end, or an operator. */
export const isOpen = ({ status }: Pick<Run | UndoRun, "status">): boolean => status === "active" || status === "parked";

/** A run in a group has a time of its own for its next attempt; of any other it is the saga's. */
export const ownAttempt = (run: Run, nextAttemptAt: Date | null): Partial<Run> => (run.group === undefined ? {} : { nextAttemptAt });

/** Of runs in a group, the one that is attempted again first. */
export const soonest = <R extends Run>(runs: readonly R[]): R | undefined =>
  runs.filter(({ nextAttemptAt }) => nextAttemptAt != null).toSorted((a, b) => Number(a.nextAttemptAt) - Number(b.nextAttemptAt))[0];

/** Runs that are open, or else, while the saga is undone, their undos. */
const openRunIds = ({ runs }: Pick<Instance, "runs">): string[] => {
  const undos = runs.flatMap(({ undo }) => (undo !== null && isOpen(undo) && undo.runId !== null ? [undo.runId] : []));
  return undos.length > 0 ? undos : runs.filter(isOpen).map(({ id }) => id);
};

/** Runs, or undos, that an action has ended. */
export const endedRunIds = (before: Pick<Instance, "runs">, after: Pick<Instance, "runs">): string[] => {
  const open = openRunIds(after);
  return openRunIds(before).filter((id) => !open.includes(id));
};

export const isFinished = (instance: Pick<Instance, "finishedAt">): boolean => instance.finishedAt !== null;

/** The undo plan has begun; it never turns back into going forward. */
export const isUndoing = (instance: Pick<Instance, "runs">): boolean => instance.runs.some((run) => run.undo !== null);
