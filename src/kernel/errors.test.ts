import { AppError, Defect, failureReason, InvalidRequest, Permanent, Refusal, Transient } from "./errors.ts";

test("every kind of error carries its code and the name of its class", () => {
  const errors: AppError[] = [
    new Refusal("COURSE_FULL", "Course c1 has no seat left (capacity 30)"),
    new InvalidRequest("NOT_FOUND", "No course is called c1"),
    new Transient("The mail server does not answer"),
    new Permanent("The mail server refused the address"),
    new Defect("A seat is held twice"),
  ];
  expect(errors.map(({ name, code }) => `${name} ${code}`)).toEqual([
    "Refusal COURSE_FULL",
    "InvalidRequest NOT_FOUND",
    "Transient DEPENDENCY_UNAVAILABLE",
    "Permanent DEPENDENCY_REJECTED",
    "Defect INTERNAL",
  ]);
  expect(errors.every((error) => error instanceof AppError && error instanceof Error)).toBe(true);
});

test("a refusal names the argument it is about, or none", () => {
  expect(new Refusal("COURSE_FULL", "Full", ["input", "courseId"]).field).toEqual(["input", "courseId"]);
  expect(new Refusal("COURSE_FULL", "Full").field).toBeNull();
});

describe("why an attempt failed", () => {
  test.each<[string, unknown, string, boolean]>([
    ["something passing", new Transient("Later"), "DEPENDENCY_UNAVAILABLE", false],
    ["a refusal for good", new Permanent("Never"), "DEPENDENCY_REJECTED", true],
    ["our own bug", new Defect("Broken"), "INTERNAL", true],
    ["what nobody understands", new TypeError("x is undefined"), "INTERNAL", false],
    ["what is no error at all", "odd", "INTERNAL", false],
  ])("is told of %s by code and by whether another attempt can help", (_what, error, code, permanent) => {
    expect(failureReason(error)).toMatchObject({ code, permanent, message: error instanceof Error ? error.message : "odd" });
  });

  test("is told with the stack and every cause", () => {
    const { detail } = failureReason(new Transient("The mail was not taken", { cause: new Error("connect ECONNREFUSED", { cause: "a closed port" }) }));
    expect(detail).toMatch(/^Transient: The mail was not taken\n {4}at .*\ncaused by Error: connect ECONNREFUSED\n {4}at .*\ncaused by a closed port$/s);
  });

  test("is told in 4,000 characters at most, also when it is no error", () => {
    expect(failureReason(new Transient("x".repeat(9_000))).detail).toHaveLength(4_000);
    expect(failureReason("x".repeat(9_000)).detail).toHaveLength(4_000);
  });

  test("is told by the message of an error that has lost its stack", () => {
    const error = new Error("No trace");
    delete error.stack;
    expect(failureReason(error).detail).toBe("No trace");
  });
});
