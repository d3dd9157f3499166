import "reflect-metadata";
import { openCursor, pageRequest, sealCursor, toConnection } from "./pagination.ts";

const id = "01a21060-0000-7000-8000-000000000001";

test.each([id, `2026-11-25T01:02:03.456789Z ${id}`])("the keyset %s goes through a cursor unchanged", (keyset) => {
  expect(openCursor("items", sealCursor("items", keyset))).toBe(keyset);
  expect(pageRequest("items", 5, sealCursor("items", keyset))).toEqual({ first: 5, after: keyset });
});

test.each([
  "",
  "%%%",
  sealCursor("others", id),
  sealCursor("items", "nonsense"),
  sealCursor("items", `yesterday ${id}`),
  sealCursor("items", `2026-11-25 x ${id}`),
  "A".repeat(501),
])("%j is no cursor of the list", (cursor) => {
  expect(() => openCursor("items", cursor)).toThrow(expect.objectContaining({ code: "CURSOR_INVALID" }));
});

test("a page is 1 to 100 long", () => {
  for (const first of [1, 100]) expect(pageRequest("items", first, null)).toEqual({ first, after: null });
  for (const first of [0, -5, 101]) expect(() => pageRequest("items", first, null)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT" }));
});

test("a connection tells where its page lies", () => {
  const page = { nodes: [{ n: 1 }, { n: 2 }], cursors: [id, id], hasNextPage: true };
  const connection = toConnection("items", { first: 2, after: id }, page, ({ n }) => n);
  const cursor = sealCursor("items", id);
  expect(connection).toEqual({
    edges: [
      { cursor, node: 1 },
      { cursor, node: 2 },
    ],
    nodes: [1, 2],
    pageInfo: { hasNextPage: true, hasPreviousPage: true, startCursor: cursor, endCursor: cursor },
  });
  expect(toConnection("items", { first: 2, after: null }, { nodes: [], cursors: [], hasNextPage: false }, String).pageInfo).toEqual({
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: null,
  });
});
