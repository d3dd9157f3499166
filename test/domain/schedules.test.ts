import type { Refusal } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { findOpenSchedules, findPublished, findSchedules, listSchedulesOfMentors } from "../../src/domain/schedules/schedule.queries.ts";
import { publishSchedule, withdrawSchedule } from "../../src/domain/schedules/schedule.service.ts";
import type { ScheduleInput } from "../../src/domain/schedules/slots.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase({ poolSize: 30 });
});
afterAll(() => db.dispose({ damaged: "sessions without sagas" }));

const em = () => db.orm.em.fork();

async function user(over: { active?: boolean } = {}): Promise<string> {
  const id = newId();
  await db.sql("insert into app_user (id, email, full_name, time_zone, roles, active) values ($1, $2, 'Fi Tavgor', 'UTC', '{LEARNER}', $3)", [
    id,
    `${id}@demo.example`,
    over.active ?? true,
  ]);
  return id;
}

async function mentor(over: { active?: boolean; notice?: number } = {}): Promise<string> {
  const id = await user(over);
  await db.sql("insert into mentor_profile (user_id, min_notice_hours) values ($1, $2)", [id, over.notice ?? 0]);
  return id;
}

const inDays = (days: number): string => Temporal.Now.plainDateISO("UTC").add({ days }).toString();
const hours = (start: string, end: string, over: Partial<ScheduleInput> = {}): ScheduleInput => ({
  timeZone: "UTC",
  blocks: [{ date: inDays(10), start, end }],
  slotMinutes: 60,
  bufferMinutes: 0,
  repeatWeeks: 0,
  ...over,
});
const publish = (mentorId: string, input: ScheduleInput, idempotencyKey: string = newId()) =>
  db.transaction(async (tx) => (await publishSchedule(tx, { mentorId, input, idempotencyKey })).publicationId);
const withdraw = (mentorId: string, scheduleId: string) => db.transaction((tx) => withdrawSchedule(tx, { scheduleId, mentorId }));
const countOf = async (mentorId: string): Promise<number> => (await db.sql("select from schedule where mentor_id = $1", [mentorId])).length;
const overlapping = (mentorId: string) =>
  db.sql("select a.id from schedule a join schedule b on a.mentor_id = b.mentor_id and a.id < b.id and a.during && b.during where a.mentor_id = $1", [
    mentorId,
  ]);

/** A session that holds the slot, with an end to it when it is released. */
async function claim(scheduleId: string, learnerId: string, over: { release?: boolean } = {}): Promise<void> {
  const [courseId, sessionId] = [newId(), newId()];
  await db.sql("insert into category (id, name, description) values ($1, $2, '')", [courseId, courseId]);
  await db.sql(
    `insert into course (id, mentor_id, category_id, title, description, level, status)
     select $1, mentor_id, $1, 'Course', 'Short lessons.', 'BEGINNER', 'ARCHIVED' from schedule where id = $2`,
    [courseId, scheduleId],
  );
  await db.sql(
    `insert into mentoring_session (id, learner_id, mentor_id, course_id, schedule_id, type, status)
     select $1, $2, mentor_id, $3, id, 'VIRTUAL', 'SCHEDULED' from schedule where id = $4`,
    [sessionId, learnerId, courseId, scheduleId],
  );
  await db.sql(
    `insert into slot_claim (id, session_id, schedule_id, mentor_id, learner_id, during, released_at)
     select $1, $2, id, mentor_id, $3, during, case when $4 then now() end from schedule where id = $5`,
    [newId(), sessionId, learnerId, over.release === true, scheduleId],
  );
}

async function oneSlot(mentorId: string, start = "09:00"): Promise<string> {
  const publicationId = await publish(mentorId, hours(start, `${String(Number(start.slice(0, 2)) + 1).padStart(2, "0")}:00`));
  return (await findPublished(em(), mentorId, publicationId))[0]?.id ?? "";
}

test("64 publishers at once of overlapping hours leave slots that do not overlap, each call with all of its slots or none", async () => {
  const mentorId = await mentor();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 64 }, (_, index) => {
      // Forwards and backwards, in whole and half hours, so that each is in the way of several others.
      const days = index % 2 === 0 ? [10, 11, 12] : [12, 11, 10];
      const start = 8 * 60 + (index % 7) * 20;
      const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
      const blocks = days.map((day) => ({ date: inDays(day), start: clock(start), end: clock(start + 180 + (index % 3) * 30) }));
      return publish(mentorId, hours("09:00", "10:00", { blocks, slotMinutes: 45 + (index % 2) * 15 }));
    }),
  );
  const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Refusal] : []));
  expect(made.length).toBeGreaterThan(0);
  expect(made.length + refusals.length).toBe(64);
  expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["SCHEDULE_OVERLAP"]));
  expect(await overlapping(mentorId)).toEqual([]);
  const published = await Promise.all(made.map((publicationId) => findPublished(em(), mentorId, publicationId)));
  expect(published.flat()).toHaveLength(await countOf(mentorId));
  for (const slots of published) expect(new Set(slots.map(({ during }) => during.start.getUTCDate())).size).toBe(3);
});

test("slots of different mentors do not meet", async () => {
  const [one, other] = [await mentor(), await mentor()];
  await Promise.all([one, other].map((mentorId) => publish(mentorId, hours("09:00", "12:00"))));
  expect([await countOf(one), await countOf(other)]).toEqual([3, 3]);
});

test("each block that meets a slot there is, or a block before it, is named, and nothing is made", async () => {
  const mentorId = await mentor();
  await publish(mentorId, hours("09:00", "12:00"));
  const block = (start: string, end: string, day = 10) => ({ date: inDays(day), start, end });
  const blocks = [block("07:00", "08:00"), block("11:30", "14:30"), block("16:00", "18:00", 11), block("08:30", "09:30"), block("16:00", "17:00", 11)];
  const refusal = await publish(mentorId, hours("", "", { blocks })).catch((error: unknown) => error as Refusal);
  expect(refusal).toMatchObject({ code: "SCHEDULE_OVERLAP", message: `The slot at ${inDays(10)} 11:30 overlaps another of your slots.` });
  expect([refusal as Refusal, ...(refusal as Refusal).others].map(({ field }) => field?.join("."))).toEqual([
    "input.blocks.1",
    "input.blocks.3",
    "input.blocks.4",
  ]);
  expect(await countOf(mentorId)).toBe(3);
});

test("a later week of a block is in the way as much as the first", async () => {
  const mentorId = await mentor();
  await publish(mentorId, hours("09:00", "10:00", { blocks: [{ date: inDays(24), start: "09:30", end: "10:30" }] }));
  await expect(publish(mentorId, hours("09:00", "10:00", { repeatWeeks: 2 }))).rejects.toMatchObject({
    code: "SCHEDULE_OVERLAP",
    field: ["input", "blocks", "0"],
  });
  await publish(mentorId, hours("09:00", "10:00", { repeatWeeks: 1 }));
  expect(await countOf(mentorId)).toBe(3);
});

test("slots that touch, and one where a withdrawn one was, do not overlap", async () => {
  const mentorId = await mentor();
  const first = await oneSlot(mentorId, "09:00");
  await oneSlot(mentorId, "10:00");
  await withdraw(mentorId, first);
  await oneSlot(mentorId, "09:00");
  expect(await countOf(mentorId)).toBe(3);
});

test("a slot is read as it was written, in its zone and to the minute", async () => {
  const mentorId = await mentor();
  const publicationId = await publish(mentorId, hours("09:00", "10:00", { timeZone: "asia/kolkata" }));
  const [slot] = await findPublished(em(), mentorId, publicationId);
  expect(slot).toMatchObject({
    mentorId,
    timeZone: "Asia/Kolkata",
    during: { start: new Date(`${inDays(10)}T03:30:00Z`), end: new Date(`${inDays(10)}T04:30:00Z`) },
  });
  expect([...(await findSchedules(em(), [slot?.id ?? "", newId(), "no id"])).values()]).toMatchObject([{ ...slot, withdrawnAt: null, publicationId }]);
});

test("2,000 slots of one call are made in a moment", async () => {
  const mentorId = await mentor();
  const blocks = Array.from({ length: 50 }, (_, index) => ({ date: inDays(10 + index), start: "00:00", end: "10:00" }));
  const publicationId = await publish(mentorId, hours("", "", { blocks, slotMinutes: 15 }));
  expect(await findPublished(em(), mentorId, publicationId)).toHaveLength(2_000);
});

describe("what can be booked", () => {
  const open = async (id: string, viewerId: string | null): Promise<boolean> => (await findOpenSchedules(em(), [id], viewerId)).has(id);

  test("a slot is open to everybody but its mentor", async () => {
    const mentorId = await mentor();
    const id = await oneSlot(mentorId);
    expect(await Promise.all([null, await user(), mentorId].map((viewer) => open(id, viewer)))).toEqual([true, true, false]);
  });

  test("a slot closes when its mentor's notice has begun", async () => {
    const mentorId = await mentor();
    const id = await oneSlot(mentorId);
    const setNotice = (minutes: number) =>
      db.sql(
        "update schedule set during = tstzrange(now() + make_interval(hours => 5, mins => $2), now() + make_interval(hours => 6, mins => $2)) where id = $1",
        [id, minutes],
      );
    await db.sql("update mentor_profile set min_notice_hours = 5 where user_id = $1", [mentorId]);
    await setNotice(1);
    expect(await open(id, null)).toBe(true);
    await setNotice(-1);
    expect(await open(id, null)).toBe(false);
  });

  test("a slot is closed while a session holds it, also one at that time in another slot of the mentor", async () => {
    const mentorId = await mentor();
    const [held, released] = [await oneSlot(mentorId, "09:00"), await oneSlot(mentorId, "11:00")];
    await claim(held, await user());
    await claim(released, await user(), { release: true });
    expect([await open(held, null), await open(released, null)]).toEqual([false, true]);
    const twin = newId();
    await db.sql("update schedule set withdrawn_at = now() where id = $1", [held]);
    await db.sql("insert into schedule (id, mentor_id, during, time_zone) select $1, mentor_id, during, time_zone from schedule where id = $2", [twin, held]);
    expect(await open(twin, null)).toBe(false);
  });

  test("slots of a mentor who is switched off, or no mentor any more, are closed", async () => {
    const [off, former] = [await mentor(), await mentor()];
    const ids = [await oneSlot(off), await oneSlot(former)];
    await db.sql("update app_user set active = false where id = $1", [off]);
    await db.sql("delete from mentor_profile where user_id = $1", [former]);
    expect(await findOpenSchedules(em(), ids, null)).toEqual(new Set());
  });

  test("lists of several mentors come in order, with their windows half-open", async () => {
    const [one, other, viewer] = [await mentor(), await mentor(), await user()];
    await publish(one, hours("09:00", "12:00"));
    await publish(other, hours("09:00", "10:00"));
    const window = { from: new Date(`${inDays(10)}T09:00:00Z`), to: new Date(`${inDays(10)}T11:00:00Z`) };
    const [booked] = (await listSchedulesOfMentors(em(), [{ mentorId: one, ...window, onlyOpen: true }], viewer))[0] ?? [];
    await claim(booked?.id ?? "", viewer);
    const lists = await listSchedulesOfMentors(
      em(),
      [
        { mentorId: other, ...window, onlyOpen: true },
        { mentorId: one, ...window, onlyOpen: true },
        { mentorId: newId(), ...window, onlyOpen: true },
        { mentorId: one, ...window, onlyOpen: false },
      ],
      viewer,
    );
    expect(lists.map((list) => list.map(({ during }) => during.start.getUTCHours()))).toEqual([[9], [10], [], [9, 10]]);
  });
});

describe("withdrawing", () => {
  test("an own slot is withdrawn once and for all, and left out of lists", async () => {
    const mentorId = await mentor();
    const id = await oneSlot(mentorId);
    await withdraw(mentorId, id);
    const [before] = await db.sql("select withdrawn_at from schedule where id = $1", [id]);
    await withdraw(mentorId, id);
    expect(await db.sql("select withdrawn_at from schedule where id = $1", [id])).toEqual([before]);
    expect(before?.["withdrawn_at"]).not.toBeNull();
    const window = { from: new Date(), to: new Date(Date.now() + 20 * 86_400_000) };
    expect(await listSchedulesOfMentors(em(), [{ mentorId, ...window, onlyOpen: false }], null)).toEqual([[]]);
    expect(await findOpenSchedules(em(), [id], null)).toEqual(new Set());
  });

  test("somebody else's slot, one that does not exist and what is no id sound alike", async () => {
    const id = await oneSlot(await mentor());
    const other = await mentor();
    for (const one of [id, newId(), "nonsense"]) {
      await expect(withdraw(other, one)).rejects.toMatchObject({ code: "NOT_FOUND", message: `You have no slot with the id ${one}.`, field: ["id"] });
    }
  });

  test("a slot that a session holds stays, until the session lets it go", async () => {
    const mentorId = await mentor();
    const id = await oneSlot(mentorId);
    await claim(id, await user());
    await expect(withdraw(mentorId, id)).rejects.toMatchObject({ code: "SCHEDULE_IN_USE", field: ["id"] });
    await db.sql("update slot_claim set released_at = now() where schedule_id = $1", [id]);
    await withdraw(mentorId, id);
  });

  test("a claim that is being made is waited for", async () => {
    const mentorId = await mentor();
    const id = await oneSlot(mentorId);
    await claim(id, await user(), { release: true });
    const claiming = em();
    await claiming.begin();
    await claiming.execute(
      `insert into slot_claim (id, session_id, schedule_id, mentor_id, learner_id, during)
       select ?, session_id, schedule_id, mentor_id, learner_id, during from slot_claim where schedule_id = ?`,
      [newId(), id],
    );
    const withdrawing = withdraw(mentorId, id).then(
      () => "withdrawn",
      (error: unknown) => (error as Refusal).code,
    );
    await waitFor(async () => (await db.sql("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).length > 0);
    await claiming.commit();
    expect(await withdrawing).toBe("SCHEDULE_IN_USE");
  });
});
