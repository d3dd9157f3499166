import { event, t, versioned } from "../../../outbox/index.ts";
import { Chance } from "./chance.ts";
import { makeUp, makeUpAll } from "./payloads.ts";

const ParcelSentEvent = event("ParcelSentEvent", {
  parcelId: t.id(),
  how: t.oneOf("train", "ship"),
  isFragile: t.bool(),
  pieces: t.int(),
  sentAt: t.time(),
  note: t.maybe(t.text()),
  stops: t.list(t.obj({ town: t.text(), at: t.maybe(t.time()) })),
  nothing: t.obj({}),
});
const parcelId = "00000000-0000-4000-8000-000000000001";
const circumstances = { given: { parcelId, unknown: 1 }, now: new Date("2026-01-01T00:00:00Z"), newId: () => parcelId };

test("payloads are made up in every part that a shape can have, and fit it", () => {
  const payloads = Array.from({ length: 200 }, (_, seed) => makeUp(ParcelSentEvent, new Chance(seed), circumstances) as typeof ParcelSentEvent.payload);
  for (const payload of payloads) expect(ParcelSentEvent.schema.decode(ParcelSentEvent.schema.encode(payload), "payload")).toEqual(payload);
  expect(new Set(payloads.map(({ how }) => how))).toEqual(new Set(["train", "ship"]));
  expect(new Set(payloads.map(({ isFragile }) => isFragile)).size).toBe(2);
  expect(new Set(payloads.map(({ stops }) => stops.length))).toEqual(new Set([0, 1, 2]));
  expect(new Set(payloads.map(({ note }) => note === undefined)).size).toBe(2);
  expect(new Set(payloads.map(({ sentAt }) => sentAt < circumstances.now)).size).toBe(2);
  expect(payloads.every((payload) => payload.parcelId === parcelId && !("unknown" in payload))).toBe(true);
});

test("all payloads that branches can tell apart are made up once each", () => {
  const payloads = makeUpAll(ParcelSentEvent, new Chance(1), circumstances) as (typeof ParcelSentEvent.payload)[];
  expect(payloads.map(({ how, isFragile }) => `${how} ${isFragile}`)).toEqual(["train true", "train false", "ship true", "ship false"]);
});

test("a contract of a later version is made up as its newest", () => {
  const newer = versioned(ParcelSentEvent, (payload) => ({ ...payload, pieces: 1 }));
  expect(makeUp(newer, new Chance(1), circumstances)).toEqual(makeUp(ParcelSentEvent, new Chance(1), circumstances));
});

test("a shape of one's own cannot be made up, and the error says what to do", () => {
  const schema = { ...t.text(), text: "colour" };
  expect(() => makeUp({ schema }, new Chance(1), circumstances)).toThrow(
    'Nobody can make up a value of "colour": "colour" at 6 is no known type. Give the payload yourself.',
  );
});

test("chance is the same for the same seed, and even", () => {
  const drawn = (seed: number): number[] => {
    const chance = new Chance(seed);
    return Array.from({ length: 10_000 }, () => chance.below(10));
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  for (let value = 0; value < 10; value += 1) expect(drawn(7).filter((one) => one === value).length).toBeGreaterThan(900);
  expect(() => new Chance(1).pick([])).toThrow(RangeError);
});
