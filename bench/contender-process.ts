import { mkdirSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "./contender.ts";
import { contenders, type ContenderName } from "./contenders.ts";

// The process that is measured: one contender, told over the channel to its parent when to do what. Nothing else happens in it, so
// that its CPU is the contender's.

const [name = "", url = ""] = process.argv.slice(2);
const contender = await (await contenders[name as ContenderName].load())(url);

const begun: { number: number; startedAt: number; committedAt: number }[] = [];
async function begin(number: number): Promise<void> {
  const startedAt = now();
  await contender.begin(number);
  begun.push({ number, startedAt, committedAt: now() });
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** So many lines of work, each taking the next number until there is none or time is up. @returns how many were taken */
async function inLines(
  lines: number,
  { from, count, untilMs }: { from: number; count: number; untilMs: number },
  work: (number: number) => Promise<void>,
): Promise<number> {
  let next = from;
  const line = async (): Promise<void> => {
    while (next < from + count && now() < untilMs) await work(next++);
  };
  await Promise.all(Array.from({ length: lines }, line));
  return next - from;
}

let profiler: Session | null = null;

const commands = {
  /** Enrolls learners `from` to `from + count - 1`, so many at a time. */
  async begin({ from, count, concurrency }: { from: number; count: number; concurrency: number }): Promise<{ ms: number; cpuMs: number }> {
    const [since, cpu] = [now(), cpuMs()];
    await inLines(concurrency, { from, count, untilMs: Infinity }, begin);
    return { ms: now() - since, cpuMs: cpuMs() - cpu };
  },
  /** The same, a set in a transaction, one after the other. */
  async beginTogether({ count, size }: { count: number; size: number }): Promise<{ ms: number; cpuMs: number }> {
    const [since, cpu] = [now(), cpuMs()];
    for (let from = 0; from < count; from += size) await contender.beginTogether?.(Array.from({ length: size }, (_, index) => from + index));
    return { ms: now() - since, cpuMs: cpuMs() - cpu };
  },
  /** Enrolls one learner every `gapMs`, whether or not the one before has ended. Returns when the last is committed. */
  async beginSteadily({ from, count, gapMs }: { from: number; count: number; gapMs: number }): Promise<void> {
    const since = now();
    const beginnings: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      await delay(Math.max(0, since + index * gapMs - now()));
      beginnings.push(begin(from + index));
    }
    await Promise.all(beginnings);
  },
  /** So many clients, each of which waits until its enrollment has ended before it begins the next, until all are taken or time is up. */
  async beginAndWait({ from, count, clients, forMs }: { from: number; count: number; clients: number; forMs: number }): Promise<{ count: number; ms: number }> {
    const since = now();
    const taken = await inLines(clients, { from, count, untilMs: since + forMs }, async (number) => {
      await begin(number);
      await contender.whenEnded(number);
    });
    return { count: taken, ms: now() - since };
  },
  /** @returns when */
  async startWorkers(): Promise<{ at: number }> {
    const at = now();
    await contender.startWorkers();
    return { at };
  },
  stopWorkers: (): Promise<void> => contender.stopWorkers(),
  ended: (): Promise<{ count: number; lastAt: number }> => Promise.resolve(contender.ended()),
  countOpen: (): Promise<number> => contender.countOpen(),
  memoryMb: (): Promise<number> => Promise.resolve(process.memoryUsage.rss() / 2 ** 20),
  cpu: (): Promise<number> => Promise.resolve(cpuMs()),
  /** Of the last `count` enrollments: from the call that began it to its commit, and to the commit that ended it. */
  async latencies({ count }: { count: number }): Promise<{ begin: number[]; final: number[] }> {
    const last = begun.slice(-count);
    const endedAt = await contender.endedAt(last.map(({ number }) => number));
    return { begin: last.map((one) => one.committedAt - one.startedAt), final: last.map((one, index) => (endedAt[index] ?? Number.NaN) - one.startedAt) };
  },
  async startProfile(): Promise<void> {
    profiler = new Session();
    profiler.connect();
    await profiler.post("Profiler.enable");
    await profiler.post("Profiler.start");
  },
  async stopProfile({ directory, label }: { directory: string; label: string }): Promise<void> {
    const { profile } = (await profiler?.post("Profiler.stop")) ?? {};
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${label.replaceAll(/\W+/g, "-")}.cpuprofile`), JSON.stringify(profile));
    profiler?.disconnect();
  },
  close: (): Promise<void> => contender.close(),
};

export type Commands = typeof commands;

// A benchmark that is gone leaves nobody behind.
process.on("disconnect", () => process.exit(0));
process.on("message", ({ id, name, input }: { id: number; name: keyof Commands; input: never }) => {
  (commands[name] as (input: never) => Promise<unknown>)(input).then(
    (output) => process.send?.({ id, output }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.send?.({ id: 0, output: now() });
