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
  /** The sub-saga that did it, whose state and command these are; null: the saga itself. */
  readonly sagaType: string | null;
  readonly sagaId: string | null;
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
export const remainsOf = (definition: Definition, instance: Pick<Instance, "runs" | "reason">): readonly SagaRemainder[] =>
  instance.reason === null ? [] : effectsThatStay(definition, instance);

/** What stays where nothing is left to undo, whether the saga has failed or not; of a sub-saga, from when it has been undone. */
export function effectsThatStay(definition: Definition, { runs }: Pick<Instance, "runs">): readonly SagaRemainder[] {
  return runs.filter(mayHaveHappened).flatMap((run): readonly SagaRemainder[] => {
    const maker = findMaker(definition, run);
    const node = maker === undefined || run.state === startOf(maker).state ? null : nodeOf(maker, run.state);
    const isIrreversible = node?.kind === "step" && node.effect === "irreversible";
    if (!isIrreversible && run.undo?.status !== "gave-up") return run.undo?.remains ?? [];
    return [
      {
        state: run.state,
        command: node?.kind === "step" ? node.command.name : null,
        why: isIrreversible ? "IRREVERSIBLE" : "UNDO_GAVE_UP",
        certain: run.status === "done" || run.status === "partly",
        sagaType: null,
        sagaId: null,
      },
    ];
  });
}

/** What stays of a sub-saga, as the saga that began it is told: each with the saga that did it. */
export const toldRemains = ({ type, id }: Pick<Instance, "type" | "id">, remains: readonly SagaRemainder[]): { readonly remains?: readonly SagaRemainder[] } =>
  remains.length === 0 ? {} : { remains: remains.map((one) => (one.sagaId === null ? { ...one, sagaType: type, sagaId: id } : one)) };

export const describeRemainder = ({ state, certain, sagaType, sagaId }: SagaRemainder): string =>
  `${state}${sagaId === null ? "" : ` of the ${sagaType} ${sagaId}`}${certain ? "" : " (if it happened)"}`;
