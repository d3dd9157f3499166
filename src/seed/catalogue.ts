import { courseLevels } from "../domain/courses/course.ts";
import { draw, idOf, pick } from "./derive.ts";
import { DAY_MS, type Person } from "./people.ts";
import type { Profile } from "./profiles.ts";
import { categoryOf, titleOf } from "./words.ts";

export interface MadeCourse {
  readonly id: string;
  readonly number: number;
  readonly mentorId: string;
  readonly capacity: number | null;
  readonly status: "PUBLISHED" | "DRAFT" | "ARCHIVED";
  readonly opensAt: Date | null;
  readonly closesAt: Date | null;
  readonly createdAt: Date;
}

/** The first courses are special: the second has one seat left, the third opens in two weeks, the fourth has closed, then a draft and an archived one; the seventh is full. */
export const FULL_COURSE = 7;
const SINGLE_SEAT = 2;

export const makeCourses = (profile: Profile, mentors: readonly Person[], today: Date): MadeCourse[] =>
  Array.from({ length: profile.courses }, (_, index): MadeCourse => {
    const number = index + 1;
    const after = (days: number): Date => new Date(today.getTime() + days * DAY_MS);
    const isSpecial = profile.courses > FULL_COURSE;
    return {
      id: idOf("course", number),
      number,
      // Everybody who can has one; the rest are given to a few.
      mentorId: (mentors[index < mentors.length ? index : Math.floor(draw("mentor of", number) ** 2 * mentors.length)] ?? mentors[0])?.id ?? "",
      capacity:
        number === SINGLE_SEAT
          ? isSpecial
            ? 12
            : 1
          : number === FULL_COURSE
            ? 20
            : index % 5 < 3
              ? pick([12, 20, 30, 50, 100, 200, 400], "capacity", number)
              : null,
      status: isSpecial && number === 5 ? "DRAFT" : isSpecial && number === 6 ? "ARCHIVED" : "PUBLISHED",
      opensAt: isSpecial && number === 3 ? after(14) : null,
      closesAt: isSpecial && number === 3 ? after(44) : isSpecial && number === 4 ? after(-1) : null,
      createdAt: after(-100 - (number % 300)),
    };
  });

/** How many seats of a course are taken, at most. */
export function seatsFor({ number, capacity, status, opensAt }: MadeCourse, special: boolean): number {
  if (!special) return capacity === 1 ? 0 : (capacity ?? Infinity);
  if (status !== "PUBLISHED" || opensAt !== null) return 0;
  if (number === FULL_COURSE) return capacity ?? 0;
  return number === SINGLE_SEAT ? (capacity ?? 1) - 1 : Math.max(0, (capacity ?? 100_000) - 2);
}

export function* categoryRows(count: number) {
  for (let number = 1; number <= count; number++) {
    const { name, description } = categoryOf(number);
    yield { id: idOf("category", number), name, description };
  }
}

/** @param seatsTaken by course */
export function* courseRows(courses: readonly MadeCourse[], categories: number, seatsTaken: ReadonlyMap<string, number>) {
  for (const course of courses) {
    const shelf = (course.number - 1) % categories;
    const round = Math.floor((course.number - 1) / categories);
    const { topics, name } = categoryOf(shelf + 1);
    const topic = topics[Math.floor(round / courseLevels.length) % topics.length] ?? name;
    const level = courseLevels[round % courseLevels.length] ?? "BEGINNER";
    const again = Math.floor(round / (courseLevels.length * topics.length));
    yield {
      id: course.id,
      mentor_id: course.mentorId,
      category_id: idOf("category", shelf + 1),
      title: `${titleOf(level, topic)}${again === 0 ? "" : ` (${again + 1})`}`,
      description: `A course about ${topic}: short lessons, one exercise a week, and time for questions.`,
      level,
      status: course.status,
      capacity: course.capacity,
      seats_taken: seatsTaken.get(course.id) ?? 0,
      enrollment_opens_at: course.opensAt,
      enrollment_closes_at: course.closesAt,
      created_at: course.createdAt,
      updated_at: course.createdAt,
    };
  }
}
