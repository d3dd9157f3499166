import type { EntityManager } from "@mikro-orm/postgresql";
import { Loop } from "../kernel/loop.ts";
import type { Log } from "../kernel/log.ts";
import { query } from "./sql.ts";

/**
 * Commands that this process has carried out, by queue. Jobs are deleted by the commit of their work, so that nothing is left to be
 * counted; and a row for each would cost more than the figure is worth. They are counted in memory and told to everybody every few
 * seconds, in a few rows. A process that dies takes what it had not told with it.
 */
export class Completions {
  private counts = new Map<string, number>();
  private readonly em: () => EntityManager;
  private readonly loop: Loop;

  constructor(parts: { readonly em: () => EntityManager; readonly log: Log; readonly intervalMs?: number | undefined }) {
    this.em = parts.em;
    this.loop = new Loop({
      pass: async () => {
        await this.flush();
        return parts.intervalMs ?? 5_000;
      },
      onError: (error) => parts.log.warn({ err: error }, "Carried out commands could not be counted; trying again"),
    });
  }

  /** Called after the commit of their work. */
  add(queue: string, count: number): void {
    this.counts.set(queue, (this.counts.get(queue) ?? 0) + count);
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.flush().catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const { counts } = this;
    if (counts.size === 0) return;
    this.counts = new Map();
    try {
      await query(
        this.em(),
        `with old as (delete from queue_completion where counted_at < statement_timestamp() - interval '5 minutes')
         insert into queue_completion (queue, completed) select * from unnest($1::text[], $2::int[])`,
        [[...counts.keys()], [...counts.values()]],
      );
    } catch (error) {
      for (const [queue, count] of counts) this.add(queue, count);
      throw error;
    }
  }
}
