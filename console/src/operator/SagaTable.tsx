import { Link } from "@tanstack/react-router";
import type { SagaRowFragment } from "../generated/graphql.ts";
import { between, duration, tail, typeName } from "../ui/format.ts";
import { Ago } from "../ui/parts.tsx";
import { looks, Pill } from "../ui/state.tsx";

/** The one sentence that an operator needs. */
export function WhatNow({ saga, now }: { readonly saga: SagaRowFragment; readonly now: number }) {
  if (saga.pause != null) return <>paused</>;
  const because = saga.reason?.message ?? "";
  if (saga.status === "STUCK") return <span className="bad">{because}</span>;
  if (saga.status === "RETRYING" && saga.nextAttemptAt != null)
    return (
      <>
        <b className="num tone" data-tone="retrying">
          {saga.attempt}/{saga.maxAttempts}
        </b>{" "}
        next in {duration(between(new Date(now).toISOString(), saga.nextAttemptAt))} · {because}
      </>
    );
  if (saga.status === "COMPENSATING") return <>undoing after: {because}</>;
  if (saga.status === "WAITING" && saga.deadlineAt != null) {
    const left = new Date(saga.deadlineAt).getTime() - now;
    return left > 0 ? <>until {duration(left)} from now</> : <span className="bad">its deadline has passed</span>;
  }
  return <span className="faint">{saga.status === "FAILED" || saga.status === "CANCELLED" ? because : ""}</span>;
}

/** Done grey, the current one in its tone, the rest a line. */
export function StepBar({ saga }: { readonly saga: SagaRowFragment }) {
  const { tone } = looks[saga.status];
  return (
    <span className="steps" aria-hidden="true">
      {saga.steps.map(({ state, status }) => (
        <i key={state} data-tone={state === saga.state || status === "FAILED" ? tone : undefined} className={status === "PENDING" ? "" : "passed"} />
      ))}
    </span>
  );
}

export function SagaTable({ sagas, now, label }: { readonly sagas: readonly SagaRowFragment[]; readonly now: number; readonly label: string }) {
  return (
    <table className="rows sagas" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Saga</th>
          <th scope="col">Current step</th>
          <th scope="col">What now</th>
          <th scope="col" className="right">
            Age
          </th>
          <th scope="col" className="right">
            Changed
          </th>
        </tr>
      </thead>
      <tbody>
        {sagas.map((saga) => (
          <tr key={saga.id} data-saga={saga.id}>
            <td>
              <Pill status={saga.status} />
            </td>
            <td>
              <Link to="/console/sagas/$id" params={{ id: saga.id }} className="row-link">
                {typeName(saga.type)}
                <span className="mono faint">{tail(saga.id)}</span>
              </Link>
            </td>
            <td>
              <StepBar saga={saga} /> <span className="state-name">{saga.state}</span>
            </td>
            <td className="what">
              <WhatNow saga={saga} now={now} />
            </td>
            <td className="right num">{duration(between(saga.startedAt, saga.finishedAt ?? now))}</td>
            <td className="right">
              <Ago at={saga.updatedAt} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
