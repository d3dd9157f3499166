import { Queue, Worker, type Job } from "bullmq";
import type { Contender } from "../contender.ts";
import { Endings } from "./endings.ts";
import { carryOut, enroll, openPool, steps } from "./enrollment.ts";

/**
 * One job an enrollment that remembers how far it has come, as its documentation recommends for jobs of several steps; a transaction
 * a step. The queue is not in the database, so neither beginning nor a step commits together with it.
 */
export async function open(url: string): Promise<Contender> {
  const connection = { path: process.env["BENCH_REDIS"] ?? "", maxRetriesPerRequest: null };
  const concurrency = 50;
  const pool = openPool(url, 20);
  const queue = new Queue<{ number: number; step: number }>("enrollment", { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  const endings = new Endings();
  let worker: Worker | null = null;
  return Object.assign(endings, {
    async begin(number: number) {
      await enroll(pool, number);
      await queue.add("enrollment", { number, step: 0 });
    },
    async startWorkers() {
      const process = async (job: Job<{ number: number; step: number }>): Promise<void> => {
        const { number } = job.data;
        for (let step = job.data.step; step < steps.length; step++) {
          await carryOut(pool, step, number);
          if (step + 1 < steps.length) await job.updateData({ number, step: step + 1 });
        }
        endings.note(number);
      };
      worker = new Worker("enrollment", process, { connection, concurrency });
      await worker.waitUntilReady();
    },
    async stopWorkers() {
      await worker?.close();
      worker = null;
    },
    async countOpen() {
      const counts = await queue.getJobCounts("active", "waiting", "delayed", "failed", "prioritized");
      return Object.values(counts).reduce((sum, one) => sum + one, 0);
    },
    async close() {
      await worker?.close();
      await queue.close();
      await pool.end();
    },
  });
}
