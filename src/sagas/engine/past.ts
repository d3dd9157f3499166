import { queueOf } from "../../outbox/index.ts";
import type { SagaRegistry } from "./registry.ts";
import { deadLetterRow, eventRow, sagaRow } from "./store.ts";
import type { SagaUnderTest } from "./testing.ts";

/** Rows of the engine's tables, by column. */
export interface PastRows {
  readonly saga: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly deadLetters: readonly Readonly<Record<string, unknown>>[];
}

/**
 * A saga that was lived in memory, as the rows that it would have left: what a database is filled with that is to have a past. It was decided by
 * the very definition and rules that go on with it, so that what cannot have happened throws while it is made up. Commands that are under way
 * are not among the rows; one that is to be carried out has to be sent.
 */
export function rowsOfPast(registry: SagaRegistry, lived: SagaUnderTest, newId: () => string): PastRows {
  const { instance } = lived;
  return {
    saga: sagaRow(registry, instance),
    events: lived.history.map((row, index) => ({ ...eventRow({ ...row, sagaId: instance.id }), occurred_at: lived.times[index] })),
    deadLetters: lived.buried.map((letter, index) => ({
      ...deadLetterRow({ ...letter, id: newId(), sagaId: instance.id, queue: queueOf(letter.command.name) }),
      saga_type: instance.type,
      subject_id: instance.subjectId,
      failed_at: lived.buriedAt[index],
    })),
  };
}
