import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { QueueRowFragment } from "../generated/graphql.ts";
import { between, duration, whole } from "../ui/format.ts";

export function QueueTable({
  queues,
  now,
  children,
}: {
  readonly queues: readonly QueueRowFragment[];
  readonly now: number;
  readonly children?: (queue: QueueRowFragment) => ReactNode;
}) {
  return (
    <table className="rows" aria-label="Queues">
      <thead>
        <tr>
          <th scope="col">Queue</th>
          <th scope="col" className="right">
            Ready
          </th>
          <th scope="col" className="right">
            Later
          </th>
          <th scope="col" className="right">
            Active
          </th>
          <th scope="col" className="right">
            Oldest
          </th>
          <th scope="col" className="right">
            Last minute
          </th>
          <th scope="col" className="right">
            Dead
          </th>
          {children !== undefined && (
            <th scope="col">
              <span className="sr">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => {
          const age = queue.oldestReadyAt == null ? 0 : between(queue.oldestReadyAt, now);
          const late = age > 30_000;
          return (
            <tr key={queue.name} data-late={late}>
              <td>
                <code>{queue.name}</code>
                {queue.pause != null && (
                  <span className="pill" data-tone="waiting">
                    paused: {queue.pause.note}
                  </span>
                )}
              </td>
              <td className="right num">{whole(queue.ready)}</td>
              <td className="right num faint">{whole(queue.deferred)}</td>
              <td className="right num">{whole(queue.active)}</td>
              <td className="right num">{queue.oldestReadyAt == null ? "–" : duration(age)}</td>
              <td className="right num">{whole(queue.completedLastMinute)}</td>
              <td className="right num">
                {queue.deadLetters > 0 ? (
                  <Link to="/console/dead">
                    <span className="bad">{whole(queue.deadLetters)}</span>
                  </Link>
                ) : (
                  0
                )}
              </td>
              {children !== undefined && <td className="right">{children(queue)}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
