import {
  answerReschedule,
  cancelComingSessions,
  cancelMentoringSession,
  completeMentoringSession,
  findLapsedProposals,
  lapseProposal,
  rescheduleMentoringSession,
} from "../../src/domain/mentoring-session/mentoring-session.service.ts";
import { lapsingProposals } from "../../src/domain/chores.ts";
import { Sweeper } from "../../src/domain/sweeper.ts";
import type { Actor } from "../../src/domain/actor.ts";
import type { SessionOutcome } from "../../src/domain/mentoring-session/mentoring-session.ts";
import { Permanent, Refusal, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { createLog } from "../../src/kernel/log.ts";
import { SessionTest } from "../support/sessions.ts";
import { waitFor } from "../support/wait.ts";

let t: SessionTest;
beforeAll(async () => {
  t = await SessionTest.open();
  await t.engine.start();
});
afterEach(async () => {
  t.refusals.clear();
  expect(await t.violations()).toEqual([]);
});
afterAll(() => t.dispose());

const codesOf = (work: Promise<unknown>): Promise<string[]> =>
  work.then(
    () => [],
    (error: unknown) => {
      if (error instanceof Refusal) return [error, ...error.others].map(({ code }) => code);
      throw error;
    },
  );
const cancel = (actor: Actor, sessionId: string, note: string | null = null) => t.write((em) => cancelMentoringSession(em, { sessionId, actor, note }));
const propose = (actor: Actor, sessionId: string, scheduleId: string, note = "I am away.") =>
  t.write((em) => rescheduleMentoringSession(em, { sessionId, actor, scheduleId, note }));
const answer = (actor: Actor, sessionId: string, accept: boolean) => t.write((em) => answerReschedule(em, { sessionId, actor, accept }));
const complete = (actor: Actor, sessionId: string, outcome: SessionOutcome = "HELD") =>
  t.write((em) => completeMentoringSession(em, { sessionId, actor, outcome }));

interface Scene {
  readonly mentor: Actor;
  readonly learner: Actor;
  readonly courseId: string;
}
async function scene(over: Parameters<SessionTest["mentor"]>[0] = {}): Promise<Scene> {
  const mentor = await t.mentor(over);
  return { mentor, learner: await t.person(), courseId: await t.course(mentor) };
}

/** A session that both have been told of. */
async function scheduled({ mentor, learner, courseId }: Scene, hours = 72): Promise<{ id: string; slot: string }> {
  const slot = await t.slot(mentor, hours);
  const id = await t.book(learner, slot, courseId);
  await t.until(id, "SessionScheduled WAITING");
  return { id, slot };
}
const mailsTo = (actor: Actor) => t.mails.filter(({ to }) => to === `${actor.id}@demo.example`);
const notesOf = async (actor: Actor) =>
  (await t.engine.sql<{ title: string }>("select title from notification where user_id = $1 order by created_at, id", [actor.id])).map(({ title }) => title);

describe("booking", () => {
  test("claims the slot at once, is found good, and both are told and invited", async () => {
    const s = await scene();
    const slot = await t.slot(s.mentor, 72);
    const id = await t.book(s.learner, slot, s.courseId, { note: "  Indexes, please.  " });
    expect(await t.claims(id)).toEqual([slot]);
    await t.until(id, "SessionScheduled WAITING");
    expect(await t.row(id)).toMatchObject({ status: "SCHEDULED", note: "Indexes, please.", meeting_url: `https://meet.example/${id}`, failure_code: null });
    for (const person of [s.mentor, s.learner]) {
      expect(await notesOf(person)).toEqual(["Session booked"]);
      const [mail, ...others] = mailsTo(person);
      expect(others).toEqual([]);
      expect(mail?.calendar).toMatchObject({ method: "REQUEST", uid: `${id}@mentorplatform.invalid`, sequence: 0, url: `https://meet.example/${id}` });
      expect(mail?.text).toContain("Asia/Kolkata");
      const addressee = `${(person === s.mentor ? s.learner : s.mentor).id}@demo.example`;
      expect(JSON.stringify(mail)).not.toContain(addressee);
    }
    expect(new Set(t.mails.map(({ messageId }) => messageId)).size).toBe(t.mails.length);
  });

  test("of 64 learners who want one slot, one gets it, and 63 hear that it is taken", async () => {
    const mentor = await t.mentor();
    const [courseId, slot] = [await t.course(mentor), await t.slot(mentor, 72)];
    const learners = await Promise.all(Array.from({ length: 64 }, () => t.person()));
    const codes = await Promise.all(learners.map((learner) => codesOf(t.book(learner, slot, courseId))));
    expect(codes.filter((one) => one.length === 0)).toHaveLength(1);
    expect(codes.flat()).toEqual(Array.from({ length: 63 }, () => "SLOT_TAKEN"));
    expect(await t.engine.sql("select 1 from slot_claim where schedule_id = $1", [slot])).toHaveLength(1);
  });

  test("nobody is in two places: not as learner twice, not as mentor here and learner there, however the two are told apart in time", async () => {
    const [a, b] = [await scene(), await scene()];
    const at = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 80 * 3_600_000);
    const [slotA, slotB] = [await t.slot(a.mentor, at), await t.slot(b.mentor, at)];
    await t.book(a.learner, slotA, a.courseId);
    expect(await codesOf(t.book(a.learner, slotB, b.courseId))).toEqual(["LEARNER_BUSY"]);
    expect(await codesOf(t.book(a.learner, slotA, a.courseId))).toEqual(["LEARNER_BUSY"]);
    expect(await codesOf(t.book(a.mentor, slotB, b.courseId))).toEqual(["LEARNER_BUSY"]);

    // Two mentors who book each other for the same hour at the same moment.
    const [c, d] = [await scene(), await scene()];
    const [slotC, slotD] = [await t.slot(c.mentor, at), await t.slot(d.mentor, at)];
    const codes = await Promise.all([codesOf(t.book(d.mentor, slotC, c.courseId)), codesOf(t.book(c.mentor, slotD, d.courseId))]);
    expect(codes.filter((one) => one.length === 0)).toHaveLength(1);
  });

  test("says everything that is wrong at once, in the order of the arguments", async () => {
    const s = await scene();
    const other = await t.course(await t.mentor());
    const soon = await t.slot(s.mentor, 5);
    expect(await codesOf(t.book(s.learner, soon, other, { note: "x".repeat(501) }))).toEqual(["INVALID", "TOO_SHORT_NOTICE", "COURSE_OF_ANOTHER_MENTOR"]);
    expect(await codesOf(t.book(s.learner, newId(), newId()))).toEqual(["NOT_FOUND", "NOT_FOUND"]);
    expect(await codesOf(t.book(s.learner, "nonsense", await t.course(s.mentor, "DRAFT")))).toEqual(["NOT_FOUND", "NOT_FOUND"]);
    expect(await codesOf(t.book(s.mentor, await t.slot(s.mentor, 30), s.courseId))).toEqual(["INVALID"]);
    const withdrawn = await t.slot(s.mentor, 40);
    await t.engine.sql("update schedule set withdrawn_at = now() where id = $1", [withdrawn]);
    expect(await codesOf(t.book(s.learner, withdrawn, s.courseId))).toEqual(["SLOT_WITHDRAWN"]);
    const gone = await scene({ active: false });
    expect(await codesOf(t.book(s.learner, await t.slot(gone.mentor, 40), gone.courseId))).toEqual(["MENTOR_UNAVAILABLE"]);
    const off = await t.person({ active: false });
    expect(await codesOf(t.book(off, await t.slot(s.mentor, 50), s.courseId))).toEqual(["ACCOUNT_INACTIVE"]);
    const past = await scene({ minNoticeHours: 0 });
    expect(await codesOf(t.book(s.learner, await t.slot(past.mentor, -2), past.courseId))).toEqual(["TOO_SHORT_NOTICE"]);
  });

  test("with the same key is the same session, with other arguments a mismatch", async () => {
    const s = await scene();
    const [slot, key] = [await t.slot(s.mentor, 72), newId()];
    const id = await t.book(s.learner, slot, s.courseId, { idempotencyKey: key });
    expect(await t.book(s.learner, slot, s.courseId, { idempotencyKey: key })).toBe(id);
    await expect(t.book(s.learner, slot, s.courseId, { idempotencyKey: key, note: "Other." })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_MISMATCH" });
  });
});

describe("a booking that is checked", () => {
  test("for the last place of a week together with others gets it once; the others hear so and their slots are open", async () => {
    const s = await scene({ maxSessionsPerWeek: 3, timeZone: "Pacific/Chatham" });
    // Monday noon in Chatham, some weeks ahead: everything below lies in one week there.
    const [{ monday }] = (await t.engine.sql<{ monday: Date }>(
      "select (date_trunc('week', now() at time zone 'Pacific/Chatham') + interval '21 days 12 hours') at time zone 'Pacific/Chatham' as monday",
    )) as [{ monday: Date }];
    await t.engine.pause();
    const hour = (count: number): Date => new Date(monday.getTime() + count * 3_600_000);
    const slots = await Promise.all([0, 2, 4, 6, 8, 10].map((count) => t.slot(s.mentor, hour(count))));
    const ids = await Promise.all(slots.map(async (slot) => t.book(await t.person(), slot, s.courseId)));
    // The week before and the week after are other weeks.
    const besides = await Promise.all([-13, 7 * 24 - 11].map(async (count) => t.book(await t.person(), await t.slot(s.mentor, hour(count)), s.courseId)));
    await t.engine.start();
    for (const id of besides) await t.until(id, "SessionScheduled WAITING");
    await waitFor(async () => {
      const rows = await t.engine.sql<{ status: string }>("select status from mentoring_session where id = any($1)", [ids]);
      return rows.every(({ status }) => status !== "PENDING");
    });
    const rows = await t.engine.sql<{ id: string; status: string; failure_code: string | null }>(
      "select id, status, failure_code from mentoring_session where id = any($1)",
      [ids],
    );
    expect(rows.map(({ status, failure_code }) => `${status} ${failure_code}`).toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => "CANCELLED MENTOR_WEEK_FULL"),
      ...Array.from({ length: 3 }, () => "SCHEDULED null"),
    ]);
    for (const { id, status } of rows) expect(await t.claims(id)).toHaveLength(status === "SCHEDULED" ? 1 : 0);
    // A place that is given back may be had.
    const [kept] = rows.filter(({ status }) => status === "SCHEDULED");
    await cancel(s.mentor, kept?.id ?? "");
    const [lost] = rows.filter(({ status }) => status === "CANCELLED");
    const again = await t.book(await t.person(), slots[ids.indexOf(lost?.id ?? "")] ?? "", s.courseId);
    await t.until(again, "SessionScheduled WAITING");
  });

  test("of a learner with five sessions to come fails, and only the learner is told; one that has ended makes room", async () => {
    const s = await scene();
    const open: string[] = [];
    for (const hours of [30, 33, 36, 39, 42]) open.push((await scheduled(s, hours)).id);
    const sixth = await t.book(s.learner, await t.slot(s.mentor, 45), s.courseId);
    await t.until(sixth, "SessionCancelled FAILED");
    expect(await t.row(sixth)).toMatchObject({ status: "CANCELLED", failure_code: "OPEN_SESSION_LIMIT", validated_at: null });
    await waitFor(async () => (await notesOf(s.learner)).includes("Session cancelled"));
    await waitFor(() => Promise.resolve(mailsTo(s.learner).some(({ subject }) => subject.startsWith("Cancelled"))));
    expect(await notesOf(s.mentor)).not.toContain("Session cancelled");
    expect(mailsTo(s.mentor).filter(({ subject }) => subject.startsWith("Cancelled"))).toEqual([]);
    await t.shift(open[0] ?? "", -1);
    await complete(s.mentor, open[0] ?? "");
    await t.until(await t.book(s.learner, await t.slot(s.mentor, 48), s.courseId), "SessionScheduled WAITING");
  });

  test.each([
    ["whose mentor has gone", "update app_user set active = false where id = $1", "MENTOR_UNAVAILABLE"],
    [
      "whose mentor is none any more",
      "with gone as (delete from mentor_profile where user_id = $1) update app_user set roles = '{LEARNER}' where id = $1",
      "MENTOR_UNAVAILABLE",
    ],
    ["whose slot was withdrawn", "update schedule set withdrawn_at = now() where mentor_id = $1", "SLOT_WITHDRAWN"],
    [
      "after its time has come",
      "update schedule set during = tstzrange(now() - interval '1 minute', now() + interval '59 minutes') where mentor_id = $1",
      "TOO_SHORT_NOTICE",
    ],
  ])("%s fails with its code and gives the slot back", async (_what, sql, code) => {
    const s = await scene();
    const slot = await t.slot(s.mentor, 72);
    await t.engine.pause();
    const id = await t.book(s.learner, slot, s.courseId);
    await t.engine.sql(sql, [s.mentor.id]);
    await t.engine.sql("update slot_claim k set during = d.during from schedule d where d.id = k.schedule_id and d.mentor_id = $1", [s.mentor.id]);
    await t.engine.start();
    await t.until(id, "SessionCancelled FAILED");
    expect(await t.row(id)).toMatchObject({ status: "CANCELLED", failure_code: code });
    expect(await t.claims(id)).toEqual([]);
  });
});

describe("a cancellation", () => {
  test("frees the slot at once, takes the invitations back, and tells both once", async () => {
    const s = await scene();
    const { id, slot } = await scheduled(s);
    await t.engine.pause();
    await cancel(s.learner, id, "I am ill.");
    expect(await t.claims(id)).toEqual([]);
    // Somebody else has it before the rest is undone.
    await t.book(await t.person(), slot, s.courseId);
    await t.engine.start();
    await t.until(id, "SessionCancelled CANCELLED");
    await cancel(s.mentor, id);
    expect(await t.row(id)).toMatchObject({
      status: "CANCELLED",
      failure_code: "CANCELLED_BY_USER",
      failure_message: "The session was cancelled by the learner: I am ill.",
    });
    await waitFor(async () => (await notesOf(s.learner)).includes("Session cancelled"));
    for (const person of [s.mentor, s.learner]) {
      const farewells = t.mails.filter(({ to, calendar }) => to === `${person.id}@demo.example` && calendar?.method === "CANCEL");
      expect(farewells).toHaveLength(1);
      expect(farewells[0]).toMatchObject({
        calendar: { uid: `${id}@mentorplatform.invalid`, sequence: 1 },
        text: expect.stringContaining("I am ill.") as string,
      });
      expect(await notesOf(person)).toContain("Session cancelled");
    }
    expect(await t.engine.sql("select 1 from mail_message where about_id = $1 and template = 'SESSION_BOOKED' and state = 'WITHDRAWN'", [id])).toHaveLength(2);
  });

  test("is closed to strangers, possible for administrators, and too late once the session has begun", async () => {
    const s = await scene();
    const { id } = await scheduled(s);
    expect(await codesOf(cancel(await t.person(), id))).toEqual(["NOT_FOUND"]);
    expect(await codesOf(cancel(s.learner, "nonsense"))).toEqual(["NOT_FOUND"]);
    expect(await codesOf(cancel(s.learner, id, "\0"))).toEqual(["INVALID"]);
    const second = await scheduled(s, 90);
    await cancel(await t.person({ roles: ["ADMIN"] }), second.id);
    await t.shift(id, -0.5);
    const before = (await t.engine.saga("MentoringSession", id))?.sequence;
    for (const actor of [s.learner, s.mentor]) expect(await codesOf(cancel(actor, id))).toEqual(["TOO_LATE_TO_CANCEL"]);
    expect((await t.engine.saga("MentoringSession", id))?.sequence).toBe(before);
    await complete(s.mentor, id);
    expect(await codesOf(cancel(s.learner, id))).toEqual(["TOO_LATE_TO_CANCEL"]);
    await t.until(second.id, "SessionCancelled CANCELLED");
  });

  test("while the booking is checked or told of undoes what was done", async () => {
    const s = await scene();
    await t.engine.pause();
    const id = await t.book(s.learner, await t.slot(s.mentor, 72), s.courseId);
    await cancel(s.learner, id);
    await t.engine.start();
    await t.until(id, "SessionCancelled CANCELLED");
    t.refusals.set(`${s.mentor.id}@demo.example`, new Transient("It does not answer"));
    const slow = await t.book(s.learner, await t.slot(s.mentor, 75), s.courseId);
    await waitFor(async () => (await t.engine.saga("MentoringSession", slow))?.status === "RETRYING");
    t.refusals.clear();
    await cancel(s.mentor, slow);
    await t.until(slow, "SessionCancelled CANCELLED");
    expect(
      mailsTo(s.learner)
        .filter(({ calendar }) => calendar?.uid.startsWith(slow) === true)
        .map(({ calendar }) => calendar?.method),
    ).toEqual(["REQUEST", "CANCEL"]);
    await waitFor(() => Promise.resolve(mailsTo(s.mentor).some(({ subject }) => subject.startsWith("Cancelled"))));
  });

  test("of everything to come of an account leaves what has begun or ended", async () => {
    const s = await scene();
    const [coming, asLearner, begun] = [await scheduled(s, 30), await scheduled({ ...(await scene()), learner: s.mentor }, 60), await scheduled(s, 33)];
    await t.shift(begun.id, -0.5);
    const admin = await t.person({ roles: ["ADMIN"] });
    expect(await t.write((em) => cancelComingSessions(em, { userId: s.mentor.id, actor: admin, reason: "The account was switched off." }))).toBe(2);
    for (const { id } of [coming, asLearner]) {
      expect(await t.claims(id)).toEqual([]);
      await t.until(id, "SessionCancelled CANCELLED");
    }
    expect((await t.row(coming.id))["failure_message"]).toBe("The session was cancelled by an administrator: The account was switched off.");
    expect(await t.row(begun.id)).toMatchObject({ status: "SCHEDULED" });
    expect(await t.write((em) => cancelComingSessions(em, { userId: s.mentor.id, actor: admin, reason: "Again." }))).toBe(0);
  });
});

describe("another time", () => {
  test("is proposed and accepted: the session moves, the earlier slot is free, and reminders and the end follow", async () => {
    const s = await scene();
    const { id, slot } = await scheduled(s);
    const proposed = await t.slot(s.mentor, 100);
    await propose(s.mentor, id, proposed);
    await propose(s.mentor, id, proposed);
    expect(await t.row(id)).toMatchObject({ status: "RESCHEDULING", proposed_schedule_id: proposed, proposal_note: "I am away." });
    expect(await t.claims(id)).toEqual([slot, proposed]);
    await waitFor(() => Promise.resolve(mailsTo(s.learner).some(({ subject, text }) => subject.startsWith("Another time") && text.includes("I am away."))));
    expect(mailsTo(s.mentor).some(({ subject }) => subject.startsWith("Another time"))).toBe(false);
    await Promise.all([answer(s.learner, id, true), answer(s.learner, id, true)]);
    expect(await t.row(id)).toMatchObject({ status: "SCHEDULED", schedule_id: proposed, proposed_schedule_id: null });
    expect(await t.claims(id)).toEqual([proposed]);
    const saga = await t.engine.saga("MentoringSession", id);
    const [{ start }] = (await t.engine.sql<{ start: Date }>("select lower(during) as start from schedule where id = $1", [proposed])) as [{ start: Date }];
    expect(saga?.deadlineAt).toEqual(new Date(start.getTime() + 25 * 3_600_000));
    expect(saga?.remindAt).toEqual(new Date(start.getTime() - 24 * 3_600_000));
    for (const person of [s.mentor, s.learner]) {
      await waitFor(() => Promise.resolve(mailsTo(person).filter(({ calendar }) => calendar?.method === "REQUEST").length === 2));
      expect(mailsTo(person).at(-1)?.calendar).toMatchObject({ uid: `${id}@mentorplatform.invalid`, sequence: 2, startsAt: start });
    }
    expect(mailsTo(s.learner).filter(({ subject }) => subject.startsWith("Another time"))).toHaveLength(1);
    const events = await t.engine.sql<{ message: string }>("select message from saga_event where saga_id = $1 and kind = 'TRANSITION' order by sequence", [
      saga?.id,
    ]);
    expect(events.slice(-2).map(({ message }) => message)).toEqual(["MentoringSessionStatusChangedEvent", "MentoringSessionStatusChangedEvent"]);
    await t.book(await t.person(), slot, s.courseId);
  });

  test("that is declined cancels the session, and both slots are free", async () => {
    const s = await scene();
    const { id, slot } = await scheduled(s);
    const proposed = await t.slot(s.mentor, 100);
    await propose(s.mentor, id, proposed);
    await Promise.all([answer(s.learner, id, false), answer(s.learner, id, false)]);
    expect(await t.claims(id)).toEqual([]);
    await t.until(id, "SessionCancelled CANCELLED");
    await answer(s.learner, id, false);
    expect(await t.row(id)).toMatchObject({ status: "CANCELLED", failure_code: "RESCHEDULE_DECLINED" });
    expect(await codesOf(answer(s.learner, id, true))).toEqual(["WRONG_STATE"]);
    for (const free of [slot, proposed]) await t.book(await t.person(), free, s.courseId);
  });

  test("that nobody answers lapses by the database's clock: the session stays, and the proposed slot is free", async () => {
    const s = await scene();
    const { id, slot } = await scheduled(s);
    const proposed = await t.slot(s.mentor, 100);
    await propose(s.mentor, id, proposed);
    expect(await codesOf(t.write((em) => lapseProposal(em, id)))).toEqual(["WRONG_STATE"]);
    await t.engine.sql("update mentoring_session set proposal_expires_at = now() where id = $1", [id]);
    for (const accept of [true, false]) expect(await codesOf(answer(s.learner, id, accept))).toEqual(["WRONG_STATE"]);
    const sweepers = [1, 2].map(
      () => new Sweeper(lapsingProposals, { em: t.engine.em, transaction: t.engine.transaction, log: createLog("error"), intervalMs: 20 }),
    );
    for (const sweeper of sweepers) sweeper.start();
    await waitFor(async () => (await t.row(id))["status"] === "SCHEDULED");
    for (const sweeper of sweepers) await sweeper.stop();
    expect(await t.claims(id)).toEqual([slot]);
    expect(await t.engine.em().transactional((em) => findLapsedProposals(em, 10))).toEqual([]);
    await waitFor(async () => (await notesOf(s.mentor)).filter((title) => title === "Proposal lapsed").length === 1);
    await t.book(await t.person(), proposed, s.courseId);
    expect(await codesOf(answer(s.learner, id, true))).toEqual(["WRONG_STATE"]);
  });

  test("expires after 48 hours, or two hours before the earlier of the two begins", async () => {
    const s = await scene();
    const expiry = async (id: string): Promise<number> =>
      (
        await t.engine.sql<{ hours: number }>(
          "select round(extract(epoch from proposal_expires_at - now()) / 3600)::int as hours from mentoring_session where id = $1",
          [id],
        )
      )[0]?.hours ?? -1;
    const [far, near, nearer] = [await scheduled(s, 120), await scheduled(s, 30), await scheduled(s, 60)];
    await propose(s.mentor, far.id, await t.slot(s.mentor, 130));
    await propose(s.mentor, near.id, await t.slot(s.mentor, 140));
    await propose(s.mentor, nearer.id, await t.slot(s.mentor, 20));
    expect([await expiry(far.id), await expiry(near.id), await expiry(nearer.id)]).toEqual([48, 28, 18]);
  });

  test("has to be another free slot of the mentor, in time, of a session that is scheduled", async () => {
    const s = await scene();
    const { id, slot } = await scheduled(s);
    const [free, theirs] = [await t.slot(s.mentor, 100), await t.slot(await t.mentor(), 100)];
    expect(await codesOf(propose(s.mentor, id, theirs))).toEqual(["NOT_FOUND"]);
    expect(await codesOf(propose(s.mentor, id, slot))).toEqual(["INVALID"]);
    expect(await codesOf(propose(s.mentor, id, free, " "))).toEqual(["REQUIRED"]);
    expect(await codesOf(propose(s.mentor, id, await t.slot(s.mentor, 1.5)))).toEqual(["TOO_SHORT_NOTICE"]);
    await expect(propose(s.learner, id, free)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(answer(s.mentor, id, true)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await codesOf(propose(await t.mentor(), id, free))).toEqual(["NOT_FOUND"]);
    expect(await codesOf(answer(s.learner, id, true))).toEqual(["WRONG_STATE"]);
    const other = await scheduled({ ...s, learner: await t.person() }, 110);
    expect(await codesOf(propose(s.mentor, id, other.slot))).toEqual(["SLOT_TAKEN"]);
    const elsewhere = await scene();
    const busyAt = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 150 * 3_600_000);
    await t.book(s.learner, await t.slot(elsewhere.mentor, busyAt), elsewhere.courseId);
    expect(await codesOf(propose(s.mentor, id, await t.slot(s.mentor, busyAt)))).toEqual(["LEARNER_BUSY"]);
    await t.engine.sql("update schedule set withdrawn_at = now() where id = $1", [free]);
    expect(await codesOf(propose(s.mentor, id, free))).toEqual(["SLOT_WITHDRAWN"]);
    await propose(s.mentor, id, await t.slot(s.mentor, 105));
    expect(await codesOf(propose(s.mentor, id, await t.slot(s.mentor, 108)))).toEqual(["WRONG_STATE"]);
    await t.engine.pause();
    const pending = await t.book(await t.person(), await t.slot(s.mentor, 160), s.courseId);
    expect(await codesOf(propose(s.mentor, pending, await t.slot(s.mentor, 170)))).toEqual(["WRONG_STATE"]);
    await t.engine.start();
    await t.until(pending, "SessionScheduled WAITING");
  });

  test("may be proposed again after an answer, and an operator's cancellation takes both slots back", async () => {
    const s = await scene();
    const { id } = await scheduled(s);
    await propose(s.mentor, id, await t.slot(s.mentor, 100));
    await answer(s.learner, id, true);
    await propose(s.mentor, id, await t.slot(s.mentor, 110));
    const saga = await t.engine.saga("MentoringSession", id);
    await t.engine.act(saga?.id ?? "", { kind: "cancel" }, { note: "The mentor asked." });
    await t.until(id, "SessionCancelled CANCELLED");
    expect(await t.row(id)).toMatchObject({ status: "CANCELLED", failure_code: "CANCELLED_BY_OPERATOR", proposed_schedule_id: null });
    expect(await t.claims(id)).toEqual([]);
  });
});

describe("the end", () => {
  test("is told by the mentor from the start on, once", async () => {
    const s = await scene();
    const { id } = await scheduled(s);
    expect(await codesOf(complete(s.mentor, id))).toEqual(["WRONG_STATE"]);
    await expect(complete(s.learner, id)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await t.shift(id, -0.5);
    await Promise.all([complete(s.mentor, id, "LEARNER_NO_SHOW"), complete(s.mentor, id, "LEARNER_NO_SHOW")]);
    expect(await t.row(id)).toMatchObject({ status: "COMPLETED", outcome: "LEARNER_NO_SHOW" });
    expect(await t.claims(id)).toEqual([]);
    expect(await codesOf(complete(s.mentor, id, "HELD"))).toEqual(["WRONG_STATE"]);
    await t.until(id, "SessionCompleted COMPLETED");
  });

  test("comes by itself a day after, as held", async () => {
    const s = await scene();
    const { id } = await scheduled(s);
    await t.shift(id, -26);
    await t.engine.sql("update saga set deadline_at = now() where subject_id = $1", [id]);
    await t.until(id, "SessionCompleted COMPLETED");
    expect(await t.row(id)).toMatchObject({ status: "COMPLETED", outcome: "HELD" });
    expect(await t.claims(id)).toEqual([]);
  });
});

describe("mails", () => {
  test("one recipient's server that is away keeps nobody else's mail back, and nobody gets it twice", async () => {
    const s = await scene();
    const address = `${s.mentor.id}@demo.example`;
    t.refusals.set(address, new Transient("It does not answer"));
    const id = await t.book(s.learner, await t.slot(s.mentor, 72), s.courseId);
    await waitFor(async () => (await t.engine.saga("MentoringSession", id))?.status === "RETRYING");
    expect(await notesOf(s.mentor)).toEqual(["Session booked"]);
    expect(mailsTo(s.learner)).toHaveLength(1);
    t.refusals.clear();
    await waitFor(async () => {
      await t.engine.skipWaits();
      return (await t.engine.saga("MentoringSession", id))?.state === "SessionScheduled";
    });
    expect([mailsTo(s.learner).length, mailsTo(s.mentor).length]).toEqual([1, 1]);
    expect(await t.engine.sql("select 1 from mail_message where about_id = $1", [id])).toHaveLength(2);
    expect(await notesOf(s.mentor)).toEqual(["Session booked"]);
  });

  test("an address that is refused for good is left out, and the session takes place all the same", async () => {
    const s = await scene();
    t.refusals.set(`${s.mentor.id}@demo.example`, new Permanent("No such mailbox."));
    const { id } = await scheduled(s);
    const [event] = await t.engine.sql<{ message: string }>(
      "select e.message from saga_event e join saga g on g.id = e.saga_id where g.subject_id = $1 and e.message = 'NotificationsFailedEvent'",
      [id],
    );
    expect(event).toBeDefined();
    expect(mailsTo(s.learner)).toHaveLength(1);
  });

  test("nobody who can be reached is a dead letter that can be redriven, and decides nothing", async () => {
    const s = await scene();
    for (const { id } of [s.mentor, s.learner]) t.refusals.set(`${id}@demo.example`, new Permanent("No such mailbox."));
    const { id } = await scheduled(s);
    expect(await t.engine.sql("select 1 from dead_letter d join saga g on g.id = d.saga_id where g.subject_id = $1 and d.status = 'OPEN'", [id])).toHaveLength(
      1,
    );
  });

  test("both are reminded, not of what was called off or has begun", async () => {
    const s = await scene();
    const { id } = await scheduled(s);
    const remind = () => t.engine.sql("update saga set remind_at = now() where subject_id = $1", [id]);
    await remind();
    for (const person of [s.mentor, s.learner])
      await waitFor(() => Promise.resolve(mailsTo(person).filter(({ subject }) => subject.startsWith("Soon")).length === 1));
    await t.shift(id, -0.1);
    await remind();
    await waitFor(
      async () =>
        (
          await t.engine.sql("select 1 from saga_event e join saga g on g.id = e.saga_id where g.subject_id = $1 and e.message = 'SessionReminderSentEvent'", [
            id,
          ])
        ).length === 2,
    );
    expect(mailsTo(s.learner).filter(({ subject }) => subject.startsWith("Soon"))).toHaveLength(1);
  });

  test("what people wrote stays one line in every header and calendar field", async () => {
    const s = await scene();
    await t.engine.sql("update app_user set full_name = $2 where id = $1", [s.learner.id, 'Eve\r\nBcc: all@demo.example\r\n<b>"x"']);
    const id = await t.book(s.learner, await t.slot(s.mentor, 72), s.courseId, { note: "<script>alert(1)</script>\r\nATTENDEE:mailto:eve@demo.example" });
    await t.until(id, "SessionScheduled WAITING");
    const [mail] = mailsTo(s.mentor);
    expect(mail?.subject).not.toMatch(/[\r\n]/);
    expect(mail?.calendar?.summary).not.toMatch(/[\r\n]/);
    expect(mail?.html).not.toContain("<script>");
    expect(mail?.calendar?.description.split("\n")).toHaveLength(2);
  });
});
