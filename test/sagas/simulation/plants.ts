/** A bug that is planted into the sources of the engine: `find` stands in the file once, and becomes `put`. */
export interface Plant {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const engine = "src/sagas/engine";

/** Bugs of every kind that the rules guard against, by what is wrong with them. */
export const plants: Readonly<Record<string, readonly Plant[]>> = {
  "no guard: the command of a run that was given up still counts": [
    {
      file: `${engine}/work.ts`,
      find: `fateOf(command, instances) === "current" && isFirst`,
      put: `["current", "late"].includes(fateOf(command, instances)) && isFirst`,
    },
  ],
  "no dedupe: a command that was answered is carried out again": [
    {
      file: `${engine}/work.ts`,
      find: `fateOf(command, instances) === "current" && isFirst`,
      put: `["current", "duplicate"].includes(fateOf(command, instances)) && isFirst`,
    },
  ],
  "no undo of unknown: what was given up without an answer is not undone": [
    { file: `${engine}/remains.ts`, find: `["done", "partly", "unknown", "skipped"]`, put: `["done", "partly", "skipped"]` },
  ],
  "undo in forward order": [{ file: `${engine}/undo.ts`, find: `const latest = pending.at(-1);`, put: `const latest = pending.at(0);` }],
  "an early event is lost": [
    {
      file: `${engine}/decide.ts`,
      find: `if (isToCome(definition, instance, name)) return`,
      put: `if (isToCome(definition, instance, name) && name === "") return`,
    },
  ],
  "a timer is not cleared: a state that was left still reminds": [
    { file: `${engine}/asides.ts`, find: `if (draft.instance.remindAt !== null) draft.change({ remindAt: null });`, put: `` },
  ],
  "an interrupt during the undo begins the undo again": [
    {
      file: `${engine}/decide.ts`,
      find: `if (isUndoing(instance)) return put("already-undoing",`,
      put: `if (isUndoing(instance) && name === "") return put("already-undoing",`,
    },
  ],
  "a start that is delivered twice begins two sagas": [
    {
      file: `${engine}/work.ts`,
      find: `if (isFinished(before) && startOf(definition).afterFinal === "again" && !before.heard.some((one) => one.id === event.id)) {`,
      put: `if (!event.id.endsWith("-")) {`,
    },
  ],
  "a saga that stands keeps its deadline": [
    { file: `${engine}/stops.ts`, find: `status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...why`, put: `status: "STUCK", nextAttemptAt: null, ...why` },
  ],
  "a step that was skipped is left out of the undo": [
    { file: `${engine}/remains.ts`, find: `["done", "partly", "unknown", "skipped"]`, put: `["done", "partly", "unknown"]` },
  ],
  "what a step that failed partly did is not undone": [
    { file: `${engine}/remains.ts`, find: `["done", "partly", "unknown", "skipped"]`, put: `["done", "unknown", "skipped"]` },
  ],
  "a run of a key hears what an earlier run has heard": [
    { file: `${engine}/work.ts`, find: `return heard ?? this.bySubject.get(key);`, put: `return heard === "" ? heard : this.bySubject.get(key);` },
  ],
  "a step that fails leaves the others of its group as they are": [{ file: `${engine}/turn.ts`, find: `        this.giveUpOthers();\n`, put: `` }],
  "the undo of what came before a group does not wait for that of the group": [
    { file: `${engine}/undo.ts`, find: `if (!open.every(isUndoneWith)) return showUndos(draft);`, put: `` },
  ],
  "a step that was begun again in its group is undone twice at a time": [{ file: `${engine}/undo.ts`, find: `if (busy.has(run.state)) continue;`, put: `` }],
  "a step that stands is begun again at once, beside what stands": [
    {
      file: `${engine}/turn.ts`,
      find: `        stand(this, trouble);\n`,
      put: `        if (run && run.group === undefined && this.instance.state === run.state && !run.later) {
          const node = nodeOf(this.definition, run.state);
          if (node.kind === "step") this.open(node);
        }
        stand(this, trouble);\n`,
    },
  ],
  "an event is not remembered": [{ file: `${engine}/draft.ts`, find: `if (messageId === null) return;\n`, put: `if (messageId !== "") return;\n` }],
  "two deliveries of one attempt in one batch both count": [{ file: `${engine}/work.ts`, find: `=== "current" && isFirst(command)`, put: `=== "current"` }],
  "a failed attempt is not followed by another one": [
    { file: `${engine}/turn.ts`, find: `return this.sendStep(node, { ...run, attempts }, nextAttemptAt);`, put: `return;` },
  ],
};
