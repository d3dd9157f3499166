import { createHash } from "node:crypto";
import { demoAccount, generate, seedProfiles, type SeedProfile } from "./generate.ts";

const today = new Date("2026-11-25T13:14:15Z");
const hashOf = (profile: SeedProfile, day: Date): string =>
  createHash("sha256")
    .update(JSON.stringify(generate(profile, day)))
    .digest("hex");

test.each<[SeedProfile, string]>([
  ["tiny", "772e2c567ebf5092120f42b15521f98342a272404271b9788f1f83ad11583579"],
  ["demo", "721f5c431e5ce4269cdbf01fb9e56e7785b49783688f438794a10163ad436a1d"],
])("the profile %s is the same, byte for byte, on every machine", (profile, hash) => {
  expect(hashOf(profile, today)).toBe(hash);
});

test("the hour of the day changes nothing, the day moves every date", () => {
  expect(hashOf("demo", new Date("2026-11-25T00:00:00Z"))).toBe(hashOf("demo", today));
  expect(hashOf("demo", new Date("2026-11-26T00:00:00Z"))).not.toBe(hashOf("demo", today));
});

describe.each<SeedProfile>(["tiny", "demo"])("the profile %s", (profile) => {
  const { accounts, categories, courses } = generate(profile, today);

  test("has the promised numbers", () => {
    const { learner, mentor, operator, admin } = seedProfiles[profile];
    expect(accounts).toHaveLength(learner + mentor + operator + admin);
    expect(categories).toHaveLength(seedProfiles[profile].categories);
    expect(courses).toHaveLength(seedProfiles[profile].courses);
  });

  test("has ids of version 8, no id, address or title twice", () => {
    const ids = [...accounts, ...categories, ...courses].map((row) => row.id);
    expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(accounts.map((account) => account.email)).size).toBe(accounts.length);
    expect(new Set(courses.map((course) => course.title)).size).toBe(courses.length);
  });

  test("has a course with a single seat", () => {
    expect(courses.filter((course) => course.capacity === 1)).toHaveLength(1);
  });
});

test("the demo has a course in each state that enrolling must refuse, and seats are limited in 60 %", () => {
  const { accounts, courses } = generate("demo", today);
  const now = today.toISOString();
  expect(courses.filter((course) => course.status === "DRAFT")).toHaveLength(1);
  expect(courses.filter((course) => course.status === "ARCHIVED")).toHaveLength(1);
  expect(courses.filter((course) => course.enrollment_opens_at !== null && course.enrollment_opens_at > now)).toHaveLength(1);
  expect(courses.filter((course) => course.enrollment_closes_at !== null && course.enrollment_closes_at <= now)).toHaveLength(1);
  expect(courses.filter((course) => course.capacity !== null)).toHaveLength(54);
  expect(accounts.filter((account) => !account.active)).toHaveLength(1);
  expect(accounts.find((account) => account.bio?.length === 2_000)).toBeDefined();
});

test("addresses and passwords carry the account's number", () => {
  expect(demoAccount("operator", 1)).toEqual({ email: "operator-0001@demo.example", password: "demo-password-0001" });
});
