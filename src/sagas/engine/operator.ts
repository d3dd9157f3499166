/** When the current step or wait runs out, when it reminds next, when a failed attempt is made again. */
export type SagaTimer = "DEADLINE" | "REMINDER" | "NEXT_ATTEMPT";

/** Of a group: the step that is meant, which is open or whose undo is. Left out: what stands, or else all that is under way. */
interface OfStep {
  readonly step?: string;
}

/** What an operator can do to one saga. */
export type OperatorAction =
  /** STUCK: the step, or the undo, again, attempts counted from 1. An attempt that waits, also of an undo: now. `changes` are JSON, merged into the saga's data before. */
  | ({ readonly kind: "retry"; readonly changes?: Readonly<Record<string, unknown>> } & OfStep)
  /** The answer by hand, as JSON. Null only for an undo: it was done by hand. */
  | ({ readonly kind: "complete"; readonly reply: string | null; readonly payload: Readonly<Record<string, unknown>> | null } & OfStep)
  /** On without the step, whose undo stays planned. An undo that is skipped leaves its effect. */
  | ({ readonly kind: "skip" } & OfStep)
  /** Undoes everything; the saga ends CANCELLED. */
  | { readonly kind: "cancel" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** Of a group: a step with its next attempt only; left out: the attempt that comes next, which the saga shows. */
  | ({ readonly kind: "move-timer"; readonly timer: SagaTimer; readonly to: Date } & OfStep)
  | ({ readonly kind: "fire-timer"; readonly timer: SagaTimer } & OfStep);

/** On to another version of the definition, by a declared migration, at a safe point. */
export interface Migrate {
  readonly kind: "migrate";
  readonly toVersion: number;
}

/** The reasons of sagas that an operator cancelled, or that were undone with the saga that began them; every definition has them, without declaring them. */
export const CANCELLED_BY_OPERATOR = "CancelledByOperator";
export const UNDONE_WITH_PARENT = "UndoneWithParent";
export const engineReasons: Readonly<Record<string, { readonly code: string; readonly message: string; readonly cancels: true }>> = {
  [CANCELLED_BY_OPERATOR]: { code: "CANCELLED_BY_OPERATOR", message: "An operator cancelled it.", cancels: true },
  [UNDONE_WITH_PARENT]: { code: "UNDONE_WITH_PARENT", message: "The saga that began it is undone.", cancels: true },
};

/** The code of a saga that stands because a newer version of its sub-saga has ended as it does not know, or with data that it cannot read. */
export const UNKNOWN_END = "UNKNOWN_END";
