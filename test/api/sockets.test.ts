import { once } from "node:events";
import WebSocket from "ws";
import { waitFor } from "../support/wait.ts";
import { BareSocket } from "./bare-socket.ts";
import { ApiTest, type Person } from "./support.ts";

let api: ApiTest;
let learner: Person;
let sagaId: string;
beforeAll(async () => {
  api = await ApiTest.open();
  learner = await api.person();
  ({ sagaId } = await api.enroll(learner, await api.course(await api.person("MENTOR"))));
});
afterAll(() => api.close());

const opened: WebSocket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.terminate();
  await waitFor(() => api.feed.watcherCount === 0);
});

class Bare extends BareSocket {
  constructor(options: WebSocket.ClientOptions = {}, protocol?: string | string[]) {
    super(api.socketUrl, options, protocol);
    opened.push(this.socket);
  }

  override init(payload: Record<string, unknown> = { authorization: `Bearer ${learner.token}` }): Promise<this> {
    return super.init(payload);
  }
}

const WATCH = "subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { sequence } }";

test.each<[string, (bare: Bare) => void, number]>([
  ["a subscription before connection_init", (bare) => bare.subscribe(WATCH), 4401],
  ["what is no JSON", (bare) => bare.say("{"), 4400],
  ["a message type that does not exist", (bare) => bare.say({ type: "start" }), 4400],
  ["a message of 70 kB", (bare) => bare.say({ type: "ping", payload: { text: "x".repeat(70_000) } }), 1009],
  ["a token that does not hold", (bare) => bare.say({ type: "connection_init", payload: { accessToken: "nonsense" } }), 4403],
])("%s closes the socket", async (_name, act, code) => {
  const bare = await new Bare().open();
  act(bare);
  expect(await bare.closed).toBe(code);
});

test("a second connection_init and a second use of an id close the socket", async () => {
  const twice = await new Bare().init();
  twice.say({ type: "connection_init" });
  expect(await twice.closed).toBe(4429);

  const same = await new Bare().init();
  same.subscribe(WATCH, { saga: sagaId });
  same.subscribe(WATCH, { saga: sagaId });
  expect(await same.closed).toBe(4409);
});

test("the old protocol and none at all are not spoken", async () => {
  expect(await new Bare({}, "graphql-ws").closed).toBe(1006);
  expect(await new Bare({}, []).closed).toBe(4406);
});

test("pages of other origins get no socket, pages of this server do", async () => {
  const foreign = new Bare({ origin: "https://elsewhere.example" });
  const [request, response] = (await once(foreign.socket, "unexpected-response")) as [{ destroy(): void }, { statusCode: number }];
  expect(response.statusCode).toBe(403);
  request.destroy();
  await new Bare({ origin: api.server.url }).init();
});

test.each([
  ["query", "{ viewer { id } }"],
  ["mutation", 'mutation { cancelEnrollment(id: "x") { userErrors { code } } }'],
  ["introspection", "{ __schema { types { name } } }"],
])("a %s is not answered on a socket", async (_kind, query) => {
  const bare = await new Bare().init({ accessToken: learner.token });
  bare.subscribe(query);
  expect(await bare.code()).toBe("BAD_REQUEST");
});

const deep = (levels: number): string => `${"saga { events { ".repeat(levels / 2)}sequence${" } }".repeat(levels / 2)}`;

test.each([
  ["what cannot be parsed", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
  ["a field that does not exist", "subscription { sagaProgres { sequence } }", {}, "GRAPHQL_VALIDATION_FAILED"],
  ["a variable of another type", WATCH, { saga: { $ne: null } }, "BAD_USER_INPUT"],
  ["too many tokens", `subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { ${"sequence ".repeat(2_000)} } }`, {}, "GRAPHQL_PARSE_FAILED"],
  [
    "too many aliases",
    `subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { ${Array.from({ length: 21 }, (_, index) => `a${index}: sequence`).join(" ")} } }`,
    { saga: "x" },
    "QUERY_TOO_COMPLEX",
  ],
  ["too much depth", `subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { ${deep(10)} } }`, { saga: "x" }, "QUERY_TOO_COMPLEX"],
  [
    "too much cost",
    "subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { saga { events(first: 200) { saga { events(first: 200) { sequence } } } } } }",
    { saga: "x" },
    "QUERY_TOO_COMPLEX",
  ],
])("%s is an error of the operation, and the socket stays", async (_name, query, variables, code) => {
  const bare = await new Bare().init();
  bare.subscribe(query, variables);
  expect(await bare.code()).toBe(code);
  bare.subscribe(WATCH, { saga: sagaId }, "2");
  await bare.hear("next", "2");
});

test("validation errors do not tell what there is", async () => {
  const bare = await new Bare().init();
  bare.subscribe("subscription { sagaProgres { sequence } }");
  expect(JSON.stringify(await bare.hear("error"))).not.toContain("Did you mean");
});

test("the 51st operation of a socket is refused, the others go on", async () => {
  const bare = await new Bare().init();
  for (let index = 1; index <= 51; index++) bare.subscribe(WATCH, { saga: sagaId }, String(index));
  expect(await bare.code("51")).toBe("RATE_LIMITED");
  await waitFor(() => bare.received.filter(({ type }) => type === "next").length === 50);
  expect(api.feed.watcherCount).toBe(50);
});

test("errors on a socket carry code and request id, and nothing else of ours", async () => {
  const bare = await new Bare().init();
  bare.subscribe(WATCH, { saga: "nonsense" });
  const { payload } = await waitFor(() => bare.received.find(({ type }) => type === "next" || type === "error"));
  const [error] = Array.isArray(payload) ? payload : (payload as { errors: unknown[] }).errors;
  expect(error).toMatchObject({
    message: "There is no saga nonsense",
    extensions: { code: "NOT_FOUND", requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), retryable: false },
  });
});

test("the socket is closed with 4403 when its token runs out", async () => {
  const identity = await quickIdentity();
  const quick = await ApiTest.open({ identity });
  try {
    const person = await quick.person();
    const { accessToken } = await identity.issue({ id: person.id, roles: ["LEARNER"], tokenGeneration: 1 });
    const socket = new WebSocket(quick.socketUrl, "graphql-transport-ws");
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: { accessToken } }));
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(4403);
  } finally {
    await quick.close();
  }
});

test("a stopping server closes its sockets with 1001", async () => {
  const other = await ApiTest.open();
  const socket = new WebSocket(other.socketUrl, "graphql-transport-ws");
  await once(socket, "open");
  const closed = once(socket, "close");
  await other.close();
  expect((await closed)[0]).toBe(1001);
});

async function quickIdentity() {
  const { generateKeyPairSync } = await import("node:crypto");
  const { createIdentity } = await import("../../src/gateways/identity.ts");
  const privateKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  return createIdentity({ privateKey, ttlSeconds: 1 });
}
