import { command, event } from "../../src/outbox/index.ts";
import { fail, finish, incremental, next, park, saga, t } from "../../src/sagas/engine/index.ts";
import { CertificateRequestedEvent } from "./certificate.messages.ts";
import { certificate } from "./certificate.saga.ts";

const id = { graduationId: t.id() };
/** A graduation is wanted; its row exists, and that of its certificate. */
export const GraduationPlannedEvent = event("GraduationPlannedEvent", { ...id, learnerId: t.id(), certificateId: t.id() });
export const HallReservedEvent = event("HallReservedEvent", id);
export const HallRefusedEvent = event("HallRefusedEvent", id);
export const HallReleasedEvent = event("HallReleasedEvent", id);
export const ReserveHallCommand = command("ReserveHallCommand", id, HallReservedEvent, HallRefusedEvent);
export const ReleaseHallCommand = command("ReleaseHallCommand", id, HallReleasedEvent);

export const graduation = saga("Graduation", {
  version: 1,
  key: "graduationId",
  participants: ["learnerId"],
  data: { ...id, learnerId: t.id(), certificateId: t.id(), number: t.maybe(t.int()) },
  // The group, and after it its steps.
  states: ["GraduationPlanned", "PreparingGraduation", "ReservingHall", "IssuingCertificate"],
  finals: { GraduationPrepared: "succeeded", GraduationCalledOff: "failed" },
  reasons: {
    NoHall: { code: "DEPENDENCY_REJECTED", message: "No hall is free." },
    NoCertificate: { code: "DEPENDENCY_REJECTED", message: "There is no certificate to hand over." },
    TooLate: { code: "TIMED_OUT", message: "It could not be prepared in time." },
  },
})
  .startOn(GraduationPlannedEvent, { state: "GraduationPlanned", key: (e) => e.graduationId, init: (e) => ({ ...e }) })
  .parallel(
    "PreparingGraduation",
    (group) =>
      group
        .step("ReservingHall", {
          invoke: ReserveHallCommand,
          with: (d) => ({ graduationId: d.graduationId }),
          onReply: { HallReservedEvent: next, HallRefusedEvent: fail("NoHall") },
          compensate: { invoke: ReleaseHallCommand, with: (d) => ({ graduationId: d.graduationId }) },
          retry: incremental({ first: "1s", step: "2s", times: 3 }),
          attemptTimeout: "5s",
          onExhausted: park,
        })
        .subSaga("IssuingCertificate", {
          saga: certificate,
          start: CertificateRequestedEvent,
          with: (d) => ({ certificateId: d.certificateId, learnerId: d.learnerId }),
          onEnd: {
            CertificateReady: { save: (c) => (c.number === undefined ? {} : { number: c.number }), then: next },
            CertificateFailed: fail("NoCertificate"),
          },
          onRefused: fail("NoCertificate"),
        }),
    { timeout: ["1d", fail("TooLate")], then: finish("GraduationPrepared") },
  )
  .reflect(
    "graduation",
    { status: "status" },
    { GraduationPlanned: "PLANNED", PreparingGraduation: "PLANNED", GraduationPrepared: "PREPARED", GraduationCalledOff: "CALLED_OFF" },
  )
  .onFailed({ final: "GraduationCalledOff" })
  .build();
