/** Runs TypeScript sources directly: `node --import ./swc-hooks.mjs src/main.ts`. For development, tests' set-up and scripts. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";
import { swcOptions } from "./swc-options.mjs";

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith("file:") || !url.split("?")[0].endsWith(".ts") || url.includes("/node_modules/")) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, "utf8"), { ...swcOptions, filename });
    return { format: "module", source: code, shortCircuit: true };
  },
});
