import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { answersIn, comparable, runScript } from "../scripts/walkthrough.ts";
import { Journey } from "./journeys/support.ts";

// docs/walkthrough.md, walked.

const read = (path: string): string => readFileSync(join(import.meta.dirname, "..", path), "utf8");
const answers = answersIn(read("docs/walkthrough.md"));
const scripts = [...new Set(answers.map(({ script }) => script))];

let journey: Journey;
beforeAll(async () => {
  journey = await Journey.start();
});
afterAll(() => journey.end(/^\{.*"A message about a background check was refused.*\}\n$/));

/** The walkthrough is for people with these; not every machine has them. */
const withTools = ["curl", "jq", "psql"].every((tool) => spawnSync(tool, ["--version"]).status === 0) ? test : test.skip;

withTools.each(scripts)("%s is answered as it is written there", async (script) => {
  const written = await runScript(read(script), { API: new URL(journey.url("/")).origin, DATABASE: journey.database });
  for (const { paragraph, text } of answers.filter((one) => one.script === script))
    expect(`${paragraph}\n${comparable(written(paragraph))}`).toBe(`${paragraph}\n${comparable(text)}`);
});
