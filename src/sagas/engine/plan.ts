import { isFinal, type Definition } from "./compiled.ts";
import type { Decision, HistoryKind } from "./decision.ts";
import { isUndoing, type SagaStatus } from "./instance.ts";
import { remainsOf, undoOf, type SagaRemainder } from "./remains.ts";

/** What an operator's action does, told before it is done. */
export interface SagaPlan {
  /** Right after the action. */
  readonly state: string;
  readonly status: SagaStatus;
  /** Commands sent at once, in order. */
  readonly sends: readonly string[];
  /** Undos to come, the one under way first. */
  readonly undoes: readonly { readonly state: string; readonly command: string }[];
  /** Effects that stay, if every undo to come succeeds. */
  readonly remains: readonly SagaRemainder[];
  /** The final, where the action leads to one by itself or through undos alone. */
  readonly endsIn: string | null;
  readonly deadlineAt: Date | null;
  readonly remindAt: Date | null;
  readonly nextAttemptAt: Date | null;
  /** What the history will say. */
  readonly events: readonly { readonly kind: HistoryKind; readonly summary: string }[];
}

/** What a decision amounts to: computed from the very decision that is carried out, so that plan and deed cannot differ. */
export function planOf(definition: Definition, { instance, commands, history }: Decision): SagaPlan {
  const undoes = instance.runs
    .filter((run) => run.undo !== null && ["active", "parked", "pending"].includes(run.undo.status))
    .toReversed()
    .map((run) => ({ state: run.state, command: undoOf(definition, run)?.command.name ?? "" }));
  return {
    state: instance.state,
    status: instance.status,
    sends: commands.map(({ command }) => command.name),
    undoes,
    remains: remainsOf(definition, instance),
    endsIn: isFinal(definition, instance.state) ? instance.state : isUndoing(instance) ? definition.failedFinal : null,
    deadlineAt: instance.deadlineAt,
    remindAt: instance.remindAt,
    nextAttemptAt: instance.nextAttemptAt,
    events: history.map(({ kind, summary }) => ({ kind, summary })),
  };
}
