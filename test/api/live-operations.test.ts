import type { Client } from "graphql-ws";
import { ActivityFeed, type ActivityPush } from "../../src/sagas/engine/index.ts";
import { createLog } from "../../src/kernel/log.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
let mentor: Person;
let operator: Person;
beforeAll(async () => {
  api = await ApiTest.open({ standingTtlMs: 0 });
  mentor = await api.person("MENTOR");
  operator = await api.person("OPERATOR");
});
afterAll(() => api.close());
afterEach(() => api.engine.pause());

interface Push {
  readonly cursor: string;
  readonly events: readonly { readonly id: string; readonly status: string; readonly saga: { readonly id: string } }[];
}
type Stream<D> = AsyncGenerator<{ data?: D | null; errors?: readonly { extensions?: Record<string, unknown> }[] }>;

const ACTIVITY = `subscription ($filter: SagaFilter, $after: String) {
  sagaActivity(filter: $filter, after: $after) { cursor events { id status saga { id } } }
}`;
const DEPTHS = `subscription ($names: [String!], $every: Int) {
  queueDepths(names: $names, everySeconds: $every) { name ready deferred active deadLetters completedLastMinute measuredAt pause { at } }
}`;
const follow = (client: Client, filter: object | null = null, after: string | null = null): Stream<{ sagaActivity: Push }> =>
  client.iterate({ query: ACTIVITY, variables: { filter, after } }) as never;
const depths = (client: Client, variables: { names?: string[] | null; every?: number }): Stream<{ queueDepths: { name: string; ready: number }[] }> =>
  client.iterate({ query: DEPTHS, variables }) as never;

async function next<D extends object>(stream: Stream<D>): Promise<D[keyof D]> {
  const { value } = await stream.next();
  if (value?.data == null) throw new Error(`Expected a push, found ${JSON.stringify(value)}`);
  return Object.values(value.data)[0] as D[keyof D];
}

/** The code with which a subscription is refused, as an error message or as an answer without data. */
/** The code of the stream's error; a socket that was closed because its user may not act says the same as UNAUTHENTICATED. */
async function refusalOf(stream: Stream<object>): Promise<unknown> {
  try {
    return (await stream.next()).value?.errors?.[0]?.extensions?.["code"];
  } catch (error) {
    if ((error as { code?: number }).code === 4403) return "UNAUTHENTICATED";
    return (error as { extensions?: Record<string, unknown> }[])[0]?.extensions?.["code"];
  }
}

/** Reads until so many events have come. */
async function read(stream: Stream<{ sagaActivity: Push }>, count: number): Promise<{ ids: string[]; cursor: string }> {
  const ids: string[] = [];
  let cursor = "";
  while (ids.length < count) {
    const push = await next(stream);
    ids.push(...push.events.map(({ id }) => id));
    ({ cursor } = push);
  }
  return { ids, cursor };
}

/** Whoever works in another database of the server may hold the end of all that can be read back for a while. */
const nothingHeldBack = () => waitFor(async () => !(await api.engine.reader.activity(api.engine.em(), null, 0)).isHeldBack);

/** A saga of which whoever begins to watch hears no more. */
async function newSaga(learner?: Person): Promise<string> {
  const { sagaId } = await api.enroll(learner ?? (await api.person()), await api.course(mentor));
  await nothingHeldBack();
  return sagaId;
}
const storedIds = async (): Promise<string[]> =>
  (await api.engine.sql<{ id: string }>("select saga_id || ':' || sequence as id from saga_event order by xid, position")).map(({ id }) => id);

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

describe("sagaCounts", () => {
  test("counts sagas by process, state and status, for operators only", async () => {
    await newSaga();
    const query = "{ sagaCounts { type state status count oldestUpdatedAt } }";
    const { data } = await api.run<{ sagaCounts: { count: number }[] }>(query, {}, operator);
    const stored = await api.engine.sql<{ count: number }>(
      "select 'COURSE_ENROLLMENT' as type, state, status, count(*)::int, min(updated_at) as oldest from saga group by state, status order by state, status",
    );
    expect(data.sagaCounts).toEqual(stored.map(({ oldest, ...row }: { count: number; oldest?: Date }) => ({ ...row, oldestUpdatedAt: oldest?.toISOString() })));
    expect(codesOf(await api.run(query, {}, mentor))).toEqual(["FORBIDDEN"]);
    expect(codesOf(await api.run(query))).toEqual(["UNAUTHENTICATED"]);
  });
});

describe("sagaActivity", () => {
  test("the first push has a cursor and no events; then everything comes in order, once, and again after an older cursor", async () => {
    await newSaga();
    const stream = follow(api.socket(operator));
    const first = await next(stream);
    expect(first.events).toEqual([]);
    const before = (await storedIds()).length;
    await api.engine.start();
    const sagas = [await newSaga(), await newSaga()];
    for (const id of sagas)
      await waitFor(async () => (await api.engine.sql("select 1 from saga where id = $1 and finished_at is not null", [id])).length === 1);
    const stored = (await storedIds()).slice(before);
    const { ids, cursor } = await read(stream, stored.length);
    expect(ids).toEqual(stored);
    await stream.return(undefined);
    const again = follow(api.socket(operator), null, first.cursor);
    expect((await next(again)).events).toEqual([]);
    expect((await read(again, stored.length)).ids).toEqual(stored);
    await again.return(undefined);
    const later = follow(api.socket(operator), null, cursor);
    await next(later);
    await api.engine.pause();
    const last = await newSaga();
    expect((await next(later)).events.map((event) => event.saga.id)).toEqual([last]);
    await later.return(undefined);
    await waitFor(() => api.activity.watcherCount === 0);
  });

  test("an event whose transaction began first and commits last is not missed", async () => {
    const [early, late] = [await newSaga(), await newSaga()];
    const stream = follow(api.socket(operator), { ids: [early, late] });
    await next(stream);
    await api.engine.transaction(async (em) => {
      await em.execute("update saga set sequence = sequence + 1 where id = ?", [early]);
      await em.execute(
        "insert into saga_event (saga_id, sequence, kind, to_state, status, summary) select id, sequence, 'TRANSITION', state, status, 'Made up.' from saga where id = ?",
        [early],
      );
      await append(late, 1);
    });
    api.engine.hints.send("saga", [early]);
    expect((await read(stream, 2)).ids.map((id) => id.split(":")[0])).toEqual([early, late]);
    await stream.return(undefined);
  });

  test("an operator gets everything, a learner what happens to their own sagas, whatever they ask for", async () => {
    const [learner, other] = [await api.person(), await api.person()];
    const streams = [
      follow(api.socket(operator)),
      follow(api.socket(learner)),
      follow(api.socket(other), { userId: learner.id }),
      follow(api.socket(operator), { userId: learner.id }),
    ];
    for (const stream of streams) await next(stream);
    const [mine, others] = [await newSaga(learner), await newSaga(other)];
    const seen = async (index: number, count: number): Promise<(string | undefined)[]> =>
      (await read(streams[index] as Stream<{ sagaActivity: Push }>, count)).ids.map((id) => id.split(":")[0]);
    expect(await seen(0, 2)).toEqual([mine, others]);
    expect(await seen(1, 1)).toEqual([mine]);
    expect(await seen(3, 1)).toEqual([mine]);
    const nothing = Promise.race([
      next(streams[2] as Stream<{ sagaActivity: Push }>).then(() => "a push"),
      new Promise((resolve) => setImmediate(resolve, "nothing")),
    ]);
    expect(await nothing).toBe("nothing");
    for (const stream of streams) await stream.return(undefined);
    expect(await refusalOf(follow(api.socket()))).toBe("UNAUTHENTICATED");
  });

  test("who loses the right is told nothing of others any more, and who may not sign in any more, nothing at all", async () => {
    const watcher = await api.person("OPERATOR");
    const stream = follow(api.socket(watcher));
    await next(stream);
    await api.engine.sql("update app_user set roles = '{LEARNER}' where id = $1", [watcher.id]);
    await newSaga();
    const own = await newSaga(watcher);
    const { ids } = await read(stream, 1);
    expect(ids.map((id) => id.split(":")[0])).toEqual([own]);
    await api.engine.sql("update app_user set active = false where id = $1", [watcher.id]);
    await append(own, 1);
    expect(await refusalOf(stream)).toBe("UNAUTHENTICATED");
    await waitFor(() => api.activity.watcherCount === 0);
  });

  test("a filter means the state and status after the event", async () => {
    const learner = await api.person();
    const stream = follow(api.socket(operator), { status: ["COMPLETED"], type: ["COURSE_ENROLLMENT"], userId: learner.id });
    await next(stream);
    await api.engine.start();
    const id = await newSaga(learner);
    expect((await next(stream)).events).toMatchObject([{ status: "COMPLETED", saga: { id } }]);
    await stream.return(undefined);
  });

  test("a cursor that is none, or of another database, or older than 7 days is refused, and so is a filter for sagas without events", async () => {
    const stream = follow(api.socket(operator));
    const { cursor } = await next(stream);
    await stream.return(undefined);
    const [, xid = "", position = "", at = ""] = /:(\d+)\.(\d+)\.(\d+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
    const made = (x: string, p: string, t: string): string => Buffer.from(`sagaActivity:${x}.${p}.${t}`).toString("base64url");
    const day = 86_400_000;
    const expected = {
      [made(xid, position, String(Number(at) - 8 * day))]: "CURSOR_EXPIRED",
      [made(String(Number(xid) + 1_000_000), position, at)]: "CURSOR_INVALID",
      [made(xid, position, String(Number(at) + day))]: "CURSOR_INVALID",
      [made(xid, "x", at)]: "CURSOR_INVALID",
      nonsense: "CURSOR_INVALID",
    };
    for (const [after, code] of Object.entries(expected)) expect([after, await refusalOf(follow(api.socket(operator), null, after))]).toEqual([after, code]);
    const fresh = follow(api.socket(operator), null, made(xid, position, String(Number(at) - 6 * day)));
    expect((await next(fresh)).events).toEqual([]);
    await fresh.return(undefined);
    expect(await refusalOf(follow(api.socket(operator), { quietForSeconds: 60 }))).toBe("BAD_USER_INPUT");
    expect(await refusalOf(follow(api.socket(operator), { subjectId: "nonsense" }))).toBe("BAD_USER_INPUT");
  });
});

describe("the feed behind it", () => {
  const feedOf = (over: Partial<ConstructorParameters<typeof ActivityFeed>[0]> = {}) => {
    const looks: (number | null)[] = [];
    const feed = new ActivityFeed({
      reader: {
        activity: (em, after, first) => {
          looks.push(first);
          return api.engine.reader.activity(em, after, first);
        },
      },
      em: api.engine.em,
      hints: api.engine.hints,
      log: createLog("silent"),
      minGapMs: 10,
      lookEveryMs: 50,
      ...over,
    });
    return { feed, looks };
  };
  const idsOf = ({ events }: ActivityPush): number[] => events.map(({ event }) => event.sequence);
  const get = async (pushes: AsyncGenerator<ActivityPush, void, undefined>): Promise<ActivityPush> => {
    const { value } = await pushes.next();
    if (value === undefined) throw new Error("Expected a push, found the end");
    return value;
  };
  const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, index) => from + index);

  test("what is new is read once for all watchers, and nothing is read while nobody watches", async () => {
    const sagaId = await newSaga();
    const { feed, looks } = feedOf({ lookEveryMs: 60_000, minGapMs: 1_000 });
    const watches = Array.from({ length: 50 }, () => feed.watch(null, ({ event }) => event.sagaId === sagaId));
    for (const watch of watches) await get(watch);
    const shared = (): number => looks.filter((first) => first !== 0).length;
    await waitFor(() => shared() > 0);
    const before = shared();
    const pushes = Promise.all(watches.map(get));
    await append(sagaId, 3);
    expect((await pushes).map(idsOf)).toEqual(watches.map(() => [2, 3, 4]));
    expect(shared() - before).toBeLessThan(10);
    for (const watch of watches) await watch.return();
    const after = looks.length;
    await append(sagaId, 1);
    expect(looks.length).toBe(after);
    feed.close();
  });

  test("a watcher to whom nothing happens gets a push without events now and then, with a newer cursor", async () => {
    const { feed } = feedOf({ keepAliveMs: 100 });
    const watch = feed.watch(null, () => false);
    const first = await get(watch);
    await append(await newSaga(), 1);
    let alive = await get(watch);
    // Whoever works in another database of the server may hold the end of all that can be read back for a while.
    while (alive.cursor.xid === first.cursor.xid) alive = await get(watch);
    expect(alive.events).toEqual([]);
    expect(alive.cursor.xid).toBeGreaterThan(first.cursor.xid);
    expect(alive.cursor.at.getTime()).toBeGreaterThan(first.cursor.at.getTime());
    feed.close();
    expect((await watch.next()).done).toBe(true);
  });

  test("a reader that is slow loses nothing, however far behind, and gets at most 200 events a push", async () => {
    const sagaId = await newSaga();
    const { feed } = feedOf({ tailLength: 50 });
    const watch = feed.watch(null, ({ event }) => event.sagaId === sagaId);
    await get(watch);
    const other = await newSaga();
    for (let index = 0; index < 12; index += 1) {
      await append(sagaId, 130);
      await append(other, 130);
    }
    await nothingHeldBack();
    const sizes: number[] = [];
    const seen: number[] = [];
    while (seen.length < 1_560) {
      const push = await get(watch);
      sizes.push(push.events.length);
      seen.push(...idsOf(push));
    }
    expect(seen).toEqual(upTo(1_561, 2));
    expect(Math.max(...sizes)).toBe(200);
    feed.close();
  });

  test("while the database cannot be asked nobody's stream ends, and afterwards nothing is missing", async () => {
    const sagaId = await newSaga();
    let isDown = false;
    const { feed } = feedOf({
      reader: { activity: (em, after, first) => (isDown ? Promise.reject(new Error("down")) : api.engine.reader.activity(em, after, first)) },
      tailLength: 5,
    });
    const watch = feed.watch(null, ({ event }) => event.sagaId === sagaId);
    await get(watch);
    isDown = true;
    const push = get(watch);
    await append(sagaId, 20);
    isDown = false;
    const seen = idsOf(await push);
    while (seen.length < 20) seen.push(...idsOf(await get(watch)));
    expect(seen).toEqual(upTo(21, 2));
    feed.close();
  });
});

describe("queueDepths", () => {
  test("tells the depths at once and again, of the queues asked for; only operators are told, and only while they are", async () => {
    const watcher = await api.person("OPERATOR");
    const stream = depths(api.socket(watcher), { names: ["grant-course-access", "check-course-capacity"], every: 2 });
    const queues = await next(stream);
    expect(queues.map(({ name }) => name)).toEqual(["check-course-capacity", "grant-course-access"]);
    expect((await next(stream)).map(({ name }) => name)).toEqual(["check-course-capacity", "grant-course-access"]);
    await api.engine.sql("update app_user set roles = '{LEARNER}' where id = $1", [watcher.id]);
    expect(await refusalOf(stream)).toBe("FORBIDDEN");
    await waitFor(() => api.queueDepths.watcherCount === 0);
    expect(await refusalOf(depths(api.socket(mentor), {}))).toBe("FORBIDDEN");
    expect(await refusalOf(depths(api.socket(), {}))).toBe("UNAUTHENTICATED");
  });

  test("an interval or a queue that there is none of is refused", async () => {
    for (const variables of [{ every: 1 }, { every: 61 }, { names: ["nonsense"] }])
      expect([variables, await refusalOf(depths(api.socket(operator), variables))]).toEqual([variables, "BAD_USER_INPUT"]);
  });

  test("many who ask at the same time cost one count", async () => {
    const [first, second] = await Promise.all([api.queueDepths.count(), api.queueDepths.count()]);
    expect(second).toBe(first);
  });

  test("what has been carried out in the last minute is counted, whichever process did it, and nothing older", async () => {
    const done = async (): Promise<number> => {
      const { data } = await api.run<{ queues: { name: string; completedLastMinute: number }[] }>("{ queues { name completedLastMinute } }", {}, operator);
      return data.queues.find(({ name }) => name === "check-course-capacity")?.completedLastMinute ?? -1;
    };
    const open = () => api.engine.sql("select 1 from saga where finished_at is null");
    await api.engine.start();
    await waitFor(async () => (await open()).length === 0, { describe: open });
    await api.engine.pause();
    await api.engine.sql("delete from queue_completion");
    await api.engine.start();
    for (let index = 0; index < 3; index += 1) await newSaga();
    await waitFor(async () => (await done()) === 3, { describe: () => done() });
    await api.engine.pause();
    // Another process, and what is a minute old.
    await api.engine.sql(
      "insert into queue_completion (queue, completed, counted_at) values ('check-course-capacity', 4, clock_timestamp()), ('check-course-capacity', 9, clock_timestamp() - interval '61 seconds')",
    );
    expect(await done()).toBe(7);
  });
});
