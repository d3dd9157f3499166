import { waitFor } from "../support/wait.ts";
import {
  CancelSagaDocument,
  PauseQueueDocument,
  QueueDepthsDocument,
  RedriveDocument,
  ResumeQueueDocument,
  RetrySagaDocument,
  ShowApplicationDocument,
  WatchActivityDocument,
  WhatIsWrongDocument,
} from "./generated/graphql.ts";
import { Journey, newKey, type Person } from "./support.ts";

// J6: an operator finds sagas that stand, sees why, and moves them.

const queue = "request-background-check";
let journey: Journey;
let operator: Person;
beforeAll(async () => {
  journey = await Journey.start();
  operator = await journey.madeUp("operator");
});
afterAll(() => journey.end());

const look = () => journey.run(WhatIsWrongDocument, {}, operator);
const show = async (id: string, who: Person) => (await journey.run(ShowApplicationDocument, { id }, who)).applicationRequest;

test("the key is not accepted: sagas stand, the reason is said, one is tried, the rest is redriven, one is called off", async () => {
  await journey.breakChecks("401", 3_600);
  const applicants = [await journey.newcomer("Fi Tavgor"), await journey.newcomer("Ilmo Sarkad"), await journey.newcomer("Wen Orsha")];
  const applications = await Promise.all(applicants.map(async (who) => ({ who, ...(await journey.apply(who)) })));
  for (const { sagaId, who } of applications) await journey.follow(sagaId, who, ({ saga }) => saga.status === "STUCK");

  const wrong = await look();
  expect(wrong.sagaCounts).toContainEqual(
    expect.objectContaining({ type: "APPLICATION_REQUEST", state: "RequestingBackgroundCheck", status: "STUCK", count: 3 }),
  );
  expect(wrong.queues.find(({ name }) => name === queue)).toMatchObject({ deadLetters: 3, active: 0, pause: null });
  expect(wrong.sagas.nodes).toHaveLength(3);
  for (const saga of wrong.sagas.nodes) {
    expect(saga).toMatchObject({
      state: "RequestingBackgroundCheck",
      status: "STUCK",
      attempt: 1,
      reason: { code: "DEPENDENCY_REJECTED", message: "Background-check provider answered 401 (key not accepted)" },
      deadLetters: [{ message: "RequestBackgroundCheckCommand", status: "OPEN" }],
    });
    expect(saga.explanation?.remedies.map(({ mutation }) => mutation)).toEqual(expect.arrayContaining(["retrySaga", "cancelSaga"]));
  }
  expect(await journey.sql("select reason_code, count(*)::int from ops.stuck_saga group by 1")).toEqual([{ reason_code: "DEPENDENCY_REJECTED", count: 3 }]);

  // Nothing piles up while she mends the key.
  await journey.run(PauseQueueDocument, { name: queue, note: "key rotated" }, operator);
  const late = await journey.newcomer("Ro Mandel");
  const waiting = await journey.apply(late);
  await waitFor(async () => (await look()).queues.find(({ name }) => name === queue)?.ready === 1, { describe: async () => (await look()).queues });
  await journey.breakChecks("none", 1);

  const [one, second, third] = applications as [(typeof applications)[0], (typeof applications)[0], (typeof applications)[0]];
  const activity = journey.subscribe(WatchActivityDocument, { filter: { type: ["APPLICATION_REQUEST"] } }, operator);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { sagaActivity } of activity) {
      seen.push(...sagaActivity.events.map(({ kind, saga, actor }) => `${kind} ${saga.id} ${actor?.id ?? ""}`));
      if (sagaActivity.events.some(({ saga, kind }) => saga.id === third.sagaId && kind === "OPERATOR_ACTION")) return;
    }
  })();
  await journey.run(ResumeQueueDocument, { name: queue }, operator);
  const reviewed = (sagaId: string, who: Person) => journey.follow(sagaId, who, ({ saga }) => saga.state === "UnderReview");
  await reviewed(waiting.sagaId, late);

  // First to see what it would do: nothing happens.
  await journey.run(RetrySagaDocument, { id: one.sagaId, note: "key rotated", dryRun: true }, operator);
  expect((await look()).sagas.nodes).toHaveLength(3);
  await journey.run(RetrySagaDocument, { id: one.sagaId, note: "key rotated" }, operator);
  await reviewed(one.sagaId, one.who);
  expect(await show(one.applicationId, one.who)).toMatchObject({ status: "UNDER_REVIEW", backgroundCheck: { status: "CLEAR" } });

  await journey.run(CancelSagaDocument, { id: third.sagaId, note: "applied twice" }, operator);
  await journey.follow(third.sagaId, third.who);
  expect(await show(third.applicationId, third.who)).toMatchObject({ status: "REJECTED", saga: { status: "CANCELLED" } });
  expect(await journey.mail(third.who.email, "Your application has ended")).toMatchObject({ copies: 1 });

  const { redriveDeadLetters } = await journey.run(RedriveDocument, { filter: { status: ["OPEN"], queue }, note: "key rotated", key: newKey() }, operator);
  expect(redriveDeadLetters).toMatchObject({ deadLetters: [{ saga: { id: second.sagaId } }], remaining: 0 });
  await reviewed(second.sagaId, second.who);

  await watching;
  for (const { sagaId } of [one, third]) expect(seen).toContain(`OPERATOR_ACTION ${sagaId} ${operator.id}`);
  expect((await look()).sagas.nodes).toEqual([]);
  for await (const { queueDepths } of journey.subscribe(QueueDepthsDocument, { everySeconds: 2 }, operator)) {
    const depth = queueDepths.find(({ name }) => name === queue);
    if (depth?.ready === 0 && depth.active === 0) {
      expect(depth).toMatchObject({ deadLetters: 0, pause: null });
      break;
    }
  }
  // Everybody's check was asked for once.
  const { checks } = await journey.get<{ checks: { externalId: string }[] }>("/dev/background-checks");
  const asked = [one, second, waiting].map(({ applicationId }) => applicationId);
  expect(
    checks
      .map(({ externalId }) => externalId)
      .filter((id) => asked.includes(id))
      .sort(),
  ).toEqual(asked.sort());
});
