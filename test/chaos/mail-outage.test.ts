import { cloneTemplate } from "../support/database.ts";
import { startProgram, type Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { EnrollmentLoad, onDatabase } from "./load.ts";

let program: Program;
let load: EnrollmentLoad;
let databaseUrl: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  ({ url: databaseUrl, drop } = await cloneTemplate());
  load = new EnrollmentLoad(1);
  await load.prepare(databaseUrl);
  program = await startProgram({ DATABASE_URL: databaseUrl, DATA_DIR: load.dataDir });
});
afterAll(async () => {
  await program.stop();
  load.dispose();
  await drop();
});

const mailbox = async (): Promise<unknown> => (await fetch(program.ready.urls?.mailbox ?? "", { headers: { accept: "application/json" } })).json();
const saga = (): Promise<Record<string, unknown>> => onDatabase(databaseUrl, async (sql) => (await sql("select * from ops.saga"))[0] ?? {});

test("while the mail server refuses connections the saga says so and the seat is kept; afterwards there is exactly one mail", async () => {
  const refused = await fetch(`${program.ready.urls?.mailbox}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ mode: "refuse", seconds: 4 }),
  });
  expect(refused.status).toBeLessThan(300);
  await load.enroll(program);
  const retrying = await waitFor(async () => ((await saga())["status"] === "RETRYING" ? saga() : null), { describe: "the saga to retry" });
  expect(retrying).toMatchObject({
    state: "SendingWelcomeEmail",
    max_attempts: 10,
    next_attempt_at: expect.any(Date),
    reason_code: "DEPENDENCY_UNAVAILABLE",
    reason_message: expect.stringContaining("refused the connection"),
  });
  expect(retrying["attempt"]).toBeGreaterThanOrEqual(2);
  expect(await onDatabase(databaseUrl, (sql) => sql("select status, seat_held from course_enrollment"))).toEqual([{ status: "CONFIRMED", seat_held: true }]);
  expect(await mailbox()).toMatchObject({ count: 0, fault: { mode: "refuse" } });
  const outcome = await load.outcome(databaseUrl);
  expect(outcome).toMatchObject({ active: 1, seatsTaken: 1, mailsRecordedOnce: 1, mailsReceived: 1, violations: [] });
  expect(outcome.failedAttempts).toBeGreaterThanOrEqual(1);
  expect(await mailbox()).toMatchObject({ count: 1, mails: [{ copies: 1 }] });
}, 60_000);
