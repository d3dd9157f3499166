import { waitFor } from "../support/wait.ts";
import {
  BookSessionDocument,
  NotificationsDocument,
  PauseQueueDocument,
  ResumeQueueDocument,
  ShowSessionDocument,
  UpdateUserDocument,
  WithdrawSlotDocument,
} from "./generated/graphql.ts";
import { Journey, newKey, type Person } from "./support.ts";

// J2: the slot is taken, and the other reasons for which a booking comes to nothing.

let journey: Journey;
let mentor: Person;
let courseId: string;
let learners: Person[];
beforeAll(async () => {
  journey = await Journey.start();
  ({ mentor, courseId } = await journey.mentor("Fi Tavgor"));
  learners = await journey.crowd(64);
});
afterAll(() => journey.end());

const learner = (): Person => learners.shift() as Person;
const input = (scheduleId: string, over: { courseId?: string } = {}) => ({ scheduleId, courseId, type: "VIRTUAL" as const, note: "Me.", ...over });
const refused = async (who: Person, scheduleId: string, over: { courseId?: string } = {}) =>
  journey.refusal(BookSessionDocument, { input: input(scheduleId, over), key: newKey() }, who);
async function book(who: Person, scheduleId: string, over: { courseId?: string } = {}): Promise<{ sessionId: string; sagaId: string }> {
  const { bookMentoringSession } = await journey.run(BookSessionDocument, { input: input(scheduleId, over), key: newKey() }, who);
  return { sessionId: bookMentoringSession.mentoringSession?.id ?? "", sagaId: bookMentoringSession.saga?.id ?? "" };
}
const show = async (id: string, who: Person) => (await journey.run(ShowSessionDocument, { id }, who)).mentoringSession;
const scheduleField = ["input", "scheduleId"];

test("of 64 learners who press Book at once, one has the slot, and 63 are told so in the same round trip", async () => {
  const [slot = ""] = await journey.slots(mentor, { days: 3 });
  const answers = await Promise.all(learners.map((who) => journey.ask(BookSessionDocument, { input: input(slot), key: newKey() }, who)));
  const results = answers.map(({ data }) => data.bookMentoringSession);
  const won = results.filter((result) => result?.mentoringSession != null);
  // With so many at once, the booking may be checked before the answer is written.
  expect(won).toMatchObject([{ mentoringSession: { status: expect.stringMatching(/^(PENDING|SCHEDULED)$/) as string }, userErrors: [] }]);
  const lost = results.filter((result) => result?.mentoringSession == null);
  expect(lost).toEqual(
    Array.from({ length: 63 }, () => ({
      mentoringSession: null,
      saga: null,
      userErrors: [{ code: "SLOT_TAKEN", message: "Somebody else booked this slot a moment ago.", field: scheduleField }],
    })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 64 }, () => 200));
  expect(await journey.sql("select count(*)::int as n from mentoring_session where schedule_id = $1", [slot])).toEqual([{ n: 1 }]);
  learners = learners.filter((_, index) => results[index]?.mentoringSession == null);
});

test("what can be known at once is said at once, each reason at its field", async () => {
  const who = learner();
  const { mentor: otherMentor, courseId: otherCourse } = await journey.mentor("Ilmo Sarkad");
  const [mine = "", gone = ""] = await journey.slots(mentor, { days: 4, count: 2 });
  const [sameHour = ""] = await journey.slots(otherMentor, { days: 4 });
  await book(who, mine);
  expect(await refused(who, sameHour, { courseId: otherCourse })).toEqual([
    { code: "LEARNER_BUSY", message: "You have another session at this time.", field: scheduleField },
  ]);
  await journey.run(WithdrawSlotDocument, { id: gone }, mentor);
  expect(await refused(who, gone)).toEqual([{ code: "SLOT_WITHDRAWN", message: "The mentor took the slot back.", field: scheduleField }]);
  await journey.offer(otherMentor, { minNoticeHours: 300 });
  expect(await refused(who, sameHour)).toEqual([
    { code: "TOO_SHORT_NOTICE", message: "The mentor wants to know 300 hours before the session begins.", field: scheduleField },
    { code: "COURSE_OF_ANOTHER_MENTOR", message: "The course is another mentor's.", field: ["input", "courseId"] },
  ]);
  expect(await refused(mentor, mine)).toEqual([{ code: "INVALID", message: "Nobody books an own slot.", field: scheduleField }]);
  expect(await refused(who, newKey())).toEqual([{ code: "NOT_FOUND", message: "There is no such slot.", field: scheduleField }]);
});

test("what only the check of the booking finds out ends the session with its reason, tells the learner, and opens the slot again", async () => {
  const who = learner();
  const seven = await journey.slots(mentor, { days: 5, hour: 8, count: 7 });
  for (const slot of seven.slice(0, 5)) await journey.follow((await book(who, slot)).sagaId, who, ({ saga }) => saga.settled);
  const sixth = await book(who, seven[5] ?? "");
  await journey.follow(sixth.sagaId, who);
  const message = "You have 5 sessions before you; book another one after the next has taken place.";
  expect(await show(sixth.sessionId, who)).toMatchObject({
    status: "CANCELLED",
    failure: { code: "OPEN_SESSION_LIMIT", message },
    saga: { state: "SessionCancelled", status: "FAILED" },
  });
  // The notice follows the end.
  await waitFor(async () => {
    const { viewer } = await journey.run(NotificationsDocument, {}, who);
    return viewer.notifications?.nodes.some((note) => note.saga?.id === sixth.sagaId && note.message.includes(message)) === true;
  });
  await book(learner(), seven[5] ?? "");

  await journey.offer(mentor, { maxSessionsPerWeek: 1 });
  const other = learner();
  const full = await book(other, seven[6] ?? "");
  const asked = performance.now();
  await waitFor(async () => (await journey.sql("select from slot_claim where session_id = $1 and released_at is null", [full.sessionId])).length === 0);
  expect(performance.now() - asked).toBeLessThan(1_000);
  await journey.follow(full.sagaId, other);
  expect(await show(full.sessionId, other)).toMatchObject({
    failure: { code: "MENTOR_WEEK_FULL", message: "The mentor takes no more sessions in that week." },
  });
});

test("a mentor who ceases to be one before the booking is checked is unavailable", async () => {
  const [operator, who] = [await journey.madeUp("operator"), learner()];
  const { mentor: leaving, courseId } = await journey.mentor("Wen Orsha");
  const [slot = "", later = ""] = await journey.slots(leaving, { days: 6, count: 2 });
  await journey.run(PauseQueueDocument, { name: "validate-schedule", note: "a moment, please" }, operator);
  const { sessionId, sagaId } = await book(who, slot, { courseId });
  await journey.run(UpdateUserDocument, { id: leaving.id, roles: ["LEARNER"] }, await journey.admin());
  await journey.run(ResumeQueueDocument, { name: "validate-schedule" }, operator);
  await journey.follow(sagaId, who);
  const failure = { code: "MENTOR_UNAVAILABLE", message: "The mentor takes no sessions now." };
  expect(await show(sessionId, who)).toMatchObject({ status: "CANCELLED", failure });
  expect(await refused(who, later, { courseId })).toEqual([{ ...failure, field: scheduleField }]);
});
