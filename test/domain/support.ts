import { newId } from "../../src/kernel/ids.ts";
import { connectOutbox, query, type AnyParticipant, type Delivery, type Later, type EventMessage, type Fate, type Published } from "../../src/outbox/index.ts";
import { courseEnrollmentParticipants } from "../../src/domain/course-enrollment/course-enrollment.participants.ts";
import { enrollInCourse } from "../../src/domain/course-enrollment/course-enrollment.service.ts";
import type { Mail } from "../../src/domain/mail/mailer.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

type Reply = EventMessage & { readonly payload: Record<string, unknown> };
interface Command {
  readonly enrollmentId: string;
  readonly courseId: string;
  readonly userId: string;
  readonly reason: string;
}

/** The domain on a database of its own, with nothing behind `publish`: the test says what becomes of an event and delivers commands itself. */
export class DomainTest {
  readonly published: Published[] = [];
  readonly mails: Mail[] = [];
  /** What becomes of every event from now on. */
  fate: Fate = "started";
  readonly #participants = courseEnrollmentParticipants({
    send: async (mail) => {
      this.mails.push(mail);
      return { accepted: true };
    },
  });

  private constructor(readonly db: TestDatabase) {}

  static async open(): Promise<DomainTest> {
    const test = new DomainTest(await createTestDatabase({ poolSize: 30 }));
    connectOutbox(
      test.db.orm.em,
      {
        apply: async (_em, events) => {
          test.published.push(...events);
          return events.map((event) => ({ messageId: event.id, fate: test.fate }));
        },
        claim: async () => ({ current: new Set(), unreadable: new Map(), held: new Set() }),
        save: async () => undefined,
        reclaim: () => ({ current: new Set(), unreadable: new Map(), held: new Set() }),
        peek: async () => ({ current: new Set(), unreadable: new Map(), held: new Set() }),
        putAside: async () => undefined,
        answersLater: async () => undefined,
        attemptsFailed: async () => undefined,
      },
      { send: () => undefined, listen: () => () => undefined },
    );
    return test;
  }

  get em() {
    return this.db.orm.em.fork();
  }

  async user(over: { active?: boolean; roles?: string[]; passwordHash?: string } = {}): Promise<string> {
    const id = newId();
    await query(
      this.em,
      "insert into app_user (id, email, password_hash, full_name, time_zone, roles, active) values ($1, $2, $3, 'Fi Tavgor', 'Asia/Kolkata', $4, $5)",
      [id, `${id}@demo.example`, over.passwordHash ?? "none", over.roles ?? ["LEARNER"], over.active ?? true],
    );
    if (over.roles?.includes("MENTOR") === true) await query(this.em, "insert into mentor_profile (user_id) values ($1)", [id]);
    return id;
  }

  async users(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, () => this.user()));
  }

  async course(over: { status?: string; capacity?: number; opensIn?: string; closesIn?: string; mentorId?: string; title?: string } = {}): Promise<string> {
    const id = newId();
    await query(this.em, "insert into category (id, name, description) values ($1, $2, '')", [id, id]);
    await query(
      this.em,
      `insert into course (id, mentor_id, category_id, title, description, level, status, capacity, enrollment_opens_at, enrollment_closes_at)
       values ($1, $2, $1, $3, 'Short lessons.', 'BEGINNER', $4, $5, now() + $6::interval, now() + $7::interval)`,
      [
        id,
        over.mentorId ?? (await this.user()),
        over.title ?? `Course ${id}`,
        over.status ?? "PUBLISHED",
        over.capacity ?? null,
        over.opensIn ?? null,
        over.closesIn ?? null,
      ],
    );
    return id;
  }

  async enroll(learnerId: string, courseId: string, idempotencyKey: string = newId()): Promise<string> {
    return this.db.transaction(async (em) => (await enrollInCourse(em, { learnerId, courseId, idempotencyKey })).enrollmentId);
  }

  /** Seats as counted on the course and as held by its enrollments. */
  async seats(courseId: string): Promise<{ taken: number; held: number }> {
    const [row] = await this.db.sql<{ taken: number; held: number }>(
      "select seats_taken as taken, (select count(*)::int from course_enrollment where course_id = course.id and seat_held) as held from course where id = $1",
      [courseId],
    );
    return row ?? { taken: -1, held: -1 };
  }

  async row(enrollmentId: string): Promise<Record<string, unknown>> {
    const [row] = await this.db.sql("select * from course_enrollment where id = $1", [enrollmentId]);
    return row ?? {};
  }

  /** Delivers one command per enrollment in one batch, as a run of its own unless `runId` says that it is a repeated attempt. */
  async deliver(command: string, enrollmentIds: readonly string[], runId?: string): Promise<Reply[]> {
    const rows = await query<{ id: string; course_id: string; learner_id: string }>(
      this.em,
      "select id, course_id, learner_id from course_enrollment where id = any($1)",
      [enrollmentIds],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    const deliveries = enrollmentIds.map((enrollmentId): Delivery<Command> => {
      const row = byId.get(enrollmentId);
      const payload = { enrollmentId, courseId: row?.course_id ?? newId(), userId: row?.learner_id ?? newId(), reason: "test" };
      return { payload, messageId: newId(), runId: runId ?? newId(), attempt: 1, sagaId: null };
    });
    return (await this.#carryOut(this.#participant(command), deliveries)) as Reply[];
  }

  async #carryOut(participant: AnyParticipant, deliveries: readonly Delivery<Command>[]): Promise<readonly (EventMessage | Later)[]> {
    if (participant.mode === "transactional") return this.db.transaction((em) => participant.handleAll(em, deliveries));
    const inputs: readonly unknown[] = await participant.loadAll(this.em, deliveries);
    const done = await Promise.all(
      deliveries.map(async (delivery, index) => ({
        delivery,
        input: inputs[index],
        output: (await participant.perform(inputs[index], delivery, AbortSignal.timeout(5_000))) as unknown,
      })),
    );
    return this.db.transaction((em) => participant.recordAll(em, done));
  }

  #participant(command: string): AnyParticipant {
    const found = this.#participants.find((participant) => (participant.command as { name: string }).name === command);
    if (found === undefined) throw new Error(`No participant takes ${command}`);
    return found;
  }
}
