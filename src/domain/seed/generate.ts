import { courseLevels, type CourseLevel, type CourseStatus } from "../courses/course.ts";
import type { Role } from "../users/user.ts";
import { draw, idOf, pick } from "./derive.ts";
import { categories, nameOf, timeZones, titleOf } from "./words.ts";

/** How much is made up. There are no enrollments: each needs the process that brought it where it is. */
export const seedProfiles = {
  tiny: { learner: 5, mentor: 2, operator: 1, admin: 1, categories: 2, courses: 3 },
  demo: { learner: 600, mentor: 60, operator: 2, admin: 2, categories: 12, courses: 90 },
} as const;

export type SeedProfile = keyof typeof seedProfiles;
export type AccountKind = "learner" | "mentor" | "operator" | "admin";

/** Address and password of a made-up account; numbers start at 1. */
export function demoAccount(kind: AccountKind, number: number): { email: string; password: string } {
  const digits = String(number).padStart(4, "0");
  return { email: `${kind}-${digits}@demo.example`, password: `demo-password-${digits}` };
}

export interface SeedAccount {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly full_name: string;
  readonly bio: string | null;
  readonly time_zone: string;
  readonly roles: readonly Role[];
  readonly active: boolean;
  readonly created_at: string;
}

export interface SeedCategory {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface SeedCourse {
  readonly id: string;
  readonly mentor_id: string;
  readonly category_id: string;
  readonly title: string;
  readonly description: string;
  readonly level: CourseLevel;
  readonly status: CourseStatus;
  readonly capacity: number | null;
  readonly enrollment_opens_at: string | null;
  readonly enrollment_closes_at: string | null;
  readonly created_at: string;
}

export interface SeedRows {
  readonly accounts: readonly SeedAccount[];
  readonly categories: readonly SeedCategory[];
  readonly courses: readonly SeedCourse[];
}

/** Makes the rows of a profile. The same profile and day give the same rows, byte for byte; `today` counts as its day in UTC. */
export function generate(profile: SeedProfile, today: Date): SeedRows {
  const counts = seedProfiles[profile];
  const daysFromToday = (days: number): string => new Date(Math.floor(today.getTime() / DAY_MS) * DAY_MS + days * DAY_MS).toISOString();
  const kinds: readonly AccountKind[] = ["learner", "mentor", "operator", "admin"];
  return {
    accounts: kinds.flatMap((kind) => upTo(counts[kind]).map((number) => account(profile, kind, number, daysFromToday))),
    categories: categories.slice(0, counts.categories).map(([name, description], index) => ({ id: idOf(profile, "category", index + 1), name, description })),
    courses: upTo(counts.courses).map((number) => course(profile, number, daysFromToday)),
  };
}

const DAY_MS = 86_400_000;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function account(profile: SeedProfile, kind: AccountKind, number: number, daysFromToday: (days: number) => string): SeedAccount {
  const extra: readonly Role[] = kind === "learner" ? [] : [kind.toUpperCase() as Role];
  return {
    id: idOf(profile, kind, number),
    ...demoAccount(kind, number),
    full_name: nameOf(kind, number),
    bio: kind === "mentor" ? mentorBio(number) : null,
    time_zone: pick(timeZones, "zone", kind, number),
    roles: ["LEARNER", ...extra],
    // The last learner of the demo is switched off, so that this can be tried too.
    active: !(profile === "demo" && kind === "learner" && number === seedProfiles.demo.learner),
    created_at: daysFromToday(-Math.ceil(1 + draw("joined", kind, number) * 400)),
  };
}

/** The first mentor's is as long as it may be, to try the layout. */
function mentorBio(number: number): string {
  const sentence = `Has taught ${2 + Math.floor(draw("bio", number) * 20)} groups and likes questions. `;
  return number === 1 ? sentence.repeat(100).slice(0, 1_999).padEnd(2_000, ".") : sentence.trim();
}

function course(profile: SeedProfile, number: number, daysFromToday: (days: number) => string): SeedCourse {
  const counts = seedProfiles[profile];
  const shelf = (number - 1) % counts.categories;
  const round = Math.floor((number - 1) / counts.categories);
  const [, , topics] = categories[shelf] ?? categories[0];
  const topic = topics[Math.floor(round / courseLevels.length) % topics.length] ?? topics[0];
  const level = courseLevels[round % courseLevels.length] ?? courseLevels[0];
  return {
    id: idOf(profile, "course", number),
    // Squared, so that a few mentors have many courses and most have one or none.
    mentor_id: idOf(profile, "mentor", 1 + Math.floor(draw("mentor of", number) ** 2 * counts.mentor)),
    category_id: idOf(profile, "category", shelf + 1),
    title: titleOf(level, topic),
    description: `A course about ${topic}: short lessons, one exercise a week, and time for questions.`,
    level,
    status: "PUBLISHED",
    enrollment_opens_at: null,
    enrollment_closes_at: null,
    created_at: daysFromToday(-number),
    ...seats(number),
    ...(profile === "demo" ? special(number, daysFromToday) : {}),
  };
}

/** Three of five courses have a limit; the second one has a single seat. */
function seats(number: number): Pick<SeedCourse, "capacity"> {
  if (number === 2) return { capacity: 1 };
  const sizes = [8, 12, 20, 30, 50, 100, 200] as const;
  return { capacity: (number - 1) % 5 < 3 ? pick(sizes, "capacity", number) : null };
}

/** One course in each state that enrolling has to refuse. */
function special(number: number, daysFromToday: (days: number) => string): Partial<SeedCourse> {
  if (number === 3) return { enrollment_opens_at: daysFromToday(14), enrollment_closes_at: daysFromToday(44) };
  if (number === 4) return { enrollment_opens_at: daysFromToday(-60), enrollment_closes_at: daysFromToday(-1) };
  if (number === 5) return { status: "DRAFT" };
  return number === 6 ? { status: "ARCHIVED" } : {};
}
