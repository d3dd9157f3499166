import { occur, publish } from "../../../src/outbox/index.ts";
import { waitFor } from "../../support/wait.ts";
import * as m from "../../support/trip.ts";
import { createTrips, type Trips } from "../../support/trip.ts";

let trips: Trips;
beforeAll(async () => {
  trips = await createTrips();
  await trips.start();
});
afterAll(() => trips.dispose());

test("messages to one saga at the same time are numbered without a hole, in the order of their commits", async () => {
  const tripId = await trips.begin();
  const { id } = await trips.in(tripId, "AwaitingConfirmation");
  await Promise.all(Array.from({ length: 20 }, () => trips.say(m.TravellerUndecidedEvent, { tripId })));
  const rows = await trips.sql<{ sequence: number; xid: string }>("select sequence, xmin::text as xid from saga_event where saga_id = $1 order by sequence", [
    id,
  ]);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
  expect((await trips.saga("Trip", tripId))?.sequence).toBe(rows.length);
  const committed = await trips.sql<{ sequence: number }>("select sequence from saga_event where saga_id = $1 order by occurred_at, sequence", [id]);
  expect(committed.map(({ sequence }) => sequence)).toEqual(rows.map(({ sequence }) => sequence));
});

test("a saga and its history are read from one snapshot, so they agree whatever is committed meanwhile", async () => {
  const tripId = await trips.begin();
  const { id } = await trips.in(tripId, "AwaitingConfirmation");
  const writing = { isOver: false };
  const written = Promise.all(Array.from({ length: 20 }, () => trips.say(m.TravellerUndecidedEvent, { tripId }))).finally(() => (writing.isOver = true));
  while (!writing.isOver) {
    const [seen] = await trips.reader.progress(trips.em(), [{ sagaId: id, afterSequence: 0, first: 100 }]);
    expect(seen?.events.at(-1)?.sequence).toBe(seen?.saga.sequence);
  }
  await written;
});

test("an order over all sagas is followed without a gap below the oldest transaction that is still open, whoever commits first", async () => {
  const [first, second] = [await trips.begin(), await trips.begin()];
  for (const tripId of [first, second]) await trips.in(tripId, "AwaitingConfirmation");
  let cursor = "0 0";
  const seen: string[] = [];
  const follow = async (): Promise<void> => {
    const [xid, position] = cursor.split(" ");
    const rows = await trips.sql<{ subject: string; cursor: string }>(
      `select s.subject_id as subject, format('%s %s', e.xid, e.position) as cursor from saga_event e join saga s on s.id = e.saga_id
       where e.xid < pg_snapshot_xmin(pg_current_snapshot()) and (e.xid, e.position) > ($1::xid8, $2::bigint) order by e.xid, e.position`,
      [xid, position],
    );
    cursor = rows.at(-1)?.cursor ?? cursor;
    seen.push(...rows.map(({ subject }) => subject));
  };
  const isComplete = async (): Promise<boolean> => {
    await follow();
    const [row] = await trips.sql<{ count: number }>("select count(*)::int as count from saga_event");
    return seen.length === row?.count;
  };
  await waitFor(isComplete, { describe: () => [seen.length, cursor] });
  seen.length = 0;
  await trips.transaction(async (em) => {
    await publish(em, occur(m.TravellerUndecidedEvent, { tripId: first }));
    await trips.say(m.TravellerUndecidedEvent, { tripId: second });
    await follow();
    expect(seen).toEqual([]);
  });
  await waitFor(async () => {
    await follow();
    return seen.length === 2;
  });
  expect(seen).toEqual([first, second]);
});
