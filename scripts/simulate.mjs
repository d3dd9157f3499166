/** Simulates the sagas of the platform and of the tests, many times: `npm run simulate -- --help`. */
import "../swc-hooks.mjs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Runs sagas in memory with faults of every kind, and checks after every step that no rule of the engine is broken.

  npm run simulate -- --seeds 100000
  npm run simulate -- --saga CourseEnrollment --seeds 2000
  npm run simulate -- --saga Order --seed 17

  --seeds                 how many runs, shared among the sagas. Default: 10,000
  --saga                  only this one
  --seed                  only this run, with everything that happens in it
  --without               of a run, numbers of faults and events that are left out: 3,4,9
  --definitions <module>  another module that exports \`sagas\`. Default: src/sagas/index.ts

It plays the newest version of every saga that is registered, and those of the tests.

Exit code 1: a rule was broken, or a definition makes no sense; what is printed says which, and how to run it again. 2: in a thousand seeds or more, some
defence had nothing to do. 64: it was asked for something that it does not know.
`;

const { SimulationError, simulate, swarm } = await import("../src/sagas/engine/simulate.ts");
const { samples } = await import("../test/sagas/simulation/samples.ts");

const { DefinitionError } = await import("../src/sagas/engine/index.ts");

const count = (number) => number.toLocaleString("en-US");
const isCount = (text) => /^[1-9]\d*$/.test(text);

const values = given();
if (values?.help) console.log(HELP);
else if (values !== null) await play(values);

/** @returns null: it was refused */
function given() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string", default: "10000" },
        saga: { type: "string" },
        seed: { type: "string" },
        without: { type: "string", default: "" },
        definitions: { type: "string", default: new URL("../src/sagas/index.ts", import.meta.url).pathname },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    refuse(error.message);
    return null;
  }
}

async function play({ seeds, saga, seed, without, definitions }) {
  const { sagas: registered } = await import(pathToFileURL(definitions).href).catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return {};
  });
  if (!Array.isArray(registered)) return refuse(`--definitions: expected a module that exports sagas, like src/sagas/index.ts; found ${definitions}.`);
  const newest = registered.toSorted((one, other) => one.version - other.version);
  const all = new Map([...samples, ...newest].map((one) => [one.name, one]));
  const sagas = [...all.values()].filter(({ name }) => saga === undefined || name === saga);
  if (sagas.length === 0) refuse(`There is no saga ${saga}; there are ${[...all.keys()].join(", ")}.`);
  else if (seed !== undefined && sagas.length > 1) refuse("A run is one saga's: add --saga.");
  else if (!isCount(seed ?? seeds)) refuse(`"${seed ?? seeds}" is no whole number from 1.`);
  else tellBroken(() => (seed === undefined ? runMany(sagas, Number(seeds)) : runOne(sagas[0], Number(seed), without)));
}

function refuse(problem) {
  console.error(`${problem}\n\n${HELP}`);
  process.exitCode = 64;
}

function runOne(saga, seed, left) {
  const without = left.split(",").filter(Boolean).map(Number);
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
    `${count(done)} seeds of ${all.length === 1 ? all[0].name : `${all.length} sagas`}, ${count(steps)} steps in ${took().toFixed(1)} s: ${count(Math.round(done / took()))} seeds a second. No rule was broken.`,
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
    showProgress(null, "");
    if (error instanceof DefinitionError) {
      console.error(error.message);
      process.exitCode = 1;
      return;
    }
    if (!(error instanceof SimulationError)) throw error;
    const without = error.without.length === 0 ? "" : ` --without ${error.without.join(",")}`;
    console.error(`${error.message}\n\nnpm run simulate -- --saga ${error.saga} --seed ${error.seed}${without}`);
    process.exitCode = 1;
  }
}
