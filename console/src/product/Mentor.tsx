import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { useDraft } from "../drafts.ts";
import { BookSessionDocument, MentorDocument, type MentorQuery, SessionDocument, type SessionType } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useAddress, useId } from "../ui/address.ts";
import { IconCalendarPlus } from "../ui/icons.ts";
import { Empty, Field, Problem, Skeleton } from "../ui/parts.tsx";
import { CourseLines } from "./Courses.tsx";
import { Outlook } from "./Progress.tsx";
import { Portrait } from "./Portrait.tsx";
import { Refusals } from "./Refusals.tsx";
import { SessionFacts, SessionProgress } from "./Session.tsx";
import { SignInFirst } from "./SignInPage.tsx";
import { Heading, useVisitor, useZone } from "./Site.tsx";
import { Slots } from "./Slots.tsx";
import { dayAndTime, dayOf, daysAhead, minutesBetween, timeOf } from "./when.ts";

export const sessionTypes: readonly (readonly [type: SessionType, label: string])[] = [
  ["VIRTUAL", "By video"],
  ["IN_PERSON", "In person"],
  ["ONSITE", "At your place of work"],
];

type Profile = NonNullable<NonNullable<MentorQuery["user"]>["mentorProfile"]>;

const ahead = ["SessionCreated", "ValidatingSchedule", "SendingNotifications", "SessionScheduled"] as const;

export function Mentor() {
  const id = useId();
  const { session } = useAddress<{ session: string }>();
  const zone = useZone();
  const span = useMemo(() => daysAhead(21), [id]);
  const [booked, setBooked] = useState<string | null>(null);
  const [{ data, error }, again] = useSteadyQuery({ query: MentorDocument, variables: { id, ...span } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  const user = data?.user;
  const profile = user?.mentorProfile;
  if (data === undefined) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  if (user == null || profile == null) return <NoMentor />;
  const first = profile.schedules.find(({ open }) => open) ?? profile.schedules[0];
  return (
    <div className="two">
      <div>
        <div className="who">
          <Portrait user={user} size={64} />
          <div>
            <Heading>{user.fullName}</Heading>
            {profile.headline != null && <p className="lead">{profile.headline}</p>}
          </div>
        </div>
        <p className="tags">
          {profile.expertises.map((one) => (
            <span key={one.id}>{one.name}</span>
          ))}
        </p>
        {user.bio != null && <p>{user.bio}</p>}
        {profile.experience != null && <p>{profile.experience}</p>}
        <h2>Pick a time</h2>
        <p className="faint">
          {first !== undefined && `${minutesBetween(first.startTime, first.endTime)} minutes. `}Times are in your zone ({zone}); the mentor is in{" "}
          {user.timeZone}.
        </p>
        <Booking mentorId={id} profile={profile} setBooked={setBooked} reload={reload} />
        <h2>Courses</h2>
        {profile.courses.nodes.length === 0 ? <p className="faint">No courses yet.</p> : <CourseLines courses={profile.courses.nodes} ofOne />}
      </div>
      <aside>
        {session === undefined ? (
          <Outlook title="What happens when you book" states={ahead} />
        ) : (
          <BookedHere id={session} isNew={session === booked} reload={reload} />
        )}
      </aside>
    </div>
  );
}

const NoMentor = () => (
  <>
    <Heading>No such mentor</Heading>
    <p>Perhaps they have stopped; there are others.</p>
  </>
);

function Booking({
  mentorId,
  profile,
  setBooked,
  reload,
}: {
  readonly mentorId: string;
  readonly profile: Profile;
  readonly setBooked: (sessionId: string) => void;
  readonly reload: () => void;
}) {
  const navigate = useNavigate();
  const zone = useZone();
  const visitor = useVisitor();
  const courses = profile.courses.nodes.filter(({ status }) => status === "PUBLISHED");
  const empty = { scheduleId: "", courseId: courses[0]?.id ?? "", type: "VIRTUAL" as SessionType, note: "" };
  const [draft, change, clear] = useDraft(`booking-${mentorId}`, empty);
  const courseId = courses.some(({ id }) => id === draft.courseId) ? draft.courseId : empty.courseId;
  const { send, at, besides, isBusy, problem, refused } = useSend(BookSessionDocument);
  const chosen = profile.schedules.find(({ id }) => id === draft.scheduleId);
  const isGone = refused.some(({ code }) => code === "SLOT_TAKEN" || code === "SLOT_WITHDRAWN");
  const submit = async (): Promise<void> => {
    const sent = await send({ input: { ...draft, courseId, note: draft.note.trim() === "" ? null : draft.note } });
    if (sent?.mentoringSession != null) {
      clear();
      setBooked(sent.mentoringSession.id);
      await navigate({ to: "/mentors/$id", params: { id: mentorId }, search: { session: sent.mentoringSession.id }, replace: true });
    }
    reload();
  };
  if (courses.length === 0) return <Empty>This mentor has no course yet, and a session is about one.</Empty>;
  if (profile.schedules.every(({ open }) => !open)) return <Empty>No open times in the next three weeks.</Empty>;
  const open = profile.schedules.filter((slot) => slot.open && slot.id !== draft.scheduleId);
  const nearest = open
    .toSorted((one, other) => distance(one, chosen) - distance(other, chosen))
    .slice(0, 3)
    .toSorted((one, other) => one.startTime.localeCompare(other.startTime));
  return (
    <form className="booking" onSubmit={(event) => (event.preventDefault(), void submit())}>
      <Slots slots={profile.schedules} chosen={draft.scheduleId} choose={(scheduleId) => change({ scheduleId })} error={at("input.scheduleId")} />
      {isGone && nearest.length > 0 && (
        <p className="offers">
          The nearest that are free:{" "}
          {nearest.map((slot) => (
            <button key={slot.id} type="button" onClick={() => change({ scheduleId: slot.id })}>
              {dayAndTime(slot.startTime, zone)}
            </button>
          ))}
        </p>
      )}
      <Field label="What is it about?" error={at("input.courseId")}>
        {(props) => (
          <select {...props} value={courseId} onChange={(event) => change({ courseId: event.target.value })}>
            {courses.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="How do you want to meet?" error={at("input.type")}>
        {(props) => (
          <select {...props} value={draft.type} onChange={(event) => change({ type: event.target.value as SessionType })}>
            {sessionTypes.map(([type, label]) => (
              <option key={type} value={type}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="What would you like to talk about?" error={at("input.note")} hint="Your mentor reads it before you meet.">
        {(props) => <textarea {...props} rows={4} value={draft.note} onChange={(event) => change({ note: event.target.value })} />}
      </Field>
      <Refusals refused={besides("input.scheduleId", "input.courseId", "input.type", "input.note")} problem={problem} />
      {visitor === null ? (
        <SignInFirst>Sign in to book</SignInFirst>
      ) : (
        <button type="submit" className="primary" disabled={isBusy || chosen === undefined || courseId === ""}>
          <IconCalendarPlus size={17} />
          {chosen === undefined ? "Pick a time first" : `Book ${timeOf(chosen.startTime, zone)} on ${dayOf(chosen.startTime, zone)}`}
        </button>
      )}
    </form>
  );
}

const distance = (slot: { readonly startTime: string }, from: { readonly startTime: string } | undefined): number =>
  Math.abs(Date.parse(slot.startTime) - Date.parse(from?.startTime ?? new Date().toISOString()));

function BookedHere({ id, isNew, reload }: { readonly id: string; readonly isNew: boolean; readonly reload: () => void }) {
  const [{ data }, again] = useSteadyQuery({ query: SessionDocument, variables: { id } });
  const session = data?.mentoringSession;
  if (session == null) return null;
  return (
    <>
      <SessionProgress
        session={session}
        isNew={isNew}
        onMove={() => {
          again({ requestPolicy: "network-only" });
          reload();
        }}
      />
      <SessionFacts session={session} />
    </>
  );
}
