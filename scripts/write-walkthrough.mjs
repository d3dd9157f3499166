/** Walks all journeys against a running program and writes its answers into docs/walkthrough.md: API=http://localhost:4000 npm run walkthrough. */
import "../swc-hooks.mjs";
import { readFileSync, writeFileSync } from "node:fs";

const { answersIn, runScript, withAnswers } = await import("./walkthrough.ts");
const page = new URL("../docs/walkthrough.md", import.meta.url);
const markdown = readFileSync(page, "utf8");
const runs = new Map();
for (const { script } of answersIn(markdown)) {
  if (!runs.has(script)) runs.set(script, await runScript(readFileSync(new URL(`../${script}`, import.meta.url), "utf8"), {}));
}
writeFileSync(
  page,
  withAnswers(markdown, ({ script, paragraph }) => runs.get(script)(paragraph)),
);
