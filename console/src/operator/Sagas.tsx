import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useClient, useQuery } from "urql";
import {
  SagaActivityDocument,
  SagaCountsDocument,
  SagasDocument,
  type SagaRowFragment,
  type SagasQueryVariables,
  type SagaStatus,
} from "../generated/graphql.ts";
import { useAddress } from "../ui/address.ts";
import { useStream } from "../live.ts";
import { typeName, whole } from "../ui/format.ts";
import { Empty, Problem, Skeleton, Sheet, useNow } from "../ui/parts.tsx";
import { looks, statuses } from "../ui/state.tsx";
import { SagaTable } from "./SagaTable.tsx";

export interface SagaSearch {
  readonly status?: SagaStatus;
  readonly type?: string;
  readonly state?: string;
  readonly quiet?: number;
  readonly order?: SagasQueryVariables["orderBy"];
}

const PAGE = 50;

/** The list says what was true a moment ago, and goes on by itself; what is new waits behind a button, so that nothing moves under the pointer. */
export function Sagas() {
  const search = useAddress<SagaSearch>();
  const navigate = useNavigate();
  const go = (change: Partial<SagaSearch>): void =>
    void navigate({ to: "/console/sagas", search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)) });
  const now = useNow();
  const client = useClient();
  const [sagas, setSagas] = useState<readonly SagaRowFragment[] | null>(null);
  const [end, setEnd] = useState<{ hasNextPage: boolean; endCursor?: string | null }>({ hasNextPage: false });
  const [problem, setProblem] = useState<Error | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const [isPaused, setPaused] = useState(false);
  const [held, setHeld] = useState(0);
  const [{ data: counted }, recount] = useQuery({ query: SagaCountsDocument });

  const filter = {
    ...(search.status === undefined ? {} : { status: [search.status] }),
    ...(search.type === undefined ? {} : { type: [search.type as never] }),
    ...(search.state === undefined ? {} : { state: [search.state as never] }),
    ...(search.quiet === undefined ? {} : { quietForSeconds: search.quiet }),
  };
  const key = JSON.stringify([filter, search.order]);
  const load = async (after: string | null): Promise<void> => {
    const { data, error } = await client
      .query(SagasDocument, { filter, orderBy: search.order ?? "UPDATED_AT_DESC", first: PAGE, after }, { requestPolicy: "network-only" })
      .toPromise();
    if (data?.sagas == null) return setProblem(error ?? new Error("The list cannot be read."));
    const { nodes, pageInfo } = data.sagas;
    setProblem(null);
    setSagas((before) => (after === null || before === null ? nodes : [...before, ...nodes]));
    setEnd(pageInfo);
    if (after === null) setFresh(new Set());
  };
  useEffect(() => {
    setSagas(null);
    void load(null);
  }, [key]);

  const cursor = useRef<string | null>(null);
  const pending = useRef(new Map<string, SagaRowFragment>());
  const apply = (): void => {
    const changed = pending.current;
    if (changed.size === 0) return;
    pending.current = new Map();
    setSagas(
      (before) => before?.map((saga) => ((changed.get(saga.id)?.sequence ?? 0) > saga.sequence ? (changed.get(saga.id) as SagaRowFragment) : saga)) ?? before,
    );
    setFresh((before) => new Set([...before, ...[...changed.keys()].filter((id) => !shown.current.has(id))]));
    recount({ requestPolicy: "network-only" });
  };
  const shown = useRef(new Set<string>());
  shown.current = new Set(sagas?.map(({ id }) => id));
  useStream(
    "activity",
    SagaActivityDocument,
    () => ({ after: cursor.current }),
    ({ sagaActivity }) => {
      cursor.current = sagaActivity.cursor;
      const isFirst = pending.current.size === 0;
      for (const { saga } of sagaActivity.events) pending.current.set(saga.id, saga);
      setHeld(pending.current.size);
      // Bursts are shown once in a while, not once an event.
      if (isFirst && pending.current.size > 0 && !isPaused) setTimeout(apply, 250);
    },
  );

  const byStatus = new Map<SagaStatus, number>();
  for (const { status, count, type } of counted?.sagaCounts ?? [])
    if (search.type === undefined || type === search.type) byStatus.set(status, (byStatus.get(status) ?? 0) + count);
  const all = [...byStatus.values()].reduce((sum, count) => sum + count, 0);
  const types = [...new Set(counted?.sagaCounts?.map(({ type }) => type))].toSorted();
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Sagas</h1>
        <div className="buttons">
          <label className="inline">
            Process
            <select value={search.type ?? ""} onChange={(event) => go({ type: event.target.value === "" ? undefined : event.target.value })}>
              <option value="">All</option>
              {types.map((type) => (
                <option key={type} value={type}>
                  {typeName(type)}
                </option>
              ))}
            </select>
          </label>
          <label className="inline">
            Order
            <select value={search.order ?? "UPDATED_AT_DESC"} onChange={(event) => go({ order: event.target.value as never })}>
              <option value="UPDATED_AT_DESC">Changed last</option>
              <option value="UPDATED_AT_ASC">Quiet longest</option>
              <option value="STARTED_AT_DESC">Started last</option>
            </select>
          </label>
          <button
            type="button"
            aria-pressed={isPaused}
            onClick={() => {
              setPaused(!isPaused);
              if (isPaused) apply();
            }}
          >
            {isPaused ? `Resume (${whole(held)} changes wait)` : "Pause"}
          </button>
        </div>
      </div>
      <div className="chips" role="group" aria-label="Status">
        <button type="button" className="chip" aria-pressed={search.status === undefined} onClick={() => go({ status: undefined })}>
          All <b className="num">{whole(all)}</b>
        </button>
        {statuses.map((status) => {
          const { label, tone, Icon } = looks[status];
          return (
            <button key={status} type="button" className="chip" data-tone={tone} aria-pressed={search.status === status} onClick={() => go({ status })}>
              <Icon size={13} /> {label} <b className="num">{whole(byStatus.get(status) ?? 0)}</b>
            </button>
          );
        })}
      </div>
      {fresh.size > 0 && !isPaused && (
        <p role="status">
          <button type="button" className="pill-button" onClick={() => void load(null)}>
            {whole(fresh.size)} more have moved; show them
          </button>
        </p>
      )}
      {problem !== null && <Problem error={problem} again={() => void load(null)} />}
      <Sheet label="Sagas">
        {sagas === null ? (
          <Skeleton rows={8} />
        ) : sagas.length === 0 ? (
          <Empty>
            {isFiltered ? "No saga matches." : "No saga has run yet."}{" "}
            {isFiltered && (
              <button type="button" onClick={() => void navigate({ to: "/console/sagas", search: {} })}>
                Clear filters
              </button>
            )}
          </Empty>
        ) : (
          <SagaTable sagas={sagas} now={now} label="Sagas" />
        )}
      </Sheet>
      {end.hasNextPage && (
        <p className="center">
          <button type="button" onClick={() => void load(end.endCursor ?? null)}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}
