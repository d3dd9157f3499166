import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../../src/domain/actor.ts";
import type { Mail } from "../../src/domain/mail/mailer.ts";
import { mentoringSessionParticipants } from "../../src/domain/mentoring-session/mentoring-session.participants.ts";
import { bookMentoringSession } from "../../src/domain/mentoring-session/mentoring-session.service.ts";
import { newId } from "../../src/kernel/ids.ts";
import { mentoringSession } from "../../src/sagas/mentoring-session.ts";
import { createTestEngine, type TestEngine } from "./engine.ts";

/** Mentoring sessions with their own saga and participants, on a database of their own; mails are kept. */
export class SessionTest {
  readonly mails: Mail[] = [];
  /** What the mail server says to an address. */
  readonly refusals = new Map<string, Error>();

  private constructor(readonly engine: TestEngine) {}

  static async open(): Promise<SessionTest> {
    let test: SessionTest | undefined;
    const mailer = {
      async send(mail: Mail) {
        const refusal = test?.refusals.get(mail.to);
        if (refusal !== undefined) throw refusal;
        test?.mails.push(mail);
        return { accepted: true as const };
      },
    };
    const engine = await createTestEngine({
      sagas: [mentoringSession],
      participants: mentoringSessionParticipants({ mailer, meetingUrlTemplate: "https://meet.example/{id}" }),
    });
    test = new SessionTest(engine);
    return test;
  }

  async person(over: { roles?: string[]; active?: boolean; timeZone?: string; maxSessionsPerWeek?: number; minNoticeHours?: number } = {}): Promise<Actor> {
    const id = newId();
    const roles = ["LEARNER", ...(over.roles ?? [])] as Actor["roles"];
    await this.engine.sql(
      "insert into app_user (id, email, password_hash, full_name, time_zone, roles, active) values ($1, $2, 'none', 'Fi Tavgor', $3, $4, $5)",
      [id, `${id}@demo.example`, over.timeZone ?? "Asia/Kolkata", roles, over.active ?? true],
    );
    if (roles.includes("MENTOR")) {
      await this.engine.sql("insert into mentor_profile (user_id, max_sessions_per_week, min_notice_hours) values ($1, $2, $3)", [
        id,
        over.maxSessionsPerWeek ?? 60,
        over.minNoticeHours ?? 12,
      ]);
    }
    return { id, roles };
  }

  mentor(over: Parameters<SessionTest["person"]>[0] = {}): Promise<Actor> {
    return this.person({ ...over, roles: ["MENTOR"] });
  }

  async course(mentor: Actor, status = "PUBLISHED"): Promise<string> {
    const id = newId();
    await this.engine.sql("insert into category (id, name, description) values ($1, $2, '')", [id, id]);
    await this.engine.sql(
      "insert into course (id, mentor_id, category_id, title, description, level, status) values ($1, $2, $1, $3, 'Short lessons.', 'BEGINNER', $4)",
      [id, mentor.id, `Course ${id}`, status],
    );
    return id;
  }

  /** A slot of an hour that begins `hours` from now, or at an instant. */
  async slot(mentor: Actor, hours: number | Date): Promise<string> {
    const id = newId();
    const from = hours instanceof Date ? "$3::timestamptz" : "now() + make_interval(mins => ($3::numeric * 60)::int)";
    await this.engine.sql(
      `insert into schedule (id, mentor_id, during, time_zone) select $1, $2, tstzrange(f, f + interval '1 hour'), 'Europe/Lisbon' from (select ${from} as f) x`,
      [id, mentor.id, hours],
    );
    return id;
  }

  book(learner: Actor, scheduleId: string, courseId: string, over: { note?: string | null; idempotencyKey?: string } = {}): Promise<string> {
    const request = { learnerId: learner.id, scheduleId, courseId, type: "VIRTUAL" as const, note: null, idempotencyKey: newId(), ...over };
    return this.write(async (em) => (await bookMentoringSession(em, request)).sessionId);
  }

  write<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.engine.transaction(work);
  }

  async row(id: string): Promise<Record<string, unknown>> {
    return (await this.engine.sql("select * from mentoring_session where id = $1", [id]))[0] ?? {};
  }

  /** Unreleased claims, by slot. */
  async claims(sessionId: string): Promise<string[]> {
    const rows = await this.engine.sql<{ schedule_id: string }>(
      "select schedule_id from slot_claim where session_id = $1 and released_at is null order by id",
      [sessionId],
    );
    return rows.map((row) => row.schedule_id);
  }

  /** Waits until the session's process is in this state and status. */
  until(id: string, is: string) {
    return this.engine.until("MentoringSession", id, ({ state, status }) => `${state} ${status}` === is, `session ${id} to be ${is}`);
  }

  /** Moves a session with its slots and claims, so that it begins `hours` from now; negative: it has begun. */
  async shift(id: string, hours: number): Promise<void> {
    await this.engine.sql(
      `with moved as (
         update schedule d set during = tstzrange(f, f + (upper(d.during) - lower(d.during)))
         from (select now() + make_interval(mins => ($2::numeric * 60)::int) as f) x, mentoring_session s where s.id = $1 and d.id = s.schedule_id returning d.id, d.during)
       update slot_claim k set during = moved.during from moved where k.schedule_id = moved.id and k.session_id = $1`,
      [id, hours],
    );
  }

  violations() {
    return this.engine.sql("select * from ops.violation_mentoring_session");
  }

  dispose(): Promise<void> {
    return this.engine.dispose();
  }
}
