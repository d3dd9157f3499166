import { command, event, t } from "../../src/outbox/index.ts";
import { fail, finish, next, park, saga } from "../../src/sagas/engine/index.ts";
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
