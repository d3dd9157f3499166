import { listQueues, listWorkers } from "../../outbox/index.ts";
import type { SchemaParts } from "../context.ts";
import { SagaStatusEnum } from "../sagas/enums.ts";

/** A measure of the platform at one moment, each value with what it is of. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What the database knows of sagas, queues and workers. A series of a registered saga is there before it has a value: it is 0. */
export async function readFigures({ em, sagas, registry }: Pick<SchemaParts, "em" | "sagas" | "registry">): Promise<Figure[]> {
  const [counts, queues, workers] = [await sagas.counts(em()), await listQueues(em()), await listWorkers(em())];
  const countOf = (type: string, status: string): number => counts.reduce((sum, one) => sum + (one.type === type && one.status === status ? one.count : 0), 0);
  type Queue = (typeof queues)[number];
  const ofQueues = (name: string, help: string, valueOf: (queue: Queue) => number): Figure => ({
    name: `queue_${name}`,
    help,
    values: queues.map((queue) => ({ labels: { queue: queue.name }, value: valueOf(queue) })),
  });
  return [
    {
      name: "sagas",
      help: "Sagas by type and status, those that have ended too.",
      values: registry.types().flatMap((type) => Object.values(SagaStatusEnum).map((status) => ({ labels: { type, status }, value: countOf(type, status) }))),
    },
    {
      name: "queue_jobs",
      help: "Commands of a queue: ready, in hand (active), or not due, held or not relayed yet (deferred).",
      values: queues.flatMap((queue) =>
        (["ready", "active", "deferred"] as const).map((state) => ({ labels: { queue: queue.name, state }, value: queue[state] })),
      ),
    },
    ofQueues("oldest_ready_age_seconds", "How long the oldest command that is ready has been; 0 where none is.", ({ oldestReadyAt, measuredAt }) =>
      oldestReadyAt === null ? 0 : Math.max(0, (measuredAt.getTime() - oldestReadyAt.getTime()) / 1_000),
    ),
    ofQueues("dead_letters", "Open dead letters with commands for a queue.", ({ deadLetters }) => deadLetters),
    ofQueues("paused", "1 where an operator has paused the queue.", ({ pause }) => (pause === null ? 0 : 1)),
    { name: "workers", help: "Processes that carry out commands and are alive.", values: [{ labels: {}, value: workers.length }] },
  ];
}
