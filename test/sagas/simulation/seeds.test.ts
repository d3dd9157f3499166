import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { swarm } from "../../../src/sagas/engine/simulate.ts";
import { samples } from "./samples.ts";

// A thousand runs or less of every saga, in all 5,000; `npm run simulate -- --seeds 100000` is for more.

const SEEDS = Math.floor(5_000 / samples.length);

test.each(samples.map((saga) => [saga.name, saga] as const))(`%s breaks no rule in ${SEEDS} seeds, which give every defence something to do`, (_name, saga) => {
  const { steps, idle } = swarm(saga, { seeds: SEEDS });
  expect(idle).toEqual([]);
  expect(steps).toBeGreaterThan(5 * SEEDS);
});

const simulate = (...options: string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, "../../../scripts/simulate.mjs"), ...options]).catch(
    (error: { code: number; stderr: string }) => error,
  );

test("the script tells how much it has tried, and one run in full", async () => {
  expect(await simulate("--seeds", "70", "--saga", "Hold")).toMatchObject({
    stdout: expect.stringMatching(/^70 seeds of 1 sagas, [\d,]+ steps in [\d.]+ s: .+ No rule was broken\.\n$/),
  });
  const [once, again] = await Promise.all([simulate("--saga", "Hold", "--seed", "7"), simulate("--saga", "Hold", "--seed", "7")]);
  expect(once).toMatchObject({
    stdout: expect.stringContaining("says HoldAskedEvent: started | HoldAsked is done; now HoldingSeat.  → HoldingSeat RUNNING\n"),
  });
  expect(again).toEqual(once);
});

test("the script refuses what it does not know", async () => {
  expect(await simulate("--saga", "Nothing")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("There is no saga Nothing; there are CourseEnrollment, "),
  });
  expect(await simulate("--seed", "3")).toMatchObject({ code: 64, stderr: expect.stringContaining("A run is one saga's: add --saga.") });
});
