import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../src/kernel/ids.ts";
import { formatTable, show } from "./figures.ts";
import { Learner } from "./learner.ts";
import { idInSql, learnerId } from "./population.ts";
import { startPrograms, tokensFor } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";

const sessions = 425;
/** Those who are mentors here, among the learners. */
const firstMentor = 1_000;
const patienceMs = 180_000;
const targetMs = 60_000;

const book = `mutation ($slot: ID!, $course: ID!, $key: String!) {
  bookMentoringSession(input: { scheduleId: $slot, courseId: $course, type: VIRTUAL }, idempotencyKey: $key) { saga { id } userErrors { code } }
}`;

/** 425 sessions at one hour are booked over HTTP; then the reminders of all of them are due at once, two mails each. */
export async function reminders(server: Server): Promise<{ text: string; passed: boolean }> {
  const database = await server.fresh("reminders");
  const running = await startPrograms(database, 1);
  try {
    await addSlots(database);
    const tokens = await tokensFor(
      running,
      Array.from({ length: sessions }, (_, number) => learnerId(number)),
    );
    progress(`Booking ${sessions} sessions`);
    const slots = await database.sql<{ id: string; course_id: string }>(
      "select s.id, c.id as course_id from schedule s join course c on c.mentor_id = s.mentor_id order by s.id",
    );
    for (const [number, { id: slot, course_id: course }] of slots.entries()) {
      const { bookMentoringSession: booked } = await new Learner(running.urls, tokens[number] ?? "", 0).ask<{
        bookMentoringSession: { saga: { id: string } | null; userErrors: { code: string }[] };
      }>(book, { slot, course, key: newId() });
      if (booked.saga === null) throw new Error(`A booking was refused: ${booked.userErrors[0]?.code}`);
    }
    const waiting = "select 1 from saga where type = 'MentoringSession' and status = 'WAITING' and remind_at is not null";
    await until(async () => (await database.sql(waiting)).length === sessions, "all sessions to be SCHEDULED");
    const mailsBefore = await countMails(database);

    const [moment] = await database.sql<{ at: number }>(
      `with due as (update saga set remind_at = clock_timestamp() where type = 'MentoringSession' and remind_at is not null returning 1)
       select extract(epoch from clock_timestamp())::float8 * 1000 as at from (select count(*) from due) d`,
    );
    const at = moment?.at ?? Number.NaN;
    await until(
      async () => {
        const sent = await countMails(database);
        progress(`${sent - mailsBefore} of ${2 * sessions} reminders have gone out`, (sent - mailsBefore) / (2 * sessions));
        return sent - mailsBefore === 2 * sessions;
      },
      `${2 * sessions} mails`,
    );
    const [found] = await database.sql<{ first: number; last: number; twice: number; missing: number; violations: number }>(
      `with r as (select * from mail_message where template = 'SESSION_REMINDER')
       select extract(epoch from min(sent_at))::float8 * 1000 as first, extract(epoch from max(sent_at))::float8 * 1000 as last,
              (select count(*)::int from (select 1 from r group by about_id, recipient_id having count(*) > 1) t) as twice,
              (select count(*)::int from mentoring_session m where (select count(distinct recipient_id) from r where r.about_id = m.id) <> 2) as missing,
              (select count(*)::int from ops.invariant_violation) as violations from r`,
    );
    const lastMs = (found?.last ?? Number.NaN) - at;
    const rows: [string, string, string][] = [
      ["first mail after, ms", show((found?.first ?? Number.NaN) - at), ""],
      ["all mails after, ms", show(lastMs), `at most ${show(targetMs)}`],
      ["sessions without their two", String(found?.missing), "0"],
      ["somebody reminded twice", String(found?.twice), "0"],
      ["violated invariants", String(found?.violations), "0"],
      ["memory of the process at most, MB", show(running.peakMemoryMb()), ""],
    ];
    const passed = lastMs <= targetMs && found?.missing === 0 && found.twice === 0 && found.violations === 0;
    return { text: formatTable([[`${sessions} sessions, ${2 * sessions} mails`, "measured", "wanted"], ...rows]), passed };
  } finally {
    await running.stop();
    await database.drop();
  }
}

/** As many mentors, each with a course and a slot, all of them at one hour of the day after tomorrow. */
async function addSlots(database: Database): Promise<void> {
  const [mentor, course] = [idInSql(1, `n + ${firstMentor}`), idInSql(5, "n")];
  const each = `from generate_series(0, ${sessions - 1}) n`;
  await database.sql(`update app_user set roles = '{LEARNER,MENTOR}' where id in (select ${mentor} ${each})`);
  await database.sql(`insert into mentor_profile (user_id) select ${mentor} ${each}`);
  await database.sql(
    `insert into course (id, mentor_id, category_id, title, description, level, status) select ${course}, ${mentor}, ${idInSql(4, "0")}, 'Mentored ' || n, 'Short lessons.', 'BEGINNER', 'PUBLISHED' ${each}`,
  );
  await database.sql(
    `insert into schedule (id, mentor_id, during, time_zone) select ${idInSql(7, "n")}, ${mentor}, tstzrange(f, f + interval '1 hour'), 'UTC' from (select date_trunc('hour', now()) + interval '48 hours' as f) x, generate_series(0, ${sessions - 1}) n`,
  );
}

async function countMails(database: Database): Promise<number> {
  const [row] = await database.sql<{ sent: number }>("select count(*)::int as sent from mail_message where state = 'SENT'");
  return row?.sent ?? 0;
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + patienceMs; !(await isSo()); await delay(250)) {
    if (performance.now() > end) throw new Error(`Waited ${patienceMs / 1_000} s in vain for ${what}`);
  }
}
