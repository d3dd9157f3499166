import { ApiError } from "../client/api-client.ts";
import { OpenCoursesDocument, OpenSlotsDocument, PublishSlotsDocument } from "../client/generated/graphql.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import type { Chance } from "../seed/chance.ts";
import type { Somebody } from "./somebody.ts";

export interface Slot {
  readonly courseId: string;
  readonly scheduleId: string;
}

const freshMs = 30_000;
const dayMs = 86_400_000;
const fewSlots = 10;

/** What there is to enroll in and to book; read again now and then, and by mentors' hands made more when it runs low. */
export class Offers {
  readonly #chance: Chance;
  readonly #slots: Slot[] = [];
  #courses: { readonly open: readonly string[]; readonly full: readonly string[]; readonly readAt: number } | null = null;
  #mentorsAfter: string | null = null;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** A course that `suits`, with a seat left or without one; null where there is none. */
  async course(reader: Somebody, is: "open" | "full", suits: (course: string) => boolean): Promise<string | null> {
    if (this.#courses === null || monotonicMs() - this.#courses.readAt > freshMs) {
      const { courses } = await reader.run(OpenCoursesDocument, {});
      const isFull = ({ capacity, seatsTaken }: { capacity: number | null; seatsTaken: number }): boolean => capacity !== null && seatsTaken >= capacity;
      const ids = (full: boolean): string[] => courses.nodes.filter((course) => isFull(course) === full).map(({ id }) => id);
      this.#courses = { open: ids(false), full: ids(true), readAt: monotonicMs() };
    }
    return this.#pick(this.#courses[is].filter(suits));
  }

  /** A slot that nobody gets a second time from here. */
  async slot(reader: Somebody, mentor: Somebody | null): Promise<Slot | null> {
    if (this.#slots.length < fewSlots) await this.#readSlots(reader);
    if (this.#slots.length < fewSlots && mentor !== null) await this.#publish(mentor);
    const slot = this.#pick(this.#slots);
    if (slot !== null) this.#slots.splice(this.#slots.indexOf(slot), 1);
    return slot;
  }

  /** Five mentors at a time, one page after the other. */
  async #readSlots(reader: Somebody): Promise<void> {
    const now = processNow().getTime();
    const window = { from: new Date(now + 3 * dayMs).toISOString(), to: new Date(now + 33 * dayMs).toISOString() };
    const { mentors } = await reader.run(OpenSlotsDocument, { ...window, after: this.#mentorsAfter });
    this.#mentorsAfter = mentors.pageInfo.hasNextPage ? (mentors.pageInfo.endCursor ?? null) : null;
    const found = mentors.nodes.flatMap(({ mentorProfile }) => {
      const [course] = mentorProfile?.courses.nodes ?? [];
      return course === undefined ? [] : (mentorProfile?.schedules ?? []).map(({ id }) => ({ courseId: course.id, scheduleId: id }));
    });
    const known = new Set(this.#slots.map(({ scheduleId }) => scheduleId));
    this.#slots.push(...found.filter(({ scheduleId }) => !known.has(scheduleId)));
  }

  /** Four hours on some day of the coming month; a day that is taken already is none of ours. */
  async #publish(mentor: Somebody): Promise<void> {
    const date = new Date(processNow().getTime() + (4 + this.#chance.below(28)) * dayMs).toISOString().slice(0, 10);
    const input = { timeZone: "UTC", blocks: [{ date, start: "13:00", end: "17:00" }] };
    await mentor.run(PublishSlotsDocument, { input, key: newId() }).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "SCHEDULE_OVERLAP") throw error;
    });
  }

  #pick<T>(list: readonly T[]): T | null {
    return list[this.#chance.below(list.length)] ?? null;
  }
}
