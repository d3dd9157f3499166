// Many runs
import { explore, simulate, swarm, type Effects } from "../../src/sagas/engine/simulate.ts";
import * as m from "./certificate.messages.ts";
import { certificate } from "./certificate.saga.ts";
test("a certificate survives whatever happens to it", () => {
  const { idle } = swarm(certificate, {
    seeds: 1_000,
    always: {
      "a certificate that failed has no number, unless it says so": ({ final, effects, remains }) =>
        final !== "CertificateFailed" || effects.of("NumberCertificateCommand").allUndone || remains.includes("NumberingCertificate"),
    },
  });
  expect(idle).toEqual([]);
});

// One run
test("a printer that is away for good leaves a certificate to an operator", () => {
  const certificateId = "00000000-0000-4000-8000-000000000001";
  const run = simulate(certificate, { seed: 7, faults: "none", participants: { PrintCertificateCommand: { fails: "always" } } });
  run.send(m.CertificateRequestedEvent, { certificateId, learnerId: certificateId });
  run.until(({ saga }) => saga?.status === "STUCK");
  expect(run.view.effects.of("NumberCertificateCommand").standing).toBe(1);
});

// Every interleaving
test("no order of messages, with one failed attempt and one crash anywhere, leads a certificate astray", () => {
  const { ends } = explore(certificate, { duplicates: 1, failures: 1, crashes: 1 });
  expect(Object.keys(ends).toSorted()).toEqual(["CertificateFailed FAILED", "CertificateReady COMPLETED", "PrintingCertificate STUCK"]);
});

// Participants of one's own
test("a number is given once, however often it is asked for", () => {
  const number = ({ payload: { certificateId } }: { payload: { certificateId: string } }, effects: Effects) => {
    if (!effects.has("number", certificateId)) effects.add("number", certificateId);
    return { contract: m.CertificateNumberedEvent, payload: { certificateId, number: effects.count("number") } };
  };
  const voided = ({ payload: { certificateId } }: { payload: { certificateId: string } }, effects: Effects) => {
    effects.remove("number", certificateId);
    return { contract: m.CertificateNumberVoidedEvent, payload: { certificateId } };
  };
  swarm(certificate, {
    seeds: 500,
    participants: { NumberCertificateCommand: { does: number, effect: "outside" }, VoidCertificateNumberCommand: { does: voided } },
    always: { "one number at most": ({ ledger }) => ledger.count("number") <= 1 },
  });
});
