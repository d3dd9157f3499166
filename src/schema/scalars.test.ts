import { DateTime, EmailAddress, TimeZone } from "./scalars.ts";

test("an instant is sent in UTC with milliseconds, and read from any offset", () => {
  expect(DateTime.serialize(new Date("2026-11-25T01:02:03Z"))).toBe("2026-11-25T01:02:03.000Z");
  expect(DateTime.parseValue("2026-11-25T01:02:03+02:00")).toEqual(new Date("2026-11-24T23:02:03Z"));
});

test.each([
  "2026-11-25",
  "yesterday",
  "2026-13-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  5,
  null,
  "2026-11-25T01:02:03",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:00:00-02:00",
])("%j is no instant", (value) => {
  expect(() => DateTime.parseValue(value)).toThrow(/DateTime|invalid/i);
});

test.each(["nobody", "a@b@c", "a b@c.example", `${"x".repeat(250)}@d.example`, 5, { $ne: null }])("%j is no address", (value) => {
  expect(() => EmailAddress.parseValue(value)).toThrow(/e-?mail|string/i);
});

test("zones are known by name", () => {
  expect(TimeZone.parseValue("Europe/Lisbon")).toBe("Europe/Lisbon");
  for (const value of ["Nowhere/Town", "", 5]) expect(() => TimeZone.parseValue(value)).toThrow(/time zone/i);
});
