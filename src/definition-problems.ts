import { StartupError } from "./kernel/startup-error.ts";
import { ChangedDefinitionError, DefinitionError } from "./sagas/engine/index.ts";

/** Definitions with which the program refuses to start as a `StartupError`, each problem in a line of its own; any other error as it is. */
export function foreseen(error: unknown): unknown {
  if (!(error instanceof DefinitionError || error instanceof ChangedDefinitionError)) return error;
  const isChanged = error instanceof ChangedDefinitionError;
  const problem = {
    found: `Expected definitions that ${isChanged ? "sagas under way can go on with" : "make sense"}, found:\n${error.problems.map((one) => `  - ${one}`).join("\n")}`,
    why: "A process with them refuses to start.",
    remedy: "Change them as it says; npm run saga:diff says what a change touches, docs/versions.md which one needs what.",
    code: isChanged ? "DEFINITIONS_CHANGED" : "DEFINITIONS",
  };
  return new StartupError([problem], { cause: error });
}
