import * as a from "../../src/domain/application-request/application-request.messages.ts";
import * as s from "../../src/domain/mentoring-session/mentoring-session.messages.ts";
import { Permanent } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { handle, later, occur, publish, query, reply, type AnyCommand, type AnyParticipant, type EventMessage } from "../../src/outbox/index.ts";
import { applicationRequest } from "../../src/sagas/application-request.ts";
import { mentoringSession } from "../../src/sagas/mentoring-session.ts";
import { createTestEngine, type TestEngine } from "../support/engine.ts";
import { answerTo, application, eventOf, session, type Platform } from "../support/three-sagas.ts";
import { waitFor } from "../support/wait.ts";

// The sagas whose participants are still to come, on a real database with simple ones: each effect is a row, and its undo takes it away.
// CourseEnrollment runs with its own participants in course-enrollment.test.ts.

let engine: TestEngine;
/** Commands that cannot be carried out, by name. */
const failing = new Set<string>();
const answers: Record<string, EventMessage> = {};

/** The answer that leads on, about the subject of the command. */
function simple(command: AnyCommand, platform: Platform, key: string, undoes: string | null): AnyParticipant {
  return handle(command, async (em, { payload, runId }) => {
    if (failing.has(command.name)) throw new Permanent(`${command.name} cannot be done`);
    const subject = (payload as Record<string, string>)[key];
    await (undoes === null
      ? query(em, "insert into effect (subject_id, command, run_id) values ($1, $2, $3)", [subject, command.name, runId])
      : query(em, "delete from effect where subject_id = $1 and command = $2", [subject, undoes]));
    const answer = answers[command.name] ?? answerTo(platform, command.name);
    return { contract: answer.contract, payload: { ...(answer.payload as object), [key]: subject } };
  });
}

const sessionParticipants = (
  [
    [s.ValidateScheduleCommand, null],
    [s.ReleaseScheduleSlotCommand, "ClaimSlot"],
    [s.SendSessionNotificationsCommand, null],
    [s.WithdrawSessionNotificationsCommand, "SendSessionNotificationsCommand"],
    [s.SendSessionReminderCommand, null],
  ] as const
).map(([command, undoes]) => simple(command, session, "sessionId", undoes));

/** The runs that wait for the provider, by request. */
const asked = new Map<string, string>();
const applicationParticipants = [
  ...(
    [
      [a.ValidateDocumentsCommand, null],
      [a.PollBackgroundCheckCommand, null],
      [a.CancelBackgroundCheckCommand, "RequestBackgroundCheckCommand"],
      [a.AssignReviewerCommand, null],
      [a.UnassignReviewerCommand, "AssignReviewerCommand"],
      [a.SendReviewReminderCommand, null],
      [a.SendApplicationNotificationCommand, null],
    ] as const
  ).map(([command, undoes]) => simple(command, application, "requestId", undoes)),
  handle(a.RequestBackgroundCheckCommand, async (em, { payload: { requestId }, runId }) => {
    await query(em, "insert into effect (subject_id, command, run_id) values ($1, 'RequestBackgroundCheckCommand', $2)", [requestId, runId]);
    asked.set(requestId, runId);
    return later();
  }),
];

beforeAll(async () => {
  engine = await createTestEngine({ sagas: [mentoringSession, applicationRequest], participants: [...sessionParticipants, ...applicationParticipants] });
  await engine.sql("create table effect (subject_id uuid not null, command text not null, run_id uuid)");
  for (const table of ["mentoring_session", "application_request"]) {
    // The platform's own has more to it than simple participants know.
    await engine.sql(`drop table ${table} cascade`);
    await engine.sql(
      `create table ${table} (id uuid primary key, status text not null default 'PENDING', failure_code text, failure_message text, failure_at timestamptz, updated_at timestamptz)`,
    );
  }
  await engine.start();
});
beforeEach(() => {
  failing.clear();
  for (const name of Object.keys(answers)) delete answers[name];
});
afterAll(() => engine.dispose());

const about = ({ contract, payload }: EventMessage, key: string, id: string): EventMessage => occur(contract, { ...(payload as object), [key]: id });
const say = (message: EventMessage) => engine.transaction(async (em) => (await publish(em, message)).fate);

async function book(): Promise<string> {
  const id = newId();
  await engine.transaction(async (em) => {
    await query(em, "insert into mentoring_session (id) values ($1)", [id]);
    await query(em, "insert into effect (subject_id, command) values ($1, 'ClaimSlot')", [id]);
    const startsAt = new Date(Date.now() + 3 * 86_400_000);
    const payload = { ...(session.start.payload as object), sessionId: id, startsAt, endsAt: new Date(startsAt.getTime() + 3_600_000) };
    await publish(em, occur(session.start.contract, payload));
  });
  return id;
}

async function apply(): Promise<string> {
  const id = newId();
  await engine.transaction(async (em) => {
    await query(em, "insert into application_request (id) values ($1)", [id]);
    await publish(em, about(application.start, "requestId", id));
  });
  return id;
}

const sessionIs = (id: string, is: string) =>
  engine.until("MentoringSession", id, ({ state, status }) => `${state} ${status}` === is, `the session to be ${is}`);
const applicationIs = (id: string, is: string) =>
  engine.until("ApplicationRequest", id, ({ state, status }) => `${state} ${status}` === is, `the application to be ${is}`);
const effects = async (id: string) =>
  (await engine.sql<{ command: string }>("select command from effect where subject_id = $1 order by command", [id])).map(({ command }) => command);
const effectOf = (id: string, command: string) =>
  waitFor(async () => (await effects(id)).includes(command), { describe: () => `${command} to be carried out` });
const statusOf = async (table: string, id: string) =>
  (await engine.sql<{ status: string; failure_code: string | null }>(`select status, failure_code from ${table} where id = $1`, [id]))[0];
async function checked(id: string): Promise<void> {
  const runId = await waitFor(() => Promise.resolve(asked.get(id) ?? null), { describe: () => "the provider to be asked" });
  await applicationIs(id, "RequestingBackgroundCheck WAITING");
  const answer = answers["RequestBackgroundCheckCommand"] ?? answerTo(application, "RequestBackgroundCheckCommand");
  await engine.transaction((em) => reply(em, runId, about(answer, "requestId", id)));
}

describe("a mentoring session", () => {
  test("is scheduled, reminded of, and takes place", async () => {
    const id = await book();
    expect(await sessionIs(id, "SessionScheduled WAITING")).toMatchObject({ settled: true });
    expect(await statusOf("mentoring_session", id)).toEqual({ status: "SCHEDULED", failure_code: null });
    await engine.sql("update saga set remind_at = now() where subject_id = $1", [id]);
    await effectOf(id, "SendSessionReminderCommand");
    expect(await say(about(eventOf(session, "completed"), "sessionId", id))).toBe("applied");
    await sessionIs(id, "SessionCompleted COMPLETED");
    expect(await statusOf("mentoring_session", id)).toEqual({ status: "COMPLETED", failure_code: null });
    expect(await effects(id)).toEqual(["ClaimSlot", "SendSessionNotificationsCommand", "SendSessionReminderCommand", "ValidateScheduleCommand"]);
  });

  test("that is cancelled gives the slot back, takes the notifications back, and both are told", async () => {
    const id = await book();
    await sessionIs(id, "SessionScheduled WAITING");
    await say(about(session.cancel, "sessionId", id));
    await sessionIs(id, "SessionCancelled CANCELLED");
    expect(await statusOf("mentoring_session", id)).toEqual({ status: "CANCELLED", failure_code: "CANCELLED_BY_USER" });
    // What is left is the notice of the end.
    await waitFor(async () => (await effects(id)).join() === "SendSessionNotificationsCommand,ValidateScheduleCommand", { describe: () => "the notice" });
  });

  test("whose slot cannot be given back stands until an operator resumes the undo", async () => {
    const id = await book();
    const { id: sagaId } = await sessionIs(id, "SessionScheduled WAITING");
    failing.add("ReleaseScheduleSlotCommand");
    await say(about(session.cancel, "sessionId", id));
    await sessionIs(id, "SessionScheduled STUCK");
    failing.clear();
    await engine.act(sagaId, { kind: "retry" });
    expect(await sessionIs(id, "SessionCancelled CANCELLED")).toMatchObject({ undoIncomplete: false });
    expect(await effects(id)).not.toContain("ClaimSlot");
  });
});

describe("an application", () => {
  test("is checked by an answer that comes later, assigned, approved, and told", async () => {
    const id = await apply();
    await checked(id);
    await applicationIs(id, "UnderReview WAITING");
    expect(await statusOf("application_request", id)).toEqual({ status: "UNDER_REVIEW", failure_code: null });
    await say(about(eventOf(application, "approved"), "requestId", id));
    await applicationIs(id, "ApplicationCompleted COMPLETED");
    expect(await statusOf("application_request", id)).toEqual({ status: "APPROVED", failure_code: null });
  });

  test("with a failed check is rejected, and told so", async () => {
    answers["RequestBackgroundCheckCommand"] = eventOf(application, "checkFailed");
    const id = await apply();
    await checked(id);
    await applicationIs(id, "ApplicationRejected FAILED");
    expect(await effects(id)).toEqual(["RequestBackgroundCheckCommand", "SendApplicationNotificationCommand", "ValidateDocumentsCommand"]);
  });

  test("that is withdrawn while the provider is asked calls the check off, and a late answer has no effect", async () => {
    const id = await apply();
    await waitFor(() => Promise.resolve(asked.has(id)), { describe: () => "the provider to be asked" });
    await applicationIs(id, "RequestingBackgroundCheck WAITING");
    await say(about(application.cancel, "requestId", id));
    await applicationIs(id, "ApplicationRejected CANCELLED");
    expect(await statusOf("application_request", id)).toEqual({ status: "WITHDRAWN", failure_code: "CANCELLED_BY_USER" });
    const late = await engine.transaction((em) =>
      reply(em, asked.get(id) ?? "", about(answerTo(application, "RequestBackgroundCheckCommand"), "requestId", id)),
    );
    expect(late).toMatchObject({ fate: "late" });
    expect(await effects(id)).not.toContain("RequestBackgroundCheckCommand");
  });

  test("that nobody reviews goes to another reviewer, after it was reminded of", async () => {
    const id = await apply();
    await checked(id);
    await applicationIs(id, "UnderReview WAITING");
    await engine.sql("update saga set remind_at = now() where subject_id = $1", [id]);
    await effectOf(id, "SendReviewReminderCommand");
    await engine.sql("update saga set deadline_at = now() where subject_id = $1", [id]);
    await waitFor(async () => (await effects(id)).filter((command) => command === "AssignReviewerCommand").length === 2, {
      describe: () => "a second reviewer",
    });
    await applicationIs(id, "UnderReview WAITING");
  });
});
