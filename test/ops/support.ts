import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEnvironment } from "../support/process.ts";
import { openTerminal, type Terminal } from "../support/terminal.ts";

export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const program = "dist/src/ops/main.js";
const root = new URL("../..", import.meta.url);

/** The command line of operators against one program, with a cache of tokens of its own. */
export class CommandLine {
  readonly #environment: Record<string, string>;
  readonly #cache = mkdtempSync(join(tmpdir(), "mentorplatform-ops-"));

  constructor(url: string, environment: Record<string, string> = {}) {
    this.#environment = { ...ownEnvironment, OPS_URL: url, XDG_CACHE_HOME: this.#cache, ...environment };
  }

  run(...args: readonly string[]): Promise<Told> {
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], { cwd: root, env: this.#environment }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr }),
      );
    });
  }

  /** What a verb that goes well says as JSON. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, "--json");
    if (code !== 0) throw new Error(`Expected 0, found ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  open(...args: readonly string[]): Terminal {
    return openTerminal([program, ...args], this.#environment);
  }

  close(): void {
    rmSync(this.#cache, { recursive: true, force: true });
  }
}
