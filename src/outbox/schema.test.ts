import fc from "fast-check";
import { property } from "../../test/support/property.ts";
import { redacted, redactUnknown, t, type Infer, type Schema } from "./schema.ts";

/** The value after a round through JSON, as a queue or a column gives it back. */
const through = <T>(schema: Schema<T>, value: T): T => schema.decode(JSON.parse(JSON.stringify(schema.encode(value)) ?? "null"), "value");

const parcel = t.obj({
  id: t.id(),
  label: t.text(),
  weight: t.int(),
  isFragile: t.bool(),
  sentAt: t.time(),
  service: t.oneOf("post", "courier"),
  stops: t.list(t.obj({ at: t.time(), note: t.maybe(t.text()) })),
  sender: t.maybe(t.obj({ name: t.text() })),
});
type Parcel = Infer<typeof parcel>;

const instant = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") });
const parcels: fc.Arbitrary<Parcel> = fc.record(
  {
    id: fc.uuid(),
    label: fc.string({ unit: "grapheme" }),
    weight: fc.maxSafeInteger(),
    isFragile: fc.boolean(),
    sentAt: instant,
    service: fc.constantFrom("post", "courier"),
    stops: fc.array(fc.record({ at: instant, note: fc.option(fc.string(), { nil: undefined }) })),
    sender: fc.record({ name: fc.string() }),
  },
  { requiredKeys: ["id", "label", "weight", "isFragile", "sentAt", "service", "stops"] },
);

property("a payload comes out of JSON as it went in", () =>
  fc.property(parcels, (value) => {
    expect(through(parcel, value)).toEqual(value);
  }),
);

property("what is read once is read the same again", () =>
  fc.property(parcels, (value) => {
    const json = parcel.encode(value);
    expect(parcel.encode(parcel.decode(json, "parcel"))).toEqual(json);
  }),
);

property("anything that is not of the shape is refused by a TypeError and by nothing else", () =>
  fc.property(fc.jsonValue(), (json) => {
    expect(() => parcel.decode(json, "parcel")).toThrow(TypeError);
  }),
);

test("fields that nobody declared are dropped, in both directions", () => {
  const small = t.obj({ name: t.text() });
  expect(small.decode({ name: "a", secret: "b" }, "small")).toEqual({ name: "a" });
  expect(small.encode({ name: "a", secret: "b" } as { name: string })).toEqual({ name: "a" });
});

test("a field that may be missing is left out when it is, whether by undefined or by null", () => {
  const noted = t.obj({ note: t.maybe(t.text()) });
  expect(Object.keys(noted.decode({ note: null }, "noted"))).toEqual([]);
  expect(Object.keys(noted.decode({}, "noted"))).toEqual([]);
  expect(Object.keys(noted.encode({ note: undefined }) as object)).toEqual([]);
  expect(noted.decode({ note: "" }, "noted")).toEqual({ note: "" });
});

test("a time is ISO 8601 in JSON and a Date in code, and a Date is taken as it is", () => {
  const at = new Date("2026-01-01T08:00:00.123Z");
  expect(t.time().encode(at)).toBe("2026-01-01T08:00:00.123Z");
  expect(t.list(t.time()).encode([at])).toEqual(["2026-01-01T08:00:00.123Z"]);
  expect(t.time().decode("2026-01-01T09:00:00.123+01:00", "at")).toEqual(at);
  expect(t.time().decode(at, "at")).toBe(at);
});

const id = "00000000-0000-4000-8000-000000000001";
const sound = { id, label: "", weight: 1, isFragile: true, sentAt: "2026-01-01T00:00:00Z", service: "post", stops: [] };

test.each<[unknown, string]>([
  [undefined, "parcel: expected an object, found nothing"],
  [null, "parcel: expected an object, found null"],
  ["text", 'parcel: expected an object, found string "text"'],
  [[], "parcel: expected an object, found a list"],
  [{ ...sound, id: "7" }, 'parcel.id: expected id, found string "7"'],
  [{ ...sound, label: undefined }, "parcel.label: expected text, found nothing"],
  [{ ...sound, label: 7 }, "parcel.label: expected text, found number 7"],
  [{ ...sound, weight: 1.5 }, "parcel.weight: expected int, found number 1.5"],
  [{ ...sound, weight: 2 ** 53 }, "parcel.weight: expected int, found number 9007199254740992"],
  [{ ...sound, isFragile: "yes" }, 'parcel.isFragile: expected bool, found string "yes"'],
  [{ ...sound, sentAt: "soon" }, 'parcel.sentAt: expected an ISO 8601 instant, found string "soon"'],
  [{ ...sound, sentAt: 0 }, "parcel.sentAt: expected an ISO 8601 instant, found number 0"],
  [{ ...sound, service: "pigeon" }, 'parcel.service: expected oneOf(post|courier), found string "pigeon"'],
  [{ ...sound, service: null }, "parcel.service: expected oneOf(post|courier), found null"],
  [{ ...sound, stops: {} }, "parcel.stops: expected a list, found object {}"],
  [{ ...sound, stops: [{ at: "2026-01-01T00:00:00Z" }, { at: "2026-01-01T00:00:00Z", note: 1 }] }, "parcel.stops[1].note: expected text, found number 1"],
  [{ ...sound, sender: {} }, "parcel.sender.name: expected text, found nothing"],
  [{ ...sound, label: { long: "x".repeat(100) } }, `parcel.label: expected text, found object {"long":"${"x".repeat(51)}`],
])("an error names the path, what was expected and what was found (%#)", (json, message) => {
  expect(() => parcel.decode(json, "parcel")).toThrow(new TypeError(message));
});

test("the shape in one line tells every field with its kind, and so tells any change", () => {
  expect(parcel.text).toBe(
    "{id:id,label:text,weight:int,isFragile:bool,sentAt:time,service:oneOf(post|courier),stops:list({at:time,note:maybe(text)}),sender:maybe({name:text})}",
  );
});

/** Every text anywhere in some JSON. */
const textsIn = (json: unknown): string[] =>
  typeof json === "string" ? [json] : json !== null && typeof json === "object" ? Object.values(json).flatMap((value) => textsIn(value)) : [];

property("a redacted payload keeps ids, numbers, flags, instants and choices, and no text but its length", () =>
  fc.property(parcels, (value) => {
    const json = parcel.encode(value) as Record<string, unknown>;
    const visible = parcel.redact(json) as Record<string, unknown>;
    const { label: _label, stops: _stops, sender: _sender, ...rest } = json;
    const { label, stops, sender, ...visibleRest } = visible;
    expect(visibleRest).toEqual(rest);
    expect(label).toBe(`[text, ${[...value.label].length} characters]`);
    expect((stops as { at: string }[]).map((stop) => stop.at)).toEqual(value.stops.map((stop) => stop.at.toISOString()));
    expect(textsIn([(stops as { note?: string }[]).map((stop) => stop.note), sender]).every((text) => /^\[text, \d+ characters\]$/.test(text))).toBe(true);
  }),
);

property("whatever JSON a payload is, its redaction never fails and shows no text that is not known to be harmless", () =>
  fc.property(fc.jsonValue(), (json) => {
    for (const shown of [redactUnknown(json), parcel.redact(json), redacted(parcel, json), redacted(undefined, json)])
      for (const text of textsIn(shown)) expect(text).toMatch(/^\[text, \d+ characters\]$|^post$|^courier$|^[0-9a-f-]{36}$|^\d{4}-\d{2}-\d{2}T/i);
  }),
);

test("a redacted payload has no fields that nobody declared, and none that were left out", () => {
  const small = t.obj({ count: t.int(), note: t.maybe(t.text()) });
  expect(small.redact({ count: 1, secret: "b", note: null })).toEqual({ count: 1 });
  expect(small.redact({ count: 1, note: "äöü👍" })).toEqual({ count: 1, note: "[text, 4 characters]" });
});

test("a field of another kind than declared is redacted as one of which nothing is known", () => {
  const visible = parcel.redact({ ...sound, id: "Ada", weight: "heavy", isFragile: "very", sentAt: "soon", service: "Bob", stops: "none", sender: ["Ada"] });
  expect(textsIn(visible).every((text) => text.startsWith("[text, "))).toBe(true);
  expect(visible).toMatchObject({ id: "[text, 3 characters]", stops: "[text, 4 characters]", sender: ["[text, 3 characters]"] });
  expect(t.text().redact({ name: "Ada", age: 7 })).toEqual({ name: "[text, 3 characters]", age: 7 });
});

test("of JSON without a known shape, and of a payload that does not fit its contract, UUIDs and instants are left and no field is dropped", () => {
  const json = { id, at: "2026-01-01T00:00:00.000Z", name: "Ada", deep: [{ mail: "ada@example.org", count: 3, none: null }] };
  const visible = { id, at: json.at, name: "[text, 3 characters]", deep: [{ mail: "[text, 15 characters]", count: 3, none: null }] };
  expect(redactUnknown(json)).toEqual(visible);
  expect(redacted(undefined, json)).toEqual(visible);
  expect(redacted(parcel, json)).toEqual(visible);
  expect(redacted(parcel, { ...sound, secret: "x" })).toEqual({ ...sound, label: "[text, 0 characters]" });
});

test("an instant with words behind it is a text", () => {
  // `new Date` takes no notice of what stands in parentheses.
  const text = "2026-01-01 00:00:00 (Ada)";
  for (const schema of [t.time(), { redact: redactUnknown }]) {
    expect(schema.redact(text.replace(" ", "T"))).toBe("[text, 25 characters]");
    expect(schema.redact("2026-01-01T09:00+01:00")).toBe("2026-01-01T09:00+01:00");
  }
});
