import { waitFor } from "../support/wait.ts";
import {
  AnswerProposalDocument,
  BookSessionDocument,
  CancelSessionDocument,
  EnrollDocument,
  NotificationsDocument,
  ProposeSlotDocument,
  PublishSlotsDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  ShowEnrollmentDocument,
  ShowSessionDocument,
  SignInDocument,
  UpdateUserDocument,
  WatchSagaDocument,
} from "./generated/graphql.ts";
import { Journey, newKey, numbers, path, upTo, type Person, type SagaEvent } from "./support.ts";

// J7: clocks change, people change their minds, and the power fails.

let journey: Journey;
let mentor: Person;
let courseId: string;
beforeAll(async () => {
  journey = await Journey.start();
  ({ mentor, courseId } = await journey.mentor("Fi Tavgor"));
});
afterEach(() => journey.breakMail("none", 1));
afterAll(() => journey.end());

async function book(who: Person, scheduleId: string, over: { courseId?: string } = {}): Promise<{ sessionId: string; sagaId: string }> {
  const input = { scheduleId, courseId, type: "VIRTUAL" as const, ...over };
  const { bookMentoringSession } = await journey.run(BookSessionDocument, { input, key: newKey() }, who);
  return { sessionId: bookMentoringSession.mentoringSession?.id ?? "", sagaId: bookMentoringSession.saga?.id ?? "" };
}
async function scheduled(who: Person, scheduleId: string, over: { courseId?: string } = {}): Promise<{ sessionId: string; sagaId: string }> {
  const booked = await book(who, scheduleId, over);
  await journey.follow(booked.sagaId, who, ({ saga }) => saga.settled);
  return booked;
}
const show = async (id: string, who: Person) => (await journey.run(ShowSessionDocument, { id }, who)).mentoringSession;
const notices = async (who: Person) => (await journey.run(NotificationsDocument, {}, who)).viewer.notifications?.nodes.map(({ message }) => message) ?? [];

/** The next second Sunday of March, on which New York puts its clocks forward. */
function clockChange(): Temporal.PlainDate {
  const today = Temporal.Now.plainDateISO("America/New_York");
  const of = (year: number) => Temporal.PlainDate.from({ year, month: 3, day: 14 - (Temporal.PlainDate.from({ year, month: 3, day: 7 }).dayOfWeek % 7) });
  return Temporal.PlainDate.compare(of(today.year), today.add({ days: 8 })) > 0 ? of(today.year) : of(today.year + 1);
}

test("the half hour that a clock change skips is named with its block, and 09:00 every week stays 09:00", async () => {
  const change = clockChange();
  const sunday = { date: change.toString(), start: "02:30", end: "04:00" };
  const monday = { date: change.subtract({ days: 6 }).toString(), start: "09:00", end: "10:00" };
  const input = { timeZone: "America/New_York", blocks: [monday, sunday], repeatWeeks: 2 };
  expect(await journey.refusal(PublishSlotsDocument, { input, key: newKey() }, mentor)).toEqual([
    {
      code: "TIME_SKIPPED_BY_CLOCK_CHANGE",
      message: `On ${sunday.date} there is no 02:30 in America/New_York: the clocks are put forward over it.`,
      field: ["input", "blocks", "1", "start"],
    },
  ]);
  const { publishSchedule } = await journey.run(PublishSlotsDocument, { input: { ...input, blocks: [monday] }, key: newKey() }, mentor);
  const starts = publishSchedule.schedules?.map(({ startTime }) => Temporal.Instant.from(startTime).toZonedDateTimeISO("America/New_York"));
  expect(starts?.map((start) => `${start.hour}:${start.minute} ${start.offset}`)).toEqual(["9:0 -05:00", "9:0 -04:00", "9:0 -04:00"]);
});

test("a mentor proposes another time, the learner declines, and both slots are open again", async () => {
  const who = await journey.somebody();
  const [first = "", second = ""] = await journey.slots(mentor, { days: 3, count: 2 });
  const { sessionId, sagaId } = await scheduled(who, first);
  const { rescheduleMentoringSession } = await journey.run(ProposeSlotDocument, { id: sessionId, scheduleId: second, note: "I travel." }, mentor);
  expect(rescheduleMentoringSession).toMatchObject({
    mentoringSession: { status: "RESCHEDULING", proposalNote: "I travel." },
    saga: { state: "SessionScheduled" },
  });
  expect((await journey.mail(who.email, "Another time proposed")).text).toContain("I travel.");
  for (const slot of [first, second])
    expect(
      await journey.refusal(BookSessionDocument, { input: { scheduleId: slot, courseId, type: "VIRTUAL" }, key: newKey() }, await journey.somebody()),
    ).toMatchObject([{ code: "SLOT_TAKEN" }]);

  await journey.run(AnswerProposalDocument, { id: sessionId, accept: false }, who);
  await journey.follow(sagaId, who);
  expect(await show(sessionId, who)).toMatchObject({
    status: "CANCELLED",
    failure: { code: "RESCHEDULE_DECLINED", message: "The learner did not accept the other time." },
    saga: { state: "SessionCancelled", status: "CANCELLED" },
  });
  expect((await journey.mail(mentor.email, "Cancelled: Mentoring session")).calendar).toContain("METHOD:CANCEL");
  for (const slot of [first, second]) await scheduled(await journey.somebody(), slot);
});

test("a learner cancels while the mails are still to come: nobody is invited any more, and the slot is open at once", async () => {
  const [who, next] = [await journey.somebody(), await journey.somebody()];
  const [slot = ""] = await journey.slots(mentor, { days: 4 });
  await journey.breakMail("refuse", 60);
  const { sessionId, sagaId } = await book(who, slot);
  await journey.follow(sagaId, who, ({ saga }) => saga.state === "SendingNotifications" && saga.status === "RETRYING");
  await journey.run(CancelSessionDocument, { id: sessionId, note: "I am ill." }, who);
  const { sagaId: nextSaga } = await book(next, slot);
  await journey.breakMail("none", 1);
  const events = await journey.follow(sagaId, who);
  expect(path(events).at(-1)).toMatch(/→ SessionCancelled CANCELLED$/);
  expect(await show(sessionId, mentor)).toMatchObject({
    status: "CANCELLED",
    failure: { code: "CANCELLED_BY_USER", message: "The session was cancelled by the learner: I am ill." },
  });
  await journey.follow(nextSaga, next, ({ saga }) => saga.settled);
  expect(await notices(mentor)).toContainEqual(expect.stringContaining("I am ill."));
  expect((await journey.mails(who.email)).filter(({ calendar }) => calendar?.includes("METHOD:REQUEST"))).toEqual([]);
});

test("a mentor who is switched off takes three coming sessions along; the learners are told why", async () => {
  const { mentor: leaving, courseId } = await journey.mentor("Wen Orsha");
  const slots = await journey.slots(leaving, { days: 5, count: 3 });
  const learners = await journey.crowd(3);
  const sessions = await Promise.all(learners.map(async (who, index) => ({ who, ...(await scheduled(who, slots[index] ?? "", { courseId })) })));
  await journey.run(UpdateUserDocument, { id: leaving.id, active: false }, await journey.admin());
  for (const { who, sessionId, sagaId } of sessions) {
    await journey.follow(sagaId, who);
    expect(await show(sessionId, who)).toMatchObject({ status: "CANCELLED", failure: { code: "CANCELLED_BY_USER" } });
    expect((await journey.mail(who.email, "Cancelled: Mentoring session with Wen Orsha")).text).toContain("The account of a party was switched off.");
  }
  expect(await journey.refusal(SignInDocument, { email: leaving.email, password: "correct horse battery" }, null)).toMatchObject([
    { code: "ACCOUNT_INACTIVE" },
  ]);
});

test("a password that is reset ends every socket of the account with 4403, and the old password with it", async () => {
  const who = await journey.newcomer("Ro Mandel");
  const [slot = ""] = await journey.slots(mentor, { days: 6 });
  const { sessionId, sagaId } = await scheduled(who, slot);
  const closed = Promise.withResolvers<unknown>();
  const socket = journey.socket(who, { closed: (event) => closed.resolve(event) });
  const watching = (async () => {
    for await (const push of socket.iterate({ query: String(WatchSagaDocument), variables: { saga: sagaId, after: 0 } })) expect(push.errors).toBeUndefined();
  })().catch(() => undefined);
  await journey.run(RequestPasswordResetDocument, { email: who.email });
  const token = /reset-password#(\S+)/.exec((await journey.mail(who.email, "Choose a new password")).text)?.[1] ?? "";
  await journey.run(ResetPasswordDocument, { token, newPassword: "another horse entirely" });
  expect(await closed.promise).toMatchObject({ code: 4403 });
  await watching;
  expect(await journey.ask(ShowSessionDocument, { id: sessionId }, who)).toMatchObject({
    status: 401,
    errors: [{ message: expect.stringMatching(/^The access token is not valid, or not any more/) as string, extensions: { code: "UNAUTHENTICATED" } }],
  });
  expect(await journey.refusal(SignInDocument, { email: who.email, password: "correct horse battery" }, null)).toMatchObject([{ code: "WRONG_CREDENTIALS" }]);
  const back = await journey.signIn(who.email, "another horse entirely");
  expect(path(await journey.follow(sagaId, back, ({ saga }) => saga.settled))).toHaveLength(3);
});

test("killed in the middle and started again, everything that was under way comes to its end, and whoever watched goes on with the next number", async () => {
  const people = await journey.crowd(6);
  const slots = await journey.slots(mentor, { days: 7, count: 3 });
  await journey.breakMail("refuse", 600);
  const started = await Promise.all(
    people.map(async (who, index) => {
      if (index < 3) return { who, ...(await book(who, slots[index] ?? "")) };
      const { enrollInCourse } = await journey.run(EnrollDocument, { course: courseId, key: newKey() }, who);
      return { who, enrollmentId: enrollInCourse.courseEnrollment?.id ?? "", sagaId: enrollInCourse.saga?.id ?? "" };
    }),
  );
  const first = started[0] as { who: Person; sagaId: string };
  const seen: SagaEvent[] = await journey.follow(first.sagaId, first.who, ({ saga }) => saga.status === "RETRYING");
  await journey.kill();
  await journey.startAgain();

  const all = [...seen, ...(await journey.follow(first.sagaId, first.who, ({ saga }) => saga.settled && saga.status === "WAITING", seen.length))];
  expect(numbers(all)).toEqual(upTo(all.length));
  for (const one of started) {
    await journey.follow(one.sagaId, one.who, ({ saga }) => saga.settled && saga.status === "WAITING");
    if ("sessionId" in one) expect(await show(one.sessionId, one.who)).toMatchObject({ status: "SCHEDULED" });
    else expect((await journey.run(ShowEnrollmentDocument, { id: one.enrollmentId }, one.who)).courseEnrollment).toMatchObject({ status: "ACTIVE" });
    await waitFor(async () => (await journey.mails(one.who.email)).length === 1, { describe: async () => ["one mail", await journey.mails(one.who.email)] });
  }
});
