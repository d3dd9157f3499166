import { IsolationLevel, type EntityManager, type MikroORM } from "@mikro-orm/postgresql";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../kernel/backoff.ts";
import { crashPoint } from "../kernel/crash-point.ts";
import { OutOfDate, Transient } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { NOT_BEGUN } from "./thrifty-client.ts";

/**
 * Runs `work` in one READ COMMITTED transaction on a fresh EntityManager and commits what it has changed.
 *
 * `work` may run several times: when PostgreSQL has rolled the transaction back for the sake of another one (40001, 40P01,
 * 55P03), when a plan that the session has kept does not fit the schema any more (0A000), when `work` itself has found that another one was faster (`OutOfDate`), or when no connection could be had, it starts
 * again at most five times, each time on a fresh EntityManager. So it must have no effect outside the transaction, and hand out ids rather than entities. A connection lost after the first
 * statement, or at commit, is reported and not repeated: whether it committed is then unknown.
 *
 * @throws {Transient} no connection to the database could be had
 */
export type Transaction = <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;

export type TransactionLabel = "mutation" | "relay" | "consumer" | "leased" | "sweeper";

const retries = 5;

/** @param label whose transactions these are; names the crash points around their commit */
export function createTransaction(orm: MikroORM, log: Log, label: TransactionLabel = "mutation"): Transaction {
  return async (work) => {
    for (let failures = 0; ; failures++) {
      const em = orm.em.fork();
      let hasConnection = false;
      try {
        await em.begin({ isolationLevel: IsolationLevel.READ_COMMITTED });
        hasConnection = true;
        const result = await work(em);
        await em.flush();
        crashPoint(`${label}:before-commit`);
        await em.commit();
        crashPoint(`${label}:after-commit`);
        return result;
      } catch (error) {
        // A rollback that fails has lost its connection, and with it the transaction.
        if (em.isInTransaction()) await em.rollback().catch(() => undefined);
        const isUnbegun = isConnectionFailure(error) && (!hasConnection || hasCode(error, (code) => code === NOT_BEGUN));
        if (failures >= retries && isUnbegun) throw new Transient("The database cannot be reached", { cause: error });
        if (failures >= retries || !(isUnbegun || isRolledBackForOthers(error))) throw error;
        await pause(log, error, failures);
      }
    }
  };
}

async function pause(log: Log, error: unknown, failures: number): Promise<void> {
  log.debug({ err: error, failures: failures + 1 }, "A transaction is tried again");
  await delay(backoffMs(failures, 10, 500));
}

/** Serialization failure, deadlock, lock not available, an outdated plan, or found out by the work itself: the whole transaction has had no effect. */
const isRolledBackForOthers = (error: unknown): boolean =>
  error instanceof OutOfDate || hasCode(error, (code) => code === "40001" || code === "40P01" || code === "55P03" || code === "0A000");

/** No connection: refused, reset, timed out; class 08; the server is starting or stopping (57P0x) or full (53300). */
const isConnectionFailure = (error: unknown): boolean =>
  hasCode(error, (code) =>
    /^(?:08...|57P0[1235]|53300|ECONN(?:REFUSED|RESET)|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/.test(code),
  ) || hasCause(error, ({ message }) => /timeout (?:exceeded )?when trying to connect|Connection terminated/.test(String(message)));

const hasCode = (error: unknown, is: (code: string) => boolean): boolean => hasCause(error, ({ code }) => typeof code === "string" && is(code));

interface Cause {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** Whether the error, or one of those that led to it, is such. */
function hasCause(error: unknown, is: (one: Cause) => boolean): boolean {
  // Not `instanceof Error`: errors of Node's own modules come from another realm when tests run.
  for (let one = error as Cause | null | undefined, depth = 0; one != null && depth < 5; one = one.cause as typeof one, depth++) if (is(one)) return true;
  return false;
}
