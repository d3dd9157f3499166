import { fail, finish, migration, next, park, saga, t } from "../../src/sagas/engine/index.ts";
import * as m from "./certificate.messages.ts";
import { certificate } from "./certificate.saga.ts";

/** The second version numbers certificates in a register, and knows who has asked for how many copies. */
const certificateTwo = saga("Certificate", {
  version: 2,
  key: "certificateId",
  participants: ["learnerId"],
  data: { certificateId: t.id(), learnerId: t.id(), number: t.maybe(t.int()), problem: t.maybe(t.text()), copies: t.int() },
  states: ["CertificateRequested", "RegisteringCertificate", "PrintingCertificate"],
  finals: { CertificateReady: "succeeded", CertificateFailed: "failed" },
  reasons: { Unprintable: { code: "DEPENDENCY_REJECTED", message: (d) => d.problem ?? "The certificate cannot be printed." } },
})
  .startOn(m.CertificateRequestedEvent, { state: "CertificateRequested", key: (e) => e.certificateId, init: (e) => ({ ...e, copies: 1 }) })
  .step("RegisteringCertificate", {
    invoke: m.NumberCertificateCommand,
    with: (d) => ({ certificateId: d.certificateId }),
    onReply: { CertificateNumberedEvent: { save: (e) => ({ number: e.number }), then: next } },
    compensate: { invoke: m.VoidCertificateNumberCommand, with: (d) => ({ certificateId: d.certificateId }) },
    timeout: ["1h", park],
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
    timeout: ["5m", park],
    onExhausted: park,
  })
  .onFailed({ final: "CertificateFailed" })
  .build();

// Both versions, and how sagas get from the one to the other
export const sagas = [certificate, certificateTwo];
export const migrations = [
  migration(certificate, certificateTwo, {
    // Lost in the second version. What is being numbered ends on the first; "RegisteringCertificate" would be another place.
    states: { NumberingCertificate: "stay" },
    // PrintingCertificate keeps its name, its command and its answers: sagas move although the printer is at work.
    data: (first) => ({ ...first, copies: 1 }),
  }),
];
