import { Link } from "@tanstack/react-router";
import { useMemo, useState, type ReactNode } from "react";

import { useDraft } from "../drafts.ts";
import {
  AnswerProposalDocument,
  type BookedFragment,
  CancelSessionDocument,
  CompleteSessionDocument,
  ProposeSlotDocument,
  SessionDocument,
  type SessionOutcome,
  TeachingDocument,
} from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useId } from "../ui/address.ts";
import { Dialog, Empty, Field, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { sessionTypes } from "./Mentor.tsx";
import { Progress } from "./Progress.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useVisitor, useZone } from "./Site.tsx";
import { Slots } from "./Slots.tsx";
import { dayAndTime, daysAhead, timeOf, untilOf } from "./when.ts";

const outcomes: Readonly<Record<SessionOutcome, string>> = {
  HELD: "It took place",
  LEARNER_NO_SHOW: "The learner did not come",
  MENTOR_NO_SHOW: "The mentor did not come",
};

export const SessionProgress = ({
  session,
  isNew = false,
  onMove,
}: {
  readonly session: BookedFragment;
  readonly isNew?: boolean;
  readonly onMove: () => void;
}) => <Progress saga={session.saga} title={session.saga.settled ? "Your session" : "Booking your session"} isNew={isNew} onMove={onMove} />;

export function SessionFacts({ session }: { readonly session: BookedFragment }) {
  const zone = useZone();
  return (
    <section className="card card-body" aria-label="The session">
      <dl className="facts">
        <dt>When</dt>
        <dd>
          {dayAndTime(session.schedule.startTime, zone)}–{timeOf(session.schedule.endTime, zone)}
        </dd>
        <dt>With</dt>
        <dd>
          <Link to="/mentors/$id" params={{ id: session.mentor.id }}>
            {session.mentor.fullName}
          </Link>{" "}
          and {session.learner.fullName}
        </dd>
        <dt>About</dt>
        <dd>
          <Link to="/courses/$id" params={{ id: session.course.id }}>
            {session.course.title}
          </Link>
          {session.note != null && <p className="quote">{session.note}</p>}
        </dd>
        <dt>How</dt>
        <dd>
          {sessionTypes.find(([type]) => type === session.type)?.[1]}
          {session.meetingUrl != null && (
            <>
              {": "}
              <a href={session.meetingUrl} rel="noreferrer">
                the room
              </a>
            </>
          )}
        </dd>
        {session.outcome != null && (
          <>
            <dt>Outcome</dt>
            <dd>{outcomes[session.outcome]}</dd>
          </>
        )}
      </dl>
      {session.status === "SCHEDULED" && <p className="faint">The mail that confirms it brings the date for your calendar.</p>}
    </section>
  );
}

export function Session() {
  return <SignedIn why="Sign in to see your session.">{() => <Own />}</SignedIn>;
}

function Own() {
  const id = useId();
  const [{ data, error }, again] = useSteadyQuery({ query: SessionDocument, variables: { id } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  const session = data?.mentoringSession;
  if (data === undefined) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  if (session == null)
    return (
      <>
        <Heading>No such session</Heading>
        <Empty>
          You have no session here. <Link to="/me">My page</Link>
        </Empty>
      </>
    );
  return (
    <div className="two">
      <div>
        <Heading>{session.course.title}</Heading>
        <SessionFacts session={session} />
        <Actions session={session} reload={reload} />
      </div>
      <aside>
        <SessionProgress session={session} onMove={reload} />
      </aside>
    </div>
  );
}

function Actions({ session, reload }: { readonly session: BookedFragment; readonly reload: () => void }) {
  const visitor = useVisitor();
  const now = useNow(10_000);
  const zone = useZone();
  const isMentor = visitor?.id === session.mentor.id;
  const hasBegun = Date.parse(session.schedule.startTime) <= now;
  const [asked, ask] = useState<"cancel" | "propose" | null>(null);
  const answer = useSend(AnswerProposalDocument);
  const complete = useSend(CompleteSessionDocument);
  const done = (): void => {
    ask(null);
    reload();
  };
  const proposed = session.proposedSchedule;
  const isOpen = ["PENDING", "SCHEDULED", "RESCHEDULING"].includes(session.status);
  return (
    <>
      {proposed != null && (
        <section className="card card-body" aria-label="Another time">
          <h2>{isMentor ? "You proposed another time" : `${session.mentor.fullName} proposes another time`}</h2>
          <p>
            {dayAndTime(proposed.startTime, zone)}–{timeOf(proposed.endTime, zone)}
          </p>
          {session.proposalNote != null && <p className="quote">{session.proposalNote}</p>}
          {session.proposalExpiresAt != null && (
            <p className="faint">Without an answer within {untilOf(session.proposalExpiresAt, now)} it stays at the old time.</p>
          )}
          {!isMentor && (
            <div className="buttons">
              <button
                type="button"
                className="primary"
                disabled={answer.isBusy}
                onClick={() => void answer.send({ id: session.id, accept: true }).then(reload)}
              >
                Take the new time
              </button>
              <button type="button" disabled={answer.isBusy} onClick={() => void answer.send({ id: session.id, accept: false }).then(reload)}>
                Decline, which cancels the session
              </button>
            </div>
          )}
          <Refusals refused={answer.refused} problem={answer.problem} />
        </section>
      )}
      <div className="buttons">
        {isOpen && !hasBegun && (
          <button type="button" onClick={() => ask("cancel")}>
            Cancel the session…
          </button>
        )}
        {isMentor && session.status === "SCHEDULED" && !hasBegun && (
          <button type="button" onClick={() => ask("propose")}>
            Propose another time…
          </button>
        )}
        {isMentor &&
          session.status === "SCHEDULED" &&
          hasBegun &&
          (Object.keys(outcomes) as SessionOutcome[])
            .filter((outcome) => outcome !== "MENTOR_NO_SHOW")
            .map((outcome) => (
              <button key={outcome} type="button" disabled={complete.isBusy} onClick={() => void complete.send({ id: session.id, outcome }).then(reload)}>
                {outcomes[outcome]}
              </button>
            ))}
      </div>
      <Refusals refused={complete.refused} problem={complete.problem} />
      {asked === "cancel" && <Cancel session={session} done={done} />}
      {asked === "propose" && <Propose session={session} done={done} />}
    </>
  );
}

function Noted({
  session,
  name,
  title,
  button,
  required,
  done,
  sending,
  variables,
  children,
}: {
  readonly session: BookedFragment;
  readonly name: string;
  readonly title: string;
  readonly button: string;
  readonly required: boolean;
  readonly done: () => void;
  readonly sending: Pick<ReturnType<typeof useSend<{ sent?: null }, object>>, "at" | "besides" | "problem" | "isBusy">;
  readonly variables: (note: string) => Promise<unknown>;
  readonly children?: ReactNode;
}) {
  const [draft, change, clear] = useDraft(`${name}-${session.id}`, { note: "" });
  return (
    <Dialog title={title} close={done}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void variables(draft.note).then((sent) => sent !== null && (clear(), done()));
        }}
      >
        {children}
        <Field label={required ? "What should the other know?" : "What should the other know? (you may leave it empty)"} error={sending.at("note")}>
          {(props) => <textarea {...props} rows={3} value={draft.note} onChange={(event) => change({ note: event.target.value })} />}
        </Field>
        <Refusals refused={sending.besides("note", "scheduleId")} problem={sending.problem} />
        <div className="buttons">
          <button type="button" onClick={done}>
            Leave it
          </button>
          <button type="submit" className="primary" disabled={sending.isBusy}>
            {button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Cancel({ session, done }: { readonly session: BookedFragment; readonly done: () => void }) {
  const sending = useSend(CancelSessionDocument);
  return (
    <Noted
      session={session}
      name="cancel"
      title="Cancel this session?"
      button="Cancel the session"
      required={false}
      done={done}
      sending={sending}
      variables={(note) => sending.send({ id: session.id, note: note.trim() === "" ? null : note })}
    />
  );
}

function Propose({ session, done }: { readonly session: BookedFragment; readonly done: () => void }) {
  const sending = useSend(ProposeSlotDocument);
  const [scheduleId, choose] = useState("");
  const span = useMemo(() => daysAhead(21), []);
  const [{ data }] = useSteadyQuery({ query: TeachingDocument, variables: span });
  const now = useNow(10_000);
  const free = data?.viewer?.mentorProfile?.schedules.filter((slot) => slot.session == null && Date.parse(slot.startTime) > now) ?? [];
  // To its mentor a slot is never open: nobody books an own one.
  const slots = free.map((slot) => ({ ...slot, open: true }));
  return (
    <Noted
      session={session}
      name="propose"
      title="Propose another time"
      button="Propose it"
      required
      done={done}
      sending={sending}
      variables={(note) => sending.send({ id: session.id, scheduleId, note })}
    >
      {slots.length === 0 ? (
        <Empty>You have no open time to propose. Publish one first.</Empty>
      ) : (
        <Slots slots={slots} chosen={scheduleId} choose={choose} error={sending.at("scheduleId")} />
      )}
    </Noted>
  );
}
