import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { Defect } from "../../src/kernel/errors.ts";
import { ApiTest, codesOf, type GraphQLError, type Person } from "./support.ts";

let api: ApiTest;
let mentor: Person;
beforeAll(async () => {
  api = await ApiTest.open();
  mentor = await api.person("MENTOR");
});
afterAll(() => api.close());

const errorsOf = (body: unknown): readonly GraphQLError[] => (body as { errors: readonly GraphQLError[] }).errors;

test.each<[string, string, number]>([
  ["a body of more than 100 KiB", JSON.stringify({ query: `{ viewer { id } } #${"x".repeat(100 * 1024)}` }), 413],
  ["broken JSON", "{", 400],
  ["a batch", JSON.stringify([{ query: "{ viewer { id } }" }]), 400],
  ["no document", "{}", 400],
])("%s is answered in JSON", async (_name, text, status) => {
  const answer = await api.post(text);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  expect(errorsOf(answer.body)[0]?.extensions).toMatchObject({ code: "BAD_REQUEST", requestId: answer.headers.get("x-request-id"), retryable: false });
});

test("a body of just under 100 KiB is read", async () => {
  const query = "{ viewer { id } } #";
  expect((await api.post({ query: query + "x".repeat(100 * 1024 - query.length - 20) })).status).toBe(200);
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
  "a request that a form could send (%s) is refused",
  async (contentType) => {
    const response = await fetch(`${api.server.url}/graphql`, { method: "POST", headers: { "content-type": contentType }, body: "query=%7Bviewer%7Bid%7D%7D" });
    expect(response.status).toBe(400);
    expect(codesOf((await response.json()) as never)).toEqual(["BAD_REQUEST"]);
  },
);

test("GET runs no mutation, and no page of another site may read an answer", async () => {
  const query = encodeURIComponent('mutation { signIn(email: "a@b.example", password: "x") { userErrors { code } } }');
  const response = await fetch(`${api.server.url}/graphql?query=${query}`, {
    headers: { "apollo-require-preflight": "1", origin: "https://elsewhere.example" },
  });
  expect(response.status).toBe(405);
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

test.each<[string, RequestInit, number]>([
  ["a GET with a form's content type", { method: "GET", headers: { "content-type": "text/plain", "apollo-require-preflight": "1" } }, 415],
  ["a GET without a sign that a script sent it", { method: "GET" }, 400],
  ["a page for a browser", { method: "GET", headers: { accept: "text/html,application/xhtml+xml" } }, 404],
  ["another method", { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" }, 405],
  ["a charset that is not Unicode", { method: "POST", headers: { "content-type": "application/json; charset=koi8-r" }, body: "{}" }, 415],
  ["an encoding that is not known", { method: "POST", headers: { "content-type": "application/json", "content-encoding": "lzma" }, body: "{}" }, 415],
  [
    "a body that unpacks to more than 100 KiB",
    {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync(JSON.stringify({ query: "{ viewer { id } } #", x: "x".repeat(10_000_000) })),
    },
    413,
  ],
  ["a body of null", { method: "POST", headers: { "content-type": "application/json" }, body: "null" }, 400],
  ["a document that is no text", { method: "POST", headers: { "content-type": "application/json" }, body: '{"query":{"kind":"Document"}}' }, 400],
  [
    "variables that are no object",
    { method: "POST", headers: { "content-type": "application/json" }, body: '{"query":"{ viewer { id } }","variables":[]}' },
    400,
  ],
])("%s is refused in JSON", async (_what, init, status) => {
  const response = await fetch(`${api.server.url}/graphql`, init);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  const [error, ...more] = errorsOf(await response.json());
  expect(more).toEqual([]);
  expect(error?.extensions).toMatchObject({
    code: status === 404 ? "NOT_FOUND" : "BAD_REQUEST",
    requestId: response.headers.get("x-request-id"),
    retryable: false,
  });
});

test.each(["__proto__", "constructor", "prototype"])("a key %s anywhere in a request does nothing", async (key) => {
  const evil = `{"polluted":"yes","query":"{ evil }","roles":["ADMIN"],"isAdmin":true}`;
  const body = `{"${key}":${evil},"query":"query ($filter: CourseFilter) { courses(filter: $filter) { nodes { id } } }","variables":{"${key}":${evil},"filter":null},"extensions":{"${key}":${evil}}}`;
  expect(await api.post(body)).toMatchObject({ status: 200, body: { data: { courses: { nodes: [] } } } });
  const nested = `{"query":"query ($filter: CourseFilter) { courses(filter: $filter) { nodes { id } } }","variables":{"filter":{"${key}":${evil}}}}`;
  expect((await api.post(nested)).status).toBe(400);
  const named = `{"query":"query ($${key}: CourseFilter) { courses(filter: $${key}) { nodes { id } } }","variables":{"${key}":{"text":"x"}}}`;
  expect((await api.post(named)).status).toBeLessThan(500);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test.each(["https://elsewhere.example", "null", "http://127.0.0.1"])("a page of %s may not read answers, nor ask whether it may", async (origin) => {
  const preflight = await fetch(`${api.server.url}/graphql`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization" },
  });
  const simple = await fetch(`${api.server.url}/graphql`, {
    method: "POST",
    headers: { origin, "content-type": "application/json", cookie: "session=1" },
    body: JSON.stringify({ query: "{ viewer { id } }" }),
  });
  for (const { headers } of [preflight, simple]) expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("what a peer that is no trusted proxy says of other addresses and hosts is not believed", async () => {
  const answer = await api.post(
    { query: "{ viewer { id } }" },
    { "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1", "x-forwarded-host": "evil.example" },
  );
  const again = await api.post({ query: "{ viewer { id } }" }, { "x-forwarded-for": "192.0.2.2" });
  expect(Number(again.headers.get("x-ratelimit-remaining"))).toBe(Number(answer.headers.get("x-ratelimit-remaining")) - 1);
  expect(JSON.stringify(answer)).not.toContain("evil.example");
});

test("automatic persisted queries are off", async () => {
  const sha256Hash = createHash("sha256").update("{ viewer { id } }").digest("hex");
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  for (const body of [{ query: "{ viewer { id } }", extensions }, { extensions }])
    expect(codesOf({ errors: errorsOf((await api.post(body)).body) })).toEqual(["PERSISTED_QUERY_NOT_SUPPORTED"]);
});

test("a path without anything is 404 in JSON", async () => {
  const response = await fetch(`${api.server.url}/nothing`);
  expect(response.status).toBe(404);
  expect(codesOf((await response.json()) as never)).toEqual(["NOT_FOUND"]);
});

const page = "{ enrollments(first: 1) { nodes { course { mentor { fullName } } } } }";
test.each<[string, string, string]>([
  ["depth 12", `{ viewer { enrollments { nodes { course { mentor ${page.replace("fullName", "enrollments { nodes { id } }")} } } } } }`, "QUERY_TOO_COMPLEX"],
  [
    "depth by fragments",
    `{ viewer { ...A } } fragment A on User { enrollments { nodes { course { mentor { ...B } } } } } fragment B on User { enrollments { nodes { course { mentor { id email } category { id } enrollments { nodes { id } } } } } }`,
    "QUERY_TOO_COMPLEX",
  ],
  ["21 aliases", `{ ${Array.from({ length: 21 }, (_, index) => `a${index}: viewer { id }`).join(" ")} }`, "QUERY_TOO_COMPLEX"],
  [
    "aliases by fragments",
    `{ viewer { ...A ...A ...A } } fragment A on User { ${Array.from({ length: 8 }, (_, index) => `a${index}: id`).join(" ")} }`,
    "QUERY_TOO_COMPLEX",
  ],
  ["21 directives", `{ viewer { ${"id @skip(if: false) ".repeat(21)} } }`, "QUERY_TOO_COMPLEX"],
  ["lists in lists", "{ courses(first: 100) { nodes { enrollments(first: 100) { nodes { id } } } } }", "QUERY_TOO_COMPLEX"],
  [
    "more mutations than 5",
    `mutation { ${Array.from({ length: 6 }, (_, index) => `a${index}: cancelEnrollment(id: "x") { userErrors { code } }`).join(" ")} }`,
    "QUERY_TOO_COMPLEX",
  ],
  ["more tokens than 2,000", `{ viewer { ${"id ".repeat(2_000)} } }`, "GRAPHQL_PARSE_FAILED"],
  ["a fragment cycle", "{ viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }", "GRAPHQL_VALIDATION_FAILED"],
  ["a subscription over HTTP", 'subscription { sagaProgress(sagaId: "x") { sequence } }', "BAD_REQUEST"],
])("%s is refused before anything is run", async (_name, query, code) => {
  const answer = await api.run(query, {}, mentor);
  expect(answer.status).toBe(400);
  expect(codesOf(answer)[0]).toBe(code);
});

test("the size of a page counts when it is a variable too", async () => {
  const query = "query ($first: Int = 100) { courses(first: $first) { nodes { enrollments(first: $first) { nodes { id } } } } }";
  expect(codesOf(await api.run(query, {}, mentor))).toEqual(["QUERY_TOO_COMPLEX"]);
  expect(codesOf(await api.run(query, { first: 100 }, mentor))).toEqual(["QUERY_TOO_COMPLEX"]);
  expect(codesOf(await api.run(query, { first: 10 }, mentor))).toEqual([]);
});

test("the introspection of a tool is answered, a misspelt field without suggestions", async () => {
  const { getIntrospectionQuery } = await import("graphql");
  expect(codesOf(await api.run(getIntrospectionQuery()))).toEqual([]);
  const answer = await api.run("{ viewr { id } }");
  expect(answer.errors?.[0]?.message).toBe('Cannot query field "viewr" on type "Query".');
});

test.each([
  ["categoryId", { $ne: null }],
  ["level", "beginner"],
  ["text", { $like: "%" }],
])("a value of another shape in %s is BAD_USER_INPUT", async (field, value) => {
  const answer = await api.run("query ($filter: CourseFilter) { courses(filter: $filter) { nodes { id } } }", { filter: { [field]: value } });
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
});

test("the text of an error of ours stays here; its id comes back and is that of the request", async () => {
  const failing = await ApiTest.open({
    transaction: () => Promise.reject(new Defect("select secret from /etc/passwd")),
    em: () => {
      throw new TypeError("Cannot read properties of secret");
    },
  });
  try {
    const { status, body } = await failing.post({ query: "{ categories { id } }" }, { "x-request-id": "my-own-request-id" });
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(errorsOf(body)[0]?.extensions).toEqual({ code: "INTERNAL_SERVER_ERROR", requestId: "my-own-request-id", retryable: false });
    // As of every error of a field.
    expect(status).toBe(200);
  } finally {
    await failing.close();
  }
});

test("a database that is away is UNAVAILABLE, 503, and worth another try", async () => {
  const away = await ApiTest.open({
    pingDatabase: () => Promise.reject(new Error("connection refused")),
    transaction: () => Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })),
  });
  try {
    const person = await away.person();
    const answer = await away.run('mutation { enrollInCourse(courseId: "x", idempotencyKey: "12345678") { userErrors { code } } }', {}, person);
    expect(answer.status).toBe(503);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect((await fetch(`${away.server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${away.server.url}/healthz`)).status).toBe(200);
  } finally {
    await away.close();
  }
});

test("GraphiQL and everything it loads come from here", async () => {
  const response = await fetch(`${api.server.url}/graphiql`);
  const html = await response.text();
  expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  expect(html).not.toMatch(/https?:\/\//);
  const assets = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets).toHaveLength(6);
  for (const path of assets) expect((await fetch(`${api.server.url}${path}`)).status).toBe(200);
});

test("ready means that the database answers", async () => {
  expect(await (await fetch(`${api.server.url}/readyz`)).json()).toEqual({ status: "ready", database: "ok" });
});

test("a port that is taken is named", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as { port: number };
  try {
    await expect(ApiTest.open({ port })).rejects.toThrow(`PORT: expected port ${port} on 127.0.0.1 to be free`);
  } finally {
    squatter.close();
  }
});

test("a request under way is answered while the server stops", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const slow = await ApiTest.open({
    transaction: async (work) => {
      reach();
      await held;
      return slow.engine.transaction(work);
    },
  });
  const [person, course] = [await slow.person(), await slow.course(await slow.person("MENTOR"))];
  const answer = slow.enroll(person, course);
  await reached;
  const closed = slow.close();
  release();
  expect((await answer).enrollmentId).toMatch(/^[0-9a-f-]{36}$/);
  await closed;
  await expect(new Promise((resolve, reject) => connect(slow.server.port, "127.0.0.1", () => resolve(undefined)).once("error", reject))).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});
