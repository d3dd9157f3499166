import pg from "pg";

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

const answerToBegin = { command: "START", rowCount: null, oid: 0, fields: [], rows: [] };

/**
 * A client that saves round trips to the server and work there.
 *
 * It has the server keep the statements that come again: they are then parsed and planned once a session rather than every time, which
 * for short statements is most of their cost. Only statements with parameters; what is built into a text is another text. A statement
 * whose result has got another shape fails with 0A000 in each session that has kept it, and is sent as it is from then on.
 *
 * Statements do not wait for the answers to those before them, and beginning a transaction waits for nothing at all: it goes out with the
 * first statement, which fails with `NOT_BEGUN` where it could not begin.
 */
export class ThriftyClient extends pg.Client {
  private beginning: Promise<unknown> | null = null;

  constructor(config?: pg.ClientConfig) {
    super({ ...config, pipeline: true });
  }

  // The driver's own signature has a dozen forms; all but one are passed on as they are.
  // oxlint-disable-next-line typescript/no-explicit-any
  override query(...args: any[]): any {
    const [text, values] = args as [unknown, unknown];
    if (args.length !== 2 || typeof text !== "string" || !Array.isArray(values)) return super.query(...(args as [string]));
    if (text.startsWith("start transaction")) {
      this.beginning = super.query(text);
      this.beginning.catch(() => undefined);
      return Promise.resolve(answerToBegin);
    }
    const result = this.prepared(text, values);
    const { beginning } = this;
    if (beginning === null) return result;
    this.beginning = null;
    return Promise.allSettled([beginning, result]).then(([begun]) => {
      if (begun.status === "fulfilled") return result;
      throw Object.assign(new Error("The transaction could not begin", { cause: begun.reason }), { code: NOT_BEGUN });
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
