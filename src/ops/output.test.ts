import { PassThrough } from "node:stream";
import { duration, fromNow, Output, type Column, type Format } from "./output.ts";

interface Row {
  readonly name: string;
  readonly count: number | null;
  readonly at: Date | null;
}

const columns: readonly Column<Row>[] = [
  { title: "name", value: ({ name }) => name },
  { title: "count", value: ({ count }) => count },
  { title: "at", value: ({ at }) => at },
];

function written(format: Format, rows: readonly Row[]): string {
  const stream = new PassThrough();
  // No terminal, as in a pipe.
  const output = new Output(format, stream as unknown as NodeJS.WriteStream, stream as unknown as NodeJS.WriteStream);
  output.rows(rows, columns, "Nothing.");
  output.next("more");
  return String(stream.read(stream.readableLength));
}

test("a table is as wide as what is in it, numbers stand to the right, and its last line says what is next", () => {
  const rows = [
    { name: "a", count: 7, at: null },
    { name: "longer", count: 1_200, at: null },
  ];
  expect(written("table", rows)).toBe("name    count  at\na           7   –\nlonger   1200   –\n\nNext: more\n");
  expect(written("table", [])).toBe("Nothing.\n\nNext: more\n");
});

test("CSV has exact instants, quotes what needs it, and nothing that a spreadsheet would carry out", () => {
  const at = new Date("2026-11-25T02:50:00.219Z");
  expect(written("csv", [{ name: 'say "no", then', count: null, at }])).toBe('name,count,at\r\n"say ""no"", then",,2026-11-25T02:50:00.219Z\r\n');
  expect(written("csv", [{ name: "=1+1", count: 3, at: null }])).toBe("name,count,at\r\n'=1+1,3,\r\n");
});

test("JSON is what the API has answered, and no more", () => {
  expect(JSON.parse(written("json", [{ name: "a", count: 7, at: null }]))).toEqual([{ name: "a", count: 7, at: null }]);
});

test("times are told in two units, before or after now", () => {
  expect([0, 8_400, 200_000, 3_600_000, 187_200_000].map(duration)).toEqual(["0 s", "8 s", "3 m 20 s", "1 h", "2 d 4 h"]);
  const now = new Date(1_000_000);
  expect([fromNow(new Date(1_005_000), now), fromNow(new Date(940_000), now)]).toEqual(["in 5 s", "1 m ago"]);
});
