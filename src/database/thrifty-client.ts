import type { Writable } from "node:stream";
import pg from "pg";
import { AHEAD } from "../outbox/index.ts";

/** Beyond these, statements are sent as they are: who writes so many different ones gains nothing by having them kept. */
const MAX_NAMES = 500;
const MAX_CANDIDATES = 2_000;

/** By their text: names of statements that were sent more than once; null for one that is not to have a name any more. */
const names = new Map<string, string | null>();
let candidates = new Set<string>();

function nameOf(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined) return name ?? undefined;
  if (names.size >= MAX_NAMES) return undefined;
  if (candidates.delete(text)) {
    const made = `s${names.size}`;
    names.set(text, made);
    return made;
  }
  if (candidates.size >= MAX_CANDIDATES) candidates = new Set();
  candidates.add(text);
  return undefined;
}

/** "cached plan must not change result type": a column was added to what the statement selects. */
const isOutdatedPlan = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "0A000";

/** The code of the error of a transaction's first statement when not even its beginning has happened; `cause` says why. */
export const NOT_BEGUN = "NOT_BEGUN";

/** What is answered before there is an answer. */
const nothingYet = { command: "", rowCount: null, oid: 0, fields: [], rows: [] };

/**
 * A client that saves round trips to the server and work there.
 *
 * It has the server keep the statements that come again: they are then parsed and planned once a session rather than every time, which
 * for short statements is most of their cost. Only statements with parameters; what is built into a text is another text. A statement
 * whose result has got another shape fails with 0A000 in each session that has kept it, and is sent as it is from then on.
 *
 * It waits neither for the beginning of a transaction nor for statements that begin with `AHEAD`. They go out with the next one, which
 * fails as the first of them did; where the transaction could not begin, that is with `NOT_BEGUN`. A commit waits until the transaction is
 * known to have begun, so that what may have been committed never fails with `NOT_BEGUN`.
 */
export class ThriftyClient extends pg.Client {
  private ahead: Promise<unknown>[] = [];
  /** Nothing of the transaction has been waited for. */
  private isUnanswered = false;
  private isGathering = false;

  constructor(config?: pg.ClientConfig) {
    super({ ...config, pipeline: true });
  }

  // The driver's own signature has a dozen forms; all but one are passed on as they are.
  // oxlint-disable-next-line typescript/no-explicit-any
  override query(...args: any[]): any {
    const [text, values] = args as [unknown, unknown];
    this.gather();
    if (args.length !== 2 || typeof text !== "string" || !Array.isArray(values)) return super.query(...(args as [string]));
    if (text.startsWith("start transaction")) {
      this.isUnanswered = true;
      return this.sendAhead(this.begin(text));
    }
    if (text.startsWith(AHEAD)) return this.sendAhead(this.prepared(text, values));
    const { ahead, isUnanswered } = this;
    this.ahead = [];
    this.isUnanswered = false;
    if (text === "commit" && isUnanswered) return allOf(ahead).then(() => this.prepared(text, values));
    const result = this.prepared(text, values);
    if (ahead.length === 0 || text === "rollback") return result;
    return allOf([...ahead, result]).then(() => result);
  }

  private sendAhead(sent: Promise<unknown>): Promise<unknown> {
    sent.catch(() => undefined);
    this.ahead.push(sent);
    return Promise.resolve(nothingYet);
  }

  private begin(text: string): Promise<unknown> {
    return super.query(text).catch((cause: unknown) => {
      throw Object.assign(new Error("The transaction could not begin", { cause }), { code: NOT_BEGUN });
    });
  }

  /** What is sent in one turn of the event loop is one write: that, and the server waking up for it, costs more than most of what is asked. */
  private gather(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    const { stream } = (this as unknown as { connection: { stream: Writable } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.isGathering = false;
      stream.uncork();
    });
  }

  private prepared(text: string, values: unknown[]): Promise<unknown> {
    const name = values.length === 0 ? undefined : nameOf(text);
    if (name === undefined) return super.query(text, values);
    return super.query({ name, text, values }).catch((error: unknown) => {
      if (isOutdatedPlan(error)) names.set(text, null);
      throw error;
    });
  }
}

/** Waits for all of them. @throws what the first in order has failed with */
async function allOf(sent: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(sent)).find((answer) => answer.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
