import { describeUndoPath } from "./definitions.ts";

test("what is undone is told in its order, steps of a group together", () => {
  const inGroup = ["PrintingBadges", "HiringCaterer"].map((state) => ({ state, group: "PreparingConference" }));
  expect(describeUndoPath([{ state: "Announcing", group: null }, ...inGroup, { state: "BookingVenue", group: null }])).toBe(
    "Announcing, PrintingBadges with HiringCaterer, BookingVenue",
  );
});
