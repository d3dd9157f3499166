import { command, versioned, type AnyCommand } from "../../outbox/index.ts";
import * as m from "../../../test/support/orders.ts";
import { fail, finish, incremental, next, park, saga, t } from "./index.ts";
import { findProblem, storedShape } from "./shape.ts";

interface Changes {
  readonly pack?: AnyCommand;
  readonly retry?: ReturnType<typeof incremental>;
  readonly onTimeout?: ReturnType<typeof fail<"Slow">> | typeof park;
  readonly final?: "Sent" | "Gone";
  readonly withWaiting?: true;
}

const PackCommand = command("PackCommand", { orderId: t.id() }, m.WrappedEvent);

/** A saga with one step, as it is and as it may be changed. */
function shapeWith({ pack = PackCommand, retry, onTimeout = park, final = "Sent", withWaiting }: Changes = {}) {
  const head = saga("Parcel", {
    version: 1,
    key: "orderId",
    data: { orderId: t.id() },
    states: withWaiting ? ["Placed", "Packing", "Resting"] : ["Placed", "Packing"],
    finals: { [final]: "succeeded", Unsent: "failed" } as { Sent: "succeeded"; Unsent: "failed" },
    reasons: { Slow: { code: "TIMED_OUT", message: "It took too long." } },
  })
    .startOn(m.OrderPlacedEvent, { state: "Placed", key: (e) => e.orderId, init: (e) => ({ orderId: e.orderId }) })
    .step("Packing", {
      invoke: pack as typeof PackCommand,
      with: (d) => ({ orderId: d.orderId }),
      onReply: { WrappedEvent: withWaiting ? next : finish("Sent") },
      effect: "none",
      ...(retry === undefined ? {} : { retry }),
      timeout: ["1h", onTimeout],
      onExhausted: fail("Slow"),
    });
  const whole = withWaiting
    ? head.wait("Resting" as never, { for: [m.PickedUpEvent], on: { PickedUpEvent: finish("Sent") }, deadline: ["1d", finish("Sent")] })
    : head;
  return storedShape((whole.onFailed({ final: "Unsent" }) as unknown as { build(): { definition: Parameters<typeof storedShape>[0] } }).build().definition)
    .shape;
}

/** As the database gives it back. */
const stored = (shape: ReturnType<typeof shapeWith>) => JSON.parse(JSON.stringify(shape)) as typeof shape;
const problemOf = (changes: Changes): string | null => findProblem(stored(shapeWith()), shapeWith(changes));

test.each<[string, Changes]>([
  ["nothing has changed", {}],
  ["attempts and waits have changed", { retry: incremental({ first: "1s", step: "2s", times: 3 }) }],
  ["a field that may be missing was added to a command", { pack: command("PackCommand", { orderId: t.id(), gift: t.maybe(t.bool()) }, m.WrappedEvent) }],
  ["a command's contract has got a higher version", { pack: versioned(command("PackCommand", { parcelId: t.id() }, m.WrappedEvent), (payload) => payload) }],
])("sagas under way go on when %s", (_what, changes) => {
  expect(problemOf(changes)).toBeNull();
});

test.each<[string, Changes, string]>([
  ["a state was added", { withWaiting: true }, "Resting is new, after Packing; Packing takes WrappedEvent, which led to the end Sent and leads on"],
  ["an outcome has changed", { onTimeout: fail("Slow") }, "Packing out of time led to an operator and leads to failing for Slow"],
  ["a final was renamed", { final: "Gone" }, "finals have got Gone; finals have lost Sent"],
])("they do not when %s, and are told so with the version to give", (_what, changes, difference) => {
  expect(problemOf(changes)).toBe(`has another shape than the one sagas have been started with: ${difference}. Give the changed definition the version 2.`);
});

test("a command whose payload cannot be read as before needs a new version of its contract", () => {
  expect(problemOf({ pack: command("PackCommand", { orderId: t.id(), weight: t.int() }, m.WrappedEvent) })).toBe(
    "has another shape than the one sagas have been started with: " +
      "PackCommand carries {orderId:id,weight:int}, which cannot be read out of the {orderId:id} of messages under way. " +
      "A payload may get or lose an optional field; for anything else give its contract a new version, by versioned(contract, upcaster). With another key it is another saga.",
  );
});
