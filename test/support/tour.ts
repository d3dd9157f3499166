import { event, t } from "../../src/outbox/index.ts";
import { fail, finish, next, saga } from "../../src/sagas/engine/index.ts";
import { conference, ConferencePlannedEvent } from "./conference.ts";

// A tour has two conferences at the same time, each a saga of its own.

const id = { tourId: t.id() };
export const TourPlannedEvent = event("TourPlannedEvent", { ...id, firstId: t.id(), secondId: t.id() });
export const TourCalledOffEvent = event("TourCalledOffEvent", id);

export const tour = saga("Tour", {
  version: 1,
  key: "tourId",
  data: { ...id, firstId: t.id(), secondId: t.id() },
  states: ["TourPlanned", "Touring", "HostingFirst", "HostingSecond"],
  finals: { TourHeld: "succeeded", TourDropped: "failed" },
  reasons: {
    NoConference: { code: "DEPENDENCY_REJECTED", message: "A conference is missing." },
    TooLate: { code: "TIMED_OUT", message: "It took too long." },
    CalledOff: { code: "CANCELLED_BY_USER", message: "It was called off.", cancels: true },
  },
})
  .startOn(TourPlannedEvent, { state: "TourPlanned", key: (e) => e.tourId, init: (e) => ({ ...e }) })
  .parallel(
    "Touring",
    (group) =>
      group
        .subSaga("HostingFirst", {
          saga: conference,
          start: ConferencePlannedEvent,
          with: (d) => ({ conferenceId: d.firstId }),
          onEnd: { ConferenceAnnounced: next, ConferenceDropped: fail("NoConference") },
          onRefused: fail("NoConference"),
        })
        .subSaga("HostingSecond", {
          saga: conference,
          start: ConferencePlannedEvent,
          with: (d) => ({ conferenceId: d.secondId }),
          onEnd: { ConferenceAnnounced: next, ConferenceDropped: fail("NoConference") },
          onRefused: fail("NoConference"),
        }),
    { timeout: ["1d", fail("TooLate")], then: finish("TourHeld") },
  )
  .interrupt(TourCalledOffEvent, { during: "any", then: fail("CalledOff") })
  .onFailed({ final: "TourDropped" })
  .build();
