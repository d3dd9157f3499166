/**
 * Hints that something may have changed: sent after a commit, in this process at once and to other processes as coalesced
 * notifications. A hint carries no data and may be lost; whoever listens also looks by itself now and then.
 */
export interface Hints {
  /** `keys` say what changed (a queue's name, a saga's id); never waits, never throws. */
  send(topic: HintTopic, keys: readonly string[]): void;
  /** Calls `hear` with the keys of every hint on the topic, own and foreign. Returns how to stop. */
  listen(topic: HintTopic, hear: (keys: readonly string[]) => void): () => void;
}

/** outbox: rows to relay; queue: jobs to fetch; pause: queues paused or resumed; saga: new events. */
export type HintTopic = "outbox" | "queue" | "pause" | "saga";
