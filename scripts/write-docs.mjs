/** Writes what is generated in the documentation: code blocks from the files they come from, the table of edits, and docs/sagas from the definitions. Run by `npm run docs`. */
import "../swc-hooks.mjs";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const { withSources } = await import("./docs-blocks.ts");
const { sagaPages } = await import("./saga-pages.ts");
const { withCatalogue } = await import("../test/sagas/versions/table.ts");
const root = new URL("..", import.meta.url);

const drawn = new URL("docs/sagas/", root);
mkdirSync(drawn, { recursive: true });
const pages = sagaPages();
for (const [name, text] of pages) writeFileSync(new URL(name, drawn), text);
for (const name of globSync("*.md", { cwd: drawn })) if (!pages.has(name)) rmSync(new URL(name, drawn));

for (const page of globSync(["*.md", "docs/**/*.md"], { cwd: root })) {
  const file = new URL(page, root);
  const text = readFileSync(file, "utf8");
  const written = withCatalogue(withSources(text, (path) => readFileSync(new URL(path, root), "utf8")));
  if (written !== text) writeFileSync(file, written);
}
