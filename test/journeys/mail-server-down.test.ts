import { waitFor } from "../support/wait.ts";
import { DeadLettersDocument, EnrollDocument, FireTimerDocument, RedriveDocument, ShowEnrollmentDocument, WatchSagaDocument } from "./generated/graphql.ts";
import { Journey, newKey, numbers, path, upTo, type Person, type Push } from "./support.ts";

// J4: the mail server is down.

let journey: Journey;
let course: string;
let operator: Person;
beforeAll(async () => {
  journey = await Journey.start();
  course = await journey.course(await journey.newcomer("Fi Tavgor", "MENTOR"), { title: "Indexes" });
  operator = await journey.madeUp("operator");
});
afterEach(() => journey.breakMail("none", 1));
afterAll(() => journey.end());

async function enroll(who: Person): Promise<{ enrollmentId: string; sagaId: string }> {
  const { enrollInCourse } = await journey.run(EnrollDocument, { course, key: newKey() }, who);
  return { enrollmentId: enrollInCourse.courseEnrollment?.id ?? "", sagaId: enrollInCourse.saga?.id ?? "" };
}
const show = async (id: string, who: Person) => (await journey.run(ShowEnrollmentDocument, { id }, who)).courseEnrollment;
const welcomes = async (who: Person) => (await journey.mails(who.email)).filter(({ subject }) => subject === "Welcome to Indexes");
const isRetrying = ({ saga }: Push): boolean => saga.status === "RETRYING";

test("a learner sees the next attempt coming, is in all the while, and gets exactly one mail once the server is back", async () => {
  const who = await journey.somebody();
  await journey.breakMail("refuse", 60);
  const { enrollmentId, sagaId } = await enroll(who);
  const pushes: Push[] = [];
  for await (const { sagaProgress: push } of journey.subscribe(WatchSagaDocument, { saga: sagaId, after: 0 }, who)) {
    pushes.push(push);
    if (isRetrying(push)) {
      expect(await show(enrollmentId, who)).toMatchObject({ status: "CONFIRMED", course: { seatsTaken: 1 } });
      expect(await welcomes(who)).toEqual([]);
      await journey.breakMail("none", 1);
    }
  }
  const retrying = pushes.find(isRetrying);
  expect(retrying?.saga).toMatchObject({
    state: "SendingWelcomeEmail",
    settled: true,
    attempt: 2,
    maxAttempts: 10,
    reason: { code: "DEPENDENCY_UNAVAILABLE" },
  });
  expect(Date.parse(retrying?.saga.nextAttemptAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
  expect(retrying?.events.at(-1)).toMatchObject({
    kind: "ATTEMPT_FAILED",
    summary: expect.stringMatching(
      /^Attempt 1 of 10 failed: The mail server at 127\.0\.0\.1:\d+ refused the connection\. Next attempt in \d(\.\d)? s\.$/,
    ) as string,
  });
  const events = pushes.flatMap((push) => push.events);
  expect(numbers(events)).toEqual(upTo(events.length));
  expect(path(events).at(-1)).toBe("GrantingAccess → EnrollmentCompleted COMPLETED");
  expect(pushes.at(-1)).toMatchObject({ final: true, saga: { status: "COMPLETED", reason: null } });
  expect(await show(enrollmentId, who)).toMatchObject({ status: "ACTIVE" });
  expect(await welcomes(who)).toMatchObject([{ copies: 1 }]);
});

test("a mail whose receipt was lost comes once more as the same mail, and the learner is enrolled once", async () => {
  const who = await journey.somebody();
  await journey.breakMail("drop-reply", 1);
  const { enrollmentId, sagaId } = await enroll(who);
  await journey.follow(sagaId, who);
  expect(await show(enrollmentId, who)).toMatchObject({ status: "ACTIVE" });
  expect(await welcomes(who)).toMatchObject([{ copies: 2 }]);
});

test("an outage that outlasts the step costs no access: the mail waits as a dead letter and is sent when an operator redrives it", async () => {
  const who = await journey.somebody();
  await journey.breakMail("refuse", 600);
  const { enrollmentId, sagaId } = await enroll(who);
  await journey.follow(sagaId, who, isRetrying);
  // The step has fifteen minutes; nobody waits for them.
  await journey.run(FireTimerDocument, { id: sagaId, timer: "DEADLINE", note: "outage, see the status page" }, operator);
  await journey.follow(sagaId, who);
  expect(await show(enrollmentId, who)).toMatchObject({ status: "ACTIVE" });
  expect(await welcomes(who)).toEqual([]);

  const filter = { message: "SendWelcomeEmailCommand", status: ["OPEN" as const] };
  const { deadLetters } = await journey.run(DeadLettersDocument, { filter }, operator);
  expect(deadLetters.nodes).toMatchObject([{ message: "SendWelcomeEmailCommand", saga: { id: sagaId, state: "EnrollmentCompleted" } }]);
  await journey.breakMail("none", 1);
  const [key, note] = [newKey(), "the mail server is back"];
  for (let times = 0; times < 2; times++) {
    const { redriveDeadLetters } = await journey.run(RedriveDocument, { filter, note, key }, operator);
    expect(redriveDeadLetters).toMatchObject({ deadLetters: [{ status: "REDRIVEN", saga: { id: sagaId } }], refused: [], remaining: 0 });
  }
  await waitFor(async () => (await welcomes(who)).length > 0, { describe: "the mail" });
  expect(await welcomes(who)).toMatchObject([{ copies: 1 }]);
});
