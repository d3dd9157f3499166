import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../src/kernel/ids.ts";
import { startContender } from "./contender-processes.ts";
import { perSaga, untilEnded, warmUp, type Result } from "./drain.ts";
import { Learner } from "./learner.ts";
import { perSecond } from "./light-load.ts";
import { checkEffects, courseId, learnerId } from "./population.ts";
import { startPrograms, tokensFor } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";
import { someAtOnce } from "./turns.ts";
import { difference, processCpuMs, serverUsage } from "./usage.ts";

/** Sagas that one transaction begins, where one begins many. */
const setSize = 100;

/** Many sagas begun in each transaction, one transaction after the other. The workers start when that has been measured. */
export async function bulkStart(server: Server, count: number, label: string): Promise<Result> {
  const database = await server.fresh("bulk");
  const beginner = await startContender("engine", database);
  progress(`${label}: enrolling ${count}, ${setSize} in a transaction`);
  const before = await serverUsage(database);
  const { ms, cpuMs } = await beginner.call("beginTogether", { count, size: setSize });
  await beginner.close();
  const begun = perSaga(count, ms, cpuMs, difference(before, await serverUsage(database)));
  const worker = await startContender("engine", database);
  await worker.call("startWorkers");
  await untilEnded(worker, count, 0, label);
  await worker.close();
  await checkEffects(database, count, true);
  await database.drop();
  return begun;
}

export interface OverHttp {
  /** What a saga costs from the request to its last push, with many clients at once; sagas per second. */
  readonly closed: Result;
  /** Milliseconds from the request to the answer, and to the push of the saga's end, at ten a second. */
  readonly answered: readonly number[];
  readonly final: readonly number[];
}

const clients = 50;
const enroll = "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { saga { id } userErrors { code message } } }";

/** The whole program as its users meet it: the public mutation over HTTP, the end of the saga over a socket of its own. */
export async function overHttp(server: Server, closedSeconds: number, lightSeconds: number, label: string): Promise<OverHttp> {
  const database = await server.fresh("http");
  const running = await startPrograms(database, 1, { MAIL_MODE: "sink" });
  try {
    const tokens = await tokensFor(
      running,
      Array.from({ length: server.learners }, (_, number) => learnerId(number)),
    );
    const [answered, final]: [number[], number[]] = [[], []];
    let begun = 0;
    const one = async (): Promise<void> => {
      const number = begun++;
      const learner = new Learner(running.urls, tokens[number] ?? "", 0);
      const at = performance.now();
      const { enrollInCourse } = await learner.ask<{ enrollInCourse: { saga: { id: string } | null; userErrors: readonly { message: string }[] } }>(enroll, {
        course: courseId(number),
        key: newId(),
      });
      answered.push(performance.now() - at);
      if (enrollInCourse.saga === null) throw new Error(`Learner ${number} was refused: ${enrollInCourse.userErrors.map(({ message }) => message).join("; ")}`);
      const { gaps } = await learner.watch(enrollInCourse.saga.id, () => undefined);
      if (gaps > 0) throw new Error(`The socket of learner ${number} missed ${gaps} events`);
      final.push(performance.now() - at);
    };
    progress(`${label}: warming up`);
    await someAtOnce(10, Array.from({ length: warmUp }), one);

    progress(`${label}: ${clients} clients for ${closedSeconds} s`);
    const [pid = 0] = running.pids;
    const before = { usage: await serverUsage(database), cpu: processCpuMs(pid), at: performance.now(), begun };
    const until = before.at + closedSeconds * 1_000;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < until && begun < tokens.length - lightSeconds * perSecond) await one();
      }),
    );
    const closed = perSaga(
      begun - before.begun,
      performance.now() - before.at,
      processCpuMs(pid) - before.cpu,
      difference(before.usage, await serverUsage(database)),
    );

    progress(`${label}: ${lightSeconds * perSecond} at ${perSecond}/s`);
    answered.length = final.length = 0;
    const since = performance.now();
    await Promise.all(
      Array.from({ length: lightSeconds * perSecond }, async (_, index) => {
        await delay(Math.max(0, since + (index * 1_000) / perSecond - performance.now()));
        await one();
      }),
    );
    await checkEffects(database, begun, true);
    return { closed, answered, final };
  } finally {
    await running.stop();
    await database.drop();
  }
}
