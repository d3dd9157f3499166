import { fail, finish, incremental, next, park, saga, t } from "../../src/sagas/engine/index.ts";
import * as m from "./certificate.messages.ts";

/** Waits 1 s, 3 s, 5 s: four attempts in all. */
const retry = incremental({ first: "1s", step: "2s", times: 3 });

export const certificate = saga("Certificate", {
  version: 1,
  key: "certificateId",
  participants: ["learnerId"],
  data: { certificateId: t.id(), learnerId: t.id(), number: t.maybe(t.int()), problem: t.maybe(t.text()) },
  states: ["CertificateRequested", "NumberingCertificate", "PrintingCertificate"],
  finals: { CertificateReady: "succeeded", CertificateFailed: "failed" },
  reasons: {
    Unprintable: { code: "DEPENDENCY_REJECTED", message: (d) => d.problem ?? "The certificate cannot be printed." },
    TooLate: { code: "TIMED_OUT", message: "The certificate could not be made in time." },
  },
})
  .startOn(m.CertificateRequestedEvent, { state: "CertificateRequested", key: (e) => e.certificateId, init: (e) => ({ ...e }) })
  .step("NumberingCertificate", {
    invoke: m.NumberCertificateCommand,
    with: (d) => ({ certificateId: d.certificateId }),
    onReply: { CertificateNumberedEvent: { save: (e) => ({ number: e.number }), then: next } },
    compensate: { invoke: m.VoidCertificateNumberCommand, with: (d) => ({ certificateId: d.certificateId }) },
    retry,
    attemptTimeout: "5s",
    timeout: ["5m", fail("TooLate")],
    onExhausted: park,
  })
  .step("PrintingCertificate", {
    invoke: m.PrintCertificateCommand,
    with: (d) => ({ certificateId: d.certificateId, number: d.number ?? 0 }),
    onReply: {
      CertificatePrintedEvent: finish("CertificateReady"),
      CertificateUnprintableEvent: { save: (e) => ({ problem: e.problem }), then: fail("Unprintable") },
    },
    effect: "irreversible",
    retry,
    attemptTimeout: "20s",
    timeout: ["5m", park],
    onExhausted: park,
  })
  .reflect(
    "certificate",
    { status: "status" },
    {
      CertificateRequested: "REQUESTED",
      NumberingCertificate: "REQUESTED",
      PrintingCertificate: "NUMBERED",
      CertificateReady: "READY",
      CertificateFailed: "FAILED",
    },
  )
  .onFailed({ final: "CertificateFailed" })
  .build();
