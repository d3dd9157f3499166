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
  "sweeper:before-commit": 1,
  "sweeper:after-commit": 1,
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
      if (point.startsWith("sweeper:")) await letDeadlinePass(url);
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
      expect(skipped).toBeLessThanOrEqual(point.startsWith("sweeper:") ? 1 : 0);
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

/** Ends the time of one saga that waits for its mail, so that the sweeper has something to do. */
async function letDeadlinePass(url: string): Promise<void> {
  await onDatabase(url, (sql) =>
    waitFor(
      async () =>
        (
          await sql(
            "update saga set deadline_at = clock_timestamp() where id in (select id from saga where state = 'SendingWelcomeEmail' limit 1) returning id",
          )
        ).length === 1,
      {
        describe: "a saga to wait for its mail",
      },
    ),
  );
}
