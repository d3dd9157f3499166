import type { EntityManager } from "@mikro-orm/postgresql";
import { handleAll, leased, occur, query, type AnyParticipant } from "../../outbox/index.ts";
import type { Mailer } from "../mail/mailer.ts";
import { lockCalendars, releaseSlots } from "./mentoring-session.claims.ts";
import { deliver, loadSessionFacts, note, requireFacts, type Letter, type SessionFacts } from "./mentoring-session.letters.ts";
import {
  bookedMail,
  cancelledMail,
  INVITATIONS,
  localTime,
  movedMail,
  proposedMail,
  reminderMail,
  SESSION_BOOKED,
  SESSION_CANCELLED,
  SESSION_MOVED,
  SESSION_PROPOSED,
  SESSION_REMINDER,
  type SessionPerson,
} from "./mentoring-session.mails.ts";
import * as m from "./mentoring-session.messages.ts";
import { judgeBooking, verdictSentences, type StandingFacts } from "./mentoring-session.ts";

/**
 * What carries out the commands about mentoring sessions. All may be given the same command twice, and every undo accepts that there
 * is nothing to undo.
 */
export const mentoringSessionParticipants = ({ mailer, meetingUrlTemplate }: { mailer: Mailer; meetingUrlTemplate: string }): AnyParticipant[] => [
  validateSchedule(meetingUrlTemplate),
  releaseScheduleSlot,
  sendSessionNotifications(mailer),
  withdrawSessionNotifications(mailer),
  sendSessionReminder(mailer),
];

/**
 * One booking after the other, under the lock of both calendars: of two bookings that are checked at once for the last place of a week,
 * the second counts the first. What counts are bookings found good that hold their slot, and sessions that have taken place.
 */
const validateSchedule = (meetingUrlTemplate: string): AnyParticipant =>
  handleAll(m.ValidateScheduleCommand, async (em, commands) => {
    await lockCalendars(
      em,
      commands.flatMap(({ payload }) => [payload.mentorId, payload.learnerId]),
    );
    const replies = [];
    for (const { payload } of commands) {
      const { sessionId } = payload;
      const verdict = judgeBooking(await loadStanding(em, sessionId));
      if (verdict === "VALID") {
        await query(
          em,
          `update mentoring_session set validated_at = coalesce(validated_at, now()), updated_at = now(),
             meeting_url = case type when 'VIRTUAL' then $2 end where id = $1`,
          [sessionId, meetingUrlTemplate.replaceAll("{id}", sessionId)],
        );
      }
      replies.push(occur(m.ScheduleValidatedEvent, { sessionId, verdict, ...(verdict !== "VALID" && { reason: verdictSentences[verdict] }) }));
    }
    return replies;
  });

async function loadStanding(em: EntityManager, sessionId: string): Promise<StandingFacts> {
  const [row] = await query<StandingFacts>(
    em,
    `select d.withdrawn_at is not null as "slotWithdrawn", m.active and p.user_id is not null as "mentorAvailable",
            lower(d.during) > now() and lower(d.during) >= s.created_at + make_interval(hours => coalesce(p.min_notice_hours, 0)) as "keepsNotice",
            coalesce(p.max_sessions_per_week, 0) as "maxSessionsPerWeek",
            (select count(*)::int from mentoring_session o join schedule od on od.id = o.schedule_id
             where o.mentor_id = s.mentor_id and o.id <> s.id and o.validated_at is not null
               and date_trunc('week', lower(od.during) at time zone m.time_zone) = date_trunc('week', lower(d.during) at time zone m.time_zone)
               and (o.status = 'COMPLETED' or exists (select from slot_claim k where k.session_id = o.id and k.released_at is null))) as "sessionsInWeek",
            (select count(*)::int from mentoring_session o join schedule od on od.id = o.schedule_id
             where o.learner_id = s.learner_id and o.id <> s.id and o.validated_at is not null and upper(od.during) > now()
               and exists (select from slot_claim k where k.session_id = o.id and k.released_at is null)) as "openSessions"
     from mentoring_session s join schedule d on d.id = s.schedule_id join app_user m on m.id = s.mentor_id
     left join mentor_profile p on p.user_id = m.id where s.id = $1`,
    [sessionId],
  );
  return requireFacts(row, sessionId);
}

const releaseScheduleSlot = handleAll(m.ReleaseScheduleSlotCommand, async (em, commands) => {
  await releaseSlots(em, sessionIdsOf(commands));
  return commands.map(({ payload: { sessionId } }) => occur(m.SlotReleasedEvent, { sessionId }));
});

type Kind = "scheduled" | "proposed" | "moved" | "lapsed" | "cancelled";

const sendSessionNotifications = (mailer: Mailer): AnyParticipant =>
  leased(m.SendSessionNotificationsCommand, {
    loadAll: (em, commands) => loadInputs(em, commands),
    async perform({ em, facts }, { payload: { kind, reason = "" } }, signal) {
      const { notices, letters } = tidings(facts, kind, reason);
      await note(em, facts, `${kind}.${kind === "cancelled" ? "end" : facts.revision}`, notices);
      return deliver(em, mailer, facts, letters, signal);
    },
    recordAll: (_em, done) =>
      Promise.resolve(
        done.map(({ output: { deliveryIds, refused }, delivery: { payload } }) =>
          refused.length === 0
            ? occur(m.NotificationsSentEvent, { sessionId: payload.sessionId, deliveryIds })
            : occur(m.NotificationsFailedEvent, { sessionId: payload.sessionId, deliveryIds, reason: refused.join(" ") }),
        ),
      ),
  });

interface Tidings {
  readonly notices: readonly { to: SessionPerson; title: string; message: string }[];
  readonly letters: readonly Letter[];
}

/** Who is told what. News that is not true any more, because the session has moved on while a mail server was away, is told to nobody. */
function tidings(facts: SessionFacts, kind: Kind, reason: string): Tidings {
  const { learner, mentor, proposal } = facts;
  const both = [learner, mentor];
  const about = String(facts.revision);
  const at = (to: SessionPerson): string => localTime(facts.startsAt, to.timeZone);
  const otherOf = (to: SessionPerson): string => (to === learner ? mentor : learner).fullName;
  const nothing: Tidings = { notices: [], letters: [] };
  switch (kind) {
    case "scheduled":
      if (!facts.standing) return nothing;
      return {
        notices: both.map((to) => ({ to, title: "Session booked", message: `Your session with ${otherOf(to)} takes place on ${at(to)}.` })),
        letters: both.map((to) => ({ to, template: SESSION_BOOKED, about: "booked", content: bookedMail(facts, to) })),
      };
    case "proposed":
      if (!facts.standing || proposal === null) return nothing;
      return {
        notices: [
          {
            to: learner,
            title: "Another time proposed",
            message: `${mentor.fullName} proposes ${localTime(proposal.startsAt, learner.timeZone)} instead of ${at(learner)}: ${proposal.note}`,
          },
        ],
        letters: [{ to: learner, template: SESSION_PROPOSED, about, content: proposedMail(facts, learner) }],
      };
    case "moved":
      if (!facts.standing) return nothing;
      return {
        notices: both.map((to) => ({ to, title: "Session moved", message: `Your session with ${otherOf(to)} now takes place on ${at(to)}.` })),
        letters: both.map((to) => ({ to, template: SESSION_MOVED, about, content: movedMail(facts, to) })),
      };
    case "lapsed":
      if (!facts.standing) return nothing;
      return {
        notices: both.map((to) => ({
          to,
          title: "Proposal lapsed",
          message: `The other time was not accepted in time; your session with ${otherOf(to)} stays on ${at(to)}.`,
        })),
        letters: [],
      };
    case "cancelled": {
      // A mentor never heard of a booking that was not found good.
      const told = facts.validated ? both : [learner];
      return {
        notices: told.map((to) => ({
          to,
          title: "Session cancelled",
          message: `Your session with ${otherOf(to)} on ${at(to)} does not take place. ${reason}`.trimEnd(),
        })),
        letters: told.map((to) => farewell(facts, to, reason)),
      };
    }
  }
}

const farewell = (facts: SessionFacts, to: SessionPerson, reason: string): Letter => ({
  to,
  template: SESSION_CANCELLED,
  about: "end",
  content: cancelledMail(facts, to, reason, facts.invited.has(to.id)),
});

const withdrawSessionNotifications = (mailer: Mailer): AnyParticipant =>
  leased(m.WithdrawSessionNotificationsCommand, {
    loadAll: (em, commands) => loadInputs(em, commands),
    async perform({ em, facts }, { payload: { reason = "" } }, signal) {
      const letters = [facts.learner, facts.mentor].filter(({ id }) => facts.invited.has(id)).map((to) => farewell(facts, to, reason));
      await deliver(em, mailer, facts, letters, signal);
      return letters.map(({ to }) => to.id);
    },
    async recordAll(em, done) {
      for (const { output, delivery } of done) {
        await query(em, `update mail_message set state = 'WITHDRAWN' where about_id = $1 and recipient_id = any($2::uuid[]) and template = any($3::text[])`, [
          delivery.payload.sessionId,
          output,
          INVITATIONS,
        ]);
      }
      return done.map(({ delivery }) => occur(m.NotificationsWithdrawnEvent, { sessionId: delivery.payload.sessionId }));
    },
  });

const sendSessionReminder = (mailer: Mailer): AnyParticipant =>
  leased(m.SendSessionReminderCommand, {
    loadAll: (em, commands) => loadInputs(em, commands),
    async perform({ em, facts }, { runId }, signal) {
      // Late, or of a session that was called off meanwhile: better none.
      if (!facts.standing || facts.started) return;
      const both = [facts.learner, facts.mentor];
      await note(
        em,
        facts,
        `reminder.${runId}`,
        both.map((to) => ({
          to,
          title: "Session soon",
          message: `Your session with ${(to === facts.learner ? facts.mentor : facts.learner).fullName} begins on ${localTime(facts.startsAt, to.timeZone)}.`,
        })),
      );
      const letters = both.map((to) => ({ to, template: SESSION_REMINDER, about: runId, content: reminderMail(facts, to) }));
      await deliver(em, mailer, facts, letters, signal);
    },
    recordAll: (_em, done) => Promise.resolve(done.map(({ delivery }) => occur(m.SessionReminderSentEvent, { sessionId: delivery.payload.sessionId }))),
  });

async function loadInputs(
  em: EntityManager,
  commands: readonly { readonly payload: { readonly sessionId: string } }[],
): Promise<{ em: EntityManager; facts: SessionFacts }[]> {
  const facts = await loadSessionFacts(em, sessionIdsOf(commands));
  return commands.map(({ payload: { sessionId } }) => ({ em, facts: requireFacts(facts.get(sessionId), sessionId) }));
}

const sessionIdsOf = (commands: readonly { readonly payload: { readonly sessionId: string } }[]): string[] => commands.map(({ payload }) => payload.sessionId);
