import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { findLapsedProposals, lapseProposal } from "./mentoring-session.service.ts";

const BATCH = 50;

/** Lets proposals lapse that nobody has answered in time. Several processes may do so at once: whoever comes second finds it done. */
export class ProposalSweeper {
  readonly #loop: Loop;

  constructor(parts: {
    readonly em: () => EntityManager;
    readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
    readonly log: Log;
    /** How often proposals are looked at, which decides nothing but the delay. Default 5,000. */
    readonly intervalMs?: number;
  }) {
    const { em, transaction, log, intervalMs = 5_000 } = parts;
    this.#loop = new Loop({
      async pass() {
        const lapsed = await findLapsedProposals(em(), BATCH);
        let failed = 0;
        for (const id of lapsed) {
          try {
            await transaction((tx) => lapseProposal(tx, id));
          } catch (error) {
            // It was answered meanwhile.
            if (error instanceof Refusal) continue;
            failed++;
            log.error({ err: error, session: id }, "A proposal could not lapse; trying again");
          }
        }
        return lapsed.length === BATCH && failed < BATCH ? 0 : intervalMs;
      },
      onError: (error) => log.warn({ err: error }, "Lapsed proposals could not be looked for; trying again"),
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
