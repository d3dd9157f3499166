/** Writes the code blocks of the documentation anew from the files they come from, and the table of edits. Run by `npm run docs`. */
import "../swc-hooks.mjs";
import { globSync, readFileSync, writeFileSync } from "node:fs";

const { withSources } = await import("./docs-blocks.ts");
const { withCatalogue } = await import("../test/sagas/versions/table.ts");
const root = new URL("..", import.meta.url);
for (const page of globSync(["*.md", "docs/**/*.md"], { cwd: root })) {
  const file = new URL(page, root);
  const text = readFileSync(file, "utf8");
  const written = withCatalogue(withSources(text, (path) => readFileSync(new URL(path, root), "utf8")));
  if (written !== text) writeFileSync(file, written);
}
