import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { judge } from "./compare.ts";
import { beginAll, untilEnded } from "./drain.ts";
import { startContender, type ContenderProcess } from "./contender-processes.ts";
import { formatTable, show } from "./figures.ts";
import { checkEffects } from "./population.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";

/** How much of the work is done when the kill comes, one run each. */
const shares = [0.1, 0.25, 0.4, 0.55, 0.7];

interface Recovery {
  readonly doneAtKill: number;
  readonly firstStepMs: number;
  readonly sinceKillMs: number;
  readonly allEndedMs: number;
  readonly mailsTwice: number;
}

/** kill -9 in the middle of a drain, five times, and a new process after each. */
export async function recover(server: Server, count: number): Promise<{ text: string; passed: boolean }> {
  const runs: Recovery[] = [];
  for (const [index, share] of shares.entries()) runs.push(await killAndRecover(server, count, share, `Run ${index + 1} of ${shares.length}`));
  const table = formatTable([
    [
      "run",
      "sagas",
      "steps done at the kill",
      "ready to first step, ms",
      "kill to first step, ms",
      "ready to all ended, ms",
      "effects",
      "mails handed over twice",
    ],
    ...runs.map((run, index) => [
      `${index + 1}`,
      `${count}`,
      `${Math.round(run.doneAtKill * 100)} %`,
      show(run.firstStepMs),
      show(run.sinceKillMs),
      show(run.allEndedMs),
      "exact",
      `${run.mailsTwice}`,
    ]),
  ]);
  const notes = [
    `Ready: the new process has its connections and starts its workers. First step: commit of the first step whose effects are all in the database.`,
    `All sagas have ended, with every seat, access and mail record there once. A mail is at least once: one that was handed over before the kill and not recorded is handed over again, under the same Message-ID.`,
  ];
  const slowest = judge("ready to first step, slowest run", Math.max(...runs.map((run) => run.firstStepMs)), "<=", 1_000, 2_000, " ms");
  return { text: [table, "", ...notes, "", slowest.line].join("\n"), passed: slowest.passed };
}

async function killAndRecover(server: Server, count: number, share: number, label: string): Promise<Recovery> {
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-bench-mail-"));
  const env = { BENCH_MAIL_LOG: join(directory, "mails") };
  try {
    const database = await server.fresh("recover");
    await beginAll("engine", database, count, label);
    progress(`${label}: draining until the kill`);
    const victim = await startContender("engine", database, env);
    await victim.call("startWorkers");
    const doneAtKill = await untilShare(victim, database, count, share);
    const killedAt = wallMs();
    await victim.kill();

    progress(`${label}: starting again`);
    const engine = await startContender("engine", database, env);
    // What the victim's connections still had under way has ended by now.
    const [newest] = await database.sql<{ position: string }>("select coalesce(max(position), 0) as position from saga_event");
    const { at } = await engine.call("startWorkers");
    const endedAt = await untilEnded(engine, count, 0, label);
    await engine.close();

    await checkEffects(database, count, true);
    const [first] = await database.sql<{ at: number | null }>(
      `select extract(epoch from min(occurred_at))::float8 * 1000 as at from saga_event
       where position > $1 and message in ('CourseCapacityCheckedEvent', 'EnrollmentConfirmedEvent', 'CourseAccessGrantedEvent')`,
      [newest?.position],
    );
    const stepAt = first?.at ?? Number.NaN;
    await database.drop();
    return { doneAtKill, firstStepMs: stepAt - at, sinceKillMs: stepAt - killedAt, allEndedMs: endedAt - at, mailsTwice: repeated(env.BENCH_MAIL_LOG) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const wallMs = (): number => performance.timeOrigin + performance.now();

/** Waits until that share of all steps has been committed. @returns the share then */
async function untilShare(engine: ContenderProcess, database: Database, count: number, share: number): Promise<number> {
  for (const until = performance.now() + 60_000; performance.now() < until; await delay(5)) {
    const done = (await engine.call("ended")).count / count;
    if (done < share) continue;
    const [row] = await database.sql<{ open: number }>("select count(*)::int as open from saga where finished_at is null");
    if (row?.open === 0) break;
    return done;
  }
  throw new Error(`The drain did not get to ${share * 100} % of its steps, or was over before the kill; try more --sagas`);
}

function repeated(file: string): number {
  const ids = readFileSync(file, "utf8").trim().split("\n");
  return ids.length - new Set(ids).size;
}
