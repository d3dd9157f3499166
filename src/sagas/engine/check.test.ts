import { conference, ConferencePlannedEvent } from "../../../test/support/conference.ts";
import * as m from "../../../test/support/orders.ts";
import { order, orderSaga } from "../../../test/support/orders.ts";
import { command, event } from "../../outbox/index.ts";
import { exponential, fail, failPartly, finish, go, incremental, loop, next, park, parkFor, saga, skip, t } from "./index.ts";
import { DefinitionError, SagaRegistry, type AnySaga } from "./registry.ts";

/** What is wrong with the definitions; nothing, when a process would start with them. */
function problems(...sagas: AnySaga[]): readonly string[] {
  try {
    expect(new SagaRegistry(sagas).definitions).toHaveLength(sagas.length);
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems;
    throw error;
  }
}

type Id = { readonly orderId: string };
const start = {
  state: "Placed",
  key: (e: Id) => e.orderId,
  init: (e: Id & { readonly buyerId: string; readonly kind: "bought" | "gift" }) => ({ ...e }),
} as const;
/** A step without effect that ends the saga: every case below changes or precedes it. */
const thanking = {
  invoke: m.ThankCommand,
  with: (d: Id) => ({ orderId: d.orderId }),
  onReply: { ThankedEvent: finish("Delivered") },
  effect: "none",
  attemptTimeout: "5s",
  timeout: ["1m", park],
  onExhausted: park,
} as const;
const release = { invoke: m.ReleaseStockCommand, with: (d: Id) => ({ orderId: d.orderId, reason: "" }) };
const Slow = { code: "TIMED_OUT", message: "It took too long." };
const good = { Delivered: "succeeded" } as const;
const both = { ...good, Abandoned: "failed" } as const;

/** Placed, Thanking, Delivered: the smallest saga that makes sense, once Thanking is defined. */
const small = (version = 1, name = "Order") =>
  saga(name, { ...order, version, finals: good, states: ["Placed", "Thanking"], reasons: {} }).startOn(m.OrderPlacedEvent, start);

test("the saga that uses every word of the language passes", () => {
  expect(problems(orderSaga)).toEqual([]);
  expect(problems(small().step("Thanking", thanking).build())).toEqual([]);
});

test("an error names every problem of every saga, each on a line of its own", () => {
  const one = saga("Order", { ...order, version: 0, finals: good, states: ["Placed", "Thanking"], reasons: { Slow } })
    .startOn(m.OrderPlacedEvent, start)
    .step("Thanking", thanking)
    .build();
  const other = saga("Parcel", { ...order, finals: good, states: [], reasons: {} }).build();
  expect(() => new SagaRegistry([one, other])).toThrow(
    new DefinitionError([
      "Order v0: the version is 0. Count versions from 1 in whole numbers.",
      "Order v0: the reason Slow is declared, but nothing fails with it. Use it or remove it.",
      "Parcel v1: no event starts it. Add .startOn(event, { state, key, init }).",
    ]),
  );
  expect(new DefinitionError(["Order v1: a."]).message).toBe("A saga definition makes no sense:\n- Order v1: a.");
  expect(new DefinitionError(["Order v1: a.", "Order v1: b."]).message).toBe("Saga definitions make no sense:\n- Order v1: a.\n- Order v1: b.");
});

test.each([0, -1, 1.5])("the version %d is refused", (version) => {
  expect(problems(small(version).step("Thanking", thanking).build())).toEqual([
    `Order v${version}: the version is ${version}. Count versions from 1 in whole numbers.`,
  ]);
});

test("a saga that nothing starts is refused", () => {
  expect(problems(saga("Order", { ...order, states: [], reasons: {} }).build())).toEqual([
    "Order v1: no event starts it. Add .startOn(event, { state, key, init }).",
  ]);
});

test("a start that is not defined first is refused, for the order of definition is the order of the steps", () => {
  const late = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving"], reasons: {} })
    .step("Waving", { ...thanking, onReply: { ThankedEvent: go("Thanking") } })
    .startOn(m.OrderPlacedEvent, start)
    .step("Thanking", thanking)
    .build();
  expect(problems(late)).toEqual([
    "Order v1: it starts in Placed, but Waving is defined first. Call startOn before the first step, wait and milestone.",
    "Order v1: Waving can never be reached. Lead an outcome to it or remove it.",
  ]);
});

describe("an end", () => {
  test("that is good has to be declared", () => {
    const doomed = saga("Order", { ...order, finals: { Abandoned: "failed" }, states: ["Placed", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onReply: { ThankedEvent: finish("Abandoned") } })
      .build();
    expect(problems(doomed)).toEqual(['Order v1: no final says "succeeded". Declare how the saga ends well.']);
  });

  test("has another name than every state", () => {
    const twice = saga("Order", { ...order, finals: { ...good, Waving: "succeeded" }, states: ["Placed", "Thanking", "Waving"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onReply: { ThankedEvent: next } })
      .step("Waving", thanking)
      .build();
    expect(problems(twice)).toEqual(["Order v1: Waving is a state and a final. Give one of them another name."]);
  });

  test("of a failed saga has to be named once it can fail, in a step", () => {
    const failing = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onExhausted: fail("Slow") });
    expect(problems(failing.build())).toEqual([
      'Order v1: it can fail, but nothing says where a failed saga ends. Add .onFailed({ final: "Abandoned" }).',
      "Order v1: Abandoned can never be reached. Lead an outcome to it or remove it.",
    ]);
    expect(problems(failing.onFailed({ final: "Abandoned" }).build())).toEqual([]);
  });

  test("of a failed saga has to be named once it can fail, by an interrupt, even behind a loop", () => {
    const failing = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", thanking)
      .interrupt(m.OrderCancelledEvent, { during: "any", then: loop("Thanking", 1, fail("Slow")) });
    expect(problems(failing.build())).toEqual(['Order v1: it can fail, but nothing says where a failed saga ends. Add .onFailed({ final: "…" }).']);
  });

  test("of a failed saga is a failed one", () => {
    const failing = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onExhausted: fail("Slow") })
      .onFailed({ final: "Delivered" });
    expect(problems(failing.build())).toEqual(['Order v1: onFailed ends in Delivered, which is declared "succeeded". Name a final that is declared "failed".']);
  });

  test("that nothing leads to is refused", () => {
    const unused = saga("Order", { ...order, finals: { ...both, Returned: "succeeded" }, states: ["Placed", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", thanking);
    expect(problems(unused.onFailed({ final: "Abandoned" }).build())).toEqual([
      "Order v1: Abandoned can never be reached. Lead an outcome to it or remove it.",
      "Order v1: Returned can never be reached. Lead an outcome to it or remove it.",
    ]);
  });

  test("may be reached by an interrupt alone", () => {
    const stopped = saga("Order", { ...order, finals: { ...both, Returned: "succeeded" }, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", thanking)
      .interrupt(m.OrderCancelledEvent, { during: "any", then: finish("Returned") })
      .interrupt(m.OrderHeldEvent, { during: "any", then: fail("Slow") })
      .onFailed({ final: "Abandoned" });
    expect(problems(stopped.build())).toEqual([]);
  });
});

describe("a state", () => {
  const three = () => saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving"], reasons: {} }).startOn(m.OrderPlacedEvent, start);

  test("that nothing leads to is refused", () => {
    expect(problems(three().step("Thanking", thanking).step("Waving", thanking).build())).toEqual([
      "Order v1: Waving can never be reached. Lead an outcome to it or remove it.",
    ]);
  });

  test("may be reached by an interrupt alone", () => {
    expect(
      problems(
        three()
          .step("Thanking", thanking)
          .step("Waving", thanking)
          .interrupt(m.OrderHeldEvent, { during: ["Thanking"], then: go("Waving") })
          .build(),
      ),
    ).toEqual([]);
  });

  test("from which no way leads to an end is refused", () => {
    const stuck = three()
      .step("Thanking", thanking)
      .step("Waving", { ...thanking, onReply: { ThankedEvent: park } })
      .interrupt(m.OrderHeldEvent, { during: ["Thanking"], then: go("Waving") });
    expect(problems(stuck.build())).toEqual(["Order v1: from Waving no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final."]);
  });

  test("in a circle that nothing leads out of is refused", () => {
    const closed = saga("Order", { ...order, finals: good, states: ["Placed", "Waving", "Waiting", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next] })
      .wait("Waiting", { for: [m.PickedUpEvent], on: { PickedUpEvent: go("Waving") }, deadline: ["7d", go("Waving")] })
      .step("Thanking", thanking)
      .interrupt(m.OrderHeldEvent, { during: ["Thanking"], then: go("Thanking") });
    expect(problems(closed.build())).toEqual(
      ["Placed", "Waving", "Waiting"].map(
        (state) => `Order v1: from ${state} no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final.`,
      ),
    );
  });

  test("at the end of the path is no milestone: nothing follows it", () => {
    expect(problems(small().milestone("Thanking").build())).toEqual([
      "Order v1: Delivered can never be reached. Lead an outcome to it or remove it.",
      "Order v1: from Placed no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final.",
      "Order v1: from Thanking no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final.",
    ]);
  });

  test.each([
    ["next", { onReply: { ThankedEvent: next }, timeout: ["1m", finish("Delivered")] }],
    ["skip", { onExhausted: skip }],
    ["a loop's last resort", { onExhausted: loop("Thanking", 1, skip) }],
  ] as const)("at the end of the path does not go on by %s", (_how, changes) => {
    expect(
      problems(
        small()
          .step("Thanking", { ...thanking, ...changes })
          .build(),
      ),
    ).toEqual(["Order v1: Thanking is the last state, so next and skip lead nowhere. Use finish(…) there or define the state that follows."]);
  });

  test.each(["any", ["Thanking"]] as const)("at the end of the path is not left by an interrupt's next either (%s)", (during) => {
    expect(problems(small().step("Thanking", thanking).interrupt(m.OrderHeldEvent, { during, then: next }).build())).toEqual([
      "Order v1: OrderHeldEvent may come in Thanking, the last state, where next and skip lead nowhere. Use another outcome, or list the states before Thanking under during.",
    ]);
  });

  test("before the end may be left by an interrupt's next", () => {
    const reached = three()
      .step("Thanking", { ...thanking, onReply: { ThankedEvent: next } })
      .step("Waving", thanking)
      .interrupt(m.OrderHeldEvent, { during: ["Thanking"], then: next });
    expect(problems(reached.build())).toEqual([]);
  });
});

describe("a circle", () => {
  const circling = () => saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving"], reasons: {} }).startOn(m.OrderPlacedEvent, start);

  test("of steps without a bound is refused", () => {
    const circle = circling()
      .step("Thanking", { ...thanking, onReply: { ThankedEvent: next } })
      .step("Waving", { ...thanking, timeout: ["1m", go("Thanking")] });
    expect(problems(circle.build())).toEqual([
      "Order v1: Thanking can come back to itself by go(…) without waiting and without a bound. Use loop(state, atMost, orElse).",
      "Order v1: Waving can come back to itself by go(…) without waiting and without a bound. Use loop(state, atMost, orElse).",
    ]);
  });

  test("whose loop ends in another go is refused too", () => {
    const circle = circling()
      .step("Thanking", { ...thanking, onExhausted: loop("Thanking", 2, go("Thanking")), timeout: ["1m", next] })
      .step("Waving", thanking);
    expect(problems(circle.build())).toEqual([
      "Order v1: Thanking can come back to itself by go(…) without waiting and without a bound. Use loop(state, atMost, orElse).",
    ]);
  });

  test("with a bound or with a wait in it passes", () => {
    expect(
      problems(
        circling()
          .step("Thanking", { ...thanking, onReply: { ThankedEvent: next } })
          .step("Waving", { ...thanking, timeout: ["1m", loop("Thanking", 3, park)] })
          .build(),
      ),
    ).toEqual([]);
    const waiting = circling()
      .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next] })
      .step("Thanking", { ...thanking, timeout: ["1m", go("Waving")] });
    expect(problems(waiting.build())).toEqual([]);
  });

  test("is bounded by visits, and a milestone's are not counted", () => {
    const unbounded = circling()
      .milestone("Waving")
      .step("Thanking", { ...thanking, timeout: ["1m", loop("Waving", 3, park)] })
      .interrupt(m.OrderHeldEvent, { during: "any", then: loop("Placed", 1, park) });
    expect(problems(unbounded.build())).toEqual([
      "Order v1: Thanking loops to the milestone Waving, where visits are not counted. Loop to the step or wait that follows it.",
      "Order v1: OrderHeldEvent loops to the milestone Placed, where visits are not counted. Loop to the step or wait that follows it.",
    ]);
  });
});

describe("a step's time", () => {
  const timed = (changes: {
    retry?: ReturnType<typeof incremental>;
    attemptTimeout?: "20s" | "30s";
    timeout: "60s" | "88s" | "89s" | "108s" | "109s" | "30s" | "29s";
  }) => {
    const { attemptTimeout: _, ...rest } = thanking;
    const { timeout, ...others } = changes;
    return problems(
      small()
        .step("Thanking", { ...rest, ...others, timeout: [timeout, park] })
        .build(),
    );
  };
  const retry = incremental({ first: "1s", step: "2s", times: 3 });

  test("is long enough for its attempts and the waits between them, with the sum shown", () => {
    expect(timed({ retry, attemptTimeout: "20s", timeout: "60s" })).toEqual([
      "Order v1: Thanking ends after 60 s, but its attempts may need 4 x 20 s + 9 s of waits = 89 s. Raise the timeout to at least 89 s, or lower attempts, waits or attemptTimeout.",
    ]);
  });

  test("passes with what the sum says, and not with a second less", () => {
    expect(timed({ retry, attemptTimeout: "20s", timeout: "88s" })).toHaveLength(1);
    expect(timed({ retry, attemptTimeout: "20s", timeout: "89s" })).toEqual([]);
  });

  test("counts an attempt as 30 s and one attempt, when nothing is said", () => {
    expect(timed({ timeout: "29s" })).toEqual([
      "Order v1: Thanking ends after 29 s, but its attempts may need 1 x 30 s + 0 s of waits = 30 s. Raise the timeout to at least 30 s, or lower attempts, waits or attemptTimeout.",
    ]);
    expect(timed({ timeout: "30s" })).toEqual([]);
  });

  test("counts with the longest waits that jitter makes", () => {
    const jittered = exponential({ first: "10s", factor: 2, times: 3, max: "30s", jitter: 0.15 });
    expect(timed({ retry: jittered, attemptTimeout: "20s", timeout: "108s" })).toEqual([
      "Order v1: Thanking ends after 108 s, but its attempts may need 4 x 20 s + 69 s of waits = 149 s. Raise the timeout to at least 149 s, or lower attempts, waits or attemptTimeout.",
    ]);
    expect(timed({ retry: exponential({ first: "10s", factor: 1, times: 1, jitter: 0.1 }), attemptTimeout: "20s", timeout: "60s" })).toEqual([]);
  });
});

describe("a group", () => {
  const { timeout: _, ...step } = thanking;
  const inGroup = { ...step, onReply: { ThankedEvent: next } } as const;
  const states = ["Placed", "Closing", "Thanking", "Waving"] as const;
  const grouped = () => saga("Order", { ...order, finals: good, states, reasons: {} }).startOn(m.OrderPlacedEvent, start);

  test("that is shorter than the attempts of one of its steps is named, and the step", () => {
    const retry = incremental({ first: "1s", step: "2s", times: 1 });
    const short = grouped().parallel("Closing", (group) => group.step("Thanking", inGroup).step("Waving", { ...inGroup, retry }), {
      timeout: ["10s", finish("Delivered")],
      then: finish("Delivered"),
    });
    expect(problems(short.build())).toEqual([
      "Order v1: Closing ends after 10 s, but the attempts of its step Waving may need 2 x 5 s + 1 s of waits = 11 s. Raise the timeout to at least 11 s, or lower attempts, waits or attemptTimeout.",
    ]);
  });

  test("that is shorter than the begin of a sub-saga is told to last longer: the attempts of that are no choice", () => {
    const short = saga("Order", { ...order, finals: good, states: ["Placed", "Closing", "Thanking", "Hosting"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .parallel(
        "Closing",
        (group) =>
          group.step("Thanking", inGroup).subSaga("Hosting", {
            saga: conference,
            start: ConferencePlannedEvent,
            with: (d) => ({ conferenceId: d.orderId }),
            onEnd: { ConferenceAnnounced: next, ConferenceDropped: next },
            onRefused: next,
          }),
        { timeout: ["1m", finish("Delivered")], then: finish("Delivered") },
      );
    expect(problems(conference, short.build())).toEqual([
      "Order v1: Closing ends after 60 s, but the attempts of its step Hosting may need 4 x 30 s + 9 s of waits = 129 s. Raise the timeout to at least 129 s.",
    ]);
  });

  test("of one step is none", () => {
    const alone = saga("Order", { ...order, finals: good, states: ["Placed", "Closing", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .parallel("Closing", (group) => group.step("Thanking", inGroup), { timeout: ["1m", finish("Delivered")], then: finish("Delivered") });
    expect(problems(alone.build())).toEqual(["Order v1: Closing runs one step in parallel. Give it two at least, or use step."]);
  });

  test("is led to as a whole, and not to one of its steps", () => {
    const into = grouped()
      .parallel("Closing", (group) => group.step("Thanking", inGroup).step("Waving", inGroup), {
        timeout: ["1m", loop("Waving", 1, park)],
        then: finish("Delivered"),
      })
      .interrupt(m.OrderHeldEvent, { during: ["Thanking"], then: park });
    expect(problems(into.build())).toEqual([
      "Order v1: OrderHeldEvent may come in Thanking, which is a step of Closing and no state of its own. Name Closing.",
      "Order v1: Closing leads to Waving, which is a step of Closing and no state of its own. Name Closing.",
    ]);
  });
});

// The compiler refuses all of these; a program that runs from its sources, as `npm run dev` and `npm run simulate` do, has not been compiled.
describe("a name that is not there is refused wherever something leads to it:", () => {
  const nowhere = go("Nowhere") as never;
  const states = ["Placed", "Closing", "Thanking", "Waving", "Waiting"] as const;
  const named = (changes: Partial<Record<"reply" | "timeout" | "exhausted" | "group" | "groupTimeout" | "wait" | "deadline" | "interrupt", never>>) => {
    const inGroup = { ...thanking, onReply: { ThankedEvent: next } } as const;
    return problems(
      saga("Order", { ...order, finals: good, states: [...states, "Last"], reasons: {} })
        .startOn(m.OrderPlacedEvent, start)
        .parallel("Closing", (group) => group.step("Thanking", inGroup).step("Waving", inGroup), {
          timeout: ["1m", changes.groupTimeout ?? next],
          then: changes.group ?? next,
        })
        .wait("Waiting", {
          for: [m.PickedUpEvent],
          on: { PickedUpEvent: changes.wait ?? next },
          deadline: ["1m", changes.deadline ?? next],
        })
        .step("Last", {
          ...thanking,
          onReply: { ThankedEvent: changes.reply ?? finish("Delivered") },
          timeout: ["1m", changes.timeout ?? finish("Delivered")],
          onExhausted: changes.exhausted ?? finish("Delivered"),
        })
        .interrupt(m.OrderHeldEvent, { during: "any", then: changes.interrupt ?? park })
        .build(),
    );
  };

  test("nothing is wrong without it", () => {
    expect(named({})).toEqual([]);
  });

  test.each([
    ["reply", "Last"],
    ["timeout", "Last"],
    ["exhausted", "Last"],
    ["group", "Closing"],
    ["groupTimeout", "Closing"],
    ["wait", "Waiting"],
    ["deadline", "Waiting"],
    ["interrupt", "OrderHeldEvent"],
  ])("%s", (where, told) => {
    const is = "which is no state. Name one of Placed, Closing, Waiting, Last, or define it.";
    expect(named({ [where]: nowhere })).toEqual([`Order v1: ${told} leads to Nowhere, ${is}`]);
    expect(named({ [where]: loop("Waiting", 1, nowhere) as never })).toContain(`Order v1: ${told} leads to Nowhere, ${is}`);
    expect(named({ [where]: go("Delivered") as never })).toEqual([
      `Order v1: ${told} leads to Delivered, which is a final and no state. Use finish("Delivered").`,
    ]);
    expect(named({ [where]: finish("Gone") as never })).toEqual([`Order v1: ${told} ends in Gone, which is no final. Name one of Delivered, or declare it.`]);
  });

  test("a reason, and a state in which something may come", () => {
    expect(named({ exhausted: parkFor("Slow") as never })).toEqual(["Order v1: Last gives the reason Slow, which is not declared. Declare it under reasons."]);
    const during = small()
      .step("Thanking", thanking)
      .interrupt(m.OrderHeldEvent, { during: ["Nowhere"] as never, then: park });
    expect(problems(during.build())).toEqual(["Order v1: OrderHeldEvent may come in Nowhere, which is no state. Name one of Placed, Thanking, or define it."]);
  });
});

describe("a no", () => {
  test("of a step that did something needs an undo for it", () => {
    const partly = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow } }).startOn(m.OrderPlacedEvent, start);
    expect(
      problems(
        partly
          .step("Thanking", {
            ...thanking,
            onReply: { ThankedEvent: { save: () => ({ note: "half" }), then: failPartly("Slow") } },
            timeout: ["1m", finish("Delivered")],
          })
          .onFailed({ final: "Abandoned" })
          .build(),
      ),
    ).toEqual(['Order v1: Thanking may fail partly, but says effect: "none". Give it a compensate, or use fail instead of failPartly.']);
  });

  test("may be a decided end with its reason, or what an operator is told; a good end has none", () => {
    const told = (then: ReturnType<typeof finish<"Delivered" | "Abandoned", "Slow">> | ReturnType<typeof parkFor<"Slow">>) =>
      saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow } })
        .startOn(m.OrderPlacedEvent, start)
        .step("Thanking", { ...thanking, onReply: { ThankedEvent: then }, timeout: ["1m", finish("Delivered")], onExhausted: finish("Abandoned") })
        .onFailed({ final: "Abandoned" })
        .build();
    expect(problems(told(finish("Abandoned", "Slow")))).toEqual([]);
    expect(problems(told(parkFor("Slow")))).toEqual([]);
    expect(problems(told(finish("Delivered", "Slow")))).toEqual([
      "Order v1: finish(Delivered, Slow) gives a reason to an end that is none to excuse. Leave the reason out.",
    ]);
  });

  test("for a reason that nothing gives is refused", () => {
    const unused = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", thanking);
    expect(problems(unused.build())).toEqual(["Order v1: the reason Slow is declared, but nothing fails with it. Use it or remove it."]);
  });

  test("may be given by an interrupt or a loop's last resort alone", () => {
    const used = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow, Damaged: Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onExhausted: loop("Thanking", 1, fail("Damaged")) })
      .interrupt(m.OrderCancelledEvent, { during: "any", then: fail("Slow") })
      .onFailed({ final: "Abandoned" });
    expect(problems(used.build())).toEqual([]);
  });
});

describe("a reminder", () => {
  const hurry = { invoke: m.ReleaseStockCommand, with: (d: Id) => ({ orderId: d.orderId, reason: "hurry" }) };
  const never = (state: string, every: string, end: string) =>
    `Order v1: ${state} reminds every ${every}, but ends after ${end}, so it would never remind. Remind sooner, or remove remind.`;
  const ofStep = (every: "999ms" | "1s" | "59s" | "60s" | "2m") =>
    problems(
      small()
        .step("Thanking", { ...thanking, remind: { ...hurry, every } })
        .build(),
    );
  const ofWait = (deadline: "1m" | (() => Date), remind: { every: "59s" | "1m" } | { at: (() => Date)[] }) =>
    problems(
      saga("Order", { ...order, finals: good, states: ["Placed", "Waving", "Thanking"], reasons: {} })
        .startOn(m.OrderPlacedEvent, start)
        .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: [deadline, next], remind: { ...hurry, ...remind } })
        .step("Thanking", thanking)
        .build(),
    );

  test("that would never come, since the step or wait is over by then, is refused", () => {
    expect(ofStep("2m")).toEqual([never("Thanking", "120 s", "60 s")]);
    expect(ofStep("60s")).toEqual([never("Thanking", "60 s", "60 s")]);
    expect(ofStep("59s")).toEqual([]);
    expect(ofWait("1m", { every: "1m" })).toEqual([never("Waving", "60 s", "60 s")]);
    expect(ofWait("1m", { every: "59s" })).toEqual([]);
  });

  test("passes when nobody can say yet how long the wait is", () => {
    expect(ofWait(() => new Date(), { every: "1m" })).toEqual([]);
  });

  test("comes once a second at most", () => {
    expect(ofStep("999ms")).toEqual(["Order v1: Thanking reminds every 0.999 s. Remind once a second at most."]);
    expect(ofStep("1s")).toEqual([]);
  });

  test("at instants has one, at least", () => {
    expect(ofWait("1m", { at: [] })).toEqual(["Order v1: Waving reminds at no instant. List one under at, or remove remind."]);
    expect(ofWait("1m", { at: [() => new Date()] })).toEqual([]);
  });
});

describe("the notice at a failed end", () => {
  const tell = { invoke: m.ThankCommand, with: (d: Id) => ({ orderId: d.orderId }) };

  test("is refused when nothing can fail", () => {
    const unfailing = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, onExhausted: finish("Abandoned") });
    expect(problems(unfailing.onFailed({ final: "Abandoned", tell }).build())).toEqual([
      "Order v1: onFailed tells by ThankCommand, but nothing can fail. Let an outcome fail, or remove tell.",
    ]);
    expect(problems(unfailing.onFailed({ final: "Abandoned" }).build())).toEqual([]);
  });

  test("passes when something can, and the time that its attempts need counts for nothing", () => {
    const failing = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .step("Thanking", { ...thanking, remind: { ...tell, every: "30s", attemptTimeout: "1h" }, onExhausted: fail("Slow") })
      .onFailed({ final: "Abandoned", tell: { ...tell, attemptTimeout: "7d" } });
    expect(problems(failing.build())).toEqual([]);
  });
});

test("a failed final's business status may say that an operator cancelled, which is no reason that anybody declares", () => {
  const reflected = saga("Order", { ...order, finals: both, states: ["Placed", "Thanking"], reasons: { Slow } })
    .startOn(m.OrderPlacedEvent, start)
    .step("Thanking", { ...thanking, onExhausted: fail("Slow") })
    .reflect(
      "orders",
      { status: "status" },
      { Placed: "NEW", Thanking: null, Delivered: "DONE", Abandoned: { otherwise: "FAILED", CancelledByOperator: "CANCELLED" } },
    )
    .onFailed({ final: "Abandoned" });
  expect(problems(reflected.build())).toEqual([]);
});

describe("a command", () => {
  const MuteCommand = command("MuteCommand", { orderId: t.id() });
  const mute = { invoke: MuteCommand, with: (d: Id) => ({ orderId: d.orderId }) };

  test("without a reply is refused wherever a saga would wait for one", () => {
    const muted = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving"], reasons: {} })
      .startOn(m.OrderPlacedEvent, { ...start, compensate: mute })
      .step("Waving", { ...mute, onReply: {}, compensate: mute, timeout: ["1m", next], onExhausted: next })
      .step("Thanking", thanking);
    expect(problems(muted.build())).toEqual([
      "Order v1: Waving sends MuteCommand, which has no reply, so nothing would ever end it. Declare one with the command.",
      "Order v1: Waving sends MuteCommand, which has no reply, so nothing would ever end it. Declare one with the command.",
      "Order v1: Placed sends MuteCommand, which has no reply, so nothing would ever end it. Declare one with the command.",
    ]);
  });

  test("beside the main path needs one as well", () => {
    const muted = saga("Order", { ...order, finals: both, states: ["Placed", "Waving", "Thanking"], reasons: { Slow } })
      .startOn(m.OrderPlacedEvent, start)
      .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next], remind: { ...mute, every: "1d" } })
      .step("Thanking", { ...thanking, remind: { ...mute, every: "30s" }, onExhausted: fail("Slow") })
      .onFailed({ final: "Abandoned", tell: mute });
    expect(problems(muted.build())).toEqual(
      ["Waving", "Thanking", "onFailed"].map(
        (where) => `Order v1: ${where} sends MuteCommand, which has no reply, so nothing would ever end it. Declare one with the command.`,
      ),
    );
  });
});

describe("an event", () => {
  const NudgedEvent = event("NudgedEvent", { orderId: t.id() });

  test("means one thing: what interrupts is not waited for, nor does it interrupt in two ways, nor does the start come again", () => {
    const torn = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .wait("Waving", { for: [m.PickedUpEvent, m.OrderPlacedEvent], on: { PickedUpEvent: next, OrderPlacedEvent: next }, deadline: ["7d", next] })
      .step("Thanking", thanking)
      .interrupt(m.PickedUpEvent, { during: "any", then: park })
      .interrupt(NudgedEvent, { during: ["Waving"], then: park })
      .interrupt(NudgedEvent, { during: ["Thanking"], then: park });
    const rest =
      "is used in more than one of startOn, interrupt and wait, or in two interrupts, and only the first of them would hear it. Give each an event of its own.";
    expect(problems(torn.build())).toEqual(["NudgedEvent", "PickedUpEvent", "OrderPlacedEvent"].map((name) => `Order v1: ${name} ${rest}`));
  });

  test("that answers a command is neither waited for, nor does it interrupt or start: one message would be heard twice", () => {
    const AskCommand = command("AskCommand", { orderId: t.id() }, m.PickedUpEvent, m.OrderHeldEvent, m.OrderPlacedEvent, NudgedEvent);
    const torn = saga("Order", { ...order, finals: good, states: ["Placed", "Asking", "Waving", "Thanking"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .step("Asking", {
        ...thanking,
        invoke: AskCommand,
        onReply: { PickedUpEvent: next, OrderHeldEvent: next, OrderPlacedEvent: next, NudgedEvent: next },
      })
      .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next] })
      .step("Thanking", thanking)
      .interrupt(m.OrderHeldEvent, { during: "any", then: park });
    expect(problems(torn.build())).toEqual(
      ["PickedUpEvent", "OrderHeldEvent", "OrderPlacedEvent"].map(
        (name) =>
          `Order v1: ${name} answers AskCommand in Asking and is used in startOn, interrupt or wait as well, so one message would be heard twice. Give the answer an event of its own.`,
      ),
    );
  });

  test("may be waited for in two places", () => {
    const patient = saga("Order", { ...order, finals: good, states: ["Placed", "Thanking", "Waving", "Waiting"], reasons: {} })
      .startOn(m.OrderPlacedEvent, start)
      .wait("Waving", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next] })
      .wait("Waiting", { for: [m.PickedUpEvent], on: { PickedUpEvent: next }, deadline: ["7d", next] })
      .step("Thanking", thanking);
    expect(problems(patient.build())).toEqual([]);
  });
});

test.each([
  ["table", "Orders", { status: "status" }],
  ["status column", "orders", { status: "status; drop table orders" }],
  ["prefix of reason columns", "orders", { status: "status", reason: "failure-" }],
] as const)("a %s that is no plain name is refused: it becomes SQL", (_which, table, columns) => {
  const reflected = small()
    .step("Thanking", { ...thanking, effect: undefined, compensate: release })
    .reflect(table, columns, { Placed: "NEW", Thanking: null, Delivered: "DONE" });
  const named = [table, columns.status, "reason" in columns ? columns.reason : "failure"].find((name) => !/^[a-z]+$/.test(name));
  expect(problems(reflected.build())).toEqual([
    `Order v1: reflect names "${named}", which is no plain column or table name. Use lower-case letters, digits and underscores.`,
  ]);
});

describe("several sagas", () => {
  test("of one name have different versions", () => {
    expect(problems(small(1).step("Thanking", thanking).build(), small(1).step("Thanking", thanking).build())).toEqual([
      "Order v1 is registered twice; give the newer one another version.",
    ]);
    expect(problems(small(1).step("Thanking", thanking).build(), small(2).step("Thanking", thanking).build())).toEqual([]);
  });

  test("are not started by one event", () => {
    expect(problems(small(1).step("Thanking", thanking).build(), small(1, "Parcel").step("Thanking", thanking).build())).toEqual([
      "OrderPlacedEvent starts both Order and Parcel, and only one would hear it. Give each an event of its own.",
    ]);
  });

  test("of one name are started in the newest version, and the older ones go on hearing their events", () => {
    const older = small(1).step("Thanking", thanking).interrupt(m.OrderHeldEvent, { during: "any", then: park }).build();
    const newer = small(2).step("Thanking", thanking).interrupt(m.OrderCancelledEvent, { during: "any", then: park }).build();
    const registry = new SagaRegistry([newer, older]);
    expect(registry.startedBy("OrderPlacedEvent")?.version).toBe(2);
    expect(new SagaRegistry([older, newer]).startedBy("OrderPlacedEvent")?.version).toBe(2);
    expect(registry.advancedBy("OrderHeldEvent").map(({ version }) => version)).toEqual([1]);
    expect(registry.advancedBy("OrderCancelledEvent").map(({ version }) => version)).toEqual([2]);
    expect(registry.advancedBy("PickedUpEvent")).toEqual([]);
    expect(registry.find("Order", 1)).toMatchObject({ name: "Order", version: 1 });
    expect(registry.find("Order", 3)).toBeUndefined();
    expect(registry.types()).toEqual(["Order"]);
    expect(registry.states()).toEqual(["Placed", "Thanking", "Delivered"]);
  });
});

test("where two definitions send one command, the longer attempt counts", () => {
  const taking = (version: number, attemptTimeout: "5s" | "20s") =>
    small(version)
      .step("Thanking", { ...thanking, attemptTimeout })
      .build();
  expect(new SagaRegistry([taking(1, "20s"), taking(2, "5s")]).commands().get("ThankCommand")).toEqual({ attemptTimeoutMs: 20_000 });
});

test("the registry knows every command with the longest time that an attempt at it may take", () => {
  expect(Object.fromEntries(new SagaRegistry([orderSaga]).commands())).toEqual({
    ReopenBasketCommand: { attemptTimeoutMs: 30_000 },
    ReserveStockCommand: { attemptTimeoutMs: 5_000 },
    ReleaseStockCommand: { attemptTimeoutMs: 30_000 },
    WrapCommand: { attemptTimeoutMs: 30_000 },
    DeliverCommand: { attemptTimeoutMs: 30_000 },
    RecallDeliveryCommand: { attemptTimeoutMs: 30_000 },
    ThankCommand: { attemptTimeoutMs: 30_000 },
  });
});

test("a command that no participant carries out is refused, an undo's and that of an older version too", () => {
  const registry = new SagaRegistry([small(2).step("Thanking", thanking).build(), small(1).step("Thanking", thanking).build()]);
  const problem = (version: number) => `Order v${version} sends ThankCommand, which no participant carries out. Add one to the list of participants.`;
  expect(() => registry.checkParticipants([])).toThrow(expect.objectContaining({ problems: [problem(2), problem(1)] }));
  expect(() => registry.checkParticipants([{ command: m.ThankCommand }])).not.toThrow();

  const all = [...new SagaRegistry([orderSaga]).commands().keys()].map((name) => ({ command: { name } }));
  const withoutUndo = all.filter(({ command }) => command.name !== "ReleaseStockCommand");
  expect(() => new SagaRegistry([orderSaga]).checkParticipants(all)).not.toThrow();
  expect(() => new SagaRegistry([orderSaga]).checkParticipants(withoutUndo)).toThrow(/sends ReleaseStockCommand, which no participant carries out/);
});
