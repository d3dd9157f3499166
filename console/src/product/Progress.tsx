import { useEffect, useRef, useState } from "react";
import { type SagaState, type WatchedFragment, WatchDocument, type WatchSubscription } from "../generated/graphql.ts";
import { useStream } from "../live.ts";
import { useAddress } from "../ui/address.ts";
import { between, duration } from "../ui/format.ts";
import { IconAlertOctagonFilled, IconCheck, IconLoader2, IconX } from "../ui/icons.ts";
import { Seconds } from "./Seconds.tsx";
import { useVisitor } from "./Site.tsx";
import { wordsFor } from "./words.ts";

type Step = WatchedFragment["steps"][number];
type Mark = "done" | "now" | "trouble" | "failed" | "to-do";

const isOver = ({ finishedAt }: WatchedFragment): boolean => finishedAt != null;

function markOf(step: Step, saga: WatchedFragment): Mark {
  if (saga.status === "COMPLETED" || step.status === "DONE") return "done";
  if (step.state === saga.state && !isOver(saga)) {
    if (saga.status === "STUCK" || saga.status === "RETRYING") return "trouble";
    // What stands settled waits for a date, not for us.
    return saga.settled && saga.status === "WAITING" ? "done" : "now";
  }
  return step.status === "PENDING" || step.status === "SKIPPED" ? "to-do" : step.status === "COMPENSATED" || step.status === "FAILED" ? "failed" : "done";
}

const marks = { done: IconCheck, now: IconLoader2, trouble: IconAlertOctagonFilled, failed: IconX } as const;

/** One sentence for whoever waits; nothing where the steps say it all. */
function sentenceOf(saga: WatchedFragment): string | null {
  const { failing } = wordsFor(saga.state);
  switch (saga.status) {
    case "RETRYING":
      return failing ?? "This did not work yet.";
    case "STUCK":
      return "This takes longer than usual. Nothing is lost; we are looking at it.";
    case "COMPENSATING":
      return "This cannot be done. What was begun is being taken back.";
    case "FAILED":
    case "CANCELLED":
      return saga.reason?.message ?? wordsFor(saga.state).done;
    case "COMPLETED":
      return wordsFor(saga.state).done;
    case "RUNNING":
    case "WAITING":
      return null;
  }
}

/** A process as the person sees it for whom it runs: from its first step to its end, without being asked to look again. */
export function Progress({
  saga: first,
  title,
  isNew = false,
  onMove,
}: {
  readonly saga: WatchedFragment;
  readonly title: string;
  /** Begun on this page: whoever did it is led here. */
  readonly isNew?: boolean;
  readonly onMove?: () => void;
}) {
  const [pushed, setSaga] = useState(first);
  const saga = pushed.id === first.id && pushed.sequence >= first.sequence ? pushed : first;
  const [events, setEvents] = useState<readonly WatchSubscription["sagaProgress"]["events"][number][]>([]);
  const [gaps, setGaps] = useState(0);
  const last = useRef(0);
  const moved = useRef(onMove);
  moved.current = onMove;
  useEffect(() => {
    last.current = 0;
    setEvents([]);
  }, [first.id]);
  useStream(
    `progress ${first.id}`,
    WatchDocument,
    () => ({ id: first.id, after: last.current }),
    ({ sagaProgress: push }) => {
      const isFirst = last.current === 0;
      const [next] = push.events;
      if (next !== undefined && next.sequence !== last.current + 1) setGaps((count) => count + 1);
      last.current = push.events.at(-1)?.sequence ?? last.current;
      setSaga(push.saga);
      setEvents((before) => [...before, ...push.events]);
      if (push.events.length > 0 && (!isFirst || push.saga.sequence > first.sequence)) moved.current?.();
    },
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew, first.id]);
  const sentence = sentenceOf(saga);
  const shown = saga.status === "FAILED" || saga.status === "CANCELLED" ? saga.steps.filter(({ status }) => status !== "PENDING") : saga.steps;
  return (
    <>
      <section className="card progress" aria-label={title} data-status={saga.status}>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {!isOver(saga) && !saga.settled && <p className="faint">You can close this page. It goes on without you, and stands where it is when you come back.</p>}
        <ol>
          {shown.map((step, index) => {
            const mark = markOf(step, saga);
            const Icon = mark === "to-do" ? null : marks[mark];
            const { doing, done } = wordsFor(step.state);
            return (
              <li key={step.state} data-mark={mark} aria-current={mark === "now" || mark === "trouble" ? "step" : undefined}>
                <span className="mark">{Icon === null ? index + 1 : <Icon size={15} aria-hidden />}</span>
                <span>{mark === "done" ? done : doing}</span>
              </li>
            );
          })}
        </ol>
        <p aria-live="polite" className={saga.status === "FAILED" ? "wrong verdict" : sentence === null ? "sr" : "verdict"}>
          {sentence ?? (saga.settled ? wordsFor(saga.state).done : wordsFor(saga.state).doing)}
        </p>
        {saga.status === "RETRYING" && saga.nextAttemptAt != null && (
          <p className="tone" data-tone="retrying">
            <Seconds until={saga.nextAttemptAt} /> (attempt {saga.attempt} of {saga.maxAttempts})
          </p>
        )}
      </section>
      <UnderTheHood saga={saga} events={events} gaps={gaps} />
    </>
  );
}

/** What will happen, before anything does. */
export const Outlook = ({ title, states }: { readonly title: string; readonly states: readonly SagaState[] }) => (
  <section className="card progress" aria-label={title}>
    <h2>{title}</h2>
    <ol>
      {states.map((state, index) => (
        <li key={state} data-mark="to-do">
          <span className="mark">{index + 1}</span>
          <span>{wordsFor(state).done}</span>
        </li>
      ))}
    </ol>
  </section>
);

const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);

/** The subscription and what it brought, for those who build such pages: on a developer's machine, or with ?debug=1. */
function UnderTheHood({
  saga,
  events,
  gaps,
}: {
  readonly saga: WatchedFragment;
  readonly events: readonly WatchSubscription["sagaProgress"]["events"][number][];
  readonly gaps: number;
}) {
  const isOperator = useVisitor()?.roles?.includes("OPERATOR") === true;
  const { debug } = useAddress<{ debug: number }>();
  if (!isLocal && debug !== 1) return null;
  return (
    <details className="card hood" open={debug === 1}>
      <summary>Under the hood</summary>
      <pre>{`subscription {\n  sagaProgress(sagaId: "${saga.id}", afterSequence: 0) {\n    sequence\n    saga { state status settled }\n  }\n}`}</pre>
      <table>
        <caption className="sr">What was pushed</caption>
        <thead className="sr">
          <tr>
            <th>Event</th>
            <th>After</th>
            <th>State</th>
            <th>Status</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ sequence, occurredAt, toState, status }) => (
            <tr key={sequence} data-sequence={sequence}>
              <td className="num">{sequence}</td>
              <td className="num">+{duration(between(saga.startedAt, occurredAt))}</td>
              <td>{toState}</td>
              <td>{status}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        {events.length} {events.length === 1 ? "event" : "events"}, {gaps === 0 ? "no gap" : `${gaps} gaps`}.
      </p>
      {isOperator && <a href={`/console/sagas/${saga.id}`}>Open in the console</a>}
    </details>
  );
}
