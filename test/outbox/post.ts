import type { EntityManager } from "@mikro-orm/postgresql";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { Notifications } from "../../src/database/notifications.ts";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction, type Transaction } from "../../src/database/transaction.ts";
import { newId } from "../../src/kernel/ids.ts";
import { createLog } from "../../src/kernel/log.ts";
import {
  append,
  command,
  connectOutbox,
  event,
  handleAll,
  later,
  leased,
  occur,
  Outbox,
  query,
  t,
  type AnyParticipant,
  type Claim,
  type Envelope,
  type Hints,
  type InTransactionSubscriber,
  type Published,
} from "../../src/outbox/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

export const PackedEvent = event("PackedEvent", { parcelId: t.id() });
export const DeliveredEvent = event("DeliveredEvent", { parcelId: t.id() });
/** Its effect is in the database. */
export const PackCommand = command("PackCommand", { parcelId: t.id() }, PackedEvent);
/** Its effect is outside. */
export const DeliverCommand = command("DeliverCommand", { parcelId: t.id() }, DeliveredEvent);
export type ParcelCommand = typeof PackCommand | typeof DeliverCommand;

export interface Hooks {
  /** Before the effect; what it throws is the participant's, and "later" is what it returns in place of a reply. */
  pack?: (parcelId: string) => unknown;
  deliver?: (parcelId: string) => unknown;
  /** After the subscriber has peeked. */
  peeked?: () => Promise<unknown>;
  /** Parcels whose rows the subscriber cannot read. */
  unreadable?: readonly string[];
}

/** A process with an outbox, whose sender of commands is not an engine but a table of parcels that can be paused and closed. */
export interface Post {
  readonly em: () => EntityManager;
  readonly transaction: Transaction;
  readonly hints: Hints;
  readonly boss: PgBoss;
  readonly outbox: Outbox;
  readonly published: Published[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Depot {
  readonly database: TestDatabase;
  readonly hooks: Hooks;
  readonly sql: TestDatabase["sql"];
  /** Another process on the same database; hints stay inside each. */
  open(options?: { sweepIntervalMs?: number; loads?: readonly string[]; batchSize?: number; attemptTimeoutMs?: number }): Promise<Post>;
  /** Sends a command for each of so many new parcels. */
  order(post: Post, contract: ParcelCommand, count?: number): Promise<string[]>;
  /** What happened to a parcel, in order. */
  log(parcelId: string): Promise<string[]>;
  /** Waits until something has happened to all of these parcels. */
  happened(what: string, parcelIds: readonly string[]): Promise<void>;
  setPaused(parcelIds: readonly string[], isPaused: boolean): Promise<void>;
  dispose(): Promise<void>;
}

export async function createDepot(): Promise<Depot> {
  const database = await createTestDatabase();
  const { sql } = database;
  await sql(
    "create table parcel (id uuid primary key, run_id uuid not null, is_paused boolean not null default false, is_closed boolean not null default false)",
  );
  await sql(
    "create table parcel_log (parcel_id uuid not null, what text not null, at timestamptz not null default clock_timestamp(), n bigint generated always as identity)",
  );
  const hooks: Hooks = {};
  const posts: Post[] = [];
  return {
    database,
    hooks,
    sql,
    async open(options = {}) {
      const post = await openPost(database, hooks, options);
      posts.push(post);
      return post;
    },
    async order(post, contract, count = 1) {
      const ids = Array.from({ length: count }, newId);
      await post.transaction(async (em) => {
        await query(em, "insert into parcel (id, run_id) select id, gen_random_uuid() from unnest($1::uuid[]) as id", [ids]);
        const rows = await query<{ id: string; run_id: string }>(em, "select id, run_id from parcel where id = any($1) order by id", [ids]);
        await append(
          em,
          rows.map((row) => ({
            envelope: {
              id: newId(),
              name: contract.name,
              payload: { parcelId: row.id },
              correlationId: row.id,
              causationId: newId(),
              replyTo: { runId: row.run_id, attempt: 3 },
            },
            deliverAt: null,
          })),
        );
      });
      return ids;
    },
    async log(parcelId) {
      return (await sql<{ what: string }>("select what from parcel_log where parcel_id = $1 order by n", [parcelId])).map((row) => row.what);
    },
    async happened(what, parcelIds) {
      await waitFor(
        async () => {
          const [row] = await sql<{ count: number }>("select count(distinct parcel_id)::int as count from parcel_log where what = $1 and parcel_id = any($2)", [
            what,
            parcelIds,
          ]);
          return row?.count === parcelIds.length;
        },
        { timeoutMs: 20_000, describe: () => sql("select parcel_id, what from parcel_log order by n") },
      );
    },
    // One by one, as operators do: whoever locked several at once would do so in another order than the consumers.
    async setPaused(parcelIds, isPaused) {
      for (const id of parcelIds) await sql("update parcel set is_paused = $2 where id = $1", [id, isPaused]);
    },
    async dispose() {
      for (const post of posts) await post.stop();
      await database.dispose();
    },
  };
}

async function openPost(database: TestDatabase, hooks: Hooks, options: NonNullable<Parameters<Depot["open"]>[0]>): Promise<Post> {
  const log = createLog(process.env["TEST_LOG_LEVEL"] ?? "fatal");
  const orm = await createOrm({ url: database.url, entities: [], log, poolSize: 6 });
  const em = (): EntityManager => orm.em.fork();
  const hints = new Notifications({ url: database.url, log, mode: "poll" });
  const boss = new PgBoss({ connectionString: database.url, migrate: false, schedule: false, supervise: false, max: 2 });
  boss.on("error", (error) => log.error({ err: error }, "pg-boss"));
  await boss.start();
  const published: Published[] = [];
  const subscriber = subscribe(hooks, published);
  connectOutbox(em(), subscriber, hints);
  const { attemptTimeoutMs = 30_000, ...rest } = options;
  const participants = participantsOf(hooks);
  const outbox = new Outbox({
    boss,
    em,
    transaction: (label) => createTransaction(orm, log, label),
    connect: async () => {
      const client = new pg.Client(database.url);
      await client.connect();
      return client;
    },
    subscriber,
    participants,
    attemptTimeouts: new Map(participants.map((one) => [one.command.name, { attemptTimeoutMs }])),
    hints,
    log,
    ...rest,
  });
  await outbox.createQueues();
  let isOpen = true;
  return {
    em,
    transaction: createTransaction(orm, log),
    hints,
    boss,
    outbox,
    published,
    async start() {
      outbox.startRelay();
      await outbox.startConsumers();
    },
    async stop() {
      if (!isOpen) return;
      isOpen = false;
      await outbox.stop();
      await boss.stop({ graceful: false });
      await orm.close();
    },
  };
}

const note = (em: EntityManager, what: string, parcelIds: readonly (string | null)[]): Promise<unknown> =>
  query(em, "insert into parcel_log (parcel_id, what) select id, $1 from unnest($2::uuid[]) as id", [what, parcelIds]);

const close = (em: EntityManager, parcelIds: readonly (string | null)[]): Promise<unknown> =>
  query(em, "update parcel set is_closed = true where id = any($1::uuid[])", [parcelIds]);

function subscribe(hooks: Hooks, heard: Published[]): InTransactionSubscriber {
  const read = async (em: EntityManager, commands: readonly Envelope[], lock: string): Promise<Claim> => {
    const rows = await query<{ id: string; is_paused: boolean }>(
      em,
      `select id, is_paused from parcel where id = any($1::uuid[]) and not is_closed order by id ${lock}`,
      [commands.map((one) => one.correlationId)],
    );
    const unreadable = commands.filter((one) => hooks.unreadable?.includes(one.correlationId ?? ""));
    const pausedById = new Map(rows.filter((row) => !hooks.unreadable?.includes(row.id)).map((row) => [row.id, row.is_paused]));
    const ids = (isPaused: boolean): Set<string> =>
      new Set(commands.filter((one) => pausedById.get(one.correlationId ?? "") === isPaused).map((one) => one.id));
    return { current: ids(false), held: ids(true), unreadable: new Map(unreadable.map((one) => [one.id, "written in invisible ink"])) };
  };
  const parcelsOf = (commands: readonly Envelope[]): (string | null)[] => commands.map((one) => one.correlationId);
  return {
    claim: (em, commands) => read(em, commands, "for update"),
    reclaim: (_claim, commands) => ({ current: new Set(commands.map((one) => one.id)), held: new Set(), unreadable: new Map() }),
    async peek(em, commands) {
      const claim = await read(em, commands, "");
      await hooks.peeked?.();
      return claim;
    },
    async apply(em, events) {
      heard.push(...events);
      const answered = events.flatMap((one) => (one.correlationId === null ? [] : [one.correlationId]));
      await note(em, "answered", answered);
      await close(em, answered);
      return events.map(({ id }) => ({ messageId: id, fate: "applied" }));
    },
    save: () => Promise.resolve(),
    async putAside(em, commands) {
      await note(em, "put aside", parcelsOf(commands));
    },
    async answersLater(em, commands) {
      await note(em, "answers later", parcelsOf(commands));
      await close(em, parcelsOf(commands));
    },
    async attemptsFailed(em, failures) {
      const commands = failures.map((one) => one.envelope);
      for (const one of failures) await note(em, `failed: ${one.failure.message}`, [one.envelope.correlationId]);
      await close(em, parcelsOf(commands));
    },
  };
}

function participantsOf(hooks: Hooks): AnyParticipant[] {
  return [
    handleAll(PackCommand, async (em, commands) => {
      const answers = await Promise.all(
        commands.map(async ({ payload }) => ((await hooks.pack?.(payload.parcelId)) === "later" ? later() : occur(PackedEvent, payload))),
      );
      await note(
        em,
        "packed",
        commands.map((one) => one.payload.parcelId),
      );
      return answers;
    }),
    leased(DeliverCommand, {
      loadAll: async (_em, commands) => commands.map((one) => one.payload.parcelId),
      perform: async (parcelId) => hooks.deliver?.(parcelId),
      async recordAll(em, done) {
        await note(
          em,
          "delivered",
          done.map((one) => one.input),
        );
        return done.map(({ delivery, output }) => (output === "later" ? later() : occur(DeliveredEvent, delivery.payload)));
      },
    }),
  ];
}
