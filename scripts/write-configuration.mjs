/** Writes .env.example and docs/configuration.md from the table in src/config.ts. Run by `npm run codegen`. */
import "../swc-hooks.mjs";
import { writeFileSync } from "node:fs";

const { configurationPage, environmentExample } = await import("./configuration-pages.ts");
writeFileSync(new URL("../.env.example", import.meta.url), environmentExample());
writeFileSync(new URL("../docs/configuration.md", import.meta.url), configurationPage());
