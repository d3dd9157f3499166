import type { FailureReason } from "../../kernel/errors.ts";
import type { AnyCommand, AnyEvent } from "../../outbox/index.ts";
import { isFinal, nodeOf, type Data, type Definition, type Node, type Notice, type Reminder } from "./compiled.ts";
import type { Draft } from "./draft.ts";
import { describeMs } from "./duration.ts";
import { isFinished, type Aside } from "./instance.ts";
import { digestOf } from "./message.ts";
import { describeFailure } from "./retry.ts";
import { remainsIn } from "./sub-saga.ts";

const reminderOf = (node: Node): Reminder | null => (node.kind === "milestone" || node.kind === "group" ? null : node.remind);
const tellOf = (node: Node): Notice | null => (node.kind === "wait" ? node.tell : null);

/** Name of the command by which a state reminds or tells; null where a definition has it not. */
export function besideIn(definition: Definition, { kind, state }: Pick<Aside, "kind" | "state">): string | null {
  const node = definition.nodes.get(state);
  if (node === undefined || kind === "redrive") return null;
  return (kind === "remind" ? reminderOf(node) : tellOf(node))?.command.name ?? null;
}

/** Reminds, and sets the clock for the next time. */
export function remind(draft: Draft): void {
  const node = nodeOf(draft.definition, draft.instance.state);
  const remind = reminderOf(node);
  if (remind === null) throw new Error(`${draft.definition.name}: ${draft.instance.state} has no reminder`);
  stopReminding(draft);
  draft.change({ asides: draft.instance.asides.filter((aside) => aside.kind !== "remind"), remindAt: firstReminder(draft, remind) });
  sendAside(draft, newAside(draft, "remind", node.state, draft.context.newId(), 1), null);
  draft.record("NOTICE", `${node.state} reminds: ${remind.command.name}.`);
}

export function firstReminder(draft: Draft, remind: Reminder | null): Date | null {
  if (remind === null) return null;
  const { when } = remind;
  const now = draft.context.now.getTime();
  if ("everyMs" in when) return new Date(now + when.everyMs);
  const coming = when.at.map((at) => at(draft.instance.data).getTime()).filter((instant) => instant > now);
  return coming.length === 0 ? null : new Date(Math.min(...coming));
}

/** The clock is set for the reminder that the state has under another version, or lifted where it has none. */
export function renewReminder(draft: Draft): void {
  const isStanding = draft.instance.status === "STUCK";
  draft.change({ remindAt: isStanding ? null : firstReminder(draft, reminderOf(nodeOf(draft.definition, draft.instance.state))) });
}

export function newAside(draft: Draft, kind: Aside["kind"], state: string, id: string, attempt: number): Aside {
  const aside: Aside = { id, kind, state, status: "active", attempts: attempt, firstAttempt: attempt };
  draft.change({ asides: [...draft.instance.asides.filter((one) => one.id !== id), aside] });
  return aside;
}

/** What an aside sends: the reminder or notice of its state, or the command of the run that it redrives. */
function noticeOf(draft: Draft, aside: Aside): Notice & { readonly stepRunId: string; readonly data: Data } {
  const { data } = draft.instance;
  const told = aside.kind !== "tell" ? null : isFinal(draft.definition, aside.state) ? draft.definition.tell : tellOf(nodeOf(draft.definition, aside.state));
  if (told !== null) return { ...told, stepRunId: aside.id, data };
  if (aside.kind === "redrive") {
    const run = draft.instance.runs.find((one) => one.id === aside.id || one.undo?.runId === aside.id);
    if (run !== undefined) return { ...(run.id === aside.id ? draft.stepOf(run) : draft.undoOf(run)), stepRunId: run.id, data: draft.dataOf(run) };
  }
  const remind = reminderOf(nodeOf(draft.definition, aside.state));
  if (remind === null) throw new Error(`${draft.definition.name}: ${aside.state} has no reminder`);
  return { ...remind, stepRunId: aside.id, data };
}

export function commandOf(draft: Draft, aside: Aside): AnyCommand {
  return noticeOf(draft, aside).command;
}

export function sendAside(draft: Draft, aside: Aside, deliverAt: Date | null): void {
  const notice = noticeOf(draft, aside);
  draft.send(notice.command, notice.with(notice.data, draft.meta(notice.stepRunId, aside.attempts)), aside.id, aside.attempts, deliverAt);
}

function changeAside(draft: Draft, id: string, changes: Partial<Aside>): void {
  draft.change({ asides: draft.instance.asides.map((aside) => (aside.id === id ? { ...aside, ...changes } : aside)) });
}

/** A redriven command counts as done from now on, and so does a redriven undo; neither moves the saga. */
export function asideAnswered(draft: Draft, aside: Aside, contract: AnyEvent, payload: unknown): void {
  changeAside(draft, aside.id, { status: "done" });
  if (aside.kind === "redrive") {
    const answer = digestOf(contract, payload);
    const run = draft.instance.runs.find((one) => one.id === aside.id);
    if (run === undefined) {
      for (const one of draft.instance.runs)
        if (one.undo?.runId === aside.id) draft.changeRun(one.id, { undo: { ...one.undo, status: "done", answer, ...remainsIn(contract, payload) } });
    } else {
      const branch = draft.stepOf(run).replies.get(contract.name);
      const isMeaningless = isFinished(draft.instance) || run.made !== undefined || draft.isSubSaga(run);
      const outcome = branch === undefined || isMeaningless ? null : draft.choose(branch, payload);
      draft.changeRun(run.id, { status: outcome?.go === "fail" && outcome.partly !== true ? "none" : "done", answer });
    }
  }
  draft.record("NOTICE", `${contract.name} answered ${noticeOf(draft, aside).command.name}${aside.kind === "redrive" ? ", which had been redriven" : ""}.`);
}

export function asideAnswersLater(draft: Draft, aside: Aside): void {
  changeAside(draft, aside.id, { later: true });
  draft.record("NOTICE", `${draft.message} was carried out; its answer comes from outside.`);
}

export function asideAttemptFailed(draft: Draft, aside: Aside, failure: FailureReason): void {
  const { command, retry, with: mapping, stepRunId, data } = noticeOf(draft, aside);
  const attempt = aside.attempts - aside.firstAttempt + 1;
  const wait = draft.nextWait(retry, attempt, failure);
  const what = `${command.name}, beside the main path: ${describeFailure(retry, attempt, failure)}`;
  if (wait === null) {
    changeAside(draft, aside.id, { status: "gave-up" });
    draft.bury(command, mapping(data, draft.meta(stepRunId, aside.attempts)), aside.id, aside.attempts, failure);
    return draft.failedAttempt(failure, aside.attempts, `${what} No attempt is left.`);
  }
  const next = { ...aside, attempts: aside.attempts + 1 };
  changeAside(draft, aside.id, next);
  draft.failedAttempt(failure, aside.attempts, `${what} Next attempt in ${describeMs(wait)}.`);
  sendAside(draft, next, new Date(draft.context.now.getTime() + wait));
}

/** Nobody is reminded of a state that has been left or stands. */
export function stopReminding(draft: Draft): void {
  const isOpen = (aside: Aside): boolean => aside.kind === "remind" && aside.status === "active";
  if (draft.instance.asides.some(isOpen)) {
    draft.change({ asides: draft.instance.asides.map((aside) => (isOpen(aside) ? { ...aside, status: "void" } : aside)) });
  }
  if (draft.instance.remindAt !== null) draft.change({ remindAt: null });
}
