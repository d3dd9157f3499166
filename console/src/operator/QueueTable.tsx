import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { QueueRowFragment } from "../generated/graphql.ts";
import { between, duration, whole } from "../ui/format.ts";
import { PausedPill } from "./Queues.tsx";
import { Sparkline, type Sample } from "./Sparkline.tsx";

const LATE_MS = 30_000;
/** Something waits there that should have been taken by now. */
export const isLate = ({ oldestReadyAt, pause }: QueueRowFragment, now: number): boolean =>
  pause == null && oldestReadyAt != null && between(oldestReadyAt, now) > LATE_MS;

export function QueueTable({
  queues,
  pasts,
  now,
  brief = false,
  children,
}: {
  readonly queues: readonly QueueRowFragment[];
  /** Of the last hour, by the name of the queue. */
  readonly pasts: ReadonlyMap<string, readonly Sample[]>;
  readonly now: number;
  /** Only what shows that something is wrong. */
  readonly brief?: boolean;
  readonly children?: (queue: QueueRowFragment) => ReactNode;
}) {
  const number = (title: string) => (
    <th scope="col" className="right">
      {title}
    </th>
  );
  return (
    <table className="rows queues" aria-label="Queues">
      <thead>
        <tr>
          <th scope="col">Queue</th>
          {number("Ready")}
          {number("Later")}
          {!brief && number("Active")}
          {number("Oldest")}
          {!brief && number("Per minute")}
          {!brief && number("Dead")}
          <th scope="col">Last hour</th>
          {children !== undefined && (
            <th scope="col">
              <span className="sr">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <tr key={queue.name} data-row data-late={isLate(queue, now)}>
            <td>
              <Link to="/console/queues/$name" params={{ name: queue.name }} className="plain mono">
                {queue.name}
              </Link>{" "}
              <PausedPill pause={queue.pause} />
            </td>
            <td className="right num strong" data-label="Ready">
              {whole(queue.ready)}
            </td>
            <td className="right num faint" data-label="Later">
              {whole(queue.deferred)}
            </td>
            {!brief && (
              <td className="right num" data-label="Active">
                {whole(queue.active)}
              </td>
            )}
            <td className="right num" data-label="Oldest">
              {queue.oldestReadyAt == null ? <span className="faint">–</span> : duration(between(queue.oldestReadyAt, now))}
            </td>
            {!brief && (
              <td className="right num" data-label="Per minute">
                {whole(queue.completedLastMinute)}
              </td>
            )}
            {!brief && (
              <td className="right num" data-label="Dead">
                {queue.deadLetters > 0 ? <b className="bad">{whole(queue.deadLetters)}</b> : <span className="faint">0</span>}
              </td>
            )}
            <td className="past">
              <Sparkline history={pasts.get(queue.name)} now={now} />
            </td>
            {children !== undefined && <td className="right">{children(queue)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
