import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { migrate } from "../../src/sagas/engine/migration.ts";
import { given } from "../../src/sagas/engine/testing.ts";
import { newId } from "../../src/kernel/ids.ts";
import * as m from "./certificate.messages.ts";
import { certificate } from "./certificate.saga.ts";
import { migrations, sagas } from "./certificate.versions.ts";

const certificateId = "00000000-0000-4000-8000-000000000001";
const numbering = given(certificate, m.CertificateRequestedEvent, { certificateId, learnerId: "00000000-0000-4000-8000-000000000002" });

const { definitions } = new SagaRegistry(sagas, migrations);
const moved = ({ instance }: typeof numbering) => {
  const [from, to] = definitions;
  const [how] = migrations;
  if (from === undefined || to === undefined || how === undefined) throw new Error("unreachable");
  return migrate(how, { from, to }, instance, { actorId: certificateId, note: null }, { now: new Date(), newId, random: Math.random });
};

test("a certificate that is being printed is moved with its new data, and one that is being numbered stays", () => {
  expect(moved(numbering)).toMatchObject({ denied: "WRONG_STATE", explanation: "Sagas in NumberingCertificate finish on v1." });
  const printing = numbering.answered(m.CertificateNumberedEvent, { certificateId, number: 7 });
  expect(moved(printing).instance).toMatchObject({ version: 2, state: "PrintingCertificate", data: { number: 7, copies: 1 } });
});
