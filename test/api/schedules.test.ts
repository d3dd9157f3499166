import { newId } from "../../src/kernel/ids.ts";
import { type Answer, ApiTest, codesOf, type Person } from "./support.ts";

let api: ApiTest;
beforeAll(async () => {
  api = await ApiTest.open();
});
afterAll(() => api.close());

interface Slot {
  id: string;
  startTime: string;
  endTime: string;
  timeZone: string;
  open: boolean;
  mentor: { id: string };
}
interface Payload {
  schedules: Slot[] | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const fields = "{ schedules { id startTime endTime timeZone open mentor { id } } userErrors { code message field } }";
const publishing = `mutation ($input: PublishScheduleInput!, $key: String!) { publishSchedule(input: $input, idempotencyKey: $key) ${fields} }`;
const publish = async (who: Person, input: unknown, key: string = newId()): Promise<Answer<{ publishSchedule: Payload | null }>> =>
  api.run<{ publishSchedule: Payload | null }>(publishing, { input, key }, who);
const withdraw = (who: Person, id: string) =>
  api.run<{ withdrawSchedule: Payload | null }>(`mutation ($id: ID!) { withdrawSchedule(id: $id) ${fields} }`, { id }, who);
const schedulesOf = async (mentor: Person, window: { from: string; to: string; onlyOpen?: boolean }, who?: Person) =>
  api.run<{ course: { mentor: { mentorProfile: { schedules: Slot[] } | null } } }>(
    "query ($course: ID!, $from: DateTime!, $to: DateTime!, $onlyOpen: Boolean! = true) { course(id: $course) { mentor { mentorProfile { schedules(from: $from, to: $to, onlyOpen: $onlyOpen) { id startTime endTime timeZone open mentor { id } } } } } }",
    { course: await api.course(mentor), ...window },
    who,
  );

const year = new Date().getUTCFullYear() + 1;
/** The Sunday on which New York puts its clocks forward: the second of March. */
const change = Temporal.PlainDate.from({ year, month: 3, day: 14 - (Temporal.PlainDate.from({ year, month: 3, day: 7 }).dayOfWeek % 7) });
const block = (date: Temporal.PlainDate, start: string, end: string) => ({ date: date.toString(), start, end });

test("a week of slots is published across a clock change, seen by learners, and the wall clock stays", async () => {
  const [mentor, learner] = [await api.person("MENTOR"), await api.person()];
  const monday = change.subtract({ days: 6 });
  const { data } = await publish(mentor, {
    timeZone: "America/New_York",
    blocks: [block(monday, "09:00", "11:00"), block(monday.add({ days: 2 }), "18:30:00", "19:15")],
    slotMinutes: 45,
    bufferMinutes: 15,
    repeatWeeks: 1,
  });
  expect(data.publishSchedule?.userErrors).toEqual([]);
  const slots = data.publishSchedule?.schedules ?? [];
  expect(slots.map(({ startTime }) => startTime.slice(11, 16))).toEqual(["14:00", "15:00", "23:30", "13:00", "14:00", "22:30"]);
  expect(slots[0]).toEqual({
    id: expect.any(String) as string,
    startTime: `${monday.toString()}T14:00:00.000Z`,
    endTime: `${monday.toString()}T14:45:00.000Z`,
    timeZone: "America/New_York",
    open: false,
    mentor: { id: mentor.id },
  });
  const window = { from: `${monday.toString()}T00:00:00Z`, to: `${monday.add({ days: 14 }).toString()}T00:00:00Z` };
  for (const who of [learner, undefined]) {
    const seen = (await schedulesOf(mentor, window, who)).data.course.mentor.mentorProfile?.schedules;
    expect(seen).toEqual(slots.map((slot) => ({ ...slot, open: true })));
  }
  expect((await schedulesOf(mentor, window, mentor)).data.course.mentor.mentorProfile?.schedules).toEqual([]);
  expect((await schedulesOf(mentor, { ...window, onlyOpen: false }, mentor)).data.course.mentor.mentorProfile?.schedules).toEqual(slots);
});

test("02:30 on the day when the clocks go from 2 to 3 is named with its block, with everything else that is wrong, and nothing is made", async () => {
  const mentor = await api.person("MENTOR");
  const blocks = [
    block(change.add({ days: 1 }), "09:00", "10:00"),
    block(change, "02:30", "04:00"),
    block(change, "10:00", "09:00"),
    { date: "2020-01-01", start: "09:00", end: "10:00" },
  ];
  const { data, status, errors } = await publish(mentor, { timeZone: "America/New_York", blocks });
  expect([status, errors]).toEqual([200, undefined]);
  expect(data.publishSchedule).toEqual({
    schedules: null,
    userErrors: [
      {
        code: "TIME_SKIPPED_BY_CLOCK_CHANGE",
        message: `On ${change.toString()} there is no 02:30 in America/New_York: the clocks are put forward over it.`,
        field: ["input", "blocks", "1", "start"],
      },
      { code: "INVALID", message: "A block ends after its start, on the same day.", field: ["input", "blocks", "2", "end"] },
      { code: "TIME_IN_PAST", message: "2020-01-01 09:00 has passed already.", field: ["input", "blocks", "3", "start"] },
    ],
  });
  expect(await api.engine.sql("select from schedule where mentor_id = $1", [mentor.id])).toEqual([]);
});

test("the same key and input answer with the first call's slots, another input is a mismatch, and a refused call leaves the key free", async () => {
  const mentor = await api.person("MENTOR");
  const [key, input] = [newId(), { timeZone: "Europe/Lisbon", blocks: [block(change, "09:00", "12:00")] }];
  const refused = await publish(mentor, { ...input, slotMinutes: 14 }, key);
  expect(refused.data.publishSchedule?.userErrors).toMatchObject([{ code: "INVALID", field: ["input", "slotMinutes"] }]);
  const [first, second] = [await publish(mentor, input, key), await publish(mentor, input, key)];
  expect(first.data.publishSchedule?.schedules).toHaveLength(3);
  expect(second.data).toEqual(first.data);
  const other = await publish(mentor, { ...input, slotMinutes: 30 }, key);
  expect(codesOf(other)).toEqual(["IDEMPOTENCY_KEY_MISMATCH"]);
  const again = await publish(mentor, input);
  expect(again.data.publishSchedule).toMatchObject({ schedules: null, userErrors: [{ code: "SCHEDULE_OVERLAP", field: ["input", "blocks", "0"] }] });
  expect((await publish(mentor, input, "short")).data.publishSchedule?.userErrors).toMatchObject([{ code: "INVALID", field: ["idempotencyKey"] }]);
});

test("ten publishers at once with one key make one set of slots", async () => {
  const mentor = await api.person("MENTOR");
  const [key, input] = [newId(), { timeZone: "Europe/Lisbon", blocks: [block(change, "09:00", "12:00")] }];
  const answers = await Promise.all(Array.from({ length: 10 }, () => publish(mentor, input, key)));
  expect(new Set(answers.map(({ data }) => JSON.stringify(data.publishSchedule))).size).toBe(1);
  expect(await api.engine.sql("select from schedule where mentor_id = $1", [mentor.id])).toHaveLength(3);
});

test.each([
  ["a date that no calendar has", { date: "2027-02-30", start: "09:00", end: "10:00" }],
  ["a time that no clock has", { date: "2027-02-28", start: "24:00", end: "25:00" }],
  ["an instant for a time", { date: "2027-02-28", start: "2027-02-28T09:00:00Z", end: "10:00" }],
])("%s is a bad request", async (_name, given) => {
  const answer = await publish(await api.person("MENTOR"), { timeZone: "UTC", blocks: [given] });
  expect([answer.status, new Set(codesOf(answer))]).toEqual([400, new Set(["BAD_USER_INPUT"])]);
});

test("a slot is withdrawn by its mentor alone, can be withdrawn again, and is gone for learners", async () => {
  const [mentor, other, admin] = [await api.person("MENTOR"), await api.person("MENTOR"), await api.person("ADMIN")];
  const { data } = await publish(mentor, { timeZone: "UTC", blocks: [block(change, "09:00", "11:00")] });
  const [first, second] = (data.publishSchedule?.schedules ?? []) as [Slot, Slot];
  for (const [who, id] of [
    [other, first.id],
    [admin, first.id],
    [mentor, newId()],
    [mentor, "nonsense"],
  ] as const) {
    expect((await withdraw(who, id)).data.withdrawSchedule).toMatchObject({ schedules: null, userErrors: [{ code: "NOT_FOUND", field: ["id"] }] });
  }
  for (let times = 0; times < 2; times++)
    expect((await withdraw(mentor, first.id)).data.withdrawSchedule).toMatchObject({ schedules: [{ id: first.id, open: false }], userErrors: [] });
  const window = { from: `${change.toString()}T00:00:00Z`, to: `${change.add({ days: 1 }).toString()}T00:00:00Z` };
  expect((await schedulesOf(mentor, window)).data.course.mentor.mentorProfile?.schedules.map(({ id }) => id)).toEqual([second.id]);
});

test.each([
  ["a window of more than 31 days", "2027-01-01T00:00:00Z", "2027-02-01T01:00:01Z"],
  ["a window that ends before it starts", "2027-01-01T00:00:00Z", "2026-12-31T00:00:00Z"],
  ["a window without length", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
  ["a year that is none", "0000-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
])("%s is refused", async (_name, from, to) => {
  const answer = await schedulesOf(await api.person("MENTOR"), { from, to });
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
});

test("a window of a month with a clock change in it is one of 31 days", async () => {
  const answer = await schedulesOf(await api.person("MENTOR"), { from: "2027-10-01T00:00:00+01:00", to: "2027-11-01T00:00:00Z" });
  expect(answer.data.course.mentor.mentorProfile?.schedules).toEqual([]);
});
