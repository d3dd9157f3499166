import { command, event } from "./message.ts";
import { t } from "./schema.ts";
import { canRead, versioned } from "./versioned.ts";

// How ParcelSentEvent has changed: `grams` was a text at first, and then called `weight`.
const ParcelSentEvent = versioned(
  event("ParcelSentEvent", { parcelId: t.id(), grams: t.int() }),
  ({ weight, ...rest }) => ({ ...rest, grams: weight }),
  ({ grams, ...rest }) => ({ ...rest, grams: Number(grams) }),
);
const parcelId = "00000000-0000-4000-8000-000000000001";

describe("a payload of an older version of its contract", () => {
  test.each<[string, Record<string, unknown>]>([
    ["first, which names no version", { parcelId, weight: "12" }],
    ["second", { parcelId, grams: "12", $version: 2 }],
    ["third, today's", { parcelId, grams: 12, $version: 3 }],
  ])("the %s, is read as if it had been made today", (_which, payload) => {
    expect(ParcelSentEvent.schema.decode(payload, "payload")).toEqual({ parcelId, grams: 12 });
    expect(ParcelSentEvent.schema.redact(payload)).toEqual({ parcelId, grams: 12 });
  });

  test("is written in today's version, which says so", () => {
    expect(ParcelSentEvent.schema.encode({ parcelId, grams: 12 })).toEqual({ parcelId, grams: 12, $version: 3 });
  });

  test("of a version to come is refused with the versions that can be read", () => {
    expect(() => ParcelSentEvent.schema.decode({ parcelId, grams: 12, $version: 4 }, "payload")).toThrow("payload: expected version 1 to 3, found 4");
  });

  test("that is no object at all is refused by its shape", () => {
    expect(() => ParcelSentEvent.schema.decode("x", "payload")).toThrow("payload: expected an object");
  });

  test("keeps name and replies of its contract", () => {
    const sent = versioned(command("SendParcelCommand", { parcelId: t.id() }, ParcelSentEvent), (payload) => payload);
    expect(sent).toMatchObject({ kind: "command", name: "SendParcelCommand", replies: [ParcelSentEvent] });
  });
});

describe("messages made with one shape can be read with another", () => {
  const shape = (fields: Parameters<typeof t.obj>[0]): string => t.obj(fields).text;
  const before = shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.maybe(t.int()) });

  test.each<[string, string, boolean]>([
    ["when nothing has changed", before, true],
    [
      "when a field was added that may be missing",
      shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.maybe(t.int()), f: t.maybe(t.text()) }),
      true,
    ],
    ["when a field may be missing from now on", shape({ a: t.maybe(t.id()), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.maybe(t.int()) }), true],
    ["when the order of fields has changed", shape({ e: t.maybe(t.int()), a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })) }), true],
    ["when a field is gone that could be missing", shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })) }), true],
    [
      "when something within a field was added that may be missing",
      shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text(), g: t.maybe(t.int()) })), e: t.maybe(t.int()) }),
      true,
    ],
    ["when the contract has a higher version", `v2${shape({ z: t.int() })}`, true],
    [
      "but not when a field was added that must be there",
      shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.maybe(t.int()), f: t.text() }),
      false,
    ],
    ["but not when a field was removed", shape({ a: t.id(), e: t.maybe(t.int()) }), false],
    ["but not when a field was retyped", shape({ a: t.int(), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.maybe(t.int()) }), false],
    ["but not when a field must be there from now on", shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.text() })), e: t.int() }), false],
    ["but not when something within a field has changed", shape({ a: t.id(), b: t.list(t.obj({ c: t.int(), d: t.int() })), e: t.maybe(t.int()) }), false],
    ["but not when it is no object any more", "list(id)", false],
  ])("%s", (_when, after, can) => {
    expect(canRead(after, before)).toBe(can);
  });

  test.each<[string, string, string, boolean]>([
    ["when a choice has got another value", shape({ a: t.oneOf("x", "y", "z") }), shape({ a: t.oneOf("x", "y") }), true],
    ["but not when a choice has lost one", shape({ a: t.oneOf("x") }), shape({ a: t.oneOf("x", "y") }), false],
    ["but not when a choice has become another type", shape({ a: t.text() }), shape({ a: t.oneOf("x", "y") }), false],
  ])("%s", (_when, after, earlier, can) => {
    expect(canRead(after, earlier)).toBe(can);
  });

  test("but not when the contract has a lower version", () => {
    expect(canRead(before, `v2${before}`)).toBe(false);
  });
});
