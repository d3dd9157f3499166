import { fingerprintOf } from "./idempotency.ts";

test("the order of arguments does not change the fingerprint", () => {
  expect(fingerprintOf({ a: 1, b: { c: [1, 2], d: null } })).toBe(fingerprintOf({ b: { d: null, c: [1, 2] }, a: 1 }));
});

test("an argument left out is the same as an undefined one", () => {
  expect(fingerprintOf({ a: 1, b: undefined })).toBe(fingerprintOf({ a: 1 }));
});

test.each([{ a: 2 }, { a: "1" }, { a: [1] }, { a: null }, { b: 1 }, { a: 1, b: 1 }, {}])("other arguments %j have another fingerprint", (args) => {
  expect(fingerprintOf(args)).not.toBe(fingerprintOf({ a: 1 }));
});

test("the order inside a list matters", () => {
  expect(fingerprintOf({ ids: ["x", "y"] })).not.toBe(fingerprintOf({ ids: ["y", "x"] }));
});
