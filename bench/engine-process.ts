import { appendFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { EntityManager } from "@mikro-orm/postgresql";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { loadConfig } from "../src/config.ts";
import { sessionOptions } from "../src/database/address.ts";
import { Notifications } from "../src/database/notifications.ts";
import { createOrm } from "../src/database/orm.ts";
import { createTransaction } from "../src/database/transaction.ts";
import { courseEnrollmentParticipants } from "../src/domain/course-enrollment/course-enrollment.participants.ts";
import { enrollInCourse } from "../src/domain/course-enrollment/course-enrollment.service.ts";
import { domainEntities } from "../src/domain/entities.ts";
import type { Mailer } from "../src/domain/mail/mailer.ts";
import { sinkMailer } from "../src/gateways/smtp-mailer.ts";
import { newId } from "../src/kernel/ids.ts";
import { createLog } from "../src/kernel/log.ts";
import { Outbox, query } from "../src/outbox/index.ts";
import { SagaEngine, SagaRegistry } from "../src/sagas/engine/index.ts";
import { sagas } from "../src/sagas/index.ts";
import { courseId, learnerId } from "./population.ts";

// The process that is measured: the program without its API, made of the same parts with the same settings, and told over the
// channel to its parent when to do what. Nothing else happens in it, so that its CPU is the engine's.

const config = loadConfig({ ...process.env, NODE_ENV: "test", MAIL_MODE: "sink", SEED: "none" });
const url = config.databaseUrl ?? "";
const log = createLog(config.logLevel);
const orm = await createOrm({ url, entities: domainEntities, log, poolSize: config.databasePoolSize });
const em = (): EntityManager => orm.em.fork();
const transaction = createTransaction(orm, log);
const hints = new Notifications({ url, log, mode: config.liveHints });
await hints.start();
const registry = new SagaRegistry(sagas);
const engine = new SagaEngine({ registry, em, transaction: createTransaction(orm, log, "sweeper"), hints, log });
await engine.storeDefinitions();

const boss = new PgBoss({
  connectionString: url,
  application_name: "mentorplatform-queue",
  max: config.queuePoolSize,
  migrate: false,
  schedule: false,
  supervise: true,
  superviseIntervalSeconds: 5,
  monitorIntervalSeconds: 5,
});
boss.on("error", (error) => log.error({ err: error }, "The queue reports an error"));
await boss.start();

/** Beside the sink's answer, one line a mail, which outlives a kill: how a mail that was handed over twice is found. */
const mailLog = process.env["BENCH_MAIL_LOG"];
const mailer: Mailer = {
  send(mail, signal) {
    if (mailLog !== undefined) appendFileSync(mailLog, `${mail.messageId}\n`);
    return sinkMailer.send(mail, signal);
  },
};

const connectAlone = async (): Promise<pg.Client> => {
  const client = new pg.Client({ ...sessionOptions(url, "mentorplatform-worker"), statement_timeout: false });
  await client.connect();
  return client;
};

const newOutbox = (): Outbox =>
  new Outbox({
    boss,
    em,
    transaction: (label) => createTransaction(orm, log, label),
    connect: connectAlone,
    subscriber: engine.subscriber,
    participants: courseEnrollmentParticipants(mailer),
    attemptTimeouts: registry.commands(),
    hints,
    log,
    batchSize: config.consumerBatchSize,
    sweepIntervalMs: config.sweepIntervalMs,
  });
await newOutbox().createQueues();
engine.startSweeper();
let outbox: Outbox | null = null;

const now = (): number => performance.timeOrigin + performance.now();
/** When a saga was last hinted at. Hints follow commits, so the last one of a saga that has ended came right after its final commit. */
const lastHints = new Map<string, number>();
let hintCount = 0;
let lastHintAt = 0;
hints.listen("saga", (ids) => {
  lastHintAt = now();
  hintCount += ids.length;
  for (const id of ids) lastHints.set(id, lastHintAt);
});

const started: { enrollmentId: string; startedAt: number; committedAt: number }[] = [];
const enroll = async (number: number): Promise<void> => {
  const startedAt = now();
  const { enrollmentId } = await transaction((inside) =>
    enrollInCourse(inside, { learnerId: learnerId(number), courseId: courseId(number), idempotencyKey: newId() }),
  );
  started.push({ enrollmentId, startedAt, committedAt: now() });
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

let profiler: Session | null = null;

const commands = {
  /** Enrolls learners `from` to `from + count - 1`, so many at a time. */
  async enroll({ from, count, concurrency }: { from: number; count: number; concurrency: number }): Promise<{ ms: number; cpuMs: number }> {
    const [since, cpu] = [now(), cpuMs()];
    let next = from;
    const line = async (): Promise<void> => {
      while (next < from + count) await enroll(next++);
    };
    await Promise.all(Array.from({ length: concurrency }, line));
    return { ms: now() - since, cpuMs: cpuMs() - cpu };
  },
  /** Enrolls one learner every `gapMs`, whether or not the one before has ended. Returns when the last is committed. */
  async enrollSteadily({ from, count, gapMs }: { from: number; count: number; gapMs: number }): Promise<void> {
    const since = now();
    const enrolling: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      await delay(Math.max(0, since + index * gapMs - now()));
      enrolling.push(enroll(from + index));
    }
    await Promise.all(enrolling);
  },
  /** Starts relay and consumers. @returns when */
  async startWorkers(): Promise<{ at: number }> {
    const at = now();
    outbox = newOutbox();
    outbox.startRelay();
    await outbox.startConsumers();
    return { at };
  },
  async stopWorkers(): Promise<void> {
    await outbox?.stop();
    outbox = null;
  },
  /** Hints heard so far, and when the last one came. Cheap: costs the database nothing. */
  heard: (): Promise<{ count: number; lastAt: number }> => Promise.resolve({ count: hintCount, lastAt: lastHintAt }),
  cpu: (): Promise<number> => Promise.resolve(cpuMs()),
  /** Of the last `count` enrollments: from the call of the mutation to its commit, and to the commit that ended the saga. */
  async latencies({ count }: { count: number }): Promise<{ mutation: number[]; final: number[] }> {
    const last = started.slice(-count);
    const rows = await query<{ id: string; subject_id: string }>(em(), "select id, subject_id from saga where subject_id = any($1::uuid[])", [
      last.map((one) => one.enrollmentId),
    ]);
    const endedAt = new Map(rows.map((row) => [row.subject_id, lastHints.get(row.id) ?? Number.NaN]));
    return {
      mutation: last.map((one) => one.committedAt - one.startedAt),
      final: last.map((one) => (endedAt.get(one.enrollmentId) ?? Number.NaN) - one.startedAt),
    };
  },
  async startProfile(): Promise<void> {
    profiler = new Session();
    profiler.connect();
    await profiler.post("Profiler.enable");
    await profiler.post("Profiler.start");
  },
  async stopProfile({ file }: { file: string }): Promise<void> {
    const { profile } = (await profiler?.post("Profiler.stop")) ?? {};
    writeFileSync(file, JSON.stringify(profile));
    profiler?.disconnect();
  },
  /** Ends everything in order; all connections have then reported what they did. */
  async close(): Promise<void> {
    await outbox?.stop();
    await engine.stop();
    await boss.stop({ graceful: false, close: true });
    await hints.close();
    await orm.close();
  },
};

export type Commands = typeof commands;

process.on("disconnect", () => process.exit(0));
process.on("message", ({ id, name, input }: { id: number; name: keyof Commands; input: never }) => {
  (commands[name] as (input: never) => Promise<unknown>)(input).then(
    (output) => process.send?.({ id, output }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.send?.({ id: 0, output: now() });
