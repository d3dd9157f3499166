import type { Data } from "./compiled.ts";

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
}

/** One visit of a state that sends a command or waits. */
export interface Run {
  readonly id: string;
  readonly state: string;
  readonly status: RunStatus;
  readonly attempts: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Entered by `loop`, which is bounded by counting these. */
  readonly viaLoop?: true;
  readonly undo: UndoRun | null;
}

/** One run of a definition: what is in the saga's row. */
export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly subjectId: string;
  readonly participants: readonly string[];
  readonly state: string;
  readonly status: SagaStatus;
  /** Number of the newest history row. */
  readonly sequence: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: Date | null;
  readonly deadlineAt: Date | null;
  readonly settledAt: Date | null;
  readonly data: Data;
  readonly runs: readonly Run[];
  /** Why it fails or failed, in the definition's word, with the code and sentence for callers. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly reasonAt: Date | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export const isFinished = (instance: Pick<Instance, "finishedAt">): boolean => instance.finishedAt !== null;

/** The undo plan has begun; it never turns back into going forward. */
export const isUndoing = (instance: Pick<Instance, "runs">): boolean => instance.runs.some((run) => run.undo !== null);
