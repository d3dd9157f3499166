import { createHash } from "node:crypto";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { fillDatabase } from "../../src/seed/fill.ts";
import { profiles, type ProfileName } from "../../src/seed/profiles.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

/** The invariants are about now. */
const day = new Date();
const midnight = new Date(`${day.toISOString().slice(0, 10)}T00:00:00Z`);
const registry = new SagaRegistry(sagas);
const files: { storageKey: string; bytes: Buffer }[] = [];

const fill = (url: string, profile: ProfileName, on = day): Promise<boolean> =>
  fillDatabase({ url, registry, profile, day: on, putFile: (file) => Promise.resolve(void files.push(file)) });

const TABLES =
  "app_user mentor_profile mentor_expertise expertise category course schedule mentoring_session slot_claim course_enrollment application_request application_document file_object background_check saga saga_event dead_letter";

/** Every row of every table, without what the transaction itself gives. */
async function hashOf(database: TestDatabase): Promise<string> {
  const hash = createHash("sha256");
  for (const table of TABLES.split(" ")) {
    const rows = await database.sql<{ row: string }>(
      `select (to_jsonb(t) - '{xid,position,created_at,updated_at,requested_at,consent_at}'::text[])::text as row from ${table} t order by 1`,
    );
    hash.update(JSON.stringify([table, ...rows.map(({ row }) => row)]));
  }
  return hash.digest("hex");
}

const count = async (database: TestDatabase, table: string): Promise<number> =>
  (await database.sql<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count ?? 0;

describe.each<ProfileName>(["tiny", "demo"])("the profile %s", (name) => {
  const databases: TestDatabase[] = [];
  const open = async (): Promise<TestDatabase> => {
    const database = await createTestDatabase();
    databases.push(database);
    return database;
  };
  let database: TestDatabase;

  beforeAll(async () => {
    files.length = 0;
    database = await open();
    expect(await fill(database.url, name)).toBe(true);
  }, 60_000);
  // Also sees to it that nothing contradicts itself.
  afterAll(() => Promise.all(databases.map((one) => one.dispose())));

  test("has the promised numbers", async () => {
    const profile = profiles[name];
    const { learners, mentors, reviewers, operators, admins } = profile;
    expect(await count(database, "app_user")).toBe(learners + mentors + reviewers + operators + admins);
    for (const [table, promised] of [
      ["category", profile.categories],
      ["expertise", profile.expertises],
      ["course", profile.courses],
      ["schedule", profile.slots],
      ["mentoring_session", profile.sessions],
      ["course_enrollment", profile.enrollments],
      ["application_request", profile.applications],
    ] as const) {
      const found = await count(database, table);
      // Who happens to be elsewhere at that time does not book.
      expect(found).toBeGreaterThanOrEqual(Math.floor(promised * 0.97));
      expect(found).toBeLessThanOrEqual(promised);
    }
    expect(files).toHaveLength(profile.applications * 2);
  });

  test("is the same for the same day, and fills no database that has people", async () => {
    const again = await open();
    expect((await Promise.all([1, 2, 3].map(() => fill(again.url, name, midnight)))).filter(Boolean)).toEqual([true]);
    expect(await hashOf(again)).toBe(await hashOf(database));
    const other = await open();
    await fill(other.url, name, new Date(midnight.getTime() + 86_400_000));
    expect(await hashOf(other)).not.toBe(await hashOf(database));
  }, 120_000);
});

describe("the demo", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.url, "demo");
  }, 60_000);
  afterAll(() => database.dispose());

  const listOf = async (text: string): Promise<string[]> => (await database.sql<{ value: string }>(text)).map(({ value }) => value);

  test("shows every status that lasts", async () => {
    expect(await listOf("select distinct status as value from mentoring_session order by 1")).toEqual(["CANCELLED", "COMPLETED", "RESCHEDULING", "SCHEDULED"]);
    expect(await listOf("select distinct status as value from course_enrollment order by 1")).toEqual(["ACTIVE", "CANCELLED", "CONFIRMED", "FAILED"]);
    expect(await listOf("select distinct status as value from application_request order by 1")).toEqual([
      "APPROVED",
      "INFO_REQUESTED",
      "PENDING",
      "REJECTED",
      "UNDER_REVIEW",
      "WITHDRAWN",
    ]);
    expect(await listOf("select distinct outcome as value from mentoring_session where outcome is not null order by 1")).toEqual([
      "HELD",
      "LEARNER_NO_SHOW",
      "MENTOR_NO_SHOW",
    ]);
    expect(await listOf("select distinct status as value from saga order by 1")).toEqual(["CANCELLED", "COMPLETED", "FAILED", "STUCK", "WAITING"]);
  });

  test("shows every reason that a process ends or stands for", async () => {
    expect(await listOf("select distinct reason_code as value from saga where reason_code is not null order by 1")).toEqual([
      "BACKGROUND_CHECK_FAILED",
      "CANCELLED_BY_OPERATOR",
      "CANCELLED_BY_USER",
      "COURSE_FULL",
      "DEPENDENCY_REJECTED",
      "DOCUMENT_MISSING",
      "ENROLLMENT_CLOSED",
      "FILE_DAMAGED",
      "INTERNAL",
      "MENTOR_UNAVAILABLE",
      "MENTOR_WEEK_FULL",
      "NO_REVIEWER_AVAILABLE",
      "OPEN_SESSION_LIMIT",
      "REJECTED_BY_REVIEWER",
      "RESCHEDULE_DECLINED",
      "SLOT_WITHDRAWN",
      "TIMED_OUT",
      "TOO_SHORT_NOTICE",
    ]);
  });

  test("has a full course, one with a single seat left, and one that opens later; sagas that stand, with their dead letters", async () => {
    expect(await count(database, "course where seats_taken = capacity")).toBeGreaterThanOrEqual(1);
    expect(await count(database, "course where seats_taken = capacity - 1")).toBeGreaterThanOrEqual(1);
    expect(await count(database, "course where enrollment_opens_at > now()")).toBe(1);
    expect(await count(database, "saga where status = 'STUCK'")).toBeGreaterThanOrEqual(3);
    expect(await count(database, "dead_letter where status = 'OPEN'")).toBeGreaterThanOrEqual(2);
    expect(await count(database, "app_user where char_length(bio) = 2000")).toBe(1);
  });

  test("has zones of every kind, and slots at the same hour of their own clock every week", async () => {
    expect(await count(database, "(select distinct time_zone from app_user) z")).toBe(12);
    const hours = await database.sql<{ hours: number }>(
      "select count(distinct extract(hour from lower(during) at time zone time_zone))::int as hours from schedule group by mentor_id",
    );
    expect(Math.max(...hours.map((row) => row.hours))).toBeLessThanOrEqual(4);
  });
});
