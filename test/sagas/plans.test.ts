import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createEnrollments } from "../support/enrollments.ts";
import { waitFor } from "../support/wait.ts";

const rows = 20_000;
/** The tables that grow, of which no step, no sweep and no look may read everything. */
const growing = ["saga", "saga_event", "outbox", "course_enrollment", "mail_message", "notification", "app_user"];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.dispose());

/** How often each growing table, and each queue's, has been read from end to end. Whoever is connected reports late; who is sent away, at once. */
async function readWhole(): Promise<Record<string, number>> {
  await database.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
  await waitFor(async () => (await database.sql("select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")).length === 0);
  const found = await database.sql<{ name: string; count: number }>(
    `select coalesce(q.name, s.relname) as name, s.seq_scan::int as count from pg_stat_user_tables s
     left join pgboss.queue q on s.schemaname = 'pgboss' and q.table_name = s.relname and q.partition where s.relname = any($1) or q.name is not null`,
    [growing],
  );
  return Object.fromEntries(found.map(({ name, count }) => [name, count]));
}

test("steps, sweeps and looks read no growing table from end to end", async () => {
  const t = await createEnrollments({ database });
  const courseId = await t.course();
  const learnerId = await t.learner();
  await t.sql(`insert into course_enrollment (id, course_id, learner_id, status, failure_code)
    select gen_random_uuid(), '${courseId}', '${learnerId}', 'CANCELLED', 'CANCELLED_BY_USER' from generate_series(1, ${rows})`);
  await t.sql(`insert into app_user (id, email, password_hash, full_name, time_zone, roles)
    select gen_random_uuid(), n || '@crowd.example', 'none', 'So Mebody', 'UTC', '{LEARNER}' from generate_series(1, ${rows}) n`);
  await t.sql(`insert into saga (id, type, definition_version, subject_id, participants, state, status, sequence, attempt, max_attempts, data, runs, started_at, updated_at, finished_at)
    select gen_random_uuid(), 'CourseEnrollment', 1, id, '{}', 'EnrollmentFailed', 'CANCELLED', 1, 1, 1, '{}', '[]', now(), now(), now() from course_enrollment`);
  await t.sql(`insert into saga_event (saga_id, sequence, kind, to_state, status, summary) select id, 1, 'TRANSITION', state, status, 'It ended.' from saga`);
  await t.sql(`insert into mail_message (id, dedupe_key, template, recipient_id, about_id, subject, state, message_id_header, sent_at)
    select gen_random_uuid(), id::text, 'COURSE_WELCOME', id, id, 'Welcome', 'SENT', '<sent>', now() from app_user`);
  await t.sql(
    `insert into notification (id, user_id, title, message, dedupe_key) select gen_random_uuid(), id, 'Welcome', 'Welcome.', 'welcome' from app_user`,
  );
  await t.sql(`insert into outbox (id, queue, name, payload, deliver_at)
    select gen_random_uuid(), 'confirm-enrollment', 'ConfirmEnrollmentCommand', '{}', now() + interval '1 day' from generate_series(1, ${rows})`);
  await t.sql(`insert into pgboss.job (name, id, data, start_after)
    select q.name, gen_random_uuid(), '{}', now() + interval '1 day' from pgboss.queue q, generate_series(1, ${rows / 4}) where q.partition`);
  await database.sql("vacuum analyze");
  await t.dispose();
  const before = await readWhole();
  // A program that starts corrects the jobs of its queues, and pg-boss counts them every second, of which a busy machine takes more; thirty commands would be thirty.
  const mostOfQueues = 15;
  expect(Object.keys(before).length).toBeGreaterThan(growing.length);

  const again = await createEnrollments({ database });
  await again.start();
  const ids = [];
  for (let count = 0; count < 30; count++) ids.push(await again.enroll(await again.learner(), courseId));
  await again.untilEnded(ids);
  await waitFor(async () => (await again.sql("select 1 from outbox where deliver_at < now()")).length === 0);
  await again.dispose();
  const read = Object.entries(await readWhole()).map(([name, count]) => ({ name, times: count - (before[name] ?? 0) }));
  expect(read.filter(({ name, times }) => times > (growing.includes(name) ? 0 : mostOfQueues))).toEqual([]);
});
