import { isId, newId } from "./ids.ts";

test("ids made one after the other sort in that order as text, also within a millisecond", () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("an id is a UUID of version 7 that tells its time", () => {
  const before = Date.now();
  const id = newId();
  const at = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  expect(id[14]).toBe("7");
  expect(at).toBeGreaterThanOrEqual(before - 1);
  expect(at).toBeLessThanOrEqual(Date.now() + 1_000);
});

test.each<[unknown, boolean]>([
  [newId(), true],
  ["00000000-0000-4000-8000-00000000000A", true],
  ["00000000-0000-4000-8000-00000000000", false],
  ["x00000000-0000-4000-8000-000000000001", false],
  ["00000000-0000-4000-8000-000000000001\n", false],
  ["", false],
  [7, false],
  [null, false],
])("%p counts as an id: %p", (value, expected) => {
  expect(isId(value)).toBe(expected);
});
