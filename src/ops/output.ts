import { styleText } from "node:util";
import { processNow } from "../kernel/clock.ts";
import { plain } from "./plain.ts";

/** How a list is written: a table for people, the API's objects as JSON, or the table's columns as CSV. */
export type Format = "table" | "json" | "csv";

/** An instant is told as people compare it with a watch, and exactly to programs. */
type Cell = string | number | Date | null;

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => Cell;
}

export const toInstant = (text: string | null | undefined): Date | null => (text == null ? null : new Date(text));

type Style = Parameters<typeof styleText>[0];

/** Where a verb writes: rows, sentences for people, and progress. */
export class Output {
  readonly format: Format;
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;

  constructor(format: Format, stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream) {
    this.format = format;
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  get isTerminal(): boolean {
    return this.#stdout.isTTY;
  }

  /** A line for people; programs that read JSON or CSV do not get it. */
  line(text = ""): void {
    if (this.format === "table") this.#stdout.write(`${text}\n`);
  }

  /** The last line of every verb: what to look at next. */
  next(text: string): void {
    this.line();
    this.line(this.paint("dim", `Next: ${text}`));
  }

  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stdout });
  }

  /** One object, or what `lines` tells of it to people. */
  object(object: unknown, lines: () => readonly string[]): void {
    if (this.format === "table") for (const line of lines()) this.line(line);
    else this.#stdout.write(`${JSON.stringify(object, null, 2)}\n`);
  }

  rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    if (this.format === "json") this.#stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    else if (this.format === "csv") this.#stdout.write(toCsv(rows, columns));
    else if (rows.length === 0) this.line(empty);
    else for (const [index, text] of toTable(rows, columns, processNow()).entries()) this.line(index === 0 ? this.paint("bold", text) : text);
  }

  /** Begins a screen anew, for verbs that watch. */
  clear(): void {
    this.#stdout.write("\x1b[2J\x1b[H");
  }

  /** A bar that is drawn over itself on a terminal, and nothing elsewhere. */
  progress(what: string, done: number, total: number): void {
    if (!this.#stderr.isTTY || total === 0) return;
    const filled = Math.round((done / total) * barWidth);
    this.#stderr.write(`\r${what} ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${done} of ${total}${done === total ? "\n" : ""}`);
  }

  complain(text: string): void {
    this.#stderr.write(`${styleText("red", plain(text), { stream: this.#stderr })}\n`);
  }
}

const barWidth = 30;

/** Columns are as wide as what is in them; numbers stand to the right. */
function toTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], now: Date): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const toText = (cell: Cell): string => (cell === null ? "–" : cell instanceof Date ? fromNow(cell, now) : String(cell));
  const texts = [columns.map(({ title }) => title), ...cells.map((line) => line.map(toText))];
  const widths = columns.map((_, at) => Math.max(...texts.map((line) => line[at]?.length ?? 0)));
  const isNumeric = columns.map((_, at) => cells.every((line) => line[at] === null || typeof line[at] === "number"));
  return texts.map((line) =>
    line
      .map((text, at) => (isNumeric[at] === true ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe. */
function toCsv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const quoted = (cell: Cell): string => {
    const text = cell instanceof Date ? cell.toISOString() : typeof cell === "string" && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** `8 s`, `3 m 20 s`, `2 d 4 h`. */
export function duration(ms: number): string {
  let left = Math.max(0, ms);
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

/** How far from now: `in 8 s`, `3 m 20 s ago`. */
export function fromNow(instant: Date, now: Date): string {
  const ms = instant.getTime() - now.getTime();
  return ms > 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`;
}
