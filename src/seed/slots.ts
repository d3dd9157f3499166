import { Chance } from "./chance.ts";
import { DAY_MS, type Person } from "./people.ts";
import type { Profile } from "./profiles.ts";

export interface Slot {
  readonly id: string;
  readonly mentor: Person;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

const WEEKS_BACK = 4;
const WEEKS_AHEAD = 8;
const HOURS = [9, 11, 14, 16] as const;

/**
 * The slots of all mentors from four weeks ago to eight weeks ahead, an hour each, at the same times of their own clocks every week; mentor by
 * mentor, in order of time. Nobody has two at once.
 */
export function* makeSlots(profile: Profile, mentors: readonly Person[], today: Date): Generator<Slot> {
  const perMentor = Math.floor(profile.slots / mentors.length);
  const days = (WEEKS_BACK + WEEKS_AHEAD) * 7;
  const first = Temporal.PlainDate.from(today.toISOString().slice(0, 10)).subtract({ weeks: WEEKS_BACK });
  for (const mentor of mentors) {
    const chance = new Chance("slots", mentor.number);
    const offset = chance.below(2);
    for (let index = 0; index < perMentor; index++) {
      // Spread evenly over the weeks; several on one day have different hours.
      const day = Math.floor((index * days) / perMentor);
      const before = Math.ceil((day * perMentor) / days);
      const hour = (HOURS[(index - before) % HOURS.length] ?? 9) + offset;
      const local = first.add({ days: day }).toPlainDateTime({ hour });
      const startsAt = new Date(local.toZonedDateTime(mentor.timeZone).epochMilliseconds);
      const endsAt = new Date(startsAt.getTime() + 3_600_000);
      yield { id: chance.id(publishedAt(startsAt)), mentor, startsAt, endsAt };
    }
  }
}

/** Four weeks before. */
const publishedAt = (startsAt: Date): Date => new Date(startsAt.getTime() - 28 * DAY_MS);

export const duringOf = ({ startsAt, endsAt }: Pick<Slot, "startsAt" | "endsAt">): string => `["${startsAt.toISOString()}","${endsAt.toISOString()}")`;

/** @param withdrawn slots that were taken back */
export function* slotRows(slots: Iterable<Slot>, withdrawn: ReadonlySet<string>) {
  for (const slot of slots) {
    const at = publishedAt(slot.startsAt);
    yield {
      id: slot.id,
      mentor_id: slot.mentor.id,
      during: duringOf(slot),
      time_zone: slot.mentor.timeZone,
      withdrawn_at: withdrawn.has(slot.id) ? new Date(at.getTime() + DAY_MS) : null,
      created_at: at,
      updated_at: at,
    };
  }
}
