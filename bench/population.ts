import type pg from "pg";
import type { Database } from "./server.ts";

export const courseCount = 50;

// Ids are numbers in disguise, so that pgbench can make them from its counters too.
const numbered = (prefix: number, number: number): string => `0000000${prefix}-0000-7000-8000-${String(number).padStart(12, "0")}`;
export const learnerId = (number: number): string => numbered(1, number);
export const courseId = (number: number): string => numbered(2, number % courseCount);
/** The same id in SQL; `number` is an expression of type int. */
export const idInSql = (prefix: number, number: string): string => `('0000000${prefix}-0000-7000-8000-' || lpad((${number})::text, 12, '0'))::uuid`;

/** Learners, and courses with room for all of them. */
export async function populate(client: pg.Client, learners: number): Promise<void> {
  await client.query(
    `insert into app_user (id, email, password_hash, full_name, time_zone, roles)
     select ${idInSql(1, "n")}, 'learner-' || n || '@bench.example', 'none', 'Lear Ner', 'UTC', '{LEARNER}' from generate_series(0, $1::int - 1) n`,
    [learners],
  );
  await client.query(
    `insert into app_user (id, email, password_hash, full_name, time_zone, roles) values (${idInSql(3, "0")}, 'mentor@bench.example', 'none', 'Men Tor', 'UTC', '{LEARNER,MENTOR}')`,
  );
  await client.query(`insert into mentor_profile (user_id) values (${idInSql(3, "0")})`);
  await client.query(`insert into category (id, name, description) values (${idInSql(4, "0")}, 'Bench', '')`);
  await client.query(
    `insert into course (id, mentor_id, category_id, title, description, level, status, capacity)
     select ${idInSql(2, "n")}, ${idInSql(3, "0")}, ${idInSql(4, "0")}, 'Course ' || n, 'Short lessons.', 'BEGINNER', 'PUBLISHED', 100000 from generate_series(0, ${courseCount - 1}) n`,
  );
  await addPast(client);
  await client.query("vacuum analyze");
}

const pastCount = 20_000;

/** Enrollments that were cancelled long ago, with their sagas: a table that has only just been made is no table that anybody works with. */
async function addPast(client: pg.Client): Promise<void> {
  const [enrollment, saga] = [idInSql(6, "n"), idInSql(7, "n")];
  await client.query(
    `insert into course_enrollment (id, course_id, learner_id, status, failure_code, failure_message, failure_at, enrolled_at)
     select ${enrollment}, ${idInSql(2, `n % ${courseCount}`)}, ${idInSql(1, "n % 300")}, 'CANCELLED', 'CANCELLED_BY_USER', 'The enrollment was cancelled.', now(), now() - interval '30 days'
     from generate_series(0, ${pastCount - 1}) n`,
  );
  await client.query(
    `insert into saga (id, type, definition_version, subject_id, participants, state, status, sequence, attempt, max_attempts, settled_at, data, runs, reason, reason_code, started_at, updated_at, finished_at)
     select ${saga}, 'CourseEnrollment', 1, ${enrollment}, array[${idInSql(1, "n % 300")}], 'EnrollmentFailed', 'CANCELLED', 3, 1, 1, now() - interval '30 days', '{}', '[]', 'Cancelled',
            'CANCELLED_BY_USER', now() - interval '30 days', now() - interval '30 days', now() - interval '30 days' from generate_series(0, ${pastCount - 1}) n`,
  );
  await client.query(
    `insert into saga_event (saga_id, sequence, kind, from_state, to_state, status, summary, occurred_at)
     select ${saga}, sequence, 'TRANSITION', null, 'EnrollmentFailed', 'CANCELLED', 'It happened.', now() - interval '30 days'
     from generate_series(0, ${pastCount - 1}) n, generate_series(1, 3) sequence`,
  );
}

/** Messages that are not due for a day: `rows` in the outbox, a tenth as many as jobs on a queue that is worked on. */
export async function addWaiting(database: Database, rows: number): Promise<void> {
  await database.sql(
    `insert into outbox (id, queue, name, payload, deliver_at)
     select gen_random_uuid(), 'send-session-reminder', 'SendSessionReminderCommand', '{}', now() + interval '1 day' + n * interval '1 ms' from generate_series(1, $1::int) n`,
    [rows],
  );
  await database.sql(
    `insert into pgboss.job (name, id, data, start_after)
     select 'check-course-capacity', gen_random_uuid(), '{}', now() + interval '1 day' + n * interval '1 ms' from generate_series(1, $1::int) n`,
    [Math.ceil(rows / 10)],
  );
  await database.sql("vacuum analyze");
}

/**
 * Compares what is in the database with what `count` enrollments must have left, each exactly once.
 * @throws {Error} they differ: the run is worthless however fast it was
 */
export async function checkEffects(database: Database, count: number, bySagas: boolean): Promise<void> {
  const [found] = await database.sql<Record<string, number>>(
    `select (select sum(seats_taken)::int from course) as seats,
            (select count(*)::int from course_enrollment where status = 'ACTIVE' and seat_held and confirmed_at is not null and access_grant_id is not null) as active,
            (select count(*)::int from course_enrollment where status <> 'CANCELLED') as enrollments,
            (select count(*)::int from mail_message where state = 'SENT') as mails,
            (select count(distinct about_id)::int from mail_message) as welcomed`,
  );
  const wrong = Object.entries(found ?? {}).filter(([, value]) => value !== count);
  if (wrong.length > 0) throw new Error(`Expected ${count} of each effect, found ${wrong.map(([name, value]) => `${name} ${value}`).join(", ")}`);
  if (!bySagas) return;
  const [sagas] = await database.sql<{ completed: number; busy: number }>(
    `select (select count(*)::int from saga where status = 'COMPLETED') as completed,
            (select count(*) from outbox where deliver_at < now() + interval '12 hours')::int + (select count(*) from dead_letter)::int
              + (select count(*) from pgboss.job where name not like '\\_\\_pgboss\\_\\_%' and start_after < now() + interval '12 hours')::int as busy`,
  );
  if (sagas?.completed !== count || sagas.busy !== 0)
    throw new Error(`Expected ${count} completed sagas and nothing under way, found ${sagas?.completed} and ${sagas?.busy}`);
  const violations = await database.sql<{ rule: string; detail: string }>("select rule, detail from ops.invariant_violation limit 3");
  if (violations.length > 0) throw new Error(`Expected no violated invariant, found ${violations.map(({ rule, detail }) => `${rule}: ${detail}`).join("; ")}`);
}

const businessTables = ["app_user", "mentor_profile", "category", "course", "course_enrollment", "mail_message", "notification", "idempotency_key"];
const historyTables = ["saga_event"];
/** Rows of processes, of which there are as many however many sagas they run. */
const processTables = ["public.worker", "public.worker_hand", "public.queue_completion", "public.queue_sample", "pgboss.instance"];

/** Rows of all tables, whoever made them: of history, of the business, and of whoever carries the enrollments through their steps. */
export async function countRows(database: Database): Promise<{ engine: number; history: number; business: number }> {
  const tables = await database.sql<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')`,
  );
  const rows = { engine: 0, history: 0, business: 0 };
  for (const { schema, name } of tables) {
    if (processTables.includes(`${schema}.${name}`)) continue;
    const [counted] = await database.sql<{ count: number }>(`select count(*)::int as count from "${schema}"."${name}"`);
    const kind = schema !== "public" ? "engine" : businessTables.includes(name) ? "business" : historyTables.includes(name) ? "history" : "engine";
    rows[kind] += counted?.count ?? Number.NaN;
  }
  return rows;
}
