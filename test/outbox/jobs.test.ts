import { PgBoss } from "pg-boss";
import { newId } from "../../src/kernel/ids.ts";
import { insertJobs } from "../../src/outbox/jobs.ts";
import type { Envelope } from "../../src/outbox/message.ts";
import { Relay } from "../../src/outbox/relay.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

const queue = "pack-parcel";
let database: TestDatabase;
let boss: PgBoss;
beforeAll(async () => {
  database = await createTestDatabase();
  boss = new PgBoss({ connectionString: database.url, migrate: false, schedule: false, supervise: false, max: 2 });
  await boss.start();
  await boss.createQueue("too-late");
  await boss.createQueue(queue, {
    partition: true,
    expireInSeconds: 77,
    retryLimit: 7,
    retryDelay: 3,
    retryBackoff: true,
    retryDelayMax: 11,
    retentionSeconds: 1_234,
    deleteAfterSeconds: 99,
    deadLetter: "too-late",
    heartbeatSeconds: 12,
  });
});
afterAll(async () => {
  await boss?.stop({ graceful: false });
  await database?.dispose();
});

const envelope = (rest: Partial<Envelope> = {}): Envelope => ({
  id: newId(),
  name: "PackParcel",
  payload: { parcelId: newId(), note: 'a "note" – with\ntwo lines' },
  correlationId: newId(),
  causationId: newId(),
  replyTo: { runId: newId(), attempt: 3 },
  ...rest,
});

/** All columns, with the instants as distances from the job's creation. */
async function row(id: string): Promise<Record<string, unknown>> {
  const [found] = await database.sql<Record<string, unknown>>(
    "select to_jsonb(j) || jsonb_build_object('created_on', null, 'start_after', start_after - created_on, 'keep_until', keep_until - created_on) as job from pgboss.job j where id = $1",
    [id],
  );
  return found?.["job"] as Record<string, unknown>;
}

test("a job that we insert is the row that pg-boss itself inserts", async () => {
  const message = envelope({ name: "PackParcelCommand" });
  const { id, ...data } = message;
  expect(await database.transaction((em) => insertJobs(em, [message]))).toEqual([queue]);
  const other = await boss.send(queue, data);
  expect(await row(id)).toMatchObject({ name: queue, data, retry_limit: 7, keep_until: "00:20:34" });
  expect(await row(id)).toEqual({ ...(await row(other ?? "")), id });
});

test("a job for a queue that does not exist is refused", async () => {
  await expect(database.transaction((em) => insertJobs(em, [envelope({ name: "LoseParcelCommand" })]))).rejects.toMatchObject({ code: /^23/ });
});

test("the relay puts a message on its queue as it was sent, whichever fields it has", async () => {
  const messages = [
    envelope({ name: "PackParcelCommand" }),
    envelope({ name: "PackParcelCommand", correlationId: null, causationId: null, replyTo: null }),
    envelope({ name: "PackParcelCommand", causationId: null, replyTo: null, failedAttempts: 2 }),
  ];
  for (const one of messages) {
    await database.sql("insert into outbox (id, queue, name, payload, correlation_id, causation_id, run_id, attempt) values ($1, $2, $3, $4, $5, $6, $7, $8)", [
      one.id,
      queue,
      one.name,
      one.payload,
      one.correlationId,
      one.causationId,
      one.replyTo?.runId ?? null,
      one.replyTo?.attempt ?? one.failedAttempts ?? null,
    ]);
  }
  const relay = new Relay({ transaction: database.transaction, hints: { send: () => undefined, listen: () => () => undefined }, log: createLog("warn") });
  relay.start();
  await waitFor(async () => (await database.sql("select from outbox")).length === 0);
  await relay.stop();
  for (const { id, ...data } of messages) expect((await row(id))["data"]).toEqual(data);
});
