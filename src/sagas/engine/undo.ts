import type { FailureReason } from "../../kernel/errors.ts";
import type { AnyEvent } from "../../outbox/index.ts";
import { newAside, sendAside, stopReminding } from "./asides.ts";
import type { Undo } from "./compiled.ts";
import type { Draft } from "./draft.ts";
import { describeMs } from "./duration.ts";
import { ownAttempt, soonest, type Run, type UndoneRun } from "./instance.ts";
import { digestOf } from "./message.ts";
import { mayHaveHappened, undoOf } from "./remains.ts";
import { attemptsOf, describeFailure } from "./retry.ts";
import { end, stand } from "./stops.ts";
import { remainsIn } from "./sub-saga.ts";

/** Everything that was done or may have been done is undone, latest start first. */
export function undoAll(draft: Draft): void {
  stopReminding(draft);
  for (const run of draft.instance.runs) {
    if (!mayHaveHappened(run) || undoOf(draft.definition, run) === null) continue;
    draft.changeRun(run.id, { undo: { status: "pending", runId: null, attempts: 0 } });
  }
  // What an operator has redriven must not happen after its undo.
  draft.change({
    asides: draft.instance.asides.map((aside) => (aside.kind === "redrive" && aside.status === "active" ? { ...aside, status: "void" } : aside)),
  });
  undoNext(draft);
}

/** The undo of the latest run that still has one to come; without any, the end. One at a time, and those of a group together. */
function undoNext(draft: Draft): void {
  const pending = draft.instance.runs.filter((run) => run.undo?.status === "pending");
  const latest = pending.at(-1);
  const open = draft.openUndos();
  const isUndoneWith = (run: Run): boolean => run === latest || (run.group !== undefined && run.group === latest?.group);
  if (!open.every(isUndoneWith)) return showUndos(draft);
  // A step that was begun again in its group is undone once for each time, one after the other.
  const busy = new Set(open.map(({ state }) => state));
  for (const run of pending.filter(isUndoneWith).toReversed()) {
    if (busy.has(run.state)) continue;
    busy.add(run.state);
    beginUndo(draft, run, `Undoing ${run.state}. ${draft.reason()}`.trimEnd());
  }
  if (latest !== undefined) return;
  if (draft.definition.failedFinal === null) throw new Error(`${draft.definition.name} fails without onFailed`);
  restoreReason(draft);
  end(draft, draft.definition.failedFinal);
  if (draft.definition.tell !== null) sendAside(draft, newAside(draft, "tell", draft.instance.state, draft.context.newId(), 1), null);
}

/** The trouble of an undo that stood is over; what the saga shows again is why it failed. */
function restoreReason(draft: Draft): void {
  if (draft.instance.status === "STUCK" && draft.instance.reason !== null) draft.giveReason(draft.instance.reason);
}

/** The saga shows the undo that stands, or else the one that is attempted next. */
export function showUndos(draft: Draft): void {
  const open = draft.openUndos();
  const standing = open.find(({ undo }) => undo.status === "parked");
  const retrying = soonest(open);
  const shown = standing ?? retrying ?? open.at(-1);
  if (shown === undefined) return;
  if (standing === undefined) restoreReason(draft);
  draft.change({
    status: standing === undefined ? "COMPENSATING" : "STUCK",
    attempt: shown.undo.attempts,
    maxAttempts: attemptsOf(draft.undoOf(shown).retry),
    ...standing?.trouble,
    nextAttemptAt: standing === undefined ? (retrying?.nextAttemptAt ?? null) : null,
    deadlineAt: null,
  });
}

export function beginUndo(draft: Draft, run: Run, summary: string): void {
  const undo = draft.undoOf(run);
  const runId = draft.context.newId();
  draft.changeRun(run.id, { undo: { status: "active", runId, attempts: 1 }, ...ownAttempt(run, null) });
  showUndos(draft);
  sendUndo(draft, undo, run, runId, 1, null);
  draft.record("COMPENSATION", summary, { undoneState: run.state });
}

function sendUndo(draft: Draft, undo: Undo, run: Run, undoRunId: string, attempt: number, deliverAt: Date | null): void {
  draft.send(undo.command, undo.with(draft.dataOf(run), draft.meta(run.id, attempt)), undoRunId, attempt, deliverAt);
}

export function undoAnswered(draft: Draft, run: UndoneRun, contract: AnyEvent, payload: unknown): void {
  const { replies } = draft.undoOf(run);
  draft.answer = digestOf(contract, payload);
  const branch = replies?.get(contract.name);
  const outcome = branch === undefined ? "next" : draft.choose(branch, payload).go;
  if (outcome === "park") return parkUndo(draft, run, null);
  undoEnded(draft, { ...run, undo: { ...run.undo, ...remainsIn(contract, payload) } }, outcome === "skip" ? "gave-up" : "done");
}

export function undoEnded(draft: Draft, run: UndoneRun, status: "done" | "gave-up"): void {
  draft.changeRun(run.id, { undo: { ...run.undo, status, ...(draft.answer === null ? {} : { answer: draft.answer }) }, ...ownAttempt(run, null) });
  const others = draft.openUndos().map(({ state }) => state);
  if (status === "gave-up") draft.record("COMPENSATION", `The undo of ${run.state} gave up; its effect stays.`, { undoneState: run.state });
  else if (others.length > 0) draft.record("COMPENSATION", `${run.state} is undone; the undo of ${others.join(", ")} goes on.`, { undoneState: run.state });
  undoNext(draft);
}

/** The plan stops here, and nothing after it runs. The saga shows why its undo failed until it goes on. */
function parkUndo(draft: Draft, run: UndoneRun, failure: FailureReason | null): void {
  draft.changeRun(run.id, { undo: { ...run.undo, status: "parked", ...(draft.answer === null ? {} : { answer: draft.answer }) }, ...ownAttempt(run, null) });
  const trouble = failure === null ? {} : draft.because(failure);
  if (run.group !== undefined && failure !== null) draft.changeRun(run.id, { trouble });
  stand(draft, trouble);
  draft.record("COMPENSATION", `The undo of ${run.state} stands and needs an operator.`, { undoneState: run.state });
}

export function undoAttemptFailed(draft: Draft, run: UndoneRun, failure: FailureReason): void {
  draft.tells(run);
  const undo = draft.undoOf(run);
  const { attempts } = run.undo;
  const wait = draft.nextWait(undo.retry, attempts, failure);
  if (wait !== null) {
    const nextAttemptAt = new Date(draft.context.now.getTime() + wait);
    draft.changeRun(run.id, { undo: { ...run.undo, attempts: attempts + 1 }, ...ownAttempt(run, nextAttemptAt) });
    showUndos(draft);
    if (run.group === undefined) draft.change({ nextAttemptAt });
    draft.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} Next attempt in ${describeMs(wait)}.`);
    return sendUndo(draft, undo, run, run.undo.runId as string, attempts + 1, nextAttemptAt);
  }
  draft.bury(undo.command, undo.with(draft.dataOf(run), draft.meta(run.id, attempts)), run.undo.runId as string, attempts, failure);
  draft.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} No attempt is left.`);
  if (undo.ifExhausted === "continue") return undoEnded(draft, run, "gave-up");
  parkUndo(draft, run, failure);
}

/** The sub-saga is being undone; its end is the answer. */
export function undoAnswersLater(draft: Draft, run: UndoneRun): void {
  draft.changeRun(run.id, { undo: { ...run.undo, later: true }, ...ownAttempt(run, null) });
  if (run.group === undefined) draft.change({ nextAttemptAt: null });
  showUndos(draft);
  draft.record("NOTICE", `The undo of ${run.state} waits for its sub-saga.`);
}
