import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../src/kernel/ids.ts";
import { formatTable, percentile, show } from "./figures.ts";
import { Learner } from "./learner.ts";
import { courseId, learnerId } from "./population.ts";
import { startPrograms, tokensFor } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";

const launchLearners = 5_000;
const seats = 500;
const course = courseId(0);
const patienceMs = 400_000;

/** Milliseconds after the opening at which a learner clicks: half of them in the first ten seconds, the others in the fifty after. */
const arrival = (number: number): number => (number % 2 === 0 ? randomInt(10_000) : 10_000 + randomInt(50_000));
const hasTwoDevices = (number: number): boolean => number % 10 === 3;
const asksTwice = (number: number): boolean => number % 20 === 7;

const pages = [
  "{ viewer { id fullName } }",
  "query ($course: ID!) { course(id: $course) { id title description level capacity seatsTaken mentor { fullName } } }",
  "{ courses(first: 10) { nodes { id title level } } }",
];
const enroll = `mutation ($course: ID!, $key: String!) {
  enrollInCourse(courseId: $course, idempotencyKey: $key) { courseEnrollment { id status } saga { id } userErrors { code } }
}`;

interface Enrolled {
  readonly enrollInCourse: {
    readonly courseEnrollment: { readonly id: string } | null;
    readonly saga: { readonly id: string } | null;
    readonly userErrors: readonly { readonly code: string }[];
  };
}

/** What was seen from outside. */
class Seen {
  readonly enrollMs: number[] = [];
  readonly decidedMs: number[] = [];
  readonly pushMs: number[] = [];
  readonly outcomes = new Map<string, number>();
  readonly mistakes: string[] = [];
  firstClickAt = Number.POSITIVE_INFINITY;
  lastDecidedAt = 0;
  replays = 0;
  refusedTwice = 0;
  events = 0;
  gaps = 0;
  ended = 0;
}

/** 5,000 learners and 500 seats in one minute, over HTTP and sockets; with `kill`, the second process is gone after 15 seconds. */
export async function launch(server: Server, processes: number, kill = false): Promise<{ text: string; passed: boolean }> {
  const database = await server.fresh("launch");
  await database.sql("update course set capacity = $2 where id = $1", [course, seats]);
  const running = await startPrograms(database, processes);
  try {
    const tokens = await tokensFor(
      running,
      Array.from({ length: launchLearners }, (_, number) => learnerId(number)),
    );
    const seen = new Seen();
    const memoryBefore = running.memoryMb();
    const openedAt = performance.now();
    const learners = tokens.map((token, number) => takePart(new Learner(running.urls, token, number), number, seen));
    const killed = kill ? delay(15_000).then(() => running.kill(1)) : null;
    const all = Promise.all(learners).then(() => true);
    while (!(await Promise.race([all, delay(1_000, false)]))) {
      progress(`${kill ? "Launch with a kill" : "Launch"}: ${seen.ended} of ${launchLearners} know`, seen.ended / launchLearners);
      if (performance.now() - openedAt > patienceMs) throw new Error(`After ${patienceMs / 1_000} s, ${launchLearners - seen.ended} learners still wait`);
    }
    await killed;
    const memoryPeak = running.peakMemoryMb();
    progress("Letting it rest for 20 s");
    await delay(20_000);
    return await report(database, seen, processes, { before: memoryBefore, peak: memoryPeak, after: running.memoryMb() }, kill);
  } finally {
    await running.stop();
    await database.drop();
  }
}

async function takePart(learner: Learner, number: number, seen: Seen): Promise<void> {
  await delay(arrival(number));
  try {
    for (const page of pages) await learner.ask(page, page.includes("$course") ? { course } : {});
    const key = newId();
    const clickedAt = performance.now();
    seen.firstClickAt = Math.min(seen.firstClickAt, clickedAt);
    const ask = async (withKey: string): Promise<Enrolled["enrollInCourse"]> => (await learner.ask<Enrolled>(enroll, { course, key: withKey })).enrollInCourse;
    const again = asksTwice(number) ? delay(1_000).then(() => ask(key)) : null;
    const other = hasTwoDevices(number) ? delay(50).then(() => ask(newId())) : null;
    let answer = await ask(key);
    seen.enrollMs.push(performance.now() - clickedAt);
    const second = await other;
    if (second?.userErrors[0]?.code === "ALREADY_ENROLLED") seen.refusedTwice += 1;
    // Whichever of two devices comes first is the one that is enrolled.
    else if (second !== null && answer.userErrors[0]?.code === "ALREADY_ENROLLED") [answer, seen.refusedTwice] = [second, seen.refusedTwice + 1];
    const { courseEnrollment, saga, userErrors } = answer;
    if (saga === null || courseEnrollment === null) throw new Error(`An enrollment was refused: ${userErrors.map((one) => one.code).join(", ")}`);
    const { status, gaps } = await learner.watch(saga.id, (event) => {
      seen.events += 1;
      seen.pushMs.push(Date.now() - Date.parse(event.occurredAt));
      if (event.toState !== "ConfirmingEnrollment" && event.toState !== "EnrollmentFailed") return;
      seen.lastDecidedAt = performance.now();
      seen.decidedMs.push(seen.lastDecidedAt - clickedAt);
    });
    seen.gaps += gaps;
    seen.outcomes.set(status, (seen.outcomes.get(status) ?? 0) + 1);
    seen.ended += 1;
    if ((await again)?.courseEnrollment?.id === courseEnrollment.id) seen.replays += 1;
  } catch (error) {
    seen.mistakes.push(error instanceof Error ? error.message : String(error));
    seen.ended += 1;
  }
}

async function report(
  database: Database,
  seen: Seen,
  processes: number,
  memory: { readonly before: number; readonly peak: number; readonly after: number },
  kill: boolean,
): Promise<{ text: string; passed: boolean }> {
  const [found] = await database.sql<Record<string, number>>(
    `with e as (select * from course_enrollment where course_id = $1 and enrolled_at > now() - interval '1 hour')
     select (select count(*)::int from e where status = 'ACTIVE') as active,
            (select count(distinct learner_id)::int from e where status = 'FAILED' and failure_code = 'COURSE_FULL' and learner_id not in (select learner_id from e where status = 'ACTIVE')) as full,
            (select count(*)::int from e where status not in ('ACTIVE', 'FAILED')) as others,
            (select seats_taken from course where id = $1) as seats,
            (select count(*)::int from mail_message m join e on e.id = m.about_id where m.template = 'COURSE_WELCOME' and m.state = 'SENT' and e.status = 'ACTIVE') as mails,
            (select count(*)::int from mail_message where template = 'COURSE_WELCOME') as all_mails,
            (select count(*)::int from saga where status = 'STUCK' or finished_at is null) as standing,
            (select count(*)::int from ops.invariant_violation) as violations`,
    [course],
  );
  const exact: [string, number | undefined, number][] = [
    ["ACTIVE", found?.["active"], seats],
    ["FAILED with COURSE_FULL", found?.["full"], launchLearners - seats],
    ["in any other status", found?.["others"], 0],
    ["seats taken", found?.["seats"], seats],
    ["welcome mails to winners", found?.["mails"], seats],
    ["welcome mails in all", found?.["all_mails"], seats],
    ["sagas not ended", found?.["standing"], 0],
    ["violated invariants", found?.["violations"], 0],
    ["told COMPLETED by their socket", seen.outcomes.get("COMPLETED"), seats],
    ["told FAILED by their socket", seen.outcomes.get("FAILED"), launchLearners - seats],
    ["events missing or twice on a socket", seen.gaps, 0],
    ["calls repeated with their key, answered alike", seen.replays, launchLearners / 20],
    ["errors other than those expected", seen.mistakes.length, 0],
  ];
  const p = (values: readonly number[], share: number): number => percentile(values, share);
  const targets: [string, number, number][] = [
    ["enrollInCourse p50, ms", p(seen.enrollMs, 0.5), 150],
    ["p95, ms", p(seen.enrollMs, 0.95), 2_000],
    ["p99, ms", p(seen.enrollMs, 0.99), 5_000],
    ["click to seat decided p95, ms", p(seen.decidedMs, 0.95), 20_000],
    ["all decided after the first click, ms", seen.lastDecidedAt - seen.firstClickAt, 120_000],
    ["event written to pushed p95, ms", p(seen.pushMs, 0.95), 1_500],
    ["memory of a process at most, MB", memory.peak, 400],
    ["memory 20 s after, against before", memory.after / memory.before, 1.1],
  ];
  const right = exact.every(([, is, should]) => is === should);
  return {
    text: [
      formatTable([["outcome", "is", "must be"], ...exact.map(([name, is, should]) => [name, String(is ?? 0), String(should)])]),
      "",
      formatTable([
        ["figure", "measured", "target", ""],
        ...targets.map(([name, is, target]) => [name, show(is), show(target), is <= target ? "met" : "MISSED"]),
      ]),
      "",
      `${launchLearners} learners on ${processes} ${processes === 1 ? "process" : "processes"}${kill ? ", one of them killed after 15 s" : ""}; ${seen.events} events pushed, ` +
        `${seen.refusedTwice} second devices told ALREADY_ENROLLED.`,
      ...seen.mistakes.slice(0, 5).map((mistake) => `Not expected: ${mistake}`),
    ].join("\n"),
    passed: right,
  };
}
