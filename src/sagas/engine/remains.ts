import { findMaker, makerOf, nodeOf, startOf, type Definition, type Undo } from "./compiled.ts";
import type { Instance, Run } from "./instance.ts";

/** An effect that a failed saga leaves behind. */
export interface SagaRemainder {
  /** The state whose effect stays. */
  readonly state: string;
  /** Whose effect it is; null for what the starting transaction did, or by a version that is not loaded any more. */
  readonly command: string | null;
  readonly why: "IRREVERSIBLE" | "UNDO_GAVE_UP";
  /** False: it was given up without an answer, so it may never have happened. */
  readonly certain: boolean;
}

/** Did something, or may have done: what a failing saga has to undo. */
export const mayHaveHappened = (run: Run): boolean => ["done", "partly", "unknown", "skipped"].includes(run.status);

/** The undo of a run, or null where there is none. */
export function undoOf(definition: Definition, run: Run): Undo | null {
  const maker = makerOf(definition, run);
  const start = startOf(maker);
  if (run.state === start.state) return start.undo;
  const node = nodeOf(maker, run.state);
  return node.kind === "step" ? node.undo : null;
}

/** Whether the undo of a saga would have anything to do. */
export const hasSomethingToUndo = (definition: Definition, { runs }: Pick<Instance, "runs">): boolean =>
  runs.some((run) => mayHaveHappened(run) && undoOf(definition, run) !== null);

/**
 * What stays although the saga has failed: effects without an undo, and those whose undo gave up. Empty while nothing has failed. Of what a
 * version did that is not loaded any more, only the latter are known.
 */
export function remainsOf(definition: Definition, instance: Pick<Instance, "runs" | "reason">): SagaRemainder[] {
  if (instance.reason === null) return [];
  return instance.runs.filter(mayHaveHappened).flatMap((run): SagaRemainder[] => {
    const maker = findMaker(definition, run);
    const node = maker === undefined || run.state === startOf(maker).state ? null : nodeOf(maker, run.state);
    const isIrreversible = node?.kind === "step" && node.effect === "irreversible";
    if (!isIrreversible && run.undo?.status !== "gave-up") return [];
    return [
      {
        state: run.state,
        command: node?.kind === "step" ? node.command.name : null,
        why: isIrreversible ? "IRREVERSIBLE" : "UNDO_GAVE_UP",
        certain: run.status === "done" || run.status === "partly",
      },
    ];
  });
}
