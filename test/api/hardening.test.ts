import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Defect } from "../../src/kernel/errors.ts";
import { createOrm } from "../../src/database/orm.ts";
import type { MikroORM } from "@mikro-orm/postgresql";
import pg from "pg";
import { createTransaction } from "../../src/database/transaction.ts";
import { domainEntities } from "../../src/domain/entities.ts";
import { silentLog } from "../../src/kernel/log.ts";
import type { SagaFeed } from "../../src/sagas/engine/index.ts";
import { loadTrustedDocuments } from "../../src/server/index.ts";
import { waitFor } from "../support/wait.ts";
import { BareSocket } from "./bare-socket.ts";
import { ApiTest, codesOf, type GraphQLError, type Person } from "./support.ts";

const WATCH = "subscription Watch($saga: ID!) { sagaProgress(sagaId: $saga) { sequence } }";
const VIEWER = "{ viewer { id } }";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const opened: BareSocket[] = [];
afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.terminate();
});
async function socketOf(server: ApiTest, who: Person): Promise<BareSocket> {
  const socket = new BareSocket(server.socketUrl);
  opened.push(socket);
  return socket.init({ accessToken: who.token });
}

const errorsOf = (body: unknown): readonly GraphQLError[] => (body as { errors?: readonly GraphQLError[] }).errors ?? [];

describe("in production", () => {
  let api: ApiTest;
  let learner: Person;
  let operator: Person;
  let sagaId: string;
  beforeAll(async () => {
    const byHash = new Map([WATCH, VIEWER].map((text) => [sha256(text), text]));
    api = await ApiTest.open({ introspection: false, documents: { byHash, only: true } });
    [learner, operator] = [await api.person(), await api.person("OPERATOR")];
    const enrollment = `mutation { enrollInCourse(courseId: "${await api.course(await api.person("MENTOR"))}", idempotencyKey: "12345678") { saga { id } } }`;
    // The frontends of this server do not enroll; an operator may.
    const { data } = await api.run<{ enrollInCourse: { saga: { id: string } } }>(enrollment, {}, operator);
    sagaId = data.enrollInCourse.saga.id;
  });
  afterAll(() => api.close());

  test.each([
    ["its text", { query: VIEWER }],
    ["documentId", { documentId: sha256(VIEWER) }],
    ["documentId with its algorithm", { documentId: `sha256:${sha256(VIEWER)}` }],
    ["the hash of a persisted query", { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } } }],
    ["text and hash", { query: VIEWER, extensions: { persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } } }],
  ])("a trusted document is run by %s", async (_how, body) => {
    const { status, body: answer } = await api.post(body, { authorization: `Bearer ${learner.token}` });
    expect([status, answer]).toEqual([200, { data: { viewer: { id: learner.id } } }]);
  });

  test.each([
    ["a document of one's own", { query: "{ viewer { fullName } }" }, 400, "DOCUMENT_NOT_TRUSTED"],
    ["a trusted document and a space", { query: `${VIEWER} ` }, 400, "DOCUMENT_NOT_TRUSTED"],
    ["one's own under a trusted name", { query: "query Watch { viewer { id } }", operationName: "Watch" }, 400, "DOCUMENT_NOT_TRUSTED"],
    [
      "an automatic persisted query",
      { query: "{ viewer { fullName } }", extensions: { persistedQuery: { version: 1, sha256Hash: sha256("{ viewer { fullName } }") } } },
      400,
      "DOCUMENT_NOT_TRUSTED",
    ],
    ["an unknown hash", { extensions: { persistedQuery: { version: 1, sha256Hash: sha256("x") } } }, 200, "PERSISTED_QUERY_NOT_FOUND"],
    ["an unknown documentId", { documentId: "__proto__" }, 200, "PERSISTED_QUERY_NOT_FOUND"],
    ["nothing", {}, 400, "BAD_REQUEST"],
  ])("%s is not run over HTTP", async (_what, body, status, code) => {
    const answer = await api.post(body, { authorization: `Bearer ${learner.token}` });
    expect([answer.status, codesOf({ errors: errorsOf(answer.body) })]).toEqual([status, [code]]);
    expect((answer.body as { data?: unknown }).data).toBeUndefined();
  });

  test("GET asks the same door", async () => {
    const get = async (query: string) =>
      (await fetch(`${api.server.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { "apollo-require-preflight": "1" } })).status;
    expect(await get(VIEWER)).toBe(200);
    expect(await get("{ viewer { fullName } }")).toBe(400);
  });

  test("sockets run trusted documents only, by text or hash, and others for operators", async () => {
    const socket = await socketOf(api, learner);
    socket.subscribe(WATCH.replace("sequence", "final"), { saga: sagaId }, "own");
    expect(await socket.code("own")).toBe("DOCUMENT_NOT_TRUSTED");
    socket.subscribe("", { saga: sagaId }, "unknown", { extensions: { persistedQuery: { version: 1, sha256Hash: sha256("x") } } });
    expect(await socket.code("unknown")).toBe("PERSISTED_QUERY_NOT_FOUND");
    // Somebody else's saga: answered by the resolver, so the document was run.
    socket.subscribe("", { saga: sagaId }, "hash", { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(WATCH) } } });
    expect(await socket.code("hash")).toBe("NOT_FOUND");

    const free = await socketOf(api, operator);
    free.subscribe(WATCH.replace("sequence", "final"), { saga: sagaId });
    await free.hear("next");
  });

  test.each([
    ["the whole schema", "{ __schema { types { name } } }"],
    ["a type", '{ __type(name: "User") { name } }'],
    ["a type behind an alias and fragments", 'query { ...A } fragment A on Query { ... { innocent: __type(name: "User") { name } } }'],
  ])("%s is not shown, also to operators, and the refusal does not tell what this is", async (_what, query) => {
    const answer = await api.run(query, {}, operator);
    expect([answer.status, codesOf(answer)]).toEqual([400, ["GRAPHQL_VALIDATION_FAILED"]]);
    expect(answer.errors?.[0]?.message).toBe("The schema is not shown here.");

    const socket = await socketOf(api, operator);
    socket.subscribe(query);
    expect((await socket.error()).message).toBe("The schema is not shown here.");
  });

  test("names are not suggested, also not those of enum values and of arguments", async () => {
    for (const query of [
      "{ viewr { id } }",
      "{ courses(frst: 1) { nodes { id } } }",
      "{ courses(filter: { level: BEGINER }) { nodes { id } } }",
      "{ viewer { idd } }",
    ]) {
      const { errors = [] } = await api.run(query, {}, operator);
      expect(errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
    }
    const variable = await api.run(
      "query ($filter: CourseFilter) { courses(filter: $filter) { nodes { id } } }",
      { filter: { level: "BEGINER", tex: "" } },
      operator,
    );
    expect(codesOf(variable)).toEqual(["BAD_USER_INPUT"]);
    expect(JSON.stringify(variable.errors)).not.toMatch(/did you mean/i);
  });
});

describe("what goes wrong on our side", () => {
  const SECRET = "select password_hash from app_user -- /etc/passwd hunter2";
  let api: ApiTest;
  let person: Person;
  let sagaId: string;
  beforeAll(async () => {
    api = await ApiTest.open({
      feed: {
        // afterSequence 0: fails at once; else after its first push.
        async *watch(_sagaId, afterSequence) {
          if (afterSequence !== 0) yield (await api.feed.watch(sagaId, null).next()).value;
          throw new Error(SECRET);
        },
      } as SagaFeed,
      operations: new Proxy({}, { get: () => () => Promise.reject(new Defect(SECRET)) }) as never,
      transaction: (work) => api.engine.transaction(work),
    });
    person = await api.person("OPERATOR");
    ({ sagaId } = await api.enroll(person, await api.course(await api.person("MENTOR"))));
  });
  afterAll(() => api.close());

  test("is not told over HTTP, and everything else is answered", async () => {
    const { status, body, headers } = await api.post(
      { query: `mutation { viewer: cancelEnrollment(id: "x") { userErrors { code } } retrySaga(id: "${sagaId}") { userErrors { code } } }` },
      { authorization: `Bearer ${person.token}` },
    );
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|password|passwd|stack/);
    expect(errorsOf(body)).toMatchObject([
      { path: ["retrySaga"], extensions: { code: "INTERNAL_SERVER_ERROR", requestId: headers.get("x-request-id"), retryable: false } },
    ]);
  });

  test.each([
    ["when it subscribes", 0],
    ["between two pushes", null],
  ])("is not told to a socket %s", async (_when, after) => {
    const socket = await socketOf(api, person);
    socket.subscribe("subscription ($saga: ID!, $after: Int) { sagaProgress(sagaId: $saga, afterSequence: $after) { sequence } }", { saga: sagaId, after });
    expect((await socket.error()).extensions).toEqual({ code: "INTERNAL_SERVER_ERROR", requestId: expect.any(String), retryable: false });
    expect(JSON.stringify(socket.received)).not.toMatch(/hunter2|password|passwd|stack/);
  });
});

describe("what takes too long", () => {
  let api: ApiTest;
  let orm: MikroORM;
  let held: Promise<void> | null = null;
  let transactionCount = 0;
  beforeAll(async () => {
    api = await ApiTest.open({
      limits: { maxOperationMs: 1_000 },
      em: () => orm.em.fork(),
      async transaction(work) {
        transactionCount++;
        await held;
        return createTransaction(orm, silentLog)(work);
      },
    });
    // One connection, so that one that is not given back is noticed.
    orm = await createOrm({ url: api.engine.database.url, entities: domainEntities, log: silentLog, poolSize: 1, statementTimeoutMs: 200 });
  });
  afterAll(async () => {
    await api.close();
    await orm.close();
  });

  test.each([
    ["a query", "{ categories { id } }", "category"],
    ["a mutation", 'mutation { enrollInCourse(courseId: "x", idempotencyKey: "12345678") { userErrors { code } } }', "idempotency_key"],
  ])("in the database ends %s with its statement, and the connection is free again", async (_what, query, table) => {
    const person = await api.person();
    const lock = new pg.Client(api.engine.database.url);
    await lock.connect();
    try {
      await lock.query(`begin; lock table ${table} in access exclusive mode`);
      const answer = await api.run(query, {}, person);
      expect(answer.status).toBe(504);
      expect(answer.errors?.[0]).toMatchObject({
        message: expect.stringContaining("took too long"),
        extensions: { code: "TIMEOUT", requestId: expect.any(String), retryable: true },
      });
    } finally {
      await lock.end();
    }
    expect((await api.run(query, {}, person)).status).toBe(200);
  });

  test("elsewhere is answered in time, and what has not begun is not begun", async () => {
    const person = await api.person();
    const { promise, resolve: release } = Promise.withResolvers<void>();
    [held, transactionCount] = [promise, 0];
    const field = (name: string) => `${name}: enrollInCourse(courseId: "x", idempotencyKey: "${name}-12345678") { userErrors { code } }`;
    const answer = await api.run(`mutation { ${field("first")} ${field("second")} }`, {}, person);
    expect(answer.status).toBe(504);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "TIMEOUT", retryable: true });
    release();
    held = null;
    // Goes through the one connection after what the first field still does with it.
    await waitFor(async () => (await api.run(VIEWER, {}, person)).status === 200);
    expect(transactionCount).toBe(1);
  });
});

describe("a manifest", () => {
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-documents-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const load = (text: string) => {
    const file = join(directory, "documents.json");
    writeFileSync(file, text);
    return loadTrustedDocuments(file);
  };

  test("is read as graphql-codegen writes it, with the name of the algorithm or without", () => {
    expect([...load(JSON.stringify({ [`sha256:${sha256(VIEWER)}`]: VIEWER, [sha256(WATCH)]: WATCH })).values()]).toEqual([VIEWER, WATCH]);
  });

  test.each([
    ["is no JSON", "{"],
    ["is a list", "[]"],
    ["has another hash", JSON.stringify({ [createHash("sha1").update(VIEWER).digest("hex")]: VIEWER })],
  ])("that %s keeps the program from starting", (_what, text) => {
    expect(() => load(text)).toThrow(/TRUSTED_DOCUMENTS_FILE: expected a JSON object.*CONFIG_TRUSTED_DOCUMENTS/s);
  });
});
