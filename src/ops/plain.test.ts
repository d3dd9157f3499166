import { plain, plainly } from "./plain.ts";

test.each([
  ["\u001b]0;OWNED\u0007\u001b[2J", "�]0;OWNED��[2J"],
  ["one\r\ntwo", "one ⏎ two"],
  ["\u202Egnp.exe", "�gnp.exe"],
  ["\u009b31m", "�31m"],
  ["Ünïcode – ok ✓", "Ünïcode – ok ✓"],
])("a terminal is not told anything by %j", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test("nor by a text deep in an answer, or by its name", () => {
  expect(plainly({ data: [{ "a\u001b": "b\u001b", count: 1, at: null }] })).toEqual({ data: [{ "a�": "b�", count: 1, at: null }] });
});
