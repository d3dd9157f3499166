import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { progress } from "./progress.ts";

/** Installs the packages of the peers, where that has not happened yet; nothing else of the project needs them. */
export function installPeers(): void {
  const directory = fileURLToPath(new URL("peers", import.meta.url));
  if (existsSync(`${directory}/node_modules/.package-lock.json`)) return;
  progress("Installing what the engine is compared with");
  const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ci in ${directory} has failed; without peers: --contenders engine\n${stderr}`);
}
