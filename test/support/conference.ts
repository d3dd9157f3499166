import { command, event, t } from "../../src/outbox/index.ts";
import { exponential, fail, failPartly, finish, incremental, loop, next, park, saga, skip } from "../../src/sagas/engine/index.ts";

// A conference is planned: a venue, then three things at the same time, then it is announced.

const id = { conferenceId: t.id() };
export const ConferencePlannedEvent = event("ConferencePlannedEvent", id);
export const ConferenceCalledOffEvent = event("ConferenceCalledOffEvent", id);

export const VenueBookedEvent = event("VenueBookedEvent", id);
export const VenueReleasedEvent = event("VenueReleasedEvent", id);
export const CatererHiredEvent = event("CatererHiredEvent", { ...id, menu: t.oneOf("vegan", "mixed") });
export const CatererDismissedEvent = event("CatererDismissedEvent", id);
export const SpeakersInvitedEvent = event("SpeakersInvitedEvent", { ...id, all: t.bool() });
export const SpeakersDeclinedEvent = event("SpeakersDeclinedEvent", id);
export const SpeakersUninvitedEvent = event("SpeakersUninvitedEvent", id);
export const BadgesPrintedEvent = event("BadgesPrintedEvent", id);
export const AnnouncedEvent = event("AnnouncedEvent", id);

export const BookVenueCommand = command("BookVenueCommand", id, VenueBookedEvent);
export const ReleaseVenueCommand = command("ReleaseVenueCommand", id, VenueReleasedEvent);
export const HireCatererCommand = command("HireCatererCommand", id, CatererHiredEvent);
export const DismissCatererCommand = command("DismissCatererCommand", id, CatererDismissedEvent);
export const InviteSpeakersCommand = command("InviteSpeakersCommand", id, SpeakersInvitedEvent, SpeakersDeclinedEvent);
export const UninviteSpeakersCommand = command("UninviteSpeakersCommand", id, SpeakersUninvitedEvent);
export const PrintBadgesCommand = command("PrintBadgesCommand", id, BadgesPrintedEvent);
export const AnnounceCommand = command("AnnounceCommand", id, AnnouncedEvent);

export const conference = saga("Conference", {
  version: 1,
  key: "conferenceId",
  data: { ...id, menu: t.maybe(t.oneOf("vegan", "mixed")) },
  states: ["ConferencePlanned", "BookingVenue", "PreparingConference", "HiringCaterer", "InvitingSpeakers", "PrintingBadges", "Announcing"],
  finals: { ConferenceAnnounced: "succeeded", ConferenceDropped: "failed" },
  reasons: {
    NoSpeakers: { code: "DEPENDENCY_REJECTED", message: "The speakers have declined." },
    TooLate: { code: "TIMED_OUT", message: "It could not be prepared in time." },
    CalledOff: { code: "CANCELLED_BY_USER", message: "It was called off.", cancels: true },
  },
})
  .startOn(ConferencePlannedEvent, { state: "ConferencePlanned", key: (e) => e.conferenceId, init: (e) => ({ ...e }) })
  .step("BookingVenue", {
    invoke: BookVenueCommand,
    with: (d) => ({ conferenceId: d.conferenceId }),
    onReply: { VenueBookedEvent: next },
    compensate: { invoke: ReleaseVenueCommand, with: (d) => ({ conferenceId: d.conferenceId }) },
    timeout: ["5m", fail("TooLate")],
    onExhausted: park,
  })
  .parallel(
    "PreparingConference",
    (group) =>
      group
        .step("HiringCaterer", {
          invoke: HireCatererCommand,
          with: (d) => ({ conferenceId: d.conferenceId }),
          onReply: { CatererHiredEvent: { save: (e) => ({ menu: e.menu }), then: next } },
          compensate: {
            invoke: DismissCatererCommand,
            with: (d) => ({ conferenceId: d.conferenceId }),
            retry: incremental({ first: "1s", step: "2s", times: 1 }),
          },
          retry: incremental({ first: "1s", step: "2s", times: 2 }),
          onExhausted: park,
        })
        .step("InvitingSpeakers", {
          invoke: InviteSpeakersCommand,
          with: (d) => ({ conferenceId: d.conferenceId }),
          onReply: {
            SpeakersInvitedEvent: { by: "all", cases: { true: next, false: failPartly("NoSpeakers") } },
            SpeakersDeclinedEvent: fail("NoSpeakers"),
          },
          compensate: { invoke: UninviteSpeakersCommand, with: (d) => ({ conferenceId: d.conferenceId }), ifExhausted: "continue" },
          retry: exponential({ first: "1s", factor: 2, times: 3 }),
          onExhausted: fail("NoSpeakers"),
        })
        .step("PrintingBadges", {
          invoke: PrintBadgesCommand,
          with: (d) => ({ conferenceId: d.conferenceId }),
          onReply: { BadgesPrintedEvent: next },
          effect: "irreversible",
          onExhausted: skip,
        }),
    { timeout: ["10m", fail("TooLate")] },
  )
  .step("Announcing", {
    invoke: AnnounceCommand,
    with: (d) => ({ conferenceId: d.conferenceId }),
    onReply: { AnnouncedEvent: finish("ConferenceAnnounced") },
    effect: "irreversible",
    timeout: ["5m", loop("PreparingConference", 1, fail("TooLate"))],
    onExhausted: park,
  })
  .interrupt(ConferenceCalledOffEvent, { during: "any", then: fail("CalledOff") })
  .onFailed({ final: "ConferenceDropped" })
  .build();
