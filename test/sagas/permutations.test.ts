import fc from "fast-check";
import { newId } from "../../src/kernel/ids.ts";
import { MentoringSessionCancelledEvent } from "../../src/domain/mentoring-session/mentoring-session.messages.ts";
import { occur, type EventMessage, type Fate } from "../../src/outbox/index.ts";
import type { Instance } from "../../src/sagas/engine/instance.ts";
import type { AnySaga } from "../../src/sagas/engine/index.ts";
import { mayHaveHappened } from "../../src/sagas/engine/remains.ts";
import { SagaUnderTest } from "../../src/sagas/engine/testing.ts";
import { answerTo, application, enrollment, eventOf, session, type Platform } from "../support/three-sagas.ts";

// Every message of a saga's life, each delivered twice, in every order that is possible: a reply can only come once its command was
// sent, an event from outside at any time, also before the saga exists. Nobody acts otherwise, and no deadline passes.

interface Life {
  readonly title: string;
  readonly platform: Platform;
  /** Events from outside. */
  readonly events: readonly EventMessage[];
  /** Answers that differ from those that lead on, by command. */
  readonly answers?: Readonly<Record<string, EventMessage>>;
  /** Where it ends: the same in all orders, or as the first of competing events had it that was applied. */
  readonly ends: string | ((applied: readonly string[]) => string);
}

interface Delivery {
  readonly messageId: string;
  readonly message: EventMessage;
  /** Of a reply. */
  readonly runId?: string;
}

interface Lived {
  readonly outcome: string;
  /** What was done and not undone, or not known to be. */
  readonly effects: string[];
  readonly applied: string[];
  readonly deliveries: number;
  /** What became of each delivery in the end. */
  readonly fates: Fate[];
  readonly history: SagaUnderTest["history"];
  /** How many deliveries could have come next, at each step. */
  readonly choices: number[];
}

/** Lives a life in the order in which `pick` chooses among the deliveries that are possible. */
function live({ platform, events, answers = {} }: Life, pick: (step: number, possible: number) => number): Lived {
  const twice = (delivery: Omit<Delivery, "messageId">): Delivery[] => {
    const messageId = newId();
    return [
      { ...delivery, messageId },
      { ...delivery, messageId },
    ];
  };
  const pending = [platform.start, ...events].flatMap((message) => twice({ message }));
  const [startId] = pending.map(({ messageId }) => messageId);
  const fates: (Fate | { readonly parkedId: string })[] = [];
  const choices: number[] = [];
  const kept: Delivery[] = [];
  let saga: SagaUnderTest | null = null;
  let deliveries = 0;

  const deliver = (to: SagaUnderTest, { messageId, message: { contract, payload }, runId }: Delivery): void => {
    to.take(runId === undefined ? { kind: "event", messageId, contract, payload } : { kind: "reply", messageId, runId, contract, payload });
    fates.push(to.last.fate === "parked" ? { parkedId: messageId } : to.last.fate);
    answer(to);
  };
  const answer = (to: SagaUnderTest): void => {
    for (const { command, runId, attempt } of to.last.commands) {
      expect(attempt).toBe(1);
      pending.push(...twice({ message: answers[command.name] ?? answerTo(platform, command.name), runId }));
    }
  };

  while (pending.length > 0) {
    // Two deliveries of one message are alike, so only one of them is a choice.
    const possible = pending.filter((one, index) => pending.findIndex(({ messageId }) => messageId === one.messageId) === index);
    const next = possible[pick(choices.length, possible.length)];
    if (next === undefined) throw new Error("No such choice");
    choices.push(possible.length);
    pending.splice(pending.indexOf(next), 1);
    deliveries += 1;
    if (saga !== null) deliver(saga, next);
    else if (next.messageId === startId) {
      saga = new SagaUnderTest(platform.saga, next.message.contract, next.message.payload, undefined, startId);
      fates.push("started");
      answer(saga);
      for (const early of kept.splice(0)) deliver(saga, early);
    } else if (kept.some(({ messageId }) => messageId === next.messageId)) fates.push("duplicate");
    else kept.push(next);
  }
  if (saga === null) throw new Error("It was never started");

  const { history, instance } = saga;
  const ofParked = (parkedId: string): Fate[] =>
    history.flatMap(({ messageId, fate }) => (messageId === parkedId && fate !== null && !["parked", "duplicate"].includes(fate) ? [fate] : []));
  return {
    outcome: `${instance.state} ${instance.status}${instance.reason === null ? "" : ` ${instance.reason}`}`,
    effects: effectsOf(platform.saga, instance),
    applied: history.flatMap(({ message, fate }) => (fate === "applied" && message !== null ? [message] : [])),
    deliveries,
    fates: fates.flatMap((fate) => (typeof fate === "string" ? [fate] : ofParked(fate.parkedId))),
    history,
    choices,
  };
}

/** The states whose effect stands, or may, however often they were gone through. */
function effectsOf({ definition }: AnySaga, instance: Instance): string[] {
  const hasEffect = (state: string): boolean => {
    const node = definition.nodes.get(state);
    return state === definition.start?.state ? definition.start.undo !== null : node?.kind === "step" && node.effect !== "none";
  };
  const standing = instance.runs.filter((run) => hasEffect(run.state) && mayHaveHappened(run) && run.undo?.status !== "done");
  return [...new Set(standing.map(({ state }) => state))].toSorted();
}

/** Every order, as long as there are not too many: one after the other, like the figures of a counter. */
function everyOrder(life: Life, most: number): Lived[] | null {
  const lives: Lived[] = [];
  for (let picks: number[] | null = []; picks !== null;) {
    const chosen: number[] = picks;
    const lived = live(life, (step) => chosen[step] ?? 0);
    lives.push(lived);
    if (lives.length > most) return null;
    const all = lived.choices.map((_, step) => chosen[step] ?? 0);
    const at = all.findLastIndex((pick, step) => pick + 1 < (lived.choices[step] ?? 0));
    picks = at === -1 ? null : [...all.slice(0, at), (all[at] ?? 0) + 1];
  }
  return lives;
}

const first =
  (...names: string[]) =>
  (applied: readonly string[]): string =>
    applied.find((name) => names.includes(name)) ?? "none of them";

const firstWins =
  (ends: Readonly<Record<string, string>>): ((applied: readonly string[]) => string) =>
  (applied) =>
    ends[first(...Object.keys(ends))(applied)] ?? `nothing of ${Object.keys(ends).join()} was applied`;

const [completed, invalid] = [eventOf(session, "completed"), eventOf(session, "invalid")];
const [full, accessRefused] = [eventOf(enrollment, "full"), eventOf(enrollment, "accessRefused")];
const [approved, rejected, infoRequested, resubmitted] = [
  eventOf(application, "approved"),
  eventOf(application, "rejected"),
  eventOf(application, "infoRequested"),
  eventOf(application, "resubmitted"),
];
const [checkFailed, documentsInvalid] = [eventOf(application, "checkFailed"), eventOf(application, "invalid")];

const lives: Life[] = [
  { title: "a session that takes place", platform: session, events: [completed], ends: "SessionCompleted COMPLETED" },
  {
    title: "a session that cannot be",
    platform: session,
    events: [],
    answers: { ValidateScheduleCommand: invalid },
    ends: "SessionCancelled FAILED MentorWeekFull",
  },
  { title: "a session that is cancelled", platform: session, events: [session.cancel], ends: "SessionCancelled CANCELLED CancelledByUser" },
  {
    title: "a session that both cancel",
    platform: session,
    events: [
      session.cancel,
      occur(MentoringSessionCancelledEvent, {
        sessionId: "00000000-0000-4000-8000-000000000001",
        byUserId: "00000000-0000-4000-8000-000000000003",
        by: "MENTOR",
      }),
    ],
    ends: "SessionCancelled CANCELLED CancelledByUser",
  },
  {
    title: "a session that is cancelled and said to have taken place: the first wins",
    platform: session,
    events: [session.cancel, completed],
    ends: firstWins({
      MentoringSessionCancelledEvent: "SessionCancelled CANCELLED CancelledByUser",
      MentoringSessionCompletedEvent: "SessionCompleted COMPLETED",
    }),
  },
  { title: "an enrollment", platform: enrollment, events: [], ends: "EnrollmentCompleted COMPLETED" },
  {
    title: "an enrollment in a full course",
    platform: enrollment,
    events: [],
    answers: { CheckCourseCapacityCommand: full },
    ends: "EnrollmentFailed FAILED NoCapacity",
  },
  {
    title: "an enrollment without access at the end",
    platform: enrollment,
    events: [],
    answers: { GrantCourseAccessCommand: accessRefused },
    ends: "EnrollmentFailed FAILED AccessRefused",
  },
  {
    title: "an enrollment that is cancelled, before its end or too late: whichever comes first",
    platform: enrollment,
    events: [enrollment.cancel],
    ends: firstWins({
      EnrollmentCancellationRequestedEvent: "EnrollmentFailed CANCELLED CancelledByUser",
      CourseAccessGrantedEvent: "EnrollmentCompleted COMPLETED",
    }),
  },
  { title: "an application that is approved", platform: application, events: [approved], ends: "ApplicationCompleted COMPLETED" },
  { title: "an application that is rejected", platform: application, events: [rejected], ends: "ApplicationRejected FAILED RejectedByReviewer" },
  {
    title: "an application with a failed check, however it is decided meanwhile",
    platform: application,
    events: [approved],
    answers: { RequestBackgroundCheckCommand: checkFailed },
    ends: "ApplicationRejected FAILED CheckFailed",
  },
  {
    title: "an application without documents",
    platform: application,
    events: [],
    answers: { ValidateDocumentsCommand: documentsInvalid },
    ends: "ApplicationRejected FAILED DocumentsDamaged",
  },
  {
    title: "an application that is approved and rejected: the first wins",
    platform: application,
    events: [approved, rejected],
    ends: firstWins({ ApplicationApprovedEvent: "ApplicationCompleted COMPLETED", ApplicationRejectedEvent: "ApplicationRejected FAILED RejectedByReviewer" }),
  },
  {
    title: "an application that is withdrawn and approved: the first wins",
    platform: application,
    events: [application.cancel, approved],
    ends: firstWins({ ApplicationWithdrawnEvent: "ApplicationRejected CANCELLED Withdrawn", ApplicationApprovedEvent: "ApplicationCompleted COMPLETED" }),
  },
  {
    title: "an application about which the reviewer asks, and that is approved",
    platform: application,
    events: [infoRequested, approved],
    ends: "ApplicationCompleted COMPLETED",
  },
  {
    title: "an application that is sent in again and approved: an approval of what has been replaced does not count",
    platform: application,
    events: [resubmitted, approved],
    ends: (applied) => (applied.includes("ApplicationApprovedEvent") ? "ApplicationCompleted COMPLETED" : "UnderReview WAITING"),
  },
];

/** Beyond so many, a sample of them. */
const MOST_ORDERS = 3_000;

test.each(lives.map((life) => [life.title, life] as const))("%s ends alike in every order of its messages, and every delivery has one fate", (_title, life) => {
  let lived = everyOrder(life, MOST_ORDERS);
  if (lived === null) {
    lived = [];
    const all = lived;
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 60, maxLength: 60 }), (picks) => {
        all.push(live(life, (step, possible) => (picks[step % picks.length] ?? 0) % possible));
      }),
      { numRuns: 2_000, seed: 20_261_125 },
    );
  }
  const problems = new Set<string>();
  const effects = new Map<string, Set<string>>();
  for (const { outcome, applied, fates, deliveries, history, effects: left } of lived) {
    const expected = typeof life.ends === "string" ? life.ends : life.ends(applied);
    if (outcome !== expected) problems.add(`it ended as ${outcome} instead of ${expected} after ${applied.join()}`);
    effects.set(outcome, (effects.get(outcome) ?? new Set()).add(left.join()));
    if (fates.length !== deliveries) problems.add(`${deliveries} deliveries had ${fates.length} fates`);
    if (fates.some((fate) => ["parked", "kept", "orphan"].includes(fate))) problems.add(`a fate that is none: ${fates.join()}`);
    if (history.some(({ sequence }, index) => sequence !== index + 1)) problems.add("the history has a gap");
    // The history tells of every delivery that found the saga; only what came again before the birth is known to nobody but its sender.
    const told = history.filter(({ fate }) => fate !== null && fate !== "parked").length;
    if (told > deliveries || told < deliveries - life.events.length) problems.add(`the history tells of ${told} of ${deliveries} deliveries`);
  }
  expect([...problems]).toEqual([]);
  // Whatever the order, the same end leaves the same effects.
  expect([...effects].filter(([, left]) => left.size > 1)).toEqual([]);
  expect(lived.length).toBeGreaterThan(1);
});

test("in all of these orders, every strange fate is met", () => {
  const met = new Set(
    lives.flatMap((life) =>
      Array.from({ length: 60 }, (_, seed) => live(life, (step, possible) => (seed * 7 + step * step * (seed + 3)) % possible).fates).flat(),
    ),
  );
  expect([...met].toSorted()).toEqual(["already-undoing", "applied", "duplicate", "late", "refused", "started", "superseded", "unused"]);
});
