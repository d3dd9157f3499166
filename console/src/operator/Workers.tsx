import { useEffect } from "react";
import { useQuery } from "urql";
import { WorkersDocument } from "../generated/graphql.ts";
import { Ago, Empty, Problem, Skeleton, Sheet, useNow } from "../ui/parts.tsx";

export function Workers() {
  const now = useNow();
  const [{ data, error }, again] = useQuery({ query: WorkersDocument, requestPolicy: "network-only" });
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again({ requestPolicy: "network-only" }), 5_000);
    return () => clearInterval(timer);
  }, [again]);
  const workers = data?.workers ?? null;
  if (workers === null) return error === undefined ? <Skeleton rows={3} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Workers</h1>
      </div>
      <Sheet label="Workers">
        {workers.length === 0 ? (
          <Empty>No worker is running. Commands are kept and will be done when one starts.</Empty>
        ) : (
          <table className="rows" aria-label="Workers">
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">Since</th>
                <th scope="col">Has loaded</th>
                <th scope="col">Last took</th>
                <th scope="col" className="right">
                  Queues
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.id}>
                  <td>
                    {worker.host} <span className="mono faint">{worker.pid}</span>
                  </td>
                  <td>
                    <Ago at={worker.startedAt} now={now} />
                  </td>
                  <td>{worker.loads.join(", ")}</td>
                  <td>
                    {worker.hands.slice(0, 3).map(({ queue, count, takenAt }) => (
                      <div key={queue}>
                        <code>{queue}</code> <span className="num">{count}</span>, <Ago at={takenAt} now={now} />
                      </div>
                    ))}
                  </td>
                  <td className="right num" title={worker.queues.join(", ")}>
                    {worker.queues.length}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Sheet>
    </>
  );
}
