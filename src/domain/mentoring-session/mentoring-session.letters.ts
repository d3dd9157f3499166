import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect, Permanent } from "../../kernel/errors.ts";
import { query, toDate, type Instant } from "../../outbox/index.ts";
import { dedupeKeyOf, messageIdOf, recordSent, type MailOfRun } from "../mail/mail-record.ts";
import type { Mailer } from "../mail/mailer.ts";
import { notify } from "../notifications/notify.ts";
import { SESSION_SAGA } from "./mentoring-session.ts";
import { INVITATIONS, type SessionMail, type SessionMailFacts, type SessionPerson } from "./mentoring-session.mails.ts";

/** A session as those who tell of it see it, as of the beginning of an attempt. */
export interface SessionFacts extends SessionMailFacts {
  readonly status: string;
  /** The booking was found good, so that the mentor knows of it. */
  readonly validated: boolean;
  /** It holds its slot: it has neither ended nor been called off. */
  readonly standing: boolean;
  readonly started: boolean;
  /** Mails about it that were sent, id by key. */
  readonly sentIds: ReadonlyMap<string, string>;
  /** Who has it in a calendar. */
  readonly invited: ReadonlySet<string>;
}

export async function loadSessionFacts(em: EntityManager, sessionIds: readonly string[]): Promise<Map<string, SessionFacts>> {
  const rows = await query<{
    id: string;
    status: string;
    revision: number;
    note: string | null;
    meeting_url: string | null;
    validated: boolean;
    standing: boolean;
    started: boolean;
    starts_at: Instant;
    ends_at: Instant;
    proposed_starts_at: Instant | null;
    proposal_expires_at: Instant | null;
    proposal_note: string | null;
    title: string;
    learner: SessionPerson;
    mentor: SessionPerson;
    mails: readonly { id: string; key: string; template: string; recipientId: string; state: string }[];
  }>(
    em,
    `select s.id, s.status, s.revision, s.note, s.meeting_url, s.validated_at is not null as validated,
            exists (select from slot_claim k where k.session_id = s.id and k.released_at is null) as standing,
            lower(d.during) <= now() as started, lower(d.during) as starts_at, upper(d.during) as ends_at,
            lower(p.during) as proposed_starts_at, s.proposal_expires_at, s.proposal_note, c.title,
            jsonb_build_object('id', l.id, 'email', l.email, 'fullName', l.full_name, 'timeZone', l.time_zone) as learner,
            jsonb_build_object('id', m.id, 'email', m.email, 'fullName', m.full_name, 'timeZone', m.time_zone) as mentor,
            coalesce((select jsonb_agg(jsonb_build_object('id', e.id, 'key', e.dedupe_key, 'template', e.template, 'recipientId', e.recipient_id, 'state', e.state))
                      from mail_message e where e.about_id = s.id), '[]') as mails
     from mentoring_session s join schedule d on d.id = s.schedule_id left join schedule p on p.id = s.proposed_schedule_id
     join course c on c.id = s.course_id join app_user l on l.id = s.learner_id join app_user m on m.id = s.mentor_id
     where s.id = any($1::uuid[])`,
    [sessionIds],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        sessionId: row.id,
        status: row.status,
        revision: row.revision,
        courseTitle: row.title,
        learner: row.learner,
        mentor: row.mentor,
        startsAt: toDate(row.starts_at),
        endsAt: toDate(row.ends_at),
        note: row.note,
        meetingUrl: row.meeting_url,
        proposal:
          row.proposed_starts_at === null || row.proposal_expires_at === null
            ? null
            : { startsAt: toDate(row.proposed_starts_at), expiresAt: toDate(row.proposal_expires_at), note: row.proposal_note ?? "" },
        validated: row.validated,
        standing: row.standing,
        started: row.started,
        sentIds: new Map(row.mails.map(({ key, id }) => [key, id])),
        invited: new Set(row.mails.filter(({ template, state }) => INVITATIONS.includes(template) && state === "SENT").map(({ recipientId }) => recipientId)),
      },
    ]),
  );
}

export function requireFacts<T>(facts: T | undefined, sessionId: string): T {
  if (facts === undefined) throw new Defect(`Session ${sessionId} does not exist`);
  return facts;
}

export interface Letter {
  readonly to: SessionPerson;
  readonly template: string;
  readonly content: SessionMail;
  /** What makes it this letter and no other with its template and recipient: the revision told of, say. */
  readonly about: string;
}

/** The recipient is part of it, since two mails to two people are not one for those who fold by Message-ID. */
const mailOf = ({ sessionId }: SessionMailFacts, { to, template, about }: Letter): MailOfRun => ({
  runId: `${sessionId}.${about}.${to.id}`,
  template,
  recipientId: to.id,
});

/**
 * Sends each letter that has not been sent, and records it at once, so that the one recipient is not written to again because the
 * other's server was away. Those who cannot be reached for good are left out.
 *
 * @returns the mails of all letters that went out, now or before, and why others did not
 * @throws {Transient} a mail server was away; trying again sends the rest
 * @throws {Permanent} nobody could be reached
 */
export async function deliver(
  em: EntityManager,
  mailer: Mailer,
  facts: SessionFacts,
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<{ readonly deliveryIds: readonly string[]; readonly refused: readonly string[] }> {
  const sent = await Promise.allSettled(
    letters.map(async (letter) => {
      const mail = mailOf(facts, letter);
      const before = facts.sentIds.get(dedupeKeyOf(mail));
      if (before !== undefined) return before;
      await mailer.send({ to: letter.to.email, messageId: messageIdOf(mail), ...letter.content }, signal);
      const [id = ""] = await recordSent(em, [{ ...mail, aboutId: facts.sessionId, subject: letter.content.subject }]);
      return id;
    }),
  );
  const failures = sent.flatMap((one): unknown[] => (one.status === "rejected" ? [one.reason] : []));
  const passing = failures.find((failure) => !(failure instanceof Permanent));
  if (passing !== undefined) throw passing;
  const deliveryIds = sent.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (deliveryIds.length === 0 && failures.length > 0) throw failures[0];
  return { deliveryIds, refused: failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))) };
}

/** Tells people inside the platform; before any mail, so that a mail server that is away does not keep it back. */
export async function note(
  em: EntityManager,
  facts: SessionMailFacts,
  key: string,
  notices: readonly { to: SessionPerson; title: string; message: string }[],
): Promise<void> {
  await notify(
    em,
    notices.map(({ to, title, message }) => ({
      userId: to.id,
      title,
      message,
      about: { sagaType: SESSION_SAGA, subjectId: facts.sessionId },
      dedupeKey: `${facts.sessionId}:${key}`,
    })),
  );
}
