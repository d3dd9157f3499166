import pg from "pg";
import { backoffMs } from "../kernel/backoff.ts";
import { monotonicMs } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import type { Log } from "../kernel/log.ts";
import type { Hints, HintTopic } from "../outbox/index.ts";
import { sessionOptions } from "./address.ts";

export interface NotificationsOptions {
  readonly url: string;
  readonly log: Log;
  /** notify: other processes hear our hints and we theirs. poll: hints stay in this process. Default notify. */
  readonly mode?: "notify" | "poll";
  /** How often a silent connection is tested. Default 5,000. */
  readonly heartbeatMs?: number;
}

type Hear = (keys: readonly string[]) => void;

const topics: readonly HintTopic[] = ["outbox", "queue", "pause", "saga"];
const channelOf = (topic: HintTopic): string => `hint_${topic}`;
/** Says that somebody has begun to listen. */
const helloChannel = "hint_hello";
const minGapMs = 20;
/** That nobody else listens is believed for so long, should a greeting be lost. */
const aloneForMs = 5_000;
/** PostgreSQL takes 7,999 bytes. */
const maxPayloadBytes = 7_900;
/** Beyond so many keys at once the hint becomes "look at everything". */
const maxPendingKeys = 10_000;
const heartbeatTimeoutMs = 5_000;
const listenerName = "mentorplatform-listen";

/** Tells other processes, if any listens to this database. */
const notifyOthers = `
  select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as hint(channel, payload)
  where exists (
    select from pg_stat_get_activity(null) a join pg_database d on d.oid = a.datid
    where d.datname = current_database() and a.application_name = $3 and a.pid <> $4
  )`;

/** A hint may be lost, so its commit does not wait for the disk. */
const setUpNotifier = async (client: pg.Client): Promise<void> => {
  await client.query("set synchronous_commit = off");
};

/**
 * Hints within this process at once, between processes by NOTIFY.
 *
 * A NOTIFY inside a business transaction takes a lock over that transaction's commit and costs most of the throughput, so hints
 * are sent after commits, on a connection of their own, and at most every 20 ms; not at all while no other process listens,
 * since every NOTIFY is a transaction to write. Whoever begins to listen greets the others, so that they know. Hints are lost when a
 * connection is; after every new connection each listener is called with no keys, which means: look at everything.
 */
export class Notifications implements Hints {
  readonly #options: NotificationsOptions;
  readonly #self = newId();
  readonly #listeners = new Map<HintTopic, Set<Hear>>(topics.map((topic) => [topic, new Set()]));
  readonly #pending = new Map<HintTopic, Set<string> | "everything">();
  #sentAt = Number.NEGATIVE_INFINITY;
  /** The server's process behind our own listening connection. */
  #listenerPid = 0;
  /** When it was last found that nobody else listens; null: somebody does, or may. */
  #aloneSince: number | null = null;
  #greetings = 0;
  readonly #listening: Session | null;
  readonly #notifying: Session | null;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    const heartbeatMs = options.heartbeatMs ?? 5_000;
    const enabled = options.mode !== "poll";
    this.#listening = enabled ? new Session({ ...options, heartbeatMs, name: listenerName, open: (client) => this.#subscribe(client) }) : null;
    this.#notifying = enabled ? new Session({ ...options, heartbeatMs, name: "mentorplatform-notify", open: setUpNotifier }) : null;
  }

  /** Connects. A database that cannot be reached is tried again in the background; never rejects. */
  async start(): Promise<void> {
    await Promise.all([this.#listening?.start(), this.#notifying?.start()]);
  }

  send(topic: HintTopic, keys: readonly string[]): void {
    if (this.#closed) return;
    this.#hear(topic, keys);
    if (this.#notifying === null) return;
    const pending = this.#pending.get(topic);
    if (pending !== "everything") {
      const merged = pending ?? new Set<string>();
      for (const key of keys) merged.add(key);
      this.#pending.set(topic, keys.length === 0 || merged.size > maxPendingKeys ? "everything" : merged);
    }
    this.#schedule();
  }

  listen(topic: HintTopic, hear: Hear): () => void {
    // A listener of its own per call, so that the same function may listen twice.
    const own: Hear = (keys) => hear(keys);
    this.#listeners.get(topic)?.add(own);
    return () => void this.#listeners.get(topic)?.delete(own);
  }

  /** Sends what is still waiting, then disconnects. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#flush();
    await Promise.all([this.#listening?.close(), this.#notifying?.close()]);
    for (const listeners of this.#listeners.values()) listeners.clear();
  }

  #hear(topic: HintTopic, keys: readonly string[]): void {
    for (const hear of this.#listeners.get(topic) ?? []) {
      try {
        hear(keys);
      } catch (error) {
        this.#options.log.error({ err: error, topic }, "A listener to hints has failed");
      }
    }
  }

  #schedule(): void {
    if (this.#timer !== null || this.#closed || this.#pending.size === 0) return;
    const flush = (): void => {
      this.#timer = null;
      void this.#flush();
    };
    this.#timer = setTimeout(flush, Math.max(0, this.#sentAt + minGapMs - monotonicMs()));
    this.#timer.unref();
  }

  async #flush(): Promise<void> {
    // One statement at a time: while one is under way, hints gather for the next.
    await this.#sending;
    this.#sentAt = monotonicMs();
    const client = this.#notifying?.client ?? null;
    // Without a connection the hints keep waiting; the next connection finds them.
    if (this.#isAlone) this.#pending.clear();
    else if (client !== null && this.#pending.size > 0) {
      const messages = [...this.#pending].flatMap(([topic, keys]) =>
        payloads(this.#self, keys === "everything" ? [] : [...keys]).map((payload) => [channelOf(topic), payload] as const),
      );
      this.#pending.clear();
      const parameters = [messages.map(([channel]) => channel), messages.map(([, payload]) => payload), listenerName, this.#listenerPid];
      const greetings = this.#greetings;
      this.#sending = client.query({ name: "hint", text: notifyOthers, values: parameters }).then(
        ({ rowCount }) => {
          if (rowCount === 0 && greetings === this.#greetings) this.#aloneSince = monotonicMs();
        },
        (error: unknown) => this.#options.log.debug({ err: error }, "Hints to other processes are lost"),
      );
      await this.#sending;
    }
    this.#schedule();
  }

  /** A greeting only arrives while we listen ourselves. */
  get #isAlone(): boolean {
    return this.#aloneSince !== null && monotonicMs() < this.#aloneSince + aloneForMs && this.#listening?.client != null;
  }

  async #subscribe(client: pg.Client): Promise<void> {
    client.on("notification", ({ channel, payload }) => this.#receive(channel, payload ?? ""));
    for (const channel of [...topics.map(channelOf), helloChannel]) await client.query(`listen ${channel}`);
    await client.query("select pg_notify($1, $2)", [helloChannel, this.#self]);
    this.#greeted();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    this.#listenerPid = rows[0]?.pid ?? 0;
    // Listen first, look second: what committed in between would be missed the other way round.
    for (const topic of topics) this.#hear(topic, []);
  }

  /** Somebody has begun to listen, perhaps ourselves after a while in which greetings were lost. */
  #greeted(): void {
    this.#greetings += 1;
    this.#aloneSince = null;
  }

  #receive(channel: string, payload: string): void {
    if (channel === helloChannel && payload !== this.#self) return this.#greeted();
    const topic = topics.find((one) => channelOf(one) === channel);
    if (topic === undefined) return;
    const keys = parsePayload(payload);
    // What cannot be read is still a hint that something has changed.
    if (keys === null) return this.#hear(topic, []);
    const [sender, ...rest] = keys;
    if (sender !== this.#self) this.#hear(topic, rest);
  }
}

/** The keys in as few JSON lists as fit, the sender first in each. */
function payloads(sender: string, keys: readonly string[]): string[] {
  const lists: string[] = [];
  const head = JSON.stringify(sender);
  let list = head;
  let bytes = head.length + 2;
  for (const key of keys) {
    const json = JSON.stringify(key);
    const size = Buffer.byteLength(json) + 1;
    // A key that fits in no message at all: the sender alone means "look at everything".
    if (head.length + 2 + size > maxPayloadBytes) return [`[${head}]`];
    if (bytes + size > maxPayloadBytes) {
      lists.push(`[${list}]`);
      list = head;
      bytes = head.length + 2;
    }
    list += `,${json}`;
    bytes += size;
  }
  return [...lists, `[${list}]`];
}

function parsePayload(payload: string): string[] | null {
  try {
    const list: unknown = JSON.parse(payload);
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : null;
  } catch {
    return null;
  }
}

interface SessionOptions extends NotificationsOptions {
  readonly name: string;
  readonly heartbeatMs: number;
  /** Called for every new connection, before it counts as open. */
  readonly open: (client: pg.Client) => Promise<void>;
}

/** One connection that is made again whenever it is lost, and is asked now and then whether it still lives. */
class Session {
  readonly #options: SessionOptions;
  #client: pg.Client | null = null;
  #connecting: pg.Client | null = null;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The open connection, or null while there is none. */
  get client(): pg.Client | null {
    return this.#client;
  }

  async start(): Promise<void> {
    if (this.#closed) return;
    const client = new pg.Client(sessionOptions(this.#options.url, this.#options.name));
    this.#connecting = client;
    client.on("error", (error) => this.#lose(client, error));
    client.on("end", () => this.#lose(client, new Error("The connection has ended")));
    try {
      await client.connect();
      await this.#options.open(client);
      if (this.#connecting !== client || this.#closed) return;
      this.#connecting = null;
      this.#client = client;
      this.#failures = 0;
      this.#later(this.#options.heartbeatMs, () => void this.#beat(client));
    } catch (error) {
      this.#lose(client, error as Error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const open = this.#client ?? this.#connecting;
    this.#client = null;
    this.#connecting = null;
    await open?.end().catch(() => undefined);
  }

  async #beat(client: pg.Client): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The connection has not answered for ${heartbeatTimeoutMs} ms`)), heartbeatTimeoutMs);
      timer.unref();
    });
    try {
      const answer = client.query("select 1");
      // When silence wins, the query rejects later, with nobody waiting.
      answer.catch(() => undefined);
      await Promise.race([answer, silence]);
      if (this.#client === client) this.#later(this.#options.heartbeatMs, () => void this.#beat(client));
    } catch (error) {
      this.#lose(client, error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  #lose(client: pg.Client, error: Error): void {
    if (this.#closed || (this.#client !== client && this.#connecting !== client)) return;
    this.#client = null;
    this.#connecting = null;
    client.removeAllListeners("notification");
    void client.end().catch(() => undefined);
    this.#options.log.warn({ err: error, connection: this.#options.name }, "A connection for hints is lost and made again");
    this.#later(backoffMs(this.#failures++, 100, 5_000), () => void this.start());
  }

  #later(ms: number, action: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
    this.#timer.unref();
  }
}
