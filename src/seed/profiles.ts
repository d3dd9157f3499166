/** How much is made up. */
export interface Profile {
  readonly learners: number;
  readonly mentors: number;
  readonly reviewers: number;
  readonly operators: number;
  readonly admins: number;
  readonly categories: number;
  readonly expertises: number;
  readonly courses: number;
  readonly slots: number;
  readonly sessions: number;
  readonly enrollments: number;
  readonly applications: number;
}

export const profiles = {
  tiny: {
    learners: 6,
    mentors: 2,
    reviewers: 1,
    operators: 1,
    admins: 1,
    categories: 2,
    expertises: 4,
    courses: 3,
    slots: 40,
    sessions: 4,
    enrollments: 6,
    applications: 3,
  },
  demo: {
    learners: 600,
    mentors: 60,
    reviewers: 6,
    operators: 2,
    admins: 2,
    categories: 12,
    expertises: 40,
    courses: 90,
    slots: 10_800,
    sessions: 2_400,
    enrollments: 1_500,
    applications: 45,
  },
  bench: {
    learners: 100_000,
    mentors: 2_000,
    reviewers: 40,
    operators: 5,
    admins: 5,
    categories: 30,
    expertises: 200,
    courses: 1_500,
    slots: 360_000,
    sessions: 180_000,
    enrollments: 400_000,
    applications: 2_000,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
