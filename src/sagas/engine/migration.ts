import type { Saga } from "./definition.ts";

/** How sagas of one version go on under another: where vanished states lead and how the data changes. */
export interface SagaMigration {
  readonly name: string;
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly states: Readonly<Record<string, string>>;
  readonly data: (data: never) => unknown;
}

/**
 * Declares a migration between two versions of a saga. Every state that the newer version has lost must be mapped, or say
 * `"stay"` to let its sagas finish on the old version; the data must come out in the newer version's shape.
 */
export function migration<N extends string, D1, S1 extends string, F1 extends string, const D2, S2 extends string, F2 extends string>(
  from: Saga<N, D1, S1, F1>,
  to: Saga<NoInfer<N>, D2, S2, F2>,
  how: { readonly states: NoInfer<{ readonly [S in Exclude<S1, S2>]: S2 | "stay" }>; readonly data: (data: D1) => NoInfer<D2> },
): SagaMigration {
  return { name: from.name, fromVersion: from.version, toVersion: to.version, states: how.states, data: how.data };
}
