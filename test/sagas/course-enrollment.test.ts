import { createEnrollments, untilQuiet, type Enrollments } from "../support/enrollments.ts";

let t: Enrollments;
beforeAll(async () => {
  t = await createEnrollments();
  await t.start();
});
afterAll(() => t.dispose());

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
