import { newId } from "../src/kernel/ids.ts";
import { formatTable, percentile, show } from "./figures.ts";
import { Learner } from "./learner.ts";
import { courseId, learnerId } from "./population.ts";
import { startPrograms, tokensFor } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";
import { someAtOnce } from "./turns.ts";
import { difference, processCpuMs, serverUsage } from "./usage.ts";

const learnerCount = 1_000;
const atOnce = 10;

interface Kind {
  readonly name: string;
  readonly count: number;
  /** Each learner can do it only once, so there is no warming up. */
  readonly isOnce?: true;
  run(learner: Learner, number: number): Promise<unknown>;
}

const course = "id title description level capacity seatsTaken mentor { fullName }";
const enroll =
  "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { courseEnrollment { id status } saga { id } userErrors { code } } }";

/** What one request of each kind costs, over HTTP and sockets, ten at a time. */
export async function requests(server: Server): Promise<{ text: string; passed: boolean }> {
  const database = await server.fresh("requests");
  // The workers would be counted too.
  const running = await startPrograms(database, 1, { ROLES: "api" });
  try {
    const tokens = await tokensFor(
      running,
      Array.from({ length: learnerCount }, (_, number) => learnerId(number)),
    );
    const learners = tokens.map((token) => new Learner(running.urls, token, 0));
    const sagaIds: string[] = [];
    const kinds: Kind[] = [
      { name: "{ __typename }", count: 4_000, run: (learner) => learner.ask("{ __typename }", {}) },
      { name: "viewer", count: 4_000, run: (learner) => learner.ask("{ viewer { id fullName } }", {}) },
      {
        name: "course with its mentor",
        count: 4_000,
        run: (learner, n) => learner.ask(`query ($id: ID!) { course(id: $id) { ${course} } }`, { id: courseId(n) }),
      },
      { name: "50 courses with their mentors", count: 1_000, run: (learner) => learner.ask(`{ courses(first: 50) { nodes { ${course} } } }`, {}) },
      {
        name: "enrollInCourse",
        count: learnerCount,
        isOnce: true,
        async run(learner, n) {
          const { enrollInCourse } = await learner.ask<{ enrollInCourse: { saga: { id: string } } }>(enroll, { course: courseId(n), key: newId() });
          sagaIds[n] = enrollInCourse.saga.id;
        },
      },
      {
        name: "saga with its events",
        count: 2_000,
        run: (learner, n) =>
          learner.ask("query ($id: ID!) { saga(id: $id) { state status sequence events { sequence summary toState } } }", { id: sagaIds[n] }),
      },
      { name: "socket, sagaProgress, first push", count: 2_000, run: (learner, n) => learner.watchBriefly(sagaIds[n] ?? "") },
    ];
    const rows: string[][] = [];
    for (const kind of kinds) {
      if (kind.isOnce !== true) await times(learners, kind, 300);
      const before = { usage: await serverUsage(database), cpu: processCpuMs(running.pids[0] ?? 0), at: performance.now() };
      const ms = await times(learners, kind, kind.count);
      const seconds = (performance.now() - before.at) / 1_000;
      const node = processCpuMs(running.pids[0] ?? 0) - before.cpu;
      const usage = difference(before.usage, await serverUsage(database));
      rows.push([kind.name, ...[kind.count / seconds, percentile(ms, 0.5), percentile(ms, 0.95), node / kind.count, usage.cpuMs / kind.count].map(show)]);
      progress(kind.name);
    }
    return { text: formatTable([["request", "a second", "p50 ms", "p95 ms", "CPU ms Node", "PostgreSQL"], ...rows]), passed: true };
  } finally {
    await running.stop();
    await database.drop();
  }
}

async function times(learners: readonly Learner[], { run }: Kind, count: number): Promise<number[]> {
  const ms: number[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index % learners.length);
  await someAtOnce(atOnce, numbers, async (number) => {
    const [learner, at] = [learners[number], performance.now()];
    if (learner !== undefined) await run(learner, number);
    ms.push(performance.now() - at);
  });
  return ms;
}
