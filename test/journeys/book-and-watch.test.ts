import { BookSessionDocument, FindMentorDocument, PollSagaDocument, ShowSessionDocument, WatchSagaDocument } from "./generated/graphql.ts";
import { Journey, newKey, numbers, path, upTo, type Person, type SagaEvent } from "./support.ts";
import { waitFor } from "../support/wait.ts";

// J1: a learner books a session and watches it happen.

let journey: Journey;
let learner: Person;
let mentor: Person;
let courseId: string;
let free: string[];
beforeAll(async () => {
  journey = await Journey.start();
  learner = await journey.newcomer("Ro Mandel");
  ({ mentor, courseId } = await journey.mentor("Fi Tavgor"));
  free = await journey.slots(mentor, { days: 3, count: 4 });
});
afterAll(() => journey.end());

const nextSlot = (): string => free.shift() ?? "";
const book = async (scheduleId: string, key: string = newKey()) => {
  const input = { scheduleId, courseId, type: "VIRTUAL" as const, note: "Indexes, please." };
  const { bookMentoringSession } = await journey.run(BookSessionDocument, { input, key }, learner);
  return { sessionId: bookMentoringSession.mentoringSession?.id ?? "", sagaId: bookMentoringSession.saga?.id ?? "", answer: bookMentoringSession };
};
const booked = [
  "SessionCreated → ValidatingSchedule RUNNING",
  "ValidatingSchedule → SendingNotifications RUNNING",
  "SendingNotifications → SessionScheduled WAITING",
];

test("a mentor is found by words and a free hour, and booking that hour leads to a session that both have in their calendars", async () => {
  const window = {
    from: new Date().toISOString(),
    to: Temporal.Now.instant()
      .add({ hours: 7 * 24 })
      .toString(),
  };
  const { mentors } = await journey.run(FindMentorDocument, { text: "databases", ...window }, learner);
  expect(mentors.nodes).toMatchObject([{ id: mentor.id, mentorProfile: { headline: "Databases", courses: { nodes: [{ id: courseId }] } } }]);
  const slot = mentors.nodes[0]?.mentorProfile?.schedules[0]?.id ?? "";
  expect(slot).toBe(nextSlot());

  const { sessionId, sagaId, answer } = await book(slot);
  expect(answer).toMatchObject({
    mentoringSession: { status: "PENDING", mentor: { fullName: "Fi Tavgor" } },
    saga: { state: "ValidatingSchedule", status: "RUNNING", settled: false, sequence: 1 },
  });
  expect(answer.saga?.steps.map(({ state }) => state)).toEqual(["SessionCreated", "ValidatingSchedule", "SendingNotifications", "SessionScheduled"]);
  const events = await journey.follow(sagaId, learner, ({ saga }) => saga.settled);
  expect(path(events)).toEqual(booked);

  const { mentoringSession } = await journey.run(ShowSessionDocument, { id: sessionId }, mentor);
  expect(mentoringSession).toMatchObject({ status: "SCHEDULED", meetingUrl: `https://meet.example/${sessionId}`, schedule: { open: false } });
  for (const { email } of [learner, mentor]) {
    const { text, calendar } = await journey.mail(email, "Mentoring session with");
    expect(text).toContain("What it is to be about: Indexes, please.");
    expect(calendar).toMatch(new RegExp(`METHOD:REQUEST[^]*UID:${sessionId}@`));
    expect(calendar?.replaceAll("\r\n ", "")).toContain(`ATTENDEE;ROLE=REQ-PARTICIPANT;`);
    expect(calendar?.replaceAll("\r\n ", "")).toContain(email);
  }
  const again = await journey.run(FindMentorDocument, { text: "databases", ...window }, learner);
  expect(again.mentors.nodes[0]?.mentorProfile?.schedules.map(({ id }) => id)).toEqual(free);
});

test("the same key again answers with the same session and sends nothing twice; with another slot it is a mismatch", async () => {
  const [slot, key] = [nextSlot(), newKey()];
  const first = await book(slot, key);
  await journey.follow(first.sagaId, learner, ({ saga }) => saga.settled);
  const before = await journey.mails(learner.email);
  const again = await book(slot, key);
  expect([again.sessionId, again.sagaId]).toEqual([first.sessionId, first.sagaId]);
  expect(again.answer).toMatchObject({ mentoringSession: { status: "SCHEDULED" }, saga: { settled: true, sequence: 3 } });
  const { errors, data } = await journey.ask(BookSessionDocument, { input: { scheduleId: nextSlot(), courseId, type: "VIRTUAL" }, key }, learner);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["IDEMPOTENCY_KEY_MISMATCH"]);
  expect(data).toEqual({ bookMentoringSession: null });
  expect((await journey.mails(learner.email)).map(({ id, copies }) => [id, copies])).toEqual(before.map(({ id, copies }) => [id, copies]));
});

test("whoever loses the socket in the middle comes back with the last number and misses nothing; polling tells the same", async () => {
  await journey.breakMail("refuse", 1);
  const { sagaId } = await book(nextSlot());
  let socket: { close: () => void } | null = null;
  const client = journey.socket(learner, { opened: (opened) => void (socket = opened as { close: () => void }) });
  const seen: SagaEvent[] = [];
  const watching = (async () => {
    for await (const { data } of client.iterate<{ sagaProgress: { events: SagaEvent[] } }>({
      query: String(WatchSagaDocument),
      variables: { saga: sagaId, after: 0 },
    }))
      seen.push(...(data?.sagaProgress.events ?? []));
  })();
  await waitFor(() => seen.length >= 2, { describe: () => ["two events", seen] });
  (socket as { close: () => void } | null)?.close();
  await watching.catch(() => undefined);

  const last = seen.at(-1)?.sequence ?? 0;
  const poll = async () => (await journey.run(PollSagaDocument, { saga: sagaId, after: last }, learner)).saga;
  await waitFor(async () => ((await poll()).sequence > last ? true : null), { describe: "something to happen while nobody watches" });
  const rest = await journey.follow(sagaId, learner, ({ saga }) => saga.settled, last);
  const all = [...seen, ...rest];
  expect(numbers(all)).toEqual(upTo(all.length));
  expect(path(all)).toEqual(booked);
  const polled = await poll();
  expect(polled).toMatchObject({ state: "SessionScheduled", status: "WAITING", settled: true });
  expect(polled.events.map(({ sequence, summary }) => [sequence, summary])).toEqual(rest.map(({ sequence, summary }) => [sequence, summary]));
});
