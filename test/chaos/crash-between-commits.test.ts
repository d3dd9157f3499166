import { crashPoints, type CrashPoint } from "../../src/kernel/crash-point.ts";
import { cloneTemplate } from "../support/database.ts";
import { startProgram, type Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { EnrollmentLoad, onDatabase } from "./load.ts";

const LEARNERS = 200;

/** How often a point is passed before the process dies there: far enough into the load that it meets work in every stage. */
const NTH: Partial<Record<CrashPoint, number>> = {
  "mutation:before-commit": 60,
  "mutation:after-commit": 60,
  "leased:performed": 25,
  // The first stores the definitions, before the program is ready.
  "sweeper:before-commit": 2,
  "sweeper:after-commit": 2,
};

/** On a busy machine the point may be passed often enough before the program is ready; nothing has been begun then. */
async function startToDie(settings: Record<string, string>): Promise<Program> {
  for (;;) {
    try {
      return await startProgram(settings);
    } catch (error) {
      if (!String(error).includes("has ended with SIGKILL before it was ready")) throw error;
    }
  }
}

test.concurrent.each(crashPoints)(
  "killed at %s during 200 enrollments and started again, every saga ends and every effect is there once",
  async (point) => {
    const { url, drop } = await cloneTemplate();
    const load = new EnrollmentLoad(LEARNERS);
    let program: Program | null = null;
    try {
      await load.prepare(url);
      const settings = { DATABASE_URL: url, DATA_DIR: load.dataDir };
      program = await startToDie({ ...settings, CRASH_AT: `${point}:${NTH[point] ?? 12}` });
      const asked = load.enroll(program);
      const passed = point.startsWith("sweeper:") ? await letDeadlinesPass(url, program.ended) : 0;
      expect((await program.ended).signal).toBe("SIGKILL");
      await asked;
      program = await startProgram(settings);
      await load.enroll(program);
      const outcome = await load.outcome(url);
      expect(outcome).toMatchObject({
        acknowledgedAndThere: LEARNERS,
        active: LEARNERS,
        enrollments: LEARNERS,
        seatsTaken: LEARNERS,
        transitionsPerSaga: [6],
        violations: [],
      });
      // A step skipped by its deadline leaves no mail record; every other saga has exactly one, received under one Message-ID.
      const skipped = LEARNERS - outcome.mailsRecordedOnce;
      expect(skipped).toBeLessThanOrEqual(passed);
      expect(outcome.mailsReceived).toBeGreaterThanOrEqual(LEARNERS - skipped);
      expect(outcome.mailsReceived).toBeLessThanOrEqual(LEARNERS);
    } finally {
      await program?.stop();
      load.dispose();
      await drop();
    }
  },
  120_000,
);

/** Ends the time of sagas that wait for their mail, one after the other, until the sweeper has met one that still does. @returns how many there were */
async function letDeadlinesPass(url: string, ended: Promise<unknown>): Promise<number> {
  let hasEnded = false;
  let passed = 0;
  void ended.then(() => (hasEnded = true));
  await onDatabase(url, (sql) =>
    waitFor(
      async () => {
        const late = await sql(
          `update saga set deadline_at = clock_timestamp()
           where id in (select id from saga where state = 'SendingWelcomeEmail' and deadline_at > clock_timestamp() limit 1 for update skip locked) returning id`,
        );
        passed += late.length;
        return hasEnded;
      },
      { timeoutMs: 60_000, describe: "the sweeper takes the outcome of a deadline" },
    ),
  );
  return passed;
}
