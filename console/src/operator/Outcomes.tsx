import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { SagaOutcomesDocument, type SagaOutcomesSubscription } from "../generated/graphql.ts";
import { follow } from "../live.ts";
import { tail, typeName, whole } from "../ui/format.ts";

type Happening = SagaOutcomesSubscription["sagaActivity"]["events"][number];
/** Where a saga has got to since something was done to it. */
type Outcome = "done" | "again";

/** What an event says about its saga: it has gone on, it stands again, or nothing yet. */
function outcomeOf({ kind, status, fromState, toState, occurredAt, saga }: Happening, goal: "moved" | "ended"): Outcome | null {
  if (kind === "OPERATOR_ACTION") return null;
  if (status === "STUCK") return "again";
  // A command beside the main path that dies again leaves its saga as it is, and another letter.
  const dies = (saga.deadLetters ?? []).some((letter) => letter.status === "OPEN" && letter.failedAt >= occurredAt);
  if (kind === "ATTEMPT_FAILED") return dies ? "again" : null;
  if (goal === "ended") return saga.finishedAt === null ? null : "done";
  return kind === "NOTICE" || fromState !== toState ? "done" : null;
}

interface Told {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly sagas: ReadonlyMap<string, Happening["saga"]>;
}

/**
 * Hears what becomes of sagas. It has to listen before anything is done to them: `ready` resolves when it does.
 * @param ids null: nobody is listened to
 */
export function useOutcomes(ids: readonly string[] | null, goal: "moved" | "ended"): Told & { readonly ready: Promise<void> } {
  const [told, setTold] = useState<Told>({ outcomes: new Map(), sagas: new Map() });
  const ready = useRef(Promise.withResolvers<void>());
  const key = ids?.join(" ") ?? null;
  useEffect(() => {
    if (ids === null) return;
    if (ids.length === 0) return ready.current.resolve();
    let after: string | null = null;
    return follow(
      SagaOutcomesDocument,
      () => ({ after, ids: [...ids] }),
      ({ sagaActivity: { cursor, events } }) => {
        after = cursor;
        ready.current.resolve();
        if (events.length === 0) return;
        setTold((before) => {
          const [outcomes, sagas] = [new Map(before.outcomes), new Map(before.sagas)];
          for (const event of events) {
            const outcome = outcomeOf(event, goal);
            if (outcome !== null) outcomes.set(event.saga.id, outcome);
            sagas.set(event.saga.id, event.saga);
          }
          return { outcomes, sagas };
        });
      },
    );
  }, [key, goal]);
  return { ...told, ready: ready.current.promise };
}

/** What became of what was done; it stays until it is dismissed. */
export function Outcomes({
  did,
  ids,
  told,
  refused,
  dismiss,
}: {
  /** What was done, e.g. "Retried 14". */
  readonly did: string;
  /** Of the sagas that it was done to. */
  readonly ids: readonly string[];
  readonly told: Told;
  /** Why others were left as they were. */
  readonly refused: readonly string[];
  readonly dismiss: () => void;
}) {
  const of = (outcome: Outcome): readonly string[] => ids.filter((id) => told.outcomes.get(id) === outcome);
  const [done, again] = [of("done"), of("again")];
  const open = ids.length - done.length - again.length;
  return (
    <section className="card outcomes" aria-label={did} data-open={open}>
      <div className="card-head">
        <h2>{did}</h2>
        <p role="status" className="num">
          {whole(done.length)} done · {whole(again.length)} stuck again{open > 0 && ` · ${whole(open)} under way`}
          {refused.length > 0 && ` · ${whole(refused.length)} left as they were`}
        </p>
        <button type="button" className="small" onClick={dismiss}>
          Dismiss
        </button>
      </div>
      <div className="progress" aria-hidden="true">
        <i data-tone="completed" style={{ flexGrow: done.length }} />
        <i data-tone="stuck" style={{ flexGrow: again.length }} />
        <i data-tone="running" style={{ flexGrow: open }} className="open" />
      </div>
      {(again.length > 0 || refused.length > 0) && (
        <ul className="card-body plain-list">
          {again.slice(0, 8).map((id) => (
            <li key={id}>
              <span className="bad">Stuck again:</span>{" "}
              <Link to="/console/sagas/$id" params={{ id }}>
                {typeName(told.sagas.get(id)?.type ?? "SAGA")} <span className="mono faint">{tail(id)}</span>
              </Link>
            </li>
          ))}
          {[...Map.groupBy(refused, (reason) => reason)].slice(0, 8).map(([reason, alike]) => (
            <li key={reason}>
              {whole(alike.length)} left: {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
