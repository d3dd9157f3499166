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
 * @param stops states in which something is done or waited for, each with what that is: itself, or the steps of a group
 */
export function attemptsOf(
  saga: Pick<SagaView, "nextAttemptAt" | "finishedAt">,
  events: readonly SagaEventView[],
  stops: ReadonlyMap<string, readonly string[]>,
): SagaAttempt[] {
  const attempts = new Attempts();
  for (const event of events) follow(attempts, event, stops);
  const open = saga.finishedAt === null ? attempts.open.map((one) => waiting(one, saga.nextAttemptAt)) : [];
  return [...attempts.ended, ...open].toSorted((a, b) => a.queuedAt.getTime() - b.queuedAt.getTime());
}

const waiting = (open: Open, nextAttemptAt: Date | null): SagaAttempt => {
  const queuedAt = open.number > 1 && nextAttemptAt !== null ? nextAttemptAt : open.queuedAt;
  return { ...open, queuedAt, startedAt: null, finishedAt: null, outcome: "OPEN", reason: null };
};

function follow(attempts: Attempts, event: SagaEventView, stops: ReadonlyMap<string, readonly string[]>): void {
  const { kind, status, occurredAt, undoneState, fromState, toState, step } = event;
  if (kind === "ATTEMPT_FAILED") return attempts.fail(event);
  if (kind === "COMPENSATION" && undoneState !== null) {
    // Of an undo that is open it is the end, of any other the beginning.
    if (attempts.find(undoneState, true) !== undefined) return attempts.end(event, (one) => one.isUndo && one.state === undoneState);
    const together = [...stops.values()].find((states) => states.includes(undoneState)) ?? [];
    attempts.end(event, (one) => !(one.isUndo && together.includes(one.state)));
    if (status === "COMPENSATING" || together.length > 1) attempts.begin(undoneState, true, occurredAt);
    return;
  }
  if (kind !== "TRANSITION") return;
  if (step !== null && fromState === toState) {
    if (attempts.find(step, false) !== undefined) attempts.end(event, (one) => one.state === step);
    else if (event.message === null && status !== "STUCK") attempts.begin(step, false, occurredAt);
    return;
  }
  // A wait that notes an event, and a command that is answered later, go on.
  if (fromState === toState && status !== "STUCK" && attempts.open.length > 0) return;
  attempts.end(event, () => true);
  if (status !== "STUCK") for (const state of stops.get(toState) ?? []) attempts.begin(state, false, occurredAt);
}

/** Attempts that have ended, and those that are open: one, or several of a group. */
class Attempts {
  readonly ended: SagaAttempt[] = [];
  open: Open[] = [];

  find(state: string, isUndo: boolean): Open | undefined {
    return this.open.find((one) => one.state === state && one.isUndo === isUndo);
  }

  begin(state: string, isUndo: boolean, queuedAt: Date): void {
    this.open.push({ state, isUndo, number: 1, queuedAt });
  }

  fail(event: SagaEventView): void {
    const failed = event.step === null ? this.open[0] : this.open.find((one) => one.state === event.step);
    if (failed === undefined) return;
    this.close(failed, "FAILED", event);
    this.open.push({ ...failed, number: failed.number + 1, queuedAt: event.occurredAt });
  }

  /** An answer ends the one that it is about; what else ends with it is given up. */
  end(event: SagaEventView, isMeant: (one: Open) => boolean): void {
    const outcome = event.begunAt !== null || event.fate === "applied" ? "ANSWERED" : "GIVEN_UP";
    for (const one of this.open.filter(isMeant)) this.close(one, event.step === null || event.step === one.state ? outcome : "GIVEN_UP", event);
  }

  private close(open: Open, outcome: AttemptOutcome, { begunAt, occurredAt, reason }: SagaEventView): void {
    this.open = this.open.filter((one) => one !== open);
    if (outcome === "GIVEN_UP" && open.number > 1) return;
    const startedAt = outcome === "GIVEN_UP" ? null : begunAt;
    this.ended.push({ ...open, startedAt, finishedAt: occurredAt, outcome, reason: outcome === "FAILED" ? reason : null });
  }
}
