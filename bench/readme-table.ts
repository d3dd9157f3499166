import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../README.md", import.meta.url);
const [from, to] = ["<!-- bench: begin -->", "<!-- bench: end -->"];

/** Writes the tables into the README, between its two marks. @throws {Error} the README has no such marks */
export function writeTables(tables: readonly (readonly (readonly string[])[])[], caption: string): void {
  const text = readFileSync(file, "utf8");
  const [begin, end] = [text.indexOf(from), text.indexOf(to)];
  if (begin < 0 || end < begin) throw new Error(`Expected README.md to have ${from} and after it ${to}`);
  const written = tables.filter((table) => table.length > 0).map(markdown);
  writeFileSync(file, `${text.slice(0, begin + from.length)}\n${[caption, ...written].join("\n\n")}\n${text.slice(end)}`);
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
