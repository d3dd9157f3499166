import { isId } from "../kernel/ids.ts";
import { command, event, occur, published, queueOf, type Envelope, type EventMessage } from "./message.ts";
import { t } from "./schema.ts";

const ParcelSentEvent = event("ParcelSentEvent", { parcelId: t.id() });
const ParcelLostEvent = event("ParcelLostEvent", { parcelId: t.id(), where: t.text() });
const SendParcelCommand = command("SendParcelCommand", { parcelId: t.id() }, ParcelSentEvent, ParcelLostEvent);
const parcelId = "00000000-0000-4000-8000-000000000001";

test("a contract is its name, the shape of its payload and, for a command, the closed list of its replies", () => {
  expect(ParcelLostEvent).toMatchObject({ kind: "event", name: "ParcelLostEvent", schema: { text: "{parcelId:id,where:text}" } });
  expect(SendParcelCommand).toMatchObject({ kind: "command", name: "SendParcelCommand", replies: [ParcelSentEvent, ParcelLostEvent] });
  expect(command("MuteCommand", {}).replies).toEqual([]);
});

test("what occurs gets an id of its own each time it is published", () => {
  const message = occur(ParcelSentEvent, { parcelId });
  const [first, second] = [published(message), published(message)];
  expect(first).toEqual({ id: first.id, contract: ParcelSentEvent, payload: { parcelId }, correlationId: null, causationId: null, replyTo: null });
  expect(isId(first.id)).toBe(true);
  expect(second.id > first.id).toBe(true);
});

test("a reply belongs to the flow and the run of the command that caused it", () => {
  const cause: Envelope = {
    id: "c",
    name: "SendParcelCommand",
    payload: {},
    correlationId: "saga",
    causationId: "before",
    replyTo: { runId: "run", attempt: 2 },
  };
  expect(published(occur(ParcelSentEvent, { parcelId }), { cause })).toMatchObject({
    correlationId: "saga",
    causationId: "c",
    replyTo: { runId: "run", attempt: 2 },
  });
});

test("a message that its sender has named has the same id at every delivery: its own, or one derived from any other text", () => {
  const idOf = (messageId: string, message: EventMessage = occur(ParcelSentEvent, { parcelId })): string => published(message, { messageId }).id;
  expect(idOf("01234567-89AB-7DEF-8123-456789ABCDEF")).toBe("01234567-89ab-7def-8123-456789abcdef");
  expect(idOf("evt_1NxQ")).toBe(idOf("evt_1NxQ"));
  expect(isId(idOf("evt_1NxQ"))).toBe(true);
  expect(idOf("evt_1NxR")).not.toBe(idOf("evt_1NxQ"));
  expect(idOf("evt_1NxQ", occur(ParcelLostEvent, { parcelId, where: "" }))).not.toBe(idOf("evt_1NxQ"));
});

test.each([
  ["CheckCourseCapacityCommand", "check-course-capacity"],
  ["SendWelcomeEmailCommand", "send-welcome-email"],
  ["Send2FactorCommand", "send2-factor"],
  ["PollCommand", "poll"],
  ["CommandCenterCommand", "command-center"],
  ["Reindex", "reindex"],
])("the queue of %s is %s", (name, queue) => {
  expect(queueOf(name)).toBe(queue);
});
