import type pg from "pg";
import { Notifications } from "../../src/database/notifications.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

let database: TestDatabase;
const open: Notifications[] = [];

async function connect(options: { mode?: "notify" | "poll" } = {}): Promise<Notifications> {
  const hints = new Notifications({ url: database.url, log: silentLog, ...options });
  open.push(hints);
  await hints.start();
  return hints;
}

function heardBy(hints: Notifications): string[][] {
  const heard: string[][] = [];
  hints.listen("saga", (keys) => heard.push([...keys]));
  return heard;
}

const backends = (name: string): Promise<pg.QueryResultRow[]> =>
  database.sql("select pid from pg_stat_activity where datname = current_database() and application_name = $1", [name]);

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((hints) => hints.close()));
});
afterAll(() => database.dispose());

test("a hint is heard in its own process before send returns, and once", async () => {
  const hints = await connect();
  const heard = heardBy(hints);
  hints.send("saga", ["a"]);
  expect(heard).toEqual([["a"]]);
  // Another process' hint comes later over the same connection, so by then an echo of "a" would have been heard.
  const other = await connect();
  other.send("saga", ["b"]);
  await waitFor(() => heard.length > 1);
  expect(heard).toEqual([["a"], ["b"]]);
});

test("another process hears the keys, on the topic they were sent to", async () => {
  const [one, two] = [await connect(), await connect()];
  const heard = heardBy(two);
  const queues: string[][] = [];
  two.listen("queue", (keys) => queues.push([...keys]));
  one.send("queue", ["check-course-capacity"]);
  one.send("saga", ["a"]);
  await waitFor(() => heard.length === 1 && queues.length === 1);
  expect([heard, queues]).toEqual([[["a"]], [["check-course-capacity"]]]);
});

test("while nobody else listens no hint is sent, and whoever begins to listen hears the next one", async () => {
  const one = await connect();
  const lastOf = async (): Promise<unknown> =>
    (
      await database.sql(
        "select query_start from pg_stat_activity where datname = current_database() and application_name = 'mentorplatform-notify' and query like '%pg_notify%'",
      )
    )[0];
  // Those of the tests before may take a moment to be gone.
  await waitFor(
    async () =>
      (await database.sql("select 1 from pg_stat_activity where datname = current_database() and application_name = 'mentorplatform-listen'")).length === 1,
  );
  one.send("saga", ["a"]);
  // Nobody was found by it.
  await waitFor(async () => (await lastOf()) !== undefined);
  const before = await lastOf();
  for (const key of ["b", "c"]) {
    one.send("saga", [key]);
    await database.sql("select pg_backend_pid()");
  }
  const two = await connect();
  const heard = heardBy(two);
  expect(await lastOf()).toEqual(before);
  one.send("saga", ["d"]);
  await waitFor(() => heard.some((keys) => keys.includes("d")), { timeoutMs: 3_000 });
});

test("hints in quick succession travel together, and all of them arrive", async () => {
  const [one, two] = [await connect(), await connect()];
  const heard = heardBy(two);
  const sent = Array.from({ length: 2_000 }, (_, number) => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`);
  for (const key of sent) one.send("saga", [key, sent[0] ?? key]);
  await waitFor(() => new Set(heard.flat()).size === sent.length);
  // 2,000 ids of 39 bytes need ten messages of 7,900 bytes, whatever their number of sends.
  expect(heard.length).toBeLessThanOrEqual(12);
  expect(heard.flat()).toHaveLength(sent.length);
});

test("a lost connection is made again, and then everybody is told to look at everything", async () => {
  const [one, two] = [await connect(), await connect()];
  const heard = heardBy(two);
  await database.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name in ('mentorplatform-listen', 'mentorplatform-notify')",
  );
  await waitFor(() => heard.some((keys) => keys.length === 0), { describe: "the hint to look at everything" });
  await waitFor(async () => (await backends("mentorplatform-notify")).length === 2);
  one.send("saga", ["after"]);
  await waitFor(() => heard.some((keys) => keys.includes("after")));
});

test("hints sent while the connection is down arrive after it is made again", async () => {
  const [one, two] = [await connect(), await connect()];
  const heard = heardBy(two);
  await database.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'mentorplatform-notify'",
  );
  await waitFor(async () => (await backends("mentorplatform-notify")).length === 0);
  one.send("saga", ["meanwhile"]);
  await waitFor(() => heard.some((keys) => keys.includes("meanwhile")));
});

test("a listener that fails harms neither the sender nor the other listeners", async () => {
  const hints = await connect();
  hints.listen("saga", () => {
    throw new Error("broken listener");
  });
  const heard = heardBy(hints);
  expect(() => hints.send("saga", ["a"])).not.toThrow();
  expect(heard).toEqual([["a"]]);
});

test("who has stopped listening hears nothing more", async () => {
  const hints = await connect();
  const heard: unknown[] = [];
  const stop = hints.listen("saga", (keys) => heard.push(keys));
  stop();
  hints.send("saga", ["a"]);
  expect(heard).toEqual([]);
});

test("in poll mode hints stay in their process and no connection is opened", async () => {
  const hints = await connect({ mode: "poll" });
  const heard = heardBy(hints);
  hints.send("saga", ["a"]);
  expect(heard).toEqual([["a"]]);
  expect(await backends("mentorplatform-listen")).toEqual([]);
});

test("a database that is not there makes start wait for nothing and send throw nothing", async () => {
  const hints = new Notifications({ url: "postgresql://nobody@127.0.0.1:1/none", log: silentLog });
  await hints.start();
  const heard = heardBy(hints);
  expect(() => hints.send("saga", ["a"])).not.toThrow();
  expect(heard).toEqual([["a"]]);
  await hints.close();
});

test("close sends what is still waiting", async () => {
  const [one, two] = [await connect(), await connect()];
  const heard = heardBy(two);
  one.send("saga", ["first"]);
  one.send("saga", ["last"]);
  await one.close();
  await waitFor(() => heard.flat().includes("last"));
});
