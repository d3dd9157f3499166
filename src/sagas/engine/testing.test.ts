import * as m from "../../../test/support/orders.ts";
import { given } from "./testing.ts";

const orderId = "00000000-0000-4000-8000-000000000001";
const reserving = () => given(m.orderSaga, m.OrderPlacedEvent, { orderId, buyerId: orderId, kind: "bought" });

test("every saga under test has the same ids at the same time, so that a red test stays red", () => {
  expect(reserving().last).toEqual(reserving().last);
});

test("a command that was never sent is asked for in vain, and the error tells those that were", () => {
  expect(() => reserving().newest("WrapCommand")).toThrow("No WrapCommand has been sent; sent are ReserveStockCommand");
});

test("time cannot be moved to a deadline that is not there", () => {
  expect(() => reserving().happened(m.OrderHeldEvent, { orderId }).timedOut()).toThrow("Reserving has no deadline");
});
