import type { Command } from "commander";
import { ApiError } from "../client/api-client.ts";
import { DefinitionDocument, type DefinitionStateFragment, type SagaType } from "../client/generated/graphql.ts";
import { exitCode } from "./exit-code.ts";
import type { Column } from "./output.ts";
import { parseCount, parseWords, verb, type Ops } from "./verb.ts";

export function addDefinitionVerb(program: Command): void {
  program
    .command("definition <type>")
    .description("shows a process: its states, what can follow in each, and what undoes it; e.g. course-enrollment")
    .option("--version <number>", "another version than the newest", parseCount)
    .option("--mermaid", "writes it as the text of a Mermaid flowchart")
    .action(verb(showDefinition));
}

async function showDefinition({ session, output }: Ops, options: { readonly version?: number; readonly mermaid?: true }, type: string): Promise<number> {
  // The API says which words it does not know.
  const [word] = parseWords(type) as SagaType[];
  const { sagaDefinition: definition } = await session.run(DefinitionDocument, { type: word as SagaType, version: options.version ?? null });
  if (definition == null) throw new ApiError("NOT_FOUND", `No saga has run on ${options.version === undefined ? "any" : "this"} version of ${type}.`);
  // Texts of the API come to people on one line.
  if (options.mermaid === true) output.object(definition.mermaid, () => definition.mermaid.split(/ ⏎ ?/).filter((line) => line !== ""));
  else if (output.format === "json") output.object(definition, () => []);
  else {
    output.rows(definition.states.flatMap(rowsOf), columns, "It has no states.");
    output.line();
    output.line(`Undone in this order: ${describeUndoPath(definition.undoPath) || "nothing"}`);
    output.next(`npm run ops -- sagas --type ${type}`);
  }
  return exitCode.done;
}

/** Those of a group are undone together. */
export const describeUndoPath = (path: readonly { readonly state: string; readonly group: string | null }[]): string =>
  [...Map.groupBy(path, ({ state, group }) => group ?? state).values()].map((together) => together.map(({ state }) => state).join(" with ")).join(", ");

interface Row {
  readonly state: DefinitionStateFragment | null;
  readonly outcome: DefinitionStateFragment["outcomes"][number] | null;
}

/** A row for each outcome; only the first says which state it is. */
const rowsOf = (state: DefinitionStateFragment): Row[] =>
  state.outcomes.length === 0 ? [{ state, outcome: null }] : state.outcomes.map((outcome, index) => ({ state: index === 0 ? state : null, outcome }));

const columns: readonly Column<Row>[] = [
  { title: "state", value: ({ state }) => state?.state ?? "" },
  { title: "queue", value: ({ state }) => state?.queue ?? "" },
  { title: "undo", value: ({ state }) => state?.compensation ?? "" },
  { title: "on", value: ({ outcome }) => outcome?.on ?? "" },
  { title: "follows", value: ({ outcome }) => outcome?.kind ?? "" },
  { title: "to", value: ({ outcome }) => outcome?.to ?? "" },
  { title: "reason", value: ({ outcome }) => outcome?.reason ?? "" },
];
