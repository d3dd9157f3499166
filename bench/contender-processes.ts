import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { contenders, type ContenderName } from "./contenders.ts";
import type { Commands } from "./contender-process.ts";
import type { Database } from "./server.ts";

type Input<N extends keyof Commands> = Parameters<Commands[N]>;
type Output<N extends keyof Commands> = Awaited<ReturnType<Commands[N]>>;

/** A contender in a process of its own. */
export interface ContenderProcess {
  readonly pid: number;
  /** When it could be used, in milliseconds of the wall clock. */
  readonly readyAt: number;
  /** @throws {Error} what went wrong there, or that it has ended */
  call<N extends keyof Commands>(name: N, ...input: Input<N>): Promise<Output<N>>;
  /** Ends it in order. */
  close(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const live = new Set<ContenderProcess>();

/** Ends every process that is still there, the hard way. */
export async function killContenders(): Promise<void> {
  await Promise.all([...live].map((contender) => contender.kill()));
}

export async function startContender(name: ContenderName, database: Database, env: Record<string, string> = {}): Promise<ContenderProcess> {
  const child = fork(fileURLToPath(new URL("contender-process.ts", import.meta.url)), [name, database.url], {
    execArgv: ["--disable-warning=DeprecationWarning", "--import", new URL("../swc-hooks.mjs", import.meta.url).href],
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const wait = (id: number): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    return answer.promise;
  };
  child.on("message", ({ id, output, error }: { id: number; output?: unknown; error?: string }) => {
    if (error === undefined) waiting.get(id)?.resolve(output);
    else waiting.get(id)?.reject(new Error(`The process of ${contenders[name].title} reports: ${error}`));
    waiting.delete(id);
  });
  const exited = once(child, "exit");
  void exited.then(([code, signal]) => {
    live.delete(contender);
    for (const answer of waiting.values()) answer.reject(new Error(`The process of ${contenders[name].title} has ended with ${code ?? signal}`));
  });
  let lastId = 0;
  const contender: { -readonly [K in keyof ContenderProcess]: ContenderProcess[K] } = {
    pid: child.pid ?? 0,
    readyAt: 0,
    call<N extends keyof Commands>(name: N, ...input: Input<N>) {
      const id = ++lastId;
      const answer = wait(id);
      child.send({ id, name, input: input[0] });
      return answer as Promise<Output<N>>;
    },
    async close() {
      await contender.call("close");
      child.disconnect();
      await exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
  live.add(contender);
  contender.readyAt = (await wait(0)) as number;
  return contender;
}
