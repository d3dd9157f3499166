import type { EntityManager } from "@mikro-orm/postgresql";
import { fromKysely, type Job, type PgBoss } from "pg-boss";
import { queueOf, type Envelope } from "./message.ts";

/** An envelope as a job's data; the message id is the job's own. */
export type JobData = Omit<Envelope, "id">;
export type Message = Job<JobData> & { readonly retryCount: number };

const jobData = ({ name, payload, correlationId, causationId, replyTo }: Envelope): JobData => ({ name, payload, correlationId, causationId, replyTo });

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

/** Puts messages onto their queues in the transaction of `em`, one statement a queue. @returns the queues */
export async function insertJobs(boss: PgBoss, em: EntityManager, messages: readonly Envelope[]): Promise<string[]> {
  // Ids sort by time, so a queue gets its jobs in the order in which they were sent.
  const sorted = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const byQueue = Map.groupBy(sorted, (message) => queueOf(message.name));
  for (const [queue, ofQueue] of byQueue) {
    await boss.insert(
      queue,
      ofQueue.map((message) => ({ id: message.id, data: jobData(message) })),
      onConnectionOf(em),
    );
  }
  return [...byQueue.keys()];
}
