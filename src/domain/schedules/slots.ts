import type { InputCheck } from "../input.ts";

/** Wall-clock hours of one day. */
export interface TimeBlock {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** HH:MM or HH:MM:SS. */
  readonly start: string;
  /** After start, at most 18 hours later, same day. */
  readonly end: string;
}

/** Hours that a mentor offers, and how they are cut. */
export interface ScheduleInput {
  /** IANA name. */
  readonly timeZone: string;
  readonly blocks: readonly TimeBlock[];
  readonly slotMinutes: number;
  /** Between two slots. */
  readonly bufferMinutes: number;
  /** Further weeks at the same wall-clock time. */
  readonly repeatWeeks: number;
}

/** One slot to be made; half-open. */
export interface PlannedSlot {
  /** Index of the block that it was cut from. */
  readonly block: number;
  readonly startTime: Temporal.ZonedDateTime;
  readonly endTime: Temporal.ZonedDateTime;
}

const MAX_BLOCKS = 50;
const MAX_BLOCK_HOURS = 18;
/** Slots of one call: what one statement inserts in well under a second. */
const MAX_SLOTS = 2_000;
/** Rules of zones change; what is further away than this would be a guess. */
const MAX_DAYS_AHEAD = 730;

/**
 * Cuts the blocks of a checked input into slots; what is wrong goes to `check`, and the slots are only good when nothing is.
 *
 * A block's start and end are what a clock on the wall shows, in every week anew: 09:00 stays 09:00 across a clock change. Between them
 * real minutes are counted: a block during which the clocks change has more slots or fewer than in other weeks, each as long as all
 * others, and none ends after the block's end. Of a time that a day has twice, the first is meant; one that it skips is refused.
 */
export function cutIntoSlots(input: ScheduleInput, now: Temporal.Instant, check: InputCheck): PlannedSlot[] {
  if (!isPlan(input, check)) return [];
  const slots: PlannedSlot[] = [];
  for (const [index, block] of input.blocks.entries()) {
    cutBlock(input, block, index, now, check, slots);
    if (slots.length <= MAX_SLOTS) continue;
    check.refuse("INVALID", `One call makes at most ${MAX_SLOTS} slots; publish fewer blocks or weeks at once.`, ["input", "blocks"]);
    return [];
  }
  return slots;
}

/** False when the input does not even say what is to be cut. */
function isPlan({ timeZone, blocks, slotMinutes, bufferMinutes, repeatWeeks }: ScheduleInput, check: InputCheck): boolean {
  const problems: boolean[] = [];
  const require = (fine: boolean, message: string, field: string): void => {
    problems.push(!fine);
    if (!fine) check.refuse("INVALID", message, ["input", field]);
  };
  const requireWhole = (value: number, what: string, field: string, min: number, max: number): void =>
    require(Number.isInteger(value) && value >= min && value <= max, `${what} is a whole number from ${min} to ${max}, not ${value}.`, field);
  require(/^[A-Za-z]/.test(timeZone), `A time zone has a name like Europe/Lisbon; ${timeZone} is an offset.`, "timeZone");
  require(blocks.length >= 1 && blocks.length <= MAX_BLOCKS, `One call publishes 1 to ${MAX_BLOCKS} blocks, not ${blocks.length}.`, "blocks");
  requireWhole(slotMinutes, "The length of a slot in minutes", "slotMinutes", 15, 240);
  requireWhole(bufferMinutes, "The time between two slots in minutes", "bufferMinutes", 0, 120);
  requireWhole(repeatWeeks, "The number of further weeks", "repeatWeeks", 0, 26);
  return !problems.includes(true);
}

/** Tells only the first thing that is wrong with a block: the rest of it follows from that, in this week or a later one. */
function cutBlock(input: ScheduleInput, block: TimeBlock, index: number, now: Temporal.Instant, check: InputCheck, slots: PlannedSlot[]): void {
  const { timeZone, slotMinutes, bufferMinutes, repeatWeeks } = input;
  const refuse = (code: string, message: string, field: keyof TimeBlock): void => check.refuse(code, message, ["input", "blocks", String(index), field]);
  const date = Temporal.PlainDate.from(block.date);
  const [startsAt, endsAt] = [Temporal.PlainTime.from(block.start), Temporal.PlainTime.from(block.end)];
  const minutes = startsAt.until(endsAt).total("minutes");
  if (minutes <= 0) return refuse("INVALID", "A block ends after its start, on the same day.", "end");
  if (minutes > MAX_BLOCK_HOURS * 60) return refuse("INVALID", `A block is at most ${MAX_BLOCK_HOURS} hours long.`, "end");
  if (minutes < slotMinutes) return refuse("INVALID", `The block is shorter than a slot of ${slotMinutes} minutes.`, "end");

  for (let week = 0; week <= repeatWeeks; week++) {
    const day = date.add({ weeks: week });
    const [start, end] = [onTheWall(day, startsAt, timeZone), onTheWall(day, endsAt, timeZone)];
    if (start === null) return refuse("TIME_SKIPPED_BY_CLOCK_CHANGE", skipped(day, block.start, timeZone), "start");
    if (end === null) return refuse("TIME_SKIPPED_BY_CLOCK_CHANGE", skipped(day, block.end, timeZone), "end");
    if (Temporal.Instant.compare(start.toInstant(), now) <= 0) return refuse("TIME_IN_PAST", `${sayTime(start)} has passed already.`, "start");
    if (now.until(start.toInstant()).total("hours") > MAX_DAYS_AHEAD * 24)
      return refuse("INVALID", `${sayTime(start)} is too far away: slots are published at most ${MAX_DAYS_AHEAD} days ahead.`, "date");

    const countBefore = slots.length;
    for (let from = start; ;) {
      const to = from.add({ minutes: slotMinutes });
      if (Temporal.ZonedDateTime.compare(to, end) > 0) break;
      slots.push({ block: index, startTime: from, endTime: to });
      from = to.add({ minutes: bufferMinutes });
    }
    if (slots.length === countBefore)
      return refuse("TIME_SKIPPED_BY_CLOCK_CHANGE", `On ${day.toString()} the clocks change and leave less than a slot.`, "end");
    if (slots.length > MAX_SLOTS) return;
  }
}

/** Null: on that day no clock of the zone shows that time. */
function onTheWall(day: Temporal.PlainDate, plainTime: Temporal.PlainTime, timeZone: string): Temporal.ZonedDateTime | null {
  const time = day.toZonedDateTime({ timeZone, plainTime });
  return time.toPlainDateTime().equals(day.toPlainDateTime(plainTime)) ? time : null;
}

const skipped = (day: Temporal.PlainDate, time: string, timeZone: string): string =>
  `On ${day.toString()} there is no ${time} in ${timeZone}: the clocks are put forward over it.`;

/** As its mentor reads it on the wall. */
export const sayTime = (time: Temporal.ZonedDateTime): string => `${time.toPlainDate().toString()} ${time.toPlainTime().toString({ smallestUnit: "minute" })}`;
