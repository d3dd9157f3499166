import { GraphQLError } from "graphql";
import { Defect, InvalidRequest, Permanent, Refusal, Transient } from "../kernel/errors.ts";
import { silentLog } from "../kernel/log.ts";
import { orUserErrors, publicError } from "./errors.ts";

const request = { requestId: "r1", log: silentLog };
const publicOf = (cause: Error, code?: string) => {
  const error = new GraphQLError(cause.message, { originalError: cause, path: ["a"] });
  return publicError({ message: error.message, path: ["a"], ...(code === undefined ? {} : { extensions: { code } }) }, error, request);
};

test.each<[string, Error, string, string]>([
  ["a request error of ours", new InvalidRequest("SEQUENCE_AHEAD", "Start again."), "SEQUENCE_AHEAD", "Start again."],
  ["a refusal outside a mutation", new Refusal("INVALID", "Not like this."), "BAD_USER_INPUT", "Not like this."],
])("%s keeps its message", (_name, error, code, message) => {
  expect(publicOf(error)).toEqual({ message, path: ["a"], extensions: { code, requestId: "r1", retryable: false } });
});

test.each<[string, Error, string]>([
  ["a bug", new TypeError("secret"), "INTERNAL_SERVER_ERROR"],
  ["a defect", new Defect("secret"), "INTERNAL_SERVER_ERROR"],
  ["a refusing outside system", new Permanent("secret"), "INTERNAL_SERVER_ERROR"],
  ["a request error that callers do not know", new InvalidRequest("SECRET_CODE", "secret"), "INTERNAL_SERVER_ERROR"],
  ["a unique violation", Object.assign(new Error("secret"), { code: "23505" }), "INTERNAL_SERVER_ERROR"],
  ["an outside system that is away", new Transient("secret"), "UNAVAILABLE"],
  ["a database that shuts down", Object.assign(new Error("secret"), { code: "57P01" }), "UNAVAILABLE"],
  ["a refused connection under another error", new Error("secret", { cause: Object.assign(new Error("secret"), { code: "ECONNREFUSED" }) }), "UNAVAILABLE"],
  ["a statement that took too long", Object.assign(new Error("secret"), { code: "57014" }), "TIMEOUT"],
  ["an exhausted pool", new Error("timeout exceeded when trying to connect: secret"), "UNAVAILABLE"],
])("%s keeps its message to itself", (_name, error, code) => {
  const shown = publicOf(error);
  expect(shown.extensions).toEqual({ code, requestId: "r1", retryable: code !== "INTERNAL_SERVER_ERROR" });
  expect(JSON.stringify(shown)).not.toContain("secret");
});

test("errors of graphql-js pass by their code, and only by a known one", () => {
  const pass = (code: string) => publicError({ message: "text", extensions: { code, stacktrace: ["secret"] } }, new GraphQLError("text"), request);
  expect(pass("BAD_USER_INPUT")).toEqual({ message: "text", extensions: { code: "BAD_USER_INPUT", requestId: "r1", retryable: false } });
  expect(pass("SOMETHING").extensions?.["code"]).toBe("INTERNAL_SERVER_ERROR");
  expect(publicOf(new Error("secret"), "BAD_USER_INPUT").extensions?.["code"]).toBe("INTERNAL_SERVER_ERROR");
});

test("only a limit tells when to come back", () => {
  const told = (code: string) => publicError({ message: "text", extensions: { code, retryAfterMs: 5 } }, new GraphQLError("text"), request).extensions;
  expect(told("RATE_LIMITED")).toEqual({ code: "RATE_LIMITED", requestId: "r1", retryable: true, retryAfterMs: 5 });
  expect(told("BAD_USER_INPUT")).toEqual({ code: "BAD_USER_INPUT", requestId: "r1", retryable: false });
});

test("a refusal becomes a user error, everything else is thrown on", async () => {
  expect(await orUserErrors(async () => ({ thing: 1 }))).toEqual({ thing: 1, userErrors: [] });
  expect(await orUserErrors(() => Promise.reject(new Refusal("COURSE_FULL", "Full.", ["courseId"])))).toEqual({
    userErrors: [{ code: "COURSE_FULL", message: "Full.", field: ["courseId"] }],
  });
  expect(await orUserErrors(() => Promise.reject(new Refusal("NEW_CODE", "New.")))).toEqual({
    userErrors: [{ code: "INTERNAL", message: "New.", field: null }],
  });
  await expect(orUserErrors(() => Promise.reject(new Defect("broken")))).rejects.toThrow("broken");
});
