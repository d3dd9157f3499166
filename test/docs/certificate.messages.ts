import { command, event, t } from "../../src/outbox/index.ts";

/** A learner has finished a course and wants it on paper; the certificate's row exists. */
export const CertificateRequestedEvent = event("CertificateRequestedEvent", { certificateId: t.id(), learnerId: t.id() });

export const CertificateNumberedEvent = event("CertificateNumberedEvent", { certificateId: t.id(), number: t.int() });
export const CertificateNumberVoidedEvent = event("CertificateNumberVoidedEvent", { certificateId: t.id() });
export const CertificatePrintedEvent = event("CertificatePrintedEvent", { certificateId: t.id() });
export const CertificateUnprintableEvent = event("CertificateUnprintableEvent", { certificateId: t.id(), problem: t.text() });

/** Gives the certificate the next number; undone by VoidCertificateNumberCommand. */
export const NumberCertificateCommand = command("NumberCertificateCommand", { certificateId: t.id() }, CertificateNumberedEvent);
export const VoidCertificateNumberCommand = command("VoidCertificateNumberCommand", { certificateId: t.id() }, CertificateNumberVoidedEvent);

/** Has it printed. A no of the printer is a reply, not an exception: nothing is broken. */
export const PrintCertificateCommand = command(
  "PrintCertificateCommand",
  { certificateId: t.id(), number: t.int() },
  CertificatePrintedEvent,
  CertificateUnprintableEvent,
);
