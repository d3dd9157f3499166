import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
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

/** Where a module with these definitions is, which may use `hold`. */
async function writeModule(text: string): Promise<string> {
  const module = join(await mkdtemp(join(tmpdir(), "definitions-")), "sagas.mjs");
  await writeFile(module, `import { hold } from "${join(import.meta.dirname, "../../support/hold.ts")}";\n${text}\n`);
  return module;
}

const simulate = (...options: string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, "../../../scripts/simulate.mjs"), ...options]).catch(
    (error: { code: number; stderr: string }) => error,
  );

test("the script tells how much it has tried, and one run in full", async () => {
  expect(await simulate("--seeds", "70", "--saga", "Hold")).toMatchObject({
    stdout: expect.stringMatching(/^70 seeds of Hold, [\d,]+ steps in [\d.]+ s: .+ No rule was broken\.\n$/),
  });
  const [once, again] = await Promise.all([simulate("--saga", "Hold", "--seed", "7"), simulate("--saga", "Hold", "--seed", "7")]);
  expect(once).toMatchObject({
    stdout: expect.stringContaining("says HoldAskedEvent: started | HoldAsked is done; now HoldingSeat.  → HoldingSeat RUNNING\n"),
  });
  expect(again).toEqual(once);
});

test("the script plays every saga that is registered, in its newest version", async () => {
  const module = await writeModule(`
    const named = (name, version) => ({ ...hold, name, version, definition: { ...hold.definition, name, version } });
    export const sagas = [named("Newcomer", 2), { ...named("Newcomer", 1), definition: null }, named("Wrong", 0)];`);
  expect(await simulate("--definitions", module, "--saga", "Newcomer", "--seeds", "50")).toMatchObject({
    stdout: expect.stringMatching(/^50 seeds of Newcomer, .+ No rule was broken\.\n$/),
  });
  expect(await simulate("--definitions", module, "--saga", "Nothing")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(", Festival, Wrong, Newcomer."),
  });
  expect(await simulate("--definitions", module, "--saga", "Wrong")).toMatchObject({
    code: 1,
    stderr: "A saga definition makes no sense:\n- Wrong v0: the version is 0. Count versions from 1 in whole numbers.\n",
  });
});

test("the script refuses what it does not know", async () => {
  expect(await simulate("--saga", "Nothing")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("There is no saga Nothing; there are CourseEnrollment, "),
  });
  expect(await simulate("--seed", "3")).toMatchObject({ code: 64, stderr: expect.stringContaining("A run is one saga's: add --saga.") });
  expect(await simulate("--seeds", "many")).toMatchObject({ code: 64, stderr: expect.stringContaining('"many" is no whole number from 1.') });
  expect(await simulate("--definitions", "nowhere.ts")).toMatchObject({ code: 64, stderr: expect.stringContaining("found nowhere.ts.") });
  expect(await simulate("--sagas", "Hold")).toMatchObject({ code: 64, stderr: expect.stringContaining("Unknown option '--sagas'") });
});
