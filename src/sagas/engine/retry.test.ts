import { attemptsOf, exponential, incremental, noRetry, undoRetry } from "./retry.ts";

test("incremental waits grow by addition: 1 s, 3 s, 5 s are four attempts", () => {
  const retry = incremental({ first: "1s", step: "2s", times: 3 });
  expect(retry).toEqual({ waitsMs: [1_000, 3_000, 5_000], jitter: 0 });
  expect(attemptsOf(retry)).toBe(4);
});

test("exponential waits grow by multiplication, without a limit unless one is given", () => {
  expect(exponential({ first: "2s", factor: 3, times: 4 })).toEqual({ waitsMs: [2_000, 6_000, 18_000, 54_000], jitter: 0 });
  expect(exponential({ first: "2s", factor: 3, times: 4, max: "10s", jitter: 0.2 })).toEqual({ waitsMs: [2_000, 6_000, 10_000, 10_000], jitter: 0.2 });
});

test("without a policy there is one attempt", () => {
  expect(attemptsOf(noRetry)).toBe(1);
});

test("an undo tries for about a day: 1 s, 3 s, 5 s, 1 min, 5 min, 30 min, then hourly", () => {
  expect(undoRetry.waitsMs.slice(0, 8)).toEqual([1_000, 3_000, 5_000, 60_000, 300_000, 1_800_000, 3_600_000, 3_600_000]);
  expect(new Set(undoRetry.waitsMs.slice(6))).toEqual(new Set([3_600_000]));
  const hours = undoRetry.waitsMs.reduce((sum, wait) => sum + wait, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(23);
  expect(hours).toBeLessThan(25);
});
