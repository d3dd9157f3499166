import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../README.md", import.meta.url);
const [from, to] = ["<!-- bench: begin -->", "<!-- bench: end -->"];

/** Writes the table into the README, between its two marks. @throws {Error} the README has no such marks */
export function writeTable([head = [], ...rows]: readonly (readonly string[])[], caption: string): void {
  const text = readFileSync(file, "utf8");
  const [begin, end] = [text.indexOf(from), text.indexOf(to)];
  if (begin < 0 || end < begin) throw new Error(`Expected README.md to have ${from} and after it ${to}`);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
  writeFileSync(file, `${text.slice(0, begin + from.length)}\n${caption}\n\n${table}\n${text.slice(end)}`);
}
