import { setTimeout as delay } from "node:timers/promises";
import { judge } from "./compare.ts";
import { startContender, type ContenderProcess } from "./contender-processes.ts";
import { formatTable, median, show } from "./figures.ts";
import { courseCount, idInSql } from "./population.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";
import { byTurns } from "./turns.ts";
import { difference, serverUsage } from "./usage.ts";

const dueCount = 900;
const few = 1_000;
const mailQueue = "send-welcome-email";

interface Found {
  readonly firstMs: number;
  readonly allMs: number;
  readonly cpuMs: number;
  readonly idleCpuMsPerSecond: number;
}

/** Deadlines of some sagas pass at one moment, beside many sagas that wait, and beside few, by turns. */
export async function dueBesideWaiting(server: Server, rounds: number, many: number): Promise<{ text: string; passed: boolean }> {
  const results = new Map<number, Found[]>([
    [few, []],
    [many, []],
  ]);
  await byTurns(
    rounds,
    [...results].map(
      ([waiting, found]) =>
        async (round) =>
          void found.push(await measure(server, waiting, `${round}, ${waiting} waiting`)),
    ),
  );
  const figures: [string, (one: Found) => number][] = [
    ["first ended after ms", (one) => one.firstMs],
    ["all ended after ms", (one) => one.allMs],
    ["CPU ms of each", (one) => one.cpuMs],
    ["CPU ms a second before", (one) => one.idleCpuMsPerSecond],
  ];
  const of = (waiting: number, figure: (one: Found) => number): number => median((results.get(waiting) ?? []).map(figure));
  const table = formatTable([
    ["sagas that wait", ...figures.map(([name]) => name)],
    ...[...results.keys()].map((waiting) => [show(waiting), ...figures.map(([, figure]) => show(of(waiting, figure)))]),
  ]);
  const verdict = judge(
    `time for ${dueCount} beside ${show(few)} against ${show(many)}`,
    of(few, (one) => one.allMs) / of(many, (one) => one.allMs),
    ">=",
    0.8,
    0.5,
  );
  const note = `The deadlines of ${dueCount} sagas pass at once: each skips its mail, is granted access and ends. Deadlines are looked for every 500 ms.`;
  return { text: [table, "", note, "", verdict.line].join("\n"), passed: verdict.passed };
}

async function measure(server: Server, waiting: number, label: string): Promise<Found> {
  const database = await server.fresh("due");
  const contender = await startContender("engine", database);
  progress(`${label}: making the sagas`);
  await addWaitingSagas(database, contender, server.learners, waiting);
  progress(`${label}: idle for 20 s`);
  await delay(10_500);
  const idleBefore = { usage: await serverUsage(database), cpu: await contender.call("cpu") };
  await delay(10_000);
  const before = { usage: await serverUsage(database), cpu: await contender.call("cpu") };

  progress(`${label}: ${dueCount} are due`);
  const due =
    "type = 'CourseEnrollment' and status = 'RUNNING' and id in (select id from saga where status = 'RUNNING' and finished_at is null order by id limit $1)";
  const [moment] = await database.sql<{ at: number }>(
    `with due as (update saga set deadline_at = clock_timestamp() where ${due} returning 1) select extract(epoch from clock_timestamp())::float8 * 1000 as at from (select count(*) from due) d`,
    [dueCount],
  );
  const at = moment?.at ?? Number.NaN;
  let ended: { count: number; first: number; last: number } | undefined;
  for (const until = performance.now() + 120_000; performance.now() < until && (ended?.count ?? 0) < dueCount; await delay(200)) {
    [ended] = await database.sql<{ count: number; first: number; last: number }>(
      `select count(*)::int as count, extract(epoch from min(finished_at))::float8 * 1000 as first, extract(epoch from max(finished_at))::float8 * 1000 as last
       from saga where finished_at > to_timestamp($1::float8 / 1000)`,
      [at],
    );
  }
  const cpuMs = difference(before.usage, await serverUsage(database)).cpuMs + (await contender.call("cpu")) - before.cpu;
  await contender.close();
  if (ended?.count !== dueCount) throw new Error(`${label}: expected ${dueCount} sagas to have ended, found ${ended?.count ?? 0}`);
  const violations = await database.sql<{ rule: string; detail: string }>("select rule, detail from ops.invariant_violation limit 3");
  if (violations.length > 0) throw new Error(`Expected no violated invariant, found ${violations.map(({ rule, detail }) => `${rule}: ${detail}`).join("; ")}`);
  await database.drop();
  const idle = difference(idleBefore.usage, before.usage).cpuMs + before.cpu - idleBefore.cpu;
  return { firstMs: ended.first - at, allMs: ended.last - at, cpuMs: cpuMs / dueCount, idleCpuMsPerSecond: idle / 10 };
}

/** One enrollment is brought as far as its welcome mail, and copied. */
async function addWaitingSagas(database: Database, contender: ContenderProcess, learners: number, count: number): Promise<void> {
  await database.sql("insert into queue_pause (queue, note) values ($1, 'The sagas are made.')", [mailQueue]);
  await contender.call("startWorkers");
  await contender.call("begin", { from: learners - 1, count: 1, concurrency: 1 });
  const model = "select * from saga where state = 'SendingWelcomeEmail' and finished_at is null";
  while ((await database.sql(model)).length === 0) await delay(20);
  const [saga, enrollment, course] = [idInSql(8, "n"), idInSql(9, "n"), idInSql(2, `(n % ${learners - 1} + n / ${learners - 1}) % ${courseCount}`)];
  const learner = idInSql(1, `n % ${learners - 1}`);
  await database.sql(
    `insert into course_enrollment (id, course_id, learner_id, status, seat_held, confirmed_at) select ${enrollment}, ${course}, ${learner}, 'CONFIRMED', true, now() from generate_series(0, $1::int - 1) n`,
    [count],
  );
  await database.sql(`update course c set seats_taken = (select count(*) from course_enrollment e where e.course_id = c.id and e.seat_held)`);
  await database.sql(
    `insert into saga_event (saga_id, sequence, kind, message, from_state, to_state, status, summary)
     select ${saga}, sequence, kind, message, from_state, to_state, status, summary
     from saga_event e cross join generate_series(0, $1::int - 1) n where e.saga_id = (select id from saga where state = 'SendingWelcomeEmail' and finished_at is null)`,
    [count],
  );
  await database.sql(
    `insert into saga (id, type, definition_version, subject_id, run_number, participants, state, status, sequence, attempt, max_attempts, deadline_at, settled_at, data, runs, heard, code_hash, started_at, updated_at)
     select ${saga}, type, definition_version, ${enrollment}, 1, array[${learner}], state, status, sequence, attempt, max_attempts, now() + interval '1 day' + n * interval '1 ms', settled_at,
            data || jsonb_build_object('enrollmentId', ${enrollment}, 'userId', ${learner}, 'courseId', ${course}), runs, heard, code_hash, started_at, updated_at
     from (${model}) m cross join generate_series(0, $1::int - 1) n`,
    [count],
  );
  // The model has its mail.
  await database.sql("delete from queue_pause");
  while ((await database.sql("select 1 from saga where status = 'RUNNING' and deadline_at < now() + interval '12 hours'")).length > 0) await delay(50);
  await database.sql("vacuum analyze");
  await database.sql("checkpoint");
}
