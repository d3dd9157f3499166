import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { useDraft } from "../drafts.ts";
import { type BookedFragment, PublishSlotsDocument, TeachingDocument, type TeachingQuery, WithdrawSlotDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useAddress } from "../ui/address.ts";
import { whole } from "../ui/format.ts";
import { More, usePages } from "../ui/lists.tsx";
import { Empty, Field, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { courseStatuses } from "./EditCourse.tsx";
import { SessionLines } from "./Me.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useOwnActivity, useZone } from "./Site.tsx";
import { byDay, dateOf, dayAndTime, daysAhead, timeOf } from "./when.ts";

const DAYS = 28;

type Slot = NonNullable<NonNullable<TeachingQuery["viewer"]>["mentorProfile"]>["schedules"][number];

export const Teaching = () => (
  <>
    <Heading>Teaching</Heading>
    <SignedIn why="Sign in as a mentor.">{() => <Own />}</SignedIn>
  </>
);

function Own() {
  const { from } = useAddress<{ from: string }>();
  const span = useMemo(() => daysAhead(DAYS, from), [from]);
  const pages = usePages<BookedFragment>("sessions");
  const [{ data, error, fetching }, again] = useSteadyQuery({ query: TeachingDocument, variables: { ...span, after: pages.after } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  useOwnActivity(reload);
  const viewer = data?.viewer;
  if (viewer == null) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  if (viewer.mentorProfile == null)
    return (
      <Empty>
        You are not a mentor yet. <Link to="/become-a-mentor">Become one</Link>
      </Empty>
    );
  const courses = viewer.mentorProfile.courses.nodes;
  const sessions = pages.with(viewer.mentoringSessions?.nodes ?? []);
  return (
    <div className="two">
      <div>
        <h2>{from === undefined ? "Your times, the next four weeks" : `Your times, four weeks from ${dateOf(span.from, "UTC")}`}</h2>
        <Times slots={viewer.mentorProfile.schedules} reload={reload} />
        <p className="buttons">
          {from !== undefined && (
            <Link to="/mentor" className="button">
              From now
            </Link>
          )}
          <Link to="/mentor" search={{ from: span.to.slice(0, 10) }} className="button">
            Later times
          </Link>
        </p>
        <h2>Courses</h2>
        {courses.length === 0 ? (
          <Empty>Learners book a session about one of your courses. Write your first.</Empty>
        ) : (
          <div className="card">
            <ul className="lines">
              {courses.map(({ id, title, status, capacity, seatsTaken }) => (
                <li key={id}>
                  <Link to="/mentor/courses/$id" params={{ id }}>
                    {title}
                  </Link>
                  <span className="faint">{courseStatuses[status]}</span>
                  <span className="num faint">
                    {whole(seatsTaken)} {capacity == null ? "learners" : `of ${whole(capacity)} seats taken`}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        )}
        <p className="buttons">
          <Link to="/mentor/courses/$id" params={{ id: "new" }} className="button">
            New course
          </Link>
          <Link to="/profile" className="button">
            Your profile
          </Link>
        </p>
        <h2>Sessions</h2>
        {sessions.length === 0 ? (
          <Empty>Nobody has booked you yet.</Empty>
        ) : (
          <div className="card">
            <SessionLines sessions={sessions} side="learner" />
            <More page={viewer.mentoringSessions?.pageInfo} isBusy={fetching} more={(after) => pages.more(sessions, after)} />
          </div>
        )}
      </div>
      <aside>
        <Publish timeZone={viewer.timeZone} reload={reload} />
      </aside>
    </div>
  );
}

function Times({ slots, reload }: { readonly slots: readonly Slot[]; readonly reload: () => void }) {
  const zone = useZone();
  const now = useNow(10_000);
  const { send, isBusy, refused, problem } = useSend(WithdrawSlotDocument);
  if (slots.length === 0) return <Empty>You have published no times in these weeks.</Empty>;
  return (
    <div className="card week">
      <Refusals refused={refused} problem={problem} />
      {byDay(slots, zone).map(([day, those]) => (
        <section key={day} aria-label={day}>
          <h3>{day}</h3>
          <ul>
            {those.map(({ id, startTime, endTime, session }) => (
              <li key={id}>
                <span className="num">
                  {timeOf(startTime, zone)}–{timeOf(endTime, zone)}
                </span>
                {session == null ? (
                  Date.parse(startTime) > now ? (
                    <button
                      type="button"
                      className="quiet"
                      aria-label={`Withdraw ${day} ${timeOf(startTime, zone)}`}
                      disabled={isBusy}
                      onClick={() => void send({ id }).then(reload)}
                    >
                      Withdraw
                    </button>
                  ) : (
                    <span className="faint">over</span>
                  )
                ) : (
                  <Link to="/sessions/$id" params={{ id: session.id }}>
                    {session.learner.fullName}
                    {session.proposedSchedule?.id === id && " (proposed)"}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

const tomorrow = (): string => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const fields = ["date", "start", "end"].map((name) => `input.blocks.0.${name}`).concat(["input.slotMinutes", "input.bufferMinutes", "input.repeatWeeks"]);

function Publish({ timeZone, reload }: { readonly timeZone: string; readonly reload: () => void }) {
  const [draft, change] = useDraft("publish", { date: tomorrow(), start: "09:00", end: "12:00", slotMinutes: 60, bufferMinutes: 0, repeatWeeks: 0 });
  const { send, at, besides, isBusy, problem } = useSend(PublishSlotsDocument);
  const [published, setPublished] = useState<readonly { readonly startTime: string }[]>([]);
  const [first] = published;
  const submit = async (): Promise<void> => {
    const { date, start, end, ...rest } = draft;
    setPublished([]);
    const sent = await send({ input: { ...rest, timeZone, blocks: [{ date, start, end }] } });
    if (sent === null) return;
    setPublished(sent.schedules ?? []);
    reload();
  };
  const number = (name: "slotMinutes" | "bufferMinutes" | "repeatWeeks", label: string) => (
    <Field label={label} error={at(`input.${name}`)}>
      {(props) => <input {...props} type="number" min={0} value={draft[name]} onChange={(event) => change({ [name]: Number(event.target.value) })} />}
    </Field>
  );
  const block = (name: "date" | "start" | "end", label: string, type: string) => (
    <Field label={label} error={at(`input.blocks.0.${name}`)}>
      {(props) => <input {...props} type={type} required value={draft[name]} onChange={(event) => change({ [name]: event.target.value })} />}
    </Field>
  );
  return (
    <section className="card card-body" aria-label="Publish times">
      <h2>Publish times</h2>
      <p className="faint">In {timeZone}. A block is cut into sessions.</p>
      <form onSubmit={(event) => (event.preventDefault(), void submit())}>
        {block("date", "Day", "date")}
        <div className="pair">
          {block("start", "From", "time")}
          {block("end", "To", "time")}
        </div>
        <div className="pair">
          {number("slotMinutes", "Minutes each")}
          {number("bufferMinutes", "Minutes between")}
        </div>
        {number("repeatWeeks", "Repeat for how many weeks more")}
        <Refusals refused={besides(...fields)} problem={problem} />
        <button type="submit" className="primary" disabled={isBusy}>
          Publish
        </button>
        {first !== undefined && (
          <p role="status">
            {published.length} published, the first on{" "}
            <Link to="/mentor" search={{ from: first.startTime.slice(0, 10) }}>
              {dayAndTime(first.startTime, timeZone)}
            </Link>
            .
          </p>
        )}
      </form>
    </section>
  );
}
