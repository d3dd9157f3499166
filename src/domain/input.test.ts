import type { Refusal } from "../kernel/errors.ts";
import { InputCheck } from "./input.ts";

const caught = (work: (check: InputCheck) => void): Refusal | null => {
  const check = new InputCheck();
  work(check);
  try {
    check.done();
    return null;
  } catch (error) {
    return error as Refusal;
  }
};

test("all that is wrong is told at once, in order", () => {
  const refusal = caught((check) => {
    check.text("  ", ["input", "title"], { what: "The title", min: 3, max: 100 });
    check.text("ab", ["input", "name"], { what: "The name", min: 3, max: 100 });
    check.whole(1.5, ["input", "seats"], { what: "The number of seats", min: 1, max: 2 });
  });
  expect([refusal, ...(refusal?.others ?? [])].map((one) => [one?.code, one?.field, one?.message])).toEqual([
    ["REQUIRED", ["input", "title"], "The title is missing."],
    ["INVALID", ["input", "name"], "The name has at least 3 characters, not 2."],
    ["INVALID", ["input", "seats"], "The number of seats is a whole number from 1 to 2, not 1.5."],
  ]);
});

test("a text is trimmed and counted in characters", () => {
  const check = new InputCheck();
  expect(check.text(" 🌱🌱 ", ["note"], { what: "The note", max: 2 })).toBe("🌱🌱");
  expect(check.optionalText("  ", ["note"], { what: "The note", max: 2 })).toBeNull();
  expect(() => check.done()).not.toThrow();
});

test.each(["a\0b", "a\ud800"])("what Postgres takes as no text is refused (%j)", (text) => {
  expect(caught((check) => check.text(text, ["note"], { what: "The note", max: 10 }))?.code).toBe("INVALID");
});
