import type { EntityManager } from "@mikro-orm/postgresql";
import { Defect } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { handleAll, leased, occur, query, type AnyParticipant } from "../../outbox/index.ts";
import type { CourseStatus } from "../courses/course.ts";
import { findSentKeys, dedupeKeyOf, messageIdOf, recordSent, type MailOfRun } from "../mail/mail-record.ts";
import type { Mailer } from "../mail/mailer.ts";
import { accessObstacle, confirmationObstacle, type StandingFacts } from "./course-enrollment.ts";
import { WELCOME, WELCOME_WITHDRAWN, welcomeMail, welcomeWithdrawnMail, type EnrollmentMailFacts } from "./course-enrollment.mails.ts";
import { tellEnded, tellOpen } from "./course-enrollment.notices.ts";
import * as m from "./course-enrollment.messages.ts";
import { claimSeats, releaseSeats } from "./course-enrollment.seats.ts";

/**
 * What carries out the commands about enrollments. All may be given the same command twice, and every undo accepts that there
 * is nothing to undo. Status and failure are not theirs to write, with one exception: taking a confirmation back.
 */
export const courseEnrollmentParticipants = (mailer: Mailer): AnyParticipant[] => [
  checkCourseCapacity,
  releaseSeat,
  confirmEnrollment,
  cancelEnrollment,
  sendWelcomeEmail(mailer),
  withdrawWelcomeEmail(mailer),
  grantCourseAccess,
  revokeCourseAccess,
];

const checkCourseCapacity = handleAll(m.CheckCourseCapacityCommand, async (em, commands) => {
  const claims = await claimSeats(em, idsOf(commands));
  const full = new Map([...claims].flatMap(([id, { hasSeat, capacity }]) => (hasSeat ? [] : [[id, fullSentence(capacity)] as const])));
  await tellEnded(em, [...full.keys()], full);
  return commands.map(({ payload: { enrollmentId } }) => {
    const { hasSeat, seatsLeft, capacity } = required(claims, enrollmentId);
    return occur(m.CourseCapacityCheckedEvent, { enrollmentId, hasCapacity: hasSeat, ...(capacity !== null && { capacity, seatsLeft: seatsLeft ?? 0 }) });
  });
});

const releaseSeat = handleAll(m.ReleaseSeatCommand, async (em, commands) => {
  await releaseSeats(em, idsOf(commands));
  // The last undo of an enrollment that came to nothing; its process knows why.
  await tellEnded(em, idsOf(commands));
  return commands.map(({ payload: { enrollmentId } }) => occur(m.SeatReleasedEvent, { enrollmentId }));
});

const confirmEnrollment = handleAll(m.ConfirmEnrollmentCommand, async (em, commands) => {
  const standing = await loadStanding(em, idsOf(commands));
  const obstacles = new Map(commands.map(({ payload: { enrollmentId } }) => [enrollmentId, confirmationObstacle(required(standing, enrollmentId))]));
  const confirmed = await query<{ id: string; confirmed_at: Date | string }>(
    em,
    `update course_enrollment set confirmed_at = coalesce(confirmed_at, clock_timestamp()), updated_at = now() where id = any($1::uuid[]) returning id, confirmed_at`,
    [idsOf(commands).filter((id) => obstacles.get(id) === null)],
  );
  const confirmedAt = new Map(confirmed.map((row) => [row.id, new Date(row.confirmed_at)]));
  return commands.map(({ payload: { enrollmentId } }) => {
    const reason = obstacles.get(enrollmentId) ?? null;
    return reason === null
      ? occur(m.EnrollmentConfirmedEvent, { enrollmentId, confirmedAt: required(confirmedAt, enrollmentId) })
      : occur(m.EnrollmentRefusedEvent, { enrollmentId, reason });
  });
});

const cancelEnrollment = handleAll(m.CancelEnrollmentCommand, async (em, commands) => {
  // Back to PENDING, because a CONFIRMED enrollment may not be without a seat and the seat is given back next.
  await query(
    em,
    `update course_enrollment set confirmed_at = null, status = case status when 'CONFIRMED' then 'PENDING' else status end, updated_at = now() where id = any($1::uuid[]) and confirmed_at is not null`,
    [idsOf(commands)],
  );
  return commands.map(({ payload: { enrollmentId } }) => occur(m.EnrollmentCancelledEvent, { enrollmentId }));
});

const grantCourseAccess = handleAll(m.GrantCourseAccessCommand, async (em, commands) => {
  const standing = await loadStanding(em, idsOf(commands));
  const obstacles = new Map(commands.map(({ payload: { enrollmentId } }) => [enrollmentId, accessObstacle(required(standing, enrollmentId))]));
  const open = idsOf(commands).filter((id) => obstacles.get(id) === null);
  const granted = await query<{ id: string; access_grant_id: string }>(
    em,
    `update course_enrollment e
     set access_granted_at = coalesce(e.access_granted_at, clock_timestamp()), access_grant_id = coalesce(e.access_grant_id, g.grant_id), updated_at = now()
     from unnest($1::uuid[], $2::uuid[]) as g(id, grant_id) where e.id = g.id returning e.id, e.access_grant_id`,
    [open, open.map(() => newId())],
  );
  const grantIds = new Map(granted.map((row) => [row.id, row.access_grant_id]));
  await tellOpen(em, open);
  return commands.map(({ payload: { enrollmentId } }) => {
    const reason = obstacles.get(enrollmentId) ?? null;
    return reason === null
      ? occur(m.CourseAccessGrantedEvent, { enrollmentId, grantId: required(grantIds, enrollmentId) })
      : occur(m.CourseAccessRefusedEvent, { enrollmentId, reason });
  });
});

const revokeCourseAccess = handleAll(m.RevokeCourseAccessCommand, async (em, commands) => {
  await query(
    em,
    `update course_enrollment set access_granted_at = null, access_grant_id = null, updated_at = now() where id = any($1::uuid[]) and access_grant_id is not null`,
    [idsOf(commands)],
  );
  return commands.map(({ payload: { enrollmentId } }) => occur(m.CourseAccessRevokedEvent, { enrollmentId }));
});

const sendWelcomeEmail = (mailer: Mailer): AnyParticipant =>
  leased(m.SendWelcomeEmailCommand, {
    async loadAll(em, commands) {
      const letters = await loadLetters(em, idsOf(commands));
      const mails = commands.map(({ runId, payload }) => ({ runId, template: WELCOME, recipientId: payload.userId }));
      const sent = await findSentKeys(em, mails);
      return mails.map((mail, index) => ({ mail, letter: letters.get(commands[index]?.payload.enrollmentId ?? ""), alreadySent: sent.has(dedupeKeyOf(mail)) }));
    },
    async perform({ mail, letter, alreadySent }, { payload }, signal) {
      if (letter === undefined) throw new Defect(`Enrollment ${payload.enrollmentId} does not exist`);
      const content = welcomeMail(letter);
      if (!alreadySent) await mailer.send({ to: letter.email, messageId: messageIdOf(mail), ...content }, signal);
      return content.subject;
    },
    async recordAll(em, done) {
      const ids = await recordSent(
        em,
        done.map(({ input, output, delivery }) => ({ ...input.mail, aboutId: delivery.payload.enrollmentId, subject: output })),
      );
      return done.map(({ delivery }, index) => occur(m.WelcomeEmailSentEvent, { enrollmentId: delivery.payload.enrollmentId, deliveryId: ids[index] ?? "" }));
    },
  });

const withdrawWelcomeEmail = (mailer: Mailer): AnyParticipant =>
  leased(m.WithdrawWelcomeEmailCommand, {
    async loadAll(em, commands) {
      const letters = await loadLetters(em, idsOf(commands));
      const mails = commands.map(({ runId, payload }): MailOfRun => ({ runId, template: WELCOME_WITHDRAWN, recipientId: payload.userId }));
      return mails.map((mail, index) => ({ mail, letter: letters.get(commands[index]?.payload.enrollmentId ?? "") }));
    },
    async perform({ mail, letter }, _delivery, signal) {
      if (letter?.welcomed !== true) return null;
      const content = welcomeWithdrawnMail(letter);
      await mailer.send({ to: letter.email, messageId: messageIdOf(mail), ...content }, signal);
      return content.subject;
    },
    async recordAll(em, done) {
      const sent = done.flatMap(({ input, output, delivery }) =>
        output === null ? [] : [{ ...input.mail, aboutId: delivery.payload.enrollmentId, subject: output }],
      );
      if (sent.length > 0) {
        await recordSent(em, sent);
        await query(em, `update mail_message set state = 'WITHDRAWN' where about_id = any($1::uuid[]) and template = $2`, [
          sent.map((mail) => mail.aboutId),
          WELCOME,
        ]);
      }
      return done.map(({ delivery }) => occur(m.WelcomeEmailWithdrawnEvent, { enrollmentId: delivery.payload.enrollmentId }));
    },
  });

const fullSentence = (capacity: number | null): string =>
  capacity === null ? "The course has no seat left." : `All seats of the course are taken (capacity ${capacity}).`;

interface Letter extends EnrollmentMailFacts {
  readonly email: string;
  /** A welcome mail is recorded as sent and was not taken back. */
  readonly welcomed: boolean;
}

async function loadLetters(em: EntityManager, enrollmentIds: readonly string[]): Promise<Map<string, Letter>> {
  const rows = await query<{ id: string; email: string; full_name: string; title: string; welcomed: boolean }>(
    em,
    `select e.id, u.email, u.full_name, c.title, exists (select from mail_message where about_id = e.id and template = $2 and state = 'SENT') as welcomed
     from course_enrollment e join app_user u on u.id = e.learner_id join course c on c.id = e.course_id where e.id = any($1::uuid[])`,
    [enrollmentIds, WELCOME],
  );
  return new Map(rows.map((row) => [row.id, { email: row.email, fullName: row.full_name, courseTitle: row.title, welcomed: row.welcomed }]));
}

async function loadStanding(em: EntityManager, enrollmentIds: readonly string[]): Promise<Map<string, StandingFacts>> {
  const rows = await query<{ id: string; active: boolean; status: CourseStatus; window_closed: boolean }>(
    em,
    `select e.id, u.active, c.status, coalesce(c.enrollment_closes_at <= e.enrolled_at, false) as window_closed
     from course_enrollment e join app_user u on u.id = e.learner_id join course c on c.id = e.course_id where e.id = any($1::uuid[])`,
    [enrollmentIds],
  );
  return new Map(rows.map((row) => [row.id, { learnerActive: row.active, courseStatus: row.status, windowClosed: row.window_closed }]));
}

const idsOf = (commands: readonly { readonly payload: { readonly enrollmentId: string } }[]): string[] => commands.map(({ payload }) => payload.enrollmentId);

function required<T>(found: ReadonlyMap<string, T>, enrollmentId: string): T {
  const value = found.get(enrollmentId);
  if (value === undefined) throw new Defect(`Enrollment ${enrollmentId} does not exist`);
  return value;
}
