import { Permanent, Transient } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { later, leased, occur, publish, query, reply, type AnyCommand, type AnyEvent, type AnyParticipant } from "../../../src/outbox/index.ts";
import { fail, finish, next, saga, SagaExplainer, t, type SagaView } from "../../../src/sagas/engine/index.ts";
import { explore } from "../../../src/sagas/engine/simulate.ts";
import { findDue } from "../../../src/sagas/engine/store.ts";
import { given, OPERATOR, trouble, type SagaUnderTest } from "../../../src/sagas/engine/testing.ts";
import * as m from "../../support/conference.ts";
import { conference } from "../../support/conference.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../../support/engine.ts";

const conferenceId = "00000000-0000-4000-8000-000000000001";
const its = { conferenceId };
const preparing = (): SagaUnderTest => given(conference, m.ConferencePlannedEvent, its).answered(m.VenueBookedEvent, its);
const hired = (to = preparing()): SagaUnderTest => to.answered(m.CatererHiredEvent, { ...its, menu: "vegan" }, to.newest("HireCatererCommand"));
const invited = (to = preparing()): SagaUnderTest => to.answered(m.SpeakersInvitedEvent, { ...its, all: true }, to.newest("InviteSpeakersCommand"));
const printed = (to = preparing()): SagaUnderTest => to.answered(m.BadgesPrintedEvent, its, to.newest("PrintBadgesCommand"));
const declined = (to = preparing()): SagaUnderTest => to.answered(m.SpeakersDeclinedEvent, its, to.newest("InviteSpeakersCommand"));
const exhausted = (to: SagaUnderTest, name: string): SagaUnderTest => {
  const { runId } = to.newest(name);
  for (;;) {
    const command = to.sent.findLast((one) => one.runId === runId) as ReturnType<SagaUnderTest["newest"]>;
    to.failed(trouble(), command);
    if (!to.last.commands.some((one) => one.runId === runId)) return to;
  }
};

describe("forward", () => {
  test("the commands of a group are sent together when it is entered", () => {
    expect(preparing().outcome).toBe("PreparingConference RUNNING > HireCatererCommand, InviteSpeakersCommand, PrintBadgesCommand");
  });

  test("a group is left when the last of its steps has ended, in whatever order they do", () => {
    const doers = [hired, invited, printed];
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const saga = preparing();
      const outcomes = order.map((index) => doers[index]?.(saga).outcome);
      expect(outcomes).toEqual(["PreparingConference RUNNING", "PreparingConference RUNNING", "Announcing RUNNING > AnnounceCommand"]);
      expect(saga.instance.data).toEqual({ ...its, menu: "vegan" });
    }
  });

  test("its history tells what each of its steps did and what it goes on with", () => {
    const saga = printed(invited(hired()));
    expect(saga.history.slice(-3).map(({ summary }) => summary)).toEqual([
      "HiringCaterer is done; PreparingConference goes on with InvitingSpeakers, PrintingBadges.",
      "InvitingSpeakers is done; PreparingConference goes on with PrintingBadges.",
      "PreparingConference is done; now Announcing.",
    ]);
  });

  test("a pause of the saga leaves to that of a queue what a step waits for that is still to be carried out, and nothing else", () => {
    for (const [queue, hours] of [
      ["invite-speakers", 1],
      ["hire-caterer", 3],
    ] as const) {
      const saga = hired();
      const [entered, deadlineAt] = [saga.now.getTime(), saga.instance.deadlineAt?.getTime() ?? 0];
      const at = (hour: number): Date => new Date(entered + hour * 3_600_000);
      saga.at(at(0)).operator({ kind: "pause" });
      const queuePauses = new Map([[queue, at(1)]]);
      saga.at(at(3)).take({ kind: "operator", action: { kind: "resume" }, queuePauses, actorId: OPERATOR, note: null });
      expect((saga.instance.deadlineAt?.getTime() ?? 0) - deadlineAt).toBe(hours * 3_600_000);
    }
  });

  test("it shows the attempt that comes next, and each step keeps its own", () => {
    const saga = preparing();
    saga.failed(trouble(), saga.newest("InviteSpeakersCommand"));
    const soon = saga.instance.nextAttemptAt;
    expect(saga.instance).toMatchObject({ status: "RETRYING", attempt: 2, maxAttempts: 4 });
    saga.at(new Date(saga.now.getTime() + 500)).failed(trouble(), saga.newest("HireCatererCommand"));
    expect(saga.instance).toMatchObject({ status: "RETRYING", maxAttempts: 4, nextAttemptAt: soon });
    invited(saga);
    expect(saga.instance).toMatchObject({ status: "RETRYING", attempt: 2, maxAttempts: 3, nextAttemptAt: new Date(saga.now.getTime() + 1_000) });
    hired(saga);
    expect(saga.instance).toMatchObject({ status: "RUNNING", nextAttemptAt: null, reasonCode: null });
  });

  test("answers from outside are waited for once no other step is under way", () => {
    const saga = printed(hired());
    expect(saga.answersLater(saga.newest("InviteSpeakersCommand")).outcome).toBe("PreparingConference WAITING");
    expect(invited(saga).outcome).toBe("Announcing RUNNING > AnnounceCommand");
  });

  test("its time runs from its entry, whatever its steps do, and what it leads to then ends all that are open", () => {
    const saga = preparing();
    const { deadlineAt } = saga.instance;
    hired(saga.at(new Date(saga.now.getTime() + 60_000)));
    expect(saga.instance.deadlineAt).toEqual(deadlineAt);
    saga.timedOut();
    expect(saga.runs).toEqual([
      "BookingVenue done, undo pending",
      "HiringCaterer done, undo active",
      "InvitingSpeakers unknown, undo active",
      "PrintingBadges unknown",
    ]);
  });

  test("a loop to it counts it once", () => {
    const saga = printed(invited(hired())).timedOut();
    expect(saga.outcome).toBe("PreparingConference RUNNING > HireCatererCommand, InviteSpeakersCommand, PrintBadgesCommand");
    printed(invited(hired(saga)));
    expect(saga.outcome).toBe("Announcing RUNNING > AnnounceCommand");
    expect(saga.timedOut().outcome).toBe("Announcing COMPENSATING > UninviteSpeakersCommand, DismissCatererCommand");
  });

  test("what it leads to may depend on the data", () => {
    const menu = t.oneOf("vegan", "mixed");
    const choosing = saga("Dinner", {
      version: 1,
      key: "conferenceId",
      data: { conferenceId: t.id(), menu },
      states: ["Planned", "Preparing", "Hiring", "Printing", "Shopping"],
      finals: { Ready: "succeeded", Off: "failed" },
      reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." } },
    })
      .startOn(m.ConferencePlannedEvent, { state: "Planned", key: (e) => e.conferenceId, init: (e) => ({ ...e, menu: "mixed" }) })
      .parallel(
        "Preparing",
        (group) =>
          group
            .step("Hiring", {
              invoke: m.HireCatererCommand,
              with: (d) => ({ conferenceId: d.conferenceId }),
              onReply: { CatererHiredEvent: { save: (e) => ({ menu: e.menu }), then: next } },
              effect: "none",
              onExhausted: fail("TooLate"),
            })
            .step("Printing", {
              invoke: m.PrintBadgesCommand,
              with: (d) => ({ conferenceId: d.conferenceId }),
              onReply: { BadgesPrintedEvent: next },
              effect: "none",
              onExhausted: fail("TooLate"),
            }),
        { timeout: ["5m", fail("TooLate")], then: { byData: "menu", cases: { vegan: next, mixed: finish("Ready") } } },
      )
      .step("Shopping", {
        invoke: m.AnnounceCommand,
        with: (d) => ({ conferenceId: d.conferenceId }),
        onReply: { AnnouncedEvent: finish("Ready") },
        effect: "none",
        timeout: ["5m", fail("TooLate")],
        onExhausted: fail("TooLate"),
      })
      .onFailed({ final: "Off" })
      .build();
    const end = (wanted: "vegan" | "mixed"): string => {
      const dinner = given(choosing, m.ConferencePlannedEvent, its);
      printed(dinner);
      return dinner.answered(m.CatererHiredEvent, { ...its, menu: wanted }, dinner.newest("HireCatererCommand")).outcome;
    };
    expect(end("vegan")).toBe("Shopping RUNNING > AnnounceCommand");
    expect(end("mixed")).toBe("Ready COMPLETED");
  });
});

describe("undo", () => {
  test("the first step that fails ends the group: what the others may have done is undone with it, together, and what came before it then", () => {
    const saga = declined(hired());
    expect(saga.outcome).toBe("PreparingConference COMPENSATING > DismissCatererCommand");
    expect(saga.runs).toEqual(["BookingVenue done, undo pending", "HiringCaterer done, undo active", "InvitingSpeakers none", "PrintingBadges unknown"]);
    expect(saga.answered(m.CatererDismissedEvent, its).outcome).toBe("PreparingConference COMPENSATING > ReleaseVenueCommand");
    expect(saga.answered(m.VenueReleasedEvent, its).outcome).toBe("ConferenceDropped FAILED");
    expect(saga.instance.reasonMessage).toBe("The speakers have declined.");
  });

  test("the undos of a group are sent together, and the state before it is undone when the last of them has ended", () => {
    const saga = printed(invited(hired())).happened(m.ConferenceCalledOffEvent, its);
    expect(saga.outcome).toBe("Announcing COMPENSATING > UninviteSpeakersCommand, DismissCatererCommand");
    saga.answered(m.CatererDismissedEvent, its, saga.newest("DismissCatererCommand"));
    expect(saga.outcome).toBe("Announcing COMPENSATING");
    expect(saga.history.at(-1)?.summary).toBe("HiringCaterer is undone; the undo of InvitingSpeakers goes on.");
    expect(saga.answered(m.SpeakersUninvitedEvent, its, saga.newest("UninviteSpeakersCommand")).outcome).toBe("Announcing COMPENSATING > ReleaseVenueCommand");
  });

  test("an answer that comes after another step has failed is late, and its step is undone", () => {
    const saga = declined();
    expect(hired(saga).last.fate).toBe("late");
    expect(saga.runs).toContain("HiringCaterer unknown, undo active");
  });

  test("an undo that stands keeps what came before it waiting, but not its siblings", () => {
    const saga = printed(invited(hired())).happened(m.ConferenceCalledOffEvent, its);
    exhausted(saga, "DismissCatererCommand");
    expect(saga.instance).toMatchObject({ status: "STUCK", reasonCode: "DEPENDENCY_UNAVAILABLE" });
    saga.answered(m.SpeakersUninvitedEvent, its, saga.newest("UninviteSpeakersCommand"));
    expect(saga.outcome).toBe("Announcing STUCK");
    expect(saga.operator({ kind: "retry" }).outcome).toBe("Announcing COMPENSATING > DismissCatererCommand");
    expect(saga.answered(m.CatererDismissedEvent, its).outcome).toBe("Announcing COMPENSATING > ReleaseVenueCommand");
  });

  test("a step that was begun again in its group is undone once for each time, one after the other", () => {
    const saga = exhausted(preparing(), "HireCatererCommand").operator({ kind: "retry" });
    expect(saga.outcome).toBe("PreparingConference RUNNING > HireCatererCommand");
    declined(hired(saga));
    const undos = (): (string | undefined)[] => saga.last.commands.map(({ command, payload }) => (payload === null ? undefined : command.name));
    expect(undos()).toEqual(["DismissCatererCommand"]);
    saga.answered(m.CatererDismissedEvent, its);
    expect(undos()).toEqual(["DismissCatererCommand"]);
    saga.answered(m.CatererDismissedEvent, its);
    expect(undos()).toEqual(["ReleaseVenueCommand"]);
  });
});

describe("a step that stands", () => {
  const standing = (): SagaUnderTest => exhausted(preparing(), "HireCatererCommand");

  test("makes the saga stand and stops the time of its group, while the other steps go on", () => {
    const saga = standing();
    expect(saga.instance).toMatchObject({ status: "STUCK", deadlineAt: null, reasonCode: "DEPENDENCY_UNAVAILABLE", attempt: 3, maxAttempts: 3 });
    expect(saga.history.at(-1)?.summary).toBe("HiringCaterer stands and needs an operator.");
    expect(saga.failed(trouble({ message: "Another trouble" }), saga.newest("InviteSpeakersCommand")).instance).toMatchObject({
      status: "STUCK",
      nextAttemptAt: null,
      reasonMessage: "It does not answer",
    });
    expect(printed(invited(saga)).outcome).toBe("PreparingConference STUCK");
  });

  test("is begun again by an operator, and the group has its full time anew", () => {
    const saga = printed(standing()).operator({ kind: "retry" });
    expect(saga.outcome).toBe("PreparingConference RUNNING > HireCatererCommand");
    expect(saga.instance.deadlineAt).toEqual(new Date(saga.now.getTime() + 600_000));
    expect(invited(hired(saga)).outcome).toBe("Announcing RUNNING > AnnounceCommand");
  });

  test("is completed by hand, by the answer that is its own", () => {
    const saga = standing().operator({ kind: "complete", reply: "CatererHiredEvent", payload: { menu: "mixed" } });
    expect(saga.runs).toContain("HiringCaterer done");
    expect(saga.outcome).toBe("PreparingConference RUNNING");
    expect(saga.operator({ kind: "complete", reply: "WrappedEvent", payload: {} }).last).toMatchObject({
      denied: "INVALID",
      explanation: "PreparingConference is completed by SpeakersInvitedEvent or SpeakersDeclinedEvent or BadgesPrintedEvent, not by WrappedEvent.",
    });
  });

  test("is skipped without the steps that are under way; where none stands, all that are under way are", () => {
    expect(standing().operator({ kind: "skip" }).runs.slice(1)).toEqual(["HiringCaterer skipped", "InvitingSpeakers active", "PrintingBadges active"]);
    const saga = hired().operator({ kind: "skip" });
    expect(saga.outcome).toBe("Announcing RUNNING > AnnounceCommand");
    expect(saga.runs.slice(1)).toEqual(["HiringCaterer done", "InvitingSpeakers skipped", "PrintingBadges skipped", "Announcing active"]);
  });

  test("is undone again by its dead letter, without the others whose undo stands", () => {
    const saga = printed(invited(hired())).happened(m.ConferenceCalledOffEvent, its);
    saga.take({ kind: "entity-missing", what: "Its row is gone.", message: null, messageId: null });
    saga.redriven(saga.newest("DismissCatererCommand").runId, "DismissCatererCommand");
    expect(saga.outcome).toBe("Announcing STUCK > DismissCatererCommand");
    expect(saga.runs.slice(1, 3)).toEqual(["HiringCaterer done, undo active", "InvitingSpeakers done, undo parked"]);
    expect(saga.operator({ kind: "retry" }).outcome).toBe("Announcing COMPENSATING > UninviteSpeakersCommand");
  });

  test("is acted on by its name; where several undos are open, whoever undid one by hand has to say which", () => {
    const saga = printed(invited(hired())).happened(m.ConferenceCalledOffEvent, its);
    saga.take({ kind: "entity-missing", what: "Its row is gone.", message: null, messageId: null });
    expect(saga.operator({ kind: "complete", reply: null, payload: null }, "By telephone.").last).toMatchObject({
      denied: "INVALID",
      explanation: "Several undos are open, of HiringCaterer, InvitingSpeakers. Say by step which one was done by hand.",
    });
    saga.operator({ kind: "complete", reply: null, payload: null, step: "HiringCaterer" }, "By telephone.");
    expect(saga.runs.slice(1, 3)).toEqual(["HiringCaterer done, undo done", "InvitingSpeakers done, undo parked"]);
    expect(saga.outcome).toBe("Announcing STUCK");
    expect(saga.operator({ kind: "retry", step: "BookingVenue" }).last).toMatchObject({
      denied: "INVALID",
      explanation: "BookingVenue is not what can be acted on; that is InvitingSpeakers.",
    });
  });

  test("has a next attempt of its own, which is moved or made by its name; without a name, the one that comes next is", () => {
    const waiting = (): SagaUnderTest => {
      const saga = preparing();
      saga.failed(trouble(), saga.newest("InviteSpeakersCommand"));
      return saga.at(new Date(saga.now.getTime() + 100)).failed(trouble(), saga.newest("HireCatererCommand"));
    };
    const times = ({ instance, now }: SagaUnderTest) =>
      instance.runs.slice(1, 3).map(({ nextAttemptAt }) => (nextAttemptAt == null ? null : nextAttemptAt.getTime() - now.getTime()));
    const saga = waiting();
    expect(times(saga)).toEqual([1_000, 900]);
    const inAMinute = new Date(saga.now.getTime() + 60_000);
    expect(saga.plan({ kind: "move-timer", timer: "NEXT_ATTEMPT", to: inAMinute }).events[0]?.summary).toMatch(/the next attempt of InvitingSpeakers to/);
    saga.operator({ kind: "move-timer", timer: "NEXT_ATTEMPT", to: inAMinute });
    expect([times(saga), saga.last.rescheduled]).toEqual([[1_000, 60_000], [{ runId: saga.newest("InviteSpeakersCommand").runId, at: inAMinute }]]);
    expect(saga.instance).toMatchObject({ status: "RETRYING", nextAttemptAt: new Date(saga.now.getTime() + 1_000), maxAttempts: 3 });
    expect(saga.history.at(-1)).toMatchObject({ kind: "OPERATOR_ACTION", step: "InvitingSpeakers" });
    expect(saga.operator({ kind: "fire-timer", timer: "NEXT_ATTEMPT", step: "InvitingSpeakers" }).last.rescheduled).toHaveLength(1);
    expect(times(saga)).toEqual([1_000, 0]);
    expect(times(waiting().operator({ kind: "retry" }))).toEqual([0, 0]);
    expect(times(waiting().operator({ kind: "retry", step: "HiringCaterer" }))).toEqual([0, 900]);
    const timer = "NEXT_ATTEMPT" as const;
    expect(saga.operator({ kind: "fire-timer", timer, step: "PrintingBadges" }).last).toMatchObject({
      denied: "WRONG_STATE",
      explanation: "PrintingBadges has no next attempt now: it is RETRYING in PreparingConference.",
    });
    expect(saga.operator({ kind: "fire-timer", timer: "DEADLINE", step: "HiringCaterer" }).last).toMatchObject({
      denied: "INVALID",
      explanation: "A deadline is that of PreparingConference as a whole: name a step only with NEXT_ATTEMPT.",
    });
  });

  test("that waits for its next attempt while another one stands is tried at once by its name, and nothing is by that of one that runs", () => {
    const saga = exhausted(preparing(), "HireCatererCommand");
    saga.failed(trouble(), saga.newest("InviteSpeakersCommand"));
    expect(saga.operator({ kind: "retry", step: "PrintingBadges" }).last).toMatchObject({ denied: "WRONG_STATE" });
    saga.operator({ kind: "retry", step: "InvitingSpeakers" });
    expect(saga.last.rescheduled).toEqual([{ runId: saga.newest("InviteSpeakersCommand").runId, at: null }]);
    expect(saga.instance).toMatchObject({ status: "STUCK", nextAttemptAt: null });
  });

  test("leaves the undo of another one to be acted on by its name", () => {
    const saga = printed(invited(hired())).happened(m.ConferenceCalledOffEvent, its);
    exhausted(saga, "DismissCatererCommand");
    saga.failed(trouble(), saga.newest("UninviteSpeakersCommand"));
    const { runId } = saga.newest("UninviteSpeakersCommand");
    const [step, inAnHour] = ["InvitingSpeakers", new Date(saga.now.getTime() + 3_600_000)] as const;
    saga.operator({ kind: "move-timer", timer: "NEXT_ATTEMPT", to: inAnHour, step });
    expect(saga.last.rescheduled).toEqual([{ runId, at: inAnHour }]);
    // What is sent when the saga is resumed waits for that instant all the same.
    expect(saga.operator({ kind: "pause" }).operator({ kind: "resume" }).last.rescheduled).toEqual([{ runId, at: inAnHour }]);
    expect(saga.operator({ kind: "retry", step }).last.rescheduled).toEqual([{ runId, at: null }]);
    expect(saga.instance).toMatchObject({ status: "STUCK", nextAttemptAt: null });
    saga.operator({ kind: "complete", reply: null, payload: null, step }, "By telephone.");
    expect(saga.runs.slice(1, 3)).toEqual(["HiringCaterer done, undo parked", "InvitingSpeakers done, undo done"]);
  });

  test("is told that the saga has ended, if it has", () => {
    const saga = printed(invited(hired())).answered(m.AnnouncedEvent, its);
    const { denied, explanation } = saga.operator({ kind: "retry", step: "InvitingSpeakers" }).last;
    expect([denied, explanation]).toEqual(["WRONG_STATE", "It has ended already, as ConferenceAnnounced."]);
  });

  test("shows its own reason when another one that stood has ended", () => {
    const saga = exhausted(preparing(), "HireCatererCommand");
    saga.take({ kind: "entity-missing", what: "Its row is gone.", message: null, messageId: null });
    saga.operator({ kind: "complete", reply: "BadgesPrintedEvent", payload: {} });
    expect(saga.instance).toMatchObject({ status: "STUCK", reasonCode: "DEPENDENCY_UNAVAILABLE", reasonMessage: "It does not answer" });
  });

  test("is begun again by its dead letter", () => {
    const saga = exhausted(preparing(), "HireCatererCommand");
    expect(saga.redriven().outcome).toBe("PreparingConference RUNNING > HireCatererCommand");
  });
});

test("every interleaving of two steps at a time, with every message delivered twice, an interrupt and a deadline, breaks no rule", () => {
  const undo = { invoke: m.DismissCatererCommand, with: (d: { conferenceId: string }) => ({ conferenceId: d.conferenceId }) } as const;
  const pair = saga("Pair", {
    version: 1,
    key: "conferenceId",
    data: { conferenceId: t.id() },
    states: ["Planned", "Preparing", "Hiring", "Inviting"],
    finals: { Ready: "succeeded", Off: "failed" },
    reasons: { No: { code: "DEPENDENCY_REJECTED", message: "No." }, TooLate: { code: "TIMED_OUT", message: "Too late." } },
  })
    .startOn(m.ConferencePlannedEvent, { state: "Planned", key: (e) => e.conferenceId, init: (e) => ({ ...e }) })
    .parallel(
      "Preparing",
      (group) =>
        group
          .step("Hiring", {
            invoke: m.HireCatererCommand,
            with: (d) => ({ conferenceId: d.conferenceId }),
            onReply: { CatererHiredEvent: next },
            compensate: undo,
            onExhausted: fail("No"),
          })
          .step("Inviting", {
            invoke: m.InviteSpeakersCommand,
            with: (d) => ({ conferenceId: d.conferenceId }),
            onReply: { SpeakersInvitedEvent: next, SpeakersDeclinedEvent: fail("No") },
            compensate: { ...undo, invoke: m.UninviteSpeakersCommand },
            onExhausted: fail("No"),
          }),
      { timeout: ["5m", fail("TooLate")], then: finish("Ready") },
    )
    .interrupt(m.ConferenceCalledOffEvent, { during: "any", then: fail("No") })
    .onFailed({ final: "Off" })
    .build();
  const { states, ends } = explore(pair, { duplicates: 1 });
  expect(states).toBeGreaterThan(500);
  expect(Object.keys(ends).toSorted()).toEqual(["Off FAILED", "Ready COMPLETED"]);
});

describe("on a database", () => {
  let engine: TestEngine;
  const does = new Map<string, (runId: string) => Promise<string>>();
  const answerOf = (contract: AnyCommand, name: string, key: string): ReturnType<typeof occur> => {
    const event = contract.replies.find((one) => one.name === name) as AnyEvent;
    return occur(event, {
      conferenceId: key,
      ...(name === "CatererHiredEvent" ? { menu: "mixed" } : {}),
      ...(name === "SpeakersInvitedEvent" ? { all: true } : {}),
    });
  };
  // All of them work outside of the database, since those within take turns at the row of their saga.
  const participant = (contract: AnyCommand): AnyParticipant =>
    leased(contract, {
      loadAll: async (_em, deliveries) => deliveries.map(({ payload }) => payload as { conferenceId: string }),
      perform: async ({ conferenceId: key }, { runId }) => (await does.get(`${key} ${contract.name}`)?.(runId)) ?? contract.replies[0]?.name ?? "",
      recordAll: async (em, ended) => {
        for (const { input } of ended) await query(em, "insert into done (conference_id, name) values ($1, $2)", [input.conferenceId, contract.name]);
        return ended.map(({ input, output }) => (output === "later" ? later() : answerOf(contract, output, input.conferenceId)) as never);
      },
    });
  const commands = [
    m.BookVenueCommand,
    m.ReleaseVenueCommand,
    m.HireCatererCommand,
    m.DismissCatererCommand,
    m.InviteSpeakersCommand,
    m.UninviteSpeakersCommand,
    m.PrintBadgesCommand,
    m.AnnounceCommand,
  ];
  beforeAll(async () => {
    engine = await createTestEngine({ sagas: [conference], participants: commands.map(participant) });
    await engine.sql("create table done (id bigserial primary key, conference_id uuid, name text)");
    await engine.start();
  });
  afterAll(() => engine.dispose());

  const plan = async (answers: Record<string, (runId: string) => Promise<string>> = {}): Promise<string> => {
    const key = newId();
    for (const [name, answer] of Object.entries(answers)) does.set(`${key} ${name}`, answer);
    await engine.transaction((em) => publish(em, occur(m.ConferencePlannedEvent, { conferenceId: key })));
    return key;
  };
  const until = (key: string, is: (saga: SagaView) => boolean): Promise<SagaView> => engine.until("Conference", key, is, `${key} of which ${is.toString()}`);
  const explained = async ({ id }: SagaView) => (await new SagaExplainer().explain(engine.em(), engine.registry, [id])).get(id);
  const done = async (key: string): Promise<string[]> =>
    (await engine.sql<{ name: string }>("select name from done where conference_id = $1 order by id", [key])).map(({ name }) => name);

  test("steps of a group run at the same time, also where one is outside of the database, and lead on together", async () => {
    // Each of the two waits for the other to have begun, which only two at a time can.
    const begun = { HireCatererCommand: Promise.withResolvers<void>(), InviteSpeakersCommand: Promise.withResolvers<void>() };
    const key = await plan({
      HireCatererCommand: async () => (begun.HireCatererCommand.resolve(), await begun.InviteSpeakersCommand.promise, "CatererHiredEvent"),
      InviteSpeakersCommand: async () => (begun.InviteSpeakersCommand.resolve(), "SpeakersInvitedEvent"),
    });
    const saga = await until(key, ({ finishedAt }) => finishedAt !== null);
    expect(saga).toMatchObject({ state: "ConferenceAnnounced", status: "COMPLETED" });
    expect(saga.steps.map(({ state, status }) => `${state} ${status}`)).toEqual([
      "ConferencePlanned DONE",
      "BookingVenue DONE",
      "PreparingConference DONE",
      "HiringCaterer DONE",
      "InvitingSpeakers DONE",
      "PrintingBadges DONE",
      "Announcing DONE",
    ]);
    expect((await done(key)).toSorted()).toEqual(["AnnounceCommand", "BookVenueCommand", "HireCatererCommand", "InviteSpeakersCommand", "PrintBadgesCommand"]);
  });

  test("a no of one step undoes what the others did, and then what came before", async () => {
    const key = await plan({ InviteSpeakersCommand: async () => "SpeakersDeclinedEvent", HireCatererCommand: async () => "CatererHiredEvent" });
    expect(await until(key, ({ finishedAt }) => finishedAt !== null)).toMatchObject({ state: "ConferenceDropped", status: "FAILED" });
    const names = await done(key);
    expect(names.slice(-2)).toEqual(["DismissCatererCommand", "ReleaseVenueCommand"]);
    const count = (name: string): number => names.filter((one) => one === name).length;
    expect(count("HireCatererCommand")).toBeLessThanOrEqual(count("DismissCatererCommand"));
  });

  test("a step that stands is told about while another waits for an answer from outside, and both find their way", async () => {
    const asked: string[] = [];
    const key = await plan({
      HireCatererCommand: async () => Promise.reject(new Permanent("The caterer is bankrupt")),
      InviteSpeakersCommand: async (runId) => (asked.push(runId), "later"),
    });
    const saga = await until(
      key,
      ({ status, steps }) => status === "STUCK" && steps.some(({ state, status: its }) => state === "PrintingBadges" && its === "DONE"),
    );
    const explanation = await explained(saga);
    expect(explanation).toMatchObject({ cause: "STEP_PARKED" });
    expect(explanation?.summary).toMatch(/^HiringCaterer stands since .+The caterer is bankrupt\.$/);
    await engine.act(saga.id, { kind: "complete", reply: "CatererHiredEvent", payload: { menu: "vegan" } });
    await until(key, ({ status }) => status === "WAITING");
    expect(await explained(saga)).toMatchObject({
      cause: "WAITING_FOR_EVENT",
      events: ["SpeakersInvitedEvent", "SpeakersDeclinedEvent"],
    });
    const answer = occur(m.SpeakersInvitedEvent, { conferenceId: key, all: true });
    expect(await engine.transaction((em) => reply(em, asked[0] ?? "", answer, { messageId: "speakers" }))).toMatchObject({ fate: "applied" });
    expect(await until(key, ({ finishedAt }) => finishedAt !== null)).toMatchObject({ status: "COMPLETED" });
  });

  test("while a queue is paused, the time of a group stands still for a step that waits there, and not for one that has ended", async () => {
    const deadline = async (): Promise<number> => (await engine.saga("Conference", key))?.deadlineAt?.getTime() ?? 0;
    const call = (queue: string) => ({ queue, actorId: OPERATOR_ID, note: "The telephone is broken." });
    const pause = (queue: string) => engine.transaction((em) => engine.operations.pauseQueue(em, call(queue)));
    const resume = (queue: string) => engine.transaction((em) => engine.operations.resumeQueue(em, call(queue)));
    await pause("invite-speakers");
    await engine.pause();
    await engine.start();
    const key = await plan();
    await until(key, ({ steps }) => ["HiringCaterer", "PrintingBadges"].every((one) => steps.some(({ state, status }) => state === one && status === "DONE")));
    await engine.pause();
    await pause("hire-caterer");
    await engine.sql(
      `update saga set deadline_at = clock_timestamp() - interval '1 second',
              runs = (select jsonb_agg(run || '{"startedAt": "2020-01-01T00:00:00.000Z"}') from jsonb_array_elements(runs) run) where subject_id = $1`,
      [key],
    );
    await engine.sql("update queue_pause set paused_at = clock_timestamp() - interval '1 hour'");
    expect(await findDue(engine.em(), engine.registry)).toMatchObject({ timer: false });
    const before = await deadline();
    await resume("hire-caterer");
    expect(await deadline()).toBe(before);
    await pause("hire-caterer");
    await resume("invite-speakers");
    expect(((await deadline()) - before) / 3_600_000).toBeCloseTo(1, 2);
    await engine.sql("update saga set deadline_at = clock_timestamp() where subject_id = $1", [key]);
    await until(key, ({ status }) => status === "COMPENSATING");
    await resume("hire-caterer");
    await engine.start();
    expect(await until(key, ({ finishedAt }) => finishedAt !== null)).toMatchObject({ reason: { code: "TIMED_OUT" } });
  });

  test("each step of a group retries by itself", async () => {
    let attempts = 0;
    const key = await plan({
      InviteSpeakersCommand: async () => ((attempts += 1), attempts < 2 ? Promise.reject(new Transient("They do not answer")) : "SpeakersInvitedEvent"),
    });
    const saga = await until(key, ({ finishedAt }) => finishedAt !== null);
    expect(saga).toMatchObject({ status: "COMPLETED" });
    expect(saga.steps.find(({ state }) => state === "InvitingSpeakers")).toMatchObject({ attempts: 2 });
    expect(saga.steps.find(({ state }) => state === "HiringCaterer")).toMatchObject({ attempts: 1 });
  });
});
