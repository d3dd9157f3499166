import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { Loop } from "../kernel/loop.ts";

/** Something that has to happen when its time has come, and nobody has done it. */
export interface Chore {
  /** For the log, as the beginning of a sentence: "A proposal". */
  readonly what: string;
  /** Ids of at most `limit` things whose time has come, by the database's clock. */
  readonly find: (em: EntityManager, limit: number) => Promise<readonly string[]>;
  /** Does it, in a transaction of its own. @throws {Refusal} it is not to be done any more */
  readonly act: (em: EntityManager, id: string) => Promise<void>;
}

export interface SweeperParts {
  readonly em: () => EntityManager;
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly log: Log;
  /** How often is looked, which decides nothing but the delay. Default 5,000. */
  readonly intervalMs?: number;
}

const BATCH = 50;

/** Does what time asks for. Several processes may do so at once: whoever comes second finds it done. */
export class Sweeper {
  readonly #loop: Loop;

  constructor({ what, find, act }: Chore, { em, transaction, log, intervalMs = 5_000 }: SweeperParts) {
    this.#loop = new Loop({
      async pass() {
        const due = await find(em(), BATCH);
        let failed = 0;
        for (const id of due) {
          try {
            await transaction((tx) => act(tx, id));
          } catch (error) {
            // Somebody has done something about it meanwhile.
            if (error instanceof Refusal) continue;
            failed++;
            log.error({ err: error, id }, `${what} could not be taken care of; trying again`);
          }
        }
        return due.length === BATCH && failed < BATCH ? 0 : intervalMs;
      },
      onError: (error) => log.warn({ err: error }, `${what} could not be looked for; trying again`),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends after the pass it is in. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }
}
