import { sagaPages } from "../../scripts/saga-pages.ts";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { swarm } from "../../src/sagas/engine/simulate.ts";
import { given } from "../../src/sagas/engine/testing.ts";
import { conference } from "../support/conference.ts";
import { certificate } from "./certificate.saga.ts";
import * as m from "./graduation.saga.ts";
import { graduation } from "./graduation.saga.ts";

const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
const plan = { graduationId: id(1), learnerId: id(2), certificateId: id(3) };
const { graduationId } = plan;

test("what a group begins together", () => {
  expect(given(graduation, m.GraduationPlannedEvent, plan).outcome).toBe("PreparingGraduation RUNNING > ReserveHallCommand, BeginCertificateCommand");
});

// What becomes of them
test("a graduation is prepared when hall and certificate are there, in whatever order, and knows the number", () => {
  const saga = given(graduation, m.GraduationPlannedEvent, plan);
  saga.ended(certificate, "CertificateReady", { certificateId: id(3), learnerId: id(2), number: 7 });
  expect(saga.outcome).toBe("PreparingGraduation RUNNING");
  saga.answered(m.HallReservedEvent, { graduationId }, saga.newest("ReserveHallCommand"));
  expect(saga.outcome).toBe("GraduationPrepared COMPLETED");
  expect(saga.instance.data).toMatchObject({ number: 7 });
});
test("without a hall, whatever there is of the certificate is undone", () => {
  const saga = given(graduation, m.GraduationPlannedEvent, plan);
  saga.answered(m.HallRefusedEvent, { graduationId }, saga.newest("ReserveHallCommand"));
  expect(saga.outcome).toBe("PreparingGraduation COMPENSATING > UndoCertificateCommand");
  saga.ended(certificate, "CertificateFailed", { certificateId: id(3), learnerId: id(2) });
  expect(saga.outcome).toBe("GraduationCalledOff FAILED");
});

test("a saga that is not begun has not ended", () => {
  const saga = given(graduation, m.GraduationPlannedEvent, plan);
  expect(() => saga.ended(graduation, "GraduationPrepared", plan)).toThrow("No BeginGraduationCommand or UndoGraduationCommand has been sent");
});

test("it survives whatever happens to it", () => {
  expect(swarm(graduation, { seeds: 1_000 }).idle).toEqual([]);
});

test("its page says that a step of a group is done, or left out, and leaves what follows to the group", () => {
  const page = sagaPages([graduation]).get("graduation.md");
  expect(page).toContain("| ReservingHall | HallReservedEvent | is done |");
  expect(page).toContain("| PreparingGraduation | all steps ended | ends in GraduationPrepared |");
  expect(sagaPages([conference]).get("conference.md")).toContain("| | attempts used up | is left out |");
});

test("the program refuses to start with it and without the certificate", () => {
  expect(() => new SagaRegistry([graduation])).toThrow("Certificate");
  expect(new SagaRegistry([graduation, certificate]).types()).toEqual(["Graduation", "Certificate"]);
});
