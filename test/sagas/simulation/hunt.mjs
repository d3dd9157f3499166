/**
 * Plants bugs into the engine, one at a time and each into a copy of all modules of its own, and has the simulator look for them. Writes
 * one line of JSON for each. Run in a process of its own, since only Node's own loader can be taught to plant:
 *
 *   node test/sagas/simulation/hunt.mjs
 */
import "../../../swc-hooks.mjs";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { transformSync } from "@swc/core";
import { swcOptions } from "../../../swc-options.mjs";

const { plants } = await import("./plants.ts");
const root = new URL("../../../", import.meta.url);

registerHooks({
  // Whatever a planted module imports is planted too.
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const plant = new URL(context.parentURL ?? "file:").searchParams.get("plant");
    if (plant === null || !specifier.startsWith(".") || resolved.url.includes("?")) return resolved;
    return { ...resolved, url: `${resolved.url}?plant=${encodeURIComponent(plant)}` };
  },
  load(url, context, nextLoad) {
    const name = url.startsWith("file:") ? new URL(url).searchParams.get("plant") : null;
    const mine = (plants[name] ?? []).filter(({ file }) => url.split("?")[0] === new URL(file, root).href);
    if (mine.length === 0) return nextLoad(url, context);
    let code = readFileSync(new URL(mine[0].file, root), "utf8");
    for (const { file, find, put } of mine) {
      if (code.split(find).length !== 2) throw new Error(`${file} has to have this once, to plant "${name}": ${find}`);
      code = code.replace(find, () => put);
    }
    return { format: "module", source: transformSync(code, { ...swcOptions, filename: mine[0].file }).code, shortCircuit: true };
  },
});

for (const name of [null, ...Object.keys(plants)]) {
  const { hunt } = await import(`./hunt.ts${name === null ? "" : `?plant=${encodeURIComponent(name)}`}`);
  process.stdout.write(`${JSON.stringify({ name, ...hunt() })}\n`);
}
