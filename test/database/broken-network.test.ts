import { once } from "node:events";
import net from "node:net";
import type { MikroORM } from "@mikro-orm/postgresql";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction, type Transaction } from "../../src/database/transaction.ts";
import { createLog } from "../../src/kernel/log.ts";
import { newId } from "../../src/kernel/ids.ts";
import { command, event, query, send, t } from "../../src/outbox/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

const RingCommand = command("RingCommand", { id: t.id() }, event("RungEvent", { id: t.id() }));

let database: TestDatabase;
let [proxy, orm, transaction] = [null as net.Server | null, null as MikroORM | null, null as Transaction | null];
/** What becomes of what a client says; null: it is passed on. */
let disturb: ((said: string, client: net.Socket, server: net.Socket) => "lost" | "deaf" | null) | null = null;

beforeAll(async () => {
  database = await createTestDatabase();
  const target = new URL(database.url);
  const directory = target.searchParams.get("host");
  const port = Number(target.port === "" ? 5_432 : target.port);
  const connect = () => (directory === null ? net.connect(port, target.hostname) : net.connect(`${directory}/.s.PGSQL.${port}`));
  proxy = net.createServer((client) => {
    const server = connect();
    let isDeaf = false;
    client.on("data", (chunk) => {
      const what = disturb?.(chunk.toString("latin1"), client, server) ?? null;
      isDeaf ||= what === "deaf";
      if (what !== "lost") server.write(chunk);
    });
    server.on("data", (chunk) => isDeaf || client.write(chunk));
    for (const socket of [client, server]) socket.on("error", () => undefined);
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(database.url);
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = String((proxy.address() as net.AddressInfo).port);
  orm = await createOrm({ url: url.href, entities: [], log: createLog("silent"), poolSize: 1 });
  transaction = createTransaction(orm, createLog("silent"));
});
beforeEach(async () => {
  disturb = null;
  await transaction?.((em) => query(em, "select 1"));
});
afterAll(async () => {
  await orm?.close();
  proxy?.close();
  await database.dispose();
});

test("a commit whose answer is lost is reported and not repeated, also where nothing before it was waited for", async () => {
  let commits = 0;
  disturb = (said, client, server) => {
    if (!/commit(?!ted)/.test(said)) return null;
    commits += 1;
    // What the server says from now on does not arrive; when it has committed, the connection breaks.
    void committed().then(() => {
      client.resetAndDestroy();
      server.destroy();
    });
    return "deaf";
  };
  const committed = () => waitFor(async () => (await database.sql("select 1 from outbox where name = 'RingCommand'")).length > 0);
  await expect(transaction?.((em) => send(em, RingCommand, { id: newId() }))).rejects.toThrow(/ECONNRESET|terminated/);
  expect(commits).toBe(1);
  expect(await database.sql("select 1 from outbox where name = 'RingCommand'")).toHaveLength(1);
});

test("a connection that is closed while a transaction begins is replaced by another one", async () => {
  let closed = 0;
  disturb = (said, client) => {
    if (!said.includes("start transaction") || closed > 0) return null;
    closed += 1;
    client.end();
    return "lost";
  };
  expect(await transaction?.((em) => query(em, "select 1 as one"))).toEqual([{ one: 1 }]);
  expect(closed).toBe(1);
});
