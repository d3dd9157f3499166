import { courseEnrollmentParticipants } from "../../src/domain/course-enrollment/course-enrollment.participants.ts";
import { cancelEnrollment, enrollInCourse } from "../../src/domain/course-enrollment/course-enrollment.service.ts";
import type { Mail, Mailer } from "../../src/domain/mail/mailer.ts";
import { newId } from "../../src/kernel/ids.ts";
import type { AnyParticipant } from "../../src/outbox/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "./engine.ts";
import { waitFor } from "./wait.ts";

/** A mail server in memory whose every answer the test can choose; mails are kept in the order of their arrival. */
export class ScriptedMailer implements Mailer {
  readonly mails: Mail[] = [];
  attempts = 0;
  /** Called with every attempt; what it throws is the server's answer. */
  answer: (mail: Mail, attempt: number) => void | Promise<void> = () => undefined;

  async send(mail: Mail): Promise<{ accepted: true }> {
    this.attempts += 1;
    await this.answer(mail, this.attempts);
    this.mails.push(mail);
    return { accepted: true };
  }
}

export interface Enrollments extends TestEngine {
  readonly mailer: ScriptedMailer;
  learner(): Promise<string>;
  course(capacity?: number | null): Promise<string>;
  enroll(learnerId: string, courseId: string): Promise<string>;
  cancel(enrollmentId: string): Promise<void>;
  row(
    enrollmentId: string,
  ): Promise<{ status: string; seat_held: boolean; failure_code: string | null; access_granted_at: Date | null; confirmed_at: Date | null }>;
  seatsTaken(courseId: string): Promise<number>;
  violations(): Promise<unknown[]>;
  history(enrollmentId: string): Promise<string[]>;
}

type Replace = (participants: readonly AnyParticipant[]) => readonly AnyParticipant[];

/** The enrollment saga on the real engine and database; only the mail server is scripted. */
export async function createEnrollments(options: Partial<TestEngineOptions> & { replace?: Replace } = {}): Promise<Enrollments> {
  const mailer = new ScriptedMailer();
  const participants = courseEnrollmentParticipants(mailer);
  const { replace, ...rest } = options;
  const engine = await createTestEngine({ sagas, participants: replace?.(participants) ?? participants, ...rest });
  const { sql, transaction } = engine;
  return {
    ...engine,
    mailer,
    async learner() {
      const id = newId();
      await sql(
        "insert into app_user (id, email, password_hash, full_name, time_zone, roles) values ($1, $2, 'none', 'Fi Tavgor', 'Asia/Kolkata', '{LEARNER}')",
        [id, `${id}@demo.example`],
      );
      return id;
    },
    async course(capacity = null) {
      const [id, categoryId, mentorId] = [newId(), newId(), newId()];
      await sql("insert into app_user (id, email, password_hash, full_name, time_zone, roles) values ($1, $2, 'none', 'Me Ntor', 'UTC', '{LEARNER,MENTOR}')", [
        mentorId,
        `${mentorId}@demo.example`,
      ]);
      await sql("insert into mentor_profile (user_id) values ($1)", [mentorId]);
      await sql("insert into category (id, name, description) values ($1, $2, '')", [categoryId, categoryId]);
      await sql(
        "insert into course (id, mentor_id, category_id, title, description, level, status, capacity) values ($1, $2, $3, $4, 'Short lessons.', 'BEGINNER', 'PUBLISHED', $5)",
        [id, mentorId, categoryId, `Course ${id}`, capacity],
      );
      return id;
    },
    async enroll(learnerId, courseId) {
      return transaction(async (em) => (await enrollInCourse(em, { learnerId, courseId, idempotencyKey: newId() })).enrollmentId);
    },
    async cancel(enrollmentId) {
      const [row] = await sql<{ learner_id: string }>("select learner_id from course_enrollment where id = $1", [enrollmentId]);
      const actor = { id: row?.learner_id ?? "", roles: ["LEARNER"] as const };
      await transaction((em) => cancelEnrollment(em, { enrollmentId, actor, note: null, idempotencyKey: null }));
    },
    async row(enrollmentId) {
      const [row] = await sql("select status, seat_held, failure_code, access_granted_at, confirmed_at from course_enrollment where id = $1", [enrollmentId]);
      return row as never;
    },
    async seatsTaken(courseId) {
      const [row] = await sql<{ seats_taken: number }>("select seats_taken from course where id = $1", [courseId]);
      return row?.seats_taken ?? -1;
    },
    violations: () => sql("select * from ops.invariant_violation"),
    async history(enrollmentId) {
      const rows = await sql<{ line: string }>(
        `select format('%s %s %s>%s %s', e.sequence, e.kind, e.from_state, e.to_state, e.status) as line from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 order by e.sequence`,
        [enrollmentId],
      );
      return rows.map((row) => row.line);
    },
  };
}

/** Waits until no message is under way: outbox and queues are empty. */
export const untilQuiet = (engine: TestEngine): Promise<unknown> =>
  waitFor(
    async () => {
      const [row] = await engine.sql<{ busy: number }>(
        "select ((select count(*) from outbox where deliver_at < now() + interval '5 seconds') + (select count(*) from pgboss.job where state < 'completed' and name not like '\\_\\_%'))::int as busy",
      );
      return row?.busy === 0;
    },
    { timeoutMs: 30_000, describe: "outbox and queues to be empty" },
  );
