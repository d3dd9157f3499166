import { stopReminding } from "./asides.ts";
import type { Draft } from "./draft.ts";
import type { Instance, SagaStatus } from "./instance.ts";
import { describeRemainder, remainsOf, toldRemains } from "./remains.ts";

/** It stands where it is and needs an operator; its timers are lifted. */
export function stand(draft: Draft, why: Partial<Instance>): void {
  stopReminding(draft);
  draft.change({ status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...why });
}

/** It ends, and whoever began it as a sub-saga is told. */
export function end(draft: Draft, final: string): void {
  const fromState = draft.instance.state;
  const { now } = draft.context;
  const status: SagaStatus = draft.definition.finals[final] === "succeeded" ? "COMPLETED" : draft.declaredReason()?.cancels ? "CANCELLED" : "FAILED";
  stopReminding(draft);
  draft.change({
    state: final,
    status,
    deadlineAt: null,
    nextAttemptAt: null,
    pausedAt: null,
    pausedBy: null,
    pauseNote: null,
    finishedAt: now,
    settledAt: draft.instance.settledAt ?? now,
  });
  const remains = remainsOf(draft.definition, draft.instance);
  const { parent, data } = draft.instance;
  if (parent !== null)
    draft.report = {
      parentId: parent.sagaId,
      runId: parent.reportTo,
      final,
      data: draft.definition.data.encode(data),
      ...toldRemains(draft.instance, remains),
    };
  const why = draft.instance.reasonMessage === null ? "" : ` ${draft.instance.reasonMessage}`;
  const stays = remains.length === 0 ? "" : ` What stays: ${remains.map(describeRemainder).join(", ")}.`;
  draft.record("TRANSITION", `${fromState} led to the end: ${final}.${why}${stays}`, { fromState });
  for (const parked of draft.instance.parked) {
    draft.unpark(parked, "unused");
    draft.becomes("unused").record("MESSAGE_IGNORED", `${parked.name} came early and was never used: the saga did not get to the state that takes it.`);
  }
}
