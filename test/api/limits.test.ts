import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { loadConfig, settings } from "../../src/config.ts";
import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { BareSocket } from "./bare-socket.ts";
import { ApiTest, codesOf, type GraphQLError, password, type Person } from "./support.ts";

/** The limits as they are without a setting, but for two that are too large to get to. */
const limits = { ...loadConfig({}), maxSockets: 25, maxSocketInitMs: 300 };
let api: ApiTest;
let mentor: Person;
beforeAll(async () => {
  api = await ApiTest.open({ limits, proxies: ["127.0.0.1", "10.9.0.0/16"], standingTtlMs: 60_000 });
  mentor = await api.person("MENTOR");
});
afterAll(() => api.close());

const opened: BareSocket[] = [];
afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.terminate();
});
function bare(headers: Record<string, string> = {}): BareSocket {
  const socket = new BareSocket(api.socketUrl, { headers });
  opened.push(socket);
  return socket;
}

let lastAddress = 0;
/** Nobody has come from there yet. */
const newAddress = (): string => `192.0.2.${++lastAddress}`;

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLError[];
}

async function send(query: string, from: { who?: Person; address?: string; headers?: Record<string, string> } = {}, variables = {}): Promise<Sent> {
  const { status, headers, body } = await api.post(
    { query, variables },
    {
      "x-forwarded-for": from.address ?? newAddress(),
      ...(from.who === undefined ? {} : { authorization: `Bearer ${from.who.token}` }),
      ...from.headers,
    },
  );
  return { status, headers, ...(body as Pick<Sent, "data" | "errors">) };
}

const parts: [number, string][] = [
  [701, "courses(first: 100) { nodes { mentor { id } category { id } } edges { node { mentor { id } category { id } } } }"],
  [201, "courses(first: 100) { nodes { mentor { id } } }"],
  [101, "courses(first: 100) { nodes { id } }"],
];

/** A query that costs so much. */
function costing(cost: number): string {
  const [fields, left] = [[] as string[], { cost }];
  for (const [price, field] of parts) for (; left.cost >= price; left.cost -= price) fields.push(field);
  if (left.cost > 0) fields.push(left.cost === 1 ? "viewer { id }" : `courses(first: ${left.cost - 1}) { nodes { id } }`);
  return `{ ${fields.map((field, index) => `f${index}: ${field}`).join(" ")} }`;
}

describe("an operation", () => {
  const times = (count: number, text: (index: number) => string): string => Array.from({ length: count }, (_, index) => text(index)).join(" ");
  const below = (leaf: string): string =>
    `{ viewer { enrollments(first: 1) { nodes { course { mentor { enrollments(first: 1) { nodes { course { mentor { ${leaf} } } } } } } } } } }`;

  test.each<[string, string, string]>([
    ["10 levels", below("id"), below("enrollments(first: 1) { nodes { __typename } }")],
    ["20 aliases", `{ viewer { ${times(20, (n) => `a${n}: id`)} } }`, `{ viewer { ${times(21, (n) => `a${n}: id`)} } }`],
    ["20 directives", `{ viewer { ${times(20, () => "id @skip(if: false)")} } }`, `{ viewer { ${times(21, () => "id @skip(if: false)")} } }`],
    [
      "20 fragments",
      `{ viewer { ${times(20, (n) => `...F${n}`)} } } ${times(20, (n) => `fragment F${n} on User { id }`)}`,
      `{ viewer { ${times(21, (n) => `...F${n}`)} } } ${times(21, (n) => `fragment F${n} on User { id }`)}`,
    ],
    ["10 root fields", `{ ${times(10, (n) => `a${n}: viewer { id }`)} }`, `{ ${times(11, (n) => `a${n}: viewer { id }`)} }`],
    [
      "5 mutations",
      `mutation { ${times(5, (n) => `a${n}: cancelEnrollment(id: "x") { userErrors { code } }`)} }`,
      `mutation { ${times(6, (n) => `a${n}: cancelEnrollment(id: "x") { userErrors { code } }`)} }`,
    ],
    ["a cost of 5,000", costing(5_000), costing(5_001)],
  ])("of %s is run, and one more is refused", async (_what, allowed, refused) => {
    expect(codesOf(await send(allowed))).not.toContain("QUERY_TOO_COMPLEX");
    const answer = await send(refused);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(["QUERY_TOO_COMPLEX"]);
    expect(answer.data).toBeUndefined();
  });

  test("out of 5 is run, and one out of 6 is refused", async () => {
    const document = (count: number) => times(count, (n) => `query Q${n} { viewer { id } }`);
    const run = async (count: number) => (await api.post({ query: document(count), operationName: "Q0" }, { "x-forwarded-for": newAddress() })).status;
    expect(await run(5)).toBe(200);
    expect(await run(6)).toBe(400);
  });

  test("of 2,000 tokens is read, and one of 2,001 is not", async () => {
    // { viewer { … } }
    const document = (tokens: number) => `{ viewer { ${"id ".repeat(tokens - 5)} } }`;
    // The rules of GraphQL have something against so many repetitions, but it was read.
    expect(codesOf(await send(document(2_000)))).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
    expect(codesOf(await send(document(2_001)))).toEqual(["GRAPHQL_PARSE_FAILED"]);
  });

  test("that is too dear is told its cost and the limit", async () => {
    const { errors } = await send("{ courses(first: 100) { nodes { enrollments(first: 100) { nodes { id } } } } }");
    expect(errors?.[0]?.message).toBe("The operation's cost is 10201; at most 5000 is allowed.");
  });
});

test("a request has at most 100 headers and 100 KiB", async () => {
  const own = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-h${index}`, "1"]));
  const statusWith = (count: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      // Host and connection are sent besides.
      httpRequest(`${api.server.url}/healthz`, { headers: { ...own(count - 2) } }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
  expect(await statusWith(100)).toBe(200);
  expect(await statusWith(101)).toBe(431);

  const body = (bytes: number) => JSON.stringify({ query: "{ viewer { id } }", x: "" }).replace('""', `"${"x".repeat(bytes - 36)}"`);
  expect(body(limits.maxBodyBytes)).toHaveLength(limits.maxBodyBytes);
  expect((await api.post(body(limits.maxBodyBytes), { "x-forwarded-for": newAddress() })).status).toBe(200);
  expect((await api.post(body(limits.maxBodyBytes + 1))).status).toBe(413);
});

describe("points", () => {
  test("come back in headers with every answer", async () => {
    const [who, address] = [await api.person(), newAddress()];
    const { headers } = await send(costing(21), { who });
    expect(headers.get("x-query-cost")).toBe("21");
    expect(headers.get("x-ratelimit-limit")).toBe("10000");
    expect(headers.get("x-ratelimit-remaining")).toBe("9979");
    expect(Number(headers.get("x-ratelimit-reset"))).toBeLessThanOrEqual(20);
    expect((await send("{ __typename }", { who })).headers.get("x-ratelimit-remaining")).toBe("9978");

    const anonymous = await send("{ viewr { id } }", { address });
    expect(anonymous.status).toBe(400);
    expect(anonymous.headers.get("x-query-cost")).toBe("10");
    expect(anonymous.headers.get("x-ratelimit-remaining")).toBe("5990");
  });

  test("of a user are 10,000 at once, wherever they come from", async () => {
    const who = await api.person();
    for (const cost of [5_000, 4_999]) expect((await send(costing(cost), { who })).errors).toBeUndefined();
    const refused = await send(costing(2), { who });
    expect(refused.status).toBe(429);
    expect(refused.errors?.[0]?.extensions).toEqual({
      code: "RATE_LIMITED",
      requestId: refused.headers.get("x-request-id"),
      retryable: true,
      retryAfterMs: expect.any(Number),
    });
    const { retryAfterMs = 0 } = refused.errors?.[0]?.extensions ?? {};
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(20_000);
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
    // The refusal used up what was left: nothing is read any more.
    const unread = await send("{ nonsense", { who });
    expect([unread.status, unread.headers.get("x-ratelimit-remaining"), unread.headers.get("retry-after") === null]).toEqual([429, "0", false]);
    expect((await send(costing(2), { who: await api.person() })).status).toBe(200);
  });

  test("of an address are 6,000 a minute for all who are not signed in, and touch nobody else", async () => {
    const address = newAddress();
    for (const cost of [5_000, 1_000]) expect((await send(costing(cost), { address })).errors).toBeUndefined();
    const refused = await send(costing(1), { address });
    expect([refused.status, refused.headers.get("retry-after") === null]).toEqual([429, false]);
    expect((await send(costing(1), { address, who: mentor })).status).toBe(200);
    expect((await send(costing(1))).status).toBe(200);
  });

  test("are paid for a subscription too", async () => {
    const who = await api.person();
    const { sagaId } = await api.enroll(who, await api.course(mentor));
    const first = await send("{ __typename }", { who });
    const socket = await bare().init({ accessToken: who.token });
    socket.subscribe("subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { saga { events(first: 100) { sequence } } } }", { saga: sagaId });
    await socket.hear("next");
    const before = Number(first.headers.get("x-ratelimit-remaining"));
    const left = Number((await send("{ __typename }", { who })).headers.get("x-ratelimit-remaining"));
    // One for the push, one for its saga, and its events.
    expect(left).toBe(before - 102 - 1);
    for (const cost of [5_000, left - 5_000]) await send(costing(cost), { who });
    socket.subscribe("subscription ($saga: ID!) { sagaProgress(sagaId: $saga) { sequence } }", { saga: sagaId }, "2");
    expect((await socket.error("2")).extensions).toMatchObject({ code: "RATE_LIMITED", retryable: true, retryAfterMs: expect.any(Number) });
  });
});

describe("tries at credentials", () => {
  const signIn = (email: string, address = newAddress(), given = "wrong") =>
    send(
      "mutation ($email: EmailAddress!, $given: String!) { signIn(email: $email, password: $given) { userErrors { code } } }",
      { address },
      { email, given },
    );

  test("are 5 a minute for an account, in whatever case and from wherever, and tell nothing about it", async () => {
    for (const email of [mentor.email, `${newId()}@nowhere.example`]) {
      for (let index = 0; index < 5; index++) expect((await signIn(index % 2 === 0 ? email : email.toUpperCase())).status).toBe(200);
      const refused = await signIn(email, newAddress(), password);
      expect(refused.status).toBe(429);
      expect(refused.errors?.[0]?.extensions).toMatchObject({ code: "RATE_LIMITED", retryable: true });
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(refused.data).toBeUndefined();
    }
  });

  test("are 30 a minute from an address, for whichever account", async () => {
    const address = newAddress();
    const tries = await Promise.all(Array.from({ length: 31 }, () => signIn(`${newId()}@nowhere.example`, address)));
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(30);
  });

  test("that stand behind aliases and fragments are refused as a whole, and none is made", async () => {
    const email = `${newId()}@nowhere.example`;
    const field = (index: number) => `a${index}: signIn(email: "${email}", password: "x") { userErrors { code } }`;
    const many = `mutation { ${field(0)} ...M } fragment M on Mutation { ${field(1)} }`;
    expect(codesOf(await send(many))).toEqual(["QUERY_TOO_COMPLEX"]);
    for (let index = 0; index < 5; index++) expect((await signIn(email)).status).toBe(200);
  });
});

test("a user starts 10 processes a minute; to repeat one is free", async () => {
  const who = await api.person();
  const course = await api.course(mentor);
  const start = (key: string) =>
    send(
      "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { courseEnrollment { id } userErrors { code } } }",
      { who },
      { course, key },
    );
  const keys = Array.from({ length: 11 }, () => newId());
  for (const key of keys.slice(0, 10)) expect((await start(key)).status).toBe(200);
  expect((await start(keys[10] ?? "")).status).toBe(429);
  expect((await start(keys[10] ?? "")).status).toBe(429);
  const again = await start(keys[0] ?? "");
  expect(again.data).toMatchObject({ enrollInCourse: { courseEnrollment: { id: expect.any(String) } } });
});

describe("a forwarded address", () => {
  test("counts as far as the proxies before it are trusted", async () => {
    const [client, liar] = [newAddress(), newAddress()];
    const remaining = async (chain: string) => (await send("{ __typename }", { address: chain })).headers.get("x-ratelimit-remaining");
    expect(await remaining(client)).toBe("5999");
    expect(await remaining(`${client}, 10.9.1.2`)).toBe("5998");
    // What the client says of itself stands before what the proxy says of the client.
    expect(await remaining(`${liar}, ${client}`)).toBe("5997");
    expect(await remaining(liar)).toBe("5999");
  });

  test("of IPv6 counts as its network", async () => {
    const remaining = async (address: string) => (await send("{ __typename }", { address })).headers.get("x-ratelimit-remaining");
    expect(await remaining("2001:db8:1:2:aaaa::1")).toBe("5999");
    expect(await remaining("2001:0db8:1:2::9")).toBe("5998");
    expect(await remaining("2001:db8:1:3::1")).toBe("5999");
  });
});

describe("a socket", () => {
  test("says connection_init in time", async () => {
    const socket = await bare().open();
    expect(await socket.closed).toBe(4408);
  });

  test("takes messages of 64 KiB, and is closed by a larger one", async () => {
    const ping = (bytes: number) => JSON.stringify({ type: "ping", payload: { x: "" } }).replace('""', `"${"x".repeat(bytes - 34)}"`);
    expect(ping(limits.maxSocketPayloadBytes)).toHaveLength(limits.maxSocketPayloadBytes);
    const socket = await bare().init({ accessToken: mentor.token });
    socket.say(ping(limits.maxSocketPayloadBytes));
    await socket.hear("pong");
    socket.say(ping(limits.maxSocketPayloadBytes + 1));
    expect(await socket.closed).toBe(1009);
  });

  test("takes 100 messages in five seconds, and is closed by one more, of whatever kind", async () => {
    const socket = await bare().init({ accessToken: mentor.token });
    for (let index = 0; index < 99; index++) socket.say({ type: "ping" });
    await waitFor(() => socket.received.filter(({ type }) => type === "pong").length === 99);
    socket.socket.ping();
    expect(await socket.closed).toBe(4400);
    expect(socket.reason).toBe("At most 20 messages a second");
  });

  test("is one of five of its user; the sixth is closed, and a place becomes free when one goes", async () => {
    const who = await api.person();
    const five = await Promise.all(Array.from({ length: 5 }, () => bare().init({ accessToken: who.token })));
    const sixth = await bare().open();
    sixth.say({ type: "connection_init", payload: { accessToken: who.token } });
    expect(await sixth.closed).toBe(4429);
    expect(sixth.reason).toBe("At most 5 sockets at once");
    await bare().init({ accessToken: mentor.token });

    five[0]?.socket.close();
    await five[0]?.closed;
    await bare().init({ accessToken: who.token });
  });

  test("of nobody is one of five of its address", async () => {
    const headers = { "x-forwarded-for": newAddress() };
    await Promise.all(Array.from({ length: 5 }, () => bare(headers).init({})));
    const sixth = await bare(headers).open();
    sixth.say({ type: "connection_init" });
    expect(await sixth.closed).toBe(4429);
    await bare({ "x-forwarded-for": newAddress() }).init({});
  });

  test("is refused before it is one when the process has as many as it may", async () => {
    await waitFor(async () => {
      // Those of the tests before may still be closing.
      for (const { socket } of opened.splice(0)) socket.terminate();
      return Promise.all(Array.from({ length: limits.maxSockets }, () => bare().open()));
    });
    const upgrade = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${api.server.url}/graphql`, {
        headers: { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "x".repeat(22) + "==" },
      })
        .on("response", (response) => resolve(response.resume().statusCode))
        .on("upgrade", () => resolve(101))
        .on("error", reject)
        .end();
    });
    expect(upgrade).toBe(503);
  });

  test.each([
    ["is switched off", "update app_user set active = false where id = $1"],
    ["has signed out everywhere", "update app_user set token_generation = token_generation + 1 where id = $1"],
  ])("is closed within five seconds when its user %s", async (_what, change) => {
    const who = await api.person();
    const socket = await bare().init({ accessToken: who.token });
    const other = await bare().init({ accessToken: mentor.token });
    await api.engine.sql(change, [who.id]);
    const since = performance.now();
    expect(await socket.closed).toBe(4403);
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });
});

test("docs/limits.md tells every limit, its default and its setting", () => {
  const page = readFileSync(new URL("../../docs/limits.md", import.meta.url), "utf8");
  const told = [...page.matchAll(/^\|[^|]+\| ([\d,]+)[^|]*\| `(MAX_\w+)` \|/gm)].map(([, value = "", name = ""]) => [name, value.replaceAll(",", "")]);
  const rows = Object.values(settings).filter(({ name }) => name.startsWith("MAX_"));
  expect(new Map(told as [string, string][])).toEqual(new Map(rows.map(({ name, fallback }) => [name, fallback])));
});
