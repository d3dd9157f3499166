import type { EntityManager } from "@mikro-orm/postgresql";
import { monotonicMs } from "../../kernel/clock.ts";
import { InvalidRequest } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import type { Log } from "../../kernel/log.ts";
import type { Hints } from "../../outbox/index.ts";
import type { SagaEventView, SagaReader, SagaView } from "./reader.ts";
import { Watch } from "../../kernel/watch.ts";

/** One push of a saga's progress. The reader is then up to `sequence` and resumes from there. */
export interface SagaPush {
  readonly sequence: number;
  /** The saga as it is now, from the same snapshot as the events. */
  readonly saga: SagaView;
  /** Everything after the previous push, oldest first, without gaps. */
  readonly events: readonly SagaEventView[];
  /** More events are stored already; they come with the next push. */
  readonly hasMore: boolean;
  /** The saga has ended and everything was sent; nothing comes after this push. */
  readonly final: boolean;
}

export interface SagaFeedParts {
  readonly reader: Pick<SagaReader, "progress">;
  /** A fresh fork; the feed makes one per look. */
  readonly em: () => EntityManager;
  readonly hints: Hints;
  readonly log: Log;
  /** Time between two pushes of one watcher, on average: four may follow each other at once. Default 50. */
  readonly minGapMs?: number;
  /** A watcher looks at least this often, whether or not a hint came. Default 2,000. */
  readonly lookEveryMs?: number;
}

const MAX_EVENTS_PER_PUSH = 200;
/** Pushes that need not keep the gap; most sagas have no more, so that whoever watches one sees each when it happens. */
const PUSHES_AT_ONCE = 4;
/** Watchers read by one statement; those left over are read right after it. */
const MAX_WATCHERS_PER_LOOK = 500;
/** Above every sequence: reads the saga without events. */
const NO_EVENTS = 2_147_483_647;

interface Watcher {
  readonly sagaId: string;
  /** Sequence the reader has, or null before the first push of a watch that starts from now. */
  after: number | null;
  hasPushed: boolean;
  /** Something may have changed since the last look. */
  isHinted: boolean;
  /** The pushes so far, a gap apart, would have taken until now or this instant. */
  evenUntil: number;
  /** No look before this instant (gap between pushes) ... */
  notBefore: number;
  /** ... and one at this instant even without a hint. */
  lookAt: number;
  /** The pull that waits for a push; null while the reader is busy with the previous one. */
  pull: { resolve(push: SagaPush | null): void; reject(error: unknown): void } | null;
}

/**
 * Progress of sagas for many readers in one process, read from stored events and never from memory.
 *
 * A reader pulls: while it is busy nothing is read for it and its next push is larger. A hint says which saga to look at, and one
 * statement looks at all of them together; a lost hint costs at most `lookEveryMs`. The watcher is known to the hints before its
 * first read, so nothing can fall between the two.
 */
export class SagaFeed {
  readonly #parts: SagaFeedParts;
  readonly #minGapMs: number;
  readonly #lookEveryMs: number;
  readonly #bySaga = new Map<string, Set<Watcher>>();
  readonly #pulling = new Set<Watcher>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #isLooking = false;
  #isClosed = false;

  constructor(parts: SagaFeedParts) {
    this.#parts = parts;
    this.#minGapMs = parts.minGapMs ?? 50;
    this.#lookEveryMs = parts.lookEveryMs ?? 2_000;
    this.#stopListening = parts.hints.listen("saga", (sagaIds) => this.#hear(sagaIds));
  }

  /** Watchers that are open now. */
  get watcherCount(): number {
    let count = 0;
    for (const watchers of this.#bySaga.values()) count += watchers.size;
    return count;
  }

  /**
   * Follows one saga. The first push comes at once, also when nothing has happened: `afterSequence` null starts from now, 0 replays
   * the whole history, n what came after n. Ends after the push with `final`, or when `signal` aborts, or at `return()`.
   *
   * @throws {InvalidRequest} from the first pull: NOT_FOUND, or SEQUENCE_AHEAD when `afterSequence` is above the saga's sequence
   */
  watch(sagaId: string, afterSequence: number | null, signal?: AbortSignal): AsyncGenerator<SagaPush, void, undefined> {
    const now = monotonicMs();
    const watcher: Watcher = { sagaId, after: afterSequence, hasPushed: false, isHinted: true, evenUntil: now, notBefore: now, lookAt: now, pull: null };
    return new Watch(
      {
        open: () => this.#open(watcher),
        pull: () => this.#pull(watcher),
        isLast: (push) => push.final,
        close: () => this.#close(watcher),
      },
      signal,
    );
  }

  /** Ends every watch and stops listening. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const watchers of this.#bySaga.values()) for (const watcher of watchers) this.#close(watcher);
  }

  #open(watcher: Watcher): void {
    const watchers = this.#bySaga.get(watcher.sagaId);
    if (watchers === undefined) this.#bySaga.set(watcher.sagaId, new Set([watcher]));
    else watchers.add(watcher);
  }

  #close(watcher: Watcher): void {
    const watchers = this.#bySaga.get(watcher.sagaId);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#bySaga.delete(watcher.sagaId);
    this.#settle(watcher)?.resolve(null);
  }

  #pull(watcher: Watcher): Promise<SagaPush | null> {
    if (this.#isClosed) return Promise.resolve(null);
    // Checked here, because one malformed id would fail the statement that everybody shares.
    if (!isId(watcher.sagaId)) return Promise.reject(notFound(watcher.sagaId));
    return new Promise((resolve, reject) => {
      watcher.pull = { resolve, reject };
      this.#pulling.add(watcher);
      this.#lookNotLaterThan(dueAt(watcher));
    });
  }

  #settle(watcher: Watcher): Watcher["pull"] {
    const { pull } = watcher;
    watcher.pull = null;
    this.#pulling.delete(watcher);
    return pull;
  }

  #hear(hinted: readonly string[]): void {
    // No ids: hints may have been lost, so that everybody has to look.
    for (const sagaId of hinted.length === 0 ? this.#bySaga.keys() : hinted) {
      for (const watcher of this.#bySaga.get(sagaId) ?? []) {
        watcher.isHinted = true;
        if (watcher.pull !== null) this.#lookNotLaterThan(watcher.notBefore);
      }
    }
  }

  #lookNotLaterThan(at: number): void {
    if (this.#isLooking || at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    // Rounded up, so that the timer never fires a fraction of a millisecond before anybody is due.
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, Math.ceil(at - monotonicMs())));
  }

  /** One look at a time, so hints that come while it runs meet in the next one. */
  async #look(): Promise<void> {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = monotonicMs();
    const due: Watcher[] = [];
    for (const watcher of this.#pulling) {
      if (dueAt(watcher) > now) continue;
      due.push(watcher);
      if (due.length === MAX_WATCHERS_PER_LOOK) break;
    }
    this.#isLooking = true;
    try {
      if (due.length > 0) await this.#readAll(due);
    } finally {
      this.#isLooking = false;
    }
    let next = Number.POSITIVE_INFINITY;
    for (const watcher of this.#pulling) next = Math.min(next, dueAt(watcher));
    if (next < Number.POSITIVE_INFINITY) this.#lookNotLaterThan(next);
  }

  async #readAll(due: readonly Watcher[]): Promise<void> {
    // Cleared before the read: a hint that comes while it runs must lead to another look.
    for (const watcher of due) watcher.isHinted = false;
    try {
      const found = await this.#parts.reader.progress(
        this.#parts.em(),
        due.map(({ sagaId, after }) => ({ sagaId, afterSequence: after ?? NO_EVENTS, first: MAX_EVENTS_PER_PUSH })),
      );
      for (const [index, watcher] of due.entries()) this.#take(watcher, found[index] ?? null);
    } catch (error) {
      this.#parts.log.warn({ err: error, watcherCount: due.length }, "reading saga progress failed; it is tried again");
      for (const watcher of due) this.#postpone(watcher, error);
    }
  }

  #take(watcher: Watcher, found: { readonly saga: SagaView; readonly events: readonly SagaEventView[] } | null): void {
    if (watcher.pull === null) return;
    if (found === null) return this.#settle(watcher)?.reject(notFound(watcher.sagaId));
    const { saga, events } = found;
    const after = watcher.after ?? saga.sequence;
    if (after > saga.sequence) {
      const message = `Saga ${saga.id} is at sequence ${saga.sequence}, not at ${after}; start again from null`;
      return this.#settle(watcher)?.reject(new InvalidRequest("SEQUENCE_AHEAD", message));
    }
    const sequence = events.at(-1)?.sequence ?? after;
    const hasMore = sequence < saga.sequence;
    const now = monotonicMs();
    watcher.lookAt = now + this.#lookEveryMs;
    if (events.length === 0 && watcher.hasPushed && saga.finishedAt === null) return;
    watcher.after = sequence;
    watcher.hasPushed = true;
    watcher.evenUntil = Math.max(watcher.evenUntil, now) + this.#minGapMs;
    watcher.notBefore = watcher.evenUntil - (PUSHES_AT_ONCE - 1) * this.#minGapMs;
    if (hasMore) watcher.isHinted = true;
    this.#settle(watcher)?.resolve({ sequence, saga, events, hasMore, final: saga.finishedAt !== null && !hasMore });
  }

  /** Who never had a push is told; who already follows a saga waits for the database to come back. */
  #postpone(watcher: Watcher, error: unknown): void {
    watcher.lookAt = monotonicMs() + this.#lookEveryMs;
    if (!watcher.hasPushed) this.#settle(watcher)?.reject(error);
  }
}

const notFound = (sagaId: string): InvalidRequest => new InvalidRequest("NOT_FOUND", `There is no saga ${sagaId}`);

const dueAt = (watcher: Watcher): number => (watcher.isHinted ? watcher.notBefore : Math.max(watcher.notBefore, watcher.lookAt));
