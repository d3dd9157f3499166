import { HoldAskedEvent, HoldCancelledEvent, HoldSeatCommand, ReleaseHeldSeatCommand, hold } from "../../../test/support/hold.ts";
import {
  OrderCancelledEvent,
  OrderPlacedEvent,
  orderSaga,
  ReserveStockCommand,
  StockMissingEvent,
  StockReleasedEvent,
  StockReservedEvent,
} from "../../../test/support/orders.ts";
import { Transient } from "../../kernel/errors.ts";
import { later, occur, type Delivery } from "../../outbox/index.ts";
import { explore, ExplorationError, faults, simulate, SimulationError, swarm, type Effects, type SimulatedParticipant } from "./simulate.ts";

const orderId = "00000000-0000-4000-8000-000000000001";
const holdId = orderId;

const holding = hold.definition.nodes.get("HoldingSeat");
if (holding?.kind !== "step" || holding.undo === null) throw new Error("The saga holds no seat");
/** One whose undo does not know what to undo. */
const unreleasable: typeof hold = {
  ...hold,
  definition: {
    ...hold.definition,
    nodes: new Map(hold.definition.nodes).set("HoldingSeat", {
      ...holding,
      undo: {
        ...holding.undo,
        with: () => {
          throw new Error("which seat was it?");
        },
      },
    }),
  },
};

function thrownBy<E extends Error>(kind: abstract new (...args: never[]) => E, work: () => unknown): E {
  try {
    work();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

test("the same seed is the same run, and another seed another one", () => {
  const timelineOf = (seed: number): string => simulate(orderSaga, { seed }).until("rest").timeline;
  for (const seed of [3, 4, 5]) expect(timelineOf(seed)).toBe(timelineOf(seed));
  expect(new Set([3, 4, 5, 6, 7].map(timelineOf)).size).toBe(5);
});

test("what is sent is heard, and five days of waiting take no time", () => {
  const run = simulate(orderSaga, { seed: 2, faults: "none", events: [] });
  run.send(OrderPlacedEvent, { orderId, buyerId: orderId, kind: "gift" }).until(({ saga }) => saga?.state !== "Reserving");
  run.send(OrderCancelledEvent, { orderId, why: "rain" }).until("rest");
  expect(run.view).toMatchObject({ final: expect.any(String) });
  expect(run.timeline).toContain("sender    OrderPlacedEvent: started | Placed is done; now Reserving.");
});

test("without faults, nothing fails and nobody interrupts", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const { timeline } = simulate(orderSaga, { seed, faults: "none" }).until("rest");
    expect(timeline).not.toMatch(/does not answer|dies|jumps|rolled back|OrderCancelledEvent/);
  }
});

test.each(faults)("a seed may be asked for %s alone", (fault) => {
  const { fired, steps } = swarm(orderSaga, { seeds: 60, faults: [fault] });
  expect(steps).toBeGreaterThan(60);
  const interrupted = fired.get("an event is already-undoing") ?? 0;
  if (fault !== "interrupts" && fault !== "duplicates" && fault !== "events") expect(interrupted).toBe(0);
  if (fault !== "crashes" && fault !== "hangs" && fault !== "lost-commits") expect(fired.get("a dead process gives up a lease") ?? 0).toBe(0);
});

test("a rule of one's own that is broken is told with the seed, the line that repeats it, and what happened", () => {
  const always = { "nobody cancels": ({ saga }: { saga: { status: string } | undefined }) => saga?.status !== "CANCELLED" };
  const error = thrownBy(SimulationError, () => swarm(orderSaga, { always }));
  expect(error).toMatchObject({ rule: "nobody cancels", saga: "Order", seed: expect.any(Number) });
  const { seed, without, timeline, message } = error;
  expect(message).toContain(
    `Again: simulate(order, { seed: ${seed}${without.length === 0 ? "" : `, without: [${without.join(", ")}]`} }).until("rest")\n\n${timeline}`,
  );
  const again = thrownBy(SimulationError, () => simulate(orderSaga, { seed, without }).always("nobody cancels", always["nobody cancels"]).until("rest"));
  expect(again.timeline).toBe(timeline);
});

test("what is told has as few faults and events as it takes", () => {
  const isNotReserved = { "nothing is undone": ({ saga }: { saga: { status: string } | undefined }) => saga?.status !== "COMPENSATING" };
  const told = Array.from({ length: 20 }, (_, index) => thrownBy(SimulationError, () => swarm(orderSaga, { from: 1 + index * 50, always: isNotReserved })));
  // A cancellation, or a no, and nothing beside it.
  for (const { timeline } of told) expect(timeline.split("\n").length).toBeLessThan(25);
  expect(told.some(({ timeline }) => timeline.split("\n").length <= 4)).toBe(true);
});

test("a rule that throws is broken, with what it threw", () => {
  const run = simulate(hold, { faults: "none" });
  const error = thrownBy(SimulationError, () =>
    run.send(HoldAskedEvent, { holdId }).always("seats can be counted", () => {
      throw new Error("there is no hall");
    }),
  );
  expect(error.message).toMatch(/^seats can be counted: there is no hall\n/);
});

test("a run that comes to rest before it gets where it should says so", () => {
  const error = thrownBy(SimulationError, () => simulate(hold, { faults: "none" }).until(({ saga }) => saga?.state === "Elsewhere"));
  expect(error.message).toMatch(/^it gets there: it came to rest as Held COMPLETED\n/);
});

test("a definition that throws breaks a rule, too", () => {
  expect(thrownBy(SimulationError, () => swarm(unreleasable)).message).toMatch(/^nothing throws: Error: which seat was it\?/);
});

describe("participants", () => {
  const seats = (book: (holdId: string, effects: Effects) => void): Readonly<Record<string, SimulatedParticipant>> => ({
    HoldSeatCommand: {
      effect: "outside",
      does: ({ payload }: Delivery<{ holdId: string }>, effects) => {
        book(payload.holdId, effects);
        return occur(HoldSeatCommand.replies[0], payload);
      },
    },
    ReleaseHeldSeatCommand: {
      does: ({ payload }: Delivery<{ holdId: string }>, effects) => {
        effects.remove("seat", payload.holdId);
        return occur(ReleaseHeldSeatCommand.replies[0], payload);
      },
    },
  });
  const once = { "a seat is held once": ({ ledger }: { ledger: Pick<Effects, "count"> }) => ledger.count("seat") <= 1 };

  test("may be real functions with an account of their own", () => {
    const book = (id: string, effects: Effects): void => {
      if (!effects.has("seat", id)) effects.add("seat", id);
    };
    expect(swarm(hold, { seeds: 300, participants: seats(book), always: once }).steps).toBeGreaterThan(1_000);
    const run = simulate(hold, { faults: "none", participants: seats(book) }).until("final");
    expect(run.view.ledger.count("seat")).toBe(1);
  });

  test("that are not idempotent are found", () => {
    const error = thrownBy(SimulationError, () => swarm(hold, { participants: seats((id, effects) => effects.add("seat", id)), always: once }));
    expect(error).toMatchObject({ rule: "a seat is held once" });
    expect(error.timeline).toMatch(/HoldSeatCommand is carried out/);
  });

  test("that throw have failed, and what they did in the database is rolled back", () => {
    let calls = 0;
    const does: SimulatedParticipant["does"] = (_delivery, effects) => {
      effects.add("stock", orderId);
      calls += 1;
      if (calls < 3) throw new Transient("The shelf cannot be reached");
      return occur(StockMissingEvent, { orderId });
    };
    const run = simulate(orderSaga, { faults: "none", participants: { ReserveStockCommand: { effect: "database", does } } });
    run.send(OrderPlacedEvent, { orderId, buyerId: orderId, kind: "bought" }).until("final");
    expect(calls).toBe(3);
    expect(run.view.ledger.count("stock", orderId)).toBe(1);
    expect(run.timeline).toContain("Attempt 2 of 3 failed: The shelf cannot be reached.");
  });

  test("may answer later, from outside", () => {
    const participants = { ReserveStockCommand: { does: () => later() } };
    const run = simulate(orderSaga, { faults: "none", participants });
    run.send(OrderPlacedEvent, { orderId, buyerId: orderId, kind: "bought" }).until("final");
    expect(run.view.saga).toMatchObject({ reason: "Slow" });
    expect(run.timeline).toContain("ReserveStockCommand was carried out; its answer comes from outside.");
  });

  test("fail as often as they are told to, and answer what they are given", () => {
    const reasonsOf = (participants: Readonly<Record<string, SimulatedParticipant>>): Set<string | null | undefined> =>
      new Set(Array.from({ length: 30 }, (_, seed) => simulate(orderSaga, { seed, faults: "none", participants }).until("rest").view.saga?.reason));
    expect(reasonsOf({ ReserveStockCommand: { fails: "always" } })).toEqual(new Set(["Slow"]));
    const answers = [occur(StockMissingEvent, { orderId })];
    expect(reasonsOf({ [ReserveStockCommand.name]: { answers } })).toEqual(new Set(["OutOfStock"]));
  });

  test("of which one is made up can be asked what it did", () => {
    const run = simulate(orderSaga, {
      faults: "none",
      participants: {
        ReserveStockCommand: { answers: [occur(StockReservedEvent, { orderId, from: "shelf" })] },
        ReleaseStockCommand: { answers: [occur(StockReleasedEvent, { orderId })] },
      },
    });
    run.send(OrderPlacedEvent, { orderId, buyerId: orderId, kind: "bought" }).until(({ saga }) => saga?.state !== "Reserving");
    expect(run.view.effects.of(ReserveStockCommand.name)).toEqual({ standing: 1, allUndone: false });
    run.always("no stock without an order", ({ final, effects }) => final !== "Abandoned" || effects.of(ReserveStockCommand.name).allUndone);
    run.send(OrderCancelledEvent, { orderId, why: "rain" });
    expect(run.view.saga?.runs.some(({ undo }) => undo !== null)).toBe(true);
    run.until("final");
    expect(run.view.effects.of(ReserveStockCommand.name).allUndone).toBe(true);
  });
});

describe("every interleaving", () => {
  test("of one step, its deadline and an interrupt, each message twice and in any order, has good ends alone", () => {
    const { states, moves, ends } = explore(hold, { duplicates: 1, participants: { HoldSeatCommand: { answersLater: true } } });
    expect(Object.keys(ends).toSorted()).toEqual(["Held COMPLETED", "NotHeld CANCELLED", "NotHeld FAILED"]);
    expect(states).toBeGreaterThan(500);
    expect(moves).toBeGreaterThan(states);
  });

  test("with a crash and a failed attempt as well, may also end with somebody who is asked", () => {
    const { ends } = explore(hold, { crashes: 1, failures: 1, participants: { HoldSeatCommand: { effect: "outside" } } });
    expect(Object.keys(ends).toSorted()).toEqual(["Held COMPLETED", "HoldingSeat STUCK", "NotHeld CANCELLED", "NotHeld FAILED"]);
  });

  test("of a saga of several steps, waits and loops can be tried as well", () => {
    const { ends } = explore(orderSaga, {
      events: [occur(OrderPlacedEvent, { orderId, buyerId: orderId, kind: "gift" }), occur(OrderCancelledEvent, { orderId, why: "rain" })],
    });
    expect(Object.keys(ends)).toEqual(expect.arrayContaining(["Abandoned CANCELLED", "Abandoned FAILED", "Delivered COMPLETED", "Wrapping STUCK"]));
  });

  test("of a definition that breaks shows the shortest way there", () => {
    const { message, path, rule } = thrownBy(ExplorationError, () => explore(unreleasable));
    expect({ rule, path }).toEqual({ rule: "nothing throws", path: ["HoldAskedEvent comes", "HoldCancelledEvent comes"] });
    expect(message).toContain("\n\nHold, 2 steps:\n   1  HoldAskedEvent comes\n   2  HoldCancelledEvent comes");
  });

  test("of a saga that is too large is refused", () => {
    expect(() => explore(orderSaga, { atMost: 100 })).toThrow(
      /^Order has more than 100 situations, which took \d+\.\d s\. Explore it with fewer events, duplicates, failures or crashes, simulate it instead, or let it take longer by a greater atMost\.$/,
    );
  });

  test("is also tried with events that are named", () => {
    const { ends } = explore(hold, { events: [occur(HoldAskedEvent, { holdId }), occur(HoldCancelledEvent, { holdId })] });
    expect(Object.keys(ends)).toHaveLength(3);
    expect(Object.keys(explore(hold, { events: [occur(HoldAskedEvent, { holdId })] }).ends).toSorted()).toEqual(["Held COMPLETED", "NotHeld FAILED"]);
  });
});
