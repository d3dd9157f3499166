import type { EntityManager } from "@mikro-orm/postgresql";
import { monotonicMs } from "../../kernel/clock.ts";
import { InvalidRequest } from "../../kernel/errors.ts";
import type { Log } from "../../kernel/log.ts";
import { Watch } from "../../kernel/watch.ts";
import type { Hints } from "../../outbox/index.ts";
import type { SagaEventView, SagaReader } from "./reader.ts";

/** A place in the one order of all events: the transaction that wrote them, then the position in it. */
export interface ActivityPlace {
  readonly xid: bigint;
  readonly position: bigint;
}

/** Up to where somebody has read, and when that was the end. */
export interface ActivityCursor extends ActivityPlace {
  readonly at: Date;
}

/** An event with what a filter asks of its saga. */
export interface ActivityEvent extends ActivityPlace {
  readonly event: SagaEventView;
  readonly type: string;
  readonly subjectId: string;
  readonly participants: readonly string[];
  readonly startedAt: Date;
}

/** What came after a place, oldest first. */
export interface ActivityPage {
  readonly events: readonly ActivityEvent[];
  /** Everything up to here is among `events`, or was before. */
  readonly cursor: ActivityCursor;
  readonly hasMore: boolean;
  /** Events are committed that a transaction still open holds back. */
  readonly isHeldBack: boolean;
}

/** One push of many sagas' events; the reader is then up to `cursor`. */
export interface ActivityPush {
  readonly cursor: ActivityCursor;
  /** Empty in the first push, and in those that only tell that the stream is alive. */
  readonly events: readonly ActivityEvent[];
}

export interface ActivityFeedParts {
  readonly reader: Pick<SagaReader, "activity">;
  /** A fresh fork; the feed makes one per look. */
  readonly em: () => EntityManager;
  readonly hints: Hints;
  readonly log: Log;
  /** Least time between two looks. Default 100. */
  readonly minGapMs?: number;
  /** The feed looks at least this often, whether or not a hint came. Default 2,000. */
  readonly lookEveryMs?: number;
  /** A watcher to whom nothing happens gets a push without events this often. Default 30,000. */
  readonly keepAliveMs?: number;
  /** Events that are kept for all watchers together; whoever is further behind reads for itself. Default 2,000. */
  readonly tailLength?: number;
}

const MAX_EVENTS_PER_PUSH = 200;
const EVENTS_PER_LOOK = 1_000;
const MAX_GAP_MS = 1_000;
const DAY_MS = 86_400_000;
const CURSOR_DAYS = 7;

interface Watcher {
  /** Null before the first push of a watch that starts from now. */
  after: ActivityCursor | null;
  readonly matches: (event: ActivityEvent) => boolean;
  hasPushed: boolean;
  isClosed: boolean;
  keepAliveAt: number;
  /** Ends its waiting for news. */
  wake: () => void;
}

/** The newest events, as they were read: all that came after `start`, up to `head`. */
interface Tail {
  start: ActivityPlace;
  head: ActivityCursor;
  events: ActivityEvent[];
}

/**
 * Events of all sagas for many readers in one process, in one order: by transaction and position, below the oldest transaction that is
 * still open, since of two transactions the one that began first may commit last, and whoever reads by position alone would miss it.
 *
 * One statement a look reads what is new for all watchers together; each takes of it what it may see and wants. A watcher pulls: while
 * it is busy nothing is kept for it, and once it has fallen behind what all share, it reads for itself, one at a time, until it is there
 * again. Nothing is read while nobody watches.
 */
export class ActivityFeed {
  readonly #parts: ActivityFeedParts;
  readonly #watchers = new Set<Watcher>();
  readonly #stopListening: () => void;
  #tail: Tail | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #isLooking = false;
  #isHinted = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #gapMs: number;
  #catchingUp: Promise<unknown> = Promise.resolve();

  constructor(parts: ActivityFeedParts) {
    this.#parts = parts;
    this.#gapMs = this.#minGapMs;
    this.#stopListening = parts.hints.listen("saga", () => this.#hear());
  }

  /** Watchers that are open now. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /**
   * Follows what happens to all sagas, of that what `matches`. The first push comes at once and has no events: its cursor is `after`, or
   * where everything that has been committed by now has been passed. Ends when `signal` aborts, or at `return()`.
   *
   * @throws {InvalidRequest} from the first pull: CURSOR_EXPIRED, or CURSOR_INVALID for one that this database has not given out
   */
  watch(after: ActivityCursor | null, matches: (event: ActivityEvent) => boolean, signal?: AbortSignal): AsyncGenerator<ActivityPush, void, undefined> {
    const watcher: Watcher = { after, matches, hasPushed: false, isClosed: false, keepAliveAt: 0, wake: () => undefined };
    return new Watch(
      {
        open: () => this.#open(watcher),
        pull: () => (watcher.hasPushed ? this.#pull(watcher) : this.#begin(watcher)),
        close: () => this.#close(watcher),
      },
      signal,
    );
  }

  /** Ends every watch and stops listening. */
  close(): void {
    this.#stopListening();
    for (const watcher of this.#watchers) this.#close(watcher);
  }

  #open(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#isHinted = true;
    this.#lookNotLaterThan(monotonicMs());
  }

  #close(watcher: Watcher): void {
    watcher.isClosed = true;
    watcher.wake();
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#tail = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  async #begin(watcher: Watcher): Promise<ActivityPush | null> {
    const { cursor: now } = await this.#read(null, 0);
    const { after } = watcher;
    if (after !== null) {
      if (isBefore(now, after) || after.at > now.at)
        throw new InvalidRequest("CURSOR_INVALID", "This is no cursor of sagaActivity here; start again without one");
      if (now.at.getTime() - after.at.getTime() > CURSOR_DAYS * DAY_MS)
        throw new InvalidRequest("CURSOR_EXPIRED", `A cursor of sagaActivity is good for ${CURSOR_DAYS} days; start again without one`);
    }
    return watcher.isClosed ? null : this.#push(watcher, after ?? now, []);
  }

  async #pull(watcher: Watcher): Promise<ActivityPush | null> {
    while (!watcher.isClosed) {
      const push = this.#isBehind(watcher) ? await this.#catchUp(watcher) : this.#fromTail(watcher);
      if (push !== null) return push;
      if (!this.#isBehind(watcher) && !watcher.isClosed) await new Promise<void>((resolve) => (watcher.wake = resolve));
    }
    return null;
  }

  #isBehind({ after }: Watcher): boolean {
    return this.#tail !== null && after !== null && isBefore(after, this.#tail.start);
  }

  #fromTail(watcher: Watcher): ActivityPush | null {
    if (this.#tail === null || watcher.after === null) return null;
    const { events, head } = this.#tail;
    return this.#take(watcher, events.slice(firstAfter(events, watcher.after)), isBefore(head, watcher.after) ? { ...watcher.after, at: head.at } : head);
  }

  /** One at a time, so that many who come back together do not take all connections. */
  async #catchUp(watcher: Watcher): Promise<ActivityPush | null> {
    const { after } = watcher;
    const reading = this.#catchingUp.then(() => (watcher.isClosed ? null : this.#read(after, EVENTS_PER_LOOK)));
    this.#catchingUp = reading.catch(() => undefined);
    try {
      const page = await reading;
      if (page === null) return null;
      // The end was not reached: what is known is known as of its last event.
      const at = page.hasMore ? page.events.at(-1)?.event.occurredAt : undefined;
      return this.#take(watcher, page.events, at === undefined ? page.cursor : { ...page.cursor, at });
    } catch (error) {
      this.#parts.log.warn({ err: error }, "what happened to sagas could not be read again; it is tried again");
      await new Promise<void>((resolve) => (watcher.wake = resolve));
      return null;
    }
  }

  /** What a watcher wants of events that come after its place; it is then behind them all, or behind as many as fit into one push. */
  #take(watcher: Watcher, events: readonly ActivityEvent[], upTo: ActivityCursor): ActivityPush | null {
    const taken: ActivityEvent[] = [];
    for (const one of events) {
      if (watcher.matches(one)) taken.push(one);
      if (taken.length === MAX_EVENTS_PER_PUSH) break;
    }
    const last = taken.length === MAX_EVENTS_PER_PUSH ? taken.at(-1) : undefined;
    const cursor = last === undefined ? upTo : { xid: last.xid, position: last.position, at: last.event.occurredAt };
    watcher.after = cursor;
    if (taken.length === 0 && monotonicMs() < watcher.keepAliveAt) return null;
    return this.#push(watcher, cursor, taken);
  }

  #push(watcher: Watcher, cursor: ActivityCursor, events: readonly ActivityEvent[]): ActivityPush {
    watcher.after = cursor;
    watcher.hasPushed = true;
    watcher.keepAliveAt = monotonicMs() + (this.#parts.keepAliveMs ?? 30_000);
    return { cursor, events };
  }

  get #minGapMs(): number {
    return this.#parts.minGapMs ?? 100;
  }

  #read(after: ActivityPlace | null, first: number): Promise<ActivityPage> {
    return this.#parts.reader.activity(this.#parts.em(), after, first);
  }

  #hear(): void {
    if (this.#watchers.size === 0) return;
    this.#isHinted = true;
    this.#gapMs = this.#minGapMs;
    this.#lookNotLaterThan(this.#lookedAt + this.#gapMs);
  }

  #lookNotLaterThan(at: number): void {
    if (this.#isLooking || at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, Math.ceil(at - monotonicMs())));
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#isLooking = true;
    // Cleared before the read: a hint that comes while it runs must lead to another look.
    this.#isHinted = false;
    this.#lookedAt = monotonicMs();
    let wait = this.#parts.lookEveryMs ?? 2_000;
    try {
      const before = this.#tail;
      const page = await this.#read(before?.head ?? null, EVENTS_PER_LOOK);
      if (this.#tail === before && this.#watchers.size > 0) this.#extend(page);
      if (page.hasMore) wait = 0;
      else if (page.isHeldBack) wait = Math.min(wait, (this.#gapMs = Math.min(this.#gapMs * 2, MAX_GAP_MS)));
      for (const watcher of this.#watchers) watcher.wake();
    } catch (error) {
      this.#parts.log.warn({ err: error, watcherCount: this.#watchers.size }, "what happened to sagas could not be read; it is tried again");
    } finally {
      this.#isLooking = false;
    }
    if (this.#watchers.size === 0) return;
    this.#lookNotLaterThan(this.#lookedAt + (this.#isHinted ? Math.min(wait, this.#gapMs) : wait));
  }

  #extend({ events, cursor }: ActivityPage): void {
    const tail = (this.#tail ??= { start: cursor, head: cursor, events: [] });
    tail.head = cursor;
    tail.events.push(...events);
    const dropped = tail.events.splice(0, Math.max(0, tail.events.length - (this.#parts.tailLength ?? 2_000))).at(-1);
    if (dropped !== undefined) tail.start = dropped;
  }
}

const isBefore = (a: ActivityPlace, b: ActivityPlace): boolean => (a.xid === b.xid ? a.position < b.position : a.xid < b.xid);

/** The index of the first event behind a place. */
function firstAfter(events: readonly ActivityEvent[], place: ActivityPlace): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = events[middle];
    if (one !== undefined && isBefore(place, one)) high = middle;
    else low = middle + 1;
  }
  return low;
}
