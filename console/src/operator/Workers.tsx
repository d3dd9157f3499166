import { useEffect } from "react";
import { WorkersDocument, type WorkerRowFragment } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { Ago, Empty, Failed, Skeleton, Sheet, useNow } from "../ui/parts.tsx";

export function Workers() {
  const now = useNow();
  const [{ data, error }, again] = useSteadyQuery({ query: WorkersDocument, requestPolicy: "network-only" });
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again({ requestPolicy: "network-only" }), 5_000);
    return () => clearInterval(timer);
  }, [again]);
  const workers = data?.workers ?? null;
  if (workers === null)
    return error === undefined ? <Skeleton rows={3} /> : <Failed title="Workers" error={error} again={() => again({ requestPolicy: "network-only" })} />;
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Workers</h1>
      </div>
      <Sheet label="Workers">
        {workers.length === 0 ? (
          <Empty>No worker is running. Commands are kept and will be done when one starts.</Empty>
        ) : (
          <WorkerTable workers={workers} now={now} />
        )}
      </Sheet>
    </>
  );
}

export function WorkerTable({
  workers,
  queue,
  now,
}: {
  readonly workers: readonly WorkerRowFragment[];
  /** Only what was taken from this one. */
  readonly queue?: string;
  readonly now: number;
}) {
  return (
    <table className="rows" aria-label="Workers">
      <thead>
        <tr>
          <th scope="col">Process</th>
          <th scope="col">Since</th>
          <th scope="col">Has loaded</th>
          <th scope="col">Last took</th>
        </tr>
      </thead>
      <tbody>
        {workers.map((worker) => {
          const hands = worker.hands.filter((hand) => queue === undefined || hand.queue === queue).slice(0, 4);
          return (
            <tr key={worker.id}>
              <td>
                {worker.host} <span className="mono faint">{worker.pid}</span>
                <p className="hint" title={worker.queues.join(", ")}>
                  takes from {worker.queues.length} queues
                </p>
              </td>
              <td>
                <Ago at={worker.startedAt} now={now} />
              </td>
              <td>
                {worker.loads.map((load) => (
                  <p key={load}>{load}</p>
                ))}
              </td>
              <td>
                {hands.length === 0 && <span className="faint">nothing so far</span>}
                {hands.map((hand) => (
                  <p key={hand.queue}>
                    <span className="num">{hand.count}</span> from <code>{hand.queue}</code>{" "}
                    <span className="faint">
                      <Ago at={hand.takenAt} now={now} />
                    </span>
                  </p>
                ))}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
