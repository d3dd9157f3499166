import { CancelEnrollmentDocument, EnrollDocument, NotificationsDocument, ShowEnrollmentDocument } from "./generated/graphql.ts";
import { Journey, newKey, path, type Person } from "./support.ts";

// J3: a full course.

let journey: Journey;
let mentor: Person;
let learners: Person[];
beforeAll(async () => {
  journey = await Journey.start();
  mentor = await journey.newcomer("Fi Tavgor", "MENTOR");
  learners = await journey.crowd(24);
});
afterAll(() => journey.end());

const learner = (): Person => learners.shift() as Person;
const ask = (who: Person, course: string, key: string = newKey()) => journey.run(EnrollDocument, { course, key }, who);
async function enroll(who: Person, course: string): Promise<{ enrollmentId: string; sagaId: string }> {
  const { enrollInCourse } = await ask(who, course);
  return { enrollmentId: enrollInCourse.courseEnrollment?.id ?? "", sagaId: enrollInCourse.saga?.id ?? "" };
}
const show = async (id: string, who: Person) => (await journey.run(ShowEnrollmentDocument, { id }, who)).courseEnrollment;

test("with a seat the learner is in before the mail is sent, and has access after it", async () => {
  const [who, course] = [learner(), await journey.course(mentor, { capacity: 30 })];
  const { enrollInCourse } = await ask(who, course);
  expect(enrollInCourse).toMatchObject({ courseEnrollment: { status: "PENDING", failure: null, course: { capacity: 30 } }, saga: { status: "RUNNING" } });
  const [enrollmentId, sagaId] = [enrollInCourse.courseEnrollment?.id ?? "", enrollInCourse.saga?.id ?? ""];
  const seen = await journey.follow(sagaId, who);
  expect(path(seen)).toEqual([
    "EnrollmentInitiated → CheckingCapacity RUNNING",
    "CheckingCapacity → ConfirmingEnrollment RUNNING",
    "ConfirmingEnrollment → EnrollmentConfirmed RUNNING",
    "EnrollmentConfirmed → SendingWelcomeEmail RUNNING",
    "SendingWelcomeEmail → GrantingAccess RUNNING",
    "GrantingAccess → EnrollmentCompleted COMPLETED",
  ]);
  expect(await show(enrollmentId, who)).toMatchObject({ status: "ACTIVE", accessGrantedAt: expect.any(String) as string, course: { seatsTaken: 1 } });
  expect((await journey.mail(who.email, "Welcome")).copies).toBe(1);
});

test("of twelve who want three seats, three are in, and nine are told that the course is full, with its size", async () => {
  const course = await journey.course(mentor, { capacity: 3 });
  const asked = learners.splice(0, 12).map(async (who) => ({ who, ...(await enroll(who, course)) }));
  const states = await Promise.all(
    asked.map(async (asking) => {
      const { who, enrollmentId, sagaId } = await asking;
      await journey.follow(sagaId, who);
      return { who, sagaId, enrollment: await show(enrollmentId, who) };
    }),
  );
  expect(states.filter(({ enrollment }) => enrollment?.status === "ACTIVE")).toHaveLength(3);
  const out = states.filter(({ enrollment }) => enrollment?.status !== "ACTIVE");
  const message = "All seats of the course are taken (capacity 3).";
  for (const { who, sagaId, enrollment } of out) {
    expect(enrollment).toMatchObject({
      status: "FAILED",
      failure: { code: "COURSE_FULL", message },
      course: { capacity: 3, seatsTaken: 3 },
      saga: { state: "EnrollmentFailed", status: "FAILED" },
    });
    const { viewer } = await journey.run(NotificationsDocument, {}, who);
    expect(viewer.notifications?.nodes).toEqual([expect.objectContaining({ message, saga: { id: sagaId } })]);
    expect(await journey.mails(who.email)).toEqual([]);
  }
  expect(out).toHaveLength(9);
});

test("who was too late may try again, and who is in may not; a seat that is given back goes to the next", async () => {
  const [inside, outside, course] = [learner(), learner(), await journey.course(mentor, { capacity: 1 })];
  const first = await enroll(inside, course);
  await journey.follow(first.sagaId, inside);
  expect(await journey.refusal(EnrollDocument, { course, key: newKey() }, inside)).toMatchObject([{ code: "ALREADY_ENROLLED", field: ["courseId"] }]);
  const early = await enroll(outside, course);
  await journey.follow(early.sagaId, outside);
  const second = await enroll(outside, course);
  await journey.follow(second.sagaId, outside);
  expect(await show(second.enrollmentId, outside)).toMatchObject({ status: "FAILED", failure: { code: "COURSE_FULL" } });

  await journey.run(CancelEnrollmentDocument, { id: first.enrollmentId, note: "No time." }, inside);
  const third = await enroll(outside, course);
  await journey.follow(third.sagaId, outside);
  expect(await show(third.enrollmentId, outside)).toMatchObject({ status: "ACTIVE", course: { seatsTaken: 1 } });
});
