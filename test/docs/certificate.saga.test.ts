import { given } from "../../src/sagas/engine/testing.ts";
import * as m from "./certificate.messages.ts";
import { certificate } from "./certificate.saga.ts";

const certificateId = "00000000-0000-4000-8000-000000000001";
const requested = () => given(certificate, m.CertificateRequestedEvent, { certificateId, learnerId: "00000000-0000-4000-8000-000000000002" });
const numbered = () => requested().answered(m.CertificateNumberedEvent, { certificateId, number: 7 });

test("a certificate is numbered, then printed with its number", () => {
  const saga = numbered();
  expect(saga.outcome).toBe("PrintingCertificate RUNNING > PrintCertificateCommand");
  expect(saga.newest().payload).toEqual({ certificateId, number: 7 });
  expect(saga.answered(m.CertificatePrintedEvent, { certificateId }).outcome).toBe("CertificateReady COMPLETED");
});

test("the number of one that cannot be printed is voided", () => {
  const saga = numbered().answered(m.CertificateUnprintableEvent, { certificateId, problem: "The title is too long." });
  expect(saga.outcome).toBe("PrintingCertificate COMPENSATING > VoidCertificateNumberCommand");
  expect(saga.answered(m.CertificateNumberVoidedEvent, { certificateId }).outcome).toBe("CertificateFailed FAILED");
  expect(saga.instance.reasonMessage).toBe("The title is too long.");
});

test("a printer that stays away makes the saga stand after four attempts", () => {
  expect(numbered().exhausted().outcome).toBe("PrintingCertificate STUCK");
});
