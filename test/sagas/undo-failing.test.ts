import type { EventMessage } from "../../src/outbox/index.ts";
import type { Input } from "../../src/sagas/engine/decide.ts";
import { isFinished } from "../../src/sagas/engine/instance.ts";
import { remainsOf } from "../../src/sagas/engine/remains.ts";
import { SagaUnderTest, trouble } from "../../src/sagas/engine/testing.ts";
import type { CommandToSend } from "../../src/sagas/engine/decision.ts";
import { answerTo, application, enrollment, eventOf, session, type Platform } from "../support/three-sagas.ts";

// Every saga, cancelled or failing wherever it can be, with every combination of undos that fail at every attempt. A small world keeps
// what the commands have done; an operator gives up each undo that stands; the report has to say what the world says.

/** How far a saga goes before it fails: events from outside by the wait that takes them, and what makes it fail at last. */
interface Route {
  readonly platform: Platform;
  readonly until: string;
  readonly events: Readonly<Record<string, EventMessage>>;
  readonly fails: (saga: SagaUnderTest) => SagaUnderTest;
}

const cancel =
  ({ cancel: { contract, payload } }: Platform) =>
  (saga: SagaUnderTest): SagaUnderTest =>
    saga.happened(contract, payload);
const approved = eventOf(application, "approved");

const routes: Route[] = [
  ...["ValidatingSchedule", "SendingNotifications", "SessionScheduled"].map((until) => ({ platform: session, until, events: {}, fails: cancel(session) })),
  { platform: session, until: "ValidatingSchedule", events: {}, fails: (saga) => saga.timedOut() },
  ...["CheckingCapacity", "ConfirmingEnrollment", "SendingWelcomeEmail", "GrantingAccess"].map((until) => ({
    platform: enrollment,
    until,
    events: {},
    fails: cancel(enrollment),
  })),
  { platform: enrollment, until: "ConfirmingEnrollment", events: {}, fails: (saga) => saga.exhausted() },
  { platform: enrollment, until: "GrantingAccess", events: {}, fails: (saga) => saga.timedOut() },
  ...["ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview"].map((until) => ({
    platform: application,
    until,
    events: {},
    fails: cancel(application),
  })),
  { platform: application, until: "AssigningReviewer", events: {}, fails: (saga) => saga.timedOut() },
  // Three reviewers let their time pass.
  { platform: application, until: "UnderReview", events: {}, fails: (saga) => lateReviews(saga, 3) },
  // The decision has been told, or may have been; an operator cancels nevertheless.
  { platform: application, until: "SendingNotification", events: { UnderReview: approved }, fails: (saga) => saga.operator({ kind: "cancel" }) },
];

function lateReviews(saga: SagaUnderTest, times: number): SagaUnderTest {
  for (let count = 1; count <= times; count += 1) {
    saga.timedOut();
    while (saga.instance.state !== "UnderReview" && saga.instance.status === "RUNNING") reply(application, saga, saga.newest());
  }
  return saga;
}

function reply(platform: Platform, saga: SagaUnderTest, command: CommandToSend): void {
  const { contract, payload } = answerTo(platform, command.command.name);
  saga.answered(contract, payload, command);
}

interface Effect {
  readonly state: string;
  /** False: nobody has heard from the command that may have had it. */
  readonly isCertain: boolean;
}

/** The effects in the world by the run that they belong to, from the messages alone: whatever was sent has, or may have, been done. */
function effectsOf({ saga: { definition } }: Platform, saga: Witnessed): Map<string, Effect> {
  const effects = new Map<string, Effect>();
  const [born] = saga.instance.runs;
  if (definition.start?.undo != null && born !== undefined) effects.set(born.id, { state: definition.start.state, isCertain: true });
  const notices = new Set(saga.instance.asides.map(({ id }) => id));
  for (const { runId, command } of saga.sent.filter((one) => !notices.has(one.runId))) {
    const node = [...definition.nodes.values()].find((one) => one.kind === "step" && one.command === command && one.effect !== "none");
    if (node !== undefined) effects.set(runId, { state: node.state, isCertain: saga.answeredRuns.has(runId) });
  }
  return effects;
}

/** A saga that remembers which commands were answered. */
class Witnessed extends SagaUnderTest {
  readonly answeredRuns = new Set<string>();

  override take(input: Input): this {
    if (input.kind === "reply") this.answeredRuns.add(input.runId);
    return super.take(input);
  }
}

/** Lives a route up to its failure; every command that was answered has had its effect, and the one under way may have had it. */
function live({ platform, until, events, fails }: Route): Witnessed {
  const saga = new Witnessed(platform.saga, platform.start.contract, platform.start.payload);
  for (let steps = 0; saga.instance.state !== until && steps < 20; steps += 1) {
    const event = events[saga.instance.state];
    if (event === undefined) reply(platform, saga, saga.newest());
    else saga.happened(event.contract, event.payload);
  }
  expect(saga.instance.state).toBe(until);
  fails(saga);
  return saga;
}

/** Undoes with some undos failing at every attempt; whoever stands is given up. What is undone disappears from the world. */
function undo(platform: Platform, saga: Witnessed, failing: ReadonlySet<string>, world: Map<string, Effect>): void {
  for (let steps = 0; !isFinished(saga.instance) && steps < 50; steps += 1) {
    if (saga.instance.status === "STUCK") {
      saga.operator({ kind: "skip" }, "It cannot be undone");
      continue;
    }
    const command = saga.newest();
    if (failing.has(command.command.name)) saga.exhausted(trouble({ permanent: steps % 2 === 0 }));
    else {
      // Participants undo what the run did that they are told of, once and for all.
      world.delete(saga.instance.runs.find((one) => one.undo?.runId === command.runId)?.id ?? "");
      reply(platform, saga, command);
    }
  }
}

const subsets = <T>(all: readonly T[]): T[][] => all.reduce<T[][]>((found, one) => [...found, ...found.map((some) => [...some, one])], [[]]);

test.each(routes.map((route, index) => [`${route.platform.saga.name} ${index}, in ${route.until}`, route] as const))(
  "whatever undos of %s fail at every attempt, the report says exactly what stays",
  (_title, route) => {
    const { definition } = route.platform.saga;
    const undos = [
      ...new Set(
        [definition.start?.undo, ...[...definition.nodes.values()].map((node) => (node.kind === "step" ? node.undo : null))].flatMap(
          (one) => one?.command.name ?? [],
        ),
      ),
    ];
    let failedUndos = 0;
    for (const failing of subsets(undos)) {
      const saga = live(route);
      const world = effectsOf(route.platform, saga);
      undo(route.platform, saga, new Set(failing), world);
      const { instance } = saga;
      expect([instance.state, isFinished(instance)]).toEqual([definition.failedFinal, true]);

      const report = remainsOf(definition, instance);
      expect(report.map(({ state, certain }) => [state, certain])).toEqual([...world.values()].map(({ state, isCertain }) => [state, isCertain]));
      const told = saga.history.find(({ toState, kind }) => toState === instance.state && kind === "TRANSITION")?.summary ?? "";
      const names = report.map(({ state, certain }) => (certain ? state : `${state} (if it happened)`)).join(", ");
      expect(told.endsWith(`What stays: ${names}.`)).toBe(report.length > 0);
      expect(told.includes("What stays")).toBe(report.length > 0);
      failedUndos += report.filter(({ why }) => why === "UNDO_GAVE_UP").length;
    }
    // Where nothing has an undo yet, nothing can fail to be undone.
    expect(failedUndos > 0).toBe(route.until !== "ValidatingDocuments");
  },
);
