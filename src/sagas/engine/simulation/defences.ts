import type { Definition } from "../compiled.ts";

type Has = Readonly<Record<"step" | "wait" | "interrupt" | "undo", boolean>>;

/** What each defence of the engine needs of a definition, so that it can have anything to do. */
const needs: Readonly<Record<string, keyof Has>> = {
  "a command is late": "step",
  "a command is duplicate": "step",
  "a command is superseded": "step",
  "a command is held": "step",
  "a command is a dead letter": "step",
  "a failed attempt is applied": "step",
  "a failed attempt is late": "step",
  "a transaction is rolled back": "step",
  "a lease runs out": "step",
  "a job was taken over": "step",
  "a dead process gives up a lease": "step",
  "a timer is applied": "step",
  "an answer is late": "step",
  "an answer is duplicate": "step",
  "an event is duplicate": "step",
  "an event is duplicate-start": "step",
  "an event is refused": "step",
  "an event is parked": "wait",
  "an event is superseded": "wait",
  "an event is kept for its saga": "interrupt",
  "an event is already-undoing": "interrupt",
  "an undo is done": "undo",
  "an undo is gave-up": "undo",
};

/** Defences that have to do something in a thousand seeds of a definition; if one does not, the seeds have tried too little. */
export function defencesOf(definition: Definition): string[] {
  const nodes = [...definition.nodes.values()];
  const has: Has = {
    step: nodes.some((node) => node.kind === "step"),
    wait: nodes.some((node) => node.kind === "wait"),
    interrupt: definition.interrupts.length > 0,
    undo: nodes.some((node) => node.kind === "step" && node.undo !== null),
  };
  return Object.keys(needs).filter((defence) => has[needs[defence] as keyof Has]);
}
