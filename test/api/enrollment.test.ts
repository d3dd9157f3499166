import { Permanent } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { CancelDocument, EnrollDocument } from "./generated/graphql.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
let mentor: Person;
beforeAll(async () => {
  api = await ApiTest.open();
  mentor = await api.person("MENTOR");
  await api.engine.start();
});
afterAll(() => api.close());

const enroll = (who: Person, course: string, key: string) => api.run(EnrollDocument, { course, key }, who);

test("an enrollment is asked for, carried out, and seen by the learner as it becomes active", async () => {
  const [learner, course] = [await api.person(), await api.course(mentor, { capacity: 2 })];
  const { data } = await enroll(learner, course, newId());
  const { courseEnrollment, saga, userErrors } = data.enrollInCourse ?? {};
  expect(userErrors).toEqual([]);
  expect(courseEnrollment).toMatchObject({
    status: expect.stringMatching(/^(PENDING|CONFIRMED|ACTIVE)$/),
    course: { id: course },
    learner: { id: learner.id },
    saga: { id: saga?.id },
  });
  expect(saga).toMatchObject({ type: "COURSE_ENROLLMENT", subjectId: courseEnrollment?.id, subject: { id: courseEnrollment?.id } });

  await waitFor(async () => {
    const answer = await api.run<{ course: { seatsTaken: number; viewerEnrollment: { status: string; accessGrantedAt: string } } }>(
      "query ($id: ID!) { course(id: $id) { seatsTaken viewerEnrollment { status accessGrantedAt } } }",
      { id: course },
      learner,
    );
    const { seatsTaken, viewerEnrollment } = answer.data.course;
    return viewerEnrollment.status === "ACTIVE" && viewerEnrollment.accessGrantedAt !== null && seatsTaken === 1;
  });
});

test("the same key and course answer with the first call's enrollment, as it is today", async () => {
  const [learner, course, key] = [await api.person(), await api.course(mentor), newId()];
  const first = (await enroll(learner, course, key)).data.enrollInCourse;
  const second = (await enroll(learner, course, key)).data.enrollInCourse;
  expect(second?.courseEnrollment?.id).toBe(first?.courseEnrollment?.id);
  expect(second?.saga?.id).toBe(first?.saga?.id);
  expect(second?.userErrors).toEqual([]);
});

test("the same key with another course is a mismatch", async () => {
  const [learner, key] = [await api.person(), newId()];
  await enroll(learner, await api.course(mentor), key);
  const answer = await enroll(learner, await api.course(mentor), key);
  expect(answer.data.enrollInCourse).toBeNull();
  expect(codesOf(answer)).toEqual(["IDEMPOTENCY_KEY_MISMATCH"]);
  expect(answer.errors?.[0]?.path).toEqual(["enrollInCourse"]);
});

test("ten calls at once with one key make one enrollment", async () => {
  const [learner, course, key] = [await api.person(), await api.course(mentor), newId()];
  const answers = await Promise.all(Array.from({ length: 10 }, () => enroll(learner, course, key)));
  expect(new Set(answers.map(({ data }) => data.enrollInCourse?.courseEnrollment?.id)).size).toBe(1);
  const [{ count }] = (await api.engine.sql<{ count: number }>("select count(*)::int as count from course_enrollment where learner_id = $1", [learner.id])) as [
    { count: number },
  ];
  expect(count).toBe(1);
});

test("ten calls at once with ten keys make one enrollment and nine refusals", async () => {
  const [learner, course] = [await api.person(), await api.course(mentor)];
  const answers = await Promise.all(Array.from({ length: 10 }, () => enroll(learner, course, newId())));
  const codes = answers.map(({ data }) => data.enrollInCourse?.userErrors.map(({ code }) => code).join() ?? "none");
  expect(codes.toSorted()).toEqual(["", ...Array.from({ length: 9 }, () => "ALREADY_ENROLLED")]);
});

test("a refusal is a user error: status 200, no entity, nothing written, and the key stays free", async () => {
  const [learner, draft, key] = [await api.person(), await api.course(mentor, { status: "DRAFT" }), newId()];
  const answer = await enroll(learner, draft, key);
  expect(answer.status).toBe(200);
  expect(answer.errors).toBeUndefined();
  expect(answer.data.enrollInCourse).toMatchObject({ courseEnrollment: null, saga: null, userErrors: [{ code: "NOT_FOUND", field: ["courseId"] }] });

  await api.engine.sql("update course set status = 'PUBLISHED' where id = $1", [draft]);
  // How far it has got by the time that it is read is not for the answer to promise.
  expect((await enroll(learner, draft, key)).data.enrollInCourse?.courseEnrollment?.status).toMatch(/^(PENDING|CONFIRMED|ACTIVE)$/);
});

test.each([
  ["an id that is none", "nonsense", newId(), "NOT_FOUND"],
  ["an id that nobody has", newId(), newId(), "NOT_FOUND"],
  ["a key that is too short", newId(), "short", "INVALID"],
])("%s is a user error", async (_name, course, key, code) => {
  const { data } = await enroll(await api.person(), course, key);
  expect(data.enrollInCourse?.userErrors.map((error) => error.code)).toEqual([code]);
});

test("a mentor cannot enroll in an own course", async () => {
  const { data } = await enroll(mentor, await api.course(mentor), newId());
  expect(data.enrollInCourse?.userErrors).toMatchObject([{ code: "INVALID", field: ["courseId"] }]);
});

test("a full course ends the enrollment with COURSE_FULL", async () => {
  const course = await api.course(mentor, { capacity: 1 });
  const [first, second] = [await api.person(), await api.person()];
  const winner = await api.enroll(first, course);
  await waitFor(async () => (await api.engine.saga("CourseEnrollment", winner.enrollmentId))?.settled);
  const loser = await api.enroll(second, course);
  await waitFor(async () => (await api.engine.saga("CourseEnrollment", loser.enrollmentId))?.finishedAt);
  const { data } = await api.run(
    "query ($id: ID!) { courseEnrollment(id: $id) { status failure { code occurredAt } saga { status reason { code } } } }",
    { id: loser.enrollmentId },
    second,
  );
  expect(data).toMatchObject({
    courseEnrollment: { status: "FAILED", failure: { code: "COURSE_FULL" }, saga: { status: "FAILED", reason: { code: "COURSE_FULL" } } },
  });
});

test("cancelling gives the seat back, can be repeated, and is closed to everybody else", async () => {
  const [learner, stranger, admin, course] = [await api.person(), await api.person(), await api.person("ADMIN"), await api.course(mentor, { capacity: 1 })];
  const { enrollmentId } = await api.enroll(learner, course);
  await waitFor(async () => (await api.engine.saga("CourseEnrollment", enrollmentId))?.finishedAt);

  for (const other of [stranger, mentor]) {
    const refused = await api.run(CancelDocument, { id: enrollmentId }, other);
    expect(refused.data.cancelEnrollment).toMatchObject({ courseEnrollment: null, userErrors: [{ code: "NOT_FOUND", field: ["id"] }] });
  }
  const unknown = await api.run(CancelDocument, { id: newId() }, stranger);
  expect(unknown.data.cancelEnrollment?.userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["id"] }]);

  for (const who of [learner, learner, admin]) {
    const { data } = await api.run(CancelDocument, { id: enrollmentId, note: "No time", key: newId() }, who);
    expect(data.cancelEnrollment).toMatchObject({ courseEnrollment: { status: "CANCELLED", failure: { code: "CANCELLED_BY_USER" } }, userErrors: [] });
  }
  expect((await api.run("query ($id: ID!) { course(id: $id) { seatsTaken } }", { id: course })).data).toEqual({ course: { seatsTaken: 0 } });
});

test("the learner is told inside the platform what became of an enrollment, once, with the words of its process", async () => {
  const course = await api.course(mentor, { capacity: 1 });
  const [winner, loser, hindered] = [await api.person(), await api.person(), await api.person()];
  const ended = (id: string) => waitFor(async () => (await api.engine.saga("CourseEnrollment", id))?.finishedAt);
  const told = async (who: Person) =>
    (
      await api.run<{ viewer: { notifications: { nodes: { message: string; title: string; saga: { id: string } | null }[] } } }>(
        "{ viewer { notifications { nodes { title message saga { id } } } } }",
        {},
        who,
      )
    ).data.viewer.notifications.nodes;
  const title = `Course ${course}`;

  const won = await api.enroll(winner, course);
  await ended(won.enrollmentId);
  expect(await told(winner)).toEqual([{ title: `You are enrolled in ${title}`, message: expect.stringContaining(title), saga: { id: won.sagaId } }]);

  const lost = await api.enroll(loser, course);
  await ended(lost.enrollmentId);
  const full = { title: `You are not enrolled in ${title}`, message: "All seats of the course are taken (capacity 1).", saga: { id: lost.sagaId } };
  expect(await told(loser)).toEqual([full]);
  expect((await api.engine.saga("CourseEnrollment", lost.enrollmentId))?.reason?.message).toBe(full.message);

  await api.run(CancelDocument, { id: won.enrollmentId, note: "No time", key: newId() }, winner);
  expect((await told(winner))[0]).toEqual({ ...full, message: "The enrollment was cancelled.", saga: { id: won.sagaId } });

  api.faults.set("ConfirmEnrollmentCommand", new Permanent("never"));
  const refused = await api.enroll(hindered, course);
  await ended(refused.enrollmentId);
  api.faults.delete("ConfirmEnrollmentCommand");
  expect(await told(hindered)).toEqual([{ ...full, message: "The enrollment could not be confirmed in time.", saga: { id: refused.sagaId } }]);
});
