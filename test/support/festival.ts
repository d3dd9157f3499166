import {
  command,
  event,
  handle,
  later,
  occur,
  query,
  t,
  type AnyCommand,
  type AnyEvent,
  type AnyParticipant,
  type EventMessage,
} from "../../src/outbox/index.ts";
import { fail, finish, next, park, saga } from "../../src/sagas/engine/index.ts";
import * as c from "./conference.ts";
import { conference, ConferencePlannedEvent } from "./conference.ts";

// A festival has a conference, which is a saga of its own: it is begun once the permit is there, and tickets are sold when it stands.

const id = { festivalId: t.id() };
export const FestivalPlannedEvent = event("FestivalPlannedEvent", { ...id, conferenceId: t.id() });
export const FestivalForbiddenEvent = event("FestivalForbiddenEvent", id);
export const PermitGrantedEvent = event("PermitGrantedEvent", id);
export const PermitReturnedEvent = event("PermitReturnedEvent", id);
export const TicketsSoldEvent = event("TicketsSoldEvent", id);
export const NobodyCameEvent = event("NobodyCameEvent", id);

export const AskPermitCommand = command("AskPermitCommand", id, PermitGrantedEvent);
export const ReturnPermitCommand = command("ReturnPermitCommand", id, PermitReturnedEvent);
export const SellTicketsCommand = command("SellTicketsCommand", { ...id, menu: t.text() }, TicketsSoldEvent, NobodyCameEvent);

export const festival = saga("Festival", {
  version: 1,
  key: "festivalId",
  data: { festivalId: t.id(), conferenceId: t.id(), menu: t.maybe(t.text()) },
  states: ["FestivalPlanned", "AskingPermit", "HostingConference", "SellingTickets"],
  finals: { FestivalHeld: "succeeded", FestivalDropped: "failed" },
  reasons: {
    NoConference: { code: "DEPENDENCY_REJECTED", message: "There is no conference." },
    NobodyCame: { code: "DEPENDENCY_REJECTED", message: "Nobody came." },
    TooLate: { code: "TIMED_OUT", message: "It took too long." },
    Forbidden: { code: "CANCELLED_BY_USER", message: "It was forbidden.", cancels: true },
  },
})
  .startOn(FestivalPlannedEvent, { state: "FestivalPlanned", key: (e) => e.festivalId, init: (e) => ({ ...e }) })
  .step("AskingPermit", {
    invoke: AskPermitCommand,
    with: (d) => ({ festivalId: d.festivalId }),
    onReply: { PermitGrantedEvent: next },
    compensate: { invoke: ReturnPermitCommand, with: (d) => ({ festivalId: d.festivalId }) },
    timeout: ["5m", fail("TooLate")],
    onExhausted: park,
  })
  .subSaga("HostingConference", {
    saga: conference,
    start: ConferencePlannedEvent,
    with: (d) => ({ conferenceId: d.conferenceId }),
    onEnd: { ConferenceAnnounced: { save: (c) => (c.menu === undefined ? {} : { menu: c.menu }), then: next }, ConferenceDropped: fail("NoConference") },
    onRefused: fail("NoConference"),
    timeout: ["1d", fail("TooLate")],
  })
  .step("SellingTickets", {
    invoke: SellTicketsCommand,
    with: (d) => ({ festivalId: d.festivalId, menu: d.menu ?? "nothing" }),
    onReply: { TicketsSoldEvent: finish("FestivalHeld"), NobodyCameEvent: fail("NobodyCame") },
    effect: "irreversible",
    timeout: ["1d", fail("TooLate")],
    onExhausted: park,
  })
  .interrupt(FestivalForbiddenEvent, { during: "any", then: fail("Forbidden") })
  .onFailed({ final: "FestivalDropped" })
  .build();

const commands: readonly AnyCommand[] = [
  AskPermitCommand,
  ReturnPermitCommand,
  SellTicketsCommand,
  c.BookVenueCommand,
  c.ReleaseVenueCommand,
  c.HireCatererCommand,
  c.DismissCatererCommand,
  c.InviteSpeakersCommand,
  c.UninviteSpeakersCommand,
  c.PrintBadgesCommand,
  c.AnnounceCommand,
];

/** Where the participants note what they have done. */
export const prepare = (sql: (text: string) => Promise<unknown>): Promise<unknown> =>
  sql("create table done (id bigserial primary key, key uuid, name text, payload jsonb)");

/** Those of a festival and its conference. */
export function festivalParticipants(): {
  readonly participants: AnyParticipant[];
  /** What a command leads to, by key and name, where it is not its first reply: another one, `later`, or `breaks`. */
  readonly answers: Map<string, string>;
  /** The run that waits for word from outside, by key and name of its command. */
  readonly asked: Map<string, string>;
} {
  const [answers, asked] = [new Map<string, string>(), new Map<string, string>()];
  const participants = commands.map((contract) =>
    handle(contract, async (em, { payload, runId }) => {
      const key = Object.entries(payload as Record<string, string>).find(([name]) => name.endsWith("Id"))?.[1] ?? "";
      const answer = answers.get(`${key} ${contract.name}`) ?? contract.replies[0]?.name ?? "";
      if (answer === "breaks") throw new Error("It is broken");
      await query(em, "insert into done (key, name, payload) values ($1, $2, $3)", [key, contract.name, JSON.stringify(payload)]);
      if (answer !== "later") return answerOf(contract, answer, payload);
      asked.set(`${key} ${contract.name}`, runId);
      return later();
    }),
  );
  return { participants, answers, asked };
}

const answerOf = (contract: AnyCommand, name: string, payload: unknown): EventMessage => {
  const event = contract.replies.find((one) => one.name === name) as AnyEvent;
  return occur(event, { ...(payload as object), menu: "mixed", all: true });
};
