import { waitFor } from "../../../test/support/wait.ts";
import { silentLog } from "../../kernel/log.ts";
import { newId } from "../../kernel/ids.ts";
import { SagaFeed, type SagaPush } from "./feed.ts";
import type { EventsRequest, SagaEventView, SagaView } from "./reader.ts";

/** Sagas that exist in memory only: as many events as `sequence` says. */
class Stored {
  readonly sagas = new Map<string, { sequence: number; isFinal: boolean }>();
  readonly reads: (readonly EventsRequest[])[] = [];
  fails = false;
  hold: Promise<void> = Promise.resolve();
  hear: (keys: readonly string[]) => void = () => undefined;
  isListening = false;

  add(sequence: number, isFinal = false): string {
    const id = newId();
    this.sagas.set(id, { sequence, isFinal });
    return id;
  }

  append(id: string, count = 1, isFinal = false): void {
    const saga = this.sagas.get(id);
    this.sagas.set(id, { sequence: (saga?.sequence ?? 0) + count, isFinal });
  }

  feed(over: { minGapMs?: number; lookEveryMs?: number } = {}): SagaFeed {
    return new SagaFeed({
      reader: { progress: (_em, requests) => this.progress(requests) },
      em: () => undefined as never,
      hints: {
        send: () => undefined,
        listen: (_topic, hear) => {
          this.hear = hear;
          this.isListening = true;
          return () => (this.isListening = false);
        },
      },
      log: silentLog,
      minGapMs: 0,
      lookEveryMs: 60_000,
      ...over,
    });
  }

  async progress(requests: readonly EventsRequest[]): Promise<readonly ({ saga: SagaView; events: SagaEventView[] } | null)[]> {
    this.reads.push(requests);
    if (this.fails) throw new Error("connection lost");
    const seen = requests.map(({ sagaId, afterSequence, first }) => {
      const saga = this.sagas.get(sagaId);
      if (saga === undefined) return null;
      const count = Math.max(0, Math.min(first, saga.sequence - afterSequence));
      const events = Array.from({ length: count }, (_, index) => ({ sequence: afterSequence + index + 1 }) as SagaEventView);
      return { saga: { id: sagaId, sequence: saga.sequence, finishedAt: saga.isFinal ? new Date() : null } as SagaView, events };
    });
    await this.hold;
    return seen;
  }
}

const numbers = (push: SagaPush | undefined | void): number[] => (push ?? { events: [] }).events.map(({ sequence }) => sequence);

async function collect(pushes: AsyncIterable<SagaPush>): Promise<SagaPush[]> {
  const all: SagaPush[] = [];
  for await (const push of pushes) all.push(push);
  return all;
}

test("the first push comes at once, with the saga and without events when it starts from now", async () => {
  const stored = new Stored();
  const id = stored.add(3);
  const pushes = stored.feed().watch(id, null);
  const { value } = await pushes.next();
  expect(value).toMatchObject({ sequence: 3, events: [], hasMore: false, final: false, saga: { sequence: 3 } });
  await pushes.return();
});

test("a long history comes in pushes of 200, gapless, and ends with the final one", async () => {
  const stored = new Stored();
  const pushes = await collect(stored.feed().watch(stored.add(450, true), 0));
  expect(pushes.map(({ events, sequence, hasMore, final }) => [events.length, sequence, hasMore, final])).toEqual([
    [200, 200, true, false],
    [200, 400, true, false],
    [50, 450, false, true],
  ]);
  expect(pushes.flatMap(numbers)).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
});

test("a saga that had ended and was seen to the end answers once more, and ends", async () => {
  const stored = new Stored();
  expect(await collect(stored.feed().watch(stored.add(5, true), 5))).toMatchObject([{ sequence: 5, events: [], final: true }]);
});

test("a hint brings what is new; what comes while the reader is busy comes together", async () => {
  const stored = new Stored();
  const id = stored.add(1);
  const pushes = stored.feed().watch(id, 1);
  await pushes.next();
  const second = pushes.next();
  stored.append(id);
  stored.hear([id]);
  expect(numbers((await second).value)).toEqual([2]);

  stored.append(id, 2);
  stored.hear([id]);
  stored.append(id, 1);
  stored.hear([id]);
  expect(numbers((await pushes.next()).value)).toEqual([3, 4, 5]);
  await pushes.return();
});

test("a reader that does not pull costs no reads", async () => {
  const stored = new Stored();
  const id = stored.add(1);
  const pushes = stored.feed().watch(id, 0);
  await pushes.next();
  const before = stored.reads.length;
  for (let index = 0; index < 100; index++) {
    stored.append(id);
    stored.hear([id]);
  }
  await new Promise(setImmediate);
  expect(stored.reads.length).toBe(before);
  expect(numbers((await pushes.next()).value)).toHaveLength(100);
  await pushes.return();
});

test("a hint that comes during a read leads to another look", async () => {
  const stored = new Stored();
  const id = stored.add(1);
  const pushes = stored.feed().watch(id, 1);
  await pushes.next();
  const { promise, resolve } = Promise.withResolvers<void>();
  stored.hold = promise;
  const second = pushes.next();
  stored.hear([id]);
  await waitFor(() => stored.reads.length === 2);
  // The read under way has seen nothing yet; the event is stored, and hinted at, before it returns.
  stored.append(id);
  stored.hear([id]);
  resolve();
  expect(numbers((await second).value)).toEqual([2]);
  await pushes.return();
});

test("without any hint everybody looks now and then, and no ids in a hint means everybody", async () => {
  const stored = new Stored();
  const id = stored.add(1);
  const pushes = stored.feed({ lookEveryMs: 20 }).watch(id, 1);
  await pushes.next();
  stored.append(id);
  expect(numbers((await pushes.next()).value)).toEqual([2]);
  await pushes.return();

  const slow = stored.feed().watch(id, 2);
  await slow.next();
  const next = slow.next();
  stored.append(id);
  stored.hear([]);
  expect(numbers((await next).value)).toEqual([3]);
  await slow.return();
});

test("one read serves all sagas that were hinted at", async () => {
  const stored = new Stored();
  const feed = stored.feed();
  const ids = Array.from({ length: 50 }, () => stored.add(1));
  const watches = ids.map((id) => feed.watch(id, 1));
  await Promise.all(watches.map((pushes) => pushes.next()));
  const before = stored.reads.length;
  const next = watches.map((pushes) => pushes.next());
  await new Promise(setImmediate);
  for (const id of ids) stored.append(id);
  stored.hear(ids);
  await Promise.all(next);
  expect(stored.reads.length - before).toBe(1);
  feed.close();
});

test("four pushes of one watcher may follow each other at once, those after them come a gap apart", async () => {
  const stored = new Stored();
  expect(await collect(stored.feed({ minGapMs: 60_000 }).watch(stored.add(800, true), 0))).toHaveLength(4);
  const started = performance.now();
  expect(await collect(stored.feed({ minGapMs: 40 }).watch(stored.add(1_200, true), 0))).toHaveLength(6);
  expect(performance.now() - started).toBeGreaterThanOrEqual(79);
});

test.each<[string, (stored: Stored) => string, number, string]>([
  ["an unknown saga", () => newId(), 0, "NOT_FOUND"],
  ["an id that is none", () => "nonsense", 0, "NOT_FOUND"],
  ["a number above the saga's", (stored) => stored.add(3), 4, "SEQUENCE_AHEAD"],
])("%s is refused, and the watcher is gone", async (_name, idOf, after, code) => {
  const stored = new Stored();
  const feed = stored.feed();
  const pushes = feed.watch(idOf(stored), after);
  await expect(pushes.next()).rejects.toMatchObject({ code });
  expect(await pushes.next()).toEqual({ done: true, value: undefined });
  expect(feed.watcherCount).toBe(0);
});

test("a client that goes away while its watcher waits is forgotten at once", async () => {
  const stored = new Stored();
  const feed = stored.feed();
  const pushes = feed.watch(stored.add(1), null);
  await pushes.next();
  const waiting = pushes.next();
  await pushes.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(feed.watcherCount).toBe(0);

  const abort = new AbortController();
  const aborted = feed.watch(stored.add(1), null, abort.signal);
  await aborted.next();
  const next = aborted.next();
  abort.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(feed.watcherCount).toBe(0);
  expect((await feed.watch(stored.add(1), null, abort.signal).next()).done).toBe(true);
});

test("a lost database ends nobody who already follows, and is told to those who begin", async () => {
  const stored = new Stored();
  const id = stored.add(1);
  const feed = stored.feed({ lookEveryMs: 20 });
  const pushes = feed.watch(id, 1);
  await pushes.next();
  stored.fails = true;
  const next = pushes.next();
  stored.append(id);
  stored.hear([id]);
  await expect(feed.watch(id, 0).next()).rejects.toThrow("connection lost");
  stored.fails = false;
  expect(numbers((await next).value)).toEqual([2]);
  feed.close();
});

test("closing the feed ends every watch and stops listening", async () => {
  const stored = new Stored();
  const feed = stored.feed();
  const [busy, waiting] = [feed.watch(stored.add(1), null), feed.watch(stored.add(1), null)];
  await Promise.all([busy.next(), waiting.next()]);
  const next = waiting.next();
  feed.close();
  expect((await next).done).toBe(true);
  expect((await busy.next()).done).toBe(true);
  expect(stored.isListening).toBe(false);
  expect(feed.watcherCount).toBe(0);
});
