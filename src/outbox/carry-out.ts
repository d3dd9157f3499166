import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Transient } from "../kernel/errors.ts";
import { published, type Envelope, type EventMessage } from "./message.ts";
import { isLater, type AnyParticipant, type Delivery, type Later, type TransactionalParticipant } from "./participant.ts";
import { announce } from "./publish.ts";
import type { Claim, InTransactionSubscriber } from "./subscriber.ts";

/** Carries out commands whose effects are all in the database, and publishes their replies. */
export async function carryOut(
  em: EntityManager,
  { participant, attemptTimeoutMs }: { readonly participant: TransactionalParticipant; readonly attemptTimeoutMs: number },
  subscriber: InTransactionSubscriber,
  commands: readonly Envelope[],
  claim: Claim,
): Promise<void> {
  const deliveries = commands.map((command) => delivery(participant, command));
  const replies = await inTime(participant.handleAll(em, deliveries), attemptTimeoutMs, participant.command.name);
  await publishReplies(em, subscriber, commands, replies, claim);
}

/** @throws {Defect} the payload does not fit its contract */
export function delivery(participant: AnyParticipant, message: Envelope): Delivery<unknown> {
  try {
    return {
      payload: participant.command.schema.decode(message.payload, message.name),
      messageId: message.id,
      runId: message.replyTo?.runId ?? message.id,
      sagaId: message.replyTo === null ? null : message.correlationId,
      attempt: message.replyTo?.attempt ?? (message.failedAttempts ?? 0) + 1,
    };
  } catch (cause) {
    throw new Defect(`${message.name} ${message.id} does not have the shape of its contract`, { cause });
  }
}

/** Publishes the replies of a batch, each of which belongs to the command at the same place, and tells whose answers come later. */
export async function publishReplies(
  em: EntityManager,
  subscriber: InTransactionSubscriber,
  commands: readonly Envelope[],
  replies: readonly (EventMessage | Later)[],
  claim: Claim,
): Promise<void> {
  if (replies.length !== commands.length) throw new Defect(`${commands[0]?.name}: ${commands.length} commands got ${replies.length} replies`);
  const events = replies.flatMap((reply, index) => (isLater(reply) ? [] : [published(reply, { cause: commands[index] })]));
  const unanswered = commands.filter((_, index) => isLater(replies[index] as EventMessage | Later));
  if (events.length > 0) await announce(em, events, claim);
  if (unanswered.length > 0) await subscriber.answersLater(em, unanswered, claim);
}

/**
 * Bounds one attempt. A participant that overruns it is rolled back with its transaction, so its late statements find none.
 * @throws {Transient} it took longer
 */
export async function inTime<T>(work: Promise<T>, timeoutMs: number, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Transient(`${name} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, overrun]);
  } finally {
    clearTimeout(timer);
  }
}
