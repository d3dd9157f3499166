import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { afterCommit, occur, query, reply, requireTransaction } from "../../outbox/index.ts";
import { BackgroundCheckCompletedEvent } from "../application-request/application-request.messages.ts";
import { statusOf, type BackgroundCheckStatus } from "./background-check.ts";
import type { CheckReport, CheckReports } from "./background-checks.port.ts";

export interface CheckInboxParts {
  /** As the port calls it. */
  readonly provider: string;
  /** A fresh EntityManager without a transaction. */
  readonly em: () => EntityManager;
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly log: Log;
  /** How often is looked for messages whose handling failed, or whose process died before it. Default 5,000. */
  readonly sweepIntervalMs?: number;
}

const BATCH = 100;

/**
 * What the provider has told us: stored first, then given to the run that waits for it. A message takes effect once, however often it
 * comes and whichever process handles it; one about a check that is not known yet waits for a day, and all are forgotten after 30 days.
 */
export class CheckInbox implements CheckReports {
  readonly #parts: CheckInboxParts;
  readonly #loop: Loop;
  readonly #wake = (): void => this.#loop.wake();

  constructor(parts: CheckInboxParts) {
    this.#parts = parts;
    this.#loop = new Loop({
      pass: async (signal) => {
        await this.handleAll(signal);
        return parts.sweepIntervalMs ?? 5_000;
      },
      onError: (error) => parts.log.warn({ err: error }, "Messages about background checks could not be looked for; trying again"),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends after the message that is being handled. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async receive(messageId: string, report: CheckReport | null): Promise<void> {
    await storeReports(this.#parts.em(), this.#parts.provider, [{ messageId, report }]);
    this.#wake();
  }

  /** Looks for what the transaction of `em` has stored as soon as it has committed. */
  wakeAfterCommit(em: EntityManager): void {
    afterCommit(em, this.#wake);
  }

  /** Handles every message whose check is known, each in a transaction of its own, so that one which fails keeps no other waiting. */
  async handleAll(signal?: AbortSignal): Promise<void> {
    const { em, provider, transaction, log } = this.#parts;
    let last: Waiting | null = null;
    for (let page: Waiting[] | null = null; page === null || page.length === BATCH;) {
      page = await findMatched(em(), provider, last);
      for (const { webhook_id: messageId } of page) {
        if (signal?.aborted === true) return;
        await transaction((tx) => handleReport(tx, provider, messageId)).catch((error: unknown) =>
          log.warn({ err: error, messageId }, "A message about a background check could not be handled; it is tried again"),
        );
      }
      last = page.at(-1) ?? null;
    }
    await forgetOld(em(), provider);
  }
}

/** Writes messages of the provider, each id once. */
export async function storeReports(
  em: EntityManager,
  provider: string,
  messages: readonly { readonly messageId: string; readonly report: CheckReport | null }[],
): Promise<void> {
  if (messages.length === 0) return;
  // Of a message about something else nothing is to be done, so it is handled as it comes.
  await query(
    em,
    `insert into webhook_receipt (provider, webhook_id, payload, handled_at)
     select $1, "messageId", coalesce(report, '{}'), case when report is null then clock_timestamp() end
     from jsonb_to_recordset($2::jsonb) as m("messageId" text, report jsonb)
     on conflict (provider, webhook_id) do nothing`,
    [provider, JSON.stringify(messages.map(({ messageId, report }) => (report === null ? { messageId } : { messageId, report: stored(report) })))],
  );
}

/** An external id that is none of ours tells nothing; those that are stored can be compared as what they are. */
const stored = ({ reference, externalId, result }: CheckReport): CheckReport => ({ reference, externalId: isId(externalId) ? externalId : null, result });

interface Waiting {
  readonly webhook_id: string;
  /** As PostgreSQL writes it: a Date would lose the microseconds. */
  readonly received_at: string;
}

/** Whether a check is the one that a message is about: by the provider's id; before that is known, by the application's. */
const isAbout = `c.provider = r.provider and (c.reference = r.payload->>'reference' or (c.reference is null and c.request_id = (r.payload->>'externalId')::uuid))`;

const findMatched = (em: EntityManager, provider: string, after: Waiting | null): Promise<Waiting[]> =>
  query<Waiting>(
    em,
    `select r.webhook_id, r.received_at::text from webhook_receipt r
     where r.provider = $1 and r.handled_at is null and exists (select from background_check c where ${isAbout})
       and ($2::timestamptz is null or (r.received_at, r.webhook_id) > ($2::timestamptz, $3::text))
     order by r.received_at, r.webhook_id limit ${BATCH}`,
    [provider, after?.received_at ?? null, after?.webhook_id ?? null],
  );

interface ReportedCheck {
  readonly id: string;
  readonly request_id: string;
  readonly step_run_id: string;
  readonly status: BackgroundCheckStatus;
}

/**
 * Gives one stored message its effect: the result is written and the run that waits is answered, in one transaction. Does nothing if
 * the message has had its effect, is being handled elsewhere, or is about a check that is not known yet.
 *
 * The saga is locked before the check, as everywhere else: a participant has locked its saga before it writes anything.
 */
export async function handleReport(em: EntityManager, provider: string, messageId: string): Promise<void> {
  requireTransaction(em, "handleReport");
  const [receipt] = await query<{ payload: CheckReport }>(
    em,
    "select payload from webhook_receipt where provider = $1 and webhook_id = $2 and handled_at is null for update skip locked",
    [provider, messageId],
  );
  if (receipt === undefined) return;
  const { reference, result } = receipt.payload;
  const [check] = await query<ReportedCheck>(
    em,
    `select c.id, c.request_id, c.step_run_id, c.status from webhook_receipt r join background_check c on ${isAbout}
     where r.provider = $1 and r.webhook_id = $2 order by c.reference is null, c.status <> 'REQUESTED', c.round desc limit 1`,
    [provider, messageId],
  );
  if (check === undefined) return;

  if (check.status === "REQUESTED") {
    await reply(em, check.step_run_id, occur(BackgroundCheckCompletedEvent, { requestId: check.request_id, result, checkId: check.id }), { messageId });
    await query(
      em,
      `update background_check set status = $2, completed_at = clock_timestamp(), reference = coalesce(reference, $3),
         result = jsonb_build_object('result', $4::text), updated_at = now()
       where id = $1 and status = 'REQUESTED'`,
      [check.id, statusOf(result), reference, result],
    );
  }
  // The first result stands. Another one, also one that was written while we waited for the saga, is for the reviewer to know.
  await query(
    em,
    `update background_check set updated_at = now(), result = jsonb_set(result, '{contradictedBy}',
       coalesce(result->'contradictedBy', '[]') || jsonb_build_array(jsonb_build_object('result', $2::text, 'at', clock_timestamp())))
     where id = $1 and result is not null and result->>'result' <> $2::text`,
    [check.id, result],
  );
  await query(em, "update webhook_receipt set handled_at = clock_timestamp() where provider = $1 and webhook_id = $2", [provider, messageId]);
}

/** What waits for a check that nobody knows is given up after a day; ids are remembered for 30 days, longer than any provider repeats itself. */
async function forgetOld(em: EntityManager, provider: string): Promise<void> {
  await query(
    em,
    `update webhook_receipt set handled_at = clock_timestamp()
     where (provider, webhook_id) in (
       select provider, webhook_id from webhook_receipt
       where provider = $1 and handled_at is null and received_at < statement_timestamp() - interval '1 day' order by received_at limit 1000
     )`,
    [provider],
  );
  await query(
    em,
    `delete from webhook_receipt where (provider, webhook_id) in (
       select provider, webhook_id from webhook_receipt
       where received_at < statement_timestamp() - interval '30 days' and handled_at is not null order by received_at limit 1000
     )`,
  );
}
