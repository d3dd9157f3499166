import fc from "fast-check";
import { property } from "../../test/support/property.ts";
import { backoffMs } from "./backoff.ts";

property("a wait is between half and all of a doubling that never passes its limit", () =>
  fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 100_000 }), (failures, firstMs, maxMs) => {
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
    const wait = backoffMs(failures, firstMs, maxMs);
    expect(wait).toBeGreaterThanOrEqual(full / 2);
    expect(wait).toBeLessThanOrEqual(full);
  }),
);

test("the first wait is about the first step, the later ones twice the one before", () => {
  const middle = (failures: number): number =>
    Array.from({ length: 1_000 }, () => backoffMs(failures, 100, 10_000)).reduce((sum, wait) => sum + wait, 0) / 1_000;
  expect(middle(0)).toBeGreaterThan(65);
  expect(middle(0)).toBeLessThan(85);
  expect(middle(3) / middle(2)).toBeGreaterThan(1.8);
  expect(middle(3) / middle(2)).toBeLessThan(2.2);
});
