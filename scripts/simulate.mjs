/** Simulates the sagas of the platform and of the tests, many times: `npm run simulate -- --help`. */
import "../swc-hooks.mjs";
import { parseArgs } from "node:util";

const HELP = `Runs sagas in memory with faults of every kind, and checks after every step that no rule of the engine is broken.

  npm run simulate -- --seeds 100000
  npm run simulate -- --saga Order --seed 17

  --seeds     how many runs, shared among the sagas. Default: 10,000
  --saga      only this one
  --seed      only this run, with everything that happens in it
  --without   of a run, numbers of faults and events that are left out: 3,4,9

Exit code 1: a rule was broken; what is printed says which, and how to run it again. 2: in a thousand seeds or more, some defence had nothing to do.
`;

const { SimulationError, simulate, swarm } = await import("../src/sagas/engine/simulate.ts");
const { samples } = await import("../test/sagas/simulation/samples.ts");

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    saga: { type: "string" },
    seed: { type: "string" },
    without: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});
const sagas = values.saga === undefined ? samples : samples.filter(({ name }) => name === values.saga);
const count = (number) => number.toLocaleString("en-US");

if (values.help) console.log(HELP);
else if (sagas.length === 0) refuse(`There is no saga ${values.saga}; there are ${samples.map(({ name }) => name).join(", ")}.`);
else if (values.seed !== undefined && sagas.length > 1) refuse("A run is one saga's: add --saga.");
else tellBroken(() => (values.seed === undefined ? runMany(sagas, Number(values.seeds)) : runOne(sagas[0], Number(values.seed))));

function refuse(problem) {
  console.error(`${problem}\n\n${HELP}`);
  process.exitCode = 64;
}

function runOne(saga, seed) {
  const without = values.without.split(",").filter(Boolean).map(Number);
  console.log(simulate(saga, { seed, without }).until("rest").timeline);
}

function runMany(all, seeds) {
  const each = Math.ceil(seeds / all.length);
  const began = performance.now();
  const took = () => (performance.now() - began) / 1_000;
  let done = 0;
  let steps = 0;
  for (const saga of all) {
    const idle = new Map();
    for (let from = 1; from <= each; from += 1_000) {
      const report = swarm(saga, { from, seeds: Math.min(1_000, each - from + 1) });
      done += report.seeds;
      steps += report.steps;
      if (report.seeds === 1_000) for (const defence of report.idle) idle.set(defence, from);
      showProgress(done / (each * all.length), `${saga.name}: ${count(done)} seeds, ${count(Math.round(done / took()))} a second`);
    }
    for (const [defence, from] of idle) {
      process.exitCode = 2;
      console.error(`${saga.name}, seeds ${from} to ${from + 999}: "${defence}" never happened, so these seeds have tried too little.`);
    }
  }
  showProgress(null, "");
  console.log(
    `${count(done)} seeds of ${all.length} sagas, ${count(steps)} steps in ${took().toFixed(1)} s: ${count(Math.round(done / took()))} seeds a second. No rule was broken.`,
  );
}

/** On a terminal, one line that is written over; null: it is done. */
function showProgress(share, text) {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001B[K${share === null ? "" : `[${"#".repeat(Math.round(share * 20)).padEnd(20, ".")}] ${text}`}`);
}

function tellBroken(work) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    showProgress(null, "");
    const without = error.without.length === 0 ? "" : ` --without ${error.without.join(",")}`;
    console.error(`${error.message}\n\nnpm run simulate -- --saga ${error.saga} --seed ${error.seed}${without}`);
    process.exitCode = 1;
  }
}
