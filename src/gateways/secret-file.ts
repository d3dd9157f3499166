import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The secret in this file, made on first use and readable by its owner only; of several processes that make it at once, one does. */
export function secretFile(path: string, make: () => string): string {
  if (!existsSync(path)) makeOnce(path, make());
  return readFileSync(path, "utf8").trim();
}

function makeOnce(path: string, secret: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, secret, { mode: 0o600 });
  chmodSync(part, 0o600);
  try {
    // A link appears whole or not at all, and the first of two processes wins.
    linkSync(part, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(part, { force: true });
  }
}
