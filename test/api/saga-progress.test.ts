import type { Client } from "graphql-ws";
import type WebSocket from "ws";
import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { WatchDocument, type WatchSubscription } from "./generated/graphql.ts";
import { ApiTest, type Person } from "./support.ts";

let api: ApiTest;
let mentor: Person;
let learner: Person;
beforeAll(async () => {
  api = await ApiTest.open({ standingTtlMs: 0 });
  mentor = await api.person("MENTOR");
  learner = await api.person();
});
afterAll(() => api.close());
afterEach(() => api.engine.pause());

type Push = WatchSubscription["sagaProgress"];
type Stream = AsyncGenerator<{ data?: WatchSubscription | null; errors?: readonly { extensions?: Record<string, unknown> }[] }>;

const watch = (client: Client, saga: string, after: number | null): Stream =>
  client.iterate({ query: String(WatchDocument), variables: { saga, after } }) as unknown as Stream;

async function nextPush(stream: Stream): Promise<Push> {
  const { value } = await stream.next();
  if (value?.data == null) throw new Error(`Expected a push, found ${JSON.stringify(value)}`);
  return value.data.sagaProgress;
}

/** The code with which a subscription is refused, as an error message or as an answer without data. */
async function refusalOf(stream: Stream): Promise<unknown> {
  try {
    return (await stream.next()).value?.errors?.[0]?.extensions?.["code"];
  } catch (error) {
    return (error as { extensions?: Record<string, unknown> }[])[0]?.extensions?.["code"];
  }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
const newSaga = async (): Promise<{ enrollmentId: string; sagaId: string }> => api.enroll(await api.person(), await api.course(mentor));

/** Events by hand, as many as wanted, in one commit with the saga's sequence. */
async function append(sagaId: string, count: number): Promise<void> {
  await api.engine.sql(
    `with saga as (update saga set sequence = sequence + $2 where id = $1 returning id, sequence, state, status)
     insert into saga_event (saga_id, sequence, kind, to_state, status, summary)
     select id, sequence - $2 + n, 'TRANSITION', state, status, 'Made up.' from saga, generate_series(1, $2) n`,
    [sagaId, count],
  );
  api.engine.hints.send("saga", [sagaId]);
}

test("the first push comes at once and carries the saga as it is", async () => {
  const { sagaId, enrollmentId } = await api.enroll(learner, await api.course(mentor));
  const stream = watch(api.socket(learner), sagaId, null);
  const push = await nextPush(stream);
  expect(push).toMatchObject({
    events: [],
    hasMore: false,
    final: false,
    saga: { id: sagaId, status: "RUNNING", subject: { id: enrollmentId, learner: { fullName: "Fi Tavgor" } } },
  });
  expect(push.sequence).toBe(push.saga.sequence);
  await stream.return(undefined);
  await waitFor(() => api.feed.watcherCount === 0);
});

test("the history is gapless from 1 to the final push, which ends the stream", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const stream = watch(api.socket(learner), sagaId, 0);
  const pushes: Push[] = [];
  await api.engine.start();
  for await (const { data } of stream) if (data != null) pushes.push(data.sagaProgress);
  const last = pushes.at(-1);
  expect(last).toMatchObject({ final: true, hasMore: false, saga: { status: "COMPLETED", state: "EnrollmentCompleted" } });
  expect(pushes.filter(({ final }) => final)).toHaveLength(1);
  expect(pushes.flatMap(({ events }) => events.map(({ sequence }) => sequence))).toEqual(upTo(last?.sequence ?? 0));
  expect(api.feed.watcherCount).toBe(0);

  const resumed = watch(api.socket(learner), sagaId, 2);
  expect((await nextPush(resumed)).events.map(({ sequence }) => sequence)).toEqual(upTo(last?.sequence ?? 0).slice(2));
  expect((await resumed.next()).done).toBe(true);
});

test("SEQUENCE_AHEAD for a number that the saga has not reached, BAD_USER_INPUT for one below 0", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  expect(await refusalOf(watch(api.socket(learner), sagaId, 1_000))).toBe("SEQUENCE_AHEAD");
  expect(await refusalOf(watch(api.socket(learner), sagaId, -1))).toBe("BAD_USER_INPUT");
});

test("somebody else's saga and one that does not exist are the same to a stranger; an operator may watch it without its subject", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const stranger = await api.person();
  for (const id of [sagaId, newId(), "nonsense"]) {
    for (const after of [0, 1_000]) expect(await refusalOf(watch(api.socket(stranger), id, after))).toBe("NOT_FOUND");
  }
  expect(await refusalOf(watch(api.socket(), sagaId, 0))).toBe("UNAUTHENTICATED");

  const operators = watch(api.socket(await api.person("OPERATOR")), sagaId, 0);
  expect((await nextPush(operators)).saga).toMatchObject({ id: sagaId, subject: null });
  await operators.return(undefined);
});

test("who loses the right is told before the next push, and nothing more is sent", async () => {
  const operator = await api.person("OPERATOR");
  const { sagaId } = await newSaga();
  const stream = watch(api.socket(operator), sagaId, null);
  await nextPush(stream);
  await api.engine.sql("update app_user set roles = '{LEARNER}' where id = $1", [operator.id]);
  await append(sagaId, 1);
  expect(await refusalOf(stream)).toBe("NOT_FOUND");
  await waitFor(() => api.feed.watcherCount === 0);
});

test("a reader that stops reading gets what happened meanwhile in few large pushes", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const sockets: WebSocket[] = [];
  const stream = watch(api.socket(learner, { on: { connected: (socket) => void sockets.push(socket as WebSocket) } }), sagaId, 0);
  let sequence = (await nextPush(stream)).sequence;
  for (const socket of sockets) socket.pause();
  for (let index = 0; index < 16; index++) await append(sagaId, 500);
  for (const socket of sockets) socket.resume();
  const last = sequence + 8_000;
  let pushes = 0;
  while (sequence < last) {
    const push = await nextPush(stream);
    expect(push.events[0]?.sequence).toBe(sequence + 1);
    expect(push.events.length).toBeLessThanOrEqual(200);
    sequence = push.sequence;
    pushes++;
  }
  expect(pushes).toBeLessThanOrEqual(60);
  await stream.return(undefined);
}, 60_000);

test("sockets that die in the middle lose nothing: the client comes back after the last sequence", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const reader = { connections: 0 };
  const written = (async () => {
    while (reader.connections < 20) await append(sagaId, 3);
    const [saga] = await api.engine.sql<{ sequence: number }>("select sequence from saga where id = $1", [sagaId]);
    return saga?.sequence ?? 0;
  })();
  const seen: number[] = [];
  const isComplete = async (): Promise<boolean> => reader.connections >= 20 && seen.length >= (await written);
  while (!(await isComplete())) {
    reader.connections++;
    const sockets: WebSocket[] = [];
    const stream = watch(api.socket(learner, { on: { connected: (socket) => void sockets.push(socket as WebSocket) } }), sagaId, seen.length);
    seen.push(...(await nextPush(stream)).events.map(({ sequence }) => sequence));
    const lost = stream.next().catch(() => undefined);
    for (const socket of sockets) socket.terminate();
    await lost;
  }
  expect(seen).toEqual(upTo(await written));
  await waitFor(() => api.feed.watcherCount === 0);
});

test("a lost hint delays a push by two seconds at most", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  const stream = watch(api.socket(learner), sagaId, null);
  await nextPush(stream);
  api.engine.hints.mute = true;
  try {
    const started = performance.now();
    await append(sagaId, 1);
    expect((await nextPush(stream)).events).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(3_000);
  } finally {
    api.engine.hints.mute = false;
  }
  await stream.return(undefined);
});

test("polling saga.events shows the same history as the stream", async () => {
  const { sagaId } = await api.enroll(learner, await api.course(mentor));
  await append(sagaId, 5);
  const { data } = await api.run<{ saga: { sequence: number; events: { sequence: number }[] } }>(
    "query ($id: ID!) { saga(id: $id) { sequence events(afterSequence: 1, first: 200) { sequence } } }",
    { id: sagaId },
    learner,
  );
  expect(data.saga.events.map(({ sequence }) => sequence)).toEqual(upTo(data.saga.sequence).slice(1));
});
