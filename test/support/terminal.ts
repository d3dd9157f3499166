import { spawn } from "node:child_process";
import { once } from "node:events";
import { ownEnvironment } from "./process.ts";

/** A program on a terminal, as a person has it before them. */
export interface Terminal {
  /** All that was written so far, without colours. */
  screen(): string;
  press(keys: string): void;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  kill(): Promise<void>;
}

/** Runs a script of this Node.js under `script`, which gives it a terminal. Nothing of this process' environment reaches it except PATH. */
export function openTerminal(args: readonly string[], env: Record<string, string>): Terminal {
  const command = [process.execPath, ...args];
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", process.platform === "darwin" ? ["-q", "/dev/null", ...command] : ["-qfec", `exec ${quoted}`, "/dev/null"], {
    cwd: new URL("../..", import.meta.url),
    env: { ...ownEnvironment, TERM: "xterm", NO_COLOR: "1", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let written = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    screen: () => written.replaceAll("\r\n", "\n"),
    press: (keys) => void child.stdin.write(keys),
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
