import { stepOf, type Definition, type GroupNode } from "./compiled.ts";
import type { Draft } from "./draft.ts";
import { isOpen, soonest, type Run } from "./instance.ts";
import { attemptsOf } from "./retry.ts";

/** The group whose step a run is of, or null. */
export function groupOf(definition: Definition, { state }: Run): string | null {
  const node = definition.nodes.get(state);
  return node?.kind === "step" ? node.group : null;
}

/** Steps of a group begin together; a loop to it counts once. */
export function openGroup(draft: Draft, node: GroupNode, steps: readonly string[], group: string, viaLoop = false): void {
  const runs = steps.map((state, index): Run => ({ ...draft.newRun(state, viaLoop && index === 0), group }));
  draft.change({ runs: [...draft.instance.runs, ...runs], deadlineAt: null, remindAt: null });
  showGroup(draft, node);
  for (const run of runs) draft.sendStep(stepOf(draft.definition, run.state), run, null);
}

/** Of a group, the saga shows what stands, or else the attempt that comes next. While something stands, the time of the group does too. */
export function showGroup(draft: Draft, node: GroupNode): void {
  const open = draft.instance.runs.filter(isOpen);
  const standing = open.find(({ status }) => status === "parked");
  const retrying = soonest(open);
  const shown = standing ?? retrying ?? open.at(-1);
  if (shown === undefined) return;
  draft.change({ attempt: shown.attempts, maxAttempts: attemptsOf(stepOf(draft.definition, shown.state).retry) });
  if (standing !== undefined) return draft.change({ status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...standing.trouble });
  if (draft.instance.deadlineAt === null) {
    const { now } = draft.context;
    for (const run of open) if (run.status === "active" && run.startedAt < now) draft.changeRun(run.id, { deadlineSetAt: now });
    draft.change({ deadlineAt: new Date(now.getTime() + node.timeoutMs) });
  }
  if (retrying !== undefined) return draft.change({ status: "RETRYING", nextAttemptAt: retrying.nextAttemptAt ?? null });
  const status = open.every(({ later }) => later) ? "WAITING" : "RUNNING";
  draft.change({ status, nextAttemptAt: null, reasonCode: null, reasonMessage: null, reasonAt: null });
}

/** A step of the group has ended, or all that were left. @returns whether the group is to be left, since none is open any more */
export function join(draft: Draft, node: GroupNode, ended: Run | undefined): boolean {
  const open = draft.currentRuns();
  if (open.length === 0) return true;
  showGroup(draft, node);
  const how = ended?.status === "skipped" ? "was skipped" : ended?.status === "unknown" ? "was given up" : "is done";
  draft.record("TRANSITION", `${ended?.state} ${how}; ${node.state} goes on with ${open.map(({ state }) => state).join(", ")}.`);
  return false;
}

/** Steps of the group that stood begin again, as the group that they were begun with. */
export function beginAgain(draft: Draft, node: GroupNode, runs: readonly Run[]): void {
  const states = runs.map(({ state }) => state);
  openGroup(draft, node, states, runs[0]?.group ?? "");
  for (const run of runs) draft.tells(run).record("TRANSITION", `${run.state} begins again.`);
}
