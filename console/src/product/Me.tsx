import { Link } from "@tanstack/react-router";
import { useEffect } from "react";

import {
  type BookedFragment,
  MarkReadDocument,
  MineDocument,
  type MineQuery,
  NotificationsDocument,
  type NotificationsQuery,
  type WatchedFragment,
} from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { Ago, Empty, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { More, usePages } from "../ui/lists.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useOwnActivity, useZone } from "./Site.tsx";
import { dateOf, dayAndTime } from "./when.ts";
import { wordsFor } from "./words.ts";

type Note = NonNullable<NonNullable<NotificationsQuery["viewer"]>["notifications"]>["nodes"][number];
type Enrollment = NonNullable<NonNullable<MineQuery["viewer"]>["enrollments"]>["nodes"][number];

export const Me = () => (
  <>
    <Heading>My page</Heading>
    <SignedIn why="Sign in to see your sessions, courses and messages.">
      {() => (
        <div className="two">
          <Mine />
          <aside>
            <Notifications />
            <p>
              <Link to="/profile">Your profile</Link>
            </p>
          </aside>
        </div>
      )}
    </SignedIn>
  </>
);

/** Where a process stands, in a few words. */
export function Standing({ saga }: { readonly saga: WatchedFragment }) {
  const { doing, done } = wordsFor(saga.state);
  const isDone = saga.settled || saga.finishedAt != null;
  return (
    <span className="standing" data-status={saga.status}>
      {saga.status === "STUCK" ? "Takes longer than usual" : isDone ? done : doing}
    </span>
  );
}

/** What is to come, the next first; then what is over or was called off, the latest first. */
function nextFirst(sessions: readonly BookedFragment[], now: number): readonly BookedFragment[] {
  const at = ({ schedule }: BookedFragment): number => Date.parse(schedule.startTime);
  const isAhead = (one: BookedFragment): boolean => one.saga.finishedAt == null && at(one) > now;
  return [
    ...sessions.filter(isAhead).toSorted((one, other) => at(one) - at(other)),
    ...sessions.filter((one) => !isAhead(one)).toSorted((one, other) => at(other) - at(one)),
  ];
}

export const SessionLines = ({ sessions, side }: { readonly sessions: readonly BookedFragment[]; readonly side: "mentor" | "learner" }) => {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <ul className="lines">
      {nextFirst(sessions, now).map((session) => (
        <li key={session.id}>
          <Link to="/sessions/$id" params={{ id: session.id }}>
            {dayAndTime(session.schedule.startTime, zone)}
          </Link>
          <span className="faint">
            {session.course.title} · {session[side].fullName}
          </span>
          <span>{session.status === "RESCHEDULING" ? <b>Another time is proposed</b> : <Standing saga={session.saga} />}</span>
        </li>
      ))}
    </ul>
  );
};

function Mine() {
  const zone = useZone();
  const sessions = usePages<BookedFragment>("sessions");
  const enrollments = usePages<Enrollment>("enrollments");
  const [{ data, error, fetching }, again] = useSteadyQuery({
    query: MineDocument,
    variables: { sessionsAfter: sessions.after, enrollmentsAfter: enrollments.after },
  });
  const reload = (): void => again({ requestPolicy: "network-only" });
  useOwnActivity(reload);
  const viewer = data?.viewer;
  if (viewer == null) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  const shownSessions = sessions.with(viewer.mentoringSessions?.nodes ?? []);
  const shownEnrollments = enrollments.with(viewer.enrollments?.nodes ?? []);
  const applications = viewer.applicationRequests ?? [];
  return (
    <div>
      <h2>Sessions</h2>
      {shownSessions.length === 0 ? (
        <Empty>
          No sessions yet. <Link to="/">Find a mentor</Link>
        </Empty>
      ) : (
        <div className="card">
          <SessionLines sessions={shownSessions} side="mentor" />
          <More page={viewer.mentoringSessions?.pageInfo} isBusy={fetching} more={(after) => sessions.more(shownSessions, after)} />
        </div>
      )}
      <h2>Courses</h2>
      {shownEnrollments.length === 0 ? (
        <Empty>
          No courses yet. <Link to="/courses">Look at the courses</Link>
        </Empty>
      ) : (
        <div className="card">
          <ul className="lines">
            {shownEnrollments.map((enrollment) => (
              <li key={enrollment.id}>
                <Link to="/courses/$id" params={{ id: enrollment.course.id }}>
                  {enrollment.course.title}
                </Link>
                <span className="faint">since {dateOf(enrollment.enrolledAt, zone)}</span>
                <span>{enrollment.status === "CANCELLED" ? "You left" : <Standing saga={enrollment.saga} />}</span>
              </li>
            ))}
          </ul>
          <More page={viewer.enrollments?.pageInfo} isBusy={fetching} more={(after) => enrollments.more(shownEnrollments, after)} />
        </div>
      )}
      {applications.length > 0 && (
        <>
          <h2>Applications</h2>
          <div className="card">
            <ul className="lines">
              {applications.map(({ id, submittedAt, saga }) => (
                <li key={id}>
                  <Link to="/become-a-mentor">Application of {dateOf(submittedAt, zone)}</Link>
                  <span />
                  <Standing saga={saga} />
                </li>
              ))}
            </ul>
          </div>
        </>
      )}
    </div>
  );
}

function Notifications() {
  const now = useNow(10_000);
  const pages = usePages<Note>("notifications");
  const [{ data, error, fetching }, again] = useSteadyQuery({ query: NotificationsDocument, variables: { after: pages.after } });
  const { send, refused, problem, isBusy } = useSend(MarkReadDocument);
  useOwnActivity(() => again({ requestPolicy: "network-only" }));
  useEffect(() => {
    if (location.hash === "#notifications") document.querySelector("#notifications")?.scrollIntoView();
  }, [data !== undefined]);
  const page = data?.viewer?.notifications;
  const notes = page == null && pages.after === null ? undefined : pages.with(page?.nodes ?? []);
  const unread = notes?.filter(({ readAt }) => readAt == null).map(({ id }) => id) ?? [];
  return (
    <section className="card" aria-label="Notifications" id="notifications">
      <div className="card-head">
        <h2>Notifications</h2>
        {unread.length > 0 && (
          <button
            type="button"
            disabled={isBusy}
            onClick={() => void send({ ids: unread }).then(() => (pages.restart(), again({ requestPolicy: "network-only" })))}
          >
            Mark as read
          </button>
        )}
      </div>
      <Refusals refused={refused} problem={problem ?? error ?? null} />
      {notes === undefined && fetching && <Skeleton rows={4} />}
      {notes?.length === 0 && <Empty>Nothing yet. What happens to your sessions and courses is told here.</Empty>}
      <ul className="notes">
        {notes?.map(({ id, title, message, createdAt, readAt, saga }) => (
          <li key={id} data-unread={readAt == null}>
            <p>
              <b>
                {saga?.type === "MENTORING_SESSION" ? (
                  <Link to="/sessions/$id" params={{ id: saga.subjectId }}>
                    {title}
                  </Link>
                ) : (
                  title
                )}
              </b>{" "}
              <Ago at={createdAt} now={now} />
            </p>
            <p>{message}</p>
          </li>
        ))}
      </ul>
      <More page={page?.pageInfo} isBusy={fetching} more={(after) => pages.more(notes ?? [], after)} />
    </section>
  );
}
