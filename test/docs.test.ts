import { buildSchema, parse, validate } from "graphql";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withSources } from "../scripts/docs-blocks.ts";
import { sagaPages } from "../scripts/saga-pages.ts";
import { settings } from "../src/config.ts";
import { crashPoints } from "../src/kernel/crash-point.ts";
import { simulate } from "../src/sagas/engine/simulate.ts";
import { hold } from "./support/hold.ts";

// The documentation against what it is about. Needs nothing but files.

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root }).toSorted();
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first = ""]) => first);
/** Prose, without what stands in code blocks. */
const prose = (page: string): string => read(page).replaceAll(/^```[^]*?^```$/gm, "");

test.each(pages)("the code blocks of %s are their sources (npm run docs writes them)", (page) => {
  expect(read(page)).toBe(withSources(read(page), read));
});

test("the drawn sagas are what their definitions say (npm run docs writes them)", () => {
  const files = globSync("docs/sagas/*", { cwd: root });
  const expected = [...sagaPages()].map(([name, text]) => [`docs/sagas/${name}`, text]);
  expect(new Map(files.map((file) => [file, read(file)]))).toEqual(new Map(expected as [string, string][]));
});

test.each(pages)("every link of %s leads somewhere", (page) => {
  const broken = matches(prose(page), /\]\(([^)\s]+)\)/g).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

/** The anchors of a page's headings, as code hosts make them. */
const anchorsOf = (page: string): string[] =>
  matches(prose(page), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("every file and script that %s names exists", (page) => {
  const paths = matches(prose(page), /`((?:src|test|bench|migrations|scripts|examples|docs)\/[\w./-]+)`/g);
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const commands = matches(read(page), /\bnpm run ([\w:]+)/g);
  expect([...paths.filter((path) => !existsSync(join(root, path))), ...commands.filter((name) => !(name in scripts))]).toEqual([]);
});

test.each(pages)("every test that %s cites exists under that title", (page) => {
  const cited = [...read(page).matchAll(/`([\w./-]+\.test\.ts)`: \*([^*]+)\*/g)].map(([, file = "", title = ""]) => ({ file, title }));
  expect(cited.filter(({ file, title }) => !read(file).includes(title))).toEqual([]);
});

test("the README proves at least ten guarantees by a test", () => {
  expect(matches(read("README.md"), /^\| .+ \| .+ \| `([\w./-]+\.test\.ts)`: \*/gm).length).toBeGreaterThanOrEqual(10);
});

test("whoever writes a rule for the simulator is told of everything that it may look at", () => {
  const [, table = ""] = read("docs/testing-a-saga.md").split("| Field | Type |");
  const told = matches(table.split("\n\n")[0] ?? "", /^\| `(\w+)` \|/gm);
  expect(told).toEqual(Object.keys(simulate(hold).view));
});

test("the operations of the examples fit the schema", () => {
  const schema = buildSchema(read("schema.graphql"));
  const operations = [...matches(read("examples/enroll.sh"), /"query": "(.*?)"(?:,| })/g), ...matches(read("examples/watch.mjs"), /const query = `([^`]+)`/g)];
  expect(operations).toHaveLength(4);
  expect(operations.flatMap((operation) => validate(schema, parse(operation)))).toEqual([]);
});

test("the manual for operators knows every crash point, and only settings that exist", () => {
  const text = read("docs/operations.md");
  expect(crashPoints.filter((point) => !text.includes(`| \`${point}\` |`))).toEqual([]);
  const names = new Set(Object.values(settings).map(({ name }) => name));
  const [, section = ""] = /## Settings that matter\n([^]*?)\n## /.exec(text) ?? [];
  const mentioned = matches(section, /`([A-Z][A-Z_]{3,})`/g);
  expect(mentioned.length).toBeGreaterThan(10);
  expect(mentioned.filter((name) => !names.has(name))).toEqual([]);
});

test("decisions are numbered without a gap, listed, and tell context, decision and consequences", () => {
  const files = globSync("docs/adr/[0-9]*.md", { cwd: root }).toSorted();
  const list = read("docs/adr/README.md");
  for (const [index, file] of files.entries()) {
    const number = String(index + 1);
    expect(file).toMatch(new RegExp(`/${number.padStart(4, "0")}-[a-z-]+\\.md$`));
    expect(read(file)).toMatch(new RegExp(`^# ${number}\\. .+\n\n## Context\n[^]+\n## Decision\n[^]+\n## Consequences\n`));
    expect(list).toContain(`(${file.replace("docs/adr/", "")})`);
  }
  expect(files.length).toBeGreaterThanOrEqual(7);
});
