import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../kernel/ids.ts";
import { afterCommit } from "./after-commit.ts";
import type { Hints, HintTopic } from "./hints.ts";
import { insertJobs } from "./jobs.ts";
import { published, queueOf, type CommandContract, type Envelope, type EventMessage, type Published } from "./message.ts";
import { queryAhead, requireTransaction } from "./sql.ts";
import { partition } from "./partition.ts";
import type { Claim, InTransactionSubscriber, Receipt } from "./subscriber.ts";

/** What messages of one ORM are connected to; its forks share its configuration object. */
interface Connection {
  readonly subscriber: InTransactionSubscriber | null;
  readonly hints: Hints | null;
}
const connections = new WeakMap<object, Connection>();

/**
 * Connects what is published through EntityManagers of this ORM: to the one subscriber that hears events inside the sender's
 * transaction, and to the relay, which is told of new outbox rows after the commit.
 */
export function connectOutbox(em: EntityManager, subscriber: InTransactionSubscriber | null, hints: Hints): void {
  connections.set(em.config, { subscriber, hints });
}

const connectionOf = (em: EntityManager): Connection => connections.get(em.config) ?? { subscriber: null, hints: null };

/** Tells whoever listens, in this process and others, what the transaction of `em` has changed. */
export function hintAfterCommit(em: EntityManager, topic: HintTopic, keys: readonly string[] = []): void {
  const { hints } = connectionOf(em);
  afterCommit(em, () => hints?.send(topic, keys));
}

export interface PublishOptions {
  /** The sender's own id of the message, e.g. that of a webhook's delivery: by it a second delivery of the same event is recognised. Any text. */
  readonly messageId?: string;
}

/**
 * Publishes an event inside the caller's transaction.
 *
 * Nothing is announced that did not happen: what follows from the event commits or rolls back with everything else `em`
 * holds. A saga that the event starts or advances has done so when this returns, and its row is locked until the commit.
 * Pending changes of `em` are flushed first, so that the saga sees them.
 *
 * @returns what became of the event
 * @throws {NoTransactionError} `em` has no open transaction: publishing then would be the dual write itself
 */
export const publish = (em: EntityManager, event: EventMessage, options: PublishOptions = {}): Promise<Receipt> => publishOne(em, published(event, options));

/**
 * Publishes the answer to a command whose participant returned `later()`, as `publish` does with any event. It is heard as the reply
 * to that run of a step if the run still waits for one; the saga is found by the event's business key.
 *
 * @param stepRunId the `runId` of the command's delivery
 * @returns what became of the answer
 * @throws {NoTransactionError} `em` has no open transaction
 */
export const reply = (em: EntityManager, stepRunId: string, event: EventMessage, options: PublishOptions = {}): Promise<Receipt> =>
  publishOne(em, { ...published(event, options), replyTo: { runId: stepRunId, attempt: 0 } });

/**
 * `publish` for a set of events, in order, by a constant number of statements: hundreds of sagas are begun about as fast as they can be
 * written. Their rows are all locked until the commit, so a set is not to be larger than others can wait for.
 *
 * @returns what became of each
 * @throws {NoTransactionError} `em` has no open transaction
 */
export const publishAll = (em: EntityManager, events: readonly EventMessage[]): Promise<readonly Receipt[]> =>
  announce(
    em,
    events.map((event) => published(event)),
  );

async function publishOne(em: EntityManager, event: Published): Promise<Receipt> {
  const [receipt] = await announce(em, [event]);
  if (receipt === undefined) throw new Error("A published event got no receipt");
  return receipt;
}

/** Has messages heard by the subscriber, in the transaction of `em`. `claim` is what it has locked already. */
export async function announce(em: EntityManager, events: readonly Published[], claim?: Claim): Promise<readonly Receipt[]> {
  requireTransaction(em, "publish");
  await em.flush();
  const { subscriber } = connectionOf(em);
  if (subscriber === null) return events.map((event) => ({ messageId: event.id, fate: "no-subscriber" }));
  return subscriber.apply(em, events, claim);
}

/**
 * Sends a command to its participant inside the caller's transaction, to be carried out after the commit, at least once. Nobody hears
 * its reply. An attempt that fails is repeated, ten times within about four hours; what then still fails is an open dead letter,
 * which a redrive sends again. Every attempt has the same `runId`: the id that this returns.
 *
 * @param deliverAt not before this instant, by the database's clock; left out: now
 * @returns the message id, a UUID v7, so ids sort by time
 * @throws {NoTransactionError} `em` has no open transaction
 */
export async function send<P>(
  em: EntityManager,
  contract: CommandContract<string, P>,
  payload: NoInfer<P>,
  options: { deliverAt?: Date; correlationId?: string } = {},
): Promise<string> {
  requireTransaction(em, "send");
  const id = newId();
  const envelope: Envelope = {
    id,
    name: contract.name,
    payload: contract.schema.encode(payload),
    correlationId: options.correlationId ?? null,
    causationId: null,
    replyTo: null,
  };
  await append(em, [{ envelope, deliverAt: options.deliverAt ?? null }]);
  return id;
}

export interface Outgoing {
  readonly envelope: Envelope;
  /** Null: as soon as the transaction has committed. */
  readonly deliverAt: Date | null;
}

/** What a consumer's transaction does with the commands it sends that are due at once. */
export interface DirectDelivery {
  /** Names of commands that the transaction goes on to carry out itself. */
  readonly carriesOut: (name: string) => boolean;
}
const direct = new WeakMap<EntityManager, DirectDelivery & { following: Envelope[] }>();

/** From now on, what is sent in the transaction of `em` and is due at once does without the outbox and its relay. */
export const deliverDirectly = (em: EntityManager, delivery: DirectDelivery): void => void direct.set(em, { ...delivery, following: [] });

/** Takes the commands that were sent in the transaction of `em` and are for itself to carry out. */
export function takeFollowing(em: EntityManager): Envelope[] {
  return direct.get(em)?.following.splice(0) ?? [];
}

/**
 * Sends messages with the transaction of `em`: through the outbox, or, where the transaction belongs to a consumer and nothing
 * has to be waited for, straight onto their queues, or to that consumer itself. All commit with everything else the transaction holds.
 */
export async function append(em: EntityManager, messages: readonly Outgoing[]): Promise<void> {
  if (messages.length === 0) return;
  requireTransaction(em, "append");
  const delivery = direct.get(em);
  const [now, later] = delivery === undefined ? [[], messages] : partition(messages, (message) => message.deliverAt === null);
  if (delivery !== undefined && now.length > 0) {
    const [following, others] = partition(
      now.map((message) => message.envelope),
      (envelope) => delivery.carriesOut(envelope.name),
    );
    delivery.following.push(...following);
    await putOnQueues(em, others);
  }
  if (later.length > 0) {
    await insertRows(em, later);
    hintAfterCommit(em, "outbox");
  }
}

/** Puts commands of a consumer's transaction onto their queues. */
export async function putOnQueues(em: EntityManager, commands: readonly Envelope[]): Promise<void> {
  const delivery = direct.get(em);
  if (commands.length === 0 || delivery === undefined) return;
  hintAfterCommit(em, "queue", await insertJobs(em, commands));
}

async function insertRows(em: EntityManager, messages: readonly Outgoing[]): Promise<void> {
  const rows = messages.map(({ envelope, deliverAt }) => ({
    id: envelope.id,
    queue: queueOf(envelope.name),
    name: envelope.name,
    payload: envelope.payload,
    correlation_id: envelope.correlationId,
    causation_id: envelope.causationId,
    run_id: envelope.replyTo?.runId ?? null,
    attempt: envelope.replyTo?.attempt ?? null,
    deliver_at: deliverAt?.toISOString() ?? null,
  }));
  await queryAhead(
    em,
    `insert into outbox (id, queue, name, payload, correlation_id, causation_id, run_id, attempt, deliver_at)
     select id, queue, name, payload, correlation_id, causation_id, run_id, attempt, coalesce(deliver_at, clock_timestamp())
     from jsonb_to_recordset($1::jsonb) as m(id uuid, queue text, name text, payload jsonb, correlation_id uuid, causation_id uuid, run_id uuid, attempt int, deliver_at timestamptz)`,
    [JSON.stringify(rows)],
  );
}
