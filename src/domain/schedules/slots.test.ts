import fc from "fast-check";
import { property } from "../../../test/support/property.ts";
import type { Refusal } from "../../kernel/errors.ts";
import { InputCheck } from "../input.ts";
import { cutIntoSlots, type PlannedSlot, sayTime, type ScheduleInput } from "./slots.ts";

const now = Temporal.Instant.from("2027-01-01T00:00:00Z");
const plan = (over: Partial<ScheduleInput> = {}): ScheduleInput => ({
  timeZone: "America/New_York",
  blocks: [{ date: "2027-03-10", start: "09:00", end: "12:00" }],
  slotMinutes: 60,
  bufferMinutes: 0,
  repeatWeeks: 0,
  ...over,
});
const block = (date: string, start: string, end: string, over: Partial<ScheduleInput> = {}): ScheduleInput => plan({ blocks: [{ date, start, end }], ...over });

function cut(input: ScheduleInput): { slots: PlannedSlot[]; refusals: Refusal[] } {
  const check = new InputCheck();
  const slots = cutIntoSlots(input, now, check);
  try {
    check.done();
    return { slots, refusals: [] };
  } catch (error) {
    const refusal = error as Refusal;
    return { slots, refusals: [refusal, ...refusal.others] };
  }
}

const starts = (input: ScheduleInput): string[] => {
  const { slots, refusals } = cut(input);
  expect(refusals).toEqual([]);
  return slots.map(({ startTime }) => sayTime(startTime));
};
const refused = (input: ScheduleInput): unknown[] => cut(input).refusals.map(({ code, field }) => [code, field?.join(".")]);

test("a block is cut into slots with what lies between them, and a rest that is no slot is left", () => {
  expect(starts(plan({ slotMinutes: 45, bufferMinutes: 15 }))).toEqual(["2027-03-10 09:00", "2027-03-10 10:00", "2027-03-10 11:00"]);
  expect(starts(plan({ slotMinutes: 50, bufferMinutes: 20 }))).toEqual(["2027-03-10 09:00", "2027-03-10 10:10"]);
});

test("09:00 stays 09:00 in the weeks on both sides of a clock change", () => {
  const { slots } = cut(block("2027-03-10", "09:00", "10:00", { repeatWeeks: 1 }));
  expect(slots.map(({ startTime }) => startTime.toString({ timeZoneName: "never" }))).toEqual(["2027-03-10T09:00:00-05:00", "2027-03-17T09:00:00-04:00"]);
});

test.each([
  ["start", block("2027-03-14", "02:30", "04:00")],
  ["end", block("2027-03-14", "01:00", "02:30")],
  ["start", block("2027-02-28", "02:30", "04:00", { repeatWeeks: 3 })],
  // Lord Howe's clocks are put forward by half an hour, Santiago's over midnight.
  ["start", block("2027-10-03", "02:15", "04:00", { timeZone: "Australia/Lord_Howe" })],
  ["start", block("2027-09-05", "00:00", "02:00", { timeZone: "America/Santiago" })],
  // An hour that is there, with less than a slot of it left.
  ["end", block("2027-03-14", "01:30", "03:00")],
])("a time that the clocks skip is refused with its block, also in a later week: %s of %j", (field, input) => {
  expect(refused(input)).toEqual([["TIME_SKIPPED_BY_CLOCK_CHANGE", `input.blocks.0.${field}`]]);
});

test("of a time that comes twice the first is meant, and the hour in between is cut like any other", () => {
  const { slots } = cut(block("2027-11-07", "01:30", "03:00"));
  expect(slots.map(({ startTime }) => startTime.toString({ timeZoneName: "never" }))).toEqual(["2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00"]);
});

test("a block over a clock change ends at its end, with an hour's slots more or less", () => {
  expect(starts(block("2027-03-14", "00:00", "04:00"))).toEqual(["2027-03-14 00:00", "2027-03-14 01:00", "2027-03-14 03:00"]);
  expect(starts(block("2027-11-07", "00:00", "03:00"))).toHaveLength(4);
});

test.each<[string, ScheduleInput, string, string]>([
  ["an end at the start", block("2027-03-10", "09:00", "09:00"), "INVALID", "blocks.0.end"],
  ["an end before the start", block("2027-03-10", "09:00", "08:00"), "INVALID", "blocks.0.end"],
  ["more than 18 hours", block("2027-03-10", "01:00", "19:01"), "INVALID", "blocks.0.end"],
  ["less than a slot", block("2027-03-10", "09:00", "09:59"), "INVALID", "blocks.0.end"],
  ["a time that has passed", block("2026-12-31", "18:59", "20:00"), "TIME_IN_PAST", "blocks.0.start"],
  ["this very moment", block("2026-12-31", "19:00", "20:00"), "TIME_IN_PAST", "blocks.0.start"],
  ["a day after the next two years", block("2029-01-01", "09:00", "10:00"), "INVALID", "blocks.0.date"],
  ["no block", plan({ blocks: [] }), "INVALID", "blocks"],
  ["51 blocks", plan({ blocks: Array.from({ length: 51 }, () => ({ date: "2027-03-10", start: "09:00", end: "10:00" })) }), "INVALID", "blocks"],
  ["27 further weeks", plan({ repeatWeeks: 27 }), "INVALID", "repeatWeeks"],
  ["slots of 14 minutes", plan({ slotMinutes: 14 }), "INVALID", "slotMinutes"],
  ["slots of 241 minutes", plan({ slotMinutes: 241 }), "INVALID", "slotMinutes"],
  ["121 minutes between", plan({ bufferMinutes: 121 }), "INVALID", "bufferMinutes"],
  ["an offset for a zone", plan({ timeZone: "+05:30" }), "INVALID", "timeZone"],
])("%s is refused", (_name, input, code, field) => {
  expect(refused(input)).toEqual([[code, `input.${field}`]]);
});

test("an 18-hour block one moment from now is fine", () => {
  expect(starts(block("2027-03-10", "01:00", "19:00"))).toHaveLength(18);
  expect(starts(block("2026-12-31", "19:01", "20:01"))).toEqual(["2026-12-31 19:01"]);
});

test("one call makes at most 2,000 slots", () => {
  const blocks = Array.from({ length: 28 }, (_, day) => ({ date: `2027-02-${String(day + 1).padStart(2, "0")}`, start: "00:00", end: "18:00" }));
  expect(starts(plan({ blocks: blocks.slice(0, 27), slotMinutes: 15 }))).toHaveLength(1_944);
  expect(refused(plan({ blocks, slotMinutes: 15 }))).toEqual([["INVALID", "input.blocks"]]);
});

test("all that is wrong is told at once", () => {
  expect(
    refused(plan({ blocks: [...block("2027-03-14", "02:30", "04:00").blocks, ...plan().blocks, ...block("2026-03-10", "09:00", "08:00").blocks] })),
  ).toEqual([
    ["TIME_SKIPPED_BY_CLOCK_CHANGE", "input.blocks.0.start"],
    ["INVALID", "input.blocks.2.end"],
  ]);
  expect(refused(plan({ timeZone: "+01:00", slotMinutes: 0, bufferMinutes: -1, repeatWeeks: 27 }))).toHaveLength(4);
});

test("a zone is kept as it is spelled everywhere", () => {
  expect(cut(plan({ timeZone: "europe/LISBON" })).slots[0]?.startTime.timeZoneId).toBe("Europe/Lisbon");
});

const zones = ["UTC", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Pacific/Chatham", "Australia/Lord_Howe", "Europe/Lisbon", "Africa/Casablanca"];
const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const clockOf = (time: Temporal.PlainDateTime): string => time.toPlainTime().toString({ smallestUnit: "minute" });
const blocks = fc.tuple(fc.integer({ min: 2, max: 360 }), minute, minute).map(([day, a, b]) => ({
  date: Temporal.PlainDate.from("2027-01-01").add({ days: day }).toString(),
  start: clock(Math.min(a, b)),
  end: clock(Math.max(a, b)),
}));
const plans = fc.record({
  timeZone: fc.constantFrom(...zones),
  blocks: fc.array(blocks, { minLength: 1, maxLength: 3 }),
  slotMinutes: fc.integer({ min: 15, max: 240 }),
  bufferMinutes: fc.integer({ min: 0, max: 120 }),
  repeatWeeks: fc.integer({ min: 0, max: 26 }),
});

property("slots have their length, lie inside their block on a clock that shows their times, and leave the time between free", () =>
  fc.property(plans, (input) => {
    const { slots, refusals } = cut(input);
    fc.pre(refusals.length === 0);
    const wrong = slots.filter((slot, index) => {
      const [start, end] = [slot.startTime.toPlainDateTime(), slot.endTime.toPlainDateTime()];
      // The wall clock that a slot's start is read from leads back to it or to its twin; from a gap it would lead elsewhere.
      const twins = (["earlier", "later"] as const).map((disambiguation) => start.toZonedDateTime(input.timeZone, { disambiguation }).epochMilliseconds);
      const given = input.blocks[slot.block];
      const inside = clockOf(start) >= (given?.start ?? "") && clockOf(end) <= (given?.end ?? "");
      const next = slots[index + 1];
      const isLast = next?.block !== slot.block || !next.startTime.toPlainDate().equals(slot.startTime.toPlainDate());
      return !(
        slot.startTime.until(slot.endTime).total("minutes") === input.slotMinutes &&
        twins.includes(slot.startTime.epochMilliseconds) &&
        inside &&
        (isLast || slot.endTime.until(next.startTime).total("minutes") === input.bufferMinutes)
      );
    });
    expect(wrong).toEqual([]);
  }),
);

property("a block begins at the same time on the wall in every week, on the same day of the week", () =>
  fc.property(plans, (input) => {
    const { slots, refusals } = cut(input);
    fc.pre(refusals.length === 0);
    for (const [index, given] of input.blocks.entries()) {
      const firsts = new Map<string, PlannedSlot>();
      for (const slot of slots) {
        const day = slot.startTime.toPlainDate().toString();
        if (slot.block === index && !firsts.has(day)) firsts.set(day, slot);
      }
      const days = Array.from({ length: input.repeatWeeks + 1 }, (_, week) => Temporal.PlainDate.from(given.date).add({ weeks: week }).toString());
      expect([...firsts].map(([day, { startTime }]) => [day, sayTime(startTime)])).toEqual(days.map((day) => [day, `${day} ${given.start}`]));
    }
  }),
);

property("of one block, no two slots overlap in any week", () =>
  fc.property(plans, (input) => {
    const { slots, refusals } = cut({ ...input, blocks: input.blocks.slice(0, 1) });
    fc.pre(refusals.length === 0);
    const spans = slots.map(({ startTime, endTime }) => [startTime.epochMilliseconds, endTime.epochMilliseconds] as const);
    expect(spans.filter(([start], index) => start < (spans[index - 1]?.[1] ?? 0))).toEqual([]);
  }),
);
