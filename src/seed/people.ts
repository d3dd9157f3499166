import type { Role } from "../domain/users/user.ts";
import { draw, idOf, pick } from "./derive.ts";
import type { Profile } from "./profiles.ts";
import { expertiseOf, nameOf, timeZones } from "./words.ts";

export const accountKinds = ["learner", "mentor", "reviewer", "operator", "admin"] as const;
export type AccountKind = (typeof accountKinds)[number];

/** Address and password of a made-up account; numbers start at 1. */
export function demoAccount(kind: AccountKind, number: number): { email: string; password: string } {
  const digits = String(number).padStart(4, "0");
  return { email: `${kind}-${digits}@demo.example`, password: `demo-password-${digits}` };
}

export interface Person {
  readonly id: string;
  readonly kind: AccountKind;
  readonly number: number;
  readonly email: string;
  readonly password: string;
  readonly timeZone: string;
  readonly createdAt: Date;
  readonly active: boolean;
}

/** The people of a profile, kind by kind. The last learner is switched off, so that this can be tried too. */
export function makePeople(profile: Profile, today: Date): Record<AccountKind, Person[]> {
  const counts: Record<AccountKind, number> = {
    learner: profile.learners,
    mentor: profile.mentors,
    reviewer: profile.reviewers,
    operator: profile.operators,
    admin: profile.admins,
  };
  const made = accountKinds.map((kind) => [
    kind,
    Array.from({ length: counts[kind] }, (_, index): Person => {
      const number = index + 1;
      return {
        id: idOf(kind, number),
        kind,
        number,
        ...demoAccount(kind, number),
        timeZone: pick(timeZones, "zone", kind, number),
        createdAt: new Date(today.getTime() - Math.ceil(90 + draw("joined", kind, number) * 400) * DAY_MS),
        active: !(kind === "learner" && number === profile.learners),
      };
    }),
  ]);
  return Object.fromEntries(made) as Record<AccountKind, Person[]>;
}

export const DAY_MS = 86_400_000;

const rolesOf = (kind: AccountKind): Role[] => (kind === "learner" ? ["LEARNER"] : ["LEARNER", kind.toUpperCase() as Role]);

export function* userRows(people: Iterable<Person>, hashOf: (person: Person) => string) {
  for (const person of people) {
    yield {
      id: person.id,
      email: person.email,
      email_verified_at: person.createdAt,
      password_hash: hashOf(person),
      full_name: nameOf(person.kind, person.number),
      bio: person.kind === "mentor" ? mentorBio(person.number) : null,
      time_zone: person.timeZone,
      roles: rolesOf(person.kind),
      active: person.active,
      created_at: person.createdAt,
      updated_at: person.createdAt,
    };
  }
}

/** The first mentor's is as long as it may be, to try the layout. */
function mentorBio(number: number): string {
  const sentence = `Has taught ${2 + Math.floor(draw("bio", number) * 20)} groups and likes questions. `;
  return number === 1 ? sentence.repeat(100).slice(0, 1_999).padEnd(2_000, ".") : sentence.trim();
}

export function* mentorProfileRows(mentors: readonly Person[]) {
  for (const { id, number, createdAt } of mentors) {
    yield {
      user_id: id,
      headline: `Asks back until it is clear, for ${2 + Math.floor(draw("years", number) * 20)} years`,
      experience: mentorBio(number + 1),
      // Enough for whoever is asked most.
      max_sessions_per_week: 60,
      min_notice_hours: pick([0, 12, 12, 24, 48], "notice", number),
      created_at: createdAt,
      updated_at: createdAt,
    };
  }
}

export function* expertiseRows(count: number) {
  for (let number = 1; number <= count; number++) yield { id: idOf("expertise", number), name: expertiseOf(number) };
}

export function* mentorExpertiseRows(mentors: readonly Person[], count: number) {
  for (const { id, number } of mentors) {
    const first = Math.floor(draw("expertise", number) * count);
    for (let offset = 0; offset < Math.min(count, 1 + (number % 4)); offset++)
      yield { mentor_id: id, expertise_id: idOf("expertise", ((first + offset * 7) % count) + 1) };
  }
}
