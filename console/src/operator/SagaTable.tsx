import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { SagaRowFragment } from "../generated/graphql.ts";
import { between, duration, tail, typeName } from "../ui/format.ts";
import { Ago } from "../ui/parts.tsx";
import { looks, Pill } from "../ui/state.tsx";

/** The one sentence that an operator needs. */
export function WhatNow({ saga, now }: { readonly saga: SagaRowFragment; readonly now: number }) {
  if (saga.pause != null) return <>paused</>;
  const because = saga.reason?.message ?? "";
  const next = saga.nextAttemptAt == null ? 0 : new Date(saga.nextAttemptAt).getTime() - now;
  if (saga.status === "STUCK")
    return (
      <span className="bad clip" title={because}>
        {because}
      </span>
    );
  if (saga.status === "RETRYING" && saga.nextAttemptAt != null)
    return (
      <span className="clip" title={because}>
        <b className="num tone" data-tone="retrying">
          {saga.attempt}/{saga.maxAttempts}
        </b>{" "}
        {next > 0 ? `next in ${duration(next)}` : "due now"} · {because}
      </span>
    );
  if (saga.status === "COMPENSATING")
    return (
      <span className="clip" title={because}>
        undoing after: {because}
      </span>
    );
  if (saga.status === "WAITING" && saga.deadlineAt != null) {
    const left = new Date(saga.deadlineAt).getTime() - now;
    return left > 0 ? <>until {duration(left)} from now</> : <span className="bad">its deadline has passed</span>;
  }
  return <span className="faint clip">{saga.status === "FAILED" || saga.status === "CANCELLED" ? because : ""}</span>;
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

export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (sagas: readonly SagaRowFragment[], isSelected: boolean) => void;
}

export function SagaTable({
  sagas,
  now,
  label,
  brief = false,
  selection,
}: {
  readonly sagas: readonly SagaRowFragment[];
  readonly now: number;
  readonly label: string;
  /** Without the columns that a narrow place has no room for. */
  readonly brief?: boolean;
  readonly selection?: Selection;
}) {
  const selected = sagas.filter(({ id }) => selection?.ids.has(id)).length;
  return (
    <table className={brief ? "rows sagas brief" : "rows sagas"} aria-label={label} data-selecting={(selection?.ids.size ?? 0) > 0}>
      <thead>
        <tr>
          {selection !== undefined && (
            <th scope="col" className="select">
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={selected > 0 && selected === sagas.length}
                ref={(box) => {
                  if (box !== null) box.indeterminate = selected > 0 && selected < sagas.length;
                }}
                onChange={(event) => selection.toggle(sagas, event.target.checked)}
              />
            </th>
          )}
          <th scope="col" className="status">
            Status
          </th>
          <th scope="col" className="title">
            Saga
          </th>
          {!brief && (
            <th scope="col" className="step">
              Current step
            </th>
          )}
          <th scope="col">What now</th>
          {!brief && (
            <>
              <th scope="col" className="right age">
                Age
              </th>
              <th scope="col" className="right changed">
                Changed
              </th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {sagas.map((saga) => (
          <Row key={saga.id} saga={saga} now={now} brief={brief} isSelected={selection?.ids.has(saga.id)} toggle={selection?.toggle} />
        ))}
      </tbody>
    </table>
  );
}

/** Of a list in which a few change, only those are drawn anew. */
const Row = memo(function Row({
  saga,
  now,
  brief,
  isSelected,
  toggle,
}: {
  readonly saga: SagaRowFragment;
  readonly now: number;
  readonly brief: boolean;
  readonly isSelected: boolean | undefined;
  readonly toggle: Selection["toggle"] | undefined;
}) {
  return (
    <tr data-row data-saga={saga.id} aria-selected={isSelected}>
      {toggle !== undefined && (
        <td className="select">
          <input
            type="checkbox"
            aria-label={`Select ${tail(saga.id)}`}
            aria-keyshortcuts="x"
            checked={isSelected === true}
            onChange={(event) => toggle([saga], event.target.checked)}
          />
        </td>
      )}
      <td className="status">
        <Pill status={saga.status} />
      </td>
      <td className="title">
        <Link to="/console/sagas/$id" params={{ id: saga.id }} className="row-link">
          {typeName(saga.type)} <span className="mono faint">{tail(saga.id)}</span>
        </Link>
        {brief && <span className="faint">{saga.state}</span>}
      </td>
      {!brief && (
        <td className="step">
          <StepBar saga={saga} /> <span className="state-name">{saga.state}</span>
        </td>
      )}
      <td className="what">
        <WhatNow saga={saga} now={now} />
      </td>
      {!brief && (
        <>
          <td className="right num age">{duration(between(saga.startedAt, saga.finishedAt ?? now))}</td>
          <td className="right changed">
            <Ago at={saga.updatedAt} now={now} />
          </td>
        </>
      )}
    </tr>
  );
});
