import { once } from "node:events";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

/** A row, by column. A Date is an instant, an array of texts an array of the database, and any other object JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns of JSON, whose arrays are lists of JSON. */
const JSON_COLUMNS = new Set(["data", "runs", "asides", "parked", "heard", "payload"]);
/** Lists that are empty when a row leaves them out. */
const LISTS = new Set(["asides", "parked", "heard"]);

/** Fills a table by COPY. Rows are taken as they are made, so that the table may be larger than the memory. @returns how many there were */
export async function copyRows(client: pg.Client, table: string, columns: readonly string[], rows: Iterable<Row>): Promise<number> {
  const stream = client.query(copyFrom(`copy ${table} (${columns.join(", ")}) from stdin`));
  const failed = new Promise<never>((_, reject) => stream.once("error", reject));
  failed.catch(() => undefined);
  const done = once(stream, "finish");
  done.catch(() => undefined);
  let count = 0;
  let text = "";
  for (const row of rows) {
    count++;
    text += `${columns.map((column) => cell(column, row[column])).join("\t")}\n`;
    if (text.length < 65_536) continue;
    if (!stream.write(text)) await Promise.race([once(stream, "drain"), failed]);
    text = "";
  }
  stream.end(text);
  await Promise.race([done, failed]);
  return count;
}

function cell(column: string, value: unknown): string {
  if (value === undefined && LISTS.has(column)) return "[]";
  if (value === undefined || value === null) return "\\N";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object") return escaped(Array.isArray(value) && !JSON_COLUMNS.has(column) ? arrayOf(value as string[]) : JSON.stringify(value));
  if (typeof value === "string") return escaped(value);
  return JSON.stringify(value);
}

const escaped = (text: string): string =>
  /[\\\n\r\t]/.test(text) ? text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t") : text;

const arrayOf = (texts: readonly string[]): string => `{${texts.map((text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
