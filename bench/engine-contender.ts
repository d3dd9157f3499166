import { appendFileSync } from "node:fs";
import type { EntityManager } from "@mikro-orm/postgresql";
import DataLoader from "dataloader";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { loadConfig } from "../src/config.ts";
import { sessionOptions } from "../src/database/address.ts";
import { Notifications } from "../src/database/notifications.ts";
import { createOrm } from "../src/database/orm.ts";
import { createTransaction } from "../src/database/transaction.ts";
import { CourseEnrolledEvent } from "../src/domain/course-enrollment/course-enrollment.messages.ts";
import { CourseEnrollment } from "../src/domain/course-enrollment/course-enrollment.ts";
import { courseEnrollmentParticipants } from "../src/domain/course-enrollment/course-enrollment.participants.ts";
import { enrollInCourse } from "../src/domain/course-enrollment/course-enrollment.service.ts";
import { domainEntities } from "../src/domain/entities.ts";
import type { Mailer } from "../src/domain/mail/mailer.ts";
import { sinkMailer } from "../src/gateways/smtp-mailer.ts";
import { newId } from "../src/kernel/ids.ts";
import { createLog } from "../src/kernel/log.ts";
import { occur, Outbox, publishAll, query } from "../src/outbox/index.ts";
import { SagaEngine, SagaRegistry } from "../src/sagas/engine/index.ts";
import { sagas } from "../src/sagas/index.ts";
import { now, type Contender } from "./contender.ts";
import { courseId, learnerId } from "./population.ts";

/** Hints of one saga after that of its birth: one for each of its four commands. They follow commits, so its last one came right after the last. */
const hintsPerSaga = 4;

/** The program without its API, made of the same parts with the same settings. */
export async function open(url: string): Promise<Contender> {
  const config = loadConfig({ ...process.env, DATABASE_URL: url, NODE_ENV: "test", MAIL_MODE: "sink", SEED: "none" });
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
      stepsPerCommit: config.stepsPerCommit,
      sweepIntervalMs: config.sweepIntervalMs,
    });
  await newOutbox().createQueues();
  engine.startSweeper();
  let outbox: Outbox | null = null;

  const lastHints = new Map<string, { count: number; at: number }>();
  const waiting = new Map<string, () => void>();
  let [hintCount, lastHintAt, begunCount] = [0, 0, 0];
  hints.listen("saga", (ids) => {
    lastHintAt = now();
    hintCount += ids.length;
    for (const id of ids) {
      const count = (lastHints.get(id)?.count ?? 0) + 1;
      lastHints.set(id, { count, at: lastHintAt });
      if (count > hintsPerSaga) waiting.get(id)?.();
    }
  });
  const enrollmentIds = new Map<number, string>();
  const sagaIdsOf = async (numbers: readonly number[]): Promise<string[]> => {
    const wanted = numbers.map((number) => enrollmentIds.get(number) ?? "");
    const rows = await query<{ id: string; subject_id: string }>(em(), "select id, subject_id from saga where subject_id = any($1::uuid[])", [wanted]);
    const ids = new Map(rows.map((row) => [row.subject_id, row.id]));
    return wanted.map((enrollmentId) => ids.get(enrollmentId) ?? "");
  };
  const sagaId = new DataLoader(sagaIdsOf, { cache: false });

  return {
    async begin(number) {
      const { enrollmentId } = await transaction((inside) =>
        enrollInCourse(inside, { learnerId: learnerId(number), courseId: courseId(number), idempotencyKey: newId() }),
      );
      begunCount += 1;
      enrollmentIds.set(number, enrollmentId);
    },
    beginTogether: (numbers) =>
      transaction(async (inside) => {
        const enrollments = numbers.map((number) =>
          inside.create(CourseEnrollment, { id: newId(), courseId: courseId(number), learnerId: learnerId(number), status: "PENDING" }),
        );
        inside.persist(enrollments);
        await publishAll(
          inside,
          enrollments.map(({ id, courseId: course, learnerId: user }) => occur(CourseEnrolledEvent, { enrollmentId: id, courseId: course, userId: user })),
        );
      }),
    async startWorkers() {
      outbox = newOutbox();
      outbox.startRelay();
      await outbox.startConsumers();
    },
    async stopWorkers() {
      await outbox?.stop();
      outbox = null;
    },
    // A birth is hinted at as well; those of other processes are over before anybody counts.
    ended: () => ({ count: (hintCount - begunCount) / hintsPerSaga, lastAt: lastHintAt }),
    async countOpen() {
      const [row] = await query<{ count: number }>(em(), "select count(*)::int as count from saga where finished_at is null", []);
      return row?.count ?? Number.NaN;
    },
    async whenEnded(number) {
      const id = await sagaId.load(number);
      if ((lastHints.get(id)?.count ?? 0) > hintsPerSaga) return;
      await new Promise<void>((resolve) => waiting.set(id, resolve));
      waiting.delete(id);
    },
    endedAt: async (numbers) => (await sagaIdsOf(numbers)).map((id) => lastHints.get(id)?.at ?? Number.NaN),
    async close() {
      await outbox?.stop();
      await engine.stop();
      await boss.stop({ graceful: false, close: true });
      await hints.close();
      await orm.close();
    },
  };
}
