import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createIdentity, loadSigningKey } from "../../src/gateways/identity.ts";
import { newId } from "../../src/kernel/ids.ts";
import type { Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

const ENROLL =
  "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { courseEnrollment { id } saga { id } userErrors { code message } } }";

/**
 * Learners who each enroll once and do not give up: a request without an answer is repeated, with the same key, at whatever
 * program is running then. What was acknowledged is remembered and has to be there in the end.
 */
export class EnrollmentLoad {
  readonly dataDir = mkdtempSync(join(tmpdir(), "mentorplatform-chaos-"));
  readonly courseId = newId();
  readonly acknowledged = new Map<string, string>();
  private readonly count: number;
  private readonly learners: { id: string; key: string; token: string }[] = [];

  constructor(count: number) {
    this.count = count;
    mkdirSync(this.dataDir, { recursive: true });
  }

  /** People, course and tokens, straight into the database. */
  async prepare(databaseUrl: string): Promise<void> {
    const identity = await createIdentity({ privateKey: loadSigningKey(null, this.dataDir), ttlSeconds: 3_600 });
    const [mentorId, categoryId] = [newId(), newId()];
    for (let index = 0; index < this.count; index++) {
      const id = newId();
      const { accessToken } = await identity.issue({ id, roles: ["LEARNER"], tokenGeneration: 1 });
      this.learners.push({ id, key: newId(), token: accessToken });
    }
    await onDatabase(databaseUrl, async (sql) => {
      await sql(
        "insert into app_user (id, email, password_hash, full_name, time_zone, roles) select id, id || '@demo.example', 'none', 'Fi Tavgor', 'UTC', '{LEARNER}' from unnest($1::uuid[]) as id",
        [[mentorId, ...this.learners.map((one) => one.id)]],
      );
      await sql("insert into category (id, name, description) values ($1, 'Chaos', '')", [categoryId]);
      await sql(
        "insert into course (id, mentor_id, category_id, title, description, level, status, capacity) values ($1, $2, $3, 'Chaos', 'Short.', 'BEGINNER', 'PUBLISHED', 10000)",
        [this.courseId, mentorId, categoryId],
      );
    });
  }

  /** Lets everybody who has no answer yet ask, at most 20 at a time, until the program is gone or all have one. */
  async enroll(program: Program): Promise<void> {
    const waiting = this.learners.filter((one) => !this.acknowledged.has(one.key));
    const url = program.ready.urls?.graphql ?? "";
    const ask = async (): Promise<void> => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
        const answer = await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${one.token}` },
          body: JSON.stringify({ query: ENROLL, variables: { course: this.courseId, key: one.key } }),
        })
          .then(
            (response) => response.json() as Promise<{ data?: { enrollInCourse: { courseEnrollment: { id: string } | null; userErrors: unknown[] } | null } }>,
          )
          .catch(() => null);
        if (answer === null) return;
        const id = answer.data?.enrollInCourse?.courseEnrollment?.id;
        if (id === undefined) throw new Error(`An enrollment was refused: ${JSON.stringify(answer)}`);
        this.acknowledged.set(one.key, id);
      }
    };
    await Promise.all(Array.from({ length: 20 }, ask));
  }

  /** Waits until every saga has ended, then reports what is in the database and in the mailbox. */
  async outcome(databaseUrl: string): Promise<Outcome> {
    return onDatabase(databaseUrl, async (sql) => {
      const open = "select state, status, count(*)::int, min(reason_message) as reason from saga where finished_at is null group by 1, 2";
      await waitFor(async () => (await sql("select count(*)::int as count from saga where finished_at is not null"))[0]?.["count"] === this.count, {
        timeoutMs: 90_000,
        describe: async () => `${this.count} sagas to end; open are ${JSON.stringify(await sql(open))}`,
      });
      const one = async (text: string): Promise<number> => Number((await sql(text))[0]?.["count"]);
      return {
        acknowledgedAndThere: await one(`select count(*) from course_enrollment where id = any('{${[...this.acknowledged.values()].join(",")}}')`),
        active: await one("select count(*) from course_enrollment where status = 'ACTIVE' and seat_held and access_granted_at is not null"),
        enrollments: await one("select count(*) from course_enrollment"),
        seatsTaken: await one("select seats_taken as count from course where title = 'Chaos'"),
        transitionsPerSaga: (await sql("select distinct count(*)::int as n from saga_event where kind = 'TRANSITION' group by saga_id order by 1")).map(
          (row) => row["n"],
        ),
        mailsRecordedOnce: await one("select count(*) from (select about_id from mail_message group by about_id having count(*) = 1) m"),
        mailsReceived: new Set(readdirSync(join(this.dataDir, "mail")).filter((name) => name.endsWith(".eml"))).size,
        ignored: await one("select count(*) from saga_event where kind = 'MESSAGE_IGNORED'"),
        failedAttempts: await one("select count(*) from saga_event where kind = 'ATTEMPT_FAILED'"),
        violations: await sql("select * from ops.invariant_violation"),
      };
    });
  }

  dispose(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export interface Outcome {
  readonly acknowledgedAndThere: number;
  readonly active: number;
  readonly enrollments: number;
  readonly seatsTaken: number;
  readonly transitionsPerSaga: unknown[];
  readonly mailsRecordedOnce: number;
  readonly mailsReceived: number;
  readonly ignored: number;
  readonly failedAttempts: number;
  readonly violations: unknown[];
}

type Sql = (text: string, parameters?: unknown[]) => Promise<Record<string, unknown>[]>;

export async function onDatabase<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(async (text, parameters) => (await client.query<Record<string, unknown>>(text, parameters)).rows);
  } finally {
    await client.end();
  }
}
