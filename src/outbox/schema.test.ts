import fc from "fast-check";
import { property } from "../../test/support/property.ts";
import { t, type Infer, type Schema } from "./schema.ts";

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
