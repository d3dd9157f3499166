import { describeMs, durationMs, type Duration } from "./duration.ts";

test.each<[Duration, number]>([
  ["500ms", 500],
  ["1s", 1_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["12h", 43_200_000],
  ["14d", 1_209_600_000],
])("%s is %d ms", (duration, ms) => {
  expect(durationMs(duration)).toBe(ms);
});

test.each(["30", "s", "-1s", "1e3s", "1 s", "1w", "1s ", ""])('"%s" is no duration, and the error shows one', (duration) => {
  expect(() => durationMs(duration as Duration)).toThrow(
    new TypeError(`Duration "${duration}": expected a number with a unit out of ms, s, m, h, d, such as "30s"`),
  );
});

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1 s"],
  [3_250, "3.3 s"],
  [59_900, "59.9 s"],
  [60_000, "1 min"],
  [5.4 * 60_000, "5 min"],
  [59.6 * 60_000, "1 h"],
  [90 * 60_000, "1 h 30 min"],
  [48 * 3_600_000, "48 h"],
])("people read %d ms as %s", (ms, text) => {
  expect(describeMs(ms)).toBe(text);
});
