import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../kernel/ids.ts";
import { queueOf } from "./message.ts";
import { partition } from "./partition.ts";
import { hintAfterCommit } from "./publish.ts";
import { query } from "./sql.ts";
import type { AttemptFailure, Claim, InTransactionSubscriber } from "./subscriber.ts";

/** Seconds before each further attempt at a command that nobody waits for: ten attempts over about four hours, for outages of an evening. */
const WAITS_SECONDS = [2, 10, 60, 300, 900, 1_800, 3_600, 3_600, 3_600];

/**
 * Counts failed attempts: those of a sender's commands are the sender's business; a command that was only sent, with nobody to be
 * answered, is tried again by the outbox itself, under the same id, and in the end becomes a dead letter.
 */
export async function countFailures(em: EntityManager, subscriber: InTransactionSubscriber, failures: readonly AttemptFailure[], claim: Claim): Promise<void> {
  const [own, others] = partition(failures, ({ envelope }) => envelope.replyTo === null);
  if (others.length > 0) await subscriber.attemptsFailed(em, others, claim);
  const [hopeless, again] = partition(own, ({ envelope, failure }) => failure.permanent || (envelope.failedAttempts ?? 0) >= WAITS_SECONDS.length);
  if (hopeless.length > 0) await bury(em, hopeless);
  if (again.length > 0) await tryAgain(em, again);
}

/** The job of the failed attempt goes with the same transaction, so that its id is free. */
async function tryAgain(em: EntityManager, failures: readonly AttemptFailure[]): Promise<void> {
  const rows = failures.map(({ envelope }) => {
    const failed = envelope.failedAttempts ?? 0;
    return {
      id: envelope.id,
      queue: queueOf(envelope.name),
      name: envelope.name,
      payload: envelope.payload,
      correlation_id: envelope.correlationId,
      causation_id: envelope.causationId,
      attempt: failed + 1,
      wait: WAITS_SECONDS[failed],
    };
  });
  await query(
    em,
    `insert into outbox (id, queue, name, payload, correlation_id, causation_id, attempt, deliver_at)
     select id, queue, name, payload, correlation_id, causation_id, attempt, clock_timestamp() + make_interval(secs => wait)
     from jsonb_to_recordset($1::jsonb) as m(id uuid, queue text, name text, payload jsonb, correlation_id uuid, causation_id uuid, attempt int, wait int)`,
    [JSON.stringify(rows)],
  );
  hintAfterCommit(em, "outbox");
}

async function bury(em: EntityManager, failures: readonly AttemptFailure[]): Promise<void> {
  const rows = failures.map(({ envelope, failure }) => ({
    id: newId(),
    queue: queueOf(envelope.name),
    message: envelope.name,
    run_id: envelope.id,
    payload: envelope.payload,
    attempts: (envelope.failedAttempts ?? 0) + 1,
    reason_code: failure.code,
    reason_message: failure.message,
    detail: failure.detail,
  }));
  await query(
    em,
    `insert into dead_letter (id, queue, message, run_id, payload, attempts, reason_code, reason_message, detail)
     select id, queue, message, run_id, payload, attempts, reason_code, reason_message, detail
     from jsonb_to_recordset($1::jsonb) as d(id uuid, queue text, message text, run_id uuid, payload jsonb, attempts int, reason_code text, reason_message text, detail text)`,
    [JSON.stringify(rows)],
  );
}
