import type { SagaEventView, SagaView } from "./reader.ts";

/** FAILED: it did not get an answer. ANSWERED: it did, whatever that led to. GIVEN_UP: the saga went on without waiting for its end. OPEN: it is under way, or waits for its turn. */
export type AttemptOutcome = "OPEN" | "ANSWERED" | "FAILED" | "GIVEN_UP";

/** One attempt at a step or its undo, or the time spent in a wait. */
export interface SagaAttempt {
  readonly state: string;
  /** At the undo of the state. */
  readonly isUndo: boolean;
  /** From 1; begins again at 1 when an operator has the step begun again, or a saga comes back to a state. */
  readonly number: number;
  /** Since when it could have been made: its command was sent, or the time until the next attempt had passed. */
  readonly queuedAt: Date;
  /** When somebody began with it; null while nobody has, where nobody has told, and for waits. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly outcome: AttemptOutcome;
  readonly reason: SagaEventView["reason"];
}

type Open = Pick<SagaAttempt, "state" | "isUndo" | "number" | "queuedAt">;

/**
 * The attempts of a saga in the order of their beginning, out of its whole history. One that follows a failure and was given up before
 * it ended has left no trace, and is not among them.
 *
 * @param stops states in which something is done or waited for
 */
export function attemptsOf(saga: Pick<SagaView, "nextAttemptAt" | "finishedAt">, events: readonly SagaEventView[], stops: ReadonlySet<string>): SagaAttempt[] {
  const attempts: SagaAttempt[] = [];
  const end = (open: Open | null, outcome: AttemptOutcome, { begunAt, occurredAt, reason }: SagaEventView): void => {
    if (open === null || (outcome === "GIVEN_UP" && open.number > 1)) return;
    attempts.push({ ...open, startedAt: begunAt, finishedAt: occurredAt, outcome, reason: outcome === "FAILED" ? reason : null });
  };
  const open = events.reduce<Open | null>((current, event) => {
    const { kind, status, occurredAt: queuedAt, undoneState, fromState, toState } = event;
    const outcome = event.begunAt !== null || event.fate === "applied" ? "ANSWERED" : "GIVEN_UP";
    if (kind === "ATTEMPT_FAILED") {
      end(current, "FAILED", event);
      return current === null ? null : { ...current, number: current.number + 1, queuedAt };
    }
    if (kind === "COMPENSATION" && undoneState !== null) {
      // Of the undo that is open it is the end, of any other the beginning.
      const isBeginning = status === "COMPENSATING" && !(current?.isUndo === true && current.state === undoneState);
      end(current, outcome, event);
      return isBeginning ? { state: undoneState, isUndo: true, number: 1, queuedAt } : null;
    }
    // A wait that notes an event, and a command that is answered later, go on.
    if (kind !== "TRANSITION" || (fromState === toState && status !== "STUCK" && current !== null)) return current;
    end(current, outcome, event);
    return status !== "STUCK" && stops.has(toState) ? { state: toState, isUndo: false, number: 1, queuedAt } : null;
  }, null);
  if (open !== null && saga.finishedAt === null) {
    const queuedAt = open.number > 1 && saga.nextAttemptAt !== null ? saga.nextAttemptAt : open.queuedAt;
    attempts.push({ ...open, queuedAt, startedAt: null, finishedAt: null, outcome: "OPEN", reason: null });
  }
  return attempts;
}
