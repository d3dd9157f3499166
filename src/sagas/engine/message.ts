import { createHash } from "node:crypto";
import type { AnyEvent, Fate } from "../../outbox/index.ts";
import type { Data, Definition } from "./compiled.ts";
import type { Instance } from "./instance.ts";

export const describeFate = (fate: Fate): string =>
  ({
    started: "it started a saga",
    applied: "it was applied",
    parked: "it came early and waits for its state",
    kept: "it waits for its saga",
    duplicate: "it had been answered already",
    "duplicate-start": "a saga of this kind and key is under way",
    late: "its step had been given up",
    conflict: "its step had been answered already, and differently",
    superseded: "the wait it was for had been left, or a newer attempt had taken over",
    refused: "it is not possible any more",
    noted: "the saga has ended, which is no reason to refuse it",
    "already-undoing": "the saga is being undone already",
    unused: "the state that takes it was never reached",
    orphan: "no saga has this key",
    "no-subscriber": "nobody listens to it",
  })[fate];

/** An event is early while the wait that takes it was never open; once it was, whoever left it has decided. */
export function isToCome(definition: Definition, instance: Instance, eventName: string): boolean {
  const waits = [...definition.nodes.values()].filter((node) => node.kind === "wait" && node.on.has(eventName));
  return waits.some((wait) => !instance.runs.some((run) => run.state === wait.state));
}

/** What operators may see of a message: its ids, numbers, instants and words out of a closed list, of its texts only the length. */
export const visibleBody = (contract: AnyEvent, payload: unknown): Data => contract.schema.redact(contract.schema.encode(payload)) as Data;

/** Tells two answers of one step apart. */
export const digestOf = (contract: AnyEvent, payload: unknown): string =>
  createHash("sha256")
    .update(contract.name + JSON.stringify(contract.schema.encode(payload)))
    .digest("hex")
    .slice(0, 16);
