import type { EntityManager } from "@mikro-orm/postgresql";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction } from "../../src/database/transaction.ts";
import { domainEntities } from "../../src/domain/entities.ts";
import { createLog, silentLog } from "../../src/kernel/log.ts";
import { Outbox, type AnyParticipant, type Hints, type HintTopic } from "../../src/outbox/index.ts";
import {
  SagaEngine,
  SagaOperations,
  SagaReader,
  SagaRegistry,
  type AnySaga,
  type Migrate,
  type OperatorAction,
  type SagaMigration,
  type SagaPlan,
  type SagaView,
  subSagaParticipants,
} from "../../src/sagas/engine/index.ts";
import { createTestDatabase, type Disposal, type TestDatabase } from "./database.ts";
import { waitFor } from "./wait.ts";

/** Who acts in tests of what operators do. */
export const OPERATOR_ID = "00000000-0000-7000-8000-0000000000ff";

/** Hints within one process. `mute` loses them all, so that only the nets are left. */
export class LocalHints implements Hints {
  mute = false;
  private readonly hearing = new Map<HintTopic, Set<(keys: readonly string[]) => void>>();

  send(topic: HintTopic, keys: readonly string[]): void {
    if (!this.mute) for (const hear of this.hearing.get(topic) ?? []) hear(keys);
  }

  listen(topic: HintTopic, hear: (keys: readonly string[]) => void): () => void {
    const set = this.hearing.get(topic) ?? new Set();
    this.hearing.set(topic, set.add(hear));
    return () => void set.delete(hear);
  }
}

export interface TestEngine {
  readonly database: TestDatabase;
  readonly boss: PgBoss;
  readonly reader: SagaReader;
  readonly hints: LocalHints;
  readonly em: () => EntityManager;
  readonly transaction: TestDatabase["transaction"];
  readonly sql: TestDatabase["sql"];
  readonly engine: SagaEngine;
  readonly registry: SagaRegistry;
  readonly operations: SagaOperations;
  /** Starts relay, consumers and sweeper; `relay: false` keeps messages in the outbox. */
  start(): Promise<void>;
  /** Ends them again; a later `start` begins afresh. */
  pause(): Promise<void>;
  saga(type: string, subjectId: string): Promise<SagaView | undefined>;
  /** Waits until the saga's view satisfies `is`. */
  until(type: string, subjectId: string, is: (saga: SagaView) => boolean, describe: string): Promise<SagaView>;
  /** Waits until the sagas of all these subjects have ended, by one statement a look. */
  untilEnded(subjectIds: readonly string[]): Promise<void>;
  /** An operator acts on a saga, in a transaction of its own. */
  act(sagaId: string, action: OperatorAction | Migrate, options?: { note?: string; dryRun?: boolean; expectedSequence?: number }): Promise<SagaPlan>;
  /** Makes retries that wait due now. */
  skipWaits(): Promise<void>;
  dispose(options?: Disposal): Promise<void>;
}

export interface TestEngineOptions {
  readonly sagas: readonly AnySaga[];
  readonly migrations?: readonly SagaMigration[];
  readonly participants: readonly AnyParticipant[];
  readonly batchSize?: number;
  readonly stepsPerCommit?: number;
  readonly database?: TestDatabase;
  readonly attemptTimeoutMs?: number;
}

/** The outbox and the saga engine with given sagas and participants, on a database of their own. */
export async function createTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const database = options.database ?? (await createTestDatabase());
  const log = createLog(process.env["TEST_LOG_LEVEL"] ?? "error");
  const hints = new LocalHints();
  const registry = new SagaRegistry(options.sagas, options.migrations);
  const em = (): EntityManager => database.orm.em.fork();
  const boss = new PgBoss({
    connectionString: database.url,
    supervise: true,
    schedule: false,
    migrate: false,
    max: 3,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
  });
  boss.on("error", (error) => log.error({ err: error }, "pg-boss"));
  await boss.start();
  const engine = new SagaEngine({ registry, em, transaction: createTransaction(database.orm, log, "sweeper"), hints, log, sweepIntervalMs: 50 });
  await engine.storeDefinitions();
  const reader = new SagaReader(registry);
  const operations = new SagaOperations({ registry, hints });
  const timeouts =
    options.attemptTimeoutMs === undefined
      ? registry.commands()
      : new Map(options.participants.map((one) => [one.command.name, { attemptTimeoutMs: options.attemptTimeoutMs ?? 0 }]));
  const newOutbox = (): Outbox =>
    new Outbox({
      boss,
      em,
      transaction: (label) => createTransaction(database.orm, log, label),
      connect: async () => {
        const client = new pg.Client(database.url);
        client.on("error", () => undefined);
        await client.connect();
        return client;
      },
      subscriber: engine.subscriber,
      loads: registry.loads(),
      participants: [...options.participants, ...subSagaParticipants(registry)],
      attemptTimeouts: timeouts,
      hints,
      log,
      sweepIntervalMs: 200,
      completionsIntervalMs: 200,
      ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
      ...(options.stepsPerCommit === undefined ? {} : { stepsPerCommit: options.stepsPerCommit }),
    });
  let outbox: Outbox | null = null;
  await newOutbox().createQueues();
  engine.startSweeper();
  const saga = async (type: string, subjectId: string): Promise<SagaView | undefined> => (await reader.findBySubject(em(), type, [subjectId])).get(subjectId);
  return {
    database,
    boss,
    reader,
    hints,
    em,
    engine,
    registry,
    operations,
    act: (sagaId, action, { note, dryRun, expectedSequence } = {}) =>
      database.transaction((tx) =>
        operations.act(tx, { sagaId, action, actorId: OPERATOR_ID, note: note ?? null, dryRun: dryRun === true, expectedSequence: expectedSequence ?? null }),
      ),
    transaction: database.transaction,
    sql: (text, parameters) => database.sql(text, parameters),
    async start() {
      outbox = newOutbox();
      outbox.startRelay();
      await outbox.startConsumers();
    },
    async pause() {
      await outbox?.stop();
      outbox = null;
    },
    saga,
    async until(type, subjectId, is, describe) {
      let seen: SagaView | undefined;
      await waitFor(
        async () => {
          seen = await saga(type, subjectId);
          return seen !== undefined && is(seen);
        },
        { timeoutMs: 20_000, describe: () => `${describe}; it is ${JSON.stringify(seen)}` },
      );
      if (seen === undefined) throw new Error("unreachable");
      return seen;
    },
    async untilEnded(subjectIds) {
      let open = -1;
      await waitFor(
        async () => {
          const [row] = await database.sql<{ open: number }>(
            "select count(*)::int as open from unnest($1::uuid[]) as i(id) where not exists (select from saga where subject_id = i.id and finished_at is not null)",
            [subjectIds],
          );
          open = row?.open ?? -1;
          return open === 0;
        },
        { timeoutMs: 60_000, describe: () => `${subjectIds.length} sagas to end; ${open} have not` },
      );
    },
    async skipWaits() {
      await database.sql("update outbox set deliver_at = clock_timestamp() where deliver_at > clock_timestamp() and deliver_at < 'infinity'");
      await database.sql("update pgboss.job set start_after = now() where start_after > now()");
      hints.send("outbox", []);
      hints.send("queue", []);
    },
    async dispose(disposal) {
      await outbox?.stop();
      await engine.stop();
      await boss.stop({ graceful: false });
      if (options.database === undefined) await database.dispose(disposal);
    },
  };
}

/** One process of several on a database, on a pool of its own, which is closed with it. */
export async function createTestProcess(options: TestEngineOptions & { readonly database: TestDatabase }): Promise<TestEngine> {
  const orm = await createOrm({ url: options.database.url, entities: domainEntities, log: silentLog, poolSize: 5 });
  const engine = await createTestEngine({ ...options, database: { ...options.database, orm, transaction: createTransaction(orm, silentLog) } });
  return {
    ...engine,
    async dispose() {
      await engine.dispose();
      await orm.close();
    },
  };
}
