import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../src/kernel/ids.ts";
import { formatTable, percentile, show } from "./figures.ts";
import { Learner } from "./learner.ts";
import { courseId, learnerId } from "./population.ts";
import { startPrograms, tokensFor, type Running } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";
import { someAtOnce } from "./turns.ts";

const sagaCount = 2_000;
const socketsPerSaga = 5;
const sagasPerSecond = 20;
/** Of so many sockets one does not read for a while. */
const slowOneIn = 100;
const slowMs = 20_000;
const openingAtOnce = 100;
const patienceMs = 300_000;

const enroll = "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { saga { id } userErrors { code } } }";

/** 10,000 sockets on one process, each with a subscription, while the sagas that they watch go on, 20 begun a second. */
export async function subscriptions(server: Server): Promise<{ text: string; passed: boolean }> {
  const database = await server.fresh("subscriptions");
  const api = await startPrograms(database, 1, { ROLES: "api", MAX_SOCKETS: "20000" });
  let workers: Running | null = null;
  try {
    const tokens = await tokensFor(
      api,
      Array.from({ length: sagaCount }, (_, number) => learnerId(number)),
    );
    progress(`Enrolling ${sagaCount}`);
    const learners = tokens.map((token) => new Learner(api.urls, token, 0));
    const sagaIds: string[] = [];
    await someAtOnce(10, learners, async (learner, number) => {
      const { enrollInCourse } = await learner.ask<{ enrollInCourse: { saga: { id: string } } }>(enroll, { course: courseId(number), key: newId() });
      sagaIds[number] = enrollInCourse.saga.id;
    });
    await delay(5_000);
    const idleMb = api.memoryMb();

    const [pushMs, slowSockets, endings]: [number[], Set<() => void>, Promise<{ status: string; gaps: number }>[]] = [[], new Set(), []];
    let [opened, firstPushes] = [0, 0];
    const total = sagaCount * socketsPerSaga;
    const openedAt = performance.now();
    await someAtOnce(
      openingAtOnce,
      Array.from({ length: total }, (_, index) => index),
      async (index) => {
        const number = index % sagaCount;
        const isSlow = index % slowOneIn === 0;
        await new Promise<void>((resolve) => {
          const watching = learners[number]?.watch(
            sagaIds[number] ?? "",
            (event) => {
              if (event.sequence === 1) firstPushes += 1;
              else if (!isSlow) pushMs.push(Date.now() - Date.parse(event.occurredAt));
            },
            (socket) => {
              opened += 1;
              if (isSlow) slowSockets.add(() => (socket.pause(), setTimeout(() => socket.resume(), slowMs)));
              resolve();
            },
          );
          if (watching !== undefined) endings.push(watching);
        });
        progress(`Opening sockets: ${opened} of ${total}`, opened / total);
      },
    );
    const openingMs = performance.now() - openedAt;
    progress("Letting them rest for 10 s");
    await delay(10_000);
    const openMb = api.memoryMb();

    await database.sql(
      `update outbox set deliver_at = now() + interval '5 s' + n * interval '${1_000 / sagasPerSecond} ms' from (select id, row_number() over (order by id) as n from outbox) o where outbox.id = o.id`,
    );
    workers = await startPrograms(database, 1, { ROLES: "relay,worker" });
    for (const slow of slowSockets) slow();
    const startedAt = performance.now();
    let done = 0;
    for (const ending of endings) void ending.then(() => (done += 1));
    const all = Promise.all(endings).then(() => true);
    while (!(await Promise.race([all, delay(1_000, false)]))) {
      progress(`${done} of ${total} subscriptions have seen the end`, done / total);
      if (performance.now() - startedAt > patienceMs) throw new Error(`After ${patienceMs / 1_000} s, ${total - done} subscriptions still wait`);
    }
    const peakMb = api.peakMemoryMb();
    const results = await Promise.all(endings);
    const gaps = results.reduce((sum, one) => sum + one.gaps, 0);
    const completed = results.filter((one) => one.status === "COMPLETED").length;
    const p95 = percentile(pushMs, 0.95);
    const rows: [string, string, string][] = [
      ["subscriptions, each on a socket of its own", show(total), ""],
      ["opened a second", show(total / (openingMs / 1_000)), ""],
      ["first pushes with the history so far", show(firstPushes), show(total)],
      ["told the end", show(completed), show(total)],
      ["events missing or twice", show(gaps), "0"],
      [`of them not reading for ${slowMs / 1_000} s`, show(total / slowOneIn), ""],
      ["connections that were lost and taken up again", show(opened - total), ""],
      ["event written to pushed p50, ms", show(percentile(pushMs, 0.5)), ""],
      ["p95, ms", show(p95), "500, at most 2,000"],
      ["p99, ms", show(percentile(pushMs, 0.99)), ""],
      ["memory of the process without sockets, MB", show(idleMb), ""],
      ["with all of them open, MB", show(openMb), ""],
      ["a subscription, kB", show(((openMb - idleMb) * 1_024) / total), ""],
      ["at most, MB", show(peakMb), "600"],
    ];
    return { text: formatTable([["", "measured", "wanted"], ...rows]), passed: gaps === 0 && completed === total && p95 <= 2_000 };
  } finally {
    await workers?.stop();
    await api.stop();
    await database.drop();
  }
}
