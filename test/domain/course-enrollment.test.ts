import { cancelEnrollment } from "../../src/domain/course-enrollment/course-enrollment.service.ts";
import {
  findEnrollments,
  findLatestEnrollments,
  listEnrollmentsInCourses,
  listEnrollmentsOfLearners,
} from "../../src/domain/course-enrollment/course-enrollment.queries.ts";
import type { Actor } from "../../src/domain/actor.ts";
import { newId } from "../../src/kernel/ids.ts";
import { DomainTest } from "./support.ts";

let t: DomainTest;
beforeAll(async () => {
  t = await DomainTest.open();
});
// Without the engine nobody hears that somebody has enrolled, so that there are no sagas.
afterAll(() => t.db.dispose({ damaged: "enrollments without sagas" }));

const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === "fulfilled" ? "ok" : String((outcome.reason as { code?: unknown }).code);

describe("asking for a place", () => {
  test("writes a PENDING enrollment without a seat and publishes the event with it", async () => {
    const [learnerId = ""] = await t.users(1);
    const courseId = await t.course({ capacity: 1 });
    const enrollmentId = await t.enroll(learnerId, courseId);
    expect(await t.row(enrollmentId)).toMatchObject({ course_id: courseId, learner_id: learnerId, status: "PENDING", seat_held: false });
    expect(t.published.at(-1)).toMatchObject({ contract: { name: "CourseEnrolledEvent" }, payload: { enrollmentId, courseId, userId: learnerId } });
  });

  test("is refused by the database's clock and rules, and then leaves nothing behind", async () => {
    const learner = await t.user();
    const refused = async (learnerId: string, courseId: string): Promise<unknown> =>
      t.enroll(learnerId, courseId, "a key that is not used up").catch((error: unknown) => error);
    expect(await refused(learner, newId())).toMatchObject({ code: "NOT_FOUND", field: ["courseId"] });
    expect(await refused(learner, "no id")).toMatchObject({ code: "NOT_FOUND", field: ["courseId"] });
    expect(await refused(learner, await t.course({ status: "DRAFT" }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(learner, await t.course({ opensIn: "1 minute" }))).toMatchObject({ code: "ENROLLMENT_CLOSED" });
    expect(await refused(learner, await t.course({ closesIn: "-1 second" }))).toMatchObject({ code: "ENROLLMENT_CLOSED" });
    expect(await refused(learner, await t.course({ mentorId: learner }))).toMatchObject({ code: "INVALID" });
    expect(await refused(await t.user({ active: false }), await t.course())).toMatchObject({ code: "ACCOUNT_INACTIVE", field: null });
    expect(await t.db.sql("select from course_enrollment where learner_id = $1", [learner])).toHaveLength(0);
    expect(await t.enroll(learner, await t.course({ opensIn: "-1 minute", closesIn: "1 minute" }), "a key that is not used up")).toBeDefined();
  });

  test("twenty calls of one learner at once make one enrollment", async () => {
    const learner = await t.user();
    const courseId = await t.course();
    const outcomes = (await Promise.allSettled(times(20).map(() => t.enroll(learner, courseId)))).map(codeOf);
    expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "ALREADY_ENROLLED")).toHaveLength(19);
  });

  test("twenty calls with one key at once are one call", async () => {
    const learner = await t.user();
    const courseId = await t.course();
    const before = t.published.length;
    const ids = await Promise.all(times(20).map(() => t.enroll(learner, courseId, "the same key")));
    expect(new Set(ids).size).toBe(1);
    expect(t.published).toHaveLength(before + 1);
  });

  test("a key used for another course is a mismatch, and one of another learner is another key", async () => {
    const [one = "", other = ""] = await t.users(2);
    const courseId = await t.course();
    await t.enroll(one, courseId, "one key for two");
    await expect(t.enroll(one, await t.course(), "one key for two")).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_MISMATCH" });
    expect(await t.enroll(other, courseId, "one key for two")).toBeDefined();
  });

  test.each(["short", "x".repeat(129), "null\0in the middle"])("the key %j is refused", async (key) => {
    await expect(t.enroll(newId(), newId(), key)).rejects.toMatchObject({ code: "INVALID", field: ["idempotencyKey"] });
  });
});

describe("claiming seats", () => {
  test("never gives out more seats than there are, whatever the batches and repetitions", async () => {
    const courseId = await t.course({ capacity: 10 });
    const ids = await Promise.all((await t.users(60)).map((learner) => t.enroll(learner, courseId)));
    const batches = [
      ...times(10).map((index) => ids.slice(index * 6, index * 6 + 6)),
      ids.slice(0, 30).toReversed(),
      [...ids.slice(20, 25), ...ids.slice(20, 25)],
      ids,
    ];
    const replies = (await Promise.all(batches.map((batch) => t.deliver("CheckCourseCapacityCommand", batch)))).flat();
    const answers = Map.groupBy(replies, (reply) => reply.payload["enrollmentId"]);
    const winners = [...answers.values()].filter((group) => group.some((reply) => reply.payload["hasCapacity"] === true));
    expect(winners).toHaveLength(10);
    // One enrollment may be asked about several times; the answers never contradict each other.
    expect([...answers.values()].every((group) => new Set(group.map((reply) => reply.payload["hasCapacity"])).size === 1)).toBe(true);
    expect(await t.seats(courseId)).toEqual({ taken: 10, held: 10 });
  });

  test("serves a batch in its order, whatever the order of asking", async () => {
    const courseId = await t.course({ capacity: 2 });
    const ids: string[] = [];
    for (const learner of await t.users(4)) ids.push(await t.enroll(learner, courseId));
    const replies = await t.deliver("CheckCourseCapacityCommand", ids.toReversed());
    expect(replies.map((reply) => [reply.payload["hasCapacity"], reply.payload["seatsLeft"], reply.payload["capacity"]])).toEqual([
      [true, 1, 2],
      [true, 0, 2],
      [false, 0, 2],
      [false, 0, 2],
    ]);
  });

  test("courses in opposite orders do not deadlock", async () => {
    const courses = await Promise.all(times(4).map(() => t.course({ capacity: 20 })));
    const learners = await t.users(12);
    const ids = await Promise.all(learners.flatMap((learner) => courses.map((courseId) => t.enroll(learner, courseId))));
    const forwards = ids.filter((_, index) => index % 2 === 0);
    const backwards = ids.filter((_, index) => index % 2 === 1).toReversed();
    await Promise.all(
      times(3).flatMap((index) => [
        t.deliver("CheckCourseCapacityCommand", forwards.slice(index * 8, index * 8 + 8)),
        t.deliver("CheckCourseCapacityCommand", backwards.slice(index * 8, index * 8 + 8)),
      ]),
    );
    for (const courseId of courses) expect(await t.seats(courseId)).toEqual({ taken: 12, held: 12 });
  });

  test("who holds a seat keeps it and takes no second one; who has ended gets none", async () => {
    const courseId = await t.course({ capacity: 5 });
    const [held = "", ended = ""] = await Promise.all((await t.users(2)).map((learner) => t.enroll(learner, courseId)));
    await t.db.sql("update course_enrollment set status = 'FAILED' where id = $1", [ended]);
    for (const seatsLeft of [4, 4]) {
      const replies = await t.deliver("CheckCourseCapacityCommand", [ended, held]);
      expect(replies.map((reply) => reply.payload["hasCapacity"])).toEqual([false, true]);
      expect(replies[1]?.payload["seatsLeft"]).toBe(seatsLeft);
    }
    expect(await t.seats(courseId)).toEqual({ taken: 1, held: 1 });
  });

  test("a course without limit always has a seat and names no number", async () => {
    const enrollmentId = await t.enroll(await t.user(), await t.course());
    const [reply] = await t.deliver("CheckCourseCapacityCommand", [enrollmentId]);
    expect(reply?.payload).toEqual({ enrollmentId, hasCapacity: true });
  });

  test("a seat is given back once, however often and at once that is asked for", async () => {
    const courseId = await t.course({ capacity: 5 });
    const ids = await Promise.all((await t.users(4)).map((learner) => t.enroll(learner, courseId)));
    await t.deliver("CheckCourseCapacityCommand", ids);
    await Promise.all(times(4).map(() => t.deliver("ReleaseSeatCommand", ids.slice(0, 3))));
    expect(await t.seats(courseId)).toEqual({ taken: 1, held: 1 });
  });

  test("a command for an enrollment that does not exist is our own fault", async () => {
    await expect(t.deliver("CheckCourseCapacityCommand", [newId()])).rejects.toMatchObject({ name: "Defect" });
  });
});

describe("from the seat to access", () => {
  const seated = async (over: Parameters<DomainTest["course"]>[0] = {}): Promise<{ enrollmentId: string; courseId: string; learner: string }> => {
    const learner = await t.user();
    const courseId = await t.course({ capacity: 3, ...over });
    const enrollmentId = await t.enroll(learner, courseId);
    await t.deliver("CheckCourseCapacityCommand", [enrollmentId]);
    return { enrollmentId, courseId, learner };
  };

  test("a second confirmation and a second grant answer like the first", async () => {
    const { enrollmentId } = await seated();
    const [first] = await t.deliver("ConfirmEnrollmentCommand", [enrollmentId]);
    const [again] = await t.deliver("ConfirmEnrollmentCommand", [enrollmentId]);
    expect(first).toMatchObject({ contract: { name: "EnrollmentConfirmedEvent" }, payload: { confirmedAt: expect.any(Date) as unknown } });
    expect(again?.payload).toEqual(first?.payload);
    const [grant] = await t.deliver("GrantCourseAccessCommand", [enrollmentId]);
    const [grantAgain] = await t.deliver("GrantCourseAccessCommand", [enrollmentId]);
    expect(grantAgain?.payload).toEqual(grant?.payload);
    expect(await t.row(enrollmentId)).toMatchObject({ access_grant_id: grant?.payload["grantId"] });
  });

  test("a batch refuses only those whose course or account has changed meanwhile", async () => {
    const [fine, closed, archived, inactive] = [await seated(), await seated({ closesIn: "1 hour" }), await seated(), await seated()];
    await t.db.sql("update course set enrollment_closes_at = now() - interval '1 minute' where id = $1", [closed.courseId]);
    await t.db.sql("update course set status = 'ARCHIVED' where id = $1", [archived.courseId]);
    await t.db.sql("update app_user set active = false where id = $1", [inactive.learner]);
    const all = [fine, closed, archived, inactive].map((one) => one.enrollmentId);
    const names = async (command: string): Promise<string[]> => (await t.deliver(command, all)).map((reply) => (reply.contract as { name: string }).name);
    expect(await names("ConfirmEnrollmentCommand")).toEqual([
      "EnrollmentConfirmedEvent",
      "EnrollmentRefusedEvent",
      "EnrollmentRefusedEvent",
      "EnrollmentRefusedEvent",
    ]);
    expect(await names("GrantCourseAccessCommand")).toEqual([
      "CourseAccessGrantedEvent",
      "CourseAccessGrantedEvent",
      "CourseAccessRefusedEvent",
      "CourseAccessRefusedEvent",
    ]);
  });

  test("a repeated attempt at the welcome mail finds the first one and sends nothing", async () => {
    const { enrollmentId } = await seated({ title: "Parsers\r\nBcc: everybody@demo.example" });
    const [runId, before] = [newId(), t.mails.length];
    const [first] = await t.deliver("SendWelcomeEmailCommand", [enrollmentId], runId);
    const [again] = await t.deliver("SendWelcomeEmailCommand", [enrollmentId], runId);
    expect(t.mails).toHaveLength(before + 1);
    expect(again?.payload).toEqual(first?.payload);
    expect(t.mails.at(-1)?.subject).toBe("Welcome to Parsers Bcc: everybody@demo.example");
    expect(t.mails.at(-1)?.messageId).toContain(runId);
  });

  test("everything is undone twice without harm, and the learner is told once", async () => {
    const { enrollmentId, courseId } = await seated();
    await t.deliver("ConfirmEnrollmentCommand", [enrollmentId]);
    await t.db.sql("update course_enrollment set status = 'CONFIRMED' where id = $1", [enrollmentId]);
    await t.deliver("SendWelcomeEmailCommand", [enrollmentId]);
    await t.deliver("GrantCourseAccessCommand", [enrollmentId]);
    const before = t.mails.length;
    const undo = ["RevokeCourseAccessCommand", "WithdrawWelcomeEmailCommand", "CancelEnrollmentCommand", "ReleaseSeatCommand"];
    for (const command of [...undo, ...undo]) await t.deliver(command, [enrollmentId]);
    expect(await t.row(enrollmentId)).toMatchObject({
      status: "PENDING",
      seat_held: false,
      confirmed_at: null,
      access_granted_at: null,
      access_grant_id: null,
    });
    expect(await t.seats(courseId)).toEqual({ taken: 0, held: 0 });
    expect(t.mails.slice(before).map((mail) => mail.subject)).toEqual([expect.stringContaining("was cancelled")]);
    expect(await t.db.sql("select template, state from mail_message where about_id = $1 order by sent_at", [enrollmentId])).toEqual([
      { template: "COURSE_WELCOME", state: "WITHDRAWN" },
      { template: "COURSE_WELCOME_WITHDRAWN", state: "SENT" },
    ]);
  });

  test("undoing what was never done changes nothing and sends nothing", async () => {
    const enrollmentId = await t.enroll(await t.user(), await t.course());
    const before = [await t.row(enrollmentId), t.mails.length];
    for (const command of ["RevokeCourseAccessCommand", "WithdrawWelcomeEmailCommand", "CancelEnrollmentCommand", "ReleaseSeatCommand"])
      await t.deliver(command, [enrollmentId]);
    expect([await t.row(enrollmentId), t.mails.length]).toEqual(before);
  });
});

describe("cancelling", () => {
  afterEach(() => {
    t.fate = "started";
  });
  const learnerOf = (id: string): Actor => ({ id, roles: ["LEARNER"] });
  const cancel = async (enrollmentId: string, actor: Actor, note: string | null = null): Promise<string> =>
    t.db.transaction(async (em) => (await cancelEnrollment(em, { enrollmentId, actor, note, idempotencyKey: null })).enrollmentId);
  const active = async (): Promise<{ enrollmentId: string; courseId: string; learner: string }> => {
    const learner = await t.user();
    const courseId = await t.course({ capacity: 2 });
    const enrollmentId = await t.enroll(learner, courseId);
    await t.deliver("CheckCourseCapacityCommand", [enrollmentId]);
    await t.deliver("GrantCourseAccessCommand", [enrollmentId]);
    await t.db.sql("update course_enrollment set status = 'ACTIVE' where id = $1", [enrollmentId]);
    return { enrollmentId, courseId, learner };
  };

  test("somebody else's enrollment does not exist; an administrator's word counts", async () => {
    const learner = await t.user();
    const enrollmentId = await t.enroll(learner, await t.course());
    t.fate = "applied";
    await expect(cancel(enrollmentId, learnerOf(newId()))).rejects.toMatchObject({ code: "NOT_FOUND", field: ["id"] });
    await expect(cancel("no id", learnerOf(learner))).rejects.toMatchObject({ code: "NOT_FOUND", field: ["id"] });
    const admin = await t.user({ roles: ["LEARNER", "ADMIN"] });
    await cancel(enrollmentId, { id: admin, roles: ["LEARNER", "ADMIN"] });
    expect(t.published.at(-1)).toMatchObject({ contract: { name: "EnrollmentCancellationRequestedEvent" }, payload: { enrollmentId, byUserId: admin } });
  });

  test("one that is still being worked on is left to its process", async () => {
    const { enrollmentId, learner } = await active();
    const before = await t.row(enrollmentId);
    for (const fate of ["applied", "already-undoing"] as const) {
      t.fate = fate;
      await cancel(enrollmentId, learnerOf(learner));
    }
    expect(await t.row(enrollmentId)).toEqual(before);
  });

  test("an ACTIVE one gives back seat and access, once", async () => {
    const { enrollmentId, courseId, learner } = await active();
    t.fate = "refused";
    await Promise.all(times(4).map(() => cancel(enrollmentId, learnerOf(learner), " Moved away. ")));
    expect(await t.row(enrollmentId)).toMatchObject({
      status: "CANCELLED",
      seat_held: false,
      access_granted_at: null,
      access_grant_id: null,
      failure_code: "CANCELLED_BY_USER",
      failure_message: "Moved away.",
      failure_at: expect.any(Date) as unknown,
    });
    expect(await t.seats(courseId)).toEqual({ taken: 0, held: 0 });
    expect(await t.enroll(learner, courseId)).not.toBe(enrollmentId);
  });

  test("an enrollment without a process of its own is our own fault", async () => {
    const { enrollmentId, learner } = await active();
    t.fate = "orphan";
    await expect(cancel(enrollmentId, learnerOf(learner))).rejects.toMatchObject({ name: "Defect" });
    expect(await t.row(enrollmentId)).toMatchObject({ status: "ACTIVE" });
  });

  test("a note has at most 500 characters", async () => {
    await expect(cancel(newId(), learnerOf(newId()), "x".repeat(501))).rejects.toMatchObject({ code: "INVALID", field: ["note"] });
  });
});

describe("reading", () => {
  test("pages through a course's enrollments without a gap or a repetition, newest first", async () => {
    const courseId = await t.course();
    const ids: string[] = [];
    for (const learner of await t.users(7)) ids.push(await t.enroll(learner, courseId));
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const [page] = await listEnrollmentsInCourses(t.em, [{ ownerId: courseId, first: 3, after }]);
      seen.push(...(page?.cursors ?? []));
      after = seen.at(-1) ?? null;
      more = page?.hasNextPage ?? false;
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test("answers several lists by one statement, each in its place", async () => {
    const [one = "", other = ""] = await t.users(2);
    const [courseId, second] = [await t.course(), await t.course()];
    await t.enroll(one, courseId);
    const newest = await t.enroll(one, second);
    await t.db.sql("update course_enrollment set status = 'FAILED' where id = $1", [newest]);
    const pages = await listEnrollmentsOfLearners(t.em, [
      { ownerId: one, first: 1, after: null },
      { ownerId: other, first: 1, after: null },
      { ownerId: one, first: 5, after: null, status: ["PENDING", "ACTIVE"] },
    ]);
    expect(pages.map((page) => [page.nodes.map((node) => node.status), page.hasNextPage])).toEqual([
      [["FAILED"], true],
      [[], false],
      [["PENDING"], false],
    ]);
    expect(pages[0]?.nodes[0]?.enrolledAt).toBeInstanceOf(Date);
  });

  test("the latest enrollment is the last try, per course", async () => {
    const learner = await t.user();
    const courseId = await t.course();
    const failed = await t.enroll(learner, courseId);
    await t.db.sql("update course_enrollment set status = 'FAILED' where id = $1", [failed]);
    const again = await t.enroll(learner, courseId);
    const latest = await findLatestEnrollments(t.em, learner, [courseId, courseId, newId()]);
    expect([...latest].map(([id, enrollment]) => [id, enrollment.id])).toEqual([[courseId, again]]);
    expect((await findEnrollments(t.em, [failed, again, "no id"])).size).toBe(2);
  });

  test("a cursor of something else is refused", async () => {
    await expect(listEnrollmentsInCourses(t.em, [{ ownerId: newId(), first: 1, after: "7" }])).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });
});
