import type { ReadStream } from "node:tty";

/** What a key does; the terminal sends Ctrl-C as a key while keys are read. */
export type Keys = Readonly<Record<string, () => void>>;

/** Reads single keys until the process ends; Node then gives the terminal back as it was. */
export function readKeys(input: ReadStream, keys: Keys): void {
  input.setRawMode(true);
  input.setEncoding("utf8");
  input.on("data", (text: string) => {
    for (const key of text) keys[key.toLowerCase()]?.();
  });
}
