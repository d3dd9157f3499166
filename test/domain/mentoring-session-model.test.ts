import fc from "fast-check";
import type { Actor } from "../../src/domain/actor.ts";
import {
  answerReschedule,
  cancelMentoringSession,
  completeMentoringSession,
  findLapsedProposals,
  lapseProposal,
  rescheduleMentoringSession,
} from "../../src/domain/mentoring-session/mentoring-session.service.ts";
import { InvalidRequest, Refusal } from "../../src/kernel/errors.ts";
import { asyncProperty } from "../support/property.ts";
import { SessionTest } from "../support/sessions.ts";
import { waitFor } from "../support/wait.ts";

// Random lives of a few people's sessions on a real database, several things at once, while the processes do their part. After each
// round, what must never be is not, and what is open and what is held agree with what people were told.

let t: SessionTest;
beforeAll(async () => {
  t = await SessionTest.open();
  await t.engine.start();
});
afterAll(() => t.dispose());

interface Action {
  readonly kind: "book" | "propose" | "accept" | "decline" | "lapse" | "cancel" | "complete" | "begin" | "settle" | "deadline";
  readonly who: number;
  readonly which: number;
  readonly slot: number;
}
const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom("book", "book", "book", "propose", "propose", "accept", "decline", "lapse", "cancel", "complete", "begin", "settle", "deadline"),
  who: fc.nat(3),
  which: fc.nat(1_000),
  slot: fc.nat(1_000),
});
/** Rounds of up to three things that happen at the same time. */
const rounds = fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { minLength: 6, maxLength: 16 });

/** Two mentors and two learners. Both mentors have slots at the same hours, so that everybody can be in everybody's way. */
class World {
  readonly sessions: { id: string; learner: Actor; mentor: Actor }[] = [];

  private constructor(
    readonly people: readonly Actor[],
    readonly courses: readonly string[],
    readonly slots: readonly { id: string; mentor: number }[],
  ) {}

  static async open(): Promise<World> {
    const mentors = [await t.mentor({ minNoticeHours: 0 }), await t.mentor({ minNoticeHours: 0 })];
    const learners = [await t.person(), await t.person()];
    const courses = [];
    const slots = [];
    const from = Date.now() + 50 * 3_600_000;
    for (const [mentor, actor] of mentors.entries()) {
      courses.push(await t.course(actor));
      for (const hour of [0, 1, 2, 3]) slots.push({ id: await t.slot(actor, new Date(from + hour * 3_600_000)), mentor });
    }
    return new World([...mentors, ...learners], courses, slots);
  }

  async act({ kind, who, which, slot }: Action): Promise<void> {
    const place = this.slots[slot % this.slots.length];
    const session = this.sessions.length === 0 ? undefined : this.sessions[which % this.sessions.length];
    if (place === undefined) return;
    if (kind === "book") {
      const [learner, mentor, course] = [this.people[who], this.people[place.mentor], this.courses[place.mentor]];
      if (learner === undefined || mentor === undefined || course === undefined) return;
      const id = await t.book(learner, place.id, course);
      this.sessions.push({ id, learner, mentor });
      return;
    }
    if (session === undefined) return;
    const { id, learner, mentor } = session;
    switch (kind) {
      case "propose": {
        const own = this.slots.filter((one) => this.people[one.mentor] === mentor);
        return t.write((em) =>
          rescheduleMentoringSession(em, { sessionId: id, actor: mentor, scheduleId: own[slot % own.length]?.id ?? "", note: "Another time." }),
        );
      }
      case "accept":
        return t.write((em) => answerReschedule(em, { sessionId: id, actor: learner, accept: true }));
      case "decline":
        return t.write((em) => answerReschedule(em, { sessionId: id, actor: learner, accept: false }));
      case "lapse":
        await t.engine.sql("update mentoring_session set proposal_expires_at = now() where id = $1 and status = 'RESCHEDULING'", [id]);
        for (const lapsed of await findLapsedProposals(t.engine.em(), 10)) await t.write((em) => lapseProposal(em, lapsed));
        return;
      case "cancel":
        return t.write((em) => cancelMentoringSession(em, { sessionId: id, actor: who % 2 === 0 ? learner : mentor, note: null }));
      case "complete":
        if (which % 3 > 0) await this.begin(id, which);
        return t.write((em) => completeMentoringSession(em, { sessionId: id, actor: mentor, outcome: who % 2 === 0 ? "HELD" : "LEARNER_NO_SHOW" }));
      case "begin":
        // The session's minute comes: times in the past do not overlap with anything to come.
        return this.begin(id, which);
      case "deadline":
        await t.engine.sql("update saga set deadline_at = now() where subject_id = $1 and state = 'SessionScheduled' and status = 'WAITING'", [id]);
        return;
      case "settle":
        return settled();
    }
  }

  /** In one statement, so that nobody sees a slot that differs from its claim. Of sessions that stand and have no proposal open. */
  private async begin(id: string, which: number): Promise<void> {
    await t.engine.sql(
      `with due as (
         select d.id, tstzrange(f, f + interval '15 minutes') as during
         from mentoring_session s join schedule d on d.id = s.schedule_id join slot_claim k on k.session_id = s.id and k.released_at is null,
              lateral (select now() - interval '10 minutes' - make_interval(days => $2::int) as f) x
         where s.id = $1 and s.status = 'SCHEDULED' and lower(d.during) > now()
       ), moved as (update schedule d set during = due.during from due where d.id = due.id and not exists (
         select from schedule o where o.mentor_id = d.mentor_id and o.during && due.during) returning d.id, d.during)
       update slot_claim k set during = moved.during from moved where k.schedule_id = moved.id`,
      [id, which % 300],
    );
  }
}

/** Nothing is under way: every process waits for people or the clock, or has ended. */
const settled = (): Promise<void> =>
  waitFor(async () => (await t.engine.sql("select 1 from saga where finished_at is null and status <> 'WAITING' limit 1")).length === 0, {
    describe: () => "all processes to settle",
  }).then(() => undefined);

/** What a rule says no to is no trouble; everything else is. */
async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof InvalidRequest)) throw error;
    return false;
  }
}

const overlaps = () =>
  t.engine.sql(
    `select 1 from slot_claim a join slot_claim b on a.id < b.id and a.during && b.during
       and (a.mentor_id in (b.mentor_id, b.learner_id) or a.learner_id in (b.mentor_id, b.learner_id))
     where a.released_at is null and b.released_at is null`,
  );

asyncProperty(
  "whatever people do to their sessions at once, nobody is in two places, and each session holds exactly what it should",
  () =>
    fc.asyncProperty(rounds, async (plan) => {
      const world = await World.open();
      for (const round of plan) {
        await Promise.all(
          round.map(async (one) => {
            if (await succeeds(world.act(one))) taken.add(one.kind);
          }),
        );
        expect(await overlaps()).toEqual([]);
        expect(await t.violations()).toEqual([]);
      }
      await settled();
      expect(await t.violations()).toEqual([]);
      const ids = world.sessions.map(({ id }) => id);
      const rows = await t.engine.sql<{ id: string; status: string; outcome: string | null; failure_code: string | null; claims: number }>(
        `select id, status, outcome, failure_code, (select count(*)::int from slot_claim k where k.session_id = s.id and released_at is null) as claims
         from mentoring_session s where id = any($1)`,
        [ids],
      );
      expect(rows).toHaveLength(ids.length);
      for (const { status, outcome, failure_code, claims } of rows) {
        expect([status, claims]).toEqual([status, { SCHEDULED: 1, RESCHEDULING: 2, COMPLETED: 0, CANCELLED: 0 }[status]]);
        expect(outcome === null).toBe(status !== "COMPLETED");
        expect(failure_code === null).toBe(status !== "CANCELLED");
      }
    }),
  // All of it happened, so that all of it was looked at.
  () => expect([...taken]).toEqual(expect.arrayContaining(["book", "propose", "accept", "decline", "lapse", "cancel", "complete"])),
  20,
);
const taken = new Set<string>();
