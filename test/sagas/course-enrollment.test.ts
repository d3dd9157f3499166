import { createEnrollments, untilQuiet, type Enrollments } from "../support/enrollments.ts";

let t: Enrollments;
beforeAll(async () => {
  // Every state can then be met, and a saga held there.
  t = await createEnrollments({ stepsPerCommit: 1 });
  await holdJobs(null);
  await t.sql("create trigger hold before insert on pgboss.job for each row execute function hold()");
  await t.start();
});
afterAll(() => t.dispose());

/** Jobs that come to the queue from now on are due tomorrow, which stands for one that is still under way. */
const holdJobs = (queue: string | null) =>
  t.sql(
    `create or replace function hold() returns trigger language plpgsql as $$ begin if new.name = '${queue}' then new.start_after := now() + interval '1 day'; end if; return new; end $$`,
  );
const ended = (id: string) => t.until("CourseEnrollment", id, (saga) => saga.finishedAt !== null, "the saga to end");

test("an enrollment with a free seat ends ACTIVE, with one mail and six history rows", async () => {
  const courseId = await t.course(2);
  const id = await t.enroll(await t.learner(), courseId);
  const saga = await ended(id);
  expect(saga).toMatchObject({ state: "EnrollmentCompleted", status: "COMPLETED", settled: true, sequence: 6, reason: null, deadlineAt: null });
  expect(saga.steps.map((step) => `${step.state} ${step.status} ${step.attempts}`)).toEqual([
    "EnrollmentInitiated DONE 0",
    "CheckingCapacity DONE 1",
    "ConfirmingEnrollment DONE 1",
    "EnrollmentConfirmed DONE 0",
    "SendingWelcomeEmail DONE 1",
    "GrantingAccess DONE 1",
  ]);
  expect(await t.history(id)).toEqual([
    "1 TRANSITION EnrollmentInitiated>CheckingCapacity RUNNING",
    "2 TRANSITION CheckingCapacity>ConfirmingEnrollment RUNNING",
    "3 TRANSITION ConfirmingEnrollment>EnrollmentConfirmed RUNNING",
    "4 TRANSITION EnrollmentConfirmed>SendingWelcomeEmail RUNNING",
    "5 TRANSITION SendingWelcomeEmail>GrantingAccess RUNNING",
    "6 TRANSITION GrantingAccess>EnrollmentCompleted COMPLETED",
  ]);
  expect(await t.row(id)).toMatchObject({ status: "ACTIVE", seat_held: true, failure_code: null });
  expect(await t.seatsTaken(courseId)).toBe(1);
  expect(t.mailer.mails).toHaveLength(1);
  await untilQuiet(t);
  expect(await t.violations()).toEqual([]);
});

test("the five hundredth learner of a course with fifty seats is refused like the fifty-first, and no seat is lost", async () => {
  const courseId = await t.course(50);
  const learners = await Promise.all(Array.from({ length: 500 }, () => t.learner()));
  const ids = await Promise.all(learners.map((learner) => t.enroll(learner, courseId)));
  await t.untilEnded(ids);
  const rows = await t.sql<{ status: string; failure_code: string | null; count: number }>(
    "select status, failure_code, count(*)::int as count from course_enrollment where course_id = $1 group by 1, 2 order by 1",
    [courseId],
  );
  expect(rows).toEqual([
    { status: "ACTIVE", failure_code: null, count: 50 },
    { status: "FAILED", failure_code: "COURSE_FULL", count: 450 },
  ]);
  expect(await t.seatsTaken(courseId)).toBe(50);
  const [failed] = await t.sql<{ subject_id: string }>(
    "select s.subject_id from saga s join course_enrollment e on e.id = s.subject_id where e.course_id = $1 and e.status = 'FAILED' limit 1",
    [courseId],
  );
  expect(await t.saga("CourseEnrollment", failed?.subject_id ?? "")).toMatchObject({
    status: "FAILED",
    state: "EnrollmentFailed",
    reason: { code: "COURSE_FULL", message: "All seats of the course are taken (capacity 50)." },
  });
  await untilQuiet(t);
  expect(await t.violations()).toEqual([]);
}, 60_000);

test("a course that is closed before the confirmation gives the seat back", async () => {
  const courseId = await t.course(3);
  await t.pause();
  const id = await t.enroll(await t.learner(), courseId);
  await t.sql("update course set status = 'ARCHIVED' where id = $1", [courseId]);
  await t.start();
  expect(await ended(id)).toMatchObject({ status: "FAILED", reason: { code: "ENROLLMENT_CLOSED" } });
  expect(await t.history(id)).toEqual([
    "1 TRANSITION EnrollmentInitiated>CheckingCapacity RUNNING",
    "2 TRANSITION CheckingCapacity>ConfirmingEnrollment RUNNING",
    "3 COMPENSATION ConfirmingEnrollment>ConfirmingEnrollment COMPENSATING",
    "4 TRANSITION ConfirmingEnrollment>EnrollmentFailed FAILED",
  ]);
  expect(await t.row(id)).toMatchObject({ status: "FAILED", seat_held: false, confirmed_at: null });
  expect(await t.seatsTaken(courseId)).toBe(0);
});

test("access refused at the end undoes mail, confirmation and seat in reverse order", async () => {
  const courseId = await t.course(3);
  t.mailer.answer = async () => void (await t.sql("update course set status = 'ARCHIVED' where id = $1", [courseId]));
  const before = t.mailer.mails.length;
  const id = await t.enroll(await t.learner(), courseId);
  expect(await ended(id)).toMatchObject({ status: "FAILED", reason: { code: "ENROLLMENT_CLOSED" } });
  t.mailer.answer = () => undefined;
  const summaries = await t.sql<{ summary: string }>(
    "select summary from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 and e.kind = 'COMPENSATION' order by e.sequence",
    [id],
  );
  expect(summaries.map((row) => row.summary.split(".")[0])).toEqual([
    "Undoing SendingWelcomeEmail",
    "Undoing ConfirmingEnrollment",
    "Undoing CheckingCapacity",
  ]);
  expect(t.mailer.mails.slice(before).map((mail) => mail.subject)).toEqual([expect.stringContaining("Welcome"), expect.not.stringContaining("Welcome")]);
  expect(await t.row(id)).toMatchObject({ status: "FAILED", seat_held: false, access_granted_at: null });
  expect(await t.seatsTaken(courseId)).toBe(0);
});

test("a mail server that is down for a while keeps the learner's seat, shows the retries, and delivers exactly one mail", async () => {
  const courseId = await t.course(1);
  const { Transient } = await import("../../src/kernel/errors.ts");
  let isDown = true;
  const before = t.mailer.mails.length;
  t.mailer.answer = () => {
    if (isDown) throw new Transient("The mail server at 127.0.0.1:2525 refused the connection");
  };
  const id = await t.enroll(await t.learner(), courseId);
  const retrying = await t.until("CourseEnrollment", id, (saga) => saga.attempt >= 2, "a second attempt to be planned");
  expect(retrying).toMatchObject({
    status: "RETRYING",
    state: "SendingWelcomeEmail",
    maxAttempts: 10,
    settled: true,
    reason: { code: "DEPENDENCY_UNAVAILABLE", message: expect.stringContaining("refused the connection") },
  });
  expect(retrying.nextAttemptAt).toBeInstanceOf(Date);
  expect(await t.row(id)).toMatchObject({ status: "CONFIRMED", seat_held: true });
  await t.skipWaits();
  await t.until("CourseEnrollment", id, (saga) => saga.attempt >= 3, "a third attempt to be planned");
  isDown = false;
  await t.skipWaits();
  expect(await ended(id)).toMatchObject({ status: "COMPLETED", reason: null });
  expect((await t.history(id)).filter((line) => line.includes("ATTEMPT_FAILED"))).toHaveLength(2);
  expect(t.mailer.mails).toHaveLength(before + 1);
});

test("a mail that is refused for good is skipped: the saga goes on and the dead letter stays open", async () => {
  const { Permanent } = await import("../../src/kernel/errors.ts");
  t.mailer.answer = () => {
    throw new Permanent("550 no such mailbox");
  };
  const id = await t.enroll(await t.learner(), await t.course());
  const saga = await ended(id);
  t.mailer.answer = () => undefined;
  expect(saga).toMatchObject({
    status: "COMPLETED",
    steps: expect.arrayContaining([expect.objectContaining({ state: "SendingWelcomeEmail", status: "SKIPPED" })]),
  });
  expect(await t.sql("select queue, message, attempts, reason_code, status from ops.dead_letter where saga_id = $1", [saga.id])).toEqual([
    { queue: "send-welcome-email", message: "SendWelcomeEmailCommand", attempts: 1, reason_code: "DEPENDENCY_REJECTED", status: "OPEN" },
  ]);
});

describe("a cancellation", () => {
  /** Holds the saga in a state by pausing the engine at the right moment: its messages wait, nothing runs. */
  const stopAt = async (state: string): Promise<{ id: string; courseId: string; resume: () => Promise<void> }> => {
    const courseId = await t.course(5);
    if (state === "CheckingCapacity") {
      await t.pause();
      const id = await t.enroll(await t.learner(), courseId);
      return { id, courseId, resume: () => t.start() };
    }
    const queue = { ConfirmingEnrollment: "confirm-enrollment", SendingWelcomeEmail: "send-welcome-email", GrantingAccess: "grant-course-access" }[state] ?? "";
    await holdJobs(queue);
    const id = await t.enroll(await t.learner(), courseId);
    await t.until("CourseEnrollment", id, (saga) => saga.state === state, `the saga to reach ${state}`);
    await holdJobs(null);
    return { id, courseId, resume: () => t.skipWaits() };
  };

  test.each(["CheckingCapacity", "ConfirmingEnrollment", "SendingWelcomeEmail", "GrantingAccess"])(
    "during %s undoes everything, and the command under way has no effect",
    async (state) => {
      const { id, courseId, resume } = await stopAt(state);
      const mails = t.mailer.mails.length;
      await t.cancel(id);
      await resume();
      expect(await ended(id)).toMatchObject({ status: "CANCELLED", state: "EnrollmentFailed", reason: { code: "CANCELLED_BY_USER" } });
      await untilQuiet(t);
      expect(await t.row(id)).toMatchObject({
        status: "CANCELLED",
        seat_held: false,
        access_granted_at: null,
        confirmed_at: null,
        failure_code: "CANCELLED_BY_USER",
      });
      expect(await t.seatsTaken(courseId)).toBe(0);
      // Cancelled while access was being granted, the learner had been welcomed, and is told that it no longer holds.
      expect(t.mailer.mails.length - mails).toBe(state === "GrantingAccess" ? 1 : 0);
      expect(await t.violations()).toEqual([]);
    },
  );

  test("of an active enrollment is a plain change; the finished saga notes that it was asked, and stays as it is", async () => {
    const courseId = await t.course(1);
    const id = await t.enroll(await t.learner(), courseId);
    await ended(id);
    await t.cancel(id);
    expect(await t.row(id)).toMatchObject({ status: "CANCELLED", seat_held: false });
    expect(await t.saga("CourseEnrollment", id)).toMatchObject({ status: "COMPLETED", sequence: 7 });
    expect(await t.seatsTaken(courseId)).toBe(0);
    await t.cancel(id);
    expect(await t.violations()).toEqual([]);
  });

  test("twice is one cancellation", async () => {
    const { id, resume } = await stopAt("ConfirmingEnrollment");
    await Promise.all([t.cancel(id), t.cancel(id)]);
    await resume();
    await ended(id);
    const [row] = await t.sql<{ begun: number }>(
      "select count(*)::int as begun from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 and e.kind = 'COMPENSATION' and e.message = 'EnrollmentCancellationRequestedEvent'",
      [id],
    );
    expect(row).toEqual({ begun: 1 });
    expect(await t.row(id)).toMatchObject({ status: "CANCELLED", seat_held: false });
  });
});
