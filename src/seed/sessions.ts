import * as m from "../domain/mentoring-session/mentoring-session.messages.ts";
import { verdictSentences } from "../domain/mentoring-session/mentoring-session.ts";
import { occur, type EventMessage } from "../outbox/index.ts";
import type { SagaRegistry } from "../sagas/engine/index.ts";
import { mentoringSession } from "../sagas/mentoring-session.ts";
import type { MadeCourse } from "./catalogue.ts";
import { Chance, zipfShares } from "./chance.ts";
import type { Row } from "./copy.ts";
import { Life } from "./life.ts";
import { DAY_MS, type Person } from "./people.ts";
import type { Profile } from "./profiles.ts";
import { duringOf, type Slot } from "./slots.ts";

const refusals = ["SLOT_WITHDRAWN", "TOO_SHORT_NOTICE", "MENTOR_UNAVAILABLE", "MENTOR_WEEK_FULL", "OPEN_SESSION_LIMIT"] as const;
const pastEndings = ["HELD", "HELD", "HELD", "HELD", "HELD", "HELD", "LEARNER_NO_SHOW", "MENTOR_NO_SHOW", "cancelled", "by itself"] as const;
const comingEndings = [
  "scheduled",
  "scheduled",
  "scheduled",
  "scheduled",
  "scheduled",
  "cancelled",
  "moved",
  "rescheduling",
  "declined",
  "by operator",
  ...refusals,
] as const;
type Ending = (typeof pastEndings)[number] | (typeof comingEndings)[number];

/** Of bookings that were found good. */
type LivedEnding = Exclude<Ending, (typeof refusals)[number]>;

interface PlannedSession {
  readonly number: number;
  readonly slot: Slot;
  /** Of the same mentor, for those that move. */
  readonly other: Slot | null;
  readonly learner: Person;
  readonly course: MadeCourse;
  readonly ending: Ending;
}

const MAX_OPEN = 5;

/** Which slots were booked by whom, and what came of it. Mentors are asked for after Zipf; nobody is in two places. */
export function planSessions(
  profile: Profile,
  given: { readonly slots: readonly Slot[]; readonly courses: readonly MadeCourse[]; readonly learners: readonly Person[]; readonly today: Date },
): PlannedSession[] {
  const { slots, courses, learners, today } = given;
  const soon = today.getTime() + 3 * DAY_MS;
  const courseOf = new Map(courses.filter(({ status }) => status === "PUBLISHED").map((course) => [course.mentorId, course]));
  const byMentor = [...Map.groupBy(slots, ({ mentor }) => mentor.id)].filter(([mentorId]) => courseOf.has(mentorId));
  const shares = zipfShares(profile.sessions, byMentor.length, (rank) => Math.floor((byMentor[rank]?.[1].length ?? 0) * 0.8));
  const planned: PlannedSession[] = [];
  const taken = new Set<string>();
  /** By learner and hour, since no slot is longer. */
  const busy = new Set<string>();
  const open = new Map<string, number>();
  const chance = new Chance("sessions");
  for (const [rank, [mentorId, own]] of byMentor.entries()) {
    const share = shares[rank] ?? 0;
    const course = courseOf.get(mentorId);
    if (course === undefined) continue;
    // Nothing begins while the data are being looked at: slots of these days stay free.
    const usable = own.filter(({ startsAt, endsAt }) => endsAt.getTime() < today.getTime() - DAY_MS || startsAt.getTime() > soon);
    for (let count = 0; count < share; count++) {
      const slot = usable[Math.floor((count * usable.length) / share)];
      if (slot === undefined) continue;
      const isPast = slot.startsAt.getTime() < today.getTime();
      const list = isPast ? pastEndings : comingEndings;
      const ending = list[(planned.length * 7 + rank) % list.length] ?? "scheduled";
      const other = usable.find((one) => one !== slot && one.startsAt.getTime() > soon && !taken.has(one.id) && usable.indexOf(one) % 2 === 1) ?? null;
      const needsOther = ending === "moved" || ending === "rescheduling" || ending === "declined";
      const learner = findLearner(slot);
      if (learner === null || taken.has(slot.id)) continue;
      taken.add(slot.id);
      const moves = needsOther && other !== null && isFree(learner, other);
      if (moves) {
        taken.add(other.id);
        busy.add(`${learner.id} ${hourOf(other)}`);
      }
      planned.push({ number: planned.length + 1, slot, other: moves ? other : null, learner, course, ending: needsOther && !moves ? "scheduled" : ending });
    }
  }
  return planned;

  function isFree(learner: Person, slot: Slot): boolean {
    return [-1, 0, 1].every((offset) => !busy.has(`${learner.id} ${hourOf(slot) + offset}`));
  }

  function findLearner(slot: Slot): Person | null {
    for (let tries = 0; tries < 40; tries++) {
      const learner = learners[chance.below(learners.length - 1)];
      if (learner === undefined) return null;
      const isComing = slot.startsAt.getTime() > today.getTime();
      if (!isFree(learner, slot) || (isComing && (open.get(learner.id) ?? 0) >= MAX_OPEN - 1)) continue;
      busy.add(`${learner.id} ${hourOf(slot)}`);
      if (isComing) open.set(learner.id, (open.get(learner.id) ?? 0) + 1);
      return learner;
    }
    return null;
  }
}

const hourOf = ({ startsAt }: Slot): number => Math.floor(startsAt.getTime() / 3_600_000);

/** The slots that mentors took back, as their sessions say. */
export const withdrawnSlots = (planned: readonly PlannedSession[]): Set<string> =>
  new Set(planned.flatMap(({ ending, slot }) => (ending === "SLOT_WITHDRAWN" ? [slot.id] : [])));

/** A session with its claims and the saga that brought it where it is. */
export function liveSession({ number, slot, other, learner, course, ending }: PlannedSession, registry: SagaRegistry, today: Date) {
  const chance = new Chance("session", number);
  const bookedAt = new Date(Math.min(slot.startsAt.getTime() - 3 * DAY_MS, today.getTime() - DAY_MS) - chance.below(3 * DAY_MS));
  const id = chance.id(bookedAt);
  const [deliveries, times] = [[chance.id(bookedAt), chance.id(bookedAt)], other ?? slot];
  const life = new Life(
    registry,
    mentoringSession,
    occur(m.MentoringSessionCreatedEvent, {
      sessionId: id,
      learnerId: learner.id,
      mentorId: slot.mentor.id,
      scheduleId: slot.id,
      courseId: course.id,
      startsAt: slot.startsAt,
      endsAt: slot.endsAt,
      occurredOn: bookedAt,
    }),
    bookedAt,
    chance,
  );
  const sent = occur(m.NotificationsSentEvent, { sessionId: id, deliveryIds: deliveries });
  const answers: Record<string, EventMessage> = {
    ReleaseScheduleSlotCommand: occur(m.SlotReleasedEvent, { sessionId: id }),
    SendSessionNotificationsCommand: sent,
    WithdrawSessionNotificationsCommand: occur(m.NotificationsWithdrawnEvent, { sessionId: id }),
    SendSessionReminderCommand: occur(m.SessionReminderSentEvent, { sessionId: id }),
  };
  const answerTo = (command: string): EventMessage => answers[command] ?? sent;
  const verdict = refusals.find((one) => one === ending);
  const isRefusal = verdict !== undefined;
  if (verdict !== undefined) {
    life.answer(occur(m.ScheduleValidatedEvent, { sessionId: id, verdict, reason: verdictSentences[verdict] })).settle(answerTo);
  } else {
    life.answer(occur(m.ScheduleValidatedEvent, { sessionId: id, verdict: "VALID" })).answer(sent);
    live(ending as LivedEnding);
  }
  const { instance, now } = life.saga;
  const status = ending === "rescheduling" ? "RESCHEDULING" : mentoringSession.definition.reflect?.statusOf(instance.state, instance.reason);
  const isOpen = instance.finishedAt === null;
  const at = ending === "moved" ? times : slot;
  const session: Row = {
    id,
    learner_id: learner.id,
    mentor_id: slot.mentor.id,
    course_id: course.id,
    schedule_id: at.id,
    proposed_schedule_id: ending === "rescheduling" ? times.id : null,
    proposal_note: ending === "rescheduling" ? "I have to travel that day." : null,
    proposal_expires_at: ending === "rescheduling" ? new Date(today.getTime() + 2 * DAY_MS) : null,
    type: (["VIRTUAL", "VIRTUAL", "IN_PERSON", "ONSITE"] as const)[number % 4],
    status,
    note: number % 3 === 0 ? "Where I got stuck last week." : null,
    meeting_url: number % 4 < 2 && !isRefusal ? `https://meet.example/${id}` : null,
    validated_at: isRefusal ? null : bookedAt,
    revision: ending === "moved" ? 2 : ending === "rescheduling" ? 1 : 0,
    rescheduled_at: ending === "moved" ? now : null,
    outcome: status === "COMPLETED" ? (ending === "by itself" ? "HELD" : ending) : null,
    ...(status === "CANCELLED" && { failure_code: instance.reasonCode, failure_message: instance.reasonMessage, failure_at: instance.reasonAt }),
    created_at: bookedAt,
    updated_at: now,
  };
  const held = ending === "moved" ? [slot, times] : ending === "rescheduling" || ending === "declined" ? [slot, times] : [slot];
  const claims = held.map((one): Row => ({
    id: chance.id(bookedAt),
    session_id: id,
    schedule_id: one.id,
    mentor_id: slot.mentor.id,
    learner_id: learner.id,
    during: duringOf(one),
    released_at: isOpen && (ending === "rescheduling" || one === at) ? null : now,
    created_at: bookedAt,
  }));
  return { session, claims, past: life.rows() };

  function live(how: LivedEnding): void {
    const change = (what: "PROPOSED" | "ACCEPTED" | "DECLINED"): EventMessage =>
      occur(m.MentoringSessionStatusChangedEvent, { sessionId: id, change: what, scheduleId: times.id, startsAt: times.startsAt, endsAt: times.endsAt });
    switch (how) {
      case "cancelled":
        life.after(3_600_000).happen(
          occur(m.MentoringSessionCancelledEvent, {
            sessionId: id,
            byUserId: number % 2 === 0 ? learner.id : slot.mentor.id,
            by: number % 2 === 0 ? "LEARNER" : "MENTOR",
            ...(number % 3 === 0 && { reason: "Something came up." }),
          }),
        );
        return void life.settle(answerTo);
      case "by operator":
        life.after(3_600_000).saga.operator({ kind: "cancel" }, "The learner asked for it by telephone.");
        return void life.settle(answerTo);
      case "moved":
      case "rescheduling":
      case "declined":
        life.after(3_600_000).happen(change("PROPOSED")).settleAsides(answerTo);
        if (how === "rescheduling") return;
        life.after(7_200_000).happen(change(how === "moved" ? "ACCEPTED" : "DECLINED"));
        return void life.settle(answerTo);
      case "scheduled":
        return;
      case "HELD":
      case "LEARNER_NO_SHOW":
      case "MENTOR_NO_SHOW":
      case "by itself":
        remind();
        if (how === "by itself") life.saga.timedOut();
        else
          life
            .until(new Date(slot.endsAt.getTime() + 600_000))
            .happen(occur(m.MentoringSessionCompletedEvent, { sessionId: id, outcome: how, completedAt: life.saga.now }));
        life.settle(answerTo);
    }
  }

  function remind(): void {
    while (life.saga.instance.remindAt !== null && life.saga.instance.remindAt < slot.startsAt) {
      life.saga.clock(life.saga.instance.remindAt);
      life.settleAsides(answerTo);
    }
  }
}
