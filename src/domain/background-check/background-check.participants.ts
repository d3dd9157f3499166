import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { later, leased, occur, query, type AnyParticipant } from "../../outbox/index.ts";
import * as m from "../application-request/application-request.messages.ts";
import { resultOf, statusOf, type BackgroundCheckStatus } from "./background-check.ts";
import { storeReports, type CheckInbox } from "./background-check.reports.ts";
import type { BackgroundChecks, CheckApplication, CheckReport } from "./background-checks.port.ts";

/**
 * What carries out the commands about background checks, by way of a provider outside. All may be given the same command twice, and
 * calling off accepts that there is nothing to call off.
 *
 * @param inbox takes what polling finds out, the same way as what the provider says of itself
 */
export const backgroundCheckParticipants = (checks: BackgroundChecks, inbox: Pick<CheckInbox, "wakeAfterCommit">): AnyParticipant[] => [
  requestBackgroundCheck(checks),
  pollBackgroundCheck(checks, inbox),
  cancelBackgroundCheck(checks),
];

/**
 * The row is written before the provider is asked: its answer may overtake the answer to our asking, and finds by the row which run
 * waits. If the process dies in between, the next attempt goes on with the row, under the same key.
 */
const requestBackgroundCheck = (checks: BackgroundChecks): AnyParticipant =>
  leased(m.RequestBackgroundCheckCommand, {
    async loadAll(em, commands) {
      const rounds = await openRounds(
        em,
        checks.provider,
        commands.map(({ payload, runId }) => ({ requestId: payload.requestId, runId })),
      );
      return commands.map(({ payload }) => rounds.get(payload.requestId));
    },
    async perform(round, { payload }, signal) {
      if (round === undefined) throw new Defect(`Application ${payload.requestId} does not exist`);
      const state = round.status === "REQUESTED" ? await checks.request(round.application, signal) : null;
      return { checkId: round.checkId, state };
    },
    async recordAll(em, done) {
      const statuses = await recordAnswers(
        em,
        done.map(({ output: { checkId, state } }) => ({ id: checkId, reference: state?.reference ?? null, result: state?.result ?? null })),
      );
      return done.map(({ delivery: { payload }, output: { checkId } }) => {
        const result = resultOf(statuses.get(checkId) ?? "REQUESTED");
        return result === null ? later() : occur(m.BackgroundCheckCompletedEvent, { requestId: payload.requestId, result, checkId });
      });
    },
  });

const pollBackgroundCheck = (checks: BackgroundChecks, inbox: Pick<CheckInbox, "wakeAfterCommit">): AnyParticipant =>
  leased(m.PollBackgroundCheckCommand, {
    loadAll: (em, commands) => loadOpen(em, commands),
    async perform(open, { payload }, signal) {
      const found = await Promise.all(
        open.flatMap(({ reference, provider }) => (reference === null || provider !== checks.provider ? [] : [checks.get(reference, signal)])),
      );
      return found.flatMap(({ reference, result }): CheckReport[] => (result === null ? [] : [{ reference, externalId: payload.requestId, result }]));
    },
    async recordAll(em, done) {
      // Not replied here: the run that waits belongs to the saga that this very transaction has locked and is about to write.
      const messages = done.flatMap(({ delivery, output }) => output.map((report) => ({ messageId: `poll:${delivery.messageId}`, report })));
      await storeReports(em, checks.provider, messages);
      if (messages.length > 0) inbox.wakeAfterCommit(em);
      return done.map(({ delivery: { payload } }) => occur(m.BackgroundCheckPolledEvent, { requestId: payload.requestId }));
    },
  });

const cancelBackgroundCheck = (checks: BackgroundChecks): AnyParticipant =>
  leased(m.CancelBackgroundCheckCommand, {
    loadAll: (em, commands) => loadOpen(em, commands),
    async perform(open, { payload }, signal) {
      for (const { reference, provider } of open) {
        if (provider !== checks.provider) continue;
        // Without a reference we may have asked all the same: the answer was lost, or nobody waited for it any more.
        const references = reference !== null ? [reference] : await findOpenReferences(checks, payload.requestId, signal);
        for (const one of references) await checks.cancel(one, signal);
      }
      return open.map(({ id }) => id);
    },
    async recordAll(em, done) {
      await query(
        em,
        `update background_check set status = 'CANCELLED', completed_at = clock_timestamp(), updated_at = now()
         where id = any($1::uuid[]) and status = 'REQUESTED'`,
        [done.flatMap(({ output }) => output)],
      );
      return done.map(({ delivery: { payload } }) => occur(m.BackgroundCheckCancelledEvent, { requestId: payload.requestId }));
    },
  });

async function findOpenReferences(checks: BackgroundChecks, requestId: string, signal: AbortSignal): Promise<string[]> {
  const found = await checks.find(requestId, signal);
  return found.flatMap(({ reference, result }) => (result === null ? [reference] : []));
}

interface Round {
  readonly checkId: string;
  readonly status: BackgroundCheckStatus;
  readonly application: CheckApplication;
}

/**
 * The round that a run of the step is about, by application. A check that is under way is gone on with, whichever run began it, so that
 * an operator's retry asks nobody twice; CLEAR holds for the application however often it is sent again, and FAILED is an answer that
 * no run has heard. Anything else is asked anew, as the next round.
 */
async function openRounds(
  em: EntityManager,
  provider: string,
  wanted: readonly { readonly requestId: string; readonly runId: string }[],
): Promise<Map<string, Round>> {
  const runs = JSON.stringify(wanted.map(({ requestId, runId }) => ({ id: newId(), request_id: requestId, run_id: runId })));
  await query(
    em,
    `with run as (select * from jsonb_to_recordset($1::jsonb) as r(id uuid, request_id uuid, run_id uuid)),
     latest as (select distinct on (request_id) * from background_check where request_id in (select request_id from run) order by request_id, round desc),
     taken_over as (
       update background_check c set step_run_id = r.run_id, provider = $2, reference = case when c.provider = $2 then c.reference end, updated_at = now()
       from latest l join run r using (request_id)
       where c.id = l.id and l.status = 'REQUESTED' and (c.step_run_id <> r.run_id or c.provider <> $2)
     )
     insert into background_check (id, request_id, round, step_run_id, provider, status)
     select r.id, a.id, coalesce(l.round, 0) + 1, r.run_id, $2, 'REQUESTED'
     from run r join application_request a on a.id = r.request_id left join latest l on l.request_id = r.request_id
     where l.id is null or l.status = 'CANCELLED' or (l.status = 'CONSIDER' and l.step_run_id <> r.run_id)
     on conflict (request_id, round) do nothing`,
    [runs, provider],
  );
  const rows = await query<{ id: string; request_id: string; round: number; status: BackgroundCheckStatus; full_name: string; email: string }>(
    em,
    `select distinct on (c.request_id) c.id, c.request_id, c.round, c.status, u.full_name, u.email
     from background_check c join application_request a on a.id = c.request_id join app_user u on u.id = a.applicant_id
     where c.request_id = any($1::uuid[]) order by c.request_id, c.round desc`,
    [wanted.map(({ requestId }) => requestId)],
  );
  return new Map(
    rows.map(({ id, request_id, round, status, full_name, email }): [string, Round] => [
      request_id,
      {
        checkId: id,
        status,
        application: {
          requestId: request_id,
          round,
          applicant: { name: full_name, email },
          idempotencyKey: `${request_id}:${round}`,
          externalId: request_id,
        },
      },
    ]),
  );
}

/** Writes what the provider answered to our asking, unless the result is there already; tells the status of each check. */
async function recordAnswers(
  em: EntityManager,
  answers: readonly { readonly id: string; readonly reference: string | null; readonly result: CheckReport["result"] | null }[],
): Promise<Map<string, BackgroundCheckStatus>> {
  const rows = answers.map((answer) => ({ ...answer, status: answer.result === null ? null : statusOf(answer.result) }));
  const recorded = await query<{ id: string; status: BackgroundCheckStatus }>(
    em,
    `update background_check c set
       reference = coalesce(a.reference, c.reference),
       status = case when c.status = 'REQUESTED' then coalesce(a.status, c.status) else c.status end,
       completed_at = case when c.status = 'REQUESTED' and a.status is not null then clock_timestamp() else c.completed_at end,
       result = case when c.status = 'REQUESTED' and a.status is not null then jsonb_build_object('result', a.result) else c.result end,
       updated_at = now()
     from jsonb_to_recordset($1::jsonb) as a(id uuid, reference text, result text, status text)
     where c.id = a.id returning c.id, c.status`,
    [JSON.stringify(rows)],
  );
  return new Map(recorded.map(({ id, status }) => [id, status]));
}

interface OpenCheck {
  readonly id: string;
  readonly request_id: string;
  readonly provider: string;
  readonly reference: string | null;
}

async function loadOpen(em: EntityManager, commands: readonly { readonly payload: { readonly requestId: string } }[]): Promise<OpenCheck[][]> {
  const rows = await query<OpenCheck>(
    em,
    "select id, request_id, provider, reference from background_check where request_id = any($1::uuid[]) and status = 'REQUESTED'",
    [commands.map(({ payload }) => payload.requestId)],
  );
  return commands.map(({ payload }) => rows.filter((row) => row.request_id === payload.requestId));
}
