import type { EntityManager } from "@mikro-orm/postgresql";
import { fromKysely, type Job, type PgBoss } from "pg-boss";
import { Transient } from "../kernel/errors.ts";
import { queueOf, type Envelope } from "./message.ts";
import { query, queryAhead } from "./sql.ts";

/** An envelope as a job's data; the message id is the job's own. */
export type JobData = Omit<Envelope, "id">;
export type Message = Job<JobData> & { readonly retryCount: number };

const jobData = ({ id: _id, ...data }: Envelope): JobData => data;

export const envelope = (job: Pick<Message, "id" | "data">): Envelope => ({ id: job.id, ...job.data });

/** pg-boss on the connection of a transaction. */
export const onConnectionOf = (em: EntityManager): { db: ReturnType<typeof fromKysely> } => ({ db: fromKysely(em.getKysely() as never) });

/**
 * Deletes jobs of one attempt each, in the transaction of `em`. @returns how many there were; fewer than asked for means that
 * somebody else has had them since (pg-boss counts them, but its types do not say so)
 */
export async function deleteJobs(
  boss: PgBoss,
  em: EntityManager,
  queue: string,
  jobs: readonly { readonly id: string; readonly retryCount: number }[],
): Promise<number> {
  const response = await boss.deleteJob(
    queue,
    jobs.map(({ id, retryCount }) => ({ id, retryCount })),
    onConnectionOf(em),
  );
  return (response as { readonly affected: number }).affected;
}

/** A job that was thought to be in hand belongs to another process by now: nothing about it may commit. */
export class TakenOver extends Transient {}

/**
 * Takes jobs that are due for as long as the transaction of `em` lasts, in the order in which pg-boss hands them out. They are locked
 * and nothing is written, unlike a lease; others skip them, and when the transaction ends without `remove`, they are as they were.
 */
export async function take(em: EntityManager, queue: string, size: number): Promise<Message[]> {
  return query<Message>(
    em,
    `select j.id, j.name, j.data, j.retry_count as "retryCount" from pgboss.job j
     where j.name = $1 and j.state < 'active' and not j.blocked and j.start_after <= now() order by j.priority desc, j.created_on limit $2 for update skip locked`,
    [queue, size],
  );
}

/** Deletes jobs that the transaction of `em` has taken. */
export async function remove(em: EntityManager, queue: string, jobs: readonly Message[]): Promise<void> {
  await queryAhead(em, "delete from pgboss.job where name = $1 and id = any($2::uuid[])", [queue, jobs.map((job) => job.id)]);
}

/** Deletes finished jobs that were leased, in the transaction of their work. @throws {TakenOver} one of them is not ours any more */
export async function settle(boss: PgBoss, em: EntityManager, queue: string, jobs: readonly Message[]): Promise<void> {
  const affected = await deleteJobs(boss, em, queue, jobs);
  if (affected !== jobs.length) throw new TakenOver(`${jobs.length - affected} of ${jobs.length} jobs of ${queue} have been taken over by another process`);
}

/**
 * Puts jobs back, to be taken not before so many seconds have passed; for what cannot be carried out now and is nobody's failed
 * attempt. Whoever stands behind them on the queue goes on.
 */
export async function postpone(em: EntityManager, queue: string, jobs: readonly Message[], seconds: number): Promise<void> {
  await query(
    em,
    `update pgboss.job j set state = 'created', started_on = null, start_after = now() + make_interval(secs => $4)
     from unnest($2::uuid[], $3::int[]) as mine(id, retry_count) where j.name = $1 and j.id = mine.id and j.retry_count = mine.retry_count`,
    [queue, jobs.map((job) => job.id), jobs.map((job) => job.retryCount), seconds],
  );
}

/**
 * A statement that puts messages onto their queues as `PgBoss.insert` does, any number of queues at once. Where a queue is missing it fails.
 * @param messages SQL of `m`, which has the columns `id`, `queue` and `data`
 */
export const insertingJobs = (messages: string): string => `insert into pgboss.job
    (id, name, data, start_after, created_on, keep_until, expire_seconds, deletion_seconds, retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
  select m.id, m.queue, m.data, pgboss.job_now(), pgboss.job_now(), pgboss.job_now() + q.retention_seconds * interval '1s', q.expire_seconds, q.deletion_seconds,
         q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds
  from ${messages} left join pgboss.queue q on q.name = m.queue order by m.id on conflict do nothing`;

/** Puts messages onto their queues in the transaction of `em`, in the order in which they were sent, which is that of their ids. @returns the queues */
export async function insertJobs(em: EntityManager, messages: readonly Envelope[]): Promise<string[]> {
  const jobs = messages.map((message) => ({ id: message.id, queue: queueOf(message.name), data: jobData(message) }));
  await queryAhead(em, insertingJobs("jsonb_to_recordset($1::jsonb) as m(id uuid, queue text, data jsonb)"), [JSON.stringify(jobs)]);
  return [...new Set(jobs.map((job) => job.queue))];
}
